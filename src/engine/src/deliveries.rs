//! Counts an event once even if it is delivered twice, by the provider's own event ids.
//!
//! Pipelines deliver at least once: an agent that restarts, a queue that times out or an overlapping export brings
//! events again. Ids are kept for the longest window of the analytic, up to a maximum number. Beyond it, the oldest
//! id by arrival is forgotten.

use crate::hash::{Fingerprint, Placement};
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use alloc::collections::VecDeque;
use hashbrown::HashTable;

/// The number of ids that are kept at any age. In a feed that runs backwards, all events but the first are old.
const LEAST: usize = 4096;

/// The ids of events seen so far; see the [module](self). O(1) amortised per event.
#[derive(Clone, Debug)]
pub struct Deliveries {
    most: usize,
    keep: Span,
    placement: Placement,
    /// Ids in the order of arrival.
    ids: VecDeque<(Fingerprint, Timestamp)>,
    /// The number of forgotten ids, which is the number of the first id in `ids`.
    first: u64,
    /// Finds the number of an id.
    index: HashTable<u64>,
}

impl Deliveries {
    /// An empty list. Ids are kept for `keep`, at most `most` of them.
    #[must_use]
    pub const fn new(keep: Span, most: usize, seed: u64) -> Self {
        let placement = Placement::new(seed);
        Self { most, keep, placement, ids: VecDeque::new(), first: 0, index: HashTable::new() }
    }

    /// True if an event with this id comes for the first time. `now` is the newest event time.
    pub fn is_new(&mut self, id: u128, time: Timestamp, now: Timestamp) -> bool {
        let id = Fingerprint(id);
        let hash = self.placement.of(id);
        let number = |ids: &VecDeque<(Fingerprint, Timestamp)>, first: u64, at: u64| {
            usize::try_from(at.wrapping_sub(first)).ok().and_then(|at| ids.get(at)).map(|(id, _)| *id)
        };
        if self.index.find(hash, |at| number(&self.ids, self.first, *at) == Some(id)).is_some() {
            return false;
        }
        while let Some((old, since)) = self.ids.front().copied()
            && (self.ids.len() >= self.most.max(1) || self.ids.len() >= LEAST && since.plus(self.keep) < now)
        {
            let first = self.first;
            if let Ok(entry) = self.index.find_entry(self.placement.of(old), |at| *at == first) {
                entry.remove();
            }
            self.ids.pop_front();
            self.first = first.wrapping_add(1);
        }
        let Self { ids, first, index, placement, .. } = self;
        index.insert_unique(hash, first.wrapping_add(ids.len() as u64), |at| {
            number(ids, *first, *at).map_or(0, |id| placement.of(id))
        });
        ids.push_back((id, time));
        true
    }

    /// The bytes of memory in use.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.ids.capacity() * size_of::<(Fingerprint, Timestamp)>() + self.index.allocation_size()
    }

    /// Writes the ids in the order of arrival.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.ids.len());
        for (id, time) in &self.ids {
            out.raw(&id.to_bytes());
            out.i64(time.0);
        }
    }

    /// Reads the bytes of [`save`](Self::save) into an empty list. If there are more ids than it may hold, the newest
    /// stay.
    ///
    /// # Errors
    /// Fails if `save` did not write these bytes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<()> {
        for _ in 0..input.count(24)? {
            let id = Fingerprint::from_bytes(input.array()?);
            let time = Timestamp(input.i64()?);
            if !self.is_new(id.0, time, Timestamp::MIN) {
                return Err(SnapshotError::Invalid("an id of a delivery is there twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn deliveries(most: usize) -> Deliveries {
        Deliveries::new(Span(10), most, 7)
    }

    #[test]
    fn an_id_is_new_once() {
        let mut it = deliveries(9);
        assert!(it.is_new(1, Timestamp(0), Timestamp(0)) && it.is_new(2, Timestamp(0), Timestamp(0)));
        assert!(!it.is_new(1, Timestamp(5), Timestamp(5)));
    }

    #[test]
    fn of_too_many_the_first_is_forgotten() {
        let mut it = deliveries(3);
        for id in 0..4 {
            assert!(it.is_new(id, Timestamp(0), Timestamp(0)));
        }
        assert!((1..4).all(|id| !it.is_new(id, Timestamp(0), Timestamp(0))));
        assert!(it.is_new(0, Timestamp(0), Timestamp(0)), "forgotten");
    }

    #[test]
    fn what_is_older_than_the_window_goes_where_there_are_many() {
        let mut it = deliveries(1 << 20);
        let all = 3 * LEAST as u128;
        for id in 0..all {
            assert!(it.is_new(id, Timestamp(id as i64), Timestamp(id as i64)));
        }
        assert_eq!(it.ids.len(), LEAST);
        assert_eq!(it.index.len(), LEAST);
        assert!(!it.is_new(all - 1, Timestamp(0), Timestamp(0)) && it.is_new(0, Timestamp(0), Timestamp(0)));
    }

    #[test]
    fn they_survive_a_snapshot_and_a_smaller_bound() {
        let mut it = deliveries(100);
        for id in 0..50 {
            it.is_new(id * 3, Timestamp(id as i64), Timestamp(0));
        }
        let mut out = Writer::loose();
        it.save(&mut out);
        let bytes = out.finish();
        let load = |most| {
            let mut back = Deliveries::new(Span(10), most, 99);
            back.load(&mut Reader::loose(&bytes).unwrap()).unwrap();
            back
        };
        assert!(load(100).ids.iter().eq(&it.ids));
        let few: Vec<_> = load(20).ids.into_iter().collect();
        assert!(few.iter().eq(it.ids.range(30..)));
    }
}
