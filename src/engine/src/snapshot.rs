//! The bytes of a snapshot: little-endian, with a checksum, the same on every host.
//!
//! ```text
//! "ASIEVE\r\n"  8 bytes; the line end shows a transfer in text mode
//! format        u16, of this file; a reader refuses a newer one
//! length        u64, of the sections together
//! sections      each: owner and name as length-prefixed text, version u16, length u64, content
//! checksum      16 bytes, SipHash-1-3-128 of all before
//! ```
//!
//! A reader takes several snapshots, one directly after the other, as one. So a host joins the snapshots of single
//! analytics without knowing their content.
//!
//! The owner of a section is the id of an analytic, so a suite and its single analytics write the same sections. Each
//! section has its own version: a change in one part of the state loses this part only. Format 1 (version 0.1) has
//! one owner, one version and one body; [`Snapshot::of_0_1`] reads it.
//!
//! The checksum finds accidents, but it is no signature: an attacker may write a valid one. So a [`Reader`] trusts
//! nothing: it never panics, and never allocates more than the bytes at hand can fill.

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
/// No suite writes more sections.
const MOST_SECTIONS: usize = 4096;
const CHECKSUM: usize = 16;
/// Bytes of a length field: that of a section, and that of all sections.
const LENGTH: usize = 8;
/// Bytes of the header before the first section.
const HEAD: usize = MAGIC.len() + 2 + LENGTH;

/// Why a snapshot was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    /// The bytes end too early.
    Truncated,
    /// The checksum does not match.
    Corrupted,
    /// The bytes are no snapshot.
    NoSnapshot,
    /// The snapshot belongs to the named analytics, none of which runs here.
    Foreign(String),
    /// A newer version wrote the snapshot.
    Newer {
        /// The version in the snapshot.
        found: u16,
        /// The newest version that this program reads.
        known: u16,
    },
    /// An older version wrote the snapshot, which this program no longer reads.
    Older {
        /// The version in the snapshot.
        found: u16,
        /// The oldest version that this program reads.
        known: u16,
    },
    /// The checksum matches, but the named part is invalid.
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

/// The result of reading a part of a snapshot.
pub type Result<T> = core::result::Result<T, SnapshotError>;

/// Writes a snapshot.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    /// True if the bytes begin with a header.
    framed: bool,
}

impl Writer {
    /// Begins a snapshot. `capacity` is the expected number of bytes, so that a large snapshot is not copied while it
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

    /// Writes a section with the content that `write` writes.
    pub fn section(&mut self, owner: &str, name: &str, version: u16, write: impl FnOnce(&mut Self)) {
        self.bytes(owner.as_bytes());
        self.bytes(name.as_bytes());
        self.raw(&version.to_le_bytes());
        let at = self.bytes.len();
        self.raw(&[0; LENGTH]);
        write(self);
        self.close(at);
    }

    /// Writes the number of bytes after the eight bytes at `at` into these eight bytes.
    fn close(&mut self, at: usize) {
        let length = (self.bytes.len() - at - LENGTH) as u64;
        if let Some(place) = self.bytes.get_mut(at..at + LENGTH) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }

    /// Writes bytes without their length. The reader must know the length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes one byte.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Writes a number in 1 to 10 bytes (LEB128); small numbers are short.
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Writes a count or a length.
    pub fn count(&mut self, value: usize) {
        self.varint(value as u64);
    }

    /// Writes a signed number in eight bytes.
    pub fn i64(&mut self, value: i64) {
        self.raw(&value.to_le_bytes());
    }

    /// Writes the length of the bytes, and then the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// Returns the snapshot with its checksum. Linear in its length, about 2 GB/s.
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

/// A snapshot, split into its parts.
#[derive(Clone, Debug)]
pub enum Snapshot<'a> {
    /// The sections, in the order in which they were written.
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
    /// The id of the analytic whose state the section holds.
    pub owner: &'a [u8],
    /// The name of the section.
    pub name: &'a [u8],
    /// The content of the section.
    pub content: Reader<'a>,
}

