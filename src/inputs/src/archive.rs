//! Reads the files in tar and zip archives, one after the other.

use super::section::Section;
use super::temporary::Whole;
use super::unpack::{BLOCK, Bytes, Counted, Meter};
use super::zstd;
use authsieve_framing::BehindTheEnd;
use bzip2::bufread::BzDecoder;
use chrono::NaiveDate;
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::io::{self, BufReader, Error, ErrorKind, Read, Seek};
use std::sync::{Arc, Mutex, PoisonError};
use zip::{CompressionMethod, ZipArchive};

/// The most bytes of header before a file, including its name.
const MOST_HEADER: u64 = 1 << 20;

/// A file in an archive.
pub(super) struct Member {
    /// The path of the file in the archive.
    pub(super) name: String,
    /// The bytes of the file, which may be compressed again.
    pub(super) bytes: Bytes,
    /// The time of the last change in microseconds since 1970, if the archive has it.
    pub(super) written: Option<i64>,
}

/// A tar archive, read from its start to its end.
pub(super) struct Tar {
    input: Arc<Mutex<Bytes>>,
    /// The unread part of the present file, with the padding after it.
    rest: Arc<Mutex<Rest>>,
    pub(super) depth: usize,
}

/// The unread bytes of a file in a tar archive, and the padding after them.
#[derive(Default)]
struct Rest {
    bytes: u64,
    padding: u64,
}

impl Tar {
    pub(super) fn new(input: Bytes, depth: usize) -> Self {
        Self { input: Arc::new(Mutex::new(input)), rest: Arc::default(), depth }
    }

    /// The next file. Read it completely before the next call. `None` at the end.
    ///
    /// # Errors
    /// Fails for a broken or truncated archive, and for sparse files.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let rest = std::mem::take(&mut *self.rest.lock().unwrap_or_else(PoisonError::into_inner));
            skip(&mut input, rest.bytes.saturating_add(rest.padding))?;
            // The name of the next file may need several headers. Nothing is read beyond the last header.
            let mut archive = tar::Archive::new((&mut *input).take(MOST_HEADER));
            let Some(entry) = archive.entries()?.next() else {
                // Reads to the end, so that a checksum after the archive is checked.
                io::copy(&mut *input, &mut io::sink())?;
                return Ok(None);
            };
            let entry = entry?;
            let (size, kind) = (entry.size(), entry.header().entry_type());
            let name = shown(&entry.path_bytes());
            let written =
                entry.header().mtime().ok().and_then(|at| i64::try_from(at).ok()?.checked_mul(1_000_000));
            drop(entry);
            let padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
            let stored = if kind.is_hard_link() || kind.is_symlink() || kind.is_dir() { 0 } else { size };
            *self.rest.lock().unwrap_or_else(PoisonError::into_inner) =
                Rest { bytes: stored, padding: if stored == 0 { 0 } else { padding } };
            if kind.is_gnu_sparse() {
                let why = format!("{name} is a sparse file, which is not read; pack it without --sparse");
                return Err(Error::new(ErrorKind::Unsupported, why));
            }
            if kind.is_file() || kind.is_contiguous() {
                let bytes = Box::new(Entry { input: Arc::clone(&self.input), rest: Arc::clone(&self.rest) });
                return Ok(Some(Member { name, bytes, written: written.filter(|at| *at > 0) }));
            }
        }
    }
}

/// Shows a name on one line, because whoever made the archive chose it.
fn shown(name: &[u8]) -> String {
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(name).chars().map(plain).collect()
}

/// The bytes of the present file of a tar archive.
struct Entry {
    input: Arc<Mutex<Bytes>>,
    rest: Arc<Mutex<Rest>>,
}

impl Read for Entry {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let most = into.len().min(usize::try_from(rest.bytes).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        match input.read(into.get_mut(..most).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
            Ok(read @ 1..) => {
                rest.bytes -= read as u64;
                Ok(read)
            }
            end => {
                // The archive ends here. The error is reported once.
                *rest = Rest::default();
                Err(end.err().unwrap_or_else(early))
            }
        }
    }
}

fn skip(input: &mut Bytes, bytes: u64) -> io::Result<()> {
    let skipped = io::copy(&mut input.take(bytes), &mut io::sink())?;
    if skipped == bytes { Ok(()) } else { Err(early()) }
}

