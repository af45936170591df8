//! Authentication events, decoders, windows and alerts: what every authsieve analytic is made of.
//!
//! Data flows one way: bytes, decoder, [event](event::Event), window, [alert](alert::Alert). This crate does no
//! I/O, reads no clock, draws no random number and knows nothing of WebAssembly.
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
