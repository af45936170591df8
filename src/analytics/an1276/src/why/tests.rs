use crate::An1276;
use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::note::{Note, Step};
use authsieve_engine::testing::{RECEIVED, explain};

fn line(second: u32, says: &str) -> String {
    let (minute, rest) = (second / 60, second % 60);
    format!("2026-03-01T10:{minute:02}:{rest:02}Z web1 sshd[{}]: {says} port 4711 ssh2\n", 1000 + second)
}

fn failed(second: u32) -> String {
    line(second, "Failed password for root from 192.0.2.7")
}

fn accepted(second: u32) -> String {
    line(second, "Accepted password for root from 192.0.2.7")
}

/// The step, key and text of each note on the last record.
fn last(notes: &[Note]) -> Vec<(Step, &str, &str)> {
    let record = notes.iter().map(|note| note.record).max().unwrap_or(0);
    let last = notes.iter().filter(|note| note.record == record);
    last.map(|note| (note.step, &*note.key, note.text.as_str())).collect()
}

#[test]
fn failures_are_counted_and_then_a_login_alerts() {
    let log: String = (0..5).map(failed).collect::<String>() + &accepted(60);
    let notes = explain::<An1276>("", &log);
    let first = &notes[0];
    assert_eq!((first.step, &*first.key), (Step::Counted, "user+ip root 192.0.2.7"));
    assert_eq!(
        (first.text.as_str(), first.count, first.needed),
        ("failure 1 of 5 within 15m", Some(1), Some(5))
    );
    assert_eq!(first.record, 1);
    let last = last(&notes);
    assert!(last[0].2.contains("the rule holds"), "{last:?}");
    let alert = last.iter().find(|note| note.0 == Step::Alert).unwrap();
    assert_eq!(alert.1, "user+ip root 192.0.2.7");
    assert_eq!(alert.2, "user+ip, high: 5 failed logins of root from 192.0.2.7, then a login");
}

#[test]
fn four_of_five_are_short() {
    let log: String = (0..4).map(failed).collect::<String>() + &accepted(60);
    let notes = explain::<An1276>("", &log);
    let text = "success after 4 of 5 failures within 15m, the last 57s before";
    assert_eq!(
        last(&notes),
        [(Step::Short, "ip 192.0.2.7", text), (Step::Short, "user+ip root 192.0.2.7", text)]
    );
}

#[test]
fn twelve_seconds_too_late() {
    let log: String = (0..5).map(failed).collect::<String>() + &accepted(4 + 600 + 12);
    let notes = explain::<An1276>("", &log);
    let text = "success after 5 of 5 failures, but 12s too late: within 10m";
    assert_eq!(last(&notes)[1], (Step::TooLate, "user+ip root 192.0.2.7", text));
}

#[test]
fn what_is_consumed_or_silent_says_so() {
    let log: String = (0..5).map(failed).collect::<String>() + &accepted(60) + &accepted(61);
    let notes = explain::<An1276>("", &log);
    let last = last(&notes);
    assert!(last.iter().any(|(step, key, text)| *step == Step::Short
        && key.starts_with("user+ip")
        && text.contains("an alert at 2026-03-01T10:01:00Z has consumed those before")));
    assert!(last.iter().any(|(step, key, text)| *step == Step::Silent
        && key.starts_with("ip ")
        && text.contains("until 2026-03-01T10:11:00Z")));
}

#[test]
fn what_does_not_count_says_why() {
    let why = |config: &str, log: &str| {
        let notes = explain::<An1276>(config, log);
        let all: Vec<String> =
            notes.iter().map(|note| format!("{}: {}", note.step.as_str(), note.text)).collect();
        all.join("; ")
    };
    let log = failed(0);
    assert_eq!(why(r#"{"allow_ips":["192.0.2.0/24"]}"#, &log), "ignored: ignored by allow_ips");
    assert_eq!(why(r#"{"ignore_users":["ro*"]}"#, &log), "ignored: ignored by ignore_users");
    let over = r#"{"override":[{"users":["root"],"ignore":true,"reason":"a scanner"}]}"#;
    assert_eq!(why(over, &log), "ignored: ignored by a scanner");
    assert!(why(r#"{"login_source":"local"}"#, &log).contains("login_source is local"));
    let methods = r#"{"success_methods":["publickey"]}"#;
    assert!(why(methods, &accepted(0)).contains("not among success_methods"));
}

#[test]
fn lines_about_one_attempt_are_joined() {
    let pam = "2026-03-01T10:00:00Z web1 sshd[1000]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 \
               tty=ssh ruser= rhost=192.0.2.7  user=root\n";
    let notes = explain::<An1276>("", &(pam.to_string() + &failed(0)));
    let last = last(&notes);
    assert_eq!(last.len(), 1, "{notes:?}");
    assert!(
        last[0].0 == Step::Joined && last[0].2.starts_with("counted once with the line before"),
        "{last:?}"
    );
}

#[test]
fn what_waits_to_be_sorted_is_told_when_it_comes_out() {
    let mut detector = Detector::<An1276>::create(r#"{"allowed_lateness":"1m"}"#, 7).unwrap();
    let reading = Reading { first: 3, ..Reading::at(RECEIVED) };
    assert!(detector.explain(failed(0).as_bytes(), reading).is_empty());
    assert!(detector.flush().is_empty());
    let notes = detector.explain(b"", RECEIVED);
    assert_eq!(notes.len(), 2);
    assert!(notes.iter().all(|note| note.record == 3 && note.step == Step::Counted));
}
