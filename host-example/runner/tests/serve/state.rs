//! Tests of the state folder: a restart continues, damage is reported, and no record counts twice.

use crate::receiver::{Answer, Receiver};
use crate::server::{Server, attack, body, expected, ids, waits, waits_for_alerts};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn states(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("state-"))
        .collect();
    all.sort();
    all
}

fn start(folder: &Path) -> Server {
    let (state, out) = (folder.join("state"), folder.join("alerts.jsonl"));
    Server::start(&["--state-dir", state.to_str().unwrap(), "--alerts", out.to_str().unwrap()])
}

#[test]
fn half_an_attack_is_remembered_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let lines = attack(1);
    let server = start(folder.path());
    server.post(&body(&lines[..3]));
    assert_eq!(server.terminate().0, Some(0));
    let server = start(folder.path());
    server.post(&body(&lines[3..5]));
    server.kill();
    let server = start(folder.path());
    server.post(&body(&lines[5..]));
    let found = waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    assert_eq!(ids(&found), ids(&expected(&lines)));
    assert_eq!(found[0]["failure_count"], 5);
    assert_eq!(found[0]["origin"]["line"], 6, "lines are counted over restarts");
}

#[test]
fn a_damaged_state_is_told_and_the_one_before_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let lines = attack(1);
    for part in [&lines[..2], &lines[2..4]] {
        let server = start(folder.path());
        server.post(&body(part));
        server.terminate();
    }
    let files = states(&folder.path().join("state"));
    assert_eq!(files.len(), 2);
    let mut bytes = fs::read(&files[1]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&files[1], bytes).unwrap();
    let mut server = start(folder.path());
    server.waits_for("it is damaged; it is kept under a name that ends in .damaged");
    server.waits_for("the state before it is used, up to batch ");
    server.post(&body(&lines[4..]));
    let found = waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    assert_eq!(ids(&found), ids(&expected(&lines)));
}

/// Answered records are still in the journal, and later states are not mistaken for damaged ones.
#[test]
fn two_damaged_states_are_told_and_do_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (state, lines) = (folder.path().join("state"), attack(1));
    for part in [&lines[..1], &lines[1..2]] {
        let server = start(folder.path());
        server.post(&body(part));
        server.terminate();
    }
    for path in states(&state) {
        fs::write(path, b"authsieve state 1\nx").unwrap();
    }
    let mut server = start(folder.path());
    server.waits_for("no state is left");
    assert!(!server.said().contains("the state before it is used"), "{}", server.said());
    for line in &lines[..4] {
        server.post(&body(std::slice::from_ref(line)));
    }
    server.terminate();
    let server = start(folder.path());
    server.post(&body(&lines[4..5]));
    server.kill();
    let mut server = start(folder.path());
    assert!(!server.said().contains("damaged"), "{}", server.said());
    server.post(&body(&lines[5..]));
    let found = waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    assert_eq!(ids(&found), ids(&expected(&lines)));
    assert_eq!(states(&state).len(), 3, "two of them are damaged");
}

/// The service continues from the newest state, and logs what may be lost.
#[test]
fn a_damaged_journal_is_kept_and_a_new_one_begins() {
    let folder = tempfile::tempdir().unwrap();
    let (state, lines) = (folder.path().join("state"), attack(1));
    let server = start(folder.path());
    server.post(&body(&lines[..3]));
    server.terminate();
    let journal = state.join("journal");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[..whole.len() / 2]).unwrap();
    let mut server = start(folder.path());
    let said = server.waits_for("and a new one begins");
    assert!(said.contains("What came after the last state is lost"), "{said}");
    assert_eq!(server.post(&body(&lines[3..5])).0, 200);
    let (_, metrics) = server.get("/metrics");
    assert!(metrics.lines().any(|line| line == "authsieve_damaged_files_total 1"), "{metrics}");
    server.kill();
    let server = start(folder.path());
    server.post(&body(&lines[5..]));
    let found = waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    assert_eq!((ids(&found), &found[0]["failure_count"]), (ids(&expected(&lines)), &5.into()));
    let names = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let aside: Vec<String> = names.filter(|name| name.starts_with("journal.damaged-")).collect();
    assert_eq!(fs::read(state.join(&aside[0])).unwrap().len(), whole.len() / 2);
}

