//! JSON of any layout: objects one after another, pretty-printed or not, in arrays, as text sequences.
//!
//! Between values, brackets, commas, blanks and the separators of RFC 7464 are skipped. So an array is a stream of its
//! elements and is never held. A value ends where its brackets outside of strings are balanced. The decoder checks the
//! JSON inside.
//!
//! **Broken values.** A value that was cut off would swallow the records after it. So the scan looks for a `{` at the
//! start of a line, where JSON allows none, with the indent of the values before. All bytes from the first such line on
//! are then read again, and only the broken value is lost.

mod scan;

use crate::export;
use crate::header::{is_dump_heading, is_log_line};
use crate::problem::Flaw;
use crate::sink::{Sink, TooLong};
use scan::{Scan, Stop};

/// The separator of RFC 7464.
const RS: u8 = 0x1E;

/// The largest object around an array of records ([`is_batch`]) that is handed on whole. The decoders unpack it. Of a
/// larger one, each element becomes a record, and the other members are dropped.
const WRAPPER: usize = 1 << 20;

/// The number of bytes that may be read again after broken values, for each byte of the input.
const AGAIN: usize = 4;

/// The deepest indent of a line that begins a record.
const INDENT: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct Json {
    state: State,
    /// The next byte to look at.
    at: usize,
    /// The first byte that was certainly never read.
    fresh: usize,
    /// The number of arrays around the next value.
    arrays: usize,
    /// The column, while the line holds only blanks so far.
    column: Option<usize>,
    /// The indent of the last value at the start of a line.
    indent: usize,
    /// True once a separator was met. A separator ends any value.
    sequence: bool,
    /// True within a wrapper that is too large to be a record.
    wrapped: bool,
    /// Bytes that may be read again.
    credit: usize,
}

#[derive(Debug, Default)]
enum State {
    /// Nothing was read yet.
    #[default]
    First,
    /// Between values.
    Between,
    /// In an object, or in an array within an array.
    Inside(Box<Scan>),
    /// In a string that is an element and begins at this byte.
    Text(usize, Box<Scan>),
    /// Behind bytes that are no value, in search of a line that begins with a value.
    Lost,
}

