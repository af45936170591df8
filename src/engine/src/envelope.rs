//! The envelope: finds the log text in a JSON record, and what the record says of its sender.
//!
//! One pass over the record's members fills in all there is to know ([`crate::carriers`] says where pipelines put it). Text
//! that is itself a JSON object is opened in turn, three levels deep at most.
//!
//! **Whose word counts.** Text is an attacker's as soon as a program repeats what somebody sent it, and so is the
//! `SYSLOG_IDENTIFIER` of whoever talks to journald. [`Trust`] says how far the program's name can be relied on:
//!
//! - In a journald record the trusted fields decide, and nothing in the text overrides them; where they speak
//!   against the sender, there is no envelope at all.
//! - A program that a syslog field names owns its text: a header or a JSON object inside it that names another
//!   program is something it repeated, unless it is a forwarder, whose business that is.
//! - With no program, or only a label that a person chose, the text's own header goes first.
//! - Text without any program could be anybody's: it says nothing.
//! - JSON in a text is a record of its own only where whoever kept the text passes on such records ([`lent`]): a
//!   forwarder any, a provider's program or data set that provider's. What a web server was sent is nobody's record.

mod journald;
mod lent;
mod members;
#[cfg(test)]
pub(crate) mod tests;

use crate::analytic::Telemetry;
use crate::carriers::slot::{
    BATCH, CONTAINER, CURSOR, FOLD, HOST, LABEL, MICROS, ORIGINAL, PID, PROGRAM, RECEIPT, SENDER, STREAM,
    TAG, TEXT, TIME, WATCHED, mark, marked,
};
use crate::carriers::{GRAYLOG_NAMES_IT, record_in, unfold};
use crate::event::Text;
use crate::find::find;
use crate::json::{Items, Kind, Object, Slots, Value, read, unescape_into};
use crate::readers::{Audience, Readers};
use crate::shapes::linux::header::Repeated;
use crate::shapes::{Family, HOLDERS, PROOFS, Proof, WEAK, linux, windows};
use crate::stamp::{Stamp, Zone};
use crate::time::Timestamp;
pub use crate::times::of as stamp;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use journald::Belief;
pub(crate) use lent::is_forwarder;
pub use lent::lent;
use members::MEMBERS;

/// How many JSON objects within a string of one another are opened.
const LEVELS: usize = 3;
/// How many objects within one another are opened, whether they stand in strings or not.
const DEEPEST: usize = 6;
/// How deep arrays of records within one another are unpacked.
const BATCHES: usize = 4;
/// A JSON object in a longer string than this is not opened: it is no log record, and memory is bounded.
const LARGEST: usize = 4 << 20;
/// An element of a batch that is shorter than this is passed over: who did what, in any shape, takes more. What many of
/// them cost is then no more than their bytes.
const SHORTEST: usize = 32;
/// Buffers that grew larger than this are given back after the record.
const KEPT: usize = 64 << 10;

/// How far the name of the program can be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// No program is named.
    #[default]
    Unnamed,
    /// Only a label names it (`application`, `service`).
    Labelled,
    /// A field of the syslog protocol or of a parser names it.
    Named,
    /// journald asked the kernel who sent it.
    Verified,
}

/// A log text and what its record says of it. What is not said is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Envelope<'a> {
    /// The text, escapes undone.
    pub text: &'a [u8],
    /// The program that wrote it. For audit records `audit` or `kernel`, the way they came.
    pub program: Text<'a>,
    /// How far that can be relied on.
    pub trust: Trust,
    /// The process that wrote it.
    pub pid: Option<u32>,
    /// The machine it was written on.
    pub host: Text<'a>,
    /// When.
    pub time: Option<Stamp>,
    /// When a carrier got it.
    pub receipt: Option<Timestamp>,
    /// journald's own name for the entry, the same however often it is delivered.
    pub cursor: Option<&'a [u8]>,
    /// It is a line of a container's output, in which programs name neither themselves nor the time.
    pub stream: bool,
}

