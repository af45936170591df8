//! Implements rule R literally: keeps every failure, and takes O(n²) time. The tests compare
//! [`failures`](super::failures) with it.

use crate::time::{Span, Timestamp};
use alloc::vec::Vec;

/// All failures of one key, in the order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    failures: Vec<Timestamp>,
}

impl Naive {
    /// Adds `count` failures at `t`.
    pub fn push(&mut self, t: Timestamp, count: u32) {
        self.failures.extend((0..count).map(|_| t));
    }

    /// The newest failure f, f ≤ s ≤ f + success_within, with at least `m` failures in [f − window, f].
    #[must_use]
    pub fn qualifying(&self, s: Timestamp, m: u32, window: Span, success_within: Span) -> Option<Timestamp> {
        let candidates = self.failures.iter().filter(|f| **f <= s && s <= f.plus(success_within));
        candidates.filter(|f| self.count_in(f.minus(window), **f) >= m as usize).max().copied()
    }

    /// The last interval in which the key was armed without a gap. It ends at the last failure with at least `m`
    /// failures in the window before it. It begins at the earliest such failure that is reached in steps of at most
    /// success_within.
    #[must_use]
    pub fn armed(&self, m: u32, window: Span, success_within: Span) -> Option<(Timestamp, Timestamp)> {
        let completes = |f: &&Timestamp| self.count_in(f.minus(window), **f) >= m as usize;
        let mut times: Vec<Timestamp> = self.failures.iter().filter(completes).copied().collect();
        times.sort_unstable();
        let end = times.pop()?;
        let mut begin = end;
        while let Some(earlier) = times.pop().filter(|earlier| begin <= earlier.plus(success_within)) {
            begin = earlier;
        }
        Some((begin, end))
    }

    /// The number of failures in [from, to].
    #[must_use]
    pub fn count_in(&self, from: Timestamp, to: Timestamp) -> usize {
        self.failures.iter().filter(|t| from <= **t && **t <= to).count()
    }

    /// Consumes the failures up to `s`.
    pub fn consume(&mut self, s: Timestamp) {
        self.failures.retain(|t| *t > s);
    }

    /// Takes back up to `count` failures at `t`, the latest arrivals first.
    pub fn retract(&mut self, t: Timestamp, count: u32) {
        for _ in 0..count {
            if let Some(last) = self.failures.iter().rposition(|held| *held == t) {
                self.failures.remove(last);
            }
        }
    }
}
