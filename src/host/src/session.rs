//! Runs an analytic, and recovers when it traps.
//!
//! A trap, a missed deadline or too much memory kills a detector together with its store. The session then makes a
//! new detector from the last checkpoint (a snapshot), and replays the records since. Their alerts were delivered
//! before. The session halves the failed batch until it finds the one record that fails alone. It reports this record
//! and leaves it out; all other records count. This works because an analytic is a pure function of its configuration
//! and its records, and because batches may be cut anywhere.
//!
//! If a record fails in a component with several analytics (a suite), the component is taken apart. From then on, each
//! analytic runs in a detector of its own, from the same state. Only the analytic that fails on the record skips it.
//!
//! A hostile guest cannot make recovery endless. The number of lost records of a batch is limited, and so is the time
//! of all recoveries. Beyond these limits, the analytic first loses its state, then the batch, and at last it is
//! stopped.

mod replay;
mod single;
mod spool;

use crate::analytic::Analytic;
use crate::contract::{Alert, Note, Problem};
use crate::error::{CallError, StartError};
use authsieve_engine::detector::{Reading, Stats};
use authsieve_records::in_order;
use single::{Ask, Single, later};
use std::fmt;
use std::sync::Arc;

/// Running analytics, and everything needed to recover when one fails.
pub struct Session {
    analytic: Arc<Analytic>,
    config: String,
    /// The ids of the running analytics, in the component's order.
    ids: Vec<String>,
    /// One detector for all analytics or, once taken apart, one for each.
    parts: Vec<Single>,
}

/// The result of a batch.
#[derive(Debug, Default)]
pub struct Answer {
    /// The alerts, in the order they were raised.
    pub alerts: Vec<Alert>,
    /// The notes on each event, if they were asked for.
    pub notes: Vec<Note>,
    /// The failures. Usually there are none.
    pub troubles: Vec<Trouble>,
}

/// One failure and its analytic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The id of the analytic, or the name of the component while several analytics share a detector.
    pub analytic: Arc<str>,
    /// The failure.
    pub fault: Fault,
}

/// A failure and its consequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The common detector of several analytics failed. Nothing is lost: each continues in a detector of its own.
    Apart {
        /// The place of the failure in the batch.
        offset: usize,
        /// The cause.
        why: String,
    },
    /// The analytic failed on this record, and went on without it.
    Lost {
        /// The start of the record in its batch.
        offset: usize,
        /// The length of the record with its newline.
        length: usize,
        /// The cause.
        error: CallError,
    },
    /// The analytic failed on too many records of this batch. The rest of the batch was left out.
    GivenUp {
        /// The start of the rest.
        offset: usize,
        /// The length of the rest.
        length: usize,
        /// The cause of the last failure.
        error: CallError,
    },
    /// The state could not be restored. The analytic went on with empty state.
    Forgot {
        /// The cause.
        why: String,
    },
    /// The call at the end of the input failed. Alerts that still waited were lost.
    Unfinished {
        /// The cause.
        error: CallError,
    },
    /// The analytic failed too often and receives no more records.
    Stopped {
        /// The cause of the last failure.
        why: String,
    },
}

impl Session {
    /// Starts the analytics of a component. `config` is a JSON object, or empty for the defaults; `seed` should be
    /// random. Makes one instance of the component and compiles nothing.
    ///
    /// # Errors
    /// Fails if the configuration is invalid or the guest fails.
    pub fn start(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        Self::from(analytic, config, seed, None).map(|(session, _)| session)
    }

    /// Continues from a [`snapshot`](Self::snapshot). Also returns notes on the state that was dropped because the
    /// configuration differs. O(`snapshot`).
    ///
    /// # Errors
    /// Fails if the configuration or the snapshot is invalid, or the guest fails.
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

    /// The running component.
    #[must_use]
    pub fn analytic(&self) -> &Analytic {
        &self.analytic
    }

    /// The ids of the running analytics, in the component's order.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The needles: each record that can matter contains at least one of these byte strings. An empty list means that
    /// every record may matter.
    ///
    /// # Errors
    /// Fails if the guest fails.
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

    /// Reads whole records, each with a newline after it. O(bytes): copies the batch into the guest, and to a temporary
    /// file for recovery. Batches of about 64 KiB hide the cost of the call. After a failure, the call also judges the
    /// records since the last snapshot again.
    pub fn process(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Answer {
        self.ask(batch, reading.into(), Ask::Alerts)
    }

    /// Reads records as [`process`](Self::process) does, and returns what became of each event, and why. Events that
    /// waited appear in the next call, even if its batch is empty. Costs more than `process`, because each event and
    /// key gets a text.
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

    /// Tells the analytics that nothing came for `idle` microseconds. Returns the alerts that waited for this time.
    pub fn elapse(&mut self, idle: u64) -> Answer {
        self.release(|part, answer| part.elapse(idle, answer))
    }

    /// Ends a finite input.
    pub fn flush(&mut self) -> Answer {
        self.release(Single::flush)
    }

    /// The state, for [`restore`](Self::restore), and the failures that occurred. If the session fails later, it
    /// recovers from this snapshot too. O(state): each guest scans all keys.
    ///
    /// # Errors
    /// Fails if the guest fails in this call.
    pub fn snapshot(&mut self) -> Result<(Vec<u8>, Vec<Trouble>), CallError> {
        let mut answer = Answer::default();
        loop {
            let parts = self.parts.iter_mut().map(|part| part.snapshot(&mut answer));
            match parts.collect::<Result<Vec<_>, _>>() {
                // Snapshots joined together are a snapshot.
                Ok(parts) => return Ok((parts.concat(), answer.troubles)),
                Err(error) if !self.take_apart(0, &mut answer) => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// The counters since the session started, for each analytic. They include detectors that died. O(keys).
    pub fn stats(&mut self) -> Vec<Stats> {
        self.parts.iter_mut().flat_map(Single::stats).collect()
    }

    /// The first record of each kind of problem since the last call. After a failure, a record may be named again.
    ///
    /// # Errors
    /// Fails if the guest fails.
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

    /// Calls each detector.
    fn each(&mut self, mut ask: impl FnMut(&mut Single, &mut Answer)) -> Answer {
        let mut answer = Answer::default();
        self.parts.iter_mut().for_each(|part| ask(part, &mut answer));
        answer
    }

    /// Calls each detector with records, and merges the answers into the order of the records.
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

    /// Gives each analytic a detector of its own if their common detector failed for good. Returns whether it did.
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
    /// Moves the offset of a failure by `by` bytes: from a part of a batch to the whole batch.
    fn moved(&mut self, by: usize) {
        if let Self::Lost { offset, .. } | Self::GivenUp { offset, .. } = self {
            *offset += by;
        }
    }
}

/// The configuration of a component, changed so that only the analytic `id` runs.
pub(crate) fn alone(config: &str, id: &str) -> String {
    let mut whole: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(config).unwrap_or_default();
    whole.insert("analytics".into(), [id].as_slice().into());
    let mut whole = serde_json::Value::Object(whole);
    // Sorts the names, so that the same configuration always gives the same text, under any features of the library.
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
            Self::Forgot { why } => write!(f, "its state is lost, and it begins with empty state: {why}"),
            Self::Unfinished { error } => write!(f, "{error}; its waiting alerts are lost"),
            Self::Stopped { why } => write!(f, "stopped, and gets no more records: {why}"),
        }
    }
}

#[cfg(test)]
mod tests;
