//! Merges files whose times overlap: record by record, ordered by time, then file, then line.
//!
//! A file in order is read step by step, with one batch in memory. All other files are sorted first.

use super::clock::{Clock, Stretch};
use super::open::{Manner, Open};
use super::sorter::{Key, Sorted, Sorter};
use super::stored::Stored;
use super::{Batch, Move};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The most files that are open at once. Further ones are sorted, even if they are in order.
const MOST_OPEN: usize = 128;

/// The size of a batch in bytes.
const BATCH: usize = 256 << 10;

/// Almost a year, in microseconds: a time without a year lies at most this long before the last change of its file. A
/// day is left for clocks that run ahead.
const YEAR: i64 = 363 * 86_400_000_000;

/// A merge of files.
pub(super) struct Merge {
    manner: Manner,
    files: Vec<File>,
    open: Vec<Forward>,
    /// The next record of each open file: its time, its file, and the index of the open file.
    next: BinaryHeap<Reverse<(i64, u32, usize)>>,
    sorted: Option<Sorted>,
    /// Losses to report before the next records.
    losses: VecDeque<Batch>,
}

/// The data of a file that its records carry.
struct File {
    name: Arc<str>,
    written: Option<i64>,
    turned: bool,
}

/// An open file that is in order.
struct Forward {
    file: u32,
    records: Open,
    clock: Clock,
    written: Option<i64>,
    batch: Vec<u8>,
    stretches: std::vec::IntoIter<Stretch>,
    /// The next stretch.
    stretch: Option<Stretch>,
    /// The line of its first record.
    line: u64,
    /// The time of the last record so far.
    time: Option<i64>,
}

/// A batch that is being built.
struct Merged {
    bytes: Vec<u8>,
    records: u64,
    /// The file and line where the next record has to be, if it follows the last one.
    below: (u32, u64),
    /// The time of the last change of the file of its records.
    written: Option<i64>,
    moves: Vec<Move>,
}

impl Merge {
    /// Merges files. Their order decides between equal times.
    pub(super) fn new(stored: &[Stored], clock: &Clock, manner: Manner, progress: &Arc<AtomicU64>) -> Self {
        let mut merge = Self {
            manner,
            files: files(stored, &manner),
            open: Vec::new(),
            next: BinaryHeap::new(),
            sorted: None,
            losses: VecDeque::new(),
        };
        let mut sorter = Sorter::new(manner.memory);
        let mut sorts = false;
        for (number, stored) in (0..).zip(stored) {
            let records = match stored.open(&manner, progress) {
                Ok(records) => records,
                Err(error) => {
                    merge.losses.push_back(manner.unreadable(Arc::clone(&stored.name), error));
                    continue;
                }
            };
            let forward = Forward {
                file: number,
                records,
                clock: clock.fresh(),
                written: stored.written,
                batch: Vec::new(),
                stretches: Vec::new().into_iter(),
                stretch: None,
                line: 1,
                time: stored.survey.top(),
            };
            if stored.survey.in_order() && !stored.survey.turned() && merge.open.len() < MOST_OPEN {
                merge.open.push(forward);
                merge.advance(merge.open.len() - 1);
            } else {
                sorts = true;
                let turned = stored.survey.turned();
                if let Err(error) = merge.sort(forward, turned, &mut sorter) {
                    merge.failed(error);
                }
            }
        }
        if sorts {
            match sorter.sorted() {
                Ok(sorted) => merge.sorted = Some(sorted),
                Err(error) => merge.failed(error),
            }
        }
        merge
    }

    /// The next batch, in `buffer`. `None` at the end.
    pub(super) fn next(&mut self, buffer: Vec<u8>) -> Option<Batch> {
        let mut merged: Option<Merged> = None;
        let mut buffer = Some(buffer);
        while self.losses.is_empty() {
            let open = self.next.peek().map(|Reverse((time, file, at))| (*time, *file, Some(*at)));
            let sorted = self.sorted.as_ref().and_then(Sorted::key).map(|key| (key.time, key.file, None));
            let Some((_, file, at)) =
                open.into_iter().chain(sorted).min_by_key(|(time, file, _)| (*time, *file))
            else {
                break;
            };
            let Some(told) = self.files.get(file as usize) else { break };
            let line = match at {
                Some(at) => self.open.get(at).map_or(0, |forward| forward.line),
                None => self.sorted.as_ref().and_then(Sorted::key).map_or(0, |key| key.line(told.turned)),
            };
            let batch = merged.get_or_insert_with(|| Merged::new(buffer.take(), told, (file, line)));
            if batch.bytes.len() >= BATCH || batch.written != told.written {
                break;
            }
            batch.stands(told, (file, line));
            match at {
                Some(at) => self.take(at, batch),
                None => {
                    let popped = self.sorted.as_mut().map_or(Ok(()), |sorted| sorted.pop(&mut batch.bytes));
                    batch.passed(1);
                    if let Err(error) = popped {
                        self.sorted = None;
                        self.failed(error);
                    }
                }
            }
        }
        match merged {
            Some(merged) => Some(self.batch(merged)),
            None => self.losses.pop_front(),
        }
    }

