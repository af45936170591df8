//! Finds the name of an account by its hash: windows hold hashes, and alerts show names.
//!
//! There are two generations, each with about half of the memory. When the younger one is full, it replaces the
//! older. So a name stays until half of the memory was filled with other names, and longer if it is seen again. A day
//! brings far fewer names than failures.

use authsieve_engine::hash::{Fingerprint, Placement};
use authsieve_engine::order::sort;
use authsieve_engine::snapshot::{Reader, Result, SnapshotError, Writer};
use authsieve_engine::state::{Loading, Piece};
use hashbrown::HashTable;

/// The estimated bytes of an entry without its name.
const ENTRY: usize = 40;

/// The names of accounts; see the [module](self).
#[derive(Clone, Debug)]
pub struct Accounts {
    /// The bytes of a full generation.
    most: usize,
    placement: Placement,
    young: Generation,
    old: Generation,
}

#[derive(Clone, Debug, Default)]
struct Generation {
    names: HashTable<(u64, Box<str>)>,
    bytes: usize,
}

impl Accounts {
    /// An empty list that uses about `bytes` bytes.
    #[must_use]
    pub fn new(bytes: usize, seed: u64) -> Self {
        let (young, old) = (Generation::default(), Generation::default());
        Self { most: bytes / 2, placement: Placement::new(seed), young, old }
    }

    /// Stores a name. O(1).
    pub fn note(&mut self, hash: u64, name: &str) {
        if self.young.get(hash, self.placement).is_some() {
            return;
        }
        if self.young.bytes >= self.most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, name, self.placement);
    }

    /// The name of a hash, if it is still stored. O(1).
    #[must_use]
    pub fn get(&self, hash: u64) -> Option<&str> {
        self.young.get(hash, self.placement).or_else(|| self.old.get(hash, self.placement))
    }

    /// The approximate bytes of memory in use.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.young.bytes + self.old.bytes
    }
}

impl Piece for Accounts {
    /// Writes the names in the order of their hashes.
    fn save(&self, out: &mut Writer) {
        for generation in [&self.old, &self.young] {
            let mut names: Vec<&(u64, Box<str>)> = generation.names.iter().collect();
            sort(&mut names, |one, other| one.0 < other.0);
            out.count(names.len());
            for (hash, name) in names {
                out.raw(&hash.to_le_bytes());
                out.bytes(name.as_bytes());
            }
        }
    }

    fn load(&self, input: &mut Reader<'_>, _: &mut Loading) -> Result<Self> {
        let mut accounts = self.clone();
        for generation in [&mut accounts.old, &mut accounts.young] {
            for _ in 0..input.count(9)? {
                let hash = u64::from_le_bytes(input.array()?);
                let name = std::str::from_utf8(input.bytes()?);
                let name = name.map_err(|_| SnapshotError::Invalid("the name of an account"))?;
                if generation.get(hash, accounts.placement).is_none() {
                    generation.insert(hash, name, accounts.placement);
                }
            }
        }
        Ok(accounts)
    }
}

impl Generation {
    fn get(&self, hash: u64, placement: Placement) -> Option<&str> {
        self.names.find(place(placement, hash), |held| held.0 == hash).map(|(_, name)| &**name)
    }

    /// Adds a name that is not stored yet.
    fn insert(&mut self, hash: u64, name: &str, placement: Placement) {
        self.bytes += name.len() + ENTRY;
        let place_of = |held: &(u64, Box<str>)| place(placement, held.0);
        self.names.insert_unique(place(placement, hash), (hash, name.into()), place_of);
    }
}

/// The place of a hash in the table.
fn place(placement: Placement, hash: u64) -> u64 {
    placement.of(Fingerprint(hash.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_and_what_is_seen_again_stays() {
        let mut accounts = Accounts::new(4000, 7);
        for n in 1..=10_000 {
            accounts.note(n, &format!("name {n}"));
            accounts.note(0, "often");
        }
        assert!(accounts.bytes() <= 4000 + 2 * (ENTRY + 20), "{}", accounts.bytes());
        assert_eq!((accounts.get(0), accounts.get(10_000)), (Some("often"), Some("name 10000")));
        assert_eq!(accounts.get(1), None);
        let mut out = Writer::loose();
        accounts.save(&mut out);
        let bytes = out.finish();
        let mut input = Reader::loose(&bytes).unwrap();
        let back = Accounts::new(4000, 8).load(&mut input, &mut Loading::default()).unwrap();
        assert_eq!((back.bytes(), back.get(0), back.get(1)), (accounts.bytes(), Some("often"), None));
    }
}
