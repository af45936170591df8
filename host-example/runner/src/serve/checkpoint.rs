//! State files: the state of the analytics on disk, in two generations.
//!
//! A state is written to a temporary file, synced and renamed; then the folder is synced. So a crash leaves only whole
//! files. A checksum detects other damage. The service then loads the older generation, and the journal still has all
//! batches after that one.
//!
//! [`State`] is the content of a file.

use super::faults;
pub(super) use authsieve_outputs::state::{Error, Header, State};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The number of generations that are kept.
const GENERATIONS: usize = 2;
/// The prefix of the file names. The number of the last batch follows.
const PREFIX: &str = "state-";

/// The folder of the state files.
#[derive(Clone, Debug)]
pub(super) struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// Uses this folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.into() }
    }

    /// Loads the newest undamaged state. Also returns the reasons why newer ones were skipped.
    ///
    /// # Errors
    /// Fails if the folder cannot be read, or if a later version wrote the newest state: the older one would miss too
    /// much.
    pub(super) fn load(&self) -> io::Result<(Option<State>, Vec<String>)> {
        let mut wrong = Vec::new();
        for (_, path) in self.list()?.into_iter().rev() {
            match State::read(&path) {
                Ok(state) => return Ok((Some(state), wrong)),
                Err(why @ Error::Layout(_)) => {
                    return Err(io::Error::other(format!("{}: {why}", path.display())));
                }
                Err(why) => wrong.push(format!("{}: {why}", path.display())),
            }
        }
        Ok((None, wrong))
    }

    /// The batch number of the newest state, even if the state is damaged.
    ///
    /// # Errors
    /// Fails if the folder cannot be read.
    pub(super) fn newest(&self) -> io::Result<Option<u64>> {
        Ok(self.list()?.last().map(|(number, _)| *number))
    }

    /// Removes all states.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub(super) fn clear(&self) -> io::Result<()> {
        self.list()?.into_iter().try_for_each(|(_, path)| fs::remove_file(path))
    }

    /// Writes a state. Returns the last batch of the older generation: the journal may forget the batches up to there.
    ///
    /// # Errors
    /// Fails if the disk is full or fails. The earlier states remain.
    pub(super) fn save(&self, state: &State) -> io::Result<u64> {
        let name = |number: u64| self.folder.join(format!("{PREFIX}{number:020}"));
        let new = self.folder.join("state.new");
        let mut file = File::create(&new)?;
        let bytes = state.encode()?;
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        file.write_all(half)?;
        faults::at("state-write");
        file.write_all(rest)?;
        faults::at("state-sync");
        file.sync_all()?;
        faults::at("rename");
        fs::rename(&new, name(state.header.batch))?;
        faults::at("renamed");
        File::open(&self.folder)?.sync_all()?;
        let mut all = self.list()?;
        while all.len() > GENERATIONS {
            fs::remove_file(all.remove(0).1)?;
            faults::at("removed");
        }
        Ok(if all.len() < GENERATIONS { 0 } else { all.first().map_or(0, |(number, _)| *number) })
    }

    /// The state files, oldest first.
    fn list(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let number = entry.file_name().to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
            all.extend(number.map(|number| (number, entry.path())));
        }
        all.sort();
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::super::digest;
    use super::*;
    use std::collections::BTreeMap;

    fn state(batch: u64) -> State {
        let lines = BTreeMap::from([("http".to_owned(), 7)]);
        let places = vec![(1, "http".to_owned(), 1)];
        let header = Header { batch, record: 8, alert: 2, lines, places, ..Header::default() };
        State { header, parts: vec![("an1276".into(), vec![1, 2, 3]), ("fls".into(), b"\n".to_vec())] }
    }

    #[test]
    fn the_newest_whole_state_counts() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path());
        assert_eq!(checkpoints.load().unwrap(), (None, vec![]));
        assert_eq!(checkpoints.save(&state(5)).unwrap(), 0, "the journal is all there is beside it");
        assert_eq!(checkpoints.save(&state(9)).unwrap(), 5);
        assert_eq!(checkpoints.save(&state(12)).unwrap(), 9);
        assert_eq!(checkpoints.load().unwrap(), (Some(state(12)), vec![]));
        let files = checkpoints.list().unwrap();
        assert_eq!(files.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [9, 12]);
        // Damage at each byte, and a cut at each byte, is detected.
        let path = &files[1].1;
        let whole = fs::read(path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(State::decode(&damaged).is_err(), "{at}");
            assert!(State::decode(&whole[..at]).is_err(), "{at}");
        }
        fs::write(path, &whole[..whole.len() - 1]).unwrap();
        let (found, wrong) = checkpoints.load().unwrap();
        assert_eq!(found, Some(state(9)));
        assert!(wrong[0].ends_with(": it is damaged"), "{wrong:?}");
        // A crash during a save leaves a temporary file, which is ignored.
        fs::write(folder.path().join("state.new"), b"half").unwrap();
        assert_eq!(checkpoints.load().unwrap().0, Some(state(9)));
    }

    #[test]
    fn a_later_layout_is_refused_and_not_taken_for_damage() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path());
        checkpoints.save(&state(5)).unwrap();
        let mut later = b"authsieve state 2\nanything".to_vec();
        let sum = digest(&[&later]).as_bytes();
        later.extend(sum);
        fs::write(folder.path().join("state-00000000000000000009"), later).unwrap();
        let why = checkpoints.load().unwrap_err().to_string();
        assert!(
            why.ends_with("layout 2, and this version reads layout 1: run the version that wrote it"),
            "{why}"
        );
        assert!(matches!(State::decode(b"{}"), Err(Error::Foreign)));
    }
}
