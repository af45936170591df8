//! Reads stored logs and pipes as one stream of records, ordered by time, for the command and the viewer.
//!
//! A [`Source`] yields [`Batch`]es of whole records until it ends. Its host numbers the records, passes them through
//! the analytics, and acknowledges each batch once all results are delivered. The source for stored logs is [`Files`].
//! It reads compressed files, archives and folders, and merges them by the times of their records. An [`Input`] is a
//! path, a pipe, memory, or a [`Store`] such as a file in a browser.
//!
//! ```
//! use authsieve_inputs::{Files, Input, Source};
//!
//! let log = Input::Memory { name: "auth.log", bytes: b"first record\nsecond record\n" };
//! let mut files = Files::new(vec![log]);
//! let batch = files.next(Vec::new()).expect("there are records");
//! assert_eq!((&*batch.file, batch.line), ("auth.log", 1));
//! assert_eq!(batch.bytes, b"first record\nsecond record\n");
//! batch.receipt.acknowledge();
//! assert!(files.next(Vec::new()).is_none());
//! ```
//!
//! Rotated logs, reversed exports and logs of several hosts seldom come in the order of their events, and an analytic
//! counts events in time windows. Use this crate in a host that reads such files. It sorts and merges them in bounded
//! memory, with temporary files where they do not fit.
//!
//! A program that reads one plain file in its own order needs `authsieve-framing` alone. `examples/merge.rs` is a whole
//! program.

#![forbid(unsafe_code)]
// Without packed files, a part of the code is not used.
#![cfg_attr(
    not(feature = "full"),
    allow(dead_code, unreachable_code, unused_imports, unused_mut, unused_variables)
)]

#[cfg_attr(not(feature = "full"), path = "no_archive.rs")]
mod archive;
mod clock;
mod failing;
mod files;
#[cfg(feature = "full")]
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
#[cfg(feature = "full")]
mod zstd;

pub use clock::{Clock, clock_options};
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

/// A source of records.
pub trait Source: Send {
    /// Waits for the next batch. `None` at the end. The batch uses `buffer`, which may have been used before, for its
    /// bytes.
    fn next(&mut self, buffer: Vec<u8>) -> Option<Batch>;

    /// After the last batch, true if the input was abandoned before its end. Events that wait in the analytics then
    /// keep waiting, because more input may exist.
    fn was_left(&self) -> bool {
        false
    }
}

/// Some records, and reports on the bytes between them.
#[derive(Debug)]
pub struct Batch {
    /// The name of the first record's input, as reports show it.
    pub file: Arc<str>,
    /// The line of the first record, counted from 1. The next records follow it, up to the first move.
    pub line: u64,
    /// The records that do not follow the record before them, in order.
    pub moves: Vec<Move>,
    /// Whole records, separated by newlines. May be empty if there is only something to report.
    pub bytes: Vec<u8>,
    /// The time of receipt, in microseconds since 1970.
    pub received: i64,
    /// For a stored log, when the file was last written; for a pipe with a stored log, the start of the run. `None` for
    /// a stream.
    pub written: Option<i64>,
    /// The stream was silent for this many microseconds, so time passes. Such a batch has no records.
    pub idle: Option<u64>,
    /// The losses, in the order of the input.
    pub losses: Vec<Loss>,
    /// The number of flaws of each kind, since the last batch that reported them. `losses` has only the first few.
    pub flaws: Counts,
    /// Tells the source that the batch is done.
    pub receipt: Receipt,
}

/// A record that does not follow the one before it. The next records follow this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The number of records of the batch before this record.
    pub record: u64,
    /// The name of the record's input.
    pub file: Arc<str>,
    /// The line of the record in the input, counted from 1.
    pub line: u64,
}

/// A part of an input that did not become a record.
#[derive(Debug)]
pub enum Loss {
    /// The input could not be opened or not be read to its end.
    Unreadable(io::Error),
    /// A record was too long and was skipped.
    Oversized(Oversized),
    /// Data could not be turned into a record.
    Flawed(Problem),
}

impl Loss {
    /// The line of the loss, if it concerns one. In `.evtx` files, the chunk.
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

/// Tells a source that a batch is done: every analytic has judged it, and the sink has delivered all results.
///
/// A source that can repeat records (a queue, a socket with a waiting client, a journal with a cursor) keeps them until
/// then. A receipt that is dropped means that the batch is not done.
#[derive(Default)]
pub struct Receipt(Option<Box<dyn FnOnce() + Send>>);

impl Receipt {
    /// Creates a receipt that calls `done`. The call comes on another thread than [`Source::next`].
    #[must_use]
    pub fn new(done: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(done)))
    }

    /// Acknowledges the batch.
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
