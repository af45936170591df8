//! `authsieve explain`: what became of each event for each of its keys, and why.

use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Order, Stop};
use crate::feed::{self, Records, Worker};
use crate::output::escape;
use crate::output::paint::When;
use crate::output::summary::lateness;
use crate::selection;
use crate::sinks::{Filter, News, NoteFormat, Notes};
use crate::sources::now;
use authsieve_engine::detector::Reading;
use authsieve_host::contract::Note;
use authsieve_host::{Analytic, CallError, Detector, Restarting, StartError};
use clap::Args;
use std::io::{self, IsTerminal, Write};
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
    isolation: Isolation,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    inputs: Inputs,
    /// In which order events are judged, as for `run`.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    order: Order,
    /// How it is written; without it, by key on a terminal and one JSON object per line otherwise.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Wanted>,
}

/// A format, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// One JSON object per line, in the order of the input.
    Json,
    /// A timeline for each key.
    Text,
}

impl Arguments {
    fn format(&self, color: When) -> NoteFormat {
        let terminal = io::stdout().is_terminal();
        match self.format {
            Some(Wanted::Json) if terminal => NoteFormat::JsonForTerminal,
            Some(Wanted::Json) => NoteFormat::Json,
            None if !terminal => NoteFormat::Json,
            Some(Wanted::Text) | None => NoteFormat::Text(color.paint(terminal)),
        }
    }
}

/// Runs it.
///
/// # Errors
/// When the analytics cannot be started, or standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let (selection, options) = (
        arguments.isolation.of(arguments.choice.selection()),
        arguments.configuration.options(arguments.order),
    );
    let explainers = selection::start(&engine, &selection, &options, Explainer::start)?;
    let source = arguments.inputs.source()?;
    let several = arguments.inputs.has_several();
    let mut sink = Notes::new(arguments.filter.clone(), arguments.format(color), several, color);
    let (mut explainers, totals) = feed::run(source, explainers, &mut sink)?;
    sink.finish()?;
    let paint = color.paint(io::stderr().is_terminal());
    for explainer in &mut explainers {
        for stats in explainer.detector.ask(Detector::stats).unwrap_or_default() {
            if let Some(note) = lateness(&stats, arguments.order.sorts()) {
                let id = escape::text(&stats.analytic);
                let _ = writeln!(io::stderr(), "{} {id}: {note}", paint.bold("note:"));
            }
        }
    }
    Ok(if totals.lost_something() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// An analytic that is asked why.
struct Explainer {
    detector: Restarting,
    /// How the last records were read.
    reading: Reading,
}

impl Explainer {
    fn start(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let detector = Restarting::start(analytic, config, seed)?;
        Ok(Self { detector, reading: Reading::from(now()) })
    }

    fn trouble(&self, record: u64, why: String) -> News {
        News::Trouble { analytic: self.name().into(), record, why }
    }
}

impl Worker for Explainer {
    fn name(&self) -> &str {
        self.detector.analytic().name()
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        self.reading = records.reading;
        match self.detector.ask(|detector| detector.explain(records.bytes, records.reading)) {
            Ok(notes) => news.extend(notes.into_iter().map(News::Note)),
            Err(error) => {
                let why = format!("{error}; its state is lost, it goes on from nothing");
                news.push(self.trouble(records.reading.first, why));
            }
        }
    }

    /// The events that waited are told.
    fn finish(&mut self, news: &mut Vec<News>) {
        let reading = self.reading;
        let rest = |detector: &mut Detector| -> Result<Vec<Note>, CallError> {
            detector.flush()?;
            detector.explain(b"", reading)
        };
        match self.detector.ask(rest) {
            Ok(notes) => news.extend(notes.into_iter().map(News::Note)),
            Err(error) => news.push(self.trouble(0, error.to_string())),
        }
    }
}
