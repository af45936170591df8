//! Tests of the ready configurations in `pipelines/`. Each is started unchanged.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn pipelines() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines")
}

/// Five failures and a login, as `journalctl --output=json` prints them.
fn journal() -> String {
    let line = |second: u64, text: &str| {
        serde_json::json!({
            "MESSAGE": format!("{text} for root from 192.0.2.7 port 4711 ssh2"),
            "SYSLOG_IDENTIFIER": "sshd-session", "SYSLOG_FACILITY": "4", "_COMM": "sshd-session", "_UID": "0",
            "_PID": (100 + second).to_string(), "_HOSTNAME": "web1", "_SYSTEMD_UNIT": "ssh.service",
            "__REALTIME_TIMESTAMP": (1_772_355_600_000_000 + second * 1_000_000).to_string(),
        })
        .to_string()
    };
    let failures = (0..5).map(|second| line(second, "Failed password"));
    failures.chain([line(30, "Accepted password")]).map(|line| line + "\n").collect()
}

/// Writes a program that replaces `journalctl`, because the test machine has no journal. It prints entries, notes its
/// arguments, and then runs `then`. `first` runs before all of this. A test with the real `journalctl` is in
/// `tests/serve/peers/journal.rs`.
fn stand_in(folder: &Path, log: &Path, arguments: &Path, first: &str, then: &str) -> PathBuf {
    let journalctl = folder.join("journalctl");
    let (arguments, log) = (arguments.display(), log.display());
    let script = format!("#!/bin/sh\n{first}\necho \"$@\" > '{arguments}'\ncat '{log}'\n{then}\n");
    fs::write(&journalctl, script).unwrap();
    fs::set_permissions(&journalctl, fs::Permissions::from_mode(0o755)).unwrap();
    journalctl
}

#[test]
fn the_journal_live() {
    let folder = tempfile::tempdir().unwrap();
    let (log, arguments) = (folder.path().join("journal"), folder.path().join("arguments"));
    fs::write(&log, journal()).unwrap();
    let journalctl = stand_in(folder.path(), &log, &arguments, "", "");
    let output = Command::new(pipelines().join("journald/authsieve-journald.sh"))
        .env("AUTHSIEVE", env!("CARGO_BIN_EXE_authsieve"))
        .env("JOURNALCTL", &journalctl)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let alerts: Vec<serde_json::Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(
        (&alert["pattern"], &alert["time"], &alert["user"], &alert["src_ip"]),
        (&"user+ip".into(), &"2026-03-01T09:00:30Z".into(), &"root".into(), &"192.0.2.7".into())
    );
    let asked = fs::read_to_string(&arguments).unwrap();
    assert!(asked.contains("--follow") && asked.contains("--output=json"), "{asked}");
}

/// An alert that waits for time to pass comes even if the journal is silent.
#[test]
fn time_passes_while_the_journal_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let (log, arguments) = (folder.path().join("journal"), folder.path().join("arguments"));
    fs::write(&log, journal()).unwrap();
    let journalctl = stand_in(folder.path(), &log, &arguments, "", "exec sleep 60");
    let mut script = Command::new(pipelines().join("journald/authsieve-journald.sh"))
        .args(["--set", "allowed_lateness=1s"])
        .env("AUTHSIEVE", env!("CARGO_BIN_EXE_authsieve"))
        .env("JOURNALCTL", &journalctl)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let began = std::time::Instant::now();
    let mut line = String::new();
    BufReader::new(script.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("\"user+ip\"") && began.elapsed().as_secs() < 50, "{line}");
    let _ = script.kill();
    let _ = script.wait();
}

#[test]
fn the_unit_starts_the_script() {
    let unit = fs::read_to_string(pipelines().join("journald/authsieve-journald.service")).unwrap();
    let started = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    assert_eq!(Path::new(started).file_name().unwrap(), "authsieve-journald.sh");
}

/// The sections of a Fluent Bit configuration, from either of its two formats.
fn said(text: &str) -> Vec<(String, String)> {
    let (mut said, mut section, mut list) = (Vec::new(), String::new(), String::new());
    let mut say = |key: &str, value: &str| {
        let value = match value.trim_matches('\'') {
            "true" => "on",
            "false" => "off",
            value => value,
        };
        said.push((key.to_string(), value.to_string()));
    };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(header) = line.strip_prefix('[') {
            say("section", &header.trim_end_matches(']').to_lowercase());
        } else if !text.contains("pipeline:") {
            let (key, value) = line.split_once(' ').unwrap();
            say(key, value);
        } else if let Some((key, value)) = line.split_once(": ") {
            if key.starts_with("- ") {
                say("section", &section);
            }
            say(key.trim_start_matches("- "), value);
        } else if let Some(value) = line.strip_prefix("- ") {
            say(&list, value);
        } else if line == "service:" {
            say("section", "service");
        } else {
            list = line.trim_end_matches(':').to_string();
            section = list.trim_end_matches('s').to_string();
        }
    }
    said
}

