//! Configured analytics and their state. Every face of a module (component, browser class, agent filter) wraps a
//! detector.
//!
//! A detector works in two stages. The first stage, **reading**, decodes each record once, and names the analytics that
//! read its events ([`crate::decode`]). The second stage, **judging**, belongs to each analytic: event time, years,
//! reorder buffer, deliveries, attempts and windows ([`judge`]). So a suite gives the same alerts as its single
//! analytics. Reading and judging can also run on different machines ([`Detector::route`], [`Detector::judge`]).
//!
//! ```text
//! batch ─ records ─ Decoder ─ Decoded ─┬─ Judge<A> ─ alerts of A
//!                                      └─ Judge<B> ─ alerts of B
//! ```

mod describe;
pub mod judge;
mod notes;
mod part;
pub mod points;
mod problems;
mod repeats;
mod state;
mod watch;

use crate::alert::Alert;
use crate::analytic::{Analytic, Of, Reads, Telemetry};
use crate::config::{Common, Known, Layout, Problems};
use crate::dating::{Dated, Dating};
use crate::decode::{Decoded, Decoder, Misread, Reader, Readers};
use crate::event::{Event, Record};
use crate::find::position;
use crate::note::Note;
use crate::sieve::Sieve;
use crate::snapshot::Writer;
use crate::time::{Span, Timestamp};
use crate::times::When;
use crate::window::journal::RECORD;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
pub use describe::{Advice, Descriptor, Need, Source};
use judge::{Judge, Judging};
pub use part::Part;
use problems::FirstProblems;
pub use problems::Problem;
use repeats::LastLine;
pub use watch::{Shown, Watch};

/// The reason why a detector could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// All problems, each with its code, its path, and a message that names the value and the allowed values.
    InvalidConfig(Problems),
    /// The snapshot is truncated, corrupted, of another analytic or of another version.
    InvalidSnapshot(String),
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::InvalidConfig(why) => write!(f, "invalid configuration: {why}"),
            Self::InvalidSnapshot(why) => write!(f, "invalid snapshot: {why}"),
        }
    }
}

impl core::error::Error for Error {}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::InvalidConfig(problems)
    }
}

crate::record! { $ stats_fields;
    /// Counters of one analytic, and the size of its state. The WIT record `stats` documents each field.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[allow(missing_docs)]
    pub struct Stats {
        pub analytic: String,
        pub records: u64,
        pub matched: u64,
        pub unread: u64,
        pub malformed: u64,
        pub undated: u64,
        pub oversized: u64,
        pub late: u64,
        pub future: u64,
        pub duplicates: u64,
        pub ignored: u64,
        pub keys: u64,
        pub evicted: u64,
        pub alerts: u64,
        pub state_bytes: u64,
    }
}

stats_fields!(write_fields, Stats);

impl Stats {
    /// Adds the counters of an earlier detector. The current keys and bytes stay as they are.
    pub fn add(&mut self, before: &Self) {
        for (now, before) in [
            (&mut self.records, before.records),
            (&mut self.matched, before.matched),
            (&mut self.unread, before.unread),
            (&mut self.malformed, before.malformed),
            (&mut self.undated, before.undated),
            (&mut self.oversized, before.oversized),
            (&mut self.late, before.late),
            (&mut self.future, before.future),
            (&mut self.duplicates, before.duplicates),
            (&mut self.ignored, before.ignored),
            (&mut self.evicted, before.evicted),
            (&mut self.alerts, before.alerts),
        ] {
            *now = now.saturating_add(before);
        }
    }
}

/// When and where the records of a batch were read. The WIT record `reading` documents each field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Reading {
    pub received: Timestamp,
    pub written: Option<Timestamp>,
    pub first: u64,
}

impl Reading {
    /// Records of a stream, received at `received`. Their numbers are unknown.
    #[must_use]
    pub const fn at(received: Timestamp) -> Self {
        Self { received, written: None, first: 0 }
    }
}

/// Microseconds since 1970-01-01T00:00:00Z.
impl From<i64> for Reading {
    fn from(received: i64) -> Self {
        Self::at(Timestamp(received))
    }
}

impl From<Timestamp> for Reading {
    fn from(received: Timestamp) -> Self {
        Self::at(received)
    }
}

/// An event read from a record. The WIT record `event` documents each field.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The number of the record.
    pub record: u64,
    /// The ids of the analytics that read the event.
    pub analytics: Vec<&'static str>,
    /// The event.
    pub event: Event<'static>,
}

