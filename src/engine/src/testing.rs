//! What the tests of analytics share. No module holds any of it.

use crate::analytic::Analytic;
use crate::detector::{Detector, Reading};
use crate::note::{Note, Step};
use crate::time::Timestamp;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// When the records of a test are received.
pub const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);

/// The notes on a log, whose first record has the number 1.
///
/// # Panics
/// If `explain` leaves a detector in another state than `process`, or does not note every alert.
#[must_use]
pub fn explain<A: Analytic>(config: &str, log: &str) -> Vec<Note> {
    let create = || Detector::<A>::create(config, 7).expect("the configuration of a test is valid");
    let (mut asked, mut told) = (create(), create());
    let reading = Reading { first: 1, ..Reading::at(RECEIVED) };
    let alerts = told.process(log.as_bytes(), reading);
    let notes = asked.explain(log.as_bytes(), reading);
    assert_eq!(asked.snapshot(), told.snapshot());
    assert_eq!(asked.stats(), told.stats());
    assert_eq!(notes.iter().filter(|note| note.step == Step::Alert).count(), alerts.len());
    notes
}

/// Whether a note with that step and key has that text in its own.
#[must_use]
pub fn said(notes: &[Note], step: Step, key: &str, text: &str) -> bool {
    notes.iter().any(|note| note.step == step && note.key == key && note.text.contains(text))
}

/// An ECS record of a login at so many seconds after 2026-03-01T10:00:00Z, with its newline.
#[must_use]
pub fn login(second: u32, outcome: &str, user: &str, address: &str) -> String {
    let (minute, rest) = (second / 60, second % 60);
    format!(
        r#"{{"@timestamp":"2026-03-01T10:{minute:02}:{rest:02}Z","event":{{"category":["authentication"],"outcome":"{outcome}"}},"user":{{"name":"{user}"}},"source":{{"ip":"{address}"}}}}"#
    ) + "\n"
}
