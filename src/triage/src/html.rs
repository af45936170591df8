//! Writes a report as one HTML page, which has no script, loads nothing, and can be printed.
//!
//! Attackers write names into logs. So every text is escaped, and the page's own policy forbids scripts and requests.

use crate::evidence::Line;
use crate::incidents::Incident;
use crate::names;
use crate::report::{Piece, Report, listed};
use authsieve_engine::time::Timestamp;
use std::fmt::Write;

/// The parts of the page that are not in the report.
pub struct Page<'p> {
    /// The heading.
    pub title: &'p str,
    /// Lines about the input that was read or not read.
    pub notes: &'p [String],
    /// A table below the incidents, as HTML from this module, such as the points of `tune`.
    pub table: Option<String>,
    /// Writes a time.
    pub time: &'p dyn Fn(Timestamp) -> String,
    /// True if raw records are shown.
    pub raw: bool,
}

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:2rem 0 .3rem}\
article{border-left:.4rem solid #888;padding:.1rem 1rem;margin:1.5rem 0}\
.critical{border-color:#a40000}.high{border-color:#d9480f}.medium{border-color:#b58900}.low{border-color:#0b7285}\
.badge{font-weight:700;text-transform:uppercase}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.5rem 0}\
dt{color:#555}dd{margin:0;overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%;font-size:.9em}td,th{text-align:left;padding:.15rem .6rem .15rem 0;vertical-align:top;\
border-bottom:1px solid #ddd;overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8em;margin:.2rem 0}\
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}dt{color:#aaa}td,th{border-color:#333}}\
@media print{article{break-inside:avoid}}";

/// Writes the page.
#[must_use]
pub fn page(report: &Report, page: &Page<'_>) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width\">");
    let _ = writeln!(out, "<title>{}</title><style>{STYLE}</style></head><body>", escape(page.title));
    let _ = writeln!(out, "<h1>{}</h1>", escape(page.title));
    if page.table.is_none() {
        let _ = writeln!(out, "<p>{}</p>", escape(&report.headline()));
    }
    for incident in &report.incidents {
        article(&mut out, report, incident, page);
    }
    if let Some(table) = &page.table {
        out.push_str(table);
    }
    let response = report.response();
    if !response.is_empty() {
        out.push_str("<h2>What to do next</h2>\n");
        for (analytic, steps) in response {
            let _ = write!(out, "<h3>{}</h3><ul>", escape(analytic));
            steps.iter().for_each(|step| item(&mut out, step));
            out.push_str("</ul>\n");
        }
    }
    if !page.notes.is_empty() {
        out.push_str("<h2>About the input</h2>\n<ul>");
        page.notes.iter().for_each(|note| item(&mut out, note));
        out.push_str("</ul>\n");
    }
    out.push_str("</body></html>\n");
    out
}

fn article(out: &mut String, report: &Report, incident: &Incident, page: &Page<'_>) {
    let severity = incident.severity.as_str();
    let _ = writeln!(
        out,
        "<article class=\"{severity}\" id=\"{}\"><h2><span class=\"badge\">{severity}</span> {}</h2>",
        escape(&incident.id),
        escape(&incident.title())
    );
    out.push_str("<dl>");
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", escape(value));
        }
    };
    let time = page.time;
    field(
        "seen",
        &format!("{} to {} ({})", time(incident.first_seen), time(incident.last_seen), incident.lasted()),
    );
    let fell = incident.fell.iter().map(|one| format!("{} at {}", one.account, time(one.time)));
    field("logged in", &fell.collect::<Vec<_>>().join(", "));
    field("tried", &listed(&incident.tried, 50));
    field("from", &listed(&incident.addresses, 50));
    field("at", &listed(&places(incident), 20));
    field("reasons", &reasons(report, incident));
    field("why", &report.context(incident).join("; "));
    field("ATT&amp;CK", &incident.techniques.join(", "));
    out.push_str("</dl>\n<table><caption>What happened</caption>");
    let (story, left_out) = incident.story();
    for fact in story {
        let who = std::iter::once(&fact.analytic).chain(&fact.also).cloned().collect::<Vec<_>>().join(", ");
        let place = report.alert(&fact.id).and_then(|told| told.place.as_deref()).unwrap_or_default();
        row(out, &[&time(fact.time), fact.severity.as_str(), &fact.text, &who, place]);
    }
    out.push_str("</table>\n");
    if left_out > 0 {
        let _ = writeln!(out, "<p>{left_out} more between the first and the last of these.</p>");
    }
    let (pieces, more) = report.evidence(incident);
    if !pieces.is_empty() {
        out.push_str("<table><caption>Evidence</caption>");
        pieces.iter().for_each(|piece| evidence(out, piece, page));
        out.push_str("</table>\n");
    }
    if more > 0 {
        let _ = writeln!(out, "<p>{more} more records stand in the alerts.</p>");
    }
    out.push_str("</article>\n");
}

