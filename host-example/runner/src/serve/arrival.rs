//! The types that sources send to the core: batches of records, requests, and their answers.

use super::history::Recent;
use super::plan::Planned;
use crate::output::Layout;
use authsieve_engine::detector::Stats;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A batch of records from one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The name of the source.
    pub source: Arc<str>,
    /// The time of receipt, in microseconds since 1970.
    pub received: i64,
    /// Whole records, each followed by a newline.
    pub records: Vec<u8>,
    /// Identifies the batch, so that a repeated one is recognized. 0 if the sender cannot repeat it.
    pub digest: u128,
    /// The positions in the source after this batch.
    pub positions: Vec<(String, String)>,
}

/// The core's answer to a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The batch counts. With a state folder it is on disk and survives a crash.
    Kept,
    /// The batch was received before and is not counted again.
    Repeated,
    /// The disk is full or cannot be written to. The batch comes back, and none of it counts.
    Refused(Arrival),
}

/// The parts of a new configuration that the core needs.
pub(super) struct Reload {
    /// The components to run.
    pub components: Vec<Planned>,
    /// The names of the sinks, indexed by their numbers.
    pub sinks: Vec<String>,
    /// The layouts that the sinks use.
    pub layouts: Vec<Layout>,
    /// True if a sink takes incidents. Without one, none is queued.
    pub incidents: bool,
    /// The new sinks. Each gets only the alerts after the number given here.
    pub new: Vec<(String, u64)>,
}

/// A request to the core.
pub(super) enum Request {
    /// Takes a batch.
    Take(Arrival, oneshot::Sender<Taken>),
    /// Forgets the digest of a batch: its sender has the answer and will not repeat the batch.
    Answered(u128),
    /// Records that a sink has delivered all alerts up to this number.
    Delivered(usize, u64),
    /// Forgets a removed sink.
    Gone(usize),
    /// About one second has passed.
    Tick,
    /// Switches to other components and sinks.
    Reload(Reload, oneshot::Sender<Result<Vec<String>, String>>),
    /// Asks for the recent past. The answer is `None` if no past is kept.
    Recent(oneshot::Sender<Option<Recent>>),
    /// Asks for the state, in the format of a state file.
    Snapshot(oneshot::Sender<Result<Vec<u8>, String>>),
    /// Asks for the position of each source.
    Positions(oneshot::Sender<HashMap<String, String>>),
    /// Asks for the counters of the analytics.
    Stats(oneshot::Sender<Vec<Stats>>),
    /// Writes the state to disk and ends the thread.
    Stop(oneshot::Sender<()>),
}
