//! The envelope: the log text in a JSON record, and the sender that the record names.
//!
//! One pass over the members of a record finds everything. [`crate::carriers`] lists the members of each pipeline. Text
//! that is itself a JSON object is opened too, at most three levels deep.
//!
//! **Senders that are believed.** A program may repeat a text that an attacker sent to it. Any process can choose its
//! `SYSLOG_IDENTIFIER` in journald. So [`Trust`] says how far the name of the program can be relied on:
//!
//! - In a journald record the trusted fields decide, and nothing in the text overrides them. If they contradict the
//!   named sender, there is no envelope.
//! - A program that a syslog field names owns its text. If a header or JSON object in the text names another program,
//!   the program only repeated it. A forwarder is the exception: it passes on the texts of others.
//! - Without a program, or with only a label that a person chose, the header of the text wins.
//! - Text without any program could come from anybody, so it is not judged.
//! - JSON in a text is a record of its own only if the keeper of the text passes on such records ([`lent`]). A
//!   forwarder passes on any record, a provider's program or data set only its own. JSON that was sent to a web server
//!   is no record.

mod journald;
mod lent;
mod members;
mod said;
#[cfg(test)]
pub(crate) mod tests;

use crate::analytic::Telemetry;
use crate::carriers::slot::{
    BATCH, CONTAINER, CURSOR, FOLD, HOST, LABEL, MICROS, PID, PROGRAM, RECEIPT, SENDER, STREAM, TAG, TIME,
    WATCHED, mark, marked,
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
use said::{is_found, said, text};

/// The most JSON objects that are opened inside each other's strings.
const LEVELS: usize = 3;
/// The most objects that are opened inside each other, in strings or not.
const DEEPEST: usize = 6;
/// The deepest nesting of arrays of records that is unpacked.
const BATCHES: usize = 4;
/// The longest string in which a JSON object is opened. A longer one is no log record, and memory is bounded.
const LARGEST: usize = 4 << 20;
/// The shortest element of a batch, in bytes. Shorter ones are skipped: no shape fits into them. So many elements cost
/// no more than their bytes.
const SHORTEST: usize = 32;
/// The largest buffer that is kept after a record.
const KEPT: usize = 64 << 10;

/// How far the name of the program can be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// No program is named.
    #[default]
    Unnamed,
    /// Only a label names the program (`application`, `service`).
    Labelled,
    /// A field of the syslog protocol or of a parser names the program.
    Named,
    /// journald asked the kernel for the program.
    Verified,
}

/// A log text, and what its record says about it. Fields that the record does not give are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Envelope<'a> {
    /// The text, without escapes.
    pub text: &'a [u8],
    /// The program that wrote the text. For audit records `audit` or `kernel`, depending on their way.
    pub program: Text<'a>,
    /// How far the program can be relied on.
    pub trust: Trust,
    /// The process that wrote the text.
    pub pid: Option<u32>,
    /// The machine on which the text was written.
    pub host: Text<'a>,
    /// The time of the text.
    pub time: Option<Stamp>,
    /// The time at which a carrier received the text.
    pub receipt: Option<Timestamp>,
    /// journald's own id of the entry, which is the same for each delivery.
    pub cursor: Option<&'a [u8]>,
    /// True for a line of a container's output. Programs name neither themselves nor the time there.
    pub stream: bool,
}

impl Envelope<'_> {
    /// True if a header at the start of the text wins over this envelope. `program` is the program that the header
    /// names. `stamped` says if the header has a time: many messages begin with only a word and a colon (`error: PAM:
    /// …`).
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

    /// True if the text may mean a repetition of the previous record: a syslog daemon wrote it, by its stamp or its
    /// program.
    #[must_use]
    pub fn may_repeat(&self, repeat: &Repeated<'_>) -> bool {
        let program = self.program.as_bytes();
        match self.trust {
            Trust::Verified => false,
            _ if program.ends_with(b"syslogd") || program == b"syslog" => true,
            _ => repeat.stamp.is_some() && self.yields_to(b"syslogd", true),
        }
    }

    /// True if the program is one whose texts the Linux decoder knows. The result of that decoder is then final, even
    /// if there is no event. The normalised fields of the record were made from the same text, but may say something
    /// else. Filebeat calls a probed public key a failed login.
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

/// The families whose marks a record has. Each reader takes the record for the first of them that it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u64);

impl Marks {
    const fn and(self, family: Family) -> Self {
        Self(self.0 | 1 << family as u32)
    }

