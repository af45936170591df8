//! The forms of times. The common ones are read at fixed places, all others piece by piece.

use super::words::{is_weekday, month, offset, short_month};
use super::{Order, Stamp, Yearless, Zone, civil, number};
use crate::time::Timestamp;

/// The parts of a time as the text names them.
#[derive(Clone, Copy)]
struct Written {
    point: Yearless,
    year: Option<i32>,
    /// The offset from UTC, in seconds east of Greenwich.
    offset: Option<i32>,
}

impl Written {
    /// The stamp of these parts. `None` if the date or the clock is impossible.
    fn stamp(self, zone: Zone<'_>) -> Option<Stamp> {
        if !self.point.is_possible() {
            return None;
        }
        match self.year {
            Some(year) => self.point.stamp(year, self.offset, zone),
            None => Some(Stamp::Yearless(self.point)),
        }
    }
}

impl Yearless {
    /// The same point in `year`, at an offset from UTC or in a zone. The caller has checked all but the day.
    #[inline]
    fn stamp(self, year: i32, offset: Option<i32>, zone: Zone<'_>) -> Option<Stamp> {
        let local = self.local(year)?;
        let at = |offset| Stamp::At(Timestamp(local - i64::from(offset) * 1_000_000));
        Some(match offset {
            Some(offset) => at(offset),
            None if zone.open => Stamp::Local(local),
            None if zone.changes() => Stamp::At(zone.time(local)),
            None => at(zone.seconds),
        })
    }
}

/// Reads a whole value in any known form. Returns `None` for all other text. O(n).
///
/// Known forms are RFC 3339 and its relatives, RFC 3164, RFC 1123, RFC 850, the common log format, `ctime`, and
/// `20260304T080000Z`. Kibana's `Mar 4, 2026 @ 08:00:00.000` is known too, and dates of numbers if `zone` has their
/// order. Known numbers: Unix time in seconds to nanoseconds, and those of Excel and Windows.
#[must_use]
pub fn read(text: &[u8], zone: Zone<'_>) -> Option<Stamp> {
    let text = text.trim_ascii();
    if let Some((stamp, used)) = iso(text, zone)
        && used == text.len()
    {
        return Some(stamp);
    }
    if let Some(stamp) = number::read(text, zone) {
        return Some(stamp);
    }
    let bare = text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(text);
    let mut rest = Rest(bare);
    let mut written = rest.written(zone)?;
    rest.tail(&mut written);
    rest.0.is_empty().then(|| written.stamp(zone)).flatten()
}

/// Reads a time at the start of a line, and returns its length in bytes. Knows the forms of [`read`], but of numbers
/// only Unix time in whole seconds, with or without decimals. A time without a zone of its own is in `zone`.
#[must_use]
pub fn leading(bytes: &[u8], zone: Zone<'_>) -> Option<(Stamp, usize)> {
    if let Some(found) = iso(bytes, zone).or_else(|| rfc3164(bytes, zone)) {
        return Some(found);
    }
    let word = bytes.iter().take(24).position(|b| *b == b' ').and_then(|end| bytes.get(..end));
    if let Some(word) = word
        && matches!(word.iter().position(|b| *b == b'.'), None | Some(10))
        && (word.len() == 10 || word.get(10) == Some(&b'.'))
        && let Some(time) = number::epoch(word)
    {
        return Some((Stamp::At(time), word.len()));
    }
    let mut rest = Rest(bytes);
    // systemd writes `Wed 2026-03-04 08:00:00 CET`: a word for the zone always follows.
    let named = bytes.first_chunk::<4>().is_some_and(|[a, b, c, d]| is_weekday(&[*a, *b, *c]) && *d == b' ')
        && bytes.get(4).is_some_and(u8::is_ascii_digit);
    let mut written = rest.written(zone)?;
    rest.zone_of_line(&mut written, named);
    Some((written.stamp(zone)?, bytes.len() - rest.0.len()))
}

