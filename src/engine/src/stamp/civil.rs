//! The calendar: days, months and years as integers.

use super::Zone;
use crate::time::Timestamp;

/// The number of days in a month.
pub(crate) const fn days_in(year: i32, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. From H. Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms": there a year begins in March, so that the leap day is its last day.
pub(crate) const fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let year = year as i64 - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let from_march = (month as i64 + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day as i64 - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year of `time` on a clock of `zone`: the inverse of `days_from_civil`.
pub(crate) fn year_of(time: Timestamp, zone: Zone<'_>) -> i32 {
    // No log is from before the year 0 or after 9999. With this clamp, no sum can overflow.
    let seconds = zone.local(time.0.div_euclid(1_000_000));
    let days = seconds.div_euclid(86_400).clamp(-719_000, 2_932_896) + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let january = (5 * of_year + 2) / 153 >= 10;
    (days.div_euclid(146_097) * 400 + year_of_era + i64::from(january)) as i32
}
