//! The `authsieve` command: reads log files and writes alerts. The wasmtime host below it is [`authsieve_host`].
//!
//! Data flows in one direction. A source in [`sources`] yields records. The loop in [`feed`] passes them through the
//! analytics on threads. A sink in [`sinks`] takes the results, in the formats of [`output`]. Each file of [`commands`]
//! is one command. [`cases`] compares alerts with the expected ones; [`bake`] writes configurations into modules.

pub mod arguments;
pub mod bake;
pub mod cases;
pub mod cli;
pub mod commands;
pub mod config;
pub mod desk;
pub mod doctor;
pub mod enrich;
pub mod feed;
pub mod interrupt;
pub mod output;
pub mod selection;
#[cfg(all(feature = "serve", unix))]
pub mod serve;
pub mod sinks;
pub mod witness;

/// Stored logs and pipes as sources of records.
pub use authsieve_inputs as sources;

#[cfg(test)]
#[allow(dead_code, reason = "tests of the host library use the rest")]
#[path = "../../../src/host/tests/support/mod.rs"]
mod support;

/// An engine for tests. They share compiled components with the tests of the command: compiling one takes seconds.
#[cfg(test)]
fn engine() -> authsieve_host::Engine {
    let program = std::env::current_exe().expect("a program has a path");
    // The test's program is in target/debug/deps.
    let target = program.ancestors().nth(3).expect("cargo has a target directory");
    let cache = authsieve_host::Cache::at(target.join("tmp/authsieve"));
    let limits = authsieve_host::Limits::default();
    authsieve_host::Engine::new(limits).expect("wasmtime starts").cached(Some(cache))
}
