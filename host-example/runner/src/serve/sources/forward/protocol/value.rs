//! Reads MessagePack from untrusted bytes, which may be cut off or wrong.

use rmp::Marker;

use super::{Error, MAX_DEPTH};

/// A value without its elements. Strings and binary values are not distinguished.
#[derive(Clone, Copy)]
pub(in crate::serve) enum Value<'a> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a [u8]),
    Array(u64),
    Map(u64),
    Extension(i8, &'a [u8]),
}

impl Value<'_> {
    /// The error for this value in a wrong place.
    pub(super) fn not(self, place: &'static str, allowed: &'static str) -> Error {
        let found = match self {
            Value::Nil => "nil",
            Value::Bool(_) => "a boolean",
            Value::Unsigned(_) | Value::Signed(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Text(_) => "a string",
            Value::Array(_) => "an array",
            Value::Map(_) => "a map",
            Value::Extension(..) => "an extension",
        };
        Error::Type { place, found, allowed }
    }

    /// Accepts a value that is a time, or nil for no time.
    pub(super) fn time(self) -> Result<Self, Error> {
        match self {
            Value::Nil | Value::Unsigned(_) | Value::Signed(_) | Value::Float(_) => Ok(self),
            _ if self.event_time().is_some() => Ok(self),
            _ => Err(self.not("a time", "a number, an EventTime or nil")),
        }
    }

    /// The seconds and nanoseconds of an `EventTime`.
    pub(super) fn event_time(self) -> Option<(u32, u32)> {
        let Value::Extension(0, bytes) = self else { return None };
        let bytes = u64::from_be_bytes(bytes.try_into().ok()?);
        Some(((bytes >> 32) as u32, bytes as u32))
    }
}

/// The head of a value: its marker and length.
struct Head {
    marker: Marker,
    /// The size of marker and length in bytes.
    size: usize,
    follows: Follows,
}

/// The content after a head.
enum Follows {
    Bytes(u64),
    Elements(u64),
    Members(u64),
}

impl Head {
    /// Reads a head. `None` if bytes are missing.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Error> {
        use Marker as M;
        let Some(&first) = bytes.first() else { return Ok(None) };
        let marker = Marker::from_u8(first);
        // The size of the length field, and the part of the length that the marker gives. An extension has one more
        // byte for its type.
        let (width, fixed) = match marker {
            M::Reserved => return Err(Error::Reserved),
            M::Null | M::True | M::False | M::FixPos(_) | M::FixNeg(_) => (0, 0),
            M::U8 | M::I8 => (0, 1),
            M::U16 | M::I16 => (0, 2),
            M::U32 | M::I32 | M::F32 => (0, 4),
            M::U64 | M::I64 | M::F64 => (0, 8),
            M::FixStr(length) | M::FixArray(length) | M::FixMap(length) => (0, u64::from(length)),
            M::FixExt1 => (0, 1 + 1),
            M::FixExt2 => (0, 1 + 2),
            M::FixExt4 => (0, 1 + 4),
            M::FixExt8 => (0, 1 + 8),
            M::FixExt16 => (0, 1 + 16),
            M::Str8 | M::Bin8 => (1, 0),
            M::Str16 | M::Bin16 | M::Array16 | M::Map16 => (2, 0),
            M::Str32 | M::Bin32 | M::Array32 | M::Map32 => (4, 0),
            M::Ext8 => (1, 1),
            M::Ext16 => (2, 1),
            M::Ext32 => (4, 1),
        };
        let size = 1 + width;
        let Some(length) = bytes.get(1..size) else { return Ok(None) };
        let length = fixed + big_endian(length);
        let follows = match marker {
            M::FixArray(_) | M::Array16 | M::Array32 => Follows::Elements(length),
            M::FixMap(_) | M::Map16 | M::Map32 => Follows::Members(length),
            _ => Follows::Bytes(length),
        };
        Ok(Some(Self { marker, size, follows }))
    }
}

