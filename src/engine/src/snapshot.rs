//! The bytes of a snapshot: little-endian, checksummed, the same on every host.
//!
//! ```text
//! "ASIEVE\r\n"  8 bytes; the line end shows a transfer in text mode
//! format        u16, of this file; a reader refuses a newer one
//! length        u64, of the sections together
//! sections      each: owner and name as length-prefixed text, version u16, length u64, content
//! checksum      16 bytes, SipHash-1-3-128 of all before
//! ```
//!
//! Several snapshots, one directly after the other, are read as one. So a host joins the snapshots of single analytics
//! without knowing what is in them.
//!
//! The owner of a section is the id of an analytic, so a suite and its single analytics write the same sections. Each
//! section has a version of its own: a change in one part of the state loses that part alone. Format 1, of version
//! 0.1, has one owner, one version and one body; [`Snapshot::of_0_1`] gives access to it.
//!
//! The checksum finds accidents. It is no signature. So a [`Reader`] trusts nothing: it never panics, and allocates
//! no more than the bytes that are there can fill.

pub mod fields;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::hash::Hasher as _;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

const MAGIC: &[u8; 8] = b"ASIEVE\r\n";
const FORMAT: u16 = 2;
/// The format of version 0.1.
const FORMAT_0_1: u16 = 1;
/// More sections than any suite writes.
const MOST_SECTIONS: usize = 4096;
const CHECKSUM: usize = 16;
/// Bytes of the length of a section, and of that of all sections.
const LENGTH: usize = 8;
/// Bytes before the first section.
const HEAD: usize = MAGIC.len() + 2 + LENGTH;

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
    /// Whether the bytes begin with a header.
    framed: bool,
}

impl Writer {
    /// Begins a snapshot. `capacity` is the number of bytes to expect, so that a large snapshot is not copied while it
    /// grows.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let mut writer = Self { bytes: Vec::with_capacity(capacity.saturating_add(1024)), framed: true };
        writer.raw(MAGIC);
        writer.raw(&FORMAT.to_le_bytes());
        writer.raw(&[0; LENGTH]);
        writer
    }

    /// Begins bytes without a header, for [`Reader::loose`].
    #[must_use]
    pub const fn loose() -> Self {
        Self { bytes: Vec::new(), framed: false }
    }

    /// Writes a section. Its content is all that `write` writes.
    pub fn section(&mut self, owner: &str, name: &str, version: u16, write: impl FnOnce(&mut Self)) {
        self.bytes(owner.as_bytes());
        self.bytes(name.as_bytes());
        self.raw(&version.to_le_bytes());
        let at = self.bytes.len();
        self.raw(&[0; LENGTH]);
        write(self);
        self.close(at);
    }

    /// Writes into the eight bytes at `at` how many follow them.
    fn close(&mut self, at: usize) {
        let length = (self.bytes.len() - at - LENGTH) as u64;
        if let Some(place) = self.bytes.get_mut(at..at + LENGTH) {
            place.copy_from_slice(&length.to_le_bytes());
        }
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
        if self.framed {
            self.close(HEAD - LENGTH);
        }
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

/// A snapshot, taken apart.
#[derive(Clone, Debug)]
pub enum Snapshot<'a> {
    /// The sections, in the order they were written.
    Sections(Vec<Section<'a>>),
    /// A snapshot of version 0.1.
    Of01 {
        /// The id of its analytic.
        owner: &'a [u8],
        /// The version of the whole state.
        version: u16,
        /// The body.
        body: Reader<'a>,
    },
}

/// A section of a snapshot.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// The id of the analytic whose state it holds.
    pub owner: &'a [u8],
    /// Its name.
    pub name: &'a [u8],
    /// Its content.
    pub content: Reader<'a>,
}

