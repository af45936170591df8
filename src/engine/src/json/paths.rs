//! Many names in one pass: which members of a record a decoder wants, by dotted path.
//!
//! Pipelines write the same field as `"process":{"pid":7}` or as `"process.pid":7`, or half and half. A [`Table`]
//! names the wanted paths once; [`read`] finds them in one pass over the bytes, steps inside the objects the table
//! says to open, and over everything else.

use super::{Key, Kind, Object, Value};
use crate::find::same;
use alloc::vec::Vec;

/// Longer paths than this are nobody's.
const LONGEST: usize = 64;
/// How deep objects are opened.
const DEEPEST: usize = 4;
/// Buckets for each name of a table.
const SPARSE: usize = 4;
/// How many values a decoder can look for.
const SLOTS: usize = 40;

/// A path that a decoder wants.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    path: &'static str,
    slot: u8,
    rank: u8,
    open: bool,
}

impl Name {
    const NOWHERE: u8 = u8::MAX;

    /// The value goes to `slot`. Where several paths share a slot, the lowest `rank` stays; of equal ranks the last.
    #[must_use]
    pub const fn new(path: &'static str, slot: u8, rank: u8) -> Self {
        Self { path, slot, rank, open: false }
    }

    /// As [`new`](Self::new), but an object is opened instead, for the paths that begin with this one.
    #[must_use]
    pub const fn or_open(path: &'static str, slot: u8, rank: u8) -> Self {
        Self { path, slot, rank, open: true }
    }

    /// An object to be opened; any other value is of no interest.
    #[must_use]
    pub const fn open(path: &'static str) -> Self {
        Self { path, slot: Self::NOWHERE, rank: 0, open: true }
    }

    /// Whether an object is to be opened.
    #[must_use]
    pub const fn opens(&self) -> bool {
        self.open
    }
}

/// A set of names, hashed when the program is compiled.
#[derive(Debug)]
pub struct Table<const N: usize> {
    names: [Name; N],
    /// One more than the place of a name; 0 where there is none. Collisions go to the next bucket.
    buckets: [[u8; SPARSE]; N],
}

impl<const N: usize> Table<N> {
    /// Hashes the names. To be called in a `static`, where a mistake (too many names, one too long) is an error of
    /// compilation.
    #[must_use]
    pub const fn new(names: [Name; N]) -> Self {
        assert!(N < u8::MAX as usize, "too many names");
        let mut table = Self { names, buckets: [[0; SPARSE]; N] };
        let buckets = table.buckets.as_flattened_mut();
        let mut i = 0;
        while i < N {
            assert!(names[i].path.len() <= LONGEST, "a path that cannot be found");
            assert!(
                names[i].slot == Name::NOWHERE || (names[i].slot as usize) < SLOTS,
                "a slot that is none"
            );
            let mut at = hash(names[i].path.as_bytes(), buckets.len());
            while buckets[at] != 0 {
                at = (at + 1) % buckets.len();
            }
            i += 1;
            buckets[at] = i as u8;
        }
        table
    }

    /// The table, whatever its size.
    #[must_use]
    pub const fn names(&'static self) -> Names {
        Names { names: &self.names, buckets: self.buckets.as_flattened() }
    }
}

/// A table of any size.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    names: &'static [Name],
    buckets: &'static [u8],
}

impl Names {
    /// The name whose path is `path`. A constant number of steps.
    #[inline]
    #[must_use]
    pub fn find(self, path: &[u8]) -> Option<&'static Name> {
        let mut at = hash(path, self.buckets.len());
        // The table is never full: an empty bucket ends the search.
        loop {
            let name = self.names.get(usize::from(*self.buckets.get(at)?).checked_sub(1)?)?;
            if same(name.path.as_bytes(), path) {
                return Some(name);
            }
            at += 1;
            if at == self.buckets.len() {
                at = 0;
            }
        }
    }
}

/// The bucket of a path: its length, its first two letters and its last two tell known names apart.
#[inline(always)]
const fn hash(path: &[u8], buckets: usize) -> usize {
    let ends = match path {
        [a, b, .., c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        [a, b, c] => u32::from_le_bytes([*a, *b, *b, *c]),
        [a, b] => u32::from_le_bytes([*a, *b, *a, *b]),
        [a] => *a as u32,
        [] => 0,
    };
    let mixed = (ends ^ ((path.len() as u32) << 13)).wrapping_mul(0x9e37_79b1);
    // Of the 16 bits mixed best, the share that there are buckets: at most 4 * 254 of them.
    (((mixed >> 16) * buckets as u32) >> 16) as usize
}

/// What one pass found: at most one value for each slot.
#[derive(Clone, Debug)]
pub struct Slots<'a> {
    values: [Option<Value<'a>>; SLOTS],
    ranks: [u8; SLOTS],
    clashes: u64,
    /// Which slots have a value.
    there: u64,
}

impl Default for Slots<'_> {
    fn default() -> Self {
        // Copied in one piece, not written slot by slot.
        const EMPTY: Slots<'_> = Slots { values: [None; SLOTS], ranks: [0; SLOTS], clashes: 0, there: 0 };
        EMPTY
    }
}

