//! `authsieve serve`, as its senders and receivers see it: real processes, sockets and files.
#![cfg(all(feature = "serve", unix))]

mod http;
mod kills;
mod limits;
mod pki;
mod receiver;
mod server;
mod service;
mod sinks;
mod soak;
mod sources;
mod state;
mod tls;
mod unit;
