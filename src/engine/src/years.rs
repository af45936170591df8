//! Infers the year that RFC 3164 leaves out, and the hour that local clocks repeat.
//!
//! A host's first time without a year takes the latest year that puts it at most one day after its receipt. Each
//! later one takes the year nearest to the host's previous time. So a file that is years old is read as of its own
//! modification time. A stream crosses New Year both ways: into January, and back to a December record that came
//! late. A time in a repeated hour is also chosen by the host's previous time.

use crate::stamp::{Yearless, Zone, year_of};
use crate::time::{Span, Timestamp};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The most hosts that are remembered. The least recently used one is dropped first.
pub const MAX_HOSTS: usize = 1024;

/// The most bytes of a host name (RFC 5424 section 6.2.4), so that a record cannot make the table grow.
const MAX_NAME: usize = 255;

/// A bit less than half a year, in microseconds.
const HALF: u64 = 180 * 86_400_000_000;

/// No neighbour in the list.
const NONE: u32 = u32::MAX;

/// The newest time of each host, which shows the year of the next.
///
/// A lookup is O(log hosts), and O(1) while the same host repeats. A new host moves the index entries of others.
/// Memory is at most [`MAX_HOSTS`] names of 255 bytes. Nothing depends on a hash seed.
#[derive(Clone, Debug)]
pub struct Years {
    /// Slots, sorted by the names of their hosts.
    index: Vec<u32>,
    slots: Vec<Slot>,
    newest: u32,
    oldest: u32,
}

/// A host. Slots form a list from the newest to the oldest use.
#[derive(Clone, Debug)]
struct Slot {
    host: Box<[u8]>,
    last: Timestamp,
    newer: u32,
    older: u32,
}

impl Default for Years {
    fn default() -> Self {
        Self { index: Vec::new(), slots: Vec::new(), newest: NONE, oldest: NONE }
    }
}

impl Years {
    /// The point in time of a stamp without a year. It becomes the host's newest time.
    pub fn resolve(&mut self, host: &[u8], stamp: Yearless, zone: Zone, received: Timestamp) -> Timestamp {
        let time = self.peek(host, stamp, zone, received);
        self.restore(host, time);
        time
    }

    /// Returns the same as [`Years::resolve`], but remembers nothing.
    #[must_use]
    pub fn peek(&self, host: &[u8], stamp: Yearless, zone: Zone, received: Timestamp) -> Timestamp {
        match self.last(host) {
            Some(last) => nearest(stamp, zone, last),
            None => latest(stamp, zone, received.plus(Span::seconds(86_400))),
        }
        // No year fits only at the ends of the calendar.
        .unwrap_or(received)
    }

    /// The point in time at which the clock of a host shows `local`, in microseconds since 1970 on that clock. If the
    /// clock shows it twice, takes the one nearer to the host's newest time; for an unknown host, the first. The
    /// result becomes the host's newest time.
    pub fn settle(&mut self, host: &[u8], local: i64, zone: Zone) -> Timestamp {
        let last = self.last(host);
        let time = reading(zone.time(local), local, zone, last);
        self.restore(host, time);
        time
    }

    /// The newest time of a host.
    fn last(&self, host: &[u8]) -> Option<Timestamp> {
        self.find(cut(host)).and_then(|at| self.slot(at)).map(|slot| slot.last)
    }

