//! Bytes that a host holds, and that can be read at any place.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// Bytes that can be read at any place, such as a file that a browser holds.
pub trait Store: fmt::Debug + Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Reads bytes from the place `at` on, as many as there are and `into` holds. Returns how many; 0 at the end.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;
}

/// A reader with a place of its own in a store.
#[derive(Debug)]
pub(super) struct Place {
    store: Arc<dyn Store>,
    at: u64,
}

impl Place {
    /// At the first byte.
    pub(super) fn new(store: &Arc<dyn Store>) -> Self {
        Self { store: Arc::clone(store), at: 0 }
    }
}

impl Read for Place {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.store.read_at(self.at, into)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Place {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.store.size(), by),
            SeekFrom::Current(by) => (self.at, by),
        };
        let at = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        self.at = at;
        Ok(at)
    }
}
