//! Helpers for the tests of decoders. A record goes all the way, through needles, envelope and dating.

use super::{Decoder, Reader};
use crate::analytic::Reads;
use crate::config::{Config, Settings};
use crate::dating::{Dating, Rules};
use crate::event::Event;
use crate::time::{Span, Timestamp};
use std::vec::Vec;
use std::{format, vec};

crate::settings! {
    /// Options without meaning here.
    pub struct Options {
        /// An option without effect.
        pub nothing: bool = false;
    }
}

/// The time of receipt in tests: 2026-03-01T10:01:40Z.
pub(crate) const RECEIVED: Timestamp = Timestamp(1_772_359_300_000_000);

/// The time of an event that is undated.
pub(crate) const UNDATED: Timestamp = Timestamp(0);

/// A decoder with one reader of `R`.
pub(crate) fn decoder<R: Reads>() -> Decoder<R> {
    decoder_in("+00:00")
}

/// A decoder with one reader of `R`, for this time zone.
pub(crate) fn decoder_in<R: Reads>(timezone: &str) -> Decoder<R> {
    several(timezone, vec![Reader { telemetry: R::TELEMETRY, extra_failure_codes: Vec::new() }])
}

/// A decoder for several readers.
pub(crate) fn several<R: Reads>(timezone: &str, readers: Vec<Reader>) -> Decoder<R> {
    let config = Config::<Options>::read(&format!(r#"{{"timezone": "{timezone}"}}"#), &[]).unwrap();
    assert!(!config.options.nothing && Options::FIELDS.len() == 1);
    Decoder::new(&config.common, readers)
}

/// The result of a decoder with one reader.
pub(crate) struct Reading {
    /// The events, dated as in a stream with receipt at [`RECEIVED`], or [`UNDATED`].
    pub events: Vec<Event<'static>>,
    /// True if the record was malformed.
    pub malformed: bool,
}

/// Decodes a record. Checks that a record with an event contains a needle.
pub(crate) fn read<R: Reads>(decoder: &mut Decoder<R>, record: &str) -> Reading {
    let (mut dating, mut events) = (Dating::default(), Vec::new());
    let timezone = decoder.timezone.clone();
    let rules = Rules { zone: timezone.zone(), max_ahead: Span(i64::MAX), undated_is_received: false };
    let misread = decoder.decode(record.as_bytes(), &mut |mut decoded| {
        assert_eq!(decoded.readers.count(), 1, "{record}");
        if dating.date(&mut decoded.event, &decoded.when, &rules, RECEIVED.into()).undated {
            decoded.event.time = UNDATED;
        }
        events.push(decoded.event.into_owned());
    });
    let lower = record.to_lowercase();
    let shown = decoder.needles().iter().any(|needle| lower.contains(&needle.to_lowercase()));
    assert!(events.is_empty() || shown, "an event without a needle: {record}");
    Reading { events, malformed: !misread.malformed.is_empty() }
}

/// The events of a valid record.
pub(crate) fn events<R: Reads>(record: &str) -> Vec<Event<'static>> {
    let read = read(&mut decoder::<R>(), record);
    assert!(!read.malformed, "{record}");
    read.events
}
