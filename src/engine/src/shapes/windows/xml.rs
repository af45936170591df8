//! Reads an event in the XML of Windows. Other XML is not understood.
//!
//! ```xml
//! <Event xmlns="…"><System><Provider Name="…"/><EventID>4625</EventID>…</System>
//! <EventData><Data Name="TargetUserName">bob</Data>…</EventData></Event>
//! ```
//!
//! The reader takes one pass without recursion. Only the place of an element shows its meaning: `RenderingInfo` also
//! has a `Channel`, and a name may hold any text (Windows escapes it).

use super::logon::{Logon, by_name, field};
use crate::event::Text;
use crate::find::{find, position};
use alloc::borrow::Cow;
use alloc::string::String;

/// Reads the first event in `text`. Returns false if the event does not end. O(n).
pub fn read_event<'t>(text: &'t [u8], logon: &mut Logon<'t>) -> bool {
    scan(text, Place { depth: 0, whole: true, ..Place::default() }, logon)
}

/// Reads an event's data: `<Data Name=…>…</Data>…`, alone or inside `<EventData>`. O(n).
pub fn read_data<'t>(text: &'t [u8], logon: &mut Logon<'t>) {
    // Operations Manager puts the data into an element of its own.
    let start = find(text, b"<EventData").unwrap_or(0);
    let text = text.get(start..).unwrap_or_default();
    scan(text, Place { depth: 1, ..Place::default() }, logon);
}

/// The longest reference: `#x0010ffff;`.
const LONGEST: usize = 11;

/// A part of an event.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    System,
    Data,
    #[default]
    Other,
}

/// The position of the scan in an event.
#[derive(Default)]
struct Place<'t> {
    /// The number of open elements. `Event` counts, `Events` around it does not.
    depth: usize,
    part: Part,
    /// The field of the current element, and its text so far.
    field: Option<u8>,
    text: Text<'t>,
    /// The number of data items so far.
    data: usize,
    /// True if the text must hold a whole `Event`, not only its content.
    whole: bool,
}

/// Scans the text. Returns true if an `Event` was read to its end.
fn scan<'t>(text: &'t [u8], mut at: Place<'t>, logon: &mut Logon<'t>) -> bool {
    let mut rest = text;
    while let Some(open) = position(rest, b'<') {
        let (before, markup) = rest.split_at_checked(open).unwrap_or_default();
        if at.field.is_some() {
            at.say(unescape(before));
        }
        // Comments, character data and instructions are skipped to their own ends.
        let (begin, end): (&[u8], &[u8]) = if markup.starts_with(b"<!--") {
            (b"<!--", b"-->")
        } else if markup.starts_with(b"<![CDATA[") {
            (b"<![CDATA[", b"]]>")
        } else if markup.starts_with(b"<?") {
            (b"<?", b"?>")
        } else {
            let Some(length) = tag_end(markup) else { return false };
            let (tag, after) = markup.split_at_checked(length).unwrap_or_default();
            rest = after.get(1..).unwrap_or_default();
            match at.tag(tag.get(1..).unwrap_or_default(), logon) {
                Next::On => continue,
                Next::Ended => return true,
                Next::Foreign => return false,
            }
        };
        let inside = markup.get(begin.len()..).unwrap_or_default();
        let Some(length) = inside.windows(end.len()).position(|bytes| bytes == end) else { return false };
        if begin.len() == 9 && at.field.is_some() {
            at.say(String::from_utf8_lossy(inside.get(..length).unwrap_or_default()));
        }
        rest = inside.get(length + end.len()..).unwrap_or_default();
    }
    false
}

/// The next step after a tag.
enum Next {
    On,
    /// The event has ended.
    Ended,
    /// The element is no event.
    Foreign,
}