    /// Takes the next stretch of an open file.
    fn take(&mut self, at: usize, batch: &mut Merged) {
        let Some(forward) = self.open.get_mut(at) else { return };
        if let Some(stretch) = forward.stretch.take() {
            let bytes = forward.batch.get(stretch.bytes).unwrap_or_default();
            let records = memchr::memchr_iter(b'\n', bytes).count() as u64;
            batch.bytes.extend_from_slice(bytes);
            batch.passed(records);
            forward.line += records;
        }
        self.next.pop();
        self.advance(at);
    }

    /// Advances an open file to its next stretch.
    fn advance(&mut self, at: usize) {
        let Some(forward) = self.open.get_mut(at) else { return };
        while forward.stretch.is_none() {
            forward.stretch = forward.stretches.next();
            if forward.stretch.is_none() && !forward.load(&self.manner, &mut self.losses) {
                return;
            }
        }
        // All have a time, because the first time of the file is known.
        let time = forward.stretch.as_ref().and_then(|stretch| stretch.time).unwrap_or(i64::MAX);
        self.next.push(Reverse((time, forward.file, at)));
    }

    /// Passes all records of a file to the sorter.
    fn sort(&mut self, mut forward: Forward, turned: bool, sorter: &mut Sorter) -> io::Result<()> {
        while forward.load(&self.manner, &mut self.losses) {
            let batch = std::mem::take(&mut forward.batch);
            let (mut line, file) = (forward.line, forward.file);
            let mut entries = Vec::new();
            for Stretch { bytes, time } in forward.stretches.by_ref() {
                let mut start = bytes.start;
                for record in batch.get(bytes).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
                    let end = start + record.len();
                    entries.push((Key::new(time.unwrap_or(i64::MAX), file, line, turned), start, end));
                    (start, line) = (end, line + 1);
                }
            }
            sorter.take(batch, entries.into_iter())?;
        }
        Ok(())
    }

    /// Reports that the temporary file cannot be used.
    fn failed(&mut self, error: io::Error) {
        let why = format!("records cannot be sorted in a temporary file: {error}; --order given needs none");
        let error = io::Error::new(error.kind(), why);
        let folder = std::env::temp_dir().display().to_string();
        self.losses.push_back(self.manner.unreadable(folder.into(), error));
    }

    fn batch(&self, merged: Merged) -> Batch {
        let Merged { bytes, moves, written, .. } = merged;
        let mut moves = moves.into_iter();
        let first = moves.next();
        let (file, line) = first.map_or((Arc::from(""), 1), |first| (first.file, first.line));
        let nothing = self.manner.nothing(file);
        Batch { line, bytes, written, moves: moves.collect(), ..nothing }
    }
}

/// The data of each file. All files count as written when the newest one was, unless that changes their years.
fn files(stored: &[Stored], manner: &Manner) -> Vec<File> {
    let written = |stored: &Stored| manner.last_written(stored.written);
    let newest = stored.iter().filter_map(written).max();
    let file = |stored: &Stored| {
        let oldest = stored.survey.range().map_or(i64::MIN, |(least, _)| least);
        let same =
            !stored.survey.inferred() || newest.is_none_or(|newest| oldest.saturating_add(YEAR) > newest);
        File {
            name: Arc::clone(&stored.name),
            written: if same { newest } else { written(stored) },
            turned: stored.survey.turned(),
        }
    };
    stored.iter().map(file).collect()
}

impl Forward {
    /// Reads the next batch. Returns `false` at the end.
    fn load(&mut self, manner: &Manner, losses: &mut VecDeque<Batch>) -> bool {
        loop {
            let Some(mut batch) = self.records.next(std::mem::take(&mut self.batch), manner) else {
                return false;
            };
            let mut bytes = std::mem::take(&mut batch.bytes);
            let line = batch.line;
            if !batch.losses.is_empty() || batch.flaws.total() > 0 {
                losses.push_back(batch);
            }
            if bytes.is_empty() {
                continue;
            }
            if bytes.last() != Some(&b'\n') {
                bytes.push(b'\n');
            }
            let stretches = self.clock.stretches(&bytes, manner.reading(self.written), &mut self.time);
            (self.batch, self.stretches, self.line) = (bytes, stretches.into_iter(), line);
            return true;
        }
    }
}

impl Merged {
    fn new(buffer: Option<Vec<u8>>, file: &File, first: (u32, u64)) -> Self {
        let mut bytes = buffer.unwrap_or_default();
        bytes.clear();
        let start = Move { record: 0, file: Arc::clone(&file.name), line: first.1 };
        Self { bytes, records: 0, below: first, written: file.written, moves: vec![start] }
    }

    /// Notes the place of the next record.
    fn stands(&mut self, file: &File, at: (u32, u64)) {
        if self.below != at {
            self.moves.push(Move { record: self.records, file: Arc::clone(&file.name), line: at.1 });
            self.below = at;
        }
    }

    /// Counts records that were added and follow each other.
    fn passed(&mut self, records: u64) {
        self.records += records;
        self.below.1 += records;
    }
}
