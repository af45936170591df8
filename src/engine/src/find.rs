//! Finds short byte strings in lines of at most a few hundred bytes. A search that prepares itself for long texts
//! would be the largest part of a module, and would take most of the time.

use crate::wide;

const LOW: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Eight bytes as one word. The first byte is in the lowest bits.
#[inline(always)]
const fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

/// Up to eight bytes as one word. The first byte is in the lowest bits, and zeros follow the last byte.
#[must_use]
pub const fn short(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // The two halves may overlap; both write the same bits there.
        (Some(first), Some(last)) => {
            u32::from_le_bytes(*first) as u64 | (u32::from_le_bytes(*last) as u64) << ((bytes.len() - 4) * 8)
        }
        _ => match *bytes {
            [] => 0,
            [a] => a as u64,
            [a, b] => u16::from_le_bytes([a, b]) as u64,
            [a, b, c, ..] => u32::from_le_bytes([a, b, c, 0]) as u64,
        },
    }
}

/// Sets the high bit of the first byte of `word` that equals `byte`. Higher bytes may be marked wrongly; the lowest
/// mark is right.
#[inline(always)]
const fn marks(word: u64, byte: u8) -> u64 {
    let x = word ^ LOW.wrapping_mul(byte as u64);
    x.wrapping_sub(LOW) & !x & HIGH
}

/// Sets the high bit of each byte of `word` that equals `byte`, and no other bit.
#[inline(always)]
const fn all_marks(word: u64, byte: u8) -> u64 {
    let x = word ^ LOW.wrapping_mul(byte as u64);
    !((x & !HIGH).wrapping_add(!HIGH) | x) & HIGH
}

