//! What has been alerted on and shall stay quiet for a while.
//!
//! Silences are not kept with the keys they are about: a flood that throws a key out must not make the analytic
//! repeat itself. They are few, one for each alert, and bounded: the one that ends first goes.

use crate::hash::Fingerprint;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Timestamp;
use alloc::collections::{BTreeMap, BTreeSet};

/// The bytes of a silence in both its places, by estimate: B-tree nodes are three quarters full.
const BYTES: usize = 24 * 2 * 4 / 3;
const SAVED: usize = 24;

/// Keys (of a pattern and what it is about) and until when they are silent. All calls are O(log n).
#[derive(Clone, Debug)]
pub struct Silences {
    most: usize,
    until: BTreeMap<Fingerprint, Timestamp>,
    ends: BTreeSet<(Timestamp, Fingerprint)>,
}

impl Silences {
    /// How many there are by default.
    pub const DEFAULT: usize = 65_536;

    /// None yet, and never more than `most`.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, until: BTreeMap::new(), ends: BTreeSet::new() }
    }

    /// Whether `key` is silent at `t`, the end included.
    #[must_use]
    pub fn is_silent(&self, key: Fingerprint, t: Timestamp) -> bool {
        self.until.get(&key).is_some_and(|until| t <= *until)
    }

    /// Silences `key` until `until`, or longer if it already is. What ended before `now`, the watermark, is
    /// forgotten.
    pub fn silence(&mut self, key: Fingerprint, until: Timestamp, now: Timestamp) {
        if let Some(before) = self.until.get(&key).copied() {
            if before >= until {
                return;
            }
            self.ends.remove(&(before, key));
        }
        self.until.insert(key, until);
        self.ends.insert((until, key));
        while let Some((first, _)) = self.ends.first()
            && (*first < now || self.ends.len() > self.most)
        {
            if let Some((_, key)) = self.ends.pop_first() {
                self.until.remove(&key);
            }
        }
    }

    /// Ends a silence.
    pub fn end(&mut self, key: Fingerprint) {
        if let Some(until) = self.until.remove(&key) {
            self.ends.remove(&(until, key));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.until.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until.is_empty()
    }

    /// The bytes they take, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.len() * BYTES
    }

    /// All of them, the one that ends first before the others.
    pub fn iter(&self) -> impl Iterator<Item = (Fingerprint, Timestamp)> {
        self.ends.iter().map(|(until, key)| (*key, *until))
    }

    /// Writes them.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.len());
        for (key, until) in self.iter() {
            out.raw(&key.to_bytes());
            out.i64(until.0);
        }
    }

    /// Reads them. Of more than `most`, those that end last are kept; how many were dropped is returned beside.
    ///
    /// # Errors
    /// Where the snapshot makes no sense.
    pub fn load(input: &mut Reader<'_>, most: usize) -> Result<(Self, usize)> {
        let mut silences = Self::new(most);
        let count = input.count(SAVED)?;
        let mut last = None;
        for n in 0..count {
            let key = Fingerprint::from_bytes(input.array()?);
            let until = Timestamp(input.i64()?);
            if last >= Some((until, key)) {
                return Err(SnapshotError::Invalid("the order of silences"));
            }
            last = Some((until, key));
            if count - n <= most {
                if silences.until.insert(key, until).is_some() {
                    return Err(SnapshotError::Invalid("a silence is there twice"));
                }
                silences.ends.insert((until, key));
            }
        }
        Ok((silences, count.saturating_sub(most)))
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
        let mut silences = Silences::new(9);
        silences.silence(key(1), Timestamp(100), Timestamp(0));
        assert!(silences.is_silent(key(1), Timestamp(100)) && !silences.is_silent(key(1), Timestamp(101)));
        assert!(!silences.is_silent(key(2), Timestamp(0)));
        silences.silence(key(1), Timestamp(50), Timestamp(0));
        assert!(silences.is_silent(key(1), Timestamp(100)), "never cut short");
        silences.end(key(1));
        assert!(silences.is_empty() && !silences.is_silent(key(1), Timestamp(0)));
    }

    #[test]
    fn bounded_and_the_first_to_end_goes() {
        let mut silences = Silences::new(3);
        for n in [5, 3, 9, 7, 1] {
            silences.silence(key(n), Timestamp(n as i64), Timestamp::MIN);
        }
        assert_eq!(silences.iter().map(|(k, _)| k.0).collect::<Vec<_>>(), [5, 7, 9]);
        silences.silence(key(20), Timestamp(20), Timestamp(8));
        assert_eq!(
            silences.iter().map(|(k, _)| k.0).collect::<Vec<_>>(),
            [9, 20],
            "what has ended goes by itself"
        );
        assert!(silences.bytes() > 0);
        let mut none = Silences::new(0);
        none.silence(key(1), Timestamp(1), Timestamp(0));
        assert!(none.is_empty());
    }

    #[test]
    fn they_survive_a_snapshot() {
        let mut silences = Silences::new(10);
        for n in 0..10 {
            silences.silence(key(n * 7 % 10), Timestamp((n % 4) as i64), Timestamp::MIN);
        }
        let mut out = Writer::new("a", 0, 0);
        silences.save(&mut out);
        let bytes = out.finish();
        let load = |most| Silences::load(&mut Reader::open(&bytes, "a", 0).unwrap(), most).unwrap();
        let (back, dropped) = load(10);
        assert_eq!(dropped, 0);
        assert!(back.iter().eq(silences.iter()));
        let (few, dropped) = load(4);
        assert_eq!(dropped, 6);
        assert!(few.iter().eq(silences.iter().skip(6)));
    }
}