impl Envelope<'_> {
    /// Whether a header that the text begins with goes before this envelope. `program` is the one it names, `stamped`
    /// whether it bears a time: a word and a colon alone (`error: PAM: …`) are the beginning of many a message.
    #[must_use]
    pub fn yields_to(&self, program: &[u8], stamped: bool) -> bool {
        match self.trust {
            Trust::Verified => false,
            Trust::Unnamed => true,
            Trust::Labelled => stamped || program == self.program.as_bytes(),
            Trust::Named => {
                stamped && (program == self.program.as_bytes() || is_forwarder(self.program.as_bytes()))
            }
        }
    }

    /// True if the text may stand for the record before it: a syslog daemon wrote it, by its stamp or by its program.
    #[must_use]
    pub fn may_repeat(&self, repeat: &Repeated<'_>) -> bool {
        let program = self.program.as_bytes();
        match self.trust {
            Trust::Verified => false,
            _ if program.ends_with(b"syslogd") || program == b"syslog" => true,
            _ => repeat.stamp.is_some() && self.yields_to(b"syslogd", true),
        }
    }

    /// Whether the text is that of a program whose texts the Linux decoder knows. What that decoder makes of it, also
    /// if that is nothing, is then final: the normalised fields beside it were made from the same text by somebody
    /// who may have judged it otherwise (Filebeat calls a probed public key a failed login).
    #[must_use]
    pub fn speaks_linux(&self) -> bool {
        self.trust >= Trust::Labelled
            && matches!(&*self.program, "sshd" | "sshd-session" | "sshd-auth" | "su" | "sudo" | "login")
            && !self.text.is_empty()
            && !self.text.starts_with(b"type=")
    }

    /// True if journald knows that another program wrote the text.
    #[must_use]
    pub fn is_of_another(&self) -> bool {
        self.trust == Trust::Verified && !linux::is_ours(self.program.as_bytes())
    }
}

/// The families whose marks a record bears. Each reader takes the record for one of the first of them that it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u64);

impl Marks {
    const fn and(self, family: Family) -> Self {
        Self(self.0 | 1 << family as u32)
    }

    /// For each family that some of the readers take the record for: those readers. Who takes it for nothing is in none
    /// of these sets.
    pub(crate) fn takers(
        self,
        readers: Readers,
        audience: &Audience,
    ) -> impl Iterator<Item = (Family, Readers)> {
        let (mut marks, mut left) = (self.0, readers);
        core::iter::from_fn(move || {
            loop {
                let first = marks.trailing_zeros();
                marks &= marks.checked_sub(1)?;
                let family = *Family::ALL.get(first as usize)?;
                let takers = left.common(audience.takes(family));
                if !takers.is_empty() {
                    left = left.without(takers);
                    return Some((family, takers));
                }
            }
        })
    }
}

/// What a record was found to be, to some of its readers.
#[derive(Clone, Debug)]
pub struct Opened<'a> {
    /// Its text, if it has one that may be believed.
    pub envelope: Option<Envelope<'a>>,
    /// The families whose marks the record bears.
    pub marks: Marks,
    /// The record, where it bears marks.
    pub object: Object<'a>,
    /// The record does not end where it should: cut short, or no JSON.
    pub malformed: bool,
    /// The record itself: of a batch, the one item.
    pub raw: &'a [u8],
    /// Of which families a record in its text may be.
    pub lends: Telemetry,
    /// The readers to whom the record is this.
    pub readers: Readers,
    /// It is an event of OpenSSH for Windows.
    pub openssh: bool,
    /// What it says of its sender is not so: its text is nobody's.
    pub forged: bool,
    /// It holds other records and is none itself. [`Opener::each`] follows it.
    batch: Option<Batch<'a>>,
}

