//! What was read, and what became of it, in a few lines.

use super::escape;
use super::paint::Paint;
use crate::feed::Totals;
use authsieve_engine::detector::Stats;
use authsieve_framing::Flaw;
use std::fmt::Write;
use std::time::Duration;

/// The summary of a run, with the counters of each analytic at the end. `sorted`: events were sorted by time before they
/// were judged. Every line ends in a newline.
#[must_use]
pub fn summary(analytics: &[Stats], totals: &Totals, took: Duration, sorted: bool, paint: Paint) -> String {
    let mut text = String::new();
    let seconds = took.as_secs_f64();
    let _ = match totals.bytes {
        // The speed of a small file is that of starting up.
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
            (stats.malformed, "malformed"),
            (stats.oversized, "oversized"),
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

/// Advice, if more than 1 % of the events came too late to be judged exactly. `sorted`: they were sorted by time already.
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
fn grouped(number: u64) -> String {
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
}
