//! The records of the contract. `wit/authsieve.wit` documents each field.

use authsieve_engine::detector::Reading;

mod generated {
    #![allow(missing_docs, clippy::all)]
    wasmtime::component::bindgen!({
        path: "wit",
        world: "detector-component",
        additional_derives: [PartialEq],
    });
}

pub(crate) use generated::exports::authsieve::analytic::analytic as wit;
pub(crate) use generated::{DetectorComponent, DetectorComponentPre};
pub use wit::{
    Advice, Alert, Descriptor, Event, Evidence, Need, Note, Outcome, Part, Problem, Severity, Source, Stats,
    Step, Tally,
};

/// The contract as text. Hosts can generate their own bindings from it.
pub const WIT: &str = include_str!("../wit/authsieve.wit");

/// The interface that a component must export.
pub const INTERFACE: &str = "authsieve:analytic/analytic@0.2.0";

impl From<Reading> for wit::Reading {
    fn from(reading: Reading) -> Self {
        Self {
            received: reading.received.0,
            written: reading.written.map(|written| written.0),
            first: reading.first,
        }
    }
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 8] = [
        Self::Failure,
        Self::Success,
        Self::Challenge,
        Self::Denied,
        Self::Timeout,
        Self::Approved,
        Self::Stopped,
        Self::Changed,
    ];

    /// The word for the outcome, as in JSON.
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
            Self::Changed => "changed",
        }
    }
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 8] = [
        Self::Ignored,
        Self::Joined,
        Self::Counted,
        Self::Short,
        Self::TooLate,
        Self::Silent,
        Self::Waiting,
        Self::Alert,
    ];

    /// The word for the step, as in JSON.
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
