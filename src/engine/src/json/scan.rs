//! Where a string or a container ends: the loops that touch every byte.
//!
//! Bytes are looked at eight to a 64-bit word, without a branch per byte: most strings of a log record are shorter
//! than what it takes a vector search to pay for its start, and some hosts have no vector instructions at all.

use crate::find::{position_of, position_of_other};

/// The index of the first `"` or `\` at or after `from`. O(n).
#[inline(never)]
fn quote_or_escape(bytes: &[u8], from: usize) -> Option<usize> {
    position_of(bytes, from, b'"', b'\\')
}

/// The index of the first byte at or after `from` that needs a closer look in a JSON string: a quote, a backslash, a
/// control character or a byte that is no ASCII. O(n).
#[inline(always)]
#[must_use]
pub fn string_mark(bytes: &[u8], from: usize) -> Option<usize> {
    position_of_other(bytes, from, b'"', b'\\')
}

/// The index of the quote that ends the string whose first byte stands at `from`, and whether a backslash stands in
/// it. `None` if it does not end. O(n).
#[inline(always)]
pub fn string_end(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let at = quote_or_escape(bytes, from)?;
    if bytes.get(at) == Some(&b'"') { Some((at, false)) } else { Some((escaped_end(bytes, at)?, true)) }
}

/// As [`string_end`], from a backslash on.
#[inline(never)]
fn escaped_end(bytes: &[u8], backslash: usize) -> Option<usize> {
    let mut at = backslash;
    loop {
        // The byte after a backslash never ends the string. Escapes often stand in a row.
        at = at.checked_add(2)?;
        if bytes.get(at) != Some(&b'\\') {
            at = quote_or_escape(bytes, at)?;
        }
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
    }
}

/// The index after the bracket that closes the object or array which opens at `from`. `None` if it does not close.
///
/// Only brackets of its own kind are counted: in valid JSON the others are balanced between them. A count, no stack:
/// nesting may be as deep as it likes. O(n).
#[inline(never)]
pub fn container_end(bytes: &[u8], from: usize) -> Option<usize> {
    let open = *bytes.get(from)?;
    // `[` and `]`, `{` and `}` are two apart in ASCII.
    let close = open.checked_add(2)?;
    let mut depth = 0usize;
    let mut at = from;
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        if byte == b'"' {
            at = string_end(bytes, at)?.0 + 1;
        } else if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        } else if byte == b'\\' && matches!(bytes.get(at), Some(b'"' | b'\\')) {
            // Not JSON. Such a quote begins no string.
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Byte by byte.
    fn naive(bytes: &[u8]) -> Option<usize> {
        let open = bytes[0];
        let (mut depth, mut quoted, mut escaped) = (0, false, false);
        for (at, &byte) in bytes.iter().enumerate() {
            let plain = !core::mem::take(&mut escaped);
            escaped = byte == b'\\' && plain;
            quoted ^= byte == b'"' && plain;
            depth += isize::from(byte == open && !quoted) - isize::from(byte == open + 2 && !quoted);
            if depth == 0 {
                return Some(at + 1);
            }
        }
        None
    }

    proptest! {
        #[test]
        fn containers_end_where_they_end_byte_by_byte(
            first in prop_oneof![Just(b'{'), Just(b'[')],
            inside in proptest::collection::vec(proptest::sample::select(b"{}[]\"\\:a".to_vec()), 0..90),
        ) {
            let bytes: Vec<u8> = [&[first], &inside[..]].concat();
            prop_assert_eq!(container_end(&bytes, 0), naive(&bytes));
        }
    }
}
