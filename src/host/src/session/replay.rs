//! The records since the last snapshot. From these, a session rebuilds a dead detector.

use super::spool::Spool;
use authsieve_engine::detector::{Reading, Stats};
use std::io;
use std::time::Duration;

/// The number of bytes of records after which a snapshot is taken, if it is cheap. Judging them again takes about a
/// second.
const DUE: usize = 128 << 20;
/// The same number for records in memory, if no temporary file can be written.
const DUE_IN_MEMORY: usize = 14 << 20;
/// The number of bytes at which a snapshot is taken at any cost.
const FULL: usize = 256 << 20;
/// The approximate size of the batches for a replay.
const BATCH: usize = 256 << 10;
/// Snapshots may take one part in this many of the time for the records.
const SHARE: u32 = 20;

/// A snapshot, and the records processed since: at most 256 MiB, usually up to 128 MiB. Both are in temporary files
/// and take 2 MiB of memory. If no such file can be written, records take up to 16 MiB of memory.
#[derive(Default)]
pub(super) struct Replay {
    checkpoint: Option<Checkpoint>,
    /// The records since the snapshot. `done` lists the calls in order, each with the end of its records.
    bytes: Spool,
    /// True if the records end with a newline.
    terminated: bool,
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

struct Checkpoint {
    snapshot: Spool,
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
            self.forget_records();
            return;
        }
        self.spent += spent;
        let start = match self.done.as_slice() {
            [.., (start, _), _] => *start,
            _ => 0,
        };
        // A record without a newline would run into the next one.
        let joins = self.terminated && self.bytes.len() - start < BATCH;
        self.bytes.push(batch);
        self.terminated = batch.last() == Some(&b'\n');
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
    ///
    /// # Errors
    /// Fails if the temporary files cannot be read.
    pub(super) fn of(&self, analytic: &str) -> io::Result<Self> {
        let checkpoint = self.checkpoint.as_ref().map(|Checkpoint { snapshot, totals }| {
            let own = totals.iter().filter(|stats| stats.analytic == analytic);
            Ok::<_, io::Error>(Checkpoint { snapshot: snapshot.copied()?, totals: own.cloned().collect() })
        });
        Ok(Self {
            checkpoint: checkpoint.transpose()?,
            bytes: self.bytes.copied()?,
            done: self.done.clone(),
            // Another analytic may have been the one that refused a snapshot.
            refuses: false,
            ..*self
        })
    }

    /// True if a snapshot should be taken now.
    pub(super) fn is_due(&self) -> bool {
        let cheap = self.spent > self.took * SHARE;
        let due = self.bytes.len() > DUE || self.bytes.held() > DUE_IN_MEMORY;
        !self.refuses && (self.bytes.len() > FULL || (due && cheap))
    }

    /// Begins again from a snapshot. `took` is its time, and `totals` are the counters at this point.
    pub(super) fn restart(&mut self, snapshot: &[u8], took: Duration, totals: Vec<Stats>) {
        let mut spool = self.checkpoint.take().map(|checkpoint| checkpoint.snapshot).unwrap_or_default();
        spool.clear();
        spool.push(snapshot);
        self.checkpoint = Some(Checkpoint { snapshot: spool, totals });
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

    /// The snapshot.
    ///
    /// # Errors
    /// Fails if the temporary file cannot be read.
    pub(super) fn snapshot(&self) -> io::Result<Option<Vec<u8>>> {
        let read = |checkpoint: &Checkpoint| checkpoint.snapshot.read(0..checkpoint.snapshot.len());
        self.checkpoint.as_ref().map(read).transpose()
    }

    /// The counters at the time of the snapshot.
    pub(super) fn totals(&self) -> Option<&[Stats]> {
        self.checkpoint.as_ref().map(|checkpoint| checkpoint.totals.as_slice())
    }

    /// Passes everything that was done since the snapshot to `again`, in order, until `again` fails.
    ///
    /// # Errors
    /// Fails with the first error of `again`, or if the temporary file cannot be read.
    pub(super) fn each(&self, mut again: impl FnMut(Done<'_>) -> Result<(), String>) -> Result<(), String> {
        let mut start = 0;
        for (end, what) in &self.done {
            match what {
                What::Records(reading) => {
                    let records = self.bytes.read(start..*end).map_err(|error| error.to_string())?;
                    again(Done::Records(&records, *reading))?;
                }
                What::Elapsed(idle) => again(Done::Elapsed(*idle))?,
            }
            start = *end;
        }
        Ok(())
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

    fn replayed(replay: &Replay) -> Vec<(Vec<u8>, Reading)> {
        let mut all = Vec::new();
        let each = replay.each(|done| match done {
            Done::Records(records, reading) => {
                all.push((records.to_vec(), reading));
                Ok(())
            }
            Done::Elapsed(idle) => Err(format!("nothing elapsed: {idle}")),
        });
        each.unwrap();
        all
    }

    fn batches<const N: usize>(batches: [(&[u8], Reading); N]) -> Vec<(Vec<u8>, Reading)> {
        batches.map(|(records, reading)| (records.to_vec(), reading)).into()
    }

    #[test]
    fn batches_are_joined_where_that_changes_nothing() {
        let mut replay = Replay::default();
        for (batch, received) in
            [(&b"a\n"[..], 1i64), (b"b\n", 1), (b"c", 1), (b"d\n", 1), (b"", 2), (b"e\n", 2)]
        {
            replay.add(batch, Reading::from(received), Duration::ZERO);
        }
        let expected = batches([(b"a\nb\nc", 1.into()), (b"d\n", 1.into()), (b"e\n", 2.into())]);
        assert_eq!(replayed(&replay), expected);
        assert_eq!(replayed(&replay.of("any").unwrap()), expected);
    }

    #[test]
    fn numbers_of_records_stay_true() {
        let reading = |first| Reading { first, ..Reading::from(1) };
        let mut replay = Replay::default();
        for (batch, first) in [(&b"a\n\nb\n"[..], 1), (b"c\n", 4), (b"d\n", 9), (b"e\n", 10)] {
            replay.add(batch, reading(first), Duration::ZERO);
        }
        assert_eq!(replayed(&replay), batches([(b"a\n\nb\nc\n", reading(1)), (b"d\ne\n", reading(9))]));
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
        let mut done = Vec::new();
        let each = replay.each(|one| {
            done.push(format!("{one:?}"));
            Ok(())
        });
        assert_eq!(each, Ok(()));
        let records = |bytes: &'static [u8]| Done::Records(bytes, reading);
        let expected = [Done::Elapsed(9), records(b"a\n"), Done::Elapsed(3), records(b"b\nc\n")];
        assert_eq!(done, expected.map(|one| format!("{one:?}")));
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
        replay.restart(&[], Duration::from_millis(10), Vec::new());
        assert!(replay.is_empty() && !replay.is_due());
        replay.add(&vec![b'\n'; DUE + 1], 1.into(), Duration::from_millis(100));
        assert!(!replay.is_due());
        replay.add(b"\n", 1.into(), Duration::from_millis(101));
        assert!(replay.is_due());
    }
}
