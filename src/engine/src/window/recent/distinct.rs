//! How many different members a list names, for a walk that counts them once.

use super::MEMBERS;
use crate::hash::Placement;
use alloc::vec;
use alloc::vec::Vec;

/// So many are told apart by looking at each: faster than by hash up to there.
const FEW: usize = 8;

/// The members of one kind met so far.
#[derive(Debug)]
pub(super) struct Distinct {
    few: [u64; FEW],
    /// By hash, with linear probing: a power of two of places, at most half of them in use. 0 is an empty one.
    many: Vec<u64>,
    len: usize,
    placement: Placement,
}

impl Distinct {
    /// None yet, of each kind.
    pub(super) fn of_each_kind(placement: Placement) -> [Self; MEMBERS] {
        core::array::from_fn(|_| Self { few: [0; FEW], many: Vec::new(), len: 0, placement })
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds one; nobody is none. `left` is how many may follow.
    #[inline]
    pub(super) fn add(&mut self, member: u64, left: usize) {
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
            self.many = vec![0; ((FEW + 1 + left) * 2).next_power_of_two()];
            let few = self.few;
            self.len = 0;
            few.iter().for_each(|seen| self.place(*seen));
        }
        self.place(member);
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
