//! Tests of the systemd units and notifications.

use crate::server::{PATIENCE, Server};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

fn unit(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/journald").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn systemd_is_told_when_it_is_ready_reloads_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let next = || {
        let mut bytes = [0; 4096];
        let count = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    };
    // Watchdog messages come as long as the analytics answer. The other messages come between them.
    let news = || std::iter::repeat_with(next).find(|news| !news.starts_with("WATCHDOG=1")).unwrap();
    let service = Server::supervised(&path, 500_000);
    assert_eq!(news(), "READY=1\n");
    assert!(std::iter::repeat_with(next).take(3).all(|news| news == "WATCHDOG=1\n"));
    service.hang_up();
    let text = news();
    assert!(text.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{text}");
    assert_eq!(news(), "READY=1\n");
    assert_eq!(service.terminate().0, Some(0));
    assert_eq!(news(), "STOPPING=1\n");
}

#[test]
fn the_unit_may_do_what_it_needs_and_no_more() {
    let unit = unit("authsieve.service");
    for line in [
        "Type=notify",
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "StateDirectory=authsieve",
        "SystemCallFilter=@system-service",
        "MemoryMax=1G",
    ] {
        assert!(unit.lines().any(|found| found == line), "{line}");
    }
}

/// systemd checks the units in the way it does at their start.
#[test]
fn systemd_takes_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("skipped: systemd's look at the units. There is no systemd-analyze on PATH");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["authsieve.service", "authsieve-journald.service"] {
        // The programs of the units are not installed here.
        let text: Vec<String> = unit(name)
            .lines()
            .map(|line| match line.strip_prefix("ExecStart=") {
                Some(_) => "ExecStart=/bin/true".into(),
                None => line.into(),
            })
            .collect();
        let path = folder.path().join(name);
        std::fs::write(&path, text.join("\n") + "\n").unwrap();
        let done = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        // The output also covers other units of this machine.
        let ours: Vec<&str> = said.lines().filter(|line| line.contains(name)).collect();
        assert!(ours.is_empty() && done.status.success(), "{said}");
    }
}
