//! Sorts records by time, in memory and, above a limit, in a temporary file.
//!
//! The order is that of [`Key`]. Records that do not fit into memory are sorted in runs. The runs are written one after
//! the other, and merged when they are read.

use super::section::Section;
use super::temporary::{self, Temporary};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::sync::{Arc, Mutex};

/// The number of bytes of each run that are read at once.
const CHUNK: usize = 64 << 10;

/// The sort key of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The time in microseconds since 1970.
    pub(super) time: i64,
    /// The number of the record's file.
    pub(super) file: u32,
    /// The position of the record in the file, in the direction of reading.
    place: u64,
}

impl Key {
    /// The key of the record in this line. `turned` says that the file is read from its end.
    pub(super) fn new(time: i64, file: u32, line: u64, turned: bool) -> Self {
        Self { time, file, place: if turned { u64::MAX - line } else { line } }
    }

    /// The line of the record.
    pub(super) fn line(&self, turned: bool) -> u64 {
        if turned { u64::MAX - self.place } else { self.place }
    }
}

/// Collects records in any order.
pub(super) struct Sorter {
    held: Held,
    most: usize,
    runs: Option<Runs>,
}

/// Records in memory.
#[derive(Default)]
pub(super) struct Held {
    batches: Vec<Vec<u8>>,
    entries: Vec<Entry>,
    bytes: usize,
}

/// A record in memory.
struct Entry {
    key: Key,
    batch: u32,
    start: u32,
    length: u32,
}

/// Sorted runs in a temporary file. The file has no name and vanishes when it is closed.
struct Runs {
    file: Temporary,
    /// The end of each run.
    ends: Vec<u64>,
}

/// Returns records in order.
pub(super) enum Sorted {
    Memory { held: Held, next: usize },
    Disk(Merge),
}

/// Merges runs.
pub(super) struct Merge {
    runs: Vec<Run>,
    next: BinaryHeap<Reverse<(Key, usize)>>,
}

struct Run {
    input: BufReader<Section<Temporary>>,
    record: Vec<u8>,
}

impl Sorter {
    /// Creates a sorter that holds about `most` bytes in memory.
    pub(super) fn new(most: usize) -> Self {
        Self { held: Held::default(), most, runs: None }
    }

    /// Adds records of a batch, each with its key, start and end. Each record ends with a newline.
    ///
    /// # Errors
    /// Fails if the temporary file cannot be written.
    pub(super) fn take(
        &mut self,
        batch: Vec<u8>,
        records: impl Iterator<Item = (Key, usize, usize)>,
    ) -> io::Result<()> {
        let Held { batches, entries, bytes } = &mut self.held;
        let number = u32::try_from(batches.len()).unwrap_or(u32::MAX);
        let before = entries.len();
        // A batch is always below 4 GiB: a record has at most 16 MiB.
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        entries.extend(records.map(|(key, start, end)| Entry {
            key,
            batch: number,
            start: short(start),
            length: short(end.saturating_sub(start)),
        }));
        *bytes += batch.capacity() + (entries.len() - before) * size_of::<Entry>();
        batches.push(batch);
        if *bytes > self.most { self.spill() } else { Ok(()) }
    }

    /// Writes the records in memory as a run.
    fn spill(&mut self) -> io::Result<()> {
        let mut held = std::mem::take(&mut self.held);
        held.sort();
        let runs = match &mut self.runs {
            Some(runs) => runs,
            None => self.runs.insert(Runs { file: temporary::file()?, ends: Vec::new() }),
        };
        let mut end = runs.ends.last().copied().unwrap_or_default();
        let mut out = BufWriter::with_capacity(1 << 20, &mut runs.file);
        for entry in &held.entries {
            let record = held.record(entry);
            let Key { time, file, place } = entry.key;
            out.write_all(&time.to_le_bytes())?;
            out.write_all(&file.to_le_bytes())?;
            out.write_all(&place.to_le_bytes())?;
            out.write_all(&entry.length.to_le_bytes())?;
            out.write_all(record)?;
            end += (HEAD + record.len()) as u64;
        }
        out.flush()?;
        drop(out);
        runs.ends.push(end);
        Ok(())
    }