/// Records within one.
#[derive(Clone, Debug)]
enum Batch<'a> {
    /// Each is an element of an array.
    Items(Items<'a>),
    /// They are taken from an object, in a form of [`unfold`].
    Folded(u8, Object<'a>),
    /// The pairs of one.
    Pairs(&'a [u8]),
}

impl Opened<'_> {
    /// A record that says nothing to these readers.
    const fn nothing(readers: Readers) -> Self {
        Opened {
            envelope: None,
            marks: Marks(0),
            object: Object::EMPTY,
            malformed: false,
            raw: &[],
            lends: Telemetry::NONE,
            readers,
            openssh: false,
            forged: false,
            batch: None,
        }
    }
}

/// Buffers for text that cannot be read where it stands. Kept from record to record.
#[derive(Debug, Default)]
pub struct Scratch {
    batches: [Level; BATCHES],
}

#[derive(Debug, Default)]
struct Level {
    nested: [Vec<u8>; LEVELS],
    text: Vec<u8>,
    item: Vec<u8>,
}

/// What is the same for all records within one.
pub(crate) struct Opener<'o> {
    /// The zone of times without one.
    pub zone: Zone<'o>,
    /// Who reads.
    pub audience: &'o Audience,
    /// Where the records go.
    pub sink: &'o mut dyn FnMut(Opened<'_>),
}

impl Opener<'_> {
    /// Opens each record in `record`: a JSON object, an array of them, or an object that holds an array of them
    /// (`records`, `value`, `events`). O(n); memory is bounded by a small multiple of the record, and nothing is allocated
    /// in the ordinary case.
    ///
    /// `lends` are the families of which the record can be, by what it stands in. A record is opened once for all of its
    /// readers; those to whom it is different things get it one after the other.
    pub fn each(&mut self, record: &[u8], lends: Telemetry, readers: Readers, scratch: &mut Scratch) {
        self.each_at(record, lends, readers, 0, &mut scratch.batches);
        // Two bytes become three at most, and a buffer that is full doubles.
        if record.len() <= KEPT / 4 {
            return;
        }
        for level in &mut scratch.batches {
            for buffer in level.nested.iter_mut().chain([&mut level.text, &mut level.item]) {
                if buffer.capacity() > KEPT {
                    *buffer = Vec::new();
                }
            }
        }
    }

    /// Calls itself once per batch around a record, of which there are at most as many as `levels`.
    fn each_at(
        &mut self,
        record: &[u8],
        lends: Telemetry,
        readers: Readers,
        strings: usize,
        levels: &mut [Level],
    ) {
        let Some((level, inner)) = levels.split_first_mut() else { return };
        let Level { nested, text, item } = level;
        let mut walk = Walk::new(record, lends, readers, strings, nested);
        while !walk.readers.is_empty() {
            let Some((batch, lends, readers)) = self.batch(record, &mut walk, text) else { continue };
            let strings = walk.strings;
            let mut items = match batch {
                Batch::Items(items) => items,
                Batch::Folded(form, object) => {
                    let mut fold = unfold::Fold::new(form, &object);
                    while fold.next(item) {
                        self.each_at(item, lends, readers, strings, inner);
                    }
                    continue;
                }
                Batch::Pairs(array) => {
                    if unfold::pairs(array, item) {
                        self.each_at(item, lends, readers, strings, inner);
                    }
                    continue;
                }
            };
            for value in items.by_ref().filter(|value| value.raw.len() >= SHORTEST) {
                match value.kind {
                    Kind::Object | Kind::Array => self.each_at(value.raw, lends, readers, strings, inner),
                    Kind::Str if value.raw.len() <= LARGEST => {
                        if let Some(text) = value.bytes(item) {
                            if is_object(text) {
                                self.each_at(text, lends, readers, strings + 1, inner);
                            } else if lends.has(Telemetry::LINUX) {
                                let envelope = Some(Envelope { text, ..Envelope::default() });
                                (self.sink)(Opened {
                                    envelope,
                                    raw: text,
                                    lends,
                                    ..Opened::nothing(readers)
                                });
                            }
                        }
                    }
                    _ => {}
                }
            }
            if !items.complete() {
                (self.sink)(Opened { malformed: true, ..Opened::nothing(readers) });
            }
        }
    }

    /// The records that a record holds for some of its readers, of which families they can be, and for whom. What is no
    /// such record is handed on. Apart, so that a batch in a batch takes little of the stack.
    #[inline(never)]
    fn batch<'a: 's, 's>(
        &mut self,
        record: &'a [u8],
        walk: &mut Walk<'a>,
        text: &'s mut Vec<u8>,
    ) -> Option<(Batch<'s>, Telemetry, Readers)> {
        let opened = match walk.object {
            Some(object) => walk.next(object, self.zone, self.audience, text),
            None => {
                let readers = core::mem::take(&mut walk.readers);
                match Items::new(record) {
                    Some(_) if unfold::is_pairs(record) => {
                        return Some((Batch::Pairs(record), walk.lends, readers));
                    }
                    Some(items) => return Some((Batch::Items(items), walk.lends, readers)),
                    None => Opened { malformed: true, ..Opened::nothing(readers) },
                }
            }
        };
        match opened.batch {
            Some(batch) => Some((batch, opened.lends, opened.readers)),
            None => {
                (self.sink)(Opened { raw: record, ..opened });
                None
            }
        }
    }
}

