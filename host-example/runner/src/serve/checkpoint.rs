//! State files: the state of the analytics on disk, in two generations.
//!
//! A state is written to a temporary file, synced and renamed; then the folder is synced. So a crash leaves only whole
//! files. A checksum detects other damage. The service then loads the older generation, and the journal still has all
//! batches after that one. A damaged file is renamed, and does not count as a generation.
//!
//! [`State`] is the content of a file.

use super::{faults, private};
pub(super) use authsieve_outputs::state::{Error, Header, State};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The number of generations that are kept.
const GENERATIONS: usize = 2;
/// The prefix of the file names. The number of the last batch follows.
const PREFIX: &str = "state-";
/// The suffix of a damaged file.
const DAMAGED: &str = ".damaged";

/// The folder of the state files.
#[derive(Debug)]
pub(super) struct Checkpoints {
    folder: PathBuf,
    /// The generations that were loaded or written, by their last batches, oldest first. Other files do not count.
    generations: Vec<u64>,
}

/// The result of loading.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Loaded {
    /// The newest undamaged state.
    pub state: Option<State>,
    /// The newer files that are damaged, each with the reason.
    pub damaged: Vec<(PathBuf, String)>,
}

impl Checkpoints {
    /// Uses this folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.into(), generations: Vec::new() }
    }

    /// Loads the newest undamaged state.
    ///
    /// # Errors
    /// Fails if the folder cannot be read, or if a later version wrote the newest state: the older one would miss too
    /// much.
    pub(super) fn load(&mut self) -> io::Result<Loaded> {
        let mut loaded = Loaded::default();
        for (number, path) in self.list()?.into_iter().rev() {
            match State::read(&path) {
                Ok(state) => {
                    self.generations = vec![number];
                    loaded.state = Some(state);
                    break;
                }
                Err(why @ Error::Layout(_)) => {
                    return Err(io::Error::other(format!("{}: {why}", path.display())));
                }
                Err(why) => loaded.damaged.push((path, why.to_string())),
            }
        }
        Ok(loaded)
    }

    /// The number in the name of the newest state, even if that state is damaged.
    ///
    /// # Errors
    /// Fails if the folder cannot be read.
    pub(super) fn newest(&self) -> io::Result<Option<u64>> {
        Ok(self.named(|name| name.strip_suffix(DAMAGED).unwrap_or(name))?.last().map(|(number, _)| *number))
    }

    /// Removes all states.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.generations.clear();
        self.list()?.into_iter().try_for_each(|(_, path)| fs::remove_file(path))
    }

    /// Writes a state, and removes the generation before the last one. Returns the last batch of the older generation.
    /// The journal may forget all batches up to it.
    ///
    /// # Errors
    /// Fails if the disk is full or fails. The earlier states remain.
    pub(super) fn save(&mut self, state: &State) -> io::Result<u64> {
        let name = |number: u64| self.folder.join(format!("{PREFIX}{number:020}"));
        let new = self.folder.join("state.new");
        let mut file = private().write(true).truncate(true).open(&new)?;
        // A crash of an earlier version may have left the file.
        file.set_permissions(Permissions::from_mode(0o600))?;
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
        self.generations.retain(|number| *number < state.header.batch);
        self.generations.push(state.header.batch);
        let surplus = self.generations.len().saturating_sub(GENERATIONS);
        self.generations.drain(..surplus);
        let oldest = self.generations.first().copied().unwrap_or(0);
        for (_, path) in self.list()?.into_iter().filter(|(number, _)| *number < oldest) {
            fs::remove_file(path)?;
            faults::at("removed");
        }
        Ok(if self.generations.len() < GENERATIONS { 0 } else { oldest })
    }

    /// The state files, oldest first.
    fn list(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        self.named(|name| name)
    }

    /// The files with a number, oldest first. `number` returns the number after the prefix of a name.
    fn named(&self, number: impl Fn(&str) -> &str) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let (path, name) = {
                let entry = entry?;
                (entry.path(), entry.file_name())
            };
            let found = name.to_str().and_then(|name| number(name.strip_prefix(PREFIX)?).parse().ok());
            all.extend(found.filter(|_| path.is_file()).map(|number| (number, path)));
        }
        all.sort();
        Ok(all)
    }
}

