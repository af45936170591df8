//! Authentication events, decoders, windows and alerts: what every authsieve analytic is made of.
//!
//! Data flows one way: bytes, decoder, [event](event::Event), window, [alert](alert::Alert). This crate does no
//! I/O, reads no clock, draws no random number and knows nothing of WebAssembly.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod event;
pub mod net;
pub mod time;
