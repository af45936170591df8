//! Writes notes as JSON, or as the timeline of a key.

use super::groups::{Group, Placed};
use crate::output::escape;
use crate::output::paint::Paint;
use authsieve_engine::time::Timestamp;
use authsieve_host::Origin;
use authsieve_host::contract::{Note, Outcome, Step};
use serde::Serialize;
use std::io::{self, Write};

/// The format of notes.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// One object per line.
    Json,
    /// The same, with all characters escaped that control a terminal.
    JsonForTerminal,
    /// Timelines of keys, for people.
    Text(Paint),
}

/// A note as JSON.
#[derive(Serialize)]
struct Line<'a> {
    analytic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    time: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    src_ip: Option<&'a str>,
    step: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    key: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed: Option<u32>,
}

pub(super) fn write_json(
    out: &mut impl Write,
    placed: &Placed,
    several: bool,
    format: Format,
) -> io::Result<()> {
    let json = json(&placed.note, placed.origin.as_ref(), several);
    writeln!(out, "{}", escape::line(&json, matches!(format, Format::JsonForTerminal)))
}

/// A note as one line of JSON, with its file and line.
#[must_use]
pub fn note_line(note: &Note, origin: Option<&Origin>) -> String {
    escape::line(&json(note, origin, true), false).into_owned()
}

fn json(note: &Note, origin: Option<&Origin>, several: bool) -> String {
    let line = Line {
        analytic: &note.analytic,
        file: origin.filter(|_| several).map(|origin| &*origin.file),
        line: origin.map(|origin| origin.line),
        time: Timestamp(note.time).to_rfc3339(),
        outcome: note.outcome.word(),
        user: note.user.as_deref(),
        src_ip: note.src_ip.as_deref(),
        step: note.step.word(),
        key: &note.key,
        text: &note.text,
        count: note.count,
        needed: note.needed,
    };
    // The value holds only strings and integers, so this cannot fail.
    serde_json::to_string(&line).unwrap_or_default()
}

/// Parses a line of [`note_line`].
pub(super) fn read_line(line: &str) -> Option<Placed> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let number = |name: &str| value.get(name).and_then(serde_json::Value::as_u64);
    let small = |name: &str| number(name).and_then(|number| u32::try_from(number).ok());
    let (outcome, step) = (text("outcome")?, text("step")?);
    let time = chrono::DateTime::parse_from_rfc3339(&text("time")?).ok()?;
    let note = Note {
        analytic: text("analytic")?,
        record: 0,
        time: time.timestamp_micros(),
        outcome: Outcome::ALL.into_iter().find(|known| known.word() == outcome)?,
        user: text("user"),
        src_ip: text("src_ip"),
        step: Step::ALL.into_iter().find(|known| known.word() == step)?,
        key: text("key").unwrap_or_default(),
        text: text("text")?,
        count: small("count"),
        needed: small("needed"),
    };
    let origin = text("file").zip(number("line")).map(|(file, line)| Origin { file: file.into(), line });
    Some(Placed { origin, note })
}

pub(super) fn write_group(
    out: &mut impl Write,
    group: &Group,
    several: bool,
    paint: Paint,
) -> io::Result<()> {
    let key = if group.key.is_empty() { "events that count for no key" } else { &group.key };
    let verdict = match (group.alerted, group.near, group.key.is_empty()) {
        (true, ..) => ", alerted",
        (_, true, _) => ", came near, no alert",
        (.., true) => "",
        _ => ", no alert",
    };
    writeln!(
        out,
        "{}  {}{}",
        paint.dim(escape::text(&group.analytic)),
        paint.bold(escape::text(key)),
        paint.dim(verdict)
    )?;
    for Placed { origin, note } in &group.notes {
        let who = match (group.key.is_empty(), &note.user, &note.src_ip) {
            (false, Some(user), _) if !group.key.contains(user.as_str()) => format!(" ({user})"),
            (false, _, Some(ip)) if !group.key.contains(ip.as_str()) => format!(" (from {ip})"),
            (true, Some(user), Some(ip)) => format!(" ({user} from {ip})"),
            (true, Some(one), None) | (true, None, Some(one)) => format!(" ({one})"),
            _ => String::new(),
        };
        let at = match origin {
            Some(origin) if several => format!("  {origin}"),
            Some(origin) => format!("  line {}", origin.line),
            None => String::new(),
        };
        let word = format!("{:<9}", note.step.word());
        let word = match note.step {
            Step::Alert => paint.red(word),
            Step::TooLate | Step::Short | Step::Silent => paint.bold(word),
            _ => paint.dim(word),
        };
        writeln!(
            out,
            "  {}  {:<9} {word} {}{}{}",
            Timestamp(note.time),
            note.outcome.word(),
            escape::text(&note.text),
            escape::text(&who),
            paint.dim(escape::text(&at))
        )?;
    }
    writeln!(out)
}
