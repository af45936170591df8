//! `authsieve check`: checks a configuration and prints its full effect.

use crate::arguments::{Bounds, Choice, Configuration, Order, Stop};
use crate::config::effective::Effective;
use crate::config::line;
use crate::output::escape;
#[cfg(all(feature = "serve", unix))]
use crate::selection::Options;
use crate::selection::{self, Error};
use clap::Args;
use serde_json::json;
use std::io::{self, Write};
use std::process::ExitCode;

/// The arguments of `check`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bounds: Bounds,
    /// Leave out default values. Otherwise they are printed as comments.
    #[arg(long)]
    no_defaults: bool,
    /// Print one JSON object: the validity, and the configuration or the problems.
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of configurations instead, for editors and for programs that write one.
    #[cfg(all(feature = "serve", unix))]
    #[arg(long, conflicts_with_all = ["config", "set", "no_defaults", "json"])]
    schema: bool,
}

/// Runs the command.
///
/// # Errors
/// Fails for an invalid configuration, and if standard output cannot be written to.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let mut out = io::stdout().lock();
    #[cfg(all(feature = "serve", unix))]
    if arguments.schema {
        let engine = arguments.bounds.engine()?;
        let chosen = selection::configure(&engine, &arguments.choice.selection(), &Options::default())?;
        let schema = crate::config::schema::schema(&chosen.schemas()?);
        writeln!(out, "{schema:#}")?;
        return Ok(ExitCode::SUCCESS);
    }
    match effective(arguments) {
        Ok(effective) => {
            let effective = if arguments.no_defaults { effective.without_defaults() } else { effective };
            if arguments.json {
                let line = line(json!({ "valid": true, "config": effective.json() }));
                writeln!(out, "{}", escape::json(&line))?;
            } else {
                for line in effective.toml().lines() {
                    writeln!(out, "{}", escape::text(line))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(Error::Config(problems)) if arguments.json => {
            let line = line(json!({ "valid": false, "problems": problems.json() }));
            writeln!(out, "{}", escape::json(&line))?;
            Ok(ExitCode::from(2))
        }
        Err(error) => Err(error.into()),
    }
}

fn effective(arguments: &Arguments) -> Result<Effective, Error> {
    let engine = arguments.bounds.engine()?;
    let options = arguments.configuration.options(Order::Time);
    let configured = selection::configure(&engine, &arguments.choice.selection(), &options)?;
    #[cfg(all(feature = "serve", unix))]
    configured.served()?;
    // Each analytic validates its own configuration.
    configured.start(|analytic, text| analytic.create(&text, 0).map(drop))?;
    configured.effective()
}
