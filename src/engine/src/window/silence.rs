//! Silences: keys that have had their alert and stay quiet for a while.
//!
//! A silence is not kept in the slot of its key: a flood that throws the key out must not repeat an alert. The number
//! of silences is bounded: of too many, the one that ends first goes. No other goes before its end, however far the
//! watermark is: a source that lags behind others is judged by its own times.

use crate::hash::{Fingerprint, Placement};
use crate::order::sort;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Timestamp;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use hashbrown::HashTable;

const SAVED: usize = 24;

/// Keys, each of a pattern and its subject, with the end of their silence. A question is O(1), a new silence O(log n).
#[derive(Clone, Debug)]
pub struct Silences {
    most: usize,
    placement: Placement,
    until: HashTable<(Fingerprint, Timestamp)>,
    /// The silences, the first to end at the top. Some have been ended or prolonged since.
    ends: BinaryHeap<Reverse<(Timestamp, Fingerprint)>>,
}

impl Silences {
    /// The usual bound.
    pub const DEFAULT: usize = 65_536;

    /// No silences yet, and never more than `most`. `seed` places them in memory.
    #[must_use]
    pub const fn new(most: usize, seed: u64) -> Self {
        Self { most, placement: Placement::new(seed), until: HashTable::new(), ends: BinaryHeap::new() }
    }

    /// The end of the silence of `key`, itself included. It may be over.
    #[must_use]
    pub fn until(&self, key: Fingerprint) -> Option<Timestamp> {
        self.until.find(self.placement.of(key), |(held, _)| *held == key).map(|(_, until)| *until)
    }

    /// True if `key` is silent at `t`, the end included.
    #[must_use]
    pub fn is_silent(&self, key: Fingerprint, t: Timestamp) -> bool {
        self.until(key).is_some_and(|until| t <= until)
    }

    /// Silences `key` until `until`. A longer silence stays.
    pub fn silence(&mut self, key: Fingerprint, until: Timestamp) {
        let placement = self.placement;
        let hash = placement.of(key);
        match self.until.find_mut(hash, |(held, _)| *held == key) {
            Some((_, before)) if *before >= until => return,
            Some((_, before)) => *before = until,
            None => {
                self.until.insert_unique(hash, (key, until), |(held, _)| placement.of(*held));
            }
        }
        self.ends.push(Reverse((until, key)));
        while self.until.len() > self.most
            && let Some(Reverse((first, key))) = self.ends.pop()
        {
            if self.until(key) == Some(first) {
                self.end(key);
            }
        }
        if self.ends.len() > 2 * self.until.len() + 64 {
            self.ends = self.until.iter().map(|(key, until)| Reverse((*until, *key))).collect();
        }
    }

    /// Ends a silence.
    pub fn end(&mut self, key: Fingerprint) {
        if let Ok(entry) = self.until.find_entry(self.placement.of(key), |(held, _)| *held == key) {
            entry.remove();
        }
    }

    /// The number of silences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.until.len()
    }

    /// True if there are no silences.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until.is_empty()
    }

    /// The bytes they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.until.allocation_size() + self.ends.capacity() * size_of::<(Timestamp, Fingerprint)>()
    }

    /// All silences in the order of their ends. O(n log n).
    pub fn iter(&self) -> impl Iterator<Item = (Fingerprint, Timestamp)> {
        let mut list: Vec<_> = self.until.iter().copied().collect();
        sort(&mut list, |(one, ends), (other, later)| (ends, one) < (later, other));
        list.into_iter()
    }

    /// Writes all silences. O(n log n).
    pub fn save(&self, out: &mut Writer) {
        out.count(self.len());
        for (key, until) in self.iter() {
            out.raw(&key.to_bytes());
            out.i64(until.0);
        }
    }

    /// Reads silences within the bound of these. Of too many, the last to end are kept.
    ///
    /// # Errors
    /// The bytes are not what `save` writes.
    pub fn load(&self, input: &mut Reader<'_>) -> Result<Self> {
        let mut silences = Self { until: HashTable::new(), ends: BinaryHeap::new(), ..*self };
        let mut last = None;
        for _ in 0..input.count(SAVED)? {
            let key = Fingerprint::from_bytes(input.array()?);
            let until = Timestamp(input.i64()?);
            if last >= Some((until, key)) {
                return Err(SnapshotError::Invalid("the order of silences"));
            }
            if silences.until(key).is_some() {
                return Err(SnapshotError::Invalid("a silence is there twice"));
            }
            last = Some((until, key));
            silences.silence(key, until);
        }
        Ok(silences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn key(n: u128) -> Fingerprint {
        Fingerprint(n)
    }

    #[test]
    fn silent_up_to_the_end_and_not_beyond() {
        let mut silences = Silences::new(9, 7);
        silences.silence(key(1), Timestamp(100));
        assert!(silences.is_silent(key(1), Timestamp(100)) && !silences.is_silent(key(1), Timestamp(101)));
        assert!(!silences.is_silent(key(2), Timestamp(0)));
        silences.silence(key(1), Timestamp(50));
        assert!(silences.is_silent(key(1), Timestamp(100)), "never cut short");
        silences.silence(key(1), Timestamp(200));
        assert!(silences.is_silent(key(1), Timestamp(200)) && silences.len() == 1);
        silences.end(key(1));
        assert!(silences.is_empty() && !silences.is_silent(key(1), Timestamp(0)));
    }

    #[test]
    fn bounded_and_the_first_to_end_goes() {
        let mut silences = Silences::new(3, 7);
        for n in [5, 3, 9, 7, 1] {
            silences.silence(key(n), Timestamp(n as i64));
        }
        assert_eq!(silences.iter().map(|(k, _)| k.0).collect::<Vec<_>>(), [5, 7, 9]);
        silences.silence(key(5), Timestamp(8));
        silences.silence(key(20), Timestamp(20));
        assert_eq!(silences.iter().map(|(k, _)| k.0).collect::<Vec<_>>(), [5, 9, 20]);
        assert!(silences.bytes() > 0);
        let mut none = Silences::new(0, 7);
        none.silence(key(1), Timestamp(1));
        assert!(none.is_empty());
    }

    #[test]
    fn what_was_prolonged_takes_no_room() {
        let mut silences = Silences::new(4, 7);
        for n in 0..10_000 {
            silences.silence(key(n % 3), Timestamp(n as i64));
        }
        assert!(silences.len() == 3 && silences.ends.len() <= 2 * 3 + 64);
    }

    #[test]
    fn they_survive_a_snapshot() {
        let mut silences = Silences::new(10, 7);
        for n in 0..10 {
            silences.silence(key(n * 7 % 10), Timestamp((n % 4) as i64));
        }
        let mut out = Writer::loose();
        silences.save(&mut out);
        let bytes = out.finish();
        let load = |most| Silences::new(most, 99).load(&mut Reader::loose(&bytes).unwrap()).unwrap();
        assert!(load(10).iter().eq(silences.iter()));
        assert!(load(4).iter().eq(silences.iter().skip(6)));
    }
}
