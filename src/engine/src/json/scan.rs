//! Where a string or a container ends: the loops that touch every byte.
//!
//! Bytes are looked at eight to a 64-bit word, without a branch per byte: most strings of a log record are shorter
//! than what it takes a vector search to pay for its start, and some hosts have no vector instructions at all. Long
//! strings go to `memchr`.

use memchr::memchr2;

const LOW: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Blocks of 16 bytes that are looked at before a vector search takes over.
const BLOCKS: usize = 2;

/// `word` with the high bit set in its first byte that equals `byte`. Bytes above that one may be marked wrongly; the
/// lowest mark is right.
#[inline(always)]
const fn first(word: u64, byte: u8) -> u64 {
    let x = word ^ LOW.wrapping_mul(byte as u64);
    x.wrapping_sub(LOW) & !x & HIGH
}

/// The same, right for each byte.
#[inline(always)]
const fn each(word: u64, byte: u8) -> u64 {
    let x = word ^ LOW.wrapping_mul(byte as u64);
    !((x & !HIGH).wrapping_add(!HIGH) | x) & HIGH
}

/// How many bytes are marked.
#[inline(always)]
const fn count(marks: u64) -> usize {
    ((marks >> 7).wrapping_mul(LOW) >> 56) as usize
}

/// The index of the first `"` or `\` at or after `from`. O(n).
#[inline(always)]
fn quote_or_escape(bytes: &[u8], from: usize) -> Option<usize> {
    let mut rest = bytes.get(from..)?;
    for _ in 0..BLOCKS {
        let Some((block, after)) = rest.split_first_chunk::<16>() else {
            let found = rest.iter().position(|&b| b == b'"' || b == b'\\')?;
            return Some(bytes.len() - rest.len() + found);
        };
        let block = u128::from_le_bytes(*block);
        let (head, tail) = (block as u64, (block >> 64) as u64);
        let head = first(head, b'"') | first(head, b'\\');
        let tail = first(tail, b'"') | first(tail, b'\\');
        if head | tail != 0 {
            let (marks, skipped) = if head != 0 { (head, 0) } else { (tail, 8) };
            return Some(bytes.len() - rest.len() + skipped + (marks.trailing_zeros() / 8) as usize);
        }
        rest = after;
    }
    memchr2(b'"', b'\\', rest).map(|found| bytes.len() - rest.len() + found)
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
        // The byte after a backslash never ends the string.
        at = quote_or_escape(bytes, at.checked_add(2)?)?;
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
    let mut rest = bytes.get(from.checked_add(1)?..)?;
    let mut depth = 1usize;
    // Whether the next byte stands in a string, and behind a backslash.
    let (mut quoted, mut escaped) = (false, false);
    while !rest.is_empty() {
        let (word, after) = match rest.split_first_chunk::<8>() {
            Some((block, after)) => (u64::from_le_bytes(*block), after),
            // The last few bytes, and zeros, which mean nothing.
            None => (rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)), [].as_slice()),
        };
        let mut quotes = each(word, b'"');
        if escaped || each(word, b'\\') != 0 {
            quotes &= !behind_backslash(word, &mut escaped);
        }
        let in_string = in_string(quotes, quoted);
        quoted = in_string >> 63 != 0;
        let opening = each(word, open) & !in_string;
        let mut closing = each(word, close) & !in_string;
        if count(closing) < depth {
            depth = depth + count(opening) - count(closing);
        } else {
            // The container may end here: bracket by bracket.
            let mut before = 0;
            while closing != 0 {
                let mark = closing & closing.wrapping_neg();
                let opened = count(opening & (mark - 1) & !before);
                before |= mark - 1;
                depth = (depth + opened).checked_sub(1)?;
                if depth == 0 {
                    return Some(bytes.len() - rest.len() + (mark.trailing_zeros() / 8) as usize + 1);
                }
                closing ^= mark;
            }
            depth += count(opening & !before);
        }
        rest = after;
    }
    None
}

/// Marks the bytes of a word that stand behind a backslash which is not behind one itself.
#[inline(never)]
fn behind_backslash(word: u64, escaped: &mut bool) -> u64 {
    let mut marks = 0;
    for i in 0..8 {
        if *escaped {
            marks |= 0x80 << (i * 8);
            *escaped = false;
        } else {
            *escaped = (word >> (i * 8)) as u8 == b'\\';
        }
    }
    marks
}

/// Marks the bytes from an opening quote up to before its closing one: the parity of the quotes so far.
#[inline(always)]
const fn in_string(quotes: u64, quoted: bool) -> u64 {
    let mut parity = quotes;
    parity ^= parity << 8;
    parity ^= parity << 16;
    parity ^= parity << 32;
    if quoted { parity ^ HIGH } else { parity }
}
