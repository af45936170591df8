//! What `doctor` found, for people and as JSON.

use super::{Patient, Records};
use crate::doctor::{Feed, Feeds};
use crate::output::escape;
use crate::output::paint::Paint;
use authsieve_engine::detector::Stats;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_host::contract::Outcome;
use serde_json::{Value, json};
use std::io::{self, Write};

/// So many feeds are shown to a person.
const SHOWN: usize = 20;

/// What was found.
pub struct Found<'f> {
    pub patients: &'f [Patient],
    pub feeds: &'f Feeds,
    pub records: &'f Records,
}

const OUTCOMES: [Outcome; 7] = [
    Outcome::Failure,
    Outcome::Success,
    Outcome::Challenge,
    Outcome::Denied,
    Outcome::Timeout,
    Outcome::Approved,
    Outcome::Stopped,
];

impl Found<'_> {
    /// The greatest of a counter over the analytics: each counts all records.
    fn most(&self, of: impl Fn(&Stats) -> u64) -> u64 {
        self.patients.iter().filter_map(|patient| patient.stats.as_ref()).map(of).max().unwrap_or(0)
    }

    /// What to set, and why.
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

fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100) / whole.max(1)
}

fn span(micros: i64) -> String {
    // Whole seconds are enough for a person, but for less than one.
    let rounded = if micros >= 1_000_000 { micros - micros % 1_000_000 } else { micros };
    Span(rounded).to_string()
}

/// Writes it for people.
pub fn text(out: &mut impl Write, found: &Found<'_>, paint: Paint) -> io::Result<()> {
    let Records { all, read, oversized, unframed, unread, .. } = found.records;
    writeln!(out, "{}", paint.bold("Records"))?;
    let mut row = |count: u64, what: &str| match count {
        0 => Ok(()),
        count => writeln!(out, "  {count:>10} {what}"),
    };
    row(*all, "records")?;
    row(*read, &format!("say something about a login ({} %)", percent(*read, *all)))?;
    row(all.saturating_sub(*read), "that no analytic reads")?;
    row(found.most(|stats| stats.malformed), "malformed")?;
    row(*oversized + found.most(|stats| stats.oversized), "too long")?;
    row(*unframed, "or more pieces that could not be made records")?;
    row(found.feeds.duplicates, "events delivered twice (counted once)")?;
    row(
        found.most(|stats| stats.future),
        "events from beyond their receipt + 5 m (taken as of their receipt)",
    )?;
    if !unread.is_empty() {
        writeln!(out, "  {}", paint.dim("the first that no analytic reads:"))?;
        for record in unread {
            writeln!(out, "    {}", paint.dim(escape::text(record)))?;
        }
    }

    let feeds = found.feeds.sorted();
    let end = found.feeds.end();
    writeln!(out, "\n{}", paint.bold("Feeds"))?;
    for (shape, host, feed) in feeds.iter().take(SHOWN) {
        let host = if host.is_empty() { "no host" } else { host };
        writeln!(
            out,
            "  {} {}  {} events, {} to {}",
            paint.bold(escape::text(shape)),
            escape::text(host),
            feed.events(),
            Timestamp(feed.first),
            Timestamp(feed.last)
        )?;
        let outcomes: Vec<String> = OUTCOMES
            .iter()
            .filter(|outcome| feed.of(**outcome) > 0)
            .map(|outcome| format!("{} {}", feed.of(*outcome), outcome.word()))
            .collect();
        writeln!(out, "    {}", outcomes.join(", "))?;
        let mut said = |text: String| writeln!(out, "    {text}");
        let failures = feed.of(Outcome::Failure);
        if feed.no_address > 0 {
            said(format!("no address in {} % of the failures", percent(feed.no_address, failures)))?;
        }
        if feed.no_user > 0 {
            said(format!("no user in {} % of the events", percent(feed.no_user, feed.events())))?;
        }
        if feed.newest_first() {
            said("newest first: to be sorted before it is judged".into())?;
        } else if feed.late > 0 {
            let late = |p| span(feed.lateness.percentile(p).unwrap_or(0));
            said(format!(
                "{} events late; lateness p50 {}, p90 {}, p99 {}, at most {}",
                feed.late,
                late(50),
                late(90),
                late(99),
                late(100)
            ))?;
        }
        if feed.future > 0 {
            said(format!("{} events from beyond their receipt + 5 m", feed.future))?;
        }
        if let Some(gap) = feed.silent(end) {
            said(format!("silent for the last {}, which is out of its rhythm", span(gap)))?;
        }
    }
    if feeds.len() > SHOWN {
        writeln!(out, "  and {} more; --format json shows all", feeds.len() - SHOWN)?;
    }
    if feeds.is_empty() {
        writeln!(out, "  none")?;
    }

    writeln!(out, "\n{}", paint.bold("Analytics"))?;
    for patient in found.patients {
        let (name, tally) = (patient.analytic.name(), &patient.tally);
        let verdict = tally.verdict();
        let word = if verdict.can { paint.bold("can fire") } else { paint.red("cannot fire") };
        writeln!(out, "  {} {word}", escape::text(&format!("{:<8}", name.to_uppercase())))?;
        writeln!(
            out,
            "    collected: {} failures, {} successes, {} challenges; {} events of others",
            tally.failures,
            tally.successes,
            tally.challenges,
            tally.events.saturating_sub(tally.own)
        )?;
        for why in verdict.why {
            writeln!(out, "    {}", escape::text(&why))?;
        }
        if let Some(stats) = patient.stats.as_ref().filter(|stats| stats.alerts > 0) {
            writeln!(out, "    it raised {} alerts", stats.alerts)?;
        }
        if let Some(error) = &patient.failed {
            writeln!(out, "    {} {}", paint.red("error:"), escape::text(&error.to_string()))?;
        }
    }

    let suggestions = found.suggestions();
    if !suggestions.is_empty() {
        writeln!(out, "\n{}", paint.bold("Suggested settings"))?;
        for (setting, why) in suggestions {
            writeln!(out, "  {}  {}", escape::text(&setting), paint.dim(escape::text(&format!("# {why}"))))?;
        }
    }
    Ok(())
}

