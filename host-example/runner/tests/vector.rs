//! Tests of `pipelines/vector/` with a real Vector, from `VECTOR` or from `PATH`. Without one they are skipped.
//!
//! Each configuration runs unchanged, except for its paths and ports, which point to a folder of the test. The log is
//! written in parts. Between the parts the service or Vector is restarted.
#![cfg(all(feature = "serve", unix))]

#[allow(dead_code, reason = "tests of the service need more of it")]
#[path = "serve/server.rs"]
mod server;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use server::{PATIENCE, attack, body, expected, ids, waits_for_ids};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn vector() -> Option<PathBuf> {
    let named = std::env::var_os("VECTOR").map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join("vector")).find(|file| file.is_file())
    };
    let found = named.or_else(on_path);
    if found.is_none() {
        println!("skipped: there is no vector on PATH, and VECTOR names none");
    }
    found
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/vector").join(name)
}

/// A port that nobody seems to listen on.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A process that is killed at the end of the test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }

    /// Ends the process with SIGTERM, and returns how long this took.
    fn terminate(mut self) -> Duration {
        let began = Instant::now();
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
        while self.0.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < 2 * PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
        began.elapsed()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The folder of a test, and the addresses of the two sides.
struct Place {
    vector: PathBuf,
    folder: TempDir,
    events: String,
    alerts: String,
}

impl Place {
    fn new(vector: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["log", "vector", "secrets"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { vector, folder, events: free_address(), alerts: free_address() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file of alerts.
    fn out(&self) -> PathBuf {
        self.path("vector/authsieve-alerts.jsonl")
    }

    /// Writes a copy of a configuration, with the paths and ports of the test and with `others` replaced.
    fn copy(&self, name: &str, others: &[(&str, &str)]) -> PathBuf {
        let mut text = fs::read_to_string(shipped(name)).unwrap();
        let folder = self.folder.path().to_str().unwrap();
        let places = [
            ("/var/lib/vector", format!("{folder}/vector")),
            ("/var/log", format!("{folder}/log")),
            ("/etc/vector", folder.to_owned()),
            ("/usr/bin/authsieve", env!("CARGO_BIN_EXE_authsieve").to_owned()),
            ("127.0.0.1:7401", self.events.clone()),
            ("127.0.0.1:7402", self.alerts.clone()),
        ];
        for (from, to) in places {
            text = text.replace(from, &to);
        }
        for (from, to) in others {
            assert!(text.contains(from), "{name}: {from}");
            text = text.replace(from, to);
        }
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn start(&self, config: &Path) -> Running {
        let path = std::env::var("PATH").unwrap_or_default();
        Running::start(
            Command::new(&self.vector)
                .args(["-q", "-c"])
                .arg(config)
                // Programs of the test replace those of the system.
                .env("PATH", format!("{}:{path}", self.folder.path().display())),
        )
    }

    /// Starts the service as the head of a configuration describes.
    fn serve(&self, analytics: &str, alerts: &str) -> Running {
        Running::start(
            Command::new(env!("CARGO_BIN_EXE_authsieve"))
                .args(["serve", "-a", analytics, "--http", &self.events, "--alerts", alerts, "--state-dir"])
                .arg(self.path("state")),
        )
    }

    /// Appends lines to the log.
    fn append(&self, lines: &[String]) {
        let mut log = OpenOptions::new().create(true).append(true).open(self.path("log/auth.log")).unwrap();
        log.write_all(&body(lines)).unwrap();
    }

    /// Waits until the file holds the alerts of exactly these attacks. Some may be there twice.
    fn has_alerts_of(&self, lines: &[String]) {
        let wanted = expected(lines);
        let found = waits_for_ids(&self.out(), wanted.len());
        let sorted = |alerts: &[Value]| -> BTreeMap<String, Value> { alerts.iter().map(told).collect() };
        assert_eq!(sorted(&found), sorted(&wanted));
    }
}

/// An alert without its place, and with the original log lines as its evidence.
fn told(alert: &Value) -> (String, Value) {
    let mut alert = alert.clone();
    let members = alert.as_object_mut().unwrap();
    members.remove("origin");
    members.remove("record");
    for evidence in members["evidence"].as_array_mut().unwrap() {
        let text = evidence["text"].as_str().unwrap();
        let around = serde_json::from_str::<Value>(text).ok();
        *evidence = around.and_then(|around| around.get("message").cloned()).unwrap_or_else(|| text.into());
    }
    // Vector sorts the members of objects.
    (alert["id"].to_string(), alert)
}

fn attacks(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.flat_map(attack).collect()
}

/// Vector validates the configurations that this system can build. It only parses the one for Windows.
#[test]
fn each_configuration_is_valid() {
    let Some(vector) = vector() else { return };
    let place = Place::new(vector);
    fs::write(place.path("secrets/okta"), "secret").unwrap();
    let program = place.path("journalctl");
    fs::write(&program, "#!/bin/sh\necho systemd 252\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut names: Vec<String> = fs::read_dir(shipped(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    assert_eq!(names, ["exec.yaml", "files.yaml", "journald.yaml", "okta.yaml", "windows.yaml"]);
    for name in names {
        let (depth, config) = match &*name {
            // Vector reads the secrets of this configuration too.
            "windows.yaml" => {
                fs::write(place.path("secrets/authsieve"), "secret").unwrap();
                let secrets = place.path("secrets").display().to_string();
                let others = [("C:\\ProgramData\\Vector\\secrets\n", &*format!("{secrets}\n"))];
                ("--no-environment", place.copy(&name, &others))
            }
            _ => ("--skip-healthchecks", place.copy(&name, &[])),
        };
        let path = std::env::var("PATH").unwrap_or_default();
        let done = Command::new(&place.vector)
            .args(["validate", depth])
            .arg(config)
            .env("PATH", format!("{}:{path}", place.folder.path().display()))
            .output()
            .unwrap();
        let said = [done.stdout, done.stderr].concat();
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn log_files_and_alerts_back_while_both_sides_are_started_again() {
    let Some(vector) = vector() else { return };
    let place = Place::new(vector);
    let (config, back) = (place.copy("files.yaml", &[]), format!("http://{}/alerts", place.alerts));
    let serve = || place.serve("an1276", &back);
    let (service, agent) = (serve(), place.start(&config));
    let lines = attacks(0..6);
    // Each part ends in the middle of an attack.
    place.append(&lines[..9]);
    place.has_alerts_of(&lines[..9]);
    agent.terminate();
    place.append(&lines[9..16]);
    let agent = place.start(&config);
    place.has_alerts_of(&lines[..16]);
    // The service is killed, and new lines wait in Vector.
    drop(service);
    place.append(&lines[16..22]);
    let service = serve();
    place.has_alerts_of(&lines[..22]);
    // The service ends in order, and Vector starts while it is down.
    service.terminate();
    place.append(&lines[22..27]);
    agent.terminate();
    let agent = place.start(&config);
    let service = serve();
    place.append(&lines[27..33]);
    place.has_alerts_of(&lines[..33]);
    // Vector is killed. It may repeat what it has sent before, so the last attack comes late enough.
    drop(agent);
    let agent = place.start(&config);
    place.append(&lines[33..]);
    let found = waits_for_ids(&place.out(), 6);
    assert!(ids(&found).is_superset(&ids(&expected(&lines[..30]))));
    drop((agent, service));
}

/// Replaces `journalctl`: prints the entries of a file after the given cursor.
const JOURNALCTL: &str = r#"#!/bin/sh
last=0
for argument in "$@"; do
    case "$argument" in
        --version) echo "systemd 252 (252)"; exit ;;
        --after-cursor=*) last="${argument#--after-cursor=}" ;;
    esac
done
exec tail -n "+$((last + 1))" -f "FOLDER/journal"
"#;

#[test]
fn the_journal_while_both_sides_are_started_again() {
    let Some(vector) = vector() else { return };
    let place = Place::new(vector);
    let (journal, program) = (place.path("journal"), place.path("journalctl"));
    fs::write(&program, JOURNALCTL.replace("FOLDER", place.folder.path().to_str().unwrap())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let entries: Vec<String> = (1..=4)
        .flat_map(attack)
        .zip(1..)
        .map(|(line, cursor)| {
            let (head, text) = line.split_once(": ").unwrap();
            let time = head.split(' ').next().unwrap();
            let time = chrono::DateTime::parse_from_rfc3339(time).unwrap().timestamp_micros();
            json!({
                "__CURSOR": format!("{cursor}"), "__REALTIME_TIMESTAMP": time.to_string(), "_UID": "0",
                "__MONOTONIC_TIMESTAMP": "1", "_BOOT_ID": "b", "_COMM": "sshd", "_HOSTNAME": "web1",
                "_PID": (1000 + cursor).to_string(), "SYSLOG_IDENTIFIER": "sshd", "SYSLOG_FACILITY": "4",
                "PRIORITY": "6", "_TRANSPORT": "syslog", "MESSAGE": text,
            })
            .to_string()
        })
        .collect();
    let append = |entries: &[String]| {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&journal)
            .unwrap()
            .write_all(&body(entries))
            .unwrap();
    };
    let (config, out) = (place.copy("journald.yaml", &[]), place.out());
    let serve = || place.serve("an1276", out.to_str().unwrap());
    append(&entries[..9]);
    let (service, agent) = (serve(), place.start(&config));
    waits_for_ids(&out, 1);
    agent.terminate();
    append(&entries[9..15]);
    let agent = place.start(&config);
    waits_for_ids(&out, 2);
    drop(service);
    append(&entries[15..]);
    let service = serve();
    let found = waits_for_ids(&out, 4);
    assert_eq!(ids(&found), ids(&expected(&attacks(1..5))));
    assert!(found.iter().all(|alert| alert["failure_count"] == 5), "nothing was read twice: {found:?}");
    drop((agent, service));
}

#[test]
fn a_service_that_vector_starts_drains_and_goes_on() {
    let Some(vector) = vector() else { return };
    let place = Place::new(vector);
    let config = place.copy("exec.yaml", &[]);
    let lines = attacks(0..3);
    place.append(&lines[..9]);
    let agent = place.start(&config);
    place.has_alerts_of(&lines[..9]);
    // More than one request waits when Vector is ended.
    place.append(&lines[9..13]);
    let took = agent.terminate();
    assert!(took < Duration::from_secs(30), "Vector waits for a port that nobody serves: {took:?}");
    waits_until("the service ends too", || TcpListener::bind(&place.events).is_ok());
    place.append(&lines[13..]);
    let agent = place.start(&config);
    place.has_alerts_of(&lines);
    agent.terminate();
}

fn waits_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A small Okta server: returns the same page of events each time, and keeps the requests.
fn okta(events: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap().to_string(), Arc::new(Mutex::new(Vec::new())));
    let kept = Arc::clone(&asked);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            kept.lock().unwrap().push(head.join("\n"));
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{events}",
                events.len()
            );
        }
    });
    (address, asked)
}

#[test]
fn oktas_log_counts_once_however_often_it_is_asked_for() {
    let Some(vector) = vector() else { return };
    let place = Place::new(vector);
    fs::write(place.path("secrets/okta"), "the-token").unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/okta.jsonl");
    let events = fs::read_to_string(&sample).unwrap();
    let (address, asked) = okta(format!("[{}]", events.trim().replace('\n', ",")));
    let others = [
        ("https://example.okta.com", &*format!("http://{address}")),
        ("scrape_interval_secs: 60", "scrape_interval_secs: 1"),
        ("scrape_timeout_secs: 30", "scrape_timeout_secs: 1"),
    ];
    let config = place.copy("okta.yaml", &others);
    let service = place.serve("an1269,an0454", place.out().to_str().unwrap());
    let agent = place.start(&config);
    let done = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["run", "-q", "-a", "an1269,an0454", "--format", "json", "--order", "given"])
        .arg(&sample)
        .output()
        .unwrap();
    let wanted: Vec<Value> =
        done.stdout.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert!(!wanted.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    waits_for_ids(&place.out(), wanted.len());
    let before = asked.lock().unwrap().len();
    waits_until("it asks again", || asked.lock().unwrap().len() > before + 2);
    agent.terminate();
    service.terminate();
    let found = server::alerts(&place.out());
    assert_eq!((ids(&found), found.len()), (ids(&wanted), wanted.len()));
    let asked = asked.lock().unwrap();
    let first = &asked[0];
    assert!(first.starts_with("GET /api/v1/logs?") && first.contains("since=20"), "{first}");
    assert!(first.to_ascii_lowercase().contains("authorization: ssws the-token"), "{first}");
}