/// No sink takes the alerts of a removed sink, and a full queue refuses all records.
#[test]
fn alerts_of_a_sink_that_is_gone_do_not_fill_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("alerts.jsonl"));
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", hanging.local_addr().unwrap());
    let dir = ["--state-dir", state.to_str().unwrap(), "--max-waiting", "1"];
    let server = Server::start(&[&dir[..], &["--alerts", &url]].concat());
    let mut number = 0;
    loop {
        let lines: Vec<String> = (number..number + 100).flat_map(attack).collect();
        match server.post(&body(&lines)).0 {
            200 => number += 100,
            429 => break,
            other => panic!("{other}"),
        }
        assert!(number < 5000, "it is never full");
    }
    assert_eq!(server.terminate().0, Some(0));
    let with_file = [&dir[..], &["--alerts", out.to_str().unwrap()]].concat();
    let mut server = Server::start(&with_file);
    let said = server.said();
    let wanted = format!("{url} is gone: {number} alerts are not delivered there; they are kept in ");
    assert!(said.contains(&wanted), "{wanted}\n{said}");
    assert_eq!(server.post(&body(&attack(5001))).0, 200);
    assert_eq!(ids(&waits_for_alerts(&out, 1)), ids(&expected(&attack(5001))));
    server.kill();
    let kept = crate::server::alerts(&state.join("undelivered.ndjson"));
    assert_eq!((kept.len(), &kept[0]["sink"]), (number as usize, &url.as_str().into()));
    assert!(!Server::start(&with_file).said().contains("is gone"), "it is said once");
}

#[test]
fn nobody_else_reads_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let server = start(folder.path());
    server.post_as("content-type: application/json\r\n", b"no json\n").unwrap();
    server.post(&body(&attack(1)));
    waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    server.terminate();
    let mut names = Vec::new();
    for entry in fs::read_dir(&state).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{names:?}");
    }
    assert!(names.len() >= 3, "journal, state and dead letters: {names:?}");
}

/// Somebody removes the folder of a running service.
#[test]
fn a_folder_that_is_removed_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, lines) = (folder.path(), attack(1));
    let config = format!(
        "[server]\nstate_dir = \"{0}/state\"\ncheckpoint = \"1s\"\n[sources.web]\ntype = \"http\"\n\
         listen = \"127.0.0.1:0\"\n[sinks.out]\nto = \"{0}/alerts.jsonl\"\n",
        path.display()
    );
    let begin = || {
        let mut server = Server::configured(&config, path, std::process::Stdio::null());
        server.address = server.place("web listens to http://");
        server
    };
    let server = begin();
    assert_eq!(server.post(&body(&lines[..3])).0, 200);
    fs::remove_dir_all(path.join("state")).unwrap();
    // The next state finds the folder missing. Then the folder is created again.
    let end = std::time::Instant::now() + crate::server::PATIENCE;
    for number in 0.. {
        let is_there = path.join("state").is_dir() && !states(&path.join("state")).is_empty();
        if is_there {
            break;
        }
        assert!(std::time::Instant::now() < end, "it is not made again");
        server.post(format!("line {number}\n").as_bytes());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(server.post(&body(&lines[3..5])).0, 200);
    server.kill();
    let server = begin();
    server.post(&body(&lines[5..]));
    let found = waits_for_alerts(&path.join("alerts.jsonl"), 1);
    assert_eq!((ids(&found), &found[0]["failure_count"]), (ids(&expected(&lines)), &5.into()));
}

#[test]
fn two_services_share_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["serve", "-a", "an1276", "--http", "127.0.0.1:0", "--state-dir"])
        .arg(folder.path().join("state"))
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    drop(server);
}

/// Alerts that no sink accepted before a crash are delivered after it.
#[test]
fn alerts_outlive_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    // Nobody listens at this address.
    let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (state, url) = (state.to_str().unwrap().to_owned(), format!("http://{place}/"));
    let all: Vec<String> = (0..4).flat_map(attack).collect();
    for number in 0..4 {
        let server = Server::start(&["--state-dir", &state, "--alerts", &url]);
        assert_eq!(server.post(&body(&attack(number))).0, 200);
        if number % 2 == 0 { server.kill() } else { assert_eq!(server.terminate().0, Some(0)) }
    }
    let listener = std::net::TcpListener::bind(place).unwrap();
    let receiver = Receiver::on(listener, |_, _| Answer::status(200));
    let server = Server::start(&["--state-dir", &state, "--alerts", &url]);
    let wanted = ids(&expected(&all));
    let found = waits(wanted.len(), || receiver.alerts());
    assert_eq!(ids(&found), wanted);
    assert_eq!(found.len(), wanted.len(), "nothing was delivered before, so nothing comes twice");
    drop(server);
}

