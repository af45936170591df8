use crate::An1269;
use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::note::{Note, Step};
use authsieve_engine::time::Timestamp;

const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);

/// The notes on a log; and that nothing but notes differs from what `process` does.
fn explain(config: &str, log: &str) -> Vec<Note> {
    let mut asked = Detector::<An1269>::create(config, 7).unwrap();
    let mut told = Detector::<An1269>::create(config, 7).unwrap();
    let reading = Reading { first: 1, ..Reading::at(RECEIVED) };
    let alerts = told.process(log.as_bytes(), reading);
    let notes = asked.explain(log.as_bytes(), reading);
    assert_eq!(asked.snapshot(), told.snapshot());
    assert_eq!(asked.stats(), told.stats());
    assert_eq!(notes.iter().filter(|note| note.step == Step::Alert).count(), alerts.len());
    notes
}

/// Whether it was said of that key.
fn said(notes: &[Note], step: Step, key: &str, text: &str) -> bool {
    notes.iter().any(|note| note.step == step && note.key == key && note.text.contains(text))
}

fn login(second: u32, outcome: &str, user: &str, address: &str) -> String {
    let (minute, rest) = (second / 60, second % 60);
    format!(
        r#"{{"@timestamp":"2026-03-01T10:{minute:02}:{rest:02}Z","event":{{"category":["authentication"],"outcome":"{outcome}"}},"user":{{"name":"{user}"}},"source":{{"ip":"{address}"}}}}"#
    ) + "\n"
}

#[test]
fn failures_on_accounts_are_counted_and_a_login_judged() {
    let failures = |count| {
        (0..count).map(|n| login(n, "failure", &format!("u{n}@example.com"), "192.0.2.7")).collect::<String>()
    };
    let key = "ip 192.0.2.7";
    let notes = explain("", &failures(12));
    assert!(said(&notes, Step::Counted, key, "failure 9 of 10 within 30m, on 9 accounts"), "{notes:?}");
    assert!(said(&notes, Step::Alert, key, "credential-stuffing, medium: "));
    assert!(said(&notes, Step::Silent, key, "credential-stuffing, but silent until 2026-03-01T10:30:09Z"));
    let notes = explain("", &(failures(9) + &login(60, "success", "u1@example.com", "192.0.2.7")));
    assert!(said(&notes, Step::Short, key, "right password after 9 of 10 failures"));
    let notes = explain("", &(failures(10) + &login(60, "success", "u1@example.com", "192.0.2.7")));
    assert!(said(&notes, Step::Alert, key, "credential-accepted, critical: "), "{notes:?}");
    let guessing: String = (0..10).map(|n| login(n, "failure", "ada@example.com", "192.0.2.7")).collect();
    let notes = explain("", &(guessing + &login(60, "success", "ben@example.com", "192.0.2.7")));
    assert!(said(&notes, Step::Short, key, "of an account that did not fail, and those that did are 1 of 5"));
}
