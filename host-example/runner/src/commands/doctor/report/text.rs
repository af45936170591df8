//! Writes the report of `doctor` as text.

use super::{Examination, Patient, SHOWN, outcomes};
use crate::doctor::Feed;
use crate::feed::Totals;
use crate::output::escape;
use crate::output::paint::Paint;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_host::contract::Outcome;
use std::io::{self, Write};

/// Writes the report.
pub fn text(out: &mut impl Write, found: &Examination, totals: &Totals, paint: Paint) -> io::Result<()> {
    records(out, found, totals, paint)?;
    feeds(out, found, paint)?;
    writeln!(out, "\n{}", paint.bold("Analytics"))?;
    found.patients.iter().try_for_each(|patient| analytic(out, found, patient, paint))?;
    suggestions(out, found, paint)
}

fn records(out: &mut impl Write, found: &Examination, totals: &Totals, paint: Paint) -> io::Result<()> {
    let (all, read) = (totals.judged(), found.read);
    let rows = [
        (all, "records".to_owned()),
        (read, format!("say something about a login ({} %)", percent(read, all))),
        (all.saturating_sub(read).saturating_sub(found.missed()), "say nothing about a login".into()),
        (found.missed(), "look like logins, and no analytic reads them".into()),
        (found.most(|stats| stats.malformed), "malformed".into()),
        (
            found.most(|stats| stats.undated),
            "undated: no time in them can be read, so nothing was judged".into(),
        ),
        (totals.oversized + found.most(|stats| stats.oversized), "too long".into()),
        (totals.flaws.total(), "or more pieces that are no records".into()),
        (found.feeds.duplicates, "events delivered twice (counted once)".into()),
        (
            found.most(|stats| stats.future),
            "events dated more than 5 m after their receipt (dated by the receipt)".into(),
        ),
    ];
    writeln!(out, "{}", paint.bold("Records"))?;
    for (count, what) in rows.into_iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "  {count:>10} {what}")?;
    }
    for kind in found.kinds() {
        writeln!(out, "  {} {} {}: {}", paint.red("unread:"), kind.count, kind.what, kind.advice)?;
        writeln!(out, "    {}", paint.dim(escape::text(&kind.example)))?;
    }
    if !found.silent.is_empty() {
        writeln!(out, "  {}", paint.dim("the first that give no event:"))?;
        for record in &found.silent {
            writeln!(out, "    {}", paint.dim(escape::text(record)))?;
        }
    }
    Ok(())
}

fn feeds(out: &mut impl Write, found: &Examination, paint: Paint) -> io::Result<()> {
    let (feeds, end) = (found.feeds.sorted(), found.feeds.end());
    writeln!(out, "\n{}", paint.bold("Feeds"))?;
    for (shape, host, one) in feeds.iter().take(SHOWN) {
        let host = if host.is_empty() { "no host" } else { host };
        writeln!(
            out,
            "  {} {}  {} events, {} to {}",
            paint.bold(escape::text(shape)),
            escape::text(host),
            one.events(),
            Timestamp(one.first),
            Timestamp(one.last)
        )?;
        feed(out, one, end)?;
    }
    if feeds.len() > SHOWN {
        writeln!(out, "  and {} more; --format json shows all", feeds.len() - SHOWN)?;
    }
    if feeds.is_empty() {
        writeln!(out, "  none")?;
    }
    Ok(())
}

/// Writes the remarks on one feed. `end` is the end of all feeds.
fn feed(out: &mut impl Write, feed: &Feed, end: i64) -> io::Result<()> {
    let outcomes: Vec<String> = outcomes(feed).map(|(word, count)| format!("{count} {word}")).collect();
    let mut said = |text: String| writeln!(out, "    {text}");
    said(outcomes.join(", "))?;
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
    if feed.delays.count() > 0 {
        let delay = |p| span(feed.delays.percentile(p).unwrap_or(0));
        said(format!(
            "{} events are dated by their receipt: their own times name no zone, and lie {} or more before it (the most: {})",
            feed.delays.count(),
            delay(50),
            delay(100)
        ))?;
    }
    if feed.future > 0 {
        said(format!("{} events dated more than 5 m after their receipt", feed.future))?;
    }
    if let Some(gap) = feed.silent(end) {
        said(format!("silent for the last {}, longer than usual", span(gap)))?;
    }
    Ok(())
}

fn analytic(out: &mut impl Write, found: &Examination, patient: &Patient, paint: Paint) -> io::Result<()> {
    let intake = &patient.intake;
    let readiness = intake.readiness();
    let word = match readiness.can_fire {
        true => paint.bold("can fire"),
        false if !found.named && intake.own == 0 => paint.dim("finds nothing of its telemetry"),
        false => paint.red("cannot fire"),
    };
    writeln!(out, "  {} {word}", escape::text(&format!("{:<8}", patient.id.to_uppercase())))?;
    writeln!(
        out,
        "    collected: {} failures, {} successes, {} challenges; {} events of others",
        intake.failures,
        intake.successes,
        intake.challenges,
        intake.events.saturating_sub(intake.own)
    )?;
    for why in readiness.why {
        writeln!(out, "    {}", escape::text(&why))?;
    }
    if let Some(stats) = patient.stats.as_ref().filter(|stats| stats.alerts > 0) {
        writeln!(out, "    it raised {} alerts", stats.alerts)?;
    }
    if let Some(error) = found.failure(&patient.id) {
        writeln!(out, "    {} {}", paint.red("error:"), escape::text(&error.to_string()))?;
    }
    Ok(())
}

fn suggestions(out: &mut impl Write, found: &Examination, paint: Paint) -> io::Result<()> {
    let suggestions = found.suggestions();
    if suggestions.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.bold("Suggested settings"))?;
    for (setting, why) in suggestions {
        writeln!(out, "  {}  {}", escape::text(&setting), paint.dim(escape::text(&format!("# {why}"))))?;
    }
    Ok(())
}

fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100) / whole.max(1)
}

fn span(micros: i64) -> String {
    // Whole seconds are enough, except for less than one second.
    let rounded = if micros >= 1_000_000 { micros - micros % 1_000_000 } else { micros };
    Span(rounded).to_string()
}
