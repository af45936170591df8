//! Decodes the content of JSON strings, and writes strings.

use super::scan::string_mark;
use crate::find::position;
use alloc::string::String;
use alloc::vec::Vec;

/// The replacement for what cannot be read.
const BROKEN: u32 = 0xfffd;

/// Appends the decoded content of a JSON string. Never fails: an invalid escape becomes its letter. A surrogate without
/// its other half and a `\u` without four digits become U+FFFD. Bytes that are not UTF-8 stay as they are. O(n). Two
/// bytes become at most three.
pub fn unescape_into(raw: &[u8], out: &mut Vec<u8>) {
    out.reserve(raw.len());
    let mut rest = raw;
    loop {
        let mut escape = rest;
        // If escapes are close together, searching for the next one would be most of the work.
        if rest.first() != Some(&b'\\') {
            let Some(at) = position(rest, b'\\') else { break };
            let Some((plain, after)) = rest.split_at_checked(at) else { break };
            out.extend_from_slice(plain);
            escape = after;
        }
        let Some((&[_, letter], after)) = escape.split_first_chunk::<2>() else {
            // A backslash at the very end. The scanner never passes one.
            rest = &[];
            break;
        };
        rest = after;
        match letter {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'u' => {
                let (code, after) = code_point(rest);
                rest = after;
                push(code, out);
            }
            other => out.push(other),
        }
    }
    out.extend_from_slice(rest);
}

/// Appends a character as UTF-8.
fn push(code: u32, out: &mut Vec<u8>) {
    let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The character of the escape whose digits begin `rest`, and the bytes after it. Includes the second half of a
/// surrogate pair.
fn code_point(rest: &[u8]) -> (u32, &[u8]) {
    let Some((unit, after)) = unit(rest) else { return (BROKEN, rest) };
    match unit {
        0xd800..=0xdbff => match after.strip_prefix(b"\\u").and_then(self::unit) {
            Some((low @ 0xdc00..=0xdfff, after)) => {
                (0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), after)
            }
            _ => (BROKEN, after),
        },
        0xdc00..=0xdfff => (BROKEN, after),
        _ => (unit, after),
    }
}

/// The UTF-16 unit of the four hexadecimal digits after a `\u`, and the bytes after them. `None` if `bytes` does not
/// begin with four digits. O(1).
#[must_use]
pub fn unit(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, after) = bytes.split_first_chunk::<4>()?;
    let mut value = 0;
    for &digit in digits {
        value = value * 16 + char::from(digit).to_digit(16)?;
    }
    Some((value, after))
}

/// Writes bytes as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD.
#[must_use]
pub fn quote(text: &[u8]) -> String {
    let mut out = Vec::new();
    quote_into(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Appends the result of [`quote`]. O(n), without a copy.
pub fn quote_into(text: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid().as_bytes();
        let (mut copied, mut at) = (0, 0);
        while let Some(found) = string_mark(valid, at) {
            at = found + 1;
            let Some(mark) = valid.get(found).filter(|mark| mark.is_ascii()) else { continue };
            out.extend_from_slice(valid.get(copied..found).unwrap_or_default());
            copied = at;
            match mark {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', *mark]),
                _ => {
                    out.extend_from_slice(b"\\u00");
                    out.extend([mark >> 4, mark & 15].map(|half| DIGITS[usize::from(half)]));
                }
            }
        }
        out.extend_from_slice(valid.get(copied..).unwrap_or_default());
        if !chunk.invalid().is_empty() {
            push(BROKEN, out);
        }
    }
    out.push(b'"');
}
