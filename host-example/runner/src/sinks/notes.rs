//! The sink of `explain`: writes to standard output how each event was treated, and why.

mod groups;
mod write;

pub use groups::Filter;
pub use write::{Format, note_line};

use super::first::{First, Gathered};
use super::{News, Sink};
use crate::output::complain;
use crate::output::paint::When;
use authsieve_host::Origins;
use groups::{Groups, Placed};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use write::{read_line, write_group, write_json};

/// Writes the notes that pass a filter: JSON at once, timelines at the end of the input.
pub struct Notes {
    out: BufWriter<StdoutLock<'static>>,
    filter: Filter,
    format: Format,
    several: bool,
    color: When,
    groups: Groups,
    troubles: Gathered,
}

impl Notes {
    /// Creates the sink. With `several` inputs, each note names its file.
    #[must_use]
    pub fn new(filter: Filter, format: Format, several: bool, color: When) -> Self {
        let out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
        let groups = Groups::new(filter.near);
        Self { out, groups, filter, format, several, color, troubles: Gathered::default() }
    }

    /// Writes the timelines, and says what is missing. Returns the first record of each kind of trouble, ordered by
    /// kind.
    ///
    /// # Errors
    /// Fails if standard output cannot be written to.
    pub fn finish(mut self) -> io::Result<Vec<First>> {
        let mut shown = 0;
        for group in self.groups.shown() {
            shown += 1;
            if let Format::Text(paint) = self.format {
                write_group(&mut self.out, group, self.several, paint)?;
                continue;
            }
            for placed in &group.notes {
                write_json(&mut self.out, placed, self.several, self.format)?;
            }
        }
        self.out.flush()?;
        if let Some(hint) = self.hint(shown) {
            let paint = self.color.paint(io::stderr().is_terminal());
            let _ = writeln!(io::stderr(), "{} {hint}", paint.bold("note:"));
        }
        Ok(self.troubles.first())
    }

    /// Takes a note of another process, as a line of [`note_line`].
    ///
    /// # Errors
    /// Fails if standard output cannot be written to, or if the line is not a note.
    pub fn tell(&mut self, line: &str) -> io::Result<()> {
        let placed = read_line(line);
        let placed =
            placed.ok_or_else(|| io::Error::other("a line of the answer is no note of this version"))?;
        if self.filter.passes(&placed.note) { self.place(placed) } else { Ok(()) }
    }

    /// A hint about the notes that are not shown.
    fn hint(&self, shown: usize) -> Option<String> {
        let left_out = self.groups.left_out;
        if left_out > 0 {
            return Some(format!(
                "{left_out} more notes are not shown: narrow them with --user, --ip, --key or --near, or write JSON \
                 into a file"
            ));
        }
        let nothing = shown == 0 && matches!(self.format, Format::Text(_));
        nothing.then(|| "no event fits; `authsieve decode` shows what the records say".into())
    }

    fn place(&mut self, placed: Placed) -> io::Result<()> {
        if matches!(self.format, Format::Text(_)) || self.filter.near {
            self.groups.add(placed);
            return Ok(());
        }
        write_json(&mut self.out, &placed, self.several, self.format)
    }
}

impl Sink for Notes {
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()> {
        if let Some(text) = news.complaint(origins) {
            complain(self.color, &text);
        }
        match news {
            News::Problem(problem) => {
                self.troubles.take(problem, origins);
                Ok(())
            }
            News::Note(note) if self.filter.passes(&note) => {
                self.place(Placed { origin: origins.of(note.record), note })
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
