//! The members in the windows of one key: a hash table with linear probing and without tombstones.

use super::{MEMBERS, SPANS};
use crate::hash::Placement;
use crate::time::Timestamp;
use alloc::vec;
use alloc::vec::Vec;

/// A member, and the number of entries that name it. 0 entries mean an empty place.
#[derive(Clone, Copy, Debug, Default)]
struct Member {
    hash: u64,
    newest: Timestamp,
    entries: u16,
    within: [u16; SPANS],
}

/// The members of one kind in the entries of a key, and the number of different ones in each window.
#[derive(Clone, Debug)]
pub(super) struct Members {
    placement: Placement,
    /// A power of two of places, or none. At most three quarters are used.
    places: Vec<Member>,
    len: usize,
    distinct: [u32; SPANS],
}

impl Members {
    /// An empty table for each kind.
    pub(super) fn of_each_kind(placement: Placement) -> [Self; MEMBERS] {
        core::array::from_fn(|_| Self { placement, places: Vec::new(), len: 0, distinct: [0; SPANS] })
    }

    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Member>()
    }

    /// The number of different members in a window.
    pub(super) fn distinct(&self, window: usize) -> u32 {
        self.distinct.get(window).copied().unwrap_or_default()
    }

    /// The time of the newest entry that names a member.
    pub(super) fn newest(&self, hash: u64) -> Option<Timestamp> {
        let (_, found) = self.probe(hash)?;
        (found.entries > 0).then_some(found.newest)
    }

    /// Counts an entry with this member, which has entered these windows. 0 is no member.
    pub(super) fn add(&mut self, hash: u64, time: Timestamp, into: [bool; SPANS]) {
        if hash == 0 {
            return;
        }
        if (self.len + 1) * 4 > self.places.len() * 3 {
            self.resize((self.places.len() * 2).max(8));
        }
        let Some((at, mut member)) = self.probe(hash) else { return };
        if member.entries == 0 {
            member = Member { hash, newest: time, ..Member::default() };
            self.len += 1;
        }
        member.entries = member.entries.saturating_add(1);
        member.newest = member.newest.max(time);
        for ((within, distinct), into) in member.within.iter_mut().zip(&mut self.distinct).zip(into) {
            *distinct += u32::from(into && *within == 0);
            *within = within.saturating_add(u16::from(into));
        }
        self.set(at, member);
    }

    /// Counts that an entry with this member has left a window.
    pub(super) fn leave(&mut self, hash: u64, window: usize) {
        let Some((at, mut member)) = self.probe(hash).filter(|(_, found)| found.entries > 0) else { return };
        if let (Some(within), Some(distinct)) = (member.within.get_mut(window), self.distinct.get_mut(window))
        {
            *distinct = distinct.saturating_sub(u32::from(*within == 1));
            *within = within.saturating_sub(1);
        }
        self.set(at, member);
    }

    /// Counts that the oldest entry with this member is gone. It has left all windows before.
    pub(super) fn remove(&mut self, hash: u64) {
        let Some((at, mut member)) = self.probe(hash).filter(|(_, found)| found.entries > 0) else { return };
        member.entries -= 1;
        self.set(at, member);
        if member.entries == 0 {
            self.len -= 1;
            self.close(at);
            if self.places.len() > 32 && self.len * 8 < self.places.len() {
                self.resize(self.places.len() / 2);
            }
        }
    }

    /// The place of a member, or the empty place for it. `None` if there are no places, and for 0.
    fn probe(&self, hash: u64) -> Option<(usize, Member)> {
        let mask = self.places.len().checked_sub(1).filter(|_| hash != 0)?;
        let mut at = self.home(hash);
        loop {
            let found = *self.places.get(at)?;
            if found.entries == 0 || found.hash == hash {
                return Some((at, found));
            }
            at = (at + 1) & mask;
        }
    }

    /// Moves the members after an empty place closer to their homes.
    fn close(&mut self, mut empty: usize) {
        let Some(mask) = self.places.len().checked_sub(1) else { return };
        let mut at = empty;
        loop {
            at = (at + 1) & mask;
            let Some(member) = self.places.get(at).copied().filter(|member| member.entries > 0) else {
                break;
            };
            let from_home = at.wrapping_sub(self.home(member.hash)) & mask;
            if from_home >= at.wrapping_sub(empty) & mask {
                self.set(empty, member);
                self.set(at, Member::default());
                empty = at;
            }
        }
        self.set(empty, Member::default());
    }

    fn resize(&mut self, places: usize) {
        for member in core::mem::replace(&mut self.places, vec![Member::default(); places]) {
            if member.entries > 0
                && let Some((at, _)) = self.probe(member.hash)
            {
                self.set(at, member);
            }
        }
    }

    fn home(&self, hash: u64) -> usize {
        self.placement.of_half(hash) as usize & self.places.len().wrapping_sub(1)
    }

    fn set(&mut self, at: usize, member: Member) {
        if let Some(place) = self.places.get_mut(at) {
            *place = member;
        }
    }
}
