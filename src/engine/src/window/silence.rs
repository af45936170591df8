//! Silences: after an alert, its key raises no other alert for a while, at times before it as well as after it.
//!
//! An alert at t makes its key silent at all times that are at most a window away from t. So a source that is hours
//! behind keeps its own alerts, whatever was raised at later times. A key may have two separate silences. A third one
//! replaces the one that ends first.
//!
//! A silence is not stored in the slot of its key, because a flood that evicts the key must not repeat an alert. The
//! number of keys is limited. Above the limit, the key whose last silence ends first is dropped. No other silence is
//! dropped before its end, however far the watermark is. The reason is a source that is behind others: its own times
//! judge it.

use crate::hash::{Fingerprint, Placement};
use crate::order::sort;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use hashbrown::HashTable;

/// The fewest bytes of a key in a snapshot, and in a snapshot from before [`SINCE`].
const SAVED: usize = 33;
const SAVED_BEFORE: usize = 24;
/// The version of a section from which on silences have a start.
pub const SINCE: u16 = 4;
/// The most silences of a key.
const SPANS: usize = 2;

/// The silences of a key: their first and last times. `NEVER` is no silence.
type Spans = [(Timestamp, Timestamp); SPANS];
const NEVER: (Timestamp, Timestamp) = (Timestamp::MAX, Timestamp::MIN);

/// The silences of keys; a key is made of a pattern and its subject. A question is O(1), a new silence O(log n).
#[derive(Clone, Debug)]
pub struct Silences {
    most: usize,
    placement: Placement,
    spans: HashTable<(Fingerprint, Spans)>,
    /// The ends of the last silences, the earliest at the top. Some were ended or prolonged since.
    ends: BinaryHeap<Reverse<(Timestamp, Fingerprint)>>,
}

impl Silences {
    /// The usual limit.
    pub const DEFAULT: usize = 65_536;

    /// Creates an empty list for at most `most` keys. `seed` places them in memory.
    #[must_use]
    pub const fn new(most: usize, seed: u64) -> Self {
        Self { most, placement: Placement::new(seed), spans: HashTable::new(), ends: BinaryHeap::new() }
    }

    fn of(&self, key: Fingerprint) -> Option<&Spans> {
        self.spans.find(self.placement.of(key), |(held, _)| *held == key).map(|(_, spans)| spans)
    }

    /// The end of the silence of `key` that contains `t`. Both ends belong to a silence.
    #[must_use]
    pub fn until(&self, key: Fingerprint, t: Timestamp) -> Option<Timestamp> {
        self.of(key)?.iter().find(|(from, until)| *from <= t && t <= *until).map(|(_, until)| *until)
    }

    /// True if `key` is silent at `t`.
    #[must_use]
    pub fn is_silent(&self, key: Fingerprint, t: Timestamp) -> bool {
        self.until(key, t).is_some()
    }

    /// Makes `key` silent from `span` before `t` until `span` after it. Silences that meet are joined.
    pub fn silence(&mut self, key: Fingerprint, t: Timestamp, span: Span) {
        self.add(key, (t.minus(span), t.plus(span)));
    }

    fn add(&mut self, key: Fingerprint, mut new: (Timestamp, Timestamp)) {
        let placement = self.placement;
        let hash = placement.of(key);
        let end = match self.spans.find_mut(hash, |(held, _)| *held == key) {
            Some((_, spans)) => {
                for span in spans.iter_mut().filter(|span| **span != NEVER) {
                    if span.0 <= new.1 && new.0 <= span.1 {
                        new = (span.0.min(new.0), span.1.max(new.1));
                        *span = NEVER;
                    }
                }
                if let Some(first) = spans.iter_mut().min_by_key(|(_, until)| *until) {
                    *first = new;
                }
                last_end(spans)
            }
            None => {
                let mut spans = [NEVER; SPANS];
                if let Some(first) = spans.first_mut() {
                    *first = new;
                }
                self.spans.insert_unique(hash, (key, spans), |(held, _)| placement.of(*held));
                new.1
            }
        };
        self.bound(key, end);
    }

    /// Notes the end of the last silence of a key, and enforces the limit.
    fn bound(&mut self, key: Fingerprint, end: Timestamp) {
        self.ends.push(Reverse((end, key)));
        while self.spans.len() > self.most
            && let Some(Reverse((first, key))) = self.ends.pop()
        {
            if self.of(key).is_some_and(|spans| last_end(spans) == first) {
                self.end(key);
            }
        }
        if self.ends.len() > 2 * self.spans.len() + 64 {
            self.ends = self.spans.iter().map(|(key, spans)| Reverse((last_end(spans), *key))).collect();
        }
    }

