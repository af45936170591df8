//! `authsieve run`: reads logs and writes alerts.

use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Stop, Strictness};
use crate::feed;
use crate::interrupt::Interrupt;
use crate::output::overview::{arranged, failing, inferred};
use crate::output::paint::When;
use crate::output::summary::{shortfall, summary};
use crate::output::{Format, Layout};
use crate::selection;
use crate::sinks::Alerts;
use crate::sources::{Files, Live};
use authsieve_engine::detector::Stats;
use authsieve_host::Session;
use clap::Args;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// The arguments of `run`.
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
    inputs: Inputs,
    /// Format of alerts. Default: text on a terminal, else JSON.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Wanted>,
    /// Follow the input as it grows: a pipe as a stream, a file like `tail -F`. Without new records, time passes about
    /// once a second. Ctrl-C ends the run.
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    strictness: Strictness,
    /// Print no summary and no progress.
    #[arg(short, long)]
    quiet: bool,
}

/// The formats of alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// One JSON alert per line.
    Json,
    /// OCSF 1.5.0 Detection Findings (class 2004), one per line.
    Ocsf,
    /// Elastic Common Schema 8.17, one event per line.
    Ecs,
    /// Paragraphs for people.
    Text,
}

impl Arguments {
    fn format(&self, color: When) -> Format {
        let terminal = io::stdout().is_terminal();
        match self.format {
            Some(Wanted::Text) => Format::Text(color.paint(terminal)),
            None if terminal => Format::Text(color.paint(terminal)),
            Some(Wanted::Json) | None => Format::Lines { layout: Layout::Native, terminal },
            Some(Wanted::Ocsf) => Format::Lines { layout: Layout::Ocsf, terminal },
            Some(Wanted::Ecs) => Format::Lines { layout: Layout::Ecs, terminal },
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Fails if the analytics cannot be started, or if standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let selection = arguments.isolation.of(arguments.choice.selection());
    let options = arguments.configuration.options(arguments.inputs.order);
    let sessions = selection::start(&engine, &selection, &options, Session::start)?;
    let inputs = &arguments.inputs;
    let files = if arguments.follow { inputs.streams()? } else { vec![inputs.source(&options)?] };
    let overview = files.first().map(Files::overview).unwrap_or_default();
    let progress = files.first().filter(|_| !arguments.quiet && !arguments.follow).map(Files::progress);
    let mut sink = Alerts::new(arguments.format(color), color, progress);
    let source = Live::new(files)?;
    let source = if arguments.follow { source.stream(inputs.received) } else { source };
    let stopper = source.stopper();
    let interrupt = Interrupt::catch(move || stopper.stop())?;
    let started = Instant::now();
    let (sessions, totals) = feed::run(source, sessions, &mut sink)?;
    let first = sink.finish();
    let (stats, paint) = (stats(sessions), color.paint(io::stderr().is_terminal()));
    let mut text = String::new();
    if !arguments.quiet {
        let seen = overview.seen();
        text = arranged(&seen.arranged, paint) + &inferred(&seen, paint);
        text += &summary(&stats, &totals, started.elapsed(), arguments.inputs.order.sorts(), paint);
        text += &failing(&seen.failing, paint);
        if interrupt.status().is_some() {
            text +=
                &format!("{} a signal ended it: the rest of the input was not read\n", paint.bold("note:"));
        }
    }
    // Records that were not judged are reported even with `--quiet`.
    text.push_str(&shortfall(&stats, &totals, &first, paint));
    let _ = io::stderr().write_all(text.as_bytes());
    if let Some(status) = interrupt.status() {
        return Ok(ExitCode::from(status));
    }
    let failed = totals.unreadable > 0 || totals.troubles > 0;
    Ok(arguments.strictness.status(failed, &stats, &totals))
}

/// The counters of each analytic at the end.
pub(super) fn stats(sessions: Vec<Session>) -> Vec<Stats> {
    sessions.into_iter().flat_map(|mut session| session.stats()).collect()
}