/// What the levels of a record passed so far say of its sender.
#[derive(Clone, Default)]
struct Sender<'a> {
    program: Text<'a>,
    trust: Trust,
    pid: Option<u32>,
    host: Text<'a>,
    time: Option<Stamp>,
    receipt: Option<Timestamp>,
    cursor: Option<&'a [u8]>,
    stream: bool,
}

/// The way into a record, from level to level: a JSON object may hold another as its text. Readers that find there what
/// they read go no further.
struct Walk<'a> {
    /// The object that is to be read next; `None` where the record is none.
    object: Option<Object<'a>>,
    level: usize,
    /// How many of the levels were strings.
    strings: usize,
    sender: Sender<'a>,
    lends: Telemetry,
    /// Who is still on the way.
    readers: Readers,
    buffers: core::slice::IterMut<'a, Vec<u8>>,
}

impl<'a> Walk<'a> {
    fn new(
        record: &'a [u8],
        lends: Telemetry,
        readers: Readers,
        strings: usize,
        nested: &'a mut [Vec<u8>],
    ) -> Self {
        let (object, buffers) = (Object::new(record), nested.iter_mut());
        Self { object, level: 0, strings, sender: Sender::default(), lends, readers, buffers }
    }

    /// Goes on to the next level where some of the readers stop, and says what the record is to them.
    fn next<'s>(
        &mut self,
        mut object: Object<'a>,
        zone: Zone,
        audience: &Audience,
        scratch: &'s mut Vec<u8>,
    ) -> Opened<'s>
    where
        'a: 's,
    {
        // Objects in objects need no buffer, but are counted like those in strings.
        while self.level <= DEEPEST {
            let mut found = Slots::default();
            if !read(&object, MEMBERS.set(), &mut found) {
                // Text that only looks like JSON makes no record malformed; and no program we read writes such text.
                let readers = core::mem::take(&mut self.readers);
                return Opened { malformed: self.level == 0, ..Opened::nothing(readers) };
            }
            self.level += 1;
            if found.has_any(SENDER) && !self.sender.learn(&found, zone) {
                let readers = core::mem::take(&mut self.readers);
                return Opened { forged: true, ..Opened::nothing(readers) };
            }
            let (mut marks, mut shaped) = (Marks::default(), Readers::NONE);
            let bears = marked(found.filled()) != 0;
            if bears {
                marks = self::marks(&found, self.readers, audience);
                for (family, takers) in marks.takers(self.readers, audience) {
                    // A record of another family than it can be is none.
                    match self.lends.has(family.telemetry()) {
                        true => shaped = shaped.and(takers),
                        false => self.readers = self.readers.without(takers),
                    }
                }
                if self.readers.is_empty() {
                    break;
                }
            }
            let text = text(&found, self.sender.trust).filter(|value| is_found(&object, value, self.strings));
            let believed = self.lends.has(Telemetry::LINUX);
            self.lends = self.lends.common(self.sender.lends()).common(lent::by_ecs(&found));
            let lends = self.lends;
            // A record around others may carry fields of its own; one with text is none, nor one with a shape.
            let around = lends != Telemetry::NONE && !(bears && is_shaped(&found));
            let batch = if around { batch(&found, &object, text.is_some()) } else { None };
            let inner = match text {
                _ if batch.is_some() || shaped == self.readers || lends == Telemetry::NONE => None,
                Some(value) => self.inside(value),
                None if around => record_in(&object).and_then(|value| self.inside(value)),
                None => None,
            };
            let readers = if inner.is_some() { shaped } else { self.readers };
            self.readers = self.readers.without(readers);
            let outer = object;
            if let Some(inner) = inner {
                (object, self.object) = (inner, Some(inner));
                if readers.is_empty() {
                    continue;
                }
            }
            let text = text.and_then(|value| said(value, scratch));
            let sender = match self.readers.is_empty() {
                true => core::mem::take(&mut self.sender),
                false => self.sender.clone(),
            };
            let Sender { program, trust, pid, host, time, receipt, cursor, stream } = sender;
            let envelope = text.filter(|_| believed && batch.is_none());
            let envelope = envelope.map(|text| Envelope {
                text,
                program,
                trust,
                pid,
                host,
                time,
                receipt,
                cursor,
                stream,
            });
            let opened = Opened::nothing(readers);
            let openssh = bears && of_openssh(&found);
            return Opened { envelope, marks, object: outer, batch, lends, openssh, ..opened };
        }
        Opened::nothing(core::mem::take(&mut self.readers))
    }

    /// The object that a text is, if it is one and is to be opened.
    fn inside(&mut self, value: Value<'a>) -> Option<Object<'a>> {
        if let Some(inner) = value.as_object() {
            return Some(inner);
        }
        if !is_object(value.raw) || value.raw.len() > LARGEST {
            return None;
        }
        let buffer = self.buffers.next()?;
        self.strings += 1;
        let inner: &'a [u8] = match value.escaped {
            true => {
                buffer.clear();
                unescape_into(value.raw, buffer);
                buffer
            }
            false => value.raw,
        };
        Object::new(inner)
    }
}

