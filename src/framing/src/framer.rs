//! Bytes in, one-line records out: one incremental type for every format.

use crate::encoding::Transcoder;
use crate::format::{Format, SNIFF};
use crate::problem::Counts;
use crate::records::Cut;
use crate::sink::{Sink, Tally};
use crate::{csv::Csv, evtx::Evtx, json::Json, lines::Lines, w3c::W3c, xml::Xml};

/// Bytes are taken in pieces of this size, however large the slices are that are pushed: what is held beyond the
/// record that has begun is bounded by it.
const PIECE: usize = 64 << 10;

/// Turns the bytes of a file or stream into one-line records.
///
/// It does no I/O: whoever has bytes pushes them, in whatever pieces they come, and gets the records that are
/// complete by then. Which pieces they are never changes what comes out. UTF-16 is converted, and the format is
/// recognised by content ([`Format::sniff`]) unless it is given.
///
/// Memory: at most one record, of `max_record` bytes, and a piece of 64 KiB; what is appended by one push is at most
/// about 50 times what was pushed (one-letter values under names of 96 bytes), and for `.evtx` 64 MiB per chunk.
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
        self.tally.counts()
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
        self.tally.take()
    }

    fn frame(&mut self, ended: bool, out: &mut Vec<u8>) {
        if self.kind.is_none() {
            let known = Format::sniff(&self.window, self.name.as_deref(), ended);
            debug_assert!(known.is_some() || self.window.len() < SNIFF, "so many bytes decide");
            self.kind = known.map(Kind::of);
        }
        let Some(kind) = &mut self.kind else { return };
        let mut sink = Sink::new(out, self.max_record, &mut self.tally);
        let done = kind.frame(&self.window, ended, &mut sink).min(self.window.len());
        self.tally.pass(self.window.drain(..done).as_slice());
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

#[cfg(test)]
pub(crate) mod tests;
