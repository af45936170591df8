//! Parts: events that are read here and judged elsewhere.

use super::judge::Judging;
use crate::event::{Event, Record};
use crate::hash::{Hasher128, Salt};
use crate::snapshot::fields::Saved;
use crate::snapshot::{Reader, Result, Writer};
use crate::times::When;
use crate::window::journal::RECORD;
use crate::{load_fields, save_fields};
use alloc::string::String;
use alloc::vec::Vec;

/// One event for the analytic that judges it. The WIT record `part` documents each field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Part {
    pub analytic: String,
    pub key: u64,
    pub bytes: Vec<u8>,
}

impl Part {
    /// Packs an event, its unread time and its record.
    pub(super) fn new(judge: &dyn Judging, event: &Event<'_>, when: &When<'_>, record: Record<'_>) -> Self {
        let mut out = Writer::loose();
        event_fields!(save_fields, event, &mut out);
        when.stamp.save(&mut out);
        when.receipt.save(&mut out);
        out.bytes(when.unread.get(..RECORD).unwrap_or(when.unread));
        out.varint(record.number);
        // No alert shows more of a record.
        out.bytes(record.bytes.get(..RECORD).unwrap_or(record.bytes));
        Self { analytic: judge.id().into(), key: key(judge.partition_by(), event), bytes: out.finish() }
    }

    /// Unpacks the part.
    ///
    /// # Errors
    /// Fails if the part is damaged.
    pub(super) fn read(&self) -> Result<(Event<'static>, When<'_>, u64, &[u8])> {
        let mut input = Reader::loose(&self.bytes)?;
        let event = event_fields!(load_fields, Event, &mut input);
        let when = When {
            stamp: Saved::load(&mut input)?,
            receipt: Saved::load(&mut input)?,
            unread: input.bytes()?,
        };
        let (number, bytes) = (input.varint()?, input.bytes()?);
        input.finish()?;
        Ok((event, when, number, bytes))
    }
}

/// A number that is equal for events that are counted together.
fn key(partition_by: &[&str], event: &Event<'_>) -> u64 {
    let mut hash = Hasher128::new(Salt::new(""), 4);
    for field in partition_by {
        hash = match (*field, event.src_ip) {
            ("src_ip", Some(address)) => hash.part(&crate::net::octets(address)),
            ("user", _) => hash.part(event.user.as_bytes()),
            _ => hash.part(&[]),
        };
    }
    hash.finish().0 as u64
}
