//! From a record to its events: the shape is recognised by content, and nothing but what the analytic reads is looked
//! for.
//!
//! A record is raw text or JSON. Raw text begins with a syslog header, or is the audit log's own. JSON is an envelope
//! around such text, or a normalised event. What a record does not say is completed here: the time by its header, its
//! envelope, and at last by its receipt; the year that RFC 3164 leaves out by the time of receipt and the host's
//! records before.

use crate::analytic::{Reads, Telemetry};
use crate::config::Common;
use crate::envelope::{self, Envelope, Opened, Scratch, lent};
use crate::event::{Event, Text, text};
use crate::linux::{self, header};
use crate::order::sort;
use crate::shapes::{self, Given, Said};
use crate::sieve::Sieve;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::stamp::{Stamp, Zone};
use crate::time::Timestamp;
use crate::years::{MAX_HOSTS, Years};
use alloc::vec::Vec;
use core::marker::PhantomData;

/// The record is of a known shape and cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What shows that a record may hold a text in which no needle stands as it is: ASCII letters that an encoder has
/// escaped, and the bytes as numbers that journald writes for what is no UTF-8.
const ENCODED: [&str; 5] = ["\\u00", "message\":[", "message\": [", "message\" :[", "message\" : ["];

/// What a [`Sieve`] looks for instead of the shortest needles, since the shortest sets its pace, and of one that stands in
/// much that says nothing. A record that says something by such a needle holds one of these.
const LONGER: [(&str, &[&str]); 6] = [
    ("fail", &["failed", "failure", "auth fail"]),
    // As su, sudo and login write terminals, with or without `/dev/`.
    ("pts", &[" on pts", "+ pts", "- pts", " /dev", " \\/dev", " tty="]),
    ("tty", &[" on tty", "+ tty", "- tty", "logged in"]),
    ("\\u00", &["\\u002", "\\u003", "\\u004", "\\u005", "\\u006", "\\u007"]),
    // Most sessions are those of cron and systemd.
    ("session opened", SESSIONS),
    // `class_uid` of OCSF, whatever stands between it and its number.
    ("3002", &["class_uid"]),
];

/// As PAM's modules begin to tell of a session through which a person logs in.
const SESSIONS: &[&str] = &[
    "(sshd:session): session opened",
    "(sshd-session:session): session opened",
    "(sshd-auth:session): session opened",
    "(login:session): session opened",
    "(su:session): session opened",
    "(su-l:session): session opened",
    "(sudo:session): session opened",
    "(sudo-i:session): session opened",
    "(session): session opened",
    "pam_unix: session opened",
    "(pam_unix)",
];

/// Times that RFC 3339 can write, from year 1 to year 9999. Nobody's clock is elsewhere.
const POSSIBLE: core::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// Reads records. Its only state are the years it has inferred, and buffers.
#[derive(Debug)]
pub struct Decoder<R> {
    reads: PhantomData<R>,
    zone: Zone,
    extra_failure_codes: Vec<u32>,
    max_record: usize,
    needles: Vec<&'static str>,
    years: Years,
    scratch: Scratch,
}

impl<R: Reads> Decoder<R> {
    /// A decoder for the telemetry that `R` reads. Codes of sign-in and audit logs beyond the usual ones count as
    /// failures.
    #[must_use]
    pub fn new(common: &Common, extra_failure_codes: Vec<u32>) -> Self {
        let mut needles = Vec::new();
        for (family, literals) in [(Telemetry::LINUX, linux::NEEDLES)].iter().chain(&shapes::NEEDLES) {
            if R::TELEMETRY.has(*family) {
                needles.extend_from_slice(literals);
            }
        }
        needles.extend_from_slice(&ENCODED);
        sort(&mut needles, |one, other| one < other);
        needles.dedup();
        Self {
            reads: PhantomData,
            zone: common.timezone,
            extra_failure_codes,
            max_record: common.max_record.0 as usize,
            needles,
            years: Years::default(),
            scratch: Scratch::default(),
        }
    }

    /// The literals of which any record that says something contains at least one, compared without ASCII case.
    #[must_use]
    pub fn needles(&self) -> &[&'static str] {
        &self.needles
    }

