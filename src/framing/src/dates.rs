//! Finds out the order of day and month in dates such as `04/03/2026`. A whole file has one order.
//!
//! Such a date alone does not show the order. Another date of the file may: `13/03/2026` has the day first. So
//! [`Dates`] surveys all records of a file before the first is handed on. Then [`Order::rewrite`] writes every such
//! date with its year first.
//!
//! | the dates of the file | order |
//! |---|---|
//! | some can only have the day first | day, month |
//! | some can only have the month first | month, day |
//! | some of both | unknown: all stay as they are, and no decoder reads them |
//! | none of both, all with dots (`04.03.2026`) | day, month: no country writes the month first with dots |
//! | none of both, as .NET writes them for the United States (`3/4/2026 8:00:00 AM`) | month, day |
//! | none of both | unknown |
//!
//! An attacker chooses names and texts, and must not decide how times are read. So a date counts in two places only.
//! One is the beginning of a line, the other the whole value of a member whose name says that it holds a time. The
//! columns of the Azure portal (`TimeGenerated [UTC]`) always have the month first, and are left alone.

use memchr::memmem::Finder;

/// The order of day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The day goes first: `31/12/2026`.
    DayMonth,
    /// The month goes first: `12/31/2026`.
    MonthDay,
}

/// A survey of the dates of an input, which shows their order.
///
/// ```
/// use authsieve_framing::{Dates, Order};
///
/// let mut dates = Dates::default();
/// let mut records = b"{\"time\":\"04/03/2026 08:00:00\"}\n{\"time\":\"13/03/2026 08:00:00\"}\n".to_vec();
/// assert!(dates.survey(&records));
/// assert_eq!(dates.order(), Some(Order::DayMonth));
/// Order::DayMonth.rewrite(&mut records);
/// assert_eq!(records, b"{\"time\":\"2026-03-04 08:00:00\"}\n{\"time\":\"2026-03-13 08:00:00\"}\n");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    seen: bool,
    day_first: bool,
    month_first: bool,
    /// True if one date has no dots.
    others: bool,
    /// True if one date is not written as in the United States.
    elsewhere: bool,
    /// True if one date has a number of one digit without a zero before it.
    short: bool,
}

impl Dates {
    /// Surveys whole records, each with its newline. Returns true if they hold dates of numbers. O(n), at the speed
    /// of a substring search where there are none.
    pub fn survey(&mut self, records: &[u8]) -> bool {
        let mut any = false;
        each(records, &mut |date| {
            any = true;
            self.add(&date);
        });
        any
    }

    /// The order of all dates so far, if it is known.
    #[must_use]
    pub const fn order(&self) -> Option<Order> {
        match (self.day_first, self.month_first) {
            (true, true) => None,
            (true, false) => Some(Order::DayMonth),
            (false, true) => Some(Order::MonthDay),
            (false, false) if !self.seen => None,
            (false, false) if !self.others => Some(Order::DayMonth),
            (false, false) if !self.elsewhere && self.short => Some(Order::MonthDay),
            (false, false) => None,
        }
    }

    fn add(&mut self, date: &Date<'_>) {
        self.seen = true;
        self.day_first |= date.first > 12 && date.second <= 12;
        self.month_first |= date.second > 12 && date.first <= 12;
        self.others |= date.separator != b'.';
        let written = date.text.split(|byte| *byte == date.separator).take(2);
        self.short |= written.clone().any(|number| number.len() == 1);
        let padded = written.clone().any(|number| number.first() == Some(&b'0'));
        self.elsewhere |= padded || date.separator != b'/' || !date.american;
    }
}

impl Order {
    /// Writes the dates of whole records with the year first.
    pub fn rewrite(self, records: &mut Vec<u8>) {
        let mut out = Vec::new();
        let mut done = 0;
        each(records, &mut |date| {
            let (day, month) = match self {
                Self::DayMonth => (date.first, date.second),
                Self::MonthDay => (date.second, date.first),
            };
            out.extend_from_slice(records.get(done..date.at).unwrap_or_default());
            out.extend_from_slice(date.year);
            out.extend_from_slice(format!("-{month:02}-{day:02}").as_bytes());
            done = date.at + date.text.len();
        });
        if done > 0 {
            out.extend_from_slice(records.get(done..).unwrap_or_default());
            *records = out;
        }
    }
}

/// A date of numbers.
struct Date<'r> {
    /// The bytes of the date in its record.
    at: usize,
    text: &'r [u8],
    first: u8,
    second: u8,
    year: &'r [u8],
    separator: u8,
    /// True if a clock of twelve hours, with AM or PM in capitals, follows the date.
    american: bool,
}