/// The slots of a list, to be [asked for](Slots::has_any) at once.
#[must_use]
pub const fn any_of(slots: &[u8]) -> u64 {
    let (mut all, mut at) = (0, 0);
    while at < slots.len() {
        all |= 1 << slots[at];
        at += 1;
    }
    all
}

impl<'a> Slots<'a> {
    /// The value of a slot. Null and the empty string say nothing, and are never there.
    #[inline]
    #[must_use]
    pub fn get(&self, slot: u8) -> Option<Value<'a>> {
        self.values.get(usize::from(slot)).copied().flatten()
    }

    /// Whether any of these slots, by [`any_of`], has a value.
    #[inline]
    #[must_use]
    pub const fn has_any(&self, slots: u64) -> bool {
        self.there & slots != 0
    }

    /// Whether a slot was given different values under names of the same rank.
    #[must_use]
    pub fn clashed(&self, slot: u8) -> bool {
        self.clashes & 1u64.checked_shl(u32::from(slot)).unwrap_or(0) != 0
    }

    /// Gives a value to the slot of a name.
    pub fn take(&mut self, name: &Name, value: Value<'a>) {
        self.offer(name.slot, name.rank, value);
    }

    /// Gives a value to a slot, unless a value of a lower rank is there.
    #[inline]
    pub fn offer(&mut self, slot: u8, rank: u8, value: Value<'a>) {
        let at = usize::from(slot);
        let (Some(held), Some(held_rank)) = (self.values.get_mut(at), self.ranks.get_mut(at)) else { return };
        if value.kind == Kind::Null || (value.kind == Kind::Str && value.raw.is_empty()) {
            return;
        }
        if let Some(old) = held {
            if *held_rank < rank {
                return;
            }
            if *held_rank == rank && old.raw != value.raw {
                self.clashes |= 1u64.checked_shl(u32::from(slot)).unwrap_or(0);
            }
        }
        *held = Some(value);
        *held_rank = rank;
        self.there |= 1u64.checked_shl(u32::from(slot)).unwrap_or(0);
    }
}

/// Reads an object once. `false` if it is malformed or followed by anything but whitespace; what was found before
/// that is in `slots` all the same. O(n).
#[inline(never)]
pub fn read<'a>(object: &Object<'a>, names: Names, slots: &mut Slots<'a>) -> bool {
    let mut cursor = object.cursor();
    let mut path = Path { bytes: [0; LONGEST], length: 0, ends: [0; DEEPEST], depth: 0, plain: Vec::new() };
    loop {
        let Some(key) = cursor.key() else {
            if cursor.failed() {
                return false;
            }
            if path.depth == 0 {
                return cursor.finished();
            }
            path.pop();
            continue;
        };
        let found =
            if path.depth == 0 && !key.escaped { names.find(key.raw) } else { path.find(&key, names) };
        if let Some(name) = found
            && name.open
            && cursor.kind() == Some(Kind::Object)
            && path.push(name)
        {
            cursor.enter();
            continue;
        }
        let Some(value) = cursor.value() else { return false };
        if let Some(name) = found {
            slots.take(name, value);
        }
    }
}

/// Where in nested objects the pass stands: `host.` inside the object `host`.
struct Path {
    bytes: [u8; LONGEST],
    length: usize,
    /// The lengths at which the objects around this one go on.
    ends: [usize; DEEPEST],
    depth: usize,
    /// Keys whose escapes were undone.
    plain: Vec<u8>,
}

impl Path {
    #[inline(never)]
    fn find(&mut self, key: &Key<'_>, names: Names) -> Option<&'static Name> {
        let key = key.plain(LONGEST, &mut self.plain)?;
        let end = self.length.checked_add(key.len())?;
        self.bytes.get_mut(self.length..end)?.copy_from_slice(key);
        names.find(self.bytes.get(..end)?)
    }

    /// Steps inside the object of that name. `false` if that would be too deep or too long.
    fn push(&mut self, name: &Name) -> bool {
        let path = name.path.as_bytes();
        let (Some(place), Some(end)) = (self.bytes.get_mut(..=path.len()), self.ends.get_mut(self.depth))
        else {
            return false;
        };
        if let Some((dot, head)) = place.split_last_mut() {
            head.copy_from_slice(path);
            *dot = b'.';
        }
        *end = self.length;
        self.depth += 1;
        self.length = path.len() + 1;
        true
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.length = self.ends.get(self.depth).copied().unwrap_or(0);
    }
}
