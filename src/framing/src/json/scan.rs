//! One JSON value: finds its end, and writes it on one line.

use super::{INDENT, RS, Written, is_batch};
use crate::sink::Record;
use std::ops::Range;

/// The most brackets that may be open. No log nests as deep.
const DEPTH: usize = 4096;

/// The scan of a value that has begun. Offsets are those of the window.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) start: usize,
    /// The number of its bytes that were dropped because the value is too long.
    pub(super) skipped: u64,
    /// The line in which the value begins, once its start was dropped.
    pub(super) line: Option<u64>,
    /// True for a value that is skipped without a problem.
    pub(super) silent: bool,
    /// The start of the first line within the value that may begin another value.
    pub(super) candidate: Option<usize>,
    /// The place after the bracket of an array of records at its first level.
    pub(super) batch: Option<usize>,
    depth: usize,
    /// A bit for each open bracket: set for arrays.
    arrays: Box<[u64; DEPTH / 64]>,
    in_string: bool,
    escaped: bool,
    /// The last byte outside of strings that is no blank.
    last: u8,
    /// The column, while the line holds only blanks so far.
    column: Option<usize>,
    /// The inside of the last string.
    string: Range<usize>,
}

/// Where a scan stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The value ends before the next byte.
    End,
    /// The window ends first.
    More,
    /// Another value begins where none may.
    Break,
    /// A bracket closes one of another kind, or too many are open.
    Mismatch,
}

impl Scan {
    /// A value that begins at `start`.
    pub(super) fn new(start: usize) -> Self {
        Self {
            start,
            skipped: 0,
            line: None,
            silent: false,
            candidate: None,
            batch: None,
            depth: 0,
            arrays: Box::new([0; DEPTH / 64]),
            in_string: false,
            escaped: false,
            last: 0,
            column: None,
            string: 0..0,
        }
    }

    /// A string with its first quote at `start`.
    pub(super) fn string(start: usize) -> Self {
        Self { in_string: true, ..Self::new(start) }
    }

    /// The rest of an object from `start` on, to be skipped.
    pub(super) fn rest_of_object(start: usize) -> Self {
        Self { depth: 1, silent: true, last: b']', ..Self::new(start) }
    }

    /// Follows the window, which has lost its first `by` bytes.
    pub(super) fn moved(&mut self, by: usize) {
        self.start = self.start.saturating_sub(by);
        self.candidate = self.candidate.and_then(|at| at.checked_sub(by));
        self.batch = self.batch.and_then(|at| at.checked_sub(by));
        self.string = self.string.start.saturating_sub(by)..self.string.end.saturating_sub(by);
    }

