//! Text in UTF-8, whatever it was written in.

use std::io::{ErrorKind, Read, Result};

const CHUNK: usize = 64 << 10;

/// Reads text as UTF-8 and drops its byte order mark.
///
/// Windows tools write UTF-16, marked as such by its first two bytes; everything else passes as it is, whether
/// it is valid UTF-8 or not. What is not valid UTF-16 becomes U+FFFD.
#[derive(Debug)]
pub struct Utf8<R> {
    input: R,
    form: Form,
    /// Converted bytes, of which those before `given` were handed on.
    ready: Vec<u8>,
    given: usize,
    /// Read, but not converted: the halves of a unit or of a pair.
    raw: Vec<u8>,
    ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Unknown,
    Bytes,
    Utf16 { big_endian: bool },
}

impl<R: Read> Utf8<R> {
    /// The text of `input`; its form is recognised by its first bytes.
    pub fn new(input: R) -> Self {
        Self { input, form: Form::Unknown, ready: Vec::new(), given: 0, raw: Vec::new(), ended: false }
    }

    /// Looks at the first bytes of the input.
    fn recognise(&mut self) -> Result<()> {
        let mut head = [0; 3];
        let mut length = 0;
        // Two bytes tell UTF-16; a third is only waited for where the first two begin the mark of UTF-8.
        while length < 2 || (length == 2 && head.starts_with(&[0xEF, 0xBB])) {
            match self.input.read(head.get_mut(length..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let head = head.get(..length).unwrap_or_default();
        (self.form, self.raw) = match head {
            [0xEF, 0xBB, 0xBF] => (Form::Bytes, Vec::new()),
            [0xFF, 0xFE, rest @ ..] => (Form::Utf16 { big_endian: false }, rest.to_vec()),
            [0xFE, 0xFF, rest @ ..] => (Form::Utf16 { big_endian: true }, rest.to_vec()),
            other => (Form::Bytes, other.to_vec()),
        };
        if self.form == Form::Bytes {
            self.ready.append(&mut self.raw);
        }
        Ok(())
    }

    /// Reads and converts the next chunk of UTF-16.
    fn convert(&mut self, big_endian: bool) -> Result<()> {
        let before = self.raw.len();
        self.raw.resize(before + CHUNK, 0);
        let read = match self.input.read(self.raw.get_mut(before..).unwrap_or_default()) {
            Ok(read) => read,
            Err(error) => {
                self.raw.truncate(before);
                return Err(error);
            }
        };
        self.raw.truncate(before + read);
        self.ended = read == 0;
        let unit =
            |pair: &[u8; 2]| if big_endian { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
        let (pairs, _) = self.raw.as_chunks::<2>();
        // The first half of a surrogate pair waits for the second.
        let waits = !self.ended && pairs.last().is_some_and(|last| (0xD800..0xDC00).contains(&unit(last)));
        let whole = pairs.len() - usize::from(waits);
        let units = pairs.iter().take(whole).map(unit);
        let mut text = String::with_capacity(whole);
        text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        if self.ended && self.raw.len() % 2 == 1 {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        self.ready = text.into_bytes();
        self.given = 0;
        self.raw.drain(..whole * 2);
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if self.form == Form::Unknown {
            self.recognise()?;
        }
        loop {
            let ready = self.ready.get(self.given..).unwrap_or_default();
            if !ready.is_empty() || into.is_empty() {
                let take = ready.len().min(into.len());
                into.iter_mut().zip(ready).for_each(|(to, from)| *to = *from);
                self.given += take;
                return Ok(take);
            }
            match self.form {
                Form::Utf16 { .. } if self.ended => return Ok(0),
                Form::Utf16 { big_endian } => self.convert(big_endian)?,
                Form::Bytes | Form::Unknown => return self.input.read(into),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brings one byte at a time: every boundary is met.
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
        assert_eq!(read(b"\xFF\xFE"), b"");
    }
}
