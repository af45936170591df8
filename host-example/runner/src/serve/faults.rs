//! Failure points: places where a test ends the service as a power cut would.
//!
//! Only builds with debug assertions have failure points. `AUTHSIEVE_FAULT=NAME:N` ends the process when it passes
//! point NAME for the N-th time. As in a power cut, journal writes that were not synced are lost. A plain kill would
//! lose nothing that the operating system already has.
//!
//! | name | point |
//! |---|---|
//! | `write` | a write to the journal |
//! | `sync` | during a sync of the journal: some writes are on disk, whole or in half |
//! | `synced` | after a sync of the journal |
//! | `state-write` | half of a state is written |
//! | `state-sync` | before the sync of a state |
//! | `rename`, `renamed` | before and after the renaming of a state |
//! | `removed` | after the removal of an old state |

/// Ends the process if the test asked for an end at this point.
pub(super) fn at(point: &str) {
    #[cfg(debug_assertions)]
    if points::comes(point) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = point;
}

#[cfg(debug_assertions)]
pub(super) use points::{Unsynced, are_wanted};

#[cfg(debug_assertions)]
mod points {
    use crate::serve::private;
    use redb::StorageBackend;
    use std::env;
    use std::fs::File;
    use std::io;
    use std::os::unix::fs::FileExt;
    use std::path::Path;
    use std::process::abort;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

    fn wanted() -> Option<&'static (String, u64)> {
        static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
        let wanted = WANTED.get_or_init(|| {
            let text = env::var("AUTHSIEVE_FAULT").ok()?;
            let (name, number) = text.split_once(':')?;
            Some((name.to_owned(), number.parse().ok()?))
        });
        wanted.as_ref()
    }

    /// True if a test asked for a failure.
    pub(in crate::serve) fn are_wanted() -> bool {
        wanted().is_some()
    }

    /// True if the process has to end at this point now.
    pub(super) fn comes(point: &str) -> bool {
        static PASSED: AtomicU64 = AtomicU64::new(0);
        wanted().is_some_and(|(name, number)| {
            name == point && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *number
        })
    }

    /// A file that loses all writes since its last sync when the process ends.
    #[derive(Debug)]
    pub(in crate::serve) struct Unsynced {
        file: File,
        image: Mutex<Image>,
    }

    /// The content of the file, and the byte ranges that are not on disk.
    #[derive(Debug)]
    struct Image {
        bytes: Vec<u8>,
        dirty: Vec<(usize, usize)>,
    }

    impl Unsynced {
        /// Opens or creates the file.
        pub(in crate::serve) fn open(path: &Path) -> io::Result<Self> {
            let file = private().read(true).write(true).truncate(false).open(path)?;
            let bytes = std::fs::read(path)?;
            Ok(Self { file, image: Mutex::new(Image { bytes, dirty: Vec::new() }) })
        }

        fn image(&self) -> MutexGuard<'_, Image> {
            self.image.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Writes part of the unsynced ranges: each one fully, its first half, or not at all.
        fn tear(&self, image: &Image) {
            let _ = self.file.set_len(image.bytes.len() as u64);
            for (number, (begin, end)) in image.dirty.iter().enumerate() {
                let luck = super::super::digest(&[&number.to_le_bytes(), &begin.to_le_bytes()]).h1 % 3;
                let end = begin + (end - begin) * luck as usize / 2;
                let bytes = image.bytes.get(*begin..end).unwrap_or_default();
                let _ = self.file.write_all_at(bytes, *begin as u64);
            }
        }
    }

    impl StorageBackend for Unsynced {
        fn len(&self) -> io::Result<u64> {
            Ok(self.image().bytes.len() as u64)
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            let (image, begin) = (self.image(), offset as usize);
            let bytes = image.bytes.get(begin..begin + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(bytes);
            Ok(())
        }

        fn set_len(&self, length: u64) -> io::Result<()> {
            let mut image = self.image();
            image.bytes.resize(length as usize, 0);
            let length = image.bytes.len();
            image
                .dirty
                .iter_mut()
                .for_each(|(begin, end)| (*begin, *end) = ((*begin).min(length), (*end).min(length)));
            Ok(())
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            let (mut image, begin) = (self.image(), offset as usize);
            let place = image.bytes.get_mut(begin..begin + data.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            place.copy_from_slice(data);
            image.dirty.push((begin, begin + data.len()));
            if comes("write") {
                abort();
            }
            Ok(())
        }

        fn sync_data(&self) -> io::Result<()> {
            let mut image = self.image();
            if comes("sync") {
                self.tear(&image);
                abort();
            }
            self.file.set_len(image.bytes.len() as u64)?;
            for (begin, end) in std::mem::take(&mut image.dirty) {
                let bytes = image.bytes.get(begin..end).unwrap_or_default();
                self.file.write_all_at(bytes, begin as u64)?;
            }
            self.file.sync_data()?;
            if comes("synced") {
                abort();
            }
            Ok(())
        }
    }
}