fn early() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the archive ends early")
}

/// A zip archive, read by its directory.
pub(super) struct Zip {
    file: Arc<Mutex<Whole>>,
    archive: ZipArchive<BufReader<Section<Whole>>>,
    next: usize,
    meter: Arc<Meter>,
    pub(super) depth: usize,
}

impl Zip {
    /// # Errors
    /// Fails for an archive without a directory, such as a truncated one.
    pub(super) fn new(mut file: Whole, meter: &Arc<Meter>, depth: usize) -> io::Result<Self> {
        let end = file.seek(io::SeekFrom::End(0))?;
        let file = Arc::new(Mutex::new(file));
        let directory = BufReader::new(Section::new(&file, 0, end));
        let mut archive = ZipArchive::new(directory).map_err(|error| broken(&error))?;
        // With overlapping files, a few bytes could decompress to more than any disk holds.
        if archive.has_overlapping_files().map_err(|error| broken(&error))? {
            return Err(Error::new(ErrorKind::InvalidData, "bad zip archive: its files overlap"));
        }
        Ok(Self { file, archive, next: 0, meter: Arc::clone(meter), depth })
    }

    /// The next file. `None` at the end.
    ///
    /// # Errors
    /// Fails for a broken archive, an encrypted file, or an unknown compression method. Later files can still be read.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        loop {
            if self.next >= self.archive.len() {
                return Ok(None);
            }
            self.next += 1;
            let entry = self.archive.by_index_raw(self.next - 1).map_err(|error| broken(&error))?;
            if !entry.is_file() {
                continue;
            }
            let name = shown(entry.name_raw());
            let unread = |why: &str| Err(Error::new(ErrorKind::Unsupported, format!("{name}: {why}")));
            if entry.encrypted() {
                return unread("it is encrypted; unpack it first");
            }
            let Some(start) = entry.data_start() else {
                return unread("it is not at the place that the archive's directory names");
            };
            let end = start.saturating_add(entry.compressed_size());
            let section = Box::new(Section::new(&self.file, start, end));
            let section = Counted { input: section, meter: Arc::clone(&self.meter) };
            let section = BufReader::with_capacity(128 << 10, section);
            let bytes: Bytes = match entry.compression() {
                CompressionMethod::STORE => Box::new(section),
                CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(section)),
                CompressionMethod::BZIP2 => Box::new(BzDecoder::new(section)),
                CompressionMethod::ZSTD => Box::new(zstd::Frames::new(section)),
                other => {
                    return unread(&format!(
                        "it is compressed by method {other}, which is not supported; unpack it first"
                    ));
                }
            };
            let written = entry.last_modified().and_then(|at| {
                let date = NaiveDate::from_ymd_opt(at.year().into(), at.month().into(), at.day().into())?;
                let time = date.and_hms_opt(at.hour().into(), at.minute().into(), at.second().into())?;
                Some(time.and_utc().timestamp_micros())
            });
            let (crc, size) = (entry.crc32(), entry.size());
            let meter = Arc::clone(&self.meter);
            let bytes = Box::new(Checked { bytes, crc: Crc::new(), wanted: crc, left: size, meter });
            return Ok(Some(Member { name, bytes, written }));
        }
    }
}

fn broken(error: &zip::result::ZipError) -> Error {
    Error::new(ErrorKind::InvalidData, format!("bad zip archive: {error}"))
}

/// Compares the bytes of a file with the size and checksum in the directory.
struct Checked {
    bytes: Bytes,
    crc: Crc,
    wanted: u32,
    left: u64,
    meter: Arc<Meter>,
}

impl Read for Checked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        self.meter.unpack(read)?;
        self.crc.update(into.get(..read).unwrap_or_default());
        let Some(left) = self.left.checked_sub(read as u64) else {
            return Err(Error::new(
                ErrorKind::InvalidData,
                "it has more bytes than the archive's directory says",
            ));
        };
        self.left = left;
        if read == 0 && !into.is_empty() && (left > 0 || self.crc.sum() != self.wanted) {
            return Err(if left > 0 { early() } else { BehindTheEnd("the checksum does not match").into() });
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
