//! Keeps the least of many keys, with a count for each. The result is a sample that does not depend on the order of the
//! keys.
//!
//! It keeps a limited number of keys, the least ones. A key that was dropped for lesser keys can never return, so the
//! counts of the kept keys are exact. If keys are hashes, the greatest kept key shows the number of different keys.
//! Evenly spread, n hashes have a distance of 2⁶⁴ / n.

use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The least keys, in ascending order. See the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Least<K> {
    list: Vec<(K, u32)>,
    most: usize,
    /// True if a key was dropped.
    cut: bool,
    /// The bytes of the keys outside the list.
    beside: usize,
}

/// A change of a key's count.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// Adds this number.
    Add(u32),
    /// Subtracts this number.
    Take(u32),
}

/// The operations of a key.
pub trait Key: Ord + Sized {
    /// The bytes of a key in addition to its own size.
    fn beside(&self) -> usize;
    /// Writes the key.
    fn save(&self, out: &mut Writer);
    /// Reads a key.
    ///
    /// # Errors
    /// Fails if bytes are missing.
    fn load(input: &mut Reader<'_>) -> Result<Self>;
}

impl Key for u64 {
    fn beside(&self) -> usize {
        0
    }

    fn save(&self, out: &mut Writer) {
        out.raw(&self.to_le_bytes());
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(Self::from_le_bytes(input.array()?))
    }
}

impl Key for Box<[u8]> {
    fn beside(&self) -> usize {
        self.len()
    }

    fn save(&self, out: &mut Writer) {
        out.bytes(self);
    }

    fn load(input: &mut Reader<'_>) -> Result<Self> {
        Ok(input.bytes()?.into())
    }
}

impl<K: Key> Least<K> {
    /// Creates an empty list for at most `most` keys.
    pub const fn new(most: usize) -> Self {
        Self { list: Vec::new(), most, cut: false, beside: 0 }
    }

    /// Adds to the count of a key, or subtracts from it. O(most).
    pub fn change(&mut self, key: K, change: Change) {
        match change {
            Change::Add(count) => self.add(key, count),
            Change::Take(count) => self.take(&key, count),
        }
    }

    fn add(&mut self, key: K, count: u32) {
        match self.list.binary_search_by(|(held, _)| held.cmp(&key)) {
            Ok(at) => {
                if let Some((_, held)) = self.list.get_mut(at) {
                    *held = held.saturating_add(count);
                }
            }
            // Drops the greatest key, which may be the new one.
            Err(at) if self.list.len() >= self.most => {
                self.cut = true;
                if at < self.list.len() {
                    self.list.pop().iter().for_each(|(last, _)| self.beside -= last.beside());
                    self.insert(at, key, count);
                }
            }
            Err(at) => self.insert(at, key, count),
        }
    }

    fn insert(&mut self, at: usize, key: K, count: u32) {
        self.beside += key.beside();
        self.list.insert(at, (key, count));
    }

    /// Removes a key whose count becomes 0.
    fn take(&mut self, key: &K, count: u32) {
        let Ok(at) = self.list.binary_search_by(|(held, _)| held.cmp(key)) else { return };
        let Some((_, held)) = self.list.get_mut(at) else { return };
        *held = held.saturating_sub(count);
        if *held == 0 {
            self.beside -= self.list.remove(at).0.beside();
        }
    }

    /// The keys in ascending order, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (&K, u32)> {
        self.list.iter().map(|(key, count)| (key, *count))
    }

    /// The bytes in use.
    pub const fn bytes(&self) -> usize {
        self.list.len() * size_of::<(K, u32)>() + self.beside
    }

    /// Writes the keys.
    pub fn save(&self, out: &mut Writer) {
        out.u8(self.cut.into());
        out.count(self.list.len());
        for (key, count) in &self.list {
            key.save(out);
            out.varint((*count).into());
        }
    }

    /// Reads keys into an empty list. If there are too many, keeps the least ones.
    ///
    /// # Errors
    /// Fails if [`save`](Self::save) did not write the bytes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> Result<()> {
        self.cut = input.u8()? != 0;
        for _ in 0..input.count(2)? {
            let key = K::load(input)?;
            let count = u32::try_from(input.varint()?).unwrap_or(u32::MAX);
            if self.list.last().is_some_and(|(last, _)| *last >= key) {
                return Err(SnapshotError::Invalid("the order of what a follow-up counts"));
            }
            self.add(key, count);
        }
        Ok(())
    }
}

impl Least<u64> {
    /// The number of different keys, if keys are hashes. Also returns true if the number is exact. With 256 kept keys,
    /// an estimate is off by at most a sixteenth in two of three cases.
    pub fn number(&self) -> (u32, bool) {
        let held = self.list.len();
        match self.list.last() {
            Some((greatest, _)) if self.cut => {
                let number = ((held as u128 - 1) << 64) / u128::from(*greatest).max(1);
                (u32::try_from(number).unwrap_or(u32::MAX).max(held as u32), false)
            }
            _ => (held as u32, true),
        }
    }
}
