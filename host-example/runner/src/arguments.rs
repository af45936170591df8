//! Arguments that several commands share, and the reasons for which commands end early.

use crate::feed::Totals;
use crate::output::escape;
use crate::output::summary::fell_short;
use crate::selection::{Error, Options, Selection};
use crate::sources::{Clock, Files, Input, Written};
use authsieve_engine::detector::Stats;
use authsieve_engine::time::Span;
use authsieve_framing::Format;
use authsieve_host::{Cache, Engine, Limits};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The analytics to run.
#[derive(Clone, Debug, Default, Args)]
pub struct Choice {
    /// Ids of analytics, in upper or lower case, such as an1276,fls; `all` stands for all. May be repeated. Default:
    /// all.
    #[arg(short, long = "analytic", value_name = "ID", value_delimiter = ',')]
    pub analytic: Vec<String>,
    /// An analytic from a component file. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub component: Vec<PathBuf>,
}

/// Components for one analytic or for several.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Isolation {
    /// Run each analytic in its own component, instead of several in one that decodes each record once.
    #[arg(long)]
    pub isolate: bool,
}

/// The results that count as a failure.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Strictness {
    /// Exit with status 1 if any record could not be judged: unknown form, unreadable time, broken or too long.
    #[arg(long)]
    strict: bool,
}

/// The configuration of the analytics.
#[derive(Clone, Debug, Default, Args)]
pub struct Configuration {
    /// Configuration file, TOML or JSON: shared options at the top, and a table for each analytic.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one option, which wins over the file: window=5m; with several analytics, an1276.window=5m.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// The logs to read.
#[derive(Clone, Debug, Args)]
pub struct Inputs {
    /// Time when the logs were received, instead of now: RFC 3339, or seconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = received)]
    pub received: Option<i64>,
    /// Format of the records, instead of the format that the first bytes of each file show.
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse::<Format>()))]
    pub input_format: Option<Format>,
    /// Order in which events are judged.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    pub order: Order,
    /// Log files and folders, in any order. `-` is standard input, and so is a pipe if no file is named. `.gz`, `.zst`,
    /// `.bz2`, `.xz`, `.zip` and `.tar` are unpacked. Lines, JSON of any layout, CSV, W3C logs, XML, `.evtx` and text
    /// with several lines per record are recognized by content.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// The order in which events are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Order {
    /// Files by the times of their events: a file in reverse order is read from its end, and overlapping files are
    /// merged. A pipe is judged as it comes.
    #[default]
    Time,
    /// Inputs and records in the given order.
    #[value(alias = "arrival")]
    Given,
    /// All events by their times, including those of a pipe: no alert comes before the input has ended.
    Sort,
}

/// The limits of a guest.
#[derive(Clone, Debug, Args)]
pub struct Bounds {
    /// Time limit for one call into an analytic.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    call_limit: Duration,
    /// Memory limit of one analytic, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=4096))]
    memory_limit: u32,
}

impl Choice {
    /// The selection in the form of the library.
    #[must_use]
    pub fn selection(&self) -> Selection {
        self.and(&[])
    }

    /// The selection with additional `ids`, which are on the command line without `-a`.
    #[must_use]
    pub fn and(&self, ids: &[String]) -> Selection {
        let ids = [&self.analytic, ids].concat();
        Selection { ids, files: self.component.clone(), isolated: false }
    }
}

impl Isolation {
    /// The selection, in one component or in one for each analytic.
    #[must_use]
    pub fn of(self, selection: Selection) -> Selection {
        Selection { isolated: self.isolate, ..selection }
    }
}

