//! Reads an input of any format as batches of one-line records.

use crate::dates::{Dates, Order};
use crate::encoding::Utf8;
use crate::format::{Format, SNIFF};
use crate::framer::Framer;
use crate::problem::Counts;
use crate::records::{BATCH, Cut, Records, is_behind_the_end};
use std::collections::VecDeque;
use std::fmt;
use std::io::{Chain, Cursor, Error, ErrorKind, Read, Result};

/// The number of bytes that are read at once for a [`Framer`].
const CHUNK: usize = 64 << 10;

/// The most bytes of records that are held back to find out the order of day and month, in an input that is read once.
const AHEAD: usize = 16 << 20;

/// The error for bytes that are no text.
const BINARY: &str = "this is no log: the bytes are neither text nor of a format that is known (.evtx, .gz, .zst, .bz2, .xz, .zip, .tar)";

/// The error for an `.evtx` file that ends early.
const CUT_OFF: &str = "the .evtx file ends early, in or before its last chunk; the records before were read";

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
    dates: Look<R>,
    /// The batches that were read while the order of day and month was unknown, and the result of each read.
    held: VecDeque<(Vec<u8>, Result<Option<Cut>>)>,
}

/// The knowledge about dates of numbers.
enum Look<R> {
    /// No such date has come yet. Holds a way to read the input once more.
    Open(Option<Reopen<R>>),
    /// The dates have this order, or none.
    Known(Option<Order>),
}

/// Opens an input a second time.
type Reopen<R> = Box<dyn FnOnce() -> Result<R> + Send>;

impl<R> fmt::Debug for Look<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(again) => f.debug_tuple("Open").field(&again.is_some()).finish(),
            Self::Known(order) => f.debug_tuple("Known").field(order).finish(),
        }
    }
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
    /// Checks whether the input is text. `None` once that is known.
    controls: Option<Controls>,
}

/// Counts the control characters among the first bytes, without white space and escape sequences. A tenth of random
/// bytes are control characters. Zeros do not count, since crashes and `copytruncate` leave blocks of zeros in logs.
#[derive(Debug, Default)]
struct Controls {
    bytes: usize,
    controls: usize,
}

impl Controls {
    /// Takes bytes, or the end.
    ///
    /// # Errors
    /// When the bytes are no text in any encoding: at least 16 of them, and one in 32, are control characters. Of a
    /// short input, 3 are enough.
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let control = |byte: &&u8| matches!(byte, 1..=8 | 11 | 14..=26 | 28..=31 | 127);
        self.bytes += bytes.iter().filter(|byte| **byte != 0).count();
        self.controls += bytes.iter().filter(control).count();
        let least = if bytes.is_empty() { 3 } else { 16 };
        if self.controls >= least && self.controls * 32 >= self.bytes {
            return Err(Error::new(ErrorKind::InvalidData, BINARY));
        }
        Ok(())
    }
}

impl<R: Read> Read for Failing<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => {
                let read = self.input.read(into)?;
                if let Some(controls) = self.controls.as_mut().filter(|controls| controls.bytes < SNIFF) {
                    controls.take(into.get(..read).unwrap_or_default())?;
                }
                Ok(read)
            }
        }
    }
}

impl<R: Read> Stream<R> {
    /// Reads the records of `input`, none longer than `max_record` bytes, in `format`, or in the format that the first
    /// bytes show. `name` is the name of the input, if it has one. Nothing is read yet.
    pub fn new(input: R, format: Option<Format>, name: Option<&str>, max_record: usize) -> Self {
        let state = State::Closed(Utf8::new(input), format);
        let dates = Look::Open(None);
        Self { state, name: name.map(Into::into), max_record, live: false, dates, held: VecDeque::new() }
    }

    /// Finds out the order of day and month ([`Dates`]) from the whole input. `reopen` opens the input a second time,
    /// if it has dates of numbers at all. Without `reopen`, the first 16 MiB of records from the first such date on
    /// decide, and are held back until then.
    #[must_use]
    pub fn reopened_by(mut self, reopen: impl FnOnce() -> Result<R> + Send + 'static) -> Self {
        self.dates = Look::Open(Some(Box::new(reopen)));
        self
    }

    /// Leaves dates as they are: for a caller that knows the order of day and month from elsewhere.
    #[must_use]
    pub fn leave_dates(mut self) -> Self {
        self.dates = Look::Known(None);
        self
    }

    /// Sets the order of day and month, which was found out before.
    #[must_use]
    pub fn with_dates(mut self, order: Option<Order>) -> Self {
        self.dates = Look::Known(order);
        self
    }

    /// The order of day and month in the dates that were read so far, if it is known.
    #[must_use]
    pub fn date_order(&self) -> Option<Order> {
        match self.dates {
            Look::Known(order) => order,
            Look::Open(_) => None,
        }
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

    /// Replaces `batch` by the next batch. Returns `None` at the end. A batch may be empty and only report omissions.
    /// In [`Format::Lines`] the number of a record is that of its line. In other formats it is its place in the
    /// output.
    ///
    /// # Errors
    /// The first error of the input, once, after every record before it that is whole. A record that it cuts is
    /// dropped. Bytes that are neither text nor an `.evtx` file are an error, unless the format is given. So is an
    /// `.evtx` file that ends early.
    pub fn next(&mut self, batch: &mut Vec<u8>) -> Result<Option<Cut>> {
        let read = match self.held.pop_front() {
            Some((bytes, read)) => {
                *batch = bytes;
                read
            }
            None => self.read(batch),
        };
        if matches!(self.dates, Look::Open(_)) && matches!(read, Ok(Some(_))) {
            self.look(batch);
        }
        if let Look::Known(Some(order)) = self.dates {
            order.rewrite(batch);
        }
        read
    }

    /// Finds the order of day and month, if a record of `batch` is the first with a date of numbers.
    fn look(&mut self, batch: &[u8]) {
        let mut dates = Dates::default();
        if !dates.survey(batch) {
            return;
        }
        let again = match std::mem::replace(&mut self.dates, Look::Known(None)) {
            Look::Open(again) => again,
            Look::Known(_) => None,
        };
        match again.map(|again| again()) {
            Some(Ok(input)) => {
                let mut whole = Self::new(input, self.format(), None, self.max_record).leave_dates();
                let mut records = Vec::new();
                // An error comes again in its place.
                while let Ok(Some(_)) = whole.next(&mut records) {
                    dates.survey(&records);
                }
            }
            _ => {
                let mut ahead = batch.len();
                while ahead < AHEAD {
                    let mut records = Vec::new();
                    let read = self.read(&mut records);
                    let more = matches!(read, Ok(Some(_)));
                    dates.survey(&records);
                    ahead += records.len();
                    self.held.push_back((records, read));
                    if !more {
                        break;
                    }
                }
            }
        }
        self.dates = Look::Known(dates.order());
    }

    fn read(&mut self, batch: &mut Vec<u8>) -> Result<Option<Cut>> {
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
        let given = format.is_some();
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
        let mut controls = Some(Controls::default()).filter(|_| !given && format != Format::Evtx);
        if let Some(Err(error)) = controls.as_mut().map(|controls| controls.take(&head)) {
            head.clear();
            failed = failed.or(Some(error));
        }
        let input = Cursor::new(head).chain(Failing { failed, input, controls });
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
                    if self.failed.is_none() && self.framer.is_cut_off() {
                        self.failed = Some(Error::new(ErrorKind::UnexpectedEof, CUT_OFF));
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

#[cfg(test)]
mod tests;
