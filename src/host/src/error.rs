//! The errors between a host and a component.

use crate::contract::{INTERFACE, wit};
use crate::engine::{Limits, MemoryLimit};
use std::time::Duration;
use thiserror::Error;
use wasmtime::Trap;

/// The engine could not be made: wasmtime does not support this machine, or no thread can be started.
#[derive(Debug, Error)]
#[error("cannot start wasmtime: {0}")]
pub struct EngineError(pub(crate) wasmtime::Error);

/// A component could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The bytes are no component, or of a form that this wasmtime does not know.
    #[error("not a WebAssembly component: {0}")]
    Invalid(String),
    /// Compiling the component would take too much time or memory.
    #[error("refused, because {0}")]
    TooLarge(String),
    /// The component has these imports. An analytic with imports could do more than read records.
    #[error(
        "refused, because it imports {}: an analytic may import nothing, so that all it can do is look at records",
        quoted(.0)
    )]
    Imports(Vec<String>),
    /// The component does not export [`INTERFACE`], or exports it in a form that this host does not know.
    #[error("does not export `{INTERFACE}` as this host knows it: {0}")]
    Exports(String),
}

/// A detector could not be made.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration is invalid. The text has one line for each problem: code, path of the option and message,
    /// separated by tabs.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// The snapshot does not belong to this analytic.
    #[error("invalid snapshot: {0}")]
    Snapshot(String),
    /// The guest failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// A call failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{function}` failed: {cause}")]
pub struct CallError {
    /// The called function, such as `process`.
    pub function: &'static str,
    /// The cause of the failure.
    pub cause: Cause,
}

/// The cause of a failed call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// The call exceeded this deadline.
    #[error("it took longer than {0:?}")]
    Deadline(Duration),
    /// The guest asked for more than this many bytes of memory.
    #[error("it wanted more than {} MiB of memory", .0 >> 20)]
    Memory(usize),
    /// The answer exceeded this many bytes.
    #[error("it answered with more than {} MiB", .0 >> 20)]
    Answer(usize),
    /// The guest trapped.
    #[error("{0}")]
    Trap(String),
    /// The analytic has more or longer needles than a host accepts.
    #[error("{0}")]
    Needles(String),
    /// Any other cause, such as an answer that is no valid value of its type.
    #[error("{0}")]
    Other(String),
}

impl Cause {
    /// The cause of a call's failure under `limits`, when its answer was limited to `answer` bytes.
    pub(crate) fn of(error: &wasmtime::Error, limits: Limits, answer: usize) -> Self {
        if error.is::<MemoryLimit>() {
            return Self::Memory(limits.memory);
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::Deadline(limits.call),
            // A Rust guest does this when it panics.
            Some(Trap::UnreachableCodeReached) => {
                Self::Trap("it stopped itself (unreachable executed)".into())
            }
            Some(trap) => Self::Trap(trap.to_string()),
            None => match error.root_cause().to_string() {
                text if text.contains("fuel") => Self::Answer(answer),
                text => Self::Other(text),
            },
        }
    }
}

impl From<wit::Error> for StartError {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::InvalidConfig(text) => Self::Config(text),
            wit::Error::InvalidSnapshot(text) => Self::Snapshot(text),
        }
    }
}

/// The whole chain of an error in one line.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
