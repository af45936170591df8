//! Detection cases as data: `src/analytics/<id>/cases/<case>/`.
//!
//! - `input.*`: the log.
//! - `config.toml` (optional): the options.
//! - `case.toml` (optional): `description`, and `received` (RFC 3339): when the log was received.
//! - `expected.ndjson`: one JSON object per alert that must come, in order. Only the fields that an object names are
//!   compared, exactly; `null` means that the field must be absent. An empty file: no alert.
//!
//! `AUTHSIEVE_UPDATE=1 cargo test -p authsieve-tests --test cases` rewrites what is expected, field by field; read
//! the difference before you keep it.

use authsieve_engine::alert::Alert;
use authsieve_engine::time::Timestamp;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// When logs are received whose case does not say.
const RECEIVED: &str = "2026-06-01T00:00:00Z";

/// What is written down of an alert that nobody expected yet.
const FIELDS: [&str; 5] = ["pattern", "time", "user", "src_ip", "matched"];

struct Case {
    analytic: String,
    dir: PathBuf,
    input: Vec<u8>,
    config: String,
    received: i64,
}

fn cases() -> Vec<Case> {
    let analytics = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/analytics");
    let mut cases = vec![];
    for analytic in entries(&analytics) {
        for dir in entries(&analytic.join("cases")) {
            if dir.is_dir() {
                let id = analytic.file_name().unwrap_or_default().to_string_lossy().into_owned();
                cases.push(Case::read(id, dir));
            }
        }
    }
    assert!(cases.len() >= 30, "cases are not found under {}", analytics.display());
    cases
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir).map(|all| all.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    paths.sort();
    paths
}

impl Case {
    fn read(analytic: String, dir: PathBuf) -> Self {
        let inputs: Vec<PathBuf> =
            entries(&dir).into_iter().filter(|p| p.file_stem().is_some_and(|stem| stem == "input")).collect();
        let [input] = &inputs[..] else { panic!("{}: one input.* is wanted", dir.display()) };
        let table = |name: &str| -> toml::Table {
            let text = fs::read_to_string(dir.join(name)).unwrap_or_default();
            text.parse().unwrap_or_else(|e| panic!("{}/{name}: {e}", dir.display()))
        };
        let about = table("case.toml");
        for key in about.keys() {
            assert!(
                ["description", "received"].contains(&key.as_str()),
                "{}: case.toml: {key}",
                dir.display()
            );
        }
        let received = about
            .get("received")
            .map_or(RECEIVED.to_string(), |v| v.as_str().unwrap_or_default().to_string());
        let received = chrono::DateTime::parse_from_rfc3339(&received)
            .unwrap_or_else(|e| panic!("{}: received = {received}: {e}", dir.display()))
            .timestamp_micros();
        let config = serde_json::to_string(&table("config.toml")).expect("a table is an object");
        Self { analytic, input: fs::read(input).expect("the input is there"), config, received, dir }
    }

    fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.input.split_inclusive(|b| *b == b'\n')
    }

    fn expected(&self) -> Vec<Map<String, Value>> {
        let path = self.dir.join("expected.ndjson");
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {line}: {e}", path.display()))
            })
            .collect()
    }

    /// What differs from what is expected, or nothing.
    fn differs(&self, how: &str, alerts: &[String]) -> Option<String> {
        let expected = self.expected();
        let got: Vec<Map<String, Value>> =
            alerts.iter().map(|a| serde_json::from_str(a).expect("an alert is an object")).collect();
        let named: Vec<Map<String, Value>> = (0..got.len())
            .map(|at| {
                let fields: Vec<&str> = match expected.get(at) {
                    Some(wanted) => wanted.keys().map(String::as_str).collect(),
                    None => FIELDS.to_vec(),
                };
                let value = |f: &str| got[at].get(f).cloned().unwrap_or(Value::Null);
                fields.into_iter().map(|f| (f.to_string(), value(f))).collect()
            })
            .collect();
        let lines = |all: &[Map<String, Value>]| -> String {
            all.iter().map(|map| serde_json::to_string(map).unwrap_or_default() + "\n").collect()
        };
        if named == expected {
            return None;
        }
        if env::var_os("AUTHSIEVE_UPDATE").is_some_and(|v| v == "1") {
            fs::write(self.dir.join("expected.ndjson"), lines(&named)).expect("the case can be written");
            return None;
        }
        let name = self.dir.file_name().unwrap_or_default().to_string_lossy();
        Some(format!(
            "{}/{name} ({how})\n  expected:\n{}  got:\n{}",
            self.analytic,
            lines(&expected),
            lines(&named)
        ))
    }
}