    /// Every host and its newest time, the least recently used first. Passed to [`Years::restore`] in this order,
    /// they make an equal table.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], Timestamp)> {
        let mut at = self.oldest;
        core::iter::from_fn(move || {
            let slot = self.slot(at)?;
            at = slot.newer;
            Some((&*slot.host, slot.last))
        })
    }

    /// Sets the newest time of `host`, and makes the host the most recently used.
    pub fn restore(&mut self, host: &[u8], last: Timestamp) {
        let host = cut(host);
        let at = match self.find(host) {
            Some(at) => at,
            None => self.admit(host),
        };
        if let Some(slot) = self.slots.get_mut(at as usize) {
            slot.last = last;
        }
        if at != self.newest {
            self.unlink(at);
            self.link(at);
        }
    }

    /// The number of hosts that are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// True if no host is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn slot(&self, at: u32) -> Option<&Slot> {
        self.slots.get(at as usize)
    }

    fn find(&self, host: &[u8]) -> Option<u32> {
        // Lines of one host often follow each other.
        match self.slot(self.newest) {
            Some(slot) if *slot.host == *host => Some(self.newest),
            _ => self.index.get(self.place(host).ok()?).copied(),
        }
    }

    /// The place of a host in the index, or the place where it would go.
    fn place(&self, host: &[u8]) -> Result<usize, usize> {
        self.index.binary_search_by(|at| self.slot(*at).map_or(&[][..], |slot| &slot.host).cmp(host))
    }

    /// Makes a slot for a new host: a fresh one, or the least recently used one. The slot is not at its place in the
    /// list yet.
    fn admit(&mut self, host: &[u8]) -> u32 {
        let fresh = Slot { host: host.into(), last: Timestamp::MIN, newer: NONE, older: NONE };
        let at = if self.slots.len() < MAX_HOSTS {
            self.slots.push(fresh);
            (self.slots.len() - 1) as u32
        } else {
            let at = self.oldest;
            self.unlink(at);
            if let Some(place) = self.index.iter().position(|held| *held == at) {
                self.index.remove(place);
            }
            if let Some(slot) = self.slots.get_mut(at as usize) {
                *slot = fresh;
            }
            at
        };
        // The search skips this slot, since it is not in the index yet.
        if let Err(place) = self.place(host) {
            self.index.insert(place, at);
        }
        at
    }

    fn unlink(&mut self, at: u32) {
        let Some((newer, older)) = self.slot(at).map(|slot| (slot.newer, slot.older)) else { return };
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None if self.newest == at => self.newest = older,
            None => {}
        }
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None if self.oldest == at => self.oldest = newer,
            None => {}
        }
    }

    fn link(&mut self, at: u32) {
        let older = self.newest;
        if let Some(slot) = self.slots.get_mut(at as usize) {
            (slot.newer, slot.older) = (NONE, older);
        }
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }
}

fn cut(host: &[u8]) -> &[u8] {
    host.get(..MAX_NAME).unwrap_or(host)
}

/// The most years to the next year with this date: 2100 has no 29 February.
const fn reach(stamp: Yearless) -> i32 {
    if stamp.month == 2 && stamp.day == 29 { 8 } else { 1 }
}

/// The stamp in the latest year that keeps it at or before `limit`.
fn latest(stamp: Yearless, zone: Zone, limit: Timestamp) -> Option<Timestamp> {
    let year = year_of(limit, zone);
    (year - reach(stamp)..=year).rev().filter_map(|year| stamp.at(year, zone)).find(|time| *time <= limit)
}

/// The stamp in the year nearest to `previous`; of two equally near years, the later.
fn nearest(stamp: Yearless, zone: Zone, previous: Timestamp) -> Option<Timestamp> {
    let year = year_of(previous, zone);
    // A time within half a year is the nearest one.
    let at = |year| Some(reading(stamp.at(year, zone)?, stamp.local(year)?, zone, Some(previous)));
    let same = at(year);
    if same.is_some_and(|time| time.0.abs_diff(previous.0) < HALF) {
        return same;
    }
    let reach = reach(stamp);
    (year - reach..=year + reach).rev().filter_map(at).min_by_key(|time| time.0.abs_diff(previous.0))
}

/// Chooses between the two times at which a clock shows `local` in a repeated hour. Takes the one nearer to
/// `previous`, or the later if both are equally near. Returns `first` outside such an hour, and if there is no
/// `previous`.
fn reading(first: Timestamp, local: i64, zone: Zone, previous: Option<Timestamp>) -> Timestamp {
    let (Some(previous), true) = (previous, zone.changes()) else { return first };
    let Some(seconds) = zone.again(local.div_euclid(1_000_000)) else { return first };
    let again = Timestamp(seconds.saturating_mul(1_000_000).saturating_add(local.rem_euclid(1_000_000)));
    if again.0.abs_diff(previous.0) <= first.0.abs_diff(previous.0) { again } else { first }
}

#[cfg(test)]
mod tests;
