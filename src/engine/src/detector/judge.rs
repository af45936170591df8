//! Judges events: one analytic with all of its state.
//!
//! An event passes these steps in order: dates, the reorder buffer, deliveries, attempts (Linux), overrides, the
//! analytic.

use super::describe::Descriptor;
use super::{Reading, Stats};
use crate::accounts::Accounts;
use crate::alert::Alert;
use crate::analytic::{Alerts, Analytic, Context, Ordinals, Telemetry};
use crate::config::{Common, Config, FollowUp, Problems, Section};
use crate::dating::{Dated, Dating, Rules};
use crate::decode::Reader;
use crate::deliveries::Deliveries;
use crate::event::{Event, Outcome, Record};
use crate::follow::FollowUps;
use crate::note::{Note, Notes};
use crate::reorder::{Held, Reorder};
use crate::shapes::linux::attempts::{Attempts, Meant};
use crate::snapshot::{self, Snapshot, Writer};
use crate::time::{Span, Timestamp};
use crate::times::When;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// One analytic that judges events, of any type.
pub trait Judging {
    /// The id of the analytic.
    fn id(&self) -> &'static str;

    /// The events that the analytic reads.
    fn reader(&self) -> Reader;

    /// The event fields that partition the work.
    fn partition_by(&self) -> &'static [&'static str];

    /// The dates of events, with the years inferred so far.
    fn dating(&self) -> &Dating;

    /// The rules for reading times.
    fn rules(&self) -> Rules<'_>;

    /// Dates an event and judges it, or lets it wait. An undated event is not judged. Returns how it was dated.
    fn take(&mut self, event: Event<'_>, when: &When<'_>, record: Record<'_>, reading: Reading) -> Dated;

    /// Moves event time to the newest event + `idle` − `allowed_lateness`.
    fn elapse(&mut self, idle: Span);

    /// Moves event time by the time that has passed since the newest event was received.
    fn elapse_until(&mut self, received: Timestamp);

    /// Moves event time to `to`.
    fn advance(&mut self, to: Timestamp);

    /// The newest event time read.
    fn watermark(&self) -> Timestamp;

    /// Appends the alerts since the last call.
    fn hand_out(&mut self, alerts: &mut Vec<Alert>);

    /// Turns notes on or off from here on.
    fn set_explains(&mut self, explains: bool);

    /// Appends the notes since the last call.
    fn hand_out_notes(&mut self, notes: &mut Vec<Note>);

    /// Counts a record that could not be read, because it is malformed or has an unknown layout.
    fn count_misread(&mut self, malformed: bool, unread: bool);

    /// The analytic's counters, without those of the detector.
    fn stats(&self) -> Stats;

    /// Writes the state as sections.
    fn save(&self, out: &mut Writer);

    /// Reads the analytic's state from a snapshot, if the snapshot has it. Returns notes on the state that was
    /// dropped.
    ///
    /// # Errors
    /// Fails if [`save`](Self::save) did not write these bytes.
    fn load(&mut self, seed: u64, snapshot: &Snapshot<'_>) -> snapshot::Result<Vec<String>>;
}

/// One configured analytic and its state.
pub struct Judge<A: Analytic> {
    pub(super) config: Config<A::Options>,
    pub(super) analytic: A,
    pub(super) dating: Dating,
    pub(super) deliveries: Deliveries,
    pub(super) attempts: Attempts,
    pub(super) reorder: Reorder,
    pub(super) ordinals: Ordinals,
    pub(super) follow_ups: FollowUps,
    pub(super) accounts: Accounts,
    /// The newest event time read.
    pub(super) watermark: Timestamp,
    /// The newest event time judged. It is older than `watermark` while events wait to be sorted.
    pub(super) judged: Timestamp,
    /// The time at which the newest event was received.
    newest: Timestamp,
    stats: Stats,
    alerts: Vec<Alert>,
    /// Collects the notes while they are asked for.
    notes: Option<Notes>,
}

impl<A: Analytic> Judge<A> {
    /// True if several records may report one attempt: only Linux programs do so. Known at compile time.
    pub(super) const JOINS: bool = A::TELEMETRY.has(Telemetry::LINUX);

    /// Makes an analytic from its section of the configuration, and returns the options that affect decoding.
    ///
    /// # Errors
    /// Fails with every problem in the section.
    pub fn in_section(
        section: &Section<'_>,
        seed: u64,
    ) -> core::result::Result<(Common, Box<dyn Judging>), Problems> {
        let config = Config::in_section(section, A::ABOUT.thresholds)?;
        let analytic = A::new(&config, seed).map_err(|problem| config.place(problem))?;
        let common = config.common.clone();
        Ok((common, Box::new(Self::new(config, analytic, seed))))
    }

    fn new(config: Config<A::Options>, analytic: A, seed: u64) -> Self {
        let common = &config.common;
        let most = 4 * common.max_keys.0 as usize;
        Self {
            dating: Dating::default(),
            deliveries: Deliveries::new(analytic.horizon(), most, seed),
            attempts: Attempts::new(common.salt(), seed),
            reorder: Reorder::new(common.allowed_lateness.0),
            ordinals: Ordinals::default(),
            follow_ups: FollowUps::new(
                common.follow_up == FollowUp::End,
                common.memory().pool_bytes / 4,
                common.salt(),
            ),
            accounts: Accounts::new(common.salt(), common.prefixes(), common.max_keys.0 as usize, seed),
            watermark: Timestamp::MIN,
            judged: Timestamp::MIN,
            newest: Timestamp::MIN,
            stats: Stats::default(),
            alerts: Vec::new(),
            notes: None,
            config,
            analytic,
        }
    }

    /// Judges an event whose turn has come.
    fn judge(&mut self, event: Event<'_>, record: Record<'_>) {
        if event.outcome == Outcome::Changed {
            return self.change(&event, record);
        }
        self.judged = self.judged.max(event.time);
        if let Some(notes) = &mut self.notes {
            notes.about(&event, record.number);
        }
        let judged = self.judged;
        self.end_follow_ups(judged);
        if event.delivery.is_some_and(|id| !self.deliveries.is_new(id, event.time, judged)) {
            self.stats.duplicates += 1;
            if let Some(notes) = &mut self.notes {
                notes.duplicate();
            }
            return;
        }
        self.judge_new(event, record);
        // An alert that waited may be raised after its silence has ended.
        self.end_follow_ups(judged);
    }

    /// Remembers a change of an account. It is no attempt, so it moves neither event time nor windows.
    #[cold]
    fn change(&mut self, event: &Event<'_>, record: Record<'_>) {
        self.accounts.change(event, self.judged);
        if let Some(notes) = &mut self.notes {
            notes.about(event, record.number);
            notes.changed(&event.method);
        }
    }

    /// Judges an event that was not delivered before.
    fn judge_new(&mut self, event: Event<'_>, record: Record<'_>) {
        let judged = self.judged;
        let Self { config, analytic, attempts, ordinals, follow_ups, accounts, alerts, stats, notes, .. } =
            self;
        let before = notes.as_ref().map_or(0, Notes::len);
        let (lone, count) = (event.pid.is_none(), event.count);
        let mut counter = Counter {
            config,
            analytic,
            ordinals,
            follow_ups,
            accounts,
            alerts,
            stats,
            notes: notes.as_mut(),
            judged,
            record,
            count,
        };
        if !Self::JOINS {
            return counter.count(event);
        }
        attempts.observe(event, &mut counter);
        if let Some(notes) = notes
            && notes.len() == before
        {
            notes.counted_before(lone);
        }
    }

    /// Sends the updates of follow-ups that ended before `now`.
    fn end_follow_ups(&mut self, now: Timestamp) {
        if !self.follow_ups.is_empty() {
            self.alerts().end_follow_ups(now);
        }
    }

    fn alerts(&mut self) -> Alerts<'_> {
        let Self { config, ordinals, follow_ups, alerts, notes, .. } = self;
        let (digest, notes) = (&*config.digest, notes.as_mut());
        Alerts { about: &A::ABOUT, digest, ordinals, out: alerts, notes, follow_ups, inferred: None }
    }
}

