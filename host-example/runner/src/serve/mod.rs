//! The service: reads records from live sources, judges them, and delivers alerts to sinks without loss.
//!
//! Data flows in one direction:
//!
//! ```text
//! source ──> journal ──> analytics ──> outbox ──> sinks
//! ```
//!
//! | file | what |
//! |---|---|
//! | `arrival` | the messages between sources and core: batches, requests, answers |
//! | `core` | the thread that journals batches, judges them, and fills the outbox |
//! | `sources` | where records come from, and the pages about the service |
//! | `journal` | batches, alerts and positions on disk, in one transactional store |
//! | `checkpoint` | state files, in two generations |
//! | `letters` | dead letters: records that could not be judged |
//! | `log` | the service's own log |
//! | `faults` | the places where tests end the service as a power cut would |
//! | `history` | the recent past, for `explain` |
//! | `outbox` | alerts that wait for the sinks |
//! | `sinks` | where alerts go |
//! | `restore` | moves the state of one service to another |
//! | `control` | a socket in the state folder, for questions |
//! | `client` | a client that asks a running service |
//! | `plan` | the analytics, sources and sinks that a configuration asks for |
//! | `running` | the running sources and sinks, and how a reload changes them |
//! | `service` | starts all parts, and ends them in order |
//! | `ends` | detects outside reasons to end |
//! | `metrics` | the metrics for Prometheus |
//!
//! **Nothing is lost.** A sender gets its answer when its batch is in the journal on disk. A state file says which
//! batch it includes last. After a crash the service loads the newest valid state and judges all later batches again,
//! with their original times of receipt. So the same alerts come, with the same ids. Alerts that were delivered just
//! before the crash may come twice, with the same id. A state holds the places of the records of its last 4,096
//! batches; alerts on older records have no place.
//!
//! All asynchronous code lives here. The analytics run on their own thread, which waits only for the disk.

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
use std::fs::OpenOptions;
use std::hash::Hasher;
use std::os::unix::fs::OpenOptionsExt;

/// The response header that says since when the past is kept.
pub const SINCE: &str = "authsieve-since";

/// The SipHash of some bytes, equal in each run. It identifies batches and files, and detects damaged files.
fn digest(parts: &[&[u8]]) -> Hash128 {
    let mut hasher = SipHasher13::new();
    parts.iter().for_each(|part| hasher.write(part));
    hasher.finish128()
}

/// Options for files that only their owner may read, whatever the folder allows, because the files hold personal data.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

/// Logs a normal event.
fn say(text: &str) {
    tracing::info!("{}", crate::output::escape::text(text));
}

/// Logs a warning. A repetition within a minute is counted and left out.
fn warn(text: &str) {
    match log::is_due(text) {
        Some(0) => tracing::warn!("{}", crate::output::escape::text(text)),
        Some(count) => tracing::warn!("{} ({count} more times before)", crate::output::escape::text(text)),
        None => {}
    }
}

/// Logs a failure that stops the service from doing its task.
fn fail(text: &str) {
    tracing::error!("{}", crate::output::escape::text(text));
}
