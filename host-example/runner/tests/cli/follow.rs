//! Tests of `run --follow`, and of signals.

use crate::shell::{ATTACK, RECEIVED, Shell};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

/// A running `authsieve run`.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    out: BufReader<ChildStdout>,
}

impl Running {
    fn start(shell: &Shell, arguments: &[&str]) -> Self {
        let mut command = shell.command(&[&["run", "-a", "an1276"], arguments].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, out) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, stdin, out }
    }

    fn send(&mut self, text: &str) {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the next alert.
    fn alert(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line:?}"))
    }

    /// Waits until the process handles SIGINT.
    fn waits_until_signals_are_caught(&self) {
        let is_caught = |status: &str| {
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
            u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 2 != 0)
        };
        while !is_caught(&fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap()) {
            std::thread::yield_now();
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end. Returns the exit status, the remaining alerts, and the messages.
    fn ends(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }
}

/// `ATTACK` from another address.
fn attack(last: u8) -> String {
    ATTACK.replace("203.0.113.9", &format!("203.0.113.{last}"))
}

#[test]
fn alerts_of_a_pipe_come_at_once_and_a_signal_ends_it_with_a_summary() {
    let shell = Shell::new();
    for (signal, status) in [(rustix::process::Signal::INT, 130), (rustix::process::Signal::TERM, 143)] {
        let mut run = Running::start(&shell, &["--follow", "-"]);
        run.send(ATTACK);
        assert_eq!(run.alert()["src_ip"], "203.0.113.9");
        run.send(&attack(10));
        assert_eq!(run.alert()["src_ip"], "203.0.113.10");
        run.signal(signal);
        let (code, out, err) = run.ends();
        assert_eq!((code, out.as_str()), (Some(status), ""), "{err}");
        assert!(err.contains("12 records") && err.contains("; 2 alerts"), "{err}");
        assert!(err.contains("a signal ended it"), "{err}");
    }
}

/// The wall clock passes the time of the last event.
#[test]
fn time_passes_while_a_pipe_is_silent() {
    let shell = Shell::new();
    let mut run = Running::start(&shell, &["--follow", "--set", "allowed_lateness=2s", "-"]);
    let began = Instant::now();
    run.send(ATTACK);
    run.alert();
    assert!(began.elapsed() > Duration::from_millis(1500), "{:?}", began.elapsed());
    drop(run.stdin.take());
    assert_eq!(run.ends().0, Some(0));
}

/// A delayed alert states that no late event came. Only the end of the input proves this; a signal does not.
#[test]
fn a_stream_is_flushed_at_its_end_and_not_by_a_signal() {
    let shell = Shell::new();
    let waits = ["--follow", "--set", "allowed_lateness=1h", "-"];
    let mut run = Running::start(&shell, &waits);
    run.send(ATTACK);
    drop(run.stdin.take());
    let (status, out, err) = run.ends();
    assert_eq!((status, out.lines().count()), (Some(0), 1), "{err}");
    // Repeats until the signal comes after the records.
    for _ in 0..100 {
        let mut run = Running::start(&shell, &waits);
        run.send(ATTACK);
        run.waits_until_signals_are_caught();
        run.signal(rustix::process::Signal::INT);
        let (status, out, err) = run.ends();
        assert_eq!((status, out.as_str()), (Some(130), ""), "{err}");
        if err.contains("6 records") {
            return;
        }
    }
    panic!("it never reads what stands in the pipe");
}

#[test]
fn a_file_is_read_on_through_its_rotation() {
    let shell = Shell::new();
    let log = shell.write("auth.log", &ATTACK[..ATTACK.len() / 2]);
    let mut run = Running::start(&shell, &["--follow", "auth.log"]);
    let append = |text: &str| {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&log).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    append(&ATTACK[ATTACK.len() / 2..]);
    assert_eq!(run.alert()["origin"]["line"], 6);
    fs::rename(&log, shell.folder.path().join("auth.log.1")).unwrap();
    append(&attack(10));
    assert_eq!(run.alert()["src_ip"], "203.0.113.10");
    run.signal(rustix::process::Signal::INT);
    assert_eq!(run.ends().0, Some(130));
}

/// After a signal, the totals cover the part of the stored logs that was read.
#[test]
fn a_signal_ends_a_run_over_a_pipe_with_its_summary() {
    let shell = Shell::new();
    let mut run = Running::start(&shell, &[RECEIVED, "-"]);
    run.send(ATTACK);
    run.alert();
    run.signal(rustix::process::Signal::INT);
    let (status, _, err) = run.ends();
    assert_eq!(status, Some(130), "{err}");
    assert!(err.contains("6 records") && err.contains("; 1 alert"), "{err}");
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let shell = Shell::new();
    let said = shell.run(&["run", "--follow", "."]);
    assert_eq!(said.status, Some(2), "{}", said.err);
    assert!(said.err.contains("is a folder, and --follow reads files"), "{}", said.err);
    let said = shell.run(&["run", "--follow", "--order", "sort", "-"]);
    assert_eq!(said.status, Some(2));
    assert!(said.err.contains("--order sort waits for the end"), "{}", said.err);
}
