//! Times as numbers: Unix time in four units, and the counts of Excel, Windows and .NET.

use super::forms::{fraction, is_civil};
use super::{Stamp, Zone};
use crate::time::Timestamp;

/// Reads decimal Unix time, with decimals. Its size shows its unit: seconds, milliseconds, microseconds or
/// nanoseconds.
///
/// Below 10^11 the unit is seconds (to the year 5138), below 10^14 milliseconds, below 10^17 microseconds. Each range
/// of a finer unit begins in 1973. The whole text must be the number.
#[must_use]
pub fn epoch(bytes: &[u8]) -> Option<Timestamp> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 19 {
        return None;
    }
    in_units(decimal(bytes.get(..digits)?)?, bytes.get(digits..)?)
}

/// Reads Unix time from its whole part and the text after it.
fn in_units(whole: i64, decimals: &[u8]) -> Option<Timestamp> {
    // Microseconds in one unit, or units in one microsecond.
    let (times, over) = match whole {
        0..100_000_000_000 => (1_000_000, 1),
        100_000_000_000..100_000_000_000_000 => (1_000, 1),
        100_000_000_000_000..100_000_000_000_000_000 => (1, 1),
        _ => (1, 1_000),
    };
    let fraction = match decimals {
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

/// Reads up to 19 digits.
fn decimal(digits: &[u8]) -> Option<i64> {
    let mut value = 0i64;
    for digit in digits {
        value = value.checked_mul(10)?.checked_add(i64::from(digit.checked_sub(b'0')?))?;
    }
    Some(value)
}

/// Reads a number that is a time: Unix time in any unit, Excel's days, Windows' ticks since 1601 or .NET's ticks
/// since year 1. The size of the number shows which. Also reads an exponent, as some encoders write large numbers.
/// Returns `None` for all other numbers and text.
pub(super) fn read(text: &[u8], zone: Zone<'_>) -> Option<Stamp> {
    text.first().filter(|first| first.is_ascii_digit())?;
    let mut plain = [0; PLAIN];
    let text = match text.iter().rposition(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => expand(text, at, &mut plain)?,
        None => text,
    };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, decimals) = text.split_at_checked(digits)?;
    match (digits, decimal(whole)?) {
        // Fourteen digits that make a date are a date, not milliseconds in the year 2612.
        (14, _) if is_civil(whole) => None,
        (18, ticks @ 125_911_584_000_000_000..157_766_880_000_000_000) => since(ticks, decimals, FILETIME),
        (18, ticks @ 630_822_816_000_000_000..662_380_000_000_000_000) => since(ticks, decimals, DOT_NET),
        (_, whole @ 100_000_000..) => in_units(whole, decimals).map(Stamp::At),
        (_, days @ 20_000..80_000) => excel(days, decimals).map(|local| match zone.open {
            true => Stamp::Local(local),
            false => Stamp::At(zone.time(local)),
        }),
        // Smaller numbers would be times before 1973. No log is so old, and such numbers usually mean something else.
        _ => None,
    }
}

/// 1970-01-01 in ticks of 100 nanoseconds since 1601: Windows' `FILETIME`.
const FILETIME: i64 = 116_444_736_000_000_000;
/// 1970-01-01 in ticks of 100 nanoseconds since year 1: .NET's `DateTime.Ticks`.
const DOT_NET: i64 = 621_355_968_000_000_000;

fn since(ticks: i64, decimals: &[u8], of_1970: i64) -> Option<Stamp> {
    decimals.is_empty().then(|| Stamp::At(Timestamp((ticks - of_1970) / 10)))
}

/// Converts Excel's days to microseconds on a clock without a zone. Excel counts days from 1899-12-30 and writes the
/// time as decimals of a day. If the decimals can mean a whole second, that second is the result.
fn excel(days: i64, decimals: &[u8]) -> Option<i64> {
    /// 1970-01-01 in Excel's days.
    const OF_1970: i64 = 25_569;
    const DAY: i64 = 86_400_000_000;
    let (mut part, mut unit) = (0, 1);
    if let Some(decimals) = decimals.strip_prefix(b".") {
        if !decimals.iter().all(u8::is_ascii_digit) {
            return None;
        }
        for digit in decimals.iter().take(8) {
            (part, unit) = (part * 10 + i64::from(digit - b'0'), unit * 10);
        }
        part += i64::from(decimals.get(8).is_some_and(|next| *next >= b'5'));
    } else if !decimals.is_empty() {
        return None;
    }
    let micros = part * DAY / unit;
    let second = (micros + 500_000) / 1_000_000 * 1_000_000;
    let means = (micros - second).abs() <= (DAY / unit).max(1_000);
    Some((days - OF_1970) * DAY + if means { second } else { micros / 1_000 * 1_000 })
}

/// The most bytes of a number after its exponent is resolved.
const PLAIN: usize = 40;

/// Resolves the exponent at `at`: `1.7685576e9` becomes `1768557600`. Returns `None` where the number does not fit.
fn expand<'p>(text: &[u8], at: usize, plain: &'p mut [u8; PLAIN]) -> Option<&'p [u8]> {
    let (mantissa, exponent) = text.split_at_checked(at)?;
    let exponent = core::str::from_utf8(exponent.get(1..)?).ok()?.parse::<i32>().ok()?;
    let point = mantissa.iter().position(|byte| *byte == b'.');
    let (whole, decimals) = match point {
        Some(point) => (mantissa.get(..point)?, mantissa.get(point + 1..)?),
        None => (mantissa, &[][..]),
    };
    let mut digits = whole.iter().chain(decimals).copied();
    // The place of the decimal point in the result.
    let point = usize::try_from(i32::try_from(whole.len()).ok()?.checked_add(exponent)?).ok()?;
    if !(1..20).contains(&point) || !whole.iter().chain(decimals).all(u8::is_ascii_digit) {
        return None;
    }
    let length = (whole.len() + decimals.len()).max(point);
    let used = if length > point { (length + 1).min(PLAIN) } else { point };
    for (place, byte) in plain.iter_mut().take(used).enumerate() {
        *byte = if place == point { b'.' } else { digits.next().unwrap_or(b'0') };
    }
    plain.get(..used)
}
