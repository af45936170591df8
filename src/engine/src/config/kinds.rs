//! The kinds of option values as data, from which both error messages and the JSON Schema are made.

use super::json::Json;
use super::problems::code;
use crate::time::Span;
use alloc::format;
use alloc::string::String;
use core::fmt::Write;

/// The most entries of a list option: each entry is compared with every event.
pub const MOST_ENTRIES: usize = 10_000;
/// The longest window. A longer one would keep memory for weeks for anybody who fails once.
pub const LONGEST: Span = Span::seconds(7 * 86_400);

/// The kind of a value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number between two bounds, both allowed.
    Whole(u64, u64),
    /// True or false.
    Flag,
    /// Text.
    Text,
    /// A duration of at least this length. The flag allows the word `max` too.
    Duration(Span, bool),
    /// An amount of memory, with its maximum in bytes.
    Bytes(u64),
    /// A list.
    List(&'static Kind),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Another kind: the words that errors show after "expected", and its JSON Schema.
    Other(&'static str, &'static str),
}

/// The smallest amount of memory.
pub const LEAST_BYTES: u64 = 1 << 10;

const DURATION: &str = "\\\\s*([0-9]+\\\\s*(us|ms|s|m|h|d|w)\\\\s*)+$";

impl Kind {
    /// The allowed values, as the end of the sentence "expected …".
    #[must_use]
    pub fn allowed(&self) -> String {
        match self {
            Self::Whole(low, high) => format!("a whole number from {low} to {high}"),
            Self::Flag => "true or false".into(),
            Self::Text => "text of at most 1024 bytes".into(),
            Self::Duration(shortest, max) => format!(
                "{}a duration from {shortest} to {LONGEST}, such as \"90s\", \"15m\" or \"1h30m\"",
                if *max { "\"max\", or " } else { "" },
            ),
            Self::Bytes(most) => {
                format!("bytes from 1 KiB to {} MiB, as a number or as text such as \"8 MiB\"", most >> 20)
            }
            Self::List(each) => {
                format!("a list of at most {MOST_ENTRIES} in which each entry is {}", each.allowed())
            }
            Self::Word(words) => {
                let mut text = String::from("one of ");
                list(words, &mut text);
                text
            }
            Self::Other(allowed, _) => (*allowed).into(),
        }
    }

    /// The code and the words for a value that is not allowed, such as `is no duration`.
    #[must_use]
    pub(super) fn misfit(&self, json: &Json<'_>) -> (&'static str, String) {
        let number = json.as_u64().is_some() || json.as_i64().is_some();
        let (type_fits, near) = match self {
            Self::Whole(..) => (json.sort() == "a number", number),
            Self::Flag => (false, false),
            Self::Text => (json.as_str().is_some(), true),
            Self::Duration(..) => (json.as_str().is_some(), json.as_str().and_then(Span::parse).is_some()),
            Self::Bytes(_) => (number || json.as_str().is_some(), number),
            Self::List(_) => (json.as_list().is_some(), false),
            Self::Word(_) => (json.as_str().is_some(), false),
            Self::Other(..) => (true, false),
        };
        match (type_fits, near, self) {
            (false, ..) => (code::WRONG_TYPE, format!("is {}", json.sort())),
            (true, true, _) => (code::OUT_OF_RANGE, "is out of range".into()),
            (true, false, Self::Duration(..)) => (code::INVALID_VALUE, "is no duration".into()),
            (true, false, Self::Word(_)) => (code::INVALID_VALUE, "is none of the words".into()),
            _ => (code::INVALID_VALUE, "is not valid".into()),
        }
    }

    /// Writes the members of the JSON Schema, without the surrounding braces.
    pub fn schema(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Whole(low, high) => {
                write!(out, "\"type\":\"integer\",\"minimum\":{low},\"maximum\":{high}")
            }
            Self::Flag => write!(out, "\"type\":\"boolean\""),
            Self::Text => write!(out, "\"type\":\"string\",\"maxLength\":1024"),
            Self::Duration(_, max) => {
                let max = if *max { "max$|^" } else { "" };
                write!(out, "\"type\":\"string\",\"pattern\":\"^{max}{DURATION}\"")
            }
            Self::Bytes(most) => write!(
                out,
                "\"type\":[\"integer\",\"string\"],\"minimum\":{LEAST_BYTES},\"maximum\":{most},\
                 \"pattern\":\"^[0-9]+ ?(B|KiB|MiB|GiB)?$\""
            ),
            Self::List(each) => {
                out.push_str("\"type\":\"array\",\"items\":{");
                each.schema(out);
                write!(out, "}},\"maxItems\":{MOST_ENTRIES}")
            }
            Self::Word(words) => {
                out.push_str("\"enum\":[");
                list(words, out);
                write!(out, "]")
            }
            Self::Other(_, schema) => write!(out, "{schema}"),
        };
    }
}

fn list(words: &[&str], out: &mut String) {
    for (n, word) in words.iter().enumerate() {
        let _ = write!(out, "{}\"{word}\"", if n == 0 { "" } else { ", " });
    }
}
