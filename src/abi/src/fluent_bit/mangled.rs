//! Restores bytes that are no UTF-8, which the agent replaces.
//!
//! The agent writes such a byte, 0xNN, as the character U+E0NN of the private use area, plain or escaped. No name is
//! written in that area. So each such character becomes its byte again, and the decoders see the bytes of the log.

use alloc::vec::Vec;
use authsieve_engine::find::{each_place_of, is_plain};

/// Restores a record, in `buffer`. `None` where the agent has changed nothing. O(n).
pub fn restore<'b>(record: &[u8], buffer: &'b mut Vec<u8>) -> Option<&'b [u8]> {
    if is_plain(record) {
        return None;
    }
    let mut copied = 0;
    let mut next = 0;
    each_place_of(record, b'\\', 0xee, |at| {
        // The character after a backslash is part of the escape.
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

/// The replaced byte with which a text begins, and the number of bytes that the agent wrote for it.
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
        // A backslash of the log, ASCII, another character of the area, and an escape that is cut short.
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
