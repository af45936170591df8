//! Temporary files for bytes that do not fit into memory. They have no name and vanish when they are closed. A browser
//! has no such files, so memory takes their place.

use super::unpack::Bytes;
use std::io::{self, Read, Seek};

/// Bytes that can be read in any order.
pub(super) trait Anywhere: Read + Seek + Send {}

impl<T: Read + Seek + Send> Anywhere for T {}

/// A file, or memory in its place.
pub(super) type Whole = Box<dyn Anywhere>;

/// Copies all bytes of an input, and starts at the first byte.
///
/// # Errors
/// Fails with the errors of the input, and if the file cannot be written.
pub(super) fn kept(mut input: Bytes) -> io::Result<Whole> {
    let mut file = file()?;
    io::copy(&mut input, &mut file)?;
    file.rewind()?;
    Ok(Box::new(file))
}

#[cfg(not(target_family = "wasm"))]
mod place {
    use std::fs::File;
    use std::io;
    use tempfile::SpooledTempFile;

    /// An empty file.
    pub(crate) fn file() -> io::Result<File> {
        tempfile::tempfile()
    }

    /// A file that stays in memory up to this many bytes.
    pub(crate) fn spooled(most: usize) -> SpooledTempFile {
        SpooledTempFile::new(most)
    }

    pub(crate) type Temporary = File;
    pub(crate) type Spooled = SpooledTempFile;
}

#[cfg(target_family = "wasm")]
mod place {
    use std::io::{self, Cursor};

    /// An empty file.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere a file cannot always be made")]
    pub(crate) fn file() -> io::Result<Temporary> {
        Ok(Cursor::default())
    }

    /// A file in memory, because there is no disk.
    pub(crate) fn spooled(_: usize) -> Spooled {
        Cursor::default()
    }

    pub(crate) type Temporary = Cursor<Vec<u8>>;
    pub(crate) type Spooled = Cursor<Vec<u8>>;
}

pub(super) use place::{Spooled, Temporary, file, spooled};
