//! The alerts that the user wants to see, and their form.

use super::untidy;
use crate::arguments::{Stop, received};
use crate::desk::Desk;
use crate::enrich::Enricher;
use crate::output::look::{Look, zone};
use crate::output::paint::When;
use crate::output::report::{self, Whole};
use crate::output::{Layout, escape, table};
use crate::selection::Error;
use crate::sinks::{Gate, Output};
use authsieve_engine::alert::Severity;
use authsieve_engine::net::Cidr;
use authsieve_engine::time::Timestamp;
use authsieve_triage::account::Account;
use authsieve_triage::filter::Filter;
use authsieve_triage::html::{self, Page};
use authsieve_triage::incidents::Limits;
use authsieve_triage::redact::Redactor;
use authsieve_triage::report::{Report, Told};
use clap::Args;
use jiff::tz::TimeZone;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;

/// The options for the selection and the form of alerts. They select alerts, and do not change which events raise them.
#[derive(Debug, Args)]
pub struct Wanted {
    /// The form of alerts. By default text on a terminal, and JSON otherwise.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write alerts to a file. Its ending gives the form: .jsonl, .csv, .html or .txt.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only alerts raised at this time or later: RFC 3339, or seconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = received)]
    since: Option<i64>,
    /// Only alerts raised at this time or earlier.
    #[arg(long, value_name = "TIME", value_parser = received)]
    until: Option<i64>,
    /// Only alerts of at least this severity.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    min_severity: Option<Severity>,
    /// Only alerts about this account, with or without its domain.
    #[arg(long, value_name = "USER", value_parser = account)]
    user: Option<Account>,
    /// Only alerts from this address or block of addresses.
    #[arg(long, value_name = "ADDRESS", value_parser = block)]
    ip: Option<Cidr>,
    /// The most incidents to show, or the most alerts in JSON.
    #[arg(long, value_name = "NUMBER")]
    pub(super) limit: Option<usize>,
    /// The order: by time, or the most severe first. Text shows the most severe first by default.
    #[arg(long, value_enum, value_name = "ORDER")]
    sort: Option<Sort>,
    /// The time zone for text: local, a name such as Europe/Berlin, or an offset such as +02:00.
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    tz: Option<TimeZone>,
    /// Show the raw record below each line of evidence.
    #[arg(long)]
    raw: bool,
    /// Show only a summary: incidents by severity, the accounts and addresses in most incidents, and those with most
    /// failures but without an alert.
    #[arg(long)]
    summary: bool,
    /// Replace accounts, addresses and machines by stand-ins, and leave out raw records.
    #[arg(long)]
    redact: bool,
    /// Exit with status 3 if an alert has at least this severity.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    fail_on: Option<Severity>,
    /// Databases in MaxMind's format with the places of addresses. Repeat for several.
    #[arg(long, value_name = "FILE")]
    geoip: Vec<PathBuf>,
    /// The folder of silences and dispositions (see `silence` and `mark`).
    #[arg(long, value_name = "DIR")]
    desk: Option<PathBuf>,
    /// Also show silenced alerts, each with its silence.
    #[arg(long)]
    silenced: bool,
}

/// A format of alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One JSON alert per line.
    Json,
    /// OCSF 1.5.0 Detection Findings (class 2004), one on each line.
    Ocsf,
    /// Elastic Common Schema 8.17, one alert on each line.
    Ecs,
    /// Incidents as text.
    Text,
    /// One row for each alert.
    Csv,
    /// A page of incidents.
    Html,
}

/// An order of alerts and incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    /// By time.
    Time,
    /// The most severe first.
    Severity,
}

/// A form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One line of JSON for each alert.
    Lines,
    /// One paragraph for each alert, when it is raised.
    Paragraphs,
    /// Incidents, at the end of the input.
    Incidents,
    /// Only the summary of incidents.
    Summary,
    /// A table.
    Table,
    /// A page.
    Page,
}

impl Wanted {
    /// The form that the options ask for.
    ///
    /// # Errors
    /// Fails for an unknown file ending, and for a form that is not possible for a stream.
    pub fn form(&self, follows: bool) -> Result<Form, Error> {
        let ending = self.output.as_ref().map(|file| {
            let ending =
                file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
            match ending.as_str() {
                "jsonl" | "ndjson" | "json" => Ok(Form::Lines),
                "csv" => Ok(Form::Table),
                "html" | "htm" => Ok(Form::Page),
                "txt" => Ok(Form::Incidents),
                _ => Err(Error::Usage(format!(
                    "{}: this ending names no form; expected .jsonl, .csv, .html or .txt",
                    escape::text(&file.display().to_string())
                ))),
            }
        });
        let by_format = self.format.map(|format| match format {
            Format::Json | Format::Ocsf | Format::Ecs => Form::Lines,
            Format::Text => Form::Incidents,
            Format::Csv => Form::Table,
            Format::Html => Form::Page,
        });
        let terminal = || if io::stdout().is_terminal() { Form::Incidents } else { Form::Lines };
        let form = match (by_format, ending.transpose()?) {
            _ if self.summary => Form::Summary,
            (Some(form), _) | (None, Some(form)) => form,
            (None, None) => terminal(),
        };
        match (follows, form) {
            (true, Form::Incidents) => Ok(Form::Paragraphs),
            (true, Form::Summary | Form::Table | Form::Page) => {
                let why = "--follow never ends, and this form is written at the end; expected JSON or text";
                Err(Error::Usage(why.into()))
            }
            _ => Ok(form),
        }
    }

