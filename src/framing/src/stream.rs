//! Reads an input of any format as batches of one-line records.

use crate::encoding::Utf8;
use crate::format::{Format, SNIFF};
use crate::framer::Framer;
use crate::problem::Counts;
use crate::records::{BATCH, Cut, Records, is_behind_the_end};
use std::io::{Chain, Cursor, Error, ErrorKind, Read, Result};

/// How many bytes are read at once for a [`Framer`].
const CHUNK: usize = 64 << 10;

/// Reads the records of an input in any format, batch by batch.
///
/// The format is recognised by the first bytes, unless it is given. Lines are handed on as they are, without a copy of
/// each ([`Records`]). Every other format goes through a [`Framer`].
///
/// ```
/// use authsieve_framing::{Format, MAX_RECORD, Stream};
///
/// let export = &b"[\n  {\"id\": \"a\",\n   \"result\": \"denied\"},\n  {\"id\": \"b\"}\n]\n"[..];
/// let mut stream = Stream::new(export, None, None, MAX_RECORD);
/// let mut batch = Vec::new();
/// let cut = stream.next(&mut batch)?.expect("there are records");
/// assert_eq!((stream.format(), cut.first_line, cut.records), (Some(Format::Json), 1, 2));
/// assert_eq!(batch, b"{\"id\": \"a\",\"result\": \"denied\"}\n{\"id\": \"b\"}\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Stream<R> {
    state: State<R>,
    name: Option<String>,
    max_record: usize,
    live: bool,
}

#[derive(Debug)]
enum State<R> {
    /// Nothing was read yet.
    Closed(Utf8<R>, Option<Format>),
    Lines(Box<Records<Opened<R>>>),
    Framed(Box<Framed<R>>),
    /// Being opened.
    Moved,
}

#[derive(Debug)]
struct Framed<R> {
    input: Opened<R>,
    framer: Framer,
    chunk: Vec<u8>,
    ended: bool,
    failed: Option<Error>,
}

/// An input whose first bytes were read already.
type Opened<R> = Chain<Cursor<Vec<u8>>, Failing<R>>;

/// An input whose next read may have failed already.
#[derive(Debug)]
struct Failing<R> {
    failed: Option<Error>,
    input: Utf8<R>,
}

impl<R: Read> Read for Failing<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.input.read(into),
        }
    }
}

impl<R: Read> Stream<R> {
    /// Reads the records of `input`, none longer than `max_record` bytes, in `format`, or in the format that the first
    /// bytes show. `name` is the name of the input, if it has one. Nothing is read yet.
    pub fn new(input: R, format: Option<Format>, name: Option<&str>, max_record: usize) -> Self {
        let state = State::Closed(Utf8::new(input), format);
        Self { state, name: name.map(Into::into), max_record, live: false }
    }

    /// Hands on each record as soon as it was read, for an input that is still being written.
    #[must_use]
    pub fn live(mut self) -> Self {
        self.live = true;
        self
    }

    /// The format, once it is known.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        match &self.state {
            State::Closed(_, format) => *format,
            State::Lines(_) => Some(Format::Lines),
            State::Framed(framed) => framed.framer.format(),
            State::Moved => None,
        }
    }

    /// How often each flaw kept bytes from becoming a record.
    #[must_use]
    pub fn counts(&self) -> Counts {
        match &self.state {
            State::Framed(framed) => *framed.framer.counts(),
            _ => Counts::default(),
        }
    }

    /// Replaces `batch` by the next batch. `None` at the end. A batch may be empty and only report what was left out.
    /// In [`Format::Lines`] the number of a record is that of its line, in other formats its place in the output.
    ///
    /// # Errors
    /// The first error of the input, once, after every record before it that is whole. A record that it cuts is
    /// dropped.
    pub fn next(&mut self, batch: &mut Vec<u8>) -> Result<Option<Cut>> {
        if let State::Closed(..) = self.state {
            self.open();
        }
        match &mut self.state {
            State::Lines(records) => records.next(batch),
            State::Framed(framed) => framed.next(batch, self.live),
            State::Closed(..) | State::Moved => Ok(None),
        }
    }

    /// Reads the first bytes.
    fn open(&mut self) {
        let State::Closed(mut input, mut format) = std::mem::replace(&mut self.state, State::Moved) else {
            return;
        };
        let mut head = Vec::new();
        let (mut failed, mut ended) = (None, false);
        while format.is_none() {
            let before = head.len();
            head.resize(before + SNIFF, 0);
            let read = input.read(head.get_mut(before..).unwrap_or_default());
            head.truncate(before + read.as_ref().copied().unwrap_or_default());
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => (failed, ended) = (Some(error), true),
                Ok(read) => ended |= read == 0,
            }
            format = Format::sniff(&head, self.name.as_deref(), ended);
        }
        let format = format.unwrap_or(Format::Lines);
        let input = Cursor::new(head).chain(Failing { failed, input });
        self.state = if format == Format::Lines {
            let records = Records::new(input, self.max_record);
            State::Lines(Box::new(if self.live { records.live() } else { records }))
        } else {
            let framer = Framer::new(Some(format), None, self.max_record);
            let chunk = vec![0; CHUNK];
            State::Framed(Box::new(Framed { input, framer, chunk, ended: false, failed: None }))
        };
    }
}

impl<R: Read> Framed<R> {
    fn next(&mut self, batch: &mut Vec<u8>, live: bool) -> Result<Option<Cut>> {
        batch.clear();
        while !self.ended && (batch.is_empty() || (!live && batch.len() < BATCH)) {
            match self.input.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(read @ 1..) => self.framer.push(self.chunk.get(..read).unwrap_or_default(), batch),
                end => {
                    self.ended = true;
                    self.failed = end.err();
                    // After an error, the bytes that have begun are no record.
                    if self.failed.as_ref().is_none_or(is_behind_the_end) {
                        self.framer.finish(batch);
                    }
                }
            }
        }
        let cut = self.framer.take();
        if cut.records > 0 || !cut.oversized.is_empty() || !cut.problems.is_empty() {
            return Ok(Some(cut));
        }
        self.failed.take().map_or(Ok(None), Err)
    }
}
