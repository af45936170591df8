//! One configured analytic and its state: what every face of it (component, browser, agent) wraps.

use crate::alert::Alert;
use crate::analytic::{Alerts, Analytic, Context, Of, Ordinals, Telemetry};
use crate::config::{Config, Problems};
use crate::dating::Dating;
use crate::decode::{self, Decoded, Decoder};
use crate::deliveries::Deliveries;
use crate::event::{Event, Record};
use crate::find::position;
use crate::note::{Note, Notes, Step as Fate};
use crate::reorder::{Held, Reorder};
use crate::shapes::linux::attempts::{Attempts, Step};
use crate::sieve::Sieve;
use crate::snapshot::{self, Reader, Writer};
use crate::time::{Span, Timestamp};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Why a detector could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Names each option, its value and what is allowed.
    InvalidConfig(Problems),
    /// Truncated, corrupted, of another analytic, or of another version.
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

/// What an analytic is. The WIT record `descriptor` documents each field.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Descriptor {
    pub id: String,
    pub name: String,
    pub version: String,
    pub description: String,
    pub techniques: Vec<String>,
    pub telemetry: Vec<String>,
    pub false_positives: Vec<String>,
    pub response: Vec<String>,
    pub config_schema: String,
    pub partition_by: Vec<String>,
}

/// Counters since the detector was made, and what it holds. The WIT record `stats` documents each field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stats {
    pub records: u64,
    pub matched: u64,
    pub malformed: u64,
    pub oversized: u64,
    pub late: u64,
    pub future: u64,
    pub duplicates: u64,
    pub keys: u64,
    pub evicted: u64,
    pub alerts: u64,
    pub state_bytes: u64,
}

/// One configured analytic and the state of its windows.
///
/// What it does is a function of its configuration and of what it was given; `seed` changes nothing but where
/// entries lie in memory.
pub struct Detector<A: Analytic> {
    decoder: Decoder<Of<A>>,
    dating: Dating,
    pipeline: Pipeline<A>,
}

/// What comes behind the decoder.
struct Pipeline<A: Analytic> {
    config: Config<A::Options>,
    analytic: A,
    deliveries: Deliveries,
    attempts: Attempts,
    reorder: Reorder,
    ordinals: Ordinals,
    /// The newest event time read.
    watermark: Timestamp,
    /// The newest event time judged: behind the former while events wait to be sorted.
    judged: Timestamp,
    stats: Stats,
    alerts: Vec<Alert>,
    /// Where notes go while somebody asks for them.
    notes: Option<Notes>,
}

/// Which form of snapshot this version writes.
const SNAPSHOT_VERSION: u16 = 2;

impl<A: Analytic> Detector<A> {
    /// What the analytic is.
    #[must_use]
    pub fn describe() -> Descriptor {
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        let about = &A::ABOUT;
        Descriptor {
            id: about.id.into(),
            name: about.name.into(),
            version: about.version.into(),
            description: about.description.into(),
            techniques: own(about.techniques),
            telemetry: own(about.telemetry),
            false_positives: own(about.false_positives),
            response: own(about.response),
            config_schema: Config::<A::Options>::schema(about.name, about.thresholds),
            partition_by: own(about.partition_by),
        }
    }

    /// A detector with empty windows. `config` is a JSON object; the empty string means the defaults.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`], with everything that is wrong.
    pub fn create(config: &str, seed: u64) -> Result<Self, Error> {
        let config = Config::of(A::ABOUT.id, config, A::ABOUT.thresholds).map_err(Error::InvalidConfig)?;
        let analytic = A::new(&config, seed).map_err(|why| Error::InvalidConfig(config.place(why).into()))?;
        let common = &config.common;
        let extra_failure_codes = A::extra_failure_codes(&config.options);
        let reader = decode::Reader { telemetry: A::TELEMETRY, extra_failure_codes };
        let decoder = Decoder::new(common, alloc::vec![reader]);
        let most = 4 * common.max_keys.0 as usize;
        let deliveries = Deliveries::new(analytic.horizon(), most, seed);
        let attempts = Attempts::new(common.salt(), seed);
        let reorder = Reorder::new(common.allowed_lateness.0);
        let pipeline = Pipeline {
            config,
            analytic,
            deliveries,
            attempts,
            reorder,
            ordinals: Ordinals::default(),
            watermark: Timestamp::MIN,
            judged: Timestamp::MIN,
            stats: Stats::default(),
            alerts: Vec::new(),
            notes: None,
        };
        Ok(Self { decoder, dating: Dating::default(), pipeline })
    }

