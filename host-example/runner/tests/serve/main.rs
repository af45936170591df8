//! Tests of `authsieve serve` from the outside, with real processes, sockets and files.
#![cfg(all(feature = "serve", unix))]

mod clock;
mod ends;
mod http;
mod inquiry;
mod kills;
mod limits;
mod metrics;
mod peers;
mod pki;
mod receiver;
mod recorded;
mod reload;
mod restore;
mod server;
mod service;
mod sinks;
mod soak;
mod sources;
mod state;
mod tls;
mod triage;
mod unit;