impl Json {
    pub(crate) fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        let mut done = 0;
        loop {
            let before = std::mem::take(&mut self.state);
            let more = match before {
                State::First => {
                    (self.column, self.state) = (Some(0), State::Between);
                    true
                }
                State::Between => self.between(window, ended, &mut done, sink),
                State::Lost => self.lost(window, ended, &mut done),
                State::Inside(value) => self.inside(value, window, ended, &mut done, sink),
                State::Text(start, value) => self.text(start, value, window, ended, &mut done, sink),
            };
            if !more {
                break;
            }
        }
        self.at = self.at.saturating_sub(done);
        // All bytes that leave the window were looked at.
        self.earn(done);
        self.fresh -= done;
        if let State::Inside(value) = &mut self.state {
            value.moved(done);
        }
        if let State::Text(start, _) = &mut self.state {
            *start = start.saturating_sub(done);
        }
        done
    }

    /// Goes on to the next value. `false` at the end of the window.
    fn between(&mut self, window: &[u8], ended: bool, done: &mut usize, sink: &mut Sink<'_>) -> bool {
        while let Some(&byte) = window.get(self.at) {
            let start = self.at;
            self.at += 1;
            match byte {
                b'\n' => self.column = Some(0),
                b' ' | b'\t' => self.column = self.column.map(|column| column + 1),
                // Also zeros, as a crash leaves them, and the byte order marks of concatenated files.
                b'\r' | b',' | 0 | 0xEF | 0xBB | 0xBF => {}
                RS => self.sequence = true,
                b'[' => self.arrays += 1,
                b']' => {
                    self.arrays = self.arrays.saturating_sub(1);
                    if self.wrapped && self.arrays == 0 {
                        // The other members of the wrapper are skipped.
                        self.wrapped = false;
                        *done = self.at;
                        self.state = State::Inside(Box::new(Scan::rest_of_object(self.at)));
                        return true;
                    }
                }
                b'{' => {
                    if let Some(column) = self.column.take() {
                        self.indent = column;
                    }
                    *done = start;
                    self.state = State::Inside(Box::new(Scan::new(start)));
                    self.at = start;
                    return true;
                }
                b'"' if self.arrays > 0 => {
                    *done = start;
                    self.state = State::Text(start, Box::new(Scan::string(start)));
                    return true;
                }
                // Numbers and words next to the objects are no records.
                b'0'..=b'9' | b'-' | b'+' | b'.' | b'a'..=b'z' | b'E' if self.arrays > 0 => {}
                _ => {
                    // A log continues where the values have ended.
                    if self.arrays == 0 && self.column == Some(0) {
                        let rest = window.get(start..).unwrap_or_default();
                        match line_among_values(rest, ended, sink.max_record()) {
                            Line::Open => {
                                (self.at, *done, self.state) = (start, start, State::Between);
                                return false;
                            }
                            Line::Heading(end) => {
                                self.at = start + end;
                                continue;
                            }
                            Line::Log(end) => {
                                let line = rest.get(..end).unwrap_or_default();
                                sink.record(window, start, |record| record.put(line));
                                self.at = start + end;
                                continue;
                            }
                            Line::Other => {}
                        }
                    }
                    sink.problem(Flaw::Stray, window, start);
                    self.lose(start);
                    return true;
                }
            }
            if byte == b'[' || byte == RS {
                // After `[` or a separator, a `{` does not begin its line.
                self.column = None;
            }
        }
        *done = window.len();
        self.state = State::Between;
        false
    }

    /// Goes on to a line that begins with a value. `false` at the end of the window.
    fn lost(&mut self, window: &[u8], ended: bool, done: &mut usize) -> bool {
        loop {
            let rest = window.get(self.at..).unwrap_or_default();
            let separator = if self.sequence { memchr::memchr(RS, rest) } else { None };
            let newline = memchr::memchr(b'\n', rest).filter(|at| separator.is_none_or(|first| *at < first));
            let Some(newline) = newline else {
                self.at = separator.map_or(window.len(), |first| self.at + first);
                *done = self.at;
                self.state = if separator.is_some() { State::Between } else { State::Lost };
                return separator.is_some();
            };
            let line = rest.get(newline + 1..).unwrap_or_default();
            let column = line.iter().position(|b| !matches!(b, b' ' | b'\t'));
            match column {
                None if !ended && line.len() <= INDENT => {
                    self.at += newline;
                    *done = self.at;
                    self.state = State::Lost;
                    return false;
                }
                Some(column) if (column == 0 || column == self.indent) && line.get(column) == Some(&b'{') => {
                    self.at += newline;
                    *done = self.at;
                    self.state = State::Between;
                    return true;
                }
                _ => self.at += newline + 1,
            }
        }
    }

    fn inside(
        &mut self,
        mut value: Box<Scan>,
        window: &[u8],
        ended: bool,
        done: &mut usize,
        sink: &mut Sink<'_>,
    ) -> bool {
        let found = value.scan(window, &mut self.at, self.indent, self.sequence);
        let start = value.start;
        let length = value.skipped + (self.at - start) as u64;
        let is_long = length > sink.max_record() as u64;
        // Bytes that are not kept cannot be read again.
        let kept = !is_long && !value.silent;
        let limit = WRAPPER.min(sink.max_record());
        // The rest of a wrapper holds no records.
        if let Some(batch) = value.batch.filter(|batch| batch - start <= limit)
            && (self.arrays, value.skipped, value.silent) == (0, 0, false)
            && length > limit as u64
        {
            // From here on its elements are records.
            (self.wrapped, self.arrays, self.column) = (true, 1, None);
            (self.at, *done) = (batch, batch);
            self.state = State::Between;
            return true;
        }
        match found {
            Stop::End => {
                if is_long && !value.silent {
                    sink.oversized_at(value.line.unwrap_or_else(|| sink.line(window, start)), length);
                } else if kept {
                    let raw = window.get(start..self.at).unwrap_or_default();
                    match export::recognise(raw) {
                        Some(inner) if self.arrays == 0 || matches!(inner, export::Export::Table(..)) => {
                            export::unpack(&inner, window, start, sink, scan::put_on_one_line);
                        }
                        _ => sink.record(window, start, |record| scan::put_on_one_line(raw, record)),
                    }
                }
                *done = self.at;
                self.column = None;
                self.state = State::Between;
                true
            }
            Stop::Break | Stop::Mismatch => {
                sink.problem_at(Flaw::Broken, value.line, window, start);
                self.recover(&value, kept, found == Stop::Break);
                true
            }
            Stop::More if ended => {
                sink.problem_at(Flaw::Truncated, value.line, window, start);
                *done = self.at;
                self.recover(&value, kept, true);
                self.at < window.len()
            }
            Stop::More => {
                if !kept {
                    value.line = value.line.or_else(|| Some(sink.line(window, start)));
                    value.skip_to(self.at);
                    *done = self.at;
                } else {
                    *done = start;
                }
                self.state = State::Inside(value);
                false
            }
        }
    }

    /// Goes on after a broken value: at the first line in it that may begin the next value, or after the break.
    fn recover(&mut self, value: &Scan, again: bool, at_value: bool) {
        self.earn(self.at);
        let again = value.candidate.filter(|candidate| {
            let cost = self.at.saturating_sub(*candidate);
            let affordable = again && cost <= self.credit;
            self.credit -= if affordable { cost } else { 0 };
            affordable
        });
        self.wrapped = false;
        match again {
            // The line has the indent of the values above it.
            Some(candidate) => (self.at, self.column, self.state) = (candidate, None, State::Between),
            None if at_value => (self.column, self.state) = (None, State::Between),
            None => self.lose(self.at),
        }
    }

    /// Counts the bytes before `at` as looked at, each once.
    fn earn(&mut self, at: usize) {
        let fresh = at.saturating_sub(self.fresh);
        self.fresh += fresh;
        self.credit = self.credit.saturating_add(fresh.saturating_mul(AGAIN));
    }

    fn lose(&mut self, at: usize) {
        (self.at, self.wrapped, self.state) = (at, false, State::Lost);
    }

    /// Reads a string that is the element of an array. The string becomes an array of one, since a record is JSON or
    /// a line.
    fn text(
        &mut self,
        start: usize,
        mut value: Box<Scan>,
        window: &[u8],
        ended: bool,
        done: &mut usize,
        sink: &mut Sink<'_>,
    ) -> bool {
        let found = value.scan_string(window, &mut self.at);
        let length = value.skipped + (self.at - start) as u64;
        let is_long = length + 2 > sink.max_record() as u64;
        match found {
            Stop::End => {
                if is_long {
                    sink.oversized_at(value.line.unwrap_or_else(|| sink.line(window, start)), length);
                } else {
                    let raw = window.get(start..self.at).unwrap_or_default();
                    sink.record(window, start, |record| {
                        record.put(b"[")?;
                        record.put(raw)?;
                        record.put(b"]")
                    });
                }
                *done = self.at;
                self.state = State::Between;
                true
            }
            Stop::More if ended => {
                sink.problem_at(Flaw::Truncated, value.line, window, start);
                *done = window.len();
                false
            }
            Stop::More => {
                let mut start = start;
                if is_long {
                    value.line = value.line.or_else(|| Some(sink.line(window, start)));
                    value.skipped = length;
                    start = self.at;
                }
                *done = start;
                self.state = State::Text(start, value);
                false
            }
            Stop::Break | Stop::Mismatch => {
                sink.problem_at(Flaw::Broken, value.line, window, start);
                // The newline that broke the string may be the one before the next value.
                self.lose(self.at - 1);
                true
            }
        }
    }
}

