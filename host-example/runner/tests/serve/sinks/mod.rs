//! Tests of sinks with receivers that share no code with authsieve and only see bytes.

mod config;
mod file;
mod forward;
mod http;
mod limits;
mod otlp;
mod syslog;
mod webhook;

use crate::server::{PATIENCE, Server, attack, body};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// A service with a state folder and one sink, `[sinks.it]` with the given options.
pub struct Service {
    folder: tempfile::TempDir,
    config: PathBuf,
    pub server: Server,
}

impl Service {
    pub fn start(sink: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("serve.toml");
        let state = folder.path().join("state");
        fs::write(&config, format!("[server]\nstate_dir = \"{}\"\n[sinks.it]\n{sink}\n", state.display()))
            .unwrap();
        let server = Server::start(&["-c", config.to_str().unwrap()]);
        Self { folder, config, server }
    }

    /// Kills the process and starts it again.
    pub fn restart(self) -> Self {
        let Self { folder, config, server } = self;
        server.kill();
        let server = Server::start(&["-c", config.to_str().unwrap()]);
        Self { folder, config, server }
    }

    /// Sends the attacks with these numbers. Each raises an alert.
    pub fn attack(&self, numbers: impl Iterator<Item = u32>) {
        let lines: Vec<String> = numbers.flat_map(attack).collect();
        assert_eq!(self.server.post(&body(&lines)).0, 200);
    }

    fn undelivered(&self) -> PathBuf {
        self.folder.path().join("state/undelivered.ndjson")
    }

    /// The value of a counter with these labels.
    pub fn counter(&self, name: &str) -> u64 {
        let page = self.server.get("/metrics").1;
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |value| value.trim().parse().unwrap())
    }

    /// Waits until a counter has this value.
    fn waits_for_counter(&self, name: &str, value: u64) {
        let end = Instant::now() + PATIENCE;
        while self.counter(name) != value {
            assert!(Instant::now() < end, "{name} is {}, not {value}", self.counter(name));
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The entries of a file of undelivered alerts.
fn entries(path: &Path) -> Vec<serde_json::Value> {
    crate::server::alerts(path)
}

/// The numbers of the attacks that raised the alerts, from their user names.
fn numbers<'a>(alerts: impl IntoIterator<Item = &'a serde_json::Value>) -> Vec<u32> {
    let user = |alert: &serde_json::Value| alert["user"].as_str().unwrap().to_owned();
    alerts.into_iter().map(|alert| user(alert).trim_start_matches("user").parse().unwrap()).collect()
}