impl<'a> Snapshot<'a> {
    /// Opens one snapshot, or several that follow each other directly. Linear in their length.
    ///
    /// # Errors
    /// Fails, checked in this order, if the bytes are no snapshot, of a newer format, truncated or corrupted, or hold
    /// an invalid section.
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

    /// The ids of the analytics whose state this holds, made safe to print.
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

    /// The content of a section, if the snapshot has it. O(sections).
    #[must_use]
    pub fn section(&self, owner: &str, name: &str) -> Option<Reader<'a>> {
        let Self::Sections(sections) = self else { return None };
        let found =
            |section: &&Section<'a>| section.owner == owner.as_bytes() && section.name == name.as_bytes();
        sections.iter().find(found).map(|section| section.content.clone())
    }

    /// The body of a version 0.1 snapshot of this analytic, if this is one.
    #[must_use]
    pub fn of_0_1(&self, analytic: &str) -> Option<Reader<'a>> {
        match self {
            Self::Of01 { owner, body, .. } if *owner == analytic.as_bytes() => Some(body.clone()),
            _ => None,
        }
    }
}

/// The format number in the header of a snapshot.
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

/// Checks the checksum at the end, and returns the bytes before it.
fn checked(bytes: &[u8]) -> Result<&[u8]> {
    let body = bytes.len().checked_sub(CHECKSUM).ok_or(SnapshotError::Truncated)?;
    let (body, sum) = bytes.split_at_checked(body).ok_or(SnapshotError::Truncated)?;
    if checksum(body) == sum { Ok(body) } else { Err(SnapshotError::Corrupted) }
}

/// Reads the bytes of a [`Writer`].
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    version: u16,
}

impl<'a> Reader<'a> {
    const fn over(rest: &'a [u8], version: u16) -> Self {
        Self { rest, version }
    }

    /// Opens the bytes of a [loose](Writer::loose) writer. They always have the newest version.
    ///
    /// # Errors
    /// Fails if the bytes are truncated or corrupted.
    pub fn loose(bytes: &'a [u8]) -> Result<Self> {
        Ok(Self::over(checked(bytes)?, u16::MAX))
    }

    /// The version of the section that this reads.
    #[must_use]
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// The number of bytes left.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Returns the next `length` bytes.
    ///
    /// # Errors
    /// Fails if fewer bytes are left.
    pub fn raw(&mut self, length: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(SnapshotError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Returns the next `N` bytes.
    ///
    /// # Errors
    /// Fails if fewer bytes are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(SnapshotError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// Returns one byte.
    ///
    /// # Errors
    /// Fails at the end.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// Reads a number of [`Writer::varint`].
    ///
    /// # Errors
    /// Fails at the end, and if the number does not fit into 64 bits.
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

    /// Reads a number that fits into `usize`. It may be greater than the number of bytes left.
    ///
    /// # Errors
    /// Fails at the end, and if the number does not fit.
    pub fn number(&mut self) -> Result<usize> {
        usize::try_from(self.varint()?).map_err(|_| SnapshotError::Invalid("a number"))
    }

    /// Reads the number of the items that follow, each at least `size` bytes long. The bytes that are left can hold
    /// so many, so a caller may allocate for them.
    ///
    /// # Errors
    /// Fails at the end, and if so many items cannot follow.
    pub fn count(&mut self, size: usize) -> Result<usize> {
        let count = self.number()?;
        match count.checked_mul(size.max(1)) {
            Some(bytes) if bytes <= self.rest.len() => Ok(count),
            _ => Err(SnapshotError::Invalid("a count")),
        }
    }

    /// Reads a signed number in eight bytes.
    ///
    /// # Errors
    /// Fails if fewer bytes are left.
    pub fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// Reads bytes with their length before them.
    ///
    /// # Errors
    /// Fails if fewer bytes are left.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.count(1)?;
        self.raw(length)
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// Fails if bytes are left.
    pub const fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(SnapshotError::Invalid("bytes after its end")) }
    }
}

#[cfg(test)]
mod tests;