/// The analytics of a detector: one, or those of a suite.
pub trait Analytics: 'static {
    /// The telemetry that they read together. A module holds only the decoders for this telemetry.
    const TELEMETRY: Telemetry;

    /// The type for this telemetry. The code of the decoder exists once for each such type.
    type Reads: Reads;

    /// The name of the module. For a single analytic, this is its id.
    const ID: &'static str;

    /// The ids of the analytics, sorted. Alerts of one record come in this order.
    const IDS: &'static [&'static str];

    /// Describes each analytic, in the order of the ids.
    fn describe() -> Vec<Descriptor>;

    /// Makes the analytics that the configuration asks for.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidConfig`], which holds every problem.
    fn configure(config: &str, seed: u64) -> Result<Configured, Error>;
}

/// Configured analytics that have read nothing yet.
pub struct Configured {
    /// The options that affect decoding.
    pub common: Common,
    /// The analytics, in the order of their ids.
    pub judges: Vec<Box<dyn Judging>>,
}

impl<A: Analytic> Analytics for A {
    const TELEMETRY: Telemetry = <A as Analytic>::TELEMETRY;
    type Reads = Of<A>;
    const ID: &'static str = A::ABOUT.id;
    const IDS: &'static [&'static str] = &[A::ABOUT.id];

    fn describe() -> Vec<Descriptor> {
        alloc::vec![Descriptor::of::<A>()]
    }

    fn configure(config: &str, seed: u64) -> Result<Configured, Error> {
        let known = [Known { id: A::ABOUT.id, thresholds: A::ABOUT.thresholds }];
        let layout = Layout::read(config, &known)?;
        let (common, judge) = Judge::<A>::in_section(&layout.section(A::ABOUT.id), seed)?;
        Ok(Configured { common, judges: alloc::vec![judge] })
    }
}

/// Configured analytics and the state of their windows.
///
/// The answers depend on the configuration and the input only. `seed` only decides where entries lie in memory.
pub struct Detector<S: Analytics> {
    decoder: Decoder<S::Reads>,
    /// The analytics in the order of their ids. The readers of the decoder are in the same order.
    judges: Vec<Box<dyn Judging>>,
    records: u64,
    oversized: u64,
    problems: FirstProblems,
    last: LastLine,
}

impl<S: Analytics> Reads for Of<S> {
    const TELEMETRY: Telemetry = S::TELEMETRY;
}

impl<S: Analytics> Detector<S> {
    /// Describes each analytic.
    #[must_use]
    pub fn describe() -> Vec<Descriptor> {
        S::describe()
    }

    /// Makes a detector with empty windows. `config` is a JSON object, or empty for the defaults. A JSON list means
    /// several [settings at once](points). O(`config`).
    ///
    /// # Errors
    /// Fails with [`Error::InvalidConfig`], which holds every problem.
    pub fn create(config: &str, seed: u64) -> Result<Self, Error> {
        let configured = if points::is_list(config) { points::configure::<S> } else { S::configure };
        let Configured { common, judges } = configured(config, seed)?;
        let readers: Vec<Reader> = judges.iter().map(|judge| judge.reader()).collect();
        let decoder = Decoder::new(&common, readers);
        Ok(Self {
            decoder,
            judges,
            records: 0,
            oversized: 0,
            problems: FirstProblems::default(),
            last: LastLine::default(),
        })
    }

    /// Makes a detector that continues from `snapshot`. Also returns notes on the state that was dropped.
    /// O(`snapshot`).
    ///
    /// # Errors
    /// Fails as [`create`](Self::create) does. Fails with [`Error::InvalidSnapshot`] if the bytes are truncated,
    /// corrupted, of other analytics or of another version.
    pub fn restore(config: &str, seed: u64, snapshot: &[u8]) -> Result<(Self, Vec<String>), Error> {
        let mut detector = Self::create(config, seed)?;
        let (notes, last) = state::load(&mut detector.judges, seed, snapshot)
            .map_err(|why| Error::InvalidSnapshot(format!("{why}")))?;
        detector.last = last;
        Ok((detector, notes))
    }

    /// The needles: each record that can matter holds at least one of these strings, in any ASCII case.
    #[must_use]
    pub fn needles(&self) -> Vec<String> {
        self.decoder.needles().iter().map(|needle| (*needle).to_owned()).collect()
    }

