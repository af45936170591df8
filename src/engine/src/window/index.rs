//! Finds the slot of a fingerprint: Robin Hood hashing in shards that grow by themselves.
//!
//! An entry has 32 bits: the number of the slot, and the distance of the entry from its home. The distance nearly
//! always shows that an entry is of another key, without a look at its slot. When one shard doubles, the others stay,
//! so each step of growth costs a small part of the table in time and in memory. The seed decides the place of an
//! entry, and nothing else.

use super::slab::{NIL, SLOT_BITS, Slab};
use crate::hash::{Fingerprint, Placement};
use alloc::vec;
use alloc::vec::Vec;

const EMPTY: u32 = u32::MAX;
/// The greatest distance that an entry can store. It means this distance or more.
const FAR: u32 = (1 << (32 - SLOT_BITS)) - 1;
const SMALLEST: usize = 8;
/// The number of keys for which a shard is made: what 4,096 entries hold, minus the spread between shards. So a full
/// table has four fifths of its entries in use.
const SHARD_KEYS: usize = 3300;
const MOST_SHARDS: usize = 8192;

#[derive(Clone, Debug)]
pub(super) struct Index {
    placement: Placement,
    shards: Vec<Shard>,
    len: usize,
}

#[derive(Clone, Debug, Default)]
struct Shard {
    /// The entries: a power of two of them, or none.
    entries: Vec<u32>,
    len: usize,
}

impl Index {
    pub(super) fn new(seed: u64, max_keys: usize) -> Self {
        let shards = max_keys.div_ceil(SHARD_KEYS).clamp(1, MOST_SHARDS);
        Self { placement: Placement::new(seed), shards: vec![Shard::default(); shards], len: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&self) -> usize {
        self.shards.iter().map(|s| s.entries.capacity() * size_of::<u32>() + size_of::<Shard>()).sum()
    }

    pub(super) fn find(&self, key: Fingerprint, slab: &Slab) -> Option<u32> {
        let hash = self.placement.of(key);
        let shard = self.shards.get(self.shard(hash))?;
        shard.position(hash, key, slab, self.placement).map(|(_, slot)| slot)
    }

    /// Makes room for `keys` keys at once.
    pub(super) fn reserve(&mut self, keys: usize) {
        // A sixteenth more, because shards are not equally full. A shard that needs still more grows later.
        let each = keys / self.shards.len() * 17 / 16;
        let entries = (each * 8 / 7 + 1).next_power_of_two().max(SMALLEST);
        for shard in self.shards.iter_mut().filter(|shard| shard.entries.is_empty()) {
            shard.entries = vec![EMPTY; entries];
        }
    }

    /// Adds a key that is not there yet. O(1) amortised.
    pub(super) fn insert(&mut self, key: Fingerprint, slot: u32, slab: &Slab) {
        let hash = self.placement.of(key);
        let (placement, shard) = (self.placement, self.shard(hash));
        let Some(shard) = self.shards.get_mut(shard) else { return };
        // Grows at seven eighths. Robin Hood hashing keeps the distances short even then.
        if (shard.len + 1) * 8 > shard.entries.len() * 7 {
            let larger = vec![EMPTY; (shard.entries.len() * 2).max(SMALLEST)];
            for entry in core::mem::replace(&mut shard.entries, larger) {
                if entry != EMPTY {
                    shard.place(placement.of(slab.key(entry & NIL)), entry & NIL, slab, placement);
                }
            }
        }
        shard.place(hash, slot, slab, placement);
        shard.len += 1;
        self.len += 1;
    }

    /// Removes a key. Its slot must still hold the key. O(1).
    pub(super) fn remove(&mut self, key: Fingerprint, slab: &Slab) {
        let hash = self.placement.of(key);
        let (placement, shard) = (self.placement, self.shard(hash));
        let Some(shard) = self.shards.get_mut(shard) else { return };
        let Some((position, _)) = shard.position(hash, key, slab, placement) else { return };
        shard.close(position, slab, placement);
        shard.len -= 1;
        self.len -= 1;
    }

    /// The shard of a hash. The upper bits choose the shard, the lower bits the home in the shard.
    fn shard(&self, hash: u64) -> usize {
        (((hash >> 32) * self.shards.len() as u64) >> 32) as usize
    }
}

impl Shard {
    fn home(&self, hash: u64) -> usize {
        hash as usize & self.entries.len().wrapping_sub(1)
    }

    fn next(&self, position: usize) -> usize {
        (position + 1) & self.entries.len().wrapping_sub(1)
    }

    fn entry(&self, position: usize) -> u32 {
        self.entries.get(position).copied().unwrap_or(EMPTY)
    }

    fn set(&mut self, position: usize, entry: u32) {
        if let Some(place) = self.entries.get_mut(position) {
            *place = entry;
        }
    }

    /// The distance of the entry at `position` from its home.
    fn distance(&self, position: usize, entry: u32, slab: &Slab, placement: Placement) -> u32 {
        match entry >> SLOT_BITS {
            FAR => self.measure(position, placement.of(slab.key(entry & NIL))),
            near => near,
        }
    }

