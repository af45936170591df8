//! The sums of a key with many entries, updated as entries come and go.

use super::members::Members;
use super::{Entry, MEMBERS, SPANS, Sum};
use crate::hash::Placement;
use crate::time::{Span, Timestamp};
use alloc::collections::VecDeque;

/// For each span, the window that ends at the newest time: its entries, attempts and members.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    /// The start of each window.
    from: [Timestamp; SPANS],
    /// The position of the first entry of each window.
    start: [usize; SPANS],
    count: [u64; SPANS],
    members: [Members; MEMBERS],
}

impl Windows {
    /// The windows that end at the newest entry of `list`. O(n).
    pub(super) fn new(list: &VecDeque<Entry>, spans: [Span; SPANS], placement: Placement) -> Self {
        let newest = list.back().map_or(Timestamp::MIN, |entry| entry.time);
        let mut windows = Self {
            from: spans.map(|span| newest.minus(span)),
            start: [0; SPANS],
            count: [0; SPANS],
            members: Members::of_each_kind(placement),
        };
        for entry in list {
            windows.insert(entry);
        }
        windows
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.members.iter().map(Members::bytes).sum::<usize>()
    }

    /// Adds an entry at its place in time.
    pub(super) fn insert(&mut self, entry: &Entry) {
        let into = self.from.map(|from| entry.time >= from);
        for ((start, count), into) in self.start.iter_mut().zip(&mut self.count).zip(into) {
            if into {
                *count += u64::from(entry.count);
            } else {
                *start += 1;
            }
        }
        for (members, member) in self.members.iter_mut().zip(entry.members) {
            members.add(member, entry.time, into);
        }
    }

    /// Moves the ends of the windows to `to`. The ends never move back.
    pub(super) fn reach(&mut self, list: &VecDeque<Entry>, to: Timestamp, spans: [Span; SPANS]) {
        for (window, span) in spans.into_iter().enumerate() {
            let (Some(from), Some(start)) = (self.from.get_mut(window), self.start.get_mut(window)) else {
                return;
            };
            *from = to.minus(span).max(*from);
            let (from, first) = (*from, *start);
            for entry in list.range(first.min(list.len())..).take_while(|entry| entry.time < from) {
                if let Some(start) = self.start.get_mut(window) {
                    *start += 1;
                }
                self.leave(window, entry);
            }
        }
    }

    /// Removes the oldest entry.
    pub(super) fn remove_oldest(&mut self, entry: &Entry) {
        for window in 0..SPANS {
            match self.start.get_mut(window) {
                Some(0) => self.leave(window, entry),
                Some(start) => *start -= 1,
                None => {}
            }
        }
        for (members, member) in self.members.iter_mut().zip(entry.members) {
            members.remove(member);
        }
    }

    fn leave(&mut self, window: usize, entry: &Entry) {
        if let Some(count) = self.count.get_mut(window) {
            *count = count.saturating_sub(entry.count.into());
        }
        for (members, member) in self.members.iter_mut().zip(entry.members) {
            members.leave(member, window);
        }
    }

    /// The sum from `from` to the newest time, if `from` is the start of a window. O(1).
    pub(super) fn sum(&self, list: &VecDeque<Entry>, from: Timestamp) -> Option<Sum> {
        let holds = |start: usize| {
            list.get(start).is_none_or(|first| first.time >= from)
                && start
                    .checked_sub(1)
                    .and_then(|before| list.get(before))
                    .is_none_or(|last| last.time < from)
        };
        let window = self.start.iter().position(|start| holds(*start))?;
        let mut sum = Sum {
            count: self.count.get(window).map_or(0, |count| u32::try_from(*count).unwrap_or(u32::MAX)),
            ..Sum::default()
        };
        for (distinct, members) in sum.distinct.iter_mut().zip(&self.members) {
            *distinct = members.distinct(window);
        }
        Some(sum)
    }

    /// The time of the newest entry whose member number `kind` is `member`.
    pub(super) fn newest_of(&self, kind: usize, member: u64) -> Option<Timestamp> {
        self.members.get(kind)?.newest(member)
    }
}
