use super::*;
use std::format;
use std::string::{String, ToString};

/// The facts from the prefix as words, and the rest of the line.
fn said(line: &str) -> Option<String> {
    let found = strip(line.as_bytes(), Zone::UTC)?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let stream = if found.stream { "stream " } else { "" };
    let dated = if found.stamp.is_some() { "dated " } else { "" };
    Some(format!("{stream}{dated}[{}] [{}] {}", text(found.host), text(found.container), text(found.rest)))
}

const LINE: &str = "Mar  1 09:00:00 web1 sshd[17]: hi";

#[test]
fn each_prefix_is_taken_off() {
    for (prefix, says) in [
        ("2026-03-01T09:00:00.123456789Z stderr F ", "stream dated [] [] "),
        ("2026-03-01T09:00:00.123456789+00:00 stdout P ", "stream dated [] [] "),
        ("2026-03-01T09:00:00.123456789Z ", "dated [] [] "),
        ("2026-03-01T09:00:00.123000+00:00 i-0abc ", "dated [i-0abc] [] "),
        ("[pod/bastion-0/sshd] ", "stream [] [sshd] "),
        ("sshd-1  | ", "stream [] [sshd-1] "),
        ("2026 Mar 01 09:00:00 (web1) 192.0.2.1->/var/log/auth.log ", "[web1] [] "),
        ("2026 Mar 01 09:00:00 web1->/var/log/auth.log ", "[web1] [] "),
        ("/var/log/auth.log:", "[] [] "),
        ("auth.log.1:17:", "[] [] "),
        ("17:", "[] [] "),
        ("[2026-03-01 09:00:00] ", "dated [] [] "),
        ("[Mar  1 09:00:00] ", "dated [] [] "),
        ("Mar  1 09:00:00 relay ", "dated [relay] [] "),
        ("<38>Mar  1 09:00:00 relay rsyslogd: ", "dated [relay] [] "),
        ("Mar  1 09:00:00 relay fluent-bit[7]: ", "dated [relay] [] "),
        ("<38>1 2026-03-01T09:00:00Z relay rsyslogd - - - ", "dated [relay] [] "),
        ("<38>1 2026-03-01T09:00:00Z relay fluent-bit 7 - [a@1 b=\"c\"] ", "dated [relay] [] "),
        ("2026-03-01T09:00:00Z {job=\"ssh\", host=\"web1\"} ", "dated [] [] "),
    ] {
        assert_eq!(said(&format!("{prefix}{LINE}")), Some(format!("{says}{LINE}")), "{prefix}");
    }
    for (line, says) in [
        ("77 <38>Mar  1 09:00:00 web1 sshd[17]: hi", "[] [] <38>Mar  1 09:00:00 web1 sshd[17]: hi"),
        ("data: {\"MESSAGE\":\"hi\"}", "[] [] {\"MESSAGE\":\"hi\"}"),
        ("<13>Mar  1 09:00:00 dc1 <Event xmlns='x'>", "dated [dc1] [] <Event xmlns='x'>"),
        ("audit.log:type=USER_AUTH msg=audit(1:2): x", "[] [] type=USER_AUTH msg=audit(1:2): x"),
        ("2026-03-01T09:00:00.1Z Failed password", "stream dated [] [] Failed password"),
        ("4711 2026-03-01 09:00:00.123 Failed password", "stream dated [] [] Failed password"),
        ("2026-03-01T09:00:00+00:00\tsystem.auth\t{\"a\":1}", "dated [] [] {\"a\":1}"),
        ("2026-03-01T09:00:00Z\tdocker.sshd-1\t{\"a\":1}", "dated [] [] {\"a\":1}"),
        ("2026-03-01 09:00:00.123456789 +0000 system.auth.info: {\"a\":1}", "dated [] [] {\"a\":1}"),
        ("[0] tail.0: [1772355600.123456789, {\"a\":1}]", "[] [] {\"a\":1}"),
        ("[17] tail.0: [[1772355600.123456789, {}], {\"a\":1}]", "[] [] {\"a\":1}"),
        ("[4711] Mar 01 09:00:00 Bad password attempt", "stream dated [] [] Bad password attempt"),
    ] {
        assert_eq!(said(line).as_deref(), Some(says), "{line}");
    }
}

#[test]
fn each_prefix_of_the_list_is_taken_off() {
    // Some prefixes count only before a priority, before JSON, or before a message of sshd.
    let lines =
        [LINE, "<38>Mar  1 09:00:00 web1 sshd[17]: hi", "{\"MESSAGE\":\"hi\"}", "Accepted password for bob"];
    for (prefix, who) in PREFIXES {
        let taken = |line: &&str| {
            said(&format!("{prefix}{line}")).is_some_and(|found| found.ends_with(&format!("] {line}")))
        };
        assert!(lines.iter().any(taken), "{prefix} of {who}");
    }
}

#[test]
fn what_only_looks_like_a_prefix_stays() {
    for line in [
        "",
        "hi",
        LINE,
        // An application repeats text that somebody sent.
        &format!("Mar  1 09:00:00 web1 app[7]: {LINE}"),
        &format!("Mar  1 09:00:00 web1 mail-relay: {LINE}"),
        &format!("app said: {LINE}"),
        &format!("203.0.113.9 - - \"GET /:{LINE}"),
        "Mar  1 09:00:00 web1 {\"a\":1}",
        // Loggers that name a class.
        "2026-03-01 09:00:00.123 +0000 com.example.App: {\"a\":1}",
        "2026-03-01 09:00:00.123456789 com.example.App: {\"a\":1}",
        "[17] client said: [1772355600.1, {\"a\":1}]",
        "[17] tail.0: {\"a\":1}",
        "[17] hi",
        "[app] hi",
        "2026-03-01T09:00:00Z hi",
        // A level, or a program's own words, before JSON that somebody sent.
        "2026-03-01T09:00:00Z\tINFO\t{\"a\":1}",
        "2026-03-01T09:00:00Z\tinfo\tapp.go:7\t{\"a\":1}",
        "2026-03-01T09:00:00Z system.auth {\"a\":1}",
        &format!("<38>1 2026-03-01T09:00:00Z web1 app - - - {LINE}"),
        "4711 2026-03-01 09:00:00 hi",
        "17: hi",
        "123 hi",
        "a | hi",
    ] {
        let found = said(line);
        assert!(
            found.as_deref().is_none_or(|found| line == "a | hi" && found.starts_with("stream")),
            "{line}: {found:?}"
        );
    }
    let long = "x".repeat(100_000).to_string();
    for line in
        [format!("{long}:{LINE}"), format!("[{long}] {LINE}"), format!("{long} | hi"), "[".repeat(1000)]
    {
        assert_eq!(said(&line), None);
    }
}
