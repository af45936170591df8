//! `authsieve decode`: prints the events in each record.

use super::decoding::{decode, pair};
use super::run::stats;
use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Stop, Strictness};
use crate::feed::{self, Records, Worker};
use crate::output::paint::When;
use crate::output::summary::shortfall;
use crate::selection;
use crate::sinks::{Events, News};
use authsieve_host::{CallError, Restarting, Session};
use clap::Args;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// The arguments of `decode`.
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
    strictness: Strictness,
    /// Also print records without an event, with a null outcome.
    #[arg(long)]
    all: bool,
}

/// Runs the command.
///
/// # Errors
/// Fails if the analytics cannot be started, or if standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let (selection, options) = (
        arguments.isolation.of(arguments.choice.selection()),
        arguments.configuration.options(arguments.inputs.order),
    );
    let pairs = selection::start(&engine, &selection, &options, pair)?;
    let (detectors, sessions) = pairs.into_iter().unzip();
    let source = arguments.inputs.source(&options)?;
    let mut sink = Events::new(arguments.inputs.has_several(), color);
    let decoder = Decoder { detectors, sessions, all: arguments.all };
    let (decoders, totals) = feed::run(source, vec![decoder], &mut sink)?;
    let (first, paint) = (sink.finish(), color.paint(io::stderr().is_terminal()));
    let stats = stats(decoders.into_iter().flat_map(|decoder| decoder.sessions).collect());
    let _ = io::stderr().write_all(shortfall(&stats, &totals, &first, paint).as_bytes());
    Ok(arguments.strictness.status(totals.lost_something(), &stats, &totals))
}

/// Analytics that decode records.
struct Decoder {
    detectors: Vec<Restarting>,
    /// The same analytics, to count the records that they cannot read.
    sessions: Vec<Session>,
    /// True if records without an event are printed too.
    all: bool,
}

impl Worker for Decoder {
    fn name(&self) -> &str {
        "decoder"
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        let trouble = |detector: &Restarting, record, error: CallError| {
            let analytic = detector.name().into();
            news.push(News::Trouble { analytic, record, why: error.to_string() });
        };
        let of_record = decode(&mut self.detectors, records, |_| {}, trouble);
        for (record, events) in (records.reading.first..).zip(of_record) {
            if self.all || !events.is_empty() {
                news.push(News::Events { record, events });
            }
        }
        for session in &mut self.sessions {
            // Decoding the same records has reported the failure already.
            let _ = session.process(records.bytes, records.reading);
        }
    }

    fn finish(&mut self, news: &mut Vec<News>) {
        for session in &mut self.sessions {
            news.extend(session.problems().unwrap_or_default().into_iter().map(News::Problem));
        }
    }
}
