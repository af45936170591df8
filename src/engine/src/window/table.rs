//! A bounded table of keys that a flood of other keys does not blind.
//!
//! A [`Table`] holds at most `max_keys` keys, each in a slot of the same size. While there is room, a key stays,
//! however old it is. In a full table, a new key takes the slot of:
//!
//! 1. a key past its horizon, if one is at the oldest end of a list;
//! 2. else the loser of a duel. A new key always enters the *recency* segment (20 %). The oldest key of that segment
//!    fights for a place in the *main* segment (80 %), against the key under the *hand*. The heavier key stays; among
//!    equals, the newer one. Then the hand moves on, from the oldest key of the main segment to its newest, and starts
//!    again. So a key has to win once in each round of the hand, and not against every newcomer.
//!
//! The weight of a key is the number of its failures, up to `weight_cap`. It becomes 0 when a whole window passes
//! without a failure. The slot of a key stores its weight. An evicted key leaves its weight in a [`Sketch`], and gets
//! it back when it returns. So the sketch is neither made nor read before the first key is evicted. Its errors can only
//! favour new keys. It decides which key stays, and never adds to a count.
//!
//! # The flood that blinds it
//! A key of weight w is lost only if the hand comes by with a candidate of weight w or more. Junk that fails once
//! weighs 1. So the victim's key is lost at most once, and stays from its second failure on. Junk that failed often
//! *beforehand* weighs `weight_cap`. The victim loses against it until it has the same weight, and then stays. Of n
//! failures, n + 1 − `weight_cap` are remembered, and this must not be less than the threshold. Hence the cap, which
//! may be below the threshold: 5 leaves 8 of 12 failures, 3 leaves 10.
//!
//! An attacker who wants to evict such a key between two of its failures has two ways. The first is junk keys that
//! failed `weight_cap` times each and take the whole main segment. This costs `0.8 × max_keys × weight_cap` events for
//! each failure of the victim. The second is so many keys in one window that the sketch takes unknown keys for known
//! ones. Of 2 million junk keys in 4 MiB, a few in 100 are taken for weight 2, and one in 100,000 for more.
//!
//! `flood.rs` measures this, with two keys for each failure as in AN1276, 20,000 keys and 4 MiB. Between any two of 12
//! failures come 100,000 junk failures; or 50,000, after 20,000 junk accounts failed 4 and 12 times each. The junk
//! comes in turns or in a row, from one address or many, and begins anywhere in a window. The table remembers 11
//! failures, or 13 − `weight_cap` after a flood beforehand.
//!
//! # Cost
//! Finding, entering and removing a key is O(1) amortised, and allocates nothing once the table is full. Only `save`
//! scans all keys. Results depend on the fingerprints and the order of the calls, and not on the seed.

use super::index::Index;
use super::sketch::{MAX_WEIGHT, Sketch};
use super::slab::{Links, NIL, Slab, WINDOW_MASK};
use crate::hash::Fingerprint;
use crate::time::{Span, Timestamp};

/// The sizes and spans of a [`Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most keys: 1 to 2²⁵ − 1 (33 million).
    pub max_keys: usize,
    /// The bytes of data of a key.
    pub data: usize,
    /// The window for which a weight lasts.
    pub window: Span,
    /// In time order, a key whose newest event is older than this is of no use.
    pub horizon: Span,
    /// The greatest weight, 1 to [`MAX_WEIGHT`]. The [module](self) says how to choose it.
    pub weight_cap: u32,
    /// The size of the sketch, in bytes.
    pub sketch_bytes: usize,
}

/// The slot of a key. It is valid until the next call that may enter or remove keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(u32);

impl Slot {
    /// The number of the slot. Numbers start at 0 and are reused, so a list for the table stays short.
    #[must_use]
    pub const fn number(self) -> usize {
        self.0 as usize
    }
}

/// The result of [`Table::enter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The key's slot.
    pub slot: Slot,
    /// True if the key was not held before. Its data are zeros then.
    pub new: bool,
}

/// The part of a slot that may be changed.
#[derive(Debug)]
pub struct Content<'a> {
    newest: &'a mut Timestamp,
    /// The data.
    pub data: &'a mut [u8],
}

impl<'a> Content<'a> {
    /// Content outside of a table.
    #[must_use]
    pub const fn new(newest: &'a mut Timestamp, data: &'a mut [u8]) -> Self {
        Self { newest, data }
    }

    /// The time of the key's newest event. Its horizon is relative to it.
    #[must_use]
    pub const fn newest(&self) -> Timestamp {
        *self.newest
    }

