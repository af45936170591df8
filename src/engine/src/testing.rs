//! Helpers shared by the tests of analytics. No module contains them.

#![allow(clippy::expect_used, clippy::panic, reason = "no module has this part")]

use crate::analytic::Analytic;
use crate::detector::{Detector, Reading};
use crate::note::{Note, Step};
use crate::time::Timestamp;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The time at which the records of a test are received.
pub const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);

/// The notes on a log whose first record has the number 1.
///
/// # Panics
/// Panics if `explain` leaves a detector in another state than `process`, or if an alert has no note.
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

/// True if a note has this step and key, and its text contains `text`.
#[must_use]
pub fn said(notes: &[Note], step: Step, key: &str, text: &str) -> bool {
    notes.iter().any(|note| note.step == step && note.key == key && note.text.contains(text))
}

/// An ECS record of a login, `second` seconds after 2026-03-01T10:00:00Z, with its newline.
#[must_use]
pub fn login(second: u32, outcome: &str, user: &str, address: &str) -> String {
    let (minute, rest) = (second / 60, second % 60);
    format!(
        r#"{{"@timestamp":"2026-03-01T10:{minute:02}:{rest:02}Z","event":{{"category":["authentication"],"outcome":"{outcome}"}},"user":{{"name":"{user}"}},"source":{{"ip":"{address}"}}}}"#
    ) + "\n"
}
