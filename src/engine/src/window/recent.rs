//! The latest entries of each key of a table, in time order. Counts entries and different members in a span of time.
//!
//! A [`Recent`] belongs to a [`Table`](super::table::Table) and keeps, for each slot, the entries of the last `keep`.
//! It answers questions about a window: the number of entries, the number of accounts or addresses, and if one of them
//! is there.
//!
//! # Bounds
//! Each key may always hold `floor` entries. So a threshold up to the floor is judged on all entries, whatever other
//! keys do. Entries beyond the floor come from one pool. When the pool is used up, the keys with entries from it that
//! were silent longest lose their oldest entries, down to the floor. From then on [`Sum::cut`] says so. No key holds
//! more than [`MOST`] entries. So the total is at most `max_keys` × (`floor` × 48 + 64 bytes) plus the pool. Memory is
//! allocated only for entries, and freed with them.
//!
//! # Cost
//! A key with few entries is walked. A key with many entries, and more than the floor, keeps sums of the windows that
//! end at the newest time ([`Recent::windows`]). In time order, [`push`](Recent::push), [`sum`](Recent::sum) of such a
//! window, and [`has`](Recent::has) up to the newest entry are O(1) amortised. A late entry moves the newer ones. A
//! question about another span, or about one that ends before the newest entry, needs a walk. A success that asks about
//! failures first calls [`reach`](Recent::reach), so that windows end at its own time.
//!
//! Results do not depend on the seed. It only places members in memory, because attackers choose them.

use super::table::Slot;
use crate::hash::Placement;
use crate::time::{Span, Timestamp};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use distinct::Distinct;
use windows::Windows;

mod distinct;
mod members;
mod order;
mod save;
mod windows;

/// The number of members that an entry names, each of another kind.
pub const MEMBERS: usize = 2;
/// The number of spans for which sums are kept.
pub const SPANS: usize = 2;
/// The most entries of one key. A late entry may have to move them, and a question may have to walk them.
pub const MOST: usize = 1 << 14;
/// The bytes of the pool that an entry beyond the floor takes: for the entry, and for its members in the index of its
/// key.
pub const COST: usize = 96;
/// A key with more entries than this, and than the floor, keeps sums.
const MANY: usize = 16;

/// An event of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The time.
    pub time: Timestamp,
    /// The number of attempts: one record may report several.
    pub count: u32,
    /// The kind or the outcome, numbered by the analytic.
    pub kind: u8,
    /// Hashes of an account, an address and so on. 0 means none.
    pub members: [u64; MEMBERS],
}

/// The sum of a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The number of attempts.
    pub count: u32,
    /// The number of different members of each kind, without 0.
    pub distinct: [u32; MEMBERS],
    /// True if entries of the span are missing. All counts are then lower bounds.
    pub cut: bool,
}

/// The entries of one key, oldest first. Entries with equal times are in the order of arrival.
#[derive(Clone, Debug)]
struct Key {
    list: VecDeque<Entry>,
    /// The time up to which entries are missing. [`Timestamp::MIN`] if none are missing.
    cut: Timestamp,
    /// The sums, while the key has many entries.
    windows: Option<Box<Windows>>,
    place: order::Place,
}

impl Key {
    const EMPTY: Self =
        Self { list: VecDeque::new(), cut: Timestamp::MIN, windows: None, place: order::Place::NONE };

    fn newest(&self) -> Option<Timestamp> {
        self.list.back().map(|entry| entry.time)
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.list.pop_front()?;
        if let Some(windows) = &mut self.windows {
            windows.remove_oldest(&entry);
        }
        Some(entry)
    }

    /// Drops the oldest entry before it expires.
    fn lose(&mut self) {
        if let Some(entry) = self.pop() {
            self.cut = self.cut.max(entry.time);
        }
    }

    /// Grows the memory by half, so that little of it is unused.
    fn grow(&mut self) {
        let len = self.list.len();
        if len == self.list.capacity() {
            self.list.reserve_exact((len / 2).max(4));
        }
    }

