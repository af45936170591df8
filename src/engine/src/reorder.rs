//! The reorder buffer: events that come late within a bound, sorted by time and, at equal times, by arrival.

use crate::event::{Event, Origin, Outcome, Provider, Shape, Signal, Text};
use crate::order::sort;
use crate::snapshot::{self, Reader, SnapshotError, Writer};
use crate::time::{Span, Timestamp};
use crate::window::journal::RECORD;
use alloc::borrow::Cow;
use alloc::collections::BinaryHeap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

/// Memory the buffer may hold. Beyond it, the oldest event is judged before its time.
const MOST_BYTES: usize = 256 << 20;

/// An event that waits, and its raw record.
#[derive(Clone, Debug)]
pub struct Held {
    /// The event.
    pub event: Event<'static>,
    /// The raw record, for evidence.
    pub record: Vec<u8>,
    arrival: u64,
}

impl Held {
    fn place(&self) -> (Timestamp, u64) {
        (self.event.time, self.arrival)
    }

    /// With the texts: they are as long as whoever wrote the record liked.
    fn bytes(&self) -> usize {
        let texts: usize = texts(&self.event).iter().map(|text| text.len()).sum();
        size_of::<Self>() + self.record.len() + texts
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}
impl Eq for Held {}
impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

/// See the module's documentation. O(log held) per event.
#[derive(Clone, Debug)]
pub struct Reorder {
    lateness: Span,
    heap: BinaryHeap<Reverse<Held>>,
    bytes: usize,
    arrivals: u64,
    /// The newest time that has left the buffer.
    left: Timestamp,
}

impl Reorder {
    /// A buffer for events that come up to `lateness` late; 0: none is held.
    #[must_use]
    pub fn new(lateness: Span) -> Self {
        Self { lateness, heap: BinaryHeap::new(), bytes: 0, arrivals: 0, left: Timestamp::MIN }
    }

    /// Whether it sorts at all.
    #[must_use]
    pub const fn sorts(&self) -> bool {
        self.lateness.0 > 0
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Whether an event of that time comes too late to be sorted.
    #[must_use]
    pub fn is_late(&self, time: Timestamp) -> bool {
        time < self.left
    }

    /// Holds an event.
    pub fn push(&mut self, event: Event<'static>, record: &[u8]) {
        // No more of it is ever shown.
        let record = record.get(..RECORD).unwrap_or(record).into();
        let held = Held { event, record, arrival: self.arrivals };
        self.arrivals += 1;
        self.bytes += held.bytes();
        self.heap.push(Reverse(held));
    }

    /// The oldest event, if no event that may still come goes before it, or if there is no room to wait.
    pub fn ready(&mut self, watermark: Timestamp) -> Option<Held> {
        if self.bytes > MOST_BYTES {
            self.until(Timestamp::MAX)
        } else {
            self.until(watermark.minus(self.lateness))
        }
    }

    /// The oldest event, if it is not newer than `to`.
    pub fn until(&mut self, to: Timestamp) -> Option<Held> {
        if self.heap.peek()?.0.event.time > to {
            return None;
        }
        let Reverse(held) = self.heap.pop()?;
        self.bytes = self.bytes.saturating_sub(held.bytes());
        self.left = self.left.max(held.event.time);
        Some(held)
    }

    /// Bytes held, roughly.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes what waits, in the order it will leave.
    pub fn save(&self, out: &mut Writer) {
        let mut held: Vec<&Held> = self.heap.iter().map(|Reverse(held)| held).collect();
        sort(&mut held, |one, other| one < other);
        out.i64(self.left.0);
        out.count(held.len());
        for Held { event, record, .. } in held {
            save_event(event, out);
            out.bytes(record);
        }
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Where the bytes are not what `save` writes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<()> {
        self.left = Timestamp(input.i64()?);
        for _ in 0..input.count(16)? {
            let event = load_event(input)?;
            self.push(event, input.bytes()?);
        }
        Ok(())
    }
}

/// The texts of an event, in the order they are saved in.
fn texts<'e>(e: &'e Event<'_>) -> [&'e str; 15] {
    [
        &e.user,
        &e.domain,
        &e.src_name,
        &e.tty,
        &e.user_agent,
        &e.service,
        &e.host,
        &e.method,
        &e.reason,
        &e.reason_text,
        &e.application,
        &e.device,
        &e.status,
        &e.os,
        &e.transaction,
    ]
}

/// The same, to be written.
fn texts_mut<'e>(e: &'e mut Event<'static>) -> [&'e mut Text<'static>; 15] {
    [
        &mut e.user,
        &mut e.domain,
        &mut e.src_name,
        &mut e.tty,
        &mut e.user_agent,
        &mut e.service,
        &mut e.host,
        &mut e.method,
        &mut e.reason,
        &mut e.reason_text,
        &mut e.application,
        &mut e.device,
        &mut e.status,
        &mut e.os,
        &mut e.transaction,
    ]
}

fn save_event(e: &Event<'_>, out: &mut Writer) {
    out.i64(e.time.0);
    out.u8(e.outcome as u8);
    out.u8(e.signal as u8);
    out.u8(e.origin as u8);
    out.u8(e.credential.into());
    out.varint(e.count.into());
    for text in texts(e) {
        out.bytes(text.as_bytes());
    }
    let number = |out: &mut Writer, n: Option<u32>| match n {
        Some(n) => {
            out.u8(1);
            out.varint(n.into());
        }
        None => out.u8(0),
    };
    number(out, e.pid);
    number(out, e.logon_type);
    match e.src_ip {
        Some(address) => out.bytes(&crate::net::octets(address)),
        None => out.bytes(&[]),
    }
    match e.delivery {
        Some(id) => out.bytes(&id.to_le_bytes()),
        None => out.bytes(&[]),
    }
    // By name: numbers change with the list of families.
    out.bytes(e.shape.as_str().as_bytes());
    out.bytes(e.provider.as_str().as_bytes());
}

fn load_event(input: &mut Reader<'_>) -> Result<Event<'static>, SnapshotError> {
    let time = Timestamp(input.i64()?);
    let outcome = match input.u8()? {
        0 => Outcome::Failure,
        1 => Outcome::Success,
        2 => Outcome::Challenge,
        3 => Outcome::Denied,
        4 => Outcome::Timeout,
        5 => Outcome::Approved,
        6 => Outcome::Stopped,
        _ => return Err(SnapshotError::Invalid("an event")),
    };
    let signal = match input.u8()? {
        0 => Signal::Attempt,
        1 => Signal::Failed,
        2 => Signal::SshdPam,
        3 => Signal::Audit,
        4 => Signal::Pam,
        5 => Signal::PamOther,
        6 => Signal::Weak,
        7 => Signal::Session,
        _ => return Err(SnapshotError::Invalid("an event")),
    };
    let origin = if input.u8()? == 0 { Origin::Remote } else { Origin::Local };
    let credential = input.u8()? != 0;
    let number = |input: &mut Reader<'_>| -> snapshot::Result<u32> {
        u32::try_from(input.varint()?).map_err(|_| SnapshotError::Invalid("an event"))
    };
    let count = number(input)?;
    let mut event = Event { time, outcome, signal, origin, credential, count, ..Event::default() };
    for text in texts_mut(&mut event) {
        let saved = core::str::from_utf8(input.bytes()?).map_err(|_| SnapshotError::Invalid("an event"))?;
        *text = Cow::Owned(String::from(saved));
    }
    let optional = |input: &mut Reader<'_>| -> snapshot::Result<Option<u32>> {
        Ok(if input.u8()? == 1 { Some(number(input)?) } else { None })
    };
    let sixteen = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).ok();
    event.pid = optional(input)?;
    event.logon_type = optional(input)?;
    event.src_ip = sixteen(input.bytes()?).map(crate::net::from_octets);
    event.delivery = sixteen(input.bytes()?).map(u128::from_le_bytes);
    event.shape = named(input, Shape::parse)?;
    event.provider = named(input, Provider::parse)?;
    Ok(event)
}

