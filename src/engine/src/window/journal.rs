//! The latest events of all keys, in a ring of a fixed number of bytes. An alert takes its evidence from here.
//!
//! Each event is written once, even if it has several keys. For each of its keys it points back to the entry before it,
//! and each key holds a [`Link`] to its newest entry. So the evidence of a key costs nothing more before an alert. A
//! walk back from the newest entry gives the first and last evidence, accounts and addresses. The oldest entries are
//! overwritten, and a walk that reaches them reports that it was cut.

use crate::event::Record;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec;

/// The most keys of an event.
pub const KEYS: usize = 3;
/// The most bytes of a raw record that are kept.
pub const RECORD: usize = 512;
/// The most bytes of any other text.
const TEXT: usize = 255;
const CHUNK: usize = 16 * 1024;
/// The bytes of the fixed part of an entry: length 2, links 18, time 8, count 4, kind 1, flags 1.
const FIXED: usize = 2 + KEYS * Link::BYTES + 8 + 4 + 2;

/// The flag of an entry with an address.
const ADDRESS: u8 = 1;
/// The flag of an entry whose record has a number. Snapshots before 0.2.0 have none.
const NUMBER: u8 = 2;
/// The flag of an entry whose year is inferred.
const INFERRED: u8 = 4;

/// A link to an entry, which may be overwritten already. All zeros mean no entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link(u64);

impl Link {
    /// The link to no entry.
    pub const NONE: Self = Self(0);
    /// The size of a link in a slot, in bytes: enough for 256 TiB of entries.
    pub const BYTES: usize = 6;

    /// Reads the link at the start of `bytes`. Returns no link if there are too few bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut word = [0; 8];
        match (word.first_chunk_mut::<{ Self::BYTES }>(), bytes.first_chunk()) {
            (Some(low), Some(found)) => *low = *found,
            _ => return Self::NONE,
        }
        Self(u64::from_le_bytes(word))
    }

    /// Writes the link to the start of `bytes`, if there is room.
    pub fn write(self, bytes: &mut [u8]) {
        let [low @ .., _, _] = self.0.to_le_bytes();
        if let Some(place) = bytes.first_chunk_mut::<{ Self::BYTES }>() {
            *place = low;
        }
    }
}

/// An event in the journal. Long texts are cut, between characters if they are UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The time.
    pub time: Timestamp,
    /// The kind, numbered by the analytic.
    pub kind: u8,
    /// True if the year of its time is inferred.
    pub year_inferred: bool,
    /// The number of attempts that the event reports.
    pub count: u32,
    /// The address in its canonical 16 bytes ([`net::octets`](crate::net::octets)).
    pub address: Option<[u8; 16]>,
    /// The account.
    pub user: &'a [u8],
    /// The machine.
    pub host: &'a [u8],
    /// The provider's code, or another word that the analytic counts.
    pub code: &'a [u8],
    /// The raw record and its number.
    pub record: Record<'a>,
    /// The previous entry of each of its keys.
    pub previous: [Link; KEYS],
}

/// A ring of entries.
#[derive(Clone, Debug)]
pub struct Journal {
    /// The chunks, the oldest first.
    chunks: VecDeque<Chunk>,
    most: usize,
    /// The number of the newest chunk, which is being filled.
    number: u64,
}

#[derive(Clone, Debug)]
struct Chunk {
    bytes: Box<[u8]>,
    used: usize,
}

impl Journal {
    /// An empty journal. It allocates up to `pool_bytes`, in steps of 16 KiB as needed. With less than one step it
    /// keeps nothing.
    #[must_use]
    pub const fn new(pool_bytes: usize) -> Self {
        Self { chunks: VecDeque::new(), most: pool_bytes / CHUNK, number: 0 }
    }

