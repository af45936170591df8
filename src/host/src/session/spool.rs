//! Stores bytes that are seldom read again: the newest in memory, all others in a temporary file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// The number of bytes that are gathered before they are written.
const GATHERED: usize = 1 << 20;

/// Bytes that grow at their end. Holds 1 MiB in memory, or more if no temporary file can be written.
///
/// The file is in the folder for temporary files (`TMPDIR`), has no name, and ends with the process.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: Option<File>,
    /// The number of bytes in the file, which are the first ones.
    filed: usize,
    /// The bytes after those in the file.
    newest: Vec<u8>,
    /// True if the file could not be written.
    failed: bool,
}

impl Spool {
    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.filed + self.newest.len()
    }

    /// The number of bytes in memory.
    pub fn held(&self) -> usize {
        self.newest.len()
    }

    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.newest.extend_from_slice(bytes);
        if self.newest.len() >= GATHERED && !self.failed {
            match self.write() {
                Ok(()) => {
                    self.filed += self.newest.len();
                    self.newest.clear();
                    self.newest.shrink_to(2 * GATHERED);
                }
                // The bytes in the file stay there, and can be read.
                Err(_) => self.failed = true,
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.filed as u64))?;
        file.write_all(&self.newest)
    }

    /// Removes all bytes. The file stays, and is written again.
    pub fn clear(&mut self) {
        (self.filed, self.failed) = (0, false);
        self.newest = Vec::new();
        if let Some(file) = &mut self.file
            && file.set_len(0).is_err()
        {
            self.file = None;
        }
    }

    /// Reads a range of the bytes.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub fn read(&self, part: Range<usize>) -> io::Result<Vec<u8>> {
        let filed = part.start.min(self.filed)..part.end.min(self.filed);
        let mut bytes = vec![0; filed.len()];
        if let Some(mut file) = self.file.as_ref().filter(|_| !filed.is_empty()) {
            file.seek(SeekFrom::Start(filed.start as u64))?;
            file.read_exact(&mut bytes)?;
        }
        let newest = part.start.saturating_sub(self.filed)..part.end.saturating_sub(self.filed);
        bytes.extend_from_slice(self.newest.get(newest).unwrap_or_default());
        Ok(bytes)
    }

    /// A copy of all bytes, with its own file.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub fn copied(&self) -> io::Result<Self> {
        let mut copy = Self::default();
        let mut at = 0;
        while at < self.len() {
            let end = self.len().min(at + GATHERED);
            copy.push(&self.read(at..end)?);
            at = end;
        }
        Ok(copy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_wherever_it_lies() {
        let mut spool = Spool::default();
        let bytes: Vec<u8> = (0..5 * GATHERED / 2).map(|at| (at % 251) as u8).collect();
        for part in bytes.chunks(100_003) {
            spool.push(part);
        }
        assert_eq!(spool.len(), bytes.len());
        assert!(spool.held() < GATHERED);
        let copy = spool.copied().unwrap();
        for part in [0..0, 0..1, 7..spool.filed, spool.filed - 3..spool.filed + 3, spool.filed..spool.len()] {
            assert_eq!(spool.read(part.clone()).unwrap(), bytes[part.clone()]);
            assert_eq!(copy.read(part.clone()).unwrap(), bytes[part]);
        }
        spool.clear();
        assert_eq!((spool.len(), spool.read(0..0).unwrap()), (0, Vec::new()));
        spool.push(b"again");
        assert_eq!(spool.read(0..5).unwrap(), b"again");
        assert_eq!(copy.len(), bytes.len());
    }
}
