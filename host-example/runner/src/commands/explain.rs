//! `authsieve explain`: what became of each event for each of its keys, and why.

mod notes;
mod report;

use crate::arguments::{self, Bounds, Choice, Configuration, Order, Reading, Stop};
use crate::output::escape;
use crate::output::paint::When;
use crate::output::summary::lateness;
use crate::selection;
use crate::source::{self, Input};
use authsieve_engine::detector;
use authsieve_framing::MAX_RECORD;
use authsieve_host::contract::Note;
use authsieve_host::{Analytic, CallError, Detector, StartError};
use clap::Args;
use notes::{Filter, Groups, Placed};
use report::{Format, write_group, write_json};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    reading: Reading,
    /// In which order events are judged, as for `run`.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: Order,
    /// How it is written; without it, by key on a terminal and one JSON object per line otherwise.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Wanted>,
    /// Log files, in this order; `-` is standard input. `.gz` and `.zst` are unpacked.
    /// Lines, JSON of any layout, CSV, W3C logs, XML and `.evtx` are told by content.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A format, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// One JSON object per line, in the order of the input.
    Json,
    /// A timeline for each key.
    Text,
}

/// An analytic that is asked why.
struct Explainer {
    analytic: Arc<Analytic>,
    name: Arc<str>,
    config: String,
    seed: u64,
    detector: Detector,
}

impl Explainer {
    fn new(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let detector = analytic.create(&config, seed)?;
        Ok(Self { name: analytic.name().into(), analytic, config, seed, detector })
    }

    /// What became of the records. After an error it goes on from nothing.
    fn explain(&mut self, batch: &[u8], reading: detector::Reading) -> Result<Vec<Note>, CallError> {
        let notes = self.detector.explain(batch, reading);
        if notes.is_err()
            && let Ok(detector) = self.analytic.create(&self.config, self.seed)
        {
            self.detector = detector;
        }
        notes
    }

    /// What waited, at the end of the input.
    fn finish(&mut self, received: i64) -> Result<Vec<Note>, CallError> {
        self.detector.flush()?;
        self.detector.explain(b"", received)
    }
}

/// Where notes go.
struct Sink<'o, W: Write> {
    out: &'o mut W,
    filter: &'o Filter,
    format: Format,
    several: bool,
    groups: Groups,
}

impl<W: Write> Sink<'_, W> {
    fn take(&mut self, analytic: &Arc<str>, placed: Placed) -> io::Result<()> {
        if !self.filter.passes(&placed.note) {
            return Ok(());
        }
        if matches!(self.format, Format::Text(_)) || self.filter.near {
            self.groups.add(analytic, placed);
            Ok(())
        } else {
            self.line(analytic, &placed)
        }
    }

    fn line(&mut self, analytic: &str, placed: &Placed) -> io::Result<()> {
        write_json(self.out, analytic, placed, self.several, self.format)
    }

    fn finish(self, color: When) -> io::Result<()> {
        let mut shown = 0;
        for group in self.groups.shown() {
            shown += 1;
            if let Format::Text(paint) = self.format {
                write_group(self.out, group, self.several, paint)?;
                continue;
            }
            for placed in &group.notes {
                write_json(self.out, &group.analytic, placed, self.several, self.format)?;
            }
        }
        self.out.flush()?;
        let paint = color.paint(io::stderr().is_terminal());
        let left_out = self.groups.left_out;
        if left_out > 0 {
            let _ = writeln!(
                io::stderr(),
                "{} {left_out} more notes are not shown: narrow them with --user, --ip, --key or --near, or write \
                 JSON into a file",
                paint.bold("note:")
            );
        } else if shown == 0 && matches!(self.format, Format::Text(_)) {
            let _ = writeln!(
                io::stderr(),
                "{} no event fits; `authsieve decode` shows what the records say",
                paint.bold("note:")
            );
        }
        Ok(())
    }
}

/// Runs it.
///
/// # Errors
/// When the analytics cannot be started, or standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let (selection, options) =
        (arguments.choice.selection(), arguments.configuration.options(arguments.order));
    let mut explainers = selection::start(&engine, &selection, &options, Explainer::new)?;
    let terminal = io::stdout().is_terminal();
    let format = match arguments.format {
        Some(Wanted::Json) if terminal => Format::JsonForTerminal,
        Some(Wanted::Json) => Format::Json,
        None if !terminal => Format::Json,
        Some(Wanted::Text) | None => Format::Text(color.paint(terminal)),
    };
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let mut sink = Sink {
        out: &mut out,
        filter: &arguments.filter,
        format,
        several: arguments.files.len() > 1,
        groups: Groups::new(arguments.filter.near),
    };
    let (mut failed, mut next) = (false, 1);
    let mut last_received = arguments.reading.received.unwrap_or_else(source::now);
    for file in &arguments.files {
        let input = Input::from_argument(file.clone());
        let name: Arc<str> = input.name().into();
        let mut complain = |line: Option<u64>, error: &dyn std::fmt::Display| {
            failed = true;
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            arguments::complain(color, &format!("{name}{line}: {error}"));
        };
        let mut source = match input.open(MAX_RECORD, arguments.reading.input_format, &Arc::default()) {
            Ok(source) => source,
            Err(error) => {
                complain(None, &error);
                continue;
            }
        };
        let mut batch = Vec::new();
        loop {
            let cut = match source.records.next(&mut batch) {
                Ok(None) => break,
                Ok(Some(cut)) => cut,
                Err(error) => {
                    complain(None, &error);
                    break;
                }
            };
            for record in &cut.oversized {
                complain(Some(record.line), &format_args!("a record of {} bytes is too long", record.length));
            }
            for problem in &cut.problems {
                // Whatever else the input holds is read: this is no failure.
                arguments::complain(color, &format!("{name}:{}: {}", problem.line, problem.flaw));
            }
            last_received = arguments.reading.received.or(source.received).unwrap_or_else(source::now);
            let lines = memchr::memchr_iter(b'\n', &batch).count() as u64 + 1;
            let reading = detector::Reading { first: next, ..detector::Reading::from(last_received) };
            for explainer in &mut explainers {
                match explainer.explain(&batch, reading) {
                    Ok(notes) => {
                        for note in notes {
                            // An event that waited is of an earlier batch.
                            let line = note.record.checked_sub(next).map(|at| cut.first_line + at);
                            let place = line.map(|line| (Arc::clone(&name), line));
                            sink.take(&explainer.name, Placed { place, note })?;
                        }
                    }
                    Err(error) => complain(
                        Some(cut.first_line),
                        &format_args!(
                            "{}: {error}; its state is lost, it goes on from nothing",
                            explainer.name
                        ),
                    ),
                }
            }
            next += lines;
        }
    }
    for explainer in &mut explainers {
        match explainer.finish(last_received) {
            Ok(notes) => {
                for note in notes {
                    sink.take(&explainer.name, Placed { place: None, note })?;
                }
            }
            Err(error) => {
                failed = true;
                arguments::complain(color, &format!("{}: {error}", explainer.name));
            }
        }
    }
    sink.finish(color)?;
    for explainer in &mut explainers {
        let note =
            explainer.detector.stats().ok().and_then(|stats| lateness(stats.first()?, arguments.order));
        if let Some(note) = note {
            let paint = color.paint(io::stderr().is_terminal());
            let name = escape::text(&explainer.name);
            let _ = writeln!(io::stderr(), "{} {name}: {note}", paint.bold("note:"));
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests;