impl<'a> Sender<'a> {
    /// Takes in what a level further inside says. `false` if the record is a forgery.
    fn learn(&mut self, found: &Slots<'a>, zone: Zone) -> bool {
        let text = |slot| found.get(slot).and_then(|value| value.as_text()).filter(|text| !text.is_empty());
        // `tag` alone is whatever people write there (`auth.log`): only a process or a colon makes it that of syslog.
        let tag = text(TAG).filter(|tag| found.rank(TAG) == Some(0) || tag.ends_with([']', ':']));
        let (tag, tag_pid) = tag.as_deref().map_or(("", None), split_tag);
        let claimed = text(PROGRAM).or_else(|| (!tag.is_empty()).then(|| Cow::Owned(tag.into())));
        // Windows names the source of the event, whose text names the program again.
        let (claimed, label) = match claimed {
            Some(name) if name == "OpenSSH" => (None, Some("sshd".into())),
            claimed => (claimed, text(LABEL)),
        };
        // A program that is no forwarder owns what it says, whatever that says.
        let open = self.trust < Trust::Named || is_forwarder(self.program.as_bytes());
        match journald::judge(found, &claimed) {
            Belief::Forged => return false,
            _ if !open => {}
            Belief::Sender(program) => (self.program, self.trust) = (program, Trust::Verified),
            Belief::Silent => match (claimed, label) {
                (Some(program), _) => (self.program, self.trust) = (program, Trust::Named),
                (None, Some(label)) if self.trust == Trust::Unnamed => {
                    (self.program, self.trust) = (label, Trust::Labelled);
                }
                _ if self.trust == Trust::Unnamed => {
                    let unit =
                        text(WATCHED).filter(|unit| journald::is_sshd_unit(unit)).map(|_| "sshd".into());
                    if let Some(program) = unit.or_else(|| text(CONTAINER).map(in_container)) {
                        (self.program, self.trust) = (program, Trust::Labelled);
                    }
                }
                _ => {}
            },
        }
        let pid = found.get(PID).and_then(|value| value.as_i64()).and_then(|pid| u32::try_from(pid).ok());
        self.pid = pid.or(tag_pid).or(self.pid);
        // What Docker calls the source is one of two streams. Graylog's is the machine.
        let source = || text(STREAM).filter(|_| found.rank(PROGRAM) == Some(GRAYLOG_NAMES_IT));
        if let Some(host) = text(HOST).or_else(source) {
            self.host = host;
        }
        let micros =
            found.get(MICROS).and_then(|value| value.as_i64()).map(|micros| Stamp::At(Timestamp(micros)));
        self.when(micros.or_else(|| found.get(TIME).and_then(|value| stamp(value, zone))));
        if let Some(Stamp::At(receipt)) = found.get(RECEIPT).and_then(|value| stamp(value, zone)) {
            self.receipt = Some(receipt);
        }
        self.cursor = found.get(CURSOR).map(|value| value.raw).or(self.cursor);
        self.stream = found.get(STREAM).is_some_and(|value| value.says("stdout") || value.says("stderr"));
        true
    }
}

