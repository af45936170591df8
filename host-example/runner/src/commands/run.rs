//! `authsieve run`: reads logs and writes alerts.

mod wanted;

use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Stop, Strictness};
use crate::feed;
use crate::interrupt::Interrupt;
use crate::output::overview::{arranged, failing, inferred};
use crate::output::paint::When;
use crate::output::report::Whole;
use crate::output::summary::{apart, shortfall, summary};
use crate::selection::{self, Error, Options};
use crate::sinks::Alerts;
use crate::sources::{Files, Live};
use crate::witness::Observer;
use authsieve_engine::detector::Stats;
use authsieve_host::Session;
use clap::Args;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;
pub(super) use wanted::block;
use wanted::{Form, Wanted};

/// The exit status if an alert has at least the severity of `--fail-on`.
const FAILED_ON: u8 = 3;

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
    #[command(flatten)]
    wanted: Wanted,
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

/// Runs `run`.
///
/// # Errors
/// Fails if the analytics cannot be started, or standard output cannot be written.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let wanted = &arguments.wanted;
    let form = wanted.form(arguments.follow)?;
    let gate = wanted.gate()?;
    let engine = arguments.bounds.engine()?;
    let selection = arguments.isolation.of(arguments.choice.selection());
    let options = arguments.configuration.options(arguments.inputs.order);
    // Text and tables also show how each attack continued.
    let options = Options { followed: form != Form::Lines, ..options };
    let sessions = selection::start(&engine, &selection, &options, Session::start)?;
    let inputs = &arguments.inputs;
    let files = if arguments.follow { inputs.streams()? } else { vec![inputs.source(&options)?] };
    let overview = files.first().map(Files::overview).unwrap_or_default();
    let progress = files.first().filter(|_| !arguments.quiet && !arguments.follow).map(Files::progress);
    let look = wanted.look(form, color);
    let mut sink = Alerts::new(wanted.output(form, &look)?, gate, color, progress);
    let source = Live::new(files)?;
    let source = if arguments.follow { source.stream(inputs.received) } else { source };
    let stopper = source.stopper();
    let interrupt = Interrupt::catch(move || stopper.stop())?;
    let started = Instant::now();
    let (sessions, totals) = if form == Form::Lines {
        // These forms do not show whole records.
        feed::run(source, sessions, &mut sink)?
    } else {
        let times = options.read().unwrap_or_default().times();
        let observed = sessions.into_iter().map(|session| Observer::new(session, &times)).collect();
        let (observed, totals) = feed::run(source, observed, &mut sink)?;
        (observed.into_iter().map(Observer::into_session).collect(), totals)
    };
    let mut left = sink.finish()?;
    let (stats, paint) = (stats(sessions), color.paint(io::stderr().is_terminal()));
    let seen = overview.seen();
    let mut seen_failing = seen.failing.clone();
    if let Some(redactor) = &mut left.gate.redactor {
        seen_failing =
            seen_failing.renamed(
                |name, is_address| {
                    if is_address { redactor.address(name) } else { redactor.user(name) }
                },
            );
    }
    let mut text = String::new();
    if !arguments.quiet {
        text = arranged(&seen.arranged, paint) + &inferred(&seen, paint);
        text += &summary(&stats, &totals, started.elapsed(), arguments.inputs.order.sorts(), paint);
        text += &failing(&seen_failing, paint);
        text += &apart(&left.counts, left.left_out, paint);
        if interrupt.status().is_some() {
            text +=
                &format!("{} a signal ended it: the rest of the input was not read\n", paint.bold("note:"));
        }
    }
    // Records that were not judged are reported even with `--quiet`.
    text.push_str(&shortfall(&stats, &totals, &left.first, paint));
    let whole = Whole {
        addresses: seen_failing.all_addresses(),
        accounts: seen_failing.all_accounts(),
        exact: seen_failing.is_exact(),
        limit: wanted.limit,
    };
    wanted.report(form, &look, left.held, &whole, &text)?;
    let _ = io::stderr().write_all(text.as_bytes());
    if let Some(status) = interrupt.status() {
        return Ok(ExitCode::from(status));
    }
    let failed = totals.unreadable > 0 || totals.troubles > 0;
    let status = arguments.strictness.status(failed, &stats, &totals);
    if status == ExitCode::SUCCESS && wanted.fails_on(left.counts.worst) {
        return Ok(ExitCode::from(FAILED_ON));
    }
    Ok(status)
}

/// The counters of each analytic at the end.
pub(super) fn stats(sessions: Vec<Session>) -> Vec<Stats> {
    sessions.into_iter().flat_map(|mut session| session.stats()).collect()
}

/// The error for a desk whose files are wrong.
fn untidy(why: String) -> Error {
    Error::Failure(why)
}
