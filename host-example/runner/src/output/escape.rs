//! Makes text from others harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes every character that could move the cursor, colour, hide or reorder text, or break a line.
///
/// The result is one line that looks like its content. Backslashes stay.
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

/// Escapes these characters in a line of JSON as JSON escapes. The value stays the same.
#[must_use]
pub fn json(line: &str) -> Cow<'_, str> {
    replace_those(line, is_harmful, escape)
}

/// A line of JSON for a file or pipe, or for a terminal ([`json`]). Files and pipes are shown with `cat` later, so
/// characters that control a terminal or reorder text are escaped there too.
#[must_use]
pub fn line(line: &str, terminal: bool) -> Cow<'_, str> {
    if terminal { json(line) } else { replace_those(line, authsieve_engine::alert::acts, escape) }
}

/// Writes a character as a JSON escape.
fn escape(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

fn replace(text: &str, write: impl Fn(&mut String, char)) -> Cow<'_, str> {
    replace_those(text, is_harmful, write)
}

fn replace_those(text: &str, which: fn(char) -> bool, write: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(which) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if which(c) {
            write(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// True for control characters (C0, DEL, C1), line separators and tags. Also for characters that have no width, change
/// the direction of text, or are in no font.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{E000}'..='\u{F8FF}'
                | '\u{110BD}'
                | '\u{110CD}'
                | '\u{13430}'..='\u{1343F}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D159}'
                | '\u{1D173}'..='\u{1D17A}'
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
        assert_eq!(text("a\u{34f}\u{17b4}\u{17b5}b\u{2800}"), "a\\u{34f}\\u{17b4}\\u{17b5}b\\u{2800}");
        assert_eq!(text("a\u{1d159}\u{1bca0}"), "a\\u{1d159}\\u{1bca0}");
        assert_eq!(text("a\u{200b}b\u{feff}\u{2028}\u{e0041}"), "a\\u{200b}b\\u{feff}\\u{2028}\\u{e0041}");
    }

    #[test]
    fn escaped_json_says_the_same() {
        let value = serde_json::json!({ "user": "a\u{9b}31m\u{202e}\u{e0041}\x1b[0m\u{7f}é" });
        let line = value.to_string();
        let escaped = json(&line);
        assert!(!escaped.contains(is_harmful));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
        let piped = super::line(&line, false);
        assert!(piped.contains("a\\u009b31m\\u202e\u{e0041}") && piped.contains("\\u007fé"), "{piped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&piped).unwrap(), value);
    }
}
