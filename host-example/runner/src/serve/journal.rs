//! Batches, alerts and positions on disk, in one transactional store.
//!
//! | table | key | value |
//! |---|---|---|
//! | `batches` | number of the batch | who sent it, when, which records; or that nothing came for a time |
//! | `alerts` | number of the alert | what sinks need of it |
//! | `delivered` | name of a sink | number of the last alert that it has delivered |
//! | `positions` | what a source reads | up to where it was read |
//! | `counters` | name | up to which batch alerts are in the store; the layout of the tables |
//!
//! A batch is committed to disk before its sender is answered. Alerts, positions of sinks and counters go along with the next
//! such commit: a crash loses them together, and the batches that are judged again bring them back.

use super::arrival::Arrival;
#[cfg(debug_assertions)]
use super::faults;
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
/// Pages of the store that are kept in memory, in bytes.
const CACHE: usize = 16 << 20;
/// The bytes before the name of the source in an entry: kind, first record, time, digest, length of the name.
const HEAD: usize = 1 + 8 + 8 + 16 + 4;

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Records came. The first has this number.
    Records(u64, Arrival),
    /// Nothing came for so many microseconds, and this released alerts.
    Idle(u64),
}

/// An error of the store, in words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The store failed.
    #[error("the journal: {0}")]
    Store(#[from] redb::Error),
    /// A later version wrote it.
    #[error(
        "the journal has layout {0}, and this version reads layout {VERSION}: run the version that wrote it"
    )]
    Version(u64),
    /// An entry cannot be read.
    #[error("the journal holds an entry that cannot be read (batch {0})")]
    Entry(u64),
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

/// All that is written beside batches, with the next commit.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// Alerts by their numbers.
    pub alerts: Vec<(u64, Vec<u8>)>,
    /// Alerts of all batches up to this one are in the store.
    pub judged: Option<u64>,
    /// Sinks by name, and what they have delivered.
    pub delivered: Vec<(String, u64)>,
    /// Alerts up to this number are needed no more.
    pub done: Option<u64>,
}

impl Aside {
    /// True if there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.alerts.is_empty() && self.judged.is_none() && self.delivered.is_empty() && self.done.is_none()
    }
}

/// The store.
pub(super) struct Journal {
    database: Database,
}

