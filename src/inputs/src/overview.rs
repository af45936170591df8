//! The findings about inputs, beside their records.

use super::failing::Failing;
use std::sync::{Arc, Mutex, PoisonError};

/// This many names of files are kept.
const MOST: usize = 100;

/// The findings about the inputs by now.
#[derive(Clone, Debug, Default)]
pub struct Overview(Arc<Mutex<Seen>>);

/// The findings about the inputs.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// In which order files are read, other than as they are given.
    pub arranged: Vec<Arranged>,
    /// The first of the inputs whose records leave out the year.
    pub inferred: Vec<Arc<str>>,
    /// The earliest and the latest time of records in them, in microseconds since 1970.
    pub between: Option<(i64, i64)>,
    /// Who fails most.
    pub failing: Failing,
}

/// Something of the order of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arranged {
    /// The file runs backwards, and is read from its end.
    Turned(Arc<str>),
    /// The records of the file are in no order, and were sorted by time.
    Sorted(Arc<str>),
    /// The times of these files overlap: they are read record by record.
    Merged(Vec<Arc<str>>),
    /// All files, in the order in which they are read, which is not as they were given.
    Reordered(Vec<Arc<str>>),
}

impl Overview {
    /// The findings by now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Seen {
    /// Records of this input leave out the year; they are from this time up to that.
    pub(super) fn inferred(&mut self, name: &Arc<str>, from: i64, to: i64) {
        let (earliest, latest) = self.between.unwrap_or((from, to));
        self.between = Some((earliest.min(from), latest.max(to)));
        if self.inferred.len() < MOST && !self.inferred.contains(name) {
            self.inferred.push(Arc::clone(name));
        }
    }
}
