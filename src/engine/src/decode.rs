//! Turns a record into its events. The content decides the shape, and only the fields that the readers need are
//! searched.
//!
//! A record is raw text or JSON. Raw text begins with a syslog header, or is from the audit log. JSON is an envelope
//! around such a text, or a normalised event. Header and envelope add what the text does not say.
//!
//! A decoder reads for one analytic or for several ([`Reader`]). It reads each record once, and names the readers of
//! each event. Every reader gets the same events as from its own decoder. A decoder has no state except buffers.
//! [`Dating`](crate::dating::Dating), which belongs to one analytic, decides when an event happened.

use crate::analytic::{Reads, Telemetry};
use crate::carriers::prefix;
use crate::config::{Common, Timezone};
use crate::envelope::{Envelope, Opened, Opener, Scratch, Trust, in_container, lent};
use crate::event::{Event, Text, text};
use crate::json::Object;
use crate::net::Cidr;
use crate::order::sort;
use crate::readers::Audience;
pub use crate::readers::{Reader, Readers};
use crate::shapes::linux::{self, header};
use crate::shapes::{self, FAMILIES, Family, Given, Grasp, Said};
use crate::sieve::Sieve;
use crate::stamp::{Order, Stamp, Zone};
use crate::time::Timestamp;
use crate::times::When;
use alloc::vec::Vec;
use core::cell::{Cell, LazyCell};
use core::marker::PhantomData;
use source::Source;
use unread::Signs;

mod source;
mod text;
mod unread;

/// The most prefixes that are removed from a line.
const PREFIXES: usize = 3;

/// Signs that a record may contain a text in which no needle can be found. They are ASCII letters that an encoder has
/// escaped, and the numbers that journald writes for bytes that are not UTF-8.
const ENCODED: [&str; 21] = [
    "\\u002",
    "\\u003",
    "\\u004",
    "\\u005",
    "\\u006",
    "\\u007",
    "message\":[",
    "message\": [",
    "message\":  [",
    "message\":\t[",
    "message\" :[",
    "message\" : [",
    // The same inside a string, and inside a string within a string.
    "message\\\":[",
    "message\\\": [",
    "message\\\":  [",
    "message\\\" :[",
    "message\\\" : [",
    "message\\\\\\\":[",
    "message\\\\\\\": [",
    "message\\\\\\\" :[",
    "message\\\\\\\" : [",
];

/// Texts that a [`Sieve`] looks for in place of the shortest needles, because the shortest text decides its speed. A
/// record that matters by such a needle contains one of these texts.
const LONGER: [(&str, &[&str]); 1] = [
    // `class_uid` of OCSF, which may be separated from its number in any way.
    ("3002", &["class_uid"]),
];

/// An event as it was read.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The event. Its time is set only if `stamp` is a point in time.
    pub event: Event<'a>,
    /// The time, from the event itself, its header, its envelope, or other fields of its record.
    pub when: When<'a>,
    /// The readers of the event.
    pub readers: Readers,
    /// The part of the record with the event. In a batch, the one item.
    pub part: &'a [u8],
}

/// The readers for which a record could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misread {
    /// The record is broken JSON.
    pub malformed: Readers,
    /// The record has no known layout, but a sign of a login.
    pub unread: Readers,
}

/// Reads records for one analytic or for several. `R` is what any of them may read: there is no code for other
/// families.
#[derive(Debug)]
pub struct Decoder<R> {
    reads: PhantomData<R>,
    timezone: Timezone,
    order: Option<Order>,
    trusted_proxies: Vec<Cidr>,
    max_record: usize,
    telemetry: Vec<Telemetry>,
    audience: Audience,
    needles: Vec<&'static str>,
    signs: Signs,
    scratch: Scratch,
    decodes: u64,
}

impl<R: Reads> Decoder<R> {
    /// Creates a decoder for these readers, at most [`Readers::MOST`]. A reader gets only families that `R` reads.
    #[must_use]
    pub fn new(common: &Common, mut readers: Vec<Reader>) -> Self {
        for reader in &mut readers {
            reader.telemetry = reader.telemetry.common(R::TELEMETRY);
        }
        let telemetry: Vec<Telemetry> = readers.iter().map(|reader| reader.telemetry).collect();
        let union = telemetry.iter().fold(Telemetry::NONE, |union, one| union.and(*one));
        Self {
            reads: PhantomData,
            timezone: common.timezone.clone(),
            order: common.date_order.order(),
            trusted_proxies: common.trusted_proxies.clone(),
            max_record: common.max_record.0 as usize,
            telemetry,
            audience: Audience::new(readers),
            needles: needles::<R>(union),
            signs: Signs::new(union),
            scratch: Scratch::default(),
            decodes: 0,
        }
    }

