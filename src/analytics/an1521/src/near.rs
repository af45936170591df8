//! Finds the families within one edit of a name, without a comparison with each of them.
//!
//! Two names are within one edit (one letter added, removed or replaced) only if deleting at most one letter from
//! each makes them equal. So a family is stored under its name, and under each variant with one letter deleted. A
//! name is looked up by its own variants (symmetric deletion, as in Garbe's SymSpell). This also finds names with two
//! swapped letters, which are two edits, so the families found are compared.
//!
//! Only families are stored, never names that joined them. A name that is one edit from a joined name, and two from
//! the family, does not join. So families do not chain.

use authsieve_engine::hash::{Fingerprint, Hasher128, Placement, Salt};
use authsieve_engine::snapshot::{Reader, Result, SnapshotError, Writer};
use authsieve_engine::state::{Loading, Piece};
use hashbrown::HashTable;
use std::collections::VecDeque;

/// The longest name that joins, in letters. Windows account names have at most 20, with few exceptions.
const MOST_LETTERS: usize = 64;
/// The most entries: enough for about 10,000 families with names of usual length.
const MOST_ENTRIES: usize = 131_072;

/// The families. If there are too many, the oldest are dropped. Results do not depend on the seed.
#[derive(Clone, Debug)]
pub struct Near {
    salt: Salt,
    kind: u8,
    most: usize,
    /// The number of the first family in `labels`.
    first: u64,
    labels: VecDeque<Box<str>>,
    /// The hash of each variant, and the number of its family.
    entries: HashTable<(u64, u64)>,
    placement: Placement,
}

impl Near {
    /// An empty list. `kind` separates these hashes from others with the same salt.
    #[must_use]
    pub fn new(salt: Salt, kind: u8, seed: u64) -> Self {
        let (labels, entries, placement) = (VecDeque::new(), HashTable::new(), Placement::new(seed));
        Self { salt, kind, most: MOST_ENTRIES, first: 0, labels, entries, placement }
    }

    /// The first family by name that is within one edit of `label`, and for which `active` returns true. O(letters),
    /// and a comparison for each family found.
    pub fn find(&self, label: &str, active: &mut dyn FnMut(&str) -> bool) -> Option<&str> {
        let mut best: Option<&str> = None;
        self.variants(label, &mut |variant| {
            for other in self.under(variant) {
                let better = best.is_none_or(|best| other < best);
                if better && within_one_edit(label, other) && active(other) {
                    best = Some(other);
                }
            }
        });
        best
    }

    /// The families stored under a hash.
    fn under(&self, variant: u64) -> impl Iterator<Item = &str> {
        let found = self.entries.iter_hash(place(self.placement, variant));
        found.filter(move |entry| entry.0 == variant).filter_map(|(_, number)| self.label(*number))
    }

    /// Adds a family, unless it is stored already. O(letters).
    pub fn add(&mut self, label: &str) {
        if self.under(self.hash(label)).any(|other| other == label) {
            return;
        }
        let number = self.first.saturating_add(self.labels.len() as u64);
        let mut new = Vec::new();
        self.variants(label, &mut |variant| new.push((variant, number)));
        if new.is_empty() {
            return;
        }
        let placement = self.placement;
        for entry in new {
            self.entries.insert_unique(place(placement, entry.0), entry, |entry| place(placement, entry.0));
        }
        self.labels.push_back(label.into());
        while self.entries.len() > self.most {
            let Some(oldest) = self.labels.pop_front() else { break };
            let mut gone = Vec::new();
            self.variants(&oldest, &mut |variant| gone.push((variant, self.first)));
            for entry in gone {
                if let Ok(held) = self.entries.find_entry(place(placement, entry.0), |held| *held == entry) {
                    held.remove();
                }
            }
            self.first += 1;
        }
    }

    /// The approximate bytes of memory in use.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entries.allocation_size() + self.labels.capacity() * 40
    }

    fn label(&self, number: u64) -> Option<&str> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.labels.get(at).map(|label| &**label)
    }

    /// Calls `each` with the hash of the name and of each variant, unless the name is too long.
    fn variants(&self, label: &str, each: &mut dyn FnMut(u64)) {
        if label.len() > 4 * MOST_LETTERS || label.chars().count() > MOST_LETTERS {
            return;
        }
        each(self.hash(label));
        let mut rest = String::with_capacity(label.len());
        let mut before = None;
        for (at, letter) in label.char_indices() {
            // In a row of equal letters, every deletion gives the same variant.
            if before.replace(letter) == Some(letter) {
                continue;
            }
            rest.clear();
            rest.push_str(label.get(..at).unwrap_or_default());
            rest.push_str(label.get(at + letter.len_utf8()..).unwrap_or_default());
            each(self.hash(&rest));
        }
    }

    fn hash(&self, text: &str) -> u64 {
        Hasher128::new(self.salt, self.kind).part(text.as_bytes()).finish().halves().0
    }
}

