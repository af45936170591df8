//! One reading of some files under one configuration.

use crate::describe;
use crate::events::Events;
use crate::files::Tallies;
use crate::kept::Kept;
use crate::notes::Notes;
use crate::readiness::Intake;
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Analytics, Descriptor, Detector, Error, Problem, Reading, Seen, Stats};
use authsieve_engine::time::Timestamp;
use authsieve_inputs::{Batch, Clock, Files, Input, Loss, Progress, Source};
use authsieve_records::Origins;
use authsieve_records::prefilter::{Prefilter, Route};
use authsieve_suite::Suite;
use std::sync::Arc;

/// One reading of some files under one configuration.
pub struct Session {
    source: Files,
    progress: Progress,
    prefilter: Prefilter,
    detector: Detector<Suite>,
    config: String,
    seed: u64,
    /// The number of the next record.
    next: u64,
    bytes: u64,
    gathered: Vec<u8>,
    buffer: Vec<u8>,
    ended: bool,
    problems: Vec<Problem>,
    /// Where each record stands.
    pub origins: Origins,
    /// The events.
    pub events: Events,
    /// The records that may matter.
    pub kept: Kept,
    pub(crate) files: Tallies,
    pub(crate) intakes: Vec<Intake>,
    pub(crate) notes: Notes,
    explained: Option<Again>,
    again: Option<Again>,
}

/// The kept records, judged once more.
struct Again {
    detector: Detector<Suite>,
    place: usize,
}

impl Again {
    /// Passes the batch that was judged. The end comes after the last batch, and is a step of its own.
    const fn pass(&mut self, kept: &Kept) -> Step {
        let batches = kept.len();
        let done = self.place >= batches;
        self.place += 1;
        let at = if done { batches } else { self.place };
        Step { done, at: at as u64, of: batches as u64 }
    }
}

/// An alert, and what the page has to know beside it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The alert.
    pub alert: Alert,
    /// Somebody got in: a login is part of what it tells.
    pub login: bool,
}

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// True at the end.
    pub done: bool,
    /// How much is done, and of how much: bytes, or batches.
    pub at: u64,
    /// See above.
    pub of: u64,
}

impl Session {
    /// A reading of these inputs, which begins at `received` (microseconds since 1970). `config` is JSON as the contract has
    /// it for a suite; empty: the defaults.
    ///
    /// # Errors
    /// For a configuration that is not valid.
    pub fn new(inputs: Vec<Input>, received: i64, config: &str, seed: u64) -> Result<Self, Error> {
        let detector = Detector::<Suite>::create(config, seed)?;
        let options = describe::times(config);
        let dates_known = options.contains("\"date_order\"");
        let source = Files::begun(inputs, received)
            .leave_dates(dates_known)
            .clock(Clock::new(&options), true)
            .memory(usize::MAX);
        let active = |about: &Descriptor| detector.stats().iter().any(|stats| stats.analytic == about.id);
        Ok(Self {
            progress: source.progress(),
            source,
            prefilter: Prefilter::new(&[detector.needles()]),
            intakes: Suite::describe().into_iter().filter(active).map(Intake::new).collect(),
            detector,
            config: config.into(),
            seed,
            next: 1,
            bytes: 0,
            gathered: Vec::new(),
            buffer: Vec::new(),
            ended: false,
            problems: Vec::new(),
            origins: Origins::default(),
            events: Events::default(),
            kept: Kept::default(),
            files: Tallies::default(),
            notes: Notes::default(),
            explained: None,
            again: None,
        })
    }

    /// How many records were read, and how many bytes they have.
    #[must_use]
    pub const fn read(&self) -> (u64, u64) {
        (self.next - 1, self.bytes)
    }

    /// The counters of each analytic.
    #[must_use]
    pub fn stats(&self) -> Vec<Stats> {
        self.detector.stats()
    }

    /// The first record of each kind of trouble.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Reads and judges the next batch, and appends its alerts.
    pub fn step(&mut self, told: &mut Vec<Told>) -> Step {
        if !self.ended {
            let buffer = std::mem::take(&mut self.buffer);
            match self.source.next(buffer) {
                Some(batch) => self.take(batch, told),
                None => self.end(told),
            }
            for problem in self.detector.problems() {
                if self.problems.iter().all(|known| known.kind != problem.kind) {
                    self.problems.push(problem);
                }
            }
        }
        let of = self.progress.size().unwrap_or(0);
        Step { done: self.ended, at: self.progress.read().min(of), of }
    }

    /// Stops reading: what was read counts as all there is.
    pub fn end(&mut self, told: &mut Vec<Told>) {
        if !self.ended {
            self.ended = true;
            let alerts = self.detector.flush();
            told.extend(alerts.into_iter().map(|alert| tell(&self.events, alert)));
        }
    }

