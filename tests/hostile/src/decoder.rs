//! Fuzz target: one record, given to the decoder of one family.

use crate::RECEIVED;
use authsieve_engine::analytic::{Analytic, Reads, Telemetry};
use authsieve_engine::config::Config;
use authsieve_engine::dating::{Dating, Rules};
use authsieve_engine::decode::{Decoded, Decoder, Misread, Reader, Readers};
use authsieve_engine::event::{Event, Provider, Shape, Signal, Text};
use authsieve_engine::stamp::Zone;
use authsieve_engine::time::Span;
use authsieve_suite::{analytics, each_analytic};
use memchr::memmem;

/// The rules for reading times.
const RULES: Rules<'_> = Rules { zone: Zone::UTC, max_ahead: Span(300_000_000), undated_is_received: false };

authsieve_engine::settings! {
    /// Options without meaning here.
    pub struct Options {
        /// An option without effect.
        pub nothing: bool = false;
    }
}

/// Reads all telemetry.
struct Everything;

impl Reads for Everything {
    const TELEMETRY: Telemetry = Telemetry::ANY;
}

fn decoder(readers: Vec<Reader>) -> Decoder<Everything> {
    let config = Config::<Options>::read("", &[]).expect("no options are valid");
    Decoder::new(&config.common, readers)
}

/// Checks that events are bounded by their record, canonical, and always the same. A record with an event must hold a
/// needle, or a prefilter would leave it out (Entra is an exception).
pub fn run(telemetry: Telemetry, bytes: &[u8]) {
    let mut decoder = decoder(vec![Reader { telemetry, extra_failure_codes: vec![50140, 7] }]);
    for record in bytes.split(|byte| *byte == b'\n') {
        let (malformed, events) = read(&mut decoder.aside(), record);
        // Entra's members are read in any spelling, but needles only cover the spellings in use. And a backslash
        // before a letter that needs none is no valid JSON, but is read.
        if !record.contains(&b'\\') && events.iter().any(|event| event.provider != Provider::Entra) {
            let lower = record.to_ascii_lowercase();
            let shown =
                |needle: &&str| memmem::find(&lower, needle.to_ascii_lowercase().as_bytes()).is_some();
            assert!(decoder.needles().iter().any(shown), "an event without a needle: {events:?}");
            assert!(decoder.sieve().is_some_and(|sieve| sieve.passes(record)), "held back: {events:?}");
        }
        let again = read(&mut decoder, record);
        assert_eq!((malformed, events), again, "another reading of the same record");
    }
}

/// Checks that readers who share a decoder get the same events as with decoders of their own: the same order and the
/// same fields. The record must be malformed for the same readers. The readers are those of all analytics, one with
/// codes of its own, and some that read less.
pub fn share(bytes: &[u8]) {
    let reader = |telemetry, codes: &[u32]| Reader { telemetry, extra_failure_codes: codes.into() };
    macro_rules! telemetry {
        (() $($id:ident)+) => { [$(<analytics::$id as Analytic>::TELEMETRY),+] };
    }
    let mut readers = vec![
        reader(Telemetry::LINUX, &[]),
        reader(Telemetry::OKTA, &[]),
        reader(Telemetry::ENTRA.and(Telemetry::AUDIT), &[50140, 50058]),
        reader(Telemetry::ENTRA.and(Telemetry::WINDOWS), &[50140]),
    ];
    readers.extend(each_analytic!(telemetry,).map(|telemetry| reader(telemetry, &[])));
    let mut together = decoder(readers.clone());
    let mut alone: Vec<_> = readers.into_iter().map(|reader| decoder(vec![reader])).collect();
    for record in bytes.split(|byte| *byte == b'\n') {
        let mut given = vec![Vec::new(); alone.len()];
        let misread = together.decode(record, &mut |Decoded { event, when, readers, part }| {
            let event = event.into_owned();
            for reader in readers.iter() {
                given[reader].push((event.clone(), when.stamp, part.to_vec()));
            }
        });
        for (place, (decoder, given)) in alone.iter_mut().zip(given).enumerate() {
            let mut own = Vec::new();
            let Misread { malformed, unread } =
                decoder.decode(record, &mut |Decoded { event, when, part, .. }| {
                    own.push((event.into_owned(), when.stamp, part.to_vec()));
                });
            assert_eq!(given, own, "reader {place}");
            assert_eq!(misread.malformed.has(place), !malformed.is_empty(), "reader {place}");
            assert_eq!(misread.unread.has(place), !unread.is_empty(), "reader {place}");
        }
    }
}

/// The readers for which a record is malformed, and its events, dated by a new [`Dating`].
fn read(decoder: &mut Decoder<Everything>, record: &[u8]) -> (Readers, Vec<Event<'static>>) {
    let (mut dating, mut events) = (Dating::default(), Vec::new());
    let misread = decoder.decode(record, &mut |Decoded { mut event, when, readers, part }| {
        assert_eq!(readers, Readers::first(1));
        dating.date(&mut event, &when, &RULES, RECEIVED.into());
        check(&event, record, part);
        events.push(event.into_owned());
    });
    (misread.malformed, events)
}

fn check(event: &Event<'_>, record: &[u8], part: &[u8]) {
    assert!(event.count >= 1, "{event:?}");
    // An unfolded record repeats what surrounds it, at most 4 KiB. LAUREL's names are in hexadecimal.
    assert!(part.len() <= 2 * record.len() + 4608, "evidence much longer than its record");
    // An event that replaces the line before it has no shape of its own.
    let has_shape = event.shape != Shape::Unknown || event.signal == Signal::Repeated;
    assert!(has_shape && event.provider != Provider::Unknown, "{event:?}");
    assert_eq!(event.src_ip, event.src_ip.map(|address| address.to_canonical()), "{event:?}");
    let Event { user, domain, src_name, tty, user_agent, service, host, method, .. } = event;
    let Event { reason, status, reason_text, application, device, os, transaction, .. } = event;
    let texts: [&Text<'_>; 15] = [
        user,
        domain,
        src_name,
        tty,
        user_agent,
        service,
        host,
        method,
        reason,
        status,
        reason_text,
        application,
        device,
        os,
        transaction,
    ];
    for text in texts {
        // A byte that is no UTF-8 becomes three bytes. Names of codes are not from the record.
        assert!(text.len() <= 3 * record.len() + 128, "a text longer than its record: {event:?}");
    }
}
