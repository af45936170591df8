//! Tests of `test`.

use crate::shell::{ATTACK, Shell};
use std::fs;

/// Creates a case folder `name` under `an1276/cases`.
fn write_case(shell: &Shell, name: &str, expected: Option<&str>) {
    let dir = format!("an1276/cases/{name}");
    fs::create_dir_all(shell.folder.path().join(&dir)).unwrap();
    shell.write(&format!("{dir}/input.log"), ATTACK);
    shell.write(
        &format!("{dir}/case.toml"),
        "description = \"five failures\"\nreceived = \"2026-03-05T00:00:00Z\"",
    );
    if let Some(expected) = expected {
        shell.write(&format!("{dir}/expected.ndjson"), expected);
    }
}

#[test]
fn cases_are_run_and_reported() {
    let shell = Shell::new();
    write_case(&shell, "good", Some("{\"pattern\":\"user+ip\",\"user\":\"root\"}\n"));
    let said = shell.run(&["test", "."]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("ok      ./an1276/cases/good (") && said.out.contains("1 case: 1 ok ("),
        "{}",
        said.out
    );
    assert!(said.err.is_empty() && !said.out.contains('\x1b'), "{}", said.err);

    write_case(&shell, "bad", Some("{\"pattern\":\"ip\",\"user\":\"root\"}\n"));
    write_case(&shell, "none", None);
    let said = shell.run(&["test", "--junit", "report.xml", "an1276"]);
    assert_eq!(said.status, Some(1), "{}{}", said.out, said.err);
    for wanted in [
        "FAILED  an1276/cases/bad",
        "\n  five failures\n",
        "- pattern = \"ip\"",
        "+ pattern = \"user+ip\"",
        "  user = \"root\"",
        "ERROR   an1276/cases/none",
        "authsieve test --update an1276/cases/none",
        "3 cases: 1 ok, 1 FAILED, 1 with an ERROR",
    ] {
        assert!(said.out.contains(wanted), "{wanted}: {}", said.out);
    }
    let xml = fs::read_to_string(shell.folder.path().join("report.xml")).unwrap();
    assert!(xml.contains(r#"<testsuite name="an1276" tests="3" failures="1" errors="1""#), "{xml}");

    let said = shell.run(&["test", "-q", "--filter", "good", "an1276"]);
    assert_eq!((said.status, said.out.lines().count()), (Some(0), 2), "{}", said.out);
    let said = shell.run(&["test", "--color", "always", "an1276"]);
    assert!(said.out.contains("\x1b[32m+ pattern"), "{}", said.out);

    let said = shell.run(&["test", "--update", "an1276"]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains("3 cases: 1 ok, 2 updated"), "{}", said.out);
    let bad = fs::read_to_string(shell.folder.path().join("an1276/cases/bad/expected.ndjson")).unwrap();
    assert_eq!(bad, "{\"pattern\":\"user+ip\",\"user\":\"root\"}\n");
    let said = shell.run(&["test", "an1276"]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
}

#[test]
fn no_cases_are_a_usage_error() {
    let shell = Shell::new();
    write_case(&shell, "good", Some(""));
    fs::create_dir(shell.folder.path().join("empty")).unwrap();
    for (arguments, wanted) in [
        (&["test", "empty"][..], "there are no cases"),
        (&["test", "missing"], "missing: "),
        (&["test", "--filter", "x-y", "an1276"], "--filter leaves none of 1 cases"),
        (&["test", "-a", "an9999", "an1276"], "`an9999`"),
        (&["test"], "<DIR>"),
    ] {
        let said = shell.run(arguments);
        assert_eq!(said.status, Some(2), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(wanted), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_component_of_ones_own_is_tested_too() {
    let shell = Shell::new();
    write_case(&shell, "good", Some("{\"pattern\":\"user+ip\"}\n"));
    assert_eq!(shell.run(&["export", "out", "-a", "an1276"]).status, Some(0));
    let said = shell.run(&["test", "--component", "out/an1276.wasm", "an1276/cases"]);
    assert_eq!(said.status, Some(0), "{}{}", said.out, said.err);
}
