//! Dates events whose records leave the zone, the year or the whole time open.
//!
//! | the record has | the event is dated |
//! |---|---|
//! | a point in time | at this time |
//! | a time without a zone, and a time of receipt | with the offset from UTC that brings the two within 2 minutes; without such an offset, at the time of receipt |
//! | only a time without a zone | in the `timezone` of the configuration |
//! | a time without a year | in the year nearest to the host's previous time; see [`Years`] |
//! | a time that cannot be read | not at all: the event is undated |
//! | no time | in a stream, when it was received; in a stored log, the event is undated |
//!
//! A time more than `max_ahead` after its receipt comes from a wrong clock. In a stream, the event is dated by its
//! receipt, since one bad clock must not move event time for all. In a stored log, the event is undated.

use crate::detector::Reading;
use crate::event::Event;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::stamp::{Stamp, Yearless, Zone, year_of};
use crate::time::{Span, Timestamp};
use crate::times::When;
use crate::years::{MAX_HOSTS, Years};

/// The years 1 to 9999, which RFC 3339 can write. No real log has other times.
const POSSIBLE: core::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// The most microseconds between a time and its receipt, if the two are to show the zone.
const NEAR: u64 = 120_000_000;

/// The offsets from UTC in use that are not whole hours, in minutes.
const BROKEN: [i64; 12] = [-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825];

/// The rules for the times of one analytic's records.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'z> {
    /// The zone of times that name none.
    pub zone: Zone<'z>,
    /// How far after its receipt a time may be.
    pub max_ahead: Span,
    /// True if a record of a stored log without a time is dated by its receipt.
    pub undated_is_received: bool,
}

/// How an event was dated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dated {
    /// The time is unknown, so the event cannot be judged.
    pub undated: bool,
    /// The time is later than `received` + `max_ahead`.
    pub ahead: bool,
    /// The year was inferred.
    pub inferred: bool,
    /// The least delay between the event's own time and its receipt, in microseconds. Set if the receipt dates the
    /// event: its own time names no zone, and no zone brings it near the receipt.
    pub delay: Option<u64>,
}

/// Dates the events of one analytic. The state is the newest time of each host whose records leave something open,
/// for at most [`MAX_HOSTS`] hosts.
#[derive(Clone, Debug, Default)]
pub struct Dating {
    years: Years,
}

impl Dating {
    /// Sets the time of an event from the times of its record, and returns how it was dated. O(log hosts).
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
                // A record cannot be newer than its file or its receipt.
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

    /// The point in time at which a clock shows `local`, in microseconds since 1970 on that clock.
    fn local(&mut self, host: &[u8], local: i64, zone: Zone<'_>) -> Timestamp {
        // Only a zone with transitions repeats an hour.
        if zone.changes() { self.years.settle(host, local, zone) } else { zone.time(local) }
    }

    /// Writes the newest times of all hosts.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.years.len());
        for (host, last) in self.years.entries() {
            out.bytes(host);
            out.i64(last.0);
        }
    }

    /// Reads the bytes of [`save`](Self::save).
    ///
    /// # Errors
    /// Fails if `save` did not write these bytes.
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

/// The point in time at which a clock shows `local`, if an offset in use brings it near its receipt.
fn by_receipt(local: i64, receipt: Timestamp) -> Option<Timestamp> {
    let ahead = local.checked_sub(receipt.0)?;
    offsets()
        .find(|offset| ahead.abs_diff(*offset) <= NEAR)
        .map(|offset| Timestamp(local.saturating_sub(offset)))
}

/// The least delay of a clock that shows `local` behind its receipt, over all zones. `None` if it is ahead in each.
fn delay(local: i64, receipt: Timestamp) -> Option<u64> {
    let behind = receipt.0.checked_sub(local)?;
    offsets().filter_map(|offset| u64::try_from(behind.checked_add(offset)?).ok()).min()
}

/// All offsets from UTC in use, in microseconds.
fn offsets() -> impl Iterator<Item = i64> {
    (-12..=14).map(|hours| hours * 60).chain(BROKEN).map(|minutes| minutes * 60_000_000)
}

/// Does the same as [`by_receipt`] for a time without a year.
fn yearless(stamp: Yearless, receipt: Timestamp) -> Option<Timestamp> {
    let year = year_of(receipt, Zone::UTC);
    (year.saturating_sub(1)..=year.saturating_add(1))
        .filter_map(|year| stamp.local(year))
        .find_map(|local| by_receipt(local, receipt))
}

#[cfg(test)]
mod tests;
