//! A scanner for one JSON value, read piece by piece: no tree, no recursion, no allocation.
//!
//! Members are read one after the other, directly from the bytes. A nested container is skipped by counting its
//! brackets, and is opened only for callers who need its content. Deep nesting costs nothing but its bytes.
//!
//! The scanner does not validate what it skips, and it accepts control characters in strings. It does check what it
//! reads: [`Fields::complete`] notices a missing colon, a string or container that does not close, and junk after the
//! end. So a record that is cut short is never taken for a complete one.
//!
//! ```
//! use authsieve_engine::json::Object;
//! let object = Object::new(br#"{"pid":17,"message":"caf\u00e9","tags":[1,{"a":[]}]}"#).unwrap();
//! let mut fields = object.fields();
//! let (key, pid) = fields.next().unwrap();
//! assert!(key.is("pid"));
//! assert_eq!(pid.as_i64(), Some(17));
//! assert_eq!(fields.next().unwrap().1.as_str().unwrap(), "café");
//! assert_eq!(fields.next().unwrap().1.as_array().unwrap().count(), 2);
//! assert!(fields.next().is_none() && fields.complete());
//! ```

mod members;
mod scan;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub(crate) use members::equal;
pub use members::{Member, MemberSet, Members, SLOTS, Slots, any_of, read};
pub use scan::string_mark;
pub use text::{quote, quote_into, unescape_into, unit};
pub use value::{Kind, Value};

use alloc::vec::Vec;

/// An object. Its start was found, but not yet its end.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// The bytes after the opening brace.
    inside: &'a [u8],
}

impl<'a> Object<'a> {
    /// An object without members.
    pub const EMPTY: Self = Self { inside: b"}" };

    /// The bytes after the opening brace, up to the end of what the object was read from.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.inside
    }

    /// The object at the start of `bytes`, after white space. `None` if there is no object. O(1).
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { inside: bytes.trim_ascii_start().strip_prefix(b"{")? })
    }

    /// The bytes of the object before one of its values.
    #[must_use]
    pub fn before(&self, value: &Value<'_>) -> Option<&'a [u8]> {
        let at = (value.raw.as_ptr() as usize).checked_sub(self.inside.as_ptr() as usize)?;
        self.inside.get(..at)
    }

    /// The members in order. If a key comes twice, the last member counts by convention.
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        Fields { cursor: self.cursor(), ended: false }
    }

    /// A cursor before the first member.
    #[must_use]
    pub const fn cursor(&self) -> Cursor<'a> {
        Cursor { bytes: self.inside, at: 0, fresh: true, failed: false }
    }

    /// The last member with this name. O(n). For many names, go once through [`fields`](Self::fields).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.fields().filter(|(key, _)| key.is(name)).last().map(|(_, value)| value)
    }
}

/// The name of a member, as written between the quotes.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The bytes between the quotes.
    pub raw: &'a [u8],
    /// True if it contains a backslash.
    pub escaped: bool,
}

impl<'a> Key<'a> {
    /// True if the name is `name`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        if !self.escaped {
            return self.raw == name.as_bytes();
        }
        // An escape of six bytes gives at least one byte.
        self.raw.len() <= name.len().saturating_mul(6) && self.unescaped() == name.as_bytes()
    }

    /// The name without escapes, using `buffer` if there are any. `None` if it is longer than `longest` bytes.
    #[must_use]
    pub fn plain<'k>(&'k self, longest: usize, buffer: &'k mut Vec<u8>) -> Option<&'k [u8]> {
        if !self.escaped {
            return Some(self.raw);
        }
        // Each byte of the name takes at most six bytes when written.
        if self.raw.len() > longest.saturating_mul(6) {
            return None;
        }
        buffer.clear();
        unescape_into(self.raw, buffer);
        Some(buffer)
    }

    /// The name without escapes.
    #[must_use]
    pub fn unescaped(&self) -> Vec<u8> {
        let mut out = Vec::new();
        unescape_into(self.raw, &mut out);
        out
    }
}

/// The members of an object.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    cursor: Cursor<'a>,
    ended: bool,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Key<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let member = self.cursor.key().and_then(|key| Some((key, self.cursor.plain_value()?)));
        self.ended = member.is_none();
        member
    }
}

impl Fields<'_> {
    /// True if all members were read, the object is closed, and only white space follows it.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.ended && self.cursor.finished()
    }
}

/// A position in an object. At each key the caller decides to read the value, to skip it, or to enter it. [`Fields`] is
/// the simple case.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// True if no member of the present object was read yet.
    fresh: bool,
    failed: bool,
}

