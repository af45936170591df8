//! Runs a Fluent Bit for tests and reads its output.

use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);
/// The file of alerts in all pipelines.
const ALERTS: &str = "authsieve-alerts.jsonl";

/// Finds Fluent Bit through `FLUENT_BIT` or on PATH. Without it, its tests are skipped, and this says so.
pub fn program() -> Option<PathBuf> {
    static TOLD: Once = Once::new();
    if let Some(named) = std::env::var_os("FLUENT_BIT") {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "FLUENT_BIT={} is no file", named.display());
        return Some(named);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).map(|folder| folder.join("fluent-bit")).find(|file| file.is_file());
    if found.is_none() {
        TOLD.call_once(|| {
            note("skipped: the tests with a real Fluent Bit. There is no fluent-bit on PATH, and FLUENT_BIT names none")
        });
    }
    found
}

/// Writes a message past the capture of the test harness.
pub fn note(text: &str) {
    io::stderr().write_all(format!("fluent_bit: {text}\n").as_bytes()).unwrap();
}

/// Runs `authsieve` and returns its output.
pub fn authsieve(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(arguments)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Parses JSON, one value per line.
pub fn values(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}")))
        .collect()
}

/// The folder of an agent, with its modules, logs and state, and a free port.
pub struct Place {
    folder: TempDir,
    pub port: u16,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["modules", "logs", "state"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let place = Self { folder, port: free_port() };
        authsieve(&["export", place.path("modules").to_str().unwrap()]);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a configuration into the folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    pub fn start(&self, program: &Path, config: &Path) -> Agent {
        let log = self.path("agent.log");
        let mut child = Command::new(program)
            .arg("-c")
            .arg(config)
            .arg("--enable-hot-reload")
            .env("AUTHSIEVE_MODULES", self.path("modules"))
            .env("AUTHSIEVE_LOGS", self.path("logs"))
            .env("AUTHSIEVE_STATE", self.path("state"))
            .env("AUTHSIEVE_PORT", self.port.to_string())
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(File::create(self.path("stdout")).unwrap())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        Agent { child, input, log, stdout: self.path("stdout"), alerts: self.path("state").join(ALERTS) }
    }
}

/// A port that nobody seems to listen on.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A running agent. It is stopped when this is dropped.
pub struct Agent {
    child: Child,
    input: Option<ChildStdin>,
    log: PathBuf,
    stdout: PathBuf,
    alerts: PathBuf,
}

impl Agent {
    /// Waits until a condition holds.
    pub fn wait(&mut self, what: &str, mut so: impl FnMut(&mut Self) -> bool) {
        let begun = Instant::now();
        while !so(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{what}: the agent ended: {}", self.log());
            assert!(begun.elapsed() < PATIENCE, "{what}: waited in vain: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The log of the agent.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// Sends lines to an input that reads standard input.
    pub fn feed(&mut self, lines: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(lines.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// The alerts in its file so far, split into single ones.
    pub fn alerts(&self) -> Vec<Value> {
        let written = fs::read_to_string(&self.alerts).unwrap_or_default();
        // The last line may be incomplete.
        let whole = written.rfind('\n').map_or("", |end| &written[..end]);
        apart(values(whole))
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Its resident memory in bytes.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Stops the agent as its service would, and returns all alerts. Its standard output has the same ones.
    pub fn stop(mut self) -> Vec<Value> {
        self.signal(rustix::process::Signal::TERM);
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        let alerts = self.alerts();
        let printed = apart(values(&fs::read_to_string(&self.stdout).unwrap()));
        assert_eq!(sorted(printed), sorted(alerts.clone()));
        alerts
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Splits alerts that came together into single ones.
fn apart(together: Vec<Value>) -> Vec<Value> {
    let mut alerts = Vec::new();
    for mut first in together {
        let others = first.as_object_mut().unwrap().remove("also");
        alerts.push(first);
        alerts.extend(others.iter().flat_map(|others| others.as_array().unwrap().clone()));
    }
    alerts
}

/// Sorts the alerts, because two analytics send theirs at the same time.
pub fn sorted(mut alerts: Vec<Value>) -> Vec<Value> {
    alerts.sort_by_key(|alert| [&alert["analytic"], &alert["time"], &alert["id"]].map(Value::to_string));
    alerts
}

/// Removes the fields of alerts that depend on their way. The agent wraps a line into an object and rewrites JSON.
/// Records have other numbers after those of others. Only a command that reads files reports places in them.
pub fn without_envelope(mut alerts: Vec<Value>) -> Vec<Value> {
    for alert in &mut alerts {
        let members = alert.as_object_mut().unwrap();
        members.remove("origin");
        members.remove("record");
        for evidence in members["evidence"].as_array_mut().unwrap() {
            *evidence = unwrapped(evidence["text"].clone());
        }
    }
    alerts
}

/// The text of a record, without the object around it.
fn unwrapped(mut evidence: Value) -> Value {
    while let Some(inner) = evidence.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        let line = inner.as_object().filter(|inner| inner.len() == 1).and_then(|inner| inner.get("log"));
        evidence = line.unwrap_or(&inner).clone();
    }
    evidence
}
