//! Keeps the records that an analytic could not judge as dead letters.

use crate::serve::arrival::Arrival;
use crate::serve::letters::{Fault as Bad, Letter, Letters};
use crate::serve::warn;
use authsieve_host::{Answer, Fault, Session};

/// Logs the failures of an analytic, and writes the records it failed on or could not read to the dead letters.
pub(super) fn bury(
    session: &mut Session,
    answer: &Answer,
    bytes: &[u8],
    arrival: &Arrival,
    letters: &Letters,
) {
    let add = |analytic: Option<&str>, fault, why: &str, record: &[u8]| {
        let (source, received) = (&*arrival.source, arrival.received);
        letters.add(&Letter { source, analytic, fault, why, record, received });
    };
    for trouble in &answer.troubles {
        let why = trouble.fault.to_string();
        warn(&format!("{}: {why}", trouble.analytic));
        let (Fault::Lost { offset, length, .. } | Fault::GivenUp { offset, length, .. }) = &trouble.fault
        else {
            continue;
        };
        let end = offset.saturating_add(*length).min(bytes.len());
        let lost = bytes.get(*offset..end).unwrap_or_default();
        for record in lost.split(|byte| *byte == b'\n').filter(|record| !record.is_empty()) {
            add(Some(&trouble.analytic), Bad::Poisonous, &why, record);
        }
    }
    // The module reports only the first problem of each kind in a batch. Its counters include all of them.
    for problem in session.problems().unwrap_or_default() {
        let (fault, why) = match problem.kind.as_str() {
            "malformed" => (Bad::Malformed, "an analytic needs it, but cannot read it"),
            "undated" => (Bad::Undated, "none of its times can be read"),
            "oversized" => (Bad::Oversized, "it is longer than max_record"),
            _ => continue,
        };
        add(None, fault, why, problem.text.as_bytes());
    }
}
