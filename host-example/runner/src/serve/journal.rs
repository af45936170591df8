//! Batches, alerts and positions on disk, in one transactional store.
//!
//! | table | key | value |
//! |---|---|---|
//! | `batches` | number of the batch | its source, time and records; or a time without records |
//! | `alerts` | number of the alert | the alert as the sinks need it |
//! | `delivered` | name of a sink | number of the last alert that the sink has delivered |
//! | `positions` | what a source reads | the position up to which it was read |
//! | `counters` | name | the last batch whose alerts are in the store; the layout of the tables |
//!
//! A batch is committed to disk before its sender is answered. Alerts, sink positions and counters are written with the
//! next commit. A crash loses them together, and judging the batches again restores them.

use super::arrival::Arrival;
#[cfg(debug_assertions)]
use super::faults;
use super::private;
use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

const BATCHES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("batches");
const ALERTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("alerts");
const DELIVERED: TableDefinition<'_, &str, u64> = TableDefinition::new("delivered");
const POSITIONS: TableDefinition<'_, &str, &str> = TableDefinition::new("positions");
const COUNTERS: TableDefinition<'_, &str, u64> = TableDefinition::new("counters");

/// The layout of the tables. A store of another layout is refused.
const VERSION: u64 = 1;
/// The size of the store's page cache, in bytes.
const CACHE: usize = 16 << 20;
/// The bytes of an entry before the name of its source: kind, first record, time, digest, length of the name.
const HEAD: usize = 1 + 8 + 8 + 16 + 4;

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Records arrived. The number is that of the first record.
    Records(u64, Arrival),
    /// No records arrived for this many microseconds, and the pause released alerts.
    Idle(u64),
}

/// An error of the journal.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The store failed.
    #[error("the journal: {0}")]
    Store(#[from] redb::Error),
    /// A later version wrote the store, with this layout.
    #[error(
        "the journal has layout {0}, and this version reads layout {VERSION}: run the version that wrote it"
    )]
    Version(u64),
    /// The entry with this number cannot be read.
    #[error("the journal holds an entry that cannot be read (batch {0})")]
    Entry(u64),
}

impl Error {
    /// True if the store is damaged, so that a further attempt fails too.
    pub(super) fn is_damage(&self) -> bool {
        use io::ErrorKind::{InvalidData, UnexpectedEof};
        match self {
            Self::Entry(_) => true,
            Self::Store(redb::Error::Corrupted(_)) => true,
            Self::Store(redb::Error::Io(error)) => matches!(error.kind(), InvalidData | UnexpectedEof),
            Self::Store(_) | Self::Version(_) => false,
        }
    }
}

macro_rules! from_parts {
    ($($part:ident)+) => { $(
        impl From<redb::$part> for Error {
            fn from(error: redb::$part) -> Self {
                Self::Store(error.into())
            }
        }
    )+ };
}

from_parts! { CommitError DatabaseError SetDurabilityError StorageError TableError TransactionError }

/// The alerts and positions that the next commit writes together with its batches.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// The new alerts and their numbers.
    pub alerts: Vec<(u64, Vec<u8>)>,
    /// The last batch whose alerts are all in the store.
    pub judged: Option<u64>,
    /// The sinks, each with the last alert that it has delivered.
    pub delivered: Vec<(String, u64)>,
    /// The removed sinks.
    pub gone: Vec<String>,
    /// The last alert that no sink needs any more.
    pub done: Option<u64>,
}

impl Aside {
    /// True if there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        let names_sinks = !self.delivered.is_empty() || !self.gone.is_empty();
        self.alerts.is_empty() && self.judged.is_none() && !names_sinks && self.done.is_none()
    }
}

/// The journal, a redb store.
pub(super) struct Journal {
    database: Database,
}

