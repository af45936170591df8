//! The layout of a slot for rule R.

use super::{SLACK, TIME};
use crate::order::sort;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Span;
use alloc::vec::Vec;

/// The greatest allowed threshold. A key holds this many times, so it bounds the size of a key.
pub const MOST_THRESHOLD: u32 = 1000;

/// The number of thresholds for which a key stores the start of its armed interval. These are the lowest ones.
const MOST_BEGINS: usize = 16;

/// The thresholds and spans of rule R, which decide the layout of a slot.
///
/// ```text
/// times      6 × held     newest first; 0: none
/// settled    6 × thresholds     the end of the armed interval of each
/// begins     6 × thresholds, 16 at most     its start
/// consumed   6
/// unsettled  1            the number of newest times that are not settled yet
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) thresholds: Vec<u32>,
    pub(super) window: Span,
    pub(super) success_within: Span,
    pub(super) held: usize,
    /// The number of thresholds with a stored start of the armed interval.
    pub(super) begins: usize,
}

impl Layout {
    /// A layout for these thresholds. Order and repetitions do not matter. 0 counts as 1.
    #[must_use]
    pub fn new(thresholds: &[u32], window: Span, success_within: Span) -> Self {
        let mut thresholds: Vec<u32> = thresholds.iter().map(|m| (*m).max(1)).collect();
        sort(&mut thresholds, |one, other| one < other);
        thresholds.dedup();
        let most = thresholds.last().copied().unwrap_or(1) as usize;
        let begins = thresholds.len().min(MOST_BEGINS);
        Self { thresholds, window, success_within, held: most.saturating_add(SLACK), begins }
    }

    /// The layout from before armed intervals had a start.
    #[must_use]
    pub fn without_begins(self) -> Self {
        Self { begins: 0, ..self }
    }

    /// The distinct thresholds in ascending order. The index of a threshold is its position here.
    #[must_use]
    pub fn thresholds(&self) -> &[u32] {
        &self.thresholds
    }

    /// The greatest threshold.
    #[must_use]
    pub fn greatest(&self) -> u32 {
        self.thresholds.last().copied().unwrap_or(1)
    }

    /// The window: how far back from the last failure the others may be.
    #[must_use]
    pub const fn window(&self) -> Span {
        self.window
    }

    /// The time after the last failure within which the success may follow.
    #[must_use]
    pub const fn success_within(&self) -> Span {
        self.success_within
    }

    /// The number of failure times that a key holds.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// The bytes of a key.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.held + self.thresholds.len() + self.begins + 1) * TIME + 1
    }

    /// In time order, a key whose newest failure is older than this cannot raise an alert.
    #[must_use]
    pub const fn horizon(&self) -> Span {
        // The newest failure may qualify itself, so the window is not needed for it. The window lets a late failure
        // find earlier ones.
        Span(self.window.0.saturating_add(self.success_within.0))
    }

    /// Writes the layout, so that a changed layout is noticed and keys can be moved to it.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.thresholds.len());
        for threshold in &self.thresholds {
            out.varint(u64::from(*threshold));
        }
        out.i64(self.window.0);
        out.i64(self.success_within.0);
    }

    /// Reads a layout.
    ///
    /// # Errors
    /// Fails if the bytes are not from `save`.
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
