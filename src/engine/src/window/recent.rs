//! What happened lately to each key of a table: entries in time order, and how many of whom a span of them holds.
//!
//! A [`Recent`] stands beside a [`Table`](super::table::Table) and keeps, for each slot, the key's entries of the last
//! `keep`. It answers what analytics ask of a window: how often, how many different accounts or addresses, whether
//! this one was among them.
//!
//! Memory is bounded twice. Each key may always hold `floor` entries, so that thresholds up to it are judged on all
//! there is, whatever others do. What keys hold beyond comes from one pool: when it is used up, the keys that drew on
//! it and were silent longest lose their oldest entries, down to the floor, and [`Sum::cut`] says so from then on.

use super::table::Slot;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// How many kinds of members an entry names.
pub const MEMBERS: usize = 2;
/// Entries of one key, at most: what it would take to slow a walk down.
pub const MOST: usize = 4096;

/// Something that happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// How often: one record may speak of several attempts.
    pub count: u32,
    /// What kind of thing, or what became of it: the analytic numbers them.
    pub kind: u8,
    /// Whom it was about, as hashes: an account, an address. 0: nobody.
    pub members: [u64; MEMBERS],
}

/// What a span of time holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How often.
    pub count: u32,
    /// How many different members of each kind. Nobody is not counted.
    pub distinct: [u32; MEMBERS],
    /// Entries of the span are missing, so that all of this are lower bounds.
    pub cut: bool,
}

/// The entries of one key, oldest first; of equal times, in the order they came.
#[derive(Clone, Debug, Default)]
struct Entries {
    list: VecDeque<Entry>,
    /// Up to when entries are missing.
    cut: Option<Timestamp>,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Recent {
    keep: Span,
    floor: usize,
    slots: Vec<Entries>,
}

impl Recent {
    /// For keys of which nothing older than `keep` is asked. `floor` is how many entries a key may always hold.
    #[must_use]
    pub fn new(keep: Span, floor: usize, _pool_bytes: usize) -> Self {
        Self { keep, floor: floor.clamp(1, MOST), slots: Vec::new() }
    }

