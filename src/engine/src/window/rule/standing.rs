//! The standing of an event under rule R: the facts that explain why there was no alert.

use super::{Rule, number32};
use crate::hash::Fingerprint;
use crate::time::{Span, Timestamp};

/// The state of a key right after a failure was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The number of failures in the window that ends with this failure.
    pub count: u32,
    /// How much older the failure is than the newest event of the key.
    pub late: Span,
    /// The success of an alert that has already consumed the failure, so that it does not count.
    pub consumed: Option<Timestamp>,
}

/// How a success relates to the failures of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The rule holds.
    Holds {
        /// The number of failures in the counted window and since.
        count: u32,
        /// The time since the count was completed.
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
        /// The time since the last failure.
        since: Span,
    },
    /// No failure is left, because an alert has consumed them.
    Consumed {
        /// The time of that alert's success.
        at: Timestamp,
    },
    /// No failure is known.
    Nothing,
}

impl Rule {
    /// The facts on a failure at `time` that was just entered for `key`. `None` if the key is not held.
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
