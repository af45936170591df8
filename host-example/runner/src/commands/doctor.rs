//! `authsieve doctor`: what a feed brings, and whether it can make an analytic fire.

mod report;

use super::decoding::{decode, pair};
use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Stop};
use crate::doctor::{Feeds, Intake, Unread};
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
use std::process::ExitCode;

/// This many records that nothing reads are shown.
const SAMPLES: usize = 5;
/// This many bytes of each of them.
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
    /// How it is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Wanted::Text)]
    format: Wanted,
}

/// A format, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Runs it.
///
/// # Errors
/// When the analytics cannot be started, or standard output cannot be written to.
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
    let mut out = BufWriter::new(io::stdout().lock());
    let terminal = io::stdout().is_terminal();
    match arguments.format {
        Wanted::Text => report::text(&mut out, &examination, &totals, color.paint(terminal))?,
        Wanted::Json => report::json(&mut out, &examination, &totals, terminal)?,
    }
    out.flush()?;
    Ok(if examination.is_well(&totals) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A component, started to say what records hold, and to judge them.
struct Started {
    detector: Restarting,
    session: Session,
    config: String,
}

/// An analytic, and what it reads.
struct Patient {
    id: String,
    intake: Intake,
    stats: Option<Stats>,
}

/// What is found of the records and the analytics.
#[derive(Default)]
struct Examination {
    /// These say what records hold.
    detectors: Vec<Restarting>,
    /// These judge them.
    sessions: Vec<Session>,
    patients: Vec<Patient>,
    feeds: Feeds,
    /// True if the analytics were asked for one by one. Else those that find nothing of theirs are none the worse.
    named: bool,
    /// Records that say something.
    read: u64,
    /// The records that say nothing, though they look as if they did.
    unread: Unread,
    /// The first records that say nothing.
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
                patient.intake.take(event);
            }
        };
        let failed = |detector: &Restarting, _, error| note(failures, detector, error);
        let of_record = decode(detectors, records, intake, failed);
        for (record, events) in records.lines().zip(&of_record) {
            self.count(record, events, records.reading.received.0);
        }
        for session in &mut self.sessions {
            let answer = session.explain(records.bytes, records.reading);
            // Notes say what is left out by options.
            for note in &answer.notes {
                if let Some(patient) = self.patients.iter_mut().find(|patient| patient.id == note.analytic) {
                    patient.intake.note(note);
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
                intake: Intake::new(about, &config),
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

    /// True if everything was read, no analytic failed, and each that was asked for can fire. Where none was, one that
    /// can is enough.
    fn is_well(&self, totals: &Totals) -> bool {
        let mut fire = self.patients.iter().map(|patient| patient.intake.readiness().can_fire);
        let fire = if self.named { fire.all(|can| can) } else { fire.any(|can| can) };
        totals.unreadable == 0 && totals.troubles == 0 && self.failures.is_empty() && fire
    }
}

/// The start of a record, to be shown.
fn sample(record: &[u8]) -> String {
    String::from_utf8_lossy(record.get(..SAMPLE_BYTES).unwrap_or(record)).into_owned()
}

/// Remembers the last failure of a component.
fn note(failures: &mut Vec<(String, CallError)>, detector: &Restarting, error: CallError) {
    let name = detector.name();
    failures.retain(|(other, _)| other != name);
    failures.push((name.to_owned(), error));
}
