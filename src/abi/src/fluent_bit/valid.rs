//! Checks that a record is strictly valid JSON. The agent corrupts its own memory when it gets back anything else.
//!
//! The engine's reader skips values and is lenient. This validator checks every byte. `serde_json` cannot do this: it
//! builds a tree, or (`IgnoredAny`) checks neither UTF-8, surrogate pairs nor the size of numbers.

use alloc::vec::Vec;
use authsieve_engine::json::{string_mark, unit};

/// The first digits of 2^1024 - 2^970, half a step above the largest `f64`. A number from there on is rounded to
/// infinity (IEEE 754), which readers of JSON refuse. A number that agrees in all of these digits is taken for
/// infinite. The first digit stands for 10^308.
const INFINITE: &[u8] =
    b"179769313486231580793728971405303415079934132710037826936173778980444968292764750946";
const LARGEST_EXPONENT: i64 = 308;

/// Returns true if a text is one JSON object (RFC 8259) in UTF-8. Surrogate pairs have to be whole, and numbers
/// within the range of an `f64`. O(n), without recursion, with about two bits of memory for each level of nesting
/// beyond 64.
#[must_use]
pub fn is_valid_object(text: &[u8]) -> bool {
    let start = behind_space(text, 0);
    text.get(start) == Some(&b'{')
        && value(text, start).is_some_and(|end| behind_space(text, end) == text.len())
}

/// The index of the first byte at or after `at` that is no whitespace.
#[inline(always)]
fn behind_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// The end of the value that begins at `at`, nested values included.
fn value(text: &[u8], mut at: usize) -> Option<usize> {
    let mut open = Nesting::default();
    // True if a value has ended at `at`, false if one is to begin there.
    let mut ended = false;
    loop {
        if !ended {
            at = match *text.get(at)? {
                b'"' => string(text, at)?,
                b'{' => {
                    at = behind_space(text, at + 1);
                    if text.get(at) != Some(&b'}') {
                        open.push(true);
                        (at, ended) = members(text, at)?;
                        continue;
                    }
                    at + 1
                }
                b'[' => {
                    at = behind_space(text, at + 1);
                    if text.get(at) != Some(&b']') {
                        open.push(false);
                        continue;
                    }
                    at + 1
                }
                b't' => literal(text, at, b"true")?,
                b'f' => literal(text, at, b"false")?,
                b'n' => literal(text, at, b"null")?,
                _ => number(text, at)?,
            };
            ended = true;
        }
        let Some(object) = open.innermost() else { return Some(at) };
        at = behind_space(text, at);
        match (*text.get(at)?, object) {
            (b',', true) => (at, ended) = members(text, behind_space(text, at + 1))?,
            (b',', false) => (at, ended) = (behind_space(text, at + 1), false),
            (b'}', true) | (b']', false) => {
                open.pop();
                at += 1;
            }
            _ => return None,
        }
    }
}

/// Skips the member at `at`, and the members after it while they are strings without a space between them, as most
/// are. Returns the place where it stopped, and true if a value has ended there, false if one is to begin.
#[inline(always)]
fn members(text: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let follows =
        |at: usize, what: &[u8; 2]| text.get(at..).and_then(|rest| rest.first_chunk()) == Some(what);
    loop {
        (text.get(at) == Some(&b'"')).then_some(())?;
        let name = string(text, at)?;
        if !follows(name, b":\"") {
            let colon = behind_space(text, name);
            (text.get(colon) == Some(&b':')).then_some(())?;
            return Some((behind_space(text, colon + 1), false));
        }
        let end = string(text, name + 1)?;
        if !follows(end, b",\"") {
            return Some((end, true));
        }
        at = end + 1;
    }
}

fn literal(text: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    text.get(at..)?.starts_with(word).then_some(at + word.len())
}

/// The end of the digits that begin at `at`, of which there must be some.
fn digits(text: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    while text.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    (end > at).then_some(end)
}

