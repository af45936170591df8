//! A running analytic that outlives its traps.
//!
//! A trap, a missed deadline or too much memory kills a detector together with its store. The session then makes a new
//! detector from the last checkpoint (a snapshot), and replays the records since. Their alerts were delivered already.
//! The session goes through the failed batch by halves, until it knows the one record that fails on its own. It reports
//! that record and leaves it out; every other record counts. Two properties of an analytic make this possible: it is a
//! pure function of its configuration and its records, and cutting records into other batches changes nothing.
//!
//! A component with several analytics (a suite) is taken apart when a record fails on its own: from then on each of its
//! analytics runs in a detector of its own, from the same state. Only the analytic that fails on the record skips it.
//!
//! A hostile guest cannot make recovery endless. The lost records of a batch are bounded, and so is the time of all
//! recoveries. Beyond these bounds the analytic first loses its state, then the batch; at last it is stopped.

mod replay;
mod single;

use crate::analytic::Analytic;
use crate::contract::{Alert, Note, Problem};
use crate::error::{CallError, StartError};
use authsieve_engine::detector::{Reading, Stats};
use authsieve_records::in_order;
use single::{Ask, Single, later};
use std::fmt;
use std::sync::Arc;

/// Analytics that run, and everything needed to go on after one of them failed.
pub struct Session {
    analytic: Arc<Analytic>,
    config: String,
    /// The ids of the analytics that run, in the component's order.
    ids: Vec<String>,
    /// One detector for all; or, once taken apart, one for each.
    parts: Vec<Single>,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Answer {
    /// The alerts, in the order they were raised.
    pub alerts: Vec<Alert>,
    /// What became of each event, where that was asked for.
    pub notes: Vec<Note>,
    /// What went wrong. Mostly nothing.
    pub troubles: Vec<Trouble>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The id of the analytic, or the name of the component while several analytics run in it.
    pub analytic: Arc<str>,
    /// What it was.
    pub fault: Fault,
}

/// A failure, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Several analytics ran in one detector, which failed. Nothing is lost: each goes on in a detector of its own.
    Apart {
        /// Where in the batch it failed.
        offset: usize,
        /// How it failed.
        why: String,
    },
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
    /// Starts the analytics of a component. `config` is a JSON object, empty for the defaults; `seed` should be random.
    ///
    /// # Errors
    /// When the configuration is not valid, or the guest fails.
    pub fn start(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        Self::from(analytic, config, seed, None).map(|(session, _)| session)
    }

    /// Goes on where a [`snapshot`](Self::snapshot) was taken. Returns notes on the state that was dropped because the
    /// configuration has changed.
    ///
    /// # Errors
    /// When the configuration or the snapshot is not valid, or the guest fails.
    pub fn restore(
        analytic: Arc<Analytic>,
        config: String,
        seed: u64,
        snapshot: &[u8],
    ) -> Result<(Self, Vec<String>), StartError> {
        Self::from(analytic, config, seed, Some(snapshot))
    }

    fn from(
        analytic: Arc<Analytic>,
        config: String,
        seed: u64,
        snapshot: Option<&[u8]>,
    ) -> Result<(Self, Vec<String>), StartError> {
        let (mut single, notes) = Single::start(Arc::clone(&analytic), config.clone(), seed, snapshot)?;
        let ids = single.ids();
        if ids.len() > 1 {
            single.holds_several();
        }
        Ok((Self { analytic, config, ids, parts: vec![single] }, notes))
    }

    /// The component that runs.
    #[must_use]
    pub fn analytic(&self) -> &Analytic {
        &self.analytic
    }

