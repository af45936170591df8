//! A running analytic that outlives its traps.
//!
//! A trap, a missed deadline or too much memory kills a detector together with its store. The session then makes a new
//! detector from the last checkpoint (a snapshot), and replays the records since. Their alerts were delivered already.
//! The session goes through the failed batch by halves, until it knows the one record that fails on its own. It reports
//! that record and leaves it out; every other record counts. Two properties of an analytic make this possible: it is a
//! pure function of its configuration and its records, and cutting records into other batches changes nothing.
//!
//! A hostile guest cannot make recovery endless. The lost records of a batch are bounded, and so is the time of all
//! recoveries. Beyond these bounds the analytic first loses its state, then the batch; at last it is stopped.

mod replay;

use crate::analytic::Analytic;
use crate::contract::Alert;
use crate::detector::Detector;
use crate::error::{CallError, StartError};
use authsieve_engine::detector::{Reading, Stats};
use replay::Replay;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After this many lost records in one batch the state is dropped; after twice as many the batch is given up.
const MAX_LOST: usize = 8;
/// This many batches given up in a row stop the analytic.
const MAX_GIVEN_UP: u32 = 3;
/// How long a part of a failed batch may take while the session looks for the record at fault.
const TRIAL: Duration = Duration::from_secs(1);
/// How long all recoveries of a session may take before it is stopped.
const RECOVERY: Duration = Duration::from_secs(120);