    /// Ends the silences of a key.
    pub fn end(&mut self, key: Fingerprint) {
        if let Ok(entry) = self.spans.find_entry(self.placement.of(key), |(held, _)| *held == key) {
            entry.remove();
        }
    }

    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True if there are no silences.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The bytes in use.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.spans.allocation_size() + self.ends.capacity() * size_of::<(Timestamp, Fingerprint)>()
    }

    /// All keys, ordered by the ends of their last silences. O(n log n).
    fn sorted(&self) -> Vec<(Fingerprint, Spans)> {
        let mut list: Vec<_> = self.spans.iter().copied().collect();
        sort(&mut list, |(one, spans), (other, others)| (last_end(spans), one) < (last_end(others), other));
        for (_, spans) in &mut list {
            spans.sort_unstable();
        }
        list
    }

    /// Writes all silences. O(n log n).
    pub fn save(&self, out: &mut Writer) {
        out.count(self.len());
        for (key, spans) in self.sorted() {
            out.raw(&key.to_bytes());
            let spans = || spans.iter().filter(|span| **span != NEVER);
            out.u8(spans().count() as u8);
            for (from, until) in spans() {
                out.i64(from.0);
                out.i64(until.0);
            }
        }
    }

    /// Reads silences within the limit of these. Above the limit, those that end last are kept. Versions before
    /// [`SINCE`] stored only the ends; these silences get no start.
    ///
    /// # Errors
    /// Fails if the bytes are not from `save`.
    pub fn load(&self, input: &mut Reader<'_>) -> Result<Self> {
        let before = input.version() < SINCE;
        let mut silences = Self { spans: HashTable::new(), ends: BinaryHeap::new(), ..*self };
        let mut last = None;
        for _ in 0..input.count(if before { SAVED_BEFORE } else { SAVED })? {
            let key = Fingerprint::from_bytes(input.array()?);
            if silences.of(key).is_some() {
                return Err(SnapshotError::Invalid("a silence is there twice"));
            }
            let count = if before { 1 } else { input.u8()? };
            if !(1..=SPANS as u8).contains(&count) {
                return Err(SnapshotError::Invalid("the number of silences"));
            }
            let (mut ends, mut spans) = (None, [NEVER; SPANS]);
            for place in spans.iter_mut().take(count.into()) {
                let from = if before { Timestamp::MIN } else { Timestamp(input.i64()?) };
                let until = Timestamp(input.i64()?);
                if from > until || ends >= Some(from) {
                    return Err(SnapshotError::Invalid("the begin of a silence"));
                }
                ends = Some(until);
                *place = (from, until);
            }
            let place = (ends, key);
            if last >= Some(place) {
                return Err(SnapshotError::Invalid("the order of silences"));
            }
            last = Some(place);
            let placement = silences.placement;
            silences.spans.insert_unique(placement.of(key), (key, spans), |(held, _)| placement.of(*held));
            silences.bound(key, last_end(&spans));
        }
        Ok(silences)
    }
}

/// The end of the last silence of a key.
fn last_end(spans: &Spans) -> Timestamp {
    spans.iter().map(|(_, until)| *until).max().unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn key(n: u128) -> Fingerprint {
        Fingerprint(n)
    }

    fn at(silences: &mut Silences, n: u128, t: i64, span: i64) {
        silences.silence(key(n), Timestamp(t), Span(span));
    }

    fn silent(silences: &Silences, n: u128, t: i64) -> bool {
        silences.is_silent(key(n), Timestamp(t))
    }

    #[test]
    fn silent_for_as_long_before_as_after() {
        let mut silences = Silences::new(9, 7);
        at(&mut silences, 1, 100, 50);
        for (t, expected) in [(49, false), (50, true), (100, true), (150, true), (151, false)] {
            assert_eq!(silent(&silences, 1, t), expected, "{t}");
        }
        assert!(!silent(&silences, 2, 100));
        assert_eq!(silences.until(key(1), Timestamp(60)), Some(Timestamp(150)));
        at(&mut silences, 1, 130, 50);
        assert!(silent(&silences, 1, 50) && silent(&silences, 1, 180) && silences.len() == 1, "they meet");
        silences.end(key(1));
        assert!(silences.is_empty() && !silent(&silences, 1, 100));
    }

    #[test]
    fn a_source_that_lags_has_a_silence_of_its_own() {
        let mut silences = Silences::new(9, 7);
        at(&mut silences, 1, 10_000, 50);
        assert!(!silent(&silences, 1, 100), "a silence in the future");
        at(&mut silences, 1, 100, 50);
        assert!(silent(&silences, 1, 10_000) && silent(&silences, 1, 100) && !silent(&silences, 1, 5_000));
        // A third silence replaces the one that ends first.
        at(&mut silences, 1, 5_000, 50);
        assert!(silent(&silences, 1, 10_000) && silent(&silences, 1, 5_000) && !silent(&silences, 1, 100));
        // A silence that meets both joins them.
        at(&mut silences, 1, 7_500, 2_500);
        assert_eq!(silences.until(key(1), Timestamp(4_950)), Some(Timestamp(10_050)));
    }

    #[test]
    fn bounded_and_the_first_to_end_goes() {
        let mut silences = Silences::new(3, 7);
        for n in [5, 3, 9, 7, 1] {
            at(&mut silences, n, n as i64, 0);
        }
        let keys = |silences: &Silences| silences.sorted().iter().map(|(k, _)| k.0).collect::<Vec<_>>();
        assert_eq!(keys(&silences), [5, 7, 9]);
        at(&mut silences, 5, 8, 0);
        at(&mut silences, 20, 20, 0);
        assert_eq!(keys(&silences), [5, 9, 20]);
        assert!(silences.bytes() > 0);
        let mut none = Silences::new(0, 7);
        at(&mut none, 1, 1, 0);
        assert!(none.is_empty());
    }

    #[test]
    fn what_was_prolonged_takes_no_room() {
        let mut silences = Silences::new(4, 7);
        for n in 0..10_000 {
            at(&mut silences, n % 3, n as i64, 9);
        }
        assert!(silences.len() == 3 && silences.ends.len() <= 2 * 3 + 64);
    }

    #[test]
    fn they_survive_a_snapshot() {
        let mut silences = Silences::new(10, 7);
        for n in 0..10 {
            at(&mut silences, n * 7 % 10, (n % 4) as i64, 0);
            if n % 3 == 0 {
                at(&mut silences, n * 7 % 10, -100, 5);
            }
        }
        let mut out = Writer::loose();
        silences.save(&mut out);
        let bytes = out.finish();
        let load = |most| Silences::new(most, 99).load(&mut Reader::loose(&bytes).unwrap()).unwrap();
        assert_eq!(load(10).sorted(), silences.sorted());
        assert_eq!(load(4).sorted(), silences.sorted().split_off(6));
    }
}
