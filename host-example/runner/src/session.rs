//! A running analytic that outlives its traps.
//!
//! A trap, a missed deadline or too much memory kills a detector together with its store. The session then makes
//! a new one from the last checkpoint (a snapshot), replays what was processed since, whose alerts were
//! delivered already, and goes through the batch that failed by halves, until it knows the one record that fails
//! on its own. That record is reported and left out; every other one counts. All of this is possible because an
//! analytic is a pure function of its configuration and its records, and because it does not matter how records
//! are cut into batches.
//!
//! What a guest does on purpose is bounded: so many lost records to a batch, so much time for all recoveries.
//! Beyond, the analytic first loses its state, then the batch, and is stopped at last.

mod journal;

use crate::host::{Alert, Analytic, CallError, Detector, StartError, Stats};
use journal::Journal;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After so many lost records in one batch, the state is suspected; after twice as many the batch is given up.
const MAX_LOST: usize = 8;
/// So many batches given up in a row stop the analytic.
const MAX_GIVEN_UP: u32 = 3;
/// How long a part of a failed batch may take, while the record at fault is looked for.
const TRIAL: Duration = Duration::from_secs(1);
/// How long all recoveries of a session may take before it is stopped.
const RECOVERY: Duration = Duration::from_secs(120);

/// An analytic with its configuration, and whatever it takes to go on after it failed.
pub struct Session {
    analytic: Arc<Analytic>,
    config: String,
    seed: u64,
    /// `None` once it is stopped.
    detector: Option<Detector>,
    /// The detector's last call failed: it has to be made anew.
    dead: bool,
    journal: Journal,
    /// Counters of detectors that are gone.
    base: Stats,
    given_up: u32,
    recovering: Duration,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Step {
    /// The alerts, in the order they were raised.
    pub alerts: Vec<Alert>,
    /// What went wrong. Mostly nothing.
    pub troubles: Vec<Trouble>,
}

/// Something that went wrong, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The analytic fails on this record, and went on without it.
    Lost {
        /// Where the record begins in its batch.
        offset: usize,
        /// Its length with its newline.
        length: usize,
        /// How it failed.
        error: CallError,
    },
    /// It fails on so many records of this batch that the rest of it was left out.
    GivenUp {
        /// Where the rest begins.
        offset: usize,
        /// Its length.
        length: usize,
        /// How it failed last.
        error: CallError,
    },
    /// Its state could not be restored: it went on as if it had seen nothing.
    Forgot {
        /// Why.
        why: String,
    },
    /// The end of the input could not be told to it: what still waited in it did not come out.
    Unfinished {
        /// How it failed.
        error: CallError,
    },
    /// It failed too often. It sees no more records.
    Stopped {
        /// How it failed last.
        why: String,
    },
}

impl Session {
    /// Starts an analytic. `config` is a JSON object, empty for the defaults; `seed` should be random.
    ///
    /// # Errors
    /// When the configuration is not valid, or the guest fails.
    pub fn start(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let detector = Some(analytic.create(&config, seed)?);
        Ok(Self {
            analytic,
            config,
            seed,
            detector,
            dead: false,
            journal: Journal::default(),
            base: zero(),
            given_up: 0,
            recovering: Duration::ZERO,
        })
    }

    /// The analytic that runs.
    #[must_use]
    pub fn analytic(&self) -> &Analytic {
        &self.analytic
    }

