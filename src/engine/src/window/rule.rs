//! Many failures, then a success: keys judged by rule R ([`failures`](super::failures)), with the evidence of each.
//!
//! An event has up to [`KEYS`] keys, which the analytic numbers. A failure is entered for each of them; a success is
//! judged on each, and what matched can be [told](Rule::alert) and [consumed](Rule::consume). Of a key that shall only
//! be told of, successes are not asked. All calls are O(`min_failures`) for each key, but for those that tell.

use super::failures::{Failures, Layout};
use super::journal::{Entry, Journal, KEYS, Link};
use super::table::{Bounds, Content, Convert, Slot, Table};
use crate::alert::{Alert, Severity};
use crate::config::Common;
use crate::event::{Event, Record};
use crate::hash::Fingerprint;
use crate::net;
use crate::snapshot::{self, Reader, Writer};
use crate::time::{Span, Timestamp};
use crate::told::{self, Told};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// A table that could grow beyond this is refused: a 32-bit module has no more than 4 GiB.
const MOST_TABLE_BYTES: u64 = 2 << 30;
/// The kind of a journal entry of failures.
const FAILED: u8 = 0;
/// The kind of a journal entry that says that the last failures of that time were none.
const TAKEN_BACK: u8 = 1;

/// The keys of an event, by their numbers: those that apply.
pub type Keys = [Option<Fingerprint>; KEYS];

/// What an event adds to the journal.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'e> {
    /// The event.
    pub event: &'e Event<'e>,
    /// What is tallied under `reasons`.
    pub code: &'e str,
    /// The raw record.
    pub record: Record<'e>,
}

/// A key for which rule R holds.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// The key.
    pub key: Fingerprint,
    /// Its number.
    pub number: usize,
    /// The begin of the window that was counted.
    pub from: Timestamp,
    /// The newest failure that completed the count.
    pub completed: Timestamp,
    /// How many failures since then the key itself remembers: a lower bound that needs no journal.
    counted: usize,
}

/// What [`Rule::load`] made of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// What a changed configuration made it drop.
    pub notes: Vec<String>,
    /// Keys are made otherwise now: all were dropped, and so should be whatever else is known by them.
    pub none: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Rule {
    layout: Layout,
    bounds: Bounds,
    prefixes: (u8, u8),
    pool_bytes: usize,
    seed: u64,
    table: Table,
    journal: Journal,
    late: u64,
}

impl Rule {
    /// Judges by any of `thresholds`, of which there is at least one, as options and overrides set `min_failures`.
    ///
    /// # Errors
    /// Where `max_keys` and `min_failures` together would take too much memory: what is wrong with `max_keys`.
    pub fn new(
        common: &Common,
        thresholds: &[u32],
        window: Span,
        success_within: Span,
        seed: u64,
    ) -> Result<Self, String> {
        let layout = Layout::new(thresholds, window, success_within);
        let data = layout.bytes() + Link::BYTES;
        let each = data as u64 + 48;
        if u64::from(common.max_keys.0) * each > MOST_TABLE_BYTES {
            return Err(format!(
                "{} is too many; expected at most {} with a min_failures of {}, so that the table stays below 2 GiB",
                common.max_keys.0,
                MOST_TABLE_BYTES / each,
                thresholds.iter().max().copied().unwrap_or_default(),
            ));
        }
        let bounds = Bounds {
            max_keys: common.max_keys.0 as usize,
            data,
            window,
            horizon: layout.horizon(),
            weight_cap: layout.thresholds().first().copied().unwrap_or(1),
            sketch_bytes: common.sketch_bytes.0 as usize,
        };
        let pool_bytes = common.pool_bytes.0 as usize;
        Ok(Self {
            layout,
            bounds,
            prefixes: (common.ipv4_prefix.0, common.ipv6_prefix.0),
            pool_bytes,
            seed,
            table: Table::new(bounds, seed),
            journal: Journal::new(pool_bytes),
            late: 0,
        })
    }

    /// For how long an event can matter.
    #[must_use]
    pub const fn horizon(&self) -> Span {
        self.layout.horizon()
    }

    /// The address of an event as keys see it: cut to the bits that make a key.
    #[must_use]
    pub fn address(&self, event: &Event<'_>) -> Option<[u8; 16]> {
        let (v4, v6) = self.prefixes;
        event.src_ip.map(|address| net::octets(net::prefix(address, v4, v6)))
    }

    /// How many bits of an IPv4 and of an IPv6 address make a key.
    #[must_use]
    pub const fn prefixes(&self) -> (u8, u8) {
        self.prefixes
    }

    /// Enters a failure for its keys. `now` is the watermark.
    pub fn failure(&mut self, keys: &Keys, failed: &Failed<'_>, now: Timestamp) {
        let event = failed.event;
        let link = self.write(failed, FAILED);
        let mut late = false;
        for (number, key) in keys.iter().enumerate() {
            let Some(key) = *key else { continue };
            let slot = self.table.enter(key, event.count, event.time, now).slot;
            if let Some(mut failures) = self.chain(slot, number, link) {
                late |= failures.push(event.time, event.count);
            }
        }
        self.late += u64::from(late);
    }

    /// The failures of an event were none: each of its keys forgets them.
    pub fn take_back(&mut self, keys: &Keys, failed: &Failed<'_>) {
        let link = self.write(failed, TAKEN_BACK);
        for (number, key) in keys.iter().enumerate() {
            let Some(slot) = key.and_then(|key| self.table.find(key)) else { continue };
            if let Some(mut failures) = self.chain(slot, number, link) {
                failures.retract(failed.event.time, failed.event.count);
            }
        }
    }

