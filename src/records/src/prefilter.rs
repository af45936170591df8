//! Which records go to which analytic.
//!
//! An analytic names its needles: byte strings of which any record that can matter to it contains at least one. One
//! pass over the raw bytes finds the needles of all analytics, and only records that hold one enter a module.
//!
//! The pass has to be faster than the modules. It is written here, since the vectorised searchers of libraries know case, or few
//! needles: `aho-corasick` falls back to an automaton, a byte at a time.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod buckets;
mod search;

use search::Search;
use std::ops::Range;

/// The most analytics that can be told apart.
pub const MAX_ANALYTICS: usize = 64;

/// Routes records to analytics.
pub struct Prefilter {
    /// `None` where nothing can be told apart: every record goes everywhere.
    search: Option<Search>,
    /// A bit for each analytic that has needles.
    choosy: u64,
    analytics: usize,
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
        let search = if owned.is_empty() { None } else { Some(Search::new(&owned)) };
        Self { search, choosy, analytics }
    }

    /// The part of `batch`, which consists of whole records, for each analytic.
    ///
    /// Takes O(n) time for n bytes; with needles in few records at several gigabytes a second.
    #[must_use]
    pub fn route(&self, batch: &[u8]) -> Vec<Route> {
        let Some(search) = &self.search else { return vec![Route::All; self.analytics] };
        let mut runs: Vec<Vec<Range<usize>>> = vec![Vec::new(); self.analytics.min(MAX_ANALYTICS)];
        // The record with the last needle, and its owners so far.
        let (mut record, mut owners) = (0..0, 0);
        search.scan(batch, 0, |place, more| {
            if place >= record.end {
                add(&mut runs, &record, owners);
                let passed = batch.get(record.end..place).and_then(|passed| memchr::memrchr(b'\n', passed));
                let end = batch.get(place..).and_then(|rest| memchr::memchr(b'\n', rest));
                record =
                    record.end + passed.map_or(0, |at| at + 1)..end.map_or(batch.len(), |at| place + at + 1);
                owners = 0;
            }
            owners |= more;
            // Once all want the record, the rest of it need not be searched.
            if owners == self.choosy { record.end } else { place + 1 }
        });
        add(&mut runs, &record, owners);
        let whole = 0..batch.len();
        let routes = runs.into_iter().enumerate().map(|(analytic, runs)| {
            let all = self.choosy & (1 << analytic) == 0 || runs.first() == Some(&whole);
            if all { Route::All } else { Route::Runs(runs) }
        });
        let rest = self.analytics.saturating_sub(MAX_ANALYTICS);
        routes.chain(std::iter::repeat_n(Route::All, rest)).collect()
    }
}

/// Adds a record to the runs of its owners.
fn add(runs: &mut [Vec<Range<usize>>], record: &Range<usize>, owners: u64) {
    for (analytic, runs) in runs.iter_mut().enumerate() {
        if owners & (1 << analytic) != 0 {
            match runs.last_mut() {
                Some(run) if run.end == record.start => run.end = record.end,
                _ => runs.push(record.clone()),
            }
        }
    }
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(whole, part).is_some()
}

#[cfg(test)]
mod tests;
