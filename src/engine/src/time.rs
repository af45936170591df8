//! Points in time and durations as integers, in microseconds and UTC. This module reads no clock.

use alloc::format;
use alloc::string::String;
use chrono::{DateTime, Datelike, SecondsFormat};
use core::fmt;

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Leap seconds are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A duration in microseconds. A validated configuration holds no negative one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

impl Timestamp {
    /// The earliest time: earlier than any event.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest time: what `flush` advances to.
    pub const MAX: Self = Self(i64::MAX);

    /// The time `span` after this one, at most [`Timestamp::MAX`].
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The time `span` before this one, at least [`Timestamp::MIN`].
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// Writes the time as RFC 3339 in UTC, with `Z` and 0, 3 or 6 decimals, as many as the time needs.
    ///
    /// RFC 3339 can write the years 0 to 9999 only. Outside these, this writes the number of microseconds and `us`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        match DateTime::from_timestamp_micros(self.0).filter(|time| (0..=9999).contains(&time.year())) {
            Some(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            None => format!("{}us", self.0),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl Span {
    /// One second.
    pub const SECOND: Self = Self(1_000_000);

    /// `n` seconds.
    #[must_use]
    pub const fn seconds(n: i64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// Reads `90s`, `15m`, `1h30m`, `24h`, `7d`, `500ms` or `0s`: whole numbers, each followed by a unit (`us`, `ms`,
    /// `s`, `m`, `h`, `d`, `w`). Returns `None` for all other text, and if the sum does not fit into 64 bits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        if rest.is_empty() {
            return None;
        }
        let mut total = 0i64;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: i64 = rest.get(..digits)?.parse().ok()?;
            rest = rest.get(digits..)?.trim_start();
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let unit: i64 = match rest.get(..letters)? {
                "us" => 1,
                "ms" => 1_000,
                "s" => 1_000_000,
                "m" => 60_000_000,
                "h" => 3_600_000_000,
                "d" => 86_400_000_000,
                "w" => 604_800_000_000,
                _ => return None,
            };
            total = total.checked_add(number.checked_mul(unit)?)?;
            rest = rest.get(letters..)?.trim_start();
        }
        Some(Self(total))
    }
}

impl fmt::Display for Span {
    /// Writes the shortest text that [`Span::parse`] reads back: `15m`, `1h30m`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        if rest <= 0 {
            return f.write_str("0s");
        }
        for (unit, name) in [
            (86_400_000_000, "d"),
            (3_600_000_000, "h"),
            (60_000_000, "m"),
            (1_000_000, "s"),
            (1_000, "ms"),
            (1, "us"),
        ] {
            if rest >= unit {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn spans_read_and_write() {
        for (text, micros, shown) in [
            ("15m", 900_000_000, "15m"),
            ("900s", 900_000_000, "15m"),
            ("1h30m", 5_400_000_000, "1h30m"),
            ("24h", 86_400_000_000, "1d"),
            ("0s", 0, "0s"),
            ("1d 2h", 93_600_000_000, "1d2h"),
            ("500ms", 500_000, "500ms"),
        ] {
            let span = Span::parse(text).unwrap_or_else(|| panic!("{text} must parse"));
            assert_eq!(span.0, micros, "{text}");
            assert_eq!(span.to_string(), shown);
            assert_eq!(Span::parse(shown), Some(span));
        }
        for bad in [
            "",
            "abc",
            "15",
            "m",
            "-5m",
            "1.5h",
            "15 minutes",
            "99999999999999999999d",
            "9999999999999w",
            "5m3",
        ] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(Timestamp(0).to_rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(1_457_769_348_000_000).to_rfc3339(), "2016-03-12T07:55:48Z");
        assert_eq!(Timestamp(1_457_769_348_120_000).to_rfc3339(), "2016-03-12T07:55:48.120Z");
        assert_eq!(Timestamp(1_457_769_348_120_001).to_rfc3339(), "2016-03-12T07:55:48.120001Z");
        assert_eq!(Timestamp(-62_167_219_200_000_000).to_rfc3339(), "0000-01-01T00:00:00Z");
        assert_eq!(Timestamp(-62_167_219_200_000_001).to_rfc3339(), "-62167219200000001us");
        assert_eq!(Timestamp(253_402_300_799_999_999).to_rfc3339(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp(253_402_300_800_000_000).to_rfc3339(), "253402300800000000us");
        assert_eq!(Timestamp(-1).to_rfc3339(), "1969-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::MAX.to_rfc3339(), "9223372036854775807us");
        assert_eq!(Timestamp::MIN.plus(Span(-1)), Timestamp::MIN);
    }
}
