//! Tests that the three hosts print the same alerts. The hosts in Node and Python need tools. Without a tool its test
//! says that it was skipped.
//!
//! | host | tool | found by |
//! |---|---|---|
//! | Node | `@bytecodealliance/jco` | `AUTHSIEVE_JCO`, or `jco` on `PATH` |
//! | Python | a Python with PyPI's `wasmtime` | `AUTHSIEVE_PYTHON`, or `python3` on `PATH` |

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};
use tempfile::TempDir;

/// The alerts of the runner's sample log.
const ALERTS: [&str; 2] = [
    r#"auth.log:3055 user+ip "5 failed logins of backup from 203.0.113.9, then a login""#,
    r#"auth.log:3066 user+ip "5 failed logins of carol from 2001:db8:44::/64, then a login""#,
];

fn embed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder with the component and a log of several batches, whose last line has no newline.
fn place() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let an1276 = authsieve_components::get("an1276").unwrap();
    fs::write(folder.path().join("an1276.wasm"), an1276.wasm).unwrap();
    let sample = fs::read_to_string(embed().join("../runner/samples/auth.log")).unwrap();
    let cron = (0..3000).map(|n| format!("Mar  4 06:00:00 web1 CRON[{n}]: (root) CMD (true)\n"));
    fs::write(folder.path().join("auth.log"), cron.collect::<String>() + sample.trim_end()).unwrap();
    folder
}

/// Runs a command and returns its lines.
fn lines(command: &mut Command) -> Vec<String> {
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// True if a command runs. It has to run if a variable names it.
fn runs(program: &str, arguments: &[&str], variable: &str) -> bool {
    let runs = Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success());
    assert!(runs || env::var_os(variable).is_none(), "{variable}={program} does not run");
    if !runs {
        // Written past the capture of the test harness.
        let text =
            format!("skipped: no {program} that runs with {}; {variable} names one\n", arguments.join(" "));
        io::stderr().write_all(text.as_bytes()).unwrap();
    }
    runs
}

#[test]
fn rust() {
    let place = place();
    let mut host = Command::new(env!("CARGO_BIN_EXE_authsieve-embed"));
    assert_eq!(lines(host.current_dir(&place).args(["an1276.wasm", "auth.log"])), ALERTS);
}

#[test]
fn node() {
    let jco = env::var("AUTHSIEVE_JCO").unwrap_or_else(|_| "jco".into());
    if !runs(&jco, &["--version"], "AUTHSIEVE_JCO") {
        return;
    }
    let place = place();
    for name in ["host.js", "package.json"] {
        fs::copy(embed().join("node").join(name), place.path().join(name)).unwrap();
    }
    lines(Command::new(jco).current_dir(&place).args(["transpile", "an1276.wasm", "-o", "an1276"]));
    assert_eq!(lines(Command::new("node").current_dir(&place).args(["host.js", "auth.log"])), ALERTS);
}

#[test]
fn python() {
    let python = env::var("AUTHSIEVE_PYTHON").unwrap_or_else(|_| "python3".into());
    if !runs(&python, &["-c", "import wasmtime.component"], "AUTHSIEVE_PYTHON") {
        return;
    }
    let host = embed().join("python/host.py").canonicalize().unwrap();
    let place = place();
    let mut command = Command::new(python);
    command.current_dir(&place).arg(host).args(["an1276.wasm", "auth.log"]);
    assert_eq!(lines(&mut command), ALERTS);
}
