//! Finds many members of a record in one pass, by dotted path.
//!
//! Pipelines write the same field as `"process":{"pid":7}`, as `"process.pid":7`, or partly so. A [`Members`] names the
//! wanted paths once. The function [`read`] finds them in one pass over the bytes. It opens the objects on these paths,
//! and skips all other values.

use super::{Key, Kind, Object, Value};
use crate::find::same;
use alloc::vec::Vec;

/// The longest path. No known field has a longer one.
const LONGEST: usize = 64;
/// The most levels of objects that are opened.
const DEEPEST: usize = 4;
/// The number of buckets for each member.
const SPARSE: usize = 4;
/// The most members of a set.
const MOST: usize = 4096;
/// The limit of ranks, so that the rank and the place of a member fit into one number.
const RANKS: u8 = 16;
/// The most values that a decoder can look for: one bit each.
pub const SLOTS: usize = u64::BITS as usize;

/// A member that a decoder wants, by its path.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    path: &'static str,
    slot: u8,
    rank: u8,
    /// The place of the member in its set.
    place: u16,
    open: bool,
}

impl Member {
    const NOWHERE: u8 = u8::MAX;

    /// A member whose value goes to `slot`. If several paths share a slot, the lowest `rank` (below 16) wins; of
    /// equal ranks, the path that is first in the set. So the order of a record's members changes nothing. Of several
    /// members with one path, the last wins.
    #[must_use]
    pub const fn new(path: &'static str, slot: u8, rank: u8) -> Self {
        Self { path, slot, rank, place: 0, open: false }
    }

    /// Like [`new`](Self::new), but an object is opened instead, for paths that begin with this one.
    #[must_use]
    pub const fn or_open(path: &'static str, slot: u8, rank: u8) -> Self {
        Self { path, slot, rank, place: 0, open: true }
    }

    /// An object to open. Any other value is ignored.
    #[must_use]
    pub const fn open(path: &'static str) -> Self {
        Self { path, slot: Self::NOWHERE, rank: 0, place: 0, open: true }
    }

    /// The same member with its value in another slot, if it has a slot at all.
    #[must_use]
    pub const fn to(self, slot: u8) -> Self {
        let nowhere = self.slot == Self::NOWHERE;
        Self { slot: if nowhere { Self::NOWHERE } else { slot }, ..self }
    }

    /// The path of the member: one name, or several joined by dots.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The slot of the value, if it has one.
    #[must_use]
    pub const fn slot(&self) -> Option<u8> {
        if self.slot == Self::NOWHERE { None } else { Some(self.slot) }
    }

    /// True if an object is opened.
    #[must_use]
    pub const fn opens(&self) -> bool {
        self.open
    }

    /// The rank, then the place. The lower value wins.
    const fn order(&self) -> u16 {
        (self.rank as u16) << 12 | self.place
    }

    /// Merges two members with the same path into one.
    const fn merged(self, other: Self) -> Self {
        let one_value = self.slot == Self::NOWHERE || other.slot == Self::NOWHERE;
        assert!(one_value, "a path twice, and both times for its value");
        let value = if self.slot == Self::NOWHERE { other } else { self };
        Self { open: self.open || other.open, ..value }
    }
}

/// A set of members, hashed at compile time.
#[derive(Debug)]
pub struct Members<const N: usize> {
    members: [Member; N],
    /// One more than the place of a member; 0 for an empty bucket. A collision goes to the next bucket.
    buckets: [[u16; SPARSE]; N],
}

impl<const N: usize> Members<N> {
    /// Hashes the members. A path may occur twice if one of the two only opens it. Call this in a `static`: then a
    /// mistake (too many members, a path that is too long, an invalid slot) is a compile error.
    #[must_use]
    pub const fn new(members: [Member; N]) -> Self {
        assert!(N < MOST, "too many members");
        let mut set = Self { members, buckets: [[0; SPARSE]; N] };
        let buckets = set.buckets.as_flattened_mut();
        let mut i = 0;
        while i < N {
            set.members[i].place = i as u16;
            let member = set.members[i];
            assert!(member.rank < RANKS, "a rank that is none");
            assert!(member.path.len() <= LONGEST, "a path that cannot be found");
            assert!(member.slot == Member::NOWHERE || (member.slot as usize) < SLOTS, "a slot that is none");
            let mut at = hash(member.path.as_bytes(), buckets.len());
            while buckets[at] != 0 && !equal(set.members[buckets[at] as usize - 1].path, member.path) {
                at = (at + 1) % buckets.len();
            }
            i += 1;
            if buckets[at] == 0 {
                buckets[at] = i as u16;
            } else {
                let first = buckets[at] as usize - 1;
                set.members[first] = set.members[first].merged(member);
            }
        }
        set
    }

