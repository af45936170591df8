//! A report for people: one paragraph for each incident, and the next steps.

use super::escape;
use super::listed;
use super::look::{Look, padded, wide};
use super::summary::grouped;
use authsieve_engine::time::Timestamp;
use authsieve_triage::html::{places, reasons};
use authsieve_triage::incidents::{Fact, Incident};
use authsieve_triage::report::{Count, Piece, Report, Told};
use std::io::{self, Write};

/// The most names of a list that are shown.
const NAMES: usize = 8;
/// The most reasons for a severity that are shown.
const REASONS: usize = 6;
/// The most characters of a raw record that are shown, unless the whole record is wanted.
const RECORD: usize = 200;
/// The most width of a column of evidence. A longer text moves the later columns.
const COLUMN: usize = 36;

/// Facts about the whole input, in addition to the alerts.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// The number of failures by address, with or without an alert.
    pub addresses: Vec<Count>,
    /// The number of failures by account, with or without an alert.
    pub accounts: Vec<Count>,
    /// True if every failure was counted.
    pub exact: bool,
    /// The most incidents to write.
    pub limit: Option<usize>,
}

/// Writes a report: a summary sentence, the incidents, then the steps for each analytic.
///
/// # Errors
/// Fails if `out` fails.
pub fn write(out: &mut impl Write, report: &Report, whole: &Whole, look: &Look) -> io::Result<()> {
    if report.incidents.is_empty() {
        return Ok(());
    }
    look.text(out, &"", 0, &report.headline())?;
    writeln!(out)?;
    let most = whole.limit.unwrap_or(usize::MAX);
    for incident in report.incidents.iter().take(most) {
        paragraph(out, report, incident, whole, look)?;
    }
    if let Some(more @ 1..) = report.incidents.len().checked_sub(most) {
        writeln!(out, "and {more} more incidents\n")?;
    }
    let response = report.response();
    if !response.is_empty() {
        writeln!(out, "{}", look.paint.bold("What to do next"))?;
    }
    for (analytic, steps) in response {
        for (at, step) in steps.iter().enumerate() {
            look.item(out, if at == 0 { analytic } else { "" }, 2, &format!("- {step}"), false)?;
        }
    }
    writeln!(out)
}

fn paragraph(
    out: &mut impl Write,
    report: &Report,
    incident: &Incident,
    whole: &Whole,
    look: &Look,
) -> io::Result<()> {
    let head = format!(" {} ", incident.severity.as_str().to_uppercase());
    let begun = format!("{} ", look.paint.severity(incident.severity, &head));
    look.text(out, &begun, wide(&head) + 1, &incident.title())?;
    look.field(out, "when", &look.between(incident.first_seen, incident.last_seen))?;
    let fell = incident
        .fell
        .iter()
        .map(|one| format!("{} at {}", one.account, look.clock(one.time, incident.first_seen)));
    look.field(out, "logged in", &listed(&fell.collect::<Vec<_>>(), NAMES))?;
    if incident.tried.len() > 1 || !incident.fell.is_empty() {
        let count = incident.tried.len();
        let plural = if count == 1 { "" } else { "s" };
        look.field(out, "tried", &format!("{count} account{plural}: {}", listed(&incident.tried, NAMES)))?;
    }
    look.field(out, "from", &listed(&incident.addresses, NAMES))?;
    look.field(out, "at", &listed(&places(incident), NAMES))?;
    look.field(out, "reasons", &reasons(report, incident))?;
    look.field(out, "in all", &in_all(incident, whole))?;
    happened(out, report, incident, look)?;
    let context = report.context(incident);
    for (at, text) in context.iter().take(REASONS).enumerate() {
        look.item(out, if at == 0 { "why" } else { "" }, 2, text, false)?;
    }
    if incident.second_factor {
        look.item(
            out,
            "",
            2,
            "a password was guessed, and then the second factor of the same account was asked for",
            false,
        )?;
    }
    let (pieces, more) = report.evidence(incident);
    evidence(out, &pieces, incident.first_seen, look)?;
    if more > 0 {
        look.item(out, "", 0, &format!("and {more} more records; JSON has all that alerts hold"), true)?;
    }
    look.field(out, "ATT&CK", &incident.techniques.join(", "))?;
    look.field(out, "incident", &incident.id)?;
    writeln!(out)
}