    /// The needles: each record that matters to any reader contains at least one of them, in any ASCII case.
    #[must_use]
    pub fn needles(&self) -> &[&'static str] {
        &self.needles
    }

    /// The needles of the reader with this index. Empty for an unknown index.
    #[must_use]
    pub fn needles_of(&self, reader: usize) -> Vec<&'static str> {
        self.telemetry.get(reader).map(|telemetry| needles::<R>(*telemetry)).unwrap_or_default()
    }

    /// A sieve for the needles, for hosts without vector instructions. `None` if every record may matter.
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

    /// The longest record that a caller may pass, in bytes.
    #[must_use]
    pub const fn max_record(&self) -> usize {
        self.max_record
    }

    /// The number of times that a family's record or a text was decoded, since the decoder was made.
    #[must_use]
    pub const fn decodes(&self) -> u64 {
        self.decodes
    }

    /// A decoder for the same readers with its own buffers. It reports no unread records.
    #[must_use]
    pub fn aside(&self) -> Self {
        Self {
            reads: PhantomData,
            timezone: self.timezone.clone(),
            order: self.order,
            trusted_proxies: self.trusted_proxies.clone(),
            max_record: self.max_record,
            telemetry: self.telemetry.clone(),
            audience: self.audience.clone(),
            needles: self.needles.clone(),
            signs: Signs::NONE,
            scratch: Scratch::default(),
            decodes: 0,
        }
    }

    /// Passes the events of one record to `sink`, and returns the readers for which the record could not be read. In
    /// broken JSON, the events before the broken place are still passed on. O(bytes); usually allocates nothing.
    pub fn decode(&mut self, record: &[u8], sink: &mut dyn FnMut(Decoded<'_>)) -> Misread {
        // After a loss of power, a log continues with zero bytes.
        let start = record.iter().position(|byte| *byte != 0).unwrap_or(record.len());
        let record = record.get(start..).unwrap_or_default().trim_ascii();
        let Self { timezone, order, trusted_proxies, audience, signs, scratch, decodes, .. } = self;
        let (zone, audience) = (timezone.zone().open().with_order(*order), &*audience);
        let around = Envelope::default();
        let (mut malformed, mut known) = (Readers::NONE, Readers::NONE);
        let mut reading = Reading {
            reads: PhantomData::<R>,
            zone,
            trusted_proxies,
            audience,
            decodes,
            known: &mut known,
            sink,
            around,
            left: PREFIXES,
        };
        if is_json(record) {
            let mut opened = |opened: Opened<'_>| {
                if opened.malformed {
                    malformed = malformed.and(opened.readers);
                }
                reading.opened(&opened);
            };
            let mut opener = Opener { zone, audience, sink: &mut opened };
            opener.each(record, Telemetry::ANY, audience.all, scratch);
        } else {
            reading.line(record, scratch);
        }
        let left = audience.all.without(known).without(malformed);
        Misread { malformed, unread: signs.shown(record, left, |family| audience.reads(family)) }
    }
}

/// The needles of the families that a type reads.
struct Own<R>(PhantomData<R>);

impl<R: Reads> Own<R> {
    /// The needles of each family. Empty for families that the type does not read, so a module contains no others.
    const NEEDLES: [&'static [&'static str]; FAMILIES] = {
        let mut own = shapes::NEEDLES;
        let mut at = 0;
        while at < FAMILIES {
            if !R::TELEMETRY.has(Family::ALL[at].telemetry()) {
                own[at] = &[];
            }
            at += 1;
        }
        own
    };
}

/// The needles for a telemetry: each record that matters to its readers contains at least one.
fn needles<R: Reads>(telemetry: Telemetry) -> Vec<&'static str> {
    let mut needles = Vec::new();
    for (family, literals) in Family::ALL.into_iter().zip(Own::<R>::NEEDLES) {
        if telemetry.has(family.telemetry()) {
            needles.extend_from_slice(literals);
        }
    }
    needles.extend_from_slice(&ENCODED);
    sort(&mut needles, |one, other| one < other);
    needles.dedup();
    needles
}

/// True if a record has to be read as JSON. A line may begin with a bracket of its own: `[sshd]`, `[ 12.345] kernel`.
fn is_json(record: &[u8]) -> bool {
    match record.split_first() {
        Some((b'{', _)) => true,
        Some((b'[', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'{' | b'"' | b'[' | b']')),
        _ => false,
    }
}