impl Piece for Near {
    /// Writes the families, oldest first.
    fn save(&self, out: &mut Writer) {
        out.count(self.labels.len());
        for label in &self.labels {
            out.bytes(label.as_bytes());
        }
    }

    fn load(&self, input: &mut Reader<'_>, _: &mut Loading) -> Result<Self> {
        let mut near = self.clone();
        for _ in 0..input.count(1)? {
            let label = std::str::from_utf8(input.bytes()?);
            near.add(label.map_err(|_| SnapshotError::Invalid("the name of a family"))?);
        }
        Ok(near)
    }
}

/// The place of a hash in the table.
fn place(placement: Placement, hash: u64) -> u64 {
    placement.of(Fingerprint(hash.into()))
}

/// True if the names are equal, or if one letter added, removed or replaced makes them equal. O(n).
fn within_one_edit(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    let strip = |ends: fn(&mut std::str::Chars<'_>) -> Option<char>,
                 one: &mut std::str::Chars<'_>,
                 other: &mut std::str::Chars<'_>| {
        loop {
            let (mut next, mut others) = (one.clone(), other.clone());
            match (ends(&mut next), ends(&mut others)) {
                (Some(a), Some(b)) if a == b => (*one, *other) = (next, others),
                _ => return,
            }
        }
    };
    strip(|chars| chars.next(), &mut one, &mut other);
    strip(|chars| chars.next_back(), &mut one, &mut other);
    one.nth(1).is_none() && other.nth(1).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near() -> Near {
        Near::new(Salt::new(""), 0, 7)
    }

    /// Levenshtein's distance, in the textbook form.
    fn distance(one: &str, other: &str) -> usize {
        let other: Vec<char> = other.chars().collect();
        let mut row: Vec<usize> = (0..=other.len()).collect();
        for (i, a) in one.chars().enumerate() {
            let mut before = std::mem::replace(&mut row[0], i + 1);
            for (j, b) in other.iter().enumerate() {
                let cost = (before + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
                before = std::mem::replace(&mut row[j + 1], cost);
            }
        }
        row[other.len()]
    }

    fn words() -> Vec<String> {
        // All words of up to four letters from an alphabet of three, one of which has two bytes.
        let mut words = vec![String::new()];
        for length in 0..4 {
            let longer: Vec<String> = words
                .iter()
                .filter(|word| word.chars().count() == length)
                .flat_map(|word| ["a", "b", "ü"].map(|letter| format!("{word}{letter}")))
                .collect();
            words.extend(longer);
        }
        words
    }

    #[test]
    fn one_edit_is_one_edit() {
        for one in words() {
            for other in words() {
                assert_eq!(within_one_edit(&one, &other), distance(&one, &other) <= 1, "{one} {other}");
            }
        }
    }

    #[test]
    fn what_is_within_one_edit_is_found_and_nothing_else() {
        let mut near = near();
        let families: Vec<String> = words().into_iter().step_by(7).collect();
        families.iter().for_each(|family| near.add(family));
        for word in words() {
            let wanted = families.iter().filter(|family| distance(family, &word) <= 1).min();
            assert_eq!(near.find(&word, &mut |_| true), wanted.map(String::as_str), "{word}");
            let second = families.iter().filter(|f| Some(*f) != wanted && distance(f, &word) <= 1).min();
            let not_the_first = &mut |family: &str| Some(family) != wanted.map(String::as_str);
            assert_eq!(near.find(&word, not_the_first), second.map(String::as_str), "{word}");
        }
    }

    #[test]
    fn bounded_and_the_oldest_goes() {
        let mut near = Near { most: 40, ..near() };
        for n in 0..1000 {
            near.add(&format!("family-{n:04}x"));
            near.add("another");
        }
        assert!(near.entries.len() <= 40 && near.labels.len() >= 2);
        assert_eq!(near.find("family-0999y", &mut |_| true), Some("family-0999x"));
        assert_eq!(near.find("family-0000y", &mut |_| true), None);
        assert!(near.labels.iter().any(|label| &**label == "another"));
        let entries: usize = near
            .labels
            .iter()
            .map(|l| {
                let mut variants = std::collections::BTreeSet::new();
                near.variants(l, &mut |v| {
                    variants.insert(v);
                });
                variants.len()
            })
            .sum();
        assert_eq!(near.entries.len(), entries, "nothing of those that went is left");
    }

    #[test]
    fn long_names_are_left_alone() {
        let mut near = near();
        let long = "x".repeat(65);
        near.add(&long);
        assert!(near.labels.is_empty() && near.find(&long, &mut |_| true).is_none());
        near.add(&long[1..]);
        assert_eq!(near.labels.len(), 1);
    }
}
