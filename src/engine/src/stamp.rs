//! Times as log writers spell them, read by hand: a few nanoseconds a line, exact to the microsecond.
//!
//! Everything is validated: there is no 30 February here. [`read`] takes a whole value and knows all forms. [`leading`]
//! takes the start of a line and says how much of it is the time. A time may leave its zone open, or its year: [`Stamp`]
//! says which.

mod civil;
mod forms;
mod number;
mod words;

use crate::time::Timestamp;
pub(crate) use civil::year_of;
use civil::{days_from_civil, days_in};
pub use forms::{iso, leading, read, rfc3164};
pub use number::epoch;

/// Which of day and month a date names first, where both are numbers and the year stands last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The day: `31/12/2026`.
    DayMonth,
    /// The month: `12/31/2026`.
    MonthDay,
}

/// What a time is read by where it leaves something open: the zone of times that name none (an offset from UTC, or offsets
/// that change at certain times), and the order of day and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone<'z> {
    seconds: i32,
    transitions: &'z [Transition],
    /// True if another time may tell the zone of those that name none.
    open: bool,
    order: Option<Order>,
}

/// A change of the offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// When it happens: Unix time in seconds.
    pub at: i64,
    /// From which time on local clocks its offset holds, in seconds of local time. In an hour that is repeated the
    /// offset before holds, and in an hour that is skipped too.
    pub local: i64,
    /// The offset from then on, in seconds east of Greenwich.
    pub seconds: i32,
}

impl Transition {
    /// A change at a time (Unix time in seconds) from one offset to another.
    #[must_use]
    pub const fn new(at: i64, before: i32, after: i32) -> Self {
        let greater = if before > after { before } else { after };
        Self { at, local: at.saturating_add(greater as i64), seconds: after }
    }
}

impl<'z> Zone<'z> {
    /// Coordinated universal time.
    pub const UTC: Self = Self::new(0, &[]);

    /// A zone of so many seconds east of Greenwich until the first of `transitions`, which are in order.
    #[must_use]
    pub const fn new(seconds: i32, transitions: &'z [Transition]) -> Self {
        Self { seconds, transitions, open: false, order: None }
    }

    /// The same where the zone of times that name none is left open: they are read as [`Stamp::Local`].
    #[must_use]
    pub const fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// The same where dates of numbers have this order. Without one, they cannot be read.
    #[must_use]
    pub const fn with_order(self, order: Option<Order>) -> Self {
        Self { order, ..self }
    }

    /// The order of day and month in dates of numbers.
    #[must_use]
    pub const fn order(self) -> Option<Order> {
        self.order
    }

    /// UTC, with the order of this one: for formats that write UTC and do not say so.
    #[must_use]
    pub const fn utc_alike(self) -> Self {
        Self { order: self.order, ..Self::UTC }
    }

    /// Reads `Z`, `+01:00`, `-0730` or `+05`. `None` for anything else, and beyond 23:59.
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

    /// The Unix time of a time on local clocks, both in seconds. An hour that is repeated is taken as the first of
    /// the two; in an hour that is skipped, the offset before it goes on. O(log transitions), O(1) without any.
    #[must_use]
    pub fn utc(self, local: i64) -> i64 {
        local.saturating_sub(i64::from(self.offset(|transition| transition.local <= local)))
    }

    /// The second of the two times at which local clocks show `local`, where they show it twice. In seconds, as
    /// [`utc`](Self::utc), which is the first of the two.
    #[must_use]
    pub fn again(self, local: i64) -> Option<i64> {
        let past = self.transitions.partition_point(|transition| transition.local <= local);
        let next = self.transitions.get(past)?;
        let utc = local.saturating_sub(i64::from(next.seconds));
        (utc >= next.at).then_some(utc)
    }

    /// True if its offset changes.
    #[must_use]
    pub const fn changes(self) -> bool {
        !self.transitions.is_empty()
    }

    /// The point in time at which a local clock shows `local`, both in microseconds since 1970. As [`utc`](Self::utc).
    #[must_use]
    pub fn time(self, local: i64) -> Timestamp {
        let seconds = self.utc(local.div_euclid(1_000_000));
        Timestamp(seconds.saturating_mul(1_000_000).saturating_add(local.rem_euclid(1_000_000)))
    }

    /// What local clocks show at a Unix time, both in seconds. Costs as [`utc`](Self::utc).
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

/// A point in a year that the writer did not name (RFC 3164 section 4.1.2). Every such value is a real date, in leap
/// years at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Yearless {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, at most what the month has in a leap year.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60; 60 is a leap second, the same point as second 0 of the next minute.
    pub second: u8,
    /// 0 to 999,999.
    pub micros: u32,
}

impl Yearless {
    /// Whether it is a real date, in leap years at least, and a time of day.
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

    /// The same point in `year` on a local clock, in microseconds since that clock showed the start of 1970. `None` where
    /// that year has no 29 February. Years 0 to 9999.
    #[must_use]
    pub fn local(self, year: i32) -> Option<i64> {
        if !(0..=9999).contains(&year) || self.day > days_in(year, self.month) {
            return None;
        }
        let days = days_from_civil(year, self.month, self.day);
        let clock = i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        Some((days * 86_400 + clock) * 1_000_000 + i64::from(self.micros))
    }

    /// The same point in `year`; see [`local`](Self::local).
    #[must_use]
    pub fn at(self, year: i32, zone: Zone<'_>) -> Option<Timestamp> {
        self.local(year).map(|local| zone.time(local))
    }
}

/// What a time says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// A point in time.
    At(Timestamp),
    /// A point on a clock whose zone is not named: microseconds since that clock showed the start of 1970.
    Local(i64),
    /// A point in some year; [`Years`](crate::years::Years) finds out which.
    Yearless(Yearless),
    /// A time that cannot be read: of an unknown form, impossible, or with day and month in an unknown order.
    Unread,
}

impl Stamp {
    /// The first that can be read; where there is none, one that cannot.
    pub fn first_of(stamps: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let mut stamps = stamps.into_iter().flatten();
        let first = stamps.next()?;
        if first != Self::Unread {
            return Some(first);
        }
        Some(stamps.find(|stamp| *stamp != Self::Unread).unwrap_or(first))
    }

    /// The point in time, where it is one.
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
