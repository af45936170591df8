//! Writes records as the agent writes them for a filter.
//!
//! By default, the agent writes no byte above ASCII, with one exception. A character becomes `\uXXXX`, or two of
//! these beyond the first plane. A byte 0xNN that is no UTF-8 becomes the character U+E0NN of the private use area,
//! which is not escaped. The agent's decoder accepts overlong forms as the characters they encode. It loses a first
//! byte if the text ends too early after it.

/// The form of text beyond ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The default.
    Escaped,
    /// The default, after the agent has read and written it again: U+E0NN is escaped as well.
    EscapedTwice,
    /// With `json.escape_unicode` off: UTF-8 unchanged, and U+FFFD for each other byte.
    Plain,
    /// The default, but a byte that is no UTF-8 stays unchanged: the text as it was logged.
    Logged,
}

/// Writes a text as a JSON string.
#[must_use]
pub fn text(text: &[u8], style: Style) -> Vec<u8> {
    let mut out = vec![b'"'];
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        if first < 0x80 {
            ascii(first, &mut out);
            rest = behind;
            continue;
        }
        let length = match style {
            Style::Plain => utf8(rest),
            _ if length(first) > rest.len() => {
                rest = behind;
                continue;
            }
            _ => character(rest, style, &mut out),
        };
        match (style, length) {
            (Style::Plain, 0) => out.extend("\u{fffd}".bytes()),
            (Style::Plain, length) => out.extend(&rest[..length]),
            _ => {}
        }
        rest = &rest[length.max(1)..];
    }
    out.push(b'"');
    out
}

/// Writes a record with one member.
#[must_use]
pub fn member(name: &str, value: &[u8], style: Style) -> Vec<u8> {
    [b"{", &*text(name.as_bytes(), style), b":", &*text(value, style), b"}"].concat()
}

/// Rewrites the strings in JSON. Unlike the agent, it keeps numbers and repeated keys.
///
/// # Panics
/// Panics if the text is no JSON.
#[must_use]
pub fn json(json: &str, style: Style) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => {
                let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let value = texts.next().expect("a string").expect("a string of JSON");
                out.extend(text(value.as_bytes(), style));
                texts.byte_offset()
            }
            b' ' | b'\t' | b'\n' | b'\r' => 1,
            other => {
                out.push(other);
                1
            }
        };
        rest = &rest[length..];
    }
    out
}

fn ascii(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend([b'\\', byte]),
        b'\n' => out.extend(b"\\n"),
        b'\r' => out.extend(b"\\r"),
        b'\t' => out.extend(b"\\t"),
        0x08 => out.extend(b"\\b"),
        0x0c => out.extend(b"\\f"),
        0..0x20 | 0x7f => out.extend(format!("\\u{byte:04x}").bytes()),
        _ => out.push(byte),
    }
}

/// Writes the character at the start of a text, or bytes that are no character. Returns their number.
fn character(text: &[u8], style: Style, out: &mut Vec<u8>) -> usize {
    let length = length(text[0]);
    // Lengths five and six belong to forms that were never UTF-8. Length one is a continuation byte.
    let begins = matches!(length, 2..=4);
    let wrong = if begins { text[1..length].iter().position(|byte| byte & 0xc0 != 0x80) } else { Some(0) };
    let bits = text[1..length]
        .iter()
        .fold(u32::from(text[0]) & (0x7f >> length), |bits, byte| bits << 6 | u32::from(byte & 0x3f));
    let bad = match (wrong, char::from_u32(bits)) {
        (None, Some(char)) => {
            for unit in char.encode_utf16(&mut [0; 2]) {
                out.extend(format!("\\u{unit:04x}").bytes());
            }
            return length;
        }
        // The last byte of a surrogate, or of a code beyond Unicode, is read again.
        (None, None) => length - 1,
        (Some(wrong), _) => wrong + 1,
    };
    for byte in &text[..bad] {
        match style {
            Style::Logged => out.push(*byte),
            Style::EscapedTwice => out.extend(format!("\\ue0{byte:02x}").bytes()),
            _ => out.extend(
                char::from_u32(0xe000 | u32::from(*byte))
                    .into_iter()
                    .flat_map(|c| c.to_string().into_bytes()),
            ),
        }
    }
    bad
}

/// The length of the character that begins with this byte, by its leading bits alone.
fn length(first: u8) -> usize {
    match first.leading_ones() {
        0 | 1 => 1,
        ones => (ones as usize).min(6),
    }
}

/// The length of the character at the start of a text; 0 if it is none.
fn utf8(text: &[u8]) -> usize {
    let first = &text[..length(text[0]).min(text.len())];
    if std::str::from_utf8(first).is_ok() { first.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8], style: Style) -> String {
        String::from_utf8(text(bytes, style)).expect("UTF-8")
    }

    #[test]
    fn characters_are_escaped_or_left() {
        let log = "a\"\\\n\x1b\x7f é 用 😀".as_bytes();
        let escaped = r#""a\"\\\n\u001b\u007f \u00e9 \u7528 \ud83d\ude00""#;
        assert_eq!(written(log, Style::Escaped), escaped);
        assert_eq!(written(log, Style::EscapedTwice), escaped);
        assert_eq!(written(log, Style::Plain), r#""a\"\\\n\u001b\u007f é 用 😀""#);
        assert_eq!(text(log, Style::Logged), escaped.as_bytes());
    }

    #[test]
    fn what_is_no_character_is_mangled() {
        for (log, escaped) in [
            (&b"caf\xe9 by"[..], "caf\u{e0e9} by"),
            (b"\xff\x80 by ada", "\u{e0ff}\u{e080} by ada"),
            (b"\xe2\x82x", "\u{e0e2}\u{e082}x"),
            // A surrogate is no character, an overlong form is one.
            (b"\xed\xa0\x80.", "\u{e0ed}\u{e0a0}\u{e080}."),
            (b"\xc0\xaf", "\\u002f"),
            // A first byte without enough bytes after it is lost.
            (b"caf\xe9", "caf"),
            (b"\xe2\x82", "\u{e082}"),
        ] {
            assert_eq!(written(log, Style::Escaped), format!("\"{escaped}\""), "{log:x?}");
        }
        assert_eq!(written(b"\xff by ada", Style::EscapedTwice), r#""\ue0ff by ada""#);
        assert_eq!(written(b"\xffx\xe9", Style::Plain), "\"\u{fffd}x\u{fffd}\"");
        assert_eq!(text(b"\xff by ada", Style::Logged), b"\"\xff by ada\"");
    }

    #[test]
    fn json_keeps_its_order() {
        let record = r#" {"b" : "\u00e9", "a": [1.50, {"c": null}]} "#;
        assert_eq!(json(record, Style::Escaped), br#"{"b":"\u00e9","a":[1.50,{"c":null}]}"#);
        assert_eq!(json(record, Style::Plain), r#"{"b":"é","a":[1.50,{"c":null}]}"#.as_bytes());
    }
}
