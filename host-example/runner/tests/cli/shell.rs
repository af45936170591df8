//! Runs the command in a temporary folder.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Five failures and a success, the attack that AN1276 detects.
pub const ATTACK: &str = "\
Mar  4 08:00:01 web1 sshd[100]: Failed password for root from 203.0.113.9 port 4000 ssh2
Mar  4 08:00:03 web1 sshd[100]: Failed password for root from 203.0.113.9 port 4000 ssh2
Mar  4 08:00:05 web1 sshd[101]: Failed password for root from 203.0.113.9 port 4001 ssh2
Mar  4 08:00:07 web1 sshd[101]: Failed password for root from 203.0.113.9 port 4001 ssh2
Mar  4 08:00:09 web1 sshd[102]: Failed password for root from 203.0.113.9 port 4002 ssh2
Mar  4 08:00:12 web1 sshd[103]: Accepted password for root from 203.0.113.9 port 4003 ssh2
";

pub const RECEIVED: &str = "--received=2026-03-05T00:00:00Z";

pub struct Shell {
    pub folder: TempDir,
}

pub struct Said {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Shell {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authsieve"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("NO_COLOR").stdin(Stdio::null());
        // All tests share one cache, separate from the user's.
        command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
        command.env("AUTHSIEVE_DESK", self.folder.path().join("desk")).env_remove("COLUMNS");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().unwrap())
    }

    pub fn run_with_stdin(&self, arguments: &[&str], input: &[u8]) -> Said {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        said(child.wait_with_output().unwrap())
    }
}

pub fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

pub fn alerts(said: &Said) -> Vec<serde_json::Value> {
    said.out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}