    /// Takes an entry in, at its place in time. `new` is what [`Table::enter`](super::table::Table::enter) said: what a
    /// slot held for another key is forgotten. Entries of the key that are out of reach from its newest are dropped.
    pub fn push(&mut self, slot: Slot, new: bool, entry: Entry) {
        let at = slot.number();
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, Entries::default);
        }
        let keep = self.keep;
        let Some(entries) = self.slots.get_mut(at) else { return };
        if new {
            *entries = Entries::default();
        }
        let place = entries.list.partition_point(|held| held.time <= entry.time);
        entries.list.insert(place, entry);
        let newest = entries.list.back().map_or(entry.time, |newest| newest.time);
        while entries.list.front().is_some_and(|first| first.time < newest.minus(keep)) {
            entries.list.pop_front();
        }
        while entries.list.len() > self.floor.max(MOST) {
            entries.cut = entries.list.pop_front().map(|entry| entry.time).max(entries.cut);
        }
    }

    /// What lies in [from, to].
    #[must_use]
    pub fn sum(&self, slot: Slot, from: Timestamp, to: Timestamp) -> Sum {
        self.sum_where(slot, from, to, |_| true)
    }

    /// The same of the entries for which `test` holds.
    #[must_use]
    pub fn sum_where(
        &self,
        slot: Slot,
        from: Timestamp,
        to: Timestamp,
        test: impl Fn(&Entry) -> bool,
    ) -> Sum {
        let mut sum = Sum { cut: self.cut(slot).is_some_and(|cut| cut >= from), ..Sum::default() };
        let mut seen: [Vec<u64>; MEMBERS] = Default::default();
        for entry in self.entries(slot, from, to).filter(|entry| test(entry)) {
            sum.count = sum.count.saturating_add(entry.count);
            for (seen, member) in seen.iter_mut().zip(entry.members) {
                if member != 0 && !seen.contains(&member) {
                    seen.push(member);
                }
            }
        }
        for (distinct, seen) in sum.distinct.iter_mut().zip(seen) {
            *distinct = seen.len() as u32;
        }
        sum
    }

    /// The entries in [from, to], oldest first.
    pub fn entries(
        &self,
        slot: Slot,
        from: Timestamp,
        to: Timestamp,
    ) -> impl DoubleEndedIterator<Item = &Entry> {
        let list = self.slots.get(slot.number()).map(|entries| &entries.list);
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
        self.entries(slot, from, to).rev().find(|entry| entry.members.get(kind) == Some(&member)).copied()
    }

    /// Changes the first entry in [from, to], oldest first, for which `change` says that it did. Times stay as they
    /// are. Whether there was one.
    pub fn change(
        &mut self,
        slot: Slot,
        from: Timestamp,
        to: Timestamp,
        mut change: impl FnMut(&mut Entry) -> bool,
    ) -> bool {
        let Some(entries) = self.slots.get_mut(slot.number()) else { return false };
        entries.list.iter_mut().filter(|entry| (from..=to).contains(&entry.time)).any(|entry| {
            let time = entry.time;
            let changed = change(entry);
            entry.time = time;
            changed
        })
    }

    /// Keeps the entries for which `test` holds. Whether any are left.
    pub fn retain(&mut self, slot: Slot, test: impl Fn(&Entry) -> bool) -> bool {
        let Some(entries) = self.slots.get_mut(slot.number()) else { return false };
        entries.list.retain(|entry| test(entry));
        !entries.list.is_empty()
    }

    /// Up to when entries of a key are missing.
    fn cut(&self, slot: Slot) -> Option<Timestamp> {
        self.slots.get(slot.number())?.cut
    }

    /// The bytes it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let held: usize = self.slots.iter().map(|entries| entries.list.capacity()).sum();
        self.slots.capacity() * size_of::<Entries>() + held * size_of::<Entry>()
    }

    /// Writes the entries of a key: to be called for each key that the table wrote, in the same order.
    pub fn save(&self, slot: Slot, out: &mut Writer) {
        let none = Entries::default();
        let entries = self.slots.get(slot.number()).unwrap_or(&none);
        out.i64(entries.cut.unwrap_or(Timestamp::MIN).0);
        out.count(entries.list.len());
        for entry in &entries.list {
            out.i64(entry.time.0);
            out.varint(entry.count.into());
            out.u8(entry.kind);
            for member in entry.members {
                out.raw(&member.to_le_bytes());
            }
        }
    }

    /// Reads the entries of a key, for the slot that holds it now; `None` where the table dropped it.
    ///
    /// # Errors
    /// Where the snapshot makes no sense.
    pub fn load(&mut self, slot: Option<Slot>, input: &mut Reader<'_>) -> Result<()> {
        const WRONG: SnapshotError = SnapshotError::Invalid("what happened lately to a key");
        let cut = Some(Timestamp(input.i64()?)).filter(|cut| *cut > Timestamp::MIN);
        let count = input.count(10 + 8 * MEMBERS)?;
        let mut last = Timestamp::MIN;
        for n in 0..count {
            let mut entry = Entry { time: Timestamp(input.i64()?), ..Entry::default() };
            entry.count = u32::try_from(input.varint()?).map_err(|_| WRONG)?;
            entry.kind = input.u8()?;
            for member in &mut entry.members {
                *member = u64::from_le_bytes(input.array()?);
            }
            if entry.time < last || count > MOST {
                return Err(WRONG);
            }
            last = entry.time;
            if let Some(slot) = slot {
                self.push(slot, n == 0, entry);
            }
        }
        if let Some(slot) = slot
            && let Some(entries) = self.slots.get_mut(slot.number())
        {
            entries.cut = cut;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
