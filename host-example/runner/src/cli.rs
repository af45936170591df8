//! The command line.

use crate::cache::Cache;
use crate::commands::{decode, demo, export, inspect, run};
use crate::engine::{Engine, Limits};
use crate::output::escape;
use crate::output::paint::When;
use crate::selection::{Error, Options, Selection};
use authsieve_engine::time::Span;
use clap::{Args, Parser, Subcommand};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  authsieve                                             a demonstration on sample logs
  authsieve run -a an1276 /var/log/auth.log             alerts, readable on a terminal
  authsieve run -a an1276 auth.log.*.gz > alerts.json   one JSON alert per line otherwise
  journalctl -o json | authsieve run -a an1276 -        standard input
  authsieve inspect -a an1276                           what it reads and how it can be configured
  authsieve decode auth.log                             what each record says

Exit status: 0 when it ran, whether alerts were found or not; 2 for a wrong command line or
configuration; 1 when something failed, such as a file that cannot be read.";

/// Stateful WebAssembly detections for authentication attacks, run over log files.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Whether to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run analytics over logs and show their alerts.
    Run(run::Arguments),
    /// Show what each record says: one JSON object per event.
    Decode(decode::Arguments),
    /// Show what an analytic is, what it asks for and how it can be configured.
    Inspect(inspect::Arguments),
    /// Write the analytics as files for other hosts.
    Export(export::Arguments),
    /// Run the analytics over sample logs (the default).
    Demo,
}

/// Which analytics.
#[derive(Clone, Debug, Default, Args)]
pub struct Choice {
    /// An analytic by its id, in any case; repeat for several. Without it, all.
    #[arg(short, long = "analytic", value_name = "ID")]
    pub analytic: Vec<String>,
    /// An analytic from a component file; repeat for several.
    #[arg(long, value_name = "FILE")]
    pub component: Vec<PathBuf>,
}

/// How analytics are configured.
#[derive(Clone, Debug, Default, Args)]
pub struct Configuration {
    /// Configuration, TOML or JSON: options at the top for one analytic, a table each for several.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one option, before what the file says: min_failures=8, window=5m, an1276.window=5m.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// What a guest may take.
#[derive(Clone, Debug, Args)]
pub struct Bounds {
    /// How long one call into an analytic may take.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    call_limit: Duration,
    /// How much memory one analytic may hold, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=4096))]
    memory_limit: u32,
}

impl Choice {
    /// As the library has it.
    #[must_use]
    pub fn selection(&self) -> Selection {
        Selection { ids: self.analytic.clone(), files: self.component.clone() }
    }
}

impl Configuration {
    /// As the library has it.
    #[must_use]
    pub fn options(&self) -> Options {
        Options { file: self.config.clone(), assignments: self.set.clone() }
    }
}

impl Bounds {
    /// An engine with these bounds.
    ///
    /// # Errors
    /// When there can be none.
    pub fn engine(&self) -> Result<Engine, Error> {
        engine(Limits { call: self.call_limit, memory: (self.memory_limit as usize).saturating_mul(1 << 20) })
    }
}

/// An engine, or why there is none.
///
/// # Errors
/// When this machine is not supported.
pub fn engine(limits: Limits) -> Result<Engine, Error> {
    let engine = Engine::new(limits).map_err(|error| Error::Failure(format!("cannot start wasmtime: {error}")))?;
    Ok(engine.cached(Cache::of_user()))
}

/// Why a command ended early.
#[derive(Debug)]
pub enum Stop {
    /// It was wrongly asked, or failed.
    Error(Error),
    /// Writing its output failed.
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

/// Runs the command that the process's arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let color = cli.color;
    let done = match cli.command {
        Some(Command::Run(arguments)) => run::run(&arguments, color),
        Some(Command::Decode(arguments)) => decode::run(&arguments, color),
        Some(Command::Inspect(arguments)) => inspect::run(&arguments, color),
        Some(Command::Export(arguments)) => export::run(&arguments),
        Some(Command::Demo) | None => demo::run(color),
    };
    let (status, text) = match done {
        Ok(status) => return status,
        // Whoever read the output has seen enough.
        Err(Stop::Output(error)) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(Stop::Output(error)) => (1, format!("cannot write: {error}")),
        Err(Stop::Error(Error::Usage(text))) => (2, text),
        Err(Stop::Error(Error::Failure(text))) => (1, text),
    };
    complain(color, &text);
    ExitCode::from(status)
}

/// Writes an error to standard error. Nothing is left to do if that fails.
pub fn complain(color: When, text: &str) {
    let paint = color.paint(io::stderr().is_terminal());
    let mut lines = text.lines();
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{} {}", paint.red("error:"), escape::text(lines.next().unwrap_or_default()));
    for line in lines {
        let _ = writeln!(err, "  {}", escape::text(line));
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let span =
        Span::parse(text).filter(|span| span.0 >= 1000).ok_or("expected a time such as 500ms, 5s, 1m")?;
    Ok(Duration::from_micros(span.0.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read_as_in_options() {
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        for bad in ["", "5", "0s", "-1s", "5 parsecs"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