    /// Reads a batch of whole records, each with a newline after it. O(bytes) to decode, O(1) per event and key.
    pub fn process(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Vec<Alert> {
        let reading = reading.into();
        self.explain_to(false);
        let mut alerts = Vec::new();
        for record in records(batch, reading.first) {
            self.take(record, reading, &mut alerts);
        }
        alerts
    }

    /// Reads one whole record, for hosts that pass single records. A newline in it does not end it. Costs as much as
    /// [`process`](Self::process) with a batch of one record.
    pub fn process_one(&mut self, record: &[u8], reading: impl Into<Reading>) -> Vec<Alert> {
        let reading = reading.into();
        self.explain_to(false);
        let mut alerts = Vec::new();
        self.take(Record { number: reading.first, bytes: record }, reading, &mut alerts);
        alerts
    }

    /// Reads a batch as [`process`](Self::process) does, and returns notes: what became of each event for each of its
    /// keys, and why. Alerts are among the notes. Events that [`elapse`](Self::elapse) and [`flush`](Self::flush) judge
    /// between two calls appear in the next call, even if its batch is empty. Costs more than `process`, because each
    /// event and key gets a text.
    pub fn explain(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Vec<Note> {
        let reading = reading.into();
        self.explain_to(true);
        let (mut alerts, mut notes) = (Vec::new(), Vec::new());
        self.judges.iter_mut().for_each(|judge| judge.hand_out_notes(&mut notes));
        for record in records(batch, reading.first) {
            self.take(record, reading, &mut alerts);
            alerts.clear();
            self.judges.iter_mut().for_each(|judge| judge.hand_out_notes(&mut notes));
        }
        notes
    }

    fn explain_to(&mut self, explains: bool) {
        self.judges.iter_mut().for_each(|judge| judge.set_explains(explains));
    }

    /// Reads one record and judges its events. The alerts of one record come in the order of the analytics' ids.
    fn take(&mut self, record: Record<'_>, reading: Reading, alerts: &mut Vec<Alert>) {
        self.take_shown(record, reading, alerts, |_, _| {});
    }

    /// Does the same, and shows each event before it is judged.
    fn take_shown(
        &mut self,
        record: Record<'_>,
        reading: Reading,
        alerts: &mut Vec<Alert>,
        mut show: impl FnMut(&mut Decoded<'_>, &[Box<dyn Judging>]),
    ) {
        if !self.fits(record) {
            return;
        }
        let judges = &mut self.judges;
        let (mut read, mut trouble) = (false, Trouble::default());
        let misread = self.last.decode(&mut self.decoder, record, &mut |mut decoded| {
            read = true;
            show(&mut decoded, judges);
            let Decoded { event, when, readers, part } = decoded;
            let shown = Record { bytes: part, ..record };
            each(readers, event, &mut |place, event| {
                if let Some(judge) = judges.get_mut(place) {
                    trouble.add(&judge.take(event, &when, shown, reading), when.unread);
                }
            });
        });
        self.count(record, misread, &trouble);
        if read {
            self.judges.iter_mut().for_each(|judge| judge.hand_out(alerts));
        }
    }

    /// Counts a record. Returns true if it is short enough to be read.
    fn fits(&mut self, record: Record<'_>) -> bool {
        self.records += 1;
        let fits = record.bytes.len() <= self.decoder.max_record();
        if !fits {
            self.oversized += 1;
            self.problems.note("oversized", record);
        }
        fits
    }

    /// Counts the problems of a record, and remembers the first record of each kind.
    fn count(&mut self, record: Record<'_>, misread: Misread, trouble: &Trouble) {
        if misread != Misread::default() {
            self.count_misread(record, misread);
        }
        if trouble.ahead {
            self.problems.note("future", record);
        }
        if let Some(unread) = &trouble.undated {
            // The text of the unreadable time says more than its record.
            let shown = if unread.is_empty() { record.bytes } else { unread };
            self.problems.note("undated", Record { bytes: shown, ..record });
        }
    }

    #[cold]
    fn count_misread(&mut self, record: Record<'_>, misread: Misread) {
        let Misread { malformed, unread } = misread;
        for (kind, readers) in [("malformed", malformed), ("unread", unread)] {
            if !readers.is_empty() {
                self.problems.note(kind, record);
            }
        }
        for (place, judge) in self.judges.iter_mut().enumerate() {
            judge.count_misread(malformed.has(place), unread.has(place));
        }
    }

    /// Judges one event that was decoded elsewhere, for the analytics that read its provider. O(1) per key.
    pub fn observe<'r>(
        &mut self,
        event: Event<'_>,
        record: impl Into<Record<'r>>,
        received: Timestamp,
    ) -> Vec<Alert> {
        let record = record.into();
        let mut alerts = Vec::new();
        let when = When::at(event.time);
        for judge in &mut self.judges {
            judge.take(event.clone(), &when, record, Reading::at(received));
            judge.hand_out(&mut alerts);
        }
        alerts
    }

    /// The events of a batch, without undated ones. Changes no state. O(bytes). Each call copies the inferred years of
    /// up to 1,024 hosts for each analytic, so pass many records at once.
    #[must_use]
    pub fn decode(&self, batch: &[u8], reading: impl Into<Reading>) -> Vec<Seen> {
        let reading = reading.into();
        let mut decoder = self.decoder.aside();
        let mut dating: Vec<Dating> = self.judges.iter().map(|judge| judge.dating().clone()).collect();
        let (mut events, most, mut last) = (Vec::new(), decoder.max_record(), LastLine::default());
        for record in records(batch, reading.first).filter(|record| record.bytes.len() <= most) {
            // A malformed record has no events here; `process` counts it.
            let _ = last.decode(&mut decoder, record, &mut |decoded| {
                let (mut event, mut dated) = (decoded.event.into_owned(), true);
                let mut analytics = Vec::new();
                for place in decoded.readers.iter() {
                    // All analytics that read the event find the same year, unless they have seen other records of
                    // the host.
                    if let (Some(dating), Some(judge)) = (dating.get_mut(place), self.judges.get(place)) {
                        let how = dating.date(&mut event, &decoded.when, &judge.rules(), reading);
                        (dated, event.year_inferred, event.delay) = (!how.undated, how.inferred, how.delay);
                    }
                    analytics.extend(S::IDS.iter().filter(|id| self.is(place, id)));
                }
                if dated {
                    events.push(Seen { record: record.number, analytics, event });
                }
            });
        }
        events
    }

    fn is(&self, place: usize, id: &str) -> bool {
        self.judges.get(place).is_some_and(|judge| judge.id() == id)
    }

    /// Tells the detector that nothing came for a time. Moves event time to the newest event + `idle` −
    /// `allowed_lateness`, and returns the alerts that this releases. O(log n) for each of the n waiting events that
    /// leaves.
    pub fn elapse(&mut self, idle: Span) -> Vec<Alert> {
        self.each(|judge| judge.elapse(idle))
    }

    /// Does the same as [`elapse`](Self::elapse), but each analytic takes the time since its newest event was
    /// received.
    pub fn elapse_until(&mut self, received: Timestamp) -> Vec<Alert> {
        self.each(|judge| judge.elapse_until(received))
    }

    /// Moves event time to `to`, and returns the alerts that this releases.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Alert> {
        self.each(|judge| judge.advance(to))
    }

    /// Ends a finite input, and returns all alerts that still wait.
    pub fn flush(&mut self) -> Vec<Alert> {
        self.advance(Timestamp::MAX)
    }

    fn each(&mut self, mut pass: impl FnMut(&mut dyn Judging)) -> Vec<Alert> {
        let mut alerts = Vec::new();
        for judge in &mut self.judges {
            pass(&mut **judge);
            judge.hand_out(&mut alerts);
        }
        alerts
    }

    /// The newest event time that any analytic has read; [`Timestamp::MIN`] before the first event.
    #[must_use]
    pub fn watermark(&self) -> Timestamp {
        self.judges.iter().map(|judge| judge.watermark()).max().unwrap_or(Timestamp::MIN)
    }

    /// The early exit for records that cannot matter, if there is one.
    #[must_use]
    pub fn sieve(&self) -> Option<Sieve> {
        self.decoder.sieve()
    }

    /// The state as a snapshot: sections with versions, a checksum, and the same bytes on every host and for every
    /// seed. O(state): this scans all keys, so take snapshots by time and not after each batch.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let held: u64 = self.judges.iter().map(|judge| judge.stats().state_bytes).sum();
        let mut out = Writer::new(usize::try_from(held).unwrap_or(0));
        state::save_all(&self.judges, &self.last, &mut out);
        out.finish()
    }