/// Reads RFC 3339 or ISO 8601 at the start of `bytes`, and returns its length in bytes.
///
/// Accepts `T` or a space between date and time, and any number of decimals after `.` or `,` (cut to microseconds).
/// The zone is `Z`, `+hh:mm`, `+hhmm` or `+hh`, perhaps after a space. Without a zone, `default` applies.
#[must_use]
pub fn iso(bytes: &[u8], default: Zone<'_>) -> Option<(Stamp, usize)> {
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
        // A space may come before the zone only if all four digits follow, since the next word may begin with a sign
        // too.
        [b' ', sign @ ..] => match zone(sign) {
            Some((zone, n @ 5..)) if !sign.get(n).is_some_and(u8::is_ascii_alphanumeric) => {
                Some((zone, n + 1))
            }
            _ => None,
        },
        _ => zone(rest),
    };
    let (offset, length) = zone.map_or((None, 0), |(zone, length)| (Some(zone), length));
    Some((point.stamp(year, offset, default)?, used + length))
}

/// Reads an RFC 3164 stamp at the start of `bytes`, and returns its length in bytes.
///
/// Examples: `Mar  2 07:55:48`, `Feb 7 16:01:07`, `Jul 05 18:22:44.123456`. With a year before or after the clock
/// (`Mar 12 2016 07:55:48`, `Mar 12 07:55:48 2016`), the stamp is a point in time.
#[must_use]
pub fn rfc3164(bytes: &[u8], zone: Zone<'_>) -> Option<(Stamp, usize)> {
    let [a, b, c, b' ', ..] = *bytes else { return None };
    let month = short_month([a, b, c])?;
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
    if day == 0 || day > civil::days_in(2000, month) {
        return None;
    }
    match year {
        Some(year) => Some((point.stamp(year, None, zone)?, used)),
        None => Some((Stamp::Yearless(point), used)),
    }
}

/// The part of a text that is still to be read.
#[derive(Clone, Copy)]
struct Rest<'t>(&'t [u8]);

impl<'t> Rest<'t> {
    fn peek(self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Steps over `byte` if it comes next. Returns whether it did.
    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        if is {
            self.skip(1);
        }
        is
    }