impl<'t> Place<'t> {
    /// Handles a tag, given without its angle brackets.
    fn tag(&mut self, tag: &'t [u8], logon: &mut Logon<'t>) -> Next {
        if tag.starts_with(b"/") {
            self.close(logon);
            return if self.whole && self.depth == 0 { Next::Ended } else { Next::On };
        }
        let (tag, closed) = match tag.strip_suffix(b"/") {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let length = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at_checked(length).unwrap_or_default();
        if self.depth == 0 {
            match name {
                b"Event" => {}
                b"Events" => return Next::On,
                _ => return Next::Foreign,
            }
        }
        self.depth += 1;
        self.open(name, attributes, logon);
        if closed {
            self.close(logon);
        }
        Next::On
    }

    fn open(&mut self, name: &[u8], attributes: &'t [u8], logon: &mut Logon<'t>) {
        let mut attribute_to = |slot, name| {
            if let Some(value) = attribute(attributes, name) {
                logon.put(slot, unescape(value));
            }
        };
        match (self.depth, self.part, name) {
            (2, _, b"System") => self.part = Part::System,
            (2, _, b"EventData") => self.part = Part::Data,
            (3, Part::System, b"Provider") => attribute_to(field::PROVIDER, b"Name"),
            (3, Part::System, b"TimeCreated") => attribute_to(field::TIME, b"SystemTime"),
            (3, Part::System, b"EventID") => self.field = Some(field::ID),
            (3, Part::System, b"EventRecordID") => self.field = Some(field::RECORD),
            (3, Part::System, b"Channel") => self.field = Some(field::CHANNEL),
            (3, Part::System, b"Computer") => self.field = Some(field::HOST),
            (3, Part::Data, b"Data") => self.open_data(attributes, logon),
            (2, _, b"Data" | b"Param") if !self.whole => self.open_data(attributes, logon),
            _ => {}
        }
    }

    fn open_data(&mut self, attributes: &[u8], logon: &Logon<'_>) {
        let field = match attribute(attributes, b"Name") {
            Some(name) => by_name(name),
            None => logon.slot_at(self.data),
        };
        // Of several items with one name, the first counts; the others are not read.
        self.field = field.filter(|slot| logon.get(*slot).is_empty());
        self.data += 1;
    }

    fn say(&mut self, text: Text<'t>) {
        if self.text.is_empty() {
            self.text = text;
        } else if !text.is_empty() {
            self.text.to_mut().push_str(&text);
        }
    }

    fn close(&mut self, logon: &mut Logon<'t>) {
        // An element inside the current one ends it: events have no such elements.
        let text = core::mem::take(&mut self.text);
        if let Some(slot) = self.field.take() {
            logon.put(slot, text);
        }
        if self.depth == 2 {
            self.part = Part::Other;
        }
        self.depth = self.depth.saturating_sub(1);
    }
}

/// The length of a tag up to its `>`. One in quotes does not count.
fn tag_end(markup: &[u8]) -> Option<usize> {
    let mut quote = None;
    markup.iter().position(|&byte| {
        match quote {
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            _ => {}
        }
        quote.is_none() && byte == b'>'
    })
}

/// The value of an attribute, with its references unresolved.
fn attribute<'t>(mut attributes: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    loop {
        let equals = position(attributes, b'=')?;
        let (key, rest) = attributes.split_at_checked(equals)?;
        let rest = rest.get(1..)?.trim_ascii_start();
        let (quote, rest) = rest.split_first()?;
        if !matches!(quote, b'"' | b'\'') {
            return None;
        }
        let end = position(rest, *quote)?;
        if key.trim_ascii() == name {
            return rest.get(..end);
        }
        attributes = rest.get(end + 1..)?;
    }
}

/// Resolves the references in a text. Unknown ones stay as they are.
fn unescape(raw: &[u8]) -> Text<'_> {
    let text = String::from_utf8_lossy(raw);
    if position(raw, b'&').is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(at) = position(rest.as_bytes(), b'&') {
        let Some((before, after)) = rest.split_at_checked(at) else { break };
        let after = after.get(1..).unwrap_or_default();
        out.push_str(before);
        // The search ends where the longest reference would: so many unfinished references cost little.
        let end = after.bytes().take(LONGEST).position(|byte| matches!(byte, b';' | b'&'));
        let known =
            end.and_then(|end| Some((reference(after.get(..end)?)?, after.get(end..)?.strip_prefix(';')?)));
        rest = match known {
            Some((letter, after)) => {
                out.push(letter);
                after
            }
            None => {
                out.push('&');
                after
            }
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}
