//! What goes wrong between a host and a component.

use crate::contract::{INTERFACE, wit};
use crate::engine::{Limits, MemoryLimit};
use std::time::Duration;
use thiserror::Error;
use wasmtime::Trap;

/// Why there is no engine: wasmtime does not support this machine, or no thread can be started.
#[derive(Debug, Error)]
#[error("cannot start wasmtime: {0}")]
pub struct EngineError(pub(crate) wasmtime::Error);

/// Why a component was not loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The bytes are no component, or one that this wasmtime does not know.
    #[error("not a WebAssembly component: {0}")]
    Invalid(String),
    /// Compiling the component would take too long, or too much memory.
    #[error("refused, because {0}")]
    TooLarge(String),
    /// The component wants these imports. An analytic that asks for anything could do more than look at records.
    #[error(
        "refused, because it imports {}: an analytic may import nothing, so that all it can do is look at records",
        quoted(.0)
    )]
    Imports(Vec<String>),
    /// The component does not export [`INTERFACE`], or not as this host knows it.
    #[error("does not export `{INTERFACE}` as this host knows it: {0}")]
    Exports(String),
}

/// Why a detector was not made.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration is not valid. The text has a line for each problem: code, path of the option, and message,
    /// with tabs between them.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// The snapshot is not one of this analytic.
    #[error("invalid snapshot: {0}")]
    Snapshot(String),
    /// The guest failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// A call that did not return.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{function}` failed: {cause}")]
pub struct CallError {
    /// The function called, such as `process`.
    pub function: &'static str,
    /// What ended the call.
    pub cause: Cause,
}

/// What ended a call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// The call took longer than this.
    #[error("it took longer than {0:?}")]
    Deadline(Duration),
    /// The guest wanted more than this many bytes of memory.
    #[error("it wanted more than {} MiB of memory", .0 >> 20)]
    Memory(usize),
    /// The answer took more than this many bytes.
    #[error("it answered with more than {} MiB", .0 >> 20)]
    Answer(usize),
    /// The guest trapped.
    #[error("{0}")]
    Trap(String),
    /// The analytic has more needles than a host searches for, or longer ones.
    #[error("{0}")]
    Needles(String),
    /// Anything else, such as an answer that is no valid value of its type.
    #[error("{0}")]
    Other(String),
}

impl Cause {
    /// What ended a call that was held to `limits`, and whose answer could have `answer` bytes.
    pub(crate) fn of(error: &wasmtime::Error, limits: Limits, answer: usize) -> Self {
        if error.is::<MemoryLimit>() {
            return Self::Memory(limits.memory);
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::Deadline(limits.call),
            // A guest in Rust does this when it panics.
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

/// The whole chain of an error, without its line breaks.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
