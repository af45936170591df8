//! How an event stands to its key under rule R: the plain facts behind "why did it not alert".

use super::{Rule, number32};
use crate::hash::Fingerprint;
use crate::time::{Span, Timestamp};

/// What a key holds right after a failure was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// How many failures lie in the window that ends with it.
    pub count: u32,
    /// How much older it is than the newest event of the key.
    pub late: Span,
    /// The success of an alert that has consumed it already: it does not count.
    pub consumed: Option<Timestamp>,
}

/// How a success stands to the failures of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The rule holds.
    Holds {
        /// How many failures lie in the window that was counted, and since.
        count: u32,
        /// How long ago the count was completed.
        after: Span,
    },
    /// The count was completed too long ago.
    TooLate {
        /// The most failures in any window before the success.
        count: u32,
        /// How much too late the success came.
        over: Span,
    },
    /// Too few failures.
    Short {
        /// The most failures in any window before the success.
        count: u32,
        /// How long ago the last failure was.
        since: Span,
    },
    /// No failure is left: an alert has consumed them.
    Consumed {
        /// The time of its success.
        at: Timestamp,
    },
    /// No failure is known.
    Nothing,
}

impl Rule {
    /// The facts on a failure at `time`, just entered for `key`. `None` if the key is not held.
    #[must_use]
    pub fn counted(&mut self, key: Fingerprint, time: Timestamp) -> Option<Counted> {
        let slot = self.table.find(key)?;
        let (window, newest) = (self.layout.window(), self.table.newest(slot));
        let failures = self.view(slot)?;
        Some(Counted {
            count: number32(failures.count_in(time.minus(window), time)),
            late: Span(newest.0.saturating_sub(time.0)),
            consumed: failures.consumed().filter(|consumed| time < *consumed),
        })
    }

    /// The facts on a success at `time` for `key`, before it is judged. Changes nothing.
    #[must_use]
    pub fn standing(&mut self, key: Fingerprint, time: Timestamp, threshold: u32) -> Standing {
        let (window, within) = (self.layout.window(), self.layout.success_within());
        let index = self.layout.thresholds().binary_search(&threshold).unwrap_or(usize::MAX);
        let slot = self.table.find(key);
        let Some(failures) = slot.and_then(|slot| self.view(slot)) else { return Standing::Nothing };
        let since = |earlier: Timestamp| Span(time.0.saturating_sub(earlier.0));
        if let Some(completed) = failures.qualifying(time, index) {
            let count = number32(failures.count_in(completed.minus(window), time));
            return Standing::Holds { count, after: since(completed) };
        }
        let most = number32(failures.most_within(time));
        if failures.armed(time, index) {
            return Standing::Holds { count: most.max(threshold), after: Span(0) };
        }
        if let Some(completed) = failures.completed(time, index) {
            return Standing::TooLate { count: most.max(threshold), over: since(completed.plus(within)) };
        }
        match (failures.times().find(|failure| *failure <= time), failures.consumed()) {
            (Some(last), _) => Standing::Short { count: most, since: since(last) },
            (None, Some(at)) if at <= time => Standing::Consumed { at },
            (None, _) => Standing::Nothing,
        }
    }
}