/// The number of failures of the incident's addresses and accounts in the whole input. An alert counts only up to its
/// threshold.
fn in_all(incident: &Incident, whole: &Whole) -> String {
    let about = if whole.exact { "" } else { "about " };
    let of = |counts: &[Count], names: &[String]| -> Vec<String> {
        let known = counts.iter().filter(|(name, _)| names.iter().any(|own| own.eq_ignore_ascii_case(name)));
        known.map(|(name, count)| format!("{about}{} failures of {name}", grouped(*count))).take(3).collect()
    };
    [of(&whole.addresses, &incident.addresses), of(&whole.accounts, &incident.tried)].concat().join(", ")
}

fn happened(out: &mut impl Write, report: &Report, incident: &Incident, look: &Look) -> io::Result<()> {
    let (story, left_out) = incident.story();
    let mut name = "what";
    let mut before: Option<&Fact> = None;
    for fact in &story {
        // Shows the gap where facts were left out.
        if left_out > 0 && before.is_some() && story.iter().position(|other| other == fact) == Some(32) {
            look.item(out, "", 0, &format!("… {left_out} more …"), true)?;
        }
        let time = look.clock(fact.time, incident.first_seen);
        let place = report.alert(&fact.id).and_then(|told| told.place.clone()).unwrap_or_default();
        let who = std::iter::once(&fact.analytic).chain(&fact.also).cloned().collect::<Vec<_>>().join(", ");
        let line = format!("{time}  {}  [{who}, {}] {place}", fact.text, fact.severity);
        look.item(out, name, wide(&time) + 2, line.trim_end(), false)?;
        (name, before) = ("", Some(fact));
    }
    Ok(())
}

/// Writes records as a table: the place, then the fields.
fn evidence(out: &mut impl Write, pieces: &[&Piece], day: Timestamp, look: &Look) -> io::Result<()> {
    let cells: Vec<[String; 6]> = pieces.iter().map(|piece| cells(piece, day, look)).collect();
    let mut widths = [0; 6];
    for (piece, row) in pieces.iter().zip(&cells) {
        // An unreadable record is one column.
        let columns = if piece.line.is_some() { 6 } else { 1 };
        for (width, cell) in widths.iter_mut().zip(row).take(columns) {
            *width = (*width).max(wide(cell)).min(COLUMN);
        }
    }
    let mut name = "evidence";
    for (piece, row) in pieces.iter().zip(&cells) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            line += &format!("{}  ", padded(cell, width));
        }
        match &piece.line {
            Some(told) => line += &told.reason,
            None => {
                line = format!(
                    "{}  {}",
                    padded(row.first().map_or("", String::as_str), widths[0]),
                    beginning(&piece.raw)
                )
            }
        }
        look.item(out, name, widths[0] + 2, line.trim_end(), true)?;
        name = "";
        if look.raw && piece.line.is_some() {
            look.item(out, "", widths[0] + 2, &format!("{}{}", " ".repeat(widths[0] + 2), piece.raw), true)?;
        }
    }
    Ok(())
}

/// The place of a record, and its columns.
fn cells(piece: &Piece, day: Timestamp, look: &Look) -> [String; 6] {
    let place = piece.place.clone().unwrap_or_default();
    let Some(line) = &piece.line else {
        return [place, String::new(), String::new(), String::new(), String::new(), String::new()];
    };
    let outcome = match line.count {
        0 | 1 => line.outcome.to_owned(),
        count => format!("{count} × {}", line.outcome),
    };
    let shown = |text: &str| escape::text(text).into_owned();
    let time = line.time.map(|time| look.clock(time, day)).unwrap_or_default();
    [shown(&place), time, outcome, shown(&line.user), shown(&line.from), shown(&line.at)]
}

