//! `malloc` and `free` for the host's arguments.
//!
//! A call has two arguments, the tag and the record, and frees them before the next call. So a few slots keep their
//! memory, and the allocator is not asked twice for each record. Without these exports the agent would use 8 KiB of its
//! own for arguments, and would not pass longer ones.

use alloc::vec::Vec;

/// The number of slots. A call uses two. The others replace those that a host leaks when a call fails.
const SLOTS: usize = 4;
/// The largest slot that is kept. A larger one gives its memory back.
const KEPT: usize = 64 << 10;
/// The longest argument. Longer ones are refused: hosts then pass an address of 0.
const LONGEST: usize = 64 << 20;

/// The memory of the host's arguments.
#[derive(Debug)]
pub struct Slots([Slot; SLOTS]);

#[derive(Debug)]
struct Slot {
    /// The capacity is the slot. The length has no meaning.
    memory: Vec<u64>,
    used: bool,
}

impl Slots {
    /// Slots without memory.
    #[must_use]
    pub const fn new() -> Self {
        Self([const { Slot { memory: Vec::new(), used: false } }; SLOTS])
    }

    /// Gives out memory for `size` bytes, aligned to eight. Null where there is none.
    #[inline(always)]
    pub fn take(&mut self, size: usize) -> *mut u8 {
        let words = size.div_ceil(8).max(1);
        // The tag comes first, then the record.
        let [tag, record, ..] = &mut self.0;
        if tag.fits(words) {
            tag.take()
        } else if record.fits(words) {
            record.take()
        } else {
            self.grow(size, words)
        }
    }

    /// Any other free slot, where the first two do not fit.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, size: usize, words: usize) -> *mut u8 {
        let free = self.0.iter_mut().rev().filter(|slot| !slot.used && size <= LONGEST);
        // The largest, so that the small one is left for the tag.
        let Some(slot) = free.max_by_key(|slot| slot.memory.capacity()) else { return core::ptr::null_mut() };
        if slot.memory.capacity() < words {
            // The old content is not needed any more, so nothing has to be copied.
            slot.memory = Vec::new();
            let room = if size <= KEPT { words.next_power_of_two().max(32) } else { words };
            if slot.memory.try_reserve_exact(room).is_err() {
                return core::ptr::null_mut();
            }
        }
        slot.take()
    }

    /// Takes back what [`take`](Self::take) gave. Any other address is ignored.
    #[inline(always)]
    pub fn give_back(&mut self, place: *const u8) {
        let [tag, record, others @ ..] = &mut self.0;
        if tag.is_at(place) {
            tag.give_back();
        } else if record.is_at(place) {
            record.give_back();
        } else if let Some(slot) = others.iter_mut().find(|slot| slot.is_at(place)) {
            slot.give_back();
        }
    }
}

impl Slot {
    #[inline(always)]
    fn fits(&self, words: usize) -> bool {
        !self.used && self.memory.capacity() >= words
    }

    #[inline(always)]
    fn take(&mut self) -> *mut u8 {
        self.used = true;
        self.memory.as_mut_ptr().cast()
    }

    #[inline(always)]
    fn is_at(&self, place: *const u8) -> bool {
        self.used && core::ptr::eq(self.memory.as_ptr().cast(), place)
    }

    #[inline(always)]
    fn give_back(&mut self) {
        self.used = false;
        if self.memory.capacity() > KEPT / 8 {
            self.memory = Vec::new();
        }
    }
}

impl Default for Slots {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_memory_serves_every_record() {
        let mut slots = Slots::new();
        let (tag, record) = (slots.take(12), slots.take(700));
        assert!(!tag.is_null() && !record.is_null() && tag != record);
        for size in [1, 12, 300, 700] {
            slots.give_back(tag);
            slots.give_back(record);
            assert_eq!((slots.take(12), slots.take(600 + size % 100)), (tag, record));
        }
    }

    #[test]
    fn all_in_use_too_long_or_not_ours_is_harmless() {
        let mut slots = Slots::new();
        slots.give_back(core::ptr::null());
        slots.give_back(8 as *const u8);
        assert!(slots.take(LONGEST + 1).is_null());
        let taken: Vec<_> = (0..SLOTS).map(|size| slots.take(size)).collect();
        assert!(taken.iter().all(|place| !place.is_null()) && slots.take(1).is_null());
        slots.give_back(taken[2]);
        slots.give_back(taken[2]);
        assert!(!slots.take(1 << 20).is_null());
    }

    #[test]
    fn a_huge_record_leaves_no_huge_memory() {
        let mut slots = Slots::new();
        let record = slots.take(1 << 20);
        slots.give_back(record);
        assert!(slots.0.iter().all(|slot| slot.memory.capacity() <= KEPT / 8));
    }
}
