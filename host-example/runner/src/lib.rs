//! The wasmtime runner for authsieve analytics: a host library, and the `authsieve` command on top of it.
//!
//! A host that wants to run an analytic over bytes of its own needs three things: an [`Engine`](engine::Engine),
//! an [`Analytic`](host::Analytic) loaded into it, and a [`Session`](session::Session) that holds the state and
//! gets over the guest's failures.
//!
//! ```
//! use authsieve::engine::{Engine, Limits};
//! use authsieve::host::Analytic;
//! use authsieve::session::Session;
//! use std::sync::Arc;
//!
//! let engine = Engine::new(Limits::default())?;
//! let an1276 = authsieve_components::get("an1276").expect("it is built in");
//! let analytic = Analytic::load(&engine, an1276.id, an1276.wasm)?;
//! let mut session = Session::start(Arc::new(analytic), String::new(), 0)?;
//! let received = 1_700_000_000_000_000; // microseconds since 1970
//! let step = session.process(b"any log line\n", received);
//! assert!(step.alerts.is_empty() && step.troubles.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rest is the command: [`source`] reads files, [`prefilter`] keeps out what no analytic looks at, [`feed`]
//! puts these together on threads, [`output`] shows what comes of it. [`bake`] writes configurations into modules.

pub mod arguments;
pub mod bake;
pub mod cache;
pub mod cases;
pub mod cli;
pub mod commands;
pub mod config;
pub mod convert;
pub mod doctor;
pub mod engine;
pub mod feed;
pub mod host;
pub mod output;
pub mod prefilter;
pub mod selection;
pub mod session;
pub mod source;

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;
