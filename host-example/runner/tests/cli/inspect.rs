//! Tests of `inspect`.

use crate::shell::Shell;

#[test]
fn inspect_tells_what_an_analytic_is() {
    let shell = Shell::new();
    let said = shell.run(&["inspect", "-a", "an1276"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    for wanted in ["an1276", "imports", "none", "min_failures", "integer", "= 5", "T1110", "needles"] {
        assert!(said.out.contains(wanted), "{wanted}: {}", said.out);
    }
    let json: serde_json::Value =
        serde_json::from_str(&shell.run(&["inspect", "-a", "an1276", "--json"]).out).unwrap();
    assert_eq!(json["imports"], serde_json::json!([]));
    assert_eq!(json["config_schema"]["properties"]["min_failures"]["default"], 5);
}

#[test]
fn inspect_shows_other_spellings_beside_the_option() {
    let shell = Shell::new();
    let said = shell.run(&["inspect", "-a", "an1276"]);
    assert!(said.out.contains("min_failures (or minFailures)  integer"), "{}", said.out);
    assert!(
        said.out.contains("window  duration = \"15m\"") || said.out.contains(")  duration = \"15m\""),
        "{}",
        said.out
    );
    assert!(said.out.contains("duration or \"max\""), "{}", said.out);
    assert!(!said.out.contains("Another spelling"), "{}", said.out);
}