    fn skip(&mut self, bytes: usize) -> &'t [u8] {
        let (taken, rest) = self.0.split_at_checked(bytes).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    fn letters(&mut self) -> &'t [u8] {
        self.skip(self.0.iter().take_while(|b| b.is_ascii_alphabetic()).count())
    }

    /// Steps over blanks and no-break spaces, wide or narrow. Returns whether there were any. JavaScript writes
    /// U+202F before `AM` and `PM` since 2023 (CLDR 42).
    fn blanks(&mut self) -> bool {
        let before = self.0.len();
        loop {
            match self.0 {
                [b' ' | b'\t', ..] => self.skip(1),
                [0xc2, 0xa0, ..] => self.skip(2),
                [0xe2, 0x80, 0xaf, ..] => self.skip(3),
                _ => return self.0.len() != before,
            };
        }
    }

    /// Reads a number of one or two digits.
    fn small(&mut self) -> Option<u8> {
        let (value, length) = match *self.0 {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => ((a - b'0') * 10 + b - b'0', 2),
            [a @ b'0'..=b'9', ..] => (a - b'0', 1),
            _ => return None,
        };
        self.skip(length);
        Some(value)
    }

    /// Reads two digits.
    fn pair(&mut self) -> Option<u8> {
        let [a, b, ..] = *self.0 else { return None };
        let value = two(a, b)?;
        self.skip(2);
        Some(value)
    }

    /// Reads a year of four digits.
    fn year(&mut self) -> Option<i32> {
        let [a, b, c, d, ref rest @ ..] = *self.0 else { return None };
        let year = i32::from(two(a, b)?) * 100 + i32::from(two(c, d)?);
        if rest.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        self.skip(4);
        Some(year)
    }

    /// Reads a date and a clock, in any order of their parts.
    fn written(&mut self, zone: Zone<'_>) -> Option<Written> {
        let before = *self;
        if is_weekday(self.letters()) {
            let _ = (self.take(b'.'), self.take(b','), self.blanks());
        } else {
            *self = before;
        }
        let digits = self.0.iter().take(15).take_while(|b| b.is_ascii_digit()).count();
        let mut offset = None;
        let (year, month, day) = match digits {
            0 => {
                let month = month(self.letters())?;
                self.take(b'.');
                if !self.blanks() && !self.take(b'-') && !self.take(b'/') {
                    return None;
                }
                let day = self.small()?;
                if matches!(
                    self.0,
                    [b's' | b'S', b't' | b'T', ..]
                        | [b'n' | b'N' | b'r' | b'R', b'd' | b'D', ..]
                        | [b't' | b'T', b'h' | b'H', ..]
                ) {
                    self.skip(2);
                }
                let before = *self;
                let _ = (self.take(b','), self.blanks(), self.take(b'-'), self.take(b'/'));
                let year = self.year();
                if year.is_none() {
                    *self = before;
                }
                (year, month, day)
            }
            1 | 2 => self.day_first(zone)?,
            4 => {
                let year = self.year()?;
                let separator = self.separator()?;
                let month = match self.peek()?.is_ascii_alphabetic() {
                    true => month(self.letters())?,
                    false => self.small()?,
                };
                self.take(separator).then_some(())?;
                (Some(year), month, self.small()?)
            }
            8 | 14 => {
                let year = i32::from(self.pair()?) * 100 + i32::from(self.pair()?);
                (Some(year), self.pair()?, self.pair()?)
            }
            _ => return None,
        };
        let compact = matches!(digits, 8 | 14);
        if digits != 14 {
            self.between(compact)?;
        }
        let clock = self.clock(compact)?;
        let mut year = year;
        if year.is_none() {
            (year, offset) = self.year_behind();
        }
        Some(Written { point: Yearless { month, day, ..clock }, year, offset })
    }

    fn separator(&mut self) -> Option<u8> {
        let separator = self.peek().filter(|byte| matches!(byte, b'-' | b'/' | b'.' | b' '))?;
        self.skip(1);
        Some(separator)
    }

    /// Reads a date that begins with a number of one or two digits: `04/Mar/2026`, `4 March 2026`, `04-Mar-26`,
    /// `31.12.2026`.
    fn day_first(&mut self, zone: Zone<'_>) -> Option<(Option<i32>, u8, u8)> {
        let first = self.small()?;
        // German style: `4. March 2026`.
        let ordinal = matches!(self.0, [b'.', b' ', ..]) && self.take(b'.');
        let separator = self.separator()?;
        if !self.peek()?.is_ascii_alphabetic() {
            let second = self.small()?;
            if ordinal || separator == b' ' || !self.take(separator) {
                return None;
            }
            let year = self.year()?;
            return match zone.order? {
                Order::DayMonth => Some((Some(year), second, first)),
                Order::MonthDay => Some((Some(year), first, second)),
            };
        }
        let month = month(self.letters())?;
        self.take(b'.');
        let before = *self;
        let _ = self.take(b',');
        if !self.take(separator) && !self.blanks() {
            return None;
        }
        let year = self.year().or_else(|| {
            let short = self.0.get(2).is_none_or(|next| !next.is_ascii_digit() && *next != b':');
            short.then(|| self.pair()).flatten().map(|year| 2000 + i32::from(year))
        });
        if year.is_none() {
            *self = before;
        }
        Some((year, month, first))
    }

    /// Steps over the text between date and clock.
    fn between(&mut self, compact: bool) -> Option<()> {
        let next_is_digit = |rest: &Self| rest.0.get(1).is_some_and(u8::is_ascii_digit);
        match self.peek()? {
            b'T' | b't' | b'_' | b':' | b'-' if next_is_digit(self) => {
                self.skip(1);
                return Some(());
            }
            b'0'..=b'9' if compact => return Some(()),
            _ => {}
        }
        let comma = self.take(b',');
        if !self.blanks() && !comma {
            return None;
        }
        if self.take(b'@')
            || matches!(self.0, [b'a' | b'A', b't' | b'T', b' ', ..]) && self.skip(2).len() == 2
        {
            self.blanks();
        }
        Some(())
    }

    /// Reads `08:00`, `8:00:00 AM`, `08:00:00,123` or `08.00.00`. In a compact date, the clock has no colons.
    fn clock(&mut self, compact: bool) -> Option<Yearless> {
        let mut point = Yearless { month: 1, day: 1, hour: 0, minute: 0, second: 0, micros: 0 };
        let tight = compact && self.0.get(..4).is_some_and(|head| head.iter().all(u8::is_ascii_digit));
        if tight {
            (point.hour, point.minute) = (self.pair()?, self.pair()?);
            point.second = self.pair().unwrap_or(0);
        } else {
            point.hour = self.small()?;
            let separator = self.peek().filter(|byte| matches!(byte, b':' | b'.'))?;
            self.skip(1);
            point.minute = self.pair()?;
            if matches!(*self.0, [byte, b'0'..=b'9', b'0'..=b'9', ..] if byte == separator) {
                self.skip(1);
                point.second = self.pair()?;
            }
        }
        if matches!(
            self.0,
            [b'.' | b',', b'0'..=b'9', ..] | [b':', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]
        ) {
            self.skip(1);
            let (micros, used) = fraction(self.0);
            point.micros = micros;
            self.skip(used);
        }
        if let Some(after) = self.half_of_day() {
            if point.hour == 0 || point.hour > 12 {
                return None;
            }
            point.hour = point.hour % 12 + if after { 12 } else { 0 };
        }
        Some(point)
    }

    /// Reads `AM`, `pm` or `p.m.`. True means the second half of the day.
    fn half_of_day(&mut self) -> Option<bool> {
        let mut rest = *self;
        rest.blanks();
        let after = match rest.peek()?.to_ascii_lowercase() {
            b'a' => false,
            b'p' => true,
            _ => return None,
        };
        rest.skip(1);
        if rest.take(b'.') {
            rest.blanks();
        }
        if !rest.take(b'm') && !rest.take(b'M') {
            return None;
        }
        rest.take(b'.');
        if rest.peek().is_some_and(|next| next.is_ascii_alphanumeric()) {
            return None;
        }
        *self = rest;
        Some(after)
    }

    /// Reads the year after a clock, as `ctime` and `date` write it, perhaps after the zone: ` 2026`, ` UTC 2026`.
    fn year_behind(&mut self) -> (Option<i32>, Option<i32>) {
        let mut rest = *self;
        if !rest.blanks() {
            return (None, None);
        }
        let word = rest.letters();
        if !(word.is_empty() || is_zone(word) && rest.blanks()) {
            return (None, None);
        }
        let year = rest.year().filter(|_| !rest.peek().is_some_and(|next| next.is_ascii_alphanumeric()));
        if year.is_none() {
            return (None, None);
        }
        *self = rest;
        (year, offset(word))
    }

    /// Reads the rest of a value after its clock: the zone, and words that repeat the zone.
    fn tail(&mut self, written: &mut Written) {
        loop {
            self.blanks();
            let found = match *self.0 {
                [] => return,
                [b'(', ..] => self.comment(b')'),
                [b'[', ..] => self.comment(b']'),
                [b'+' | b'-', ..] => self.numeric(written),
                // Go's monotonic clock.
                [b'm', b'=', ..] => {
                    self.0 = &[];
                    return;
                }
                _ => self.named(written),
            };
            if !found {
                return;
            }
        }
    }

    fn comment(&mut self, close: u8) -> bool {
        let end = self.0.iter().position(|byte| *byte == close);
        end.map(|end| self.skip(end + 1)).is_some()
    }

    /// Reads `+01:00`, `-0730`, `+1`, or minutes as WMI writes them: `+060`.
    fn numeric(&mut self, written: &mut Written) -> bool {
        let digits = self.0.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
        let negative = self.peek() == Some(b'-');
        let sign = if negative { -1 } else { 1 };
        let seconds = match (digits, self.0) {
            (3, &[_, a, b, c, ..]) => {
                self.skip(4);
                (i32::from(a - b'0') * 100 + i32::from(b - b'0') * 10 + i32::from(c - b'0')) * 60 * sign
            }
            (1, &[_, hours, ..]) => {
                self.skip(2);
                i32::from(hours - b'0') * 3_600 * sign
            }
            _ => match zone(self.0) {
                Some((seconds, used)) => {
                    self.skip(used);
                    seconds
                }
                None => return false,
            },
        };
        written.offset = written.offset.or(Some(seconds));
        true
    }

    /// Reads `Z`, `UTC`, `GMT+1`, `CET`, or an abbreviation that several zones share.
    fn named(&mut self, written: &mut Written) -> bool {
        let before = *self;
        let word = self.letters();
        if matches!(word, b"Z" | b"z") {
            written.offset = written.offset.or(Some(0));
            return true;
        }
        if !is_zone(word) {
            *self = before;
            return false;
        }
        if matches!(word, b"UTC" | b"GMT") && matches!(self.0, [b'+' | b'-', b'0'..=b'9', ..]) {
            return self.numeric(written);
        }
        written.offset = written.offset.or(offset(word));
        true
    }

    /// Reads the zone of a time at the start of a line, where other words follow. With `named`, a word for the zone
    /// always follows.
    fn zone_of_line(&mut self, written: &mut Written, named: bool) {
        if written.offset.is_some() {
            return;
        }
        if let Some((seconds, used)) = zone(self.0) {
            written.offset = Some(seconds);
            self.skip(used);
            return;
        }
        let mut rest = *self;
        if !rest.blanks() {
            return;
        }
        let found = match rest.peek() {
            Some(b'+' | b'-') => {
                let long = rest.0.iter().skip(1).take_while(|b| b.is_ascii_digit() || **b == b':').count();
                (named || long >= 4) && rest.numeric(written)
            }
            _ => {
                let word = rest.letters();
                let known = matches!(word, b"UTC" | b"GMT") || named && is_zone(word);
                if known {
                    written.offset = offset(word);
                }
                known
            }
        };
        if found && matches!(rest.peek(), None | Some(b' ' | b'\t' | b':')) {
            *self = rest;
        } else {
            written.offset = None;
        }
    }
}

