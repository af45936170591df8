//! Records of several lines of text, as `journalctl`, `wevtutil` and Splunk export them.
//!
//! | form | a record is | becomes |
//! |---|---|---|
//! | `journalctl -o export` | fields up to an empty line; a value with newlines follows its length | an object of the fields |
//! | `journalctl -o verbose` | a line with time and cursor, then fields that are indented | the same, with `timestamp` |
//! | `wevtutil qe /f:text` | the text after `Event[0]:` | `LogName`, `ProviderName`, `TimeCreated`, `Id`, `MachineName`, `Message` |
//! | syslog over TCP, `123 <38>…`, with no newline between | as many bytes as the number says (RFC 6587) | the message, on one line |
//! | `Get-WinEvent`, `Get-EventLog` as a list (`fl`) | `Name : value` with the colons in one column; texts are indented | an object of them |
//! | Splunk's classic Windows inputs | a line with a time, then `LogName=…`, `EventCode=…`, `Message=…` | `_raw` |
//!
//! These forms have no quotes. So an attacker who can write a line of a message can forge the beginning of a record. A
//! value of the journal cannot forge one, since its length is given.

use crate::lines::{Lines, Step};
use crate::problem::Flaw;
use crate::sink::{Record, Sink, TooLong};

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Export,
    Verbose,
    Wevtutil,
    Splunk,
    Counted,
    /// The column of the colons in the list.
    List(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Blocks {
    lines: Lines,
    form: Option<Form>,
    /// Names and values of the record that has begun.
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// The bytes of the fields.
    length: usize,
    /// The line that the record begins in.
    line: u64,
    /// A line that may begin the next record. The line after it decides.
    held: Option<Vec<u8>>,
    /// The name of a value whose length follows.
    binary: Option<Vec<u8>>,
}

/// The labels in `wevtutil`'s text, by their places: the words differ from language to language.
const WEVTUTIL: [&str; 12] = [
    "LogName",
    "ProviderName",
    "TimeCreated",
    "Id",
    "Task",
    "Level",
    "Opcode",
    "Keyword",
    "User",
    "UserName",
    "MachineName",
    "Message",
];

/// The most bytes that the search for a form reads: a line and the next.
const HEAD: usize = 64 << 10;

/// The form of a text that begins with `head`. `None` if more bytes are needed; `Some(None)` if it is no such form.
#[allow(clippy::option_option)]
pub(crate) fn sniff(head: &[u8], is_last: bool) -> Option<Option<Form>> {
    const EXPORT: [&[u8]; 4] =
        [b"__CURSOR=", b"__REALTIME_TIMESTAMP=", b"__MONOTONIC_TIMESTAMP=", b"_BOOT_ID="];
    if EXPORT.iter().any(|name| head.starts_with(name)) {
        return Some(Some(Form::Export));
    }
    if !is_last && EXPORT.iter().any(|name| name.starts_with(head)) {
        return None;
    }
    // One line holds several messages only where their lengths say so.
    if let Some((start, end)) = counted(head) {
        return match head.get(end..) {
            Some(next) if counted(next).is_some() => Some(Some(Form::Counted)),
            Some(next) if !is_last && may_be_counted(next) => None,
            None if !is_last && !head.get(start..).is_some_and(|text| text.contains(&b'\n')) => None,
            _ => Some(None),
        };
    }
    let Some(end) = memchr::memchr(b'\n', head) else {
        return if is_last { Some(None) } else { None };
    };
    let (first, rest) = head.split_at_checked(end).unwrap_or_default();
    let (first, rest) = (first.trim_ascii_end(), rest.get(1..).unwrap_or_default());
    if begins_wevtutil(first) {
        return Some(Some(Form::Wevtutil));
    }
    if let Some((name, colon)) = listed(first).filter(|(name, _)| LISTED_FIRST.contains(name)) {
        let second = match memchr::memchr(b'\n', rest) {
            Some(end) => rest.get(..end).unwrap_or_default(),
            None if is_last => rest,
            None => return None,
        };
        let goes_on = listed(second).is_some_and(|(next, column)| next != name && column == colon)
            || indented(second, colon).is_some();
        return Some(goes_on.then_some(Form::List(colon)));
    }
    let (form, next): (Form, &[u8]) = if begins_verbose(first) {
        (Form::Verbose, b"    ")
    } else if is_splunk_time(first) {
        (Form::Splunk, b"LogName=")
    } else {
        return Some(None);
    };
    if rest.starts_with(next) {
        Some(Some(form))
    } else if next.starts_with(rest) && !is_last {
        None
    } else {
        Some(None)
    }
}

/// The most digits of the number before a message.
const LONGEST_COUNT: usize = 7;

/// Finds a message after its length, `123 <38>…`: where it begins and ends.
fn counted(text: &[u8]) -> Option<(usize, usize)> {
    let digits = text.iter().take(LONGEST_COUNT).take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()?;
    let start = digits + 1;
    let opens = text.get(digits..)?.starts_with(b" <") && text.get(start + 1).is_some_and(u8::is_ascii_digit);
    (opens && length > 0).then_some((start, start + length))
}

/// True if `head` may become the beginning of a message after its length, once more bytes come.
fn may_be_counted(text: &[u8]) -> bool {
    let digits = text.iter().take(LONGEST_COUNT).take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text.get(digits..).unwrap_or_default();
    if digits == 0 { rest.is_empty() } else { b" <".starts_with(rest) }
}

/// `Event[0]:`
fn begins_wevtutil(line: &[u8]) -> bool {
    let inside =
        line.strip_prefix(b"Event[").and_then(|rest| rest.strip_suffix(b"]:").or(rest.strip_suffix(b"]")));
    inside.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// The properties with which PowerShell's lists of events begin. They depend on the command and on the selection.
const LISTED_FIRST: [&[u8]; 8] =
    [b"Message", b"TimeCreated", b"Index", b"Id", b"EventID", b"LogName", b"MachineName", b"ProviderName"];

/// The name and the column of the colon of `TimeCreated  : 3/4/2026 8:00:00 AM`.
fn listed(line: &[u8]) -> Option<(&[u8], usize)> {
    const LONGEST: usize = 40;
    let name = line.iter().take(LONGEST).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let blanks = line.iter().skip(name).take(LONGEST).take_while(|byte| **byte == b' ').count();
    let colon = name + blanks;
    let is_one = name > 0 && blanks > 0 && line.get(colon) == Some(&b':');
    (is_one && matches!(line.get(colon + 1), None | Some(b' ' | b'\r'))).then_some((line.get(..name)?, colon))
}

/// The text of a line that continues the value of a list.
fn indented(line: &[u8], colon: usize) -> Option<&[u8]> {
    let (margin, rest) = line.split_at_checked(colon + 2)?;
    margin.iter().all(|byte| *byte == b' ').then_some(rest)
}

/// `Wed 2026-03-04 08:00:00.000000 UTC [s=…;i=…]`
fn begins_verbose(line: &[u8]) -> bool {
    line.ends_with(b"]") && memchr::memmem::find(line, b" [s=").is_some_and(|at| at < 64)
}

/// `03/04/2026 08:00:00 AM`
fn is_splunk_time(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    matches!(line.len(), 19..=40)
        && line.iter().enumerate().all(|(at, byte)| match at {
            2 | 5 => *byte == b'/',
            10 => *byte == b' ',
            13 | 16 => *byte == b':',
            0..=18 => byte.is_ascii_digit(),
            _ => byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b'-' | b'+' | b':'),
        })
}

impl Blocks {
    pub(crate) fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        let mut done = 0;
        loop {
            if self.form.is_none() && self.binary.is_none() && self.lines.is_at_start() {
                // Each line may be the first of the form. Its head and that of the next line decide.
                let rest = window.get(done..).unwrap_or_default();
                let head = rest.get(..HEAD).unwrap_or(rest);
                match sniff(head, ended || rest.len() >= HEAD) {
                    None => return done,
                    Some(form) => self.form = form,
                }
            }
            if self.form == Some(Form::Counted) {
                return self.counted(window, done, ended, sink);
            }
            if let Some(name) = self.binary.take() {
                match binary(window.get(done..).unwrap_or_default(), sink.max_record()) {
                    Value::Whole(value, length) => {
                        done += length;
                        self.add(name, value);
                        continue;
                    }
                    Value::More if !ended => {
                        self.binary = Some(name);
                        return done;
                    }
                    // No length: the rest is read as lines.
                    _ => sink.problem(Flaw::Broken, window, done),
                }
            }
            let at = done;
            let line = match self.lines.step(window, &mut done, ended, sink) {
                Step::Line(line) => line,
                // The next line may be the first of a form.
                Step::Skipped => continue,
                Step::More => break,
            };
            let bytes = line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes).to_vec();
            self.take(&bytes, window, at, sink);
        }
        if ended {
            if let Some(held) = self.held.take() {
                self.text(&held);
            }
            self.end(window, done, sink);
        }
        done
    }

    /// Messages after their lengths, after the first `done` bytes. Where a length is missing or wrong, the rest of
    /// the line is one record.
    fn counted(&mut self, window: &[u8], mut done: usize, ended: bool, sink: &mut Sink<'_>) -> usize {
        while let Some(rest) = window.get(done..).filter(|rest| !rest.is_empty()) {
            match counted(rest).filter(|_| self.lines.is_at_start()) {
                Some((start, end)) if end - start <= sink.max_record() => {
                    let Some(message) = rest.get(start..end) else {
                        if !ended {
                            return done;
                        }
                        sink.problem(Flaw::Truncated, window, done);
                        return window.len();
                    };
                    // A message of several lines is one record.
                    let mut lines = message.trim_ascii_end().split(|byte| *byte == b'\n');
                    sink.record(window, done, |record| {
                        record.put(lines.next().unwrap_or_default())?;
                        lines.try_for_each(|line| {
                            record.put(b" ")?;
                            record.put(line)
                        })
                    });
                    done += end;
                }
                _ if rest.len() <= LONGEST_COUNT + 2 && !ended && self.lines.is_at_start() => return done,
                _ => match self.lines.step(window, &mut done, ended, sink) {
                    Step::Line(line) if !line.bytes.is_empty() => {
                        sink.record(window, line.at, |record| record.put(line.bytes));
                    }
                    Step::Line(_) | Step::Skipped => {}
                    Step::More => return done,
                },
            }
        }
        done
    }

    fn take(&mut self, line: &[u8], window: &[u8], at: usize, sink: &mut Sink<'_>) {
        match self.form {
            Some(Form::Export) => match memchr::memchr(b'=', line) {
                _ if line.is_empty() => self.end(window, at, sink),
                Some(equals) => {
                    let (name, value) = line.split_at_checked(equals).unwrap_or_default();
                    self.add(name.to_vec(), value.get(1..).unwrap_or_default().to_vec());
                }
                None if line.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_') => {
                    self.binary = Some(line.to_vec());
                }
                None => {}
            },
            Some(Form::Verbose) => self.verbose(line, window, at, sink),
            Some(Form::Wevtutil) => self.wevtutil(line, window, at, sink),
            Some(Form::Splunk) => {
                if let Some(held) = self.held.take() {
                    if line.starts_with(b"LogName=") {
                        self.end(window, at, sink);
                    }
                    self.text(&held);
                }
                if is_splunk_time(line) {
                    self.held = Some(line.to_vec());
                } else {
                    self.text(line);
                }
            }
            Some(Form::List(colon)) => self.list(line, colon, window, at, sink),
            None if line.is_empty() => return,
            Some(Form::Counted) | None => sink.record(window, at, |record| record.put(line)),
        }
        if self.line == 0 {
            self.line = sink.line(window, at);
        }
    }

    fn verbose(&mut self, line: &[u8], window: &[u8], at: usize, sink: &mut Sink<'_>) {
        if begins_verbose(line) {
            self.end(window, at, sink);
            let time =
                memchr::memmem::find(line, b" [s=").and_then(|end| line.get(..end)).unwrap_or_default();
            // The weekday is redundant, and only one name of a zone is that of an offset.
            let time = match time {
                [a, b, c, b' ', rest @ ..] if [a, b, c].iter().all(|b| b.is_ascii_alphabetic()) => rest,
                time => time,
            };
            let time = match time.strip_suffix(b" UTC") {
                Some(time) => [time, b"Z"].concat(),
                None => time.to_vec(),
            };
            return self.add(b"timestamp".to_vec(), time);
        }
        let Some(field) = line.strip_prefix(b"    ") else { return };
        let name = field.iter().position(|b| !(b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_'));
        match name.filter(|at| *at > 0 && field.get(*at) == Some(&b'=')) {
            Some(equals) => {
                let (name, value) = field.split_at_checked(equals).unwrap_or_default();
                self.add(name.to_vec(), value.get(1..).unwrap_or_default().to_vec());
            }
            None => self.text(field.trim_ascii_start()),
        }
    }

    fn wevtutil(&mut self, line: &[u8], window: &[u8], at: usize, sink: &mut Sink<'_>) {
        if begins_wevtutil(line) {
            return self.end(window, at, sink);
        }
        // The head is indented, and its last line begins the text.
        if self.fields.len() < WEVTUTIL.len() && line.starts_with(b"  ") {
            let name = WEVTUTIL.get(self.fields.len()).copied().unwrap_or_default();
            let colon = memchr::memchr(b':', line).map_or(line.len(), |colon| colon + 1);
            let value = line.get(colon..).unwrap_or_default().trim_ascii();
            return self.add(name.as_bytes().to_vec(), value.to_vec());
        }
        self.text(line);
    }

    fn list(&mut self, line: &[u8], colon: usize, window: &[u8], at: usize, sink: &mut Sink<'_>) {
        if let Some((name, _)) = listed(line).filter(|(_, column)| *column == colon) {
            self.trim();
            if self.fields.first().is_some_and(|(first, _)| first == name) {
                self.end(window, at, sink);
            }
            let value = line.get(colon + 1..).unwrap_or_default().trim_ascii();
            return self.add(name.to_vec(), value.to_vec());
        }
        // Blank lines between records have no margin. Blank lines within a text may have lost theirs.
        if !self.fields.is_empty() {
            self.text(indented(line, colon).unwrap_or(line.trim_ascii()).trim_ascii_end());
        }
    }

    /// Takes blank lines off the end of the last value.
    fn trim(&mut self) {
        if let Some((_, value)) = self.fields.last_mut() {
            value.truncate(value.trim_ascii_end().len());
        }
    }

    fn add(&mut self, name: Vec<u8>, value: Vec<u8>) {
        self.length = self.length.saturating_add(name.len() + value.len() + 6);
        self.fields.push((name, value));
    }

    /// Appends a line to the last value.
    fn text(&mut self, line: &[u8]) {
        if self.fields.is_empty() {
            return self.add(b"_raw".to_vec(), line.to_vec());
        }
        self.length = self.length.saturating_add(line.len() + 2);
        if let Some((_, value)) = self.fields.last_mut() {
            value.push(b'\n');
            value.extend_from_slice(line);
        }
    }

    /// Hands on the record that has begun.
    fn end(&mut self, window: &[u8], at: usize, sink: &mut Sink<'_>) {
        if let Some(Form::List(_)) = self.form {
            self.trim();
        }
        let line = std::mem::take(&mut self.line);
        let (fields, length) = (std::mem::take(&mut self.fields), std::mem::take(&mut self.length));
        if fields.is_empty() {
            return;
        }
        if length > sink.max_record() {
            return sink.oversized_at(line, length as u64);
        }
        sink.record(window, at, |record| put(&fields, record));
    }
}

/// A value after its length.
enum Value {
    Whole(Vec<u8>, usize),
    More,
    None,
}

fn binary(bytes: &[u8], max: usize) -> Value {
    let Some(length) = bytes.first_chunk().map(|length| u64::from_le_bytes(*length)) else {
        return Value::More;
    };
    let Some(length) = usize::try_from(length).ok().filter(|length| *length <= max) else {
        return Value::None;
    };
    match (bytes.get(8..8 + length), bytes.get(8 + length)) {
        (Some(value), Some(b'\n')) => Value::Whole(value.to_vec(), length + 9),
        (_, Some(_)) => Value::None,
        (_, None) => Value::More,
    }
}

fn put(fields: &[(Vec<u8>, Vec<u8>)], record: &mut Record<'_>) -> Result<(), TooLong> {
    for (place, (name, value)) in fields.iter().enumerate() {
        record.put(if place == 0 { b"{\"" } else { b",\"" })?;
        record.put_escaped(name)?;
        record.put(b"\":\"")?;
        record.put_escaped(value)?;
        record.put(b"\"")?;
    }
    record.put(b"}")
}

#[cfg(test)]
mod tests;
