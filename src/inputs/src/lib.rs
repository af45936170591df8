//! Stored logs and pipes as one stream of records, by time: for the command and for the viewer.
//!
//! A [`Source`] hands out [`Batch`]es of whole records, until it ends. Its host numbers the records, passes them through
//! the analytics, and acknowledges each batch once all that came of it is delivered. [`Files`] is the source of stored
//! logs: packed or not, in archives and folders, merged by the time of each record. An [`Input`] is a path, a pipe,
//! memory, or a [`Store`]: bytes that can be read at any place, such as a file that a browser holds.

mod archive;
mod clock;
mod failing;
mod files;
mod gzip;
mod input;
#[cfg(not(target_family = "wasm"))]
mod live;
mod merge;
mod open;
mod overview;
mod section;
mod sorter;
mod store;
mod stored;
mod survey;
mod tail;
mod temporary;
mod unpack;
mod walk;
mod zstd;

pub use clock::Clock;
pub use failing::{Entry, Failing};
pub use files::{Files, Progress};
pub use input::Input;
#[cfg(not(target_family = "wasm"))]
pub use input::now;
#[cfg(not(target_family = "wasm"))]
pub use live::{Live, Stopper};
pub use open::Written;
pub use overview::{Arranged, Overview, Seen};
pub use store::Store;

use authsieve_framing::{Counts, Oversized, Problem};
use std::fmt;
use std::io;
use std::sync::Arc;

/// Something that yields records.
pub trait Source: Send {
    /// Waits for the next batch; `None` at the end. The batch takes its bytes in `buffer`, which is a used one or empty.
    fn next(&mut self, buffer: Vec<u8>) -> Option<Batch>;

    /// Tells, once there is no further batch, that the input was left before its end. What waits in the analytics then goes on
    /// waiting: more of the input may exist.
    fn was_left(&self) -> bool {
        false
    }
}

/// Some records, and what became of the bytes between them.
#[derive(Debug)]
pub struct Batch {
    /// The name of the input of the first record, as reports show it.
    pub file: Arc<str>,
    /// Where the first record stands in the input, from 1. The others stand below, one by one, up to the first move.
    pub line: u64,
    /// The records that do not stand below the one before them, in order.
    pub moves: Vec<Move>,
    /// Whole records, separated by newlines. May be empty, if there is only something to tell.
    pub bytes: Vec<u8>,
    /// When the records were received, in microseconds since 1970.
    pub received: i64,
    /// When the file was last written, for a stored log; the start of the run, for a pipe that holds one. `None` for a
    /// stream.
    pub written: Option<i64>,
    /// Nothing came for so many microseconds: the time of a stream passes for what waits. Such a batch has no records.
    pub idle: Option<u64>,
    /// What could not be read, in the order it was met.
    pub losses: Vec<Loss>,
    /// How often each flaw was met, as far as earlier batches did not tell. `losses` holds only the first few.
    pub flaws: Counts,
    /// Tells the source that the batch is done.
    pub receipt: Receipt,
}

/// A record that stands elsewhere than below the one before it. The next ones stand below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// How many records of the batch stand before it.
    pub record: u64,
    /// The name of its input.
    pub file: Arc<str>,
    /// Where it stands there, from 1.
    pub line: u64,
}

/// Something of an input that is not in the records.
#[derive(Debug)]
pub enum Loss {
    /// The input could not be opened, or not be read to its end.
    Unreadable(io::Error),
    /// A record was too long and was skipped.
    Oversized(Oversized),
    /// Something could not be made a record.
    Flawed(Problem),
}

impl Loss {
    /// The line it is about, if it is about one. In `.evtx` files: the chunk.
    #[must_use]
    pub const fn line(&self) -> Option<u64> {
        match self {
            Self::Unreadable(_) => None,
            Self::Oversized(record) => Some(record.line),
            Self::Flawed(problem) => Some(problem.line),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Oversized(record) => {
                write!(f, "a record of {} bytes is too long and was skipped", record.length)
            }
            Self::Flawed(problem) => problem.flaw.fmt(f),
        }
    }
}

/// Tells a source that a batch is done: every analytic has judged it, and the sink has delivered all that came of it.
///
/// A source that can hand out records again (a queue, a socket with a waiting client, a journal with a cursor) keeps them
/// until then. A receipt that is dropped says that the batch is not done.
#[derive(Default)]
pub struct Receipt(Option<Box<dyn FnOnce() + Send>>);

impl Receipt {
    /// A receipt that does `done` when the batch is done. This happens on another thread than [`Source::next`].
    #[must_use]
    pub fn new(done: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(done)))
    }

    /// Tells the source.
    pub fn acknowledge(self) {
        if let Some(done) = self.0 {
            done();
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Receipt(wanted)" } else { "Receipt" })
    }
}