    /// Raises the time of the newest event. The caller decides when, because it also changes the data.
    pub fn raise(&mut self, time: Timestamp) {
        *self.newest = time.max(*self.newest);
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Table {
    bounds: Bounds,
    seed: u64,
    slab: Slab,
    index: Index,
    recency: List,
    main: List,
    /// The hand: the next key of the main segment to be challenged. None means the oldest.
    hand: u32,
    sketch: Sketch,
    now: Timestamp,
    /// The time after which the numbers of windows repeat.
    round: Span,
    evicted: u64,
}

#[derive(Clone, Copy, Debug)]
struct List {
    oldest: u32,
    newest: u32,
    len: usize,
}

impl List {
    const EMPTY: Self = Self { oldest: NIL, newest: NIL, len: 0 };
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(bounds: Bounds, seed: u64) -> Self {
        let max_keys = bounds.max_keys.clamp(1, NIL as usize);
        Self {
            bounds: Bounds {
                max_keys,
                weight_cap: bounds.weight_cap.clamp(1, u32::from(MAX_WEIGHT)),
                ..bounds
            },
            seed,
            slab: Slab::new(bounds.data),
            index: Index::new(seed, max_keys),
            recency: List::EMPTY,
            main: List::EMPTY,
            hand: NIL,
            sketch: Sketch::new(bounds.sketch_bytes),
            now: Timestamp::MIN,
            round: Span(bounds.window.0.saturating_mul(i64::from(WINDOW_MASK / 2))),
            evicted: 0,
        }
    }

    /// The number of keys.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.index.len()
    }

    /// True if no key is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of keys that were evicted before their horizon, since this table was made.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The bytes in use.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.slab.bytes() + self.index.bytes() + self.sketch.bytes()
    }

    /// The slot of a key, if it is held. Changes nothing. O(1).
    #[must_use]
    pub fn find(&self, key: Fingerprint) -> Option<Slot> {
        self.index.find(key, &self.slab).map(Slot)
    }

    /// The time of the key's newest event.
    #[must_use]
    pub fn newest(&self, slot: Slot) -> Timestamp {
        self.slab.newest(slot.0)
    }

    /// The data of a key.
    #[must_use]
    pub fn data(&self, slot: Slot) -> &[u8] {
        self.slab.data(slot.0)
    }