impl Strictness {
    /// The exit status of a command that has `failed`, or that judged records with these counters.
    #[must_use]
    pub fn status(self, failed: bool, analytics: &[Stats], totals: &Totals) -> ExitCode {
        if failed || (self.strict && fell_short(analytics, totals)) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl Configuration {
    /// The options in the form of the library, for events that are judged in this order.
    #[must_use]
    pub fn options(&self, order: Order) -> Options {
        Options {
            file: self.config.clone(),
            assignments: self.set.clone(),
            sorted: order.sorts(),
            followed: false,
        }
    }
}

impl Inputs {
    /// The files of the command line as a source, for analytics with these options.
    ///
    /// # Errors
    /// Fails if no file is named and nothing is piped into the command.
    pub fn source(&self, options: &Options) -> Result<Files, Error> {
        let inputs = self.inputs()?;
        let config = options.read().unwrap_or_default();
        let files = Files::new(inputs).received(self.received).format(self.input_format);
        let clock = Clock::new(&config.times());
        Ok(files.leave_dates(config.sets("date_order")).clock(clock, self.order != Order::Given))
    }

    /// The files of the command line as streams. Each is read on its own and followed as it grows, and records are
    /// received when they are read.
    ///
    /// # Errors
    /// Fails for a folder, for an order that needs the end of the input, and if the command has neither a file nor a pipe.
    pub fn streams(&self) -> Result<Vec<Files>, Error> {
        if self.order.sorts() {
            let why = "--follow never ends, and --order sort waits for the end; expected one of them";
            return Err(Error::Usage(why.into()));
        }
        let followed = |input| match input {
            Input::Path(path) if path.is_dir() => {
                let path = escape::text(&path.display().to_string()).into_owned();
                Err(Error::Usage(format!("{path} is a folder, and --follow reads files; expected a file")))
            }
            Input::Path(path) if path.is_file() => Ok(Input::Growing(path)),
            other => Ok(other),
        };
        let stream = |input| {
            // To decide the order of day and month, the source would hold records back.
            let files = Files::new(vec![input]).format(self.input_format).leave_dates(true);
            files.written(Written::Live)
        };
        self.inputs()?.into_iter().map(|input| followed(input).map(stream)).collect()
    }

    fn inputs(&self) -> Result<Vec<Input>, Error> {
        if !self.files.is_empty() {
            return Ok(self.files.iter().cloned().map(Input::from_argument).collect());
        }
        if Input::is_piped() {
            return Ok(vec![Input::Stdin]);
        }
        Err(Error::Usage("there is nothing to read: name a FILE, or pipe a log into the command".into()))
    }

    /// True if there are several inputs, so that each line of output names its own.
    #[must_use]
    pub fn has_several(&self) -> bool {
        self.files.len() > 1 || self.files.iter().any(|file| Input::Path(file.clone()).is_several())
    }
}

impl Order {
    /// True if all events are sorted.
    #[must_use]
    pub fn sorts(self) -> bool {
        self == Self::Sort
    }
}

impl Bounds {
    /// Creates an engine with these limits.
    ///
    /// # Errors
    /// Fails if this machine is not supported.
    pub fn engine(&self) -> Result<Engine, Error> {
        let memory = (self.memory_limit as usize).saturating_mul(1 << 20);
        engine(Limits { call: self.call_limit, memory, ..Limits::default() })
    }
}

/// Creates an engine.
///
/// # Errors
/// Fails if this machine is not supported.
pub fn engine(limits: Limits) -> Result<Engine, Error> {
    let engine = Engine::new(limits).map_err(|error| Error::Failure(error.to_string()))?;
    Ok(engine.cached(Cache::of_user()))
}

/// Why a command ended early.
#[derive(Debug)]
pub enum Stop {
    /// The command line is wrong, or the command failed.
    Error(Error),
    /// The output cannot be written.
    Output(io::Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let span =
        Span::parse(text).filter(|span| span.0 >= 1000).ok_or("expected a time such as 500ms, 5s, 1m")?;
    Ok(Duration::from_micros(span.0.unsigned_abs()))
}

/// Parses RFC 3339, or seconds since 1970 with or without decimals. Returns microseconds.
///
/// # Errors
/// Fails for any other text.
pub fn received(text: &str) -> Result<i64, String> {
    authsieve_triage::time::read(text).map(|time| time.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_in_options() {
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        for bad in ["", "5", "0s", "-1s", "5 parsecs"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn received_is_read_in_both_forms() {
        for text in
            ["2026-03-03T08:00:05.5Z", "2026-03-03T10:00:05.5+02:00", "1772524805.5", " 1772524805.5 "]
        {
            assert_eq!(received(text), Ok(1_772_524_805_500_000), "{text}");
        }
        for bad in ["", "yesterday", "2026-03-03", "nan", "inf", "1772524805500000"] {
            assert!(received(bad).is_err(), "{bad}");
        }
    }
}
