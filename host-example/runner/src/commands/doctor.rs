//! `authsieve doctor`: what a feed brings, and whether it can make an analytic fire.

mod report;

use crate::arguments::{self, Bounds, Choice, Configuration, Order, Reading, Stop};
use crate::doctor::{Feeds, Tally};
use crate::output::paint::When;
use crate::selection;
use crate::source::{self, Input};
use authsieve_engine::detector::Stats;
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
/// So many records that nothing reads are shown, and so much of each.
const SAMPLES: usize = 5;
const SAMPLE_BYTES: usize = 200;

/// The arguments of `doctor`.
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
    /// How it is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Wanted::Text)]
    format: Wanted,
    /// Log files; `-` is standard input. `.gz` and `.zst` are unpacked.
    /// Lines, JSON of any layout, CSV, W3C logs, XML and `.evtx` are told by content.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A format, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// An analytic that is asked what it reads.
struct Patient {
    analytic: Arc<Analytic>,
    config: String,
    seed: u64,
    detector: Detector,
    tally: Tally,
    stats: Option<Stats>,
    failed: Option<CallError>,
}

impl Patient {
    fn new(analytic: Arc<Analytic>, config: String, seed: u64) -> Result<Self, StartError> {
        let detector = analytic.create(&config, seed)?;
        let about = analytic.describe()?.into_iter().next();
        let about = about.ok_or_else(|| StartError::Config("it describes no analytic".into()))?;
        let (tally, stats, failed) = (Tally::new(about), None, None);
        Ok(Self { analytic, config, seed, detector, tally, stats, failed })
    }

    /// Asks it something. After an error it goes on from nothing.
    fn ask<T>(&mut self, ask: impl FnOnce(&mut Detector) -> Result<T, CallError>) -> Option<T> {
        match ask(&mut self.detector) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.failed = Some(error);
                if let Ok(detector) = self.analytic.create(&self.config, self.seed) {
                    self.detector = detector;
                }
                None
            }
        }
    }
}

/// What was found of the records themselves.
#[derive(Default)]
struct Records {
    all: u64,
    read: u64,
    oversized: u64,
    unframed: u64,
    unreadable_files: u64,
    /// The first that say nothing.
    unread: Vec<String>,
}

/// Runs it.
///
/// # Errors
/// When the analytics cannot be started, or standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let (selection, options) =
        (arguments.choice.selection(), arguments.configuration.options(Order::Arrival));
    let mut patients = selection::start(&engine, &selection, &options, Patient::new)?;
    let (mut feeds, mut records) = (Feeds::default(), Records::default());
    for file in &arguments.files {
        let input = Input::from_argument(file.clone());
        if let Err(error) = examine(&input, &arguments.reading, &mut patients, &mut feeds, &mut records) {
            records.unreadable_files += 1;
            arguments::complain(color, &format!("{}: {error}", input.name()));
        }
    }
    for patient in &mut patients {
        patient.stats = patient.ask(Detector::stats).and_then(|stats| stats.into_iter().next());
    }
    let terminal = io::stdout().is_terminal();
    let found = report::Found { patients: &patients, feeds: &feeds, records: &records };
    let mut out = BufWriter::new(io::stdout().lock());
    match arguments.format {
        Wanted::Text => report::text(&mut out, &found, color.paint(terminal))?,
        Wanted::Json => report::json(&mut out, &found, terminal)?,
    }
    out.flush()?;
    let can = patients.iter().all(|patient| patient.tally.verdict().can);
    let whole = records.unreadable_files == 0 && patients.iter().all(|patient| patient.failed.is_none());
    Ok(if can && whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads an input to its end.
fn examine(
    input: &Input,
    reading: &Reading,
    patients: &mut [Patient],
    feeds: &mut Feeds,
    records: &mut Records,
) -> io::Result<()> {
    let mut source = input.open(MAX_RECORD, reading.input_format, &Arc::default())?;
    let mut batch = Vec::new();
    loop {
        // All of them: a cut only tells of the first few.
        let unframed = source.records.counts().total();
        let next = source.records.next(&mut batch);
        records.unframed += source.records.counts().total() - unframed;
        let Some(cut) = next? else { return Ok(()) };
        records.all += cut.records;
        records.oversized += cut.oversized.len() as u64;
        let received = reading.received.or(source.received).unwrap_or_else(source::now);
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let end = memchr::memchr_iter(b'\n', rest).nth(STRETCH - 1).map_or(rest.len(), |at| at + 1);
            let (stretch, later) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = later;
            examine_stretch(stretch, received, patients, feeds, records);
        }
        for patient in &mut *patients {
            patient.ask(|detector| detector.process(&batch, received));
        }
    }
}

fn examine_stretch(
    stretch: &[u8],
    received: i64,
    patients: &mut [Patient],
    feeds: &mut Feeds,
    records: &mut Records,
) {
    // Each analytic by what it reads itself; each record once, by the first that reads it.
    let mut readers = Vec::new();
    for (number, patient) in patients.iter_mut().enumerate() {
        let events = patient.ask(|detector| detector.decode(stretch, received)).unwrap_or_default();
        events.iter().for_each(|event| patient.tally.take(event));
        if !events.is_empty() {
            readers.push(number);
        }
    }
    for record in stretch.split_inclusive(|byte| *byte == b'\n') {
        let mut events: Vec<Event> = Vec::new();
        for reader in &readers {
            let Some(patient) = patients.get_mut(*reader) else { continue };
            events = patient.ask(|detector| detector.decode(record, received)).unwrap_or_default();
            if !events.is_empty() {
                break;
            }
        }
        records.read += u64::from(!events.is_empty());
        events.iter().for_each(|event| feeds.take(event, received));
        let said = record.trim_ascii();
        if events.is_empty() && !said.is_empty() && records.unread.len() < SAMPLES {
            let sample = said.get(..SAMPLE_BYTES).unwrap_or(said);
            records.unread.push(String::from_utf8_lossy(sample).into_owned());
        }
    }
}
