//! Rule R: many failures, then a success. A key takes a fixed number of bytes.
//!
//! A success at s raises an alert if and only if a failure f qualifies. It qualifies if f ≤ s ≤ f + success_within, and
//! at least m failures are in [f − window, f]. `naive` implements the rule literally. This module gives the same
//! answers from the slot of a [`Table`](super::table::Table), which holds:
//!
//! - the times of the newest [`Layout::held`] failures: the greatest threshold plus [`SLACK`];
//! - for each threshold, the last interval in which the key was *armed* without a gap. It ends at the newest failure
//!   that completed a count. It begins at the earliest such failure that is reached from there in steps of at most
//!   success_within. Only *settled* failures form it, those that have had [`SLACK`] newer ones. The others may still be
//!   taken back, so they are judged when a success asks;
//! - the time of the newest success with an alert. It consumed the failures up to it.
//!
//! In time order the answers are exactly those of the rule. A late failure is kept only if it fits among the held
//! times. A late success is judged on the held times before it and on the armed interval, so newer failures cannot hide
//! it. Apart from consumption, the rule on the sorted stream gives each of these answers too: a dropped failure can
//! only be missing from a count.
//!
//! A time takes six bytes: its remainder modulo 2⁴⁸ − 1 µs, relative to the newest event of the key. A time that is
//! more than 4 years older is forgotten. This bounds `window` and `success_within`.

use super::table::Content;
use crate::time::Timestamp;

mod layout;
pub use layout::{Layout, MOST_THRESHOLD};

/// The number of newest failures that may be taken back without loss.
pub const SLACK: usize = 4;
/// The bytes of a time.
const TIME: usize = 6;
const MODULUS: u64 = (1 << 48) - 1;
/// The greatest age of a time relative to the newest event: half of the modulus.
const MAX_AGE: u64 = 1 << 47;

/// The failures of one key. Zeroed data mean a key that never failed. Each call is O([`Layout::held`]) unless it says
/// otherwise.
#[derive(Debug)]
pub struct Failures<'a> {
    layout: &'a Layout,
    content: Content<'a>,
    /// The time of the newest event modulo [`MODULUS`]. Ages are relative to it.
    base: u64,
}

impl<'a> Failures<'a> {
    /// The failures in a slot, which needs at least [`Layout::bytes`] bytes.
    #[must_use]
    pub const fn new(layout: &'a Layout, content: Content<'a>) -> Self {
        let base = modulo(content.newest());
        Self { layout, content, base }
    }

    /// Adds `count` failures at `t`. Returns true if they are late: older than the newest of the key.
    pub fn push(&mut self, t: Timestamp, count: u32) -> bool {
        let newest = self.time(0);
        let consumed = self.consumed();
        if consumed.is_some_and(|s| t < s) || self.ancient(t) {
            return true;
        }
        let count = (count as usize).min(self.layout.held);
        if newest.is_some_and(|n| t < n) {
            self.insert(t, count);
            return true;
        }
        let unsettled = self.unsettled();
        for k in (0..unsettled).rev() {
            if k + count >= SLACK {
                self.settle(k);
            }
        }
        self.raise(t);
        self.open(0, count);
        for k in 0..count {
            self.write(k, Some(t));
        }
        // All of them have the same time, so settling the newest one is enough.
        if count > SLACK {
            self.settle(SLACK);
        }
        self.set_unsettled((unsettled + count).min(SLACK));
        false
    }

    /// Inserts late failures, if their place is among the held times.
    fn insert(&mut self, t: Timestamp, count: usize) {
        let place = self.times().take_while(|held| *held > t).count();
        let count = count.min(self.layout.held.saturating_sub(place));
        if count == 0 {
            return;
        }
        self.open(place, count);
        for k in place..place + count {
            self.write(k, Some(t));
        }
        let unsettled = self.unsettled();
        self.set_unsettled(if place < unsettled { (unsettled + count).min(SLACK) } else { unsettled });
        // The late failure may complete the count of any newer one.
        self.settle_all();
    }

