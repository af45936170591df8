//! Cuts a stream of bytes into batches of whole records.

use crate::problem::Problem;
use std::io::{Error, ErrorKind, Read, Result};

/// The longest record that is handed on, in bytes without its newline: 16 MiB.
pub const MAX_RECORD: usize = 16 << 20;

/// The size of a batch, in bytes: large enough to hide the cost of a call, small enough for a cache.
pub(crate) const BATCH: usize = 256 << 10;

/// Reads a stream and hands it on in batches of whole records.
///
/// A record ends at `\n`, or at the end of the stream. It is never changed and never split. A record that is longer
/// than the limit is skipped to its newline and reported.
///
/// Memory: one batch and the record that has begun, so at most `max_record` and two batches.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    max_record: usize,
    /// The number of bytes that are gathered before a batch is handed on.
    fill: usize,
    /// The start of a record whose end was not read yet. It holds no newline.
    rest: Vec<u8>,
    /// The number of the next record.
    line: u64,
    ended: bool,
    /// The error that ended the stream early. It is returned once the records before it were handed on.
    failed: Option<Error>,
}

/// The place of a batch in its stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The number of the batch's first record in its stream, from 1.
    pub first_line: u64,
    /// The number of records in the batch.
    pub records: u64,
    /// The records that were left out since the last batch because they are too long. In an input of lines, they stand
    /// before `first_line`.
    pub oversized: Vec<Oversized>,
    /// Other bytes that did not become a record: the first few of each flaw. Lines have no flaws.
    pub problems: Vec<Problem>,
}

/// A record that was too long to hand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversized {
    /// The line in which the record begins, from 1.
    pub line: u64,
    /// The length in bytes, without the newline. A lower bound for a record that is written in parts.
    pub length: u64,
}

/// The inside of an error that a reader returns after the end of a text. All of the text was read, but foreign bytes
/// follow, such as junk after a gzip file. The last record before the error is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BehindTheEnd(
    /// The bytes that follow, in words.
    pub &'static str,
);

impl From<BehindTheEnd> for Error {
    fn from(found: BehindTheEnd) -> Self {
        Self::new(ErrorKind::InvalidData, found)
    }
}

/// True if the text before this error is whole.
pub(crate) fn is_behind_the_end(error: &Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<BehindTheEnd>())
}

impl<R: Read> Records<R> {
    /// The records of `input`, none longer than `max_record` bytes.
    pub fn new(input: R, max_record: usize) -> Self {
        let fill = BATCH.min(max_record.max(1));
        Self { input, max_record, fill, rest: Vec::new(), line: 1, ended: false, failed: None }
    }

    /// Hands on each record as soon as it is read: for an input that is still being written.
    #[must_use]
    pub fn live(mut self) -> Self {
        self.fill = 1;
        self
    }

    /// Replaces `batch` by the next batch. `None` at the end of the stream. A batch may be empty and only report
    /// records that were too long.
    ///
    /// # Errors
    /// The first error of the input, once, after every record before it that is whole. A record that it cuts is
    /// dropped.
    pub fn next(&mut self, batch: &mut Vec<u8>) -> Result<Option<Cut>> {
        batch.clear();
        batch.append(&mut self.rest);
        let mut cut = Cut::default();
        // The number of bytes of a record that were skipped.
        let mut skipped = 0;
        // The end of the last whole record of the batch, newline included.
        let mut whole = 0;
        while !self.ended && (whole == 0 || batch.len() < self.fill) {
            let before = batch.len();
            self.read(batch, whole > 0);
            // Only the first record can be too long: less than a batch follows its newline.
            if whole == 0 {
                match memchr::memchr(b'\n', batch.get(before..).unwrap_or_default()) {
                    None if skipped > 0 || batch.len() > self.max_record => {
                        skipped += batch.len();
                        batch.clear();
                    }
                    None => {}
                    Some(at) if skipped + before + at > self.max_record => {
                        self.leave_out(skipped + before + at, &mut cut);
                        batch.drain(..=before + at);
                        skipped = 0;
                        whole = end_of_last(batch);
                    }
                    Some(_) => whole = end_of_last(batch),
                }
            } else {
                whole = end_of_last(batch);
            }
        }
        if skipped > 0 {
            self.leave_out(skipped, &mut cut);
        }
        // At the end of the stream the last record needs no newline. After an error it is dropped.
        if !self.ended {
            self.rest.extend_from_slice(batch.get(whole..).unwrap_or_default());
        }
        if !self.ended || self.failed.as_ref().is_some_and(|error| !is_behind_the_end(error)) {
            batch.truncate(whole);
        }
        let unterminated = batch.last().is_some_and(|&last| last != b'\n');
        cut.first_line = self.line;
        cut.records = memchr::memchr_iter(b'\n', batch).count() as u64 + u64::from(unterminated);
        self.line += cut.records;
        if cut.records > 0 || !cut.oversized.is_empty() {
            return Ok(Some(cut));
        }
        self.failed.take().map_or(Ok(None), Err)
    }

    /// Appends the bytes of one read, and notes the end of the stream.
    fn read(&mut self, batch: &mut Vec<u8>, has_whole: bool) {
        let before = batch.len();
        // A batch with a whole record is filled up and no more: a second record must not outgrow the limit in it.
        let chunk = BATCH.min(self.max_record.max(1));
        let wanted = if has_whole { self.fill.saturating_sub(before).clamp(1, chunk) } else { chunk };
        batch.resize(before + wanted, 0);
        let read = loop {
            match self.input.read(batch.get_mut(before..).unwrap_or_default()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let read = read.unwrap_or_else(|error| {
            self.failed = Some(error);
            0
        });
        self.ended = read == 0;
        batch.truncate(before + read);
    }

    fn leave_out(&mut self, length: usize, cut: &mut Cut) {
        cut.oversized.push(Oversized { line: self.line, length: length as u64 });
        self.line += 1;
    }
}

fn end_of_last(batch: &[u8]) -> usize {
    memchr::memrchr(b'\n', batch).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests;