/// The JSON object or XML after the header of a syslog line, if its first byte is `first`. Also the families to which
/// it may belong.
fn behind_header<'a>(header: Option<&header::Header<'a>>, first: u8) -> Option<(&'a [u8], Telemetry)> {
    let header = header?;
    let lends = (header.message.first() == Some(&first)).then(|| lent(header.program))?;
    (lends != Telemetry::NONE).then_some((header.message, lends))
}

/// The XML event that a text consists of, without a syslog header. `None` if the keeper of the text does not pass on
/// such records.
fn xml<'a>(
    text: &'a [u8],
    header: &LazyCell<Option<header::Header<'a>>, impl FnOnce() -> Option<header::Header<'a>>>,
    lends: Telemetry,
) -> Option<&'a [u8]> {
    let (text, lends) = match shapes::is_xml(text) {
        true => (text, lends),
        false => {
            let (text, behind) = behind_header(header.as_ref(), b'<')?;
            (text, lends.common(behind))
        }
    };
    (lends.has(Telemetry::WINDOWS) && shapes::is_xml(text)).then_some(text)
}

/// The state of reading one record.
struct Reading<'d, R> {
    reads: PhantomData<R>,
    zone: Zone<'d>,
    trusted_proxies: &'d [Cidr],
    audience: &'d Audience,
    decodes: &'d mut u64,
    /// The readers that got an event, or for which it is known why there is none.
    known: &'d mut Readers,
    sink: &'d mut dyn FnMut(Decoded<'_>),
    /// The host and time from removed prefixes. They are used only if nothing else gives them.
    around: Envelope<'d>,
    /// The number of prefixes that may still be removed.
    left: usize,
}

