//! `authsieve decode`: what each record says.

use super::decoding::decode;
use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Order, Stop};
use crate::feed::{self, Records, Worker};
use crate::output::paint::When;
use crate::selection;
use crate::sinks::{Events, News};
use authsieve_host::{CallError, Restarting};
use clap::Args;
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
    /// Also print the records that say nothing, with a null outcome.
    #[arg(long)]
    all: bool,
}

/// Runs it.
///
/// # Errors
/// When the analytics cannot be started, or standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let (selection, options) = (
        arguments.isolation.of(arguments.choice.selection()),
        arguments.configuration.options(Order::Arrival),
    );
    let detectors = selection::start(&engine, &selection, &options, Restarting::start)?;
    let source = arguments.inputs.source()?;
    let mut sink = Events::new(arguments.inputs.has_several(), color);
    let decoder = Decoder { detectors, all: arguments.all };
    let (_, totals) = feed::run(source, vec![decoder], &mut sink)?;
    Ok(if totals.lost_something() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Analytics that are only asked what records say.
struct Decoder {
    detectors: Vec<Restarting>,
    /// Whether to tell of records that say nothing.
    all: bool,
}

impl Worker for Decoder {
    fn name(&self) -> &str {
        "decoder"
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        let trouble = |detector: &Restarting, record, error: CallError| {
            let analytic = detector.analytic().name().into();
            news.push(News::Trouble { analytic, record, why: error.to_string() });
        };
        let of_record = decode(&mut self.detectors, records, |_| {}, trouble);
        for (record, events) in (records.reading.first..).zip(of_record) {
            if self.all || !events.is_empty() {
                news.push(News::Events { record, events });
            }
        }
    }
}
