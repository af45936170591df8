//! The sink of `decode`: writes events as JSON lines to standard output.

use super::first::{First, Gathered};
use super::{News, Sink};
use crate::output::event::EventLine;
use crate::output::paint::When;
use crate::output::{complain, escape};
use authsieve_host::Origins;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Writes one JSON object per event.
pub struct Events {
    out: BufWriter<StdoutLock<'static>>,
    terminal: bool,
    several: bool,
    color: When,
    troubles: Gathered,
}

impl Events {
    /// Creates the sink. With `several` inputs, each event names its file.
    #[must_use]
    pub fn new(several: bool, color: When) -> Self {
        let out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
        let terminal = io::stdout().is_terminal();
        Self { out, terminal, several, color, troubles: Gathered::default() }
    }

    /// Ends the output. Returns the first record of each kind of trouble, ordered by kind.
    #[must_use]
    pub fn finish(self) -> Vec<First> {
        self.troubles.first()
    }

    fn write(&mut self, event: &EventLine<'_>) -> io::Result<()> {
        let json = event.to_json();
        writeln!(self.out, "{}", escape::line(&json, self.terminal))
    }
}

impl Sink for Events {
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()> {
        if let Some(text) = news.complaint(origins) {
            complain(self.color, &text);
        }
        let (record, events) = match news {
            News::Events { record, events } => (record, events),
            News::Problem(problem) => {
                self.troubles.take(problem, origins);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let origin = origins.of(record);
        let file = origin.as_ref().filter(|_| self.several).map(|origin| &*origin.file);
        let line = origin.as_ref().map_or(0, |origin| origin.line);
        if events.is_empty() {
            self.write(&EventLine::nothing(file, line))?;
        }
        events.into_iter().try_for_each(|event| self.write(&EventLine::of(file, line, event)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
