//! The records since the last snapshot. From these, a session rebuilds a dead detector.

use authsieve_engine::detector::{Reading, Stats};
use std::time::Duration;

/// The number of bytes from which a snapshot is taken if it is cheap.
const DUE: usize = 16 << 20;
/// The number of bytes at which a snapshot is taken at any cost.
const FULL: usize = 256 << 20;
/// The approximate size of the batches for a replay.
const BATCH: usize = 256 << 10;
/// Snapshots may take one part in this many of the time for the records.
const SHARE: u32 = 20;

/// A snapshot, and the records processed since. Holds at most 256 MiB of records, usually 16 MiB.
#[derive(Clone, Default)]
pub(super) struct Replay {
    checkpoint: Option<Checkpoint>,
    /// The records since the snapshot. `done` lists the calls in order, each with the end of its records.
    bytes: Vec<u8>,
    done: Vec<(usize, What)>,
    /// The number of records in the last batch.
    records: u64,
    /// The time for the records, and the time for the snapshot.
    spent: Duration,
    took: Duration,
    /// True if the guest fails when it is asked for a snapshot.
    refuses: bool,
    overflown: bool,
}

/// One call since the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done<'a> {
    /// Records were processed.
    Records(&'a [u8], Reading),
    /// Nothing came for this many microseconds.
    Elapsed(u64),
}

/// One call, without the records.
#[derive(Clone, Copy)]
enum What {
    Records(Reading),
    Elapsed(u64),
}

#[derive(Clone)]
struct Checkpoint {
    snapshot: Vec<u8>,
    totals: Vec<Stats>,
}

impl Replay {
    /// Adds a batch that was processed.
    pub(super) fn add(&mut self, batch: &[u8], reading: Reading, spent: Duration) {
        if self.overflown || batch.is_empty() {
            return;
        }
        if self.refuses && self.bytes.len() + batch.len() > FULL {
            self.overflown = true;
            self.bytes = Vec::new();
            self.done = Vec::new();
            return;
        }
        self.spent += spent;
        let start = match self.done.as_slice() {
            [.., (start, _), _] => *start,
            _ => 0,
        };
        // A record without a newline would run into the next one.
        let joins = self.bytes.last() == Some(&b'\n') && self.bytes.len() - start < BATCH;
        self.bytes.extend_from_slice(batch);
        match self.done.last_mut() {
            Some((end, What::Records(at))) if joins && goes_on(*at, self.records, reading) => {
                *end = self.bytes.len();
            }
            _ => {
                self.done.push((self.bytes.len(), What::Records(reading)));
                self.records = 0;
            }
        }
        self.records += memchr::memchr_iter(b'\n', batch).count() as u64;
    }

    /// Adds that nothing came for `idle` microseconds.
    pub(super) fn elapse(&mut self, idle: u64) {
        if self.overflown {
            return;
        }
        match self.done.last_mut() {
            // Both times count from the newest event, so the longer one covers the shorter.
            Some((_, What::Elapsed(before))) => *before = idle.max(*before),
            _ => self.done.push((self.bytes.len(), What::Elapsed(idle))),
        }
    }

    /// A copy for one of several analytics.
    pub(super) fn of(&self, analytic: &str) -> Self {
        // Another analytic may have been the one that refused a snapshot.
        let mut own = Self { refuses: false, ..self.clone() };
        if let Some(checkpoint) = &mut own.checkpoint {
            checkpoint.totals.retain(|stats| stats.analytic == analytic);
        }
        own
    }

    /// True if a snapshot should be taken now.
    pub(super) fn is_due(&self) -> bool {
        let cheap = self.spent > self.took * SHARE;
        !self.refuses && (self.bytes.len() > FULL || (self.bytes.len() > DUE && cheap))
    }

    /// Begins again from a snapshot. `took` is its time, and `totals` are the counters at this point.
    pub(super) fn restart(&mut self, snapshot: Vec<u8>, took: Duration, totals: Vec<Stats>) {
        self.checkpoint = Some(Checkpoint { snapshot, totals });
        self.took = took;
        self.forget_records();
    }

    /// Begins again with empty state.
    pub(super) fn clear(&mut self) {
        self.checkpoint = None;
        self.overflown = false;
        self.forget_records();
    }

    /// Remembers that the guest gives no snapshots.
    pub(super) fn no_snapshots(&mut self) {
        self.refuses = true;
    }

    pub(super) fn refuses(&self) -> bool {
        self.refuses
    }

    pub(super) fn overflown(&self) -> bool {
        self.overflown
    }

    pub(super) fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    pub(super) fn snapshot(&self) -> Option<&[u8]> {
        self.checkpoint.as_ref().map(|checkpoint| checkpoint.snapshot.as_slice())
    }

