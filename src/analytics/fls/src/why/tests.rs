use crate::Fls;
use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::note::{Note, Step};
use authsieve_engine::time::Timestamp;

const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);

/// The notes on a log; and that nothing but notes differs from what `process` does.
fn explain(config: &str, log: &str) -> Vec<Note> {
    let mut asked = Detector::<Fls>::create(config, 7).unwrap();
    let mut told = Detector::<Fls>::create(config, 7).unwrap();
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
fn failures_are_counted_and_a_success_judged() {
    let failures = |count| (0..count).map(|n| login(n, "failure", "ada", "192.0.2.7")).collect::<String>();
    let key = "user+ip ada 192.0.2.7";
    let notes = explain("", &(failures(5) + &login(60, "success", "ada", "192.0.2.7")));
    assert!(said(&notes, Step::Counted, key, "failure 4 of 5 within 15m"), "{notes:?}");
    assert!(said(&notes, Step::Counted, key, "the rule holds"));
    assert!(said(&notes, Step::Alert, key, "failures-then-success, high: "));
    let notes = explain("", &(failures(4) + &login(60, "success", "ada", "192.0.2.7")));
    assert!(said(&notes, Step::Short, key, "success after 4 of 5 failures within 15m"));
    let notes = explain("", &(failures(5) + &login(620, "success", "ada", "192.0.2.7")));
    assert!(said(&notes, Step::TooLate, key, "16s too late: within 10m"));
    let notes = explain("", &login(0, "success", "ada", "192.0.2.7"));
    assert!(said(&notes, Step::Short, key, "success after 0 of 5 failures"));
    let notes = explain("", &login(0, "failure", "ada", "-"));
    assert!(said(&notes, Step::Ignored, "", "no address (require_ip)"), "{notes:?}");
}