/// Batches with an answer count. Other senders are asked to retry, and the service continues.
#[test]
fn a_full_disk_loses_nothing_that_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (state, out) = (folder.path().join("state"), folder.path().join("alerts.jsonl"));
    let arguments = ["--state-dir", state.to_str().unwrap(), "--alerts", out.to_str().unwrap()];
    let lines = attack(1);
    let mut server = Server::cramped(&arguments, 8 << 10);
    assert_eq!(server.post(&body(&lines[..5])).0, 200);
    // Ordinary lines fill the disk.
    let filler = vec![format!("2026-03-04T08:00:00Z web1 app: {}", "x".repeat(1000)); 500];
    let mut statuses = Vec::new();
    for number in 0..40 {
        let mut lines = filler.clone();
        lines.push(format!("batch {number}"));
        statuses.push(server.post(&body(&lines)).0);
        if statuses.ends_with(&[503]) {
            break;
        }
    }
    assert!(statuses.ends_with(&[503]), "{statuses:?}");
    server.waits_for("senders are asked to try again");
    assert_eq!((server.get("/healthz").0, server.get("/readyz").0), (200, 503));
    server.kill();
    // The disk has room again.
    let server = Server::start(&arguments);
    assert_eq!(server.post(&body(&lines[5..])).0, 200);
    let found = waits_for_alerts(&out, 1);
    assert_eq!((ids(&found), &found[0]["failure_count"]), (ids(&expected(&lines)), &5.into()));
    assert_eq!(server.get("/readyz").0, 200);
}

/// A service continues once there is room, without a restart.
#[test]
fn a_disk_that_has_room_again_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, out) = (folder.path().join("disk"), folder.path().join("alerts.jsonl"));
    fs::create_dir(&disk).unwrap();
    let state = disk.join("state");
    let arguments = ["--state-dir", state.to_str().unwrap(), "--alerts", out.to_str().unwrap()];
    let Some(mut server) = Server::on_small_disk(&arguments, &disk, 16) else {
        println!("skipped: a small disk. This machine lets nobody mount one");
        return;
    };
    let lines = attack(1);
    assert_eq!(server.post(&body(&lines[..5])).0, 200);
    let filler = vec![format!("2026-03-04T08:00:00Z web1 app: {}", "x".repeat(1000)); 500];
    let full = (0..40).find(|number| {
        let mut lines = filler.clone();
        lines.push(format!("batch {number}"));
        server.post(&body(&lines)).0 == 503
    });
    assert!(full.is_some(), "the disk holds all of it");
    server.waits_for("senders are asked to try again");
    assert_eq!(server.get("/readyz").0, 503);
    fs::remove_file(server.sees(&disk.join("ballast"))).unwrap();
    let accepted = (0..400).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        server.post(&body(&lines[5..])).0 == 200
    });
    assert!(accepted, "{}", server.said());
    server.waits_for("the state folder can be written to again");
    let found = waits_for_alerts(&out, 1);
    assert_eq!((ids(&found), &found[0]["failure_count"]), (ids(&expected(&lines)), &5.into()));
    assert_eq!(server.get("/readyz").0, 200);
}

/// If the folder cannot be written to, the service ends before it accepts records.
#[test]
fn a_read_only_folder_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let apart = ["--user", "--map-root-user", "--mount"];
    if !Command::new("unshare").args(apart).arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: this machine lets nobody mount a folder");
        return;
    }
    let done = Command::new("unshare")
        .args(apart)
        .args(["sh", "-c", "mount -t tmpfs -o ro tmpfs \"$0\" && exec \"$@\""])
        .arg(folder.path())
        .args([env!("CARGO_BIN_EXE_authsieve"), "serve", "-a", "an1276", "--http", "127.0.0.1:0"])
        .arg("--state-dir")
        .arg(folder.path().join("state"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("/state: Read-only file system"), "{said}");
}