/// Hands over each date that counts, in their order.
fn each(records: &[u8], sink: &mut dyn FnMut(Date<'_>)) {
    // The years of all dates. Each search runs at the speed of memory.
    let finders = [Finder::new(b"/20"), Finder::new(b".20"), Finder::new(b"-20")];
    let mut next = finders.each_ref().map(|finder| finder.find(records));
    loop {
        let Some((which, at)) =
            next.iter().enumerate().filter_map(|(which, at)| Some((which, (*at)?))).min_by_key(|(_, at)| *at)
        else {
            return;
        };
        if let Some(date) = date(records, at) {
            sink(date);
        }
        let from = at + 1;
        if let (Some(slot), Some(finder)) = (next.get_mut(which), finders.get(which)) {
            *slot = finder.find(records.get(from..).unwrap_or_default()).map(|found| from + found);
        }
    }
}

/// The date whose year stands after the separator at `at`.
fn date(records: &[u8], at: usize) -> Option<Date<'_>> {
    let separator = *records.get(at)?;
    let year = records.get(at + 1..at + 5).filter(|year| year.iter().all(u8::is_ascii_digit))?;
    let before = records.get(..at)?;
    let (second, length) = number(before)?;
    let before = before.get(..before.len() - length)?;
    let (separated, before) = before.split_last()?;
    if *separated != separator {
        return None;
    }
    let (first, length) = number(before)?;
    let start = before.len() - length;
    if !(1..=31).contains(&first) || !(1..=31).contains(&second) || first.min(second) > 12 {
        return None;
    }
    let text = records.get(start..at + 5)?;
    let after = records.get(at + 5..)?;
    let american = match before.get(..start)?.last() {
        // The start of a line: a clock and another word follow.
        None | Some(b'\n') => {
            let line = after.get(..after.len().min(LONGEST))?;
            let clock = clock(line)?;
            line.get(clock.length).filter(|next| **next == b' ')?;
            clock.american
        }
        Some(b'"') => {
            let end = after.iter().take(LONGEST).position(|byte| *byte == b'"')?;
            let rest = after.get(..end).filter(|rest| !rest.contains(&b'\n'))?;
            is_time(name(before.get(..start - 1)?)?).then_some(())?;
            match rest {
                [] => false,
                rest => clock(rest)?.american,
            }
        }
        _ => return None,
    };
    Some(Date { at: start, text, first, second, year, separator, american })
}

/// The longest text after a date within one value.
const LONGEST: usize = 48;

/// One digit or two at the end, and how many.
fn number(text: &[u8]) -> Option<(u8, usize)> {
    match *text {
        [.., b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] => None,
        [.., a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(((a - b'0') * 10 + b - b'0', 2)),
        [.., a @ b'0'..=b'9'] => Some((a - b'0', 1)),
        _ => None,
    }
}

/// A clock after a date.
struct Clock {
    american: bool,
    /// The number of its bytes, from the end of the date on.
    length: usize,
}

/// Reads a clock after a date: `, 8:00:00 AM`.
fn clock(text: &[u8]) -> Option<Clock> {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b',')).count();
    let digits = text.get(blanks..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if blanks == 0 || !(1..=2).contains(&digits) {
        return None;
    }
    let rest = text.get(blanks + digits..)?;
    let clock =
        rest.iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b',')).count();
    if !rest.starts_with(b":") || clock < 3 {
        return None;
    }
    let length = blanks + digits + clock;
    let american = matches!(text.get(length..)?, [b' ', b'A' | b'P', b'M', ..]);
    Some(Clock { american, length: length + if american { 3 } else { 0 } })
}

/// The name of the member whose value begins after `before`, which ends before its quote.
fn name(before: &[u8]) -> Option<&[u8]> {
    let blank = |text: &[u8]| text.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let bare = |text| -> Option<&[u8]> { <[u8]>::get(text, ..text.len() - blank(text)) };
    let before = bare(bare(before)?.strip_suffix(b":")?)?.strip_suffix(b"\"")?;
    before.get(memchr::memrchr(b'"', before)? + 1..).filter(|name| !name.contains(&b'\n'))
}

/// True if the name of a member says that it holds a time, in any language of Windows, and leaves the order open.
fn is_time(name: &[u8]) -> bool {
    const WORDS: [&str; 24] = [
        "time",
        "date",
        "stamp",
        "created",
        "published",
        "datum",
        "zeit",
        "heure",
        "fecha",
        "hora",
        "data e ora",
        "tijd",
        "dato",
        "tidpunkt",
        "czas",
        "päivä",
        "dátum",
        "tarih",
        "дата",
        "время",
        "日",
        "时间",
        "時間",
        "날짜",
    ];
    if name.ends_with(b" [UTC]") || name.ends_with(b" [Local Time]") || name.len() > 128 {
        return false;
    }
    let name = String::from_utf8_lossy(name).to_lowercase();
    name == "ts" || WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests;
