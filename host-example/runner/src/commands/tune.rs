//! `authsieve tune`: judges history with a grid of settings, all in one pass.

use crate::arguments::{Choice, Configuration, Inputs, Stop, engine};
use crate::desk::{Desk, Disposition};
use crate::feed::{self, Records, Worker};
use crate::output::look::{Look, padded, wide};
use crate::output::paint::When;
use crate::output::summary::grouped;
use crate::output::{complain, escape};
use crate::selection::{self, Error};
use crate::sinks::{Complaints, News};
use authsieve_host::{Detector, Limits, StartError, convert};
use authsieve_triage::html::{self, Page};
use authsieve_triage::report::Report;
use authsieve_triage::tuning::grid::{Axis, points};
use authsieve_triage::tuning::known::{self, Found, Known};
use authsieve_triage::tuning::outcome::{Outcome, Point, compare};
use clap::Args;
use serde_json::json;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The most alerts of a setting that are kept. Further alerts are only counted.
const MOST: usize = 100_000;
/// The time limit of a call. A call judges each record with all settings.
const CALL: Duration = Duration::from_secs(120);
/// The memory limit for all settings together, which is the most that a module can have.
const MEMORY: usize = 4 << 30;

/// The arguments of `tune`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    inputs: Inputs,
    /// An option and the values to try: min_failures=3..10 or window=5m,15m,1h. Repeat for several options; all
    /// combinations are tried. By default, counts and windows around the defaults.
    #[arg(long, value_name = "OPTION=VALUES", value_parser = Axis::parse)]
    grid: Vec<Axis>,
    /// A file of known attacks, one on each line: the id of an alert, an alert as `run` writes it, or
    /// user,address,time. Alerts marked true are added.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// The form of the table.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Wanted::Text)]
    format: Wanted,
    /// Write to a file. Its ending gives the form: .csv, .json, .html, or .toml for the recommended setting.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The folder of silences and dispositions (see `mark`).
    #[arg(long, value_name = "DIR")]
    desk: Option<PathBuf>,
}

/// A form of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// Text for people.
    Text,
    /// One row for each setting.
    Csv,
    /// One JSON object.
    Json,
    /// A page with a chart.
    Html,
    /// The recommended setting as configuration.
    Toml,
}

/// All settings, as one worker.
struct Tuner {
    name: String,
    detector: Detector,
    found: Vec<Vec<Found>>,
    /// The number of alerts that each setting raised.
    counts: Vec<usize>,
    /// The number of decoded records. Each record is decoded once.
    decoded: u64,
    failure: Option<String>,
}

impl Tuner {
    fn keep(&mut self, alerts: Vec<authsieve_host::contract::Alert>) {
        for alert in alerts.into_iter().map(convert::alert) {
            // `config_digest` holds the number of the alert's setting.
            let Ok(at) = alert.config_digest.parse::<usize>() else { continue };
            if let (Some(found), Some(count)) = (self.found.get_mut(at), self.counts.get_mut(at)) {
                *count += 1;
                if found.len() < MOST {
                    found.push(Found::of(&alert));
                }
            }
        }
    }

    fn failed(&mut self, why: &dyn std::fmt::Display) {
        self.failure.get_or_insert_with(|| format!("{}: {why}", self.name));
    }
}

impl Worker for Tuner {
    fn name(&self) -> &str {
        &self.name
    }

    fn needles(&mut self) -> Vec<String> {
        self.detector.needles().unwrap_or_default()
    }

    fn take(&mut self, records: &Records<'_>, _: &mut Vec<News>) {
        if self.failure.is_some() {
            return;
        }
        self.decoded += records.lines().filter(|line| !line.trim_ascii().is_empty()).count() as u64;
        match self.detector.process(records.bytes, records.reading) {
            Ok(alerts) => self.keep(alerts),
            Err(error) => self.failed(&error),
        }
    }

    fn finish(&mut self, _: &mut Vec<News>) {
        match self.detector.flush() {
            Ok(alerts) => self.keep(alerts),
            Err(error) => self.failed(&error),
        }
    }
}

