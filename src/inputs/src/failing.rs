//! Finds the addresses and accounts that fail most, with or without an alert.
//!
//! No Linux analytic alerts on a brute force that never succeeds, but the summary should mention it. The first 16 MiB
//! of all inputs are counted completely, and then each sixteenth batch. So the cost is one or two percent.

use super::overview::Overview;
use authsieve_engine::event::{Event, Outcome};
use authsieve_engine::hash::Salt;
use authsieve_engine::shapes::linux::attempts::{Attempts, Meant};
use std::collections::HashMap;

/// The most addresses, and the most accounts, that are counted at once.
const MOST: usize = 1024;

/// The number of batches that are counted completely: 16 MiB.
const WHOLE: u64 = 64;

/// After these, one batch out of this many is counted.
const EACH: u64 = 16;

/// The number of bytes that are kept of a name.
const NAME: usize = 256;

/// Counts failures by address and by account. One attempt counts once, however many programs report it.
#[derive(Debug)]
pub(super) struct Tally {
    attempts: Attempts,
    failing: Failing,
    /// The number of batches so far.
    batches: u64,
}

/// The result: who fails most.
#[derive(Clone, Debug, Default)]
pub struct Failing {
    addresses: Counts,
    accounts: Counts,
    /// The number of further failures that each counted one represents.
    others: u64,
    /// True if only a part was counted.
    partly: bool,
    /// The earliest and the latest time of events, in microseconds since 1970.
    between: Option<(i64, i64)>,
}

/// Finds the frequent names among any number of names in bounded memory (Misra and Gries). A count may be too low, by
/// the amount that was taken from all names when there was no room.
#[derive(Clone, Debug, Default)]
struct Counts {
    counts: HashMap<Box<str>, u64>,
    taken: u64,
}

/// A name and its failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The address or the account.
    pub name: Box<str>,
    /// The number of failures.
    pub count: u64,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { attempts: Attempts::new(Salt::new(""), 0), failing: Failing::default(), batches: 0 }
    }

    /// Adds an event with a known time.
    pub(super) fn take(&mut self, event: Event<'_>) {
        let Self { attempts, failing, .. } = self;
        let time = event.time.0;
        let (earliest, latest) = failing.between.unwrap_or((time, time));
        failing.between = Some((earliest.min(time), latest.max(time)));
        attempts.observe(event, failing);
    }

    /// Ends a file. Processes in the next file are other ones.
    pub(super) fn ends(&mut self) {
        self.attempts = Attempts::new(Salt::new(""), 0);
    }

    /// Counts a batch. Returns true if its events have to be counted: of a large input only a part is.
    pub(super) fn is_due(&mut self) -> bool {
        let number = self.batches;
        self.batches += 1;
        if number < WHOLE {
            return true;
        }
        self.failing.others = EACH - 1;
        self.failing.partly = true;
        number.is_multiple_of(EACH)
    }

    /// Publishes the present result.
    pub(super) fn publish(&self, overview: &Overview) {
        overview.change(|seen| seen.failing = self.failing.clone());
    }
}

impl Meant for Failing {
    fn count(&mut self, event: Event<'_>) {
        if event.outcome != Outcome::Failure {
            return;
        }
        let count = u64::from(event.count) * (1 + self.others);
        if let Some(address) = event.src_ip {
            self.addresses.add(&address.to_string(), count);
        }
        self.accounts.add(&event.user, count);
    }

    fn take_back(&mut self, event: Event<'_>) {
        let count = u64::from(event.count) * (1 + self.others);
        if let Some(address) = event.src_ip {
            self.addresses.subtract(&address.to_string(), count);
        }
        self.accounts.subtract(&event.user, count);
    }
}

impl Failing {
    /// The addresses with at least `least` failures: the `most` frequent ones, with their counts.
    #[must_use]
    pub fn addresses(&self, most: usize, least: u64) -> Vec<Entry> {
        self.addresses.top(most, least)
    }

    /// The accounts with at least `least` failures: the `most` frequent ones, with their counts.
    #[must_use]
    pub fn accounts(&self, most: usize, least: u64) -> Vec<Entry> {
        self.accounts.top(most, least)
    }

