//! Timestamps as log writers spell them, read by hand: a few nanoseconds a line, exact to the microsecond.
//!
//! RFC 3339 and its ISO 8601 relatives, the yearless stamp of RFC 3164, and decimal Unix time. Everything is
//! validated: there is no 30 February here. Functions take the start of a text and say how much of it they used.

use crate::time::Timestamp;

/// The time zone of stamps that name none: an offset from UTC, or offsets that change at certain times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone<'z> {
    seconds: i32,
    transitions: &'z [Transition],
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
    pub const UTC: Self = Self { seconds: 0, transitions: &[] };

    /// A zone of so many seconds east of Greenwich until the first of `transitions`, which are in order.
    #[must_use]
    pub const fn new(seconds: i32, transitions: &'z [Transition]) -> Self {
        Self { seconds, transitions }
    }

    /// Reads `Z`, `+01:00`, `-0730` or `+05`. `None` for anything else, and beyond 23:59.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match zone(text.as_bytes()) {
            Some((zone, used)) if used == text.len() => Some(zone),
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

    /// The same point in `year`, or `None` where that year has no 29 February. Years 0 to 9999.
    #[must_use]
    pub fn at(self, year: i32, zone: Zone<'_>) -> Option<Timestamp> {
        if !(0..=9999).contains(&year) || self.day > days_in(year, self.month) {
            return None;
        }
        let days = days_from_civil(year, self.month, self.day);
        let clock = i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let seconds = zone.utc(days * 86_400 + clock);
        Some(Timestamp(seconds * 1_000_000 + i64::from(self.micros)))
    }
}

/// What a stamp says: a point in time, or one that still needs its year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// A point in time.
    At(Timestamp),
    /// A point in some year; [`Years`](crate::years::Years) finds out which.
    Yearless(Yearless),
}