impl Sender<'_> {
    /// Takes in the time of a level further inside. What was said further outside tells its zone, and goes before what
    /// cannot be read.
    fn when(&mut self, time: Option<Stamp>) {
        match (time, self.time) {
            (None, _) | (Some(Stamp::Unread), Some(_)) => {}
            (Some(Stamp::Local(_) | Stamp::Yearless(_)), Some(Stamp::At(outer))) => {
                (self.time, self.receipt) = (time, Some(outer));
            }
            (Some(_), _) => self.time = time,
        }
    }

    /// Of which families a record in its text may be.
    fn lends(&self) -> Telemetry {
        match self.trust {
            Trust::Unnamed | Trust::Labelled => Telemetry::ANY,
            Trust::Named => lent(self.program.as_bytes()),
            Trust::Verified => Telemetry::NONE,
        }
    }
}

/// Of which families a record bears marks, as far as its readers ask.
fn marks(found: &Slots<'_>, readers: Readers, audience: &Audience) -> Marks {
    let (mut marks, mut left) = (Marks::default(), readers);
    for family in bearing(found) {
        if left.is_empty() {
            break;
        }
        let Some(value) = found.get(mark(family)) else { continue };
        let proved = match PROOFS[family as usize] {
            Proof::Present => true,
            Proof::Number(number) => value.as_i64() == Some(number),
            Proof::Word(word) => is_or_holds(value, word),
        };
        // What a Beat took from the event log is that, whether or not somebody reads it, and no event of ECS.
        let of_beats = || found.rank(mark(Family::Windows)) == Some(windows::BEATS);
        let is_weak = || found.rank(mark(family)) == Some(WEAK) && marked(found.filled()).count_ones() > 1;
        if proved && !(family == Family::Ecs && of_beats()) && !is_weak() {
            marks = marks.and(family);
            left = left.without(audience.takes(family));
        }
    }
    marks
}

/// The families whose marks are there, whatever they say.
fn bearing(found: &Slots<'_>) -> impl Iterator<Item = Family> {
    let mut marked = marked(found.filled());
    core::iter::from_fn(move || {
        let first = marked.trailing_zeros();
        marked &= marked.checked_sub(1)?;
        Family::ALL.get(first as usize).copied()
    })
}

/// Whether a value is this word, or an array that holds it.
fn is_or_holds(value: Value<'_>, word: &str) -> bool {
    /// Nobody's arrays of words are longer.
    const MOST: usize = 16;
    value.says(word) || value.as_array().is_some_and(|items| items.take(MOST).any(|item| item.says(word)))
}

