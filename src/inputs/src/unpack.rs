//! Opens an input: plain or compressed, a single file or an archive. The first bytes decide.

use super::archive::{Tar, Zip};
#[cfg(feature = "full")]
use super::gzip;
use super::temporary::{Whole, kept};
#[cfg(feature = "full")]
use super::zstd;
use authsieve_framing::InOrder;
#[cfg(feature = "full")]
use bzip2::bufread::MultiBzDecoder;
#[cfg(feature = "full")]
use lzma_rust2::XzReader;
use std::io::{self, BufReader, Cursor, Error, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A stream of bytes.
pub(super) type Bytes = Box<dyn Read + Send>;

/// The deepest nesting of compression: `.tar.gz` has two levels.
const DEEPEST: usize = 4;

/// The limits of decompression: a fixed number of bytes, plus a factor for each stored byte. No log comes near them;
/// files made to fill memory or time do.
const FREE: u64 = 4 << 30;
const RATIO: u64 = 1000;

/// The most memory for the dictionary of an `.xz` file, in KiB. `xz -9` uses 64 MiB.
#[cfg(feature = "full")]
const XZ_MEMORY: u32 = 256 << 10;

/// The block size of a tar archive, which is also the size of a header.
pub(super) const BLOCK: usize = 512;

const EVTX: &[u8] = b"ElfFile\0";

/// Counts the bytes of an input, as stored and as decompressed.
#[derive(Debug, Default)]
pub(super) struct Meter {
    stored: AtomicU64,
    unpacked: AtomicU64,
    /// The bytes read from all inputs.
    progress: Arc<AtomicU64>,
}

/// The contents after decompression.
pub(super) enum Contents {
    /// The bytes of one file.
    One(Bytes),
    /// The files of a tar archive.
    Tar(Tar),
    /// The files of a zip archive.
    Zip(Zip),
}

/// The compression of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    No,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Zip,
    Tar,
}

impl Meter {
    pub(super) fn new(progress: &Arc<AtomicU64>) -> Arc<Self> {
        Arc::new(Self { progress: Arc::clone(progress), ..Self::default() })
    }

    /// Counts stored bytes that were read.
    pub(super) fn read(&self, count: usize) {
        self.stored.fetch_add(count as u64, Ordering::Relaxed);
        self.progress.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Takes back all counted bytes, because they will be read again.
    pub(super) fn forget(&self) {
        let count = self.stored.swap(0, Ordering::Relaxed);
        self.progress.fetch_sub(count, Ordering::Relaxed);
    }

    /// Takes back counted bytes that will be read again.
    fn unread(&self, count: usize) {
        self.stored.fetch_sub(count as u64, Ordering::Relaxed);
        self.progress.fetch_sub(count as u64, Ordering::Relaxed);
    }

    /// Counts decompressed bytes.
    ///
    /// # Errors
    /// Fails if they exceed the limit.
    pub(super) fn unpack(&self, count: usize) -> io::Result<()> {
        let unpacked = self.unpacked.fetch_add(count as u64, Ordering::Relaxed).saturating_add(count as u64);
        let most = FREE.saturating_add(self.stored.load(Ordering::Relaxed).saturating_mul(RATIO));
        if unpacked <= most {
            return Ok(());
        }
        let why =
            format!("more than {RATIO} times as large when unpacked; a log is not, so the rest is not read");
        Err(Error::new(ErrorKind::InvalidData, why))
    }
}

impl Contents {
    /// Examines `input`, whose bytes are counted already. `file` is the stored file of these bytes, if there is one,
    /// and `name` its name. `depth` is the number of decompressions so far.
    ///
    /// # Errors
    /// Fails with the errors of the input, and for a file that is named as compressed but ends inside the magic number.
    pub(super) fn of(
        mut input: Bytes,
        mut file: Option<Whole>,
        name: Option<&str>,
        meter: &Arc<Meter>,
        depth: usize,
    ) -> io::Result<Self> {
        for deep in depth.. {
            let (head, ended) = head(&mut input)?;
            let packing = Packing::of(&head);
            let (evtx, short) = (head.starts_with(EVTX), ended && head.len() < 6);
            if short && packing == Packing::No && deep == depth && name.is_some_and(names_packed) {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the packed file ends early"));
            }
            let read = head.len();
            let whole = Box::new(Cursor::new(head).chain(input));
            if packing != Packing::No && deep >= DEEPEST {
                let why = format!("it is packed more than {DEEPEST} times; unpack it first");
                return Err(Error::new(ErrorKind::InvalidData, why));
            }
            let unpacked: Bytes = match packing {
                Packing::No if evtx => {
                    // The oldest events may be anywhere in the file, so it is not read in sequence.
                    let Some(file) = file else {
                        return Ok(Self::One(Box::new(InOrder::new(kept(whole)?)?)));
                    };
                    meter.unread(read);
                    let input = Box::new(InOrder::new(file)?);
                    return Ok(Self::One(Box::new(Counted { input, meter: Arc::clone(meter) })));
                }
                Packing::No => return Ok(Self::One(whole)),
                #[cfg(feature = "full")]
                Packing::Tar => return Ok(Self::Tar(Tar::new(whole, deep + 1))),
                #[cfg(feature = "full")]
                Packing::Zip => {
                    meter.unread(read);
                    let file = match file {
                        Some(file) => file,
                        None => kept(whole)?,
                    };
                    return Ok(Self::Zip(Zip::new(file, meter, deep + 1)?));
                }
                #[cfg(feature = "full")]
                Packing::Gzip => Box::new(gzip::Members::new(buffered(whole))),
                #[cfg(feature = "full")]
                Packing::Zstd => Box::new(zstd::Frames::new(buffered(whole))),
                #[cfg(feature = "full")]
                Packing::Bzip2 => Box::new(MultiBzDecoder::new(buffered(whole))),
                #[cfg(feature = "full")]
                Packing::Xz => Box::new(XzReader::new_mem_limit(buffered(whole), true, XZ_MEMORY)),
                #[cfg(not(feature = "full"))]
                _ => {
                    let why = "this build reads no packed files; unpack it first";
                    return Err(Error::new(ErrorKind::Unsupported, why));
                }
            };
            input = Box::new(Bounded { input: unpacked, meter: Arc::clone(meter) });
            file = None;
        }
        Err(ErrorKind::InvalidData.into())
    }
}

impl Packing {
    /// The compression of bytes that begin with `head`. `head` holds all bytes, at least [`BLOCK`] of them, or a whole
    /// line.
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Self::Gzip,
            // Skippable frames may come first: pzstd begins with one.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] if begins_block(block) => Self::Bzip2,
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            _ if is_tar(head) => Self::Tar,
            _ => Self::No,
        }
    }
}

