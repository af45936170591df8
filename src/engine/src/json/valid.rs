//! Whether a text is JSON, to the letter: for hosts that must not be given any other.
//!
//! The readers of this crate step over what they do not need, and are lenient; this one looks at every byte.

use super::scan::string_mark;
use alloc::vec::Vec;

/// The digits of 2^1024 - 2^970, half a step above the largest `f64`: from there on a number is rounded to infinity
/// (IEEE 754), which readers of JSON refuse. Its first digit stands for 10^308.
const INFINITE: &[u8] =
    b"179769313486231580793728971405303415079934132710037826936173778980444968292764750946";
const LARGEST_EXPONENT: i64 = 308;

/// Whether a text is one JSON object (RFC 8259), in UTF-8, with whole surrogate pairs, and no number beyond what an
/// `f64` can hold. O(n), some two bits of memory for each level of nesting beyond 64, no recursion.
#[must_use]
pub fn is_valid_object(text: &[u8]) -> bool {
    let mut reader = Reader { text, at: 0, ascii: true };
    reader.behind_space() == Some(b'{') && reader.value().is_some() && reader.behind_space().is_none()
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// Nothing but ASCII was met; else all of the text was found to be UTF-8.
    ascii: bool,
}

impl Reader<'_> {
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline(always)]
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte that is no whitespace; the reader then stands before it.
    #[inline(always)]
    fn behind_space(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Steps over a byte if it stands next, whitespace aside.
    #[inline(always)]
    fn skip(&mut self, byte: u8) -> bool {
        let there = self.behind_space() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// One value, with all that is in it.
    fn value(&mut self) -> Option<()> {
        let mut open = Nesting::default();
        loop {
            match self.behind_space()? {
                b'"' => self.string()?,
                b'{' => {
                    self.at += 1;
                    if !self.skip(b'}') {
                        self.key()?;
                        open.push(true);
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    if !self.skip(b']') {
                        open.push(false);
                        continue;
                    }
                }
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.number()?,
            }
            // Behind a value: what it ends, or the next.
            loop {
                let Some(object) = open.innermost() else { return Some(()) };
                let byte = self.behind_space()?;
                self.at += 1;
                match byte {
                    b',' if object => {
                        self.key()?;
                        break;
                    }
                    b',' => break,
                    b'}' if object => open.pop(),
                    b']' if !object => open.pop(),
                    _ => return None,
                }
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Option<()> {
        (self.behind_space()? == b'"').then_some(())?;
        self.string()?;
        self.skip(b':').then_some(())
    }

    fn literal(&mut self, word: &[u8]) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    /// Steps over digits, of which there must be some.
    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.peek() == Some(b'-'));
        let from = self.at;
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        let point = self.at;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let digits = self.text.get(from..self.at)?;
        let mut exponent = 0;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            let sign = self.peek();
            self.at += usize::from(matches!(sign, Some(b'+' | b'-')));
            let from = self.at;
            self.digits()?;
            let written = self.text.get(from..self.at)?.iter();
            let size =
                written.fold(0i64, |size, byte| size.saturating_mul(10).saturating_add((byte & 15).into()));
            exponent = if sign == Some(b'-') { size.saturating_neg() } else { size };
        }
        (exponent == 0 && digits.len() < 300 || is_finite(digits, point - from, exponent)).then_some(())
    }

    /// A string, from its first quote.
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.at = string_mark(self.text, self.at)?;
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
                0x80.. => self.utf8()?,
                _ => return None,
            }
        }
    }

    /// Steps over what follows of a text that is no ASCII.
    fn utf8(&mut self) -> Option<()> {
        if self.ascii {
            core::str::from_utf8(self.text).ok()?;
            self.ascii = false;
        }
        while self.peek().is_some_and(|byte| !byte.is_ascii()) {
            self.at += 1;
        }
        Some(())
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let digits: &[u8; 4] = self.text.get(self.at..)?.first_chunk()?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    }
}