/// The records that a record of no family holds: in an array, or in a form that is to be taken apart. What has a text is
/// the carrier of that.
fn batch<'a>(found: &Slots<'a>, object: &Object<'a>, has_text: bool) -> Option<Batch<'a>> {
    match found.rank(FOLD) {
        Some(form @ (unfold::OTLP | unfold::GELF | unfold::GRAYLOG | unfold::LAUREL)) => {
            Some(Batch::Folded(form, *object))
        }
        Some(form) if !has_text => Some(Batch::Folded(form, *object)),
        _ if has_text => None,
        _ => found.get(BATCH)?.as_array().map(Batch::Items),
    }
}

/// True if an event of Windows names OpenSSH. Its decoder looks closer.
fn of_openssh(found: &Slots<'_>) -> bool {
    let system = found.get(mark(Family::Windows)).filter(|value| value.kind == Kind::Object);
    system.is_some_and(|system| find(system.raw, b"OpenSSH").is_some())
}

/// The program of a container by its name: sshd's, where a word of the name says that.
pub(crate) fn in_container(name: Text<'_>) -> Text<'_> {
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    match words.any(|word| matches!(word, "sshd" | "ssh" | "openssh")) {
        true => Cow::Borrowed("sshd"),
        false => name,
    }
}

/// Whether a record is one of a family, read here or not: an array in it is then a field like any other. Only what says
/// that it holds records is none.
fn is_shaped(found: &Slots<'_>) -> bool {
    bearing(found).any(|family| {
        let holder = HOLDERS[family as usize];
        holder.is_empty() || found.get(mark(family)).is_some_and(|value| !value.says(holder))
    })
}

/// The text, as it stands. Where no program is named, the line from before it was taken apart says more.
fn text<'a>(found: &Slots<'a>, trust: Trust) -> Option<Value<'a>> {
    let original = found.get(ORIGINAL).filter(|value| value.kind == Kind::Str);
    let text = found.get(TEXT).filter(|value| matches!(value.kind, Kind::Str | Kind::Array | Kind::Object));
    if trust < Trust::Named { original.or(text) } else { text.or(original) }
}

/// True if a text is one that hosts look for: bytes as numbers hold no word, so hosts know them by their name and what
/// stands between both ([`Decoder::needles`](crate::decode::Decoder::needles)).
fn is_found(object: &Object<'_>, value: &Value<'_>, strings: usize) -> bool {
    let numbers =
        || value.as_array().and_then(|mut items| items.next()).is_some_and(|first| first.kind == Kind::Num);
    if value.kind != Kind::Array || !numbers() {
        return true;
    }
    let forms: &[&[u8]] = match strings {
        0 => &[b"\":", b"\": ", b"\":  ", b"\":\t", b"\" :", b"\" : "],
        1 => &[b"\":", b"\": ", b"\":  ", b"\" :", b"\" : "],
        2 => &[b"\":", b"\": ", b"\" :", b"\" : "],
        _ => &[],
    };
    let before = object.before(value).unwrap_or_default();
    forms.iter().any(|form| {
        let name = before.strip_suffix(*form).unwrap_or_default();
        let start = name.len().saturating_sub(b"message".len());
        name.get(start..).is_some_and(|name| name.eq_ignore_ascii_case(b"message"))
    })
}

/// What the text says: a string, a field that was given several times, or the bytes of what is no UTF-8
/// (systemd's "Journal JSON Format" writes them as an array of numbers).
fn said<'a>(value: Value<'a>, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let Some(mut items) = value.as_array() else { return value.bytes(scratch) };
    let first = items.clone().next()?;
    if first.kind == Kind::Str {
        return first.bytes(scratch);
    }
    scratch.clear();
    for item in items.by_ref() {
        scratch.push(u8::try_from(item.as_i64()?).ok()?);
    }
    items.complete().then_some(scratch)
}

fn is_object(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{")
}

/// `sshd[17]:` taken apart.
fn split_tag(tag: &str) -> (&str, Option<u32>) {
    let tag = tag.trim().trim_end_matches(':');
    match tag.strip_suffix(']').and_then(|tag| tag.rsplit_once('[')) {
        Some((program, pid)) => (program, pid.parse().ok()),
        None => (tag, None),
    }
}
