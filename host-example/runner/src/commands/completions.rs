//! `authsieve completions` and `authsieve man`: write the files that packages install with the command.

use crate::arguments::Stop;
use crate::selection::Error;
use clap::{Args, Command};
use clap_complete::Shell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The name of the command.
const NAME: &str = "authsieve";

/// The arguments of `completions`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Shell. For bash: authsieve completions bash > /etc/bash_completion.d/authsieve
    #[arg(value_enum)]
    shell: Shell,
}

/// The arguments of `man`.
#[derive(Debug, Args)]
pub struct Pages {
    /// Folder for the pages, such as /usr/local/share/man/man1.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes shell completions to standard output.
///
/// # Errors
/// Fails if standard output cannot be written to.
pub fn run(arguments: &Arguments, mut command: Command) -> Result<ExitCode, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, NAME, &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a man page for the whole command line, and one for each command.
///
/// # Errors
/// Fails if a page cannot be written.
pub fn pages(arguments: &Pages, command: Command) -> Result<ExitCode, Stop> {
    let folder = &arguments.folder;
    let failed = |error: io::Error| Error::Failure(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(command.name(NAME), folder).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}
