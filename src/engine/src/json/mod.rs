//! A pull scanner over one JSON value: no tree, no recursion, no allocation.
//!
//! Members are read one after the other, straight from the bytes; a nested container is stepped over by counting its
//! brackets and opened only by those who want to see inside. Nesting of any depth costs nothing but its bytes.
//!
//! It does not validate what it steps over, and lets control characters in strings pass. What it does scan must be
//! right: a missing colon, a string or container that does not close, junk after the end are noticed
//! ([`Fields::complete`]), so that a record cut short is never taken for a whole one.
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

/// An object that has been found to begin, not yet to end.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// After the opening brace.
    inside: &'a [u8],
}

impl<'a> Object<'a> {
    /// An object without members.
    pub const EMPTY: Self = Self { inside: b"}" };

    /// The object that `bytes` begin with, whitespace aside. `None` if that is no object. O(1).
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { inside: bytes.trim_ascii_start().strip_prefix(b"{")? })
    }

    /// The bytes in it before one of its values.
    #[must_use]
    pub fn before(&self, value: &Value<'_>) -> Option<&'a [u8]> {
        let at = (value.raw.as_ptr() as usize).checked_sub(self.inside.as_ptr() as usize)?;
        self.inside.get(..at)
    }

    /// Its members in the order they stand. A key may come twice; by convention the last one counts.
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        Fields { cursor: self.cursor(), ended: false }
    }

    /// A cursor before its first member.
    #[must_use]
    pub const fn cursor(&self) -> Cursor<'a> {
        Cursor { bytes: self.inside, at: 0, fresh: true, failed: false }
    }

    /// The last member called `name`. O(n): for many names, go over [`fields`](Self::fields) once.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.fields().filter(|(key, _)| key.is(name)).last().map(|(_, value)| value)
    }
}

/// The name of a member, as it stands between its quotes.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The bytes between the quotes.
    pub raw: &'a [u8],
    /// Whether a backslash stands among them.
    pub escaped: bool,
}

impl<'a> Key<'a> {
    /// Whether it says `name`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        if !self.escaped {
            return self.raw == name.as_bytes();
        }
        // Six bytes of an escape make one byte at least.
        self.raw.len() <= name.len().saturating_mul(6) && self.unescaped() == name.as_bytes()
    }

    /// What it says, escapes undone in `buffer` where it has any; none if that can be no name of `longest` bytes.
    #[must_use]
    pub fn plain<'k>(&'k self, longest: usize, buffer: &'k mut Vec<u8>) -> Option<&'k [u8]> {
        if !self.escaped {
            return Some(self.raw);
        }
        // Every byte it says takes at most six to write.
        if self.raw.len() > longest.saturating_mul(6) {
            return None;
        }
        buffer.clear();
        unescape_into(self.raw, buffer);
        Some(buffer)
    }

    /// What it says, escapes undone.
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
    /// Whether all members have been read, the object closed, and nothing but whitespace follows it.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.ended && self.cursor.finished()
    }
}

/// A place in an object, for those who decide at each key whether to read its value, to step over it or to step
/// inside. [`Fields`] is the plain case.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// No member of the object that is being read has been seen.
    fresh: bool,
    failed: bool,
}

impl<'a> Cursor<'a> {
    /// The next key of the object being read; the cursor then stands before its value. `None` where the object has
    /// closed, which leaves the cursor in the object around it, or where it is malformed ([`failed`](Self::failed)).
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

    /// What stands for a key and is no text: not JSON, but what Fluent Bit writes of keys that are numbers or lists. Nobody
    /// asks for such a member, and the others mean what they say.
    #[cold]
    fn foreign_key(&mut self) -> Option<(&'a [u8], bool)> {
        Some((self.plain_value()?.raw, false))
    }

    /// Of what kind the value is that stands next, by its first byte.
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

    /// The value that stands next; the cursor then stands behind it. `None` if it is malformed.
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

    /// The same, in one copy for all who read everything.
    #[inline(never)]
    fn plain_value(&mut self) -> Option<Value<'a>> {
        self.value()
    }

    /// Steps inside the object that stands next. [`key`](Self::key) then reads its members.
    #[inline]
    pub fn enter(&mut self) {
        if self.peek() == Some(b'{') {
            self.at += 1;
            self.fresh = true;
        } else {
            self.failed = true;
        }
    }

    /// Whether something malformed was met. Nothing is read from then on.
    #[must_use]
    pub const fn failed(&self) -> bool {
        self.failed
    }

    /// Whether nothing malformed was met and nothing but whitespace is left.
    #[must_use]
    pub fn finished(&self) -> bool {
        !self.failed && self.bytes.get(self.at..).is_none_or(|rest| rest.trim_ascii_start().is_empty())
    }

    #[cold]
    fn fail<T>(&mut self) -> Option<T> {
        self.failed = true;
        None
    }

    /// The next byte that is no whitespace; the cursor then stands before it.
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

    /// The inside of the string whose quote stands next.
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
            // Not JSON, but what several encoders write for a number that is none: Python's and Fluent Bit's.
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
    /// The array that `bytes` begin with, whitespace aside. `None` if that is no array. O(1).
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii_start().strip_prefix(b"[")?;
        Some(Self { cursor: Cursor { bytes, at: 0, fresh: true, failed: false }, ended: false })
    }

    /// Whether all elements have been read, the array closed, and nothing but whitespace follows it.
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