    /// The counters at the time of the snapshot.
    pub(super) fn totals(&self) -> Option<&[Stats]> {
        self.checkpoint.as_ref().map(|checkpoint| checkpoint.totals.as_slice())
    }

    /// The calls since the snapshot.
    pub(super) fn since(&self) -> impl Iterator<Item = Done<'_>> {
        let starts = std::iter::once(0).chain(self.done.iter().map(|(end, _)| *end));
        starts.zip(&self.done).map(|(start, (end, what))| match what {
            What::Records(reading) => {
                Done::Records(self.bytes.get(start..*end).unwrap_or_default(), *reading)
            }
            What::Elapsed(idle) => Done::Elapsed(*idle),
        })
    }

    fn forget_records(&mut self) {
        self.bytes.clear();
        self.done.clear();
        self.spent = Duration::ZERO;
    }
}

/// True if records of `reading` directly follow `records` records of `at`.
fn goes_on(at: Reading, records: u64, reading: Reading) -> bool {
    let first = if at.first == 0 { 0 } else { at.first + records };
    Reading { first, ..at } == reading
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replayed(replay: &Replay) -> Vec<(&[u8], Reading)> {
        let records = replay.since().map(|done| match done {
            Done::Records(records, reading) => (records, reading),
            Done::Elapsed(idle) => panic!("nothing elapsed: {idle}"),
        });
        records.collect()
    }

    #[test]
    fn batches_are_joined_where_that_changes_nothing() {
        let mut replay = Replay::default();
        for (batch, received) in
            [(&b"a\n"[..], 1i64), (b"b\n", 1), (b"c", 1), (b"d\n", 1), (b"", 2), (b"e\n", 2)]
        {
            replay.add(batch, Reading::from(received), Duration::ZERO);
        }
        assert_eq!(replayed(&replay), [(&b"a\nb\nc"[..], 1.into()), (b"d\n", 1.into()), (b"e\n", 2.into())]);
    }

    #[test]
    fn numbers_of_records_stay_true() {
        let reading = |first| Reading { first, ..Reading::from(1) };
        let mut replay = Replay::default();
        for (batch, first) in [(&b"a\n\nb\n"[..], 1), (b"c\n", 4), (b"d\n", 9), (b"e\n", 10)] {
            replay.add(batch, reading(first), Duration::ZERO);
        }
        assert_eq!(replayed(&replay), [(&b"a\n\nb\nc\n"[..], reading(1)), (b"d\ne\n", reading(9))]);
    }

    #[test]
    fn time_passes_between_the_same_records() {
        let mut replay = Replay::default();
        let reading = Reading::from(1);
        replay.elapse(9);
        replay.add(b"a\n", reading, Duration::ZERO);
        replay.elapse(2);
        replay.elapse(3);
        replay.add(b"b\n", reading, Duration::ZERO);
        replay.add(b"c\n", reading, Duration::ZERO);
        let done: Vec<Done<'_>> = replay.since().collect();
        let records = |bytes: &'static [u8]| Done::Records(bytes, reading);
        assert_eq!(done, [Done::Elapsed(9), records(b"a\n"), Done::Elapsed(3), records(b"b\nc\n")]);
    }

    #[test]
    fn replayed_batches_stay_small() {
        let mut replay = Replay::default();
        let batch = [b"x".repeat(1023).as_slice(), b"\n"].concat();
        for _ in 0..1024 {
            replay.add(&batch, 1.into(), Duration::ZERO);
        }
        let sizes: Vec<usize> = replayed(&replay).into_iter().map(|(records, _)| records.len()).collect();
        assert_eq!(sizes, [BATCH; 4]);
    }

    #[test]
    fn a_guest_without_snapshots_does_not_fill_memory() {
        let mut replay = Replay::default();
        replay.no_snapshots();
        let batch = vec![b'\n'; 100 << 20];
        for _ in 0..3 {
            replay.add(&batch, 1.into(), Duration::ZERO);
            assert!(!replay.is_due());
        }
        assert!(replay.overflown() && replay.is_empty());
    }

    #[test]
    fn dear_snapshots_are_rare() {
        let mut replay = Replay::default();
        replay.add(&vec![b'\n'; DUE + 1], 1.into(), Duration::from_millis(1));
        assert!(replay.is_due());
        replay.restart(Vec::new(), Duration::from_millis(10), Vec::new());
        assert!(replay.is_empty() && !replay.is_due());
        replay.add(&vec![b'\n'; DUE + 1], 1.into(), Duration::from_millis(100));
        assert!(!replay.is_due());
        replay.add(b"\n", 1.into(), Duration::from_millis(101));
        assert!(replay.is_due());
    }
}