/// Writes it as one JSON object.
pub fn json(out: &mut impl Write, found: &Found<'_>, terminal: bool) -> io::Result<()> {
    let end = found.feeds.end();
    let feeds: Vec<Value> =
        found.feeds.sorted().into_iter().map(|(shape, host, feed)| of(shape, host, feed, end)).collect();
    let analytics: Vec<Value> = found
        .patients
        .iter()
        .map(|patient| {
            let (name, tally) = (patient.analytic.name(), &patient.tally);
            let verdict = tally.verdict();
            json!({
                "id": name,
                "can_fire": verdict.can,
                "why": verdict.why,
                "events": tally.events,
                "own": tally.own,
                "failures": tally.failures,
                "failures_with_address": tally.failures_placed,
                "successes": tally.successes,
                "challenges": tally.challenges,
                "alerts": patient.stats.as_ref().map(|stats| stats.alerts),
                "error": patient.failed.as_ref().map(ToString::to_string),
            })
        })
        .collect();
    let suggestions: Vec<Value> = found
        .suggestions()
        .into_iter()
        .map(|(setting, why)| json!({ "setting": setting, "why": why }))
        .collect();
    let Records { all, read, oversized, unframed, unreadable_files, unread } = found.records;
    let whole = json!({
        "records": all,
        "read": read,
        "unread": all.saturating_sub(*read),
        "unread_samples": unread,
        "malformed": found.most(|stats| stats.malformed),
        "oversized": *oversized + found.most(|stats| stats.oversized),
        "unframed": unframed,
        "unreadable_files": unreadable_files,
        "duplicates": found.feeds.duplicates,
        "future": found.most(|stats| stats.future),
        "feeds": feeds,
        "analytics": analytics,
        "suggestions": suggestions,
    });
    let line = whole.to_string();
    if terminal { writeln!(out, "{}", escape::json(&line)) } else { writeln!(out, "{line}") }
}

fn of(shape: &str, host: &str, feed: &Feed, end: i64) -> Value {
    let outcomes: serde_json::Map<String, Value> = OUTCOMES
        .iter()
        .filter(|outcome| feed.of(**outcome) > 0)
        .map(|outcome| (outcome.word().to_owned(), feed.of(*outcome).into()))
        .collect();
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
        "newest_first": feed.newest_first(),
        "future": feed.future,
        "silent_seconds": seconds(feed.silent(end)),
    })
}