/// A text between values, from the start of its line.
enum Line {
    /// More bytes are needed to decide.
    Open,
    /// A heading of `evtx_dump` above an event. It ends before this byte.
    Heading(usize),
    /// The line of a log. It ends before this byte.
    Log(usize),
    Other,
}

/// Classifies the line with which `rest` begins. The pieces in which bytes come change no answer: the first [`INDENT`]
/// bytes of a line decide. The scan waits for the end of a line of up to `max_record` bytes.
fn line_among_values(rest: &[u8], ended: bool, max_record: usize) -> Line {
    let most = INDENT.max(max_record.saturating_add(1));
    let seen = rest.get(..most.min(rest.len())).unwrap_or_default();
    let end = memchr::memchr(b'\n', seen).or_else(|| (ended && rest.len() < most).then_some(rest.len()));
    let head = seen.get(..end.unwrap_or(seen.len()).min(INDENT)).unwrap_or_default();
    match end {
        None if head.len() < INDENT => Line::Open,
        Some(end) if end < INDENT && is_dump_heading(head) => Line::Heading(end),
        _ if !is_log_line(head) => Line::Other,
        Some(end) if end <= max_record => Line::Log(end),
        None if seen.len() < most => Line::Open,
        _ => Line::Other,
    }
}

/// True for the name of a member that holds the records of a wrapper: CloudTrail's `Records`, Azure's `records`,
/// OData's `value`, event hooks' `events`, CloudWatch's `logEvents`.
fn is_batch(name: &[u8]) -> bool {
    [&b"records"[..], b"value", b"events", b"logevents"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Recognises JSON by the first line of a text that begins with a bracket.
pub(crate) mod sniff {
    use super::scan::{Scan, Stop};
    use crate::export;

    /// True if `head`, which begins with `{`, is JSON that cannot be read line by line. `None` if more bytes are
    /// needed.
    pub(crate) fn object(head: &[u8], ended: bool, full: bool) -> Option<bool> {
        let inner = head.get(1..).unwrap_or_default();
        match inner.iter().find(|b| !b.is_ascii_whitespace()) {
            Some(b'"' | b'}') => {}
            Some(_) => return Some(false),
            None => return undecided(ended, full),
        }
        let newline = memchr::memchr(b'\n', head);
        let line = head.get(..newline.unwrap_or(head.len())).unwrap_or_default();
        let (mut value, mut at) = (Scan::new(0), 0);
        match value.scan(line, &mut at, 0, false) {
            Stop::End => {
                let behind = line.get(at..).unwrap_or_default();
                match behind.iter().find(|b| !b.is_ascii_whitespace()) {
                    // Another value follows on the line, or a list lacks its brackets.
                    Some(b'{' | b'[' | b',') => Some(true),
                    Some(_) => Some(false),
                    None if newline.is_some() => Some(export::is_export(line)),
                    None => undecided(ended, full).map(|_| export::is_export(line)),
                }
            }
            Stop::Break | Stop::Mismatch => Some(false),
            Stop::More => {
                let Some(newline) = newline else { return undecided(ended, full) };
                let next = head.get(newline..).unwrap_or_default();
                let Some(next) = next.iter().position(|b| !b.is_ascii_whitespace()) else {
                    return undecided(ended, full);
                };
                // The line was cut off, and the next one begins.
                let both = head.get(..=newline + next).unwrap_or_default();
                Some(!matches!(value.scan(both, &mut at, 0, false), Stop::Break))
            }
        }
    }

    /// The same for `head` that begins with `[`. Log lines may, too: `[sshd]`, `[ 12.345] kernel`.
    pub(crate) fn array(head: &[u8], ended: bool, full: bool) -> Option<bool> {
        let mut nested = false;
        let mut bytes = head.iter().enumerate().skip(1);
        while let Some((at, byte)) = bytes.by_ref().find(|(_, b)| !b.is_ascii_whitespace()) {
            match byte {
                b'[' => nested = true,
                b'0'..=b'9' | b'-' | b'.' | b',' if nested => {}
                b'{' => {
                    let rest = head.get(at + 1..).unwrap_or_default();
                    return match rest.iter().find(|b| !b.is_ascii_whitespace()) {
                        Some(next) => Some(matches!(next, b'"' | b'}')),
                        None => undecided(ended, full),
                    };
                }
                b'"' => {
                    let (mut value, mut end) = (Scan::string(at), at + 1);
                    return match value.scan_string(head, &mut end) {
                        Stop::End => {
                            // A bracket at the end of the line closes an array. `["x"] text` begins with none.
                            let rest = head.get(end..).unwrap_or_default();
                            let mut rest = rest.iter().filter(|b| !matches!(b, b' ' | b'\t' | b'\r'));
                            match (rest.next(), rest.next()) {
                                (Some(b',' | b'\n'), _) | (Some(b']'), Some(b'\n' | b',' | b']')) => {
                                    Some(true)
                                }
                                (None, _) | (Some(b']'), None) => undecided(ended, full),
                                _ => Some(false),
                            }
                        }
                        Stop::More => undecided(ended, full),
                        _ => Some(false),
                    };
                }
                _ => return Some(false),
            }
        }
        undecided(ended, full)
    }

    /// A line as long as the whole head is not one record.
    fn undecided(ended: bool, full: bool) -> Option<bool> {
        if full { Some(true) } else { ended.then_some(false) }
    }
}

/// The parts with which a record is written.
type Written = Result<(), TooLong>;

#[cfg(test)]
mod tests;
