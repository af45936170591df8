//! Bytes in, one-line records out: one incremental type for every format.

use crate::encoding::Transcoder;
use crate::format::{Format, SNIFF};
use crate::problem::{Counts, Flaw, Problem};
use crate::records::{Cut, Oversized};
use crate::{csv::Csv, evtx::Evtx, json::Json, lines::Lines, w3c::W3c, xml::Xml};

/// Bytes are taken in pieces of this size, however large the slices are that are pushed: what is held beyond the
/// record that has begun is bounded by it.
const PIECE: usize = 64 << 10;

/// Of each flaw so many are told one by one; the others are only counted.
const TOLD: u64 = 8;

/// Turns the bytes of a file or stream into one-line records.
///
/// It does no I/O: whoever has bytes pushes them, in whatever pieces they come, and gets the records that are
/// complete by then. Which pieces they are never changes what comes out. UTF-16 is converted, and the format is
/// recognised by content ([`Format::sniff`]) unless it is given.
///
/// Memory: at most one record, of `max_record` bytes, and a piece of 64 KiB; what is appended by one push is at most
/// about 130 times what was pushed (one-letter values under names of 256 bytes), and for `.evtx` 64 MiB per chunk.
///
/// ```
/// use authsieve_framing::{Format, Framer, MAX_RECORD};
///
/// let mut framer = Framer::new(None, Some("export.csv"), MAX_RECORD);
/// let mut records = Vec::new();
/// framer.push(b"UserPrincipalName,IPAddress,ResultType\nalice@exam", &mut records);
/// framer.push(b"ple.com,203.0.113.9,50126\nbob@example.com,,0", &mut records);
/// framer.finish(&mut records);
/// assert_eq!(framer.format(), Some(Format::Csv));
/// assert_eq!(
///     std::str::from_utf8(&records)?,
///     concat!(
///         r#"{"UserPrincipalName":"alice@example.com","IPAddress":"203.0.113.9","ResultType":"50126"}"#, "\n",
///         r#"{"UserPrincipalName":"bob@example.com","ResultType":"0"}"#, "\n",
///     )
/// );
/// assert_eq!(framer.counts().total(), 0);
/// # Ok::<(), std::str::Utf8Error>(())
/// ```
#[derive(Debug)]
pub struct Framer {
    max_record: usize,
    name: Option<String>,
    text: Transcoder,
    kind: Option<Kind>,
    /// What was pushed and is not yet done with, as UTF-8.
    window: Vec<u8>,
    tally: Tally,
}

/// The formats, each with what it has to remember.
#[derive(Debug)]
enum Kind {
    Lines(Lines),
    Json(Box<Json>),
    Csv(Box<Csv>),
    W3c(Box<W3c>),
    Xml(Xml),
    Evtx(Evtx),
}

/// What came out so far.
#[derive(Debug, Default)]
struct Tally {
    /// Records handed out.
    records: u64,
    /// Those handed out when a [`Cut`] was taken last.
    taken: u64,
    /// The lines before the window.
    lines: u64,
    counts: Counts,
    oversized: Vec<Oversized>,
    problems: Vec<Problem>,
}

impl Framer {
    /// A framer for `format`, or for what the bytes turn out to be. `name` is what the file is called, if it has a
    /// name: it decides where the content leaves doubt. No record is longer than `max_record` bytes.
    #[must_use]
    pub fn new(format: Option<Format>, name: Option<&str>, max_record: usize) -> Self {
        Self {
            max_record,
            name: name.map(Into::into),
            text: Transcoder::default(),
            kind: format.map(Kind::of),
            window: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// The format, once it is known.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.kind.as_ref().map(Kind::format)
    }

    /// What could not be made a record, by its flaw.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.tally.counts
    }

    /// Takes bytes, and appends the records that are complete to `out`, each with its newline.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for piece in bytes.chunks(PIECE) {
            self.text.push(piece, &mut self.window);
            self.frame(false, out);
        }
    }

    /// Takes the end of the input: what is complete but for its newline comes out. Nothing is to be pushed after.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.text.finish(&mut self.window);
        self.frame(true, out);
        self.window = Vec::new();
    }

    /// Tells of the records since this was called last: number of the first, how many, and what was left out. The
    /// numbers of left out ones are those of the line they begin in (in `.evtx` of the chunk), from 1.
    pub fn take(&mut self) -> Cut {
        let tally = &mut self.tally;
        let cut = Cut {
            first_line: tally.taken + 1,
            records: tally.records - tally.taken,
            oversized: std::mem::take(&mut tally.oversized),
            problems: std::mem::take(&mut tally.problems),
        };
        tally.taken = tally.records;
        cut
    }

    fn frame(&mut self, ended: bool, out: &mut Vec<u8>) {
        if self.kind.is_none() {
            let known = Format::sniff(&self.window, self.name.as_deref(), ended);
            debug_assert!(known.is_some() || self.window.len() < SNIFF, "so many bytes decide");
            self.kind = known.map(Kind::of);
        }
        let Some(kind) = &mut self.kind else { return };
        let mut sink = Sink { out, max_record: self.max_record, tally: &mut self.tally };
        let done = kind.frame(&self.window, ended, &mut sink).min(self.window.len());
        let passed = self.window.drain(..done);
        self.tally.lines += memchr::memchr_iter(b'\n', passed.as_slice()).count() as u64;
    }
}

