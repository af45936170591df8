//! The facts about one account, and their form in a slot.

use super::Change;
use crate::time::Timestamp;

/// The most sources of an account.
pub const SOURCES: usize = 6;

/// The number of kinds of changes.
const CHANGES: usize = Change::ALL.len();

/// The most logins that are counted of a source.
const MOST_LOGINS: u32 = 255;

/// The facts about one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    sources: [Source; SOURCES],
    /// The time of the latest change of each kind.
    changes: [u32; CHANGES],
    /// The newest login before the latest change of a second factor.
    before_factor: u32,
}

/// A source of an account. Without logins, the place is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Source {
    id: u64,
    first: u32,
    last: u32,
    logins: u32,
}

/// A time in seconds, at least 1: 0 means never. Times outside of 1970 to 2106 are cut to these years.
fn seconds(time: Timestamp) -> u32 {
    u32::try_from((time.0 / 1_000_000).clamp(1, u32::MAX.into())).unwrap_or(u32::MAX)
}

fn time(seconds: u32) -> Option<Timestamp> {
    (seconds > 0).then(|| Timestamp(i64::from(seconds) * 1_000_000))
}

impl Known {
    /// The bytes of a slot.
    pub const BYTES: usize = 4 * (5 * SOURCES + CHANGES + 1);

    /// Reads a slot. Zeros mean that nothing is known.
    pub(super) fn read(slot: &[u8]) -> Self {
        let mut words =
            slot.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default()));
        let mut next = || words.next().unwrap_or_default();
        let mut known = Self::default();
        for source in &mut known.sources {
            let (low, high) = (next(), next());
            let id = u64::from(low) | u64::from(high) << 32;
            *source = Source { id, first: next(), last: next(), logins: next() };
        }
        for change in &mut known.changes {
            *change = next();
        }
        known.before_factor = next();
        known
    }

    /// Writes a slot.
    pub(super) fn write(&self, slot: &mut [u8]) {
        let mut words = slot.chunks_exact_mut(4);
        let mut put = |word: u32| {
            if let Some(place) = words.next() {
                place.copy_from_slice(&word.to_le_bytes());
            }
        };
        for Source { id, first, last, logins } in self.sources {
            [id as u32, (id >> 32) as u32, first, last, logins].into_iter().for_each(&mut put);
        }
        self.changes.into_iter().for_each(&mut put);
        put(self.before_factor);
    }

    /// Adds a login. If there is no room for its source, the least used source goes, and each other one loses a
    /// login. So a source that is not used any more goes some day.
    pub(super) fn login(&mut self, id: u64, at: Timestamp) {
        let at = seconds(at);
        if let Some(source) = self.sources.iter_mut().find(|source| source.logins > 0 && source.id == id) {
            source.first = source.first.min(at);
            source.last = source.last.max(at);
            source.logins = MOST_LOGINS.min(source.logins + 1);
            return;
        }
        let least = (0..SOURCES).min_by_key(|place| {
            self.sources.get(*place).map(|source| (source.logins, source.last, source.id))
        });
        let full = self.sources.iter().all(|source| source.logins > 0);
        for (place, source) in self.sources.iter_mut().enumerate() {
            if Some(place) == least {
                *source = Source { id, first: at, last: at, logins: 1 };
            } else if full {
                source.logins = source.logins.saturating_sub(1).max(1);
            }
        }
    }

    /// Adds a change.
    pub(super) fn change(&mut self, change: Change, at: Timestamp) {
        let at = seconds(at);
        let Some(latest) = self.changes.get_mut(change as usize).filter(|latest| **latest <= at) else {
            return;
        };
        *latest = at;
        if change == Change::Factor {
            let logins = self.sources.iter().map(|source| source.last);
            self.before_factor = logins.filter(|last| *last <= at).max().unwrap_or_default();
        }
    }

    /// The first known login from a source.
    pub(super) fn first_from(&self, id: u64) -> Option<Timestamp> {
        let source = self.sources.iter().find(|source| source.logins > 0 && source.id == id)?;
        time(source.first)
    }

    /// The first known login from any source.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.sources.iter().filter_map(|source| time(source.first)).min()
    }

    /// The latest change of a kind.
    #[must_use]
    pub fn latest(&self, change: Change) -> Option<Timestamp> {
        time(self.changes.get(change as usize).copied()?)
    }

    /// The newest login before the latest change of a second factor.
    #[must_use]
    pub fn before_factor(&self) -> Option<Timestamp> {
        time(self.before_factor)
    }
}