impl<'a> Snapshot<'a> {
    /// Opens a snapshot, or several that stand one directly after the other. Linear in their length.
    ///
    /// # Errors
    /// In this order: no snapshot, newer format, truncated or corrupted, a section that makes no sense.
    pub fn open(mut snapshots: &'a [u8]) -> Result<Self> {
        if format(snapshots)? == FORMAT_0_1 {
            let mut body = Reader::over(checked(snapshots)?, 0);
            body.raw(MAGIC.len() + 2)?;
            let owner = body.bytes()?;
            let version = body.u16()?;
            return Ok(Self::Of01 { owner, version, body: Reader { version, ..body } });
        }
        let mut sections = Vec::new();
        loop {
            if format(snapshots)? == FORMAT_0_1 {
                return Err(SnapshotError::Invalid("a snapshot of version 0.1 behind another"));
            }
            let mut head = Reader::over(snapshots, 0);
            head.raw(HEAD - LENGTH)?;
            let length = usize::try_from(u64::from_le_bytes(head.array()?)).ok();
            let end = length.and_then(|length| length.checked_add(HEAD + CHECKSUM));
            let (one, rest) =
                end.and_then(|end| snapshots.split_at_checked(end)).ok_or(SnapshotError::Truncated)?;
            let content = checked(one)?.get(HEAD..).ok_or(SnapshotError::Truncated)?;
            read_sections(content, &mut sections)?;
            snapshots = rest;
            if snapshots.is_empty() {
                return Ok(Self::Sections(sections));
            }
        }
    }

    /// The ids of the analytics whose state it holds, as a person may see them.
    #[must_use]
    pub fn owners(&self) -> Vec<String> {
        let shown = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' };
        let shown = |owner: &[u8]| owner.iter().take(64).map(shown).collect();
        let mut owners: Vec<String> = match self {
            Self::Sections(sections) => sections.iter().map(|section| shown(section.owner)).collect(),
            Self::Of01 { owner, .. } => alloc::vec![shown(owner)],
        };
        owners.dedup();
        owners
    }

    /// The content of a section, if it is there. O(sections).
    #[must_use]
    pub fn section(&self, owner: &str, name: &str) -> Option<Reader<'a>> {
        let Self::Sections(sections) = self else { return None };
        let found =
            |section: &&Section<'a>| section.owner == owner.as_bytes() && section.name == name.as_bytes();
        sections.iter().find(found).map(|section| section.content.clone())
    }

    /// The body of a snapshot of version 0.1 of this analytic, if it is one.
    #[must_use]
    pub fn of_0_1(&self, analytic: &str) -> Option<Reader<'a>> {
        match self {
            Self::Of01 { owner, body, .. } if *owner == analytic.as_bytes() => Some(body.clone()),
            _ => None,
        }
    }
}

/// The format in the header of a snapshot.
fn format(snapshot: &[u8]) -> Result<u16> {
    let start = snapshot.get(..snapshot.len().min(MAGIC.len())).unwrap_or_default();
    if !MAGIC.starts_with(start) {
        return Err(SnapshotError::NoSnapshot);
    }
    let mut head = Reader::over(snapshot, 0);
    head.raw(MAGIC.len())?;
    match head.u16()? {
        format if format > FORMAT => Err(SnapshotError::Newer { found: format, known: FORMAT }),
        format => Ok(format),
    }
}

/// Reads the sections of one snapshot.
fn read_sections<'a>(content: &'a [u8], sections: &mut Vec<Section<'a>>) -> Result<()> {
    let mut rest = Reader::over(content, 0);
    while rest.remaining() > 0 {
        let (owner, name) = (rest.bytes()?, rest.bytes()?);
        let version = rest.u16()?;
        let length = u64::from_le_bytes(rest.array()?);
        let length = usize::try_from(length).map_err(|_| SnapshotError::Truncated)?;
        let content = Reader::over(rest.raw(length)?, version);
        if sections.len() >= MOST_SECTIONS {
            return Err(SnapshotError::Invalid("too many sections"));
        }
        if sections.iter().any(|other| (other.owner, other.name) == (owner, name)) {
            return Err(SnapshotError::Invalid("a section that stands there twice"));
        }
        sections.push(Section { owner, name, content });
    }
    Ok(())
}

/// The bytes before the checksum that ends them.
fn checked(bytes: &[u8]) -> Result<&[u8]> {
    let body = bytes.len().checked_sub(CHECKSUM).ok_or(SnapshotError::Truncated)?;
    let (body, sum) = bytes.split_at_checked(body).ok_or(SnapshotError::Truncated)?;
    if checksum(body) == sum { Ok(body) } else { Err(SnapshotError::Corrupted) }
}

/// Reads what a [`Writer`] wrote.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    version: u16,
}

impl<'a> Reader<'a> {
    const fn over(rest: &'a [u8], version: u16) -> Self {
        Self { rest, version }
    }

    /// Reads what a [loose](Writer::loose) writer wrote: all of it is of the newest version.
    ///
    /// # Errors
    /// Where the bytes are truncated or corrupted.
    pub fn loose(bytes: &'a [u8]) -> Result<Self> {
        Ok(Self::over(checked(bytes)?, u16::MAX))
    }

    /// The version of the section that this reads.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
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