    /// The ids of the analytics that run, in the component's order.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Byte strings of which any record that can matter contains at least one. Empty: all may matter.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn needles(&mut self) -> Result<Vec<String>, CallError> {
        let mut all = Vec::new();
        for part in &mut self.parts {
            let needles = part.needles()?;
            if needles.is_empty() {
                return Ok(needles);
            }
            all.extend(needles);
        }
        Ok(all)
    }

    /// Takes whole records, each with a newline behind it.
    pub fn process(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Answer {
        self.ask(batch, reading.into(), Ask::Alerts)
    }

    /// Takes records as [`process`](Self::process) does, and says what became of each event, and why. Events that waited
    /// are told by the next call, also by one with an empty batch.
    pub fn explain(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Answer {
        self.ask(batch, reading.into(), Ask::Notes)
    }

    fn ask(&mut self, batch: &[u8], reading: Reading, ask: Ask) -> Answer {
        let mut done = 0;
        let mut answer = self.judge(|part, answer| done = part.process(batch, reading, ask, answer));
        if self.take_apart(done, &mut answer) {
            let (before, rest) = batch.split_at_checked(done).unwrap_or((batch, &[]));
            let reading = later(reading, before);
            let mut more = self.judge(|part, answer| {
                part.process(rest, reading, ask, answer);
            });
            more.troubles.iter_mut().for_each(|trouble| trouble.fault.moved(done));
            answer.extend(more);
        }
        answer
    }

    /// Nothing came for `idle` microseconds: gives out the alerts that waited for this time.
    pub fn elapse(&mut self, idle: u64) -> Answer {
        self.release(|part, answer| part.elapse(idle, answer))
    }

    /// The end of a finite input.
    pub fn flush(&mut self) -> Answer {
        self.release(Single::flush)
    }

    /// The state, for [`restore`](Self::restore); the troubles tell what went wrong on the way. The session itself goes
    /// on from there too, should it fail later.
    ///
    /// # Errors
    /// When the guest fails at this.
    pub fn snapshot(&mut self) -> Result<(Vec<u8>, Vec<Trouble>), CallError> {
        let mut answer = Answer::default();
        loop {
            let parts = self.parts.iter_mut().map(|part| part.snapshot(&mut answer));
            match parts.collect::<Result<Vec<_>, _>>() {
                // Snapshots one after the other are a snapshot.
                Ok(parts) => return Ok((parts.concat(), answer.troubles)),
                Err(error) if !self.take_apart(0, &mut answer) => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Counters since the session started, detectors that died included: those of each analytic.
    pub fn stats(&mut self) -> Vec<Stats> {
        self.parts.iter_mut().flat_map(Single::stats).collect()
    }

    /// The first record of each kind of trouble since this was last asked. After a failure a record may be named again.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn problems(&mut self) -> Result<Vec<Problem>, CallError> {
        let mut all = Vec::new();
        for part in &mut self.parts {
            all.extend(part.problems()?);
        }
        Ok(all)
    }

    fn release(&mut self, ask: impl Fn(&mut Single, &mut Answer)) -> Answer {
        let mut answer = self.each(&ask);
        if self.take_apart(0, &mut answer) {
            answer.extend(self.each(&ask));
        }
        answer
    }

    /// Asks each detector.
    fn each(&mut self, mut ask: impl FnMut(&mut Single, &mut Answer)) -> Answer {
        let mut answer = Answer::default();
        self.parts.iter_mut().for_each(|part| ask(part, &mut answer));
        answer
    }

    /// Asks each detector about records, and brings the answers into the order of the records.
    fn judge(&mut self, mut ask: impl FnMut(&mut Single, &mut Answer)) -> Answer {
        let (mut alerts, mut notes, mut troubles) = (Vec::new(), Vec::new(), Vec::new());
        for part in &mut self.parts {
            let mut answer = Answer::default();
            ask(part, &mut answer);
            alerts.push(answer.alerts);
            notes.push(answer.notes);
            troubles.append(&mut answer.troubles);
        }
        Answer {
            alerts: in_order(alerts, |alert| alert.record),
            notes: in_order(notes, |note| note.record),
            troubles,
        }
    }

    /// Gives each analytic a detector of its own, if their common one failed for good. Tells whether it did so.
    fn take_apart(&mut self, offset: usize, answer: &mut Answer) -> bool {
        let [single] = self.parts.as_mut_slice() else { return false };
        let Some(why) = single.apart() else { return false };
        let fault = Fault::Apart { offset, why };
        answer.troubles.push(Trouble { analytic: self.ids.join("+").into(), fault });
        let single = &*single;
        let part = |id: &String| single.part(id, alone(&self.config, id), answer);
        self.parts = self.ids.iter().map(part).collect();
        true
    }
}

impl Answer {
    fn extend(&mut self, more: Self) {
        self.alerts.extend(more.alerts);
        self.notes.extend(more.notes);
        self.troubles.extend(more.troubles);
    }
}

impl Fault {
    /// The same, where the batch was a part that begins so many bytes into a greater one.
    fn moved(&mut self, by: usize) {
        if let Self::Lost { offset, .. } | Self::GivenUp { offset, .. } = self {
            *offset += by;
        }
    }
}

/// The configuration of a component with several analytics, of which only `id` shall run.
pub(crate) fn alone(config: &str, id: &str) -> String {
    let mut whole: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(config).unwrap_or_default();
    whole.insert("analytics".into(), [id].as_slice().into());
    let mut whole = serde_json::Value::Object(whole);
    // By name, whatever the features of the library: the same configuration is the same text.
    whole.sort_all_objects();
    whole.to_string()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apart { why, .. } => {
                write!(f, "{why}; nothing was lost: from now on each analytic runs on its own")
            }
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