/// Runs `tune`.
///
/// # Errors
/// Fails if the analytic cannot be started with each setting, or the output cannot be written.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = engine(Limits { call: CALL, memory: MEMORY, ..Limits::default() })?;
    let options = arguments.configuration.options(arguments.inputs.order);
    let configured = selection::configure(&engine, &arguments.choice.selection(), &options)?;
    let schemas = configured.schemas()?;
    let [(id, schema)] = schemas.as_slice() else {
        return Err(Error::Usage("tune takes one analytic at a time; name it by -a".into()).into());
    };
    let axes = if arguments.grid.is_empty() { Axis::usual(schema) } else { arguments.grid.clone() };
    let settings = points(&axes).map_err(Error::Usage)?;
    let texts: Vec<String> = settings.iter().map(|point| configured.text(point)).collect::<Result<_, _>>()?;
    let config = format!("[{}]", texts.join(","));
    let detectors = configured.start(|analytic, _| analytic.create(&config, 0).map_err(unlisted))?;
    let Some(detector) = detectors.into_iter().next() else {
        return Err(Error::Usage("there is no analytic to tune".into()).into());
    };
    let (mut attacks, mut wrong) = (Vec::new(), Vec::new());
    if let Some(file) = &arguments.expect {
        let shown = |why: &dyn std::fmt::Display| Error::Usage(format!("{}: {why}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| shown(&error))?;
        attacks = known::read(&text).map_err(|why| Error::Usage(format!("{}:{why}", file.display())))?;
    }
    if let Some(desk) = Desk::find(arguments.desk.as_deref()) {
        for mark in desk.marks().map_err(Error::Failure)?.into_values() {
            let known = Known { name: mark.alert.clone(), id: Some(mark.alert), ..Known::default() };
            if mark.is == Disposition::True { &mut attacks } else { &mut wrong }.push(known);
        }
    }
    attacks.sort_by(|one, other| one.name.cmp(&other.name));
    attacks.dedup();
    let source = arguments.inputs.source(&options)?;
    let overview = source.overview();
    let tuner = Tuner {
        name: id.clone(),
        detector,
        found: vec![Vec::new(); settings.len()],
        counts: vec![0; settings.len()],
        decoded: 0,
        failure: None,
    };
    let started = Instant::now();
    let (mut tuners, totals) = feed::run(source, vec![tuner], &mut Complaints { color })?;
    let Some(tuner) = tuners.pop() else { return Ok(ExitCode::FAILURE) };
    if let Some(why) = tuner.failure {
        return Err(Error::Failure(why).into());
    }
    for known in attacks.iter_mut().chain(&mut wrong) {
        known.resolve(tuner.found.iter().flatten());
    }
    let (from, to) = overview.seen().failing.between().unwrap_or_default();
    let days = (to - from) as f64 / 86_400e6;
    let mut outcome = compare(settings, &tuner.found, &attacks, &wrong, days);
    for (point, count) in outcome.points.iter_mut().zip(&tuner.counts) {
        point.alerts = *count;
    }
    let about = format!(
        "{} settings of {id} over {} records and {days:.1} days: {} records decoded once, {:.1} s",
        outcome.points.len(),
        grouped(totals.records),
        grouped(tuner.decoded),
        started.elapsed().as_secs_f64()
    );
    arguments.write(&outcome, id, &about, color)?;
    Ok(if totals.lost_something() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The error for an analytic of another version, which accepts only one setting.
fn unlisted(error: StartError) -> StartError {
    match error {
        StartError::Config(lines) if lines.contains("expected a JSON object") => StartError::Config(
            "not-json\t\tthis component takes no list of settings; tune needs one of this version".into(),
        ),
        other => other,
    }
}

impl Arguments {
    fn write(&self, outcome: &Outcome, id: &str, about: &str, color: When) -> Result<(), Stop> {
        let ending =
            self.output.as_ref().and_then(|file| file.extension()).and_then(|ending| ending.to_str());
        let wanted = match ending {
            _ if self.output.is_none() => self.format,
            Some("csv") => Wanted::Csv,
            Some("json") => Wanted::Json,
            Some("html" | "htm") => Wanted::Html,
            Some("toml") => Wanted::Toml,
            _ => {
                return Err(Error::Usage(
                    "-o: expected a file that ends in .csv, .json, .html or .toml".into(),
                )
                .into());
            }
        };
        let terminal = self.output.is_none() && io::stdout().is_terminal();
        let look = Look::new(color.paint(terminal));
        let text = match wanted {
            Wanted::Text => text(outcome, about, &look),
            Wanted::Csv => csv(outcome)?,
            Wanted::Json => object(outcome, id),
            Wanted::Html => page(outcome, about),
            Wanted::Toml => match (outcome.toml(id), &outcome.advice) {
                (Some(toml), _) => toml,
                (None, Err(why)) => {
                    return Err(Error::Failure(format!("nothing is recommended: {why}")).into());
                }
                (None, Ok(_)) => String::new(),
            },
        };
        match &self.output {
            Some(file) => {
                fs::write(file, text)
                    .map_err(|error| Error::Failure(format!("{}: {error}", file.display())))?;
                remark(color, about);
            }
            None => io::stdout().write_all(text.as_bytes())?,
        }
        Ok(())
    }
}

/// Writes a line to standard error that is no error.
fn remark(color: When, text: &str) {
    let paint = color.paint(io::stderr().is_terminal());
    if writeln!(io::stderr(), "{} {}", paint.bold("note:"), escape::text(text)).is_err() {
        complain(color, text);
    }
}

const HEADS: [&str; 6] = ["setting", "alerts", "a day", "keys", "known none", "loses"];

fn cells(outcome: &Outcome, point: &Point) -> [String; 6] {
    [
        point.words(),
        grouped(point.alerts as u64),
        format!("{:.1}", point.per_day),
        grouped(point.keys as u64),
        point.wrong.to_string(),
        outcome.loses(point),
    ]
}

fn text(outcome: &Outcome, about: &str, look: &Look) -> String {
    let rows: Vec<[String; 6]> = outcome.points.iter().map(|point| cells(outcome, point)).collect();
    let mut widths = HEADS.map(wide);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(wide(&escape::text(cell)));
        }
    }
    let line = |cells: [&str; 6]| {
        let mut line = String::from("  ");
        for (cell, width) in cells.iter().zip(widths) {
            line += &padded(&escape::text(cell), width + 2);
        }
        line.trim_end().to_owned()
    };
    let mut out = format!("{about}\n\n{}\n", look.paint.bold(line(HEADS)));
    for (at, row) in rows.iter().enumerate() {
        let shown = line(row.each_ref().map(String::as_str));
        let best = outcome.advice == Ok(at);
        let _ = if best {
            writeln!(out, "{}", look.paint.green(shown.replacen("  ", "> ", 1)))
        } else {
            writeln!(out, "{shown}")
        };
    }
    out.push('\n');
    match (&outcome.advice, outcome.best()) {
        (Ok(_), Some(best)) => {
            let _ = writeln!(out, "recommended: {}", best.words());
            for step in outcome.steps().into_iter().take(5) {
                let _ = writeln!(
                    out,
                    "  {} alerts with {}, but it loses {}",
                    step.alerts,
                    step.words(),
                    escape::text(&outcome.loses(step))
                );
            }
        }
        (Err(why), _) => {
            let _ = writeln!(out, "nothing is recommended: {}", escape::text(why));
        }
        (Ok(_), None) => {}
    }
    out
}

fn csv(outcome: &Outcome) -> io::Result<String> {
    let mut out = ::csv::Writer::from_writer(Vec::new());
    let options: Vec<&str> = outcome
        .points
        .first()
        .iter()
        .flat_map(|point| &point.setting)
        .map(|(option, _)| option.as_str())
        .collect();
    let heads = ["alerts", "alerts_per_day", "keys", "known_none", "loses", "recommended"];
    out.write_record(options.iter().chain(&heads))?;
    for (at, point) in outcome.points.iter().enumerate() {
        let values = point.setting.iter().map(|(_, value)| value.clone());
        let rest = [
            point.alerts.to_string(),
            format!("{:.3}", point.per_day),
            point.keys.to_string(),
            point.wrong.to_string(),
            outcome.loses(point),
            (outcome.advice == Ok(at)).to_string(),
        ];
        out.write_record(values.chain(rest))?;
    }
    let bytes = out.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn object(outcome: &Outcome, id: &str) -> String {
    let point = |point: &Point| {
        let setting: serde_json::Map<String, serde_json::Value> =
            point.setting.iter().map(|(option, value)| (option.clone(), value.as_str().into())).collect();
        let missed: Vec<&String> = point.missed.iter().filter_map(|at| outcome.known.get(*at)).collect();
        json!({
            "setting": setting, "alerts": point.alerts, "alerts_per_day": point.per_day, "keys": point.keys,
            "known_none": point.wrong, "loses": missed,
        })
    };
    let points: Vec<_> = outcome.points.iter().map(point).collect();
    let best = outcome.best().map(point);
    let why = outcome.advice.as_ref().err();
    let whole = json!({
        "analytic": id, "known": outcome.known, "points": points, "recommended": best, "why_not": why,
    });
    format!("{}\n", escape::line(&whole.to_string(), false))
}

/// A page with a bar for each setting.
fn page(outcome: &Outcome, about: &str) -> String {
    let most = outcome.points.iter().map(|point| point.alerts).max().unwrap_or_default().max(1);
    let mut table = format!("<h2>Settings</h2>\n<p>{}</p>\n<table><tr>", html::escape(about));
    HEADS.iter().for_each(|head| table += &format!("<th>{head}</th>"));
    table += "<th></th></tr>\n";
    for (at, point) in outcome.points.iter().enumerate() {
        let best = if outcome.advice == Ok(at) { " style=\"font-weight:700\"" } else { "" };
        table += &format!("<tr{best}>");
        cells(outcome, point).iter().for_each(|cell| table += &format!("<td>{}</td>", html::escape(cell)));
        let width = point.alerts * 100 / most;
        table += &format!(
            "<td><svg role=\"img\" aria-label=\"{} alerts\" width=\"100\" height=\"12\"><rect width=\"{width}\" height=\"12\" fill=\"currentColor\"/></svg></td></tr>\n",
            point.alerts
        );
    }
    table += "</table>\n";
    let advice = match (&outcome.advice, outcome.best()) {
        (Err(why), _) => format!("Nothing is recommended: {why}."),
        (Ok(_), best) => format!("Recommended: {}.", best.map(Point::words).unwrap_or_default()),
    };
    table += &format!("<p>{}</p>\n", html::escape(&advice));
    let about =
        Page { title: "Tuning", notes: &[], table: Some(table), time: &|time| time.to_string(), raw: false };
    html::page(&Report::default(), &about)
}
