//! Tests of files that are removed, and of sockets whose other side closes.

use super::{Service, numbers};
use crate::server::{PATIENCE, waits_for_alerts};
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};
use std::{fs, thread};

#[test]
fn a_file_that_is_removed_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let service = Service::start(&format!("to = \"{}\"\nformat = \"json\"", out.display()));
    service.attack(0..1);
    waits_for_alerts(&out, 1);
    fs::remove_file(&out).unwrap();
    service.attack(1..2);
    assert_eq!(numbers(&waits_for_alerts(&out, 1)), [1]);
    // Some tools copy a file and move the copy to the same path.
    fs::write(folder.path().join("new"), "").unwrap();
    fs::rename(folder.path().join("new"), &out).unwrap();
    service.attack(2..3);
    assert_eq!(numbers(&waits_for_alerts(&out, 1)), [2]);
}

/// A crash may leave half an alert, which is delivered again. Other text is not from the sink.
#[test]
fn only_half_an_alert_is_cut_off() {
    for (before, after) in [
        ("a note", "a note\n"),
        ("{\"time\":\"20", ""),
        ("{\"a\":1}\nnote", "{\"a\":1}\nnote\n"),
        ("{\"a\":1}\n{\"b", "{\"a\":1}\n"),
        ("{\"a\":1}\n", "{\"a\":1}\n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("alerts.jsonl");
        fs::write(&out, before).unwrap();
        let service = Service::start(&format!("to = \"{}\"\nformat = \"json\"", out.display()));
        service.attack(0..1);
        let end = Instant::now() + PATIENCE;
        loop {
            let text = fs::read_to_string(&out).unwrap();
            if text.ends_with("}\n") && text != before {
                assert!(text.starts_with(&format!("{after}{{\"")), "{before:?}: {text}");
                assert_eq!(text.lines().count(), after.lines().count() + 1, "{text}");
                break;
            }
            assert!(Instant::now() < end, "{text}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Without a check before each write, the first alert after a restart of the receiver would be lost.
#[test]
fn a_connection_that_was_closed_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let service = Service::start(&format!("to = \"unix:{}\"", path.display()));
    for number in 0..4 {
        service.attack(number..number + 1);
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        assert_eq!(numbers([&serde_json::from_str(&line).unwrap()]), [number]);
    }
}
