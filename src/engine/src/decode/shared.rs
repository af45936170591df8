//! Tests several readers of one decoder: each gets the same as from its own decoder.

use super::tests::{AUDITED, EVENT, FAILED, PUSHED, quoted};
use super::{Decoded, Decoder, Misread, Reader, trial};
use crate::analytic::{Reads, Telemetry};
use crate::event::Event;
use crate::stamp::Stamp;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

/// The telemetry that any reader may read.
struct Everything;

impl Reads for Everything {
    const TELEMETRY: Telemetry = Telemetry::ANY;
}

/// The readers of all analytics, and some that read less.
fn readers() -> Vec<Reader> {
    const IDENTITY: Telemetry = Telemetry::ENTRA.and(Telemetry::AUDIT);
    const FACTORS: Telemetry =
        Telemetry::OKTA.and(Telemetry::DUO).and(Telemetry::AUTH0).and(Telemetry::MACOS);
    let telemetry = [
        Telemetry::LINUX.and(Telemetry::NORMALISED),
        Telemetry::WINDOWS.and(Telemetry::NORMALISED),
        IDENTITY.and(Telemetry::IIS).and(Telemetry::EXCHANGE),
        IDENTITY.and(FACTORS).and(Telemetry::NORMALISED),
        Telemetry::ANY,
        Telemetry::LINUX,
        Telemetry::OKTA,
        Telemetry::NONE,
    ];
    let codes = [&[][..], &[], &[50140], &[], &[50140], &[7], &[], &[]];
    let reader =
        |(telemetry, codes): (Telemetry, &[u32])| Reader { telemetry, extra_failure_codes: codes.into() };
    telemetry.into_iter().zip(codes).map(reader).collect()
}

/// An event, its time, and its part of the record.
type Read = (Event<'static>, Option<Stamp>, Vec<u8>);

/// The events of a record for each reader, the readers that cannot read it, and the number of decodes.
fn read(decoder: &mut Decoder<Everything>, record: &[u8], readers: usize) -> (Vec<Vec<Read>>, Misread, u64) {
    let mut given = vec![Vec::new(); readers];
    let before = decoder.decodes();
    let misread = decoder.decode(record, &mut |Decoded { event, when, readers, part }| {
        let event = event.into_owned();
        for reader in readers.iter() {
            given[reader].push((event.clone(), when.stamp, part.to_vec()));
        }
    });
    (given, misread, decoder.decodes() - before)
}

/// Compares shared readers with each reader alone.
fn assert_same(record: &[u8]) {
    let readers = readers();
    let (together, misread, _) = read(&mut trial::several("+00:00", readers.clone()), record, readers.len());
    for (place, (reader, together)) in readers.into_iter().zip(together).enumerate() {
        let record_text = String::from_utf8_lossy(record);
        let (alone, Misread { malformed, unread }, _) =
            read(&mut trial::several("+00:00", vec![reader]), record, 1);
        assert_eq!(together, alone[0], "reader {place}: {record_text}");
        assert_eq!(misread.malformed.has(place), !malformed.is_empty(), "reader {place}: {record_text}");
        assert_eq!(misread.unread.has(place), !unread.is_empty(), "reader {place}: {record_text}");
        // A reader has only one kind of result for a record.
        let others = !alone[0].is_empty() || !malformed.is_empty();
        assert!(unread.is_empty() || !others, "reader {place}: {record_text}");
    }
}

const SIGN_IN: &str = r#"{"TimeGenerated":"2026-03-01T09:00:00Z","ResultType":"50140","UserPrincipalName":"bob@example.com","IPAddress":"192.0.2.7","Category":"SignInLogs","Id":"1"}"#;
const ECS: &str = r#"{"@timestamp":"2026-03-01T09:00:00Z","event":{"category":["authentication"],"outcome":"failure"},"user":{"name":"root"},"source":{"ip":"192.0.2.7"}}"#;

/// Records, and records inside other records. Some readers take the outer record, and others read the inner one.
fn records() -> Vec<String> {
    let line = format!("Mar  1 09:00:00 web1 sshd[17]: {FAILED}");
    let sshd = format!(
        r#"{{"appname":"sshd","message":"{FAILED}","procid":17,"timestamp":"2026-03-01T09:00:00Z"}}"#
    );
    let bare = [AUDITED, PUSHED, EVENT, SIGN_IN, ECS, &line, &sshd];
    let mut records: Vec<String> = bare.iter().map(|record| String::from(*record)).collect();
    for inner in bare {
        let text = quoted(inner);
        records.push(format!("<13>Nov  1 10:00:00 host rsyslogd: {inner}"));
        records.push(format!(r#"{{"message":{text},"host":"h","timestamp":"2026-03-01T10:00:00Z"}}"#));
        records.push(format!(r#"{{"records":[{text},{sshd},{ECS},{text}]}}"#));
        records.push(format!(r#"[{inner},{PUSHED},{sshd}]"#));
        // A mark of one family around a record of another one.
        for mark in [
            r#""eventType":"com.okta.event_hook""#,
            r#""Operation":"FileAccessed""#,
            r#""ResultType":"50126""#,
            r#""log_id":"1""#,
            r#""event.category":"authentication","event.outcome":"failure","user.name":"eve""#,
            r#""event.category":"authentication","winlog.event_id":4625"#,
            r#""class_uid":3002"#,
            r#""appname":"okta""#,
            r#""appname":"sshd","event.category":"authentication","event.outcome":"failure""#,
        ] {
            records.push(format!(r#"{{{mark},"event.original":{text}}}"#));
            records.push(format!(r#"{{{mark},"message":{text}}}"#));
            if inner.starts_with('{') {
                records.push(format!(r#"{{{mark},"event":{inner},"data":{{"events":[{PUSHED},{text}]}}}}"#));
            }
            let nested = quoted(&format!(r#"{{"ResultType":"50140","message":{text}}}"#));
            records.push(format!(r#"{{{mark},"log":{nested}}}"#));
        }
    }
    records
}

#[test]
fn each_reader_gets_what_it_would_get_alone() {
    let records = records();
    for record in &records {
        assert_same(record.as_bytes());
    }
    assert_same(records.join(",").as_bytes());
}

#[test]
fn a_record_is_taken_apart_once() {
    let readers = readers();
    let mut decoder = trial::several("+00:00", readers.clone());
    for (record, times, events) in [
        (PUSHED, 1, 3),
        (ECS, 1, 4),
        // Decoded as XML, and for the other readers as text of Linux.
        (EVENT, 2, 2),
        // Three readers with two lists of codes. This sign-in is a failure in one of the lists.
        (AUDITED, 2, 3),
        (SIGN_IN, 2, 2),
    ] {
        let (given, misread, decodes) = read(&mut decoder, record.as_bytes(), readers.len());
        let got = given.iter().filter(|events| !events.is_empty()).count();
        assert_eq!((decodes, got, misread), (times, events, Misread::default()), "{record}");
    }
}

proptest! {
    #[test]
    fn broken_records_too(
        which in any::<proptest::sample::Index>(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..4, any::<u8>()), 1..4),
    ) {
        let records = records();
        let mut bytes = which.get(&records).clone().into_bytes();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len().max(1));
            match kind {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.extend_from_within(at..(at + 40).min(bytes.len())),
                2 => drop(bytes.drain(at..(at + 4).min(bytes.len()))),
                _ => bytes[at] = byte,
            }
        }
        assert_same(&bytes);
    }
}