    /// A detector that goes on where `snapshot` was taken, with notes on what a changed configuration made it drop.
    ///
    /// # Errors
    /// As [`create`](Self::create); and [`Error::InvalidSnapshot`] where the bytes are truncated, corrupted, of
    /// another analytic, or of another version.
    pub fn restore(config: &str, seed: u64, snapshot: &[u8]) -> Result<(Self, Vec<String>), Error> {
        let mut detector = Self::create(config, seed)?;
        let notes = detector.load(seed, snapshot).map_err(|why| Error::InvalidSnapshot(format!("{why}")))?;
        Ok((detector, notes))
    }

    /// Byte strings, compared without ASCII case, of which any record that can matter contains at least one.
    #[must_use]
    pub fn needles(&self) -> Vec<String> {
        self.decoder.needles().iter().map(|needle| (*needle).to_owned()).collect()
    }

    /// Takes a batch of whole records, separated by newlines. O(bytes) to decode, O(1) per event and key.
    pub fn process(&mut self, batch: &[u8], received: Timestamp) -> Vec<Alert> {
        self.pipeline.notes = None;
        self.read(batch, received);
        self.pipeline.hand_out()
    }

    /// Takes one whole record, for hosts that hand over single ones: a newline in it ends nothing.
    pub fn process_one(&mut self, record: &[u8], received: Timestamp) -> Vec<Alert> {
        self.pipeline.notes = None;
        self.take(record, received);
        self.pipeline.hand_out()
    }

    /// Takes a batch as [`process`](Self::process) does, and says what became of each event for each of its keys, and
    /// why; alerts are among the notes. What waits is told when it comes out: what [`advance`](Self::advance) and
    /// [`flush`](Self::flush) judge in between, by the next call, also one with an empty batch.
    pub fn explain(&mut self, batch: &[u8], received: Timestamp) -> Vec<Note> {
        let notes = self.pipeline.notes.get_or_insert_default();
        // Those that came out in between are of no record of this batch.
        notes.at(None);
        self.read(batch, received);
        self.pipeline.hand_out();
        self.pipeline.notes.as_mut().map(Notes::take).unwrap_or_default()
    }

    fn read(&mut self, batch: &[u8], received: Timestamp) {
        for (number, record) in records(batch).enumerate() {
            if let Some(notes) = &mut self.pipeline.notes {
                notes.at(u32::try_from(number).ok());
            }
            self.take(record, received);
        }
        if let Some(notes) = &mut self.pipeline.notes {
            notes.at(None);
        }
    }

    fn take(&mut self, record: &[u8], received: Timestamp) {
        let Self { decoder, dating, pipeline } = self;
        pipeline.stats.records += 1;
        if record.len() > decoder.max_record() {
            pipeline.stats.oversized += 1;
            return;
        }
        let malformed = decoder.decode(record, &mut |Decoded { mut event, stamp, zone, part, .. }| {
            dating.date(&mut event, stamp, zone, received);
            pipeline.take(event, part, received);
        });
        pipeline.stats.malformed += u64::from(!malformed.is_empty());
    }

    /// Takes one event that was decoded elsewhere, with its raw record for evidence. O(1) per key.
    pub fn observe(&mut self, event: Event<'_>, record: &[u8], received: Timestamp) -> Vec<Alert> {
        self.pipeline.take(event, record, received);
        self.pipeline.hand_out()
    }

