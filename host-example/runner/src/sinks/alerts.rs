//! Writes alerts to an output, and everything else to standard error. `run` and the demonstration use it.

use super::first::{First, Gathered};
use super::gate::{Counts, Gate, Passed};
use super::{News, Sink};
use crate::output::located::Located;
use crate::output::look::Look;
use crate::output::paint::When;
use crate::output::{Layout, complain, escape, report};
use crate::sources::Progress;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::time::Timestamp;
use authsieve_host::{Origin, Origins};
use authsieve_triage::evidence::Line;
use authsieve_triage::report::{Piece, Told};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// The progress bar appears after this time.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most alerts that are held for a report.
const MOST: usize = 20_000;

/// The treatment of alerts.
pub enum Output {
    /// Writes each alert as a line of JSON, when it is raised.
    Lines {
        /// The output.
        out: Box<dyn Write>,
        /// The layout of the lines.
        layout: Layout,
        /// True to escape all characters that control a terminal. The JSON values stay the same.
        terminal: bool,
        /// The most alerts that are written.
        limit: Option<usize>,
        /// The alerts, held for sorting by severity.
        sorted: Option<Vec<(Severity, Timestamp, String)>>,
    },
    /// Writes each alert as a paragraph, when it is raised.
    Paragraphs {
        /// The output.
        out: Box<dyn Write>,
        /// The layout of the text.
        look: Look,
    },
    /// Holds the alerts for a report.
    Held(Vec<Told>),
}

/// Writes alerts, or holds them.
pub struct Alerts {
    output: Output,
    gate: Gate,
    color: When,
    bar: Bar,
    troubles: Gathered,
    written: usize,
    left_out: u64,
}

/// The results of a sink of alerts.
pub struct Left {
    /// The alerts that were held.
    pub held: Vec<Told>,
    /// The number of alerts that were not held for lack of room.
    pub left_out: u64,
    /// The counts of alerts.
    pub counts: Counts,
    /// The gate. Its stand-ins also apply to texts outside the alerts.
    pub gate: Gate,
    /// The first record of each kind of trouble, by kind.
    pub first: Vec<First>,
}

impl Alerts {
    /// Creates a sink for an output. With `progress`, a bar on a terminal shows the progress of reading.
    #[must_use]
    pub fn new(output: Output, gate: Gate, color: When, progress: Option<Progress>) -> Self {
        let bar = Bar::new(progress.filter(|_| io::stderr().is_terminal()));
        Self { output, gate, color, bar, troubles: Gathered::default(), written: 0, left_out: 0 }
    }

    /// Ends the output.
    ///
    /// # Errors
    /// Fails if the output cannot be written.
    pub fn finish(mut self) -> io::Result<Left> {
        self.bar.clear();
        let mut held = Vec::new();
        match &mut self.output {
            Output::Lines { out, limit, sorted, .. } => {
                let mut lines = sorted.take().unwrap_or_default();
                lines.sort_by_key(|(severity, time, _)| (std::cmp::Reverse(*severity), *time));
                for (_, _, line) in lines.iter().take(limit.unwrap_or(usize::MAX)) {
                    writeln!(out, "{line}")?;
                }
                out.flush()?;
            }
            Output::Paragraphs { out, .. } => out.flush()?,
            Output::Held(told) => held = std::mem::take(told),
        }
        let gate = std::mem::take(&mut self.gate);
        let counts = gate.counts.clone();
        let first = std::mem::take(&mut self.troubles).first();
        Ok(Left { held, left_out: self.left_out, counts, gate, first })
    }

    fn write(&mut self, alert: Alert, mut lines: Vec<Option<Line>>, origins: &Origins) -> io::Result<()> {
        let raw = alert.clone();
        let Some(Passed { alert, added, notes }) = self.gate.pass(alert) else { return Ok(()) };
        if let Some(redactor) = &mut self.gate.redactor {
            for line in lines.iter_mut().flatten() {
                line.user = redactor.user(&line.user);
                line.from = if line.from.is_empty() { String::new() } else { redactor.address(&line.from) };
                line.at = if raw.host.is_some() { redactor.host(&line.at) } else { line.at.clone() };
                line.reason = redactor.text(&line.reason);
            }
        }
        let located = Located { added, ..Located::new(&alert, origins) };
        match &mut self.output {
            Output::Lines { out, layout, terminal, limit, sorted } => {
                let json = layout.to_json(&located);
                let line = escape::line(&json, *terminal);
                if let Some(sorted) = sorted {
                    sorted.push((alert.severity, alert.time, line.into_owned()));
                } else if limit.is_none_or(|limit| self.written < limit) {
                    self.bar.aside(|| writeln!(out, "{line}"))?;
                }
            }
            Output::Paragraphs { out, look } => {
                let told = told(&located, lines, notes);
                self.bar.aside(|| report::alert(out, &told, look))?;
            }
            Output::Held(held) if held.len() < MOST => held.push(told(&located, lines, notes)),
            Output::Held(_) => self.left_out += 1,
        }
        self.written += 1;
        Ok(())
    }
}

/// The alert with the places and lines of its evidence. A piece of evidence in the alert's own file is named only by
/// its line.
fn told(located: &Located<'_>, lines: Vec<Option<Line>>, notes: Vec<String>) -> Told {
    let own = located.origin.as_ref();
    let place = |origin: &Origin| match own {
        Some(own) if own.file == origin.file => origin.line.to_string(),
        _ => origin.to_string(),
    };
    let mut lines = lines.into_iter();
    let pieces = located.alert.evidence.iter().zip(&located.evidence).map(|(piece, origin)| Piece {
        record: piece.record,
        place: origin.as_ref().map(place),
        line: lines.next().flatten(),
        raw: piece.text.clone(),
    });
    Told {
        alert: located.alert.clone(),
        place: own.map(ToString::to_string),
        pieces: pieces.collect(),
        notes,
    }
}

impl Sink for Alerts {
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()> {
        if let Some(text) = news.complaint(origins) {
            self.bar.aside(|| complain(self.color, &text));
        }
        match news {
            News::Alert(alert) => self.write(*alert, Vec::new(), origins),
            News::Told { alert, lines } => self.write(*alert, lines, origins),
            News::Problem(problem) => {
                self.troubles.take(problem, origins);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // Alerts of a stream must not wait in a buffer.
        match &mut self.output {
            Output::Lines { out, .. } | Output::Paragraphs { out, .. } => self.bar.aside(|| out.flush())?,
            Output::Held(_) => {}
        }
        self.bar.advance();
        Ok(())
    }
}

impl Drop for Alerts {
    fn drop(&mut self) {
        self.bar.clear();
    }
}
/// A progress bar on standard error. It appears only if the size of the inputs is known and reading takes a while.
struct Bar {
    progress: Option<(Progress, u64)>,
    started: Instant,
    shown: Option<ProgressBar>,
}

impl Bar {
    fn new(progress: Option<Progress>) -> Self {
        let progress = progress.and_then(|progress| progress.size().map(|size| (progress, size)));
        Self { progress, started: Instant::now(), shown: None }
    }

    fn advance(&mut self) {
        let Some((progress, size)) = &self.progress else { return };
        if self.shown.is_none() && self.started.elapsed() > PATIENCE {
            let bar = ProgressBar::with_draw_target(Some(*size), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(
                "{bar:30} {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.shown = Some(bar.with_elapsed(self.started.elapsed()));
        }
        if let Some(bar) = &self.shown {
            bar.set_position(progress.read().min(*size));
        }
    }

    /// Hides the bar while `write` may write to the terminal.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.shown {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
