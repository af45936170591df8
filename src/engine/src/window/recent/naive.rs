//! Implements [`Recent`](super::Recent) literally, for tests: keeps lists, and walks all of them for each question.

use super::{Entry, MEMBERS, MOST, Sum};
use crate::time::{Span, Timestamp};
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

#[derive(Clone, Default)]
pub(super) struct Key {
    pub list: Vec<Entry>,
    pub cut: Option<Timestamp>,
    /// The number of the last push after which the key held more than the floor.
    drew: usize,
}

pub(super) struct Naive {
    keep: Span,
    floor: usize,
    room: usize,
    pub keys: Vec<Key>,
    pushes: usize,
}

impl Naive {
    pub(super) fn new(keep: Span, floor: usize, room: usize, keys: usize) -> Self {
        Self { keep, floor, room, keys: vec![Key::default(); keys], pushes: 0 }
    }

    pub(super) fn push(&mut self, at: usize, new: bool, entry: Entry) {
        self.pushes += 1;
        let key = &mut self.keys[at];
        if new {
            *key = Key::default();
        }
        let place = key.list.iter().take_while(|held| held.time <= entry.time).count();
        key.list.insert(place, entry);
        let newest = key.list.last().unwrap().time;
        key.list.retain(|held| held.time >= newest.minus(self.keep));
        while key.list.len() > MOST {
            key.cut = key.cut.max(Some(key.list.remove(0).time));
        }
        key.drew = self.pushes;
        let beyond = |key: &Key| key.list.len().saturating_sub(self.floor);
        while self.keys.iter().map(beyond).sum::<usize>() > self.room {
            let oldest =
                self.keys.iter_mut().filter(|key| beyond(key) > 0).min_by_key(|key| key.drew).unwrap();
            oldest.cut = oldest.cut.max(Some(oldest.list.remove(0).time));
        }
    }

    pub(super) fn entries(&self, at: usize, from: Timestamp, to: Timestamp) -> Vec<Entry> {
        self.keys[at].list.iter().filter(|entry| from <= entry.time && entry.time <= to).copied().collect()
    }

    pub(super) fn sum(
        &self,
        at: usize,
        from: Timestamp,
        to: Timestamp,
        test: impl Fn(&Entry) -> bool,
    ) -> Sum {
        let entries: Vec<Entry> =
            self.entries(at, from, to).into_iter().filter(|entry| test(entry)).collect();
        let distinct = |kind: usize| {
            let members: BTreeSet<u64> = entries.iter().map(|entry| entry.members[kind]).collect();
            members.iter().filter(|member| **member != 0).count() as u32
        };
        Sum {
            count: entries.iter().map(|entry| entry.count).fold(0, u32::saturating_add),
            distinct: core::array::from_fn::<u32, MEMBERS, _>(distinct),
            cut: self.keys[at].cut.is_some_and(|cut| cut >= from),
        }
    }
}
