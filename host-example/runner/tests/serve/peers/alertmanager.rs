//! Tests with a real Alertmanager, which returns its alerts through its API.

use super::{Daemon, EVIL, SHOWN, evil_attack, program};
use crate::server::{attack, body, expected, request, waits};
use crate::sinks::Service;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// An Alertmanager that notifies nobody.
struct Alertmanager {
    daemon: Daemon,
    address: String,
}

impl Alertmanager {
    /// Starts an Alertmanager at an address. Port 0 chooses a free port.
    fn start(program: &Path, address: &str, folder: &tempfile::TempDir) -> Self {
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("alertmanager.yml"), "route:\n  receiver: nobody\nreceivers:\n- name: nobody\n")
            .unwrap();
        let arguments = [
            format!("--config.file={}", path("alertmanager.yml")),
            format!("--storage.path={}", path("data")),
            format!("--web.listen-address={address}"),
            // It runs without peers.
            "--cluster.listen-address=".into(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut daemon = Daemon::start(program, &arguments, &folder.path().join("alertmanager.log"));
        let address = daemon.waits("address", |said| {
            let line = said.lines().find(|line| line.contains("Listening on"))?;
            Some(line.rsplit_once("address=")?.1.trim_matches('"').to_owned())
        });
        Self { daemon, address }
    }

    fn sink(&self) -> String {
        format!("type = \"alertmanager\"\nto = \"http://{}\"", self.address)
    }

    /// The body of a page of the API.
    fn alerts(&self) -> Vec<Value> {
        // HTTP 1.0, so that the answer is not chunked.
        let (status, body) =
            request(&self.address, "GET /api/v2/alerts HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n", b"").unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// Parses a time in any notation.
fn time(value: &Value) -> i64 {
    chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap().timestamp_micros()
}

fn joined(value: &Value, between: &str) -> String {
    let texts: Vec<&str> = value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    texts.join(between).replace(EVIL, SHOWN)
}

/// The labels of an alert.
fn labels(alert: &Value) -> Value {
    let text = |name: &str| alert[name].as_str().unwrap().replace(EVIL, SHOWN);
    serde_json::json!({
        "alertname": format!("{} {}", text("analytic"), text("pattern")), "alert_id": text("id"),
        "severity": text("severity"), "analytic": text("analytic"), "pattern": text("pattern"),
        "user": text("user"), "address": text("src_ip"), "host": text("host"), "service": text("service"),
    })
}

fn annotations(alert: &Value) -> Value {
    serde_json::json!({
        "summary": alert["title"].as_str().unwrap().replace(EVIL, SHOWN),
        "description": joined(&alert["context"], "; "),
        "response": joined(&alert["response"], " "), "users": joined(&alert["users"], ", "),
        "src_ips": joined(&alert["src_ips"], ", "), "techniques": joined(&alert["techniques"], ", "),
        "failure_count": alert["failure_count"].to_string(),
    })
}

#[test]
fn an_alert_is_there_as_run_has_it() {
    let Some(program) = program("ALERTMANAGER", "prometheus-alertmanager") else { return };
    let folder = tempfile::tempdir().unwrap();
    let receiver = Alertmanager::start(&program, "127.0.0.1:0", &folder);
    let service = Service::start(&receiver.sink());
    let lines = [attack(0), evil_attack(), attack(1)].concat();
    let sent = chrono::DateTime::from(std::time::SystemTime::now()).timestamp_micros();
    assert_eq!(service.server.post(&body(&lines)).0, 200);
    let found = waits(3, || receiver.alerts());
    let wanted = expected(&lines);
    assert_eq!((found.len(), wanted.len()), (3, 3));
    for alert in &wanted {
        let is_it = |found: &&Value| found["labels"]["alert_id"] == alert["id"];
        let found = found.iter().find(is_it).unwrap_or_else(|| panic!("no {alert} in {found:?}"));
        assert_eq!(found["labels"], labels(alert));
        assert_eq!(found["annotations"], annotations(alert));
        assert_eq!(time(&found["startsAt"]), time(&alert["time"]));
        // The alert fires for an hour from now.
        let firing = time(&found["endsAt"]) - sent;
        assert!((3_600_000_000..3_700_000_000).contains(&firing), "{firing} µs");
        assert_eq!(found["status"]["state"], "active");
        assert_eq!(found.get("generatorURL").and_then(Value::as_str).unwrap_or_default(), "");
    }
}

#[test]
fn an_alert_that_comes_twice_is_one() {
    let Some(program) = program("ALERTMANAGER", "prometheus-alertmanager") else { return };
    let folder = tempfile::tempdir().unwrap();
    let receiver = Alertmanager::start(&program, "127.0.0.1:0", &folder);
    let mut updated = Value::Null;
    for _ in 0..2 {
        // A new service without the state of the first one.
        let service = Service::start(&receiver.sink());
        service.attack(0..2);
        waits(1, || {
            let is_done = service.counter("authsieve_sink_delivered_total{sink=\"it\"}") == 2;
            if is_done { vec![Value::Null] } else { Vec::new() }
        });
        let found = receiver.alerts();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_ne!(found[0]["updatedAt"], updated, "it came again");
        updated = found[0]["updatedAt"].clone();
    }
}

#[test]
fn alerts_wait_while_it_is_down() {
    let Some(program) = program("ALERTMANAGER", "prometheus-alertmanager") else { return };
    let folder = tempfile::tempdir().unwrap();
    let first = Alertmanager::start(&program, "127.0.0.1:0", &folder);
    let mut service = Service::start(&first.sink());
    service.attack(0..1);
    waits(1, || first.alerts());
    let address = first.address.clone();
    first.daemon.ends();
    service.attack(1..4);
    service.server.waits_for("it is tried again until it works");
    // Service and Alertmanager are both down for a while.
    let service = service.restart();
    let second = Alertmanager::start(&program, &address, &folder);
    let is_later = |alert: &Value| alert["labels"]["user"] != "user0";
    let found = waits(3, || second.alerts().into_iter().filter(is_later).collect());
    let mut users: Vec<&str> = found.iter().map(|alert| alert["labels"]["user"].as_str().unwrap()).collect();
    users.sort_unstable();
    assert_eq!(users, ["user1", "user2", "user3"]);
    drop(service);
}
