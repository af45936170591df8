//! Which records go to which analytic.
//!
//! An analytic names its needles: byte strings of which any record that can matter to it contains at least one. One
//! pass over the raw bytes finds the needles of all analytics, and only records that hold one enter a module.
//!
//! The pass has to be faster than the modules. Needles are matched without ASCII case, which the vectorised searchers do
//! not offer. So each needle is represented by its three bytes that are rarest in logs, in every combination of cases.
//! The packed searcher of `aho-corasick` (Teddy, SIMD) finds these bytes, and the needle is compared only there.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, packed};
use std::ops::Range;

/// The most analytics that can be told apart.
pub const MAX_ANALYTICS: usize = 64;

/// The most patterns that the packed searcher takes. The searcher is meant for fewer, but it sorts patterns by their
/// lower nibbles, and the cases of a window share them: the number of needles counts.
const MAX_PATTERNS: usize = 128;

/// The width of the part that represents a needle.
const WINDOW: usize = 3;

/// Routes records to analytics.
pub struct Prefilter {
    search: Search,
    /// A bit for each analytic that has needles.
    choosy: u64,
    analytics: usize,
}

enum Search {
    /// Nothing can be told apart: every record goes everywhere.
    Nothing,
    /// The three rarest bytes of each needle, in all cases.
    Windows { searcher: packed::Searcher, windows: Vec<Vec<Needle>> },
    /// For machines without SIMD, and needles too short or too many.
    Automaton(AhoCorasick),
}

/// A needle, as seen from one of its windows.
struct Needle {
    bytes: Vec<u8>,
    /// Where the window is in it.
    at: usize,
    /// A bit for each analytic it is a needle of.
    owners: u64,
}

/// The part of a batch that one analytic gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// All of it.
    All,
    /// These runs of whole records; maybe none.
    Runs(Vec<Range<usize>>),
}

impl Route {
    /// The records of `batch` for the analytic, in `buffer` where some are left out. A record that is left out leaves
    /// its newline, so that the others keep their numbers. Empty: there is nothing for the analytic.
    #[must_use]
    pub fn gather<'b>(&self, batch: &'b [u8], buffer: &'b mut Vec<u8>) -> &'b [u8] {
        let Self::Runs(runs) = self else { return batch };
        buffer.clear();
        let mut done = 0;
        for run in runs {
            let left_out = batch.get(done..run.start).unwrap_or_default();
            buffer.resize(buffer.len() + memchr::memchr_iter(b'\n', left_out).count(), b'\n');
            buffer.extend_from_slice(batch.get(run.clone()).unwrap_or_default());
            done = run.end;
        }
        buffer
    }
}

impl Prefilter {
    /// A filter for analytics with these needles. One without needles gets every record, and so do those after
    /// the first [`MAX_ANALYTICS`].
    #[must_use]
    pub fn new(needles: &[Vec<String>]) -> Self {
        let analytics = needles.len();
        let mut choosy = 0;
        let mut owned: Vec<(Vec<u8>, u64)> = Vec::new();
        for (analytic, list) in needles.iter().enumerate().take(MAX_ANALYTICS) {
            // The empty needle is in every record, and no record holds a newline.
            if list.is_empty() || list.iter().any(|needle| needle.is_empty() || needle.contains('\n')) {
                continue;
            }
            let bit = 1 << analytic;
            choosy |= bit;
            for needle in list {
                let bytes = needle.to_ascii_lowercase().into_bytes();
                match owned.iter_mut().find(|(known, _)| *known == bytes) {
                    Some((_, owners)) => *owners |= bit,
                    None => owned.push((bytes, bit)),
                }
            }
        }
        // Drops a needle if its owner also has a substring of it.
        let parts = owned.clone();
        owned.retain(|(whole, owners)| {
            !parts
                .iter()
                .any(|(part, others)| part != whole && contains(whole, part) && owners & !others == 0)
        });
        let search = if owned.is_empty() {
            Search::Nothing
        } else {
            Search::windows(&owned).or_else(|| Search::automaton(&owned)).unwrap_or(Search::Nothing)
        };
        Self { search, choosy, analytics }
    }

    /// The part of `batch`, which consists of whole records, for each analytic.
    ///
    /// Takes O(n) time for n bytes; with needles in few records at several gigabytes a second.
    #[must_use]
    pub fn route(&self, batch: &[u8]) -> Vec<Route> {
        if matches!(self.search, Search::Nothing) {
            return vec![Route::All; self.analytics];
        }
        let mut runs: Vec<Vec<Range<usize>>> = vec![Vec::new(); self.analytics.min(MAX_ANALYTICS)];
        // Where the current record begins, and where the search in it goes on.
        let (mut record, mut from) = (0, 0);
        while let Some((position, mut owners)) = self.hit(batch, from) {
            let passed = batch.get(record..position).and_then(|passed| memchr::memrchr(b'\n', passed));
            record += passed.map_or(0, |at| at + 1);
            let end = batch.get(position..).and_then(|rest| memchr::memchr(b'\n', rest));
            let end = end.map_or(batch.len(), |at| position + at + 1);
            // The other owners of the record.
            let mut next = position + 1;
            while owners != self.choosy {
                let Some((position, more)) = self.hit(batch.get(..end).unwrap_or_default(), next) else {
                    break;
                };
                owners |= more;
                next = position + 1;
            }
            for (analytic, runs) in runs.iter_mut().enumerate() {
                if owners & (1 << analytic) != 0 {
                    match runs.last_mut() {
                        Some(run) if run.end == record => run.end = end,
                        _ => runs.push(record..end),
                    }
                }
            }
            (record, from) = (end, end);
        }
        let whole = 0..batch.len();
        let routes = runs.into_iter().enumerate().map(|(analytic, runs)| {
            let all = self.choosy & (1 << analytic) == 0 || runs.first() == Some(&whole);
            if all { Route::All } else { Route::Runs(runs) }
        });
        let rest = self.analytics.saturating_sub(MAX_ANALYTICS);
        routes.chain(std::iter::repeat_n(Route::All, rest)).collect()
    }

