//! A growing file, for `run --follow FILE`.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// The wait between two looks at a file whose end was reached.
const LOOK: Duration = Duration::from_millis(200);

/// Reads a file from its beginning and waits for more at its end. Continues with a file that replaces it, and from the
/// beginning of a truncated one.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    file: File,
    offset: u64,
    /// True if the last line has no newline yet.
    within_line: bool,
}

impl Tail {
    /// Follows the file at this path.
    ///
    /// # Errors
    /// Fails if the file cannot be opened.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.into(), file: File::open(path)?, offset: 0, within_line: false })
    }

    /// The file that is at the path now, if it is another one.
    fn other(&self) -> Option<File> {
        // The file may be missing for a moment.
        let other = File::open(&self.path).ok()?;
        let (own, about) = (self.file.metadata().ok()?, other.metadata().ok()?);
        (!is_same(&own, &about)).then_some(other)
    }

    fn more(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.offset += count as u64;
        if let Some(last) = into.get(..count).and_then(<[u8]>::last) {
            self.within_line = *last != b'\n';
        }
        Ok(count)
    }

    /// Begins a file. An incomplete line of the previous file ends here.
    fn begin(&mut self, into: &mut [u8]) -> usize {
        self.offset = 0;
        match into.first_mut() {
            Some(first) if std::mem::take(&mut self.within_line) => {
                *first = b'\n';
                1
            }
            _ => 0,
        }
    }
}

impl Read for Tail {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            let other = self.other();
            // Read after `other`, so that everything written before the replacement is read.
            let mut count = self.more(into)?;
            if count == 0
                && let Some(other) = other
            {
                self.file = other;
                count = self.begin(into);
            } else if count == 0 && self.file.metadata()?.len() < self.offset {
                self.file.seek(SeekFrom::Start(0))?;
                count = self.begin(into);
            } else if count == 0 {
                thread::sleep(LOOK);
            }
            if count > 0 {
                return Ok(count);
            }
        }
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// The time of creation identifies a file.
#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    #[test]
    fn a_file_is_followed_through_growth_rotation_and_truncation() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
        fs::write(&path, "one\n").unwrap();
        let mut tail = Tail::new(&path).unwrap();
        let mut next = |length: usize| {
            let mut bytes = vec![0; length];
            tail.read_exact(&mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(next(4), "one\n");
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"two\ncut").unwrap();
        assert_eq!(next(7), "two\ncut");
        fs::rename(&path, &old).unwrap();
        file.write_all(b" off").unwrap();
        assert_eq!(next(4), " off", "what is written after the renaming");
        fs::write(&path, "three\n").unwrap();
        assert_eq!(next(7), "\nthree\n", "a line that was cut off ends");
        fs::write(&path, "4\n").unwrap();
        assert_eq!(next(2), "4\n");
    }
}
