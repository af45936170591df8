//! Reads gzip files with any number of members as one stream.

use authsieve_framing::BehindTheEnd;
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, Chain, Cursor, Read};

/// Decompresses the members of a `.gz` file one after the other (RFC 1952, 2.2).
///
/// Zero bytes after the last member are padding, as on tapes. Anything else is junk. As in gzip(1), the data before
/// junk is good.
pub(super) struct Members<R> {
    member: Option<Member<R>>,
}

impl<R: BufRead> Members<R> {
    /// Creates a reader. `input` begins with a member.
    pub(super) fn new(input: R) -> Self {
        Self { member: Some(GzDecoder::new(Cursor::new(Vec::new()).chain(input))) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            let Some(member) = self.member.take() else { break };
            let (_, input) = member.into_inner().into_inner();
            self.member = next_member(input)?;
        }
        Ok(0)
    }
}

type Member<R> = GzDecoder<Chain<Cursor<Vec<u8>>, R>>;

fn next_member<R: BufRead>(mut input: R) -> io::Result<Option<Member<R>>> {
    loop {
        let ahead = input.fill_buf()?;
        if ahead.is_empty() {
            return Ok(None);
        }
        let zeros = ahead.iter().take_while(|byte| **byte == 0).count();
        input.consume(zeros);
        if zeros == 0 {
            break;
        }
    }
    let mut head = Vec::new();
    input.by_ref().take(2).read_to_end(&mut head)?;
    if head != b"\x1F\x8B" {
        return Err(BehindTheEnd("other bytes after the gzip data; the data before them was read").into());
    }
    Ok(Some(GzDecoder::new(Cursor::new(head).chain(input))))
}
