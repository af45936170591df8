//! One file that is read, from its start to its end.

use super::unpack::Bytes;
use super::walk::Found;
use super::{Batch, Loss, Receipt};
use authsieve_framing::{Counts, Format, Order, Stream};
use std::io;
use std::sync::Arc;

/// When the records of all inputs were last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// When each file was modified last. Pipes: when the run began.
    Modified,
    /// At this time, in microseconds since 1970.
    At(i64),
    /// They are those of a stream: what has no time is dated by its receipt, and so is what is far ahead.
    Live,
}

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// When all records were received, in microseconds since 1970.
    pub(super) received: i64,
    /// When the run began.
    pub(super) began: i64,
    /// When the records were last written.
    pub(super) written: Written,
    /// The format of all files. Without it, the first bytes of each tell.
    pub(super) format: Option<Format>,
    /// Longer records are skipped.
    pub(super) max_record: usize,
    /// Dates of numbers are left as they are.
    pub(super) leave_dates: bool,
    /// So many bytes are sorted in memory; beyond, on disk.
    pub(super) memory: usize,
}

/// A file that is read.
pub(super) struct Open {
    name: Arc<str>,
    records: Stream<Bytes>,
    written: Option<i64>,
    ended: bool,
}

/// Opens a file once more.
pub(super) type Reopen = Box<dyn FnOnce() -> io::Result<Bytes> + Send>;

impl Open {
    /// A file that was found. It says itself which of day and month goes first in its dates: the whole of it, if `again`
    /// opens it once more.
    pub(super) fn new(found: Found, again: Option<Reopen>, manner: &Manner) -> Self {
        let Found { name, short, written, live, bytes, .. } = found;
        let records = Stream::new(bytes, manner.format, short.as_deref(), manner.max_record);
        let records = if live { records.live() } else { records };
        let records = match again {
            _ if manner.leave_dates => records.leave_dates(),
            Some(again) => records.reopened_by(again),
            None => records,
        };
        Self { name, records, written, ended: false }
    }

    /// A file that was read before: the order of day and month in its dates is known.
    pub(super) fn again(
        name: Arc<str>,
        short: Option<&str>,
        bytes: Bytes,
        dates: Option<Order>,
        manner: &Manner,
    ) -> Self {
        let records = Stream::new(bytes, manner.format, short, manner.max_record).with_dates(dates);
        Self { name, records, written: None, ended: false }
    }

    /// The same, last written at this time.
    pub(super) fn written(self, written: Option<i64>) -> Self {
        Self { written, ..self }
    }

    /// Which of day and month goes first in its dates, as far as it was read.
    pub(super) fn dates(&self) -> Option<Order> {
        self.records.date_order()
    }

    /// The next batch, in `buffer`; `None` at the end.
    pub(super) fn next(&mut self, mut buffer: Vec<u8>, manner: &Manner) -> Option<Batch> {
        if self.ended {
            return None;
        }
        let next = self.records.next(&mut buffer);
        if let Ok(Some(cut)) = next {
            let oversized = cut.oversized.into_iter().map(Loss::Oversized);
            return Some(Batch {
                line: cut.first_line,
                bytes: buffer,
                written: manner.last_written(self.written),
                losses: oversized.chain(cut.problems.into_iter().map(Loss::Flawed)).collect(),
                ..manner.nothing(Arc::clone(&self.name))
            });
        }
        self.ended = true;
        // All flaws of a file are told at its end.
        let (flaws, nothing) = (self.records.counts(), manner.nothing(Arc::clone(&self.name)));
        match next {
            Err(error) => Some(Batch { losses: vec![Loss::Unreadable(error)], flaws, ..nothing }),
            Ok(_) => (flaws.total() > 0).then_some(Batch { flaws, ..nothing }),
        }
    }
}

impl Manner {
    /// When a file was last written, of which `modified` is known.
    pub(super) fn last_written(&self, modified: Option<i64>) -> Option<i64> {
        match self.written {
            Written::Modified => Some(modified.unwrap_or(self.began)),
            Written::At(time) => Some(time),
            Written::Live => None,
        }
    }

    /// A batch without records.
    pub(super) fn nothing(&self, file: Arc<str>) -> Batch {
        Batch {
            file,
            line: 1,
            moves: Vec::new(),
            bytes: Vec::new(),
            received: self.received,
            written: self.last_written(None),
            idle: None,
            losses: Vec::new(),
            flaws: Counts::default(),
            receipt: Receipt::default(),
        }
    }

    /// Tells that a file cannot be read.
    pub(super) fn unreadable(&self, file: Arc<str>, error: io::Error) -> Batch {
        Batch { losses: vec![Loss::Unreadable(error)], ..self.nothing(file) }
    }
}
