//! `authsieve snapshot`: the state of a service, in a file that `serve --restore` takes.

use crate::arguments::Stop;
use crate::output::escape;
use crate::selection::Error;
use crate::serve::client::{self, Credentials, Part, Place};
use crate::serve::restore;
use clap::Args;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The arguments of `snapshot`.
#[derive(Debug, Args)]
#[group(id = "of", required = true, args = ["from", "state_dir"])]
pub struct Arguments {
    /// A service that runs: http://HOST:PORT of a source of HTTP, unix:PATH of a socket, or its state folder.
    #[arg(long, value_name = "PLACE", value_parser = Place::parse)]
    from: Option<Place>,
    /// The state folder of a service that does not run.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The file that is written.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    credentials: Credentials,
}

/// Runs it.
///
/// # Errors
/// When the service cannot be asked, the folder holds no state, or the file cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let bytes = match (&arguments.from, &arguments.state_dir) {
        (Some(place), _) => asked(place, &arguments.credentials),
        (None, Some(folder)) => restore::stored(folder),
        (None, None) => Err("expected --from or --state-dir".into()),
    };
    let bytes = bytes.map_err(Error::Failure)?;
    // Half an answer is none.
    let about = restore::described(&bytes).map_err(Error::Failure)?;
    let path = &arguments.output;
    let failed = |error| Error::Failure(format!("{}: {error}", path.display()));
    restore::write(path, &bytes).map_err(failed)?;
    let path = path.display().to_string();
    let _ = writeln!(io::stderr(), "{}: {}", escape::text(&path), escape::text(&about));
    Ok(ExitCode::SUCCESS)
}

fn asked(place: &Place, credentials: &Credentials) -> Result<Vec<u8>, String> {
    let (access, mut bytes) = (credentials.read()?, Vec::new());
    client::get(place, "/v1/snapshot", &access, &mut |part| {
        if let Part::Body(more) = part {
            bytes.extend_from_slice(more);
        }
        Ok(())
    })?;
    Ok(bytes)
}