/// Renames a damaged file, so that it is not taken for a state. Returns the new path.
///
/// # Errors
/// Fails if the folder cannot be written.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(DAMAGED);
    fs::rename(path, &aside)?;
    Ok(aside.into())
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

    fn numbers(checkpoints: &Checkpoints) -> Vec<u64> {
        checkpoints.list().unwrap().iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn the_newest_whole_state_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut checkpoints = Checkpoints::new(folder.path());
        assert_eq!(checkpoints.load().unwrap(), Loaded::default());
        assert_eq!(checkpoints.save(&state(5)).unwrap(), 0, "the journal is all there is beside it");
        assert_eq!(checkpoints.save(&state(9)).unwrap(), 5);
        assert_eq!(checkpoints.save(&state(12)).unwrap(), 9);
        assert_eq!(checkpoints.load().unwrap(), Loaded { state: Some(state(12)), damaged: vec![] });
        assert_eq!(numbers(&checkpoints), [9, 12]);
        // Damage at each byte, and a cut at each byte, is detected.
        let path = &checkpoints.list().unwrap()[1].1;
        let whole = fs::read(path).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(State::decode(&damaged).is_err(), "{at}");
            assert!(State::decode(&whole[..at]).is_err(), "{at}");
        }
        fs::write(path, &whole[..whole.len() - 1]).unwrap();
        let found = checkpoints.load().unwrap();
        assert_eq!(
            (found.state, found.damaged),
            (Some(state(9)), vec![(path.clone(), "it is damaged".into())])
        );
        // A crash during a save leaves a temporary file, which is ignored.
        fs::write(folder.path().join("state.new"), b"half").unwrap();
        assert_eq!(checkpoints.load().unwrap().state, Some(state(9)));
    }

    /// Only loaded or written files count as generations.
    #[test]
    fn no_damaged_file_replaces_a_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: u64| folder.path().join(format!("{PREFIX}{number:020}"));
        let mut checkpoints = Checkpoints::new(folder.path());
        checkpoints.save(&state(5)).unwrap();
        checkpoints.save(&state(9)).unwrap();
        for number in [5, 9, 70, 80] {
            fs::write(path(number), b"authsieve state 1\n").unwrap();
        }
        fs::create_dir(path(99)).unwrap();
        let mut checkpoints = Checkpoints::new(folder.path());
        let found = checkpoints.load().unwrap();
        assert_eq!((found.state, found.damaged.len()), (None, 4));
        // The damaged files are not renamed here, as if the disk had failed.
        assert_eq!(checkpoints.save(&state(2)).unwrap(), 0);
        assert_eq!(checkpoints.save(&state(3)).unwrap(), 2);
        assert_eq!(State::read(&path(3)).unwrap(), state(3));
        for (path, _) in found.damaged {
            assert!(set_aside(&path).unwrap().exists());
        }
        assert_eq!((numbers(&checkpoints), checkpoints.newest().unwrap()), (vec![2, 3], Some(80)));
        let mut checkpoints = Checkpoints::new(folder.path());
        assert_eq!(checkpoints.load().unwrap().state, Some(state(3)));
        // The older file was not read, so it is no generation.
        assert_eq!(checkpoints.save(&state(10)).unwrap(), 3);
        assert_eq!(numbers(&checkpoints), [3, 10]);
    }

    #[test]
    fn a_header_has_any_size() {
        let mut large = state(1);
        large.header.places = (0..4096).map(|number| (number, "s".repeat(1000), 1)).collect();
        assert_eq!(State::decode(&large.encode().unwrap()).unwrap(), large);
    }

    #[test]
    fn a_later_layout_is_refused_and_not_taken_for_damage() {
        let folder = tempfile::tempdir().unwrap();
        let mut checkpoints = Checkpoints::new(folder.path());
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
