//! A part of a file that several readers share.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

/// A range of bytes in a shared file. Each section has its own position.
pub(super) struct Section<F> {
    file: Arc<Mutex<F>>,
    start: u64,
    at: u64,
    end: u64,
}

impl<F> Section<F> {
    /// The bytes from `start` to `end`.
    pub(super) fn new(file: &Arc<Mutex<F>>, start: u64, end: u64) -> Self {
        Self { file: Arc::clone(file), start, at: start, end }
    }
}

impl<F> Seek for Section<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.end - self.start, by),
            SeekFrom::Current(by) => (self.at - self.start, by),
        };
        let at = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        self.at = self.start.saturating_add(at);
        Ok(at)
    }
}

impl<F: Read + Seek> Read for Section<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(into.get_mut(..most).unwrap_or_default())?;
        self.at += read as u64;
        Ok(read)
    }
}
