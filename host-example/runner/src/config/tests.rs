use super::*;
use serde_json::json;
use std::io::Write;

const KNOWN: [&str; 2] = ["an1276", "fls"];

fn split(text: &str, set: &[&str], analytics: &[&str], one: bool) -> Result<Vec<String>, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let set: Vec<String> = set.iter().map(|&s| s.to_owned()).collect();
    Config::read(Some(file.path()), &set)
        .and_then(|config| config.split(analytics, &KNOWN, one))
        .map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))
}

#[test]
fn one_analytic_has_its_options_at_the_top() {
    let toml = "min_failures = 8\nwindow = \"5m\"\n[[override]]\nusers = [\"svc-*\"]\nignore = true\n";
    let json = r#"{"min_failures":8,"override":[{"ignore":true,"users":["svc-*"]}],"window":"5m"}"#;
    assert_eq!(split(toml, &[], &["an1276"], true).unwrap(), [json]);
    assert_eq!(split(json, &[], &["an1276"], true).unwrap(), [json]);
    assert_eq!(split("", &[], &["an1276"], true).unwrap(), [""]);
    // `[families]` is an option of its own, not an analytic.
    assert_eq!(
        split("[families]\nadmin = [\"adm*\"]", &[], &["fls"], true).unwrap(),
        [r#"{"families":{"admin":["adm*"]}}"#]
    );
}

#[test]
fn several_analytics_have_a_table_each() {
    let toml = "[an1276]\nmin_failures = 8\n[FLS]\nwindow = \"5m\"\n";
    assert_eq!(split(toml, &[], &KNOWN, false).unwrap(), [r#"{"min_failures":8}"#, r#"{"window":"5m"}"#]);
    // The same file serves when only one of them runs.
    assert_eq!(split(toml, &[], &["fls"], true).unwrap(), [r#"{"window":"5m"}"#]);
    let error = split("min_failures = 8", &[], &KNOWN, false).unwrap_err();
    assert!(
        error.starts_with("FILE: `min_failures` stands outside of a table")
            && error.contains("[an1276], [fls]"),
        "{error}"
    );
    let error = split("[an1267]\nmin_failures = 8", &[], &KNOWN, false).unwrap_err();
    assert!(error.contains("`an1267`"), "{error}");
}

#[test]
fn assignments_go_before_the_file() {
    let set = ["min_failures=3", "window=5m", "correlate=[\"ip\"]", "note=a = b", "a.b=true", "empty="];
    let written = split("min_failures = 8", &set, &["an1276"], true).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&written[0]).unwrap(),
        json!({"a": {"b": true}, "correlate": ["ip"], "empty": "", "min_failures": 3, "note": "a = b", "window": "5m"})
    );
    assert_eq!(split("", &["fls.window=5m"], &KNOWN, false).unwrap(), ["", r#"{"window":"5m"}"#]);
    assert_eq!(split("", &["an1276.window=5m"], &["an1276"], true).unwrap(), [r#"{"window":"5m"}"#]);
    assert!(split("", &["window=5m"], &KNOWN, false).unwrap_err().contains("an1276.window="));
    for bad in ["window", "=5m", " =5m"] {
        assert!(split("", &[bad], &["an1276"], true).unwrap_err().contains("expected key=value"), "{bad}");
    }
}

#[test]
fn no_value_on_the_command_line_smuggles_in_another_key() {
    let set = ["note=1\nmin_failures = 1"];
    assert_eq!(split("", &set, &["an1276"], true).unwrap(), [r#"{"note":"1\nmin_failures = 1"}"#]);
}

#[test]
fn syntax_errors_name_file_and_line() {
    let error = split("min_failures = 8\nwindow = 5m\n", &[], &["an1276"], true).unwrap_err();
    assert!(error.starts_with("FILE: ") && error.contains("line 2"), "{error}");
    let error = split("{\n\"window\": }", &[], &["an1276"], true).unwrap_err();
    assert!(error.starts_with("FILE: ") && error.contains("line 2"), "{error}");
}

#[test]
fn a_missing_file_is_no_usage_error() {
    let error = Config::read(Some(Path::new("/nonexistent.toml")), &[]).unwrap_err();
    assert!(matches!(&error, Error::Unreadable(text) if text.contains("/nonexistent.toml")), "{error}");
}

#[test]
fn values_without_json_are_text() {
    let toml = "a = inf\nb = 2026-03-01T00:00:00Z\nc = 1.5";
    assert_eq!(
        split(toml, &[], &["fls"], true).unwrap(),
        [r#"{"a":"inf","b":"2026-03-01T00:00:00Z","c":1.5}"#]
    );
}

#[test]
fn a_key_that_stands_twice_is_an_error() {
    let error = split("{\"window\": \"5m\",\n\"window\": \"6m\"}", &[], &["fls"], true).unwrap_err();
    assert!(error.starts_with("FILE: `window` stands there twice") && error.contains("line 2"), "{error}");
    let nested = r#"{"override": [{"users": ["a", null, true, 1.5, -1], "users": []}]}"#;
    assert!(split(nested, &[], &["fls"], true).unwrap_err().contains("`users` stands there twice"));
    let error = split("window = \"5m\"\nwindow = \"6m\"", &[], &["fls"], true).unwrap_err();
    assert!(error.contains("duplicate key"), "{error}");
    let all = r#"{"a":[{"b":null},true,1.5,-1,"x",18446744073709551615]}"#;
    assert_eq!(split(all, &[], &["fls"], true).unwrap(), [all]);
}

#[test]
fn an_option_of_what_does_not_run_is_an_error_on_the_command_line() {
    let error = split("", &["fls.window=5m"], &["an1276"], true).unwrap_err();
    assert_eq!(error, "--set fls.window: fls does not run; -a chooses what does");
}

#[test]
fn a_table_of_nobodys_is_called_that_and_each_analytic_once() {
    let known = ["an1276", "fls", "an1276", "fls"];
    let of = |toml: &str| {
        let config = Config { source: "FILE: ".into(), file: parse(toml).unwrap(), ..Config::default() };
        config.split(&["an1276", "fls"], &known, false).unwrap_err().to_string()
    };
    let error = of("[an1267]\nwindow = \"5m\"");
    assert!(error.starts_with("FILE: [an1267]: no analytic is called `an1267`"), "{error}");
    assert!(error.contains("([an1276], [fls])") && error.contains("[an1276.an1267]"), "{error}");
    assert!(of("window = \"5m\"").contains("([an1276], [fls])"));
}

#[test]
fn what_is_forced_goes_before_everything() {
    let mut config = Config::read(None, &["an1276.window=5m".into(), "an1276.lateness=1s".into()]).unwrap();
    config.force("lateness", "max");
    let split = config.split(&KNOWN, &KNOWN, false).unwrap();
    let values: Vec<Value> = split.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(values, [json!({"lateness": "max", "window": "5m"}), json!({"lateness": "max"})]);
}