impl Journal {
    /// Opens the store, or creates it.
    ///
    /// # Errors
    /// Fails if the file cannot be opened: another process uses it, or a later version wrote it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            create(path)?;
        }
        let database = open(path)?;
        tables(&database)?;
        Ok(Self { database })
    }

    /// Writes batches, alerts and positions in one commit. With `synced` it returns when all of it is on disk, together
    /// with earlier unsynced writes. Without, the next synced write includes them.
    ///
    /// # Errors
    /// Fails if the disk is full or fails. Then nothing of this commit was written.
    pub(super) fn write(&self, batches: &[(u64, Entry)], aside: &Aside, synced: bool) -> Result<(), Error> {
        let mut write = self.database.begin_write()?;
        write.set_durability(if synced { Durability::Immediate } else { Durability::None })?;
        {
            let mut table = write.open_table(BATCHES)?;
            let mut positions = write.open_table(POSITIONS)?;
            for (number, entry) in batches {
                // The entry is encoded into the store's own buffer: batches are large.
                entry.encode(table.insert_reserve(number, entry.length())?.as_mut());
                let Entry::Records(_, arrival) = entry else { continue };
                for (what, place) in &arrival.positions {
                    positions.insert(what.as_str(), place.as_str())?;
                }
            }
            let mut counters = write.open_table(COUNTERS)?;
            if let Some(judged) = aside.judged {
                counters.insert("judged", judged)?;
            }
            let mut alerts = write.open_table(ALERTS)?;
            for (number, alert) in &aside.alerts {
                alerts.insert(number, alert.as_slice())?;
            }
            if let Some(done) = aside.done {
                alerts.retain_in(..=done, |_, _| false)?;
            }
            let mut delivered = write.open_table(DELIVERED)?;
            for sink in &aside.gone {
                delivered.remove(sink.as_str())?;
            }
            for (sink, number) in &aside.delivered {
                delivered.insert(sink.as_str(), number)?;
            }
        }
        Ok(write.commit()?)
    }

    /// Removes the batches up to this one, and waits for the disk.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub(super) fn forget(&self, up_to: u64) -> Result<(), Error> {
        let write = self.database.begin_write()?;
        write.open_table(BATCHES)?.retain_in(..=up_to, |_, _| false)?;
        Ok(write.commit()?)
    }

    /// The first batch after this one.
    ///
    /// # Errors
    /// Fails if the disk fails, or if the entry is not a batch.
    pub(super) fn behind(&self, number: u64) -> Result<Option<(u64, Entry)>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(BATCHES)?;
        let Some(found) = table.range(number.saturating_add(1)..)?.next() else { return Ok(None) };
        let (number, bytes) = found?;
        let number = number.value();
        Ok(Some((number, Entry::decode(bytes.value()).ok_or(Error::Entry(number))?)))
    }

    /// Calls `found` with the time of receipt and the digest of each batch up to this number.
    ///
    /// # Errors
    /// Fails if the disk fails, or if an entry is not a batch.
    pub(super) fn digests(&self, up_to: u64, mut found: impl FnMut(i64, u128)) -> Result<(), Error> {
        let read = self.database.begin_read()?;
        for entry in read.open_table(BATCHES)?.range(..=up_to)? {
            let (number, bytes) = entry?;
            let entry = Entry::decode(bytes.value()).ok_or(Error::Entry(number.value()))?;
            if let Entry::Records(_, arrival) = entry {
                found(arrival.received, arrival.digest);
            }
        }
        Ok(())
    }

    /// The numbers of the first and the last batch.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub(super) fn bounds(&self) -> Result<Option<(u64, u64)>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(BATCHES)?;
        let (first, last) = (table.first()?, table.last()?);
        Ok(first.zip(last).map(|(first, last)| (first.0.value(), last.0.value())))
    }

    /// The last batch whose alerts are all in the store.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub(super) fn judged(&self) -> Result<u64, Error> {
        let read = self.database.begin_read()?;
        Ok(read.open_table(COUNTERS)?.get("judged")?.map_or(0, |number| number.value()))
    }

    /// The position of each source.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub(super) fn positions(&self) -> Result<HashMap<String, String>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(POSITIONS)?;
        let text = |found: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &str>), _>| {
            found.map(|(what, place)| (what.value().to_owned(), place.value().to_owned()))
        };
        Ok(table.iter()?.map(text).collect::<Result<_, redb::StorageError>>()?)
    }

    /// The alerts in the store, with their numbers.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub(super) fn alerts(&self) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(ALERTS)?;
        let all =
            table.iter()?.map(|found| found.map(|(number, alert)| (number.value(), alert.value().to_vec())));
        Ok(all.collect::<Result<_, _>>()?)
    }

    /// The sinks, each with the last alert that it has delivered.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub(super) fn delivered(&self) -> Result<HashMap<String, u64>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(DELIVERED)?;
        let all =
            table.iter()?.map(|found| found.map(|(sink, number)| (sink.value().into(), number.value())));
        Ok(all.collect::<Result<_, redb::StorageError>>()?)
    }
}

