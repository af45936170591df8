//! Tests of SIGHUP, which reloads the configuration.

use crate::server::{Server, alerts, attack, body, expected, ids, post, waits_for_alerts, waits_for_ids};
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

fn config(folder: &Path, top: &str, parts: &str) -> String {
    let folder = folder.display();
    format!(
        "{top}\n[server]\nstate_dir = \"{folder}/state\"\n[sources.web]\ntype = \"http\"\nlisten = \"127.0.0.1:0\"\n\
         [sinks.out]\nto = \"{folder}/out.jsonl\"\n{}",
        parts.replace("FOLDER", &folder.to_string())
    )
}

#[test]
fn parts_come_and_go_and_what_stays_keeps_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let first = config(path, "", "[sources.lines]\ntype = \"tcp\"\nlisten = \"127.0.0.1:0\"\n");
    let mut server = Server::configured(&first, path, Stdio::null());
    let (web, lines) = (server.place("web listens to http://"), server.place("lines listens to tcp:"));
    let attack_1 = attack(1);
    post(&web, "", &body(&attack_1[..3])).unwrap();
    // Lines on an open connection are finished when their source is removed.
    let mut stream = TcpStream::connect(&lines).unwrap();
    stream.write_all(&body(&attack_1[3..4])).unwrap();
    let second = config(
        path,
        "",
        "[sources.other]\ntype = \"unix\"\npath = \"FOLDER/in.sock\"\n[sinks.more]\nto = \"FOLDER/more.jsonl\"\n",
    );
    let said = server.reloads(&second, path);
    assert!(said.contains("sources: ends lines; starts other"), "{said}");
    assert!(said.contains("sinks: starts more"), "{said}");
    assert!(TcpStream::connect(&lines).is_err(), "nobody listens there any more");
    UnixStream::connect(path.join("in.sock")).unwrap().write_all(&body(&attack_1[4..5])).unwrap();
    // The HTTP source is unchanged and keeps its port.
    loop {
        let status: serde_json::Value = serde_json::from_str(&server.get_at(&web, "/v1/status").1).unwrap();
        if status["analytics"][0]["events"] == 5 {
            break;
        }
        assert!(status["analytics"][0]["events"].as_u64().unwrap() <= 5, "{status}");
    }
    post(&web, "", &body(&attack_1[5..])).unwrap();
    let found = waits_for_alerts(&path.join("out.jsonl"), 1);
    assert_eq!(ids(&found), ids(&expected(&attack_1)));
    assert_eq!(found[0]["failure_count"], 5);
    assert_eq!(ids(&waits_for_alerts(&path.join("more.jsonl"), 1)), ids(&found));
    // A removed sink gets nothing more. A remaining sink does.
    let said = server.reloads(&config(path, "", ""), path);
    assert!(said.contains("sinks: ends more") && said.contains("sources: ends other"), "{said}");
    post(&web, "", &body(&attack(2))).unwrap();
    waits_for_alerts(&path.join("out.jsonl"), 2);
    assert_eq!(alerts(&path.join("more.jsonl")).len(), 1);
    // Records from before the reload do not count again after a crash.
    server.kill();
    let mut server = Server::configured(&second, path, Stdio::null());
    let web = server.place("web listens to http://");
    post(&web, "", &body(&attack(3))).unwrap();
    waits_for_alerts(&path.join("more.jsonl"), 2);
    waits_for_ids(&path.join("out.jsonl"), 3);
}

/// Failures that were counted under one setting count under the next, as far as the state holds them.
#[test]
fn other_settings_go_on_from_the_state_of_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut server = Server::configured(&config(path, "", ""), path, Stdio::null());
    let web = server.place("web listens to http://");
    let lines = attack(1);
    post(&web, "", &body(&lines[..3])).unwrap();
    let three = config(path, "min_failures = 3", "");
    let said = server.reloads(&three, path);
    assert!(said.contains("read again"), "{said}");
    post(&web, "", &body(&attack(2)[..3])).unwrap();
    // The new settings do not judge the earlier batches again.
    server.kill();
    let mut server = Server::configured(&three, path, Stdio::null());
    let web = server.place("web listens to http://");
    post(&web, "", &body(&lines[5..])).unwrap();
    post(&web, "", &body(&attack(2)[5..])).unwrap();
    let found = waits_for_alerts(&path.join("out.jsonl"), 2);
    assert_eq!((&found[0]["failure_count"], &found[1]["failure_count"]), (&3.into(), &3.into()));
}

#[test]
fn what_does_not_check_is_refused_and_the_old_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut server = Server::configured(&config(path, "", ""), path, Stdio::null());
    let web = server.place("web listens to http://");
    let lines = attack(1);
    post(&web, "", &body(&lines[..3])).unwrap();
    let address = taken.local_addr().unwrap();
    let no_address = format!("[sources.more]\ntype = \"tcp\"\nlisten = \"{address}\"\n");
    for (top, parts, why) in [
        ("min_failures = 0", "", "min_failures"),
        ("min_failures = ", "", "serve.toml"),
        ("", "[sources.more]\ntype = \"tpc\"\n", "is no source"),
        ("", no_address.as_str(), "cannot be listened to"),
    ] {
        let said = server.reloads(&config(path, top, parts), path);
        assert!(said.contains("is refused, and the one before it holds") && said.contains(why), "{said}");
    }
    post(&web, "", &body(&lines[3..])).unwrap();
    assert_eq!(ids(&waits_for_alerts(&path.join("out.jsonl"), 1)), ids(&expected(&lines)));
}

/// Options of the server itself take effect only after a restart. The log says so.
#[test]
fn what_needs_a_restart_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let before = config(path, "", "");
    let mut server = Server::configured(&before, path, Stdio::null());
    server.place("web listens to http://");
    let after = before.replace("/state\"\n", "/other\"\nmax_body = 3\n");
    let said = server.reloads(&after, path);
    assert!(
        said.contains("[server] differs in state_dir, max_body, which takes effect after a restart"),
        "{said}"
    );
    let said = server.reloads(&before, path);
    assert!(said.contains("read again") && !said.contains("restart"), "{said}");
}

/// The alerts of a removed sink are kept.
#[test]
fn the_alerts_of_a_removed_sink_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let more = "[sinks.down]\nto = \"http://127.0.0.1:1/\"\n";
    let mut server = Server::configured(&config(path, "", more), path, Stdio::null());
    let web = server.place("web listens to http://");
    post(&web, "", &body(&attack(1))).unwrap();
    waits_for_alerts(&path.join("out.jsonl"), 1);
    let said = server.reloads(&config(path, "", ""), path);
    assert!(said.contains("down is gone: 1 alerts are not delivered there; they are kept in "), "{said}");
    assert_eq!(alerts(&path.join("state/undelivered.ndjson"))[0]["sink"], "down");
    server.terminate();
    let mut server = Server::configured(&config(path, "", ""), path, Stdio::null());
    server.place("web listens to http://");
    assert!(!server.said().contains("is gone"), "{}", server.said());
}