impl<R: Reads> Reading<'_, R> {
    /// Reads a raw line: a syslog header and a message, a line of the audit log, an XML event, or JSON after a header.
    /// Each of these may follow the prefix of a tool.
    fn line(&mut self, line: &[u8], scratch: &mut Scratch) {
        let readers = self.audience.all;
        self.line_for(line, readers, scratch);
    }

    fn line_for(&mut self, line: &[u8], mut left: Readers, scratch: &mut Scratch) {
        let zone = self.zone;
        let header = LazyCell::new(|| header::parse(line, zone));
        if R::TELEMETRY.has(Telemetry::WINDOWS) {
            let windows = self.audience.reads(Family::Windows).common(left);
            if !windows.is_empty()
                && let Some(xml) = xml(line, &header, Telemetry::ANY)
            {
                self.xml(xml, None, windows, line);
                left = left.without(windows);
            }
        }
        let linux = self.audience.linux.common(left);
        if R::TELEMETRY.has(Telemetry::LINUX) && !linux.is_empty() {
            let said = match shapes::is_xml(line) {
                true => {
                    *self.decodes += 1;
                    self.said(linux::openssh::decode_xml(line), &Object::EMPTY, None, linux, line);
                    self.knows(linux);
                    true
                }
                false => self.linux_line(line, &header, linux),
            };
            left = if said { left.without(linux) } else { left };
        }
        // Programs that send JSON through syslog put a header before it. The program in the header owns the text,
        // whatever the text says about a sender. So only records with their own fields are read there, and only those
        // that the program passes on.
        const TEXT_AND_NORMALISED: Telemetry = Telemetry::LINUX.and(Telemetry::NORMALISED);
        let readers = self.audience.behind_headers.common(left);
        if !TEXT_AND_NORMALISED.has(R::TELEMETRY)
            && !readers.is_empty()
            && let Some((json, lends)) = behind_header(header.as_ref(), b'{')
        {
            let audience = self.audience;
            let mut opened = |opened: Opened<'_>| {
                self.shaped(&opened, None, opened.readers);
            };
            Opener { zone, audience, sink: &mut opened }.each(json, lends, readers, scratch);
            left = left.without(readers);
        }
        left = left.without(self.texts(line, None, Telemetry::ANY, left, line));
        if !left.is_empty() {
            self.prefixed(line, left, scratch);
        }
    }

    /// Reads a text that is a record of a family. Returns the readers that got an event.
    fn texts(
        &mut self,
        text: &[u8],
        envelope: Option<&Envelope<'_>>,
        lends: Telemetry,
        readers: Readers,
        part: &[u8],
    ) -> Readers {
        let grasp = Cell::default();
        let given = Given { zone: self.zone, grasp: Some(&grasp), ..Given::UTC };
        let mut said = Readers::NONE;
        for family in Family::ALL {
            let readers = readers.common(self.audience.reads(family));
            if readers.is_empty() || !lends.has(family.telemetry()) {
                continue;
            }
            let found = shapes::decode_text::<R>(family, text, given);
            if found.is_some() {
                said = said.and(readers);
                self.said(found, &Object::EMPTY, envelope, readers, part);
            } else if grasp.take() == Grasp::Whole {
                self.knows(readers);
            }
        }
        said
    }

    /// Reads a line after the prefix of a tool.
    fn prefixed(&mut self, line: &[u8], readers: Readers, scratch: &mut Scratch) {
        let Some(left) = self.left.checked_sub(1) else { return };
        let Some(found) = prefix::strip(line, self.zone) else { return };
        let around = Envelope {
            host: if found.host.is_empty() { self.around.host.clone() } else { text(found.host) },
            time: found.stamp.or(self.around.time),
            ..Envelope::default()
        };
        let (zone, audience) = (self.zone, self.audience);
        let sink = &mut *self.sink;
        let mut inner = Reading {
            reads: PhantomData::<R>,
            zone,
            trusted_proxies: self.trusted_proxies,
            audience,
            decodes: &mut *self.decodes,
            known: &mut *self.known,
            sink,
            around,
            left,
        };
        if is_json(found.rest) {
            let around = inner.around.clone();
            let mut opened = |mut opened: Opened<'_>| {
                if let Some(envelope) = &mut opened.envelope {
                    envelope.time = envelope.time.or(around.time);
                    if envelope.host.is_empty() {
                        envelope.host = around.host.clone().into_owned().into();
                    }
                }
                inner.opened(&opened);
            };
            Opener { zone, audience, sink: &mut opened }.each(found.rest, Telemetry::ANY, readers, scratch);
            return;
        }
        let (mut readers, linux) = (readers, audience.linux.common(readers));
        if found.stream && R::TELEMETRY.has(Telemetry::LINUX) && !linux.is_empty() {
            let program = in_container(text(found.container));
            let trust = if program.is_empty() { Trust::Unnamed } else { Trust::Labelled };
            let pid = found.pid;
            let stream =
                Envelope { text: found.rest, program, trust, pid, stream: true, ..inner.around.clone() };
            inner.text(&stream, &Object::EMPTY, linux, line);
            readers = readers.without(linux);
        }
        if !readers.is_empty() {
            inner.line_for(found.rest, readers, scratch);
        }
    }

    /// Reads a raw line of Linux. Returns true if it gave an event or repeats one.
    fn linux_line<'l>(
        &mut self,
        line: &'l [u8],
        header: &LazyCell<Option<header::Header<'l>>, impl FnOnce() -> Option<header::Header<'l>>>,
        readers: Readers,
    ) -> bool {
        *self.decodes += 1;
        let around = self.around.clone();
        if let Some(event) = linux::audit::decode(line) {
            // `ausearch -i` writes the time as text.
            let written = linux::audit::written(line, self.zone);
            let written = written.map(|stamp| header::Header { stamp: Some(stamp), ..header::Header::EMPTY });
            self.finish(event, written.as_ref(), Source::Line, &around, readers, line);
            return true;
        }
        if let Some(repeat) = header::repeated(line, self.zone) {
            self.repeated(&repeat, Source::Line, &around, readers, line);
            return true;
        }
        let event = header.as_ref().and_then(|header| linux::decode(header.program, header.message));
        let said = event.is_some();
        if let Some(event) = event {
            self.finish(event, header.as_ref(), Source::Line, &around, readers, line);
        } else if linux::audit::knows(line)
            || header.as_ref().is_some_and(|header| {
                linux::knows(header.program, header.message)
                    || header.pid.is_some() && linux::is_of_another(header.program, header.message)
            })
        {
            self.knows(readers);
        }
        said
    }

    /// Reads a JSON record. If the text is from a program that we read, the text wins over the normalised fields: one
    /// record never gives two results.
    fn opened(&mut self, opened: &Opened<'_>) {
        let envelope = opened.envelope.as_ref();
        let mut readers = opened.readers;
        if opened.forged {
            self.knows(readers);
        }
        if R::TELEMETRY.has(Telemetry::LINUX)
            && let Some(envelope) = envelope
        {
            let linux = readers.common(self.audience.linux);
            if !linux.is_empty()
                && (self.text(envelope, &opened.object, linux, opened.raw) || envelope.speaks_linux())
            {
                readers = readers.without(linux);
            }
        }
        if R::TELEMETRY.has(Telemetry::LINUX) && opened.openssh {
            let linux = readers.common(self.audience.linux);
            if !linux.is_empty() {
                self.said(linux::openssh::decode(&opened.object), &Object::EMPTY, None, linux, opened.raw);
                self.knows(linux);
            }
        }
        let readers = self.shaped(opened, envelope, readers);
        if R::TELEMETRY.has(Telemetry::WINDOWS)
            && let Some(envelope) = envelope
        {
            let windows = readers.common(self.audience.reads(Family::Windows));
            let zone = self.zone;
            let header = LazyCell::new(|| header::parse(envelope.text, zone));
            if !windows.is_empty()
                && let Some(xml) = xml(envelope.text, &header, opened.lends)
            {
                self.xml(xml, Some(envelope), windows, opened.raw);
            }
        }
        if let Some(envelope) = envelope
            && !readers.is_empty()
            && !shapes::is_xml(envelope.text)
        {
            self.texts(envelope.text, Some(envelope), opened.lends, readers, opened.raw);
        }
    }

    /// Decodes a record with marks by its families. Returns the readers for which the record belongs to no family.
    fn shaped(
        &mut self,
        opened: &Opened<'_>,
        envelope: Option<&Envelope<'_>>,
        mut readers: Readers,
    ) -> Readers {
        for (family, takers) in opened.marks.takers(readers, self.audience) {
            readers = readers.without(takers);
            let takers = takers.common(self.audience.reads(family));
            if family.has_codes() {
                let audience = self.audience;
                for (codes, takers) in audience.by_codes(takers) {
                    self.family(family, opened, codes, envelope, takers);
                }
            } else if !takers.is_empty() {
                self.family(family, opened, &[], envelope, takers);
            }
        }
        readers
    }

    /// Decodes a record by one family.
    fn family(
        &mut self,
        family: Family,
        opened: &Opened<'_>,
        codes: &[u32],
        envelope: Option<&Envelope<'_>>,
        readers: Readers,
    ) {
        *self.decodes += 1;
        let grasp = Cell::default();
        let given = Given {
            zone: self.zone,
            extra_failure_codes: codes,
            trusted_proxies: self.trusted_proxies,
            grasp: Some(&grasp),
        };
        let said = shapes::decode::<R>(family, &opened.object, given);
        self.understood(grasp.get(), readers);
        self.said(said, &opened.object, envelope, readers, opened.raw);
    }

    /// Reads an XML event.
    fn xml(&mut self, xml: &[u8], envelope: Option<&Envelope<'_>>, readers: Readers, part: &[u8]) {
        *self.decodes += 1;
        let grasp = Cell::default();
        let given = Given { zone: self.zone, grasp: Some(&grasp), ..Given::UTC };
        let said = shapes::windows::decode_xml(xml, given);
        self.understood(grasp.get(), readers);
        self.said(said, &Object::EMPTY, envelope, readers, part);
    }

    /// Notes that these readers know the record, with or without an event.
    fn knows(&mut self, readers: Readers) {
        *self.known = self.known.and(readers);
    }

    /// Notes that these readers know a record of a family, unless its content was not found.
    fn understood(&mut self, grasp: Grasp, readers: Readers) {
        if grasp != Grasp::Missed {
            self.knows(readers);
        }
    }

    /// Completes the event of a field decoder with the time and envelope of its record.
    fn said<'e>(
        &mut self,
        said: Said<'e>,
        object: &Object<'e>,
        envelope: Option<&Envelope<'e>>,
        readers: Readers,
        part: &[u8],
    ) {
        if let Some((event, stamp)) = said {
            let around = envelope.unwrap_or(&self.around).clone();
            self.finish(event, None, Source::Fields(stamp, object), &around, readers, part);
        }
    }

    /// Completes an event by its header, then by its envelope, and passes it on.
    fn finish<'e>(
        &mut self,
        mut event: Event<'e>,
        header: Option<&header::Header<'e>>,
        source: Source<'e, '_>,
        envelope: &'e Envelope<'_>,
        readers: Readers,
        part: &'e [u8],
    ) {
        if event.host.is_empty() {
            event.host = match header {
                Some(header) if !header.host.is_empty() => text(header.host),
                _ => Text::Borrowed(&envelope.host),
            };
        }
        event.pid = event.pid.or(header.and_then(|h| h.pid)).or(envelope.pid);
        let own = Some(event.time).filter(|time| *time != Timestamp::default()).map(Stamp::At);
        let when = source.when(own.or(header.and_then(|header| header.stamp)), envelope, self.zone);
        if let Some(Stamp::At(time)) = when.stamp {
            event.time = time;
        }
        event.count = event.count.max(1);
        self.knows(readers);
        (self.sink)(Decoded { event, when, readers, part });
    }
}

#[cfg(test)]
mod implied;
#[cfg(test)]
mod ordered;
#[cfg(test)]
mod shared;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod times;
#[cfg(test)]
pub(crate) mod trial;
