//! Files that are read twice: from their paths, or from a temporary file if they are in an archive.

use super::clock::Clock;
use super::failing::Tally;
use super::input::Input;
use super::open::{Manner, Open, Reopen};
use super::section::Section;
use super::survey::Survey;
use super::temporary::{self, Spooled};
use super::unpack::Bytes;
use super::walk::Found;
use authsieve_engine::detector::Reading;
use authsieve_engine::time::Timestamp;
use authsieve_framing::{BehindTheEnd, Order};
use std::io::{self, Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

/// The most bytes from archives that are held in memory.
const IN_MEMORY: usize = 64 << 20;

/// A file whose times are known.
pub(super) struct Stored {
    pub(super) name: Arc<str>,
    short: Option<String>,
    /// The time of its last change, in microseconds since 1970.
    pub(super) written: Option<i64>,
    place: Place,
    dates: Option<Order>,
    pub(super) survey: Survey,
}

#[derive(Clone)]
enum Place {
    Input(Input),
    Kept(Kept),
}

impl Place {
    fn open(&self, progress: &Arc<AtomicU64>) -> io::Result<Bytes> {
        match self {
            Self::Input(input) => input.opened(progress),
            Self::Kept(kept) => Ok(kept.open()),
        }
    }
}

impl Stored {
    /// Reads a file for its times. `tally` gets its events.
    ///
    /// # Errors
    /// Fails if the file is in an archive and cannot be copied.
    pub(super) fn new(
        mut found: Found,
        clock: &mut Clock,
        tally: &mut Tally,
        spool: &mut Spool,
        manner: &Manner,
    ) -> io::Result<Self> {
        let (name, short, written) = (Arc::clone(&found.name), found.short.clone(), found.written);
        let (place, meter) = match &found.again {
            Some(input) => (Place::Input(input.clone()), Some(Arc::clone(&found.meter))),
            None => {
                let kept = spool.keep(found.bytes)?;
                found.bytes = kept.open();
                (Place::Kept(kept), None)
            }
        };
        let again = place.clone();
        let again: Reopen = Box::new(move || again.open(&Arc::default()));
        clock.begin();
        let (mut survey, mut file) = (Survey::default(), Open::new(found, Some(again), manner));
        let mut buffer = Vec::new();
        while let Some(batch) = file.next(buffer, manner) {
            let reading = manner.reading(written);
            let tally = tally.is_due().then_some(&mut *tally);
            clock.survey(&batch.bytes, reading, tally, |_, told| survey.take(told));
            buffer = batch.bytes;
        }
        tally.ends();
        if let Some(meter) = meter {
            meter.forget();
        }
        Ok(Self { name, short, written, place, dates: file.dates(), survey })
    }

    /// Opens the file again. `progress` counts the bytes that are read.
    ///
    /// # Errors
    /// Fails with the errors of the operating system.
    pub(super) fn open(&self, manner: &Manner, progress: &Arc<AtomicU64>) -> io::Result<Open> {
        let bytes = self.place.open(progress)?;
        let name = Arc::clone(&self.name);
        Ok(Open::again(name, self.short.as_deref(), bytes, self.dates, manner).written(self.written))
    }
}

impl Manner {
    /// The reading for the records of this file. `modified` is the time of its last change.
    pub(super) fn reading(&self, modified: Option<i64>) -> Reading {
        let written = self.last_written(modified).map(Timestamp);
        Reading { received: Timestamp(self.received), written, first: 0 }
    }
}

/// The files of archives, in memory or in a temporary file. The temporary file has no name and vanishes when it is
/// closed.
pub(super) struct Spool {
    file: Arc<Mutex<Spooled>>,
    end: u64,
}

/// A copied file of an archive.
#[derive(Clone)]
struct Kept {
    file: Arc<Mutex<Spooled>>,
    start: u64,
    end: u64,
    /// The error at which reading ended, if any.
    failed: Option<Failure>,
}

/// An error that is reported each time the file is read.
#[derive(Clone)]
enum Failure {
    Behind(BehindTheEnd),
    Other(ErrorKind, String),
}

impl Default for Spool {
    fn default() -> Self {
        Self { file: Arc::new(Mutex::new(temporary::spooled(IN_MEMORY))), end: 0 }
    }
}

impl Spool {
    /// Copies a file. An error in reading is stored with the copy.
    ///
    /// # Errors
    /// Fails if the temporary file cannot be written.
    fn keep(&mut self, mut bytes: Bytes) -> io::Result<Kept> {
        let start = self.end;
        let mut piece = vec![0; 64 << 10];
        let failed = loop {
            match bytes.read(&mut piece) {
                Ok(0) => break None,
                Ok(read) => {
                    let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
                    file.seek(SeekFrom::Start(self.end))?;
                    file.write_all(piece.get(..read).unwrap_or_default())?;
                    self.end += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Some(Failure::of(&error)),
            }
        };
        Ok(Kept { file: Arc::clone(&self.file), start, end: self.end, failed })
    }
}

impl Kept {
    fn open(&self) -> Bytes {
        let section = Section::new(&self.file, self.start, self.end);
        match self.failed.clone() {
            None => Box::new(section),
            Some(failure) => Box::new(section.chain(Failed(failure))),
        }
    }
}

impl Failure {
    fn of(error: &Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<BehindTheEnd>()) {
            Some(behind) => Self::Behind(*behind),
            None => Self::Other(error.kind(), error.to_string()),
        }
    }
}

/// A reader that always fails.
struct Failed(Failure);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(match self.0.clone() {
            Failure::Behind(behind) => behind.into(),
            Failure::Other(kind, why) => Error::new(kind, why),
        })
    }
}
