//! The recent past: the records that the analytics got, and the state before them. `explain` judges them again.
//!
//! Each part of the past begins with a state. Parts are cut at checkpoints, and the oldest are forgotten.

use super::plan::{Planned, Snapshots};
use authsieve_engine::detector::Reading;
use authsieve_engine::time::Timestamp;
use authsieve_host::contract::Note;
use authsieve_host::{Answer, Origins, Session, in_order};
use std::collections::VecDeque;
use std::sync::Arc;

/// The largest size of the past in bytes, without its newest part.
const MOST: usize = 16 << 20;
/// The smallest size of a part in bytes. A smaller one is not cut.
const PART: usize = 4 << 20;
/// The largest size of a part in bytes. If it grows larger before the next state, the whole past is dropped.
const LARGEST: usize = 32 << 20;

/// One step of the recent past.
#[derive(Debug)]
pub(super) enum Past {
    /// Records arrived.
    Records {
        /// The name of their source.
        source: Arc<str>,
        /// The line of the first record in its source, counted from 1.
        line: u64,
        /// The time of receipt, in microseconds since 1970.
        received: i64,
        /// The number of the first record.
        first: u64,
        /// The number of records.
        count: u64,
        /// The records that each session got, with the number of the session. Sessions that got none are left out.
        parts: Vec<(usize, Vec<u8>)>,
    },
    /// No records arrived for this many microseconds, and the pause released alerts.
    Idle(u64),
}

impl Past {
    fn size(&self) -> usize {
        match self {
            Self::Records { parts, .. } => parts.iter().map(|(_, bytes)| bytes.len()).sum(),
            Self::Idle(_) => 0,
        }
    }
}

/// A state, and the steps after it.
#[derive(Debug)]
struct Part {
    snapshots: Arc<Snapshots>,
    /// When the state was taken, in microseconds since 1970.
    taken: i64,
    past: Vec<Arc<Past>>,
    bytes: usize,
}

/// The recent past of a service.
#[derive(Debug, Default)]
pub(super) struct History {
    parts: VecDeque<Part>,
}

/// A copy of the recent past, to be judged again.
pub(super) struct Recent {
    /// The components.
    pub components: Vec<Planned>,
    /// The seed of the analytics' hash tables.
    pub seed: u64,
    /// The state before the first step.
    snapshots: Arc<Snapshots>,
    /// When the past begins, in microseconds since 1970.
    pub since: i64,
    past: Vec<Arc<Past>>,
}

impl History {
    /// Drops the past and begins a new one from this state.
    pub(super) fn begin(&mut self, snapshots: Snapshots, now: i64) {
        self.parts.clear();
        self.cut(snapshots, now);
    }

    /// Adds a step.
    pub(super) fn push(&mut self, past: Past) {
        let Some(part) = self.parts.back_mut() else { return };
        part.bytes += past.size();
        part.past.push(Arc::new(past));
        if part.bytes > LARGEST {
            self.parts.clear();
        }
    }

    /// True if the newest part is large enough to be cut. A state is large, so cuts are rare.
    pub(super) fn is_due(&self) -> bool {
        self.parts.back().is_none_or(|part| part.bytes >= PART)
    }

    /// Begins a new part with the present state, if one is due. Drops the oldest parts if the past is too large.
    pub(super) fn cut(&mut self, snapshots: Snapshots, now: i64) {
        if !self.is_due() {
            return;
        }
        self.parts.push_back(Part { snapshots: Arc::new(snapshots), taken: now, past: Vec::new(), bytes: 0 });
        let mut bytes: usize = self.parts.iter().map(|part| part.bytes).sum();
        while bytes > MOST
            && let Some(oldest) = self.parts.pop_front()
        {
            bytes -= oldest.bytes;
        }
    }

    /// The whole past. `None` if it was dropped because too much arrived after the last state.
    pub(super) fn recent(&self, components: Vec<Planned>, seed: u64) -> Option<Recent> {
        let first = self.parts.front()?;
        let past = self.parts.iter().flat_map(|part| &part.past).cloned().collect();
        Some(Recent { components, seed, snapshots: Arc::clone(&first.snapshots), since: first.taken, past })
    }
}

impl Recent {
    /// Judges the past again and passes the notes to `tell`, in the order of the records, until `tell` returns `false`.
    ///
    /// # Errors
    /// Fails if an analytic cannot be started.
    pub(super) fn explain(self, mut tell: impl FnMut(Vec<Note>, &Origins) -> bool) -> Result<(), String> {
        let mut sessions: Vec<Session> = Vec::new();
        for component in &self.components {
            let started = component.start(&self.snapshots, self.seed);
            sessions.push(started.map_err(|error| format!("{}: {error}", component.name()))?.0);
        }
        let mut origins = Origins::default();
        let mut last = Reading::from(self.since);
        for past in self.past {
            let answers: Vec<Answer> = match &*past {
                Past::Idle(micros) => sessions.iter_mut().map(|session| session.elapse(*micros)).collect(),
                Past::Records { source, line, received, first, count, parts } => {
                    origins.add(*first, source, *line);
                    origins.ends(first + count);
                    last = Reading { received: Timestamp(*received), written: None, first: *first };
                    let explain = |(at, bytes): &(usize, Vec<u8>)| {
                        sessions.get_mut(*at).map(|session| session.explain(bytes, last))
                    };
                    parts.iter().filter_map(explain).collect()
                }
            };
            let notes =
                in_order(answers.into_iter().map(|answer| answer.notes).collect(), |note| note.record);
            if !notes.is_empty() && !tell(notes, &origins) {
                return Ok(());
            }
        }
        // The notes on events that still wait for time to pass.
        let reading = Reading { first: 0, ..last };
        let rest = sessions.iter_mut().map(|session| session.explain(b"", reading).notes).collect();
        tell(in_order(rest, |note| note.record), &origins);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(bytes: usize) -> Past {
        let parts = vec![(0, vec![b'x'; bytes])];
        Past::Records { source: "s".into(), line: 1, received: 1, first: 1, count: 1, parts }
    }

    #[test]
    fn the_oldest_is_forgotten_with_its_state() {
        let mut history = History::default();
        history.push(records(1));
        assert!(history.recent(Vec::new(), 0).is_none(), "nothing is known of the state before");
        history.begin(Snapshots::new(), 100);
        history.push(Past::Idle(5));
        history.push(records(PART));
        for time in 101..=105 {
            history.cut(Snapshots::new(), time);
            history.cut(Snapshots::new(), time + 50);
            history.push(records(PART));
        }
        let recent = history.recent(Vec::new(), 0).unwrap();
        assert_eq!((recent.since, recent.past.len()), (101, 5), "four parts, and the one that grows");
        history.push(records(LARGEST));
        assert!(history.recent(Vec::new(), 0).is_none());
        history.cut(Snapshots::new(), 200);
        assert_eq!(history.recent(Vec::new(), 0).unwrap().since, 200);
    }
}