    /// Judges a success at `time` on its keys: those for which rule R holds with `threshold`, one of those given at
    /// the beginning.
    pub fn success(&mut self, keys: &Keys, time: Timestamp, threshold: u32) -> [Option<Match>; KEYS] {
        let mut matched = [None; KEYS];
        let Ok(threshold) = self.layout.thresholds().binary_search(&threshold) else { return matched };
        let mut late = false;
        for (number, (key, place)) in keys.iter().zip(&mut matched).enumerate() {
            let Some(key) = *key else { continue };
            let Some(slot) = self.table.find(key) else { continue };
            late |= self.table.newest(slot) > time;
            let window = self.layout.window();
            let Some(failures) = self.view(slot) else { continue };
            *place = failures.qualifying(time, threshold).map(|completed| {
                let from = completed.minus(window);
                Match { key, number, from, completed, counted: failures.count_in(from, time) }
            });
        }
        self.late += u64::from(late);
        matched
    }

    /// The alert that a success raises by a match, as far as the two tell it, and what the journal tells of the
    /// failures: up to the analytic to complete, and then to [tell](Told::tell).
    #[must_use]
    pub fn alert(&self, m: &Match, event: &Event<'_>) -> (Alert, Told<'_>) {
        let told = self.told(m.key, m.number, m.from, event.time);
        let failures = told.count().max(u32::try_from(m.counted).unwrap_or(u32::MAX));
        let after = Span(event.time.0.saturating_sub(m.completed.0));
        let mut alert = told::about(event);
        alert.severity = Severity::High;
        alert.first_seen = m.completed;
        alert.failure_count = Some(failures);
        if told.cut() && m.counted >= self.layout.held() {
            // A key that remembers fewer than it could has forgotten none.
            alert.estimated = vec!["failure_count".into()];
        }
        alert.context = vec![format!(
            "{failures} failures within the window, then a success {after} after the last that completed the count"
        )];
        (alert, told)
    }

    /// What the journal tells of a key's failures in [from, to], without those that were taken back.
    #[must_use]
    pub fn told(&self, key: Fingerprint, number: usize, from: Timestamp, to: Timestamp) -> Told<'_> {
        let newest = self.table.find(key).map_or(Link::NONE, |slot| self.link(slot));
        // What was taken back: when, of whom, and how many of them are still to be met.
        let mut taken_back: Vec<(Timestamp, &[u8], u32)> = Vec::new();
        Told::read(&self.journal, newest, number, from, to, &mut |entry| {
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

    /// Forgets the failures of a match up to `time`: an alert was about them, and tells of them no more.
    pub fn consume(&mut self, m: &Match, time: Timestamp) {
        let Some(slot) = self.table.find(m.key) else { return };
        if let Some(mut failures) = self.view(slot) {
            failures.consume(time);
        }
        self.set_link(slot, Link::NONE);
    }

    /// What it holds.
    #[must_use]
    pub fn held(&self) -> crate::analytic::Held {
        crate::analytic::Held {
            keys: self.table.len() as u64,
            evicted: self.table.evicted(),
            late: self.late,
            bytes: (self.table.bytes() + self.journal.bytes()) as u64,
        }
    }

    /// Writes it: the same bytes on every host and for every seed.
    pub fn save(&self, out: &mut Writer) {
        out.u8(self.prefixes.0);
        out.u8(self.prefixes.1);
        self.layout.save(out);
        self.journal.save(out);
        self.table.save(out);
    }

    /// Reads what [`save`](Self::save) wrote, under a configuration that may have changed.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<Loaded> {
        let mut notes = Vec::new();
        let prefixes = (input.u8()?, input.u8()?);
        let before = Layout::load(input)?;
        let (journal, cut) = Journal::load(input, self.pool_bytes)?;
        let layout = &self.layout;
        let mut convert = |old: &[u8], content: Content<'_>| move_key(&before, old, layout, content);
        let convert: Option<Convert<'_>> = if before == *layout { None } else { Some(&mut convert) };
        let (table, loaded) = Table::load(input, self.bounds, self.seed, convert)?;
        if prefixes != self.prefixes {
            table.tell_regrouped("ipv4_prefix or ipv6_prefix", &mut notes);
            return Ok(Loaded { notes, none: true });
        }
        loaded.tell(cut, &mut notes);
        (self.table, self.journal) = (table, journal);
        Ok(Loaded { notes, none: false })
    }

    /// Writes an event into the journal, for its keys to point to.
    fn write(&mut self, failed: &Failed<'_>, kind: u8) -> Link {
        let event = failed.event;
        self.journal.append(&Entry {
            time: event.time,
            kind,
            count: event.count,
            address: event.src_ip.map(net::octets),
            user: event.user.as_bytes(),
            host: event.host.as_bytes(),
            code: failed.code.as_bytes(),
            record: failed.record,
            previous: Default::default(),
        })
    }

    /// Makes an entry of the journal the newest of a key, whose failures it returns.
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

/// Moves a key to another layout: its failures are judged anew, its link stays.
fn move_key(before: &Layout, old: &[u8], layout: &Layout, content: Content<'_>) {
    if old.len() != before.bytes() + Link::BYTES {
        return; // Somebody made that up: what it says of its layout is not what it holds.
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
mod why;