/// Decodes a big-endian number of at most 8 bytes.
fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Reads a value without its elements, and advances `rest`.
pub(in crate::serve) fn value<'a>(rest: &mut &'a [u8]) -> Result<Value<'a>, Error> {
    use Marker as M;
    let head = Head::read(rest)?.ok_or(Error::Cut)?;
    let (_, bytes) = rest.split_at_checked(head.size).ok_or(Error::Cut)?;
    *rest = bytes;
    let bytes = match head.follows {
        Follows::Elements(count) => return Ok(Value::Array(count)),
        Follows::Members(count) => return Ok(Value::Map(count)),
        Follows::Bytes(count) => {
            let count = usize::try_from(count).map_err(|_| Error::Cut)?;
            let (bytes, behind) = rest.split_at_checked(count).ok_or(Error::Cut)?;
            *rest = behind;
            bytes
        }
    };
    Ok(match head.marker {
        M::Null => Value::Nil,
        M::True => Value::Bool(true),
        M::False => Value::Bool(false),
        M::FixPos(number) => Value::Unsigned(number.into()),
        M::FixNeg(number) => Value::Signed(number.into()),
        M::U8 | M::U16 | M::U32 | M::U64 => Value::Unsigned(big_endian(bytes)),
        M::I8 | M::I16 | M::I32 | M::I64 => {
            let unused = 64 - 8 * bytes.len();
            Value::Signed((big_endian(bytes) << unused).cast_signed() >> unused)
        }
        M::F32 => Value::Float(f32::from_bits(big_endian(bytes) as u32).into()),
        M::F64 => Value::Float(f64::from_bits(big_endian(bytes))),
        M::FixExt1 | M::FixExt2 | M::FixExt4 | M::FixExt8 | M::FixExt16 | M::Ext8 | M::Ext16 | M::Ext32 => {
            let (kind, bytes) = bytes.split_first().ok_or(Error::Cut)?;
            Value::Extension(kind.cast_signed(), bytes)
        }
        _ => Value::Text(bytes),
    })
}

/// Skips a value with all its elements, and returns its bytes.
pub(in crate::serve) fn skip<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let mut scan = Scan::new(MAX_DEPTH);
    if !scan.advance(rest, usize::MAX)? {
        return Err(Error::Cut);
    }
    let (bytes, behind) = rest.split_at_checked(scan.at).ok_or(Error::Cut)?;
    *rest = behind;
    Ok(bytes)
}

/// Finds the end of a value. If bytes are missing, a later call continues from there.
pub(in crate::serve) struct Scan {
    /// The position of the next head. At the end of the scan, the end of the value.
    pub(in crate::serve) at: usize,
    /// The number of missing values in each open array and map.
    missing: Vec<u64>,
    depth: usize,
    ended: bool,
}

impl Scan {
    pub(in crate::serve) fn new(depth: usize) -> Self {
        Self { at: 0, missing: Vec::new(), depth, ended: false }
    }

    /// Continues the scan. Returns true if the value is complete. `bytes` has to start with the bytes of the previous
    /// call.
    pub(in crate::serve) fn advance(&mut self, bytes: &[u8], limit: usize) -> Result<bool, Error> {
        while !self.ended {
            let Some(head) = Head::read(bytes.get(self.at..).unwrap_or_default())? else { return Ok(false) };
            let count = match head.follows {
                Follows::Bytes(count) | Follows::Elements(count) => count,
                Follows::Members(count) => 2 * count,
            };
            self.at += head.size;
            let end = self.at.saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
            if end > limit {
                return Err(Error::TooLong { limit });
            }
            if let Follows::Bytes(_) = head.follows {
                self.at = end;
            } else if self.missing.len() == self.depth {
                return Err(Error::TooDeep);
            } else if count > 0 {
                self.missing.push(count);
                continue;
            }
            self.ended = self.close();
        }
        Ok(self.at <= bytes.len())
    }

    /// Counts a complete value, and the arrays and maps that it completes. Returns true if none is open any more.
    fn close(&mut self) -> bool {
        while let Some(missing) = self.missing.last_mut() {
            *missing -= 1;
            if *missing > 0 {
                return false;
            }
            self.missing.pop();
        }
        true
    }
}
