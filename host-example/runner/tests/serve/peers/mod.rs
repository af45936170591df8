//! Tests with real servers next to the service, as Debian packages them.
//!
//! A variable can name each program. Otherwise it is looked for on PATH and where Debian puts it. Without a program,
//! its tests say that they were skipped.

mod alertmanager;
mod journal;
mod rsyslog;
mod syslog_in;
mod syslog_out;

use crate::server::PATIENCE;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

/// Finds a program by its variable, or else by its name.
fn program(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(named) = env::var_os(variable) {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "{variable}={} is no file", named.display());
        return Some(named);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let beside = ["/usr/sbin", "/usr/lib/systemd", "/lib/systemd"].map(PathBuf::from);
    let found =
        env::split_paths(&path).chain(beside).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        note(&format!(
            "skipped: a test with a real {name}. There is none on PATH, and {variable} names none"
        ));
    }
    found
}

/// Writes a message past the capture of the test harness.
fn note(text: &str) {
    io::stderr().write_all(format!("serve: {text}\n").as_bytes()).unwrap();
}

/// A server that runs until the end of the test.
struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts a server. Its output goes to a file.
    fn start(program: &Path, arguments: &[&str], log: &Path) -> Self {
        let out = File::create(log).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self { child, log: log.into() }
    }

    /// The output so far.
    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until `found` returns a value.
    fn waits<T>(&mut self, what: &str, mut found: impl FnMut(&str) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = found(&self.said()) {
                return found;
            }
            let status = self.child.try_wait().unwrap();
            assert!(status.is_none(), "no {what}: it has ended ({status:?}): {}", self.said());
            assert!(Instant::now() < end, "no {what}: {}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the server with SIGTERM.
    fn ends(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A user name with characters that try to break out of every format.
const EVIL: &str = "x\"] \\ \n<13>1 \u{202e} = \u{fc}\u{7f}\t y";
/// The same name on one line, as other programs show it.
const SHOWN: &str = "x\"] \\ \\n<13>1 \\u{202e} = \u{fc}\\x7f\\t y";

/// An attack on the account [`EVIL`], as `journalctl` prints it.
fn evil_attack() -> Vec<String> {
    let entry = |at: u64| {
        let what = if at == 5 { "Accepted" } else { "Failed" };
        serde_json::json!({
            "_COMM": "sshd", "_UID": "0", "_PID": at.to_string(), "SYSLOG_IDENTIFIER": "sshd", "_HOSTNAME": "web1",
            "__REALTIME_TIMESTAMP": (1_772_611_200_250_000 + at * 1_000_000).to_string(),
            "MESSAGE": format!("{what} password for {EVIL} from 203.0.113.8 port 4 ssh2"),
        })
        .to_string()
    };
    (0..6).map(entry).collect()
}
