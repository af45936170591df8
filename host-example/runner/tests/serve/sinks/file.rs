//! Tests of files that are removed, and of sockets whose other side closes.

use super::{Service, numbers};
use crate::server::{PATIENCE, waits_for_alerts};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixListener;

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
