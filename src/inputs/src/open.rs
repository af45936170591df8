//! One file, read from its start to its end.

use super::unpack::Bytes;
use super::walk::Found;
use super::{Batch, Loss, Receipt};
use authsieve_framing::{Counts, Format, Order, Stream};
use std::io;
use std::sync::Arc;

/// The time at which the records were last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The time of each file's last change. For pipes, the start of the run.
    Modified,
    /// This time, in microseconds since 1970.
    At(i64),
    /// The records are a stream. Their receipt dates records without a time, and limits times that are far ahead.
    Live,
}

/// The settings for reading files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// The time of receipt of all records, in microseconds since 1970.
    pub(super) received: i64,
    /// The start of the run.
    pub(super) began: i64,
    /// The time at which the records were last written.
    pub(super) written: Written,
    /// The format of all files. `None`: the first bytes of each decide.
    pub(super) format: Option<Format>,
    /// The longest record. Longer ones are skipped.
    pub(super) max_record: usize,
    /// True if dates of numbers are left as they are.
    pub(super) leave_dates: bool,
    /// The number of bytes that are sorted in memory. More are sorted on disk.
    pub(super) memory: usize,
}

/// An open file.
pub(super) struct Open {
    name: Arc<str>,
    records: Stream<Bytes>,
    written: Option<i64>,
    ended: bool,
}

/// Opens a file again.
pub(super) type Reopen = Box<dyn FnOnce() -> io::Result<Bytes> + Send>;

impl Open {
    /// Opens a file that was found. The order of day and month comes from the file itself: from all of it, if `again`
    /// can open it a second time.
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

    /// Opens a file that was read before, so that the order of day and month is known.
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

    /// Sets the time of the last change.
    pub(super) fn written(self, written: Option<i64>) -> Self {
        Self { written, ..self }
    }

    /// The order of day and month, as far as it is known.
    pub(super) fn dates(&self) -> Option<Order> {
        self.records.date_order()
    }

    /// The next batch, in `buffer`. `None` at the end.
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
        // The flaws of a file are reported at its end.
        let (flaws, nothing) = (self.records.counts(), manner.nothing(Arc::clone(&self.name)));
        match next {
            Err(error) => Some(Batch { losses: vec![Loss::Unreadable(error)], flaws, ..nothing }),
            Ok(_) => (flaws.total() > 0).then_some(Batch { flaws, ..nothing }),
        }
    }
}

impl Manner {
    /// The time of the last change of a file. `modified` is what the file system says.
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

    /// A batch that reports an unreadable file.
    pub(super) fn unreadable(&self, file: Arc<str>, error: io::Error) -> Batch {
        Batch { losses: vec![Loss::Unreadable(error)], ..self.nothing(file) }
    }
}
