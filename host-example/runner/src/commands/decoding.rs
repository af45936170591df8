//! Decodes the records of a batch with several components.

use crate::feed::Records;
use authsieve_engine::detector::Reading;
use authsieve_host::contract::Event;
use authsieve_host::{Analytic, CallError, Restarting, Session, StartError};
use std::sync::Arc;

/// Starts an analytic twice: once to decode records, and once to judge them. Judging counts the records that cannot be
/// read.
pub(super) fn pair(
    analytic: Arc<Analytic>,
    config: String,
    seed: u64,
) -> Result<(Restarting, Session), StartError> {
    let detector = Restarting::start(Arc::clone(&analytic), config.clone(), seed)?;
    Ok((detector, Session::start(analytic, config, seed)?))
}

/// Decodes each record of a batch, in order. All components read the same events from a record, or none. So the events
/// of the first component that reads the record are returned. `each` gets the events of every component. `failed` gets
/// the number of a record on which one fails.
pub(super) fn decode(
    detectors: &mut [Restarting],
    records: &Records<'_>,
    mut each: impl FnMut(&Event),
    mut failed: impl FnMut(&Restarting, u64, CallError),
) -> Vec<Vec<Event>> {
    let mut of_record: Vec<Vec<Event>> = records.lines().map(|_| Vec::new()).collect();
    for detector in detectors {
        let mut read: Vec<Vec<Event>> = of_record.iter().map(|_| Vec::new()).collect();
        for event in decode_one(detector, records, &mut failed) {
            each(&event);
            let place = event.record.checked_sub(records.reading.first);
            if let Some(events) = place.and_then(|place| read.get_mut(usize::try_from(place).ok()?)) {
                events.push(event);
            }
        }
        for (events, new) in of_record.iter_mut().zip(read).filter(|(events, _)| events.is_empty()) {
            *events = new;
        }
    }
    of_record
}

/// Decodes a batch with one component. If the batch fails, it is decoded record by record. If a suite fails on a
/// record, each of its analytics decodes the record: only the failing ones get no event.
fn decode_one(
    detector: &mut Restarting,
    records: &Records<'_>,
    failed: &mut impl FnMut(&Restarting, u64, CallError),
) -> Vec<Event> {
    if let Ok(events) = detector.ask(|detector| detector.decode(records.bytes, records.reading)) {
        return events;
    }
    let mut all = Vec::new();
    for (number, record) in (records.reading.first..).zip(records.lines()) {
        let reading = Reading { first: number, ..records.reading };
        match detector.ask(|detector| detector.decode(record, reading)) {
            Ok(events) => all.extend(events),
            Err(error) => match detector.apart() {
                Ok(mut parts) if !parts.is_empty() => {
                    all.extend(decode_apart(&mut parts, record, reading, failed));
                }
                _ => failed(detector, number, error),
            },
        }
    }
    all
}

/// Decodes a record with the analytics that do not fail on it. As in a suite, each event comes once and names all its
/// readers.
fn decode_apart(
    parts: &mut [Restarting],
    record: &[u8],
    reading: Reading,
    failed: &mut impl FnMut(&Restarting, u64, CallError),
) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    for part in parts {
        match part.ask(|detector| detector.decode(record, reading)) {
            Ok(events) => {
                for event in events {
                    let same = |known: &&mut Event| {
                        Event { analytics: event.analytics.clone(), ..(**known).clone() } == event
                    };
                    match all.iter_mut().find(same) {
                        Some(known) => known.analytics.extend(event.analytics),
                        None => all.push(event),
                    }
                }
            }
            Err(error) => failed(part, reading.first, error),
        }
    }
    all
}
