//! The records of the contract, as `wit/authsieve.wit` documents them field by field.

mod generated {
    #![allow(missing_docs, clippy::all)]
    wasmtime::component::bindgen!({ path: "../../wit", world: "detector-component" });
}

pub(crate) use generated::exports::authsieve::analytic::analytic as wit;
pub(crate) use generated::{DetectorComponent, DetectorComponentPre};
pub use wit::{Alert, Descriptor, Event, Note, Outcome, Severity, Stats, Step, Tally};

/// The interface that a component has to export.
pub const INTERFACE: &str = "authsieve:analytic/analytic@0.1.0";

impl Stats {
    /// The counters of an analytic that has seen nothing.
    #[must_use]
    pub const fn zero() -> Self {
        Self {
            records: 0,
            matched: 0,
            malformed: 0,
            oversized: 0,
            late: 0,
            future: 0,
            duplicates: 0,
            keys: 0,
            evicted: 0,
            alerts: 0,
            state_bytes: 0,
        }
    }

    /// These counters and those of a detector that went on from here. What is held now is what `later` holds.
    #[must_use]
    pub const fn and(&self, later: &Self) -> Self {
        Self {
            records: self.records.saturating_add(later.records),
            matched: self.matched.saturating_add(later.matched),
            malformed: self.malformed.saturating_add(later.malformed),
            oversized: self.oversized.saturating_add(later.oversized),
            late: self.late.saturating_add(later.late),
            future: self.future.saturating_add(later.future),
            duplicates: self.duplicates.saturating_add(later.duplicates),
            keys: later.keys,
            evicted: self.evicted.saturating_add(later.evicted),
            alerts: self.alerts.saturating_add(later.alerts),
            state_bytes: later.state_bytes,
        }
    }
}

impl Outcome {
    /// The word for it, as JSON has it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Success => "success",
            Self::Challenge => "challenge",
            Self::Denied => "denied",
            Self::Timeout => "timeout",
            Self::Approved => "approved",
            Self::Stopped => "stopped",
        }
    }
}

impl Step {
    /// The word for it, as JSON has it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Joined => "joined",
            Self::Counted => "counted",
            Self::Short => "short",
            Self::TooLate => "too-late",
            Self::Silent => "silent",
            Self::Waiting => "waiting",
            Self::Alert => "alert",
        }
    }
}