    fn measure(&self, position: usize, hash: u64) -> u32 {
        (position.wrapping_sub(self.home(hash)) & self.entries.len().wrapping_sub(1)) as u32
    }

    fn position(
        &self,
        hash: u64,
        key: Fingerprint,
        slab: &Slab,
        placement: Placement,
    ) -> Option<(usize, u32)> {
        let mut position = self.home(hash);
        for distance in 0u32.. {
            let entry = self.entry(position);
            if entry == EMPTY {
                return None;
            }
            let near = entry >> SLOT_BITS;
            if near == distance || near == FAR {
                let slot = entry & NIL;
                if slab.key(slot) == key {
                    return Some((position, slot));
                }
            }
            // Robin Hood hashing would have given this place to the key, so the key is not here.
            if near < distance && self.distance(position, entry, slab, placement) < distance {
                return None;
            }
            position = self.next(position);
        }
        None
    }

    /// Inserts an entry. An entry that is nearer to its own home makes room. There must be an empty place.
    fn place(&mut self, hash: u64, slot: u32, slab: &Slab, placement: Placement) {
        let (mut position, mut slot, mut distance) = (self.home(hash), slot, 0u32);
        loop {
            let found = self.entry(position);
            if found == EMPTY {
                self.set(position, distance.min(FAR) << SLOT_BITS | slot);
                return;
            }
            let other = self.distance(position, found, slab, placement);
            if other < distance {
                self.set(position, distance.min(FAR) << SLOT_BITS | slot);
                (slot, distance) = (found & NIL, other);
            }
            position = self.next(position);
            distance += 1;
        }
    }

    /// Empties a place, and moves the entries after it nearer to their homes.
    fn close(&mut self, mut position: usize, slab: &Slab, placement: Placement) {
        loop {
            let next = self.next(position);
            let entry = self.entry(next);
            let distance = if entry == EMPTY { 0 } else { self.distance(next, entry, slab, placement) };
            if distance == 0 {
                self.set(position, EMPTY);
                return;
            }
            self.set(position, (distance - 1).min(FAR) << SLOT_BITS | entry & NIL);
            position = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn held(slab: &mut Slab, key: Fingerprint) -> u32 {
        let slot = slab.take().unwrap();
        slab.set_key(slot, key);
        slot
    }

    #[test]
    fn a_crowd_with_one_home_is_still_found() {
        let mut slab = Slab::new(0);
        let mut shard = Shard { entries: vec![EMPTY; 256], len: 0 };
        // With the seed, an attacker finds keys that all have one of two homes. They may only cost time.
        let placement = Placement::new(1);
        let keys: Vec<_> = (0..200_000u64)
            .map(|n| Fingerprint(u128::from(n)))
            .filter(|k| placement.of(*k) & 255 < 2)
            .take(190)
            .collect();
        assert_eq!(keys.len(), 190);
        for key in &keys {
            let slot = held(&mut slab, *key);
            shard.place(placement.of(*key), slot, &slab, placement);
        }
        let found = |shard: &Shard, key: Fingerprint, slab: &Slab| {
            shard.position(placement.of(key), key, slab, placement).map(|(_, slot)| slab.key(slot))
        };
        assert!(keys.iter().all(|k| found(&shard, *k, &slab) == Some(*k)));
        assert_eq!(found(&shard, Fingerprint(1 << 90), &slab), None);
        for (gone, key) in keys.iter().enumerate() {
            let (position, _) = shard.position(placement.of(*key), *key, &slab, placement).unwrap();
            shard.close(position, &slab, placement);
            assert!(keys[..=gone].iter().all(|k| found(&shard, *k, &slab).is_none()));
            assert!(keys[gone + 1..].iter().all(|k| found(&shard, *k, &slab) == Some(*k)));
        }
        assert!(shard.entries.iter().all(|e| *e == EMPTY));
    }

    proptest! {
        #[test]
        fn it_is_a_map(seed: u64, max in 0usize..40_000, steps in proptest::collection::vec((0u64..400, any::<bool>()), 0..900)) {
            let (mut slab, mut index, mut model) = (Slab::new(0), Index::new(seed, max), BTreeMap::new());
            for (n, add) in steps {
                let key = Fingerprint(u128::from(n) << 64 | u128::from(n));
                prop_assert_eq!(index.find(key, &slab), model.get(&key).copied());
                if add && !model.contains_key(&key) {
                    let slot = slab.take().unwrap();
                    slab.set_key(slot, key);
                    index.insert(key, slot, &slab);
                    model.insert(key, slot);
                } else if !add && let Some(slot) = model.remove(&key) {
                    index.remove(key, &slab);
                    slab.give_back(slot);
                }
                prop_assert_eq!(index.len(), model.len());
            }
            for (key, slot) in &model {
                prop_assert_eq!(index.find(*key, &slab), Some(*slot));
            }
        }
    }
}