impl Kind {
    fn of(format: Format) -> Self {
        match format {
            Format::Lines => Self::Lines(Lines::default()),
            Format::Json => Self::Json(Box::default()),
            Format::Csv => Self::Csv(Box::default()),
            Format::W3c => Self::W3c(Box::default()),
            Format::Xml => Self::Xml(Xml::default()),
            Format::Evtx => Self::Evtx(Evtx::default()),
        }
    }

    const fn format(&self) -> Format {
        match self {
            Self::Lines(_) => Format::Lines,
            Self::Json(_) => Format::Json,
            Self::Csv(_) => Format::Csv,
            Self::W3c(_) => Format::W3c,
            Self::Xml(_) => Format::Xml,
            Self::Evtx(_) => Format::Evtx,
        }
    }

    /// Takes records from the front of `window`; says how much of it is never looked at again. `ended`: nothing
    /// follows the window.
    fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        match self {
            Self::Lines(lines) => lines.frame(window, ended, sink),
            Self::Json(json) => json.frame(window, ended, sink),
            Self::Csv(csv) => csv.frame(window, ended, sink),
            Self::W3c(w3c) => w3c.frame(window, ended, sink),
            Self::Xml(xml) => xml.frame(window, ended, sink),
            Self::Evtx(evtx) => evtx.frame(window, ended, sink),
        }
    }
}

/// Where records and problems go.
pub(crate) struct Sink<'a> {
    out: &'a mut Vec<u8>,
    max_record: usize,
    tally: &'a mut Tally,
}

/// A record that is being written has become too long.
pub(crate) struct TooLong;

impl Sink<'_> {
    pub(crate) fn max_record(&self) -> usize {
        self.max_record
    }

    /// Writes one record, without newlines, that begins at `at` in `window`.
    pub(crate) fn record(
        &mut self,
        window: &[u8],
        at: usize,
        write: impl FnOnce(&mut Record<'_>) -> Result<(), TooLong>,
    ) {
        let start = self.out.len();
        let mut record = Record { out: self.out, start, max: self.max_record };
        if write(&mut record).is_ok() {
            self.out.push(b'\n');
            self.tally.records += 1;
        } else {
            let length = (self.out.len() - start) as u64;
            self.out.truncate(start);
            self.oversized(window, at, length);
        }
    }

    /// Tells of a record too long to hand on, that begins at `at` in `window`.
    pub(crate) fn oversized(&mut self, window: &[u8], at: usize, length: u64) {
        self.oversized_at(self.line(window, at), length);
    }

    /// Tells of a record too long to hand on, that began in this line.
    pub(crate) fn oversized_at(&mut self, line: u64, length: u64) {
        self.tally.oversized.push(Oversized { line, length });
    }

    /// Tells of a flaw at `at` in `window`.
    pub(crate) fn problem(&mut self, flaw: Flaw, window: &[u8], at: usize) {
        self.problem_at(flaw, None, window, at);
    }

    /// Tells of a flaw in a line, or else at `at` in `window`.
    pub(crate) fn problem_at(&mut self, flaw: Flaw, line: Option<u64>, window: &[u8], at: usize) {
        if self.tally.counts.of(flaw) < TOLD {
            let line = line.unwrap_or_else(|| self.line(window, at));
            self.tally.problems.push(Problem { line, flaw });
        }
        self.tally.counts.add(flaw);
    }

    /// The number of the line that `at` is in.
    pub(crate) fn line(&self, window: &[u8], at: usize) -> u64 {
        let before = window.get(..at).unwrap_or(window);
        self.tally.lines + memchr::memchr_iter(b'\n', before).count() as u64 + 1
    }
}

/// A record that is being written.
pub(crate) struct Record<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    max: usize,
}

impl Record<'_> {
    /// Appends bytes, which hold no newline.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.out.len() - self.start + bytes.len() > self.max {
            return Err(TooLong);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends the inside of a JSON string: only what must be escaped is. Bytes that are no UTF-8 pass as they are.
    pub(crate) fn put_escaped(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|b| *b < 0x20 || matches!(b, b'"' | b'\\')) {
            let (plain, special) = rest.split_at(at);
            self.put(plain)?;
            let (first, later) = special.split_first().unwrap_or((&0, &[]));
            match first {
                b'"' => self.put(b"\\\"")?,
                b'\\' => self.put(b"\\\\")?,
                b'\n' => self.put(b"\\n")?,
                b'\r' => self.put(b"\\r")?,
                b'\t' => self.put(b"\\t")?,
                other => {
                    let digit = |n: u8| if n < 10 { b'0' + n } else { b'a' + n - 10 };
                    self.put(&[b'\\', b'u', b'0', b'0', digit(other >> 4), digit(other & 15)])?;
                }
            }
            rest = later;
        }
        self.put(rest)
    }
}

#[cfg(test)]
pub(crate) mod tests;
