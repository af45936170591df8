//! Helpers for tests of decoders: each record passes the envelope and the needles too.

use super::{Family, NEEDLES, Provider};
use crate::analytic::{Reads, Telemetry};
use crate::decode::trial;
use crate::event::Event;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// Reads all telemetry of second factors, and normalised events that look like it.
struct Factors;

impl Reads for Factors {
    const TELEMETRY: Telemetry = Telemetry::OKTA
        .and(Telemetry::DUO)
        .and(Telemetry::AUTH0)
        .and(Telemetry::MACOS)
        .and(Telemetry::NORMALISED);
}

/// The events of a record. Checks that each event's family has a needle in the record.
pub(super) fn events(record: &str) -> Vec<Event<'static>> {
    // A malformed record gives no other trouble, so only its events count here.
    let events = trial::read(&mut trial::decoder::<Factors>(), record).events;
    let lower = record.to_ascii_lowercase();
    for event in &events {
        let family = match event.provider {
            Provider::Okta => Family::Okta,
            Provider::Duo => Family::Duo,
            Provider::Auth0 => Family::Auth0,
            Provider::Macos => Family::Macos,
            _ => continue,
        };
        let needles = NEEDLES[family as usize];
        assert!(needles.iter().any(|needle| lower.contains(&needle.to_ascii_lowercase())), "{record}");
    }
    events
}

/// Each event of a record as `time outcome user address`.
pub(super) fn lines(record: &str) -> Vec<String> {
    let line = |event: &Event<'_>| {
        let address = event.src_ip.map_or("-".into(), |address| address.to_string());
        format!("{} {} {} {address}", event.time, event.outcome.as_str(), event.user)
    };
    events(record).iter().map(line).collect()
}

/// The only event of a record.
pub(super) fn one(record: &str) -> Event<'static> {
    let mut events = events(record);
    assert_eq!(events.len(), 1, "{record}");
    events.remove(0)
}

/// Cuts, repeats and overwrites bytes of a record as `edits` say. No decoder may panic on the result.
pub(super) fn survives(record: &str, edits: &[(usize, u8)]) {
    let mut bytes = record.as_bytes().to_vec();
    for (place, byte) in edits {
        let at = place % bytes.len().max(1);
        match byte % 8 {
            0 => bytes.truncate(at.max(1)),
            1 => bytes.extend_from_within(at..(at + 9).min(bytes.len())),
            2 => drop(bytes.drain(at..(at + 3).min(bytes.len()))),
            _ if at < bytes.len() => bytes[at] = *byte,
            _ => {}
        }
    }
    let _ = events(&String::from_utf8_lossy(&bytes));
}
