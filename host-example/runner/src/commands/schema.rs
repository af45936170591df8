//! `authsieve schema`: JSON Schemas of what this command reads and writes.

use crate::arguments::Stop;
#[cfg(all(feature = "serve", unix))]
use crate::arguments::engine;
use crate::output::schema;
#[cfg(all(feature = "serve", unix))]
use crate::selection::{Options, Selection, configure};
#[cfg(all(feature = "serve", unix))]
use authsieve_host::Limits;
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::process::ExitCode;

/// The arguments of `schema`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The thing that the schema describes.
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// An alert, as `run` and `serve` write it.
    Alert,
    /// An event, as `decode` writes it.
    Event,
    /// A configuration, as `-c` takes it.
    #[cfg(all(feature = "serve", unix))]
    Config,
}

/// Writes the schema to standard output.
///
/// # Errors
/// When standard output cannot be written to.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let schema = match arguments.of {
        Of::Alert => schema::alert(),
        Of::Event => schema::event(),
        #[cfg(all(feature = "serve", unix))]
        Of::Config => {
            let engine = engine(Limits::default())?;
            let chosen = configure(&engine, &Selection::default(), &Options::default())?;
            crate::config::schema::schema(&chosen.schemas()?)
        }
    };
    writeln!(io::stdout().lock(), "{schema:#}")?;
    Ok(ExitCode::SUCCESS)
}