impl Journal {
    /// Opens the store, or makes one.
    ///
    /// # Errors
    /// Where it cannot be opened: it is another's, or of a later version.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            create(path)?;
        }
        let database = open(path)?;
        tables(&database)?;
        Ok(Self { database })
    }

    /// Writes batches and what goes beside them. With `synced` it returns once all is on disk, what was written before
    /// included; without, the next synced one takes it along.
    ///
    /// # Errors
    /// Where the disk is full or fails. Then nothing of it was written.
    pub(super) fn write(&self, batches: &[(u64, Entry)], aside: &Aside, synced: bool) -> Result<(), Error> {
        let mut write = self.database.begin_write()?;
        write.set_durability(if synced { Durability::Immediate } else { Durability::None })?;
        {
            let mut table = write.open_table(BATCHES)?;
            let mut positions = write.open_table(POSITIONS)?;
            for (number, entry) in batches {
                // Written in place: batches are large.
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
            for (sink, number) in &aside.delivered {
                delivered.insert(sink.as_str(), number)?;
            }
        }
        Ok(write.commit()?)
    }

    /// Forgets the batches up to this one, and waits for the disk.
    ///
    /// # Errors
    /// Where the disk fails.
    pub(super) fn forget(&self, up_to: u64) -> Result<(), Error> {
        let write = self.database.begin_write()?;
        write.open_table(BATCHES)?.retain_in(..=up_to, |_, _| false)?;
        Ok(write.commit()?)
    }

    /// The first batch behind this one.
    ///
    /// # Errors
    /// Where the disk fails, or what stands there is no batch.
    pub(super) fn behind(&self, number: u64) -> Result<Option<(u64, Entry)>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(BATCHES)?;
        let Some(found) = table.range(number.saturating_add(1)..)?.next() else { return Ok(None) };
        let (number, bytes) = found?;
        let number = number.value();
        Ok(Some((number, Entry::decode(bytes.value()).ok_or(Error::Entry(number))?)))
    }

    /// The numbers of the first and the last batch.
    ///
    /// # Errors
    /// Where the disk fails.
    pub(super) fn bounds(&self) -> Result<Option<(u64, u64)>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(BATCHES)?;
        let (first, last) = (table.first()?, table.last()?);
        Ok(first.zip(last).map(|(first, last)| (first.0.value(), last.0.value())))
    }

    /// Up to which batch alerts are in the store.
    ///
    /// # Errors
    /// Where the disk fails.
    pub(super) fn judged(&self) -> Result<u64, Error> {
        let read = self.database.begin_read()?;
        Ok(read.open_table(COUNTERS)?.get("judged")?.map_or(0, |number| number.value()))
    }

    /// Up to where each source was read.
    ///
    /// # Errors
    /// Where the disk fails.
    pub(super) fn positions(&self) -> Result<HashMap<String, String>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(POSITIONS)?;
        let text = |found: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &str>), _>| {
            found.map(|(what, place)| (what.value().to_owned(), place.value().to_owned()))
        };
        Ok(table.iter()?.map(text).collect::<Result<_, redb::StorageError>>()?)
    }

    /// The alerts that are in the store, by number.
    ///
    /// # Errors
    /// Where the disk fails.
    pub(super) fn alerts(&self) -> Result<Vec<(u64, Vec<u8>)>, Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(ALERTS)?;
        let all =
            table.iter()?.map(|found| found.map(|(number, alert)| (number.value(), alert.value().to_vec())));
        Ok(all.collect::<Result<_, _>>()?)
    }

    /// The last alert that a sink has delivered, if the sink is known.
    ///
    /// # Errors
    /// Where the disk fails.
    pub(super) fn delivered(&self, sink: &str) -> Result<Option<u64>, Error> {
        let read = self.database.begin_read()?;
        Ok(read.open_table(DELIVERED)?.get(sink)?.map(|number| number.value()))
    }
}

/// Makes a store under another name and renames it, so that a crash leaves a whole one or none.
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

/// Makes the tables that are not there. A store of another layout is refused.
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
    #[cfg(debug_assertions)]
    if faults::are_wanted() {
        let file = faults::Unsynced::open(path).map_err(|error| Error::Store(redb::Error::Io(error)))?;
        return Ok(builder.create_with_backend(file)?);
    }
    Ok(builder.create(path)?)
}

/// Writes parts one after the other into bytes that are long enough.
fn put(mut out: &mut [u8], parts: &[&[u8]]) {
    for part in parts {
        let _ = out.write_all(part);
    }
}

impl Entry {
    /// The bytes of its encoding.
    fn length(&self) -> usize {
        match self {
            Self::Records(_, arrival) => HEAD + arrival.source.len() + arrival.records.len(),
            Self::Idle(_) => 9,
        }
    }

    /// Writes it to `out`, as long as [`Entry::length`].
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
                // Positions stand in a table of their own.
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
                delivered: vec![("out".into(), 1)],
                done: Some(1),
            };
            journal.write(&batches, &aside, true).unwrap();
            assert!(Journal::open(&path).is_err(), "two services share no journal");
        }
        let journal = Journal::open(&path).unwrap();
        assert_eq!(replayed(&journal, 0), batches);
        assert_eq!(replayed(&journal, 2), batches[2..]);
        assert_eq!((journal.judged().unwrap(), journal.bounds().unwrap()), (2, Some((1, 3))));
        assert_eq!(journal.alerts().unwrap(), [(2, b"two".to_vec())]);
        assert_eq!((journal.delivered("out").unwrap(), journal.delivered("x").unwrap()), (Some(1), None));
        journal.forget(2).unwrap();
        assert_eq!(replayed(&journal, 0), batches[2..]);
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
