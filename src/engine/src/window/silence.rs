//! What has been alerted on and shall stay quiet for a while.
//!
//! Silences are not kept with the keys they are about: a flood that throws a key out must not make the analytic
//! repeat itself. They are few, one for each alert, and bounded: the one that ends first goes.

use crate::hash::Fingerprint;
use crate::order::sort;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Timestamp;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// The bytes of a silence in both its places.
const BYTES: usize = 24 * 2;
const SAVED: usize = 24;

/// Keys (of a pattern and what it is about) and until when they are silent. Asking is O(log n); a silence that is new
/// moves what lies behind it in memory, once for an alert.
#[derive(Clone, Debug)]
pub struct Silences {
    most: usize,
    /// By key.
    until: Vec<(Fingerprint, Timestamp)>,
    /// The one that ends first at the top; also some that have been ended or prolonged since.
    ends: BinaryHeap<Reverse<(Timestamp, Fingerprint)>>,
}

impl Silences {
    /// How many there are by default.
    pub const DEFAULT: usize = 65_536;

    /// None yet, and never more than `most`.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, until: Vec::new(), ends: BinaryHeap::new() }
    }

    /// Where a key stands, or would.
    fn find(&self, key: Fingerprint) -> core::result::Result<usize, usize> {
        self.until.binary_search_by(|(held, _)| held.cmp(&key))
    }

    /// Until when `key` is silent, the end included; it may be over.
    #[must_use]
    pub fn until(&self, key: Fingerprint) -> Option<Timestamp> {
        self.until.get(self.find(key).ok()?).map(|(_, until)| *until)
    }

    /// Whether `key` is silent at `t`, the end included.
    #[must_use]
    pub fn is_silent(&self, key: Fingerprint, t: Timestamp) -> bool {
        self.until(key).is_some_and(|until| t <= until)
    }

    /// Silences `key` until `until`, or longer if it already is. What ended before `now`, the watermark, is
    /// forgotten.
    pub fn silence(&mut self, key: Fingerprint, until: Timestamp, now: Timestamp) {
        match self.find(key) {
            Ok(at) => match self.until.get_mut(at) {
                Some((_, before)) if *before < until => *before = until,
                _ => return,
            },
            Err(at) => self.until.insert(at, (key, until)),
        }
        self.ends.push(Reverse((until, key)));
        while let Some(Reverse((first, key))) = self.ends.peek().copied() {
            let holds = self.until(key) == Some(first);
            if holds && first >= now && self.until.len() <= self.most {
                break;
            }
            self.ends.pop();
            if holds {
                self.end(key);
            }
        }
        if self.ends.len() > 2 * self.until.len() + 64 {
            self.ends = self.until.iter().map(|(key, until)| Reverse((*until, *key))).collect();
        }
    }

    /// Ends a silence.
    pub fn end(&mut self, key: Fingerprint) {
        if let Ok(at) = self.find(key) {
            self.until.remove(at);
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
        let mut list = self.until.clone();
        sort(&mut list, |(one, ends), (other, later)| (ends, one) < (later, other));
        list.into_iter()
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
                silences.until.push((key, until));
                silences.ends.push(Reverse((until, key)));
            }
        }
        sort(&mut silences.until, |one, other| one < other);
        if silences.until.array_windows().any(|[one, other]| one.0 == other.0) {
            return Err(SnapshotError::Invalid("a silence is there twice"));
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
