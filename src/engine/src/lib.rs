//! Authentication events, decoders, windows and alerts: the library that every authsieve analytic is made of.
//!
//! Data flows one way: bytes, decoder, [event](event::Event), window, [alert](alert::Alert). This crate does no
//! I/O, reads no clock, draws no random number and knows nothing of WebAssembly.
//!
//! ```
//! use authsieve_engine::analytic::{Reads, Telemetry};
//! use authsieve_engine::config::Config;
//! use authsieve_engine::decode::{Decoder, Reader};
//! use authsieve_engine::event::Outcome;
//!
//! authsieve_engine::settings! {
//!     /// Options beside those that all analytics share.
//!     pub struct Options {
//!         /// The outcome that is wanted.
//!         pub failures: bool = true;
//!     }
//! }
//!
//! /// The logs that the decoder reads.
//! struct Linux;
//! impl Reads for Linux {
//!     const TELEMETRY: Telemetry = Telemetry::LINUX;
//! }
//!
//! let config = Config::<Options>::read(r#"{"timezone": "+01:00"}"#, &[])?;
//! let reader = Reader { telemetry: Linux::TELEMETRY, extra_failure_codes: Vec::new() };
//! let mut decoder = Decoder::<Linux>::new(&config.common, vec![reader]);
//!
//! let line = b"Mar  4 08:00:01 web1 sshd[10]: Failed password for root from 203.0.113.9 port 4000 ssh2";
//! let mut users = Vec::new();
//! let misread = decoder.decode(line, &mut |decoded| {
//!     let is_failure = decoded.event.outcome == Outcome::Failure;
//!     if is_failure == config.options.failures {
//!         users.push(decoded.event.user.to_string());
//!     }
//! });
//! assert_eq!(users, ["root"]);
//! assert_eq!(misread, Default::default());
//! # Ok::<(), authsieve_engine::config::Problems>(())
//! ```
//!
//! # Why
//!
//! - One login appears in a hundred layouts. The [decoder](decode) reads all of them as one type of event.
//! - Attackers write parts of each record. So no record causes a panic, and every table has a bound.
//! - A flood of junk keys must not push out the key that is attacked. The tables of [`window`] are made for this.
//! - The same records and configuration give the same alerts on every host, byte by byte.
//!
//! # When to use it
//!
//! Use this crate to write an analytic: implement [`Analytic`](analytic::Analytic), and run it with a
//! [`Detector`](detector::Detector). `examples/analytic.rs` is a whole one. Use the crate also to get events out of
//! logs, as above.
//!
//! To run the analytics that exist, use `authsieve-suite` in your own process, or `authsieve-host` in a sandbox.
#![no_std]
#![forbid(unsafe_code)]
// A module never traps on a record: no function may panic.
#![cfg_attr(not(test), deny(clippy::expect_used, clippy::panic, clippy::unreachable, clippy::unwrap_used))]

extern crate alloc;
#[cfg(test)]
extern crate std;

// These modules declare macros that list the fields of records. The later modules use them, so these come first.
#[macro_use]
pub mod fields;
#[macro_use]
pub mod alert;
#[macro_use]
pub mod event;
#[macro_use]
pub mod note;
#[macro_use]
pub mod detector;

pub mod accounts;
pub mod analytic;
pub mod carriers;
pub mod config;
pub mod dating;
pub mod decode;
pub mod deliveries;
pub mod envelope;
pub mod find;
pub mod follow;
pub mod hash;
pub mod json;
pub mod letters;
pub mod net;
pub mod order;
pub mod readers;
pub mod reorder;
pub mod shapes;
pub mod sieve;
pub mod snapshot;
pub mod stamp;
pub mod state;
#[doc(hidden)]
pub mod testing;
pub mod time;
pub mod times;
pub mod told;
mod wide;
pub mod window;
pub mod years;

#[doc(hidden)]
pub use alloc::{vec, vec::Vec};
