//! Reads waiting events as version 0.1 wrote them.

use crate::event::Event;
use crate::snapshot::fields::Saved;
use crate::snapshot::{self, Reader, SnapshotError};
use crate::time::Timestamp;

/// Reads one event.
///
/// # Errors
/// Fails if the bytes are not an event.
pub fn load_event(input: &mut Reader<'_>) -> Result<Event<'static>, SnapshotError> {
    let time = Timestamp(input.i64()?);
    let (outcome, signal, access) = (Saved::load(input)?, Saved::load(input)?, Saved::load(input)?);
    let credential = input.u8()? != 0;
    let number = |input: &mut Reader<'_>| -> snapshot::Result<u32> {
        u32::try_from(input.varint()?).map_err(|_| SnapshotError::Invalid("an event"))
    };
    let count = number(input)?;
    let mut event = Event { time, outcome, signal, access, credential, count, ..Event::default() };
    for text in [
        &mut event.user,
        &mut event.domain,
        &mut event.src_name,
        &mut event.tty,
        &mut event.user_agent,
        &mut event.service,
        &mut event.host,
        &mut event.method,
        &mut event.reason,
        &mut event.reason_text,
        &mut event.application,
        &mut event.device,
        &mut event.status,
        &mut event.os,
        &mut event.transaction,
    ] {
        *text = Saved::load(input)?;
    }
    let optional = |input: &mut Reader<'_>| -> snapshot::Result<Option<u32>> {
        Ok(if input.u8()? == 1 { Some(number(input)?) } else { None })
    };
    let sixteen = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).ok();
    event.pid = optional(input)?;
    event.logon_type = optional(input)?;
    event.src_ip = sixteen(input.bytes()?).map(crate::net::from_octets);
    event.delivery = sixteen(input.bytes()?).map(u128::from_le_bytes);
    event.shape = Saved::load(input)?;
    event.provider = Saved::load(input)?;
    Ok(event)
}