    /// The bytes in use.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK + self.chunks.capacity() * size_of::<Chunk>()
    }

    /// Writes an entry. If there is no room, it overwrites the oldest ones. O(n) in its bytes.
    pub fn append(&mut self, entry: &Entry<'_>) -> Link {
        if self.most == 0 {
            return Link::NONE;
        }
        let record = cut(entry.record.bytes, RECORD);
        // A record number takes five bytes. Alerts do not know numbers beyond 2⁴⁰.
        let [low @ .., a, b, c] = entry.record.number.to_le_bytes();
        let number = if low == [0; 5] || [a, b, c] != [0; 3] { &[][..] } else { &low };
        let texts = [entry.user, entry.host, entry.code].map(|text| cut(text, TEXT));
        let address = entry.address.as_ref().map_or(&[][..], |a| a);
        let texts_length = texts.iter().map(|text| text.len() + 1).sum::<usize>();
        let length = FIXED + address.len() + number.len() + texts_length + record.len();
        let Some((at, place)) = self.room(length) else { return Link::NONE };
        // Texts are cut, so an entry is far below 64 KiB and each text below 256 bytes.
        let mut fixed = [0; FIXED];
        fixed[..2].copy_from_slice(&(length as u16).to_le_bytes());
        for (link, place) in entry.previous.iter().zip(fixed[2..].chunks_exact_mut(Link::BYTES)) {
            link.write(place);
        }
        let rest = &mut fixed[2 + KEYS * Link::BYTES..];
        rest[..8].copy_from_slice(&entry.time.0.to_le_bytes());
        rest[8..12].copy_from_slice(&entry.count.to_le_bytes());
        let flags = if entry.address.is_some() { ADDRESS } else { 0 }
            | if number.is_empty() { 0 } else { NUMBER }
            | if entry.year_inferred { INFERRED } else { 0 };
        rest[12..].copy_from_slice(&[entry.kind, flags]);
        let mut out = Out(place);
        out.put(&fixed);
        out.put(address);
        out.put(number);
        for text in texts {
            out.put(&[text.len() as u8]);
            out.put(text);
        }
        out.put(record);
        Link(self.number * CHUNK as u64 + at as u64 + 1)
    }

    /// Links the entry of `link` to the previous entry of key number `key`. So the key can be found after the entry was
    /// written.
    pub fn set_previous(&mut self, link: Link, key: usize, previous: Link) {
        let Some((place, at)) = self.place(link).filter(|_| key < KEYS) else { return };
        if let Some(chunk) = self.chunks.get_mut(place) {
            previous.write(chunk.bytes.get_mut(at + 2 + key * Link::BYTES..).unwrap_or_default());
        }
    }

    /// The entry of a link, if it is still there.
    #[must_use]
    pub fn get(&self, link: Link) -> Option<Entry<'_>> {
        let (place, at) = self.place(link)?;
        let chunk = self.chunks.get(place)?;
        let rest = chunk.bytes.get(at..chunk.used)?;
        let length = usize::from(u16::from_le_bytes(*rest.first_chunk()?));
        let mut rest = In(rest.get(2..length)?);
        let mut entry = Entry::default();
        for link in &mut entry.previous {
            *link = Link::read(&rest.take::<{ Link::BYTES }>()?);
        }
        entry.time = Timestamp(i64::from_le_bytes(rest.take()?));
        entry.count = u32::from_le_bytes(rest.take()?);
        entry.kind = u8::from_le_bytes(rest.take()?);
        let flags = u8::from_le_bytes(rest.take()?);
        entry.year_inferred = flags & INFERRED != 0;
        if flags & ADDRESS != 0 {
            entry.address = Some(rest.take()?);
        }
        if flags & NUMBER != 0 {
            let [a, b, c, d, e] = rest.take()?;
            entry.record.number = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]);
        }
        entry.user = rest.text()?;
        entry.host = rest.text()?;
        entry.code = rest.text()?;
        entry.record.bytes = rest.0;
        Some(entry)
    }

    /// Walks back from `newest` through the entries of its key number `key`, at most `most` of them.
    #[must_use]
    pub const fn walk(&self, newest: Link, key: usize, most: usize) -> Walk<'_> {
        Walk { journal: self, next: newest, key, left: most, end: None }
    }

    /// The chunk of a link and the position in it, if the entry is still there.
    fn place(&self, link: Link) -> Option<(usize, usize)> {
        let offset = link.0.checked_sub(1)?;
        let back = usize::try_from(self.number.checked_sub(offset / CHUNK as u64)?).ok()?;
        let place = self.chunks.len().checked_sub(1)?.checked_sub(back)?;
        Some((place, usize::try_from(offset % CHUNK as u64).ok()?))
    }

    /// Takes `length` bytes of the newest chunk, or of the next chunk if they do not fit. Returns their position and
    /// the bytes.
    fn room(&mut self, length: usize) -> Option<(usize, &mut [u8])> {
        if self.chunks.back().is_none_or(|newest| newest.used + length > CHUNK) {
            self.number += u64::from(!self.chunks.is_empty());
            let oldest = if self.chunks.len() < self.most { None } else { self.chunks.pop_front() };
            let bytes = oldest.map_or_else(|| vec![0; CHUNK].into_boxed_slice(), |chunk| chunk.bytes);
            self.chunks.push_back(Chunk { bytes, used: 0 });
        }
        let chunk = self.chunks.back_mut()?;
        let at = chunk.used;
        chunk.used += length;
        Some((at, chunk.bytes.get_mut(at..at + length)?))
    }

    /// Writes all entries. O(n) in their bytes.
    pub fn save(&self, out: &mut Writer) {
        out.varint(self.number);
        out.count(self.chunks.len());
        for chunk in &self.chunks {
            out.bytes(chunk.bytes.get(..chunk.used).unwrap_or_default());
        }
    }

    /// Reads a journal within the bounds of this one: a smaller pool keeps the newest entries. Also returns true if any
    /// were dropped. Links stay valid.
    ///
    /// # Errors
    /// Fails if the bytes are not from `save`.
    pub fn load(&self, input: &mut Reader<'_>) -> Result<(Self, bool)> {
        const WRONG: SnapshotError = SnapshotError::Invalid("the journal");
        let mut journal = Self { chunks: VecDeque::new(), ..*self };
        journal.number = input.varint()?;
        let count = input.count(1)?;
        let dropped = count.saturating_sub(journal.most);
        // Links need free bits, and there cannot be more chunks than were ever begun.
        if journal.number >= (1 << 47) / CHUNK as u64 || count as u64 > journal.number + 1 {
            return Err(WRONG);
        }
        for n in 0..count {
            let used = input.bytes()?;
            if used.len() > CHUNK {
                return Err(WRONG);
            }
            if n >= dropped {
                let mut bytes = vec![0; CHUNK].into_boxed_slice();
                bytes.get_mut(..used.len()).ok_or(WRONG)?.copy_from_slice(used);
                journal.chunks.push_back(Chunk { bytes, used: used.len() });
            }
        }
        Ok((journal, dropped > 0))
    }
}

