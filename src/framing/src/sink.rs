//! The sink of every format: takes records, and problems with bytes that are no record.

use crate::problem::{Counts, Flaw, Problem};
use crate::records::{Cut, Oversized};

/// The most problems of each flaw that are reported one by one. Further problems are only counted.
const TOLD: u64 = 8;

/// The counts of the output so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Records handed out.
    records: u64,
    /// The records handed out when the last [`Cut`] was taken.
    taken: u64,
    /// The number of lines before the window.
    lines: u64,
    counts: Counts,
    oversized: Vec<Oversized>,
    problems: Vec<Problem>,
}

impl Progress {
    /// How often each flaw was met.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Reports the output since the last call.
    pub(crate) fn take(&mut self) -> Cut {
        let cut = Cut {
            first_line: self.taken + 1,
            records: self.records - self.taken,
            oversized: std::mem::take(&mut self.oversized),
            problems: std::mem::take(&mut self.problems),
        };
        self.taken = self.records;
        cut
    }

    /// Counts the lines in bytes that leave the window.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }
}

/// Takes records and problems.
pub(crate) struct Sink<'a> {
    out: &'a mut Vec<u8>,
    max_record: usize,
    progress: &'a mut Progress,
}

/// The error of a record that grows too long while it is written.
pub(crate) struct TooLong;

impl<'a> Sink<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, max_record: usize, progress: &'a mut Progress) -> Self {
        Self { out, max_record, progress }
    }

    pub(crate) fn max_record(&self) -> usize {
        self.max_record
    }

    /// Writes one record, without newlines. It begins at `at` in `window`.
    pub(crate) fn record(
        &mut self,
        window: &[u8],
        at: usize,
        write: impl FnOnce(&mut Record<'_>) -> Result<(), TooLong>,
    ) {
        let start = self.out.len();
        let mut record = Record { out: self.out, start, max: self.max_record, beyond: 0 };
        if write(&mut record).is_ok() {
            self.out.push(b'\n');
            self.progress.records += 1;
        } else {
            let length = (record.out.len() - start + record.beyond) as u64;
            self.out.truncate(start);
            self.oversized(window, at, length);
        }
    }

    /// Reports a record that is too long. It begins at `at` in `window`.
    pub(crate) fn oversized(&mut self, window: &[u8], at: usize, length: u64) {
        self.oversized_at(self.line(window, at), length);
    }

    /// Reports a record that is too long. It begins in this line.
    pub(crate) fn oversized_at(&mut self, line: u64, length: u64) {
        self.progress.oversized.push(Oversized { line, length });
    }

    /// Reports a flaw at `at` in `window`.
    pub(crate) fn problem(&mut self, flaw: Flaw, window: &[u8], at: usize) {
        self.problem_at(flaw, None, window, at);
    }

    /// Reports a flaw in a line, or else at `at` in `window`.
    pub(crate) fn problem_at(&mut self, flaw: Flaw, line: Option<u64>, window: &[u8], at: usize) {
        if self.progress.counts.of(flaw) < TOLD {
            let line = line.unwrap_or_else(|| self.line(window, at));
            self.progress.problems.push(Problem { line, flaw });
        }
        self.progress.counts.add(flaw);
    }

    /// The number of the line that holds the byte `at`. O(n) in the bytes before it.
    pub(crate) fn line(&self, window: &[u8], at: usize) -> u64 {
        let before = window.get(..at).unwrap_or(window);
        self.progress.lines + memchr::memchr_iter(b'\n', before).count() as u64 + 1
    }
}

/// A record that is being written.
pub(crate) struct Record<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    max: usize,
    /// The number of bytes that did not fit.
    beyond: usize,
}

impl Record<'_> {
    /// Appends bytes without a newline.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.out.len() - self.start + bytes.len() > self.max {
            self.beyond = bytes.len();
            return Err(TooLong);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends the inside of a JSON string, and escapes as little as possible. Bytes that are no UTF-8 pass as they
    /// are.
    pub(crate) fn put_escaped(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|b| *b < 0x20 || matches!(b, b'"' | b'\\')) {
            let (plain, special) = rest.split_at(at);
            self.put(plain)?;
            let (first, later) = special.split_first().unwrap_or((&0, &[]));
            match first {
                b'"' => self.put(b"\\\"")?,
                b'\\' => self.put(b"\\\\")?,
                b'\n' => self.put(b"\\n")?,
                b'\r' => self.put(b"\\r")?,
                b'\t' => self.put(b"\\t")?,
                other => {
                    let digit = |n: u8| if n < 10 { b'0' + n } else { b'a' + n - 10 };
                    self.put(&[b'\\', b'u', b'0', b'0', digit(other >> 4), digit(other & 15)])?;
                }
            }
            rest = later;
        }
        self.put(rest)
    }
}
