//! What the agent makes of bytes that are no UTF-8, made undone.
//!
//! It writes such a byte, 0xNN, as the character U+E0NN of the private use area, as it stands or escaped. Nobody's
//! names are written in that area, so what is found there is the byte again, and the decoders see what was logged.

use alloc::vec::Vec;
use authsieve_engine::find::{each_place_of, is_plain};

/// The record as it was, or `None` where nothing in it was changed. `buffer` is what holds it then. O(n).
pub fn restore<'b>(record: &[u8], buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    if is_plain(record) {
        return None;
    }
    let mut copied = 0;
    let mut next = 0;
    each_place_of(record, b'\\', 0xee, |at| {
        // The character behind a backslash belongs to it.
        if at < next {
            return;
        }
        let rest = record.get(at..).unwrap_or_default();
        next = at + if rest.first() == Some(&b'\\') { 2 } else { 1 };
        let Some((byte, length)) = mangled(rest) else { return };
        if copied == 0 {
            buffer.clear();
        }
        buffer.extend_from_slice(record.get(copied..at).unwrap_or_default());
        buffer.push(byte);
        next = at + length;
        copied = next;
    });
    if copied == 0 {
        return None;
    }
    buffer.extend_from_slice(record.get(copied..).unwrap_or_default());
    Some(buffer)
}

/// The byte that a text begins with, and in how many bytes it is written.
fn mangled(text: &[u8]) -> Option<(u8, usize)> {
    match *text {
        // UTF-8 of U+E080 to U+E0FF: a byte that is no ASCII.
        [0xee, high @ (0x82 | 0x83), low @ 0x80..=0xbf, ..] => Some(((high << 6) | (low & 0x3f), 3)),
        [b'\\', b'u', b'e' | b'E', b'0', high, low, ..] => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
            (byte >= 0x80).then_some((byte, 6))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(record: &[u8]) -> Option<Vec<u8>> {
        restore(record, &mut Vec::new()).map(<[u8]>::to_vec)
    }

    #[test]
    fn both_ways_of_writing_are_undone() {
        let raw = "{\"log\":\"for \u{e0ff}\u{e080}x\"}";
        assert_eq!(restored(raw.as_bytes()).unwrap(), b"{\"log\":\"for \xff\x80x\"}");
        assert_eq!(restored(br#"{"log":"\ue0FF\uE080"}"#).unwrap(), b"{\"log\":\"\xff\x80\"}");
    }

    #[test]
    fn all_else_stays() {
        // A backslash that was logged, ASCII, another character of the area, and what is cut short.
        for same in [
            r#"{"log":"\\ue0ff"}"#,
            r"\ue041",
            r"\ue100",
            r"\ue0f",
            r"\ue0fg",
            "\u{e07f}",
            "\u{e100}",
            "\\",
            "{}",
            "",
        ] {
            assert_eq!(restored(same.as_bytes()), None, "{same}");
        }
    }

    #[test]
    fn the_buffer_is_used_again() {
        let mut buffer = b"what was there".to_vec();
        assert_eq!(restore(b"\\ue0e9", &mut buffer), Some(&b"\xe9"[..]));
    }
}