/// How a [`Walk`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At the first entry of the key.
    Complete,
    /// At an entry that has been overwritten.
    Overwritten,
    /// After the requested number of entries: there are more.
    Bound,
}

/// The entries of one key, newest first.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    journal: &'a Journal,
    next: Link,
    key: usize,
    left: usize,
    end: Option<End>,
}

impl Walk<'_> {
    /// How the walk ended. `None` while it continues.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.end.is_some() {
            return None;
        }
        if self.next == Link::NONE {
            self.end = Some(End::Complete);
            return None;
        }
        if self.left == 0 {
            self.end = Some(End::Bound);
            return None;
        }
        let Some(entry) = self.journal.get(self.next) else {
            self.end = Some(End::Overwritten);
            return None;
        };
        self.left -= 1;
        let previous = entry.previous.get(self.key).copied().unwrap_or_default();
        // A link of a forged snapshot may point forward, but a walk only goes back.
        self.next = if previous.0 < self.next.0 { previous } else { Link::NONE };
        Some(entry)
    }
}

/// At most `most` bytes of a text, without a partial character at the end.
fn cut(text: &[u8], most: usize) -> &[u8] {
    let Some(short) = text.get(..most).filter(|short| short.len() < text.len()) else { return text };
    // The first byte that is cut off may continue a character.
    let continues = |at: usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (0..4).map(|back| most.saturating_sub(back)).find(|end| !continues(*end));
    end.and_then(|end| short.get(..end)).unwrap_or(short)
}

/// The rest of an entry's place that is not written yet.
struct Out<'a>(&'a mut [u8]);

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if let Some((place, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(bytes.len()) {
            place.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

/// The rest of an entry that is not read yet.
struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first()?;
        let (text, rest) = rest.split_at_checked(usize::from(*length))?;
        self.0 = rest;
        Some(text)
    }
}

#[cfg(test)]
mod tests;
