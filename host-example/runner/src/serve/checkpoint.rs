//! The state of the analytics on disk, two generations of it.
//!
//! A file is written under another name, synced, and renamed; then the folder is synced. So a crash leaves whole files alone. A
//! checksum tells one that was damaged all the same. Then the generation before it counts, and the journal still has the batches
//! behind that.
//!
//! ```text
//! authsieve state 1
//! {"batch":17,…}          what the state counts up to, and how long its parts are
//! …                       the snapshots of the components, one after the other
//! 16 bytes                the SipHash of all before
//! ```
//!
//! Every layout begins with its number and ends with this checksum, so that a later one is not taken for a damaged one.

use super::{digest, faults};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The first line of a file, up to the number of its layout.
const MAGIC: &[u8] = b"authsieve state ";
/// The layout that is written and read here.
const LAYOUT: u32 = 1;
/// This many generations are kept.
const GENERATIONS: usize = 2;
/// How files of states are called, before the number of their batch.
const PREFIX: &str = "state-";
/// A header is shorter.
const HEADER: usize = 1 << 20;

/// The end of a state: the last batch, and the numbers that come next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The number of the last batch in it.
    pub batch: u64,
    /// The number of the next record.
    pub record: u64,
    /// The number of the next alert.
    pub alert: u64,
    /// How many records each source has sent.
    pub lines: BTreeMap<String, u64>,
    /// Where the newest records stand: the number of the first of a run, its source, its line.
    #[serde(default)]
    pub places: Vec<(u64, String, u64)>,
    /// The version that wrote it.
    #[serde(default)]
    pub version: String,
    /// The ids of the analytics whose state it holds.
    #[serde(default)]
    pub analytics: Vec<String>,
    /// The components, and how many bytes of state each has. Written by [`Checkpoints::save`].
    pub parts: Vec<(String, u64)>,
}

/// A state, and the components whose snapshots are in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Its end.
    pub header: Header,
    /// The name of each component, and its snapshot.
    pub parts: Vec<(String, Vec<u8>)>,
}

/// The folder of the states.
#[derive(Clone, Debug)]
pub(super) struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// States in this folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.into() }
    }

    /// The newest state that is whole, and what is wrong with newer ones.
    ///
    /// # Errors
    /// Where the folder cannot be read, and where a later version wrote the newest state: the one before would be too old.
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

    /// The number of the newest state, damaged or not.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub(super) fn newest(&self) -> io::Result<Option<u64>> {
        Ok(self.list()?.last().map(|(number, _)| *number))
    }

    /// Removes all states.
    ///
    /// # Errors
    /// Where the disk fails.
    pub(super) fn clear(&self) -> io::Result<()> {
        self.list()?.into_iter().try_for_each(|(_, path)| fs::remove_file(path))
    }

    /// Writes a state. Returns up to which batch the journal is needed no more: the one that the generation before it counts
    /// up to.
    ///
    /// # Errors
    /// Where the disk is full or fails. The states before stay.
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

    /// The files, the oldest first.
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

/// Why bytes are no state.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// They cannot be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// They were changed, or are not whole.
    #[error("it is damaged")]
    Damaged,
    /// They are something else.
    #[error("it is no state of authsieve")]
    Foreign,
    /// Another version wrote them.
    #[error(
        "the state has layout {0}, and this version reads layout {LAYOUT}: run the version that wrote it"
    )]
    Layout(u32),
}

impl State {
    /// Reads a file.
    ///
    /// # Errors
    /// Where there is none, or it holds no state that this version reads.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        Self::decode(&fs::read(path)?)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// None in practice: all of it is text and numbers.
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

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// For all that `encode` of this version did not write.
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

/// The first line, and the bytes behind it.
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
        // Damage at any place, a cut at any place.
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
        // A crash within a save leaves a file that counts for nothing.
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
