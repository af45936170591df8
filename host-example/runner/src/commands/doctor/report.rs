//! Writes the report of `doctor`, as text and as JSON.

mod navigator;
mod text;

pub use navigator::layer;
pub use text::text;

use super::{Examination, Patient};
use crate::doctor::Feed;
use crate::doctor::unread::Kind;
use crate::feed::Totals;
use crate::output::escape;
use authsieve_engine::detector::Stats;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_host::CallError;
use authsieve_host::contract::Outcome;
use serde_json::{Value, json};
use std::io::{self, Write};

/// The most feeds that the text shows, and the most addresses that it suggests.
const SHOWN: usize = 20;

/// The outcomes that occur in a feed, with their numbers.
fn outcomes(feed: &Feed) -> impl Iterator<Item = (&'static str, u64)> {
    let counted = Outcome::ALL.iter().map(|outcome| (outcome.word(), feed.of(*outcome)));
    counted.filter(|(_, count)| *count > 0)
}

impl Examination {
    /// The last failure of the component that holds this analytic.
    fn failure(&self, id: &str) -> Option<&CallError> {
        let of = |name: &str| name.split('+').any(|part| part == id);
        self.failures.iter().find(|(name, _)| of(name)).map(|(_, error)| error)
    }

    /// The greatest value of a counter among the analytics. Each of them counts all records.
    fn most(&self, of: impl Fn(&Stats) -> u64) -> u64 {
        self.patients.iter().filter_map(|patient| patient.stats.as_ref()).map(of).max().unwrap_or(0)
    }

    /// The number of records that look like logins but are not read, from the analytic with the most of them.
    fn missed(&self) -> u64 {
        self.most(|stats| stats.unread)
    }

    /// The known kinds of these records, and the kinds of formats that the analytics do not know at all.
    fn kinds(&self) -> impl Iterator<Item = &Kind> {
        let missed = self.missed() > 0;
        self.unread.kinds().iter().filter(move |kind| missed || kind.foreign)
    }

    /// The suggested settings, each with its reason.
    fn suggestions(&self) -> Vec<(String, String)> {
        let mut list = Vec::new();
        let feeds = self.feeds.sorted();
        if feeds.iter().any(|(.., feed)| feed.newest_first()) {
            list.push((
                "allowed_lateness = \"max\"".into(),
                "a feed was exported newest first: sort it".into(),
            ));
        } else {
            let late = |feed: &Feed| feed.lateness.percentile(99).filter(|late| *late > 0);
            if let Some(late) = feeds.iter().filter_map(|(.., feed)| late(feed)).max() {
                let seconds = (late / 1_000_000).saturating_add(1);
                let span = Span::seconds(seconds);
                list.push((
                    format!("allowed_lateness = \"{span}\""),
                    format!("99 of 100 events come no later than {span}"),
                ));
            }
        }
        let mut shifts: Vec<i64> = feeds.iter().filter_map(|(.., feed)| feed.shift()).collect();
        shifts.dedup();
        if let [hours] = shifts[..] {
            let sign = if hours < 0 { '-' } else { '+' };
            list.push((
                format!("timezone = \"{sign}{:02}:00\"", hours.abs()),
                format!("times are {hours:+} h apart from their receipt: local time taken for UTC?"),
            ));
        }
        for (address, accounts, logins) in self.feeds.egress().into_iter().take(SHOWN) {
            list.push((
                format!("allow_ips = [\"{address}\"]"),
                format!(
                    "{accounts} or more accounts logged in from it ({logins} times), few failed: a NAT or VPN egress? \
                     An override with higher thresholds keeps it in view"
                ),
            ));
        }
        list
    }
}

/// Writes the report as one JSON object.
pub fn json(out: &mut impl Write, found: &Examination, totals: &Totals, terminal: bool) -> io::Result<()> {
    let end = found.feeds.end();
    let feeds: Vec<Value> =
        found.feeds.sorted().into_iter().map(|(shape, host, feed)| of_feed(shape, host, feed, end)).collect();
    let analytics: Vec<Value> = found.patients.iter().map(|patient| of_analytic(found, patient)).collect();
    let suggestions: Vec<Value> = found
        .suggestions()
        .into_iter()
        .map(|(setting, why)| json!({ "setting": setting, "why": why }))
        .collect();
    let unread: Vec<Value> = found
        .kinds()
        .map(|kind| {
            json!({ "what": kind.what, "advice": kind.advice, "count": kind.count, "example": kind.example })
        })
        .collect();
    let whole = json!({
        "records": totals.judged(),
        "read": found.read,
        "unread": found.missed(),
        "unread_kinds": unread,
        "silent": totals.judged().saturating_sub(found.read).saturating_sub(found.missed()),
        "silent_samples": found.silent,
        "malformed": found.most(|stats| stats.malformed),
        "undated": found.most(|stats| stats.undated),
        "oversized": totals.oversized + found.most(|stats| stats.oversized),
        "unframed": totals.flaws.total(),
        "unreadable_files": totals.unreadable,
        "duplicates": found.feeds.duplicates,
        "future": found.most(|stats| stats.future),
        "feeds": feeds,
        "analytics": analytics,
        "suggestions": suggestions,
    });
    let line = whole.to_string();
    writeln!(out, "{}", escape::line(&line, terminal))
}

fn of_analytic(found: &Examination, patient: &Patient) -> Value {
    let intake = &patient.intake;
    let readiness = intake.readiness();
    json!({
        "id": patient.id,
        "can_fire": readiness.can_fire,
        "why": readiness.why,
        "events": intake.events,
        "own": intake.own,
        "failures": intake.failures,
        "failures_with_address": intake.failures_placed,
        "successes": intake.successes,
        "challenges": intake.challenges,
        "alerts": patient.stats.as_ref().map(|stats| stats.alerts),
        "error": found.failure(&patient.id).map(ToString::to_string),
    })
}

fn of_feed(shape: &str, host: &str, feed: &Feed, end: i64) -> Value {
    let outcomes: serde_json::Map<String, Value> =
        outcomes(feed).map(|(word, count)| (word.to_owned(), count.into())).collect();
    let seconds = |micros: Option<i64>| micros.map(|micros| micros as f64 / 1e6);
    json!({
        "shape": shape,
        "host": host,
        "provider": feed.provider,
        "events": feed.events(),
        "outcomes": outcomes,
        "failures_without_address": feed.no_address,
        "events_without_user": feed.no_user,
        "first": Timestamp(feed.first).to_rfc3339(),
        "last": Timestamp(feed.last).to_rfc3339(),
        "late": feed.late,
        "lateness_seconds": {
            "p50": seconds(feed.lateness.percentile(50)),
            "p90": seconds(feed.lateness.percentile(90)),
            "p99": seconds(feed.lateness.percentile(99)),
            "max": seconds(feed.lateness.percentile(100)),
        },
        "delay_seconds": (feed.delays.count() > 0).then(|| json!({
            "events": feed.delays.count(),
            "p50": seconds(feed.delays.percentile(50)),
            "max": seconds(feed.delays.percentile(100)),
        })),
        "newest_first": feed.newest_first(),
        "future": feed.future,
        "silent_seconds": seconds(feed.silent(end)),
    })
}
