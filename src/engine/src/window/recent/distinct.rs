//! Counts the different members during a walk.

use super::MEMBERS;
use crate::hash::Placement;
use alloc::vec;
use alloc::vec::Vec;

/// Up to this many members are compared one by one, which is faster than by hash.
const FEW: usize = 8;

/// The different members of one kind so far.
#[derive(Debug)]
pub(super) struct Distinct {
    few: [u64; FEW],
    /// A hash table with linear probing. Its size is a power of two, at most half of it is used, and 0 is an empty
    /// place.
    many: Vec<u64>,
    len: usize,
    placement: Placement,
}

impl Distinct {
    /// An empty counter for each kind.
    pub(super) fn of_each_kind(placement: Placement) -> [Self; MEMBERS] {
        core::array::from_fn(|_| Self { few: [0; FEW], many: Vec::new(), len: 0, placement })
    }

    /// The number of different members.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds a member. 0 is not counted. O(1) amortised.
    #[inline]
    pub(super) fn add(&mut self, member: u64) {
        if member == 0 {
            return;
        }
        if self.many.is_empty() {
            if self.few.iter().take(self.len).any(|seen| *seen == member) {
                return;
            }
            if let Some(place) = self.few.get_mut(self.len) {
                *place = member;
                self.len += 1;
                return;
            }
        }
        if (self.len + 1) * 2 > self.many.len() {
            self.grow();
        }
        self.place(member);
    }

    fn grow(&mut self) {
        let wider = vec![0; (self.many.len() * 2).max(FEW * 4)];
        let before = core::mem::replace(&mut self.many, wider);
        let few = if before.is_empty() { self.few } else { [0; FEW] };
        self.len = 0;
        few.into_iter().chain(before).filter(|member| *member != 0).for_each(|member| self.place(member));
    }

    fn place(&mut self, member: u64) {
        let mask = self.many.len().wrapping_sub(1);
        let mut at = self.placement.of_half(member) as usize & mask;
        while let Some(place) = self.many.get_mut(at).filter(|held| **held != member) {
            if *place == 0 {
                *place = member;
                self.len += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }
}