/// The place of the first byte for which `is` returns true. `marked` sets the high bit of such bytes in a word; only
/// its lowest mark must be right. O(n).
#[inline(always)]
fn first_marked(text: &[u8], marked: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> Option<usize> {
    let at = |from: usize, marks: u64| from + (marks.trailing_zeros() / 8) as usize;
    let Some(last) = text.last_chunk() else { return text.iter().position(|byte| is(*byte)) };
    let mut rest = text;
    while let Some((block, after)) = rest.split_first_chunk() {
        let marks = marked(word(block));
        if marks != 0 {
            return Some(at(text.len() - rest.len(), marks));
        }
        rest = after;
    }
    // The last word overlaps bytes that were searched already.
    let marks = marked(word(last));
    if marks == 0 { None } else { Some(at(text.len() - 8, marks)) }
}

/// The first place of a byte. O(n).
#[inline(never)]
#[must_use]
pub fn position(text: &[u8], byte: u8) -> Option<usize> {
    if wide::IS_FAST {
        return wide::position_of(text, 0, byte, byte);
    }
    first_of(text, |word| marks(word, byte), |other| other == byte)
}

/// The first place of either of two ASCII bytes, at or after `from`. O(n).
#[inline(always)]
#[must_use]
pub fn position_of(text: &[u8], from: usize, one: u8, other: u8) -> Option<usize> {
    if wide::IS_FAST {
        return wide::position_of(text, from, one, other);
    }
    // A byte with its high bit set is neither of the two.
    let marked = |word: u64| (below(word, one) | below(word, other)) & !word & HIGH;
    Some(from + first_marked(text.get(from..)?, marked, |byte| byte == one || byte == other)?)
}

/// The first place at or after `from` of either of two ASCII bytes, a control character (below 0x20) or a byte
/// outside ASCII. O(n).
#[inline(always)]
#[must_use]
pub fn position_of_other(text: &[u8], from: usize, one: u8, other: u8) -> Option<usize> {
    // Most matches are within the first eight bytes.
    let Some(block) = text.get(from..)?.first_chunk() else { return far_other(text, from, one, other) };
    match others(word(block), one, other) {
        0 => far_other(text, from + 8, one, other),
        marks => Some(from + (marks.trailing_zeros() / 8) as usize),
    }
}

/// Continues [`position_of_other`]. It is never inlined, so that a module holds one copy.
#[inline(never)]
fn far_other(text: &[u8], from: usize, one: u8, other: u8) -> Option<usize> {
    let is = |byte: u8| byte == one || byte == other || !matches!(byte, 0x20..0x80);
    Some(from + first_marked(text.get(from..)?, |word| others(word, one, other), is)?)
}

/// Marks the first byte of `word` that is one of the two, a control character or outside ASCII, by its high bit.
#[inline(always)]
const fn others(word: u64, one: u8, other: u8) -> u64 {
    (below(word, one) | below(word, other) | word.wrapping_sub(LOW * 0x20) | word) & HIGH
}

/// Sets the high bit of the first byte of `word` that equals `byte`. Bytes with a high bit already may be marked too.
#[inline(always)]
const fn below(word: u64, byte: u8) -> u64 {
    (word ^ LOW.wrapping_mul(byte as u64)).wrapping_sub(LOW)
}

/// Calls `found` with each place of either of two bytes, in order. Neither byte may be zero. O(n).
#[inline(always)]
pub fn each_place_of(text: &[u8], one: u8, other: u8, mut found: impl FnMut(usize)) {
    let (words, rest) = text.as_chunks();
    for (number, word) in words.iter().map(word).chain([short(rest)]).enumerate() {
        let mut marks = all_marks(word, one) | all_marks(word, other);
        while marks != 0 {
            found(number * 8 + (marks.trailing_zeros() / 8) as usize);
            marks &= marks - 1;
        }
    }
}

/// Does the same as [`first_marked`], but takes larger steps after the first bytes.
#[inline(always)]
fn first_of(text: &[u8], marked: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> Option<usize> {
    const NEAR: usize = 24;
    if let Some(found) = first_marked(text.get(..NEAR).unwrap_or(text), &marked, &is) {
        return Some(found);
    }
    let mut rest = text.get(NEAR..)?;
    while let Some((block, after)) = rest.split_first_chunk::<32>() {
        if let ([a, b, c, d], _) = block.as_chunks()
            && marked(word(a)) | marked(word(b)) | marked(word(c)) | marked(word(d)) != 0
        {
            break;
        }
        rest = after;
    }
    let found = first_marked(rest, marked, is)?;
    Some(text.len() - rest.len() + found)
}

/// The last place of a byte. O(n).
#[must_use]
pub fn last_position(text: &[u8], byte: u8) -> Option<usize> {
    let mut rest = text;
    while let Some((before, block)) = rest.split_last_chunk() {
        let marks = all_marks(word(block), byte);
        if marks != 0 {
            return Some(rest.len() - 1 - (marks.leading_zeros() / 8) as usize);
        }
        rest = before;
    }
    rest.iter().rposition(|other| *other == byte)
}

/// True if a text is ASCII without a backslash, so that it holds no escapes. O(n).
#[must_use]
pub fn is_plain(text: &[u8]) -> bool {
    const fn other(bytes: &[u8; 8]) -> u64 {
        below(word(bytes), b'\\') | word(bytes)
    }
    let (Some(last), (words, _)) = (text.last_chunk(), text.as_chunks()) else {
        return text.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
    };
    let mut others = other(last);
    let (blocks, words) = words.as_chunks::<4>();
    for [a, b, c, d] in blocks {
        others |= other(a) | other(b) | other(c) | other(d);
    }
    for word in words {
        others |= other(word);
    }
    others & HIGH == 0
}

/// True if two texts are equal. O(n), eight bytes at a time: in a module, the comparison of slices takes single
/// bytes.
#[inline]
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    // The last word may overlap the word before it.
    if let (Some(a), Some(b)) = (one.last_chunk(), other.last_chunk()) {
        let ((one, _), (other, _)) = (one.as_chunks(), other.as_chunks());
        return word(a) == word(b) && one.iter().zip(other).all(|(a, b)| word(a) == word(b));
    }
    one.iter().zip(other).all(|(a, b)| a == b)
}

/// Converts eight ASCII letters and digits to lower case. Returns `None` if another byte is among them.
#[inline(always)]
#[must_use]
pub const fn eight_lower(bytes: &[u8; 8]) -> Option<[u8; 8]> {
    // Sets the high bit of each byte from `low` to `high`, if all bytes are ASCII.
    const fn within(word: u64, low: u8, high: u8) -> u64 {
        let above = word.wrapping_add(LOW.wrapping_mul((0x80 - low) as u64));
        let beyond = word.wrapping_add(LOW.wrapping_mul((0x7f - high) as u64));
        above & !beyond
    }
    let word = word(bytes);
    // The bit 0x20 is set in lower case letters and in digits.
    let lower = word | LOW.wrapping_mul(0x20);
    let good = within(lower, b'a', b'z') | within(word, b'0', b'9');
    if (good & !word) & HIGH == HIGH { Some(lower.to_le_bytes()) } else { None }
}

/// Removes the whitespace around a text. Most texts have none, which their first and last bytes show.
#[inline]
#[must_use]
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [] | [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// Every place where `needle` begins; the iterator runs from both ends. O(n * m) at worst, O(n) in practice. An empty
/// needle has no place.
pub fn places<'a>(text: &'a [u8], needle: &'a [u8]) -> impl DoubleEndedIterator<Item = usize> + use<'a> {
    let first = needle.first();
    (0..text.len()).filter(move |at| {
        text.get(*at) == first && text.get(*at..).is_some_and(|rest| rest.starts_with(needle))
    })
}

/// The first place where `needle` begins.
#[inline(never)]
#[must_use]
pub fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut rest = text;
    loop {
        rest = rest.get(position(rest, first)?..)?;
        if rest.starts_with(needle) {
            return Some(text.len() - rest.len());
        }
        rest = rest.get(1..)?;
    }
}

/// The last place where `needle` begins.
#[inline(never)]
#[must_use]
pub fn rfind(text: &[u8], needle: &[u8]) -> Option<usize> {
    places(text, needle).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use memchr::memmem;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_memmem(text in "[ab: ]{0,40}") {
            for needle in [&b"a"[..], b"ab", b": ", b" a", b"bab :"] {
                prop_assert_eq!(find(text.as_bytes(), needle), memmem::find(text.as_bytes(), needle));
                prop_assert_eq!(rfind(text.as_bytes(), needle), memmem::rfind(text.as_bytes(), needle));
            }
        }
    }

    proptest! {
        #[test]
        fn bytes_and_equality_as_the_standard_library_tells(
            text in proptest::collection::vec(
                prop_oneof![1 => Just(b'a'), 9 => Just(b'`'), 9 => Just(b'\xe1'), 30 => any::<u8>()],
                0..90,
            ),
            at in 0usize..90,
            ascii in "[ -~]{0,70}",
            from in 0usize..95,
        ) {
            let from_on = |is: &dyn Fn(&u8) -> bool| (from..text.len()).find(|at| is(&text[*at]));
            prop_assert_eq!(is_plain(ascii.as_bytes()), !ascii.contains('\\'));
            prop_assert_eq!(position(&text, b'a'), text.iter().position(|byte| *byte == b'a'));
            prop_assert_eq!(last_position(&text, b'a'), text.iter().rposition(|byte| *byte == b'a'));
            let either = |byte: &u8| matches!(byte, b'a' | b'`');
            prop_assert_eq!(position_of(&text, from, b'a', b'`'), from_on(&either));
            let any = |byte: &u8| matches!(byte, b'a' | b'`' | ..0x20 | 0x80..);
            prop_assert_eq!(position_of_other(&text, from, b'a', b'`'), from_on(&any));
            prop_assert_eq!(position_of_other(ascii.as_bytes(), 0, b'~', b'}'), ascii.find(['~', '}']));
            let mut all = Vec::new();
            each_place_of(&text, b'a', 0xe1, |at| all.push(at));
            let each: Vec<usize> = (0..text.len()).filter(|at| matches!(text[*at], b'a' | 0xe1)).collect();
            prop_assert_eq!(all, each);
            prop_assert_eq!(is_plain(&text), text.iter().all(|byte| byte.is_ascii() && *byte != b'\\'));
            let mut other = text.clone();
            prop_assert!(same(&text, &other));
            if let Some(byte) = other.get_mut(at) {
                *byte ^= 1;
                prop_assert!(!same(&text, &other));
                prop_assert!(!same(&text, &text[1..]));
            }
        }
    }

    proptest! {
        #[test]
        fn letters_in_lower_case(bytes: [u8; 8], letters in "[a-zA-Z0-9]{8}", at in 0usize..8) {
            let known = |bytes: &[u8; 8]| bytes.iter().all(u8::is_ascii_alphanumeric).then(|| bytes.to_ascii_lowercase());
            prop_assert_eq!(eight_lower(&bytes).map(Vec::from), known(&bytes));
            let mut letters: [u8; 8] = letters.as_bytes().try_into().unwrap();
            prop_assert_eq!(eight_lower(&letters).map(Vec::from), known(&letters));
            letters[at] = bytes[at];
            prop_assert_eq!(eight_lower(&letters).map(Vec::from), known(&letters));
        }

        #[test]
        fn trimmed_as_the_standard_library_trims(text in "[a \t\u{3000}~!\u{7f}é]{0,4}") {
            prop_assert_eq!(trim(&text), text.trim());
        }
    }

    #[test]
    fn nothing_is_nowhere() {
        assert_eq!((find(b"ab", b""), rfind(b"", b"a")), (None, None));
    }
}
