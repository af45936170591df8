//! Judges with several settings of the same analytics at once, for tuning. Each record is decoded once, and judged with
//! each setting.
//!
//! A configuration that is a JSON list holds one configuration in each element. They may differ in all options except
//! those that affect decoding. The `config_digest` of an alert is the number of its setting, from 0. Alerts show no
//! records. Such a detector has no state to save.

use super::judge::Judging;
use super::{Analytics, Configured, Error, Reading, Stats};
use crate::alert::Alert;
use crate::config::{Common, Json, Problem, Problems, code};
use crate::dating::{Dated, Dating, Rules};
use crate::event::{Event, Record};
use crate::note::Note;
use crate::order::sort;
use crate::readers::Reader;
use crate::snapshot::{self, Snapshot, Writer};
use crate::time::{Span, Timestamp};
use crate::times::When;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The most settings that are judged at once.
pub const MOST: usize = 256;

/// One analytic with several settings, at least one.
struct Points {
    first: Box<dyn Judging>,
    others: Vec<Box<dyn Judging>>,
}

/// True if this configuration is a list of settings.
#[must_use]
pub fn is_list(config: &str) -> bool {
    config.trim_start().starts_with('[')
}

/// Configures analytics with each of the settings in a list.
///
/// # Errors
/// Fails with all problems of the settings, and if two settings decode records in different ways.
pub fn configure<S: Analytics>(config: &str, seed: u64) -> Result<Configured, Error> {
    let wrong = |text: String| Error::from(Problems::from(Problem::new(code::NOT_JSON, "", text)));
    let json = Json::parse(config).map_err(|why| wrong(format!("the configuration is not JSON: {why}")))?;
    let list = json.as_list().unwrap_or_default();
    if list.is_empty() || list.len() > MOST {
        return Err(wrong(format!("the list has {} settings; expected 1 to {MOST}", list.len())));
    }
    let (mut common, mut reads) = (None, None);
    let mut columns: Vec<Vec<Box<dyn Judging>>> = Vec::new();
    for setting in list {
        let next = S::configure(setting.raw(), seed)?;
        let own =
            Some((decoding(setting), next.judges.iter().map(|judge| judge.reader()).collect::<Vec<_>>()));
        if reads.is_some() && reads != own {
            let text = "the settings differ in an option that bears on decoding; expected the same in all";
            return Err(wrong(text.into()));
        }
        (common, reads) = (common.or(Some(next.common)), own);
        columns.resize_with(next.judges.len(), Vec::new);
        for (column, judge) in columns.iter_mut().zip(next.judges) {
            column.push(judge);
        }
    }
    let join = |column: Vec<Box<dyn Judging>>| -> Option<Box<dyn Judging>> {
        let mut judges = column.into_iter();
        let first = judges.next()?;
        Some(Box::new(Points { first, others: judges.collect() }))
    };
    let common = common.ok_or_else(|| wrong("the list has no setting".into()))?;
    Ok(Configured { common, judges: columns.into_iter().filter_map(join).collect() })
}

/// The options of a setting that affect decoding.
fn decoding(setting: &Json<'_>) -> Vec<(String, String)> {
    let members = setting.as_table().unwrap_or_default().iter();
    let mut said: Vec<(String, String)> = members
        .filter(|(name, _)| Common::DECODING.contains(&&**name))
        .map(|(name, json)| (name.to_string(), json.raw().to_string()))
        .collect();
    sort(&mut said, |one, other| one < other);
    said
}

impl Points {
    fn each(&mut self) -> impl Iterator<Item = &mut Box<dyn Judging>> {
        core::iter::once(&mut self.first).chain(&mut self.others)
    }
}

impl Judging for Points {
    fn id(&self) -> &'static str {
        self.first.id()
    }

    fn reader(&self) -> Reader {
        self.first.reader()
    }

    fn partition_by(&self) -> &'static [&'static str] {
        self.first.partition_by()
    }

    fn dating(&self) -> &Dating {
        self.first.dating()
    }

    fn rules(&self) -> Rules<'_> {
        self.first.rules()
    }

    fn take(&mut self, event: Event<'_>, when: &When<'_>, record: Record<'_>, reading: Reading) -> Dated {
        for judge in &mut self.others {
            judge.take(event.clone(), when, record, reading);
        }
        self.first.take(event, when, record, reading)
    }

    fn elapse(&mut self, idle: Span) {
        self.each().for_each(|judge| judge.elapse(idle));
    }

    fn elapse_until(&mut self, received: Timestamp) {
        self.each().for_each(|judge| judge.elapse_until(received));
    }

    fn advance(&mut self, to: Timestamp) {
        self.each().for_each(|judge| judge.advance(to));
    }

    fn watermark(&self) -> Timestamp {
        self.first.watermark()
    }

    fn hand_out(&mut self, alerts: &mut Vec<Alert>) {
        let mut own = Vec::new();
        for (place, judge) in self.each().enumerate() {
            judge.hand_out(&mut own);
            alerts.extend(own.drain(..).map(|alert| Alert {
                config_digest: place.to_string(),
                evidence: Vec::new(),
                response: Vec::new(),
                context: Vec::new(),
                ..alert
            }));
        }
    }

    fn set_explains(&mut self, explains: bool) {
        self.first.set_explains(explains);
    }

    fn hand_out_notes(&mut self, notes: &mut Vec<Note>) {
        self.first.hand_out_notes(notes);
    }

    fn count_misread(&mut self, malformed: bool, unread: bool) {
        self.first.count_misread(malformed, unread);
    }

    fn stats(&self) -> Stats {
        let others: u64 = self.others.iter().map(|judge| judge.stats().alerts).sum();
        let own = self.first.stats();
        Stats { alerts: own.alerts + others, ..own }
    }

    fn save(&self, _: &mut Writer) {}

    fn load(&mut self, _: u64, _: &Snapshot<'_>) -> snapshot::Result<Vec<String>> {
        Ok(alloc::vec!["several settings start with empty windows".into()])
    }
}