    /// The gate that alerts have to pass.
    ///
    /// # Errors
    /// Fails for a database that cannot be opened, and for a desk that cannot be read.
    pub fn gate(&self) -> Result<Gate, Error> {
        let (mut silences, mut marks) = Default::default();
        if let Some(desk) = Desk::find(self.desk.as_deref()) {
            silences = desk.silences().map_err(untidy)?;
            marks = desk.marks().map_err(untidy)?;
        }
        Ok(Gate {
            filter: Filter {
                since: self.since.map(Timestamp),
                until: self.until.map(Timestamp),
                min_severity: self.min_severity.unwrap_or(Severity::Informational),
                analytics: Vec::new(),
                user: self.user.clone(),
                ip: self.ip,
            },
            silences,
            shows_silenced: self.silenced,
            marks,
            enricher: Enricher::open(&self.geoip).map_err(Error::Failure)?,
            redactor: self.redact.then(Redactor::default),
            ..Gate::default()
        })
    }

    /// The layout of text.
    #[must_use]
    pub fn look(&self, form: Form, color: When) -> Look {
        let terminal = self.output.is_none() && io::stdout().is_terminal();
        let colours = matches!(form, Form::Incidents | Form::Paragraphs | Form::Summary);
        let paint = color.paint(terminal && colours);
        Look { zone: self.tz.clone(), raw: self.raw && !self.redact, ..Look::new(paint) }
    }

    /// The output for alerts.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn output(&self, form: Form, look: &Look) -> Result<Output, Error> {
        let terminal = self.output.is_none() && io::stdout().is_terminal();
        Ok(match form {
            Form::Lines => Output::Lines {
                out: self.out()?,
                layout: match self.format {
                    Some(Format::Ocsf) => Layout::Ocsf,
                    Some(Format::Ecs) => Layout::Ecs,
                    _ => Layout::Native,
                },
                terminal,
                limit: self.limit,
                sorted: (self.sort == Some(Sort::Severity)).then(Vec::new),
            },
            Form::Paragraphs => Output::Paragraphs { out: self.out()?, look: look.clone() },
            Form::Incidents | Form::Summary | Form::Table | Form::Page => Output::Held(Vec::new()),
        })
    }

    fn out(&self) -> Result<Box<dyn Write>, Error> {
        let Some(file) = &self.output else {
            return Ok(Box::new(BufWriter::with_capacity(64 << 10, io::stdout().lock())));
        };
        let created =
            File::create(file).map_err(|error| Error::Failure(format!("{}: {error}", file.display())))?;
        Ok(Box::new(BufWriter::new(created)))
    }

    /// Writes the report on the held alerts. `notes` are lines about the input.
    ///
    /// # Errors
    /// Fails if the output cannot be written.
    pub fn report(
        &self,
        form: Form,
        look: &Look,
        held: Vec<Told>,
        whole: &Whole,
        notes: &str,
    ) -> Result<(), Stop> {
        if matches!(form, Form::Lines | Form::Paragraphs) {
            return Ok(());
        }
        let mut report = Report::new(held, Limits::default());
        if self.sort != Some(Sort::Time) && form != Form::Table {
            report.by_severity();
        }
        let mut out = self.out()?;
        match form {
            Form::Summary => report::overview(&mut out, &report, whole, look)?,
            Form::Table => table::write(&mut out, &report, look)?,
            Form::Page => {
                report.incidents.truncate(self.limit.unwrap_or(usize::MAX));
                let notes: Vec<String> = notes.lines().map(str::to_owned).collect();
                let about = Page {
                    title: "Authentication incidents",
                    notes: &notes,
                    table: None,
                    time: &|time| look.time(time),
                    raw: look.raw,
                };
                out.write_all(html::page(&report, &about).as_bytes())?;
            }
            _ => report::write(&mut out, &report, whole, look)?,
        }
        Ok(out.flush()?)
    }

    /// True if the worst alert is severe enough for a failure status.
    #[must_use]
    pub fn fails_on(&self, worst: Option<Severity>) -> bool {
        self.fail_on.zip(worst).is_some_and(|(least, worst)| worst >= least)
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    let words = Severity::ALL.map(Severity::as_str).join(", ");
    Severity::parse(&text.to_ascii_lowercase())
        .ok_or_else(|| format!("`{}` is no severity; expected one of {words}", escape::text(text)))
}

fn account(text: &str) -> Result<Account, String> {
    Account::of(text).ok_or_else(|| format!("`{}` names no account", escape::text(text)))
}

pub fn block(text: &str) -> Result<Cidr, String> {
    Cidr::parse(text).ok_or_else(|| format!("`{}` is neither an address nor a block", escape::text(text)))
}
