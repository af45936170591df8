//! Tests with a real journal: `systemd-journal-remote` writes the files, and the `journalctl` of this machine reads
//! them.

use super::program;
use crate::server::{Server, alerts, attack, expected, ids, waits, waits_for_alerts, waits_for_ids};
use serde_json::Value;
use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The boot ids of two boots.
const BOOTS: [&str; 2] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];

/// A journal in a folder, and the parts for a service that reads it.
struct Journal {
    folder: tempfile::TempDir,
    remote: PathBuf,
    journalctl: PathBuf,
    /// The microseconds since the boot.
    clock: Cell<u64>,
}

impl Journal {
    /// Creates an empty journal. `None` if the programs are missing.
    fn new() -> Option<Self> {
        let (remote, journalctl) =
            (program("JOURNAL_REMOTE", "systemd-journal-remote")?, program("JOURNALCTL", "journalctl")?);
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("journal")).unwrap();
        let journal = Self { folder, remote, journalctl, clock: Cell::new(1_000_000) };
        // A wrapper of `journalctl` for the service, which records its arguments.
        let (root, wrapper) = (journal.folder.path().display(), journal.path("journalctl"));
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> {root}/calls\nexec {} --directory={root}/journal \"$@\"\n",
            journal.journalctl.display()
        );
        fs::write(&wrapper, script).unwrap();
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        Some(journal)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds the sshd messages of these lines to the journal, in the given boot.
    fn log(&self, lines: &[String], boot: &str) {
        self.write("sshd", lines, boot);
    }

    fn write(&self, program: &str, lines: &[String], boot: &str) {
        let mut export = String::new();
        for line in lines {
            let (time, message) = (line.split(' ').next().unwrap(), line.split_once(": ").unwrap().1);
            let time = chrono::DateTime::parse_from_rfc3339(time).unwrap().timestamp_micros();
            self.clock.set(self.clock.get() + 1_000);
            export += &format!(
                "__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID={boot}\n\
                 _MACHINE_ID=00112233445566778899aabbccddeeff\n_HOSTNAME=web1\n_COMM={program}\n_UID=0\n_PID=7\n\
                 SYSLOG_IDENTIFIER={program}\nMESSAGE={message}\n\n",
                self.clock.get()
            );
        }
        let path = self.path("export");
        fs::write(&path, export).unwrap();
        let done = Command::new(&self.remote)
            .arg("-o")
            .arg(self.path("journal/it.journal"))
            .arg(&path)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// All entries, as `journalctl` prints them.
    fn entries(&self) -> Vec<String> {
        let done = Command::new(self.path("journalctl"))
            .args(["--output=json", "--all", "_COMM=sshd"])
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// Starts the service, and waits until it follows the journal.
    fn follow(&self) -> Server {
        let _ = fs::remove_file(self.path("calls"));
        let config = format!(
            "[server]\nstate_dir = \"{0}/state\"\n[sources.it]\ntype = \"journal\"\n\
             matches = [\"_COMM=sshd\"]\ncommand = \"{0}/journalctl\"\n[sinks.out]\nto = \"{0}/alerts.jsonl\"\n",
            self.folder.path().display()
        );
        let server = Server::configured(&config, self.folder.path(), Stdio::null());
        self.waits_for_call("--follow");
        server
    }

    /// Waits until the service has called `journalctl` with these arguments.
    fn waits_for_call(&self, option: &str) {
        waits(1, || {
            let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
            calls.lines().filter(|call| call.contains(option)).map(Value::from).collect()
        });
    }

    fn alerts(&self) -> PathBuf {
        self.path("alerts.jsonl")
    }
}

/// An alert without the text of its evidence: `journalctl` prints the fields of an entry in any order.
fn without_text(alerts: &[Value]) -> Vec<Value> {
    let mut alerts = alerts.to_vec();
    for alert in &mut alerts {
        let alert = alert.as_object_mut().unwrap();
        alert.remove("origin");
        alert["evidence"].as_array_mut().unwrap().iter_mut().for_each(|evidence| {
            evidence.as_object_mut().unwrap().remove("text").unwrap();
        });
    }
    alerts
}

#[test]
fn a_restart_goes_on_behind_the_last_entry() {
    let Some(journal) = Journal::new() else { return };
    let out = journal.alerts();
    // Entries from before the first start are not judged.
    journal.log(&attack(0), BOOTS[0]);
    let server = journal.follow();
    journal.log(&attack(1), BOOTS[0]);
    waits_for_alerts(&out, 1);
    journal.log(&attack(2)[..3], BOOTS[0]);
    // The alert of another account shows that these three entries were read.
    journal.log(&attack(3), BOOTS[0]);
    waits_for_alerts(&out, 2);
    server.kill();
    // More than the ten entries that `--follow` begins with, with a reboot among them.
    journal.log(&attack(2)[3..], BOOTS[0]);
    journal.log(&(4..8).flat_map(attack).collect::<Vec<_>>(), BOOTS[0]);
    journal.clock.set(1_000_000);
    journal.log(&attack(8), BOOTS[1]);
    let server = journal.follow();
    waits_for_ids(&out, 8);
    // No entry is judged again, and new entries are followed.
    server.kill();
    let server = journal.follow();
    journal.log(&attack(9), BOOTS[1]);
    let found = waits_for_ids(&out, 9);
    let entries = journal.entries();
    assert_eq!(entries.len(), 10 * attack(0).len());
    let wanted = expected(&entries[attack(0).len()..]);
    assert_eq!(without_text(&found), without_text(&wanted));
    assert!(found.iter().all(|alert| alert["failure_count"] == 5), "nothing was read twice");
    assert_eq!(server.terminate().0, Some(0));
}

#[test]
fn what_comes_before_the_first_match_is_not_forgotten() {
    let Some(journal) = Journal::new() else { return };
    // Entries that do not match, after an attack from before the first start.
    journal.log(&attack(0), BOOTS[0]);
    journal.write("cron", &attack(1), BOOTS[0]);
    let server = journal.follow();
    server.kill();
    journal.log(&attack(2), BOOTS[0]);
    let server = journal.follow();
    journal.log(&attack(3), BOOTS[0]);
    let found = waits_for_ids(&journal.alerts(), 2);
    assert_eq!(ids(&found), ids(&expected(&journal.entries()[attack(0).len()..])));
    drop(server);
}

#[test]
fn an_empty_journal_is_read_from_its_first_entry() {
    let Some(journal) = Journal::new() else { return };
    let mut server = journal.follow();
    // There is no boot yet that `journalctl --follow` could show.
    let said = server.waits_for("it is started again");
    assert!(said.contains("journalctl: it has ended (exit status: 1) "), "{said}");
    journal.log(&attack(1), BOOTS[0]);
    waits_for_alerts(&journal.alerts(), 1);
    journal.log(&attack(2), BOOTS[0]);
    assert_eq!(waits_for_ids(&journal.alerts(), 2).len(), 2);
    assert_eq!(alerts(&journal.alerts()).len(), 2);
}

#[test]
fn attackers_text_comes_whole() {
    let Some(journal) = Journal::new() else { return };
    let server = journal.follow();
    let evil = |line: String| {
        line.replace(" user1 ", " x\"] \\ \u{202e} \u{fc}\u{7f}\t\u{1b}[2J {\"__CURSOR\":\"y\"} ")
    };
    let lines: Vec<String> = attack(1).into_iter().map(evil).collect();
    journal.log(&lines, BOOTS[0]);
    let found = waits_for_alerts(&journal.alerts(), 1);
    assert_eq!(without_text(&found), without_text(&expected(&journal.entries())));
    assert_eq!(found[0]["user"], "x\"] \\ \u{202e} \u{fc}\u{7f}\t\u{1b}[2J {\"__CURSOR\":\"y\"}");
    drop(server);
}
