//! Turns bytes into one-line records, piece by piece, in every format.

use crate::encoding::Transcoder;
use crate::format::{Format, SNIFF};
use crate::problem::Counts;
use crate::records::Cut;
use crate::sink::{Progress, Sink};
use crate::{blocks::Blocks, csv::Csv, evtx::Evtx, json::Json, lines::Lines, w3c::W3c, xml::Xml};

/// The size of the pieces in which pushed bytes are read. It bounds the memory in addition to the record that has
/// begun.
const PIECE: usize = 64 << 10;

/// Turns the bytes of a file or stream into one-line records.
///
/// A framer does no I/O. The host pushes bytes in pieces of any size, and gets the records that are complete by then.
/// The cut into pieces never changes the records. UTF-16 is converted. The format is recognised by content
/// ([`Format::sniff`]) unless it is given.
///
/// Memory: at most one record of `max_record` bytes, and a piece of 64 KiB. One push appends at most 50 times its own
/// bytes, for one-letter values under names of 96 bytes. An `.evtx` chunk appends at most 64 MiB.
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
    /// The bytes that were pushed and are still needed, as UTF-8.
    window: Vec<u8>,
    progress: Progress,
}

/// The formats, each with its state.
#[derive(Debug)]
enum Kind {
    Lines(Lines),
    Json(Box<Json>),
    Csv(Box<Csv>),
    W3c(Box<W3c>),
    Xml(Xml),
    Evtx(Evtx),
    Blocks(Box<Blocks>),
}

impl Framer {
    /// Makes a framer for `format`, or for the format that the bytes show. `name` is the name of the file, if there is
    /// one. The name decides where the content leaves doubt. No record is longer than `max_record` bytes.
    #[must_use]
    pub fn new(format: Option<Format>, name: Option<&str>, max_record: usize) -> Self {
        Self {
            max_record,
            name: name.map(Into::into),
            text: Transcoder::default(),
            kind: format.map(Kind::of),
            window: Vec::new(),
            progress: Progress::default(),
        }
    }

    /// The format, once it is known.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.kind.as_ref().map(Kind::format)
    }

    /// How often each flaw kept bytes from becoming a record.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        self.progress.counts()
    }

    /// True if the input has ended before its format says that it ends. Only `.evtx` files say so.
    #[must_use]
    pub const fn is_cut_off(&self) -> bool {
        matches!(&self.kind, Some(Kind::Evtx(evtx)) if evtx.is_cut_off())
    }

    /// Takes bytes, and appends the records that are complete to `out`, each with its newline. O(n).
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for piece in bytes.chunks(PIECE) {
            self.text.push(piece, &mut self.window);
            self.frame(false, out);
        }
    }

    /// Takes the end of the input: the last record may lack its newline. Push nothing after this.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.text.finish(&mut self.window);
        self.frame(true, out);
        self.window = Vec::new();
    }

    /// Reports the output since the last call: the number of the first record, the number of records, and the bytes
    /// that were left out. Each omission names the line in which it begins, from 1. In `.evtx`, it names the chunk.
    pub fn take(&mut self) -> Cut {
        self.progress.take()
    }

    fn frame(&mut self, ended: bool, out: &mut Vec<u8>) {
        if self.kind.is_none() {
            let known = Format::sniff(&self.window, self.name.as_deref(), ended);
            debug_assert!(known.is_some() || self.window.len() < SNIFF, "so many bytes decide");
            self.kind = known.map(Kind::of);
        }
        let Some(kind) = &mut self.kind else { return };
        let mut sink = Sink::new(out, self.max_record, &mut self.progress);
        let done = kind.frame(&self.window, ended, &mut sink).min(self.window.len());
        self.progress.pass(self.window.drain(..done).as_slice());
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
            Format::Blocks => Self::Blocks(Box::default()),
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
            Self::Blocks(_) => Format::Blocks,
        }
    }

    /// Takes records from the front of `window`. Returns the number of bytes that are not needed any more. `ended` is
    /// true if nothing follows the window.
    fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        match self {
            Self::Lines(lines) => lines.frame(window, ended, sink),
            Self::Json(json) => json.frame(window, ended, sink),
            Self::Csv(csv) => csv.frame(window, ended, sink),
            Self::W3c(w3c) => w3c.frame(window, ended, sink),
            Self::Xml(xml) => xml.frame(window, ended, sink),
            Self::Evtx(evtx) => evtx.frame(window, ended, sink),
            Self::Blocks(blocks) => blocks.frame(window, ended, sink),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
