//! The recent past: records that some analytic looked at, and the state before them. Who asks why gets both, and judges again.
//!
//! The state is taken with each checkpoint. The past is cut there, so that its oldest part can be forgotten.

use super::plan::{Planned, Snapshots};
use authsieve_engine::detector::Reading;
use authsieve_engine::time::Timestamp;
use authsieve_host::contract::Note;
use authsieve_host::{Answer, Origins, Session, in_order};
use std::collections::VecDeque;
use std::sync::Arc;

/// So many bytes of records are kept, and one part more.
const MOST: usize = 16 << 20;
/// A part is not cut before it has so many bytes.
const PART: usize = 4 << 20;
/// A part that grows beyond this between two states is given up.
const LARGEST: usize = 32 << 20;

/// An event of the recent past.
#[derive(Debug)]
pub(super) enum Past {
    /// Records came.
    Records {
        /// The name of their source.
        source: Arc<str>,
        /// Where the first stands there, from 1.
        line: u64,
        /// When they were received.
        received: i64,
        /// The number of the first.
        first: u64,
        /// How many there were.
        count: u64,
        /// The records that each session got, by its number. Sessions that got nothing are left out.
        parts: Vec<(usize, Vec<u8>)>,
    },
    /// Nothing came for so many microseconds, and this released alerts.
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

/// A state, and what happened since.
#[derive(Debug)]
struct Part {
    snapshots: Arc<Snapshots>,
    /// When the state was taken.
    taken: i64,
    past: Vec<Arc<Past>>,
    bytes: usize,
}

/// The recent past of a service.
#[derive(Debug, Default)]
pub(super) struct History {
    parts: VecDeque<Part>,
}

/// The past, for one who asks.
pub(super) struct Recent {
    /// The components.
    pub components: Vec<Planned>,
    /// Places entries in hash tables.
    pub seed: u64,
    /// Their state before it.
    snapshots: Arc<Snapshots>,
    /// When it begins, in microseconds since 1970.
    pub since: i64,
    past: Vec<Arc<Past>>,
}

impl History {
    /// Begins anew from this state: what was before is forgotten.
    pub(super) fn begin(&mut self, snapshots: Snapshots, now: i64) {
        self.parts.clear();
        self.cut(snapshots, now);
    }

    /// Adds what happened.
    pub(super) fn push(&mut self, past: Past) {
        let Some(part) = self.parts.back_mut() else { return };
        part.bytes += past.size();
        part.past.push(Arc::new(past));
        if part.bytes > LARGEST {
            self.parts.clear();
        }
    }

    /// True if the newest part is large enough to be cut. A state is large: it is not taken for nothing.
    pub(super) fn is_due(&self) -> bool {
        self.parts.back().is_none_or(|part| part.bytes >= PART)
    }

    /// Takes the state of now, if a part is due. Forgets the oldest parts where they are too much.
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

    /// All of it. `None` while there is none: too much came since the last state.
    pub(super) fn recent(&self, components: Vec<Planned>, seed: u64) -> Option<Recent> {
        let first = self.parts.front()?;
        let past = self.parts.iter().flat_map(|part| &part.past).cloned().collect();
        Some(Recent { components, seed, snapshots: Arc::clone(&first.snapshots), since: first.taken, past })
    }
}

impl Recent {
    /// Judges the past again and hands out the notes on it, in the order of the records, until `tell` says `false`.
    ///
    /// # Errors
    /// Where an analytic cannot be started.
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
        // Those on events that wait for time.
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
