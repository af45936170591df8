//! The memory of a table: slots of one size, in chunks that are taken as needed and never move.
//!
//! Growth copies nothing, so the table never exists twice. A slot has a head of 32 bytes, followed by the data of the
//! analytic in the form of a snapshot.

use crate::hash::Fingerprint;
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// The bytes of a slot before its data.
pub(super) const HEADER: usize = size_of::<Head>();
/// The bits of a slot's number.
pub(super) const SLOT_BITS: u32 = 25;
/// The number that means no slot. It is also the greatest number of slots.
pub(super) const NIL: u32 = (1 << SLOT_BITS) - 1;
/// Windows are numbered modulo `WINDOW_MASK + 1`.
pub(super) const WINDOW_MASK: u16 = 0x1ff;
const CHUNK_SHIFT: u32 = 8;
const CHUNK: usize = 1 << CHUNK_SHIFT;

/// The links of a key in the age lists, and its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Links {
    pub older: u32,
    pub newer: u32,
    pub main: bool,
    pub weight: u8,
    pub window: u16,
}

impl Links {
    const fn pack(self) -> u64 {
        (self.older & NIL) as u64
            | ((self.newer & NIL) as u64) << SLOT_BITS
            | (self.main as u64) << 50
            | ((self.weight & 0xf) as u64) << 51
            | ((self.window & WINDOW_MASK) as u64) << 55
    }

    const fn unpack(bits: u64) -> Self {
        Self {
            older: bits as u32 & NIL,
            newer: (bits >> SLOT_BITS) as u32 & NIL,
            main: bits >> 50 & 1 == 1,
            weight: (bits >> 51 & 0xf) as u8,
            window: (bits >> 55) as u16,
        }
    }
}

/// The head of a slot.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    /// The fingerprint of the key, in halves: one number would be aligned to 16 bytes, which costs memory.
    key: (u64, u64),
    /// The links in one number, from low bits to high. The older neighbour takes 25 bits, and the newer one 25. The
    /// segment takes 1, the weight 4, and the window number 9.
    links: u64,
    /// The time of the key's newest event.
    newest: Timestamp,
}

#[derive(Clone, Debug)]
struct Chunk {
    heads: Box<[Head]>,
    data: Box<[u8]>,
}

#[derive(Clone, Debug)]
pub(super) struct Slab {
    chunks: Vec<Chunk>,
    /// The bytes of data of each slot.
    data: usize,
    /// The number of slots that were ever used.
    used: u32,
    /// The free slots, chained by `newer`.
    free: u32,
}

impl Slab {
    pub(super) const fn new(data: usize) -> Self {
        Self { chunks: Vec::new(), data, used: 0, free: NIL }
    }

