//! `pipelines/vector/` with a real Vector, where there is one: `vector` on `PATH`, or `VECTOR`.
#![cfg(all(feature = "serve", unix))]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn vector() -> Option<PathBuf> {
    let named = env::var_os("VECTOR").map(PathBuf::from);
    let on_path = || {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).map(|folder| folder.join("vector")).find(|file| file.is_file())
    };
    let found = named.or_else(on_path);
    if found.is_none() {
        println!("skipped: there is no vector on PATH, and VECTOR names none");
    }
    found
}

fn configuration(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/vector").join(name)
}

/// A process that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn log() -> String {
    let line = |second: u32, what: &str| {
        format!(
            "2026-03-04T08:00:{second:02}Z web1 sshd[{}]: {what} password for root from 192.0.2.7 port 4711 ssh2\n",
            100 + second
        )
    };
    (0..5).map(|second| line(second, "Failed")).chain([line(30, "Accepted")]).collect()
}

fn waits_for_alert(path: &Path) -> serde_json::Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if let Some(line) = text.lines().next() {
            return serde_json::from_str(line).expect("an alert");
        }
        assert!(Instant::now() < end, "no alert came");
        thread::sleep(Duration::from_millis(50));
    }
}

/// One after the other, since the ports stand in the files.
#[test]
fn each_configuration_is_valid_and_runs_as_it_is() {
    let Some(vector) = vector() else { return };
    for name in ["files.yaml", "journald.yaml", "exec.yaml"] {
        let folder = tempfile::tempdir().unwrap();
        let done = Command::new(&vector)
            .args(["validate", "--skip-healthchecks"])
            .arg(configuration(name))
            .env("VECTOR_DATA", folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stdout));
    }
    for (name, serves) in [("files.yaml", true), ("exec.yaml", false)] {
        let folder = tempfile::tempdir().unwrap();
        let (log_file, alerts) = (folder.path().join("auth.log"), folder.path().join("alerts.jsonl"));
        fs::write(&log_file, log()).unwrap();
        let _service = serves.then(|| {
            let service = Command::new(env!("CARGO_BIN_EXE_authsieve"))
                .args(["serve", "-a", "an1276", "--http", "127.0.0.1:7401"])
                .args(["--alerts", "http://127.0.0.1:7402/alerts", "--state-dir"])
                .arg(folder.path().join("state"))
                .stdin(Stdio::null())
                .spawn();
            Running(service.unwrap())
        });
        let data = folder.path().join("vector");
        fs::create_dir(&data).unwrap();
        let _vector = Running(
            Command::new(&vector)
                .arg("-q")
                .arg("-c")
                .arg(configuration(name))
                .env("VECTOR_DATA", &data)
                .env("AUTHSIEVE", env!("CARGO_BIN_EXE_authsieve"))
                .env("AUTHSIEVE_STATE", folder.path().join("state"))
                .env("AUTHSIEVE_LOG", &log_file)
                .env("AUTHSIEVE_ALERTS", &alerts)
                .stdin(Stdio::null())
                .spawn()
                .unwrap(),
        );
        let alert = waits_for_alert(&alerts);
        assert_eq!((&alert["user"], &alert["failure_count"]), (&"root".into(), &5.into()), "{name}");
    }
}
