//! Tests of `/metrics` and `/v1/status`: each number matches the records that were sent.

use crate::server::{PATIENCE, Server, attack, body, command, post, waits_for_alerts};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

/// The samples by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        (name.to_owned(), value.parse().unwrap_or_else(|why| panic!("{why}: {line}")))
    };
    lines.map(sample).collect()
}

#[test]
fn each_figure_is_that_of_the_records_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (out, shown) = (folder.path().join("alerts.jsonl"), folder.path().display());
    // Nobody listens at the address of the second sink.
    let config = format!(
        "max_keys = 100\n[server]\nstate_dir = \"{shown}/state\"\ncheckpoint = \"1s\"\n\
         [sources.web]\ntype = \"http\"\nlisten = \"127.0.0.1:0\"\n\
         [sinks.out]\nto = \"{shown}/alerts.jsonl\"\n[sinks.down]\nto = \"http://127.0.0.1:1/\"\n"
    );
    let mut server = Server::configured(&config, folder.path(), Stdio::null());
    let web = server.place("web listens to http://");
    let mut lines = attack(1);
    // This event is older than the newest one of its key.
    lines.push(attack(1)[0].clone());
    let bad = [
        // Records in an unknown form, broken, and far ahead of the clock.
        "2026-02-30T08:00:00Z web1 sshd[1]: Failed password for root from 203.0.113.9 port 1 ssh2",
        r#"{"MESSAGE": "Failed password for root from 203.0.113.9 port 1 ssh2", "SYSLOG_IDENTIFIER": "sshd"#,
        "2099-03-04T08:00:00Z web1 sshd[1]: Failed password for root from 203.0.113.9 port 1 ssh2",
        "2026-03-04T08:00:00Z web1 app: nothing to see",
    ];
    let (first, second) = (body(&lines), body(&bad.map(str::to_owned)));
    post(&web, "", &first).unwrap();
    waits_for_alerts(&out, 1);
    post(&web, "content-type: text/plain\r\n", &second).unwrap();
    let found = samples(&server.get_at(&web, "/metrics").1);
    let own = |name: &str| format!("authsieve_analytic_{name}{{analytic=\"an1276\"}}");
    for (name, wanted) in [
        ("authsieve_records_total".to_owned(), 11),
        ("authsieve_received_bytes_total".into(), first.len() + second.len()),
        (own("events_total"), 8),
        (own("late_total"), 1),
        (own("unread_total"), 1),
        (own("malformed_total"), 1),
        (own("undated_total"), 0),
        (own("future_total"), 1),
        (own("evicted_total"), 0),
        (r#"authsieve_alerts_total{analytic="AN1276",severity="high"}"#.into(), 1),
        (r#"authsieve_dead_letters_total{source="web",fault="malformed"}"#.into(), 1),
        ("authsieve_outbox_alerts".into(), 1),
        ("authsieve_latency_seconds_count".into(), 2),
        ("authsieve_state_folder_fails".into(), 0),
    ] {
        assert_eq!(found.get(&name), Some(&(wanted as f64)), "{name}\n{found:#?}");
    }
    assert!(found["authsieve_outbox_bytes"] > 500.0 && found[&own("state_bytes")] > 0.0, "{found:#?}");
    // More keys within one window than there is room for: junk addresses with one failure each. Their times are now,
    // because the record far ahead has moved event time up to the clock.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = authsieve_engine::time::Timestamp(now.as_micros() as i64).to_rfc3339();
    let junk = |number| format!("{now}{}", &attack(number)[0][20..]);
    let junk: Vec<String> = (0..500).map(junk).collect();
    post(&web, "", &body(&junk)).unwrap();
    let end = Instant::now() + PATIENCE;
    loop {
        let found = samples(&server.get_at(&web, "/metrics").1);
        let is_kept = found.get("authsieve_checkpoints_total").is_some_and(|count| *count >= 1.0);
        let retries = found.get(r#"authsieve_sink_retries_total{sink="down"}"#);
        if is_kept && retries.is_some_and(|count| *count >= 1.0) {
            assert!(found["authsieve_checkpoint_age_seconds"] < 60.0, "{found:#?}");
            assert!(found["authsieve_checkpoint_duration_micros"] > 0.0);
            assert!(found[&own("evicted_total")] >= 400.0, "{found:#?}");
            assert!((1.0..=100.0).contains(&found[&own("keys")]), "{found:#?}");
            break;
        }
        assert!(Instant::now() < end, "{found:#?}");
        thread::sleep(Duration::from_millis(50));
        // A state is only written after new records.
        post(&web, "", &second).unwrap();
    }
    let status: serde_json::Value = serde_json::from_str(&server.get_at(&web, "/v1/status").1).unwrap();
    assert_eq!(
        (&status["analytics"][0]["late"], &status["outbox"]["alerts"]),
        (&1.into(), &1.into()),
        "{status}"
    );
    assert!(
        status["checkpoint_age_seconds"].as_u64().unwrap() < 60 && status["dead_letters"].as_u64() >= Some(1)
    );
}

/// The provider's event ids identify repeated events.
#[test]
fn what_is_delivered_twice_counts_once_and_is_counted() {
    let sample = include_bytes!("../../samples/security.jsonl");
    let server = Server::start(&["-a", "fls", "--alerts", "/dev/null"]);
    let of = |name: &str| {
        let found = samples(&server.get("/metrics").1);
        found[&format!("authsieve_analytic_{name}{{analytic=\"fls\"}}")]
    };
    server.post(sample);
    let events = of("events_total");
    assert!(events > 10.0);
    server.post(&[&sample[..], b"\n"].concat());
    assert_eq!((of("events_total"), of("duplicates_total")), (2.0 * events, events));
}

#[test]
fn bad_records_are_kept_with_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().display();
    let config = format!(
        "[server]\nstate_dir = \"{shown}/state\"\nmax_body = 1\n[sources.web]\ntype = \"http\"\nlisten = \"127.0.0.1:0\"\n\
         [sources.lines]\ntype = \"tcp\"\nlisten = \"127.0.0.1:0\"\n[sinks.out]\nto = \"{shown}/alerts.jsonl\"\n"
    );
    let mut server = Server::configured(&config, folder.path(), Stdio::null());
    let (web, lines) = (server.place("web listens to http://"), server.place("lines listens to tcp:"));
    let mut mixed = attack(1);
    mixed.insert(3, "{\"a\":".into());
    // Syslog lines are not JSON, although the header says so. They are judged all the same.
    let answer = post(&web, "content-type: application/x-ndjson\r\n", &body(&mixed)).unwrap();
    assert_eq!(answer, (200, "{\"records\":7}\n".into()));
    waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    let mut stream = std::net::TcpStream::connect(&lines).unwrap();
    let long = [&b"long "[..], &vec![b'x'; 2 << 20], b"\n"].concat();
    std::io::Write::write_all(&mut stream, &long).unwrap();
    let path = folder.path().join("state/dead-letters.ndjson");
    let end = Instant::now() + PATIENCE;
    let letters = loop {
        let letters = crate::server::alerts(&path);
        if letters.iter().any(|letter| letter["fault"] == "oversized") {
            break letters;
        }
        assert!(Instant::now() < end, "{letters:?}");
        thread::sleep(Duration::from_millis(20));
    };
    let of = |fault: &str| letters.iter().filter(|letter| letter["fault"] == fault).collect::<Vec<_>>();
    assert_eq!(of("not-json").len(), 7, "{letters:#?}");
    assert_eq!(of("not-json")[3]["record"], "{\"a\":");
    assert_eq!(
        (&of("not-json")[3]["source"], &of("oversized")[0]["source"]),
        (&"web".into(), &"lines".into())
    );
    let start = of("oversized")[0]["record"].as_str().unwrap();
    assert!(start.starts_with("long xxx") && start.len() == 1024, "{start}");
    assert!(of("oversized")[0]["time"].as_str().unwrap().starts_with("20"));
}

/// The log is text for people, or JSON lines for machines.
#[test]
fn the_log_is_written_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no/such/folder/out.jsonl");
    let mut server = Server::start_quietly(&["--log-format", "json", "--alerts", missing.to_str().unwrap()]);
    let line = server.waits_for("http listens to");
    let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&entry["level"], entry["timestamp"].is_string()), (&"INFO".into(), true));
    let address = entry["message"].as_str().unwrap().rsplit("http://").next().unwrap().to_owned();
    post(&address, "", &body(&attack(1))).unwrap();
    let entry: serde_json::Value =
        serde_json::from_str(&server.waits_for("it is tried again until it works")).unwrap();
    assert_eq!(entry["level"], "WARN");
    let (status, _, err) = command(&["serve", "--log-level", "loud", "--http", "127.0.0.1:0"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("possible values: error, warn, info"), "{err}");
}
