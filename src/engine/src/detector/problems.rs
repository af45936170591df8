//! The first record of each kind of problem.

use crate::event::Record;
use crate::window::journal::RECORD;
use alloc::string::String;
use alloc::vec::Vec;

crate::record! { $ problem_fields;
    /// The first record of a kind of problem. The WIT record `problem` documents each field.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[allow(missing_docs)]
    pub struct Problem {
        pub kind: String,
        pub record: u64,
        pub text: String,
    }
}

problem_fields!(write_fields, Problem);

/// The first problem of each kind since the last [`take`](Self::take).
#[derive(Clone, Debug, Default)]
pub struct FirstProblems(Vec<Problem>);

impl FirstProblems {
    /// Remembers a record if it is the first of its kind. O(kinds), which are few.
    #[cold]
    pub fn note(&mut self, kind: &'static str, record: Record<'_>) {
        if self.0.iter().all(|problem| problem.kind != kind) {
            let shown = record.bytes.get(..RECORD).unwrap_or(record.bytes);
            let text = String::from_utf8_lossy(shown).into_owned();
            self.0.push(Problem { kind: kind.into(), record: record.number, text });
        }
    }

    /// Takes all problems out.
    pub fn take(&mut self) -> Vec<Problem> {
        core::mem::take(&mut self.0)
    }
}
