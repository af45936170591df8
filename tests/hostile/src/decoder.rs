//! One record, given to the decoder of one family.

use crate::RECEIVED;
use authsieve_engine::analytic::{Reads, Telemetry};
use authsieve_engine::config::Config;
use authsieve_engine::dating::Dating;
use authsieve_engine::decode::{Decoded, Decoder, Reader, Readers};
use authsieve_engine::event::{Event, Provider, Shape, Text};
use memchr::memmem;

authsieve_engine::settings! {
    /// None of interest.
    pub struct Options {
        /// Nothing.
        pub nothing: bool = false;
    }
}

/// Types that read one family each.
macro_rules! reads {
    ($($name:ident = $telemetry:expr;)*) => { $(
        pub struct $name;
        impl Reads for $name {
            const TELEMETRY: Telemetry = $telemetry;
        }
    )* };
}

reads! {
    Linux = Telemetry::LINUX;
    Normalised = Telemetry::NORMALISED;
    Carried = Telemetry::LINUX.and(Telemetry::NORMALISED);
    Windows = Telemetry::WINDOWS;
    Entra = Telemetry::ENTRA;
    Audit = Telemetry::AUDIT;
    Iis = Telemetry::IIS;
    Exchange = Telemetry::EXCHANGE;
    Okta = Telemetry::OKTA;
    Duo = Telemetry::DUO;
    Auth0 = Telemetry::AUTH0;
    Macos = Telemetry::MACOS;
}

/// What must hold: events are bounded by their record, canonical, the same each time; and a record of which there is
/// an event holds a needle, or a host would not have let it through (Entra aside).
pub fn run<R: Reads>(bytes: &[u8]) {
    let config = Config::<Options>::read("", &[]).expect("no options are valid");
    let reader = Reader { telemetry: R::TELEMETRY, extra_failure_codes: vec![50140, 7] };
    let mut decoder = Decoder::<R>::new(&config.common, vec![reader]);
    for record in bytes.split(|byte| *byte == b'\n') {
        let (malformed, events) = read(&mut decoder.aside(), record);
        // Entra's members are known in any spelling, of which needles cover those that are in use. And a backslash before
        // a letter that needs none is no JSON, but read.
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

/// For whom a record is malformed, and its events, dated by a new [`Dating`].
fn read<R: Reads>(decoder: &mut Decoder<R>, record: &[u8]) -> (Readers, Vec<Event<'static>>) {
    let (mut dating, mut events) = (Dating::default(), Vec::new());
    let malformed = decoder.decode(record, &mut |Decoded { mut event, stamp, zone, readers, part }| {
        assert_eq!(readers, Readers::first(1));
        dating.date(&mut event, stamp, zone, RECEIVED);
        check(&event, record, part);
        events.push(event.into_owned());
    });
    (malformed, events)
}

fn check(event: &Event<'_>, record: &[u8], part: &[u8]) {
    assert!(event.count >= 1, "{event:?}");
    assert!(part.len() <= record.len(), "evidence longer than its record");
    assert!(event.shape != Shape::Unknown && event.provider != Provider::Unknown, "{event:?}");
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
        // A byte that is no UTF-8 becomes three; names of codes are not of the record.
        assert!(text.len() <= 3 * record.len() + 128, "a text longer than its record: {event:?}");
    }
}
