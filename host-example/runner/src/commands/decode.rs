//! `authsieve decode`: what each record says.

use crate::arguments::{self, Bounds, Choice, Configuration, Order, Reading, Stop};
use crate::output::escape;
use crate::output::event::EventLine;
use crate::output::paint::When;
use crate::selection;
use crate::source::{self, Input};
use authsieve_framing::MAX_RECORD;
use authsieve_host::contract::Event;
use authsieve_host::{Analytic, CallError, Detector, StartError};
use clap::Args;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// So many records are asked about at once. Most logs are mostly silent: one call settles such a stretch.
const STRETCH: usize = 32;

/// The arguments of `decode`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    reading: Reading,
    /// Also print the records that say nothing, with a null outcome.
    #[arg(long)]
    all: bool,
    /// Log files; `-` is standard input. `.gz` and `.zst` are unpacked.
    /// Lines, JSON of any layout, CSV, W3C logs, XML and `.evtx` are told by content.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// An analytic that is only asked what records say.
struct Decoder {
    analytic: Arc<Analytic>,
    config: String,
    seed: u64,
    detector: Detector,
}

impl Decoder {
    fn new(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let detector = analytic.create(&config, seed)?;
        Ok(Self { analytic, config, seed, detector })
    }

    /// What the records say. After an error the next call starts anew.
    fn decode(&mut self, records: &[u8], received: i64) -> Result<Vec<Event>, CallError> {
        let events = self.detector.decode(records, received);
        if events.is_err()
            && let Ok(detector) = self.analytic.create(&self.config, self.seed)
        {
            self.detector = detector;
        }
        events
    }
}

/// Runs it.
///
/// # Errors
/// When the analytics cannot be started, or standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let (selection, options) =
        (arguments.choice.selection(), arguments.configuration.options(Order::Arrival));
    let mut decoders = selection::start(&engine, &selection, &options, Decoder::new)?;
    let terminal = io::stdout().is_terminal();
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let mut failed = false;
    for file in &arguments.files {
        let input = Input::from_argument(file.clone());
        let name = input.name();
        let shown = (arguments.files.len() > 1).then_some(name.as_str());
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
            let received = arguments.reading.received.or(source.received).unwrap_or_else(source::now);
            let mut write = |line, events: Vec<Event>| -> io::Result<()> {
                let mut put = |event: EventLine<'_>| {
                    let json = event.to_json();
                    writeln!(out, "{}", if terminal { escape::json(&json) } else { json.as_str().into() })
                };
                if events.is_empty() && arguments.all {
                    put(EventLine::nothing(shown, line))?;
                }
                events.into_iter().try_for_each(|event| put(EventLine::of(shown, line, event)))
            };
            let mut line = cut.first_line;
            for stretch in stretches(&batch) {
                let records = || stretch.split_inclusive(|&b| b == b'\n');
                // A failure is told by the record that it comes from.
                let silent = decoders
                    .iter_mut()
                    .all(|d| d.decode(stretch, received).is_ok_and(|events| events.is_empty()));
                for record in records() {
                    let mut events = Vec::new();
                    for decoder in decoders.iter_mut().filter(|_| !silent) {
                        match decoder.decode(record, received) {
                            Ok(found) => events = found,
                            Err(error) => {
                                complain(Some(line), &format_args!("{}: {error}", decoder.analytic.name()))
                            }
                        }
                        // All read the same of a record, or nothing.
                        if !events.is_empty() {
                            break;
                        }
                    }
                    write(line, events)?;
                    line += 1;
                }
            }
            out.flush()?;
        }
    }
    out.flush()?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A batch in parts of a few records.
fn stretches(batch: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        let end = memchr::memchr_iter(b'\n', rest).nth(STRETCH - 1).map_or(rest.len(), |at| at + 1);
        let (now, later) = rest.split_at_checked(end)?;
        rest = later;
        (!now.is_empty()).then_some(now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_falls_into_stretches_of_whole_records() {
        let batch: Vec<u8> = (0..STRETCH * 2 + 3).flat_map(|n| format!("{n}\n").into_bytes()).collect();
        let parts: Vec<&[u8]> = stretches(&batch).collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts.concat(), batch);
        assert_eq!(memchr::memchr_iter(b'\n', parts[0]).count(), STRETCH);
        assert_eq!(stretches(b"a\nb").collect::<Vec<_>>(), [b"a\nb"]);
        assert_eq!(stretches(b"").count(), 0);
    }
}
