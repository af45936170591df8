//! Describes the inputs in a few lines: their order, inferred years, and who fails most.

use super::escape;
use super::listed;
use super::paint::Paint;
use super::summary::grouped;
use crate::sources::{Arranged, Entry, Failing, Seen};
use chrono::{DateTime, Datelike};
use std::fmt::Write;
use std::sync::Arc;

/// The number of file names that are shown.
const SHOWN: usize = 5;

/// Describes which files were reversed, sorted or merged, one line for each kind. Empty if none was. Every line ends in
/// a newline.
#[must_use]
pub fn arranged(told: &[Arranged], paint: Paint) -> String {
    let mut text = String::new();
    let (mut turned, mut sorted) = (Vec::new(), Vec::new());
    for one in told {
        match one {
            Arranged::Turned(name) => turned.push(Arc::clone(name)),
            Arranged::Sorted(name) => sorted.push(Arc::clone(name)),
            Arranged::Merged(_) | Arranged::Reordered(_) => {}
        }
    }
    let mut note = |names: &[Arc<str>], one: &str, several: &str| {
        let what = match names {
            [] => return,
            [_] => one,
            _ => several,
        };
        let _ = writeln!(text, "{} {what}: {}", paint.bold("note:"), escape::text(&listed(names, SHOWN)));
    };
    note(
        &turned,
        "this file runs backwards and was read from its end",
        "these files run backwards and were read from their ends",
    );
    note(
        &sorted,
        "this file is in no order and was sorted by time",
        "these files are in no order and were sorted by time",
    );
    for one in told {
        match one {
            Arranged::Merged(names) => note(names, "", "these files overlap in time and were merged"),
            Arranged::Reordered(names) => note(names, "", "files were read in the order of their events"),
            Arranged::Turned(_) | Arranged::Sorted(_) => {}
        }
    }
    text
}

/// Describes the inferred years and their inputs. Empty if there are none. Every line ends in a newline.
#[must_use]
pub fn inferred(seen: &Seen, paint: Paint) -> String {
    let year = |time| DateTime::from_timestamp_micros(time).map_or(0, |time| time.year());
    let Some((from, to)) = seen.between.map(|(from, to)| (year(from), year(to))) else {
        return String::new();
    };
    let years = if from == to { from.to_string() } else { format!("{from} to {to}") };
    let (note, names) = (paint.bold("note:"), listed(&seen.inferred, SHOWN));
    format!(
        "{note} these inputs leave out the year, which was inferred as {years}: {}\n",
        escape::text(&names)
    )
}

/// The number of addresses and accounts that are shown.
const TOP: usize = 3;

/// The fewest failures that are shown: people mistype.
const LEAST: u64 = 5;

/// Lists who fails most, with or without an alert. Empty if nobody fails often. Every line ends in a newline.
#[must_use]
pub fn failing(failing: &Failing, paint: Paint) -> String {
    let about = if failing.is_exact() { "" } else { "about " };
    let shown = |entry: &Entry| format!("{} ({about}{})", escape::text(&entry.name), grouped(entry.count));
    let shown = |entries: &[Entry]| entries.iter().map(shown).collect::<Vec<_>>().join(", ");
    let (addresses, accounts) = (failing.addresses(TOP, LEAST), failing.accounts(TOP, LEAST));
    let mut text = String::new();
    for (entries, what) in [(addresses, "addresses"), (accounts, "accounts")] {
        if !entries.is_empty() {
            let _ = writeln!(text, "{} {}", paint.bold(&format!("{what} that fail most:")), shown(&entries));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_line_with_the_first_few_names() {
        let names = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<Vec<Arc<str>>>();
        let show = |told: &[Arranged]| arranged(told, Paint::default());
        assert_eq!(show(&[]), "");
        let told = [
            Arranged::Turned("a".into()),
            Arranged::Turned("b\u{1b}".into()),
            Arranged::Sorted("a".into()),
            Arranged::Merged(names(&["a", "b"])),
            Arranged::Reordered(names(&["1", "2", "3", "4", "5", "6", "7"])),
        ];
        let text = show(&told);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(
            lines[0].starts_with("note: these files run backwards") && !text.contains('\u{1b}'),
            "{text}"
        );
        assert_eq!(lines[1], "note: this file is in no order and was sorted by time: a");
        assert_eq!(lines[2], "note: these files overlap in time and were merged: a, b");
        assert!(lines[3].ends_with("1, 2, 3, 4, 5 and 2 more"), "{text}");
    }
}
