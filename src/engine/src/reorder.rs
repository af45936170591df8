//! The reorder buffer: sorts late events by time, within a bound. Events of equal times stay in the order of arrival.

mod of_0_1;

use crate::event::{Event, Record};
use crate::order::sort;
use crate::snapshot::{self, Reader, Writer};
use crate::time::{Span, Timestamp};
use crate::window::journal::RECORD;
use crate::{beside_fields, load_fields, save_fields};
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

/// The most bytes that the buffer holds. Beyond it, the oldest event leaves early.
const MOST_BYTES: usize = 256 << 20;

/// A waiting event and its raw record.
#[derive(Clone, Debug)]
pub struct Held {
    /// The event.
    pub event: Event<'static>,
    /// The raw record, for evidence.
    pub record: Vec<u8>,
    /// The number of the record.
    pub number: u64,
    arrival: u64,
}

impl Held {
    fn place(&self) -> (Timestamp, u64) {
        (self.event.time, self.arrival)
    }

    /// Counts the texts too: their length depends on the writer of the record.
    fn bytes(&self) -> usize {
        let event = &self.event;
        size_of::<Self>() + self.record.len() + event_fields!(beside_fields, event)
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

/// The reorder buffer; see the [module](self). O(log held) per event.
#[derive(Clone, Debug)]
pub struct Reorder {
    lateness: Span,
    heap: BinaryHeap<Reverse<Held>>,
    bytes: usize,
    arrivals: u64,
    /// The newest time of an event that has left the buffer.
    left: Timestamp,
}

impl Reorder {
    /// A buffer for events that are late by up to `lateness`. With 0, it holds nothing.
    #[must_use]
    pub fn new(lateness: Span) -> Self {
        Self { lateness, heap: BinaryHeap::new(), bytes: 0, arrivals: 0, left: Timestamp::MIN }
    }

    /// True if the buffer sorts events, that is, if `lateness` is above 0.
    #[must_use]
    pub const fn sorts(&self) -> bool {
        self.lateness.0 > 0
    }

    /// True if no event waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// True if an event with this time is too late to be sorted.
    #[must_use]
    pub fn is_late(&self, time: Timestamp) -> bool {
        time < self.left
    }

    /// Adds an event.
    pub fn push(&mut self, event: Event<'static>, record: Record<'_>) {
        // No alert shows more of a record.
        let bytes = record.bytes.get(..RECORD).unwrap_or(record.bytes).into();
        let held = Held { event, record: bytes, number: record.number, arrival: self.arrivals };
        self.arrivals += 1;
        self.bytes += held.bytes();
        self.heap.push(Reverse(held));
    }

    /// Takes the oldest event, if every event that may still come is newer, or if the buffer is full.
    pub fn ready(&mut self, watermark: Timestamp) -> Option<Held> {
        if self.bytes > MOST_BYTES {
            self.until(Timestamp::MAX)
        } else {
            self.until(watermark.minus(self.lateness))
        }
    }

    /// Takes the oldest event, if it is not newer than `to`.
    pub fn until(&mut self, to: Timestamp) -> Option<Held> {
        if self.heap.peek()?.0.event.time > to {
            return None;
        }
        let Reverse(held) = self.heap.pop()?;
        self.bytes = self.bytes.saturating_sub(held.bytes());
        self.left = self.left.max(held.event.time);
        Some(held)
    }

    /// The bytes of memory in use, approximately.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes the waiting events, in the order in which they will leave.
    pub fn save(&self, out: &mut Writer) {
        let mut held: Vec<&Held> = self.heap.iter().map(|Reverse(held)| held).collect();
        sort(&mut held, |one, other| one < other);
        out.i64(self.left.0);
        out.count(held.len());
        for Held { event, record, number, .. } in held {
            event_fields!(save_fields, event, out);
            out.varint(*number);
            out.bytes(record);
        }
    }

    /// Reads the bytes of [`save`](Self::save).
    ///
    /// # Errors
    /// Fails if `save` did not write these bytes.
    pub fn load(&mut self, input: &mut Reader<'_>) -> snapshot::Result<()> {
        self.left = Timestamp(input.i64()?);
        let of_0_1 = input.version() == 2;
        for _ in 0..input.count(16)? {
            let (event, number) = match of_0_1 {
                true => (of_0_1::load_event(input)?, 0),
                false => (event_fields!(load_fields, Event, input), input.varint()?),
            };
            self.push(event, Record { number, bytes: input.bytes()? });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Provider, Shape};
    use crate::shapes::linux::Shape::Sshd;
    use alloc::borrow::Cow;

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
            buffer.push(at(second, user, Sshd.into()), Record::unnumbered(b"raw"));
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
            buffer.push(event, Record::unnumbered(b"raw"));
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
            buffer.push(event, Record { number: 9, bytes: &[b'x'; 2000] });
        }
        let mut out = Writer::loose();
        buffer.save(&mut out);
        let bytes = out.finish();
        let mut restored = Reorder::new(Span::seconds(10));
        let mut input = Reader::loose(&bytes).unwrap();
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
