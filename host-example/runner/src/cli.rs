//! Parses the command line and runs the command.

use crate::arguments::Stop;
use crate::commands::{
    bake, check, completions, decode, demo, diff, doctor, explain, export, inspect, run, schema, silence,
    test, translate, tune,
};
#[cfg(all(feature = "serve", unix))]
use crate::commands::{serve, snapshot, view};
use crate::output::paint::When;
use crate::output::{complain, explain_problems};
use crate::selection::Error;
use clap::{CommandFactory, Parser, Subcommand};
use std::io::ErrorKind;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  authsieve                                             a demonstration on sample logs
  authsieve run -a an1276 /var/log/auth.log             alerts, readable on a terminal
  authsieve run -o report.html logs/                    incidents as one page
  authsieve run auth.log* > alerts.json                 several files, in the order of time; JSON in a file
  journalctl -o json | authsieve run -a an1276          standard input
  authsieve run -a an1276,fls auth.log signins.jsonl    several analytics at once
  authsieve serve --http 127.0.0.1:7401 --alerts -      a service beside a pipeline
  authsieve view auth.log                               alerts and their reasons, in the browser
  authsieve test src/analytics --junit report.xml       detection cases, with a report
  authsieve inspect an1276                              the input and the options of an analytic
  authsieve decode auth.log                             the events in each record
  authsieve explain -a an1276 --user root auth.log      why an alert came, or did not
  authsieve doctor auth.log                             whether the feed can make an analytic fire
  authsieve tune -a fls --expect known.txt signins.jsonl fewest alerts that keep every known attack
  authsieve check -c my.toml                            whether a configuration is valid
  authsieve bake -c my.toml -o my.wasm an1276           a filter for Fluent Bit with a configuration in it

Exit status:
  0  a complete run, with or without alerts
  1  a failure, such as a file that cannot be read; with --strict, a record that could not be judged;
     from doctor, an analytic named by -a that cannot fire, or none that can
  2  a wrong command line or configuration
  3  an alert that meets --fail-on";

/// Stateful WebAssembly detections for authentication attacks, run over log files.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run analytics over logs and show their alerts.
    Run(run::Arguments),
    /// Run as a service: take records from live sources and deliver alerts to sinks, without loss.
    #[cfg(all(feature = "serve", unix))]
    Serve(serve::Arguments),
    /// Save the state of a service to a file for `serve --restore`.
    #[cfg(all(feature = "serve", unix))]
    Snapshot(snapshot::Arguments),
    /// Show logs and their alerts in the browser of this machine. No data leaves the machine.
    #[cfg(all(feature = "serve", unix))]
    View(view::Arguments),
    /// Judge history with a grid of thresholds and windows, and find the setting with the fewest alerts.
    Tune(tune::Arguments),
    /// Compare the alerts of two configurations, or of two versions, over the same history.
    Diff(diff::Arguments),
    /// Write the rules of analytics as Sigma correlations, with the configured thresholds.
    Translate(translate::Arguments),
    /// Silence alerts that nobody wants to see until a date, with a reason.
    Silence(silence::Arguments),
    /// Record what an alert turned out to be: true, false or benign.
    Mark(silence::Marking),
    /// Run detection cases (a log, a configuration, the expected alerts) and report like a test runner.
    Test(test::Arguments),
    /// Show the events in each record, one JSON object per event.
    Decode(decode::Arguments),
    /// Show how each event was treated, and why it did or did not raise an alert.
    Explain(explain::Arguments),
    /// Check the content of a feed, and whether an analytic can fire on it. Exit status 1 if it cannot.
    Doctor(doctor::Arguments),
    /// Check a configuration and show its full effect. Exit status 2 if it is not valid.
    Check(check::Arguments),
    /// Show the description of an analytic: its input, its needs and its options.
    Inspect(inspect::Arguments),
    /// Write the analytics as files for other hosts.
    Export(export::Arguments),
    /// Write a configuration into a module, for hosts that cannot pass one.
    Bake(bake::Arguments),
    /// Print the JSON Schema of an alert, an event or a configuration.
    Schema(schema::Arguments),
    /// Write shell completions to standard output.
    Completions(completions::Arguments),
    /// Write man pages into a folder.
    Man(completions::Pages),
    /// Run the analytics over sample logs (the default).
    Demo,
}

/// Runs the command that the arguments of the process name.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let color = cli.color;
    let done = match cli.command {
        Some(Command::Run(arguments)) => run::run(&arguments, color),
        #[cfg(all(feature = "serve", unix))]
        Some(Command::Serve(arguments)) => serve::run(&arguments),
        #[cfg(all(feature = "serve", unix))]
        Some(Command::Snapshot(arguments)) => snapshot::run(&arguments),
        #[cfg(all(feature = "serve", unix))]
        Some(Command::View(arguments)) => view::run(&arguments),
        Some(Command::Tune(arguments)) => tune::run(&arguments, color),
        Some(Command::Diff(arguments)) => diff::run(&arguments, color),
        Some(Command::Translate(arguments)) => translate::run(&arguments),
        Some(Command::Silence(arguments)) => silence::run(arguments),
        Some(Command::Mark(arguments)) => silence::mark(arguments),
        Some(Command::Test(arguments)) => test::run(&arguments, color),
        Some(Command::Decode(arguments)) => decode::run(&arguments, color),
        Some(Command::Explain(arguments)) => explain::run(&arguments, color),
        Some(Command::Doctor(arguments)) => doctor::run(&arguments, color),
        Some(Command::Check(arguments)) => check::run(&arguments),
        Some(Command::Inspect(arguments)) => inspect::run(&arguments, color),
        Some(Command::Export(arguments)) => export::run(&arguments),
        Some(Command::Bake(arguments)) => bake::run(&arguments),
        Some(Command::Schema(arguments)) => schema::run(&arguments),
        Some(Command::Completions(arguments)) => completions::run(&arguments, Cli::command()),
        Some(Command::Man(arguments)) => completions::pages(&arguments, Cli::command()),
        Some(Command::Demo) | None => demo::run(color),
    };
    let (status, text) = match done {
        Ok(status) => return status,
        // The reader of the output has closed it, which is no error.
        Err(Stop::Output(error)) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(Stop::Output(error)) => (1, format!("cannot write: {error}")),
        Err(Stop::Error(Error::Config(problems))) => {
            explain_problems(color, &problems);
            return ExitCode::from(2);
        }
        Err(Stop::Error(Error::Usage(text))) => (2, text),
        Err(Stop::Error(Error::Failure(text))) => (1, text),
    };
    complain(color, &text);
    ExitCode::from(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
