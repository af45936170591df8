//! One stored input: a file, standard input, memory; plain, `.gz` or `.zst`; in UTF-8 or UTF-16; lines, JSON of any
//! layout, CSV, W3C logs, XML, `.evtx`.
//!
//! The first bytes of a file tell what it holds. Its name only decides where they leave doubt about a table.

use super::{gzip, zstd};

use authsieve_framing::{Format, InOrder, Stream};
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Seek};
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
pub struct Opened {
    /// Its records.
    pub records: Stream<Box<dyn Read + Send>>,
    /// When the file was last written, in microseconds since 1970; `None` for a pipe.
    pub written: Option<i64>,
}

impl Input {
    /// The input that a command line means: `-` is standard input.
    #[must_use]
    pub fn from_argument(argument: PathBuf) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::Path(argument) }
    }

    /// Whether records come by standard input though nobody named it: it is a pipe, a socket or a file.
    #[must_use]
    pub fn is_piped() -> bool {
        let stdin = io::stdin();
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            use std::os::unix::fs::FileTypeExt;
            // A terminal is a character device. So is /dev/null, which services and editors hand to their commands.
            let metadata = stdin.as_fd().try_clone_to_owned().and_then(|own| File::from(own).metadata());
            metadata.is_ok_and(|metadata| !metadata.file_type().is_char_device() && !metadata.is_dir())
        }
        #[cfg(not(unix))]
        !io::IsTerminal::is_terminal(&stdin)
    }

    /// The name by which reports call it.
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

    /// Opens it. `format` is that of its records, without it they are recognised. Bytes read (before decompression)
    /// are added to `progress`.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(
        &self,
        max_record: usize,
        format: Option<Format>,
        progress: &Arc<AtomicU64>,
    ) -> io::Result<Opened> {
        let records = |input: Bytes, name: Option<&str>| {
            let input = unpacked(Box::new(Counted { input, progress: Arc::clone(progress) }))?;
            io::Result::Ok(Stream::new(input, format, name, max_record))
        };
        match self {
            // `StdinLock` is not `Send`; `Stdin` locks for each read, which costs nothing for large ones.
            Self::Stdin => {
                Ok(Opened { records: records(Box::new(io::stdin()), None)?.live(), written: None })
            }
            Self::Path(path) => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                if metadata.is_dir() {
                    return Err(ErrorKind::IsADirectory.into());
                }
                let regular = metadata.is_file();
                let written = metadata.modified().ok().filter(|_| regular).map(micros);
                let name = path.file_name().and_then(|name| name.to_str());
                let records = records(if regular { in_order(file)? } else { Box::new(file) }, name)?;
                Ok(Opened { records: if regular { records } else { records.live() }, written })
            }
            Self::Memory { bytes, .. } => {
                Ok(Opened { records: records(Box::new(*bytes), Some(self.name().as_str()))?, written: None })
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

/// The bytes of a file, in the order of its events where it is an `.evtx` file.
fn in_order(mut file: File) -> io::Result<Bytes> {
    let mut head = Vec::new();
    (&mut file).take(8).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(if head == b"ElfFile\0" { Box::new(InOrder::new(file)?) } else { Box::new(file) })
}

/// The bytes in `input`, unpacked.
fn unpacked(mut input: Bytes) -> io::Result<Bytes> {
    let mut head = Vec::with_capacity(4);
    // A pipe may bring its first bytes one by one, and no more than they.
    while begins_magic(&head) {
        let mut byte = [0];
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => head.extend_from_slice(&byte),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let packed = match head.as_slice() {
        b"\x1F\x8B" => Packed::Gzip,
        // Frames to be skipped may come first: pzstd begins with one.
        b"\x28\xB5\x2F\xFD" | [0x50..=0x5F, 0x2A, 0x4D, 0x18] => Packed::Zstd,
        _ => Packed::No,
    };
    let whole = Cursor::new(head).chain(input);
    Ok(match packed {
        Packed::No => Box::new(whole),
        Packed::Gzip => Box::new(gzip::Members::new(buffered(whole))),
        Packed::Zstd => Box::new(zstd::Frames::new(buffered(whole))),
    })
}

/// Whether more bytes are needed to know how a file is packed.
const fn begins_magic(head: &[u8]) -> bool {
    matches!(
        head,
        [] | [0x1F | 0x28 | 0x50..=0x5F]
            | [0x28, 0xB5]
            | [0x28, 0xB5, 0x2F]
            | [0x50..=0x5F, 0x2A]
            | [0x50..=0x5F, 0x2A, 0x4D]
    )
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