    /// What the records of a batch say. No state is touched.
    #[must_use]
    pub fn decode(&self, batch: &[u8], received: Timestamp) -> Vec<Event<'static>> {
        let (mut decoder, mut dating) = (self.decoder.aside(), self.dating.clone());
        let most = decoder.max_record();
        let mut events = Vec::new();
        for record in records(batch).filter(|record| record.len() <= most) {
            // What is malformed says nothing; `process` counts it.
            decoder.decode(record, &mut |Decoded { mut event, stamp, zone, .. }| {
                dating.date(&mut event, stamp, zone, received);
                events.push(event.into_owned());
            });
        }
        events
    }

    /// Event time has reached `to` though nothing came.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Alert> {
        self.pipeline.advance(to);
        self.pipeline.hand_out()
    }

    /// Nothing came for that long after the newest event: what its lateness, too, lets out comes out.
    pub fn elapse(&mut self, by: Span) -> Vec<Alert> {
        let newest = self.pipeline.watermark;
        self.advance(newest.plus(by).minus(self.pipeline.config.common.allowed_lateness.0))
    }

    /// The newest event time read; [`Timestamp::MIN`] before the first.
    #[must_use]
    pub const fn watermark(&self) -> Timestamp {
        self.pipeline.watermark
    }

    /// The early exit for records that cannot matter, where there is one.
    #[must_use]
    pub fn sieve(&self) -> Option<Sieve> {
        self.decoder.sieve()
    }

    /// The end of a finite input: everything that waits comes out.
    pub fn flush(&mut self) -> Vec<Alert> {
        self.advance(Timestamp::MAX)
    }

    /// The state: versioned, checksummed, the same bytes on every host and for every seed.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let held = usize::try_from(self.stats().state_bytes).unwrap_or(0);
        let mut out = Writer::new(A::ABOUT.id, SNAPSHOT_VERSION, held);
        self.dating.save(&mut out);
        let pipeline = &self.pipeline;
        out.bytes(pipeline.config.common.salt.as_bytes());
        pipeline.deliveries.save(&mut out);
        if Pipeline::<A>::JOINS {
            pipeline.attempts.save(&mut out);
        }
        pipeline.reorder.save(&mut out);
        pipeline.ordinals.save(&mut out);
        out.i64(pipeline.watermark.0);
        out.i64(pipeline.judged.0);
        pipeline.analytic.save(&mut out);
        out.finish()
    }

    fn load(&mut self, seed: u64, snapshot: &[u8]) -> snapshot::Result<Vec<String>> {
        let mut input = Reader::open(snapshot, A::ABOUT.id, SNAPSHOT_VERSION)?;
        self.dating.load(&mut input)?;
        let pipeline = &mut self.pipeline;
        let salt = &pipeline.config.common.salt;
        let same_salt = input.bytes()? == salt.as_bytes();
        pipeline.deliveries.load(&mut input)?;
        let salted = pipeline.config.common.salt();
        let attempts = match Pipeline::<A>::JOINS {
            true => Attempts::load(salted, seed, &mut input)?,
            false => Attempts::new(salted, seed),
        };
        if same_salt {
            pipeline.attempts = attempts;
        }
        pipeline.reorder.load(&mut input)?;
        pipeline.ordinals = Ordinals::load(&mut input)?;
        pipeline.watermark = Timestamp(input.i64()?);
        pipeline.judged = Timestamp(input.i64()?);
        if !same_salt {
            return Ok(alloc::vec![
                "salt: it has changed, so no key of the snapshot can be known again; all were dropped".into()
            ]);
        }
        let notes = pipeline.analytic.load(&mut input)?;
        input.finish()?;
        Ok(notes)
    }

    /// Counters since the detector was made, and what it holds.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let pipeline = &self.pipeline;
        let held = pipeline.analytic.held();
        Stats {
            // What the buffer could not sort is late for its key as well.
            late: if pipeline.reorder.sorts() { pipeline.stats.late } else { held.late },
            keys: held.keys,
            evicted: held.evicted,
            state_bytes: held.bytes
                + (pipeline.deliveries.bytes() + pipeline.attempts.bytes() + pipeline.reorder.bytes()) as u64,
            ..pipeline.stats
        }
    }
}

impl<A: Analytic> Pipeline<A> {
    /// Whether several records may speak of one attempt: only programs of Linux do that. Known when it is compiled.
    const JOINS: bool = A::TELEMETRY.has(Telemetry::LINUX);

    /// Takes an event from the decoder: into the reorder buffer, or on to its judgement.
    fn take(&mut self, mut event: Event<'_>, record: &[u8], received: Timestamp) {
        self.stats.matched += 1;
        if event.time > received.plus(self.config.common.max_ahead.0) {
            self.stats.future += 1;
            event.time = received;
        }
        self.watermark = self.watermark.max(event.time);
        // What an earlier configuration let wait leaves first, under one that sorts nothing.
        if !self.reorder.sorts() && self.reorder.is_empty() {
            self.judge(event, record);
        } else if self.reorder.is_late(event.time) {
            self.stats.late += 1;
            self.judge(event, record);
        } else {
            self.reorder.push(event.into_owned(), record);
            // Of which record of this batch it is, or of one before, is not known any more.
            if let Some(notes) = &mut self.notes {
                notes.at(None);
            }
            while let Some(Held { event, record, .. }) = self.reorder.ready(self.watermark) {
                self.judge(event, &record);
            }
        }
    }

