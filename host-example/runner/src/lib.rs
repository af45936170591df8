//! The `authsieve` command: log files in, alerts out. The wasmtime host below it is [`authsieve_host`].
//!
//! [`source`] reads files, [`feed`] passes their records through the analytics on threads, [`output`] shows what comes
//! of it, [`cases`] compares that with what a case expects. [`bake`] writes configurations into modules. Each file of
//! [`commands`] is one command.

pub mod arguments;
pub mod bake;
pub mod cases;
pub mod cli;
pub mod commands;
pub mod config;
pub mod doctor;
pub mod feed;
pub mod output;
pub mod selection;
pub mod source;

#[cfg(test)]
#[allow(dead_code, reason = "tests of the host library use the rest")]
#[path = "../../../src/host/tests/support/mod.rs"]
mod support;