/// Whether a number is below infinity: its digits, with a point or without, before which `whole` of them stand, and
/// its exponent.
#[cold]
fn is_finite(digits: &[u8], whole: usize, exponent: i64) -> bool {
    let Some(zeros) = digits.iter().position(|byte| !matches!(byte, b'0' | b'.')) else { return true };
    // The place of the first digit that counts: a point is passed over only where zeros stand before it.
    let place = match whole.checked_sub(zeros) {
        Some(before) => before as i64 - 1,
        None => -((zeros - whole) as i64),
    };
    let place = place.saturating_add(exponent);
    if place != LARGEST_EXPONENT {
        return place < LARGEST_EXPONENT;
    }
    let counting = digits.iter().skip(zeros).filter(|byte| **byte != b'.');
    counting.lt(INFINITE)
}

/// The brackets that are open, the innermost last: whether each is that of an object.
#[derive(Default)]
struct Nesting {
    /// The innermost ones, by bits, under a bit that tells how many they are.
    bits: u64,
    outer: Vec<u64>,
}

impl Nesting {
    #[inline(always)]
    fn push(&mut self, object: bool) {
        if self.bits >> 63 != 0 {
            self.outer.push(self.bits);
            self.bits = 0;
        }
        self.bits = self.bits.max(1) << 1 | u64::from(object);
    }

    #[inline(always)]
    fn pop(&mut self) {
        self.bits >>= 1;
        if self.bits <= 1 {
            self.bits = self.outer.pop().unwrap_or(0);
        }
    }

    #[inline(always)]
    const fn innermost(&self) -> Option<bool> {
        if self.bits == 0 { None } else { Some(self.bits & 1 != 0) }
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
        for member in [
            "\"a\":inf",
            "\"a\":-inf",
            "\"a\":nan",
            "\"a\":-nan",
            "\"a\":\"\\x01\"",
            "\"a\":1.797693134862316e+308",
            "\"a\":-1e999999999",
            "1:2",
            "null:2",
            "true:2",
            "[1]:2",
            "{\"a\":1}:2",
            "\"a\":{1:2}",
            "\"a\":1,2:3",
        ] {
            assert!(!is_valid_object(alloc::format!("{{{member}}}").as_bytes()), "{member}");
        }
    }

    #[test]
    fn numbers_up_to_the_largest() {
        let zeros = "0".repeat(400);
        for (number, finite) in [
            ("1.797693134862315e+308".into(), true),
            ("17976931348623157e292".into(), true),
            ("1.7976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641669288791094694655554785194040263065748867150582068190890200070838367627385484581771153176447573027006985557136695962284291481986083493647529271907416844436551070434271155969950809304288e308".into(), false),
            ("1.79769313486231580793728971405303415079e308".into(), true),
            ("1.797693134862315807937289714053034150799341328e308".into(), false),
            ("1.8e308".into(), false),
            ("0.00018e312".into(), false),
            ("0.00017e312".into(), true),
            ("1e308".into(), true),
            ("1e309".into(), false),
            ("9e-999999999999999999999999".into(), true),
            ("0e999999999999999999999999".into(), true),
            (alloc::format!("1{}", &zeros[..308]), true),
            (alloc::format!("1{}", &zeros[..309]), false),
            (alloc::format!("1{zeros}e-400"), true),
            (alloc::format!("0.{zeros}1e700"), true),
            (alloc::format!("0.{zeros}1e800"), false),
        ] {
            let number: String = number;
            assert_eq!(number.parse::<f64>().unwrap().is_finite(), finite, "{number}");
            for sign in ["", "-"] {
                let text = alloc::format!("{{\"a\":{sign}{number}}}");
                assert_eq!(is_valid_object(text.as_bytes()), finite, "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde(parts in proptest::collection::vec(prop_oneof![
            Just("{"), Just("}"), Just("["), Just("]"), Just(":"), Just(","), Just("\"a\""), Just("\"a\":"), Just("1"),
            Just("-0.5e+3"), Just("01"), Just("-"), Just("null"), Just("true"), Just("nan"), Just(" "), Just("\"\\u00e9\""),
            Just("1e308"), Just("0"), Just("\"\\\\\\n a long one\""),
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