/// The beginning of a record, as much as a few lines of a terminal hold.
fn beginning(record: &str) -> String {
    match record.char_indices().nth(RECORD) {
        Some((end, _)) => format!("{}…", record.get(..end).unwrap_or_default()),
        None => record.to_owned(),
    }
}

/// Writes one alert of a stream as a paragraph.
///
/// # Errors
/// Fails if `out` fails.
pub fn alert(out: &mut impl Write, told: &Told, look: &Look) -> io::Result<()> {
    let report = Report::new(vec![told.clone()], authsieve_triage::incidents::Limits::default());
    let Some(incident) = report.incidents.first() else { return Ok(()) };
    let head = format!(" {} ", incident.severity.as_str().to_uppercase());
    let behind = format!(" {}  {}  ", look.time(told.alert.time), escape::text(&told.alert.analytic));
    let indent = wide(&head) + wide(&behind);
    let begun = format!("{}{behind}", look.paint.severity(incident.severity, &head));
    look.text(out, &begun, indent, &told.alert.title)?;
    look.field(out, "line", told.place.as_deref().unwrap_or_default())?;
    look.field(out, "user", told.alert.user.as_deref().unwrap_or_default())?;
    look.field(out, "from", &listed(&incident.addresses, NAMES))?;
    look.field(out, "at", &listed(&places(incident), NAMES))?;
    look.field(out, "reasons", &reasons(&report, incident))?;
    for (at, text) in report.context(incident).iter().take(REASONS).enumerate() {
        look.item(out, if at == 0 { "why" } else { "" }, 2, text, false)?;
    }
    let (pieces, _) = report.evidence(incident);
    evidence(out, &pieces, told.alert.time, look)?;
    look.field(out, "ATT&CK", &told.alert.techniques.join(", "))?;
    look.field(out, "alert", &told.alert.id)?;
    writeln!(out)
}

/// Writes the summary of `--summary`: the number of incidents, the accounts and addresses in most incidents, and those
/// with most failures but without an alert.
///
/// # Errors
/// Fails if `out` fails.
pub fn overview(out: &mut impl Write, report: &Report, whole: &Whole, look: &Look) -> io::Result<()> {
    look.text(out, &"", 0, &report.headline())?;
    let severities = report.severities().into_iter().map(|(severity, count)| format!("{count} {severity}"));
    look.field(out, "incidents", &severities.collect::<Vec<_>>().join(", "))?;
    let counts = |list: Vec<Count>| {
        list.into_iter().map(|(name, count)| format!("{name} ({count})")).collect::<Vec<_>>().join(", ")
    };
    look.field(out, "logged in", &listed(&report.fell(), NAMES))?;
    look.field(out, "users", &counts(report.top(|incident| &incident.tried, NAMES)))?;
    look.field(out, "addresses", &counts(report.top(|incident| &incident.addresses, NAMES)))?;
    look.field(out, "hosts", &counts(report.top(|incident| &incident.hosts, NAMES)))?;
    let known = |of: fn(&Incident) -> &[String], name: &str| {
        report.incidents.iter().any(|incident| of(incident).iter().any(|own| own.eq_ignore_ascii_case(name)))
    };
    let about = if whole.exact { "" } else { "about " };
    let quiet = |list: &[Count], of: fn(&Incident) -> &[String]| {
        let list = list.iter().filter(|(name, _)| !known(of, name)).take(5);
        list.map(|(name, count)| format!("{name} ({about}{})", grouped(*count)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let quiet = [
        quiet(&whole.addresses, |incident| &incident.addresses),
        quiet(&whole.accounts, |incident| &incident.tried),
    ];
    let quiet: Vec<String> = quiet.into_iter().filter(|text| !text.is_empty()).collect();
    look.field(
        out,
        "no alert",
        &if quiet.is_empty() { String::new() } else { format!("fail most: {}", quiet.join("; ")) },
    )
}

#[cfg(test)]
mod tests;
