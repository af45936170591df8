//! Stored logs: inputs that are read one after the other, each to its end.

use super::input::{Input, Opened};
use super::{Batch, Loss, Receipt, Source, now};
use authsieve_framing::{Counts, Format, MAX_RECORD};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Inputs in the order in which they are read.
pub struct Files {
    inputs: std::vec::IntoIter<Input>,
    size: Option<u64>,
    received: Option<i64>,
    format: Option<Format>,
    max_record: usize,
    read: Arc<AtomicU64>,
    current: Option<Current>,
    /// When the run began.
    began: i64,
}

/// The input that is read now.
struct Current {
    name: Arc<str>,
    opened: Opened,
}

impl Files {
    /// The records of these inputs. Records longer than 16 MiB are skipped.
    #[must_use]
    pub fn new(inputs: Vec<Input>) -> Self {
        Self {
            size: inputs.iter().map(Input::size).sum(),
            inputs: inputs.into_iter(),
            received: None,
            format: None,
            max_record: MAX_RECORD,
            read: Arc::default(),
            current: None,
            began: now(),
        }
    }

    /// Takes all records as received at this time, in microseconds since 1970. Without one, a file was received when it
    /// was last modified, and a pipe is received as it is read.
    #[must_use]
    pub fn received(self, received: Option<i64>) -> Self {
        Self { received, ..self }
    }

    /// Reads all inputs in this format. Without one, the first bytes of each tell.
    #[must_use]
    pub fn format(self, format: Option<Format>) -> Self {
        Self { format, ..self }
    }

    /// Skips records longer than this many bytes.
    #[must_use]
    pub fn max_record(self, max_record: usize) -> Self {
        Self { max_record, ..self }
    }

    /// How far the inputs are read.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { size: self.size, read: Arc::clone(&self.read) }
    }

    /// A batch without records.
    fn empty(&self, file: Arc<str>) -> Batch {
        Batch {
            file,
            line: 1,
            bytes: Vec::new(),
            received: self.received.unwrap_or_else(now),
            written: Some(self.began),
            losses: Vec::new(),
            flaws: Counts::default(),
            receipt: Receipt::default(),
        }
    }

    /// Tells that an input cannot be read any further.
    fn failed(&self, file: Arc<str>, error: io::Error, flaws: Counts) -> Batch {
        Batch { losses: vec![Loss::Unreadable(error)], flaws, ..self.empty(file) }
    }
}

impl Source for Files {
    fn next(&mut self, mut buffer: Vec<u8>) -> Option<Batch> {
        loop {
            let Some(mut current) = self.current.take() else {
                let input = self.inputs.next()?;
                let name: Arc<str> = input.name().into();
                match input.open(self.max_record, self.format, &self.read) {
                    Ok(opened) => self.current = Some(Current { name, opened }),
                    Err(error) => return Some(self.failed(name, error, Counts::default())),
                }
                continue;
            };
            match current.opened.records.next(&mut buffer) {
                Err(error) => {
                    return Some(self.failed(current.name, error, current.opened.records.counts()));
                }
                Ok(Some(cut)) => {
                    let oversized = cut.oversized.into_iter().map(Loss::Oversized);
                    let batch = Batch {
                        file: Arc::clone(&current.name),
                        line: cut.first_line,
                        bytes: buffer,
                        received: self.received.or(current.opened.written).unwrap_or_else(now),
                        written: current.opened.written.or(Some(self.began)),
                        losses: oversized.chain(cut.problems.into_iter().map(Loss::Flawed)).collect(),
                        flaws: Counts::default(),
                        receipt: Receipt::default(),
                    };
                    self.current = Some(current);
                    return Some(batch);
                }
                // All flaws of an input are told at its end.
                Ok(None) if current.opened.records.counts().total() > 0 => {
                    let flaws = current.opened.records.counts();
                    return Some(Batch { flaws, ..self.empty(current.name) });
                }
                Ok(None) => {}
            }
        }
    }
}

/// How far inputs are read.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    size: Option<u64>,
    read: Arc<AtomicU64>,
}

impl Progress {
    /// How many bytes there are to read, as they are stored, if all inputs are files.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// How many of these bytes were read by now.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}