    /// The first place at or after `from` with a needle, and whose it is. It may report a place within the
    /// needle, and more owners than the needle has, but no fewer.
    fn hit(&self, batch: &[u8], mut from: usize) -> Option<(usize, u64)> {
        match &self.search {
            Search::Nothing => None,
            Search::Windows { searcher, windows } => loop {
                let found = searcher.find_in(batch, aho_corasick::Span { start: from, end: batch.len() })?;
                let (start, needles) = (found.start(), windows.get(found.pattern().as_usize())?);
                let owners = needles
                    .iter()
                    .filter(|needle| needle.is_at(batch, start))
                    .fold(0, |all, n| all | n.owners);
                if owners != 0 {
                    return Some((start, owners));
                }
                from = start + 1;
            },
            Search::Automaton(automaton) => {
                let found = automaton.find(Input::new(batch).range(from.min(batch.len())..))?;
                // Other needles may hide behind this one: each analytic with needles is taken for an owner.
                Some((found.start(), self.choosy))
            }
        }
    }
}

impl Search {
    /// `None` where this machine has no packed searcher, or not for these needles.
    fn windows(needles: &[(Vec<u8>, u64)]) -> Option<Self> {
        let mut variants = Vec::new();
        for (bytes, owners) in needles {
            let rarest = bytes.array_windows::<WINDOW>().enumerate().min_by_key(|(_, w)| commonness(w));
            let (at, window) = rarest?;
            let cases = cases(*window).into_iter().enumerate();
            variants.extend(cases.map(|(order, pattern)| (order, pattern, bytes, at, *owners)));
        }
        // The searcher deals patterns out to its buckets by their number, those with the same lower nibbles to the
        // same: with one of each window first, every window has a bucket of its own. This is worth a factor of four.
        variants.sort_by_key(|(order, ..)| *order);
        let mut patterns: Vec<[u8; WINDOW]> = Vec::new();
        let mut windows: Vec<Vec<Needle>> = Vec::new();
        for (_, pattern, bytes, at, owners) in variants {
            let needle = Needle { bytes: bytes.clone(), at, owners };
            match patterns.iter().position(|known| *known == pattern) {
                Some(known) => windows.get_mut(known)?.push(needle),
                None => {
                    patterns.push(pattern);
                    windows.push(vec![needle]);
                }
            }
        }
        if patterns.len() > MAX_PATTERNS {
            return None;
        }
        let searcher =
            packed::Config::new().heuristic_pattern_limits(false).builder().extend(&patterns).build()?;
        Some(Self::Windows { searcher, windows })
    }

    fn automaton(needles: &[(Vec<u8>, u64)]) -> Option<Self> {
        let bytes = needles.iter().map(|(bytes, _)| bytes);
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(bytes)
            .ok()
            .map(Self::Automaton)
    }
}

impl Needle {
    /// Whether it stands in `batch` such that its window is at `window`.
    fn is_at(&self, batch: &[u8], window: usize) -> bool {
        let start = window.checked_sub(self.at);
        let there = start.and_then(|start| batch.get(start..start + self.bytes.len()));
        there.is_some_and(|there| there.eq_ignore_ascii_case(&self.bytes))
    }
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(whole, part).is_some()
}

/// A window in all combinations of upper and lower case: at most 8.
fn cases(window: [u8; WINDOW]) -> Vec<[u8; WINDOW]> {
    let mut all = vec![window];
    for at in 0..WINDOW {
        for known in all.clone() {
            let mut other = known;
            if let Some(byte) = other.get_mut(at) {
                byte.make_ascii_uppercase();
            }
            if other != known {
                all.push(other);
            }
        }
    }
    all
}

/// How often the bytes of a window stand in logs, roughly, as a product.
fn commonness(window: &[u8; WINDOW]) -> u32 {
    let of = |byte: u8| match byte.to_ascii_lowercase() {
        b' ' | b'e' => 12,
        b'"' | b'0'..=b'9' | b'a' | b'i' | b'n' | b'o' | b'r' | b's' | b't' => 8,
        b':' | b',' | b'.' | b'-' | b'c' | b'd' | b'l' | b'm' | b'p' | b'u' => 5,
        b'b' | b'f' | b'g' | b'h' | b'y' | b'/' | b'=' | b'_' | b'\\' => 3,
        b'k' | b'v' | b'w' | b'(' | b')' | b'[' | b']' | b'{' | b'}' => 2,
        _ => 1,
    };
    window.iter().map(|&byte| of(byte)).product()
}

#[cfg(test)]
mod tests;
