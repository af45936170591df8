//! Reads Zstandard files with any number of frames as one stream.

use authsieve_framing::BehindTheEnd;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::io::{self, BufRead, ErrorKind, Read};

/// Decompresses the frames of a `.zst` file one after the other. Skippable frames are skipped.
pub(super) struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    /// True inside a frame.
    inside: bool,
    /// True if a frame was read.
    met_any: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, decoder: FrameDecoder::new(), inside: false, met_any: false }
    }

    /// Goes to the next frame. Returns false at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.input.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.input) {
                Ok(()) => {
                    self.met_any = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped = io::copy(&mut (&mut self.input).take(length.into()), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(early());
                    }
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_)))
                    if self.met_any =>
                {
                    return Err(BehindTheEnd(
                        "other bytes after the zstd data; the data before them was read",
                    )
                    .into());
                }
                Err(error) => return Err(io_error(error)),
            }
        }
    }
}

fn early() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the zstd data ends early")
}

/// Hides the internals in the decoder's errors.
fn io_error(error: FrameDecoderError) -> io::Error {
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::UnexpectedEof) {
            return early();
        }
        cause = inner.source();
    }
    io::Error::new(ErrorKind::InvalidData, format!("bad zstd data: {error}"))
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.inside && !self.next_frame()? {
                return Ok(0);
            }
            self.inside = true;
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.input, blocks).map_err(io_error)?;
            }
            let read = self.decoder.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            self.inside = false;
        }
    }
}
