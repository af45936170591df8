//! Counts the failures of a family for a pattern, or those of one account if the family is too large.

use crate::pattern::Pattern;
use crate::{ACCOUNT, An1521, Failure, SOURCE};
use authsieve_engine::hash::Fingerprint;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::window::recent::Sum;
use authsieve_engine::window::table::Slot;

/// The request to count: a family and an event.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// The family's slot.
    pub slot: Slot,
    /// The hash of the event's address.
    pub source: u64,
    /// The most accounts of a family that is counted as a whole.
    pub most: u32,
}

/// The result of a count.
#[derive(Clone, Copy)]
pub(crate) struct Counted {
    pub from: Timestamp,
    pub sum: Sum,
    /// True if the family is too large: only failures of the event's account were counted.
    pub alone: bool,
    /// The slot of the counted entries. The entry of the event itself may be missing.
    pub slot: Option<Slot>,
    /// The subject of a silence.
    pub subject: Fingerprint,
}

impl An1521 {
    /// Counts the failures of a family in a window up to the event, or those of the account alone if the family is
    /// too large. `None` if there are fewer than `least`, or if all patterns are silent. O(1) for events in time
    /// order.
    pub(crate) fn count(
        &mut self,
        failure: &Failure<'_>,
        asked: Asked,
        window: Span,
        least: u32,
        patterns: &[Pattern],
    ) -> Option<Counted> {
        let to = failure.event.time;
        let from = to.minus(window);
        let sum = self.recent.sum(asked.slot, from, to);
        if sum.count < least {
            return None;
        }
        if sum.distinct[ACCOUNT] <= asked.most {
            return Some(Counted {
                from,
                sum,
                alone: false,
                slot: Some(asked.slot),
                subject: failure.family,
            });
        }
        let subject = self.account(failure);
        if patterns.iter().all(|pattern| self.quiet.is_silent(self.quiet_key(*pattern, subject), to)) {
            return None;
        }
        // The event itself is not in the account's own entries yet.
        let slot = self.table.find(self.alone(failure.family, failure.member));
        let (mut sum, mut new) = (Sum::default(), true);
        if let Some(slot) = slot {
            self.recent.reach(slot, to);
            sum = self.recent.sum(slot, from, to);
            new = !self.recent.has(slot, SOURCE, asked.source, from, to);
        }
        sum.count = sum.count.saturating_add(failure.event.count);
        sum.distinct[ACCOUNT] = 1;
        sum.distinct[SOURCE] += u32::from(new && asked.source != 0);
        (sum.count >= least).then_some(Counted { from, sum, alone: true, slot, subject })
    }
}
