//! Whether a text is JSON, to the letter: for hosts that must not be given any other.
//!
//! The readers of this crate step over what they do not need, and are lenient; this one looks at every byte.

use alloc::vec::Vec;

/// Whether a text is one JSON object (RFC 8259), in UTF-8, with whole surrogate pairs. O(n), a byte of memory for each
/// level of nesting, no recursion.
#[must_use]
pub fn is_valid_object(text: &[u8]) -> bool {
    let mut reader = Reader { rest: text.trim_ascii_start() };
    core::str::from_utf8(text).is_ok() && reader.rest.starts_with(b"{") && reader.value().is_some() && {
        reader.space();
        reader.rest.is_empty()
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Steps over a byte if it is there.
    fn skip(&mut self, byte: u8) -> bool {
        let there = self.rest.first() == Some(&byte);
        if there {
            self.next();
        }
        there
    }

    /// One value, with all that is in it.
    fn value(&mut self) -> Option<()> {
        // The closing brackets that are due.
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            match self.next()? {
                b'{' => {
                    self.space();
                    if !self.skip(b'}') {
                        self.key()?;
                        open.push(b'}');
                        continue;
                    }
                }
                b'[' => {
                    self.space();
                    if !self.skip(b']') {
                        open.push(b']');
                        continue;
                    }
                }
                b'"' => self.string()?,
                b't' => self.literal(b"rue")?,
                b'f' => self.literal(b"alse")?,
                b'n' => self.literal(b"ull")?,
                first @ (b'-' | b'0'..=b'9') => self.number(first)?,
                _ => return None,
            }
            // Behind a value: what it ends, or the next.
            loop {
                let Some(close) = open.last() else { return Some(()) };
                self.space();
                match self.next()? {
                    b',' if *close == b'}' => {
                        self.key()?;
                        break;
                    }
                    b',' => break,
                    byte if byte == *close => open.pop(),
                    _ => return None,
                };
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Option<()> {
        self.space();
        self.skip(b'"').then_some(())?;
        self.string()?;
        self.space();
        self.skip(b':').then_some(())
    }

    fn literal(&mut self, rest: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(rest)?;
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = self.rest.get(count..)?;
        (count > 0).then_some(())
    }

    fn number(&mut self, first: u8) -> Option<()> {
        let first = if first == b'-' { self.next()? } else { first };
        match first {
            b'0' => {}
            b'1'..=b'9' => {
                let _ = self.digits();
            }
            _ => return None,
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'+') || self.skip(b'-');
            self.digits()?;
        }
        Some(())
    }

    /// A string behind its first quote.
    fn string(&mut self) -> Option<()> {
        loop {
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => match self.unit()? {
                        0xd800..=0xdbff => {
                            self.literal(b"\\u")?;
                            (0xdc00..=0xdfff).contains(&self.unit()?).then_some(())?;
                        }
                        0xdc00..=0xdfff => return None,
                        _ => {}
                    },
                    _ => return None,
                },
                ..0x20 => return None,
                _ => {}
            }
        }
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + char::from(self.next()?).to_digit(16)?;
        }
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::{vec, vec::Vec};
    use proptest::prelude::*;

    fn by_serde(text: &[u8]) -> bool {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
    }

    #[test]
    fn depth_is_no_matter() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = alloc::format!("{{\"a\":{}1{}}}", open.repeat(100_000), close.repeat(100_000));
            assert!(is_valid_object(text.as_bytes()));
            assert!(!is_valid_object(&text.as_bytes()[..text.len() - 1]));
        }
    }

    #[test]
    fn what_agents_write_of_numbers_and_bytes_that_json_has_not() {
        for value in ["inf", "-inf", "nan", "-nan", "\"\\x01\"", "1e999999999"] {
            let text = alloc::format!("{{\"a\":{value}}}");
            assert_eq!(is_valid_object(text.as_bytes()), value.starts_with('1'), "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde(parts in proptest::collection::vec(prop_oneof![
            Just("{"), Just("}"), Just("["), Just("]"), Just(":"), Just(","), Just("\"a\""), Just("\"a\":"), Just("1"),
            Just("-0.5e+3"), Just("01"), Just("-"), Just("null"), Just("true"), Just("nan"), Just(" "), Just("\"\\u00e9\""),
            Just("\"\\ud83d\\ude00\""), Just("\"\\ud83d\""), Just("\"\\x01\""), Just("\"\u{1}\""), Just("\"é\""), Just("1."),
        ], 0..12)) {
            for text in [parts.concat(), alloc::format!("{{\"k\":{}}}", parts.concat())] {
                prop_assert_eq!(is_valid_object(text.as_bytes()), by_serde(text.as_bytes()), "{}", text);
            }
        }

        #[test]
        fn it_agrees_on_bytes_changed(at in any::<prop::sample::Index>(), byte: u8) {
            let mut text = br#"{"a":[1,-2.5e3,"\u00e9\n",null,{"b":true,"c":[]}],"d":{},"e":"x"}"#.to_vec();
            let at = at.index(text.len());
            text[at] = byte;
            prop_assert_eq!(is_valid_object(&text), by_serde(&text), "{:?}", text.iter().map(|b| char::from(*b)).collect::<Vec<_>>());
        }
    }
}