/// Reads RFC 3339 or ISO 8601 at the start of `bytes`, and says how many bytes it took.
///
/// `T` or a space between date and time, any number of decimals after `.` or `,` (cut to microseconds), and `Z`,
/// `+hh:mm`, `+hhmm`, `+hh`, the same after a space, or no zone, where `zone` applies.
#[must_use]
pub fn iso(bytes: &[u8], default: Zone<'_>) -> Option<(Timestamp, usize)> {
    let head: &[u8; 10] = bytes.first_chunk()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *head else { return None };
    if !matches!(bytes.get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let year = i32::from(two(y0, y1)?) * 100 + i32::from(two(y2, y3)?);
    let (clock, mut used) = clock(bytes.get(11..)?)?;
    used += 11;
    let point = Yearless { month: two(m0, m1)?, day: two(d0, d1)?, ..clock };
    if point.month == 0 || point.month > 12 || point.day == 0 {
        return None;
    }
    let rest = bytes.get(used..).unwrap_or_default();
    let zone = match rest {
        // A space before the zone: only in front of all four digits, since a word may follow as well.
        [b' ', sign @ ..] => match zone(sign) {
            Some((zone, n @ 5..)) if !sign.get(n).is_some_and(u8::is_ascii_alphanumeric) => {
                Some((zone, n + 1))
            }
            _ => None,
        },
        _ => zone(rest),
    };
    let (zone, length) = zone.unwrap_or((default, 0));
    Some((point.at(year, zone)?, used + length))
}

/// Reads an RFC 3164 stamp at the start of `bytes`, and says how many bytes it took.
///
/// `Mar  2 07:55:48`, `Feb 7 16:01:07`, `Jul 05 18:22:44.123456`; with a year before or after the clock
/// (`Mar 12 2016 07:55:48`, `Mar 12 07:55:48 2016`) it is a point in time in `zone`.
#[must_use]
pub fn rfc3164(bytes: &[u8], zone: Zone<'_>) -> Option<(Stamp, usize)> {
    let [a, b, c, b' ', ..] = *bytes else { return None };
    let month = month([a, b, c])?;
    let mut used = 4;
    while used < 7 && bytes.get(used) == Some(&b' ') {
        used += 1;
    }
    let (day, length) = match *bytes.get(used..)? {
        [d0, d1 @ b'0'..=b'9', b' ', ..] => (two(d0, d1)?, 3),
        [d @ b'1'..=b'9', b' ', ..] => (d - b'0', 2),
        _ => return None,
    };
    used += length;
    let mut year = self::year(bytes.get(used..)?);
    if year.is_some() {
        used += 5;
    }
    let (clock, length) = clock(bytes.get(used..)?)?;
    used += length;
    if year.is_none()
        && let Some([b' ', rest @ ..]) = bytes.get(used..)
        && let Some(after) = self::year(rest)
    {
        year = Some(after);
        used += 5;
    }
    let point = Yearless { month, day, ..clock };
    if day == 0 || day > days_in(2000, month) {
        return None;
    }
    match year {
        Some(year) => Some((Stamp::At(point.at(year, zone)?), used)),
        None => Some((Stamp::Yearless(point), used)),
    }
}

/// Reads a date with slashes at the start of `bytes`, as Microsoft's portals and exports write it, and says how many
/// bytes it took.
///
/// `6/15/2026, 12:35:28.806 PM`, `01/09/2007 09:41:00`, `1/9/2007 10:41:00 AM +01:00`, without seconds as spreadsheets
/// leave them. The month goes first unless it can be none. Without an offset of its own it is in `default`.
#[must_use]
pub fn slashed(bytes: &[u8], default: Zone<'_>) -> Option<(Timestamp, usize)> {
    let (a, length) = number(bytes)?;
    let mut used = length;
    let slash = |used: &mut usize| (bytes.get(*used) == Some(&b'/')).then(|| *used += 1);
    slash(&mut used)?;
    let (b, length) = number(bytes.get(used..)?)?;
    used += length;
    slash(&mut used)?;
    let [y0, y1, y2, y3] = *bytes.get(used..)?.first_chunk()?;
    let year = i32::from(two(y0, y1)?) * 100 + i32::from(two(y2, y3)?);
    used += 4;
    let (month, day) = if a > 12 { (b, a) } else { (a, b) };
    if month == 0 || month > 12 || day == 0 {
        return None;
    }
    if bytes.get(used) == Some(&b',') {
        used += 1;
    }
    let space = space(bytes, used);
    if space == 0 {
        return None;
    }
    used += space;
    let (hour, length) = number(bytes.get(used..)?)?;
    used += length;
    let [b':', m0, m1] = *bytes.get(used..)?.first_chunk()? else { return None };
    used += 3;
    let mut point = Yearless { month, day, hour, minute: two(m0, m1)?, second: 0, micros: 0 };
    if let Some(&[b':', s0, s1]) = bytes.get(used..).and_then(|rest| rest.first_chunk()) {
        point.second = two(s0, s1)?;
        used += 3;
        if let Some([b'.', decimals @ ..]) = bytes.get(used..) {
            let (micros, digits) = fraction(decimals);
            point.micros = micros;
            used += 1 + digits;
        }
    }
    // JavaScript writes U+202F before the half of the day since 2023 (CLDR 42).
    let after = self::space(bytes, used);
    if let Some(&[half @ (b'A' | b'a' | b'P' | b'p'), b'M' | b'm']) =
        bytes.get(used + after..).and_then(|rest| rest.first_chunk())
    {
        if point.hour == 0 || point.hour > 12 {
            return None;
        }
        point.hour = point.hour % 12 + if half.eq_ignore_ascii_case(&b'p') { 12 } else { 0 };
        used += after + 2;
    }
    if point.hour > 23 || point.minute > 59 || point.second > 60 {
        return None;
    }
    let after = self::space(bytes, used);
    let zone = zone(bytes.get(used + after..).unwrap_or_default());
    let (zone, length) = zone.map_or((default, 0), |(zone, length)| (zone, after + length));
    Some((point.at(year, zone)?, used + length))
}

/// One or two digits at the start, and how many.
fn number(bytes: &[u8]) -> Option<(u8, usize)> {
    match *bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => Some(((a - b'0') * 10 + b - b'0', 2)),
        [a @ b'0'..=b'9', ..] => Some((a - b'0', 1)),
        _ => None,
    }
}

/// The length of the space at `at`: one blank, or a no-break space of either width.
fn space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).unwrap_or_default() {
        [b' ', ..] => 1,
        [0xc2, 0xa0, ..] => 2,
        [0xe2, 0x80, 0xaf, ..] => 3,
        _ => 0,
    }
}

/// Reads decimal Unix time: seconds, milliseconds, microseconds or nanoseconds by their magnitude, with decimals.
///
/// Below 10^11 it is seconds (to the year 5138), below 10^14 milliseconds, below 10^17 microseconds: each span
/// begins in 1973 of the finer unit. The whole text must be the number.
#[must_use]
pub fn epoch(bytes: &[u8]) -> Option<Timestamp> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 19 {
        return None;
    }
    let whole = decimal(bytes.get(..digits)?)?;
    // Microseconds in the unit, or units in the microsecond.
    let (times, over) = match whole {
        0..100_000_000_000 => (1_000_000, 1),
        100_000_000_000..100_000_000_000_000 => (1_000, 1),
        100_000_000_000_000..100_000_000_000_000_000 => (1, 1),
        _ => (1, 1_000),
    };
    let fraction = match bytes.get(digits..)? {
        [] => 0,
        [b'.', decimals @ ..] if !decimals.is_empty() => {
            let (millionths, used) = fraction(decimals);
            if used != decimals.len() {
                return None;
            }
            i64::from(millionths) * times / 1_000_000 / over
        }
        _ => return None,
    };
    (whole / over).checked_mul(times)?.checked_add(fraction).map(Timestamp)
}