    /// The set, independent of its size.
    #[must_use]
    pub const fn set(&'static self) -> MemberSet {
        MemberSet { members: &self.members, buckets: self.buckets.as_flattened() }
    }
}

/// True if two texts are equal; works at compile time.
pub(crate) const fn equal(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// A set of members of any size.
#[derive(Clone, Copy, Debug)]
pub struct MemberSet {
    members: &'static [Member],
    buckets: &'static [u16],
}

impl MemberSet {
    /// The members, in the order of the source.
    #[must_use]
    pub const fn all(self) -> &'static [Member] {
        self.members
    }

    /// The member with this path. Takes a constant number of steps.
    #[inline]
    #[must_use]
    pub fn find(self, path: &[u8]) -> Option<&'static Member> {
        self.bucketed(hash(path, self.buckets.len()), |member| same(member.path.as_bytes(), path))
    }

    /// The member whose path is the path of the object around it, a dot and `key`.
    #[inline]
    fn find_within(self, around: &str, key: &[u8]) -> Option<&'static Member> {
        let around = around.as_bytes();
        self.bucketed(hash_within(around, key, self.buckets.len())?, |member| {
            let path = member.path.as_bytes();
            path.len() == around.len() + 1 + key.len()
                && path.get(around.len()) == Some(&b'.')
                && path.get(around.len() + 1..).is_some_and(|name| same(name, key))
                && path.get(..around.len()).is_some_and(|outer| same(outer, around))
        })
    }

    /// The first member for which `is` returns true, starting at this bucket.
    #[inline(always)]
    fn bucketed(self, bucket: usize, is: impl Fn(&Member) -> bool) -> Option<&'static Member> {
        let mut at = bucket;
        // The buckets are never all full, so an empty one ends the search.
        loop {
            let member = self.members.get(usize::from(*self.buckets.get(at)?).checked_sub(1)?)?;
            if is(member) {
                return Some(member);
            }
            at += 1;
            if at == self.buckets.len() {
                at = 0;
            }
        }
    }
}

/// The bucket of a path. Its length, its first two letters and its last two distinguish known names.
#[inline(always)]
const fn hash(path: &[u8], buckets: usize) -> usize {
    let ends = match path {
        [a, b, .., c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        [a, b, c] => u32::from_le_bytes([*a, *b, *b, *c]),
        [a, b] => u32::from_le_bytes([*a, *b, *a, *b]),
        [a] => *a as u32,
        [] => 0,
    };
    mix(ends, path.len(), buckets)
}

/// The bucket of a path in two parts. `None` if no member has the key.
#[inline(always)]
fn hash_within(around: &[u8], key: &[u8], buckets: usize) -> Option<usize> {
    let (a, b) = match around {
        [a, b, ..] => (*a, *b),
        [a] => (*a, b'.'),
        [] => return None,
    };
    let (c, d) = match key {
        [.., c, d] => (*c, *d),
        // In `a.b`, the dot comes before the only byte of the key.
        [d] => (b'.', *d),
        [] => return None,
    };
    Some(mix(u32::from_le_bytes([a, b, c, d]), around.len() + 1 + key.len(), buckets))
}

#[inline(always)]
const fn mix(ends: u32, length: usize, buckets: usize) -> usize {
    let mixed = (ends ^ ((length as u32) << 13)).wrapping_mul(0x9e37_79b1);
    // Scales the 16 best mixed bits to the number of buckets, which is at most 4 * MOST.
    (((mixed >> 16) * buckets as u32) >> 16) as usize
}

/// The results of one pass: at most one value for each slot.
#[derive(Clone, Debug)]
pub struct Slots<'a> {
    values: [Option<Value<'a>>; SLOTS],
    /// The [`order`](Member::order) of the member of each value.
    orders: [u16; SLOTS],
    clashes: u64,
    /// The slots with a value.
    there: u64,
}

impl Default for Slots<'_> {
    fn default() -> Self {
        // Copied in one piece, not written slot by slot.
        const EMPTY: Slots<'_> = Slots { values: [None; SLOTS], orders: [0; SLOTS], clashes: 0, there: 0 };
        EMPTY
    }
}

/// The rank in an [`order`](Member::order).
const fn rank(order: u16) -> u8 {
    (order >> 12) as u8
}

