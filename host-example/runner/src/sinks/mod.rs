//! Sinks take what comes out of the loop. Each file here is one sink, or a part of one.
//!
//! A sink takes [`News`] in the order it happens, and delivers it. To add a sink, add a file here with a type that
//! implements [`Sink`]. [`output`](crate::output) has the formats in which an alert is written.

mod alerts;
mod collected;
mod complaints;
mod events;
mod first;
mod notes;

pub use alerts::Alerts;
pub use collected::Collected;
pub use complaints::Complaints;
pub use events::Events;
pub use first::First;
pub use notes::{Filter, Format as NoteFormat, Notes, note_line};

use crate::sources::Loss;
use authsieve_engine::alert::Alert;
use authsieve_host::Origins;
use authsieve_host::contract::{Event, Note, Problem};
use std::io;
use std::sync::Arc;

/// Takes what the analytics and the sources have to say.
pub trait Sink {
    /// Takes one piece of news. `origins` tells where the records of its numbers stand.
    ///
    /// # Errors
    /// When it cannot be delivered. This ends the loop.
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()>;

    /// Delivers all that was taken, at the end of each batch. The batch is acknowledged when this returns.
    ///
    /// # Errors
    /// When it cannot be delivered. This ends the loop.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What happened. Records are named by their numbers over the whole input, from 1; 0: not known.
#[derive(Debug)]
pub enum News {
    /// An analytic raised an alert.
    Alert(Box<Alert>),
    /// An analytic says what became of an event.
    Note(Note),
    /// What a record says: maybe nothing.
    Events {
        /// The record.
        record: u64,
        /// The events in it.
        events: Vec<Event>,
    },
    /// A source could not read something.
    Loss {
        /// The name of the input.
        file: Arc<str>,
        /// What was lost.
        loss: Loss,
    },
    /// The first record of a kind of trouble that an analytic has with records.
    Problem(Problem),
    /// An analytic failed.
    Trouble {
        /// Its id.
        analytic: Arc<str>,
        /// The record it failed on.
        record: u64,
        /// How it failed, and what that cost.
        why: String,
    },
}

impl News {
    /// The number of the record it is about; 0: of none, or not known.
    #[must_use]
    pub fn record(&self) -> u64 {
        match self {
            Self::Alert(alert) => alert.record,
            Self::Note(note) => note.record,
            Self::Events { record, .. } | Self::Trouble { record, .. } => *record,
            Self::Problem(problem) => problem.record,
            Self::Loss { .. } => 0,
        }
    }

    /// A line for a person, of a loss or a trouble; `None` of everything else.
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
            Self::Alert(_) | Self::Note(_) | Self::Events { .. } | Self::Problem(_) => None,
        }
    }
}
