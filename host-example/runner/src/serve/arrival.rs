//! A batch of records on its way to the analytics, and the answer that its sender waits for.

use super::history::Recent;
use super::plan::Planned;
use crate::output::Layout;
use authsieve_engine::detector::Stats;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Records that came together from one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The name of the source.
    pub source: Arc<str>,
    /// When they were received, in microseconds since 1970.
    pub received: i64,
    /// Whole records, each with a newline behind it.
    pub records: Vec<u8>,
    /// Tells this batch from others, for a sender that repeats it because no answer came. 0 for one that cannot.
    pub digest: u128,
    /// Up to where its source was read with it.
    pub positions: Vec<(String, String)>,
}

/// The fate of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It counts, and cannot be lost any more where there is a state folder.
    Kept,
    /// It came before, and counts once.
    Repeated,
    /// It cannot be kept now, and comes back: the disk is full, or cannot be written to. Nothing of it counts.
    Refused(Arrival),
}

/// Another configuration, as far as the core has to know of it.
pub(super) struct Reload {
    /// The components.
    pub components: Vec<Planned>,
    /// The names of the sinks by their numbers.
    pub sinks: Vec<String>,
    /// The layouts that they want.
    pub layouts: Vec<Layout>,
    /// Sinks that are new, and the last alert that each does not get.
    pub new: Vec<(String, u64)>,
}

/// A request to the core.
pub(super) enum Request {
    /// To take a batch.
    Take(Arrival, oneshot::Sender<Taken>),
    /// To forget that the batch of this digest may be repeated: its sender has the answer.
    Answered(u128),
    /// To note that a sink has delivered all alerts up to this number.
    Delivered(usize, u64),
    /// About a second has passed.
    Tick,
    /// To go on with other components and sinks.
    Reload(Reload, oneshot::Sender<Result<Vec<String>, String>>),
    /// To tell of the recent past. `None` where nothing is known of it.
    Recent(oneshot::Sender<Option<Recent>>),
    /// To take the state, as a file holds it.
    Snapshot(oneshot::Sender<Result<Vec<u8>, String>>),
    /// To tell up to where each source was read.
    Positions(oneshot::Sender<HashMap<String, String>>),
    /// To count.
    Stats(oneshot::Sender<Vec<Stats>>),
    /// To write down the state and end.
    Stop(oneshot::Sender<()>),
}
