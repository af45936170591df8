//! `authsieve explain`: what became of each event for each of its keys, and why.

use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Stop, Strictness};
use crate::feed::{self, Records, Worker, tell};
use crate::output::escape;
use crate::output::overview::arranged;
use crate::output::paint::When;
use crate::output::summary::{lateness, shortfall};
use crate::selection;
use crate::sinks::{Filter, News, NoteFormat, Notes};
use crate::sources::now;
use authsieve_engine::detector::{Reading, Stats};
use authsieve_host::{Analytic, Answer, Session, StartError};
use clap::Args;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
#[cfg(all(feature = "serve", unix))]
use {
    crate::selection::Error,
    crate::serve::SINCE,
    crate::serve::client::{self, Credentials, Part, Place},
};

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
    #[command(flatten)]
    strictness: Strictness,
    /// Ask a service that runs, instead of reading files: http://HOST:PORT of a source of HTTP, unix:PATH of a socket, or its state
    /// folder. The records that it received lately are told.
    #[cfg(all(feature = "serve", unix))]
    #[arg(long, value_name = "PLACE", value_parser = Place::parse, conflicts_with_all = ["files", "analytic", "config", "set", "isolate"])]
    from: Option<Place>,
    #[cfg(all(feature = "serve", unix))]
    #[command(flatten)]
    credentials: Credentials,
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
    #[cfg(all(feature = "serve", unix))]
    if let Some(place) = &arguments.from {
        return ask(arguments, place, color);
    }
    let engine = arguments.bounds.engine()?;
    let (selection, options) = (
        arguments.isolation.of(arguments.choice.selection()),
        arguments.configuration.options(arguments.inputs.order),
    );
    let explainers = selection::start(&engine, &selection, &options, Explainer::start)?;
    let source = arguments.inputs.source(&options)?;
    let overview = source.overview();
    let several = arguments.inputs.has_several();
    let mut sink = Notes::new(arguments.filter.clone(), arguments.format(color), several, color);
    let (mut explainers, totals) = feed::run(source, explainers, &mut sink)?;
    let first = sink.finish()?;
    let paint = color.paint(io::stderr().is_terminal());
    let _ = io::stderr().write_all(arranged(&overview.seen().arranged, paint).as_bytes());
    let stats: Vec<Stats> = explainers.iter_mut().flat_map(|explainer| explainer.session.stats()).collect();
    for stats in &stats {
        if let Some(note) = lateness(stats, arguments.inputs.order.sorts()) {
            let id = escape::text(&stats.analytic);
            let _ = writeln!(io::stderr(), "{} {id}: {note}", paint.bold("note:"));
        }
    }
    let _ = io::stderr().write_all(shortfall(&stats, &totals, &first, paint).as_bytes());
    Ok(arguments.strictness.status(totals.lost_something(), &stats, &totals))
}

/// Asks a service that runs.
#[cfg(all(feature = "serve", unix))]
fn ask(arguments: &Arguments, place: &Place, color: When) -> Result<ExitCode, Stop> {
    let access = arguments.credentials.read().map_err(Error::Failure)?;
    let filter = &arguments.filter;
    let mut notes = Notes::new(filter.clone(), arguments.format(color), true, color);
    let encoded = |(name, value): (&str, String)| {
        format!(
            "{name}={}",
            percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC)
        )
    };
    let query: Vec<String> = filter.pairs().into_iter().map(encoded).collect();
    let (path, mut rest, mut since) = (format!("/v1/explain?{}", query.join("&")), Vec::new(), None);
    let asked = client::get(place, &path, &access, &mut |part| match part {
        Part::Head(head) => {
            since = head.get(SINCE).and_then(|since| since.to_str().ok()).map(str::to_owned);
            Ok(())
        }
        Part::Body(bytes) => {
            rest.extend_from_slice(bytes);
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let lines: Vec<u8> = rest.drain(..whole).collect();
            let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.map(String::from_utf8_lossy).try_for_each(|line| notes.tell(&line))
        }
    });
    notes.finish()?;
    asked.map_err(Error::Failure)?;
    if let Some(since) = since {
        let paint = color.paint(io::stderr().is_terminal());
        let since = escape::text(&since).into_owned();
        let _ = writeln!(io::stderr(), "{} the service knows what came since {since}", paint.bold("note:"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Analytics that are asked why.
struct Explainer {
    session: Session,
    /// How the last records were read.
    reading: Reading,
}

impl Explainer {
    fn start(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let session = Session::start(analytic, config, seed)?;
        Ok(Self { session, reading: Reading::from(now()) })
    }
}

impl Worker for Explainer {
    fn name(&self) -> &str {
        self.session.analytic().name()
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        self.reading = records.reading;
        let answer = self.session.explain(records.bytes, records.reading);
        tell(answer, Some(records), news);
    }

    /// The events that waited are told.
    fn finish(&mut self, news: &mut Vec<News>) {
        let ended = Answer { alerts: Vec::new(), ..self.session.flush() };
        tell(ended, None, news);
        let reading = Reading { first: 0, ..self.reading };
        tell(self.session.explain(b"", reading), None, news);
        news.extend(self.session.problems().unwrap_or_default().into_iter().map(News::Problem));
    }
}
