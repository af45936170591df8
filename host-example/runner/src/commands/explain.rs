//! `authsieve explain`: reports how each event was treated for each of its keys, and why.

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
    /// Ask a running service instead of reading files: http://HOST:PORT of an HTTP source, unix:PATH of a socket, or
    /// the state folder. Reports on the records that the service received lately.
    #[cfg(all(feature = "serve", unix))]
    #[arg(long, value_name = "PLACE", value_parser = Place::parse, conflicts_with_all = ["files", "analytic", "config", "set", "isolate"])]
    from: Option<Place>,
    #[cfg(all(feature = "serve", unix))]
    #[command(flatten)]
    credentials: Credentials,
    /// Format. Default: by key on a terminal, else one JSON object per line.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Wanted>,
}

/// The formats of notes.
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

/// Runs the command.
///
/// # Errors
/// Fails if the analytics cannot be started, or if standard output cannot be written to.
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

/// Asks a running service.
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
        let _ = writeln!(io::stderr(), "{} the service keeps the records since {since}", paint.bold("note:"));
    }
    Ok(ExitCode::SUCCESS)
}

/// An analytic that explains its judgements.
struct Explainer {
    session: Session,
    /// The reading of the last records.
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

    /// Explains the events that still waited.
    fn finish(&mut self, news: &mut Vec<News>) {
        let ended = Answer { alerts: Vec::new(), ..self.session.flush() };
        tell(ended, None, news);
        let reading = Reading { first: 0, ..self.reading };
        tell(self.session.explain(b"", reading), None, news);
        news.extend(self.session.problems().unwrap_or_default().into_iter().map(News::Problem));
    }
}