/// Checks without a Fluent Bit that the two formats of each pipeline agree, and that all files they name exist.
#[test]
fn the_forms_of_a_pipeline_for_fluent_bit_say_the_same() {
    let folder = pipelines().join("fluent-bit");
    let variables = fs::read_to_string(folder.join("authsieve.env")).unwrap();
    for name in ["forward", "http", "serve", "systemd", "tail", "winevtlog"] {
        let [yaml, classic] =
            ["yaml", "conf"].map(|form| fs::read_to_string(folder.join(format!("{name}.{form}"))).unwrap());
        let said_by_classic = said(&classic);
        assert_eq!(said(&yaml), said_by_classic, "{name}");
        let modules: Vec<_> = said_by_classic.iter().filter(|(key, _)| key == "wasm_path").collect();
        // One pipeline sends to a service and needs no module.
        assert_eq!(modules.is_empty(), name == "serve", "{name}");
        for (_, module) in modules {
            let id = module
                .strip_prefix("${AUTHSIEVE_MODULES}/")
                .unwrap()
                .strip_suffix(".fluent-bit.wasm")
                .unwrap();
            assert!(pipelines().join("../src/analytics").join(id).is_dir(), "{name}: {module}");
        }
        for (_, value) in &said_by_classic {
            for used in value.split("${").skip(1).map(|rest| rest.split('}').next().unwrap()) {
                assert!(variables.contains(&format!("\n{used}=")), "{name}: {used}");
            }
        }
    }
}

/// The service with its shipped configuration. The state folder is replaced, because it belongs to the system.
#[cfg(feature = "serve")]
#[test]
fn the_journal_by_the_service() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let (log, arguments) = (folder.path().join("journal"), folder.path().join("arguments"));
    fs::write(&log, journal()).unwrap();
    // The first run of `journalctl` finds no entries.
    let first = "case \"$*\" in *--follow*) ;; *) exit 0 ;; esac";
    stand_in(folder.path(), &log, &arguments, first, "exec sleep 60");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut service = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["serve", "-c"])
        .arg(pipelines().join("journald/serve.toml"))
        .arg("--state-dir")
        .arg(folder.path().join("state"))
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut line).unwrap();
    service.kill().unwrap();
    service.wait().unwrap();
    let alert: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&alert["user"], &alert["failure_count"]), (&"root".into(), &5.into()));
    let asked = fs::read_to_string(&arguments).unwrap();
    assert!(
        asked.contains("--follow") && asked.ends_with("SYSLOG_FACILITY=10 + _TRANSPORT=audit\n"),
        "{asked}"
    );
}

/// Each configuration on the page about sinks is valid as printed, and each type of sink has one.
#[cfg(feature = "serve")]
#[test]
fn the_examples_of_sinks_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(pipelines().join("sinks/README.md")).unwrap();
    let blocks = |kind: &str| -> Vec<String> {
        let begin = format!("```{kind}\n");
        page.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
    };
    let [template] = &blocks("jinja")[..] else { panic!() };
    let path = folder.path().join("tickets.jinja");
    fs::write(&path, template).unwrap();
    let authority = folder.path().join("authority.pem");
    let cert = rcgen::generate_simple_self_signed(vec!["siem.example".to_owned()]).unwrap();
    fs::write(&authority, cert.cert.pem()).unwrap();
    let configs = blocks("toml");
    for (number, config) in configs.iter().enumerate() {
        let file = folder.path().join(format!("{number}.toml"));
        fs::write(&file, config.replace("/etc/authsieve/tickets.jinja", path.to_str().unwrap())).unwrap();
        let done = Command::new(env!("CARGO_BIN_EXE_authsieve"))
            .args(["check", "-c"])
            .arg(&file)
            // Replaces the authorities that the machine trusts.
            .env("SSL_CERT_FILE", &authority)
            .env("SIEM_TOKEN", "0123456789abcdef")
            .env("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/x")
            .env("TEAMS_WEBHOOK_URL", "https://example.logic.azure.com/workflows/x")
            .env("PAGERDUTY_ROUTING_KEY", "R0")
            .env("WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .env("FLUENT_SHARED_KEY", "open sesame")
            .output()
            .unwrap();
        assert!(done.status.success(), "{config}\n{}", String::from_utf8_lossy(&done.stderr));
    }
    let all = configs.concat();
    for kind in ["webhook", "alertmanager", "otlp", "forward", "syslog"] {
        assert!(all.contains(&format!("type = \"{kind}\"")), "{kind}");
    }
}
