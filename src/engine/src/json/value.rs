//! A JSON value, as written in the record.

use super::{Items, Object, unescape_into};
use crate::event::text;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Str,
    /// A number.
    Num,
    /// An object.
    Object,
    /// An array.
    Array,
    /// `true` or `false`.
    Bool,
    /// `null`, and the words that some encoders write for NaN and infinity.
    Null,
}

/// A value, as written in the record.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// The kind.
    pub kind: Kind,
    /// The bytes: the content between the quotes of a string, else the whole value.
    pub raw: &'a [u8],
    /// True for a string that contains a backslash.
    pub escaped: bool,
}

impl<'a> Value<'a> {
    /// The text of a string, borrowed if it is UTF-8 without escapes. Bytes that are not UTF-8 become U+FFFD. An array
    /// with one element gives the text of that element, because search engines return each field in this way.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        if self.kind != Kind::Str {
            return self.only()?.as_str();
        }
        if !self.escaped {
            return Some(text(self.raw));
        }
        let mut out = Vec::new();
        unescape_into(self.raw, &mut out);
        Some(Cow::Owned(match String::from_utf8(out) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }))
    }

    /// The text of a string, or a number, `true` or `false` as written.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::Str => self.as_str(),
            Kind::Num | Kind::Bool => Some(text(self.raw)),
            Kind::Array => self.only()?.as_text(),
            _ => None,
        }
    }

    /// The value, or the element of an array with one element.
    #[must_use]
    pub fn one(self) -> Self {
        if self.kind == Kind::Array { self.only().unwrap_or(self) } else { self }
    }

    /// The element of an array with one element, unless it is a container.
    #[cold]
    fn only(&self) -> Option<Self> {
        let mut items = self.as_array()?;
        let first = items.next()?;
        let plain = !matches!(first.kind, Kind::Array | Kind::Object);
        (plain && items.next().is_none() && items.complete()).then_some(first)
    }

    /// The bytes of a string without escapes. If there are escapes, `scratch` is emptied and used.
    #[must_use]
    pub fn bytes<'s>(&self, scratch: &'s mut Vec<u8>) -> Option<&'s [u8]>
    where
        'a: 's,
    {
        if self.kind != Kind::Str {
            return None;
        }
        if !self.escaped {
            return Some(self.raw);
        }
        scratch.clear();
        unescape_into(self.raw, scratch);
        Some(scratch)
    }

    /// True if the value is a string with this text. Allocates only if the string has escapes.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        self.kind == Kind::Str
            && if self.escaped {
                self.may_be(text) && self.as_str().is_some_and(|s| s == text)
            } else {
                self.raw == text.as_bytes()
            }
    }

    /// True if the value is a string with this text, in any ASCII case.
    #[must_use]
    pub fn says_ignore_case(&self, text: &str) -> bool {
        self.may_be(text) && self.as_str().is_some_and(|s| s.eq_ignore_ascii_case(text))
    }

    /// True if the value is short enough for this text: each byte takes at most six bytes when written.
    const fn may_be(&self, text: &str) -> bool {
        self.raw.len() <= text.len().saturating_mul(6)
    }

    /// The integer of a number, of a string with a number, or of a number such as `17.0`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let (negative, digits) = match (self.kind, self.raw) {
            (Kind::Num | Kind::Str, [b'-', digits @ ..]) => (true, digits),
            (Kind::Num | Kind::Str, digits) => (false, digits),
            (Kind::Array, _) => return self.only()?.as_i64(),
            _ => return None,
        };
        // The digits without the sign, as long as one more digit cannot overflow.
        let mut value = 0u64;
        for (i, &digit) in digits.iter().enumerate() {
            match digit {
                b'0'..=b'9' if value <= i64::MAX as u64 / 10 => value = value * 10 + u64::from(digit - b'0'),
                b'.' if i > 0 && self.kind == Kind::Num => {
                    digits.get(i + 1..)?.iter().all(|&b| b == b'0').then_some(())?;
                    break;
                }
                _ => return None,
            }
        }
        if digits.is_empty() {
            return None;
        }
        if negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        (self.kind == Kind::Bool).then_some(self.raw == b"true")
    }

    /// The value as an object.
    #[must_use]
    pub fn as_object(&self) -> Option<Object<'a>> {
        Object::new(self.raw).filter(|_| self.kind == Kind::Object)
    }

    /// The elements of the value as an array.
    #[must_use]
    pub fn as_array(&self) -> Option<Items<'a>> {
        Items::new(self.raw).filter(|_| self.kind == Kind::Array)
    }
}