    /// The newest failure that qualifies for a success at `s`, by the threshold with this index. `None` also for an
    /// invalid index.
    #[must_use]
    pub fn qualifying(&self, s: Timestamp, threshold: usize) -> Option<Timestamp> {
        let in_order = self.time(0).is_none_or(|newest| newest <= s);
        let asked = if in_order { self.unsettled() } else { self.layout.held };
        let held = self
            .times()
            .take(asked)
            .enumerate()
            .skip_while(|(_, t)| *t > s)
            .take_while(|(_, t)| s <= t.plus(self.layout.success_within))
            .find(|(k, _)| self.judge(*k, threshold))
            .map(|(_, t)| t);
        let settled = self.settled(threshold).filter(|t| *t <= s && s <= t.plus(self.layout.success_within));
        held.max(settled)
    }

    /// True if a success at `s` is in the armed interval of the threshold with this index, or at most success_within
    /// after it. Then a failure qualifies, though it may no longer be held.
    #[must_use]
    pub fn armed(&self, s: Timestamp, threshold: usize) -> bool {
        let within = self.layout.success_within;
        self.interval(threshold).is_some_and(|(from, to)| from <= s && s <= to.plus(within))
    }

    /// Consumes the failures up to `s`, because an alert at `s` was about them.
    pub fn consume(&mut self, s: Timestamp) {
        self.raise(s);
        let keep = self.times().take_while(|t| *t > s).count();
        for k in keep..self.layout.held {
            self.write(k, None);
        }
        self.set_unsettled(self.unsettled().min(keep));
        for threshold in 0..self.layout.thresholds.len() {
            self.disarm(threshold);
        }
        self.settle_all();
        if !self.ancient(s) && self.consumed().is_none_or(|before| before < s) {
            self.write(self.consumed_at(), Some(s));
        }
    }

    /// Takes back `count` failures at `t` that were no attempts of their own. This is exact for up to [`SLACK`] of the
    /// newest failures. Beyond that, counts may become too low. Returns how many of the failures were held.
    pub fn retract(&mut self, t: Timestamp, count: u32) -> usize {
        let first = self.times().take_while(|held| *held > t).count();
        let gone = self.times().skip(first).take(count as usize).take_while(|held| *held == t).count();
        if gone == 0 {
            return 0;
        }
        self.close(first, gone);
        let unsettled = self.unsettled();
        let open = unsettled.saturating_sub(first).min(gone);
        self.set_unsettled(unsettled - open);
        if open < gone {
            // The failure was settled. Failures that it may have helped to qualify are judged again without it.
            let mut changed = false;
            for threshold in 0..self.layout.thresholds.len() {
                let window = self.layout.window;
                if self.interval(threshold).is_some_and(|(from, to)| t <= to && from <= t.plus(window)) {
                    self.disarm(threshold);
                    changed = true;
                }
            }
            if changed {
                self.settle_all();
            }
        }
        gone
    }

    /// The newest known failure up to `s` that completes a count by the threshold with this index. A success at `s` may
    /// be too late for it.
    #[must_use]
    pub fn completed(&self, s: Timestamp, threshold: usize) -> Option<Timestamp> {
        let held = self.times().enumerate().skip_while(|(_, t)| *t > s);
        let held = held.filter(|(k, _)| self.judge(*k, threshold)).map(|(_, t)| t).next();
        held.max(self.settled(threshold).filter(|t| *t <= s))
    }

    /// The most held failures up to `s` in any one window. O(held²).
    #[must_use]
    pub fn most_within(&self, s: Timestamp) -> usize {
        let ends = self.times().filter(|t| *t <= s);
        ends.map(|end| self.count_in(end.minus(self.layout.window), end)).max().unwrap_or(0)
    }

