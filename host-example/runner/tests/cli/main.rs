//! Tests of the `authsieve` command through a shell. One file per command.

mod arguments;
mod bake;
mod check;
mod config;
mod decode;
mod demo;
mod doctor;
mod explain;
mod export;
#[cfg(unix)]
mod follow;
mod inputs;
mod inspect;
mod order;
mod packed;
mod run;
mod selection;
mod shell;
mod shells;
mod strict;
#[path = "../../../../src/host/tests/support/mod.rs"]
mod support;
mod test;
mod translate;
mod triage;
mod tune;
