//! Finds the end of a string or a container: the loops that read every byte.
//!
//! The loops read sixteen bytes at a time, and on hosts without vector instructions eight bytes as a 64-bit word. They
//! have no branch for each byte and no preparation, because most strings of a log record are short.

use crate::find::{position_of, position_of_other};
use crate::wide::{BYTES, IS_FAST, Wide};

/// The index of the first `"` or `\` at or after `from`. O(n).
#[inline(never)]
fn quote_or_escape(bytes: &[u8], from: usize) -> Option<usize> {
    position_of(bytes, from, b'"', b'\\')
}

/// The index of the first byte at or after `from` that needs attention in a JSON string. Such a byte is a quote, a
/// backslash, a control character or a byte outside ASCII. O(n).
#[inline(always)]
#[must_use]
pub fn string_mark(bytes: &[u8], from: usize) -> Option<usize> {
    position_of_other(bytes, from, b'"', b'\\')
}

/// The index of the quote that ends the string whose first byte is at `from`, and true if the string has a backslash.
/// `None` if it does not end. O(n).
#[inline(always)]
pub fn string_end(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let at = quote_or_escape(bytes, from)?;
    if bytes.get(at) == Some(&b'"') { Some((at, false)) } else { Some((escaped_end(bytes, at)?, true)) }
}

/// Does the same as [`string_end`], from a backslash on.
#[inline(never)]
fn escaped_end(bytes: &[u8], backslash: usize) -> Option<usize> {
    let mut at = backslash;
    loop {
        // The byte after a backslash never ends the string. Often several escapes follow each other.
        at = at.checked_add(2)?;
        if bytes.get(at) != Some(&b'\\') {
            at = quote_or_escape(bytes, at)?;
        }
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
    }
}

/// The index after the bracket that closes the object or array at `from`. `None` if it does not close.
///
/// Only brackets of the same kind are counted: in valid JSON, the others are balanced between them. A count needs no
/// stack, so nesting may have any depth. O(n).
#[inline(never)]
pub fn container_end(bytes: &[u8], from: usize) -> Option<usize> {
    if IS_FAST { container_end_by_blocks(bytes, from) } else { container_end_by_strings(bytes, from) }
}

/// The number of bytes that are examined together.
const BLOCK: usize = 2 * BYTES;

/// Counts the brackets outside strings in each block. A place is in a string if the number of quotes before it is odd.
#[inline(always)]
fn container_end_by_blocks(bytes: &[u8], from: usize) -> Option<usize> {
    let open = *bytes.get(from)?;
    let close = open.checked_add(2)?;
    let (mut at, mut depth) = (from, 0u32);
    // `quoted` has all bits set if the previous block ended in a string. `escaped` is 1 if the last byte of that block
    // was a backslash that escapes the next byte.
    let (mut quoted, mut escaped) = (0u32, 0u32);
    let mut padded = [0; BLOCK];
    loop {
        let rest = bytes.get(at..)?;
        let block = match rest.first_chunk() {
            Some(block) => block,
            None if rest.is_empty() => return None,
            None => {
                padded.get_mut(..rest.len())?.copy_from_slice(rest);
                &padded
            }
        };
        let (low, high) =
            block.split_first_chunk().and_then(|(low, high)| Some((low, high.first_chunk()?)))?;
        let (low, high) = (Wide::new(low), Wide::new(high));
        let places = |byte| low.is(byte) | high.is(byte) << BYTES;
        let backslashes = places(b'\\');
        let mut quotes = places(b'"');
        if backslashes | escaped != 0 {
            let behind = escapes(backslashes, escaped);
            quotes &= !(behind as u32);
            escaped = (behind >> BLOCK) as u32;
        }
        let inside = parities(quotes) ^ quoted;
        quoted = ((inside as i32) >> (BLOCK - 1)) as u32;
        let (opens, closes) = (places(open) & !inside, places(close) & !inside);
        if closes.count_ones() < depth {
            depth += opens.count_ones();
            depth -= closes.count_ones();
        } else {
            let mut brackets = opens | closes;
            while brackets != 0 {
                let place = brackets.trailing_zeros();
                if closes >> place & 1 == 0 {
                    depth += 1;
                } else {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at + place as usize + 1);
                    }
                }
                brackets &= brackets - 1;
            }
        }
        at += BLOCK;
    }
}

/// For each place, the parity of the bits up to it.
#[inline(always)]
const fn parities(mut bits: u32) -> u32 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^ bits << 16
}

/// The places after a backslash that is not escaped itself. The result has one bit more than a block.
#[inline(never)]
const fn escapes(backslashes: u32, first: u32) -> u64 {
    let (mut escapes, mut left) = (first as u64, backslashes);
    while left != 0 {
        let place = left.trailing_zeros();
        if escapes >> place & 1 == 0 {
            escapes |= 2 << place;
        }
        left &= left - 1;
    }
    escapes
}

/// Searches string by string.
#[inline(always)]
fn container_end_by_strings(bytes: &[u8], from: usize) -> Option<usize> {
    let open = *bytes.get(from)?;
    // In ASCII, `[` and `]`, and `{` and `}`, are two apart.
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
            // This is no JSON. Such a quote begins no string.
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// A reference that takes one byte at a time.
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
            prop_assert_eq!(container_end_by_strings(&bytes, 0), naive(&bytes));
            prop_assert_eq!(container_end_by_blocks(&bytes, 0), naive(&bytes));
        }
    }
}