    /// The same for hosts without vector instructions, or `None` where all records may say something.
    #[must_use]
    pub fn sieve(&self) -> Option<Sieve> {
        let mut literals = Vec::new();
        for needle in &self.needles {
            match LONGER.iter().find(|(short, _)| short == needle) {
                Some((_, longer)) => literals.extend_from_slice(longer),
                None => literals.push(needle),
            }
        }
        Sieve::new(&literals)
    }

    /// The length of the longest record it is to be given, in bytes.
    #[must_use]
    pub const fn max_record(&self) -> usize {
        self.max_record
    }

    /// The same decoder for a moment, so that what it learns is forgotten.
    #[must_use]
    pub fn aside(&self) -> Self {
        Self {
            needles: Vec::new(),
            years: self.years.clone(),
            scratch: Scratch::default(),
            reads: PhantomData,
            extra_failure_codes: self.extra_failure_codes.clone(),
            zone: self.zone,
            max_record: self.max_record,
        }
    }

    /// Hands the events of one record to `sink`, each with the part of the record that speaks of it. O(bytes); allocates nothing in the ordinary case.
    ///
    /// # Errors
    /// Where it is JSON that does not end where it should. Events before that place have been handed out.
    pub fn decode(
        &mut self,
        record: &[u8],
        received: Timestamp,
        sink: &mut dyn FnMut(Event<'_>, &[u8]),
    ) -> Result<(), Malformed> {
        // A log that lost power begins with zeros where it goes on.
        let start = record.iter().position(|byte| *byte != 0).unwrap_or(record.len());
        let record = record.get(start..).unwrap_or_default().trim_ascii();
        let Self { zone, years, scratch, extra_failure_codes, .. } = self;
        let given = Given { zone: *zone, extra_failure_codes };
        let mut context = Context { reads: PhantomData::<R>, given, years, received };
        if !is_json(record) {
            if R::TELEMETRY.has(Telemetry::WINDOWS)
                && let Some(xml) = xml(record, Telemetry::ANY, *zone)
            {
                context.said(shapes::windows::decode_xml(xml, given), None, &mut |event| sink(event, record));
            } else if R::TELEMETRY.has(Telemetry::LINUX) {
                context.line(record, &mut |event| sink(event, record));
            }
            // Senders of JSON through syslog put a header before it. Its program owns the text, whatever that says of
            // a sender: only records with fields of their own are read there, and only those that it passes on.
            if !Telemetry::LINUX.and(Telemetry::NORMALISED).has(R::TELEMETRY)
                && let Some((json, lends)) = behind_header(record, b'{', *zone)
            {
                envelope::each::<R>(json, *zone, lends, scratch, &mut |opened| {
                    if let Some(shape) = &opened.shape {
                        let said = shapes::decode::<R>(shape.family, &shape.object, given);
                        context.said(said, None, &mut |event| sink(event, opened.raw));
                    }
                });
            }
            return Ok(());
        }
        let mut malformed = false;
        envelope::each::<R>(record, *zone, Telemetry::ANY, scratch, &mut |opened| {
            malformed |= opened.malformed;
            context.opened(&opened, &mut |event| sink(event, opened.raw));
        });
        if malformed { Err(Malformed) } else { Ok(()) }
    }

    /// Writes what it has learnt.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.years.len());
        for (host, last) in self.years.entries() {
            out.bytes(host);
            out.i64(last.0);
        }
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<()> {
        let hosts = input.count(9)?;
        if hosts > MAX_HOSTS {
            return Err(SnapshotError::Invalid("the years of hosts"));
        }
        for _ in 0..hosts {
            let host = input.bytes()?;
            let last = Timestamp(input.i64()?);
            self.years.restore(host, last);
        }
        Ok(())
    }
}

/// A record that is to be read as JSON. A line may begin with a bracket of its own: `[sshd]`, `[ 12.345] kernel`.
fn is_json(record: &[u8]) -> bool {
    match record.split_first() {
        Some((b'{', _)) => true,
        Some((b'[', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'{' | b'"' | b'[' | b']')),
        _ => false,
    }
}

/// The JSON object or XML, by its first byte, that a syslog line consists of, its header aside; and of which families
/// it can be.
fn behind_header(line: &[u8], first: u8, zone: Zone) -> Option<(&[u8], Telemetry)> {
    let header = header::parse(line, zone)?;
    let lends = (header.message.first() == Some(&first)).then(|| lent(header.program))?;
    (lends != Telemetry::NONE).then_some((header.message, lends))
}

/// The event as XML that a text consists of, a syslog header aside, where its keeper passes on such records.
fn xml(text: &[u8], lends: Telemetry, zone: Zone) -> Option<&[u8]> {
    let (text, lends) = match shapes::windows::is_xml(text) {
        true => (text, lends),
        false => {
            let (text, behind) = behind_header(text, b'<', zone)?;
            (text, lends.common(behind))
        }
    };
    (lends.has(Telemetry::WINDOWS) && shapes::windows::is_xml(text)).then_some(text)
}

/// What is the same for all events of one record.
struct Context<'d, R> {
    reads: PhantomData<R>,
    given: Given<'d>,
    years: &'d mut Years,
    received: Timestamp,
}

