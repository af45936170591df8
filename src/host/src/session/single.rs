//! One detector, and everything needed to recover when it fails.

use super::replay::{Done, Replay};
use super::{Answer, Fault, Trouble};
use crate::analytic::Analytic;
use crate::contract::{Alert, Problem};
use crate::detector::Detector;
use crate::error::{CallError, Cause, StartError};
use authsieve_engine::detector::{Reading, Stats};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The lost records in one batch after which the state is dropped. After twice as many, the batch is given up.
pub(super) const MAX_LOST: usize = 8;
/// The number of batches given up in a row that stops the analytic.
const MAX_GIVEN_UP: u32 = 3;
/// The deadline for a part of a failed batch while the session searches for the record at fault.
const TRIAL: Duration = Duration::from_secs(1);
/// The most time for all recoveries of a session before it is stopped.
const RECOVERY: Duration = Duration::from_secs(120);

/// The kind of answer that a detector is asked for.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    Alerts,
    Notes,
}

impl Ask {
    fn of(
        self,
        detector: &mut Detector,
        batch: &[u8],
        reading: Reading,
        answer: &mut Answer,
    ) -> Result<(), CallError> {
        match self {
            Self::Alerts => answer.alerts.extend(detector.process(batch, reading)?),
            Self::Notes => answer.notes.extend(detector.explain(batch, reading)?),
        }
        Ok(())
    }
}

/// A detector that is replaced after a failure.
pub(super) struct Single {
    analytic: Arc<Analytic>,
    /// The id of the analytic, or the name of the component.
    name: Arc<str>,
    config: String,
    seed: u64,
    /// `None` once it is stopped.
    detector: Option<Detector>,
    /// True if there is no detector yet, or if its last call failed: a new one must be made.
    dead: bool,
    replay: Replay,
    /// The counters of earlier detectors, for each analytic.
    base: Vec<Stats>,
    given_up: u32,
    recovering: Duration,
    /// True if it holds several analytics. Then a failure loses nothing: `apart` holds the reason to take it apart.
    several: bool,
    apart: Option<String>,
}

impl Single {
    /// Starts a detector, from a snapshot if there is one. Returns notes on the state that was dropped.
    pub(super) fn start(
        analytic: Arc<Analytic>,
        config: String,
        seed: u64,
        snapshot: Option<&[u8]>,
    ) -> Result<(Self, Vec<String>), StartError> {
        let (detector, notes) = match snapshot {
            Some(snapshot) => analytic.restore(&config, seed, snapshot)?,
            None => (analytic.create(&config, seed)?, Vec::new()),
        };
        let mut replay = Replay::default();
        if let Some(snapshot) = snapshot {
            replay.restart(snapshot, Duration::ZERO, Vec::new());
        }
        let single = Self {
            name: analytic.name().into(),
            analytic,
            config,
            seed,
            detector: Some(detector),
            dead: false,
            replay,
            base: Vec::new(),
            given_up: 0,
            recovering: Duration::ZERO,
            several: false,
            apart: None,
        };
        Ok((single, notes))
    }

    /// The ids of its analytics.
    pub(super) fn ids(&mut self) -> Vec<String> {
        let stats = self.detector.as_mut().and_then(|detector| detector.stats().ok());
        stats.unwrap_or_default().into_iter().map(|stats| stats.analytic).collect()
    }

    /// Marks that the component holds several analytics. A failure then takes the component apart.
    pub(super) fn holds_several(&mut self) {
        self.several = true;
    }

    /// The reason to take it apart, if there is one.
    pub(super) fn apart(&mut self) -> Option<String> {
        self.apart.take()
    }

    /// Makes a detector for one of its analytics, in the state after all processed records. `config` makes this
    /// analytic run alone.
    pub(super) fn part(&self, id: &str, config: String, answer: &mut Answer) -> Self {
        let own = |stats: &&Stats| stats.analytic == id;
        let (replay, lost) = match self.replay.of(id) {
            Ok(replay) => (replay, None),
            Err(error) => (Replay::default(), Some(error.to_string())),
        };
        let mut part = Self {
            analytic: Arc::clone(&self.analytic),
            name: id.into(),
            config,
            seed: self.seed,
            detector: None,
            dead: true,
            replay,
            base: self.base.iter().filter(own).cloned().collect(),
            given_up: 0,
            recovering: Duration::ZERO,
            several: false,
            apart: None,
        };
        if let Some(why) = lost {
            part.tell(answer, Fault::Forgot { why });
        }
        // Rebuilds at once, because this drops the copy of the records.
        part.ready(answer);
        part
    }

