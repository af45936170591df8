//! The patterns of failures.

/// A pattern of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Many failures of a family within the window.
    Burst,
    /// Many failures of a family within the window, from several addresses.
    Distributed,
    /// Many failures of a family within the slow window.
    Slow,
    /// Failures on many families from one address.
    Spray,
}

impl Pattern {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Distributed => "distributed",
            Self::Slow => "slow",
            Self::Spray => "spray",
        }
    }
}
