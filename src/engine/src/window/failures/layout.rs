//! The layout of a slot for rule R.

use super::{SLACK, TIME};
use crate::order::sort;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Span;
use alloc::vec::Vec;

/// The greatest threshold that is allowed. A key holds as many times, so it bounds the size of a key.
pub const MOST_THRESHOLD: u32 = 1000;

/// For how many thresholds a key holds where its armed interval begins: the lowest ones.
const MOST_BEGINS: usize = 16;

/// The thresholds and spans that failures are judged by, and so the layout of a slot.
///
/// ```text
/// times      6 × held     newest first; 0: none
/// settled    6 × thresholds     where the armed interval of each ends
/// begins     6 × thresholds, 16 at most     where it begins
/// consumed   6
/// unsettled  1            how many of the newest times are not settled yet
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) thresholds: Vec<u32>,
    pub(super) window: Span,
    pub(super) success_within: Span,
    pub(super) held: usize,
    /// For how many thresholds the begin of the armed interval is held, too.
    pub(super) begins: usize,
}

impl Layout {
    /// A layout for these thresholds. Their order and repetitions do not matter. 0 is taken as 1.
    #[must_use]
    pub fn new(thresholds: &[u32], window: Span, success_within: Span) -> Self {
        let mut thresholds: Vec<u32> = thresholds.iter().map(|m| (*m).max(1)).collect();
        sort(&mut thresholds, |one, other| one < other);
        thresholds.dedup();
        let most = thresholds.last().copied().unwrap_or(1) as usize;
        let begins = thresholds.len().min(MOST_BEGINS);
        Self { thresholds, window, success_within, held: most.saturating_add(SLACK), begins }
    }

    /// The same layout as it was before armed intervals had a begin.
    #[must_use]
    pub fn without_begins(self) -> Self {
        Self { begins: 0, ..self }
    }

    /// The distinct thresholds in ascending order. The index of a threshold is its place here.
    #[must_use]
    pub fn thresholds(&self) -> &[u32] {
        &self.thresholds
    }

    /// The greatest threshold.
    #[must_use]
    pub fn greatest(&self) -> u32 {
        self.thresholds.last().copied().unwrap_or(1)
    }

    /// How far back from the last of the failures the others may lie.
    #[must_use]
    pub const fn window(&self) -> Span {
        self.window
    }

    /// How long after the last of the failures the success may follow.
    #[must_use]
    pub const fn success_within(&self) -> Span {
        self.success_within
    }

    /// How many times of failures a key holds.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// The bytes of a key.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.held + self.thresholds.len() + self.begins + 1) * TIME + 1
    }

    /// The age of its newest failure from which on a key is in no alert, in time order.
    #[must_use]
    pub const fn horizon(&self) -> Span {
        // The newest failure may qualify itself, so the window is not needed. It lets a late failure find earlier ones.
        Span(self.window.0.saturating_add(self.success_within.0))
    }

    /// Writes it, so that a changed layout is noticed and keys can be moved to it.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.thresholds.len());
        for threshold in &self.thresholds {
            out.varint(u64::from(*threshold));
        }
        out.i64(self.window.0);
        out.i64(self.success_within.0);
    }

    /// Reads it.
    ///
    /// # Errors
    /// The bytes are not what `save` writes.
    pub fn load(input: &mut Reader<'_>) -> Result<Self> {
        let count = input.count(1)?;
        let mut thresholds = Vec::with_capacity(count);
        for _ in 0..count {
            let threshold =
                u32::try_from(input.varint()?).ok().filter(|threshold| *threshold <= MOST_THRESHOLD);
            thresholds.push(threshold.ok_or(SnapshotError::Invalid("a threshold"))?);
        }
        let layout = Self::new(&thresholds, Span(input.i64()?), Span(input.i64()?));
        if layout.thresholds == thresholds {
            Ok(layout)
        } else {
            Err(SnapshotError::Invalid("the thresholds"))
        }
    }
}
