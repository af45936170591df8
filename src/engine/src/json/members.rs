//! Many members in one pass: which of a record's members a decoder wants, by dotted path.
//!
//! Pipelines write the same field as `"process":{"pid":7}` or as `"process.pid":7`, or half and half. [`Members`]
//! name the wanted paths once; [`read`] finds them in one pass over the bytes, steps inside the objects that are to be
//! opened, and over everything else.

use super::{Key, Kind, Object, Value};
use crate::find::same;
use alloc::vec::Vec;

/// Longer paths than this are nobody's.
const LONGEST: usize = 64;
/// How deep objects are opened.
const DEEPEST: usize = 4;
/// Buckets for each member.
const SPARSE: usize = 4;
/// More members than any set has.
const MOST: usize = 4096;
/// Ranks are below this, so that rank and place of a member are one number.
const RANKS: u8 = 16;
/// How many values a decoder can look for: a bit each.
pub const SLOTS: usize = u64::BITS as usize;

/// A member that a decoder wants, by its path.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    path: &'static str,
    slot: u8,
    rank: u8,
    /// Where it stands in its set.
    place: u16,
    open: bool,
}

impl Member {
    const NOWHERE: u8 = u8::MAX;

    /// The value goes to `slot`. Where several paths share a slot, the lowest `rank` stays, which is below 16; of equal ranks
    /// the path that stands first in the set. So the order of a record's members decides nothing. Of one path the last stays.
    #[must_use]
    pub const fn new(path: &'static str, slot: u8, rank: u8) -> Self {
        Self { path, slot, rank, place: 0, open: false }
    }

    /// As [`new`](Self::new), but an object is opened instead, for the paths that begin with this one.
    #[must_use]
    pub const fn or_open(path: &'static str, slot: u8, rank: u8) -> Self {
        Self { path, slot, rank, place: 0, open: true }
    }

    /// An object to be opened; any other value is of no interest.
    #[must_use]
    pub const fn open(path: &'static str) -> Self {
        Self { path, slot: Self::NOWHERE, rank: 0, place: 0, open: true }
    }

    /// The same member with its value in another slot, if it goes to one at all.
    #[must_use]
    pub const fn to(self, slot: u8) -> Self {
        let nowhere = self.slot == Self::NOWHERE;
        Self { slot: if nowhere { Self::NOWHERE } else { slot }, ..self }
    }

    /// Where the member stands: its name, or several with dots between.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The slot that the value goes to, if it goes to one.
    #[must_use]
    pub const fn slot(&self) -> Option<u8> {
        if self.slot == Self::NOWHERE { None } else { Some(self.slot) }
    }

    /// Whether an object is to be opened.
    #[must_use]
    pub const fn opens(&self) -> bool {
        self.open
    }

    /// The rank, then the place: the lower goes first.
    const fn order(&self) -> u16 {
        (self.rank as u16) << 12 | self.place
    }

    /// One member that does what two of the same path do.
    const fn merged(self, other: Self) -> Self {
        let one_value = self.slot == Self::NOWHERE || other.slot == Self::NOWHERE;
        assert!(one_value, "a path twice, and both times for its value");
        let value = if self.slot == Self::NOWHERE { other } else { self };
        Self { open: self.open || other.open, ..value }
    }
}

/// A set of members, hashed when the program is compiled.
#[derive(Debug)]
pub struct Members<const N: usize> {
    members: [Member; N],
    /// One more than the place of a member; 0 where there is none. Collisions go to the next bucket.
    buckets: [[u16; SPARSE]; N],
}

impl<const N: usize> Members<N> {
    /// Hashes the members. A path may be there twice where one of the two only opens it. To be called in a `static`, where
    /// a mistake (too many members, a path that is too long, a slot that is none) is an error of compilation.
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

    /// The set, whatever its size.
    #[must_use]
    pub const fn set(&'static self) -> MemberSet {
        MemberSet { members: &self.members, buckets: self.buckets.as_flattened() }
    }
}

