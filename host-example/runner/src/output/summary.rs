//! The summary of a run, in a few lines.

use super::escape;
use super::paint::Paint;
use crate::feed::Totals;
use crate::sinks::{Counts, First};
use authsieve_engine::detector::Stats;
use authsieve_framing::Flaw;
use std::fmt::Write;
use std::time::Duration;

/// Writes the summary of a run with the final counters of each analytic. `sorted` says that events were sorted by time
/// first. Every line ends in a newline.
#[must_use]
pub fn summary(analytics: &[Stats], totals: &Totals, took: Duration, sorted: bool, paint: Paint) -> String {
    let mut text = String::new();
    let seconds = took.as_secs_f64();
    let _ = match totals.bytes {
        // For a small file, the speed would only show the time to start.
        bytes @ ..1_000_000 => {
            let plural = if totals.records == 1 { "" } else { "s" };
            writeln!(text, "{} record{plural}, {} bytes", grouped(totals.records), grouped(bytes))
        }
        bytes => {
            let (records, megabytes) = (grouped(totals.records), bytes as f64 / 1e6);
            let speed = megabytes / seconds.max(1e-9);
            writeln!(text, "{records} records, {megabytes:.1} MB in {seconds:.2} s ({speed:.0} MB/s)")
        }
    };
    for stats in analytics {
        let _ = write!(
            text,
            "{}: {} of {} matched",
            paint.bold(escape::text(&stats.analytic)),
            grouped(stats.matched),
            grouped(totals.records)
        );
        let rare = [
            (stats.unread, "unread"),
            (stats.malformed, "malformed"),
            (stats.undated, "undated"),
            (stats.oversized, "oversized"),
            (stats.ignored, "ignored"),
            (stats.late, "late"),
            (stats.future, "from the future"),
            (stats.duplicates, "delivered twice"),
            (stats.evicted, "keys evicted"),
        ];
        for (count, what) in rare.into_iter().filter(|(count, _)| *count > 0) {
            let _ = write!(text, ", {} {what}", grouped(count));
        }
        let _ = writeln!(
            text,
            "; {} {}",
            grouped(stats.alerts),
            if stats.alerts == 1 { "alert" } else { "alerts" }
        );
        if let Some(note) = lateness(stats, sorted) {
            let _ = writeln!(text, "{} {note}", paint.red("note:"));
        }
    }
    for flaw in Flaw::ALL {
        let count = totals.flaws.of(flaw);
        if count > 0 {
            let _ = writeln!(text, "{} {}: {}", paint.red("note:"), flaw.plural(), grouped(count));
        }
    }
    for (count, what) in [(totals.oversized, "too long, skipped"), (totals.unreadable, "unreadable")] {
        if count > 0 {
            let kind = if what == "unreadable" { "input" } else { "record" };
            let plural = if count == 1 { "" } else { "s" };
            let _ = writeln!(text, "{} {} {kind}{plural} {what}", paint.red("note:"), grouped(count));
        }
    }
    text
}

/// Counts the alerts that are not shown, by reason: a silence, the conditions, or missing room. Empty if all are shown.
/// Every line ends with a newline.
#[must_use]
pub fn apart(counts: &Counts, left_out: u64, paint: Paint) -> String {
    let mut text = String::new();
    let mut note = |line: String| {
        let _ = writeln!(text, "{} {}", paint.bold("note:"), escape::text(&line));
    };
    let alerts = |count: u64| format!("{} alert{}", grouped(count), if count == 1 { "" } else { "s" });
    let silenced: u64 = counts.silenced.values().sum();
    if silenced > 0 {
        let of = |(name, count): (&String, &u64)| format!("{} by {name}", grouped(*count));
        let each = counts.silenced.iter().map(of).collect::<Vec<_>>().join(", ");
        note(format!("{} silenced ({each}); --silenced shows them", alerts(silenced)));
    }
    if counts.unwanted > 0 {
        note(format!("{} left out by the conditions of the command line", alerts(counts.unwanted)));
    }
    if left_out > 0 {
        note(format!("{} more than a report holds; -o alerts.jsonl writes all", alerts(left_out)));
    }
    text
}

/// The advice on records that were not judged.
const DOCTOR: &str = "`authsieve doctor` on the same input says more";

/// The number of bytes of a record that are shown.
const SHOWN: usize = 120;

/// Reads one of the counters.
type Counter = fn(&Stats) -> u64;

