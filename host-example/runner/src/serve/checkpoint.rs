//! State files: the state of the analytics on disk, in two generations.
//!
//! A state is written to a temporary file, synced and renamed; then the folder is synced. So a crash leaves only whole
//! files. A checksum detects other damage. The service then loads the older generation, and the journal still has all
//! batches after that one.
//!
//! ```text
//! authsieve state 1
//! {"batch":17,…}          what the state counts up to, and how long its parts are
//! …                       the snapshots of the components, one after the other
//! 16 bytes                the SipHash of all before
//! ```
//!
//! Every layout begins with its number and ends with this checksum. So a file of a later layout is not mistaken for a
//! damaged one.

use super::{digest, faults};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The first bytes of a state file, before the number of its layout.
const MAGIC: &[u8] = b"authsieve state ";
/// The layout that this version writes and reads.
const LAYOUT: u32 = 1;
/// The number of generations that are kept.
const GENERATIONS: usize = 2;
/// The prefix of the file names. The number of the last batch follows.
const PREFIX: &str = "state-";
/// The largest size of a header line, in bytes.
const HEADER: usize = 1 << 20;

/// The header of a state: the last batch in it, and the next numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The number of the last batch that the state includes.
    pub batch: u64,
    /// The number of the next record.
    pub record: u64,
    /// The number of the next alert.
    pub alert: u64,
    /// How many records each source has sent.
    pub lines: BTreeMap<String, u64>,
    /// The places of the newest records: for each run, the number of its first record, its source, and the line there.
    #[serde(default)]
    pub places: Vec<(u64, String, u64)>,
    /// The version of authsieve that wrote the state.
    #[serde(default)]
    pub version: String,
    /// The ids of the analytics in the state.
    #[serde(default)]
    pub analytics: Vec<String>,
    /// The components, with the size of each snapshot in bytes. [`Checkpoints::save`] sets it.
    pub parts: Vec<(String, u64)>,
}

/// A state: its header and the snapshots of the components.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The header.
    pub header: Header,
    /// The name and the snapshot of each component.
    pub parts: Vec<(String, Vec<u8>)>,
}

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

/// Why bytes cannot be loaded as a state.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The file cannot be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// The bytes were changed or cut off.
    #[error("it is damaged")]
    Damaged,
    /// The bytes are not a state of authsieve.
    #[error("it is no state of authsieve")]
    Foreign,
    /// Another version of authsieve wrote the state, in this layout.
    #[error(
        "the state has layout {0}, and this version reads layout {LAYOUT}: run the version that wrote it"
    )]
    Layout(u32),
}

impl State {
    /// Reads a state file.
    ///
    /// # Errors
    /// Fails if the file cannot be read or holds no state of this layout.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        Self::decode(&fs::read(path)?)
    }

    /// The bytes of the state file.
    ///
    /// # Errors
    /// Fails never in practice: the header holds only text and numbers.
    pub(super) fn encode(&self) -> io::Result<Vec<u8>> {
        let parts = self.parts.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
        let header = serde_json::to_vec(&Header { parts, ..self.header.clone() })?;
        let mut out = MAGIC.to_vec();
        out.extend(format!("{LAYOUT}\n").bytes());
        out.extend(header);
        out.push(b'\n');
        self.parts.iter().for_each(|(_, bytes)| out.extend(bytes));
        let sum = digest(&[&out]).as_bytes();
        out.extend(sum);
        Ok(out)
    }

    /// Decodes the bytes of a state file.
    ///
    /// # Errors
    /// Fails for bytes that this version's `encode` did not write.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if !bytes.starts_with(MAGIC) {
            return Err(Error::Foreign);
        }
        let (body, sum) = bytes.split_last_chunk::<16>().ok_or(Error::Damaged)?;
        if digest(&[body]).as_bytes() != *sum {
            return Err(Error::Damaged);
        }
        let (layout, rest) = line(body.get(MAGIC.len()..).unwrap_or_default())?;
        let layout = std::str::from_utf8(layout).ok().and_then(|layout| layout.parse().ok());
        match layout {
            Some(LAYOUT) => {}
            other => return Err(other.map_or(Error::Foreign, Error::Layout)),
        }
        let (header, mut rest) = line(rest)?;
        let header: Header = serde_json::from_slice(header).map_err(|_| Error::Damaged)?;
        let mut parts = Vec::new();
        for (name, length) in &header.parts {
            let length = usize::try_from(*length).map_err(|_| Error::Damaged)?;
            let (part, behind) = rest.split_at_checked(length).ok_or(Error::Damaged)?;
            parts.push((name.clone(), part.to_vec()));
            rest = behind;
        }
        Ok(Self { header: Header { parts: Vec::new(), ..header }, parts })
    }
}

/// Splits off the first line. Returns the line and the bytes after it.
fn line(bytes: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let head = bytes.get(..HEADER.min(bytes.len())).unwrap_or_default();
    let end = memchr::memchr(b'\n', head).ok_or(Error::Damaged)?;
    let (line, rest) = bytes.split_at_checked(end).ok_or(Error::Damaged)?;
    Ok((line, rest.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
