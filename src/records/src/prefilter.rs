//! Finds the records that each analytic needs.
//!
//! An analytic names its needles: byte strings of which each record that can matter to it contains at least one. One
//! pass over the raw bytes finds the needles of all analytics. Only records with a needle enter a module.
//!
//! The pass must be faster than the modules. It is written here because the vectorised searchers of libraries are for
//! few needles, or with case. For our needles, `aho-corasick` falls back to an automaton that takes a byte at a time.

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
    /// `None` if every record goes to every analytic.
    search: Option<Search>,
    /// One bit for each analytic with needles.
    choosy: u64,
    analytics: usize,
}

/// The part of a batch for one analytic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The whole batch.
    All,
    /// Only these runs of whole records. There may be none.
    Runs(Vec<Range<usize>>),
}

impl Route {
    /// The records of `batch` for the analytic, copied to `buffer` if some are left out. A record that is left out
    /// leaves its newline, so that the others keep their numbers. The result is empty if the analytic needs none.
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
    /// A filter for analytics with these needles. An analytic without needles gets every record, and so do those
    /// after the first [`MAX_ANALYTICS`].
    #[must_use]
    pub fn new(needles: &[Vec<String>]) -> Self {
        let analytics = needles.len();
        let mut choosy = 0;
        let mut owned: Vec<(Vec<u8>, u64)> = Vec::new();
        for (analytic, list) in needles.iter().enumerate().take(MAX_ANALYTICS) {
            // The empty needle is in every record, and no record contains a newline.
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
        // Drops a needle if each of its owners also has a substring of it.
        let parts = owned.clone();
        owned.retain(|(whole, owners)| {
            !parts.iter().any(|(part, others)| {
                owners & !others == 0 && part.len() < whole.len() && contains(whole, part)
            })
        });
        let search = if owned.is_empty() { None } else { Some(Search::new(&owned)) };
        Self { search, choosy, analytics }
    }

    /// The part of `batch` for each analytic. `batch` must consist of whole records.
    ///
    /// Takes O(n) time for n bytes, and several gigabytes a second if few records have needles.
    #[must_use]
    pub fn route(&self, batch: &[u8]) -> Vec<Route> {
        let Some(search) = &self.search else { return vec![Route::All; self.analytics] };
        let mut runs: Vec<Vec<Range<usize>>> = vec![Vec::new(); self.analytics.min(MAX_ANALYTICS)];
        // The record of the last needle found, and its owners so far.
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
            // Once every analytic wants the record, the rest of it is skipped.
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