/// Lists the records that were not judged, by the kind of trouble: their number, the first record, and advice. Empty if
/// all was read. Every line ends in a newline.
#[must_use]
pub fn shortfall(analytics: &[Stats], totals: &Totals, first: &[First], paint: Paint) -> String {
    let mut text = String::new();
    let most = |count: fn(&Stats) -> u64| analytics.iter().map(count).max().unwrap_or_default();
    let kinds: [(&str, Counter, &str); 6] = [
        ("unread", |stats| stats.unread, "in a form that is not known; they were not judged"),
        ("undated", |stats| stats.undated, "without a time that can be read; they were not judged"),
        ("malformed", |stats| stats.malformed, "of a known form, but broken; they were not judged"),
        ("oversized", |stats| stats.oversized, "longer than max_record; they were not judged"),
        ("future", |stats| stats.future, "ahead of their time of receipt; see the option max_ahead"),
        ("ignored", |stats| stats.ignored, "ignored by an option"),
    ];
    let mut unread = false;
    for (kind, count, what) in kinds {
        let (count, shown) = (most(count), first.iter().find(|first| first.problem.kind == kind));
        if count == 0 && shown.is_none() {
            continue;
        }
        unread |= kind != "ignored";
        let records = if count == 1 { "record" } else { "records" };
        let _ = write!(text, "{} {} {records} {what}", paint.red("note:"), grouped(count));
        if let Some(First { problem, origin }) = shown {
            let place = origin.as_ref().map(|origin| format!(" {origin}:")).unwrap_or_default();
            let _ = write!(
                text,
                ". The first:{} {}",
                escape::text(&place),
                escape::text(beginning(&problem.text))
            );
        }
        text.push('\n');
    }
    let nothing = totals.records > 0 && analytics.iter().all(|stats| stats.matched == 0);
    if nothing {
        let _ = writeln!(
            text,
            "{} nothing of this input could be judged: no record holds an event that these analytics read",
            paint.red("note:")
        );
    }
    if nothing || unread {
        let _ = writeln!(text, "{} {DOCTOR}", paint.red("note:"));
    }
    text
}

/// True if part of the input was not judged: records in an unknown form, without a readable time, broken, or too long.
#[must_use]
pub fn fell_short(analytics: &[Stats], totals: &Totals) -> bool {
    let of = |stats: &Stats| stats.unread + stats.undated + stats.malformed + stats.oversized;
    totals.oversized + totals.flaws.total() + analytics.iter().map(of).sum::<u64>() > 0
}

/// The start of a text, as much as a line holds, cut between characters.
fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(SHOWN)).unwrap_or(text)
}

/// Advice if more than 1 % of the events came too late to be judged exactly. `sorted` says that they were sorted by
/// time first.
#[must_use]
pub fn lateness(stats: &Stats, sorted: bool) -> Option<String> {
    let late = stats.late.saturating_mul(100);
    let advice = if sorted {
        "also for sorting it: alerts may be missing; sort the input itself by time"
    } else {
        "alerts may be missing (a newest-first export?): run again with --order sort"
    };
    let share = late / stats.matched.max(1);
    (late > stats.matched).then(|| format!("{share} % of its events came too late, {advice}"))
}

/// A number with a comma between thousands.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_host::Origins;
    use authsieve_host::contract::Problem;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn what_went_well_is_not_mentioned() {
        let mut stats = Stats { analytic: "an1276".into(), ..Stats::default() };
        (stats.records, stats.matched, stats.alerts) = (1_200, 1_000, 1);
        let mut totals = Totals { records: 5_000, bytes: 2_000_000, ..Totals::default() };
        let show = |stats: &Stats, totals: &Totals| {
            let stats = std::slice::from_ref(stats);
            summary(stats, totals, Duration::from_secs(1), false, Paint::default())
        };
        assert_eq!(
            show(&stats, &totals),
            "5,000 records, 2.0 MB in 1.00 s (2 MB/s)\nan1276: 1,000 of 5,000 matched; 1 alert\n"
        );
        stats.late = 11;
        totals.oversized = 2;
        let text = show(&stats, &totals);
        assert!(
            text.contains(", 11 late; 1 alert")
                && text.contains("1 % of its events came too late, alerts may be missing")
                && text.contains("--order sort"),
            "{text}"
        );
        assert!(text.contains("2 records too long, skipped"), "{text}");
    }

    #[test]
    fn records_that_were_not_judged_are_counted_and_the_first_is_shown() {
        let stats = |matched, undated| Stats { matched, undated, ..Stats::default() };
        let totals = Totals { records: 9, ..Totals::default() };
        let show = |stats: &[Stats], first: &[First]| shortfall(stats, &totals, first, Paint::default());
        assert_eq!(show(&[stats(0, 0), stats(4, 0)], &[]), "");
        let mut origins = Origins::default();
        origins.add(1, &"a.log".into(), 1);
        let text = "\u{1b}[31m".to_owned() + &"ä".repeat(200);
        let problem = Problem { kind: "undated".into(), record: 3, text };
        let first = [First { origin: origins.of(3), problem }];
        let text = show(&[stats(4, 2), stats(4, 3)], &first);
        let (line, rest) = text.split_once('\n').unwrap();
        let start =
            "note: 3 records without a time that can be read; they were not judged. The first: a.log:3: ";
        assert!(line.starts_with(start) && !line.contains('\u{1b}') && line.ends_with('ä'), "{line}");
        assert!(line.len() < start.len() + SHOWN + 10, "{line}");
        assert_eq!(rest, format!("note: {DOCTOR}\n"));
        let nothing = show(&[stats(0, 0)], &[]);
        assert!(nothing.contains("nothing of this input") && nothing.contains("doctor"), "{nothing}");
        assert_eq!(
            shortfall(&[stats(0, 0)], &Totals::default(), &[], Paint::default()),
            "",
            "nothing was read"
        );
    }
}
