use super::*;
use crate::output::paint::Paint;
use authsieve_engine::alert::{Alert, Severity, Tally};
use authsieve_triage::evidence::Line;
use authsieve_triage::incidents::Limits;

fn shown(told: Vec<Told>, whole: &Whole) -> String {
    let look = Look { width: 80, ..Look::new(Paint::default()) };
    let mut out = Vec::new();
    write(&mut out, &Report::new(told, Limits::default()), whole, &look).unwrap();
    String::from_utf8(out).unwrap()
}

fn told() -> Told {
    let time = Timestamp(1_772_524_805_000_000);
    let line = |user: &str, outcome, reason: &str| Line {
        time: Some(time),
        outcome,
        count: 1,
        user: user.into(),
        from: "203.0.113.7".into(),
        at: "web1".into(),
        reason: reason.into(),
    };
    let piece = |record: u64, line| Piece {
        record,
        place: Some(record.to_string()),
        line: Some(line),
        raw: "the record".into(),
    };
    Told {
        alert: Alert {
            id: "ab".into(),
            analytic: "AN1276".into(),
            pattern: "user+ip".into(),
            severity: Severity::High,
            record: 9,
            title: "12 failed logins of root from 203.0.113.7, then a login".into(),
            time,
            first_seen: Timestamp(time.0 - 100_000_000),
            last_seen: time,
            user: Some("root".into()),
            users: vec!["root".into()],
            src_ip: Some("203.0.113.7".into()),
            host: Some("web1".into()),
            service: Some("sshd".into()),
            reasons: vec![Tally { code: "50126".into(), count: 12 }],
            techniques: vec!["T1110.001".into(), "T1078".into()],
            context: vec!["12 failures within the window".into()],
            response: vec!["Ask root".into()],
            ..Alert::default()
        },
        place: Some("auth.log:9".into()),
        pieces: vec![
            piece(1, line("root", "failure", "password")),
            piece(9, line("root", "success", "publickey")),
        ],
        notes: Vec::new(),
    }
}

#[test]
fn an_incident_says_what_an_analyst_asks_first() {
    let whole = Whole { addresses: vec![("203.0.113.7".into(), 3560)], exact: true, ..Whole::default() };
    let text = shown(vec![told()], &whole);
    let (text, id) = text.split_once("  incident   ").unwrap();
    assert_eq!(
        text,
        "1 incident (1 high) from 1 alert. Somebody got into root.\n\n \
         HIGH  somebody got into root from 203.0.113.7\n  \
         when       2026-03-03 07:58:25 to 08:00:05 UTC (1m40s)\n  \
         logged in  root at 08:00:05\n  \
         tried      1 account: root\n  \
         from       203.0.113.7\n  \
         at         web1, sshd\n  \
         reasons    12 × 50126 (wrong user name or password)\n  \
         in all     3,560 failures of 203.0.113.7\n  \
         what       08:00:05  12 failed logins of root from 203.0.113.7, then a login\n                       \
         [AN1276, high] auth.log:9\n  \
         why        12 failures within the window\n  \
         evidence   1  08:00:05  failure  root  203.0.113.7  web1  password\n             \
         9  08:00:05  success  root  203.0.113.7  web1  publickey\n  \
         ATT&CK     T1078, T1110.001\n"
    );
    assert!(id.ends_with("\n\nWhat to do next\n  AN1276     - Ask root\n\n"), "{id}");
}

#[test]
fn nothing_an_attacker_wrote_reaches_the_terminal_unescaped() {
    let evil = "\x1b]0;owned\x07\n CRITICAL \u{202e}\u{9b}2J".to_owned();
    let one = || Some(evil.clone());
    let many = || vec![evil.clone(), format!("{evil}2")];
    let mut told = told();
    told.alert = Alert {
        analytic: evil.clone(),
        pattern: evil.clone(),
        title: evil.clone(),
        user: one(),
        src_ip: one(),
        host: one(),
        service: one(),
        application: one(),
        users: many(),
        src_ips: many(),
        related_successes: many(),
        techniques: ["T1078".to_owned(), evil.clone()].into(),
        context: many(),
        response: many(),
        reasons: vec![Tally { code: evil.clone(), count: 1 }],
        ..told.alert
    };
    (told.place, told.notes) = (one(), many());
    let line = Line {
        user: evil.clone(),
        from: evil.clone(),
        at: evil.clone(),
        reason: evil.clone(),
        ..Line::default()
    };
    let piece = |line| Piece { line, place: one(), raw: evil.clone(), ..Piece::default() };
    told.pieces = vec![piece(Some(line)), Piece { record: 7, ..piece(None) }];
    let mut out = Vec::new();
    let look = Look { raw: true, ..Look::new(Paint::default()) };
    alert(&mut out, &told, &look).unwrap();
    overview(&mut out, &Report::new(vec![told.clone()], Limits::default()), &Whole::default(), &look)
        .unwrap();
    let text = shown(vec![told], &Whole::default()) + &String::from_utf8(out).unwrap();
    assert!(text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{text:?}");
    assert_eq!(text.lines().filter(|line| line.starts_with(" CRITICAL")).count(), 0);
}

#[test]
fn the_summary_names_who_fails_without_an_alert() {
    let whole = Whole {
        addresses: vec![("198.51.100.9".into(), 70), ("203.0.113.7".into(), 12)],
        ..Whole::default()
    };
    let mut out = Vec::new();
    let look = Look { width: 80, ..Look::new(Paint::default()) };
    overview(&mut out, &Report::new(vec![told()], Limits::default()), &whole, &look).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("  users      root (1)\n  addresses  203.0.113.7 (1)\n"), "{text}");
    assert!(text.ends_with("  no alert   fail most: 198.51.100.9 (about 70)\n"), "{text}");
}
