//! One JSON value, as it stands in the record.

use super::{Items, Object, unescape_into};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// What a value is.
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
    /// `null`, and the words some encoders write for a number that is none.
    Null,
}

/// A value, as it stands in the record.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its bytes: of a string what stands between the quotes, of everything else the whole.
    pub raw: &'a [u8],
    /// Whether it is a string with a backslash in it.
    pub escaped: bool,
}

impl<'a> Value<'a> {
    /// What a string says: borrowed if it is UTF-8 without escapes. What is no UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        if self.kind != Kind::Str {
            return None;
        }
        if !self.escaped {
            return Some(String::from_utf8_lossy(self.raw));
        }
        let mut out = Vec::new();
        unescape_into(self.raw, &mut out);
        Some(Cow::Owned(match String::from_utf8(out) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }))
    }

    /// What a string says, or a number, `true` or `false` as they are written.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::Str => self.as_str(),
            Kind::Num | Kind::Bool => Some(String::from_utf8_lossy(self.raw)),
            _ => None,
        }
    }

    /// The bytes of a string, escapes undone into `scratch` (which is emptied) if there are any.
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

    /// Whether it is a string that says `text`. No allocation unless it holds escapes.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        self.kind == Kind::Str
            && if self.escaped {
                self.as_str().is_some_and(|s| s == text)
            } else {
                self.raw == text.as_bytes()
            }
    }

    /// Whether it is a string that says `text` but for ASCII case.
    #[must_use]
    pub fn says_ignore_case(&self, text: &str) -> bool {
        self.as_str().is_some_and(|s| s.eq_ignore_ascii_case(text))
    }

    /// A whole number, also where it is held in a string or written `17.0`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        let text = match self.kind {
            Kind::Num | Kind::Str => core::str::from_utf8(self.raw).ok()?,
            _ => return None,
        };
        let text = match text.split_once('.') {
            Some((whole, zeros)) if self.kind == Kind::Num && zeros.bytes().all(|b| b == b'0') => whole,
            _ => text,
        };
        text.parse().ok()
    }

    /// A number. `None` for what is none, or is too large.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        if self.kind != Kind::Num {
            return None;
        }
        core::str::from_utf8(self.raw).ok()?.parse().ok().filter(|n: &f64| n.is_finite())
    }

    /// `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        (self.kind == Kind::Bool).then_some(self.raw == b"true")
    }

    /// The object it is.
    #[must_use]
    pub fn as_object(&self) -> Option<Object<'a>> {
        Object::new(self.raw).filter(|_| self.kind == Kind::Object)
    }

    /// The elements of the array it is.
    #[must_use]
    pub fn as_array(&self) -> Option<Items<'a>> {
        Items::new(self.raw).filter(|_| self.kind == Kind::Array)
    }
}