    /// All known addresses, each with its number of failures.
    #[must_use]
    pub fn all_addresses(&self) -> Vec<(String, u64)> {
        pairs(self.addresses.top(MOST, 1))
    }

    /// All known accounts, each with its number of failures.
    #[must_use]
    pub fn all_accounts(&self) -> Vec<(String, u64)> {
        pairs(self.accounts.top(MOST, 1))
    }

    /// The counts with other names. The second argument of `rename` is true for an address, and false for an account.
    #[must_use]
    pub fn renamed(self, mut rename: impl FnMut(&str, bool) -> String) -> Self {
        Self {
            addresses: self.addresses.renamed(&mut |name| rename(name, true)),
            accounts: self.accounts.renamed(&mut |name| rename(name, false)),
            ..self
        }
    }

    /// The earliest and the latest time of the examined events, in microseconds since 1970.
    #[must_use]
    pub const fn between(&self) -> Option<(i64, i64)> {
        self.between
    }

    /// True if every failure was counted.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.partly && self.addresses.taken == 0 && self.accounts.taken == 0
    }
}

impl Counts {
    fn add(&mut self, name: &str, count: u64) {
        let name = name.get(..name.floor_char_boundary(NAME)).unwrap_or(name);
        if name.is_empty() {
            return;
        }
        if let Some(known) = self.counts.get_mut(name) {
            *known = known.saturating_add(count);
            return;
        }
        let mut count = count;
        if self.counts.len() >= MOST {
            // All counts are reduced to make room, until one is zero.
            let least = self.counts.values().copied().min().unwrap_or_default().min(count);
            self.counts.retain(|_, known| {
                *known -= least;
                *known > 0
            });
            self.taken += least;
            count -= least;
        }
        if count > 0 && self.counts.len() < MOST {
            self.counts.insert(name.into(), count);
        }
    }

    fn subtract(&mut self, name: &str, count: u64) {
        if let Some(known) = self.counts.get_mut(name) {
            *known = known.saturating_sub(count);
        }
    }

    /// Renames in the order of names, so that the new names do not depend on the table.
    fn renamed(self, rename: &mut dyn FnMut(&str) -> String) -> Self {
        let entries = self.top(MOST, 0);
        let mut counts: HashMap<Box<str>, u64> = HashMap::new();
        for entry in entries {
            *counts.entry(rename(&entry.name).into()).or_default() += entry.count;
        }
        Self { counts, ..self }
    }

    fn top(&self, most: usize, least: u64) -> Vec<Entry> {
        let known = self.counts.iter().filter(|(_, count)| **count >= least.max(1));
        let mut list: Vec<Entry> =
            known.map(|(name, count)| Entry { name: name.clone(), count: *count }).collect();
        list.sort_by(|one, other| (other.count, &one.name).cmp(&(one.count, &other.name)));
        list.truncate(most);
        list
    }
}

fn pairs(entries: Vec<Entry>) -> Vec<(String, u64)> {
    entries.into_iter().map(|entry| (entry.name.into(), entry.count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frequent_are_found_among_any_number_of_names() {
        let mut counts = Counts::default();
        for number in 0..200_000_u32 {
            counts.add(&format!("junk{number}"), 1);
            if number % 100 == 0 {
                counts.add("often", 3);
            }
        }
        let top = counts.top(2, 5);
        assert_eq!(top.len(), 1, "{top:?}");
        assert_eq!(&*top[0].name, "often");
        assert!(top[0].count <= 6_000 && top[0].count + counts.taken >= 6_000, "{top:?} {}", counts.taken);
        assert!(counts.counts.len() <= MOST);
    }

    #[test]
    fn few_names_are_counted_exactly_the_greatest_first() {
        let mut counts = Counts::default();
        for (name, count) in [("b", 7), ("a", 7), ("c", 4), ("d", 9), ("d", 1), ("", 50)] {
            counts.add(name, count);
        }
        counts.subtract("d", 2);
        let names: Vec<(String, u64)> =
            counts.top(3, 5).into_iter().map(|entry| (entry.name.into(), entry.count)).collect();
        assert_eq!(names, [("d".into(), 8), ("a".into(), 7), ("b".into(), 7)]);
        assert_eq!((counts.taken, counts.top(9, 0).len()), (0, 4));
    }
}