    fn take(&mut self, batch: Batch, told: &mut Vec<Told>) {
        let Batch { file, line, moves, bytes, received, written, losses, flaws, .. } = batch;
        let unterminated = bytes.last().is_some_and(|last| *last != b'\n');
        let records = memchr::memchr_iter(b'\n', &bytes).count() as u64 + u64::from(unterminated);
        let first = self.next;
        self.next += records;
        self.bytes += bytes.len() as u64;
        if records > 0 {
            self.origins.add(first, &file, line);
            let mut begun = (0, &file);
            for to in &moves {
                self.origins.add(first + to.record, &to.file, to.line);
                self.files.records(begun.1, to.record - begun.0);
                begun = (to.record, &to.file);
            }
            self.files.records(begun.1, records - begun.0);
            self.origins.ends(first + records);
        }
        for loss in losses {
            self.files.loss(&file, loss.line(), loss.to_string(), matches!(loss, Loss::Unreadable(_)));
        }
        if flaws.total() > 0 {
            self.files.loss(&file, None, format!("{} parts could not be made records", flaws.total()), false);
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        let routes = self.prefilter.route(&bytes);
        let matter = routes.first().unwrap_or(&Route::All).gather(&bytes, &mut gathered);
        // Newlines alone are records that cannot matter.
        if matter.iter().any(|byte| *byte != b'\n') {
            let reading = Reading { received: Timestamp(received), written: written.map(Timestamp), first };
            self.list(matter, reading);
            let alerts = self.detector.process(matter, reading);
            told.extend(alerts.into_iter().map(|alert| tell(&self.events, alert)));
            self.kept.add(matter, reading);
        }
        (self.gathered, self.buffer) = (gathered, bytes);
    }

    /// Lists the events of a batch, before it is judged: so they are dated as the analytics date them.
    fn list(&mut self, matter: &[u8], reading: Reading) {
        let bit = |id: &&str| Suite::IDS.iter().position(|known| known == id).map_or(0, |place| 1 << place);
        for seen in self.detector.decode(matter, reading) {
            let Seen { record, analytics, event } = &seen;
            let origin = self.origins.of(*record);
            if let Some(origin) = &origin {
                self.files.event(&origin.file, event.time.0);
            }
            self.intakes.iter_mut().for_each(|intake| intake.take(&seen));
            self.events.add(*record, origin.as_ref(), analytics.iter().map(bit).sum(), event);
        }
    }

    /// Has the analytics explain the events of the next kept batch, and at the end the events that waited.
    pub fn explain(&mut self) -> Step {
        let mut again = match self.explained.take() {
            Some(again) => again,
            // It was valid before.
            None => match Detector::create(&self.config, self.seed) {
                Ok(detector) => Again { detector, place: 0 },
                Err(_) => return Step { done: true, at: 0, of: 0 },
            },
        };
        let notes = match self.kept.get(again.place) {
            Some(batch) => again.detector.explain(&batch.bytes, batch.reading),
            // The events that waited are judged at the end.
            None => {
                again.detector.flush();
                again.detector.explain(b"", Reading::default())
            }
        };
        self.notes.take(notes);
        let step = again.pass(&self.kept);
        self.explained = Some(again);
        step
    }

    /// Begins to judge the kept records once more, under another configuration.
    ///
    /// # Errors
    /// For a configuration that is not valid.
    pub fn judge_again(&mut self, config: &str) -> Result<(), Error> {
        self.again = None;
        let detector = Detector::create(config, self.seed)?;
        self.again = Some(Again { detector, place: 0 });
        Ok(())
    }

    /// Judges the next kept batch once more, and appends its alerts.
    pub fn again(&mut self, told: &mut Vec<Told>) -> Step {
        let Self { again, kept, events, .. } = self;
        let Some(again) = again else {
            let of = kept.len() as u64;
            return Step { done: true, at: of, of };
        };
        let alerts = match kept.get(again.place) {
            Some(batch) => again.detector.process(&batch.bytes, batch.reading),
            None => again.detector.flush(),
        };
        told.extend(alerts.into_iter().map(|alert| tell(events, alert)));
        again.pass(kept)
    }

    /// The name of the file that holds a record, and its line.
    #[must_use]
    pub fn place(&self, record: u64) -> Option<(Arc<str>, u64)> {
        self.origins.of(record).map(|origin| (origin.file, origin.line))
    }
}

fn tell(events: &Events, alert: Alert) -> Told {
    let login = !alert.related_successes.is_empty() || events.is_login(alert.record, alert.time.0);
    Told { alert, login }
}