impl<R: Reads> Context<'_, R> {
    /// A raw line: a syslog header and a message, or the audit log's own.
    fn line(&mut self, line: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        if let Some(event) = linux::audit::decode(line) {
            return self.finish(event, None, &Envelope::default(), sink);
        }
        let Some(header) = header::parse(line, self.given.zone) else { return };
        if let Some(event) = linux::decode(header.program, header.message) {
            self.finish(event, Some(&header), &Envelope::default(), sink);
        }
    }

    /// A JSON record. Its text goes before its normalised fields where the text's program is one of ours: one record
    /// never says two things.
    fn opened(&mut self, opened: &Opened<'_>, sink: &mut dyn FnMut(Event<'_>)) {
        let envelope = opened.envelope.as_ref();
        if let Some(envelope) = envelope.filter(|_| R::TELEMETRY.has(Telemetry::LINUX))
            && (self.text(envelope, sink) || envelope.speaks_linux())
        {
            return;
        }
        if let Some(shape) = &opened.shape {
            let said = shapes::decode::<R>(shape.family, &shape.object, self.given);
            self.said(said, envelope, sink);
        } else if R::TELEMETRY.has(Telemetry::WINDOWS)
            && let Some(envelope) = envelope
            && let Some(xml) = xml(envelope.text, opened.lends, self.given.zone)
        {
            self.said(shapes::windows::decode_xml(xml, self.given), Some(envelope), sink);
        }
    }

    /// What a decoder of fields made of a record, completed by what stands around it.
    fn said<'e>(&mut self, said: Said<'e>, envelope: Option<&Envelope<'e>>, sink: &mut dyn FnMut(Event<'_>)) {
        if let Some((event, stamp)) = said {
            let around = envelope.cloned().unwrap_or_default();
            let around = Envelope { time: stamp.or(around.time), ..around };
            self.finish(event, None, &around, sink);
        }
    }

    /// The text of an envelope. Whether it said something.
    fn text(&mut self, envelope: &Envelope<'_>, sink: &mut dyn FnMut(Event<'_>)) -> bool {
        let header = header::parse(envelope.text, self.given.zone)
            .filter(|header| envelope.yields_to(header.program, header.stamp.is_some()));
        let (program, message) = match &header {
            Some(header) => (header.program, header.message),
            None => (envelope.program.as_bytes(), envelope.text),
        };
        let event = match linux::decode(program, message) {
            None if header.is_none() && program.is_empty() => linux::audit::decode(message),
            event => event,
        };
        let said = event.is_some();
        if let Some(event) = event {
            self.finish(event, header.as_ref(), envelope, sink);
        }
        said
    }

    /// Completes an event by its header, its envelope and its receipt, in this order.
    fn finish<'e>(
        &mut self,
        mut event: Event<'e>,
        header: Option<&header::Header<'e>>,
        envelope: &'e Envelope<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        if event.host.is_empty() {
            event.host = match header {
                Some(header) if !header.host.is_empty() => text(header.host),
                _ => Text::Borrowed(&envelope.host),
            };
        }
        event.pid = event.pid.or(header.and_then(|h| h.pid)).or(envelope.pid);
        if event.time == Timestamp::default() {
            event.time = match header.and_then(|h| h.stamp).or(envelope.time) {
                Some(Stamp::At(time)) => time,
                Some(Stamp::Yearless(stamp)) => {
                    self.years.resolve(event.host.as_bytes(), stamp, self.given.zone, self.received)
                }
                None => self.received,
            };
        }
        if !POSSIBLE.contains(&event.time.0) {
            event.time = self.received;
        }
        event.count = event.count.max(1);
        sink(event);
    }
}

#[cfg(test)]
pub(crate) mod tests;
