//! The state of the analytics in a file. `authsieve snapshot` writes it, and `serve --restore` reads it.
//!
//! ```text
//! authsieve state 1
//! {"batch":17,…}          the header: the last batch in the state, and the sizes of its parts
//! …                       the snapshots of the components, one after the other
//! 16 bytes                the SipHash of all bytes before
//! ```
//!
//! Every layout begins with its number and ends with this checksum. So a file of a later layout is not mistaken for a
//! damaged one.

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::collections::BTreeMap;
use std::fs;
use std::hash::Hasher;
use std::io;
use std::path::Path;

/// The first bytes of a state file, before the number of its layout.
pub const MAGIC: &[u8] = b"authsieve state ";
/// The layout that this version writes and reads.
const LAYOUT: u32 = 1;

/// The header of a state: the last batch in it, and the next numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The number of the last batch that the state includes.
    pub batch: u64,
    /// The number of the next record.
    pub record: u64,
    /// The number of the next alert.
    pub alert: u64,
    /// The number of records that each source has sent.
    pub lines: BTreeMap<String, u64>,
    /// The places of the newest records. Each run has the number of its first record, the source, and the line there.
    #[serde(default)]
    pub places: Vec<(u64, String, u64)>,
    /// The version of authsieve that wrote the state.
    #[serde(default)]
    pub version: String,
    /// The ids of the analytics in the state.
    #[serde(default)]
    pub analytics: Vec<String>,
    /// The components, with the size of each snapshot in bytes. [`State::encode`] sets it.
    pub parts: Vec<(String, u64)>,
}

/// A state: its header and the snapshots of the components.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The header.
    pub header: Header,
    /// The name and the snapshot of each component.
    pub parts: Vec<(String, Vec<u8>)>,
}

/// Why bytes cannot be loaded as a state.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
    /// Removes a part that is not the snapshot of a component, and returns its bytes. The names of such parts end in `/`
    /// and a number, which names of components never do.
    pub fn take_part(&mut self, name: &str) -> Option<Vec<u8>> {
        let at = self.parts.iter().position(|(other, _)| other == name)?;
        Some(self.parts.remove(at).1)
    }

    /// The names and the snapshots of the components, without the other parts.
    pub fn into_snapshots(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.parts.into_iter().filter(|(name, _)| !name.contains('/'))
    }

    /// Reads a state file.
    ///
    /// # Errors
    /// Fails if the file cannot be read or holds no state of this layout.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::decode(&fs::read(path)?)
    }

    /// The bytes of the state file.
    ///
    /// # Errors
    /// Never fails in practice, because the header holds only text and numbers.
    pub fn encode(&self) -> io::Result<Vec<u8>> {
        let parts = self.parts.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
        let header = serde_json::to_vec(&Header { parts, ..self.header.clone() })?;
        let mut out = MAGIC.to_vec();
        out.extend(format!("{LAYOUT}\n").bytes());
        out.extend(header);
        out.push(b'\n');
        self.parts.iter().for_each(|(_, bytes)| out.extend(bytes));
        let sum = checksum(&out);
        out.extend(sum);
        Ok(out)
    }

    /// Decodes the bytes of a state file.
    ///
    /// # Errors
    /// Fails for bytes that this version's `encode` did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if !bytes.starts_with(MAGIC) {
            return Err(Error::Foreign);
        }
        let (body, sum) = bytes.split_last_chunk::<16>().ok_or(Error::Damaged)?;
        if checksum(body) != *sum {
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
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(Error::Damaged)?;
    let (line, rest) = bytes.split_at_checked(end).ok_or(Error::Damaged)?;
    Ok((line, rest.get(1..).unwrap_or_default()))
}

/// The SipHash of `bytes`, which is the same on each run.
fn checksum(bytes: &[u8]) -> [u8; 16] {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_as_it_was_and_damage_is_noticed() {
        let header = Header { batch: 3, record: 8, analytics: vec!["fls".into()], ..Header::default() };
        let state =
            State { header, parts: vec![("suite".into(), vec![1, 2, 3]), ("fls".into(), b"\n".to_vec())] };
        let bytes = state.encode().unwrap();
        assert_eq!(State::decode(&bytes).unwrap(), state);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(State::decode(&damaged).is_err() && State::decode(&bytes[..at]).is_err(), "{at}");
        }
        assert!(matches!(State::decode(b"{}"), Err(Error::Foreign)));
    }
}
