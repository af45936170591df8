//! Tests of outside reasons to end.

use crate::server::{PATIENCE, Server, attack, body, post};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// A killed Vector leaves its children running, and the next Vector needs their address.
#[test]
fn it_ends_with_the_process_that_started_it() {
    for arguments in [["--with-parent", "--alerts", "/dev/null"], ["--drain=30s", "--alerts", "/dev/null"]] {
        let mut server = Server::of_a_shell(&arguments);
        server.signal(rustix::process::Signal::KILL);
        server.waits_for("the process that started this one has ended");
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(&server.address).is_ok() {
            assert!(Instant::now() < end, "it still listens: {}", server.said());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Without the option the service stays.
#[test]
fn it_outlives_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let server = Server::of_a_shell(&["--state-dir", state, "--alerts", "/dev/null"]);
    server.signal(rustix::process::Signal::KILL);
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(server.get("/healthz").0, 200);
    // Nothing else ends the process, so the test does.
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let line = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        if line.contains(state) && line.contains("authsieve") {
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

#[test]
fn it_ends_when_nobody_reads_its_standard_output() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["serve", "-a", "an1276", "--http", "127.0.0.1:0", "--alerts", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("http listens to")));
    drop(child.stdout.take());
    assert!(lines.any(|line| line.contains("standard output is closed: ends")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The time in which a service without open connections ends, even on a slow machine.
const SOON: Duration = Duration::from_secs(8);

/// A configuration with this many sources.
fn sources(count: usize, folder: &std::path::Path) -> String {
    let source = |number| format!("[sources.s{number}]\ntype = \"tcp\"\nlisten = \"127.0.0.1:0\"\n");
    let sources: String = (0..count).map(source).collect();
    format!("{sources}[sinks.out]\nto = \"{}/alerts.jsonl\"\n", folder.display())
}

#[test]
fn it_ends_with_any_number_of_sources() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::configured(&sources(3, folder.path()), folder.path(), Stdio::null());
    (0..3).for_each(|number| drop(server.place(&format!("s{number} listens to tcp:"))));
    let (status, took) = server.terminate();
    assert!(status == Some(0) && took < SOON, "{status:?} {took:?}");
    // Does the same after a reload that has removed some sources.
    let mut server = Server::configured(&sources(4, folder.path()), folder.path(), Stdio::null());
    (0..4).for_each(|number| drop(server.place(&format!("s{number} listens to tcp:"))));
    let began = Instant::now();
    let said = server.reloads(&sources(1, folder.path()), folder.path());
    assert!(said.contains("sources: ends s1, s2, s3") && began.elapsed() < SOON, "{said}");
    let (status, took) = server.terminate();
    assert!(status == Some(0) && took < SOON, "{status:?} {took:?}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Server::start(&["--drain", "120s", "--alerts", "/dev/null"]);
    server.signal(rustix::process::Signal::TERM);
    // Signals that come together count as one.
    server.signal(rustix::process::Signal::TERM);
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(server.get("/healthz").0, 200, "it drains");
    let began = Instant::now();
    server.signal(rustix::process::Signal::TERM);
    server.waits_for("a second signal: ends at once");
    assert_eq!(server.ends(), Some(1));
    assert!(began.elapsed() < SOON);
}

/// A service that has to judge many batches again ends too.
#[test]
fn it_ends_while_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let arguments = ["--state-dir", state.to_str().unwrap(), "--alerts", "/dev/null"];
    let server = Server::start(&arguments);
    let large = body(&(0..1500).flat_map(attack).collect::<Vec<_>>());
    for number in 0..4 {
        let part = [format!("batch {number}\n").as_bytes(), &large].concat();
        assert_eq!(post(&server.address, "", &part).unwrap().0, 200);
    }
    server.kill();
    let mut server = Server::start_quietly(&arguments);
    server.waits_for("judges batches again");
    server.signal(rustix::process::Signal::TERM);
    server.waits_for("ends before it has started");
    assert_eq!(server.ends(), Some(0));
    // No record is lost.
    let mut server = Server::start_quietly(&arguments);
    server.waits_for("batches again that the last state does not count");
}
