//! The least of many keys, with a count for each: a sample that does not depend on the order in which keys come.
//!
//! At most so many keys are kept, the least of all that came. A key that was given up for lesser ones can never return,
//! so the counts of those that are kept are exact. If keys are hashes, the greatest that is kept tells how many different
//! keys came: n hashes that are spread evenly stand 2⁶⁴ / n apart.

use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The least keys, in order. See the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Least<K> {
    list: Vec<(K, u32)>,
    most: usize,
    /// Whether a key was given up.
    cut: bool,
    /// The bytes of the keys beside the list.
    beside: usize,
}

/// A change of the count of a key.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// So many more.
    Add(u32),
    /// So many fewer.
    Take(u32),
}

/// What keys can do.
pub trait Key: Ord + Sized {
    /// The bytes that it takes beside its own size.
    fn beside(&self) -> usize;
    /// Writes it.
    fn save(&self, out: &mut Writer);
    /// Reads it.
    ///
    /// # Errors
    /// Where bytes are missing.
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
    /// None yet, and never more than `most`.
    pub const fn new(most: usize) -> Self {
        Self { list: Vec::new(), most, cut: false, beside: 0 }
    }

    /// Counts a key, or takes back what was counted of it. O(most).
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
            // The greatest makes room, or is the one that came.
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

    /// A key of which nothing is left goes.
    fn take(&mut self, key: &K, count: u32) {
        let Ok(at) = self.list.binary_search_by(|(held, _)| held.cmp(key)) else { return };
        let Some((_, held)) = self.list.get_mut(at) else { return };
        *held = held.saturating_sub(count);
        if *held == 0 {
            self.beside -= self.list.remove(at).0.beside();
        }
    }

    /// The keys in order, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (&K, u32)> {
        self.list.iter().map(|(key, count)| (key, *count))
    }

    /// The bytes it takes.
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

    /// Reads keys into one that is empty. Of too many the least are kept.
    ///
    /// # Errors
    /// Where the bytes are not what [`save`](Self::save) writes.
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
    /// How many different keys came, if they are hashes, and whether that is exact. An estimate is off by a sixteenth in
    /// two of three cases, if 256 are kept.
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
