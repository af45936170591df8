//! One stored input: a file, a folder, standard input or memory. It may be compressed ([`unpack`](super::unpack)), in
//! UTF-8 or UTF-16, and contain lines, JSON of any layout, CSV, W3C logs, XML or `.evtx`.
//!
//! The first bytes of a file decide its format. Its name only decides if a table is in doubt.

use super::store::{Place, Store};
use super::tail::Tail;
use super::temporary::Whole;
use super::unpack::{Bytes, Contents, Counted, Meter};
use std::fs::File;
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

/// The deepest folder that is searched.
const MAX_DEPTH: usize = 32;

/// A place that records come from.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    Path(PathBuf),
    /// A file that grows.
    Growing(PathBuf),
    /// Records inside the program.
    Memory {
        /// The name of the records in reports.
        name: &'static str,
        /// The records.
        bytes: &'static [u8],
    },
    /// A file that the host holds.
    Stored {
        /// The name with its folders.
        name: String,
        /// The time of the last change, in microseconds since 1970.
        written: Option<i64>,
        /// The bytes of the file.
        store: Arc<dyn Store>,
    },
}

/// An open input.
pub(super) struct Opened {
    pub(super) contents: Contents,
    /// The file name without the folder.
    pub(super) name: Option<String>,
    /// The time of the last change in microseconds since 1970. `None` for a pipe.
    pub(super) written: Option<i64>,
    /// True if it may still be written, because it is no regular file.
    pub(super) live: bool,
    pub(super) meter: Arc<Meter>,
}

impl Input {
    /// The input for an argument of the command line. `-` is standard input.
    #[must_use]
    pub fn from_argument(argument: PathBuf) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::Path(argument) }
    }

    /// True if standard input is a pipe, a socket or a file, so that records may come from it.
    #[must_use]
    pub fn is_piped() -> bool {
        let stdin = io::stdin();
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            use std::os::unix::fs::FileTypeExt;
            // A terminal is a character device. So is /dev/null, which services and editors give to their commands.
            let metadata = stdin.as_fd().try_clone_to_owned().and_then(|own| File::from(own).metadata());
            metadata.is_ok_and(|metadata| !metadata.file_type().is_char_device() && !metadata.is_dir())
        }
        #[cfg(not(unix))]
        !io::IsTerminal::is_terminal(&stdin)
    }

    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "-".into(),
            Self::Path(path) | Self::Growing(path) => path.display().to_string(),
            Self::Memory { name, .. } => (*name).into(),
            Self::Stored { name, .. } => name.clone(),
        }
    }

    /// The number of bytes to read, if it is known beforehand.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::Stdin | Self::Growing(_) => None,
            Self::Path(path) => path.metadata().ok().filter(|m| m.is_file()).map(|m| m.len()),
            Self::Memory { bytes, .. } => Some(bytes.len() as u64),
            Self::Stored { store, .. } => Some(store.size()),
        }
    }

    /// True if the input is stored and can be read twice. A file that cannot be examined counts as stored: opening it
    /// reports why.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        match self {
            Self::Stdin | Self::Growing(_) => false,
            Self::Path(path) => {
                path.metadata().map_or(true, |metadata| metadata.is_file() || metadata.is_dir())
            }
            Self::Memory { .. } | Self::Stored { .. } => true,
        }
    }

    /// Opens the input. `progress` counts the bytes that are read, before decompression.
    ///
    /// # Errors
    /// Fails with the errors of the operating system, and for a folder.
    pub(super) fn open(&self, progress: &Arc<AtomicU64>) -> io::Result<Opened> {
        let meter = Meter::new(progress);
        let counted = |input: Bytes| Box::new(Counted { input, meter: Arc::clone(&meter) });
        let (input, file, name, written): (Bytes, Option<Whole>, _, _) = match self {
            // `StdinLock` is not `Send`. `Stdin` locks for each read, which costs little for large reads.
            Self::Stdin => (Box::new(io::stdin()), None, None, None),
            Self::Growing(path) => {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                (Box::new(Tail::new(path)?), None, name, None)
            }
            Self::Path(path) => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                if metadata.is_dir() {
                    return Err(Error::new(ErrorKind::NotFound, "there is no file in this folder"));
                }
                let regular = metadata.is_file();
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let same: Option<Whole> = if regular { Some(Box::new(file.try_clone()?)) } else { None };
                (Box::new(file), same, name, metadata.modified().ok().filter(|_| regular).map(micros))
            }
            Self::Memory { name, bytes } => (Box::new(*bytes), None, Some((*name).to_owned()), None),
            Self::Stored { name, written, store } => {
                let short = name.rsplit('/').next().unwrap_or(name).to_owned();
                (Box::new(Place::new(store)), Some(Box::new(Place::new(store))), Some(short), *written)
            }
        };
        let live = file.is_none() && !matches!(self, Self::Memory { .. });
        let contents = Contents::of(counted(input), file, name.as_deref(), &meter, 0)?;
        Ok(Opened { contents, name, written, live, meter })
    }

    /// Opens an input with one file. `progress` counts the bytes that are read.
    ///
    /// # Errors
    /// Fails with the errors of the operating system, and for an archive.
    pub(super) fn opened(&self, progress: &Arc<AtomicU64>) -> io::Result<Bytes> {
        match self.open(progress)?.contents {
            Contents::One(bytes) => Ok(bytes),
            Contents::Tar(_) | Contents::Zip(_) => Err(ErrorKind::InvalidData.into()),
        }
    }

    /// The files below a folder, sorted by name; for other inputs, the input itself. Skips names that begin with a dot,
    /// and does not follow links to folders. A folder that is empty or unreadable is returned as it is: opening it
    /// reports why.
    #[must_use]
    pub fn expanded(self) -> Vec<Self> {
        let Self::Path(path) = &self else { return vec![self] };
        if !path.is_dir() {
            return vec![self];
        }
        let mut found = Vec::new();
        files(path, MAX_DEPTH, &mut found);
        if found.is_empty() { vec![self] } else { found }
    }

    /// True if the input may hold several files: it is a folder, or has the name of an archive.
    #[must_use]
    pub fn is_several(&self) -> bool {
        let Self::Path(path) = self else { return false };
        let name = path.to_string_lossy().to_ascii_lowercase();
        let archives = [".zip", ".tar", ".tgz", ".tbz2", ".txz"];
        path.is_dir() || archives.iter().any(|end| name.ends_with(end)) || name.contains(".tar.")
    }
}

fn files(folder: &Path, depth: usize, found: &mut Vec<Input>) {
    let mut paths = Vec::new();
    match std::fs::read_dir(folder) {
        Ok(entries) => paths.extend(entries.filter_map(|entry| Some(entry.ok()?.path()))),
        Err(_) => return found.push(Input::Path(folder.to_owned())),
    }
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let Some(kind) = path.symlink_metadata().ok().filter(|_| !hidden) else { continue };
        if kind.is_dir() && depth > 0 {
            files(&path, depth - 1, found);
        } else if path.is_file() {
            found.push(Input::Path(path));
        }
    }
}

/// The present time, in microseconds since 1970.
#[cfg(not(target_family = "wasm"))]
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
