//! The `authsieve` command: log files in, alerts out. The wasmtime host below it is [`authsieve_host`].
//!
//! Data flows one way: a source of [`sources`] yields records, the loop in [`feed`] passes them through the analytics on
//! threads, a sink of [`sinks`] takes what comes of them, and [`output`] has the formats it is written in. Each file of
//! [`commands`] is one command. [`cases`] compares alerts with what a case expects; [`bake`] writes configurations into
//! modules.

pub mod arguments;
pub mod bake;
pub mod cases;
pub mod cli;
pub mod commands;
pub mod config;
pub mod doctor;
pub mod feed;
pub mod interrupt;
pub mod output;
pub mod selection;
#[cfg(all(feature = "serve", unix))]
pub mod serve;
pub mod sinks;

/// Stored logs and pipes as sources of records.
pub use authsieve_inputs as sources;

#[cfg(test)]
#[allow(dead_code, reason = "tests of the host library use the rest")]
#[path = "../../../src/host/tests/support/mod.rs"]
mod support;
