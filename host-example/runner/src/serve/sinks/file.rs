//! The sink that appends lines to a file. The file can be rotated at any time.
//!
//! Before each write the sink compares the open file with the file at the path, by device and inode. If the file was
//! renamed or removed, the path is opened again. SIGHUP also opens it again.

use super::Batch;
use super::failure::Failure;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// Appends lines to a file.
pub(super) struct File {
    path: PathBuf,
    open: Option<fs::File>,
}

impl File {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), open: None }
    }

    /// Appends the lines. They are on disk when this returns.
    pub(super) async fn deliver(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        let file = match self.open.take() {
            Some(file) if !moved(&self.path, &file).await => file,
            _ => opened(&self.path).await?,
        };
        let file = self.open.insert(file);
        file.write_all(&batch.lines()).await?;
        file.flush().await?;
        Ok(file.sync_data().await?)
    }
}

/// The start of each line of this sink.
const START: &[u8] = b"{\"";

/// Opens the file for appending. Removes a partial alert that a crash left, because the alert is delivered again. Any
/// other line without a newline is not from this sink, and gets one.
async fn opened(path: &Path) -> io::Result<fs::File> {
    const TAIL: u64 = 1 << 20;
    let mut file = fs::OpenOptions::new().create(true).read(true).append(true).open(path).await?;
    let about = file.metadata().await?;
    if !about.is_file() || about.len() == 0 {
        return Ok(file);
    }
    let start = about.len().saturating_sub(TAIL);
    let mut tail = Vec::new();
    file.seek(io::SeekFrom::Start(start)).await?;
    file.read_to_end(&mut tail).await?;
    // A file without a newline may hold only the first alert.
    let newline = memchr::memrchr(b'\n', &tail).map(|at| at + 1);
    let line = newline.or((start == 0).then_some(0));
    match line.and_then(|at| Some((at, tail.get(at..)?))) {
        Some((_, [])) => {}
        Some((at, rest)) if rest.starts_with(START) || START.starts_with(rest) => {
            file.set_len(start + at as u64).await?;
        }
        _ => file.write_all(b"\n").await?,
    }
    Ok(file)
}

/// True if the path now has another file or none.
async fn moved(path: &Path, open: &fs::File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (open.metadata().await, fs::metadata(path).await) {
        (Ok(own), Ok(there)) => (own.dev(), own.ino()) != (there.dev(), there.ino()),
        _ => true,
    }
}
