//! The host side of the contract in `wit/authsieve.wit`, on [wasmtime](https://wasmtime.dev): everything a program
//! needs to run analytics over bytes of its own.
//!
//! A host makes an [`Engine`], loads an [`Analytic`] into it, and starts a [`Session`]. The session holds the state of
//! one configured analytic, takes batches of log records, and gives back alerts:
//!
//! ```
//! use authsieve_host::{Analytic, Engine, Limits, Session, convert};
//! use std::sync::Arc;
//!
//! let engine = Engine::new(Limits::default())?;
//! // The bytes of a component: here a built-in one; `authsieve export DIR` writes them as files.
//! let built = authsieve_components::get("an1276").expect("it is built in");
//! let analytic = Arc::new(Analytic::load(&engine, built.id, built.wasm)?);
//!
//! let config = r#"{"min_failures": 2}"#;
//! let seed = 0; // should be random: attackers choose the keys of the analytic's hash tables
//! let mut session = Session::start(analytic, config.into(), seed)?;
//!
//! let batch = b"\
//! Mar  4 08:00:01 web1 sshd[10]: Failed password for root from 203.0.113.9 port 4000 ssh2
//! Mar  4 08:00:04 web1 sshd[11]: Failed password for root from 203.0.113.9 port 4001 ssh2
//! Mar  4 08:00:09 web1 sshd[12]: Accepted password for root from 203.0.113.9 port 4002 ssh2
//! ";
//! let received = 1_772_668_800_000_000; // microseconds since 1970
//! let answer = session.process(batch, received);
//!
//! assert!(answer.troubles.is_empty());
//! let alerts: Vec<_> = answer.alerts.into_iter().map(convert::alert).collect();
//! assert_eq!(alerts[0].title, "2 failed logins of root from 203.0.113.9, then a login");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Use this crate to run analytics in a program of your own on files, streams or queues, without trusting them. A host
//! that needs no limits can use `wasmtime` alone: `host-example/embed` has such hosts in Rust, Node and Python.
//! `examples/detect.rs` is a whole program.
//!
//! # Limits for a component
//!
//! A component is not trusted. [`Analytic::load`] refuses one that imports anything, or that is too large to compile.
//! Each call has a deadline, each answer a size limit, and each detector a memory limit ([`Limits`]). A call that
//! exceeds a limit, or traps, kills its [`Detector`]. The session then makes a new one, and leaves out only the
//! record at fault. If a component has several analytics, only the one that fails on the record skips it.
//!
//! # Other modules
//!
//! | module | what |
//! |---|---|
//! | [`contract`] | the records of the contract |
//! | [`convert`] | converts an alert of the contract to the engine's, which has the canonical JSON |
//! | [`prefilter`] | finds the records that may matter to each analytic, at gigabytes a second |
//! | [`filter`] | checks whether a filter for Fluent Bit accepts the configuration baked into it |

mod analytic;
mod cache;
pub mod contract;
pub mod convert;
mod detector;
mod engine;
mod error;
pub mod filter;
mod restarting;
mod session;
mod weight;

pub use analytic::{Analytic, is_module};
pub use authsieve_records::{Origin, Origins, in_order, prefilter};
pub use cache::Cache;
pub use contract::{INTERFACE, WIT};
pub use detector::Detector;
pub use engine::{Code, Engine, Limits};
pub use error::{CallError, Cause, EngineError, LoadError, StartError};
pub use restarting::Restarting;
pub use session::{Answer, Fault, Session, Trouble};

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;
