//! What an analytic is to the engine.

use crate::alert::Alert;
use crate::config::{Config, Judgement, Problem, Settings};
use crate::detector::{Need, Source};
use crate::event::{Event, Record};
use crate::hash::{Hasher128, Salt};
use crate::note::{Notes, Step};
pub use crate::shapes::Telemetry;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use crate::window::table::Table;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What an analytic is, in words and lists. The WIT record `descriptor` documents each field.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // Each field is documented once, in wit/authsieve.wit.
pub struct About {
    /// As it is typed: `an1276`.
    pub id: &'static str,
    /// As alerts name it: `AN1276`.
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
    /// The fields of an event (`user`, `src_ip`) whose equal values must meet in one detector, if the work is split.
    pub partition_by: &'static [&'static str],
    /// The options that an override may set, all of them of the kind [`Threshold`](crate::config::Threshold).
    pub thresholds: &'static [&'static str],
}

/// Something whose telemetry is known when it is compiled.
pub trait Reads {
    /// What it reads.
    const TELEMETRY: Telemetry;
}

/// What an analytic reads.
#[derive(Debug)]
pub struct Of<A>(core::marker::PhantomData<A>);

/// What an analytic holds, for `stats`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Keys held now.
    pub keys: u64,
    /// Keys given up before their time.
    pub evicted: u64,
    /// Events older than the newest of their key.
    pub late: u64,
    /// Bytes of state.
    pub bytes: u64,
}

impl Held {
    /// Of an analytic with the keys of a table, so many late events, and so many bytes in all.
    #[must_use]
    pub fn new(keys: &Table, late: u64, bytes: usize) -> Self {
        Self { keys: keys.len() as u64, evicted: keys.evicted(), late, bytes: bytes as u64 }
    }
}

/// A detection: events in, alerts out, windows in between. One implementation is one component.
pub trait Analytic: Sized + 'static {
    /// Its options; those common to all analytics are not among them.
    type Options: Settings;
    /// What it is.
    const ABOUT: About;
    /// What it reads.
    const TELEMETRY: Telemetry;
    /// The version of what [`save`](Self::save) writes. [`load`](Self::load) reads all older ones, from 2 on, by
    /// [`Reader::version`].
    const STATE_VERSION: u16 = 3;

    /// A new one with empty windows.
    ///
    /// # Errors
    /// Where options contradict each other: which, and what is allowed.
    fn new(config: &Config<Self::Options>, seed: u64) -> Result<Self, Problem>;

    /// Codes of sign-in and audit logs that its options say are failures as well.
    fn extra_failure_codes(_options: &Self::Options) -> Vec<u32> {
        Vec::new()
    }

    /// For how long an event can matter: its longest window. Ids of deliveries are kept as long.
    fn horizon(&self) -> Span;

    /// Takes one event in.
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>);

    /// `event.count` failures that were observed at `event.time` were none.
    fn take_back(&mut self, _event: &Event<'_>) {}

    /// Event time has reached `to`: what waited for it comes out.
    fn advance(&mut self, _to: Timestamp, _alerts: &mut Alerts<'_>) {}

    /// What it holds.
    fn held(&self) -> Held;

    /// Writes its state: the same bytes on every host and for every seed.
    fn save(&self, out: &mut Writer);

    /// Reads what [`save`](Self::save) wrote into one that is new, under a configuration that may have changed.
    /// Notes say what that made it drop.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<Vec<String>>;
}

/// What an analytic gets along with an event.
pub struct Context<'c> {
    /// What the overrides say of the event.
    pub judgement: Judgement<'c>,
    /// The raw record, for evidence. An attacker wrote part of it.
    pub record: Record<'c>,
    /// The newest event time judged so far, this event included.
    pub watermark: Timestamp,
    /// Where alerts go.
    pub alerts: Alerts<'c>,
}

impl Context<'_> {
    /// Whether somebody asks why: only then are notes kept, and only then is it worth making them.
    #[inline]
    #[must_use]
    pub const fn explains(&self) -> bool {
        self.alerts.notes.is_some()
    }

    /// Says what became of the event for a key, in words with blanks: `#` is the next of `values` as a number, `~` as a
    /// span, `@` as a time, and `%` is `word`. Where something was counted, the first value is the count and the second
    /// how many there have to be. Nothing where nobody asks.
    #[cold]
    #[inline(never)]
    pub fn note(&mut self, step: Step, key: &str, word: &str, text: &str, values: &[i64]) {
        if let Some(notes) = &mut self.alerts.notes {
            notes.add(step, key, word, text, values);
        }
    }

    /// Raises an alert about the event: override and severity are applied here.
    pub fn raise(&mut self, key: &[&[u8]], mut alert: Alert) {
        self.judge(&mut alert);
        self.alerts.raise(key, alert);
    }

    /// Applies override and severity alone, and names the record: for an alert about the event that has to wait.
    pub fn judge(&self, alert: &mut Alert) {
        alert.record = self.record.number;
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

/// Where alerts go: they get their id and what is the same for all alerts of the analytic.
pub struct Alerts<'c> {
    pub(crate) about: &'c About,
    pub(crate) digest: &'c str,
    pub(crate) ordinals: &'c mut Ordinals,
    pub(crate) out: &'c mut Vec<Alert>,
    pub(crate) notes: Option<&'c mut Notes>,
}

impl Alerts<'_> {
    /// Raises an alert. `key` are the normalised values that tell it from others of its pattern and time.
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
        if let Some(notes) = &mut self.notes {
            notes.alert(&alert);
        }
        self.out.push(alert);
    }
}

/// How many alerts of the same analytic, pattern, key and time there were: they get different ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ordinals(VecDeque<(u128, u32)>);

impl Ordinals {
    /// Equals come close together; so far back it is looked.
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