    /// Ends the collection.
    ///
    /// # Errors
    /// Fails if the temporary file cannot be written or read.
    pub(super) fn sorted(mut self) -> io::Result<Sorted> {
        if self.runs.is_some() && !self.held.entries.is_empty() {
            self.spill()?;
        }
        match self.runs {
            Some(runs) => Ok(Sorted::Disk(Merge::new(runs)?)),
            None => {
                self.held.sort();
                Ok(Sorted::Memory { held: self.held, next: 0 })
            }
        }
    }
}

impl Held {
    fn sort(&mut self) {
        self.entries.sort_unstable_by_key(|entry| entry.key);
    }

    fn record(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        let batch = self.batches.get(entry.batch as usize);
        batch.and_then(|batch| batch.get(start..start + entry.length as usize)).unwrap_or_default()
    }
}

impl Sorted {
    /// The key of the next record. `None` at the end.
    pub(super) fn key(&self) -> Option<Key> {
        match self {
            Self::Memory { held, next } => held.entries.get(*next).map(|entry| entry.key),
            Self::Disk(merge) => merge.next.peek().map(|Reverse((key, _))| *key),
        }
    }

    /// Appends the next record to `out`.
    ///
    /// # Errors
    /// Fails if the temporary file cannot be read.
    pub(super) fn pop(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Memory { held, next } => {
                if let Some(entry) = held.entries.get(*next) {
                    out.extend_from_slice(held.record(entry));
                    *next += 1;
                }
                Ok(())
            }
            Self::Disk(merge) => merge.pop(out),
        }
    }
}

/// The size of a record's head in a run: time, file, position, length.
const HEAD: usize = 24;

impl Merge {
    fn new(runs: Runs) -> io::Result<Self> {
        let Runs { file, ends } = runs;
        let file = Arc::new(Mutex::new(file));
        let mut merge = Self { runs: Vec::new(), next: BinaryHeap::new() };
        let mut start = 0;
        for end in ends {
            let input = BufReader::with_capacity(CHUNK, Section::new(&file, start, end));
            let mut run = Run { input, record: Vec::new() };
            if let Some(key) = run.advance()? {
                merge.next.push(Reverse((key, merge.runs.len())));
            }
            merge.runs.push(run);
            start = end;
        }
        Ok(merge)
    }

    fn pop(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(mut top) = self.next.peek_mut() else { return Ok(()) };
        let Reverse((_, at)) = *top;
        let Some(run) = self.runs.get_mut(at) else { return Ok(()) };
        out.extend_from_slice(&run.record);
        match run.advance()? {
            Some(key) => *top = Reverse((key, at)),
            None => {
                std::collections::binary_heap::PeekMut::pop(top);
            }
        }
        Ok(())
    }
}

impl Run {
    /// Reads the next record and its key. `None` at the end.
    fn advance(&mut self) -> io::Result<Option<Key>> {
        let mut head = [0; HEAD];
        if io::BufRead::fill_buf(&mut self.input)?.is_empty() {
            return Ok(None);
        }
        self.input.read_exact(&mut head)?;
        let (time, rest) = head.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let (file, rest) = rest.split_first_chunk().unwrap_or((&[0; 4], &[]));
        let (place, rest) = rest.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let (length, _) = rest.split_first_chunk().unwrap_or((&[0; 4], &[]));
        self.record.resize(u32::from_le_bytes(*length) as usize, 0);
        self.input.read_exact(&mut self.record)?;
        Ok(Some(Key {
            time: i64::from_le_bytes(*time),
            file: u32::from_le_bytes(*file),
            place: u64::from_le_bytes(*place),
        }))
    }
}

#[cfg(test)]
mod tests;
