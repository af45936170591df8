//! Many failures, then a success: keys judged by rule R ([`failures`](super::failures)), with the evidence of each.
//!
//! An event has up to [`KEYS`] keys, which the analytic numbers. A failure is [entered](Rule::failure) for each of
//! them, and a success is [judged](Rule::success) on each. An alert reads the failures of a match from an
//! [excerpt](Rule::excerpt) and [consumes](Rule::consume) them. A key that is never judged is only used for its
//! excerpt. All calls but `excerpt` are O(`min_failures`) for each key.

mod standing;

pub use standing::{Counted, Standing};

use super::Memory;
use super::excerpt::Excerpt;
use super::failures::{Failures, Layout};
use super::journal::{Entry, Journal, KEYS, Link};
use super::table::{Bounds, Content, Convert, Loaded, Slot, Table};
use crate::hash::Fingerprint;
use crate::order::sort;
use crate::snapshot::{self, Reader, Writer};
use crate::time::{Span, Timestamp};
use alloc::vec::Vec;

/// The kind of a journal entry of failures.
const FAILED: u8 = 0;
/// The kind of a journal entry that takes back failures of its time.
const TAKEN_BACK: u8 = 1;
/// The bytes of a key apart from its data: its slot, and its place in the index.
const KEY_BYTES: u64 = 48;

/// The keys of an event, by their numbers. `None` for a key that does not apply.
pub type Keys = [Option<Fingerprint>; KEYS];

/// A key that fulfils rule R.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// The key.
    pub key: Fingerprint,
    /// The number of the key.
    pub number: usize,
    /// The start of the counted window.
    pub from: Timestamp,
    /// The newest failure that completed the count.
    pub completed: Timestamp,
    /// The number of failures since `from` that the key remembers. It is a lower bound that needs no journal.
    pub count: u32,
    /// True if the key remembers as many failures as it can, so that it may have forgotten others.
    pub full: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Rule {
    layout: Layout,
    table: Table,
    journal: Journal,
    late: u64,
}

impl Rule {
    /// The version of an analytic's section from which on armed intervals have a start.
    pub const SINCE: u16 = 4;

    /// Creates an empty rule with the thresholds and spans of `layout`. `seed` places entries in memory.
    #[must_use]
    pub fn new(layout: Layout, memory: Memory, seed: u64) -> Self {
        let bounds = Bounds {
            max_keys: memory.max_keys,
            data: layout.bytes() + Link::BYTES,
            window: layout.window(),
            horizon: layout.horizon(),
            weight_cap: layout.thresholds().first().copied().unwrap_or(1),
            sketch_bytes: memory.sketch_bytes,
        };
        Self { layout, table: Table::new(bounds, seed), journal: Journal::new(memory.pool_bytes), late: 0 }
    }

    /// The bytes of a key with this layout, without its events in the journal.
    #[must_use]
    pub fn key_bytes(layout: &Layout) -> u64 {
        (layout.bytes() + Link::BYTES) as u64 + KEY_BYTES
    }

    /// The time for which an event can matter.
    #[must_use]
    pub const fn horizon(&self) -> Span {
        self.layout.horizon()
    }

    /// The window: how far back from the last failure the others may be.
    #[must_use]
    pub const fn window(&self) -> Span {
        self.layout.window()
    }

    /// The time after the last failure within which the success may follow.
    #[must_use]
    pub const fn success_within(&self) -> Span {
        self.layout.success_within()
    }

    /// Enters a failure for its keys. This call sets the kind of `failed`. `now` is the watermark.
    pub fn failure(&mut self, keys: &Keys, failed: &Entry<'_>, now: Timestamp) {
        let link = self.journal.append(&Entry { kind: FAILED, ..*failed });
        let mut late = false;
        for (number, key) in keys.iter().enumerate() {
            let Some(key) = *key else { continue };
            let slot = self.table.enter(key, failed.count, failed.time, now).slot;
            if let Some(mut failures) = self.chain(slot, number, link) {
                late |= failures.push(failed.time, failed.count);
            }
        }
        self.late += u64::from(late);
    }

    /// Removes `failed.count` failures at that time from each key, because they turned out to be none.
    pub fn take_back(&mut self, keys: &Keys, failed: &Entry<'_>) {
        let link = self.journal.append(&Entry { kind: TAKEN_BACK, ..*failed });
        for (number, key) in keys.iter().enumerate() {
            let Some(slot) = key.and_then(|key| self.table.find(key)) else { continue };
            if let Some(mut failures) = self.chain(slot, number, link) {
                failures.retract(failed.time, failed.count);
            }
        }
    }

    /// Judges a success at `time`. Returns the keys that fulfil rule R with `threshold`, which must be one of the
    /// layout's.
    pub fn success(&mut self, keys: &Keys, time: Timestamp, threshold: u32) -> [Option<Match>; KEYS] {
        let mut matched = [None; KEYS];
        let Ok(threshold) = self.layout.thresholds().binary_search(&threshold) else { return matched };
        let (window, held) = (self.layout.window(), self.layout.held());
        let needed = self.layout.thresholds().get(threshold).copied().unwrap_or(1);
        let mut late = false;
        for (number, (key, place)) in keys.iter().zip(&mut matched).enumerate() {
            let Some(key) = *key else { continue };
            let Some(slot) = self.table.find(key) else { continue };
            late |= self.table.newest(slot) > time;
            let Some(failures) = self.view(slot) else { continue };
            let mut completed = failures.qualifying(time, threshold);
            let hidden = completed.is_none() && failures.armed(time, threshold);
            if hidden {
                completed = Some(self.completed_before(key, number, time, needed));
            }
            let Some(completed) = completed else { continue };
            let Some(failures) = self.view(slot) else { continue };
            let from = completed.minus(window);
            let count = failures.count_in(from, time);
            let full = hidden || count >= held;
            let count = if hidden { number32(count).max(needed) } else { number32(count) };
            *place = Some(Match { key, number, from, completed, count, full });
        }
        self.late += u64::from(late);
        matched
    }

