//! Snapshots that version 0.1.0 wrote are still read: `tests/fixtures/snapshots-0.1/` holds them, with what has to come
//! of the records after each.

use authsieve::engine::{Engine, Limits};
use authsieve::host;
use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::Detector;
use authsieve_engine::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

/// The fields that `expected.ndjson` names. What says the same in other words is left out.
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

/// A snapshot, and what came after it.
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
            expected: text("expected.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            name,
        }
    }

    fn judge(&self, how: &str, alerts: &[Alert]) {
        let came: Vec<Value> = alerts.iter().map(told).collect();
        for (n, (one, other)) in self.expected.iter().zip(&came).enumerate() {
            assert_eq!(one, other, "{}, {how}: alert {n}", self.name);
        }
        assert_eq!(self.expected.len(), came.len(), "{}, {how}: alerts", self.name);
    }

    fn natively<A: Analytic>(&self) -> Vec<Alert> {
        let (mut detector, notes) = Detector::<A>::restore(&self.config, 1, &self.snapshot)
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
        alerts.into_iter().map(authsieve::convert::alert).collect()
    }
}

/// The fields of an alert that are compared, and of evidence its text.
fn told(alert: &Alert) -> Value {
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
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders.iter().map(|folder| Fixture::read(folder)).collect()
}

#[test]
fn are_read_natively() {
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), 16);
    for fixture in fixtures {
        let alerts = match fixture.id.as_str() {
            "an0454" => fixture.natively::<authsieve_an0454::An0454>(),
            "an1269" => fixture.natively::<authsieve_an1269::An1269>(),
            "an1276" => fixture.natively::<authsieve_an1276::An1276>(),
            "an1521" => fixture.natively::<authsieve_an1521::An1521>(),
            "fls" => fixture.natively::<authsieve_fls::Fls>(),
            other => panic!("{other} was not there in 0.1.0"),
        };
        fixture.judge("natively", &alerts);
    }
}

#[test]
fn are_read_by_the_components() {
    let engine = Engine::new(Limits::default()).expect("wasmtime starts");
    let fixtures = fixtures();
    for built in authsieve_components::ALL {
        let component = host::Analytic::load(&engine, built.id, built.wasm).expect("it loads");
        for fixture in fixtures.iter().filter(|fixture| fixture.id == built.id) {
            fixture.judge("through the component", &fixture.through_the_component(&component));
        }
    }
}
