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
//! | `letters` | dead letters: records that could not be judged |
//! | `log` | the service's own log |
//! | `faults` | the places where tests cut the power |
//! | `history` | the recent past, for `explain` |
//! | `outbox` | alerts on their way to the sinks |
//! | `sinks` | where alerts go |
//! | `restore` | state taken out of one service and put into another |
//! | `control` | a socket in the state folder, for questions |
//! | `client` | asks a service that runs |
//! | `plan` | all that a configuration says of a service |
//! | `running` | the sources and sinks that run, and a reload |
//! | `service` | puts all together, and ends it in order |
//! | `ends` | ends that come from outside |
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
pub mod client;
mod control;
mod core;
mod ends;
mod faults;
mod history;
mod journal;
mod letters;
pub mod log;
mod metrics;
mod net;
mod notify;
mod outbox;
mod plan;
pub mod restore;
mod running;
mod secret;
mod service;
pub mod sinks;
mod sources;
mod tls;
mod trouble;

pub use net::{Access, server_name};
pub use plan::{Plan, Planned};
pub use secret::Secret;
pub use service::{Again, Service, Setup};
pub use tls::{Identity, Listening, Trust, Unusable};

pub use restore::Restore;

use siphasher::sip128::{Hash128, Hasher128, SipHasher13};
use std::hash::Hasher;

/// The header that tells since when the past is known, in the answer to a question.
pub const SINCE: &str = "authsieve-since";

/// The SipHash of some bytes, the same on each run: it tells batches and files apart, and whole files from damaged ones.
fn digest(parts: &[&[u8]]) -> Hash128 {
    let mut hasher = SipHasher13::new();
    parts.iter().for_each(|part| hasher.write(part));
    hasher.finish128()
}

/// Logs what happened: for people, and for the journal of the machine.
fn say(text: &str) {
    tracing::info!("{}", crate::output::escape::text(text));
}

/// Logs what goes wrong. The same again within a minute is left out, and counted.
fn warn(text: &str) {
    match log::is_due(text) {
        Some(0) => tracing::warn!("{}", crate::output::escape::text(text)),
        Some(count) => tracing::warn!("{} ({count} more times before)", crate::output::escape::text(text)),
        None => {}
    }
}

/// Logs what keeps the service from what it was told to do.
fn fail(text: &str) {
    tracing::error!("{}", crate::output::escape::text(text));
}
