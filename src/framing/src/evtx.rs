//! Windows event log files (`.evtx`), by the `evtx` crate: each event as one line of JSON in the layout of
//! `evtx_dump -o jsonl`.
//!
//! A file has a header of 4 KiB and chunks of 64 KiB, which can be read one by one. So damage costs one chunk or one
//! event. A file without its header, with its last chunk cut off, or with junk between chunks is read as far as it has
//! chunks. Checksums are not checked: in a log that is in use they are out of date. A file counts as cut off if
//! its last chunk is cut off, or if the header counts more chunks than there are.

use crate::problem::Flaw;
use crate::sink::Sink;
#[cfg(feature = "evtx")]
use ::evtx::{EvtxChunkData, ParserSettings};
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom};
#[cfg(feature = "evtx")]
use std::sync::Arc;

/// The first bytes of files and of chunks.
const FILE: &[u8] = b"ElfFile\0";
const CHUNK: &[u8] = b"ElfChnk\0";

const HEADER: usize = 4096;
const CHUNK_LENGTH: usize = 64 << 10;

/// Where the header counts the chunks, in two bytes.
const COUNT: usize = 42;

#[derive(Debug)]
pub(crate) struct Evtx {
    #[cfg(feature = "evtx")]
    settings: Arc<ParserSettings>,
    /// The number of the next chunk, from 1.
    number: u64,
    /// True once the header was read.
    begun: bool,
    /// True within bytes that are no chunk, once they were reported.
    astray: bool,
    /// The number of bytes by the header.
    announced: u64,
    /// The number of bytes read.
    passed: u64,
    /// True once the file has ended early.
    cut_off: bool,
}

impl Default for Evtx {
    fn default() -> Self {
        Self {
            #[cfg(feature = "evtx")]
            settings: Arc::new(ParserSettings::default().indent(false)),
            number: 1,
            begun: false,
            astray: false,
            announced: 0,
            passed: 0,
            cut_off: false,
        }
    }
}

impl Evtx {
    pub(crate) fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        let passed = self.chunks(window, ended, sink);
        self.passed += passed as u64;
        if ended && self.passed < self.announced && !self.cut_off {
            sink.problem_at(Flaw::Truncated, Some(self.number), &[], 0);
            self.cut_off = true;
        }
        passed
    }

    /// True if the file has ended early.
    pub(crate) const fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    fn chunks(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        let mut at = 0;
        loop {
            let rest = window.get(at..).unwrap_or_default();
            if rest.is_empty() || (rest.len() < CHUNK.len() && !ended) {
                return at;
            }
            if !self.begun && rest.starts_with(FILE) {
                if rest.len() < HEADER && !ended {
                    return at;
                }
                let count =
                    rest.get(COUNT..).and_then(<[u8]>::first_chunk).map_or(0, |two| u16::from_le_bytes(*two));
                self.announced = HEADER as u64 + u64::from(count) * CHUNK_LENGTH as u64;
                at += HEADER.min(rest.len());
                self.begun = true;
            } else if rest.starts_with(CHUNK) {
                (self.begun, self.astray) = (true, false);
                let Some(chunk) = rest.get(..CHUNK_LENGTH) else {
                    if !ended {
                        return at;
                    }
                    sink.problem_at(Flaw::Truncated, Some(self.number), &[], 0);
                    self.cut_off = true;
                    let mut chunk = rest.to_vec();
                    chunk.resize(CHUNK_LENGTH, 0);
                    self.chunk(chunk, sink);
                    return window.len();
                };
                self.chunk(chunk.to_vec(), sink);
                at += CHUNK_LENGTH;
            } else {
                self.begun = true;
                // Skip to the next chunk. Its first bytes may be the last of the window.
                let next = memchr::memmem::find(rest, CHUNK);
                let passed = match next {
                    Some(next) => next,
                    None if ended => rest.len(),
                    None => rest.len() - (CHUNK.len() - 1),
                };
                // Space that was reserved and never used holds zeros.
                let junk = rest.get(..passed).is_some_and(|passed| passed.iter().any(|byte| *byte != 0));
                if junk && !self.astray {
                    sink.problem_at(Flaw::Chunk, Some(self.number), &[], 0);
                    self.number += 1;
                    self.astray = true;
                }
                at += passed;
                if next.is_none() {
                    return at;
                }
            }
        }
    }

    #[cfg(not(feature = "evtx"))]
    fn chunk(&mut self, _: Vec<u8>, sink: &mut Sink<'_>) {
        sink.problem_at(Flaw::Chunk, Some(self.number), &[], 0);
        self.number += 1;
    }

    #[cfg(feature = "evtx")]
    fn chunk(&mut self, chunk: Vec<u8>, sink: &mut Sink<'_>) {
        let number = self.number;
        self.number += 1;
        let Ok(mut data) = EvtxChunkData::new(chunk, false) else {
            return sink.problem_at(Flaw::Chunk, Some(number), &[], 0);
        };
        let Ok(mut chunk) = data.parse(Arc::clone(&self.settings)) else {
            return sink.problem_at(Flaw::Chunk, Some(number), &[], 0);
        };
        for event in chunk.iter() {
            match event.and_then(::evtx::EvtxRecord::into_json_bytes) {
                // The crate writes names unescaped. No event of Windows has a newline in a name.
                Ok(event) if event.data.iter().any(|byte| *byte < b' ') => {
                    sink.problem_at(Flaw::Event, Some(number), &[], 0);
                }
                Ok(event) if event.data.len() > sink.max_record() => {
                    sink.oversized_at(number, event.data.len() as u64);
                }
                Ok(event) => sink.record(&[], 0, |record| record.put(&event.data)),
                Err(_) => sink.problem_at(Flaw::Event, Some(number), &[], 0),
            }
        }
    }
}