/// True if a word looks like the abbreviation of a zone.
fn is_zone(word: &[u8]) -> bool {
    (2..=5).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase)
}

/// Reads `07:55:48`, with or without decimals.
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
    // A point or comma belongs to the time only if a digit follows.
    let used = if length == 0 { 8 } else { 9 + length };
    Some((Yearless { month: 1, day: 1, hour, minute, second, micros }, used))
}

/// Reads `Z`, `+hh:mm`, `+hhmm` or `+hh` at the start. Returns the seconds east of Greenwich and the length in bytes.
pub(super) fn zone(bytes: &[u8]) -> Option<(i32, usize)> {
    let (sign, hours, minutes, used) = match *bytes {
        [b'Z' | b'z', ..] => return Some((0, 1)),
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
    Some((if sign == b'-' { -seconds } else { seconds }, used))
}

/// Reads decimals as millionths, and returns the number of digits. Digits after the sixth are cut.
pub(super) fn fraction(bytes: &[u8]) -> (u32, usize) {
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

/// Reads a year from 1970 to 2199 that ends with a space or the text.
fn year(bytes: &[u8]) -> Option<i32> {
    let [a, b, c, d, ref rest @ ..] = *bytes else { return None };
    let year = i32::from(two(a, b)?) * 100 + i32::from(two(c, d)?);
    (matches!(rest.first(), None | Some(b' ')) && (1970..2200).contains(&year)).then_some(year)
}

pub(super) const fn two(tens: u8, ones: u8) -> Option<u8> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() { Some((tens - b'0') * 10 + ones - b'0') } else { None }
}

/// True if 14 digits are a date and a clock.
pub(super) fn is_civil(digits: &[u8]) -> bool {
    let Some(&[c0, c1, y0, y1, m0, m1, d0, d1, h0, h1, n0, n1, s0, s1]) = digits.first_chunk::<14>() else {
        return false;
    };
    let at = |tens, ones| two(tens, ones).unwrap_or(u8::MAX);
    let year = i32::from(at(c0, c1)) * 100 + i32::from(at(y0, y1));
    let (month, day) = (at(m0, m1), at(d0, d1));
    (1970..2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=civil::days_in(year, month)).contains(&day)
        && at(h0, h1) < 24
        && at(n0, n1) < 60
        && at(s0, s1) <= 60
}
