//! Reads times as log writers spell them: a few nanoseconds a line, exact to the microsecond.
//!
//! Every time is validated, so 30 February is refused. The function [`read`] takes a whole value in any form. The
//! function [`leading`] takes the start of a line and returns the length of the time. A time may name no zone or no
//! year: [`Stamp`] tells these cases apart.

mod civil;
mod forms;
mod number;
mod words;

use crate::time::Timestamp;
pub(crate) use civil::year_of;
use civil::{days_from_civil, days_in};
pub use forms::{iso, leading, read, rfc3164};
pub use number::epoch;

/// The order of day and month in a date that is all numbers and ends with the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The day comes first: `31/12/2026`.
    DayMonth,
    /// The month comes first: `12/31/2026`.
    MonthDay,
}

/// The rules for times that leave something open: the zone of times that name none, and the order of day and month. A
/// zone is an offset from UTC, or a list of offsets that change at certain times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone<'z> {
    seconds: i32,
    transitions: &'z [Transition],
    /// True if another time of the record may show the zone of times that name none.
    open: bool,
    order: Option<Order>,
}

/// A change of the offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The time of the change: Unix time in seconds.
    pub at: i64,
    /// The local time from which the new offset holds, in seconds. In an hour that clocks repeat or skip, the old
    /// offset holds.
    pub local: i64,
    /// The offset after the change, in seconds east of Greenwich.
    pub seconds: i32,
}

impl Transition {
    /// A change from one offset to another, at a Unix time in seconds.
    #[must_use]
    pub const fn new(at: i64, before: i32, after: i32) -> Self {
        let greater = if before > after { before } else { after };
        Self { at, local: at.saturating_add(greater as i64), seconds: after }
    }
}

impl<'z> Zone<'z> {
    /// Coordinated universal time.
    pub const UTC: Self = Self::new(0, &[]);

    /// A zone with an offset of `seconds` east of Greenwich before the first of `transitions`. These are sorted by
    /// time.
    #[must_use]
    pub const fn new(seconds: i32, transitions: &'z [Transition]) -> Self {
        Self { seconds, transitions, open: false, order: None }
    }

    /// The same zone, but times that name no zone stay open: they are read as [`Stamp::Local`].
    #[must_use]
    pub const fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// The same zone, with this order of day and month. With `None`, dates of numbers cannot be read.
    #[must_use]
    pub const fn with_order(self, order: Option<Order>) -> Self {
        Self { order, ..self }
    }

    /// The order of day and month in dates that are all numbers.
    #[must_use]
    pub const fn order(self) -> Option<Order> {
        self.order
    }

    /// UTC with this zone's order of day and month: for formats that always write UTC but do not name it.
    #[must_use]
    pub const fn utc_alike(self) -> Self {
        Self { order: self.order, ..Self::UTC }
    }

    /// Reads `Z`, `+01:00`, `-0730` or `+05`. Returns `None` for all other text and for offsets beyond 23:59.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match forms::zone(text.as_bytes()) {
            Some((seconds, used)) if used == text.len() => Some(Self::new(seconds, &[])),
            _ => None,
        }
    }

    /// The offset before any transition, in seconds east of Greenwich.
    #[must_use]
    pub const fn seconds(self) -> i32 {
        self.seconds
    }

    /// The Unix time of a local time, both in seconds. In a repeated hour, this is the first of the two times. In a
    /// skipped hour, the old offset continues. O(log transitions), O(1) without transitions.
    #[must_use]
    pub fn utc(self, local: i64) -> i64 {
        local.saturating_sub(i64::from(self.offset(|transition| transition.local <= local)))
    }

    /// The second of the two times at which local clocks show `local`, if they show it twice. Both are in seconds.
    /// [`utc`](Self::utc) returns the first of the two.
    #[must_use]
    pub fn again(self, local: i64) -> Option<i64> {
        let past = self.transitions.partition_point(|transition| transition.local <= local);
        let next = self.transitions.get(past)?;
        let utc = local.saturating_sub(i64::from(next.seconds));
        (utc >= next.at).then_some(utc)
    }

    /// True if the offset of the zone changes.
    #[must_use]
    pub const fn changes(self) -> bool {
        !self.transitions.is_empty()
    }

    /// The point in time at which a local clock shows `local`, in microseconds since 1970 on that clock. Takes the
    /// same choice as [`utc`](Self::utc) in repeated and skipped hours.
    #[must_use]
    pub fn time(self, local: i64) -> Timestamp {
        let seconds = self.utc(local.div_euclid(1_000_000));
        Timestamp(seconds.saturating_mul(1_000_000).saturating_add(local.rem_euclid(1_000_000)))
    }

    /// The local time at a Unix time, both in seconds. Costs the same as [`utc`](Self::utc).
    #[must_use]
    pub fn local(self, utc: i64) -> i64 {
        utc.saturating_add(i64::from(self.offset(|transition| transition.at <= utc)))
    }

    fn offset(self, is_past: impl Fn(&Transition) -> bool) -> i32 {
        if self.transitions.is_empty() {
            return self.seconds;
        }
        let past = self.transitions.partition_point(is_past);
        past.checked_sub(1)
            .and_then(|last| self.transitions.get(last))
            .map_or(self.seconds, |last| last.seconds)
    }
}

/// A point in a year that the writer did not name (RFC 3164 section 4.1.2). It is a real date, at least in leap
/// years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yearless {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, at most the days that the month has in a leap year.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60. 60 is a leap second, and means second 0 of the next minute.
    pub second: u8,
    /// 0 to 999,999.
    pub micros: u32,
}

impl Yearless {
    /// True if this is a time of day and a real date, at least in leap years.
    #[must_use]
    pub fn is_possible(self) -> bool {
        const LEAP: i32 = 2000;
        (1..=12).contains(&self.month)
            && (1..=days_in(LEAP, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60
            && self.micros < 1_000_000
    }

    /// The same point in `year` on a local clock, in microseconds since that clock showed the start of 1970. Returns
    /// `None` if the year has no 29 February, or is not within 0 to 9999.
    #[must_use]
    pub fn local(self, year: i32) -> Option<i64> {
        if !(0..=9999).contains(&year) || self.day > days_in(year, self.month) {
            return None;
        }
        let days = days_from_civil(year, self.month, self.day);
        let clock = i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        Some((days * 86_400 + clock) * 1_000_000 + i64::from(self.micros))
    }

    /// The same point in `year` and `zone`; see [`local`](Self::local).
    #[must_use]
    pub fn at(self, year: i32, zone: Zone<'_>) -> Option<Timestamp> {
        self.local(year).map(|local| zone.time(local))
    }
}

/// A time as the record states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// A point in time.
    At(Timestamp),
    /// A local time without a zone: microseconds since that clock showed the start of 1970.
    Local(i64),
    /// A time without a year; [`Years`](crate::years::Years) finds the year.
    Yearless(Yearless),
    /// A time that cannot be read: an unknown form, an impossible date, or day and month in an unknown order.
    Unread,
}

impl Stamp {
    /// The first time that can be read. If none can, the first one that cannot.
    pub fn first_of(stamps: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let mut stamps = stamps.into_iter().flatten();
        let first = stamps.next()?;
        if first != Self::Unread {
            return Some(first);
        }
        Some(stamps.find(|stamp| *stamp != Self::Unread).unwrap_or(first))
    }

    /// The point in time, if this is one.
    #[must_use]
    pub const fn point(self) -> Option<Timestamp> {
        match self {
            Self::At(time) => Some(time),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