    /// For each family, the readers that take the record for it. A reader that takes it for nothing is in none of these
    /// sets.
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

/// The result of opening a record, for some of its readers.
#[derive(Clone, Debug)]
pub struct Opened<'a> {
    /// The text, if there is one that can be believed.
    pub envelope: Option<Envelope<'a>>,
    /// The families whose marks the record has.
    pub marks: Marks,
    /// The record as an object, if it has marks.
    pub object: Object<'a>,
    /// True if the record is cut short or is not JSON.
    pub malformed: bool,
    /// The bytes of the record. In a batch, those of one item.
    pub raw: &'a [u8],
    /// The families to which a record in its text may belong.
    pub lends: Telemetry,
    /// The readers for which this is the result.
    pub readers: Readers,
    /// True for an event of OpenSSH for Windows.
    pub openssh: bool,
    /// True if the named sender is false, so that the text is not believed.
    pub forged: bool,
    /// The records that this record holds, if it is only their container. [`Opener::each`] opens them.
    batch: Option<Batch<'a>>,
}

/// The records in a container.
#[derive(Clone, Debug)]
enum Batch<'a> {
    /// Each element of an array is a record.
    Items(Items<'a>),
    /// The records have to be unfolded from an object, in a form of [`unfold`].
    Folded(u8, Object<'a>),
    /// An array of name and value pairs that form one record.
    Pairs(&'a [u8]),
}

impl Opened<'_> {
    /// A record without a result for these readers.
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

/// Buffers for text that cannot be read in place. They are reused for all records.
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

/// The settings for opening a record and all records inside it.
pub(crate) struct Opener<'o> {
    /// The zone for times without one.
    pub zone: Zone<'o>,
    /// The readers.
    pub audience: &'o Audience,
    /// Receives the opened records.
    pub sink: &'o mut dyn FnMut(Opened<'_>),
}

impl Opener<'_> {
    /// Opens each record in `record`: a JSON object, an array of objects, or an object that holds such an array
    /// (`records`, `value`, `events`). O(n). Memory is bounded by a small multiple of the record, and usually nothing
    /// is allocated.
    ///
    /// `lends` are the families to which the record may belong, because of the place where it was found. A record is
    /// opened once for all its readers. If the result differs between readers, each gets its own result, one after the
    /// other.
    pub fn each(&mut self, record: &[u8], lends: Telemetry, readers: Readers, scratch: &mut Scratch) {
        self.each_at(record, lends, readers, 0, &mut scratch.batches);
        // Two bytes become at most three, and a full buffer doubles.
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

    /// Recurses once per batch around a record, at most as often as there are `levels`.
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
            let mut opened = self.open(record, &mut walk, text);
            let Some(batch) = opened.batch.take() else {
                (self.sink)(Opened { raw: record, ..opened });
                continue;
            };
            let Opened { lends, readers, .. } = opened;
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

    /// The result for some readers of a record, which may be a container. This is a function of its own, and it does not
    /// call the sink, so that nested batches need little stack.
    #[inline(never)]
    fn open<'a: 's, 's>(&self, record: &'a [u8], walk: &mut Walk<'a>, text: &'s mut Vec<u8>) -> Opened<'s> {
        if let Some(object) = walk.object {
            return walk.next(object, self.zone, self.audience, text);
        }
        let (lends, nothing) = (walk.lends, Opened::nothing(core::mem::take(&mut walk.readers)));
        let batch = match Items::new(record) {
            Some(_) if unfold::is_pairs(record) => Batch::Pairs(record),
            Some(items) => Batch::Items(items),
            None => return Opened { malformed: true, ..nothing },
        };
        Opened { batch: Some(batch), lends, ..nothing }
    }
}

/// The sender, as the levels of a record so far name it.
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