/// Counts the attempts of one record, once the meaning of its line is known.
struct Counter<'j, A: Analytic> {
    config: &'j Config<A::Options>,
    analytic: &'j mut A,
    ordinals: &'j mut Ordinals,
    follow_ups: &'j mut FollowUps,
    accounts: &'j mut Accounts,
    alerts: &'j mut Vec<Alert>,
    stats: &'j mut Stats,
    notes: Option<&'j mut Notes>,
    judged: Timestamp,
    record: Record<'j>,
    /// The number of attempts that the line reports.
    count: u32,
}

impl<A: Analytic> Meant for Counter<'_, A> {
    fn count(&mut self, event: Event<'_>) {
        let judgement = self.config.overrides.judge(&event);
        if let Some(notes) = &mut self.notes {
            notes.about(&event, self.record.number);
        }
        if judgement.ignored() || self.config.common.ignores(&event) {
            self.stats.ignored += 1;
            if let Some(notes) = &mut self.notes {
                notes.ignored(self.config.common.ignored_by(&event).or(judgement.reason()));
            }
            return;
        }
        if let Some(notes) = &mut self.notes {
            notes.part_of(self.count, event.count);
        }
        let before = self.notes.as_ref().map_or(0, |notes| notes.len());
        let raised = self.alerts.len();
        let alerts = Alerts {
            about: &A::ABOUT,
            digest: &self.config.digest,
            ordinals: self.ordinals,
            out: self.alerts,
            notes: self.notes.as_deref_mut(),
            follow_ups: self.follow_ups,
            inferred: event.year_inferred.then_some(event.time),
        };
        let mut context = Context {
            judgement,
            record: self.record,
            watermark: self.judged,
            alerts,
            event: &event,
            accounts: self.accounts,
            common: &self.config.common,
        };
        self.analytic.observe(&event, &mut context);
        let login = matches!(event.outcome, Outcome::Success | Outcome::Approved);
        // An update tells nothing of this event.
        if login && self.alerts.iter().skip(raised).all(|alert| alert.status.is_some()) {
            self.accounts.learn(&event, self.judged);
        }
        if let Some(notes) = &mut self.notes
            && notes.len() == before
        {
            notes.not_looked_at(event.provider.as_str());
        }
    }

    fn take_back(&mut self, event: Event<'_>) {
        if self.config.overrides.judge(&event).ignored() || self.config.common.ignores(&event) {
            return;
        }
        if let Some(notes) = &mut self.notes {
            notes.about(&event, self.record.number);
            notes.taken_back(event.count);
        }
        self.analytic.take_back(&event, self.follow_ups);
    }
}