    /// Drops the bytes before `at`.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.skipped += (at - self.start) as u64;
        (self.start, self.candidate, self.batch) = (at, None, None);
    }

    /// Scans on from `at`. A line with no indent, or with `indent`, may begin another value.
    pub(super) fn scan(&mut self, window: &[u8], at: &mut usize, indent: usize, sequence: bool) -> Stop {
        while let Some(&byte) = window.get(*at) {
            if let Some(column) = self.column {
                match byte {
                    b' ' | b'\t' if column < INDENT => {
                        self.column = Some(column + 1);
                        *at += 1;
                        continue;
                    }
                    b'{' if (column == 0 || column == indent) && !self.escaped => {
                        if !self.may_hold_object() {
                            return Stop::Break;
                        }
                        self.candidate = self.candidate.or(Some(*at));
                    }
                    _ => {}
                }
                self.column = None;
            }
            if sequence && byte == RS {
                return Stop::Break;
            }
            if self.in_string {
                self.within_string(window, at, sequence);
                continue;
            }
            *at += 1;
            match byte {
                b' ' | b'\t' | b'\r' => continue,
                b'\n' => {
                    self.column = Some(0);
                    continue;
                }
                b'"' => {
                    self.in_string = true;
                    self.string = *at..*at;
                }
                b'{' | b'[' => {
                    if byte == b'[' && self.depth == 1 && self.last == b':' && self.batch.is_none() {
                        let name = window.get(self.string.clone()).unwrap_or_default();
                        self.batch = is_batch(name).then_some(*at);
                    }
                    if !self.open(byte == b'[') {
                        return Stop::Mismatch;
                    }
                }
                b'}' | b']' => {
                    if self.in_array() != (byte == b']') {
                        return Stop::Mismatch;
                    }
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Stop::End;
                    }
                }
                _ => {}
            }
            self.last = byte;
        }
        Stop::More
    }

    /// Scans on within a string that is a value of its own.
    pub(super) fn scan_string(&mut self, window: &[u8], at: &mut usize) -> Stop {
        while self.in_string {
            if *at >= window.len() {
                return Stop::More;
            }
            self.within_string(window, at, false);
            if self.column.is_some() {
                return Stop::Break;
            }
        }
        Stop::End
    }

    /// Scans on to the end of the string or of the window, or to a newline.
    fn within_string(&mut self, window: &[u8], at: &mut usize, sequence: bool) {
        let rest = window.get(*at..).unwrap_or_default();
        if self.escaped {
            self.escaped = false;
            // A newline is never escaped, so it is looked at.
            if rest.first() != Some(&b'\n') {
                *at += 1;
                return;
            }
        }
        let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
            *at = separator(rest, sequence).map_or(window.len(), |found| *at + found);
            return;
        };
        if let Some(earlier) = separator(rest.get(..found).unwrap_or_default(), sequence) {
            *at += earlier;
            return;
        }
        *at += found + 1;
        match rest.get(found) {
            Some(b'"') => {
                (self.in_string, self.last) = (false, b'"');
                self.string.end = *at - 1;
            }
            Some(b'\\') => self.escaped = true,
            // This is no JSON, but some programs write it.
            _ => self.column = Some(0),
        }
    }

    /// True where JSON allows a value.
    fn may_hold_object(&self) -> bool {
        !self.in_string && (matches!(self.last, 0 | b':' | b'[') || (self.last == b',' && self.in_array()))
    }

    fn in_array(&self) -> bool {
        let Some(innermost) = self.depth.checked_sub(1) else { return false };
        self.arrays.get(innermost / 64).is_some_and(|word| word >> (innermost % 64) & 1 == 1)
    }

    fn open(&mut self, array: bool) -> bool {
        let Some(word) = self.arrays.get_mut(self.depth / 64) else { return false };
        let bit = 1 << (self.depth % 64);
        *word = if array { *word | bit } else { *word & !bit };
        self.depth += 1;
        true
    }
}

fn separator(bytes: &[u8], sequence: bool) -> Option<usize> {
    if sequence { memchr::memchr(RS, bytes) } else { None }
}

/// Writes a value without newlines and without the indent of its lines. A newline in a string is no JSON and becomes an
/// escape. O(n).
pub(super) fn put_on_one_line(raw: &[u8], record: &mut Record<'_>) -> Written {
    let mut rest = raw;
    let mut in_string = false;
    let Some(_) = memchr::memchr(b'\n', raw) else { return record.put(raw) };
    while let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) {
        let special = rest.get(found).copied();
        // An escaped byte is skipped, unless it is a newline.
        let escapes = special == Some(b'\\') && rest.get(found + 1).is_some_and(|next| *next != b'\n');
        let length = match special {
            Some(b'\n') => found,
            _ => found + 1 + usize::from(escapes),
        };
        let (plain, later) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        let plain = if special == Some(b'\n') { plain.strip_suffix(b"\r").unwrap_or(plain) } else { plain };
        record.put(plain)?;
        rest = later;
        match special {
            Some(b'"') => in_string = !in_string,
            Some(b'\n') => {
                rest = rest.get(1..).unwrap_or_default();
                if in_string {
                    record.put(b"\\n")?;
                } else {
                    let text = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
                    rest = rest.get(text.unwrap_or(rest.len())..).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    record.put(rest)
}
