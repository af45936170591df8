//! One reading of some files with one configuration.

use crate::again::{Again, Decoded};
use crate::decisions::Decisions;
use crate::describe;
use crate::events::Events;
use crate::files::Tallies;
use crate::grid::Grid;
use crate::kept::Kept;
use crate::notes::Notes;
use crate::states;
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{
    Analytics, Descriptor, Detector, Error, Problem, Reading, Shown, Stats, Watch,
};
use authsieve_engine::note::Step as NoteStep;
use authsieve_engine::time::Timestamp;
use authsieve_inputs::{Batch, Clock, Files, Input, Loss, Progress, Source};
use authsieve_records::Origins;
use authsieve_records::prefilter::{Prefilter, Route};
use authsieve_suite::Suite;
use authsieve_triage::evidence::Witness;
use authsieve_triage::readiness::Intake;
use serde_json::{Value, json};
use std::sync::Arc;

/// One reading of some files with one configuration.
pub struct Session {
    source: Files,
    progress: Progress,
    prefilter: Prefilter,
    detector: Detector<Suite>,
    watch: Watch,
    config: String,
    seed: u64,
    /// The state with which the reading began.
    state: Option<Vec<u8>>,
    /// Notes on the sections of that state that were left out.
    pub(crate) dropped: Vec<String>,
    /// The state at the end, before the waiting alerts were released.
    last: Vec<u8>,
    /// The number of the next record.
    next: u64,
    bytes: u64,
    gathered: Vec<u8>,
    buffer: Vec<u8>,
    ended: bool,
    problems: Vec<Problem>,
    /// The places of the records.
    pub origins: Origins,
    /// The events.
    pub events: Events,
    /// The records that may matter.
    pub kept: Kept,
    pub(crate) files: Tallies,
    pub(crate) intakes: Vec<Intake>,
    pub(crate) notes: Notes,
    /// The alerts of the reading.
    pub(crate) alerts: Vec<Alert>,
    explained: Option<(Detector<Suite>, usize)>,
    again: Option<Again>,
    grid: Option<Grid>,
    decoded: Decoded,
}

/// An alert, with data for the page.
#[derive(Clone, Debug)]
pub struct Told {
    /// The alert.
    pub alert: Alert,
    /// True if a login is part of the alert, so that somebody got in.
    pub login: bool,
    /// The number of the alert in the reading, from 0. `None` if another configuration raised it.
    pub number: Option<usize>,
}

/// The progress of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// True at the end.
    pub done: bool,
    /// The part that is done, in bytes or batches.
    pub at: u64,
    /// The whole, in bytes or batches.
    pub of: u64,
}

impl Session {
    /// Begins a reading at the time `received`, in microseconds since 1970. `config` is JSON in the form of the
    /// contract for a suite. Empty for the defaults. With a `state`, the analytics continue from it.
    ///
    /// # Errors
    /// Fails if the configuration is not valid, or the state is not a state of the analytics.
    pub fn new(
        inputs: Vec<Input>,
        received: i64,
        config: &str,
        seed: u64,
        state: Option<Vec<u8>>,
    ) -> Result<Self, Error> {
        let (detector, dropped) = detector(&followed(config), seed, state.as_deref())?;
        let options = describe::times(config);
        let dates_known = options.contains("\"date_order\"");
        let source = Files::begun(inputs, received)
            .leave_dates(dates_known)
            .clock(Clock::new(&options), true)
            .memory(usize::MAX);
        let active = |about: &&Descriptor| detector.stats().iter().any(|stats| stats.analytic == about.id);
        Ok(Self {
            progress: source.progress(),
            source,
            prefilter: Prefilter::new(&[detector.needles()]),
            intakes: Suite::describe()
                .iter()
                .filter(active)
                .map(|about| Intake::new(about.into(), config))
                .collect(),
            detector,
            watch: Watch::default(),
            config: config.into(),
            seed,
            state,
            dropped,
            last: Vec::new(),
            next: 1,
            bytes: 0,
            gathered: Vec::new(),
            buffer: Vec::new(),
            ended: false,
            problems: Vec::new(),
            origins: Origins::default(),
            events: Events::default(),
            kept: Kept::default(),
            files: Tallies::default(),
            notes: Notes::default(),
            alerts: Vec::new(),
            explained: None,
            again: None,
            grid: None,
            decoded: Decoded::default(),
        })
    }

    /// The number of records that were read, and their bytes.
    #[must_use]
    pub const fn read(&self) -> (u64, u64) {
        (self.next - 1, self.bytes)
    }

    /// The counters of each analytic.
    #[must_use]
    pub fn stats(&self) -> Vec<Stats> {
        self.detector.stats()
    }

