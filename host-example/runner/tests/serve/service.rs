//! Tests of sinks, of time, and of the end of a service.

use crate::receiver::{Answer, Receiver, Request};
use crate::server::{Server, attack, body, expected, ids, waits, waits_for_alerts};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let done = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["serve", "-a", "an1276", "--http", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("can be reached from other machines"));
}

#[test]
fn wrong_options_end_it_as_they_end_run() {
    let done = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["serve", "-a", "an1276", "--http", "127.0.0.1:0", "--set", "window=soon"])
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("window"));
}

#[test]
fn alerts_go_to_each_sink_and_wait_for_one_that_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    // Nobody listens at this address yet.
    let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let lines = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{place}/alerts");
    let tcp = format!("tcp:{}", lines.local_addr().unwrap());
    let socket = folder.path().join("alerts.sock");
    let unix = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let unix_target = format!("unix:{}", socket.display());
    let mut server = Server::start(&[
        "--alerts",
        out.to_str().unwrap(),
        "--alerts",
        &url,
        "--alerts",
        &tcp,
        "--alerts",
        &unix_target,
    ]);
    let attacks: Vec<Vec<String>> = (0..3).map(attack).collect();
    let wanted = expected(&attacks.concat());
    for lines in &attacks[..2] {
        server.post(&body(lines));
    }
    waits_for_alerts(&out, 2);
    server.waits_for("it is tried again until it works");
    let status = |number| if number == 0 { 503 } else { 200 };
    let receiver =
        Receiver::on(TcpListener::bind(place).unwrap(), move |number, _| Answer::status(status(number)));
    server.post(&body(&attacks[2]));
    let received = waits(3, || receiver.got().iter().skip(1).flat_map(Request::lines).collect());
    let order = |alerts: &[serde_json::Value]| -> Vec<String> {
        alerts.iter().map(|alert| alert["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(order(&received), order(&wanted), "each once, and in order");
    let accepted = &receiver.got()[1];
    assert_eq!(
        (&*accepted.line, accepted.header("content-type")),
        ("POST /alerts HTTP/1.1", "application/x-ndjson")
    );
    let read = |stream: Box<dyn std::io::Read>| -> Vec<serde_json::Value> {
        let lines = BufReader::new(stream).lines().take(3);
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    };
    assert_eq!(order(&read(Box::new(lines.accept().unwrap().0))), order(&wanted));
    assert_eq!(order(&read(Box::new(unix.accept().unwrap().0))), order(&wanted));
}

#[test]
fn a_file_that_was_rotated_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (out, old) = (folder.path().join("alerts.jsonl"), folder.path().join("alerts.jsonl.1"));
    let server = Server::start(&["--alerts", out.to_str().unwrap()]);
    server.post(&body(&attack(1)));
    waits_for_alerts(&out, 1);
    fs::rename(&out, &old).unwrap();
    server.post(&body(&attack(2)));
    waits_for_alerts(&out, 1);
    assert_eq!(waits_for_alerts(&old, 1).len(), 1);
}

/// Alerts that wait for time to pass come even if no record arrives.
#[test]
fn time_passes_while_nothing_comes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap(), "--set", "allowed_lateness=2s"]);
    let began = Instant::now();
    server.post(&body(&attack(1)));
    waits_for_alerts(&out, 1);
    assert!(began.elapsed() > Duration::from_millis(1500), "{:?}", began.elapsed());
}

/// Vector stops its child processes before its own sinks have drained.
#[test]
fn it_drains_before_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap(), "--drain", "1.5s"]);
    let address = server.address.clone();
    let sender = thread::spawn(move || {
        // One batch every 200 ms, also after the signal.
        (0..10).all(|number| {
            thread::sleep(Duration::from_millis(200));
            crate::server::post(&address, "", &body(&attack(number))).is_ok_and(|(status, _)| status == 200)
        })
    });
    thread::sleep(Duration::from_millis(500));
    let (status, took) = server.terminate();
    assert!(sender.join().unwrap(), "all were answered");
    assert_eq!(status, Some(0));
    assert!(took > Duration::from_millis(2500) && took < Duration::from_secs(20), "{took:?}");
    let wanted = expected(&(0..10).flat_map(attack).collect::<Vec<_>>());
    assert_eq!(ids(&waits_for_alerts(&out, 10)), ids(&wanted));
}

#[test]
fn without_a_state_folder_a_signal_ends_it_quickly() {
    let server = Server::start(&["--alerts", "/dev/null"]);
    let (status, took) = server.terminate();
    assert_eq!(status, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}
