//! `authsieve doctor`: what a feed brings, and whether it can make an analytic fire.

mod report;

use super::decoding::decode;
use crate::arguments::{Bounds, Choice, Configuration, Inputs, Isolation, Order, Stop};
use crate::doctor::{Feeds, Intake};
use crate::feed::{self, Records, Totals, Worker, tell};
use crate::output::paint::When;
use crate::selection::{self, Error};
use crate::sinks::{Complaints, News};
use authsieve_engine::detector::Stats;
use authsieve_host::contract::{Descriptor, Event};
use authsieve_host::{Analytic, Answer, CallError, Restarting, Session};
use clap::Args;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

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
        arguments.configuration.options(Order::Arrival),
    );
    let both = |analytic: Arc<Analytic>, config: String, seed| {
        let detector = Restarting::start(Arc::clone(&analytic), config.clone(), seed)?;
        Ok((detector, Session::start(analytic, config, seed)?))
    };
    let examination = Examination::start(selection::start(&engine, &selection, &options, both)?)?;
    let source = arguments.inputs.source()?;
    let (mut done, totals) = feed::run(source, vec![examination], &mut Complaints { color })?;
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
    /// Records that say something.
    read: u64,
    /// The first records that say nothing.
    unread: Vec<String>,
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
            let answer = session.process(records.bytes, records.reading);
            tell(Answer { alerts: Vec::new(), ..answer }, Some(records), news);
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
    fn start(components: Vec<(Restarting, Session)>) -> Result<Self, Error> {
        let (mut detectors, mut sessions, mut patients) = (Vec::new(), Vec::new(), Vec::new());
        for (detector, session) in components {
            let name = detector.analytic().name().to_owned();
            let described = detector.analytic().describe();
            let described = described.map_err(|error| Error::Failure(format!("{name}: {error}")))?;
            let runs = |about: &Descriptor| session.ids().contains(&about.id);
            let new =
                |about: Descriptor| Patient { id: about.id.clone(), intake: Intake::new(about), stats: None };
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
        if events.is_empty() && !said.is_empty() && self.unread.len() < SAMPLES {
            let sample = said.get(..SAMPLE_BYTES).unwrap_or(said);
            self.unread.push(String::from_utf8_lossy(sample).into_owned());
        }
    }

    /// Whether everything was read, no analytic failed, and each can fire.
    fn is_well(&self, totals: &Totals) -> bool {
        totals.unreadable == 0
            && totals.troubles == 0
            && self.failures.is_empty()
            && self.patients.iter().all(|patient| patient.intake.readiness().can_fire)
    }
}

/// Remembers the last failure of a component.
fn note(failures: &mut Vec<(String, CallError)>, detector: &Restarting, error: CallError) {
    let name = detector.analytic().name();
    failures.retain(|(other, _)| other != name);
    failures.push((name.to_owned(), error));
}