/// `07:55:48`, with or without decimals.
fn clock(bytes: &[u8]) -> Option<(Yearless, usize)> {
    let head: &[u8; 8] = bytes.first_chunk()?;
    let [h0, h1, b':', m0, m1, b':', s0, s1] = *head else { return None };
    let (hour, minute, second) = (two(h0, h1)?, two(m0, m1)?, two(s0, s1)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (micros, length) = match bytes.get(8..).unwrap_or_default() {
        [b'.' | b',', decimals @ ..] => fraction(decimals),
        _ => (0, 0),
    };
    // A point or comma without a digit after it is not part of the time.
    let used = if length == 0 { 8 } else { 9 + length };
    Some((Yearless { month: 1, day: 1, hour, minute, second, micros }, used))
}

/// `Z`, `+hh:mm`, `+hhmm` or `+hh` at the start.
fn zone(bytes: &[u8]) -> Option<(Zone<'static>, usize)> {
    let (sign, hours, minutes, used) = match *bytes {
        [b'Z' | b'z', ..] => return Some((Zone::UTC, 1)),
        [sign @ (b'+' | b'-'), a, b, b':', c @ b'0'..=b'9', d @ b'0'..=b'9', ..] => {
            (sign, two(a, b)?, two(c, d)?, 6)
        }
        [sign @ (b'+' | b'-'), a, b, c @ b'0'..=b'9', d @ b'0'..=b'9', ..] => {
            (sign, two(a, b)?, two(c, d)?, 5)
        }
        [sign @ (b'+' | b'-'), a, b, ..] => (sign, two(a, b)?, 0, 3),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i32::from(hours) * 3_600 + i32::from(minutes) * 60;
    Some((Zone::new(if sign == b'-' { -seconds } else { seconds }, &[]), used))
}

/// Decimals as millionths, and how many digits there were; the seventh and later ones are cut.
fn fraction(bytes: &[u8]) -> (u32, usize) {
    let mut micros = 0;
    let mut used = 0;
    for &digit in bytes.iter().take_while(|b| b.is_ascii_digit()) {
        if used < 6 {
            micros = micros * 10 + u32::from(digit - b'0');
        }
        used += 1;
    }
    for _ in used..6 {
        micros *= 10;
    }
    (micros, used)
}

/// A year from 1970 to 2199 and the end of the word after it.
fn year(bytes: &[u8]) -> Option<i32> {
    let [a, b, c, d, ref rest @ ..] = *bytes else { return None };
    let year = i32::from(two(a, b)?) * 100 + i32::from(two(c, d)?);
    (matches!(rest.first(), None | Some(b' ')) && (1970..2200).contains(&year)).then_some(year)
}

const fn two(tens: u8, ones: u8) -> Option<u8> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() { Some((tens - b'0') * 10 + ones - b'0') } else { None }
}

/// Up to 19 digits.
fn decimal(digits: &[u8]) -> Option<i64> {
    let mut value = 0i64;
    for digit in digits {
        value = value.checked_mul(10)?.checked_add(i64::from(digit.checked_sub(b'0')?))?;
    }
    Some(value)
}

fn month(name: [u8; 3]) -> Option<u8> {
    Some(match &name.map(|b| b.to_ascii_lowercase()) {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

const fn days_in(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. H. Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms": years begin in March there, so that the leap day is their last.
const fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let year = year as i64 - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = (month as i64 + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day as i64 - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year that `time` falls in on a clock of `zone`; the inverse of the above.
pub(crate) fn year_of(time: Timestamp, zone: Zone<'_>) -> i32 {
    // Nothing before the year 0 or after 9999 is a log's time; clamped, no sum can overflow.
    let seconds = zone.local(time.0.div_euclid(1_000_000));
    let days = seconds.div_euclid(86_400).clamp(-719_000, 2_932_896) + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let january = (5 * of_year + 2) / 153 >= 10;
    (days.div_euclid(146_097) * 400 + year_of_era + i64::from(january)) as i32
}

/// Reads Unix time in seconds as some encoders write large numbers: `1.7685576e9`. Without floating point, whose tables
/// are larger than this module. `None` for what lies before 1970 or beyond the year 5138.
#[must_use]
pub fn scientific(bytes: &[u8]) -> Option<Timestamp> {
    let at = bytes.iter().position(|b| b.eq_ignore_ascii_case(&b'e'))?;
    let (digits, exponent) = bytes.split_at_checked(at)?;
    let exponent = core::str::from_utf8(exponent.get(1..)?).ok()?.parse::<i32>().ok()?;
    // Seconds to microseconds.
    let mut power = exponent.checked_add(6)?;
    let (mut value, mut point) = (0i64, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' if value < 1_000_000_000_000_000 => {
                value = value * 10 + i64::from(byte - b'0');
                power = power.checked_sub(i32::from(point))?;
            }
            // What is less than a microsecond.
            b'0'..=b'9' => power = power.checked_add(i32::from(!point))?,
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    let scale = 10i64.checked_pow(power.unsigned_abs())?;
    let micros = if power < 0 { value / scale } else { value.checked_mul(scale)? };
    (1..100_000_000_000_000_000).contains(&micros).then_some(Timestamp(micros))
}

#[cfg(test)]
mod tests;
