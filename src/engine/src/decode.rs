//! From a record to its events: the shape is recognised by content, and nothing but what the readers read is looked for.
//!
//! A record is raw text or JSON. Raw text begins with a syslog header, or is the audit log's own. JSON is an envelope
//! around such text, or a normalised event. Header and envelope complete what a record does not say.
//!
//! A decoder reads for one analytic or for several at once ([`Reader`]). It reads each record once, and says for each
//! event whose it is: every reader gets what a decoder of its own would give it. A decoder has no state but buffers. When
//! an event happened is settled by [`Dating`](crate::dating::Dating), which belongs to one analytic.

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

/// How many prefixes are taken off a line.
const PREFIXES: usize = 3;

/// What shows that a record may hold a text in which no needle stands as it is: ASCII letters that an encoder has
/// escaped, and the bytes as numbers that journald writes for what is no UTF-8.
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
    // The same within a string, and within a string in one.
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

/// What a [`Sieve`] looks for instead of the shortest needles, since the shortest sets its pace. A record that says something by
/// such a needle holds one of these.
const LONGER: [(&str, &[&str]); 1] = [
    // `class_uid` of OCSF, whatever stands between it and its number.
    ("3002", &["class_uid"]),
];

/// One event, as it was read.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The event. Its time is set only where `stamp` is a point in time.
    pub event: Event<'a>,
    /// When it happened, by the event itself, its header, its envelope, or whatever else its record says.
    pub when: When<'a>,
    /// Who reads it.
    pub readers: Readers,
    /// The part of the record that speaks of it: of a batch, the one item.
    pub part: &'a [u8],
}

/// For whom a record could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misread {
    /// It is JSON that does not end where it should.
    pub malformed: Readers,
    /// It is in no layout that is known, and shows that it tells of a login.
    pub unread: Readers,
}

/// Reads records for one analytic or for several. `R` reads what any of them may read: there is no code for anything
/// else.
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
    /// A decoder for these readers, of which there are at most [`Readers::MOST`]. What `R` does not read no reader reads.
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

    /// The literals of which any record that says something to any reader contains at least one, compared without ASCII
    /// case.
    #[must_use]
    pub fn needles(&self) -> &[&'static str] {
        &self.needles
    }

    /// The same for the reader at one place of the list; none where nobody is there.
    #[must_use]
    pub fn needles_of(&self, reader: usize) -> Vec<&'static str> {
        self.telemetry.get(reader).map(|telemetry| needles::<R>(*telemetry)).unwrap_or_default()
    }

    /// The needles for hosts without vector instructions, or `None` where all records may say something.
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

    /// How often a record of a family, or a text, was taken apart since the decoder was made.
    #[must_use]
    pub const fn decodes(&self) -> u64 {
        self.decodes
    }

    /// A decoder for the same readers, with buffers of its own. To this one nothing is unread.
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

    /// Hands the events of one record to `sink`, and returns for whom it could not be read. Events before the place
    /// where JSON is malformed have been handed out. O(bytes); allocates nothing in the ordinary case.
    pub fn decode(&mut self, record: &[u8], sink: &mut dyn FnMut(Decoded<'_>)) -> Misread {
        // A log that lost power begins with zeros where it goes on.
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

/// What a type reads.
struct Own<R>(PhantomData<R>);

impl<R: Reads> Own<R> {
    /// The needles of each family, none for those that it does not read: a module holds no others.
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

/// The literals of which any record that says something to a reader of this telemetry contains at least one.
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
fn behind_header<'a>(header: Option<&header::Header<'a>>, first: u8) -> Option<(&'a [u8], Telemetry)> {
    let header = header?;
    let lends = (header.message.first() == Some(&first)).then(|| lent(header.program))?;
    (lends != Telemetry::NONE).then_some((header.message, lends))
}

/// The event as XML that a text consists of, its syslog header aside, where whoever keeps the text passes on such records.
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

/// One record on its way to its events.
struct Reading<'d, R> {
    reads: PhantomData<R>,
    zone: Zone<'d>,
    trusted_proxies: &'d [Cidr],
    audience: &'d Audience,
    decodes: &'d mut u64,
    /// To whom it says something, or who knows why it says nothing.
    known: &'d mut Readers,
    sink: &'d mut dyn FnMut(Decoded<'_>),
    /// The words of prefixes that were taken off: the last word on host and time.
    around: Envelope<'d>,
    /// How many more may be taken off.
    left: usize,
}

impl<R: Reads> Reading<'_, R> {
    /// A raw line: a syslog header and a message, the audit log's own, an event as XML, JSON behind a header, or any of
    /// these behind what a tool put in front.
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
        // Senders of JSON through syslog put a header before it. Its program owns the text, whatever that says of
        // a sender: only records with fields of their own are read there, and only those that it passes on.
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

    /// A text that is a record of a family. To whom it said something.
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

    /// A line behind what a tool put in front of it.
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

    /// A raw line of Linux. Whether it said something.
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

    /// A JSON record. Its text goes before its normalised fields where the text's program is one of ours: one record
    /// never says two things.
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

    /// What the families make of a record whose marks it bears. Those of the readers to whom it is of no family.
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

    /// What one family makes of a record.
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

    /// An event as XML.
    fn xml(&mut self, xml: &[u8], envelope: Option<&Envelope<'_>>, readers: Readers, part: &[u8]) {
        *self.decodes += 1;
        let grasp = Cell::default();
        let given = Given { zone: self.zone, grasp: Some(&grasp), ..Given::UTC };
        let said = shapes::windows::decode_xml(xml, given);
        self.understood(grasp.get(), readers);
        self.said(said, &Object::EMPTY, envelope, readers, part);
    }

    /// These readers know what the record is, whether or not it says something.
    fn knows(&mut self, readers: Readers) {
        *self.known = self.known.and(readers);
    }

    /// The same for a record of a family, unless what it says was not found.
    fn understood(&mut self, grasp: Grasp, readers: Readers) {
        if grasp != Grasp::Missed {
            self.knows(readers);
        }
    }

    /// Completes what a decoder of fields made of a record by what stands around it.
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

    /// Completes an event by its header and its envelope, in this order, and hands it out.
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
