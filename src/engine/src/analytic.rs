//! The interface between an analytic and the engine.

use crate::accounts::{Accounts, facts};
use crate::alert::Alert;
use crate::config::{Common, Config, Judgement, Problem, Settings};
use crate::detector::{Need, Source};
use crate::event::{Event, Record};
use crate::follow::{FollowUps, Following};
use crate::hash::{Fingerprint, Hasher128, Salt};
use crate::note::{Notes, Step};
pub use crate::shapes::Telemetry;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use crate::told::YEAR_INFERRED;
use crate::window::excerpt::Excerpt;
use crate::window::journal::Entry;
use crate::window::table::Table;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The description of an analytic. The WIT record `descriptor` documents each field.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // Each field is documented once, in wit/authsieve.wit.
pub struct About {
    /// The id as users type it: `an1276`.
    pub id: &'static str,
    /// The id as alerts show it: `AN1276`.
    pub code: &'static str,
    pub name: &'static str,
    pub version: &'static str,
    pub description: &'static str,
    pub techniques: &'static [&'static str],
    pub telemetry: &'static [&'static str],
    pub sources: &'static [Source],
    pub needs: &'static [Need],
    pub collect: &'static str,
    pub false_positives: &'static [&'static str],
    pub response: &'static [&'static str],
    /// The event fields (`user`, `src_ip`) that partition the work: events with equal values must reach the same
    /// detector.
    pub partition_by: &'static [&'static str],
    /// The options that an override may set. All have the type [`Threshold`](crate::config::Threshold).
    pub thresholds: &'static [&'static str],
}

/// A type whose telemetry is known at compile time.
pub trait Reads {
    /// The telemetry that it reads.
    const TELEMETRY: Telemetry;
}

/// The telemetry of an analytic or a suite, as a type.
#[derive(Debug)]
pub struct Of<A>(core::marker::PhantomData<A>);

/// All telemetry, as a type. Its users share the code of one decoder.
#[derive(Debug)]
pub struct All;

impl Reads for All {
    const TELEMETRY: Telemetry = Telemetry::ANY;
}

/// Sizes and counts of an analytic's state, for `stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Keys in the table now.
    pub keys: u64,
    /// Keys that were evicted to make room.
    pub evicted: u64,
    /// Events that were older than the newest of their key.
    pub late: u64,
    /// Bytes of state.
    pub bytes: u64,
}

impl Held {
    /// Reads keys and evictions from the table, and takes the other two as given.
    #[must_use]
    pub fn new(keys: &Table, late: u64, bytes: usize) -> Self {
        Self { keys: keys.len() as u64, evicted: keys.evicted(), late, bytes: bytes as u64 }
    }
}

/// A detection: events come in, windows change, alerts go out. Each implementation becomes one component.
pub trait Analytic: Sized + 'static {
    /// The analytic's own options, without those that all analytics share.
    type Options: Settings;
    /// The description of the analytic.
    const ABOUT: About;
    /// The telemetry that the analytic reads.
    const TELEMETRY: Telemetry;
    /// The version of the bytes that [`save`](Self::save) writes. [`load`](Self::load) reads all versions from 2 on,
    /// and learns the version from [`Reader::version`].
    const STATE_VERSION: u16 = 3;

    /// Makes a new analytic with empty windows.
    ///
    /// # Errors
    /// Fails if options contradict each other. The problem names the option and the allowed values.
    fn new(config: &Config<Self::Options>, seed: u64) -> Result<Self, Problem>;

    /// The codes of sign-in and audit logs that the options count as failures too.
    fn extra_failure_codes(_options: &Self::Options) -> Vec<u32> {
        Vec::new()
    }

    /// The longest time for which an event can matter: the longest window. Delivery ids are kept as long.
    fn horizon(&self) -> Span;

    /// Judges one event.
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>);

    /// Removes `event.count` failures at `event.time` that turned out not to be failures.
    fn take_back(&mut self, _event: &Event<'_>, _follow_ups: &mut FollowUps) {}

    /// Advances event time to `to`, and raises the alerts that waited for this time.
    fn advance(&mut self, _to: Timestamp, _alerts: &mut Alerts<'_>) {}

    /// Sizes and counts of the state.
    fn held(&self) -> Held;

    /// Writes the state. The bytes are the same on every host and for every seed.
    fn save(&self, out: &mut Writer);

    /// Reads the bytes of [`save`](Self::save) into a new analytic. The configuration may differ from that of the
    /// snapshot. The returned notes name the state that was dropped for this reason.
    ///
    /// # Errors
    /// Fails if `save` did not write these bytes.
    fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<Vec<String>>;
}

/// The data that an analytic gets with each event.
pub struct Context<'c> {
    /// The result of the overrides for the event.
    pub judgement: Judgement<'c>,
    /// The raw record, for evidence. An attacker wrote part of it.
    pub record: Record<'c>,
    /// The newest event time judged so far, this event included.
    pub watermark: Timestamp,
    /// Takes the alerts.
    pub alerts: Alerts<'c>,
    /// The event, and what is known of its account. Alerts tell it.
    pub(crate) event: &'c Event<'c>,
    pub(crate) accounts: &'c Accounts,
    pub(crate) common: &'c Common,
}

