//! The sums over the events that an alert continues to count.

use super::least::{Change, Least};
use crate::alert::Tally;
use crate::hash::{Hasher128, Salt};
use crate::net;
use crate::snapshot::{Reader, Result, Writer};
use crate::time::Timestamp;
use crate::told::MOST_LISTED;
use crate::window::journal::Entry;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The most accounts or addresses whose number is exact.
pub const EXACT: usize = 256;
/// The kinds of hashes, for accounts and for addresses.
const USER: u8 = 0;
const ADDRESS: u8 = 1;

/// The counts, accounts, addresses and codes of events. Adding an event is O([`EXACT`]), whatever the number of events
/// before. The order of events does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// The sum of the events' attempts.
    pub count: u32,
    /// The time of the latest event.
    pub last: Timestamp,
    users: Least<u64>,
    addresses: Least<u64>,
    names: Least<Box<[u8]>>,
    /// The addresses, IPv4 first: one byte for the kind, then the octets.
    listed: Least<Box<[u8]>>,
    codes: Least<Box<[u8]>>,
}

impl Default for Sums {
    fn default() -> Self {
        let listed = || Least::new(MOST_LISTED);
        Self {
            count: 0,
            last: Timestamp::MIN,
            users: Least::new(EXACT),
            addresses: Least::new(EXACT),
            names: listed(),
            listed: listed(),
            codes: listed(),
        }
    }
}

impl Sums {
    /// Adds an event. `unnamed` is true if all events without an account count as one account.
    pub fn add(&mut self, entry: &Entry<'_>, unnamed: bool, salt: Salt) {
        self.count = self.count.saturating_add(entry.count);
        self.last = self.last.max(entry.time);
        self.change(entry, unnamed, salt, Change::Add(entry.count));
    }

    /// Removes an event that was added.
    pub fn take(&mut self, entry: &Entry<'_>, unnamed: bool, salt: Salt) {
        self.count = self.count.saturating_sub(entry.count);
        self.change(entry, unnamed, salt, Change::Take(entry.count));
    }

    fn change(&mut self, entry: &Entry<'_>, unnamed: bool, salt: Salt, change: Change) {
        let hash = |kind, bytes: &[u8]| Hasher128::new(salt, kind).part(bytes).finish().halves().0;
        if unnamed || !entry.user.is_empty() {
            self.users.change(hash(USER, entry.user), change);
        }
        if !entry.user.is_empty() {
            self.names.change(entry.user.into(), change);
        }
        if let Some(octets) = entry.address {
            self.addresses.change(hash(ADDRESS, &octets), change);
            let six = net::from_octets(octets).is_ipv6();
            self.listed.change([&[u8::from(six)], &octets[..]].concat().into(), change);
        }
        if !entry.code.is_empty() {
            self.codes.change(entry.code.into(), change);
        }
    }

    /// The number of accounts, and true if it is exact.
    pub fn users(&self) -> (u32, bool) {
        self.users.number()
    }

    /// The number of addresses, and true if it is exact.
    pub fn addresses(&self) -> (u32, bool) {
        self.addresses.number()
    }

    /// The first accounts, sorted by name.
    pub fn names(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| text(name)).collect()
    }

    /// The first addresses, IPv4 before IPv6.
    pub fn listed(&self) -> Vec<String> {
        let octets = self.listed.iter().filter_map(|(key, _)| key.get(1..)?.first_chunk().copied());
        octets.map(|octets| net::written(net::from_octets(octets))).collect()
    }

    /// The first codes, sorted by name, with their attempts.
    pub fn codes(&self) -> Vec<Tally> {
        self.codes.iter().map(|(code, count)| Tally { code: text(code), count }).collect()
    }

    /// The bytes of the lists.
    pub fn bytes(&self) -> usize {
        self.users.bytes()
            + self.addresses.bytes()
            + self.names.bytes()
            + self.listed.bytes()
            + self.codes.bytes()
    }

    pub fn save(&self, out: &mut Writer) {
        out.varint(self.count.into());
        out.i64(self.last.0);
        self.users.save(out);
        self.addresses.save(out);
        self.names.save(out);
        self.listed.save(out);
        self.codes.save(out);
    }

    pub fn load(input: &mut Reader<'_>) -> Result<Self> {
        let mut sums = Self {
            count: u32::try_from(input.varint()?).unwrap_or(u32::MAX),
            last: Timestamp(input.i64()?),
            ..Self::default()
        };
        sums.users.load(input)?;
        sums.addresses.load(input)?;
        for list in [&mut sums.names, &mut sums.listed, &mut sums.codes] {
            list.load(input)?;
        }
        Ok(sums)
    }
}

/// The text of a name, up to the first byte that is no UTF-8. Only a forged snapshot has such a byte.
fn text(bytes: &[u8]) -> String {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid()).into()
}