/// The way into a record, level by level: a JSON object may hold another one as its text. Readers that find a family
/// they read stop there.
struct Walk<'a> {
    /// The object to read next. `None` if the record is no object.
    object: Option<Object<'a>>,
    level: usize,
    /// The number of levels that were strings.
    strings: usize,
    sender: Sender<'a>,
    lends: Telemetry,
    /// The readers that have not stopped.
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

    /// Goes to the next level at which some readers stop. Returns the result for these readers.
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
        // Objects inside objects need no buffer, but they count like those in strings.
        while self.level <= DEEPEST {
            let mut found = Slots::default();
            if !read(&object, MEMBERS.set(), &mut found) {
                // A text that only looks like JSON does not make the record malformed. No program that we read writes
                // such text.
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
                    // The record cannot belong to this family, so these readers get nothing.
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
            // A container may have fields of its own. A record with text or with a shape is no container.
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

    /// The object in a text, if there is one to be opened.
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
    /// Adds what the next inner level says. Returns `false` if the record is forged.
    fn learn(&mut self, found: &Slots<'a>, zone: Zone) -> bool {
        let text = |slot| found.get(slot).and_then(|value| value.as_text()).filter(|text| !text.is_empty());
        // People write anything into `tag` (`auth.log`). Only a process or a colon makes it a syslog tag.
        let tag = text(TAG).filter(|tag| found.rank(TAG) == Some(0) || tag.ends_with([']', ':']));
        let (tag, tag_pid) = tag.as_deref().map_or(("", None), split_tag);
        let claimed = text(PROGRAM).or_else(|| (!tag.is_empty()).then(|| Cow::Owned(tag.into())));
        // Windows names the source of the event. Its text names the program again.
        let (claimed, label) = match claimed {
            Some(name) if name == "OpenSSH" => (None, Some("sshd".into())),
            claimed => (claimed, text(LABEL)),
        };
        // A program that is no forwarder owns everything in its text.
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
        // Docker's `source` is one of two streams. Graylog's `source` is the machine.
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
    /// Adds the time of the next inner level. The outer time gives its zone, and wins over a time that cannot be read.
    fn when(&mut self, time: Option<Stamp>) {
        match (time, self.time) {
            (None, _) | (Some(Stamp::Unread), Some(_)) => {}
            (Some(Stamp::Local(_) | Stamp::Yearless(_)), Some(Stamp::At(outer))) => {
                (self.time, self.receipt) = (time, Some(outer));
            }
            (Some(_), _) => self.time = time,
        }
    }

    /// The families to which a record in the text may belong.
    fn lends(&self) -> Telemetry {
        match self.trust {
            Trust::Unnamed | Trust::Labelled => Telemetry::ANY,
            Trust::Named => lent(self.program.as_bytes()),
            Trust::Verified => Telemetry::NONE,
        }
    }
}

/// The families whose marks a record has, as far as its readers need them.
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
        // A record that a Beat took from the event log belongs to Windows, whether or not it is read, and not to ECS.
        let of_beats = || found.rank(mark(Family::Windows)) == Some(windows::BEATS);
        let is_weak = || found.rank(mark(family)) == Some(WEAK) && marked(found.filled()).count_ones() > 1;
        if proved && !(family == Family::Ecs && of_beats()) && !is_weak() {
            marks = marks.and(family);
            left = left.without(audience.takes(family));
        }
    }
    marks
}

/// The families whose marks are present, with any value.
fn bearing(found: &Slots<'_>) -> impl Iterator<Item = Family> {
    let mut marked = marked(found.filled());
    core::iter::from_fn(move || {
        let first = marked.trailing_zeros();
        marked &= marked.checked_sub(1)?;
        Family::ALL.get(first as usize).copied()
    })
}

/// True if a value is this word, or an array with it.
fn is_or_holds(value: Value<'_>, word: &str) -> bool {
    /// The longest array of words that is searched.
    const MOST: usize = 16;
    value.says(word) || value.as_array().is_some_and(|items| items.take(MOST).any(|item| item.says(word)))
}

/// The records in a record without a family: in an array, or in a form that has to be unfolded. A record with a text is
/// the carrier of that text instead.
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

/// True if a Windows event names OpenSSH. The decoder looks closer.
fn of_openssh(found: &Slots<'_>) -> bool {
    let system = found.get(mark(Family::Windows)).filter(|value| value.kind == Kind::Object);
    system.is_some_and(|system| find(system.raw, b"OpenSSH").is_some())
}

/// The program of a container, from its name: sshd if a word of the name says so.
pub(crate) fn in_container(name: Text<'_>) -> Text<'_> {
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    match words.any(|word| matches!(word, "sshd" | "ssh" | "openssh")) {
        true => Cow::Borrowed("sshd"),
        false => name,
    }
}

/// True if a record belongs to a family, read here or not. An array in it is then an ordinary field. A record whose
/// mark says that it holds others is not meant here.
fn is_shaped(found: &Slots<'_>) -> bool {
    bearing(found).any(|family| {
        let holder = HOLDERS[family as usize];
        holder.is_empty() || found.get(mark(family)).is_some_and(|value| !value.says(holder))
    })
}

fn is_object(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{")
}

/// Splits `sshd[17]:` into program and process.
fn split_tag(tag: &str) -> (&str, Option<u32>) {
    let tag = tag.trim().trim_end_matches(':');
    match tag.strip_suffix(']').and_then(|tag| tag.rsplit_once('[')) {
        Some((program, pid)) => (program, pid.parse().ok()),
        None => (tag, None),
    }
}
