//! Windows events as XML, from `wevtutil` or the Event Viewer: writes each `<Event>` of a document on one line.
//!
//! The scan follows the markup alone: the ends of tags, comments and CDATA. A newline between tags is dropped. A
//! newline in text becomes `&#10;`, which means the same. A newline in a tag, a comment or CDATA becomes a blank.

use crate::problem::Flaw;
use crate::sink::{Record, Sink, TooLong};

/// The namespace in the start tag of an event. A nested element called `Event` lacks it.
const NAMESPACE: &[u8] = b"2004/08/events/event";

#[derive(Debug, Default)]
pub(crate) struct Xml {
    at: usize,
    part: Part,
    /// The start of the current tag.
    tag: usize,
    event: Option<Event>,
    /// True once bytes were read; true once an event was.
    begun: bool,
    met_any: bool,
}

/// An event that has begun.
#[derive(Debug)]
struct Event {
    start: usize,
    /// The number of open elements called `Event`.
    depth: usize,
    /// Bytes that were dropped because it is too long.
    skipped: u64,
    /// The line in which the event begins, once it is longer than a window. Counting lines for each short event would
    /// take long.
    line: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Text,
    Tag,
    /// A value in a tag, and its quote.
    Value(u8),
    /// A comment, CDATA or an instruction, and the text that ends it.
    Until(&'static [u8]),
}

impl Xml {
    pub(crate) fn frame(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        self.begun |= !window.is_empty();
        while let Some(ahead) = window.get(self.at..).filter(|ahead| !ahead.is_empty()) {
            match self.part {
                Part::Text => {
                    let Some(found) = memchr::memchr(b'<', ahead) else {
                        self.at = window.len();
                        break;
                    };
                    self.at += found;
                    let markup = window.get(self.at..).unwrap_or_default();
                    let Some(part) = part_of(markup, ended) else { break };
                    self.tag = self.at;
                    self.at += 1;
                    self.part = part;
                }
                Part::Until(end) => match memchr::memmem::find(ahead, end) {
                    Some(found) => {
                        self.at += found + end.len();
                        self.part = Part::Text;
                    }
                    None => {
                        // The end of the tag may have begun.
                        self.at = self.at.max((window.len() + 1).saturating_sub(end.len()));
                        break;
                    }
                },
                Part::Value(quote) => match memchr::memchr2(quote, b'<', ahead) {
                    None => self.at = window.len(),
                    Some(found) => {
                        let closes = ahead.get(found) == Some(&quote);
                        self.at += found + usize::from(closes);
                        // No value holds a `<`: the tag was cut off.
                        self.part = if closes { Part::Tag } else { Part::Text };
                    }
                },
                Part::Tag => {
                    let found = ahead.iter().position(|b| matches!(b, b'"' | b'\'' | b'>' | b'<'));
                    let Some(found) = found else {
                        self.at = window.len();
                        break;
                    };
                    self.at += found + 1;
                    match ahead.get(found) {
                        Some(b'>') => {
                            self.part = Part::Text;
                            self.tag(window, sink);
                        }
                        Some(b'<') => {
                            self.at -= 1;
                            self.part = Part::Text;
                        }
                        Some(quote) => self.part = Part::Value(*quote),
                        None => {}
                    }
                }
            }
        }
        self.done(window, ended, sink)
    }

    /// Handles the tag that ends before `at`.
    fn tag(&mut self, window: &[u8], sink: &mut Sink<'_>) {
        let tag = window.get(self.tag..self.at).unwrap_or_default();
        if tag.len() > sink.max_record() {
            return;
        }
        let closes = tag.starts_with(b"</");
        let name = tag.get(1 + usize::from(closes)..).unwrap_or_default();
        let end = name.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'));
        let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
        let name = memchr::memrchr(b':', name).and_then(|at| name.get(at + 1..)).unwrap_or(name);
        let is_event = name == b"Event";
        let ends_list = closes && name == b"Events";
        if !is_event && !ends_list {
            return;
        }
        let is_empty = tag.ends_with(b"/>");
        let begins = !closes && !is_empty && memchr::memmem::find(tag, NAMESPACE).is_some();
        if (begins || ends_list)
            && let Some(event) = self.event.take()
        {
            sink.problem_at(Flaw::Broken, event.line, window, event.start);
        }
        match &mut self.event {
            _ if is_empty || ends_list => {}
            None if closes => {}
            None => self.event = Some(Event { start: self.tag, depth: 1, skipped: 0, line: None }),
            Some(event) if closes && event.depth == 1 => {
                let raw = window.get(event.start..self.at).unwrap_or_default();
                let length = event.skipped + raw.len() as u64;
                if length > sink.max_record() as u64 {
                    let line = event.line.unwrap_or_else(|| sink.line(window, event.start));
                    sink.oversized_at(line, length);
                } else {
                    sink.record(window, event.start, |record| put_on_one_line(raw, record));
                }
                self.event = None;
                self.met_any = true;
            }
            Some(event) if closes => event.depth -= 1,
            Some(event) => event.depth += 1,
        }
    }