    /// The number of decoded records and parts of records. Normally a record is decoded once for all analytics.
    #[must_use]
    pub const fn decodes(&self) -> u64 {
        self.decoder.decodes()
    }

    /// The counters since the detector was made, and the size of the state, for each analytic. O(keys).
    #[must_use]
    pub fn stats(&self) -> Vec<Stats> {
        let of =
            |judge: &dyn Judging| Stats { records: self.records, oversized: self.oversized, ..judge.stats() };
        self.judges.iter().map(|judge| of(&**judge)).collect()
    }

    /// The first record of each kind of problem since the last call.
    pub fn problems(&mut self) -> Vec<Problem> {
        self.problems.take()
    }

    /// Reads a batch without judging it. Returns each event once for each analytic that reads it. O(bytes).
    pub fn route(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Vec<Part> {
        let reading = reading.into();
        let mut parts = Vec::new();
        for record in records(batch, reading.first) {
            if !self.fits(record) {
                continue;
            }
            let judges = &self.judges;
            let misread = self.last.decode(&mut self.decoder, record, &mut |decoded| {
                let shown = Record { bytes: decoded.part, ..record };
                let places = decoded.readers.iter().filter_map(|place| judges.get(place));
                parts.extend(places.map(|judge| Part::new(&**judge, &decoded.event, &decoded.when, shown)));
            });
            self.count(record, misread, &Trouble::default());
        }
        parts
    }

    /// Judges parts in their order. [`route`](Self::route) made them, here or elsewhere. Skips a part that is damaged,
    /// or whose analytic does not run here, and notes it among the [`problems`](Self::problems). O(1) for each part and
    /// key.
    pub fn judge(&mut self, parts: &[Part], reading: Reading) -> Vec<Alert> {
        self.explain_to(false);
        let mut alerts = Vec::new();
        for part in parts {
            let judge = self.judges.iter_mut().find(|judge| judge.id() == part.analytic);
            match (judge, part.read()) {
                (Some(judge), Ok((event, when, number, bytes))) => {
                    let record = Record { number, bytes };
                    let mut trouble = Trouble::default();
                    trouble.add(&judge.take(event, &when, record, reading), when.unread);
                    judge.hand_out(&mut alerts);
                    self.count(record, Misread::default(), &trouble);
                }
                _ => self.problems.note("part", Record::unnumbered(part.analytic.as_bytes())),
            }
        }
        alerts
    }
}

/// The problems with the times of a record.
#[derive(Default)]
struct Trouble {
    /// True if one of its events is ahead of its receipt.
    ahead: bool,
    /// Set if one of its events is undated: the text of the unreadable time, or empty.
    undated: Option<Vec<u8>>,
}

impl Trouble {
    fn add(&mut self, dated: &Dated, unread: &[u8]) {
        self.ahead |= dated.ahead;
        if dated.undated && !dated.ahead && self.undated.is_none() {
            self.undated = Some(unread.get(..RECORD).unwrap_or(unread).into());
        }
    }
}

/// Passes an event to each of its readers. The last reader takes the event itself, the others a copy.
fn each<'e>(readers: Readers, event: Event<'e>, take: &mut dyn FnMut(usize, Event<'e>)) {
    let mut last = None;
    for place in readers.iter() {
        if let Some(before) = last.replace(place) {
            take(before, event.clone());
        }
    }
    if let Some(place) = last {
        take(place, event);
    }
}

/// The records of a batch and their numbers. The first has the number `first`; 0 means unknown. A record is a line
/// without its newline and carriage return. An empty line has a number but is no record.
fn records(batch: &[u8], first: u64) -> impl Iterator<Item = Record<'_>> {
    // Unknown numbers stay 0.
    let step = u64::from(first != 0);
    let (mut rest, mut next) = (batch, first);
    core::iter::from_fn(move || {
        loop {
            let number = next;
            let line = match rest.first()? {
                // With a prefilter, most lines are empty; these need no search.
                b'\n' => {
                    rest = rest.get(1..).unwrap_or_default();
                    next += step;
                    continue;
                }
                _ => match position(rest, b'\n') {
                    Some(at) => {
                        let line = rest.get(..at).unwrap_or_default();
                        rest = rest.get(at + 1..).unwrap_or_default();
                        line
                    }
                    None => core::mem::take(&mut rest),
                },
            };
            next += step;
            let bytes = line.strip_suffix(b"\r").unwrap_or(line);
            if !bytes.is_empty() {
                return Some(Record { number, bytes });
            }
        }
    })
}