    pub(super) fn needles(&mut self) -> Result<Vec<String>, CallError> {
        self.detector.as_mut().map_or(Ok(Vec::new()), Detector::needles)
    }

    pub(super) fn problems(&mut self) -> Result<Vec<Problem>, CallError> {
        self.detector.as_mut().map_or(Ok(Vec::new()), Detector::problems)
    }

    /// The state. The detector is rebuilt from this state later.
    ///
    /// # Errors
    /// Fails if the guest fails in this call, or is stopped.
    pub(super) fn snapshot(&mut self, answer: &mut Answer) -> Result<Vec<u8>, CallError> {
        self.ready(answer);
        let Some(detector) = &mut self.detector else {
            let cause = Cause::Other("it is stopped".into());
            return Err(CallError { function: "snapshot", cause });
        };
        let started = Instant::now();
        let taken = detector.stats().and_then(|stats| Ok((stats, detector.snapshot()?)));
        match taken {
            Ok((stats, snapshot)) => {
                self.replay.restart(&snapshot, started.elapsed(), sum(&self.base, stats));
                Ok(snapshot)
            }
            Err(error) => {
                self.dead = true;
                if self.several {
                    self.apart = Some(error.to_string());
                } else {
                    self.replay.no_snapshots();
                    self.rebuild(answer);
                }
                Err(error)
            }
        }
    }

    /// True if there is a snapshot to rebuild from.
    #[cfg(test)]
    pub(super) fn has_checkpoint(&self) -> bool {
        self.replay.snapshot().unwrap().is_some()
    }

    fn tell(&self, answer: &mut Answer, fault: Fault) {
        answer.troubles.push(Trouble { analytic: Arc::clone(&self.name), fault });
    }

    /// Reads whole records, each with a newline after it. Returns the number of bytes it has finished: all, unless it
    /// must be taken apart.
    pub(super) fn process(&mut self, batch: &[u8], reading: Reading, ask: Ask, answer: &mut Answer) -> usize {
        self.ready(answer);
        if self.apart.is_some() {
            return 0;
        }
        let Some(detector) = &mut self.detector else { return batch.len() };
        let started = Instant::now();
        match ask.of(detector, batch, reading, answer) {
            Ok(()) => {
                self.given_up = 0;
                self.replay.add(batch, reading, started.elapsed());
                if self.replay.is_due() {
                    self.checkpoint(answer);
                }
                batch.len()
            }
            Err(error) => {
                self.dead = true;
                let done = self.recover(batch, reading, ask, error, answer);
                self.took(started, answer);
                done
            }
        }
    }

    /// Tells the detector that nothing came for `idle` microseconds.
    pub(super) fn elapse(&mut self, idle: u64, answer: &mut Answer) {
        if let Some(alerts) = self.release(|detector| detector.elapse(idle), answer) {
            answer.alerts.extend(alerts);
            self.replay.elapse(idle);
        }
    }

    /// Ends a finite input.
    pub(super) fn flush(&mut self, answer: &mut Answer) {
        let alerts = self.release(Detector::flush, answer);
        answer.alerts.extend(alerts.into_iter().flatten());
    }

    /// Asks for the alerts that wait.
    fn release(
        &mut self,
        ask: impl FnOnce(&mut Detector) -> Result<Vec<Alert>, CallError>,
        answer: &mut Answer,
    ) -> Option<Vec<Alert>> {
        self.ready(answer);
        if self.apart.is_some() {
            return None;
        }
        match ask(self.detector.as_mut()?) {
            Ok(alerts) => Some(alerts),
            Err(error) => {
                self.dead = true;
                if self.several {
                    self.apart = Some(error.to_string());
                } else {
                    self.tell(answer, Fault::Unfinished { error });
                    self.ready(answer);
                }
                None
            }
        }
    }