/// Creates the store under a temporary name and renames it. So a crash leaves a whole store or none.
fn create(path: &Path) -> Result<(), Error> {
    let new = path.with_extension("new");
    let failed = |error| Error::Store(redb::Error::Io(error));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    tables(&open(&new)?)?;
    fs::rename(&new, path).map_err(failed)?;
    let folder = path.parent().map(File::open).transpose().map_err(failed)?;
    folder.map_or(Ok(()), |folder| folder.sync_all()).map_err(failed)
}

/// Creates the missing tables. Refuses a store of another layout.
fn tables(database: &Database) -> Result<(), Error> {
    let write = database.begin_write()?;
    {
        let mut counters = write.open_table(COUNTERS)?;
        let version = counters.get("version")?.map(|version| version.value());
        match version {
            None => drop(counters.insert("version", VERSION)?),
            Some(VERSION) => {}
            Some(other) => return Err(Error::Version(other)),
        }
        write.open_table(BATCHES)?;
        write.open_table(ALERTS)?;
        write.open_table(DELIVERED)?;
        write.open_table(POSITIONS)?;
    }
    Ok(write.commit()?)
}

fn open(path: &Path) -> Result<Database, Error> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    // Without this check, a damaged store would make later calls panic.
    builder.set_check_integrity_on_open(true);
    #[cfg(debug_assertions)]
    if faults::are_wanted() {
        let file = faults::Unsynced::open(path).map_err(|error| Error::Store(redb::Error::Io(error)))?;
        return Ok(builder.create_with_backend(file)?);
    }
    let file = private().read(true).write(true).truncate(false).open(path);
    let file = file.map_err(|error| Error::Store(redb::Error::Io(error)))?;
    Ok(builder.create_with_backend(FileBackend::new(file)?)?)
}

/// Copies the parts into `out`, one after the other. `out` has to be long enough.
fn put(mut out: &mut [u8], parts: &[&[u8]]) {
    for part in parts {
        let _ = out.write_all(part);
    }
}

impl Entry {
    /// True for records with this digest.
    pub(super) fn has_digest(&self, digest: u128) -> bool {
        matches!(self, Self::Records(_, arrival) if arrival.digest == digest)
    }

    /// The length of the encoded entry, in bytes.
    fn length(&self) -> usize {
        match self {
            Self::Records(_, arrival) => HEAD + arrival.source.len() + arrival.records.len(),
            Self::Idle(_) => 9,
        }
    }