fn evidence(out: &mut String, piece: &Piece, page: &Page<'_>) {
    let place = piece.place.as_deref().unwrap_or_default();
    match &piece.line {
        Some(Line { time, outcome, user, from, at, reason, .. }) => {
            let time = time.map(page.time).unwrap_or_default();
            row(out, &[place, &time, outcome, user, from, at, reason]);
            if page.raw {
                let _ = write!(out, "<tr><td colspan=\"7\"><pre>{}</pre></td></tr>", escape(&piece.raw));
            }
        }
        None => {
            let raw = escape(&piece.raw);
            let _ = write!(out, "<tr><td>{}</td><td colspan=\"6\"><pre>{raw}</pre></td></tr>", escape(place));
        }
    }
}

/// A row of a table.
pub fn row(out: &mut String, cells: &[&str]) {
    out.push_str("<tr>");
    for cell in cells {
        let _ = write!(out, "<td>{}</td>", escape(cell));
    }
    out.push_str("</tr>\n");
}

fn item(out: &mut String, text: &str) {
    let _ = write!(out, "<li>{}</li>", escape(text));
}

/// Machines and applications, by name if it is known.
#[must_use]
pub fn places(incident: &Incident) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for place in &incident.hosts {
        let name = names::application(place).unwrap_or(place).to_owned();
        if !list.contains(&name) {
            list.push(name);
        }
    }
    list
}

/// The codes of failures in words, each with its count.
#[must_use]
pub fn reasons(report: &Report, incident: &Incident) -> String {
    let told = report.reasons(incident).into_iter();
    told.map(|(code, count)| format!("{count} × {}", names::explained(&code))).collect::<Vec<_>>().join(", ")
}

/// Escapes text for HTML, so that it contains no markup and cannot change the direction of other text.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || authsieve_engine::alert::acts(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incidents::Limits;
    use crate::report::Told;
    use authsieve_engine::alert::Alert;

    #[test]
    fn nothing_an_attacker_wrote_is_markup() {
        let evil = "<script>alert(1)</script>\"'\u{202e}\u{7}";
        let alert = Alert {
            id: "a".into(),
            title: evil.into(),
            user: Some(evil.into()),
            src_ip: Some(evil.into()),
            host: Some(evil.into()),
            context: vec![evil.into()],
            ..Alert::default()
        };
        let piece = Piece { raw: evil.into(), ..Piece::default() };
        let told = Told { alert, pieces: vec![piece], place: Some(evil.into()), ..Told::default() };
        let report = Report::new(vec![told], Limits::default());
        let about = Page {
            title: evil,
            notes: &[evil.to_owned()],
            table: None,
            time: &|time| time.to_string(),
            raw: true,
        };
        let html = page(&report, &about);
        assert!(html.contains("&lt;script&gt;") && html.contains("What happened"), "{html}");
        assert!(!html.contains("<script") && !html.contains(['\u{202e}', '\u{7}']), "{html}");
        assert_eq!(html.matches("<article").count(), 1);
    }
}
