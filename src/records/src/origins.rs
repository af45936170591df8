//! Converts the number of a record in the whole run to its file and line.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// The most runs that are held. Beyond it, the oldest are dropped. A run takes 32 bytes.
const MAX_RUNS: usize = 1 << 20;

/// The place of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The name of the input: a path, or `-` for standard input.
    pub file: Arc<str>,
    /// The line, counted from 1. For inputs whose records are not lines (CSV, XML, `.evtx`), the number of the record
    /// in the input.
    pub line: u64,
}

/// Converts the numbers of records to their places. The table only grows where lines are not contiguous.
///
/// ```
/// use authsieve_records::Origins;
///
/// let mut origins = Origins::default();
/// origins.add(1, &"auth.log.1".into(), 1); // records 1 to 100
/// origins.add(101, &"auth.log".into(), 1);
/// origins.add(201, &"auth.log".into(), 101); // goes on, and takes no room
/// assert_eq!(origins.of(100).unwrap().to_string(), "auth.log.1:100");
/// assert_eq!(origins.of(250).unwrap().to_string(), "auth.log:150");
/// assert_eq!(origins.of(0), None); // 0: the record is not known
/// ```
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// The runs, in order of their numbers.
    runs: VecDeque<Run>,
    /// The number after the last record, if known.
    end: Option<u64>,
}

/// A run of records on consecutive lines.
#[derive(Clone, Debug)]
struct Run {
    /// The number of the first record.
    first: u64,
    file: Arc<str>,
    /// The line of the first record.
    line: u64,
}

impl Origins {
    /// Adds records from the number `first` on: they are in `file`, the first at `line`, the others on the next
    /// lines. Numbers must not fall from call to call. O(1) amortised.
    pub fn add(&mut self, first: u64, file: &Arc<str>, line: u64) {
        if self.runs.back().is_some_and(|last| last.at(first) == Some(line) && last.file == *file) {
            return;
        }
        // A batch without records is followed by a batch with the same first number.
        while self.runs.pop_back_if(|last| last.first >= first).is_some() {}
        if self.runs.len() >= MAX_RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(Run { first, file: Arc::clone(file), line });
    }

    /// The newest runs, at most `most` of them, oldest first: the number of the first record, its file, its line.
    /// [`Origins::add`] accepts them again.
    pub fn newest(&self, most: usize) -> impl Iterator<Item = (u64, &Arc<str>, u64)> {
        let skipped = self.runs.len().saturating_sub(most);
        self.runs.iter().skip(skipped).map(|run| (run.first, &run.file, run.line))
    }

    /// Sets the number of the next record: this number and those above do not exist yet.
    pub fn ends(&mut self, next: u64) {
        self.end = Some(next);
    }

    /// The place of the record with this number. `None` for 0, for a number before the runs that are held, and for a
    /// number without a record. O(log n) in the number of runs.
    #[must_use]
    pub fn of(&self, number: u64) -> Option<Origin> {
        if self.end.is_some_and(|end| number >= end) {
            return None;
        }
        let after = self.runs.partition_point(|run| run.first <= number);
        let run = self.runs.get(after.checked_sub(1)?)?;
        Some(Origin { file: Arc::clone(&run.file), line: run.at(number)? })
    }
}

impl Run {
    /// The line of the record with this number, if no other run begins before it.
    fn at(&self, number: u64) -> Option<u64> {
        self.line.checked_add(number.checked_sub(self.first)?)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(origins: &Origins, number: u64) -> Option<String> {
        origins.of(number).map(|origin| origin.to_string())
    }

    #[test]
    fn numbers_are_found_at_both_ends_of_each_run() {
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let mut origins = Origins::default();
        assert_eq!(at(&origins, 1), None, "nothing was read");
        // Line 4 of `a` was too long, so it is no record.
        for (first, file, line) in [(1, &a, 1), (3, &a, 3), (4, &a, 5), (6, &b, 1), (6, &b, 1), (9, &a, 1)] {
            origins.add(first, file, line);
        }
        let wanted = ["a:1", "a:2", "a:3", "a:5", "a:6", "b:1", "b:2", "b:3", "a:1", "a:2"];
        for (number, wanted) in (1..).zip(wanted) {
            assert_eq!(at(&origins, number).as_deref(), Some(wanted), "{number}");
        }
        assert_eq!(at(&origins, 0), None);
        assert_eq!(origins.runs.len(), 4, "contiguous lines take no room");
        // A copy from the newest runs gives the same places, except for the runs left out.
        let mut again = Origins::default();
        origins.newest(2).for_each(|(first, file, line)| again.add(first, file, line));
        for number in 1..=10 {
            assert_eq!(at(&again, number), if number < 6 { None } else { at(&origins, number) }, "{number}");
        }
    }

    #[test]
    fn no_record_stands_behind_the_last() {
        let mut origins = Origins::default();
        origins.add(1, &"a".into(), 1);
        assert_eq!(at(&origins, 3).as_deref(), Some("a:3"));
        origins.ends(3);
        assert_eq!((at(&origins, 2).as_deref(), at(&origins, 3)), (Some("a:2"), None));
    }

    #[test]
    fn an_input_without_records_leaves_nothing() {
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let mut origins = Origins::default();
        origins.add(1, &a, 1);
        origins.add(1, &b, 1);
        assert_eq!(at(&origins, 1).as_deref(), Some("b:1"));
        assert_eq!(origins.runs.len(), 1);
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let mut origins = Origins::default();
        let runs = MAX_RUNS as u64 + 10;
        for number in 1..=runs {
            origins.add(number, if number % 2 == 0 { &a } else { &b }, number);
        }
        assert_eq!(origins.runs.len(), MAX_RUNS);
        assert_eq!((at(&origins, 10), at(&origins, 11).as_deref()), (None, Some("b:11")));
        assert_eq!(origins.of(runs).map(|origin| origin.line), Some(runs));
    }
}
