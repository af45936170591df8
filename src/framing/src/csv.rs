//! Comma-separated values (RFC 4180): each row becomes a JSON object of strings, under the names of the first row.
//!
//! - The separator is the comma, semicolon, tab or bar that splits the first row into most columns. Excel's `sep=;`
//!   and PowerShell's `#TYPE` may come before that row.
//! - Empty values are left out. Columns without a name are called `column_3`, and the second `Status` `Status_2`.
//! - Short rows lack their last values, as Excel writes them. The first row below the header may be longer than the
//!   header. Later rows with more values than the longer of the two are left out.
//! - The Event Viewer names five of its six columns, in the language of the machine. The columns are known by their
//!   places, and get their English names.
//! - Only the closing quote ends a quoted value. An attacker can write a newline into a value, and the text after it
//!   must not pass for a row. So a quote that is never closed takes the rest of the input, and a problem reports the
//!   quote.

use crate::columns::Keys;
use crate::header::{begins_with_text, is_log_line};
use crate::problem::Flaw;
use crate::sink::{Record, Sink, TooLong};
use std::borrow::Cow;

#[derive(Debug, Default)]
pub(crate) struct Csv {
    /// The next byte to read. The window begins with the row of this byte.
    at: usize,
    state: State,
    header: Option<Header>,
    separator: Option<u8>,
    /// Bytes of this row that were dropped because it is too long, and the line it begins in.
    skipped: u64,
    line: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the value ends, or another quote follows.
    Quote,
}

#[derive(Debug)]
struct Header {
    row: Vec<u8>,
    keys: Keys,
    /// True once a row was seen. The first row may have more columns than the header.
    settled: bool,
}

impl Csv {
    pub(crate) fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        let mut done = 0;
        loop {
            let rest = window.get(done..).unwrap_or_default();
            let end = match self.header {
                // Names hold no newlines. The separator is only known once the whole line is there.
                None => self.line_end(rest),
                Some(_) => self.row_end(rest),
            };
            let Some(end) = end else {
                if ended {
                    if !rest.is_empty() || self.skipped > 0 {
                        self.row(window, done, rest, true, sink);
                    }
                    return window.len();
                }
                if self.skipped > 0 || rest.len() > sink.max_record() {
                    if self.skipped == 0 {
                        self.line = sink.line(window, done);
                    }
                    self.skipped += rest.len() as u64;
                    self.at = 0;
                    return window.len();
                }
                return done;
            };
            self.row(window, done, rest.get(..end).unwrap_or_default(), false, sink);
            (self.at, self.state) = (0, State::FieldStart);
            done += end + 1;
        }
    }

    fn line_end(&mut self, rest: &[u8]) -> Option<usize> {
        let newline = memchr::memchr(b'\n', rest.get(self.at..).unwrap_or_default());
        let end = newline.map(|newline| self.at + newline);
        self.at = rest.len();
        end
    }

    /// The end of the row at the start of `rest`, if it is there.
    fn row_end(&mut self, rest: &[u8]) -> Option<usize> {
        let separator = self.separator.unwrap_or(b',');
        loop {
            let ahead = rest.get(self.at..).unwrap_or_default();
            let first = *ahead.first()?;
            match self.state {
                State::FieldStart if first == b'"' => {
                    self.at += 1;
                    self.state = State::Quoted;
                }
                State::FieldStart => self.state = State::Plain,
                State::Plain => {
                    let found = memchr::memchr2(separator, b'\n', ahead);
                    self.at += found.unwrap_or(ahead.len());
                    let found = found?;
                    if ahead.get(found) == Some(&b'\n') {
                        return Some(self.at);
                    }
                    self.at += 1;
                    self.state = State::FieldStart;
                }
                State::Quoted => {
                    let found = memchr::memchr(b'"', ahead);
                    self.at += found.map_or(ahead.len(), |found| found + 1);
                    found?;
                    self.state = State::Quote;
                }
                State::Quote if first == b'"' => {
                    self.at += 1;
                    self.state = State::Quoted;
                }
                State::Quote => self.state = State::Plain,
            }
        }
    }

    /// Reads a row without its newline. `last` is true if the input ends without one.
    fn row(&mut self, window: &[u8], at: usize, row: &[u8], last: bool, sink: &mut Sink<'_>) {
        let length = std::mem::take(&mut self.skipped) + row.len() as u64;
        if length > sink.max_record() as u64 {
            let gone = length > row.len() as u64;
            let line = if gone { self.line } else { sink.line(window, at) };
            return sink.oversized_at(line, length);
        }
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        if row.iter().all(|byte| matches!(byte, 0 | b' ' | b'\t')) {
            return;
        }
        let Some(header) = &mut self.header else {
            if let Some(separator) = separator_line(row) {
                self.separator = Some(separator);
            } else if !row.starts_with(b"#TYPE ") {
                let separator = self.separator.unwrap_or_else(|| separator_of(row));
                self.separator = Some(separator);
                let keys = Keys::new(Fields::new(row, separator));
                self.header = Some(Header { row: row.to_vec(), keys, settled: false });
            }
            return;
        };
        // Concatenated files repeat their header.
        let mark = row.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(row);
        if mark == header.row {
            return;
        }
        let separator = self.separator.unwrap_or(b',');
        let width = Fields::new(row, separator).count();
        // A log continues where the table has ended.
        let bare = width == 1 && header.keys.len() > 1 && !row.starts_with(b"\"");
        let foreign = is_log_line(row) && !begins_with_text(&header.row);
        if foreign || bare && (row.starts_with(b"{") || row.contains(&b' ')) {
            return sink.record(window, at, |record| record.put(row));
        }
        if last && (self.state == State::Quoted || width < header.keys.len()) {
            return sink.problem(Flaw::Truncated, window, at);
        }
        if !std::mem::replace(&mut header.settled, true) {
            if is_event_viewer(header.keys.len(), || Fields::new(row, separator)) {
                header.keys = Keys::new(EVENT_VIEWER.iter().map(|name| name.as_bytes().into()));
            }
            header.keys.widen(width);
        }
        let keys = &header.keys;
        if Fields::new(row, separator).skip(keys.len()).any(|field| !field.is_empty()) {
            return sink.problem(Flaw::Width, window, at);
        }
        sink.record(window, at, |record| put_row(keys, Fields::new(row, separator), &[], record));
    }
}

