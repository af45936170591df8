//! Tests of moving a state from one service to another.

use crate::server::{Server, attack, body, command, expected, ids, waits_for_alerts};
use std::fs;

#[test]
fn state_moves_from_one_service_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (one, two, out, file) = (place("one"), place("two"), place("alerts.jsonl"), place("file"));
    let lines = attack(1);
    let server = Server::start(&["--state-dir", &one, "--alerts", "/dev/null"]);
    server.post(&body(&lines[..5]));
    let url = format!("http://{}", server.address);
    for from in [["--from", url.as_str()], ["--from", one.as_str()]] {
        let (status, _, err) = command(&[&["snapshot", "-o", &file][..], &from].concat());
        assert_eq!(status, Some(0), "{err}");
        assert!(err.contains("the state of an1276, after 5 records"), "{err}");
    }
    let (status, _, err) = command(&["snapshot", "--state-dir", &one, "-o", &file]);
    assert_eq!(status, Some(1));
    assert!(err.contains(&format!("--from {one}")), "{err}");
    // The live service and the stopped one give the same bytes.
    let live = fs::read(&file).unwrap();
    server.terminate();
    let (status, _, err) = command(&["snapshot", "--state-dir", &one, "-o", &file]);
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(fs::read(&file).unwrap(), live);

    let restored = ["--state-dir", &two, "--alerts", &out, "--restore", &file];
    let server = Server::start(&restored);
    server.kill();
    // The restored state survives a crash.
    let server = Server::start(&restored[..4]);
    server.post(&body(&lines[5..]));
    let found = waits_for_alerts(out.as_ref(), 1);
    assert_eq!(ids(&found), ids(&expected(&lines)));
    assert_eq!((&found[0]["failure_count"], &found[0]["origin"]["line"]), (&5.into(), &6.into()));
    server.terminate();

    let refused = |arguments: &[&str]| {
        let (status, _, err) = command(&[&["serve", "--http", "127.0.0.1:0"], arguments].concat());
        assert_eq!(status, Some(1), "{err}");
        err
    };
    let err = refused(&["-a", "an1276", "--state-dir", &two, "--restore", &file]);
    assert!(err.contains("it holds a state already; expected an empty folder, or --force"), "{err}");
    let err = refused(&["-a", "fls", "--state-dir", &place("three"), "--restore", &file]);
    assert!(err.contains("it holds the state of an1276; expected that of fls"), "{err}");
    let mut damaged = live.clone();
    damaged[live.len() / 2] ^= 1;
    fs::write(&file, damaged).unwrap();
    let err = refused(&["-a", "an1276", "--state-dir", &place("three"), "--restore", &file]);
    assert!(err.contains("file: it is damaged"), "{err}");
    fs::write(&file, &live).unwrap();
    // The login is used up in that state. With the older state the login alerts again, with the same id.
    let server = Server::start(&[&restored[..], &["--force"]].concat());
    server.post(&body(&lines[5..]));
    let found = waits_for_alerts(out.as_ref(), 2);
    assert_eq!(found[0]["id"], found[1]["id"]);
}

/// Without a state folder, the service can also start from a state.
#[test]
fn a_state_can_be_tried_without_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (out, file) = (place("alerts.jsonl"), place("file"));
    let lines = attack(1);
    let server = Server::start(&["--alerts", "/dev/null"]);
    server.post(&body(&lines[..5]));
    let (status, _, err) =
        command(&["snapshot", "--from", &format!("http://{}", server.address), "-o", &file]);
    assert_eq!(status, Some(0), "{err}");
    let server = Server::start(&["--alerts", &out, "--restore", &file]);
    server.post(&body(&lines[5..]));
    assert_eq!(ids(&waits_for_alerts(out.as_ref(), 1)), ids(&expected(&lines)));
}
