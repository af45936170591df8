//! Converts text to UTF-8.

use std::io::{ErrorKind, Read, Result};

const CHUNK: usize = 64 << 10;

/// Reads text as UTF-8 and drops its byte order mark.
///
/// Windows tools write UTF-16 and mark the text by its first two bytes. UTF-16 without a mark is recognised by two
/// ASCII characters at its beginning. Invalid UTF-16 becomes U+FFFD. All other bytes pass unchanged, valid UTF-8 or
/// not. O(n).
#[derive(Debug)]
pub struct Utf8<R> {
    input: R,
    text: Transcoder,
    /// Converted bytes. The bytes before `given` were handed on.
    ready: Vec<u8>,
    given: usize,
    raw: Vec<u8>,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    /// Reads the text of `input`. The first bytes show its form.
    pub fn new(input: R) -> Self {
        Self {
            input,
            text: Transcoder::default(),
            ready: Vec::new(),
            given: 0,
            raw: Vec::new(),
            ended: false,
        }
    }

    /// Reads and converts the next chunk.
    fn convert(&mut self) -> Result<()> {
        // A pipe may bring its first bytes one by one and then wait.
        self.raw.resize(if matches!(self.text.form, Form::Unknown) { 2 } else { CHUNK }, 0);
        let read = loop {
            match self.input.read(&mut self.raw) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.ready.clear();
        self.given = 0;
        self.ended = read == 0;
        if self.ended {
            self.text.finish(&mut self.ready);
        } else {
            self.text.push(self.raw.get(..read).unwrap_or_default(), &mut self.ready);
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        loop {
            let ready = self.ready.get(self.given..).unwrap_or_default();
            if !ready.is_empty() || into.is_empty() {
                let take = ready.len().min(into.len());
                into.iter_mut().zip(ready).for_each(|(to, from)| *to = *from);
                self.given += take;
                return Ok(take);
            }
            match &self.text.form {
                _ if self.ended => return Ok(0),
                Form::Bytes => return self.input.read(into),
                Form::Unknown | Form::Utf16(_) => self.convert()?,
            }
        }
    }
}

/// Turns text into UTF-8, piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Transcoder {
    form: Form,
    /// The first bytes, until they show the form.
    head: Vec<u8>,
}

#[derive(Debug, Default)]
enum Form {
    #[default]
    Unknown,
    Bytes,
    Utf16(Utf16),
}

/// Decodes UTF-16 that comes in pieces. It uses the standard library, because the tables of all encodings would take a
/// third of a module for the browser.
#[derive(Debug)]
struct Utf16 {
    unit: fn([u8; 2]) -> u16,
    /// The bytes of an incomplete character, at most three.
    held: Vec<u8>,
}

impl Transcoder {
    /// Appends the text of `bytes` to `out`, up to the last whole character.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.convert(bytes, false, out);
    }

    /// Appends the bytes that were held back.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        self.convert(&[], true, out);
    }

    fn convert(&mut self, bytes: &[u8], ended: bool, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Bytes => out.extend_from_slice(bytes),
            Form::Utf16(text) => text.decode(bytes, ended, out),
            Form::Unknown => {
                self.head.extend_from_slice(bytes);
                let Some((form, mark)) = recognise(&self.head, ended) else { return };
                self.form = form;
                let head = std::mem::take(&mut self.head);
                self.convert(head.get(mark..).unwrap_or_default(), ended, out);
            }
        }
    }
}

impl Utf16 {
    fn new(unit: fn([u8; 2]) -> u16) -> Self {
        Self { unit, held: Vec::new() }
    }

