//! `authsieve doctor`: reports the content of a feed, and whether analytics can fire on it.

mod report;

use super::decoding::{decode, pair};
use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Stop};
use crate::doctor::{Feeds, Intake, Unread, readiness};
use crate::feed::{self, Records, Totals, Worker, tell};
use crate::output::overview::arranged;
use crate::output::paint::When;
use crate::selection::{self, Error};
use crate::sinks::{Complaints, News};
use authsieve_engine::detector::Stats;
use authsieve_host::contract::{Descriptor, Event};
use authsieve_host::{Answer, CallError, Restarting, Session};
use clap::Args;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The number of unread records that are shown.
const SAMPLES: usize = 5;
/// The number of bytes that are shown of each unread record.
const SAMPLE_BYTES: usize = 200;

/// The arguments of `doctor`.
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
    /// Format of the report.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Wanted::Text)]
    format: Wanted,
    /// Write the techniques that can be detected in this feed as a layer of MITRE's ATT&CK Navigator.
    #[arg(long, value_name = "FILE")]
    navigator: Option<PathBuf>,
}

/// The formats of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// Text for people.
    Text,
    /// One JSON object.
    Json,
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
    let started = selection::start(&engine, &selection, &options, |analytic, text, seed| {
        let (detector, session) = pair(analytic, text.clone(), seed)?;
        Ok(Started { detector, session, config: text })
    })?;
    let examination = Examination { named: selection.is_named(), ..Examination::start(started)? };
    let source = arguments.inputs.source(&options)?;
    let overview = source.overview();
    let (mut done, totals) = feed::run(source, vec![examination], &mut Complaints { color })?;
    let told = arranged(&overview.seen().arranged, color.paint(io::stderr().is_terminal()));
    let _ = io::stderr().write_all(told.as_bytes());
    let examination = done.pop().unwrap_or_default();
    if let Some(file) = &arguments.navigator {
        let layer = format!("{}\n", report::layer(&examination));
        let written = std::fs::write(file, layer);
        written.map_err(|error| Error::Failure(format!("{}: {error}", file.display())))?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let terminal = io::stdout().is_terminal();
    match arguments.format {
        Wanted::Text => report::text(&mut out, &examination, &totals, color.paint(terminal))?,
        Wanted::Json => report::json(&mut out, &examination, &totals, terminal)?,
    }
    out.flush()?;
    Ok(if examination.is_well(&totals) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A component that was started twice: to decode records, and to judge them.
struct Started {
    detector: Restarting,
    session: Session,
    config: String,
}

/// An analytic, with the statistics and events that it reads.
struct Patient {
    id: String,
    techniques: Vec<String>,
    intake: Intake,
    stats: Option<Stats>,
}

/// The findings on the records and the analytics.
#[derive(Default)]
struct Examination {
    /// The components that decode records.
    detectors: Vec<Restarting>,
    /// The components that judge records.
    sessions: Vec<Session>,
    patients: Vec<Patient>,
    feeds: Feeds,
    /// True if the analytics were named one by one. Otherwise an analytic without events is no problem.
    named: bool,
    /// The number of records with an event.
    read: u64,
    /// The records without an event that look as if they had one.
    unread: Unread,
    /// The first records without an event.
    silent: Vec<String>,
    /// The last failure of each component that failed, with its name.
    failures: Vec<(String, CallError)>,
}

impl Worker for Examination {
    fn name(&self) -> &str {
        "doctor"
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        let Self { detectors, patients, failures, .. } = self;
        let intake = |event: &Event| {
            for patient in patients.iter_mut().filter(|patient| event.analytics.contains(&patient.id)) {
                readiness::take(&mut patient.intake, event);
            }
        };
        let failed = |detector: &Restarting, _, error| note(failures, detector, error);
        let of_record = decode(detectors, records, intake, failed);
        for (record, events) in records.lines().zip(&of_record) {
            self.count(record, events, records.reading.received.0);
        }
        for session in &mut self.sessions {
            let answer = session.explain(records.bytes, records.reading);
            // The notes show which events the options leave out.
            for note in &answer.notes {
                if let Some(patient) = self.patients.iter_mut().find(|patient| patient.id == note.analytic) {
                    readiness::note(&mut patient.intake, note);
                }
            }
            tell(Answer { notes: Vec::new(), ..answer }, Some(records), news);
        }
    }

    fn finish(&mut self, _: &mut Vec<News>) {
        let all: Vec<Stats> = self.sessions.iter_mut().flat_map(Session::stats).collect();
        for stats in all {
            if let Some(patient) = self.patients.iter_mut().find(|patient| patient.id == stats.analytic) {
                patient.stats = Some(stats);
            }
        }
    }
}

impl Examination {
    fn start(components: Vec<Started>) -> Result<Self, Error> {
        let (mut detectors, mut sessions, mut patients) = (Vec::new(), Vec::new(), Vec::new());
        for Started { detector, session, config } in components {
            let name = detector.analytic().name().to_owned();
            let described = detector.analytic().describe();
            let described = described.map_err(|error| Error::Failure(format!("{name}: {error}")))?;
            let runs = |about: &Descriptor| session.ids().contains(&about.id);
            let new = |about: Descriptor| Patient {
                id: about.id.clone(),
                techniques: about.techniques.clone(),
                intake: Intake::new(readiness::about(about), &config),
                stats: None,
            };
            patients.extend(described.into_iter().filter(runs).map(new));
            detectors.push(detector);
            sessions.push(session);
        }
        Ok(Self { detectors, sessions, patients, ..Self::default() })
    }

    fn count(&mut self, record: &[u8], events: &[Event], received: i64) {
        self.read += u64::from(!events.is_empty());
        events.iter().for_each(|event| self.feeds.take(event, received));
        let said = record.trim_ascii();
        if !events.is_empty() || said.is_empty() {
            return;
        }
        self.unread.take(said, sample);
        if self.silent.len() < SAMPLES {
            self.silent.push(sample(said));
        }
    }

    /// True if all input was read, no analytic failed, and each analytic that was named can fire. If none was named,
    /// one that can fire is enough.
    fn is_well(&self, totals: &Totals) -> bool {
        let mut fire = self.patients.iter().map(|patient| patient.intake.readiness().can_fire);
        let fire = if self.named { fire.all(|can| can) } else { fire.any(|can| can) };
        totals.unreadable == 0 && totals.troubles == 0 && self.failures.is_empty() && fire
    }
}

/// The start of a record, for display.
fn sample(record: &[u8]) -> String {
    String::from_utf8_lossy(record.get(..SAMPLE_BYTES).unwrap_or(record)).into_owned()
}

/// Keeps the last failure of a component.
fn note(failures: &mut Vec<(String, CallError)>, detector: &Restarting, error: CallError) {
    let name = detector.name();
    failures.retain(|(other, _)| other != name);
    failures.push((name.to_owned(), error));
}