    /// Replaces a dead detector, within the time limit for all recoveries.
    fn ready(&mut self, answer: &mut Answer) {
        if self.dead {
            let started = Instant::now();
            self.rebuild(answer);
            self.took(started, answer);
        }
    }

    /// Adds the time of a recovery that began at `started`.
    fn took(&mut self, started: Instant, answer: &mut Answer) {
        self.recovering += started.elapsed();
        if self.recovering > RECOVERY && self.detector.is_some() && self.apart.is_none() {
            self.stop("recovering from its failures took too long".into(), answer);
        }
    }

    /// The counters since the start, for each analytic. They include detectors that died.
    pub(super) fn stats(&mut self) -> Vec<Stats> {
        let now = self.detector.as_mut().and_then(|detector| detector.stats().ok());
        now.map_or_else(|| self.base.clone(), |now| sum(&self.base, now))
    }

    /// Processes a batch that failed with `error`, and leaves out the records at fault. Returns the number of bytes
    /// it has finished.
    fn recover(
        &mut self,
        batch: &[u8],
        reading: Reading,
        ask: Ask,
        mut error: CallError,
        answer: &mut Answer,
    ) -> usize {
        let mut done = 0;
        let mut lost = 0;
        let fast = TRIAL.min(self.deadline());
        loop {
            // Some record at or after `done` fails; the part is halved until one record is left.
            let mut end = batch.len();
            while let Some(middle) = middle(batch, done, end) {
                match self.attempt(batch, done..middle, reading, ask, fast, answer) {
                    Some(Ok(())) => done = middle,
                    Some(Err(cause)) => (error, end) = (cause, middle),
                    None => return self.done(done, batch),
                }
            }
            // A busy machine can miss a deadline too, so only a record that fails alone is lost.
            match self.attempt(batch, done..end, reading, ask, self.deadline(), answer) {
                Some(Ok(())) => {}
                Some(Err(cause)) if self.several => {
                    self.apart = Some(cause.to_string());
                    return done;
                }
                Some(Err(cause)) => {
                    error = cause;
                    let length = end.saturating_sub(done);
                    self.tell(answer, Fault::Lost { offset: done, length, error: error.clone() });
                    lost += 1;
                    if lost == MAX_LOST {
                        self.forget(format!("it failed on {MAX_LOST} records of one batch"), answer);
                    }
                }
                None => return self.done(done, batch),
            }
            done = end;
            if done >= batch.len() {
                self.rebuild(answer);
                return batch.len();
            }
            if lost >= 2 * MAX_LOST || self.recovering > RECOVERY {
                let length = batch.len() - done;
                self.tell(answer, Fault::GivenUp { offset: done, length, error: error.clone() });
                self.given_up += 1;
                if self.given_up >= MAX_GIVEN_UP {
                    self.stop(error.to_string(), answer);
                } else {
                    self.rebuild(answer);
                }
                return batch.len();
            }
            match self.attempt(batch, done..batch.len(), reading, ask, self.deadline(), answer) {
                Some(Ok(())) => return batch.len(),
                Some(Err(cause)) => error = cause,
                None => return self.done(done, batch),
            }
        }
    }

    /// The number of finished bytes when no further attempt is possible: a stopped analytic skips the rest.
    fn done(&self, done: usize, batch: &[u8]) -> usize {
        if self.apart.is_some() { done } else { batch.len() }
    }

    /// Processes a part of a batch with a new detector. If the call succeeds, the part is finished. `None` means that
    /// it is stopped, or must be taken apart.
    fn attempt(
        &mut self,
        batch: &[u8],
        part: std::ops::Range<usize>,
        reading: Reading,
        ask: Ask,
        deadline: Duration,
        answer: &mut Answer,
    ) -> Option<Result<(), CallError>> {
        self.rebuild(answer);
        if self.apart.is_some() {
            return None;
        }
        let usual = self.deadline();
        let started = Instant::now();
        let reading = later(reading, batch.get(..part.start).unwrap_or_default());
        let part = batch.get(part).unwrap_or_default();
        let detector = self.detector.as_mut()?;
        detector.set_deadline(deadline);
        let result = ask.of(detector, part, reading, answer);
        detector.set_deadline(usual);
        Some(match result {
            Ok(()) => {
                self.replay.add(part, reading, started.elapsed());
                Ok(())
            }
            Err(error) => {
                self.dead = true;
                Err(error)
            }
        })
    }

