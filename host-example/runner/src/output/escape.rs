//! Text that others wrote, made harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with every character written out that could move the cursor, colour, hide, reorder or break a line.
///
/// What is left is one line that looks like what it is. Backslashes stay as they are.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    replace(text, |out, c| {
        let _ = match c {
            '\t' => out.write_str("\\t"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            c if u32::from(c) < 0x100 => write!(out, "\\x{:02x}", u32::from(c)),
            c => write!(out, "\\u{{{:x}}}", u32::from(c)),
        };
    })
}

/// A line of JSON with the same characters written as JSON escapes: the same value, harmless to show.
#[must_use]
pub fn json(line: &str) -> Cow<'_, str> {
    replace(line, |out, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn replace(text: &str, write: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) {
            write(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Controls (C0, DEL, C1), what has no width or changes direction, line separators, tags, and what no font shows.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{61C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{E000}'..='\u{F8FF}'
                | '\u{E0000}'..='\u{10FFFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        for plain in ["", "Failed password for root", "CONTOSO\\Jürgen", "日本語 — ok", "\"quoted\""] {
            assert!(matches!(text(plain), Cow::Borrowed(same) if same == plain));
            assert!(matches!(json(plain), Cow::Borrowed(same) if same == plain));
        }
    }

    #[test]
    fn whatever_a_terminal_acts_upon_is_written_out() {
        assert_eq!(text("a\x1b[2J\x07b"), "a\\x1b[2J\\x07b");
        assert_eq!(text("a\r\nHIGH forged\tx\0"), "a\\r\\nHIGH forged\\tx\\x00");
        assert_eq!(text("\u{9b}31m\u{7f}"), "\\x9b31m\\x7f");
        assert_eq!(text("user\u{202e}nimda\u{2066}"), "user\\u{202e}nimda\\u{2066}");
        assert_eq!(text("a\u{200b}b\u{feff}\u{2028}\u{e0041}"), "a\\u{200b}b\\u{feff}\\u{2028}\\u{e0041}");
    }

    #[test]
    fn escaped_json_says_the_same() {
        let value = serde_json::json!({ "user": "a\u{9b}31m\u{202e}\u{e0041}\x1b[0m\u{7f}é" });
        let line = value.to_string();
        let escaped = json(&line);
        assert!(!escaped.contains(is_harmful));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }
}