impl<A: Analytic> Judging for Judge<A> {
    fn id(&self) -> &'static str {
        A::ABOUT.id
    }

    fn reader(&self) -> Reader {
        Reader { telemetry: A::TELEMETRY, extra_failure_codes: A::extra_failure_codes(&self.config.options) }
    }

    fn partition_by(&self) -> &'static [&'static str] {
        A::ABOUT.partition_by
    }

    fn dating(&self) -> &Dating {
        &self.dating
    }

    fn rules(&self) -> Rules<'_> {
        self.config.common.times()
    }

    fn take(&mut self, mut event: Event<'_>, when: &When<'_>, record: Record<'_>, reading: Reading) -> Dated {
        let received = reading.received;
        self.stats.matched += 1;
        let dated = self.dating.date(&mut event, when, &self.config.common.times(), reading);
        self.stats.future += u64::from(dated.ahead);
        event.year_inferred = dated.inferred;
        if dated.undated {
            self.stats.undated += 1;
            return dated;
        }
        let attempt = event.outcome != Outcome::Changed;
        if attempt && event.time > self.watermark {
            (self.watermark, self.newest) = (event.time, received);
        }
        // If the buffer no longer sorts, events that an earlier configuration left waiting go first.
        if !self.reorder.sorts() && self.reorder.is_empty() {
            self.judge(event, record);
        } else if self.reorder.is_late(event.time) {
            self.stats.late += u64::from(attempt);
            self.judge(event, record);
        } else {
            self.reorder.push(event.into_owned(), record);
            while let Some(Held { event, record, number, .. }) = self.reorder.ready(self.watermark) {
                self.judge(event, Record { number, bytes: &record });
            }
        }
        dated
    }

    fn elapse(&mut self, idle: Span) {
        if self.watermark != Timestamp::MIN {
            self.advance(self.watermark.plus(idle).minus(self.config.common.allowed_lateness.0));
        }
    }

    fn elapse_until(&mut self, received: Timestamp) {
        // A clock may be set back, so the newest event may seem to be received in the future.
        self.newest = self.newest.min(received);
        self.elapse(Span(received.0.saturating_sub(self.newest.0)));
    }

    fn advance(&mut self, to: Timestamp) {
        while let Some(Held { event, record, number, .. }) = self.reorder.until(to) {
            self.judge(event, Record { number, bytes: &record });
        }
        self.end_follow_ups(to);
        let Self { config, analytic, ordinals, follow_ups, alerts, notes, .. } = self;
        let (digest, notes) = (&*config.digest, notes.as_mut());
        let mut alerts =
            Alerts { about: &A::ABOUT, digest, ordinals, out: alerts, notes, follow_ups, inferred: None };
        analytic.advance(to, &mut alerts);
        alerts.end_follow_ups(to);
    }

    fn watermark(&self) -> Timestamp {
        self.watermark
    }

    fn hand_out(&mut self, alerts: &mut Vec<Alert>) {
        self.stats.alerts += self.alerts.iter().filter(|alert| alert.status.is_none()).count() as u64;
        alerts.append(&mut self.alerts);
    }

    fn set_explains(&mut self, explains: bool) {
        match (explains, &self.notes) {
            (true, None) => self.notes = Some(Notes::of(A::ABOUT.id)),
            (false, Some(_)) => self.notes = None,
            _ => {}
        }
    }

    fn hand_out_notes(&mut self, out: &mut Vec<Note>) {
        if let Some(notes) = &mut self.notes {
            out.append(&mut notes.take());
        }
    }

    fn count_misread(&mut self, malformed: bool, unread: bool) {
        self.stats.malformed += u64::from(malformed);
        self.stats.unread += u64::from(unread);
    }

    fn stats(&self) -> Stats {
        let held = self.analytic.held();
        let beside =
            self.deliveries.bytes() + self.attempts.bytes() + self.reorder.bytes() + self.follow_ups.bytes();
        let beside = beside + self.accounts.bytes();
        Stats {
            analytic: A::ABOUT.id.into(),
            // An event that the buffer cannot sort is late for its key as well. Without a buffer, the analytic's own
            // count is used.
            late: if self.reorder.sorts() { self.stats.late } else { held.late },
            keys: held.keys,
            evicted: held.evicted,
            state_bytes: held.bytes + beside as u64,
            ..self.stats.clone()
        }
    }

    fn save(&self, out: &mut Writer) {
        super::state::save(self, out);
    }

    fn load(&mut self, seed: u64, snapshot: &Snapshot<'_>) -> snapshot::Result<Vec<String>> {
        super::state::load_judge(self, seed, snapshot)
    }
}

impl Descriptor {
    /// The description of an analytic.
    #[must_use]
    pub fn of<A: Analytic>() -> Self {
        let schema = Config::<A::Options>::schema(A::ABOUT.name, A::ABOUT.thresholds);
        Self::new(&A::ABOUT, schema)
    }
}
