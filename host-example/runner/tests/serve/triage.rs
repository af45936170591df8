//! Tests of incidents and silences of a service.

use crate::server::{Server, alerts, attack, body, ids, waits};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Starts a service with a desk, a sink for alerts and a sink for incidents.
fn start(folder: &Path) -> Server {
    let shown = |name: &str| folder.join(name).display().to_string();
    let config = format!(
        "[sinks.alerts]\nto = {:?}\n\n[sinks.incidents]\nto = {:?}\nincidents = \"only\"\n",
        shown("alerts.jsonl"),
        shown("incidents.jsonl"),
    );
    let file = folder.join("serve.toml");
    fs::write(&file, config).unwrap();
    Server::start(&[
        "-c",
        &file.display().to_string(),
        "--state-dir",
        &shown("state"),
        "--desk",
        &shown("desk"),
    ])
}

/// The reported incidents. After a crash some are reported again, with the same id.
fn reported(folder: &Path) -> Vec<Value> {
    let mut known = BTreeSet::new();
    let mut all = alerts(&folder.join("incidents.jsonl"));
    all.retain(|incident| known.insert(incident["id"].to_string()));
    all
}

fn told(folder: &Path) -> Vec<(String, usize)> {
    let of = |value: &Value| {
        (value["status"].as_str().unwrap().to_owned(), value["alerts"].as_array().unwrap().len())
    };
    reported(folder).iter().map(of).collect()
}

/// The same attack on another account, at a later time.
fn another(minutes: u32, user: &str) -> Vec<String> {
    let lines = attack(1 + minutes);
    let (old, from) = (format!("user{}", 1 + minutes), format!("198.51.0.{}", 2 + minutes));
    lines.iter().map(|line| line.replace(&old, user).replace(&from, "198.51.0.2")).collect()
}

#[test]
fn incidents_are_told_as_they_change_and_outlive_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let server = start(path);
    server.post(&body(&another(0, "ada")));
    waits(1, || reported(path));
    server.kill();
    let server = start(path);
    // The attack from the same address gets into another account, so the incident becomes more severe.
    server.post(&body(&another(5, "bob")));
    waits(2, || reported(path));
    assert_eq!(server.terminate().0, Some(0));
    let server = start(path);
    // More than an hour later.
    server.post(&body(&another(100, "eve")));
    let found = waits(4, || reported(path));
    let wanted = [("open", 1), ("open", 2), ("closed", 2), ("open", 1)];
    assert_eq!(told(path), wanted.map(|(status, count)| (status.to_owned(), count)), "{found:?}");
    assert_eq!(found[0]["incident"], found[2]["incident"]);
    assert_ne!(found[0]["incident"], found[3]["incident"]);
    let fell: Vec<&str> =
        found[2]["fell"].as_array().unwrap().iter().map(|one| one["user"].as_str().unwrap()).collect();
    assert_eq!(fell, ["ada", "bob"]);
    let raised = alerts(&path.join("alerts.jsonl"));
    assert_eq!(ids(&raised).len(), 3, "alerts go where they went: {raised:?}");
    assert!(raised.iter().all(|alert| alert.get("incident").is_none()));
    drop(server);
}

#[test]
fn a_silence_is_applied_without_a_restart_and_its_alerts_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let server = start(path);
    server.post(&body(&another(0, "ada")));
    waits(1, || alerts(&path.join("alerts.jsonl")));
    let desk = path.join("desk");
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args([
            "silence",
            "add",
            "--user",
            "bo?",
            "--until",
            "2026-03-05T00:00:00Z",
            "--reason",
            "a test",
            "--desk",
        ])
        .arg(&desk)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // The service reads the silence within about a second. Until then, alerts of other accounts are raised.
    let mut minutes = 5;
    loop {
        server.post(&body(&another(minutes, "bob")));
        server.post(&body(&another(minutes, "eve")));
        let eve = |alert: &Value| alert["user"] == "eve";
        waits(1, || {
            alerts(&path.join("alerts.jsonl")).into_iter().filter(eve).skip(minutes as usize - 5).collect()
        });
        if path.join("state/silenced.ndjson").exists() {
            break;
        }
        minutes += 1;
        assert!(minutes < 150, "the silence is never applied");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let kept = alerts(&path.join("state/silenced.ndjson"));
    assert_eq!((kept.len(), &kept[0]["user"]), (1, &"bob".into()));
    assert_eq!(kept[0]["silenced"], serde_json::json!({ "name": "s1", "reason": "a test" }));
    let shown = alerts(&path.join("alerts.jsonl"));
    assert!(shown.iter().all(|alert| alert["id"] != kept[0]["id"]));
    let metrics = server.get("/metrics").1;
    assert!(metrics.contains("authsieve_alerts_silenced_total 1"), "{metrics}");
}