    /// Encodes the entry into `out`, which has [`Entry::length`] bytes.
    fn encode(&self, out: &mut [u8]) {
        match self {
            Self::Records(first, arrival) => put(
                out,
                &[
                    &[0],
                    &first.to_le_bytes(),
                    &arrival.received.to_le_bytes(),
                    &arrival.digest.to_le_bytes(),
                    &(arrival.source.len() as u32).to_le_bytes(),
                    arrival.source.as_bytes(),
                    &arrival.records,
                ],
            ),
            Self::Idle(micros) => put(out, &[&[1], &micros.to_le_bytes()]),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        match kind {
            0 => {
                let (first, rest) = rest.split_first_chunk()?;
                let (received, rest) = rest.split_first_chunk()?;
                let (digest, rest) = rest.split_first_chunk()?;
                let (length, rest) = rest.split_first_chunk()?;
                let (source, records) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
                let source: Arc<str> = std::str::from_utf8(source).ok()?.into();
                let received = i64::from_le_bytes(*received);
                let digest = u128::from_le_bytes(*digest);
                // Positions are in a table of their own.
                let (records, positions) = (records.to_vec(), Vec::new());
                let arrival = Arrival { source, received, records, digest, positions };
                Some(Self::Records(u64::from_le_bytes(*first), arrival))
            }
            1 => Some(Self::Idle(u64::from_le_bytes(rest.try_into().ok()?))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn arrival(text: &str) -> Arrival {
        Arrival { source: "http".into(), received: 7, records: text.into(), digest: 9, positions: Vec::new() }
    }

    fn replayed(journal: &Journal, behind: u64) -> Vec<(u64, Entry)> {
        let next = |last: u64| journal.behind(last).unwrap();
        std::iter::successors(next(behind), |(number, _)| next(*number)).collect()
    }

    #[test]
    fn what_was_written_is_there_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let batches = vec![
            (1, Entry::Records(1, arrival("a\n"))),
            (2, Entry::Idle(5)),
            (3, Entry::Records(2, arrival(""))),
        ];
        {
            let journal = Journal::open(&path).unwrap();
            assert_eq!(journal.bounds().unwrap(), None);
            let aside = Aside {
                alerts: vec![(1, b"one".to_vec()), (2, b"two".to_vec())],
                judged: Some(2),
                delivered: vec![("out".into(), 1), ("old".into(), 1)],
                done: Some(1),
                gone: vec![],
            };
            journal.write(&batches, &aside, true).unwrap();
            journal.write(&[], &Aside { gone: vec!["old".into()], ..Aside::default() }, true).unwrap();
            assert!(Journal::open(&path).is_err(), "two services share no journal");
        }
        let journal = Journal::open(&path).unwrap();
        assert_eq!(replayed(&journal, 0), batches);
        assert_eq!(replayed(&journal, 2), batches[2..]);
        assert_eq!((journal.judged().unwrap(), journal.bounds().unwrap()), (2, Some((1, 3))));
        assert_eq!(journal.alerts().unwrap(), [(2, b"two".to_vec())]);
        assert_eq!(journal.delivered().unwrap(), HashMap::from([("out".to_owned(), 1)]));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "records hold personal data");
        journal.forget(2).unwrap();
        assert_eq!(replayed(&journal, 0), batches[2..]);
    }

    #[test]
    fn damage_is_an_error_that_is_known_as_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        let entries = [(1, Entry::Records(1, arrival(&"x".repeat(100_000))))];
        journal.write(&entries, &Aside::default(), true).unwrap();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped.iter_mut().filter(|byte| **byte == b'x').for_each(|byte| *byte = b'y');
        for bytes in [&flipped, &whole[..whole.len() / 2], &whole[..10], b"no store at all"] {
            fs::write(&path, bytes).unwrap();
            let error = Journal::open(&path).err().unwrap();
            assert!(error.is_damage(), "{error:?}");
        }
    }

    #[test]
    fn a_layout_of_a_later_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        let write = journal.database.begin_write().unwrap();
        write.open_table(COUNTERS).unwrap().insert("version", 9).unwrap();
        write.commit().unwrap();
        drop(journal);
        assert!(matches!(Journal::open(&path), Err(Error::Version(9))));
    }

    #[test]
    fn entries_that_are_cut_are_none() {
        let entry = Entry::Records(1, arrival("a\n"));
        let mut whole = vec![0; entry.length()];
        entry.encode(&mut whole);
        assert_eq!(Entry::decode(&whole), Some(entry));
        for end in 0..whole.len() - 2 {
            assert_eq!(Entry::decode(&whole[..end]), None, "{end}");
        }
        assert_eq!(Entry::decode(&[7, 0]), None);
    }
}
