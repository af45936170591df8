//! Tests of `export`.

use crate::shell::{ATTACK, RECEIVED, Shell, alerts};
use std::fs;
use std::path::Path;

#[test]
fn what_is_exported_can_be_run() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    let said = shell.run(&["export", "out", "-a", "an1276"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let names = [
        "an1276.wasm",
        "an1276_browser.js",
        "an1276_browser.d.ts",
        "an1276_browser_bg.wasm",
        "authsieve.wit",
    ];
    for name in names {
        assert!(shell.folder.path().join("out").join(name).metadata().unwrap().len() > 0, "{name}");
    }
    let js = fs::read_to_string(shell.folder.path().join("out/an1276_browser.js")).unwrap();
    assert!(js.contains("an1276_browser_bg.wasm"));
    let component = Path::new("out/an1276.wasm").display().to_string();
    let said =
        shell.run(&["run", "--component", &component, "--set", "min_failures=5", RECEIVED, "auth.log"]);
    assert_eq!(said.out, shell.run(&["run", "-a", "an1276", RECEIVED, "auth.log"]).out, "{}", said.err);
    assert_eq!(alerts(&said).len(), 1);
    // Several analytics can be exported as one module.
    assert_eq!(shell.run(&["export", "an1276,fls", "both"]).status, Some(0));
    let said = shell.run(&["run", "--component", "both/suite.wasm", RECEIVED, "auth.log"]);
    assert_eq!(said.out, shell.run(&["run", RECEIVED, "auth.log"]).out, "{}", said.err);
    for id in ["an0454", "an1269", "an1276", "an1521", "fls"] {
        assert!(said.err.contains(&format!("\n{id}: ")), "{}", said.err);
    }
    let twice = ["run", "-a", "an1276", "--component", &component, RECEIVED, "auth.log"];
    let said = shell.run(&twice);
    assert!(said.status == Some(2) && said.err.contains("an1276 is chosen twice"), "{}", said.err);
}