/// The columns that the Event Viewer exports. The last has no name there.
const EVENT_VIEWER: [&str; 6] =
    ["Keywords", "Date and Time", "Source", "Event ID", "Task Category", "Message"];

/// True if a row below a header of `names` columns is one of the Event Viewer: one value more, and the fourth is a
/// number.
pub(crate) fn is_event_viewer<'r>(names: usize, row: impl Fn() -> Fields<'r>) -> bool {
    names + 1 == EVENT_VIEWER.len()
        && row().count() == EVENT_VIEWER.len()
        && row().nth(3).is_some_and(|id| !id.is_empty() && id.iter().all(u8::is_ascii_digit))
}

/// Writes a row as an object. `before` is its first member.
pub(crate) fn put_row<'r>(
    keys: &Keys,
    fields: impl Iterator<Item = Cow<'r, [u8]>>,
    before: &[u8],
    record: &mut Record<'_>,
) -> Result<(), TooLong> {
    record.put(b"{")?;
    record.put(before)?;
    let mut first = before.is_empty();
    for (key, field) in keys.iter().zip(fields) {
        if field.is_empty() {
            continue;
        }
        record.put(if std::mem::take(&mut first) { b"\"" } else { b",\"" })?;
        record.put(key)?;
        record.put(b"\":\"")?;
        record.put_escaped(&field)?;
        record.put(b"\"")?;
    }
    record.put(b"}")
}

/// The values of a row.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'r> {
    rest: Option<&'r [u8]>,
    separator: u8,
}

impl<'r> Fields<'r> {
    pub(crate) fn new(row: &'r [u8], separator: u8) -> Self {
        Self { rest: Some(row), separator }
    }

    /// Splits at the first separator.
    fn plain(&mut self, from: &'r [u8]) -> &'r [u8] {
        match memchr::memchr(self.separator, from) {
            None => {
                self.rest = None;
                from
            }
            Some(at) => {
                self.rest = from.get(at + 1..);
                from.get(..at).unwrap_or_default()
            }
        }
    }
}

impl<'r> Iterator for Fields<'r> {
    type Item = Cow<'r, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let Some(inner) = rest.strip_prefix(b"\"") else { return Some(self.plain(rest).into()) };
        let Some(quote) = memchr::memchr(b'"', inner) else {
            self.rest = None;
            return Some(inner.into());
        };
        let (whole, behind) = inner.split_at_checked(quote).unwrap_or((inner, &[]));
        let behind = behind.get(1..).unwrap_or_default();
        if behind.first().is_none_or(|next| *next == self.separator) {
            self.rest = behind.get(1..);
            return Some(whole.into());
        }
        let (mut text, mut rest) = (whole.to_vec(), behind);
        // Two quotes stand for one. Other text after a quote belongs to the value as it is.
        while let Some(inner) = rest.strip_prefix(b"\"") {
            text.push(b'"');
            match memchr::memchr(b'"', inner) {
                None => {
                    text.extend_from_slice(inner);
                    self.rest = None;
                    return Some(text.into());
                }
                Some(quote) => {
                    text.extend_from_slice(inner.get(..quote).unwrap_or_default());
                    rest = inner.get(quote + 1..).unwrap_or_default();
                }
            }
        }
        let tail = self.plain(rest);
        text.extend_from_slice(tail);
        Some(text.into())
    }
}

/// Excel's first line `sep=;`.
pub(crate) fn separator_line(line: &[u8]) -> Option<u8> {
    match *line {
        [s, e, p, b'=', separator] if [s, e, p].eq_ignore_ascii_case(b"sep") => Some(separator),
        _ => None,
    }
}

/// The byte that splits a header into most columns.
pub(crate) fn separator_of(header: &[u8]) -> u8 {
    let columns = |separator: &u8| Fields::new(header, *separator).count();
    // `max_by_key` takes the last of equals.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(columns).unwrap_or(b',')
}

#[cfg(test)]
mod tests;
