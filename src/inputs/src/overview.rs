//! The findings about the inputs, apart from their records.

use super::failing::Failing;
use std::sync::{Arc, Mutex, PoisonError};

/// The number of file names that are kept.
const MOST: usize = 100;

/// The present findings, shared between threads.
#[derive(Clone, Debug, Default)]
pub struct Overview(Arc<Mutex<Seen>>);

/// The findings about the inputs.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The changes to the order of files.
    pub arranged: Vec<Arranged>,
    /// The first inputs whose records leave out the year.
    pub inferred: Vec<Arc<str>>,
    /// The earliest and the latest time in these inputs, in microseconds since 1970.
    pub between: Option<(i64, i64)>,
    /// The addresses and accounts that fail most.
    pub failing: Failing,
}

/// A change to the order of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arranged {
    /// The file is reversed and is read from its end.
    Turned(Arc<str>),
    /// The records of the file were in no order and were sorted by time.
    Sorted(Arc<str>),
    /// Files whose times overlap. They are merged record by record.
    Merged(Vec<Arc<str>>),
    /// All files in the order of reading, which differs from the given order.
    Reordered(Vec<Arc<str>>),
}

impl Overview {
    /// The present findings.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Seen {
    /// Records of this input leave out the year. Their times go from `from` to `to`.
    pub(super) fn inferred(&mut self, name: &Arc<str>, from: i64, to: i64) {
        let (earliest, latest) = self.between.unwrap_or((from, to));
        self.between = Some((earliest.min(from), latest.max(to)));
        if self.inferred.len() < MOST && !self.inferred.contains(name) {
            self.inferred.push(Arc::clone(name));
        }
    }
}
