//! The sinks of the main loop. Each file here is one sink or a part of one.
//!
//! A sink takes [`News`] in order and delivers it. To add a sink, add a file with a type that implements [`Sink`].
//! [`output`](crate::output) has the formats of alerts.

mod alerts;
mod collected;
mod complaints;
mod events;
mod first;
mod gate;
mod notes;

pub use alerts::{Alerts, Left, Output};
pub use collected::Collected;
pub use complaints::Complaints;
pub use events::Events;
pub use first::First;
pub use gate::{Counts, Gate, Passed};
pub use notes::{Filter, Format as NoteFormat, Notes, note_line};

use crate::sources::Loss;
use authsieve_engine::alert::Alert;
use authsieve_host::Origins;
use authsieve_host::contract::{Event, Note, Problem};
use authsieve_triage::evidence::Line;
use std::io;
use std::sync::Arc;

/// A receiver of the results of a run.
pub trait Sink {
    /// Takes one piece of news. `origins` gives the places of the records.
    ///
    /// # Errors
    /// Fails if the news cannot be delivered. This ends the loop.
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()>;

    /// Delivers everything that was taken. Called at the end of each batch; the batch is acknowledged after it.
    ///
    /// # Errors
    /// Fails if the news cannot be delivered. This ends the loop.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A piece of news. Record numbers count from 1 over the whole input. 0 means unknown.
#[derive(Debug)]
pub enum News {
    /// An analytic raised an alert.
    Alert(Box<Alert>),
    /// The alert as above, with the decoded fields of each piece of evidence that could be read.
    Told {
        /// The alert.
        alert: Box<Alert>,
        /// The line of each piece of evidence.
        lines: Vec<Option<Line>>,
    },
    /// An analytic explains how it treated an event.
    Note(Note),
    /// The events in a record. There may be none.
    Events {
        /// The number of the record.
        record: u64,
        /// The events.
        events: Vec<Event>,
    },
    /// A source could not read something.
    Loss {
        /// The name of the input.
        file: Arc<str>,
        /// The loss.
        loss: Loss,
    },
    /// The first record of a kind of trouble that an analytic has with records.
    Problem(Problem),
    /// An analytic failed.
    Trouble {
        /// The id of the analytic.
        analytic: Arc<str>,
        /// The number of the record on which it failed.
        record: u64,
        /// The failure, and the loss that it caused.
        why: String,
    },
}

impl News {
    /// The number of the record. 0 if there is none or it is unknown.
    #[must_use]
    pub fn record(&self) -> u64 {
        match self {
            Self::Alert(alert) | Self::Told { alert, .. } => alert.record,
            Self::Note(note) => note.record,
            Self::Events { record, .. } | Self::Trouble { record, .. } => *record,
            Self::Problem(problem) => problem.record,
            Self::Loss { .. } => 0,
        }
    }

    /// A readable line for a loss or a failure. `None` for all other news.
    #[must_use]
    pub fn complaint(&self, origins: &Origins) -> Option<String> {
        match self {
            Self::Loss { file, loss } => Some(match loss.line() {
                Some(line) => format!("{file}:{line}: {loss}"),
                None => format!("{file}: {loss}"),
            }),
            Self::Trouble { analytic, record, why } => Some(match origins.of(*record) {
                Some(origin) => format!("{origin}: {analytic}: {why}"),
                None => format!("{analytic}: {why}"),
            }),
            Self::Alert(_) | Self::Told { .. } | Self::Note(_) | Self::Events { .. } | Self::Problem(_) => {
                None
            }
        }
    }
}
