//! Snapshots of version 0.1.0 can still be read. `tests/fixtures/snapshots-0.1/` holds them, with the alerts that
//! must follow from the records after each.

use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Analytics, Detector};
use authsieve_engine::time::Timestamp;
use authsieve_host::{self as host, Limits};
use authsieve_suite::Suite;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

mod support;

/// The fields that `expected.ndjson` names. Fields that repeat the same facts in other words are left out.
const FIELDS: [&str; 19] = [
    "id",
    "pattern",
    "severity",
    "time",
    "first_seen",
    "last_seen",
    "user",
    "users",
    "src_ip",
    "src_ips",
    "failure_count",
    "challenge_count",
    "distinct_users",
    "distinct_ips",
    "estimated",
    "matched",
    "reasons",
    "outcomes",
    "evidence",
];

/// A snapshot, and the records after it.
struct Fixture {
    name: String,
    id: String,
    config: String,
    snapshot: Vec<u8>,
    rest: Vec<u8>,
    received: i64,
    expected: Vec<Value>,
}

/// `case.toml`.
#[derive(Deserialize)]
struct About {
    description: String,
    received: String,
}

impl Fixture {
    fn read(folder: &Path) -> Self {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = |file: &str| {
            fs::read_to_string(folder.join(file)).unwrap_or_else(|why| panic!("{name}/{file}: {why}"))
        };
        let about: About = toml::from_str(&text("case.toml")).unwrap();
        assert!(!about.description.is_empty(), "{name}");
        let (id, _) = name.split_once('-').unwrap();
        Self {
            id: id.into(),
            config: text("config.json"),
            snapshot: fs::read(folder.join("snapshot.bin")).unwrap(),
            rest: text("rest.log").into_bytes(),
            received: authsieve::arguments::received(&about.received).unwrap(),
            expected: text("expected.ndjson")
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            name,
        }
    }

    fn judge(&self, how: &str, alerts: &[Alert]) {
        let came: Vec<Value> = alerts.iter().map(compared).collect();
        for (n, (one, other)) in self.expected.iter().zip(&came).enumerate() {
            assert_eq!(one, other, "{}, {how}: alert {n} is {other}", self.name);
        }
        assert_eq!(self.expected.len(), came.len(), "{}, {how}: alerts", self.name);
    }

    fn natively<A: Analytics>(&self, config: &str) -> Vec<Alert> {
        let (mut detector, notes) = Detector::<A>::restore(config, 1, &self.snapshot)
            .unwrap_or_else(|why| panic!("{}: {why}", self.name));
        assert!(notes.is_empty(), "{}: {notes:?}", self.name);
        let mut alerts = detector.process(&self.rest, Timestamp(self.received));
        alerts.extend(detector.flush());
        alerts
    }

    fn through_the_component(&self, component: &host::Analytic) -> Vec<Alert> {
        let (mut detector, notes) = component
            .restore(&self.config, 2, &self.snapshot)
            .unwrap_or_else(|why| panic!("{}: {why}", self.name));
        assert!(notes.is_empty(), "{}: {notes:?}", self.name);
        let mut alerts = detector.process(&self.rest, self.received).unwrap();
        alerts.extend(detector.flush().unwrap());
        alerts.into_iter().map(host::convert::alert).collect()
    }
}

/// The compared fields of an alert. Of evidence, only the text is compared.
fn compared(alert: &Alert) -> Value {
    let mut alert: Map<String, Value> = serde_json::from_str(&alert.to_json()).unwrap();
    alert.retain(|name, _| FIELDS.contains(&name.as_str()));
    if let Some(Value::Array(evidence)) = alert.get_mut("evidence") {
        for item in evidence {
            if let Some(text) = item.get("text") {
                *item = text.clone();
            }
        }
    }
    alert.into()
}

fn fixtures() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/snapshots-0.1");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().map(|folder| Fixture::read(folder)).collect()
}

/// Runs a fixture natively, for the macro that knows the types of all analytics.
fn natively<A: Analytics>(fixture: &Fixture) -> Vec<Alert> {
    fixture.natively::<A>(&fixture.config)
}

#[test]
fn are_read_natively() {
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), 16);
    for fixture in &fixtures {
        fixture.judge("natively", &authsieve_suite::by_id!(fixture.id.as_str(), natively(fixture)));
    }
}

#[test]
fn are_read_by_a_suite_of_one() {
    for fixture in fixtures() {
        let config = format!(r#"{{"analytics":["{0}"],"{0}":{1}}}"#, fixture.id, fixture.config);
        fixture.judge("in a suite", &fixture.natively::<Suite>(&config));
    }
}

#[test]
fn are_read_by_the_components() {
    let engine = support::engine(Limits::default());
    let fixtures = fixtures();
    for built in authsieve_components::ALL {
        let component = host::Analytic::load(&engine, built.id, built.wasm).expect("it loads");
        for fixture in fixtures.iter().filter(|fixture| fixture.id == built.id) {
            fixture.judge("through the component", &fixture.through_the_component(&component));
        }
    }
}