/// A running analytic, and everything needed to go on after it failed.
pub struct Session {
    analytic: Arc<Analytic>,
    config: String,
    seed: u64,
    /// `None` once it is stopped.
    detector: Option<Detector>,
    /// The detector's last call failed, so the session has to make a new one.
    dead: bool,
    replay: Replay,
    /// Counters of detectors that are gone, of each analytic.
    base: Vec<Stats>,
    given_up: u32,
    recovering: Duration,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Answer {
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
    /// The analytic fails on too many records of this batch. The rest of the batch was left out.
    GivenUp {
        /// Where the rest begins.
        offset: usize,
        /// Its length.
        length: usize,
        /// How it failed last.
        error: CallError,
    },
    /// Its state could not be restored. The analytic went on as if it had seen nothing.
    Forgot {
        /// Why.
        why: String,
    },
    /// The call at the end of the input failed. Alerts that still waited did not come out.
    Unfinished {
        /// How it failed.
        error: CallError,
    },
    /// The analytic failed too often. It sees no more records.
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
            replay: Replay::default(),
            base: Vec::new(),
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

    /// Takes whole records, each with a newline behind it.
    pub fn process(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Answer {
        let reading = reading.into();
        let mut answer = Answer::default();
        let Some(detector) = &mut self.detector else { return answer };
        let started = Instant::now();
        match detector.process(batch, reading) {
            Ok(alerts) => {
                answer.alerts = alerts;
                self.given_up = 0;
                self.replay.add(batch, reading, started.elapsed());
                if self.replay.is_due() {
                    self.checkpoint(&mut answer);
                }
            }
            Err(error) => {
                self.dead = true;
                self.recover(batch, reading, error, &mut answer);
                self.recovering += started.elapsed();
                if self.recovering > RECOVERY && self.detector.is_some() {
                    self.stop("too much time went into its failures".into(), &mut answer);
                }
            }
        }
        answer
    }

    /// The end of a finite input.
    pub fn flush(&mut self) -> Answer {
        let mut answer = Answer::default();
        if let Some(detector) = &mut self.detector {
            match detector.flush() {
                Ok(alerts) => answer.alerts = alerts,
                Err(error) => {
                    answer.troubles.push(Trouble::Unfinished { error });
                    self.dead = true;
                    self.rebuild(&mut answer);
                }
            }
        }
        answer
    }

    /// Counters since the session started, detectors that died included: those of each analytic.
    pub fn stats(&mut self) -> Vec<Stats> {
        let now = self.detector.as_mut().and_then(|detector| detector.stats().ok());
        now.map_or_else(|| self.base.clone(), |now| sum(&self.base, now))
    }

    /// Goes through a batch that failed with `error`, and leaves out the records at fault.
    fn recover(&mut self, batch: &[u8], reading: Reading, mut error: CallError, answer: &mut Answer) {
        let mut done = 0;
        let mut lost = 0;
        let fast = TRIAL.min(self.deadline());
        loop {
            // Some record at or after `done` fails; halve until one is left.
            let mut end = batch.len();
            while let Some(middle) = middle(batch, done, end) {
                match self.attempt(batch, done..middle, reading, fast, answer) {
                    Some(Ok(())) => done = middle,
                    Some(Err(cause)) => (error, end) = (cause, middle),
                    None => return,
                }
            }
            // A busy machine can miss a deadline too: only a record that fails alone is lost.
            match self.attempt(batch, done..end, reading, self.deadline(), answer) {
                Some(Ok(())) => {}
                Some(Err(cause)) => {
                    error = cause;
                    let length = end.saturating_sub(done);
                    answer.troubles.push(Trouble::Lost { offset: done, length, error: error.clone() });
                    lost += 1;
                    if lost == MAX_LOST {
                        self.forget(format!("it failed on {MAX_LOST} records of one batch"), answer);
                    }
                }
                None => return,
            }
            done = end;
            if done >= batch.len() {
                self.rebuild(answer);
                return;
            }
            if lost >= 2 * MAX_LOST || self.recovering > RECOVERY {
                let length = batch.len() - done;
                answer.troubles.push(Trouble::GivenUp { offset: done, length, error: error.clone() });
                self.given_up += 1;
                if self.given_up >= MAX_GIVEN_UP {
                    self.stop(error.to_string(), answer);
                } else {
                    self.rebuild(answer);
                }
                return;
            }
            match self.attempt(batch, done..batch.len(), reading, self.deadline(), answer) {
                Some(Ok(())) => return,
                Some(Err(cause)) => error = cause,
                None => return,
            }
        }
    }

    /// Processes a part of a batch with a new detector. If the call succeeds, the part is done for good. `None`: the
    /// session is stopped.
    fn attempt(
        &mut self,
        batch: &[u8],
        part: std::ops::Range<usize>,
        reading: Reading,
        deadline: Duration,
        answer: &mut Answer,
    ) -> Option<Result<(), CallError>> {
        self.rebuild(answer);
        let usual = self.deadline();
        let started = Instant::now();
        let reading = later(reading, batch.get(..part.start).unwrap_or_default());
        let part = batch.get(part).unwrap_or_default();
        let detector = self.detector.as_mut()?;
        detector.set_deadline(deadline);
        let result = detector.process(part, reading);
        detector.set_deadline(usual);
        Some(match result {
            Ok(alerts) => {
                answer.alerts.extend(alerts);
                self.replay.add(part, reading, started.elapsed());
                Ok(())
            }
            Err(error) => {
                self.dead = true;
                Err(error)
            }
        })
    }

    /// Replaces a dead detector by one in the state after all processed records, or stops the session.
    fn rebuild(&mut self, answer: &mut Answer) {
        if !self.dead || self.detector.is_none() {
            return;
        }
        match self.replayed() {
            Ok(detector) => {
                self.detector = Some(detector);
                self.dead = false;
                if !self.replay.is_empty() && !self.replay.refuses() {
                    // So that the next rebuilding does not replay the same records again.
                    self.checkpoint(answer);
                }
            }
            Err(why) => self.forget(why, answer),
        }
    }

    /// A detector made from the last checkpoint and the records processed since.
    fn replayed(&mut self) -> Result<Detector, String> {
        if self.replay.overflown() {
            return Err("it takes no snapshots, and too much was processed to do it again".into());
        }
        let mut detector = match self.replay.snapshot() {
            Some(snapshot) => {
                self.analytic.restore(&self.config, self.seed, snapshot).map(|(detector, _)| detector)
            }
            None => self.analytic.create(&self.config, self.seed),
        }
        .map_err(|error| error.to_string())?;
        // A new detector counts from its snapshot on.
        self.base = self.replay.totals().map_or_else(|| std::mem::take(&mut self.base), <[Stats]>::to_vec);
        for (records, reading) in self.replay.since() {
            detector.process(records, reading).map_err(|error| format!("replay: {error}"))?;
        }
        Ok(detector)
    }

    /// Goes on as if nothing had been seen.
    fn forget(&mut self, why: String, answer: &mut Answer) {
        self.base = self.replay.totals().map_or_else(|| std::mem::take(&mut self.base), <[Stats]>::to_vec);
        self.replay.clear();
        answer.troubles.push(Trouble::Forgot { why });
        match self.analytic.create(&self.config, self.seed) {
            Ok(detector) => (self.detector, self.dead) = (Some(detector), false),
            Err(error) => self.stop(error.to_string(), answer),
        }
    }

    fn stop(&mut self, why: String, answer: &mut Answer) {
        self.base = self.stats();
        self.detector = None;
        self.replay.clear();
        answer.troubles.push(Trouble::Stopped { why });
    }

    /// Takes a snapshot. A guest that fails at that is rebuilt and never asked again.
    fn checkpoint(&mut self, answer: &mut Answer) {
        let Some(detector) = &mut self.detector else { return };
        let started = Instant::now();
        let taken = detector.stats().and_then(|stats| Ok((stats, detector.snapshot()?)));
        match taken {
            Ok((stats, snapshot)) => self.replay.restart(snapshot, started.elapsed(), sum(&self.base, stats)),
            Err(_) => {
                self.replay.no_snapshots();
                self.dead = true;
                self.rebuild(answer);
            }
        }
    }

    fn deadline(&self) -> Duration {
        self.analytic.limits().call
    }
}

/// The counters of detectors that are gone, and of the one that went on from there.
fn sum(before: &[Stats], mut now: Vec<Stats>) -> Vec<Stats> {
    for stats in &mut now {
        if let Some(before) = before.iter().find(|before| before.analytic == stats.analytic) {
            stats.add(before);
        }
    }
    now
}

/// The reading of the records behind `before`.
fn later(reading: Reading, before: &[u8]) -> Reading {
    let records = memchr::memchr_iter(b'\n', before).count() as u64;
    Reading { first: if reading.first == 0 { 0 } else { reading.first + records }, ..reading }
}

/// A boundary between records near the middle of `batch[start..end]`; `None` if that is one record.
fn middle(batch: &[u8], start: usize, end: usize) -> Option<usize> {
    let at = start + end.saturating_sub(start) / 2;
    // The newline that ends the part is no boundary within it.
    let later =
        batch.get(at..end.saturating_sub(1)).and_then(|half| memchr::memchr(b'\n', half)).map(|i| at + i + 1);
    later.or_else(|| memchr::memrchr(b'\n', batch.get(start..at)?).map(|i| start + i + 1))
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
