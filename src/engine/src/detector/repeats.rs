//! Reads `last message repeated 5 times`, which sysklogd, BusyBox and the BSDs write instead of equal lines.
//!
//! The line refers to the line before it from the same host. A detector may not see every line, because a host may
//! leave out records without a needle; their numbers show the gap. So a repetition counts only if it directly follows
//! the line that it repeats. In a log that mixes several hosts, a count may miss a repetition, but never counts a
//! wrong one.

use crate::analytic::Reads;
use crate::decode::{Decoded, Decoder, Misread};
use crate::event::{Outcome, Provider, Record, Signal};
use crate::find::same;
use crate::shapes::linux::MAX_COUNT;
use crate::snapshot::{self, Reader, Writer};
use crate::times::When;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest line that is remembered. Syslog daemons cut lines far below this length (RFC 5424 section 6.1).
const LONGEST: usize = 8192;

/// The last Linux line that gave an event.
#[derive(Debug, Default)]
pub struct LastLine {
    number: u64,
    bytes: Vec<u8>,
}

impl LastLine {
    /// Decodes a record as [`Decoder::decode`] does. A repetition is decoded as the line before it, at its own time.
    pub fn decode<R: Reads>(
        &mut self,
        decoder: &mut Decoder<R>,
        record: Record<'_>,
        sink: &mut dyn FnMut(Decoded<'_>),
    ) -> Misread {
        let (mut is_line, mut repeat) = (false, None);
        let misread = decoder.decode(record.bytes, &mut |decoded| {
            let Decoded { event, when, .. } = &decoded;
            if event.signal == Signal::Repeated {
                let When { stamp, receipt, .. } = *when;
                repeat =
                    Some((String::from(&*event.host), event.count, When { stamp, receipt, unread: &[] }));
                return;
            }
            is_line |= event.provider == Provider::Linux && decoded.part.len() == record.bytes.len();
            sink(decoded);
        });
        let Some((host, times, when)) = repeat else {
            self.bytes.clear();
            if is_line && record.bytes.len() <= LONGEST {
                self.bytes.extend_from_slice(record.bytes);
            }
            self.number = record.number;
            return misread;
        };
        let follows = record.number == 0 || record.number == self.number.saturating_add(1);
        if !follows {
            self.bytes.clear();
        }
        self.number = record.number;
        let line = core::mem::take(&mut self.bytes);
        if !line.is_empty() {
            let _ = decoder.decode(&line, &mut |mut decoded| {
                let event = &mut decoded.event;
                let here = host.is_empty() || same(event.host.as_bytes(), host.as_bytes());
                if here && event.provider == Provider::Linux && event.outcome == Outcome::Failure {
                    event.count = event.count.saturating_mul(times).min(MAX_COUNT);
                    if when.stamp.is_some() || when.receipt.is_some() {
                        decoded.when = when;
                    }
                    sink(Decoded { part: record.bytes, ..decoded });
                }
            });
        }
        self.bytes = line;
        misread
    }

    /// Writes the line.
    pub fn save(&self, out: &mut Writer) {
        out.varint(self.number);
        out.bytes(&self.bytes);
    }

    /// Reads the bytes of [`save`](Self::save).
    ///
    /// # Errors
    /// Fails if `save` did not write these bytes.
    pub fn load(input: &mut Reader<'_>) -> snapshot::Result<Self> {
        Ok(Self { number: input.varint()?, bytes: input.bytes()?.into() })
    }
}
