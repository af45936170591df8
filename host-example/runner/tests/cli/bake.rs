//! Tests of `bake`.

use crate::shell::Shell;

#[test]
fn the_error_says_what_cannot_be_baked() {
    let shell = Shell::new();
    let said = shell.run(&["bake", "-o", "out.wasm", "absent.wasm"]);
    assert_eq!(
        (said.status, said.err.contains("absent.wasm: there is no such file")),
        (Some(1), true),
        "{}",
        said.err
    );
    assert_eq!(shell.run(&["bake", "--form", "component", "-o", "an1276.wasm", "an1276"]).status, Some(0));
    let said = shell.run(&["bake", "--form", "fluent-bit", "-o", "out.wasm", "an1276.wasm"]);
    assert_eq!(
        (said.status, said.err.contains("an1276.wasm is a component")),
        (Some(2), true),
        "{}",
        said.err
    );
    assert_eq!(shell.run(&["bake", "-o", "again.wasm", "an1276.wasm"]).status, Some(0));
}

#[test]
fn one_module_is_baked_at_a_time() {
    let shell = Shell::new();
    for ids in ["all", "an1276,fls"] {
        let said = shell.run(&["bake", "-o", "x.wasm", ids]);
        assert_eq!(said.status, Some(2), "{}", said.err);
        assert!(said.err.contains("expected one"), "{}", said.err);
        assert!(!shell.folder.path().join("x.wasm").exists());
    }
}
