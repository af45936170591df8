//! Reports of bytes that did not become a record.

use std::fmt;

/// The reason why bytes did not become a record. No flaw ends an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A JSON value or an XML event does not end where it should, and another begins.
    Broken,
    /// The input ended in the middle of a record.
    Truncated,
    /// Bytes between the records that are no record.
    Stray,
    /// A row has more values than names, or a W3C line has another number of values. Values could get wrong names.
    Width,
    /// A line of a W3C log before the first `#Fields`.
    Nameless,
    /// A chunk of an `.evtx` file cannot be read.
    Chunk,
    /// An event within a chunk of an `.evtx` file cannot be read.
    Event,
}

impl Flaw {
    /// All flaws.
    pub const ALL: [Self; 7] =
        [Self::Broken, Self::Truncated, Self::Stray, Self::Width, Self::Nameless, Self::Chunk, Self::Event];

    /// The noun for several flaws of this kind: `3 rows with more values than names`.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Broken => "broken records",
            Self::Truncated => "records cut off",
            Self::Stray => "pieces between records that are none",
            Self::Width => "rows whose values do not match the names",
            Self::Nameless => "lines before the first #Fields",
            Self::Chunk => "unreadable chunks",
            Self::Event => "unreadable events",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken => "a record that does not end where it should was left out",
            Self::Truncated => "the input ends in the middle of a record",
            Self::Stray => "this is no record",
            Self::Width => "a row whose values do not match the names was left out",
            Self::Nameless => "a line before the first #Fields was left out",
            Self::Chunk => "a chunk cannot be read",
            Self::Event => "an event cannot be read",
        })
    }
}

/// A flaw and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1. In `.evtx` files, which have no lines, the chunk.
    pub line: u64,
    /// The flaw.
    pub flaw: Flaw,
}

/// The number of times that each flaw was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; Flaw::ALL.len()]);

impl Counts {
    /// The number of times that this flaw was met.
    #[must_use]
    pub fn of(&self, flaw: Flaw) -> u64 {
        self.0.get(flaw as usize).copied().unwrap_or_default()
    }

    /// The sum over all flaws.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The sums over two inputs.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, others)| *mine += others);
    }

    pub(crate) fn add(&mut self, flaw: Flaw) {
        if let Some(count) = self.0.get_mut(flaw as usize) {
            *count += 1;
        }
    }
}