    /// The first record of each kind of trouble.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Reads and judges the next batch, and appends its alerts.
    pub fn step(&mut self, told: &mut Vec<Told>) -> Step {
        if !self.ended {
            let buffer = std::mem::take(&mut self.buffer);
            match self.source.next(buffer) {
                Some(batch) => self.take(batch, told),
                None => self.end(told),
            }
            for problem in self.detector.problems() {
                if self.problems.iter().all(|known| known.kind != problem.kind) {
                    self.problems.push(problem);
                }
            }
        }
        let of = self.progress.size().unwrap_or(0);
        Step { done: self.ended, at: self.progress.read().min(of), of }
    }

    /// Stops reading. The records so far count as the whole input.
    pub fn end(&mut self, told: &mut Vec<Told>) {
        if !self.ended {
            self.ended = true;
            self.last = self.detector.snapshot();
            let alerts = self.detector.flush();
            self.tell(alerts, told);
        }
    }

    fn take(&mut self, batch: Batch, told: &mut Vec<Told>) {
        let Batch { file, line, moves, bytes, received, written, losses, flaws, .. } = batch;
        let unterminated = bytes.last().is_some_and(|last| *last != b'\n');
        let records = memchr::memchr_iter(b'\n', &bytes).count() as u64 + u64::from(unterminated);
        let first = self.next;
        self.next += records;
        self.bytes += bytes.len() as u64;
        if records > 0 {
            self.origins.add(first, &file, line);
            let mut begun = (0, &file);
            for to in &moves {
                self.origins.add(first + to.record, &to.file, to.line);
                self.files.records(begun.1, to.record - begun.0);
                begun = (to.record, &to.file);
            }
            self.files.records(begun.1, records - begun.0);
            self.origins.ends(first + records);
        }
        for loss in losses {
            self.files.loss(&file, loss.line(), loss.to_string(), matches!(loss, Loss::Unreadable(_)));
        }
        if flaws.total() > 0 {
            self.files.loss(&file, None, format!("{} parts could not be made records", flaws.total()), false);
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        let routes = self.prefilter.route(&bytes);
        let matter = routes.first().unwrap_or(&Route::All).gather(&bytes, &mut gathered);
        // A batch of newlines only has no record that can matter.
        if matter.iter().any(|byte| *byte != b'\n') {
            let reading = Reading { received: Timestamp(received), written: written.map(Timestamp), first };
            let alerts = self.judge(matter, reading);
            self.tell(alerts, told);
            self.kept.add(matter, reading);
        }
        (self.gathered, self.buffer) = (gathered, bytes);
    }

    fn tell(&mut self, alerts: Vec<Alert>, told: &mut Vec<Told>) {
        for alert in alerts {
            let number = Some(self.alerts.len());
            self.alerts.push(alert.clone());
            told.push(Told { number, ..tell(&self.events, alert) });
        }
    }

    /// The state at the end of the reading, as a file for the command.
    ///
    /// # Errors
    /// Fails while the files are still being read.
    pub fn state(&self) -> Result<Vec<u8>, String> {
        if !self.ended {
            return Err("the state can be taken once all is read".into());
        }
        let analytics = self.stats().into_iter().map(|stats| stats.analytic).collect();
        states::file(self.last.clone(), analytics, self.next, self.alerts.len() as u64 + 1)
    }

    /// Lists and judges the events of a batch. Each record is decoded once.
    fn judge(&mut self, matter: &[u8], reading: Reading) -> Vec<Alert> {
        let bit = |id: &&str| Suite::IDS.iter().position(|known| known == id).map_or(0, |place| 1 << place);
        let Self { detector, watch, origins, files, intakes, events, .. } = self;
        detector.watch(matter, reading, watch, &mut |Shown { record, analytics, event }| {
            let origin = origins.of(*record);
            if let Some(origin) = &origin {
                files.event(&origin.file, event.time.0);
            }
            for intake in intakes.iter_mut().filter(|intake| analytics.contains(&intake.id())) {
                intake.take(*event);
            }
            events.add(*record, origin.as_ref(), analytics.iter().map(bit).sum(), event);
        })
    }

    /// Explains the events of the next kept batch.
    pub fn explain(&mut self) -> Step {
        let explained = match self.explained.take() {
            Some(explained) => Ok(explained),
            None => {
                detector(&self.config, self.seed, self.state.as_deref()).map(|(detector, _)| (detector, 0))
            }
        };
        // The same configuration was valid before.
        let Ok((mut detector, place)) = explained else { return Step { done: true, at: 0, of: 0 } };
        let notes = match self.kept.get(place) {
            Some(batch) => detector.explain(&batch.bytes, batch.reading),
            // The events that waited are judged at the end.
            None => {
                detector.flush();
                detector.explain(b"", Reading::default())
            }
        };
        for note in &notes {
            if let Some(intake) = self.intakes.iter_mut().find(|intake| intake.id() == note.analytic) {
                intake.note(note.outcome, (note.step == NoteStep::Ignored).then_some(&*note.text));
            }
        }
        self.notes.take(notes);
        self.explained = Some((detector, place + 1));
        let of = self.kept.len();
        Step { done: place >= of, at: of.min(place + 1) as u64, of: of as u64 }
    }

    /// Begins to judge the kept records again with another configuration, by the analytics whose options differ.
    /// Returns the ids of these analytics.
    ///
    /// # Errors
    /// Fails if the configuration is not valid.
    pub fn judge_again(&mut self, config: &str) -> Result<Vec<&'static str>, Error> {
        self.again = None;
        let make =
            |config: &str| detector(config, self.seed, self.state.as_deref()).map(|(detector, _)| detector);
        let again = Again::new(&self.config, config, &mut self.decoded, make)?;
        Ok(self.again.insert(again).analytics.clone())
    }