    /// Converts UTF-16 to UTF-8 and appends it, with U+FFFD for each invalid part. Half a character waits for its other
    /// half, unless the text has `ended`.
    fn decode(&mut self, bytes: &[u8], ended: bool, out: &mut Vec<u8>) {
        self.held.extend_from_slice(bytes);
        let (pairs, odd) = self.held.as_chunks::<2>();
        let mut units = pairs;
        // The first half of a character at the end waits for its second half.
        if let [before @ .., last] = pairs
            && !ended
            && (0xD800..0xDC00).contains(&(self.unit)(*last))
        {
            units = before;
        }
        let mut utf8 = [0; 4];
        for character in char::decode_utf16(units.iter().map(|pair| (self.unit)(*pair))) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
        }
        // Half a character and one byte after it give only one U+FFFD.
        let halved = units.last().is_some_and(|last| (0xD800..0xDC00).contains(&(self.unit)(*last)));
        if ended && !odd.is_empty() && !halved {
            out.extend_from_slice("\u{FFFD}".as_bytes());
        }
        let done = if ended { self.held.len() } else { units.len() * 2 };
        self.held.drain(..done);
    }
}

/// The form of a text that begins with `head`, and the length of its mark. `None`: more bytes are needed.
fn recognise(head: &[u8], ended: bool) -> Option<(Form, usize)> {
    let little = || Form::Utf16(Utf16::new(u16::from_le_bytes));
    let big = || Form::Utf16(Utf16::new(u16::from_be_bytes));
    let is_text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    match *head {
        [0xFF, 0xFE, ..] => Some((little(), 2)),
        [0xFE, 0xFF, ..] => Some((big(), 2)),
        [0xEF, 0xBB, 0xBF, ..] => Some((Form::Bytes, 3)),
        [a, 0, b, 0, ..] if is_text(a) && is_text(b) => Some((little(), 0)),
        [0, a, 0, b, ..] if is_text(a) && is_text(b) => Some((big(), 0)),
        // Two bytes show the form, unless they begin a longer mark.
        _ if ended => Some((Form::Bytes, 0)),
        [] | [_] | [0xEF, 0xBB] => None,
        [a, 0] | [a, 0, _] | [0, a] | [0, a, 0] if is_text(a) => None,
        _ => Some((Form::Bytes, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every boundary is met.
    struct Bytewise<'a>(&'a [u8]);

    impl Read for Bytewise<'_> {
        fn read(&mut self, into: &mut [u8]) -> Result<usize> {
            self.0.read(&mut into[..1])
        }
    }

    fn read(bytes: &[u8]) -> Vec<u8> {
        let (mut whole, mut dripped) = (Vec::new(), Vec::new());
        Utf8::new(bytes).read_to_end(&mut whole).unwrap();
        Utf8::new(Bytewise(bytes)).read_to_end(&mut dripped).unwrap();
        assert_eq!(whole, dripped);
        whole
    }

    #[test]
    fn bytes_without_a_mark_pass_as_they_are() {
        for bytes in
            [&b""[..], b"a", b"ab", b"abc", b"\xEF\xBB", b"\xEF", b"\xFF", b"\xFF\xFF\x00\n", b"\x00\x01\n"]
        {
            assert_eq!(read(bytes), bytes);
        }
        assert_eq!(read(b"\xEF\xBB\xBFsshd\n"), b"sshd\n");
    }

    #[test]
    fn utf_16_becomes_utf_8() {
        let text = "Kontoname: Jürgen 𝕏\r\n日本\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = [0xFEFF].iter().chain(&units).flat_map(|u| u.to_le_bytes()).collect();
        let big: Vec<u8> = [0xFEFF].iter().chain(&units).flat_map(|u| u.to_be_bytes()).collect();
        assert_eq!(read(&little), text.as_bytes());
        assert_eq!(read(&big), text.as_bytes());
    }

    #[test]
    fn broken_utf_16_is_marked_and_does_not_end_the_text() {
        assert_eq!(read(b"\xFF\xFEa\x00\x00\xD8b\x00"), "a\u{FFFD}b".as_bytes());
        assert_eq!(read(b"\xFF\xFEa\x00\x00\xD8"), "a\u{FFFD}".as_bytes());
        assert_eq!(read(b"\xFF\xFEa\x00b"), "a\u{FFFD}".as_bytes());
        assert_eq!(read(b"\xFF\xFEa\x00\x00\xD8b"), "a\u{FFFD}".as_bytes());
        assert_eq!(read(b"\xFF\xFE\x00\xDCa\x00"), "\u{FFFD}a".as_bytes());
        assert_eq!(read(b"\xFF\xFE"), b"");
    }
}