fn natively<A: authsieve_engine::analytic::Analytic>(case: &Case, batches: &[&[u8]]) -> Vec<Alert> {
    let mut detector = authsieve_engine::detector::Detector::<A>::create(&case.config, 1)
        .unwrap_or_else(|e| panic!("{}: {e}", case.dir.display()));
    let received = Timestamp(case.received);
    let mut alerts: Vec<Alert> = batches.iter().flat_map(|batch| detector.process(batch, received)).collect();
    alerts.extend(detector.flush());
    alerts
}

fn run_natively(case: &Case, batches: &[&[u8]]) -> Vec<String> {
    let alerts = match case.analytic.as_str() {
        "an0454" => natively::<authsieve_an0454::An0454>(case, batches),
        "an1269" => natively::<authsieve_an1269::An1269>(case, batches),
        "an1276" => natively::<authsieve_an1276::An1276>(case, batches),
        "an1521" => natively::<authsieve_an1521::An1521>(case, batches),
        "fls" => natively::<authsieve_fls::Fls>(case, batches),
        other => panic!("tests/cases.rs does not know the analytic {other} yet"),
    };
    alerts.iter().map(Alert::to_json).collect()
}

fn report(failures: Vec<String>, of: usize) {
    assert!(failures.is_empty(), "{} of {of} cases differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn natively_in_one_batch() {
    let cases = cases();
    report(
        cases.iter().filter_map(|c| c.differs("one batch", &run_natively(c, &[&c.input]))).collect(),
        cases.len(),
    );
}

#[test]
fn natively_record_by_record() {
    let cases = cases();
    let differs = |case: &Case| {
        let records: Vec<&[u8]> = case.records().collect();
        case.differs("record by record", &run_natively(case, &records))
    };
    report(cases.iter().filter_map(differs).collect(), cases.len());
}

/// As everybody runs them: in the component, under wasmtime, as the runner does it.
#[test]
fn through_the_component() {
    use authsieve::engine::{Engine, Limits};
    let engine = Engine::new(Limits::default()).expect("wasmtime starts");
    let cases = cases();
    let mut loaded = std::collections::BTreeMap::new();
    let mut failures = vec![];
    for case in &cases {
        let analytic = loaded.entry(case.analytic.clone()).or_insert_with(|| {
            let built = authsieve_components::get(&case.analytic).expect("every analytic is built");
            authsieve::host::Analytic::load(&engine, built.id, built.wasm).expect("it loads")
        });
        let mut detector =
            analytic.create(&case.config, 1).unwrap_or_else(|e| panic!("{}: {e}", case.dir.display()));
        let mut alerts = detector.process(&case.input, case.received).expect("the guest lives");
        alerts.extend(detector.flush().expect("the guest lives"));
        let alerts: Vec<String> =
            alerts.into_iter().map(|a| authsieve::convert::alert(a).to_json()).collect();
        assert_eq!(
            alerts,
            run_natively(case, &[&case.input]),
            "{}: not the bytes of a native run",
            case.dir.display()
        );
        failures.extend(case.differs("component", &alerts));
    }
    report(failures, cases.len());
}
