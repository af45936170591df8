use super::*;
use serde_json::json;
use std::io::Write;

const KNOWN: [&str; 2] = ["an1276", "fls"];

fn thresholds(id: &str) -> Vec<String> {
    let own = if id == "fls" { ["min_failures", "only_fls"] } else { ["min_failures", "only_an1276"] };
    own.map(str::to_owned).to_vec()
}

fn audience<'a>(active: &'a [&'a str], one: bool) -> Audience<'a> {
    Audience { active, known: &KNOWN, one, thresholds: &thresholds }
}

fn split(text: &str, set: &[&str], active: &[&str], one: bool) -> Result<Vec<String>, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let set: Vec<String> = set.iter().map(|&s| s.to_owned()).collect();
    let split = Config::read(Some(file.path()), &set).and_then(|config| {
        let (texts, problems) = config.split(audience(active, one));
        if problems.list.is_empty() { Ok(texts) } else { Err(Error::Invalid(problems)) }
    });
    split.map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))
}

#[test]
fn one_analytic_may_have_its_options_at_the_top() {
    let toml = "min_failures = 8\nwindow = \"5m\"\n[[override]]\nusers = [\"svc-*\"]\nignore = true\n";
    let json = r#"{"min_failures":8,"override":[{"ignore":true,"users":["svc-*"]}],"window":"5m"}"#;
    assert_eq!(split(toml, &[], &["an1276"], true).unwrap(), [json]);
    assert_eq!(split(json, &[], &["an1276"], true).unwrap(), [json]);
    assert_eq!(split("", &[], &["an1276"], true).unwrap(), [""]);
    // `[families]` is an option, not an analytic.
    assert_eq!(
        split("[families]\nadmin = [\"adm*\"]", &[], &["fls"], true).unwrap(),
        [r#"{"families":{"admin":["adm*"]}}"#]
    );
}

#[test]
fn several_analytics_have_a_table_each_and_share_the_top() {
    let toml = "max_keys = 500\n[an1276]\nmin_failures = 8\n[FLS]\nwindow = \"5m\"\n[server]\nport = 1\n";
    let both =
        [r#"{"an1276":{"min_failures":8},"max_keys":500}"#, r#"{"FLS":{"window":"5m"},"max_keys":500}"#];
    assert_eq!(split(toml, &[], &KNOWN, false).unwrap(), both);
    // The same file works if only one of them runs.
    assert_eq!(split(toml, &[], &["fls"], true).unwrap(), both[1..]);
    let error = split("min_failures = 8", &[], &KNOWN, false).unwrap_err();
    assert!(
        error.starts_with("min_failures: analytics do not share such an option; ")
            && error.contains("([an1276], [fls])")
            && error.ends_with(" (FILE:1:1)"),
        "{error}"
    );
    let error = split("[an1267]\nmin_failures = 8", &[], &KNOWN, false).unwrap_err();
    assert!(
        error.starts_with(
            "an1267: there is no such analytic; did you mean an1276? Analytics are an1276, fls."
        ),
        "{error}"
    );
}

#[test]
fn analytics_names_what_runs() {
    let of = |text: &str, set: &[&str]| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let set: Vec<String> = set.iter().map(|&s| s.to_owned()).collect();
        Config::read(Some(file.path()), &set).unwrap().analytics()
    };
    assert_eq!(of("analytics = [\"fls\"]", &[]), Some(vec!["fls".to_owned()]));
    assert_eq!(of("analytics = [\"fls\"]", &["analytics=[\"an1276\"]"]), Some(vec!["an1276".to_owned()]));
    assert_eq!(of("", &[]), None);
    assert_eq!(split("analytics = [\"fls\"]", &[], &["fls"], true).unwrap(), [""]);
    let error = split("analytics = [\"fls\", \"fsl\"]", &[], &["fls"], true).unwrap_err();
    assert_eq!(
        error,
        "analytics[1]: \"fsl\" is no analytic; expected a list with some of an1276, fls (FILE:1:21)"
    );
    assert!(split("analytics = []", &[], &KNOWN, false).unwrap_err().contains("[] is empty"));
}

#[test]
fn assignments_go_before_the_file() {
    let set = ["min_failures=3", "window=5m", "correlate=[\"ip\"]", "note=a = b", "a.b=true", "empty="];
    let written = split("min_failures = 8", &set, &["an1276"], true).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&written[0]).unwrap(),
        json!({"a": {"b": true}, "correlate": ["ip"], "empty": "", "min_failures": 3, "note": "a = b", "window": "5m"})
    );
    assert_eq!(split("", &["fls.window=5m"], &KNOWN, false).unwrap(), ["", r#"{"fls":{"window":"5m"}}"#]);
    assert_eq!(split("", &["an1276.window=5m"], &["an1276"], true).unwrap(), [r#"{"window":"5m"}"#]);
    assert_eq!(
        split("[AN1276]\nwindow = \"1m\"", &["window=5m", "salt=x"], &["an1276"], true).unwrap(),
        [r#"{"AN1276":{"window":"5m"},"salt":"x"}"#]
    );
    assert_eq!(split("", &["salt=x"], &KNOWN, false).unwrap(), [r#"{"salt":"x"}"#, r#"{"salt":"x"}"#]);
    let error = split("", &["window=5m"], &KNOWN, false).unwrap_err();
    assert!(error.contains("as in an1276.window=…") && error.ends_with("(--set window=5m)"), "{error}");
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
fn syntax_errors_name_file_line_and_column() {
    let error = split("min_failures = 8\nwindow = 5m\nsalt = [\n", &[], &["an1276"], true).unwrap_err();
    assert!(error.contains("(FILE:2:") && error.lines().count() > 1, "all of them: {error}");
    let error = split("{\n\"window\": }", &[], &["an1276"], true).unwrap_err();
    assert_eq!(error, "the file is not JSON; expected a value (FILE:2:11)");
}

#[test]
fn a_missing_file_is_no_usage_error() {
    let error = Config::read(Some(Path::new("/nonexistent.toml")), &[]).unwrap_err();
    assert!(matches!(&error, Error::Unreadable(text) if text.contains("/nonexistent.toml")), "{error}");
}

#[test]
fn values_without_json_are_text() {
    let toml = "a = inf\nb = 2026-03-01T00:00:00Z\nc = 1.5\nd = 1_000\ne = 0xff\nf = -7";
    assert_eq!(
        split(toml, &[], &["fls"], true).unwrap(),
        [r#"{"a":"inf","b":"2026-03-01T00:00:00Z","c":1.5,"d":1000,"e":255,"f":-7}"#]
    );
}

#[test]
fn a_key_that_stands_twice_is_an_error() {
    let error = split("{\"window\": \"5m\",\n\"window\": \"6m\"}", &[], &["fls"], true).unwrap_err();
    assert_eq!(error, "window: it stands there twice; expected once (FILE:2:11)");
    let nested = r#"{"override": [{"users": ["a", null, true, 1.5, -1], "users": []}]}"#;
    assert!(split(nested, &[], &["fls"], true).unwrap_err().contains("users: it stands there twice"));
    let error = split("window = \"5m\"\nwindow = \"6m\"", &[], &["fls"], true).unwrap_err();
    assert!(error.contains("duplicate key") && error.contains("(FILE:2:"), "{error}");
    let all = r#"{"a":[{"b":null},true,1.5,-1,"x",18446744073709551615]}"#;
    assert_eq!(split(all, &[], &["fls"], true).unwrap(), [all]);
}

#[test]
fn an_option_of_what_does_not_run_is_an_error_on_the_command_line() {
    let error = split("", &["fls.window=5m"], &["an1276"], true).unwrap_err();
    assert_eq!(error, "fls.window: fls does not run; -a chooses which analytics do (--set fls.window=5m)");
}

#[test]
fn what_is_forced_goes_before_everything() {
    let mut config = Config::read(None, &["an1276.window=5m".into(), "an1276.lateness=1s".into()]).unwrap();
    config.force("lateness", "max");
    let (split, _) = config.split(audience(&KNOWN, false));
    let values: Vec<Value> = split.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(values, [json!({"an1276": {"lateness": "max", "window": "5m"}}), json!({"lateness": "max"})]);
}

#[test]
fn thresholds_of_others_are_taken_out_of_overrides_for_all() {
    let toml = "[an1276]\n[[override]]\nusers = [\"a\"]\nonly_fls = 3\n[[override]]\nonly_an1276 = 0\nonly_fls = 3\n";
    let split = split(toml, &[], &KNOWN, false).unwrap();
    assert_eq!(split[0], r#"{"an1276":{},"override":[{"only_an1276":0}]}"#);
    assert_eq!(split[1], r#"{"override":[{"only_fls":3,"users":["a"]},{"only_fls":3}]}"#);
    // A problem in the analytic's own list of overrides gets the place in the file.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(toml.as_bytes()).unwrap();
    let config = Config::read(Some(file.path()), &[]).unwrap();
    let told = config.refused(
        "out-of-range\toverride[0].only_an1276\t0 is out of range; expected more",
        &["an1276"],
        audience(&KNOWN, false),
    );
    let told = told.to_string();
    assert!(
        told.starts_with("override[1].only_an1276: 0 is out of range; expected more (")
            && told.ends_with(":6:15)"),
        "{told}"
    );
}

#[test]
fn places_are_found_by_their_paths() {
    let toml = "\"odd.name\" = 1\n[an1276]\nlist = [1, { \"a b\" = 2 }]\n";
    let whole = tree::parse(toml, 0).unwrap();
    for (path, name, text) in [
        ("\"odd.name\"", false, "1"),
        ("\"odd.name\"", true, "\"odd.name\""),
        ("an1276.list[1].\"a b\"", false, "2"),
        ("an1276.list[0]", false, "1"),
        // A path that leads nowhere ends at its last existing part.
        ("an1276.list[7]", false, "[1, { \"a b\" = 2 }]"),
    ] {
        let (_, origin) = whole.find(path, name);
        assert_eq!(&toml[origin.unwrap().span.clone()], text, "{path}");
    }
    assert_eq!(whole.find("nowhere", true).1, None);
}

#[test]
fn the_readme_lists_every_code() {
    let readme = include_str!("../../../../README.md");
    for code in authsieve_engine::config::code::ALL.iter().chain(&CODES) {
        assert!(readme.contains(&format!("| `{code}` |")), "{code}");
    }
}

#[test]
fn what_bears_on_times_is_found_wherever_it_stands() {
    let assignments = ["timezone=Europe/Berlin", "fls.extra_failure_codes=[50140]", "an1276.window=5m"];
    let config = Config::read(None, &assignments.map(String::from)).unwrap();
    let times: Value = serde_json::from_str(&config.times()).unwrap();
    assert_eq!(times["timezone"]["name"], "Europe/Berlin");
    assert_eq!(times["extra_failure_codes"], serde_json::json!([50140]));
    assert_eq!(times.as_object().unwrap().len(), 2, "{times}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, "date_order = \"dmy\"\n[an1269]\nextraFailureCodes = [1, 2]\n").unwrap();
    let config = Config::read(Some(&file), &["date_order=mdy".into()]).unwrap();
    let times: Value = serde_json::from_str(&config.times()).unwrap();
    assert_eq!(times, serde_json::json!({ "date_order": "mdy", "extra_failure_codes": [1, 2] }));
}
