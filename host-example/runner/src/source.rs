//! Where records come from: files, standard input, memory; plain, `.gz` or `.zst`; in UTF-8 or UTF-16.
//!
//! What a file holds is told by its first bytes, not by its name.

mod zstd;

use authsieve_framing::{Records, Utf8};
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Any bytes.
type Bytes = Box<dyn Read + Send>;

/// Somewhere that records come from.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    Path(PathBuf),
    /// Records that are compiled in.
    Memory {
        /// What they are called.
        name: &'static str,
        /// The records.
        bytes: &'static [u8],
    },
}

/// An input, opened.
pub struct Source {
    /// Its records.
    pub records: Records<Box<dyn Read + Send>>,
    /// When they were received, in microseconds since 1970; `None`: as they are read.
    pub received: Option<i64>,
}

impl Input {
    /// The input that a command line means: `-` is standard input.
    #[must_use]
    pub fn from_argument(argument: PathBuf) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::Path(argument) }
    }

    /// What reports call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "-".into(),
            Self::Path(path) => path.display().to_string(),
            Self::Memory { name, .. } => (*name).into(),
        }
    }

    /// How many bytes there are to read, if that is known beforehand.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::Stdin => None,
            Self::Path(path) => path.metadata().ok().filter(|m| m.is_file()).map(|m| m.len()),
            Self::Memory { bytes, .. } => Some(bytes.len() as u64),
        }
    }

    /// Opens it. Bytes read (before decompression) are added to `progress`.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(&self, max_record: usize, progress: &Arc<AtomicU64>) -> io::Result<Source> {
        let text = |input: Bytes| decoded(Box::new(Counted { input, progress: Arc::clone(progress) }));
        match self {
            // `StdinLock` is not `Send`; `Stdin` locks for each read, which costs nothing for large ones.
            Self::Stdin => Ok(Source {
                records: Records::new(text(Box::new(io::stdin()))?, max_record).live(),
                received: None,
            }),
            Self::Path(path) => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                if metadata.is_dir() {
                    return Err(ErrorKind::IsADirectory.into());
                }
                let regular = metadata.is_file();
                let received = metadata.modified().ok().filter(|_| regular).map(micros);
                let records = Records::new(text(Box::new(file))?, max_record);
                Ok(Source { records: if regular { records } else { records.live() }, received })
            }
            Self::Memory { bytes, .. } => {
                Ok(Source { records: Records::new(text(Box::new(*bytes))?, max_record), received: None })
            }
        }
    }
}

/// The time now, in microseconds since 1970.
#[must_use]
pub fn now() -> i64 {
    micros(SystemTime::now())
}

fn micros(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
    }
}

/// The text in `input`, unpacked and as UTF-8.
fn decoded(mut input: Bytes) -> io::Result<Bytes> {
    let mut head = Vec::with_capacity(4);
    // A pipe may bring its first bytes one by one, and no more than they.
    while head.len() < 4
        && [&b"\x1F\x8B"[..], b"\x28\xB5\x2F\xFD"].iter().any(|magic| magic.starts_with(&head))
    {
        let mut byte = [0];
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => head.extend_from_slice(&byte),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if head == b"\x1F\x8B" {
            break;
        }
    }
    let packed = match head.as_slice() {
        b"\x1F\x8B" => Packed::Gzip,
        b"\x28\xB5\x2F\xFD" => Packed::Zstd,
        _ => Packed::No,
    };
    let whole = Cursor::new(head).chain(input);
    Ok(match packed {
        Packed::No => Box::new(Utf8::new(whole)),
        Packed::Gzip => Box::new(Utf8::new(flate2::bufread::MultiGzDecoder::new(buffered(whole)))),
        Packed::Zstd => Box::new(Utf8::new(zstd::Frames::new(buffered(whole)))),
    })
}

enum Packed {
    No,
    Gzip,
    Zstd,
}

fn buffered<R: Read>(input: R) -> BufReader<R> {
    BufReader::with_capacity(128 << 10, input)
}

/// Tells how far a reader got.
struct Counted {
    input: Bytes,
    progress: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.progress.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
