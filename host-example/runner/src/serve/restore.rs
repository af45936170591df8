//! Moves a state from one service to another, for `snapshot` and `serve --restore`.

use super::checkpoint::{Checkpoints, Error, State};
use super::journal::Journal;
use super::say;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A state file to start from.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The path of the file.
    pub file: PathBuf,
    /// True if it may replace an existing state.
    pub force: bool,
}

impl Restore {
    /// Reads the file.
    ///
    /// # Errors
    /// Fails if it cannot be read, or holds no state that this version reads.
    pub(super) fn read(&self) -> Result<State, String> {
        State::read(&self.file).map_err(|error| format!("{}: {error}", self.file.display()))
    }

    /// Puts the state into a folder whose journal is open. Batches that wait there to be judged again are removed.
    /// Alerts that wait for a sink stay.
    ///
    /// # Errors
    /// Fails if the folder has a state of its own that may not be replaced, or if the disk fails.
    pub(super) fn install(
        &self,
        mut state: State,
        folder: &Path,
        journal: &Journal,
        checkpoints: &mut Checkpoints,
    ) -> Result<(), String> {
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
        let last = journal.bounds().map_err(|error| shown(&error))?.map_or(0, |(_, last)| last);
        let own = checkpoints.newest().map_err(|error| shown(&error))?;
        if (last > 0 || own.is_some()) && !self.force {
            return Err(shown(
                &"it holds a state already; expected an empty folder, or --force, which replaces that state",
            ));
        }
        // The state gets a higher batch number than the whole journal, so that no batch there is judged again.
        let header = &mut state.header;
        header.batch = header.batch.max(last).max(own.unwrap_or(0)) + 1;
        checkpoints.clear().map_err(|error| shown(&error))?;
        checkpoints.save(&state).map_err(|error| shown(&error))?;
        journal.forget(u64::MAX).map_err(|error| shown(&error))
    }
}

/// Checks that the state belongs to running analytics. Logs the analytics that are only in the state, or only running.
///
/// # Errors
/// Fails if no running analytic has state in it.
pub(super) fn compare(state: &State, running: &[String]) -> Result<(), String> {
    let held = &state.header.analytics;
    let is_in = |list: &[String], id: &String| list.iter().any(|other| other.eq_ignore_ascii_case(id));
    if held.is_empty() {
        // Early versions did not store the names.
        return Ok(());
    }
    if !running.iter().any(|id| is_in(held, id)) {
        let (held, running) = (held.join(", "), running.join(", "));
        return Err(format!("it holds the state of {held}; expected that of {running}"));
    }
    for id in running.iter().filter(|id| !is_in(held, id)) {
        say(&format!("{id}: the restored state has no part for it; it begins with empty state"));
    }
    for id in held.iter().filter(|id| !is_in(running, id)) {
        say(&format!("{id}: its part of the restored state is left out, because it does not run"));
    }
    Ok(())
}

/// Reads the newest state from the folder of a stopped service, in the format of a state file.
///
/// # Errors
/// Fails if a service uses the folder, if there is no state, or if batches came after it.
pub fn stored(folder: &Path) -> Result<Vec<u8>, String> {
    let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
    let path = folder.join("journal");
    if !path.is_file() {
        return Err(shown(&"it is no state folder of a service"));
    }
    let journal = Journal::open(&path).map_err(|error| {
        shown(&format!("{error}; a service that runs is asked by --from {}", folder.display()))
    })?;
    let loaded = Checkpoints::new(folder).load().map_err(|error| shown(&error))?;
    if let Some((path, why)) = loaded.damaged.first() {
        let path = path.display();
        return Err(format!("{path}: {why}; start the service, which continues from the state before"));
    }
    let state = loaded.state.ok_or_else(|| shown(&"it holds no state yet"))?;
    if journal.behind(state.header.batch).map_err(|error| shown(&error))?.is_some() {
        let why = "records came after the last state; start and end the service once, so that it counts them";
        return Err(shown(&why));
    }
    state.encode().map_err(|error| shown(&error))
}

/// Describes a state file: its analytics and the version that wrote it.
///
/// # Errors
/// Fails if the bytes are no state.
pub fn described(bytes: &[u8]) -> Result<String, String> {
    let state = State::decode(bytes).map_err(|error: Error| error.to_string())?;
    let header = state.header;
    Ok(format!(
        "the state of {}, after {} records",
        header.analytics.join(", "),
        header.record.saturating_sub(1)
    ))
}

/// Writes a file completely or not at all. Only its owner may read it: a state holds personal data.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // `tempfile` creates the file for its owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(folder)?.sync_all()
}