    /// The newest held failure.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.time(0)
    }

    /// The oldest held failure.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.times().last()
    }

    /// The newest success that consumed failures.
    #[must_use]
    pub fn consumed(&self) -> Option<Timestamp> {
        self.time(self.consumed_at())
    }

    /// The number of held failures in [from, to].
    #[must_use]
    pub fn count_in(&self, from: Timestamp, to: Timestamp) -> usize {
        self.times().skip_while(|t| *t > to).take_while(|t| *t >= from).count()
    }

    /// The held times, newest first.
    pub fn times(&self) -> impl Iterator<Item = Timestamp> {
        (0..self.layout.held).map_while(|k| self.time(k))
    }

    /// Adds the failures of `old`, for a key that moves to another layout. The new layout judges them again. A
    /// threshold keeps the armed interval of the lowest old threshold that is not below it, unless the window has
    /// shrunk. If success_within has shrunk, it keeps only the end of the interval.
    pub fn adopt(&mut self, old: &Failures<'_>) {
        self.raise(old.content.newest());
        for k in (0..old.layout.held).rev() {
            if let Some(t) = old.time(k) {
                self.push(t, 1);
            }
        }
        if let Some(s) = old.consumed() {
            self.write(self.consumed_at(), Some(s));
        }
        if old.layout.window <= self.layout.window {
            for (threshold, m) in self.layout.thresholds.iter().enumerate() {
                let same = old.layout.thresholds.iter().position(|had| had >= m);
                if let Some((from, to)) = same.and_then(|same| old.interval(same)) {
                    let shrunk = self.layout.success_within < old.layout.success_within;
                    self.arm(threshold, if shrunk { to } else { from }, to);
                }
            }
        }
    }

    /// True if the failure at place `k` qualifies, by the held times.
    fn judge(&self, k: usize, threshold: usize) -> bool {
        let Some(m) = self.layout.thresholds.get(threshold) else { return false };
        let company = k + *m as usize - 1;
        if company >= self.layout.held {
            return false;
        }
        matches!((self.age(k), self.age(company)), (Some(f), Some(first))
            if i64::try_from(first.saturating_sub(f)).is_ok_and(|apart| apart <= self.layout.window.0))
    }

    /// Arms each threshold whose count is completed by the failure at place `k`.
    fn settle(&mut self, k: usize) {
        for threshold in 0..self.layout.thresholds.len() {
            if self.judge(k, threshold)
                && let Some(t) = self.time(k)
            {
                self.arm(threshold, t, t);
            }
        }
    }

    /// Settles all but the newest failures. First from the oldest on, which extends the ends of intervals, then back,
    /// which extends their beginnings.
    fn settle_all(&mut self) {
        let settled = self.unsettled()..self.times().count();
        settled.clone().rev().for_each(|k| self.settle(k));
        settled.for_each(|k| self.settle(k));
    }

    /// The armed interval of a threshold: its first and its last failure.
    fn interval(&self, threshold: usize) -> Option<(Timestamp, Timestamp)> {
        let to = self.settled(threshold)?;
        let begin = (threshold < self.layout.begins).then(|| self.time(self.begins_at() + threshold));
        Some((begin.flatten().unwrap_or(to), to))
    }

    /// Joins an interval with the armed one of a threshold, if they are at most success_within apart. Otherwise the
    /// later one stays.
    fn arm(&mut self, threshold: usize, from: Timestamp, to: Timestamp) {
        let within = self.layout.success_within;
        let (from, to) = match self.interval(threshold) {
            Some((begin, end)) if from <= end.plus(within) && begin <= to.plus(within) => {
                (from.min(begin), to.max(end))
            }
            Some((_, end)) if to < end => return,
            _ => (from, to),
        };
        self.set_settled(threshold, Some(to));
        if threshold < self.layout.begins {
            self.write(self.begins_at() + threshold, Some(from));
        }
    }

    fn disarm(&mut self, threshold: usize) {
        self.set_settled(threshold, None);
        if threshold < self.layout.begins {
            self.write(self.begins_at() + threshold, None);
        }
    }

    fn settled(&self, threshold: usize) -> Option<Timestamp> {
        if threshold >= self.layout.thresholds.len() {
            return None;
        }
        self.time(self.layout.held + threshold)
    }

    fn set_settled(&mut self, threshold: usize, t: Option<Timestamp>) {
        self.write(self.layout.held + threshold, t);
    }

    fn begins_at(&self) -> usize {
        self.layout.held + self.layout.thresholds.len()
    }

    fn consumed_at(&self) -> usize {
        self.begins_at() + self.layout.begins
    }

    fn unsettled_at(&self) -> usize {
        (self.consumed_at() + 1) * TIME
    }

    fn unsettled(&self) -> usize {
        self.content.data.get(self.unsettled_at()).copied().map_or(0, usize::from).min(SLACK)
    }

    fn set_unsettled(&mut self, count: usize) {
        let at = self.unsettled_at();
        if let Some(byte) = self.content.data.get_mut(at) {
            *byte = count as u8;
        }
    }

    /// The age of the time at place `k`, relative to the newest event of the key.
    fn age(&self, k: usize) -> Option<u64> {
        let bytes = self.content.data.get(k * TIME..)?.first_chunk::<TIME>()?;
        let mut word = [0; 8];
        word.first_chunk_mut::<TIME>()?.copy_from_slice(bytes);
        let time = u64::from_le_bytes(word).checked_sub(1)?;
        Some(if self.base >= time { self.base - time } else { self.base + MODULUS - time })
    }

    fn time(&self, k: usize) -> Option<Timestamp> {
        self.age(k).and_then(|age| self.content.newest().0.checked_sub_unsigned(age)).map(Timestamp)
    }

    fn write(&mut self, k: usize, t: Option<Timestamp>) {
        let [word @ .., _, _] = t.map_or(0, |t| modulo(t) + 1).to_le_bytes();
        if let Some(place) = self.content.data.get_mut(k * TIME..).and_then(|d| d.first_chunk_mut::<TIME>()) {
            *place = word;
        }
    }

    /// True if `t` is too old for six bytes.
    const fn ancient(&self, t: Timestamp) -> bool {
        let newest = self.content.newest();
        t.0 < newest.0 && newest.0.abs_diff(t.0) > MAX_AGE
    }

    /// Raises the time to which ages are relative. Times that become too old for six bytes are forgotten. A search for
    /// them happens once in two years of the key's time.
    fn raise(&mut self, t: Timestamp) {
        let newest = self.content.newest();
        if t <= newest {
            return;
        }
        if t.0 >> 46 != newest.0 >> 46 {
            let passed = t.0.abs_diff(newest.0);
            for k in 0..=self.consumed_at() {
                if self.age(k).is_some_and(|age| age.saturating_add(passed) > MAX_AGE) {
                    self.write(k, None);
                }
            }
            self.set_unsettled(self.unsettled().min(self.times().count()));
        }
        self.content.raise(t);
        self.base = modulo(t);
    }

    /// Makes room for `count` times at place `from`. The oldest times are lost.
    fn open(&mut self, from: usize, count: usize) {
        let end = self.layout.held * TIME;
        if let Some(times) = self.content.data.get_mut(from * TIME..end) {
            let keep = times.len().saturating_sub(count * TIME);
            times.copy_within(..keep, times.len() - keep);
        }
    }

    /// Removes `count` times at place `from`.
    fn close(&mut self, from: usize, count: usize) {
        let end = self.layout.held * TIME;
        if let Some(times) = self.content.data.get_mut(from * TIME..end) {
            let keep = times.len().saturating_sub(count * TIME);
            times.copy_within(times.len() - keep.., 0);
            times.get_mut(keep..).unwrap_or_default().fill(0);
        }
    }
}

const fn modulo(t: Timestamp) -> u64 {
    t.0.rem_euclid(MODULUS as i64) as u64
}

#[cfg(test)]
mod tests;