impl Context<'_> {
    /// True if notes are asked for. Only then does it pay to make them.
    #[inline]
    #[must_use]
    pub const fn explains(&self) -> bool {
        self.alerts.notes.is_some()
    }

    /// Notes what became of the event for a key. In `text`, `#` is the next of `values` as a number, `~` as a
    /// duration, `@` as a time, and `%` is `word`. If something was counted, the first value is the count and the
    /// second the needed count. Does nothing unless notes are asked for.
    #[cold]
    #[inline(never)]
    pub fn note(&mut self, step: Step, key: &str, word: &str, text: &str, values: &[i64]) {
        if let Some(notes) = &mut self.alerts.notes {
            notes.add(step, key, word, text, values);
        }
    }

    /// Raises an alert about the event, with what is known of its account, its override and its severity.
    pub fn raise(&mut self, key: &[&[u8]], mut alert: Alert) {
        self.judge(&mut alert);
        self.alerts.raise(key, alert);
    }

    /// True if alerts are followed. Only then does an analytic read the counted events of an alert again.
    #[inline]
    #[must_use]
    pub const fn follows(&self) -> bool {
        self.alerts.follow_ups.is_on()
    }

    /// Opens a follow-up for the alert that was raised last.
    pub fn follow(&mut self, following: Following, seen: &Excerpt<'_>) {
        if let Some(alert) = self.alerts.out.last() {
            self.alerts.follow_ups.open(following, alert, seen);
            self.alerts.make_room();
        }
    }

    /// Opens a follow-up for an alert that waits to be confirmed.
    pub fn follow_waiting(&mut self, following: Following, alert: &Alert, seen: &Excerpt<'_>) {
        self.alerts.follow_ups.open(following, alert, seen);
        self.alerts.make_room();
    }

    /// True if an alert is being followed now.
    #[inline]
    #[must_use]
    pub const fn is_following(&self) -> bool {
        !self.alerts.follow_ups.is_empty()
    }

    /// Counts an event in the follow-ups of the key `group`, whose patterns count it.
    #[inline]
    pub fn count(&mut self, group: Fingerprint, entry: &Entry<'_>) {
        if self.is_following() {
            self.alerts.follow_ups.count(group, entry);
            self.alerts.make_room();
        }
    }

    /// Sends the updates of a silence that ended early.
    pub fn ended(&mut self, quiet: Fingerprint) {
        while let Some(alert) = self.alerts.follow_ups.ended(quiet) {
            self.alerts.update(alert);
        }
    }

    /// The follow-ups.
    pub const fn follow_ups(&mut self) -> &mut FollowUps {
        self.alerts.follow_ups
    }

    /// Tells what is known of the account, applies override and severity, and names the record. Raises nothing: for an
    /// alert that has to wait.
    pub fn judge(&self, alert: &mut Alert) {
        alert.record = self.record.number;
        facts::tell(self.accounts, self.common, self.event, alert);
        let base = alert.severity;
        alert.severity = self.judgement.severity(base);
        if alert.severity != base {
            alert.context.push(format!("{} by an override, otherwise {base}", alert.severity));
        }
        if let Some(reason) = self.judgement.reason() {
            alert.context.push(format!("override: {reason}"));
        }
    }
}