/// The slots of a list, for [`has_any`](Slots::has_any).
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
    /// The value of a slot. Null and the empty string count as missing.
    #[inline]
    #[must_use]
    pub fn get(&self, slot: u8) -> Option<Value<'a>> {
        self.values.get(usize::from(slot)).copied().flatten()
    }

    /// The rank of the member that gave a slot its value, if there is one.
    #[must_use]
    pub fn rank(&self, slot: u8) -> Option<u8> {
        self.get(slot)?;
        self.orders.get(usize::from(slot)).map(|order| rank(*order))
    }

    /// The slots with a value, one bit each.
    #[inline]
    #[must_use]
    pub const fn filled(&self) -> u64 {
        self.there
    }

    /// True if any of these slots has a value; see [`any_of`].
    #[inline]
    #[must_use]
    pub const fn has_any(&self, slots: u64) -> bool {
        self.there & slots != 0
    }

    /// True if a slot was given different values under paths of the same rank.
    #[must_use]
    pub fn clashed(&self, slot: u8) -> bool {
        self.clashes & 1u64.checked_shl(u32::from(slot)).unwrap_or(0) != 0
    }

    /// Gives a value to the slot of a member, unless the slot has the value of a better member. Of several values of
    /// one member, the last stays.
    #[inline]
    pub fn take(&mut self, member: &Member, value: Value<'a>) {
        self.offer(member, value, false);
    }

    /// The same for members with several spellings: of several values of one member, the greatest bytes stay, so that
    /// the order of spellings changes nothing.
    #[inline]
    pub fn take_greatest(&mut self, member: &Member, value: Value<'a>) {
        self.offer(member, value, true);
    }

    fn offer(&mut self, member: &Member, value: Value<'a>, greatest: bool) {
        let (slot, order) = (member.slot, member.order());
        let at = usize::from(slot);
        let (Some(held), Some(held_order)) = (self.values.get_mut(at), self.orders.get_mut(at)) else {
            return;
        };
        if value.kind == Kind::Null || (value.kind == Kind::Str && value.raw.is_empty()) {
            return;
        }
        if let Some(old) = held {
            if rank(*held_order) == member.rank && old.raw != value.raw {
                self.clashes |= 1u64.checked_shl(u32::from(slot)).unwrap_or(0);
            }
            if *held_order < order || (*held_order == order && greatest && old.raw > value.raw) {
                return;
            }
        }
        *held = Some(value);
        *held_order = order;
        self.there |= 1u64.checked_shl(u32::from(slot)).unwrap_or(0);
    }
}

/// Reads an object once. Returns false if it is malformed or has more than whitespace after it; `slots` still holds
/// the values found before. O(n).
#[inline(never)]
pub fn read<'a>(object: &Object<'a>, wanted: MemberSet, slots: &mut Slots<'a>) -> bool {
    let mut cursor = object.cursor();
    let mut path = Path { around: [""; DEEPEST], depth: 0, plain: Vec::new() };
    loop {
        let Some(key) = cursor.key() else {
            if cursor.failed() {
                return false;
            }
            if path.depth == 0 {
                return cursor.finished();
            }
            path.depth -= 1;
            continue;
        };
        let found =
            if path.depth == 0 && !key.escaped { wanted.find(key.raw) } else { path.find(&key, wanted) };
        if let Some(member) = found
            && member.open
            && cursor.kind() == Some(Kind::Object)
            && path.push(member)
        {
            cursor.enter();
            continue;
        }
        let Some(value) = cursor.value() else { return false };
        if let Some(member) = found {
            slots.take(member, value);
        }
    }
}

/// The position of the pass in nested objects.
struct Path {
    /// The paths of the objects around, from the outermost to the innermost.
    around: [&'static str; DEEPEST],
    depth: usize,
    /// The current key without its escapes.
    plain: Vec<u8>,
}

impl Path {
    #[inline(never)]
    fn find(&mut self, key: &Key<'_>, wanted: MemberSet) -> Option<&'static Member> {
        let key = key.plain(LONGEST, &mut self.plain)?;
        match self.depth.checked_sub(1) {
            None => wanted.find(key),
            Some(innermost) => wanted.find_within(self.around.get(innermost)?, key),
        }
    }

    /// Enters the object of this member. Returns false if the object is too deep.
    fn push(&mut self, member: &Member) -> bool {
        let Some(place) = self.around.get_mut(self.depth) else { return false };
        *place = member.path;
        self.depth += 1;
        true
    }
}
