//! Tests of `explain`.

use crate::shell::{ATTACK, RECEIVED, Shell, alerts};

/// The attack without its fifth failure, and a login of another user.
const NEAR_MISS: &str = "\
Mar  4 08:00:01 web1 sshd[100]: Failed password for root from 203.0.113.9 port 4000 ssh2
Mar  4 08:00:03 web1 sshd[101]: Failed password for root from 203.0.113.9 port 4000 ssh2
Mar  4 08:00:05 web1 sshd[102]: Failed password for root from 203.0.113.9 port 4001 ssh2
Mar  4 08:00:07 web1 sshd[103]: Failed password for root from 203.0.113.9 port 4001 ssh2
Mar  4 08:00:12 web1 sshd[104]: Accepted password for root from 203.0.113.9 port 4003 ssh2

Mar  4 08:00:13 web1 sshd[105]: Accepted password for ada from 192.0.2.44 port 4004 ssh2
";

#[test]
fn explain_says_what_was_missing() {
    let shell = Shell::new();
    shell.write("auth.log", NEAR_MISS);
    let explain = |more: &[&str]| {
        let said = shell.run(&[&["explain", "-a", "an1276", RECEIVED, "auth.log"], more].concat());
        assert_eq!(said.status, Some(0), "{}", said.err);
        said
    };
    let notes = alerts(&explain(&["--key", "user+ip root"]));
    assert_eq!(notes.len(), 5, "{notes:?}");
    let last = &notes[4];
    assert_eq!((&last["step"], &last["count"], &last["needed"]), (&"short".into(), &4.into(), &5.into()));
    assert_eq!((&last["line"], &last["time"]), (&5.into(), &"2026-03-04T08:00:12Z".into()));
    assert_eq!(last["text"], "success after 4 of 5 failures within 15m, the last 5s before");

    let of_ada = alerts(&explain(&["--user", "ADA"]));
    assert!(!of_ada.is_empty() && of_ada.iter().all(|note| note["user"] == "ada" && note["line"] == 7));
    assert!(alerts(&explain(&["--ip", "198.51.100.1"])).is_empty());
    let near = alerts(&explain(&["--near"]));
    assert!(near.iter().all(|note| note["src_ip"] == "203.0.113.9") && near.len() == 10, "{near:?}");

    let text = explain(&["--format", "text"]).out;
    assert!(text.contains("user+ip root 203.0.113.9, came near, no alert"), "{text}");
    assert!(!text.contains('\x1b'));
    assert_eq!(shell.run(&["explain", "--ip", "nowhere", "auth.log"]).status, Some(2));
}

#[test]
fn explain_tells_of_every_alert() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    let said = shell.run(&["explain", "-a", "an1276", RECEIVED, "auth.log"]);
    let alerts: Vec<_> = alerts(&said).into_iter().filter(|note| note["step"] == "alert").collect();
    assert_eq!(alerts.len(), 1, "{}", said.out);
    assert_eq!(alerts[0]["key"], "user+ip root 203.0.113.9");
}
