//! The year that RFC 3164 leaves out, and the hour that local clocks repeat.
//!
//! A host's first yearless record takes the latest year that keeps it at or before its receipt and a day; each
//! later one the year nearest to that host's previous. So a file that is years old reads as of its own
//! modification time, and a stream rolls over New Year in both directions: into January, and back to a December
//! that came late. A time in a repeated hour is read by that host's previous too.

use crate::stamp::{Yearless, Zone, year_of};
use crate::time::{Span, Timestamp};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// How many hosts are remembered; the least recently used goes first.
pub const MAX_HOSTS: usize = 1024;

/// A host name is cut to this many bytes (RFC 5424 section 6.2.4), so that a record cannot make the table grow.
const MAX_NAME: usize = 255;

/// Less than half of a year, in microseconds.
const HALF: u64 = 180 * 86_400_000_000;

/// No neighbour in the list.
const NONE: u32 = u32::MAX;

/// The newest resolved time of each host, and with it the year of the next.
///
/// One lookup is O(log hosts), and O(1) while the same host goes on; a new host moves the numbers of others; memory is at most [`MAX_HOSTS`] names of 255
/// bytes. Nothing depends on a hash seed.
#[derive(Clone, Debug)]
pub struct Years {
    /// Slots by the names of their hosts.
    index: Vec<u32>,
    slots: Vec<Slot>,
    newest: u32,
    oldest: u32,
}

/// A host in the list from newest to oldest use.
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
    /// The point in time of a yearless stamp, which becomes the host's newest.
    pub fn resolve(&mut self, host: &[u8], stamp: Yearless, zone: Zone, received: Timestamp) -> Timestamp {
        let time = self.peek(host, stamp, zone, received);
        self.restore(host, time);
        time
    }

    /// What [`Years::resolve`] would say, without remembering it.
    #[must_use]
    pub fn peek(&self, host: &[u8], stamp: Yearless, zone: Zone, received: Timestamp) -> Timestamp {
        match self.last(host) {
            Some(last) => nearest(stamp, zone, last),
            None => latest(stamp, zone, received.plus(Span::seconds(86_400))),
        }
        // Only at the ends of the calendar does no year fit.
        .unwrap_or(received)
    }

    /// The point in time at which the clock of a host shows `local`, in microseconds since 1970. Where it shows that twice,
    /// the one nearer to the host's newest, and the first of a host that is not known. It becomes the host's newest.
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

    /// Every host and its newest time, the least recently used first: given to [`Years::restore`] in this order
    /// they make an equal table.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], Timestamp)> {
        let mut at = self.oldest;
        core::iter::from_fn(move || {
            let slot = self.slot(at)?;
            at = slot.newer;
            Some((&*slot.host, slot.last))
        })
    }

    /// Makes `last` the newest time of `host`, and the host the most recently used.
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

    /// How many hosts are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn slot(&self, at: u32) -> Option<&Slot> {
        self.slots.get(at as usize)
    }

    fn find(&self, host: &[u8]) -> Option<u32> {
        // Lines of one host come in runs.
        match self.slot(self.newest) {
            Some(slot) if *slot.host == *host => Some(self.newest),
            _ => self.index.get(self.place(host).ok()?).copied(),
        }
    }

    /// Where a host stands in the index, or would.
    fn place(&self, host: &[u8]) -> Result<usize, usize> {
        self.index.binary_search_by(|at| self.slot(*at).map_or(&[][..], |slot| &slot.host).cmp(host))
    }

    /// A slot for a new host: a fresh one, or that of the least recently used. It is in no list yet, or at its end.
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
        // A slot that is not in the index yet stands nowhere in it.
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

/// How far the next year with a date may lie: 29 February skips 2100.
const fn reach(stamp: Yearless) -> i32 {
    if stamp.month == 2 && stamp.day == 29 { 8 } else { 1 }
}

/// The latest year that keeps the stamp at or before `limit`.
fn latest(stamp: Yearless, zone: Zone, limit: Timestamp) -> Option<Timestamp> {
    let year = year_of(limit, zone);
    (year - reach(stamp)..=year).rev().filter_map(|year| stamp.at(year, zone)).find(|time| *time <= limit)
}

/// The year that brings the stamp nearest to `previous`; of two equally near ones the later.
fn nearest(stamp: Yearless, zone: Zone, previous: Timestamp) -> Option<Timestamp> {
    let year = year_of(previous, zone);
    // Nearer than half a year: no other can be.
    let at = |year| Some(reading(stamp.at(year, zone)?, stamp.local(year)?, zone, Some(previous)));
    let same = at(year);
    if same.is_some_and(|time| time.0.abs_diff(previous.0) < HALF) {
        return same;
    }
    let reach = reach(stamp);
    (year - reach..=year + reach).rev().filter_map(at).min_by_key(|time| time.0.abs_diff(previous.0))
}

/// Of the two times at which a clock shows `local` in an hour that it repeats, the one nearer to `previous`, and the later of
/// equally near ones; the first where nothing went before. `first` everywhere else.
fn reading(first: Timestamp, local: i64, zone: Zone, previous: Option<Timestamp>) -> Timestamp {
    let (Some(previous), true) = (previous, zone.changes()) else { return first };
    let Some(seconds) = zone.again(local.div_euclid(1_000_000)) else { return first };
    let again = Timestamp(seconds.saturating_mul(1_000_000).saturating_add(local.rem_euclid(1_000_000)));
    if again.0.abs_diff(previous.0) <= first.0.abs_diff(previous.0) { again } else { first }
}

#[cfg(test)]
mod tests;
