//! Where bytes are kept that do not fit: temporary files, which have no name and go when they are closed. In a browser,
//! which has none, memory.

use super::unpack::Bytes;
use std::io::{self, Read, Seek};

/// Bytes that are read out of their order.
pub(super) trait Anywhere: Read + Seek + Send {}

impl<T: Read + Seek + Send> Anywhere for T {}

/// A file, or what stands for one.
pub(super) type Whole = Box<dyn Anywhere>;

/// Keeps all bytes of an input, to be read from the first on.
///
/// # Errors
/// Those of the input, and where the file cannot be written.
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

    /// A file without bytes.
    pub(crate) fn file() -> io::Result<File> {
        tempfile::tempfile()
    }

    /// A file that is in memory up to this many bytes.
    pub(crate) fn spooled(most: usize) -> SpooledTempFile {
        SpooledTempFile::new(most)
    }

    pub(crate) type Temporary = File;
    pub(crate) type Spooled = SpooledTempFile;
}

#[cfg(target_family = "wasm")]
mod place {
    use std::io::{self, Cursor};

    /// A file without bytes.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere a file cannot always be made")]
    pub(crate) fn file() -> io::Result<Temporary> {
        Ok(Cursor::default())
    }

    /// The same: there is no disk.
    pub(crate) fn spooled(_: usize) -> Spooled {
        Cursor::default()
    }

    pub(crate) type Temporary = Cursor<Vec<u8>>;
    pub(crate) type Spooled = Cursor<Vec<u8>>;
}

pub(super) use place::{Spooled, Temporary, file, spooled};
