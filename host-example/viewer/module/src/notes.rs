//! Collects notes: the points of windows, the near misses, and the highest count of each key.

use crate::events::Texts;
use authsieve_engine::event::Outcome;
use authsieve_engine::note::{Note, Step};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

/// More points are left out.
const MOST_POINTS: usize = 6 << 20;

/// More near misses are left out, those of the lowest counts first.
const MOST_NEAR: usize = 5_000;

/// So many points of a window are drawn.
const MOST_DRAWN: usize = 2_000;

/// The treatment of an event for one key.
#[derive(Clone, Copy, Debug)]
struct Point {
    time: i64,
    record: u64,
    key: u32,
    count: u32,
    needed: u32,
    step: Step,
    outcome: Outcome,
}

/// A near miss: an event that almost raised an alert.
#[derive(Clone, Debug, Serialize)]
struct Near {
    analytic: &'static str,
    step: &'static str,
    key: String,
    text: String,
    user: String,
    address: Option<String>,
    record: u64,
    time: String,
    count: u32,
    needed: u32,
    /// How often this key came so near.
    times: u32,
}

/// The notes of a whole reading.
#[derive(Debug, Default)]
pub struct Notes {
    points: Vec<Point>,
    /// Analytic and key, with a tab between.
    keys: Texts,
    /// The highest count of each key.
    highest: Vec<u32>,
    near: HashMap<(u32, u8), Near>,
    /// The records that raised an alert, of each analytic.
    raised: HashSet<(&'static str, u64)>,
    /// Points that were left out.
    pub left_out: u64,
}

impl Notes {
    /// Takes the notes on a batch.
    pub fn take(&mut self, notes: Vec<Note>) {
        for note in notes {
            if note.step == Step::Alert {
                self.raised.insert((note.analytic, note.record));
            }
            if note.key.is_empty() || matches!(note.step, Step::Ignored | Step::Joined) {
                continue;
            }
            let key = self.keys.number(&format!("{}\t{}", note.analytic, note.key));
            let (count, needed) = (note.count.unwrap_or(0), note.needed.unwrap_or(0));
            if self.highest.len() <= key as usize {
                self.highest.resize(key as usize + 1, 0);
            }
            if let Some(highest) = self.highest.get_mut(key as usize) {
                *highest = count.max(*highest);
            }
            if self.points.len() < MOST_POINTS {
                let Note { time, record, step, outcome, .. } = note;
                self.points.push(Point { time: time.0, record, key, count, needed, step, outcome });
            } else {
                self.left_out += 1;
            }
            if matches!(note.step, Step::Short | Step::TooLate | Step::Silent) {
                self.near(key, note, count, needed);
            }
        }
    }

    fn near(&mut self, key: u32, note: Note, count: u32, needed: u32) {
        // Half of what is needed is not near.
        if note.step == Step::Short && (count == 0 || count.saturating_mul(2) < needed) {
            return;
        }
        let full = self.near.len() >= 4 * MOST_NEAR;
        let times = match self.near.get_mut(&(key, note.step as u8)) {
            Some(known) if known.count >= count => {
                known.times += 1;
                return;
            }
            Some(known) => known.times + 1,
            None if full => return,
            None => 1,
        };
        let Note { analytic, step, key: name, text, user, src_ip, record, time, .. } = note;
        let near = Near {
            analytic,
            step: step.as_str(),
            key: name,
            text,
            user: user.into_owned(),
            address: src_ip.map(|ip| ip.to_string()),
            record,
            time: time.0.to_string(),
            count,
            needed,
            times,
        };
        self.near.insert((key, step as u8), near);
    }

    /// The near misses: of one record and analytic the nearest, without those that alerted under another key. Of equals,
    /// the one of the most specific key.
    #[must_use]
    pub fn near_misses(&self) -> Value {
        let mut best: BTreeMap<(u64, &str), &Near> = BTreeMap::new();
        for near in self.near.values().filter(|near| !self.raised.contains(&(near.analytic, near.record))) {
            let rank = |near: &Near| {
                let share = u64::from(near.count) * 1000 / u64::from(near.needed.max(1));
                (share, near.key.len(), std::cmp::Reverse(near.key.clone()))
            };
            let known = best.entry((near.record, near.analytic)).or_insert(near);
            if rank(near) > rank(known) {
                *known = near;
            }
        }
        let mut list: Vec<&Near> = best.into_values().collect();
        list.sort_by_key(|near| {
            let left = f64::from(near.needed.saturating_sub(near.count)) / f64::from(near.needed.max(1));
            ((left * 1000.0) as u32, near.record)
        });
        list.truncate(MOST_NEAR);
        json!(list)
    }

    /// The windows of a record: for each key of the analytic that the record counts for, the points of this key, the
    /// nearest to the record.
    #[must_use]
    pub fn windows(&self, analytic: &str, record: u64) -> Value {
        let start = format!("{}\t", analytic.to_ascii_lowercase());
        let mut keys: Vec<u32> = Vec::new();
        for point in self.points.iter().filter(|point| point.record == record) {
            if self.keys.text(point.key).starts_with(&start) && !keys.contains(&point.key) {
                keys.push(point.key);
            }
        }
        // The most specific first.
        keys.sort_by_key(|key| std::cmp::Reverse(self.keys.text(*key).split(' ').next().map_or(0, str::len)));
        let windows = keys.into_iter().map(|key| {
            let all: Vec<&Point> = self.points.iter().filter(|point| point.key == key).collect();
            let at = all.iter().rposition(|point| point.record == record).unwrap_or(0);
            let from = (at + MOST_DRAWN / 8).saturating_sub(MOST_DRAWN - 1);
            let points = all.iter().skip(from).take(MOST_DRAWN).map(|point| {
                json!({
                    "time": point.time.to_string(),
                    "record": point.record,
                    "count": point.count,
                    "needed": point.needed,
                    "step": point.step.as_str(),
                    "outcome": point.outcome.as_str(),
                })
            });
            let name = self.keys.text(key).split_once('\t').map_or("", |(_, name)| name);
            json!({ "key": name, "points": points.collect::<Vec<_>>(), "all": all.len() })
        });
        windows.collect()
    }

    /// How many keys of each analytic and kind reached which highest count.
    #[must_use]
    pub fn highest(&self) -> Value {
        let mut counts: BTreeMap<&str, BTreeMap<&str, BTreeMap<u32, u32>>> = BTreeMap::new();
        for (key, count) in (0..).zip(&self.highest).filter(|(_, count)| **count > 0) {
            let Some((analytic, name)) = self.keys.text(key).split_once('\t') else { continue };
            let kind = name.split(' ').next().unwrap_or_default();
            *counts.entry(analytic).or_default().entry(kind).or_default().entry(*count).or_default() += 1;
        }
        json!(counts)
    }
}