/// Takes alerts. Gives each its id and the fields that all alerts of the analytic share.
pub struct Alerts<'c> {
    pub(crate) about: &'c About,
    pub(crate) digest: &'c str,
    pub(crate) ordinals: &'c mut Ordinals,
    pub(crate) out: &'c mut Vec<Alert>,
    pub(crate) notes: Option<&'c mut Notes>,
    pub(crate) follow_ups: &'c mut FollowUps,
    /// The time of the event, if the year is inferred.
    pub(crate) inferred: Option<Timestamp>,
}

impl Alerts<'_> {
    /// Raises an alert that has waited, for the key `group`.
    pub fn confirm(&mut self, key: &[&[u8]], group: Fingerprint, alert: Alert) {
        self.raise(key, alert);
        if let Some(alert) = self.out.last() {
            self.follow_ups.confirm(group, alert);
        }
    }

    /// Sends the updates of follow-ups that ended before `now`.
    pub(crate) fn end_follow_ups(&mut self, now: Timestamp) {
        while let Some(alert) = self.follow_ups.due(now) {
            self.update(alert);
        }
    }

    fn make_room(&mut self) {
        while let Some(alert) = self.follow_ups.crowded_out() {
            self.update(alert);
        }
    }

    fn update(&mut self, alert: Alert) {
        if let Some(notes) = &mut self.notes {
            notes.alert(&alert);
        }
        self.out.push(alert);
    }

    /// Raises an alert. `key` holds the normalised values that distinguish it from other alerts of the same pattern
    /// and time.
    pub fn raise(&mut self, key: &[&[u8]], mut alert: Alert) {
        let own = |list: &[&str]| list.iter().map(|s| String::from(*s)).collect();
        let mut hash =
            Hasher128::new(Salt::new(""), 0).part(self.about.code.as_bytes()).part(alert.pattern.as_bytes());
        for part in key {
            hash = hash.part(part);
        }
        let base = hash.part(&alert.time.0.to_le_bytes()).finish().0;
        let ordinal = self.ordinals.next(base);
        let id = Hasher128::new(Salt::new(""), 1)
            .part(&base.to_le_bytes())
            .part(&ordinal.to_le_bytes())
            .finish()
            .0;
        alert.id = format!("{id:032x}");
        for (field, text) in [
            (&mut alert.analytic, self.about.code),
            (&mut alert.analytic_version, self.about.version),
            (&mut alert.config_digest, self.digest),
        ] {
            *field = text.into();
        }
        if alert.techniques.is_empty() {
            alert.techniques = own(self.about.techniques);
        }
        if alert.response.is_empty() {
            alert.response = own(self.about.response);
        }
        if self.inferred == Some(alert.time) && alert.context.iter().all(|line| line != YEAR_INFERRED) {
            alert.context.push(YEAR_INFERRED.into());
        }
        self.update(alert);
    }
}

/// Counts alerts of the same analytic, pattern, key and time, so that they get different ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ordinals(VecDeque<(u128, u32)>);

impl Ordinals {
    /// Searches only the last 256 ids for duplicates: equal alerts come close together.
    const REMEMBERED: usize = 256;

    fn next(&mut self, base: u128) -> u32 {
        if let Some((_, count)) = self.0.iter_mut().rev().find(|(known, _)| *known == base) {
            *count += 1;
            return *count;
        }
        if self.0.len() >= Self::REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((base, 0));
        0
    }

    pub(crate) fn save(&self, out: &mut Writer) {
        out.count(self.0.len());
        for (base, count) in &self.0 {
            out.raw(&base.to_le_bytes());
            out.varint((*count).into());
        }
    }

    pub(crate) fn load(input: &mut Reader<'_>) -> snapshot::Result<Self> {
        let mut list = VecDeque::new();
        for _ in 0..input.count(17)?.min(Self::REMEMBERED) {
            let base = u128::from_le_bytes(input.array()?);
            let count = u32::try_from(input.varint()?).map_err(|_| SnapshotError::Invalid("an ordinal"))?;
            list.push_back((base, count));
        }
        Ok(Self(list))
    }
}
