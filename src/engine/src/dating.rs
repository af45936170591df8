//! When an event happened, where its record leaves that open: its zone, its year, or all of it.
//!
//! | the record says | it happened |
//! |---|---|
//! | a point in time | then |
//! | a time without a zone, and when somebody got it | at the offset from UTC that makes the two agree within 2 minutes; where none does, when somebody got it |
//! | a time without a zone | in the `timezone` of the configuration |
//! | a time without a year | in the year nearest to that host's previous; see [`Years`] |
//! | a time that cannot be read | nobody knows: it is undated |
//! | nothing | in a stream when it was received; in a stored log it is undated |
//!
//! A time further ahead than `max_ahead` is a clock that is wrong: in a stream it is taken as of its receipt, since one bad
//! clock must not age everything; in a stored log it is undated.

use crate::detector::Reading;
use crate::event::Event;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::stamp::{Stamp, Yearless, Zone, year_of};
use crate::time::{Span, Timestamp};
use crate::times::When;
use crate::years::{MAX_HOSTS, Years};

/// Times that RFC 3339 can write, from year 1 to year 9999. Nobody's clock is elsewhere.
const POSSIBLE: core::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// How far a time and its receipt may lie apart where they tell the zone, in microseconds.
const NEAR: u64 = 120_000_000;

/// The offsets from UTC that are in use somewhere beside whole hours, in minutes.
const BROKEN: [i64; 12] = [-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825];

/// How the times of one analytic's records are read.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'z> {
    /// The zone of times that name none.
    pub zone: Zone<'z>,
    /// How far ahead of its receipt a time may be.
    pub max_ahead: Span,
    /// True if a record of a stored log that has no time is taken as of its receipt.
    pub undated_is_received: bool,
}

/// How an event was dated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dated {
    /// Its time is not known: it cannot be judged.
    pub undated: bool,
    /// It claims a time beyond received + `max_ahead`.
    pub ahead: bool,
    /// Its year was inferred.
    pub inferred: bool,
    /// Its receipt dates it, since its own time names no zone and lies near no zone's. By at least so much, in
    /// microseconds, its own time is the older one.
    pub delay: Option<u64>,
}

/// Dates the events of one analytic. Its state are the newest times of hosts whose records leave something open, at most
/// [`MAX_HOSTS`].
#[derive(Clone, Debug, Default)]
pub struct Dating {
    years: Years,
}

impl Dating {
    /// Sets the time of an event by what its record says, and says how. O(log hosts).
    pub fn date(
        &mut self,
        event: &mut Event<'_>,
        when: &When<'_>,
        rules: &Rules<'_>,
        reading: Reading,
    ) -> Dated {
        let mut dated = Dated::default();
        let received = reading.received;
        let host = event.host.as_bytes();
        let time = match when.stamp {
            Some(Stamp::At(time)) => Some(time),
            Some(Stamp::Local(local)) => Some(match when.receipt {
                Some(receipt) => by_receipt(local, receipt).unwrap_or_else(|| {
                    dated.delay = delay(local, receipt);
                    receipt
                }),
                None => self.local(host, local, rules.zone),
            }),
            Some(Stamp::Yearless(stamp)) => {
                let told = when.receipt.and_then(|receipt| yearless(stamp, receipt));
                dated.inferred = told.is_none();
                // Nothing was written after it was received.
                let latest = reading.written.map_or(received, |written| written.min(received));
                Some(told.unwrap_or_else(|| self.years.resolve(host, stamp, rules.zone, latest)))
            }
            Some(Stamp::Unread) => None,
            None => (reading.written.is_none() || rules.undated_is_received).then_some(received),
        };
        let Some(time) = time.filter(|time| POSSIBLE.contains(&time.0)) else {
            return Dated { undated: true, ..Dated::default() };
        };
        dated.ahead = time > received.plus(rules.max_ahead);
        dated.undated = dated.ahead && reading.written.is_some();
        event.time = if dated.ahead { received } else { time };
        dated
    }

    /// The point in time at which a clock shows `local`, in microseconds since 1970.
    fn local(&mut self, host: &[u8], local: i64, zone: Zone<'_>) -> Timestamp {
        // Only a clock that changes repeats an hour.
        if zone.changes() { self.years.settle(host, local, zone) } else { zone.time(local) }
    }

    /// Writes the years of all hosts.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.years.len());
        for (host, last) in self.years.entries() {
            out.bytes(host);
            out.i64(last.0);
        }
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<()> {
        let hosts = input.count(9)?;
        if hosts > MAX_HOSTS {
            return Err(SnapshotError::Invalid("the years of hosts"));
        }
        for _ in 0..hosts {
            let host = input.bytes()?;
            let last = Timestamp(input.i64()?);
            self.years.restore(host, last);
        }
        Ok(())
    }
}

/// The point in time at which a clock shows `local`, if an offset that is in use brings it near to its receipt.
fn by_receipt(local: i64, receipt: Timestamp) -> Option<Timestamp> {
    let ahead = local.checked_sub(receipt.0)?;
    offsets()
        .find(|offset| ahead.abs_diff(*offset) <= NEAR)
        .map(|offset| Timestamp(local.saturating_sub(offset)))
}

/// By how much at least a clock that shows `local` is behind its receipt, whatever its zone. `None` where it is ahead.
fn delay(local: i64, receipt: Timestamp) -> Option<u64> {
    let behind = receipt.0.checked_sub(local)?;
    offsets().filter_map(|offset| u64::try_from(behind.checked_add(offset)?).ok()).min()
}

/// The offsets from UTC that are in use somewhere, in microseconds.
fn offsets() -> impl Iterator<Item = i64> {
    (-12..=14).map(|hours| hours * 60).chain(BROKEN).map(|minutes| minutes * 60_000_000)
}

/// The same for a clock that does not show the year.
fn yearless(stamp: Yearless, receipt: Timestamp) -> Option<Timestamp> {
    let year = year_of(receipt, Zone::UTC);
    (year.saturating_sub(1)..=year.saturating_add(1))
        .filter_map(|year| stamp.local(year))
        .find_map(|local| by_receipt(local, receipt))
}

#[cfg(test)]
mod tests;
