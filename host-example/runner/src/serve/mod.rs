//! The service: records in from live sources, alerts out to sinks, and nothing lost between.
//!
//! Data goes one way:
//!
//! ```text
//! source ──> journal ──> analytics ──> outbox ──> sinks
//! ```
//!
//! | file | what |
//! |---|---|
//! | `arrival` | a batch of records on its way, and the answer that its sender waits for |
//! | `core` | the thread that journals batches, judges them, and fills the outbox |
//! | `sources` | where records come from, and the pages about the service |
//! | `journal` | batches, alerts and positions on disk, in one transactional store |
//! | `checkpoint` | the state of the analytics on disk, two generations of it |
//! | `faults` | the places where tests cut the power |
//! | `outbox` | alerts on their way to the sinks |
//! | `sinks` | where alerts go |
//! | `metrics` | the counters |
//!
//! **Nothing lost.** A sender is answered once its batch is in the journal on disk. A state on disk says up to which batch it
//! counts. After a crash the newest valid state is loaded, and the batches behind it are judged again, as of the time they were
//! received then. So the same alerts come, with the same ids. What was delivered before may come twice, with the
//! same id. An alert names the places of records that came before the last 4,096 batches of a state no more.
//!
//! Everything asynchronous lives here. The analytics run on a thread of their own, which waits for nobody but the disk.

mod arrival;
mod checkpoint;
mod core;
mod faults;
mod journal;
mod metrics;
mod net;
mod notify;
mod outbox;
mod secret;
mod service;
pub mod sinks;
mod sources;
mod tls;
mod trouble;

pub use net::{Access, server_name};
pub use secret::Secret;
pub use service::{Service, Setup};
pub use tls::{Identity, Listening, Trust, Unusable};

use siphasher::sip128::{Hash128, Hasher128, SipHasher13};
use std::hash::Hasher;

/// The SipHash of some bytes, the same on each run: it tells batches and files apart, and whole files from damaged ones.
fn digest(parts: &[&[u8]]) -> Hash128 {
    let mut hasher = SipHasher13::new();
    parts.iter().for_each(|part| hasher.write(part));
    hasher.finish128()
}

/// Writes a line about the service to standard error: what happened, for people and for the journal of the machine.
fn say(text: &str) {
    eprintln!("authsieve: {}", crate::output::escape::text(text));
}