    /// Judges the next kept batch again, and appends its alerts.
    pub fn again(&mut self, told: &mut Vec<Told>) -> Step {
        let Self { again, kept, events, decoded, .. } = self;
        let of = kept.len() as u64;
        let Some(again) = again else { return Step { done: true, at: of, of } };
        let alerts = again.next(kept, decoded);
        let done = alerts.is_none();
        told.extend(alerts.into_iter().flatten().map(|alert| tell(events, alert)));
        Step { done, at: (again.place() as u64).min(of), of }
    }

    /// Begins to judge the kept records with several values of an option at once. Returns the number of values.
    ///
    /// # Errors
    /// Fails if the analytic has no such option, or if the option does not allow a value. Also fails after a reading that
    /// continued from a state.
    pub fn judge_grid(&mut self, config: &str, analytic: &str, axis: &str) -> Result<usize, String> {
        self.grid = None;
        if self.state.is_some() {
            return Err("a table needs the whole history; it cannot continue from a state".into());
        }
        let grid = Grid::new(config, self.seed, analytic, axis, &mut self.decoded)?;
        Ok(self.grid.insert(grid).len())
    }

    /// Judges the next kept batch with each value.
    pub fn grid(&mut self) -> Step {
        let Self { grid, kept, decoded, .. } = self;
        let of = kept.len() as u64;
        let Some(grid) = grid else { return Step { done: true, at: of, of } };
        let done = !grid.next(kept, decoded);
        Step { done, at: (grid.place() as u64).min(of), of }
    }

    /// The table of the values, compared with the dispositions.
    #[must_use]
    pub fn table(&self, decisions: &Decisions) -> Value {
        let days = self.events.days();
        self.grid.as_ref().map_or(Value::Null, |grid| grid.table(decisions, days))
    }

    /// The readiness of each analytic, in sentences.
    #[must_use]
    pub fn readiness(&self) -> Vec<Value> {
        self.intakes.iter().map(readiness).collect()
    }

    /// A decoder for the records that are shown in words.
    #[must_use]
    pub fn witness(&self) -> Witness {
        Witness::new(&describe::times(&self.config))
    }

    /// The file and the line of a record.
    #[must_use]
    pub fn place(&self, record: u64) -> Option<(Arc<str>, u64)> {
        self.origins.of(record).map(|origin| (origin.file, origin.line))
    }
}

fn tell(events: &Events, alert: Alert) -> Told {
    let login = !alert.related_successes.is_empty() || events.is_login(alert.record, alert.time.0);
    Told { alert, login, number: None }
}

/// Creates a detector, with empty state or from `state`. Also returns notes on the sections that were left out.
fn detector(config: &str, seed: u64, state: Option<&[u8]>) -> Result<(Detector<Suite>, Vec<String>), Error> {
    match state {
        Some(state) => Detector::restore(config, seed, state),
        None => Detector::create(config, seed).map(|detector| (detector, Vec::new())),
    }
}

/// The configuration that also tells how each attack continued, if it does not say otherwise. Other alerts stay the
/// same.
fn followed(config: &str) -> String {
    let mut all = match serde_json::from_str(config) {
        Ok(Value::Object(all)) => all,
        _ if config.is_empty() => serde_json::Map::new(),
        // The detector names the problem.
        _ => return config.into(),
    };
    all.entry("follow_up").or_insert_with(|| "end".into());
    Value::Object(all).to_string()
}

fn readiness(intake: &Intake) -> Value {
    let readiness = intake.readiness();
    let sentence = |why: &String| {
        let mut rest = why.chars();
        let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}.", rest.as_str().trim_end_matches('.'))
    };
    let why: Vec<String> = readiness.why.iter().map(sentence).collect();
    let need = |(need, met): (&authsieve_triage::readiness::Need, authsieve_triage::readiness::Met)| json!({ "name": need.name, "found": met.found, "whole": met.whole });
    json!({
        "analytic": intake.id(),
        "name": intake.name(),
        "can_fire": readiness.can_fire,
        "in_part": readiness.can_fire && !why.is_empty(),
        "events": intake.own,
        "needs": intake.needs().map(need).collect::<Vec<_>>(),
        "why": why,
    })
}