    /// The number of bytes of the window that are not needed any more.
    fn done(&mut self, window: &[u8], ended: bool, sink: &mut Sink<'_>) -> usize {
        if ended {
            if let Some(event) = self.event.take() {
                sink.problem_at(Flaw::Truncated, event.line, window, event.start);
            } else if self.begun && !self.met_any {
                sink.problem_at(Flaw::Stray, Some(1), window, 0);
            }
            return window.len();
        }
        let mut needed = match self.part {
            Part::Tag | Part::Value(_) => self.tag,
            Part::Text | Part::Until(_) => self.at,
        };
        if self.at - needed > sink.max_record() {
            // A tag this long is none.
            (self.part, needed) = (Part::Text, self.at);
        }
        if let Some(event) = &mut self.event {
            event.line = event.line.or_else(|| Some(sink.line(window, event.start)));
            if event.skipped > 0 || window.len() - event.start > sink.max_record() {
                event.skipped += (needed - event.start) as u64;
                event.start = needed;
            }
            needed = needed.min(event.start);
            event.start -= needed;
        }
        self.at -= needed;
        self.tag = self.tag.saturating_sub(needed);
        needed
    }
}

/// The part that begins with the `<` of `markup`. `None` if more bytes are needed.
fn part_of(markup: &[u8], ended: bool) -> Option<Part> {
    const PARTS: [(&[u8], Part); 3] =
        [(b"<!--", Part::Until(b"-->")), (b"<![CDATA[", Part::Until(b"]]>")), (b"<?", Part::Until(b"?>"))];
    for (begin, part) in PARTS {
        if markup.starts_with(begin) {
            return Some(part);
        }
        if begin.starts_with(markup) && !ended {
            return None;
        }
    }
    Some(Part::Tag)
}

fn put_on_one_line(raw: &[u8], record: &mut Record<'_>) -> Result<(), TooLong> {
    if memchr::memchr(b'\n', raw).is_none() {
        return record.put(raw);
    }
    let mut rest = raw;
    while !rest.is_empty() {
        let text = memchr::memchr(b'<', rest).unwrap_or(rest.len());
        let (text, markup) = rest.split_at_checked(text).unwrap_or((rest, &[]));
        put_lines(text, if text.trim_ascii().is_empty() { b"" } else { b"&#10;" }, record)?;
        let end = end_of(markup);
        let (markup, later) = markup.split_at_checked(end).unwrap_or((markup, &[]));
        put_lines(markup, b" ", record)?;
        rest = later;
    }
    Ok(())
}

/// Writes lines with `between` in place of their newlines.
fn put_lines(text: &[u8], between: &[u8], record: &mut Record<'_>) -> Result<(), TooLong> {
    let mut lines = text.split(|b| *b == b'\n').peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_none() {
            return record.put(line);
        }
        // Blank text between tags is dropped.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        record.put(if between.is_empty() { b"" } else { line })?;
        record.put(between)?;
    }
    Ok(())
}

/// The length of the tag, comment or CDATA that `markup` begins with.
fn end_of(markup: &[u8]) -> usize {
    let part = part_of(markup, true).unwrap_or(Part::Tag);
    if let Part::Until(end) = part {
        return memchr::memmem::find(markup, end).map_or(markup.len(), |at| at + end.len());
    }
    let mut quote = None;
    for (at, byte) in markup.iter().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (_, b'<') => return at,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    markup.len()
}

#[cfg(test)]
mod tests;
