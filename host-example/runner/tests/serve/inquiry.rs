//! Tests of `explain --from`: a running service explains what happened to a key.

use crate::server::{PATIENCE, Server, attack, body, command};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

/// Four failures and a login, so one failure is missing. Also a second user, who is not asked for.
fn near() -> Vec<String> {
    let mut lines: Vec<String> = attack(1).into_iter().skip(1).collect();
    lines.extend(attack(2));
    lines
}

/// The notes, without the names of files.
fn notes(out: &str) -> Vec<serde_json::Value> {
    let parse = |line: &str| {
        let mut note: serde_json::Value = serde_json::from_str(line).unwrap();
        note.as_object_mut().unwrap().remove("file");
        note
    };
    out.lines().map(parse).collect()
}

#[test]
fn a_service_explains_as_files_do() {
    let folder = tempfile::tempdir().unwrap();
    let (state, log) = (folder.path().join("state"), folder.path().join("auth.log"));
    let state = state.to_str().unwrap();
    fs::write(&log, body(&near())).unwrap();
    let of_file = |filter: &[&str]| {
        command(&[&["explain", "-a", "an1276", "--format", "json", log.to_str().unwrap()], filter].concat())
    };
    let server = Server::start(&["--state-dir", state, "--alerts", "/dev/null"]);
    for part in near().chunks(2) {
        server.post(&body(part));
    }
    let url = format!("http://{}", server.address);
    for filter in [&["--user", "USER1"][..], &["--key", "user+ip user1"], &["--ip", "198.51.0.3"], &[]] {
        let (status, wanted, _) = of_file(filter);
        assert_eq!(status, Some(0));
        assert!(!wanted.is_empty());
        for place in [url.as_str(), state] {
            let asked = [&["explain", "--from", place, "--format", "json"], filter].concat();
            let (status, out, err) = command(&asked);
            assert_eq!((status, notes(&out)), (Some(0), notes(&wanted)), "{filter:?} {err}");
            assert!(err.contains("the service keeps the records since 20"), "{err}");
            assert!(out.lines().all(|line| line.contains("\"file\":\"http\"")), "{out}");
        }
    }
    let (_, out, _) = command(&["explain", "--from", &url, "--format", "text", "--near"]);
    assert!(out.contains("success after 4 of 5 failures") && !out.contains("user+ip user2"), "{out}");
    // A question does not change the state.
    let status = server.get("/v1/status").1;
    assert!(status.contains("\"events\":11") && status.contains("\"alerts\":1"), "{status}");
    // Only the owner of the service may use the socket.
    let about = fs::metadata(format!("{state}/control.sock")).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    // A socket that somebody removed comes back.
    fs::remove_file(format!("{state}/control.sock")).unwrap();
    let end = Instant::now() + PATIENCE;
    while command(&["explain", "--from", state, "--format", "json"]).0 != Some(0) {
        assert!(Instant::now() < end, "the socket is not made again");
        thread::sleep(Duration::from_millis(100));
    }
    // After a restart the past begins with the state at the start.
    server.terminate();
    let server = Server::start(&["--state-dir", state, "--alerts", "/dev/null"]);
    server.post(&body(&attack(1)[5..]));
    let (_, out, err) = command(&["explain", "--from", state, "--format", "json", "--key", "user+ip user1"]);
    let found = notes(&out);
    assert_eq!(
        (found.len(), &found[0]["count"], &found[0]["line"]),
        (1, &4.into(), &12.into()),
        "{out}{err}"
    );
}

#[test]
fn questions_that_cannot_be_answered_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let (status, _, err) = command(&["explain", "--from", folder.path().to_str().unwrap()]);
    assert_eq!(status, Some(1));
    assert!(err.contains("does the service run?"), "{err}");
    let (status, _, err) = command(&["explain", "--from", "ftp://x"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("expected http"), "{err}");
    let (status, ..) = command(&["explain", "--from", "http://127.0.0.1:1", "auth.log"]);
    assert_eq!(status, Some(2), "files and a service are not asked at once");
    let server = Server::start(&["--alerts", "/dev/null"]);
    let (status, text) = server.get("/v1/explain?ip=nowhere");
    assert_eq!((status, text.contains("is no address")), (400, true));
    assert_eq!(server.get("/v1/explain?user=nobody"), (200, "0\r\n\r\n".into()), "an empty body, in pieces");
}