    /// Byte strings of which any record that can matter contains at least one. Empty: all may matter.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn needles(&mut self) -> Result<Vec<String>, CallError> {
        self.detector.as_mut().map_or(Ok(Vec::new()), Detector::needles)
    }

    /// Takes whole records, received at `received` (microseconds since 1970, UTC).
    pub fn process(&mut self, batch: &[u8], received: i64) -> Step {
        let mut step = Step::default();
        let Some(detector) = &mut self.detector else { return step };
        let started = Instant::now();
        match detector.process(batch, received) {
            Ok(alerts) => {
                step.alerts = alerts;
                self.given_up = 0;
                self.journal.add(batch, received, started.elapsed());
                if self.journal.is_due() {
                    self.checkpoint(&mut step);
                }
            }
            Err(error) => {
                self.dead = true;
                self.recover(batch, received, error, &mut step);
                self.recovering += started.elapsed();
                if self.recovering > RECOVERY && self.detector.is_some() {
                    self.stop("too much time went into its failures".into(), &mut step);
                }
            }
        }
        step
    }

    /// The end of a finite input.
    pub fn flush(&mut self) -> Step {
        let mut step = Step::default();
        if let Some(detector) = &mut self.detector {
            match detector.flush() {
                Ok(alerts) => step.alerts = alerts,
                Err(error) => {
                    step.troubles.push(Trouble::Unfinished { error });
                    self.dead = true;
                    self.rebuild(&mut step);
                }
            }
        }
        step
    }

    /// Counters since the session started, detectors that died included.
    pub fn stats(&mut self) -> Stats {
        let now = self.detector.as_mut().and_then(|detector| detector.stats().ok());
        now.map_or(self.base, |now| sum(&self.base, &now))
    }

    /// Gets over a batch that failed with `error`.
    fn recover(&mut self, batch: &[u8], received: i64, mut error: CallError, step: &mut Step) {
        let mut done = 0;
        let mut lost = 0;
        let fast = TRIAL.min(self.deadline());
        loop {
            // Some record at or after `done` fails; halve until one is left.
            let mut end = batch.len();
            while let Some(middle) = middle(batch, done, end) {
                match self.attempt(batch, done..middle, received, fast, step) {
                    Some(Ok(())) => done = middle,
                    Some(Err(cause)) => (error, end) = (cause, middle),
                    None => return,
                }
            }
            // A deadline may have passed for another reason: only what fails alone is lost.
            match self.attempt(batch, done..end, received, self.deadline(), step) {
                Some(Ok(())) => {}
                Some(Err(cause)) => {
                    error = cause;
                    let length = end.saturating_sub(done);
                    step.troubles.push(Trouble::Lost { offset: done, length, error: error.clone() });
                    lost += 1;
                    if lost == MAX_LOST {
                        self.forget(format!("it failed on {MAX_LOST} records of one batch"), step);
                    }
                }
                None => return,
            }
            done = end;
            if done >= batch.len() {
                self.rebuild(step);
                return;
            }
            if lost >= 2 * MAX_LOST || self.recovering > RECOVERY {
                let length = batch.len() - done;
                step.troubles.push(Trouble::GivenUp { offset: done, length, error: error.clone() });
                self.given_up += 1;
                if self.given_up >= MAX_GIVEN_UP {
                    self.stop(error.to_string(), step);
                } else {
                    self.rebuild(step);
                }
                return;
            }
            match self.attempt(batch, done..batch.len(), received, self.deadline(), step) {
                Some(Ok(())) => return,
                Some(Err(cause)) => error = cause,
                None => return,
            }
        }
    }

    /// Processes a part of a batch with a detector made anew; `None` once the session is stopped. Where it goes
    /// well, the part is done for good.
    fn attempt(
        &mut self,
        batch: &[u8],
        part: std::ops::Range<usize>,
        received: i64,
        deadline: Duration,
        step: &mut Step,
    ) -> Option<Result<(), CallError>> {
        self.rebuild(step);
        let usual = self.deadline();
        let started = Instant::now();
        let part = batch.get(part).unwrap_or_default();
        let detector = self.detector.as_mut()?;
        detector.set_deadline(deadline);
        let result = detector.process(part, received);
        detector.set_deadline(usual);
        Some(match result {
            Ok(alerts) => {
                step.alerts.extend(alerts);
                self.journal.add(part, received, started.elapsed());
                Ok(())
            }
            Err(error) => {
                self.dead = true;
                Err(error)
            }
        })
    }

    /// Replaces a dead detector by one in the state after all that was processed, or stops the session.
    fn rebuild(&mut self, step: &mut Step) {
        if !self.dead || self.detector.is_none() {
            return;
        }
        match self.replayed() {
            Ok(detector) => {
                self.detector = Some(detector);
                self.dead = false;
                if !self.journal.is_empty() && !self.journal.refuses() {
                    // The next rebuilding shall not have to replay the same again.
                    self.checkpoint(step);
                }
            }
            Err(why) => self.forget(why, step),
        }
    }

    /// A detector made from the last checkpoint and what was processed since.
    fn replayed(&mut self) -> Result<Detector, String> {
        if self.journal.overflown() {
            return Err("it takes no snapshots, and too much was processed to do it again".into());
        }
        let mut detector = match self.journal.snapshot() {
            Some(snapshot) => {
                self.analytic.restore(&self.config, self.seed, snapshot).map(|(detector, _)| detector)
            }
            None => self.analytic.create(&self.config, self.seed),
        }
        .map_err(|error| error.to_string())?;
        // A new detector counts from its snapshot on.
        self.base = self.journal.totals().unwrap_or(self.base);
        for (records, received) in self.journal.since() {
            detector.process(records, received).map_err(|error| format!("replay: {error}"))?;
        }
        Ok(detector)
    }

    /// Goes on as if nothing had been seen.
    fn forget(&mut self, why: String, step: &mut Step) {
        self.base = self.journal.totals().unwrap_or(self.base);
        self.journal.clear();
        step.troubles.push(Trouble::Forgot { why });
        match self.analytic.create(&self.config, self.seed) {
            Ok(detector) => (self.detector, self.dead) = (Some(detector), false),
            Err(error) => self.stop(error.to_string(), step),
        }
    }

    fn stop(&mut self, why: String, step: &mut Step) {
        self.base = self.stats();
        self.detector = None;
        self.journal.clear();
        step.troubles.push(Trouble::Stopped { why });
    }

    /// Takes a snapshot. A guest that cannot is rebuilt and never asked again.
    fn checkpoint(&mut self, step: &mut Step) {
        let Some(detector) = &mut self.detector else { return };
        let started = Instant::now();
        let taken = detector.stats().and_then(|stats| Ok((stats, detector.snapshot()?)));
        match taken {
            Ok((stats, snapshot)) => {
                self.journal.restart(snapshot, started.elapsed(), sum(&self.base, &stats))
            }
            Err(_) => {
                self.journal.no_snapshots();
                self.dead = true;
                self.rebuild(step);
            }
        }
    }

    fn deadline(&self) -> Duration {
        self.analytic.limits().call
    }
}