fn number(text: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(text.get(at) == Some(&b'-'));
    let point = if text.get(start) == Some(&b'0') { start + 1 } else { digits(text, start)? };
    let mut end = if text.get(point) == Some(&b'.') { digits(text, point + 1)? } else { point };
    let figures = text.get(start..end)?;
    let mut exponent = 0;
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = text.get(end + 1).filter(|sign| matches!(sign, b'+' | b'-'));
        let from = end + 1 + usize::from(sign.is_some());
        end = digits(text, from)?;
        let add = |size: i64, byte: &u8| size.saturating_mul(10).saturating_add((byte & 15).into());
        let size = text.get(from..end)?.iter().fold(0, add);
        exponent = if sign == Some(&b'-') { size.saturating_neg() } else { size };
    }
    (exponent == 0 && figures.len() < 300 || is_finite(figures, point - start, exponent)).then_some(end)
}

/// The end of the string whose quote is at `at`.
#[inline(always)]
fn string(text: &[u8], at: usize) -> Option<usize> {
    match string_mark(text, at + 1) {
        Some(end) if text.get(end) == Some(&b'"') => Some(end + 1),
        Some(mark) => rest_of_string(text, mark),
        None => None,
    }
}

/// As [`string`], from the first byte that is no plain character.
#[inline(never)]
fn rest_of_string(text: &[u8], mark: usize) -> Option<usize> {
    let mut at = mark;
    loop {
        match *text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = escape(text, at)?,
            0x80.. => at = utf8(text, at)?,
            ..0x20 => return None,
            _ => at = string_mark(text, at)?,
        }
    }
}

/// The end of the UTF-8 that is no ASCII and begins at `at`.
fn utf8(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let run = rest.get(..rest.iter().take_while(|byte| !byte.is_ascii()).count())?;
    core::str::from_utf8(run).ok().map(|_| at + run.len())
}

/// The end of the escape whose backslash is at `at`. For half of a surrogate pair, the end of both.
#[inline(always)]
fn escape(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => match unit(text.get(at + 2..)?)?.0 {
            0xd800..=0xdbff => {
                let low = literal(text, at + 6, b"\\u")?;
                (0xdc00..=0xdfff).contains(&unit(text.get(low..)?)?.0).then_some(low + 4)
            }
            0xdc00..=0xdfff => None,
            _ => Some(at + 6),
        },
        _ => None,
    }
}

/// Returns true if a number is finite. It has `digits`, with or without a point, `whole` of them before the point,
/// and an `exponent`.
#[cold]
fn is_finite(digits: &[u8], whole: usize, exponent: i64) -> bool {
    let Some(zeros) = digits.iter().position(|byte| !matches!(byte, b'0' | b'.')) else { return true };
    // The place of the first digit that counts. A point is skipped only after zeros.
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

/// The open brackets, the innermost last. A bit is set for the bracket of an object.
#[derive(Default)]
struct Nesting {
    /// The innermost ones, as bits, below a bit that marks their number.
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
    use proptest::prelude::*;

    fn by_serde(text: &[u8]) -> bool {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
    }

    #[test]
    fn depth_is_no_matter() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = format!("{{\"a\":{}1{}}}", open.repeat(100_000), close.repeat(100_000));
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
            assert!(!is_valid_object(format!("{{{member}}}").as_bytes()), "{member}");
        }
    }

    #[test]
    fn numbers_up_to_the_largest() {
        let zeros = "0".repeat(400);
        for (number, finite) in [
            ("1.797693134862315e+308".into(), true),
            ("1.7976931348623158e308".into(), true),
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
            (format!("1{}", &zeros[..308]), true),
            (format!("1{}", &zeros[..309]), false),
            (format!("1{zeros}e-400"), true),
            (format!("0.{zeros}1e700"), true),
            (format!("0.{zeros}1e800"), false),
        ] {
            let number: String = number;
            assert_eq!(number.parse::<f64>().unwrap().is_finite(), finite, "{number}");
            for sign in ["", "-"] {
                let text = format!("{{\"a\":{sign}{number}}}");
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
            for text in [parts.concat(), format!("{{\"k\":{}}}", parts.concat())] {
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