    /// The data of a key, to be changed. `None` only for an invalid slot.
    pub fn content(&mut self, slot: Slot) -> Option<Content<'_>> {
        let (newest, data) = self.slab.content_mut(slot.0)?;
        Some(Content { newest, data })
    }

    /// The slot of a key that has just failed `weight` times at `time`. It is a new slot if the key is not held. `now`
    /// is the watermark, by which keys expire and weights age. It never goes back.
    ///
    /// O(1) amortised. May evict one other key.
    pub fn enter(&mut self, key: Fingerprint, weight: u32, time: Timestamp, now: Timestamp) -> Entered {
        self.now = self.now.max(now);
        if let Some(slot) = self.index.find(key, &self.slab) {
            self.touch(slot, weight);
            return Entered { slot: Slot(slot), new: false };
        }
        let known = self.sketch.estimate(key, self.window());
        if self.len() >= self.bounds.max_keys {
            self.make_room();
        }
        // There are as many slots as keys, so one is free.
        let slot = self.slab.take().unwrap_or(NIL);
        self.slab.set_key(slot, key);
        self.slab.set_newest(slot, time);
        self.index.insert(key, slot, &self.slab);
        let weight = self.heavier(known, weight);
        self.push(slot, Links { older: NIL, newer: NIL, main: false, weight, window: self.window() });
        if self.recency.len > self.quota() {
            self.promote();
        }
        Entered { slot: Slot(slot), new: true }
    }

    /// Forgets a key.
    pub fn remove(&mut self, slot: Slot) {
        let key = self.slab.key(slot.0);
        if self.find(key) == Some(slot) {
            self.drop_slot(slot.0);
        }
    }

    /// The number of keys that fit into the recency segment.
    fn quota(&self) -> usize {
        (self.bounds.max_keys / 5).max(1)
    }

    /// The number of the window that contains `now`.
    const fn window(&self) -> u16 {
        let span = if self.bounds.window.0 > 0 { self.bounds.window.0 } else { 1 };
        self.now.0.div_euclid(span) as u16
    }

    fn heavier(&self, weight: u8, by: u32) -> u8 {
        u8::try_from(u32::from(weight).saturating_add(by).min(self.bounds.weight_cap)).unwrap_or(MAX_WEIGHT)
    }

    /// True if the weight of a key was last raised in the previous window, false if in this window. `None` if earlier.
    fn before(&self, slot: u32, links: Links) -> Option<bool> {
        // The numbers of windows repeat. The newest event of the key shows if this number is an old one.
        let long_ago = self.slab.newest(slot).plus(self.round) < self.now;
        match self.window().wrapping_sub(links.window) & WINDOW_MASK {
            0 | 1 if long_ago => None,
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// The weight as of now.
    fn weight(&self, slot: u32, links: Links) -> u8 {
        self.before(slot, links).map_or(0, |_| links.weight)
    }

    fn touch(&mut self, slot: u32, by: u32) {
        let links = self.slab.links(slot);
        let (weight, window) = (self.heavier(self.weight(slot, links), by), self.window());
        let list = if links.main { &self.main } else { &self.recency };
        if list.newest == slot {
            self.slab.set_links(slot, Links { weight, window, ..links });
        } else {
            self.unlink(slot);
            self.push(slot, Links { weight, window, ..links });
        }
    }

    /// Moves the oldest key of the recency segment into the main segment.
    fn promote(&mut self) {
        let oldest = self.recency.oldest;
        if oldest != NIL {
            let links = self.unlink(oldest);
            self.push(oldest, Links { main: true, ..links });
        }
    }

    fn expired(&self, slot: u32) -> bool {
        slot != NIL && self.slab.newest(slot).plus(self.bounds.horizon) < self.now
    }

    /// Evicts one key of a full table.
    fn make_room(&mut self) {
        for oldest in [self.recency.oldest, self.main.oldest] {
            if self.expired(oldest) {
                self.drop_slot(oldest);
                return;
            }
        }
        let candidate = self.recency.oldest;
        let held = if self.hand == NIL { self.main.oldest } else { self.hand };
        let loser = if held == NIL {
            candidate
        } else if candidate == NIL {
            held
        } else {
            self.hand = held;
            let (candidate_links, held_links) = (self.slab.links(candidate), self.slab.links(held));
            if self.weight(candidate, candidate_links) >= self.weight(held, held_links) {
                self.promote();
                held
            } else {
                self.hand = held_links.newer;
                candidate
            }
        };
        // A key under the hand may also be past its horizon. It is no loss then.
        if !self.expired(loser) {
            self.evicted += 1;
            let links = self.slab.links(loser);
            if let Some(before) = self.before(loser, links) {
                self.sketch.raise(self.slab.key(loser), links.weight, before, self.window());
            }
        }
        self.drop_slot(loser);
    }

    fn drop_slot(&mut self, slot: u32) {
        self.unlink(slot);
        self.index.remove(self.slab.key(slot), &self.slab);
        self.slab.give_back(slot);
    }

    /// Removes a key from its list, and returns its links.
    fn unlink(&mut self, slot: u32) -> Links {
        let links = self.slab.links(slot);
        if self.hand == slot {
            self.hand = links.newer;
        }
        let list = if links.main { &mut self.main } else { &mut self.recency };
        list.len = list.len.saturating_sub(1);
        if links.older == NIL {
            list.oldest = links.newer;
        }
        if links.newer == NIL {
            list.newest = links.older;
        }
        if links.older != NIL {
            self.slab.set_newer(links.older, links.newer);
        }
        if links.newer != NIL {
            self.slab.set_older(links.newer, links.older);
        }
        links
    }

    /// Adds a key at the newest end of the list that `links` names.
    fn push(&mut self, slot: u32, links: Links) {
        let list = if links.main { &mut self.main } else { &mut self.recency };
        let older = list.newest;
        list.newest = slot;
        list.len += 1;
        if older == NIL {
            list.oldest = slot;
        } else {
            self.slab.set_newer(older, slot);
        }
        self.slab.set_links(slot, Links { older, newer: NIL, ..links });
    }

    /// The keys of a segment, in the order in which they were last touched.
    fn ages(&self, list: &List) -> impl Iterator<Item = u32> {
        let mut next = list.oldest;
        core::iter::from_fn(move || {
            let slot = next;
            (slot != NIL).then(|| {
                next = self.slab.links(slot).newer;
                slot
            })
        })
    }

    /// All keys: the main segment, then the recency segment, each in the order in which the keys were last touched.
    pub fn iter(&self) -> impl Iterator<Item = (Fingerprint, Slot)> {
        self.ages(&self.main).chain(self.ages(&self.recency)).map(|slot| (self.slab.key(slot), Slot(slot)))
    }
}

mod save;
pub use save::{Convert, Loaded};

#[cfg(test)]
mod flood;
#[cfg(test)]
mod tests;