/// A boundary between records near the middle of `batch[start..end]`; `None` if that is one record.
fn middle(batch: &[u8], start: usize, end: usize) -> Option<usize> {
    let at = start + end.saturating_sub(start) / 2;
    // The newline that ends the part is no boundary within it.
    let later =
        batch.get(at..end.saturating_sub(1)).and_then(|half| memchr::memchr(b'\n', half)).map(|i| at + i + 1);
    later.or_else(|| memchr::memrchr(b'\n', batch.get(start..at)?).map(|i| start + i + 1))
}

pub(crate) fn zero() -> Stats {
    Stats {
        records: 0,
        matched: 0,
        malformed: 0,
        oversized: 0,
        late: 0,
        future: 0,
        duplicates: 0,
        keys: 0,
        evicted: 0,
        alerts: 0,
        state_bytes: 0,
    }
}

/// Counters of both; what is held now is held by the newer.
fn sum(old: &Stats, new: &Stats) -> Stats {
    Stats {
        records: old.records.saturating_add(new.records),
        matched: old.matched.saturating_add(new.matched),
        malformed: old.malformed.saturating_add(new.malformed),
        oversized: old.oversized.saturating_add(new.oversized),
        late: old.late.saturating_add(new.late),
        future: old.future.saturating_add(new.future),
        duplicates: old.duplicates.saturating_add(new.duplicates),
        keys: new.keys,
        evicted: old.evicted.saturating_add(new.evicted),
        alerts: old.alerts.saturating_add(new.alerts),
        state_bytes: new.state_bytes,
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { error, .. } => write!(f, "{error}; the record was left out, all others count"),
            Self::GivenUp { error, .. } => {
                write!(f, "it fails on too many records, last: {error}; the rest of the batch was left out")
            }
            Self::Forgot { why } => write!(f, "its state is lost, it goes on from nothing: {why}"),
            Self::Unfinished { error } => write!(f, "{error}; what still waited in it did not come out"),
            Self::Stopped { why } => write!(f, "stopped, it sees no more records: {why}"),
        }
    }
}

#[cfg(test)]
mod tests;
