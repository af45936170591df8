//! The bytes of a snapshot: little-endian, checksummed, the same on every host.
//!
//! ```text
//! "ASIEVE\r\n"  8 bytes; the line end shows a transfer in text mode
//! format        u16, of this file; a reader refuses a newer one
//! analytic      length-prefixed text
//! state         u16, the analytic's own version of what follows
//! body          whatever the parts wrote, each with its own lengths
//! checksum      16 bytes, SipHash-1-3-128 of all before
//! ```
//!
//! The checksum finds accidents, it is no signature. So a [`Reader`] trusts nothing: it never panics, and allocates
//! no more than the bytes that are there can fill.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hash::Hasher as _;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

const MAGIC: &[u8; 8] = b"ASIEVE\r\n";
const FORMAT: u16 = 1;
const CHECKSUM: usize = 16;

/// Why a snapshot was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    /// It ends too early.
    Truncated,
    /// Its checksum is right for other bytes.
    Corrupted,
    /// It is no snapshot at all.
    NoSnapshot,
    /// It is of another analytic, which is named.
    Foreign(String),
    /// It was written by a newer version than this.
    Newer {
        /// Its version.
        found: u16,
        /// The newest version that is understood.
        known: u16,
    },
    /// It was written by an older version than this can read.
    Older {
        /// Its version.
        found: u16,
        /// The oldest version that is understood.
        known: u16,
    },
    /// The checksum is right, but this part of it makes no sense.
    Invalid(&'static str),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the snapshot is truncated"),
            Self::Corrupted => f.write_str("the snapshot is corrupted: its checksum does not match"),
            Self::NoSnapshot => f.write_str("this is no snapshot"),
            Self::Foreign(analytic) => {
                write!(f, "the snapshot is of another analytic: {analytic}")
            }
            Self::Newer { found, known } => {
                write!(f, "the snapshot has version {found}, newer than {known}, the newest known here")
            }
            Self::Older { found, known } => write!(
                f,
                "the snapshot has version {found}, older than {known}, the oldest known here: start without it"
            ),
            Self::Invalid(part) => write!(f, "the snapshot makes no sense: {part}"),
        }
    }
}

impl core::error::Error for SnapshotError {}

/// What reading a part of a snapshot gives.
pub type Result<T> = core::result::Result<T, SnapshotError>;

/// Writes a snapshot.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins the snapshot of an analytic. `version` is that of its state; `capacity` the bytes to expect, so that
    /// a large snapshot is not copied while it grows.
    #[must_use]
    pub fn new(analytic: &str, version: u16, capacity: usize) -> Self {
        let mut writer = Self { bytes: Vec::with_capacity(capacity.saturating_add(64)) };
        writer.raw(MAGIC);
        writer.raw(&FORMAT.to_le_bytes());
        writer.bytes(analytic.as_bytes());
        writer.raw(&version.to_le_bytes());
        writer
    }

    /// Bytes as they are: the reader has to know how many.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// A number, the smaller the shorter (LEB128, 1 to 10 bytes).
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A count or a length.
    pub fn count(&mut self, value: usize) {
        self.varint(value as u64);
    }

    /// A signed number in eight bytes.
    pub fn i64(&mut self, value: i64) {
        self.raw(&value.to_le_bytes());
    }

    /// Bytes and, before them, how many.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// The snapshot, with its checksum. Linear in its length, about 2 GB/s.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let sum = checksum(&self.bytes);
        self.bytes.extend_from_slice(&sum);
        self.bytes
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = SipHasher13::new_with_keys(0x736e_6170, 0x7368_6f74);
    hasher.write(bytes);
    hasher.finish128().as_u128().to_le_bytes()
}

/// Reads what a [`Writer`] wrote.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Opens the snapshot of `analytic`, whose state has `version`. Linear in its length.
    ///
    /// # Errors
    /// In this order: no snapshot, newer format, truncated or corrupted, of another analytic, newer or older state.
    pub fn open(snapshot: &'a [u8], analytic: &str, version: u16) -> Result<Self> {
        let start = snapshot.get(..snapshot.len().min(MAGIC.len())).unwrap_or_default();
        if !MAGIC.starts_with(start) {
            return Err(SnapshotError::NoSnapshot);
        }
        let mut head = Reader { rest: snapshot.get(MAGIC.len()..).ok_or(SnapshotError::Truncated)? };
        let format = head.u16()?;
        if format > FORMAT {
            return Err(SnapshotError::Newer { found: format, known: FORMAT });
        }
        let body = snapshot.len().checked_sub(CHECKSUM).ok_or(SnapshotError::Truncated)?;
        let (body, sum) = snapshot.split_at_checked(body).ok_or(SnapshotError::Truncated)?;
        if checksum(body) != sum {
            return Err(SnapshotError::Corrupted);
        }
        let mut reader = Reader { rest: body.get(MAGIC.len() + 2..).ok_or(SnapshotError::Truncated)? };
        let owner = reader.bytes()?;
        if owner != analytic.as_bytes() {
            // Whatever it says is shown to people.
            let shown = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' };
            return Err(SnapshotError::Foreign(owner.iter().take(64).map(shown).collect()));
        }
        let found = reader.u16()?;
        if found > version {
            return Err(SnapshotError::Newer { found, known: version });
        }
        if found < version {
            return Err(SnapshotError::Older { found, known: version });
        }
        Ok(reader)
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// Where fewer are left.
    pub fn raw(&mut self, length: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(SnapshotError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// Where fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(SnapshotError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// One byte.
    ///
    /// # Errors
    /// At the end.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// A number, see [`Writer::varint`].
    ///
    /// # Errors
    /// At the end, and where it does not fit into 64 bits.
    pub fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(SnapshotError::Invalid("a number"))
    }

    /// A number that fits the host's words, with no promise that so much follows.
    ///
    /// # Errors
    /// At the end, and where it does not fit.
    pub fn number(&mut self) -> Result<usize> {
        usize::try_from(self.varint()?).map_err(|_| SnapshotError::Invalid("a number"))
    }

    /// How many items follow, each at least `size` bytes long: never more than what is left can hold, so that it
    /// may be allocated for.
    ///
    /// # Errors
    /// At the end, and where so many cannot follow.
    pub fn count(&mut self, size: usize) -> Result<usize> {
        let count = self.number()?;
        match count.checked_mul(size.max(1)) {
            Some(bytes) if bytes <= self.rest.len() => Ok(count),
            _ => Err(SnapshotError::Invalid("a count")),
        }
    }

    /// A signed number in eight bytes.
    ///
    /// # Errors
    /// Where fewer are left.
    pub fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// Bytes after their length.
    ///
    /// # Errors
    /// Where fewer are left.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.count(1)?;
        self.raw(length)
    }

    /// The end: nothing may follow.
    ///
    /// # Errors
    /// Where something does.
    pub const fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(SnapshotError::Invalid("bytes after its end")) }
    }
}

#[cfg(test)]
mod tests;