impl<'a> Cursor<'a> {
    /// The next key of the present object. The cursor is then before its value. `None` if the object ends, which leaves
    /// the cursor in the outer object, or if it is malformed ([`failed`](Self::failed)).
    #[inline(always)]
    pub fn key(&mut self) -> Option<Key<'a>> {
        let mut byte = self.peek();
        if byte == Some(b',') && !self.fresh {
            self.at += 1;
            byte = self.peek();
        } else if byte == Some(b'}') && !self.failed {
            self.at += 1;
            self.fresh = false;
            return None;
        } else if !self.fresh {
            byte = None;
        }
        if byte.is_none() || self.failed {
            return self.fail();
        }
        self.fresh = false;
        let (raw, escaped) = if byte == Some(b'"') { self.string()? } else { self.foreign_key()? };
        if self.peek() != Some(b':') {
            return self.fail();
        }
        self.at += 1;
        Some(Key { raw, escaped })
    }

    /// Skips a key that is not a text. This is not JSON, but Fluent Bit writes such keys for numbers or lists. Nobody
    /// asks for such a member, and the other members stay valid.
    #[cold]
    fn foreign_key(&mut self) -> Option<(&'a [u8], bool)> {
        Some((self.plain_value()?.raw, false))
    }

    /// The kind of the next value, from its first byte.
    #[inline]
    pub fn kind(&mut self) -> Option<Kind> {
        Some(match self.peek()? {
            b'"' => Kind::Str,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b't' | b'f' => Kind::Bool,
            b'-' | b'0'..=b'9' => Kind::Num,
            _ => Kind::Null,
        })
    }

    /// The next value. The cursor is then after it. `None` if it is malformed.
    #[inline(always)]
    pub fn value(&mut self) -> Option<Value<'a>> {
        match self.peek() {
            Some(b'"') => {
                let (raw, escaped) = self.string()?;
                Some(Value { kind: Kind::Str, raw, escaped })
            }
            Some(b'{') => self.container(Kind::Object),
            Some(b'[') => self.container(Kind::Array),
            _ => self.scalar(),
        }
    }

    /// A copy of [`value`](Self::value) that is not inlined, for callers that read all values.
    #[inline(never)]
    fn plain_value(&mut self) -> Option<Value<'a>> {
        self.value()
    }

    /// Enters the next object. [`key`](Self::key) then reads its members.
    #[inline]
    pub fn enter(&mut self) {
        if self.peek() == Some(b'{') {
            self.at += 1;
            self.fresh = true;
        } else {
            self.failed = true;
        }
    }

    /// True if something malformed was found. Nothing more is read then.
    #[must_use]
    pub const fn failed(&self) -> bool {
        self.failed
    }

    /// True if nothing malformed was found, and only white space is left.
    #[must_use]
    pub fn finished(&self) -> bool {
        !self.failed && self.bytes.get(self.at..).is_none_or(|rest| rest.trim_ascii_start().is_empty())
    }

    #[cold]
    fn fail<T>(&mut self) -> Option<T> {
        self.failed = true;
        None
    }

    /// The next byte after white space. The cursor is then before it.
    #[inline(always)]
    fn peek(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        if byte > b' ' { Some(byte) } else { self.peek_behind_space() }
    }

    #[inline(never)]
    fn peek_behind_space(&mut self) -> Option<u8> {
        loop {
            match *self.bytes.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// The content of the string whose quote is next.
    #[inline(always)]
    fn string(&mut self) -> Option<(&'a [u8], bool)> {
        let start = self.at + 1;
        let Some((end, escaped)) = scan::string_end(self.bytes, start) else { return self.fail() };
        self.at = end + 1;
        Some((self.bytes.get(start..end)?, escaped))
    }

    fn container(&mut self, kind: Kind) -> Option<Value<'a>> {
        let start = self.at;
        let Some(end) = scan::container_end(self.bytes, start) else { return self.fail() };
        self.at = end;
        Some(Value { kind, raw: self.bytes.get(start..end)?, escaped: false })
    }

    fn scalar(&mut self) -> Option<Value<'a>> {
        let rest = self.bytes.get(self.at..)?;
        let length = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')))
            .unwrap_or(rest.len());
        let raw = rest.get(..length)?;
        let kind = match raw {
            b"true" | b"false" => Kind::Bool,
            // These words are not JSON. Several encoders write them for NaN and infinity, such as Python's and Fluent
            // Bit's.
            b"null" | b"NaN" | b"nan" | b"-nan" | b"Infinity" | b"-Infinity" | b"inf" | b"-inf" => Kind::Null,
            [b'-', b'0'..=b'9', ..] | [b'0'..=b'9', ..]
                if raw.iter().all(|b| !b.is_ascii_alphabetic() || matches!(b, b'e' | b'E')) =>
            {
                Kind::Num
            }
            _ => return self.fail(),
        };
        self.at += length;
        Some(Value { kind, raw, escaped: false })
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    cursor: Cursor<'a>,
    ended: bool,
}

impl<'a> Items<'a> {
    /// The array at the start of `bytes`, after white space. `None` if there is no array. O(1).
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii_start().strip_prefix(b"[")?;
        Some(Self { cursor: Cursor { bytes, at: 0, fresh: true, failed: false }, ended: false })
    }

    /// True if all elements were read, the array is closed, and only white space follows it.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.ended && self.cursor.finished()
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.ended {
            return None;
        }
        let fresh = core::mem::replace(&mut self.cursor.fresh, false);
        let item = match self.cursor.peek() {
            Some(b']') => {
                self.cursor.at += 1;
                None
            }
            Some(byte) if fresh || byte == b',' => {
                self.cursor.at += usize::from(!fresh);
                self.cursor.plain_value()
            }
            _ => self.cursor.fail(),
        };
        self.ended = item.is_none();
        item
    }
}
