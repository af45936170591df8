//! Writes alerts as a table of comma-separated values for spreadsheets, one alert in each row.

use super::look::Look;
use authsieve_triage::report::{Report, Told};
use std::io::{self, Write};

const COLUMNS: [&str; 20] = [
    "time",
    "severity",
    "analytic",
    "pattern",
    "title",
    "user",
    "src_ip",
    "host",
    "failures",
    "challenges",
    "users",
    "addresses",
    "first_seen",
    "last_seen",
    "techniques",
    "context",
    "place",
    "notes",
    "incident",
    "id",
];

/// Writes all alerts of a report.
///
/// # Errors
/// Fails if `out` fails.
pub fn write(out: &mut impl Write, report: &Report, look: &Look) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(COLUMNS)?;
    for incident in &report.incidents {
        for told in report.of(incident) {
            out.write_record(cells(told, &incident.id, look).iter().map(|cell| harmless(cell)))?;
        }
    }
    out.flush()
}

fn cells(told: &Told, incident: &str, look: &Look) -> [String; 20] {
    let alert = &told.alert;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let count = |value: Option<u32>| value.map(|count| count.to_string()).unwrap_or_default();
    [
        look.time(alert.time),
        alert.severity.to_string(),
        alert.analytic.clone(),
        alert.pattern.clone(),
        alert.title.clone(),
        text(&alert.user),
        text(&alert.src_ip),
        text(&alert.host),
        count(alert.failure_count),
        count(alert.challenge_count),
        alert.users.join(" "),
        alert.src_ips.join(" "),
        look.time(alert.first_seen),
        look.time(alert.last_seen),
        alert.techniques.join(" "),
        alert.context.join("; "),
        text(&told.place),
        told.notes.join("; "),
        incident.to_owned(),
        alert.id.clone(),
    ]
}

/// A cell that no spreadsheet reads as a formula, because attackers write names. A cell that begins like a formula gets
/// an apostrophe.
fn harmless(cell: &str) -> String {
    let begins = cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r']);
    if begins { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::paint::Paint;
    use authsieve_engine::alert::Alert;
    use authsieve_triage::incidents::Limits;

    #[test]
    fn a_name_is_no_formula_and_no_other_cell() {
        let alert = Alert { id: "a".into(), user: Some("=cmd(),\"x\"".into()), ..Alert::default() };
        let told = Told { alert, place: Some("a.log:1".into()), ..Told::default() };
        let mut out = Vec::new();
        let report = Report::new(vec![told], Limits::default());
        write(&mut out, &report, &Look::new(Paint::default())).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("time,severity,analytic,"), "{text}");
        assert!(lines[1].contains(r#","'=cmd(),""x""","#) && lines[1].contains(",a.log:1,"), "{text}");
    }
}