    /// Replaces a dead detector by one in the state after all processed records, or stops.
    fn rebuild(&mut self, answer: &mut Answer) {
        if !self.dead {
            return;
        }
        match self.replayed() {
            Ok(detector) => {
                self.detector = Some(detector);
                self.dead = false;
                if !self.replay.is_empty() && !self.replay.refuses() {
                    // Takes a snapshot, so that the next rebuild does not replay the same records again.
                    self.checkpoint(answer);
                }
            }
            Err(why) if self.several => self.apart = Some(why),
            Err(why) => self.forget(why, answer),
        }
    }

    /// Makes a detector from the last checkpoint and the records processed since.
    fn replayed(&mut self) -> Result<Detector, String> {
        if self.replay.overflown() {
            return Err("it takes no snapshots, and too many records came to judge all of them again".into());
        }
        let snapshot = self.replay.snapshot().map_err(|error| format!("its snapshot: {error}"))?;
        let mut detector = match snapshot {
            Some(snapshot) => {
                self.analytic.restore(&self.config, self.seed, &snapshot).map(|(detector, _)| detector)
            }
            None => self.analytic.create(&self.config, self.seed),
        }
        .map_err(|error| error.to_string())?;
        // A new detector counts from its snapshot on.
        self.base = self.replay.totals().map_or_else(|| std::mem::take(&mut self.base), <[Stats]>::to_vec);
        let started = Instant::now();
        let replayed = self.replay.each(|done| {
            if started.elapsed() > RECOVERY {
                return Err("it took too long".into());
            }
            let again = match done {
                Done::Records(records, reading) => detector.process(records, reading),
                Done::Elapsed(idle) => detector.elapse(idle),
            };
            again.map(drop).map_err(|error| error.to_string())
        });
        replayed.map_err(|why| format!("replay: {why}"))?;
        Ok(detector)
    }

    /// Goes on with empty state.
    fn forget(&mut self, why: String, answer: &mut Answer) {
        self.base = self.replay.totals().map_or_else(|| std::mem::take(&mut self.base), <[Stats]>::to_vec);
        self.replay.clear();
        self.tell(answer, Fault::Forgot { why });
        match self.analytic.create(&self.config, self.seed) {
            Ok(detector) => (self.detector, self.dead) = (Some(detector), false),
            Err(error) => self.stop(error.to_string(), answer),
        }
    }

    fn stop(&mut self, why: String, answer: &mut Answer) {
        self.base = self.stats();
        (self.detector, self.dead) = (None, false);
        self.replay.clear();
        self.tell(answer, Fault::Stopped { why });
    }

    /// Takes a snapshot. A guest that fails in this call is rebuilt and never asked again.
    fn checkpoint(&mut self, answer: &mut Answer) {
        let _ = self.snapshot(answer);
    }

    fn deadline(&self) -> Duration {
        self.analytic.limits().call
    }
}

/// Adds the counters of earlier detectors to those of the current one.
fn sum(before: &[Stats], mut now: Vec<Stats>) -> Vec<Stats> {
    for stats in &mut now {
        if let Some(before) = before.iter().find(|before| before.analytic == stats.analytic) {
            stats.add(before);
        }
    }
    now
}

/// The reading for the records after `before`.
pub(super) fn later(reading: Reading, before: &[u8]) -> Reading {
    let records = memchr::memchr_iter(b'\n', before).count() as u64;
    Reading { first: if reading.first == 0 { 0 } else { reading.first + records }, ..reading }
}

/// A boundary between records near the middle of `batch[start..end]`. `None` if this is a single record.
pub(super) fn middle(batch: &[u8], start: usize, end: usize) -> Option<usize> {
    let at = start + end.saturating_sub(start) / 2;
    // The newline at the end of the part is no boundary inside it.
    let later =
        batch.get(at..end.saturating_sub(1)).and_then(|half| memchr::memchr(b'\n', half)).map(|i| at + i + 1);
    later.or_else(|| memchr::memrchr(b'\n', batch.get(start..at)?).map(|i| start + i + 1))
}