/// Reads an `.evtx` file in the order of its events. Windows writes a full log in a circle, so the chunk with the
/// oldest events may be anywhere. This reads from that chunk to the end of the file, and then from its start.
///
/// Finding the chunk takes one seek and one small read for each 64 KiB of the file.
#[derive(Debug)]
pub struct InOrder<R> {
    input: R,
    /// The parts that are still to be read, in this order: start and length in bytes.
    parts: [(u64, u64); 3],
    /// True if the input is at the start of the next part.
    placed: bool,
}

impl<R: Read + Seek> InOrder<R> {
    /// Finds the oldest chunk of `input`. A file of another format is read from its start.
    ///
    /// # Errors
    /// The errors of the input.
    pub fn new(mut input: R) -> Result<Self> {
        const STRIDE: u64 = CHUNK_LENGTH as u64;
        let end = input.seek(SeekFrom::End(0))?;
        input.rewind()?;
        let mut oldest = (u64::MAX, HEADER as u64);
        let mut head = [0; 40];
        if fill(&mut input, &mut head)? && head.starts_with(FILE) {
            let mut at = HEADER as u64;
            while at < end {
                input.seek(SeekFrom::Start(at))?;
                if !fill(&mut input, &mut head)? {
                    break;
                }
                let number = |from: usize| {
                    head.get(from..)
                        .and_then(<[u8]>::first_chunk)
                        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
                };
                let (first, last) = (number(24), number(32));
                if head.starts_with(CHUNK) && first <= last && first < oldest.0 {
                    oldest = (first, at);
                }
                at += STRIDE;
            }
        }
        let (header, at) = (end.min(HEADER as u64), oldest.1.min(end));
        let parts = [(0, header), (at, end - at), (header, at - header)];
        Ok(Self { input, parts, placed: false })
    }
}

/// Fills `into`. `false` if the input ends before.
fn fill(input: &mut impl Read, into: &mut [u8]) -> Result<bool> {
    match input.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

impl<R: Read + Seek> Read for InOrder<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        for (at, length) in &mut self.parts {
            if *length == 0 {
                continue;
            }
            if !self.placed {
                self.input.seek(SeekFrom::Start(*at))?;
                self.placed = true;
            }
            let wanted = into.len().min(usize::try_from(*length).unwrap_or(usize::MAX));
            let read = self.input.read(into.get_mut(..wanted).unwrap_or_default())?;
            // The file may have shrunk meanwhile.
            *length = if read == 0 && wanted > 0 { 0 } else { *length - read as u64 };
            *at += read as u64;
            self.placed = *length > 0;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests;