    fn advance(&mut self, to: Timestamp) {
        while let Some(Held { event, record, .. }) = self.reorder.until(to) {
            self.judge(event, &record);
        }
        let Self { config, analytic, ordinals, alerts, notes, .. } = self;
        let notes = notes.as_mut();
        analytic.advance(
            to,
            &mut Alerts { about: &A::ABOUT, digest: &config.digest, ordinals, out: alerts, notes },
        );
    }

    /// Joins the event with what others say of the same attempt, and lets the analytic see what counts.
    fn judge(&mut self, event: Event<'_>, record: &[u8]) {
        let Self { config, analytic, deliveries, attempts, ordinals, judged, alerts, stats, notes, .. } =
            self;
        *judged = event.time.max(*judged);
        if let Some(notes) = notes {
            notes.about(&event);
        }
        if event.delivery.is_some_and(|id| !deliveries.is_new(id, event.time, *judged)) {
            stats.duplicates += 1;
            if let Some(notes) = notes {
                notes.add(
                    Fate::Ignored,
                    "",
                    "",
                    "delivered twice, counted once: an event of the same id came before",
                    &[],
                );
            }
            return;
        }
        let (before, count) = (notes.as_ref().map_or(0, Notes::len), event.count);
        let mut each = |step: Step<'_>| match step {
            Step::Count(event) => {
                let judgement = config.overrides.judge(&event);
                if judgement.ignored() || config.common.ignores(&event) {
                    if let Some(notes) = notes {
                        notes.about(&event);
                        let why = config.common.ignored_by(&event).or(judgement.reason());
                        notes.add(Fate::Ignored, "", why.unwrap_or("an override"), "ignored by %", &[]);
                    }
                    return;
                }
                if let Some(notes) = notes {
                    notes.about(&event);
                    if event.count < count {
                        let counts = [count.into(), (count - event.count).into()];
                        notes.add(
                            Fate::Joined,
                            "",
                            "",
                            "of its # attempts, # were counted with lines before",
                            &counts,
                        );
                    }
                }
                let before = notes.as_ref().map_or(0, Notes::len);
                let alerts = Alerts {
                    about: &A::ABOUT,
                    digest: &config.digest,
                    ordinals,
                    out: alerts,
                    notes: notes.as_mut(),
                };
                let mut context =
                    Context { judgement, record: Record::unnumbered(record), watermark: *judged, alerts };
                analytic.observe(&event, &mut context);
                if let Some(notes) = notes
                    && notes.len() == before
                {
                    notes.add(
                        Fate::Ignored,
                        "",
                        event.provider.as_str(),
                        "not looked at: % events of this outcome say nothing here",
                        &[],
                    );
                }
            }
            Step::TakeBack(event) => {
                if !config.overrides.judge(&event).ignored() && !config.common.ignores(&event) {
                    if let Some(notes) = notes {
                        notes.about(&event);
                        let text =
                            "# failures taken back: only PAM had told of them, and the login succeeded";
                        notes.add(Fate::Joined, "", "", text, &[event.count.into()]);
                    }
                    analytic.take_back(&event);
                }
            }
        };
        if Self::JOINS {
            let alone = event.pid.is_none();
            attempts.observe(event, &mut each);
            if let Some(notes) = notes
                && notes.len() == before
            {
                let text = if alone {
                    "not counted: without a process id it cannot be told from the lines about the same attempt"
                } else {
                    "counted once with the line before: the same attempt of the same process"
                };
                notes.add(Fate::Joined, "", "", text, &[]);
            }
        } else {
            each(Step::Count(event));
        }
    }

    fn hand_out(&mut self) -> Vec<Alert> {
        self.stats.alerts += self.alerts.len() as u64;
        core::mem::take(&mut self.alerts)
    }
}

/// The records of a batch: whole lines, without their newline or carriage return. Empty lines are none.
fn records(batch: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = batch;
    core::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, after) = match position(rest, b'\n') {
                Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()),
                None => (rest, &[][..]),
            };
            rest = after;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                return Some(line);
            }
        }
        None
    })
}
