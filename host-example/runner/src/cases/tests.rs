use super::*;
use tempfile::TempDir;

/// A log with five failures and a success.
const ATTACK: &str = include_str!("../../samples/auth.log");

/// A folder `<above>/cases/one` with these files.
fn case(above: &str, files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let root = TempDir::new().unwrap();
    let dir = root.path().join(above).join("cases/one");
    fs::create_dir_all(&dir).unwrap();
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
    (root, dir)
}

fn broken(files: &[(&str, &str)]) -> String {
    let (_root, dir) = case("an1276", files);
    Case::read(&dir, &[]).expect_err("it is broken").to_string()
}

#[test]
fn cases_are_found_at_any_depth() {
    let root = TempDir::new().unwrap();
    for (dir, name) in [
        ("b/cases/y", "input.log"),
        ("b/cases/x", "expected.ndjson"),
        ("a", "case.toml"),
        (".git/c", "input"),
    ] {
        fs::create_dir_all(root.path().join(dir)).unwrap();
        fs::write(root.path().join(dir).join(name), "").unwrap();
    }
    fs::write(root.path().join("README.md"), "").unwrap();
    let found = find(root.path()).unwrap();
    let wanted = ["a", "b/cases/x", "b/cases/y"].map(|dir| root.path().join(dir));
    assert_eq!(found, wanted);
    assert_eq!(find(&root.path().join("a")).unwrap(), [root.path().join("a")]);
    assert!(find(&root.path().join("nowhere")).is_err());
}

#[test]
fn its_analytic_is_the_one_it_names_or_the_one_given_or_that_of_its_place() {
    let of = |above: &str, about: &str, given: &[&str]| {
        let (_root, dir) = case(above, &[("input.log", ""), ("expected.ndjson", ""), ("case.toml", about)]);
        let given: Vec<String> = given.iter().map(|&id| id.to_owned()).collect();
        Case::read(&dir, &given).map(|case| case.analytics).map_err(|error| error.to_string())
    };
    assert_eq!(of("an1276", "", &[]).unwrap(), ["an1276"]);
    assert_eq!(of("AN1276", "", &[]).unwrap(), ["an1276"]);
    assert_eq!(of("an1276", "", &["FLS"]).unwrap(), ["fls"]);
    assert_eq!(of("an1276", "analytic = \"AN1521\"", &["fls"]).unwrap(), ["an1521"]);
    assert_eq!(of("x", "analytics = [\"fls\", \"an1269\"]", &[]).unwrap(), ["fls", "an1269"]);
    assert!(of("x", "", &[]).unwrap_err().contains("analytic = "));
    assert!(of("x", "analytic = \"fls\"\nanalytics = [\"fls\"]", &[]).unwrap_err().contains("one of them"));
}

#[test]
fn what_does_not_belong_there_is_named() {
    let good = [("input.log", ""), ("expected.ndjson", "")];
    let with = |name: &'static str, text: &'static str| broken(&[good[0], good[1], (name, text)]);
    assert!(
        with("expected.json", "")
            .starts_with("`expected.json` does not belong to a case; there are: input.*")
    );
    assert!(with("case.toml", "descripton = \"x\"").contains("`descripton`"));
    assert!(with("case.toml", "received = \"yesterday\"").contains("`received`: `yesterday`"));
    assert!(with("config.toml", "window =").contains("config.toml:1:9)"));
    assert!(with("input.jsonl", "").contains("input.jsonl, input.log"));
    assert!(broken(&[("expected.ndjson", "")]).contains("there is no input.*"));
    let expected = |text: &'static str| broken(&[good[0], ("expected.ndjson", text)]);
    assert!(expected("\n{\"patern\":\"ip\"}").starts_with("expected.ndjson:2: `patern` is no field"));
    assert!(expected("{\"pattern\":\"ip\",\"pattern\":\"ip\"}").contains("`pattern` stands there twice"));
    assert!(expected("[]").starts_with("expected.ndjson:1: "));
}

#[test]
fn nothing_expected_is_told_with_the_way_to_write_it() {
    let (_root, dir) = case("an1276", &[("input.log", "")]);
    let case = Case::read(&dir, &[]).unwrap();
    let why = case.is_complete().unwrap_err().to_string();
    assert!(why.contains("expected.ndjson") && why.contains("authsieve test --update "), "{why}");
}

#[test]
fn a_case_runs_through_its_component() {
    let bench = Bench::new(&crate::engine(), &[]).unwrap();
    let (_root, dir) = case(
        "an1276",
        &[
            ("input.log", ATTACK),
            ("case.toml", "received = \"2026-03-05T00:00:00Z\""),
            ("config.toml", "min_failures = 4"),
        ],
    );
    let case = Case::read(&dir, &[]).unwrap();
    let alerts = bench.alerts(&case).unwrap();
    assert_eq!(alerts.len(), 2);
    assert!(matches!(case.judge(&alerts), Verdict::Failed(_)));
    assert!(case.update(&alerts).unwrap());
    let case = Case::read(&dir, &[]).unwrap();
    assert!(matches!(case.judge(&alerts), Verdict::Passed));
    assert!(!case.update(&alerts).unwrap(), "nothing to change");
    // A problem in a configuration names its place.
    fs::write(dir.join("config.toml"), "min_failurs = 4").unwrap();
    let error = bench.alerts(&Case::read(&dir, &[]).unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("min_failurs: ") && error.ends_with("config.toml:1:1)"), "{error}");
    let error = bench.alerts(&Case::read(&dir, &["an9999".into()]).unwrap()).unwrap_err().to_string();
    assert!(error.contains("`an9999`") && error.contains("an1276"), "{error}");
}

#[test]
fn a_case_may_be_for_several_analytics() {
    let bench = Bench::new(&crate::engine(), &[]).unwrap();
    let (_root, dir) = case(
        "x",
        &[
            ("input.log", ATTACK),
            ("case.toml", "received = \"2026-03-05T00:00:00Z\"\nanalytics = [\"fls\", \"an1276\"]"),
            ("config.toml", "[an1276]\nmin_failures = 4"),
        ],
    );
    let case = Case::read(&dir, &[]).unwrap();
    assert_eq!(case.configs().unwrap(), ["", "{\"an1276\":{\"min_failures\":4}}"]);
    let alerts = bench.alerts(&case).unwrap();
    case.update(&alerts).unwrap();
    let text = fs::read_to_string(dir.join("expected.ndjson")).unwrap();
    assert!(text.starts_with("{\"analytic\":\"AN1276\",\"pattern\":"), "{text}");
}
