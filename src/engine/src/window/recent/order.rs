//! The keys with entries from the pool, from the one that was silent longest to the newest: a linked list of keys.

use super::{Key, Recent};
use crate::order::sort;
use alloc::vec::Vec;

const NIL: u32 = u32::MAX;
/// The time of a restored clock. It leaves room for ages before it.
pub(super) const RESTORED: u64 = 1 << 62;

/// The position of a key in the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    older: u32,
    newer: u32,
    /// When the key last took an entry from the pool, by the clock of the order. 0: it has none beyond its floor.
    pub(super) touched: u64,
}

impl Place {
    pub(super) const NONE: Self = Self { older: NIL, newer: NIL, touched: 0 };
}

/// The pool, and the keys with entries from it.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The number of entries that fit, and the number that is held.
    room: usize,
    drawn: usize,
    oldest: u32,
    newest: u32,
    /// A clock that advances each time a key takes an entry from the pool.
    pub(super) clock: u64,
    /// True if loaded keys are not in order yet.
    pub(super) loading: bool,
}

impl Order {
    pub(super) const fn new(room: usize) -> Self {
        Self { room, drawn: 0, oldest: NIL, newest: NIL, clock: 1, loading: false }
    }
}

impl Recent {
    /// The number of entries that a key holds beyond the floor.
    pub(super) fn beyond(&self, at: usize) -> usize {
        self.slots.get(at).map_or(0, |key| key.list.len().saturating_sub(self.floor))
    }

    /// Records how many entries a key holds beyond the floor, now and before. `draws` makes the key the newest in the
    /// order.
    pub(super) fn account(&mut self, at: usize, before: usize, draws: bool) {
        let now = self.beyond(at);
        if now == 0 && before == 0 {
            return;
        }
        self.order.drawn = (self.order.drawn + now).saturating_sub(before);
        if now == 0 || draws {
            self.unlink(at);
        }
        if now > 0 && draws {
            let touched = self.order.clock;
            self.order.clock += 1;
            self.link(at, touched);
        }
    }

    /// Takes entries from the keys that were silent longest, until the pool suffices. O(1) amortised: each entry is
    /// lost at most once.
    pub(super) fn trim(&mut self) {
        while self.order.drawn > self.order.room && self.order.oldest != NIL {
            let at = self.order.oldest as usize;
            let floor = self.floor;
            let Some(key) = self.slots.get_mut(at) else { return };
            key.lose();
            let done = key.list.len() <= floor;
            key.shrink(floor);
            self.order.drawn -= 1;
            if done {
                self.unlink(at);
            }
        }
    }

    /// Orders the loaded keys, after all are loaded. O(n log n).
    pub(super) fn settle(&mut self) {
        if !core::mem::take(&mut self.order.loading) {
            return;
        }
        let mut drawn: Vec<(u64, usize)> = Vec::new();
        for (at, key) in self.slots.iter_mut().enumerate() {
            let touched = core::mem::replace(&mut key.place, Place::NONE).touched;
            if key.list.len() > self.floor {
                // A key that took nothing yet, because its floor was greater before, comes first.
                drawn.push((touched.max(1), at));
            }
        }
        sort(&mut drawn, |one, other| one < other);
        (self.order.oldest, self.order.newest, self.order.drawn) = (NIL, NIL, 0);
        for (touched, at) in drawn {
            self.order.drawn += self.beyond(at);
            self.link(at, touched);
        }
        self.trim();
    }

    fn link(&mut self, at: usize, touched: u64) {
        let Ok(number) = u32::try_from(at) else { return };
        let older = self.order.newest;
        if let Some(key) = self.slots.get_mut(at) {
            key.place = Place { older, newer: NIL, touched };
        }
        match self.place(older) {
            Some(place) => place.newer = number,
            None => self.order.oldest = number,
        }
        self.order.newest = number;
    }

    /// Removes a key from the order, if it is there.
    fn unlink(&mut self, at: usize) {
        let Some(key) = self.slots.get_mut(at).filter(|key| key.place.touched > 0) else { return };
        let Place { older, newer, .. } = core::mem::replace(&mut key.place, Place::NONE);
        match self.place(older) {
            Some(place) => place.newer = newer,
            None => self.order.oldest = newer,
        }
        match self.place(newer) {
            Some(place) => place.older = older,
            None => self.order.newest = older,
        }
    }

    fn place(&mut self, number: u32) -> Option<&mut Place> {
        self.slots.get_mut(number as usize).filter(|_| number != NIL).map(|key: &mut Key| &mut key.place)
    }
}
