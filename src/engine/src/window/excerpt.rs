//! An excerpt of the [journal](super::journal): the events of one key in a span of time, counted and summed by name.
//!
//! [`Excerpt::read`] walks the journal once, from the newest entry of the key. An alert describes the result.
//!
//! ```
//! use authsieve_engine::time::Timestamp;
//! use authsieve_engine::window::excerpt::Excerpt;
//! use authsieve_engine::window::journal::{Entry, Journal};
//! let mut journal = Journal::new(1 << 20);
//! let newest = journal.append(&Entry { count: 3, user: b"root", code: b"50126", ..Entry::default() });
//! let excerpt = Excerpt::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut |entry| entry.count);
//! assert_eq!(excerpt.users(), [("root", 3)]);
//! assert_eq!(excerpt.codes(), [("50126", 3)]);
//! ```

use super::journal::{End, Entry, Journal, Link};
use crate::net;
use crate::order::sort;
use crate::time::Timestamp;
use alloc::vec::Vec;
use core::net::IpAddr;

/// The most entries of a key that are read for one alert.
pub const MOST_ENTRIES: usize = 4096;
/// Entries are in the order of arrival. A walk ends after this many entries that are too old, because a late one may be
/// behind them.
const LATE: usize = 32;

/// The events of a key in a span of time, as far as the journal still holds them. See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct Excerpt<'j> {
    /// The entries that count, newest first.
    entries: Vec<Entry<'j>>,
    cut: bool,
}

impl<'j> Excerpt<'j> {
    /// Reads the entries of key number `key` in [from, to], back from `newest`, at most [`MOST_ENTRIES`]. `counts` gets
    /// each of them, newest first, and returns how many of its attempts count: up to [`Entry::count`], 0 to leave it
    /// out. O(n) in the entries read.
    #[must_use]
    pub fn read(
        journal: &'j Journal,
        newest: Link,
        key: usize,
        from: Timestamp,
        to: Timestamp,
        counts: &mut dyn FnMut(&Entry<'j>) -> u32,
    ) -> Self {
        let (mut excerpt, mut older) = (Self::default(), 0);
        let mut walk = journal.walk(newest, key, MOST_ENTRIES);
        for entry in walk.by_ref() {
            if entry.time < from {
                older += 1;
                if older > LATE {
                    break;
                }
            } else if entry.time <= to {
                let count = counts(&entry);
                if count > 0 {
                    excerpt.entries.push(Entry { count, ..entry });
                }
            }
        }
        excerpt.cut = older == 0 && matches!(walk.end(), Some(End::Overwritten | End::Bound));
        excerpt
    }

    /// True if there were more entries than could be read. All counts are then lower bounds.
    #[must_use]
    pub const fn cut(&self) -> bool {
        self.cut
    }

    /// The entries that count, newest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'j>] {
        &self.entries
    }

    /// The sum of the attempts. O(n).
    #[must_use]
    pub fn count(&self) -> u32 {
        self.entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.count))
    }

    /// The time of the earliest entry. O(n).
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.entries.iter().map(|entry| entry.time).min()
    }

    /// The accounts by name, with their attempts. Entries without an account are left out. O(n log n).
    #[must_use]
    pub fn users(&self) -> Vec<(&'j str, u32)> {
        self.named(|entry| entry.user)
    }

    /// The codes by name, with their attempts. O(n log n).
    #[must_use]
    pub fn codes(&self) -> Vec<(&'j str, u32)> {
        self.named(|entry| entry.code)
    }

    /// The hosts by name, with their attempts. O(n log n).
    #[must_use]
    pub fn hosts(&self) -> Vec<(&'j str, u32)> {
        self.named(|entry| entry.host)
    }

    /// The addresses in order, IPv4 first, with their attempts. O(n log n).
    #[must_use]
    pub fn addresses(&self) -> Vec<(IpAddr, u32)> {
        let octets =
            self.entries.iter().filter_map(|entry| Some((&entry.address.as_ref()?[..], entry.count)));
        let sums = sums(octets.collect());
        let addresses = || {
            let octets = |bytes: &[u8]| bytes.first_chunk().copied().unwrap_or_default();
            sums.iter().map(move |(bytes, count)| (net::from_octets(octets(bytes)), *count))
        };
        let four = addresses().filter(|(address, _)| address.is_ipv4());
        four.chain(addresses().filter(|(address, _)| address.is_ipv6())).collect()
    }

    fn named(&self, of: fn(&Entry<'j>) -> &'j [u8]) -> Vec<(&'j str, u32)> {
        let named = self.entries.iter().map(|entry| (of(entry), entry.count));
        let sums = sums(named.filter(|(name, _)| !name.is_empty()).collect());
        sums.into_iter().map(|(name, count)| (text(name), count)).collect()
    }
}

/// The text of a journal entry, up to the first byte that is not UTF-8. Only a forged snapshot contains such a byte.
fn text(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// Sums the counts of each key. The result is ordered by key.
fn sums(mut list: Vec<(&[u8], u32)>) -> Vec<(&[u8], u32)> {
    sort(&mut list, |one, other| one.0 < other.0);
    list.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
    list
}

#[cfg(test)]
mod tests;