    /// The failure that completed the count before a late success, if newer failures have hidden its time. The journal
    /// knows it. If the journal was cut, the time of the success is used.
    fn completed_before(&self, key: Fingerprint, number: usize, time: Timestamp, needed: u32) -> Timestamp {
        let (window, within) = (self.layout.window(), self.layout.success_within());
        let excerpt = self.excerpt(key, number, time.minus(within).minus(window), time);
        let mut times: Vec<(Timestamp, u32)> = excerpt.entries().iter().map(|e| (e.time, e.count)).collect();
        sort(&mut times, |one, other| one > other);
        let mut first = 0;
        let mut count = 0_u64;
        // Finds the newest failure with enough failures in one window. The start of the window only moves back.
        for at in 0..times.len() {
            let Some((end, _)) = times.get(at).copied() else { break };
            if end < time.minus(within) {
                break;
            }
            while let Some((_, more)) = times.get(first).filter(|(t, _)| *t >= end.minus(window)) {
                count += u64::from(*more);
                first += 1;
            }
            if count >= u64::from(needed) {
                return end;
            }
            count -= times.get(at).map_or(0, |(_, own)| u64::from(*own)).min(count);
        }
        time
    }

    /// The failures of a key in [from, to] that the journal still holds, without those that were taken back. O(n) in
    /// the key's entries since `from`.
    #[must_use]
    pub fn excerpt(&self, key: Fingerprint, number: usize, from: Timestamp, to: Timestamp) -> Excerpt<'_> {
        let newest = self.table.find(key).map_or(Link::NONE, |slot| self.link(slot));
        // Time, user, and the number of failures that are still to be taken back.
        let mut taken_back: Vec<(Timestamp, &[u8], u32)> = Vec::new();
        Excerpt::read(&self.journal, newest, number, from, to, &mut |entry| {
            if entry.kind == TAKEN_BACK {
                taken_back.push((entry.time, entry.user, entry.count));
                return 0;
            }
            let mut count = entry.count;
            for (time, user, taken) in &mut taken_back {
                if *time == entry.time && *user == entry.user {
                    let back = count.min(*taken);
                    (count, *taken) = (count - back, *taken - back);
                }
            }
            count
        })
    }

    /// Forgets the failures of a match up to `time`: an alert was about them, so they count for no other.
    pub fn consume(&mut self, m: &Match, time: Timestamp) {
        let Some(slot) = self.table.find(m.key) else { return };
        if let Some(mut failures) = self.view(slot) {
            failures.consume(time);
        }
        self.set_link(slot, Link::NONE);
    }

    /// The table of its keys.
    #[must_use]
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// The number of events that were older than the newest of one of their keys.
    #[must_use]
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// The bytes in use.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.journal.bytes()
    }

    /// Writes the rule: the same bytes on every host and for every seed.
    pub fn save(&self, out: &mut Writer) {
        self.layout.save(out);
        self.journal.save(out);
        self.table.save(out);
    }

    /// Reads a rule within the bounds of this one. Also returns the dropped keys, and true if evidence was dropped.
    ///
    /// # Errors
    /// Fails if the bytes are not from `save`.
    pub fn load(&self, input: &mut Reader<'_>) -> snapshot::Result<(Self, Loaded, bool)> {
        let layout = self.layout.clone();
        let mut before = Layout::load(input)?;
        if input.version() < Self::SINCE {
            before = before.without_begins();
        }
        let (journal, cut) = self.journal.load(input)?;
        let mut convert = |old: &[u8], content: Content<'_>| move_key(&before, old, &layout, content);
        let convert: Option<Convert<'_>> = if before == layout { None } else { Some(&mut convert) };
        let (table, loaded) = self.table.load(input, convert)?;
        Ok((Self { layout, table, journal, late: 0 }, loaded, cut))
    }

    /// Makes an entry of the journal the newest one of a key. Returns the key's failures.
    fn chain(&mut self, slot: Slot, number: usize, link: Link) -> Option<Failures<'_>> {
        let content = self.table.content(slot)?;
        let place = content.data.get_mut(self.layout.bytes()..)?;
        self.journal.set_previous(link, number, Link::read(place));
        link.write(place);
        Some(Failures::new(&self.layout, content))
    }

    fn link(&self, slot: Slot) -> Link {
        Link::read(self.table.data(slot).get(self.layout.bytes()..).unwrap_or_default())
    }

    fn set_link(&mut self, slot: Slot, link: Link) {
        let at = self.layout.bytes();
        if let Some(content) = self.table.content(slot) {
            link.write(content.data.get_mut(at..).unwrap_or_default());
        }
    }

    fn view(&mut self, slot: Slot) -> Option<Failures<'_>> {
        self.table.content(slot).map(|content| Failures::new(&self.layout, content))
    }
}

fn number32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Moves a key to another layout. Its failures are judged again, and its link stays.
fn move_key(before: &Layout, old: &[u8], layout: &Layout, content: Content<'_>) {
    if old.len() != before.bytes() + Link::BYTES {
        return; // The snapshot is forged: its layout does not fit its keys.
    }
    if let (Some(to), Some(link)) = (content.data.get_mut(layout.bytes()..), old.get(before.bytes()..)) {
        Link::read(link).write(to);
    }
    let (mut newest, mut data) = (content.newest(), old.to_vec());
    let old = Failures::new(before, Content::new(&mut newest, &mut data));
    Failures::new(layout, content).adopt(&old);
}

#[cfg(test)]
mod tests;
