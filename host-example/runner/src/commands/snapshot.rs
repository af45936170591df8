//! `authsieve snapshot`: saves the state of a service to a file for `serve --restore`.

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
    /// Running service: http://HOST:PORT of an HTTP source, unix:PATH of a socket, or the state folder.
    #[arg(long, value_name = "PLACE", value_parser = Place::parse)]
    from: Option<Place>,
    /// State folder of a stopped service.
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// File to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    credentials: Credentials,
}

/// Runs the command.
///
/// # Errors
/// Fails if the service cannot be asked, if the folder holds no state, or if the file cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let bytes = match (&arguments.from, &arguments.state_dir) {
        (Some(place), _) => asked(place, &arguments.credentials),
        (None, Some(folder)) => restore::stored(folder),
        (None, None) => Err("expected --from or --state-dir".into()),
    };
    let bytes = bytes.map_err(Error::Failure)?;
    // Checks that the answer is complete.
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