    pub(super) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK * (HEADER + self.data) + self.chunks.capacity() * size_of::<Chunk>()
    }

    /// Takes a zeroed slot. `None` if there are no more numbers.
    pub(super) fn take(&mut self) -> Option<u32> {
        if self.free != NIL {
            let slot = self.free;
            self.free = self.links(slot).newer;
            self.set_head(slot, |head| *head = Head::default());
            if let Some((_, data)) = self.content_mut(slot) {
                data.fill(0);
            }
            return Some(slot);
        }
        if self.used == NIL {
            return None;
        }
        if self.used as usize >= self.chunks.len() << CHUNK_SHIFT {
            self.chunks.push(Chunk {
                heads: vec![Head::default(); CHUNK].into(),
                data: vec![0; CHUNK * self.data].into(),
            });
        }
        self.used += 1;
        Some(self.used - 1)
    }

    pub(super) fn give_back(&mut self, slot: u32) {
        let newer = self.free;
        self.set_links(slot, Links { older: NIL, newer, main: false, weight: 0, window: 0 });
        self.free = slot;
    }

    #[inline]
    fn head(&self, slot: u32) -> Head {
        let chunk = self.chunks.get(slot as usize >> CHUNK_SHIFT);
        chunk.and_then(|chunk| chunk.heads.get(slot as usize % CHUNK)).copied().unwrap_or_default()
    }

    #[inline]
    fn set_head(&mut self, slot: u32, set: impl FnOnce(&mut Head)) {
        let chunk = self.chunks.get_mut(slot as usize >> CHUNK_SHIFT);
        if let Some(head) = chunk.and_then(|chunk| chunk.heads.get_mut(slot as usize % CHUNK)) {
            set(head);
        }
    }

    pub(super) fn key(&self, slot: u32) -> Fingerprint {
        let (low, high) = self.head(slot).key;
        Fingerprint(u128::from(low) | u128::from(high) << 64)
    }

    pub(super) fn set_key(&mut self, slot: u32, key: Fingerprint) {
        self.set_head(slot, |head| head.key = key.halves());
    }

    pub(super) fn links(&self, slot: u32) -> Links {
        Links::unpack(self.head(slot).links)
    }

    pub(super) fn set_links(&mut self, slot: u32, links: Links) {
        self.set_head(slot, |head| head.links = links.pack());
    }

    /// Sets only the older neighbour.
    pub(super) fn set_older(&mut self, slot: u32, older: u32) {
        self.set_head(slot, |head| head.links = head.links & !u64::from(NIL) | u64::from(older & NIL));
    }

    /// Sets only the newer neighbour.
    pub(super) fn set_newer(&mut self, slot: u32, newer: u32) {
        let at = |slot: u32| u64::from(slot & NIL) << SLOT_BITS;
        self.set_head(slot, |head| head.links = head.links & !at(NIL) | at(newer));
    }

    pub(super) fn newest(&self, slot: u32) -> Timestamp {
        self.head(slot).newest
    }

    pub(super) fn set_newest(&mut self, slot: u32, time: Timestamp) {
        self.set_head(slot, |head| head.newest = time);
    }

    pub(super) fn data(&self, slot: u32) -> &[u8] {
        let at = slot as usize % CHUNK * self.data;
        let chunk = self.chunks.get(slot as usize >> CHUNK_SHIFT);
        chunk.and_then(|chunk| chunk.data.get(at..at + self.data)).unwrap_or_default()
    }

    /// The newest time and the data, to be changed together.
    pub(super) fn content_mut(&mut self, slot: u32) -> Option<(&mut Timestamp, &mut [u8])> {
        let Chunk { heads, data } = self.chunks.get_mut(slot as usize >> CHUNK_SHIFT)?;
        let slot = slot as usize % CHUNK;
        Some((&mut heads.get_mut(slot)?.newest, data.get_mut(slot * self.data..(slot + 1) * self.data)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_fit_their_word() {
        for links in [
            Links { older: NIL, newer: 0, main: true, weight: 15, window: 511 },
            Links { older: 0, newer: NIL, main: false, weight: 0, window: 1 },
            Links { older: 12_345_678, newer: 8_765_432, main: true, weight: 5, window: 64 },
        ] {
            assert_eq!(Links::unpack(links.pack()), links);
            let mut slab = Slab::new(0);
            let slot = slab.take().unwrap();
            slab.set_links(slot, links);
            slab.set_older(slot, 7);
            assert_eq!(slab.links(slot), Links { older: 7, ..links });
            slab.set_newer(slot, NIL);
            assert_eq!(slab.links(slot), Links { older: 7, newer: NIL, ..links });
        }
    }

    #[test]
    fn slots_are_reused_and_come_zeroed() {
        let mut slab = Slab::new(5);
        let slots: Vec<u32> = (0..600).map(|_| slab.take().unwrap()).collect();
        slab.set_key(slots[7], Fingerprint(7));
        slab.content_mut(slots[7]).unwrap().1.fill(9);
        slab.give_back(slots[7]);
        slab.give_back(slots[9]);
        assert_eq!([slab.take(), slab.take()], [Some(slots[9]), Some(slots[7])]);
        assert_eq!(slab.key(slots[7]), Fingerprint(0));
        assert_eq!(slab.data(slots[7]), [0; 5]);
        assert_eq!(slab.bytes() / (3 * CHUNK * 37), 1);
    }
}
