//! Keeps the first record of each kind of trouble.

use authsieve_host::contract::Problem;
use authsieve_host::{Origin, Origins};

/// The first record of a kind of trouble, and its place.
#[derive(Clone, Debug)]
pub struct First {
    /// The kind and the record, as in the contract.
    pub problem: Problem,
    /// The place of the record, if it is known.
    pub origin: Option<Origin>,
}

/// The first records, from all analytics.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered(Vec<First>);

impl Gathered {
    pub(super) fn take(&mut self, problem: Problem, origins: &Origins) {
        self.0.push(First { origin: origins.of(problem.record), problem });
    }

    /// The first record of each kind, ordered by kind.
    pub(super) fn first(self) -> Vec<First> {
        let mut troubles = self.0;
        troubles.sort_by(|one, other| {
            (&one.problem.kind, one.problem.record).cmp(&(&other.problem.kind, other.problem.record))
        });
        troubles.dedup_by(|later, first| later.problem.kind == first.problem.kind);
        troubles
    }
}