    /// Frees memory that is no longer needed. Only keys with entries from the pool have sums.
    fn shrink(&mut self, floor: usize) {
        let len = self.list.len();
        if len <= floor.max(MANY / 2) {
            self.windows = None;
        }
        let capacity = self.list.capacity();
        // Half a floor of new entries is needed before this memory is needed again.
        let most = if len <= floor { floor + floor / 2 } else { usize::MAX };
        if capacity > MANY && (capacity > 4 * len || capacity > most) {
            self.list.shrink_to((2 * len).min(most));
        }
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Recent {
    keep: Span,
    floor: usize,
    most: usize,
    spans: [Span; SPANS],
    placement: Placement,
    slots: Vec<Key>,
    order: order::Order,
}

impl Recent {
    /// Keeps entries for `keep`. A key may always hold `floor` entries. Entries beyond it take at most `pool_bytes`,
    /// with [`COST`] bytes each.
    #[must_use]
    pub fn new(keep: Span, floor: usize, pool_bytes: usize) -> Self {
        Self {
            keep,
            floor: floor.clamp(1, MOST),
            most: MOST,
            spans: [keep; SPANS],
            placement: Placement::new(0),
            slots: Vec::new(),
            order: order::Order::new(pool_bytes / COST),
        }
    }

    /// Sets the spans with O(1) sums, for windows that end at the newest time. The default is `keep`. `seed` places
    /// members in memory.
    #[must_use]
    pub fn windows(mut self, spans: [Span; SPANS], seed: u64) -> Self {
        self.spans = spans;
        self.placement = Placement::new(seed);
        self
    }

    /// Limits the entries of one key to `most`, or to its floor if that is greater, for analytics that walk them.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most: most.clamp(self.floor, MOST), ..self }
    }

    /// Inserts an entry in time order. `new` comes from [`Table::enter`](super::table::Table::enter): true drops the
    /// entries that the slot held for another key. Entries that are too old relative to the newest are dropped.
    pub fn push(&mut self, slot: Slot, new: bool, entry: Entry) {
        if new {
            self.forget(slot);
        }
        let at = slot.number();
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, || Key::EMPTY);
        }
        self.settle();
        let Self { keep, floor, most, spans, placement, .. } = *self;
        let Some(key) = self.slots.get_mut(at) else { return };
        let before = key.list.len();
        key.grow();
        if key.newest().is_none_or(|newest| newest <= entry.time) {
            key.list.push_back(entry);
        } else {
            let place = key.list.partition_point(|held| held.time <= entry.time);
            key.list.insert(place, entry);
        }
        let newest = key.newest().unwrap_or(entry.time);
        if let Some(windows) = &mut key.windows {
            windows.insert(&entry);
            windows.reach(&key.list, newest, spans);
        } else if key.list.len() > floor.max(MANY / 2) + MANY / 2 {
            key.windows = Some(Box::new(Windows::new(&key.list, spans, placement)));
        }
        let reach = newest.minus(keep);
        while key.list.front().is_some_and(|first| first.time < reach) {
            key.pop();
        }
        while key.list.len() > most {
            key.lose();
        }
        key.shrink(floor);
        self.account(at, before.saturating_sub(floor), true);
        self.trim();
    }

    /// Drops the entries of a slot that belongs to another key now.
    pub fn forget(&mut self, slot: Slot) {
        let at = slot.number();
        if self.slots.get(at).is_some_and(|key| !key.list.is_empty() || key.cut > Timestamp::MIN) {
            self.settle();
            let before = self.beyond(at);
            if let Some(key) = self.slots.get_mut(at) {
                (key.list, key.windows, key.cut) = (VecDeque::new(), None, Timestamp::MIN);
            }
            self.account(at, before, false);
        }
    }

    /// Moves the windows of a key to `to` without an entry, so that sums that end there are O(1). Changes no answer.
    pub fn reach(&mut self, slot: Slot, to: Timestamp) {
        if let Some(key) = self.slots.get_mut(slot.number())
            && let Some(windows) = &mut key.windows
        {
            windows.reach(&key.list, to, self.spans);
        }
    }

    /// The sum of the entries in [from, to].
    #[must_use]
    pub fn sum(&self, slot: Slot, from: Timestamp, to: Timestamp) -> Sum {
        if let Some(key) = self.slots.get(slot.number())
            && let Some(windows) = &key.windows
            && key.newest().is_some_and(|newest| from <= newest && newest <= to)
            && let Some(sum) = windows.sum(&key.list, from)
        {
            return Sum { cut: self.is_cut(slot, from), ..sum };
        }
        self.sum_where(slot, from, to, |_| true)
    }

    /// The sum of the entries in [from, to] that pass `test`. O(n) in the entries of the span.
    #[must_use]
    pub fn sum_where(
        &self,
        slot: Slot,
        from: Timestamp,
        to: Timestamp,
        test: impl Fn(&Entry) -> bool,
    ) -> Sum {
        let mut sum = Sum { cut: self.is_cut(slot, from), ..Sum::default() };
        let mut distinct = Distinct::of_each_kind(self.placement);
        for entry in self.entries(slot, from, to).filter(|entry| test(entry)) {
            sum.count = sum.count.saturating_add(entry.count);
            for (distinct, member) in distinct.iter_mut().zip(entry.members) {
                distinct.add(member);
            }
        }
        sum.distinct = distinct.map(|distinct| distinct.len() as u32);
        sum
    }

    /// The entries in [from, to], oldest first.
    pub fn entries(
        &self,
        slot: Slot,
        from: Timestamp,
        to: Timestamp,
    ) -> impl DoubleEndedIterator<Item = &Entry> {
        let list = self.slots.get(slot.number()).map(|key| &key.list);
        let start = list.map_or(0, |list| list.partition_point(|entry| entry.time < from));
        let end = list.map_or(0, |list| list.partition_point(|entry| entry.time <= to)).max(start);
        list.into_iter().flat_map(move |list| list.range(start..end))
    }

    /// The newest entry in [from, to] whose member number `kind` is `member`.
    #[must_use]
    pub fn newest_of(
        &self,
        slot: Slot,
        kind: usize,
        member: u64,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Entry> {
        let mut to = to;
        if let Some(windows) = self.slots.get(slot.number()).and_then(|key| key.windows.as_ref())
            && member != 0
        {
            // The index knows the newest entry of a member. A walk is only needed if that entry is after `to`.
            let newest = windows.newest_of(kind, member).filter(|newest| *newest >= from)?;
            to = to.min(newest);
        }
        self.entries(slot, from, to).rev().find(|entry| entry.members.get(kind) == Some(&member)).copied()
    }

    /// True if an entry in [from, to] has `member` as its member number `kind`.
    #[must_use]
    pub fn has(&self, slot: Slot, kind: usize, member: u64, from: Timestamp, to: Timestamp) -> bool {
        if let Some(windows) = self.slots.get(slot.number()).and_then(|key| key.windows.as_ref())
            && member != 0
        {
            match windows.newest_of(kind, member) {
                Some(newest) if newest > to => {}
                newest => return newest.is_some_and(|newest| newest >= from),
            }
        }
        self.newest_of(slot, kind, member, from, to).is_some()
    }

    /// Offers the entries in [from, to] to `change`, oldest first, until `change` returns true because it changed one.
    /// `change` must not change times. Returns true if an entry was changed. O(n).
    pub fn change(
        &mut self,
        slot: Slot,
        from: Timestamp,
        to: Timestamp,
        mut change: impl FnMut(&mut Entry) -> bool,
    ) -> bool {
        let Some(key) = self.slots.get_mut(slot.number()) else { return false };
        let start = key.list.partition_point(|entry| entry.time < from);
        for entry in key.list.range_mut(start..).take_while(|entry| entry.time <= to) {
            let before = *entry;
            let changed = change(entry);
            entry.time = before.time;
            if changed {
                if key.windows.is_some() && (before.count, before.members) != (entry.count, entry.members) {
                    key.windows = Some(Box::new(Windows::new(&key.list, self.spans, self.placement)));
                }
                return true;
            }
        }
        false
    }

    /// Keeps only the entries that pass `test`. Returns true if any are left. O(n).
    pub fn retain(&mut self, slot: Slot, test: impl Fn(&Entry) -> bool) -> bool {
        let at = slot.number();
        self.settle();
        let (before, floor) = (self.beyond(at), self.floor);
        let Some(key) = self.slots.get_mut(at) else { return false };
        let held = key.list.len();
        key.list.retain(|entry| test(entry));
        if key.windows.is_some() && key.list.len() < held {
            key.windows = Some(Box::new(Windows::new(&key.list, self.spans, self.placement)));
        }
        key.shrink(floor);
        let left = !key.list.is_empty();
        self.account(at, before, false);
        left
    }

    /// True if entries of a key at `from` or later are missing.
    fn is_cut(&self, slot: Slot, from: Timestamp) -> bool {
        self.slots.get(slot.number()).is_some_and(|key| key.cut > Timestamp::MIN && key.cut >= from)
    }

    /// The approximate bytes in use. O(n) in the keys.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let held = self.slots.iter().map(|key| {
            key.list.capacity() * size_of::<Entry>()
                + key.windows.as_ref().map_or(0, |windows| windows.bytes())
        });
        self.slots.capacity() * size_of::<Key>() + held.sum::<usize>()
    }
}

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;