/// True if the bytes after the bzip2 magic number begin a block or end the stream. The file may end inside them.
fn begins_block(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];
    marks.iter().any(|mark| bytes.starts_with(mark) || mark.starts_with(bytes))
}

/// True if a block is a file header of a tar archive. The checksum decides, for all dialects.
fn is_tar(head: &[u8]) -> bool {
    let Some(block) = head.get(..BLOCK).filter(|block| !block.starts_with(&[0])) else { return false };
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) })
        .sum();
    let digits = block.get(148..156).unwrap_or_default();
    let digits =
        digits.split(|byte| matches!(byte, 0 | b' ')).find(|part| !part.is_empty()).unwrap_or_default();
    std::str::from_utf8(digits).ok().and_then(|digits| u64::from_str_radix(digits, 8).ok()) == Some(sum)
}

/// True if the name is that of a compressed file.
fn names_packed(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".gz", ".tgz", ".zst", ".zstd", ".bz2", ".tbz2", ".xz", ".txz", ".zip"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Reads enough bytes to recognize the compression. Also returns true if these are all bytes. A pipe may deliver its
/// first bytes one by one, and no more than a line.
fn head(input: &mut Bytes) -> io::Result<(Vec<u8>, bool)> {
    let mut head = Vec::with_capacity(BLOCK);
    while head.len() < BLOCK && (begins_mark(&head) || !head.contains(&b'\n')) {
        let mut piece = [0; BLOCK];
        let room = BLOCK - head.len();
        match input.read(piece.get_mut(..room).unwrap_or_default()) {
            Ok(0) => return Ok((head, true)),
            Ok(read) => head.extend_from_slice(piece.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if head.is_empty() => return Err(error),
            // The error is reported after the bytes that were read.
            Err(error) => {
                *input = Box::new(Failed(Some(error)));
                break;
            }
        }
    }
    Ok((head, false))
}

/// True if these may be the first bytes of a compressed file, and more are needed to decide.
fn begins_mark(head: &[u8]) -> bool {
    const MARKS: [&[u8]; 5] = [b"\x1F\x8B", b"\x28\xB5\x2F\xFD", b"BZh", b"\xFD7zXZ\0", b"PK\x03\x04"];
    let skippable = matches!(head, [0x50..=0x5F] | [0x50..=0x5F, 0x2A] | [0x50..=0x5F, 0x2A, 0x4D]);
    let begun = |mark: &&[u8]| mark.starts_with(head) && head.len() < mark.len();
    head.is_empty() || skippable || MARKS.iter().any(begun) || (head.starts_with(b"BZh") && head.len() < 10)
}

fn buffered<R: Read>(input: R) -> BufReader<R> {
    BufReader::with_capacity(128 << 10, input)
}

/// An input whose next read fails.
struct Failed(Option<Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Counts the stored bytes that are read.
pub(super) struct Counted {
    pub(super) input: Bytes,
    pub(super) meter: Arc<Meter>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.meter.read(read);
        Ok(read)
    }
}

/// Fails if far too much comes out of the stored bytes.
struct Bounded {
    input: Bytes,
    meter: Arc<Meter>,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Error::new(error.kind(), "the packed data end early"),
            _ => error,
        })?;
        self.meter.unpack(read)?;
        Ok(read)
    }
}

#[cfg(test)]
pub(super) mod tests;