/// Whether two texts are the same, when the program is compiled.
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
    /// The members, in the order they were written.
    #[must_use]
    pub const fn all(self) -> &'static [Member] {
        self.members
    }

    /// The member whose path is `path`. A constant number of steps.
    #[inline]
    #[must_use]
    pub fn find(self, path: &[u8]) -> Option<&'static Member> {
        self.bucketed(hash(path, self.buckets.len()), |member| same(member.path.as_bytes(), path))
    }

    /// The member whose path is that of the object around it, a dot and `key`.
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

    /// The first member of which `is` is true, from this bucket on.
    #[inline(always)]
    fn bucketed(self, bucket: usize, is: impl Fn(&Member) -> bool) -> Option<&'static Member> {
        let mut at = bucket;
        // The buckets are never all full: an empty one ends the search.
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
    mix(ends, path.len(), buckets)
}

/// The bucket of a path in two parts. `None` for a key that no member has.
#[inline(always)]
fn hash_within(around: &[u8], key: &[u8], buckets: usize) -> Option<usize> {
    let (a, b) = match around {
        [a, b, ..] => (*a, *b),
        [a] => (*a, b'.'),
        [] => return None,
    };
    let (c, d) = match key {
        [.., c, d] => (*c, *d),
        // Of `a.b` the dot stands for two.
        [d] => (b'.', *d),
        [] => return None,
    };
    Some(mix(u32::from_le_bytes([a, b, c, d]), around.len() + 1 + key.len(), buckets))
}

#[inline(always)]
const fn mix(ends: u32, length: usize, buckets: usize) -> usize {
    let mixed = (ends ^ ((length as u32) << 13)).wrapping_mul(0x9e37_79b1);
    // Of the 16 bits mixed best, the share that there are buckets: at most 4 * MOST of them.
    (((mixed >> 16) * buckets as u32) >> 16) as usize
}

/// What one pass found: at most one value for each slot.
#[derive(Clone, Debug)]
pub struct Slots<'a> {
    values: [Option<Value<'a>>; SLOTS],
    /// The [`order`](Member::order) of the members that the values are from.
    orders: [u16; SLOTS],
    clashes: u64,
    /// Which slots have a value.
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

    /// The rank of the member that a slot has its value from, where it has one.
    #[must_use]
    pub fn rank(&self, slot: u8) -> Option<u8> {
        self.get(slot)?;
        self.orders.get(usize::from(slot)).map(|order| rank(*order))
    }

    /// The slots that have a value, a bit each.
    #[inline]
    #[must_use]
    pub const fn filled(&self) -> u64 {
        self.there
    }

    /// Whether any of these slots, by [`any_of`], has a value.
    #[inline]
    #[must_use]
    pub const fn has_any(&self, slots: u64) -> bool {
        self.there & slots != 0
    }

    /// Whether a slot was given different values under paths of the same rank.
    #[must_use]
    pub fn clashed(&self, slot: u8) -> bool {
        self.clashes & 1u64.checked_shl(u32::from(slot)).unwrap_or(0) != 0
    }

    /// Gives a value to the slot of a member, unless the value of a better one is there. Of one member the last value stays.
    #[inline]
    pub fn take(&mut self, member: &Member, value: Value<'a>) {
        self.offer(member, value, false);
    }

    /// The same for members of several spellings: of one member the value with the greatest bytes stays, since the order
    /// of spellings says nothing.
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

/// Reads an object once. `false` if it is malformed or followed by anything but whitespace; what was found before
/// that is in `slots` all the same. O(n).
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

/// Where in nested objects the pass stands.
struct Path {
    /// The paths of the objects around, the outermost first.
    around: [&'static str; DEEPEST],
    depth: usize,
    /// Keys whose escapes were undone.
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

    /// Steps inside the object of that member. `false` if that would be too deep.
    fn push(&mut self, member: &Member) -> bool {
        let Some(place) = self.around.get_mut(self.depth) else { return false };
        *place = member.path;
        self.depth += 1;
        true
    }
}