fn named<T>(input: &mut Reader<'_>, parse: fn(&str) -> Option<T>) -> snapshot::Result<T> {
    let name = core::str::from_utf8(input.bytes()?).ok();
    name.and_then(parse).ok_or(SnapshotError::Invalid("an event"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::linux::Shape::Sshd;

    fn at(second: i64, user: &'static str, shape: Shape) -> Event<'static> {
        Event {
            time: Timestamp(second * 1_000_000),
            user: user.into(),
            shape,
            provider: Provider::Linux,
            ..Event::default()
        }
    }

    #[test]
    fn events_leave_in_the_order_of_their_times_and_arrivals() {
        let mut buffer = Reorder::new(Span::seconds(10));
        for (second, user) in [(5, "a"), (3, "b"), (5, "c"), (4, "d")] {
            buffer.push(at(second, user, Sshd.into()), b"raw");
        }
        assert!(buffer.ready(Timestamp(12_999_999)).is_none(), "not yet");
        let mut out = Vec::new();
        while let Some(held) = buffer.ready(Timestamp(15_000_000)) {
            out.push(held.event.user.into_owned());
        }
        assert_eq!(out, ["b", "d", "a", "c"]);
        assert!(buffer.is_late(Timestamp(4_000_000)) && !buffer.is_late(Timestamp(5_000_000)));
        assert_eq!(buffer.bytes(), 0);
    }

    #[test]
    fn long_texts_take_room_as_well() {
        let mut buffer = Reorder::new(Span::seconds(10));
        let long = "x".repeat(1 << 20);
        for second in 0..300 {
            let event = Event { user: Cow::Owned(long.clone()), ..at(second, "", Sshd.into()) };
            buffer.push(event, b"raw");
            while buffer.ready(Timestamp(0)).is_some() {}
        }
        assert!((200 << 20..=MOST_BYTES).contains(&buffer.bytes()), "{}", buffer.bytes());
        while buffer.until(Timestamp::MAX).is_some() {}
        assert_eq!(buffer.bytes(), 0);
    }

    #[test]
    fn what_waits_survives_a_snapshot_whatever_its_shape() {
        let mut buffer = Reorder::new(Span::seconds(10));
        for (n, shape) in Shape::all().enumerate() {
            let event = Event {
                src_ip: crate::net::parse_address("2001:db8::7"),
                pid: Some(7),
                ..at(n as i64, "u", shape)
            };
            buffer.push(event, &[b'x'; 2000]);
        }
        let mut out = Writer::new("t", 1, 0);
        buffer.save(&mut out);
        let bytes = out.finish();
        let mut restored = Reorder::new(Span::seconds(10));
        let mut input = Reader::open(&bytes, "t", 1).unwrap();
        restored.load(&mut input).unwrap();
        input.finish().unwrap();
        for shape in Shape::all() {
            let (before, after) =
                (buffer.until(Timestamp::MAX).unwrap(), restored.until(Timestamp::MAX).unwrap());
            assert_eq!((&before.event, &before.record), (&after.event, &after.record), "{shape}");
            assert_eq!(after.record.len(), RECORD, "no more is kept than is shown");
        }
    }
}
