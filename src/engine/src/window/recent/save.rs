//! Writes the entries of a key into a snapshot, and reads them back.

use super::{Entry, Key, MANY, MEMBERS, MOST, Recent, Slot, Windows, order};
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Timestamp;
use alloc::boxed::Box;

impl Recent {
    /// Writes the entries of a key. Call it for each key that the table wrote, in the same order. O(n).
    pub fn save(&self, slot: Slot, out: &mut Writer) {
        let none = Key::EMPTY;
        let key = self.slots.get(slot.number()).unwrap_or(&none);
        out.i64(key.cut.0);
        // The time since the key took from the pool. Restoring a state does not change it.
        let touched = key.place.touched;
        out.varint(if touched == 0 { 0 } else { self.order.clock.saturating_sub(touched) });
        out.count(key.list.len());
        for entry in &key.list {
            out.i64(entry.time.0);
            out.varint(entry.count.into());
            out.u8(entry.kind);
            for member in entry.members {
                out.raw(&member.to_le_bytes());
            }
        }
    }

    /// Reads the entries of a key, for the slot that holds it now. `None` if the table dropped it. O(n).
    ///
    /// # Errors
    /// Fails if the bytes are not from `save`.
    pub fn load(&mut self, slot: Option<Slot>, input: &mut Reader<'_>) -> Result<()> {
        const WRONG: SnapshotError = SnapshotError::Invalid("what happened lately to a key");
        let mut key = Key { cut: Timestamp(input.i64()?), ..Key::EMPTY };
        let age = input.varint()?;
        if age > 0 {
            key.place.touched = order::RESTORED.saturating_sub(age).max(1);
        }
        let count = input.count(10 + 8 * MEMBERS)?;
        if count > MOST {
            return Err(WRONG);
        }
        key.list.reserve_exact(count);
        let mut last = Timestamp::MIN;
        for _ in 0..count {
            let mut entry = Entry { time: Timestamp(input.i64()?), ..Entry::default() };
            entry.count = u32::try_from(input.varint()?).map_err(|_| WRONG)?;
            entry.kind = input.u8()?;
            for member in &mut entry.members {
                *member = u64::from_le_bytes(input.array()?);
            }
            if entry.time < last {
                return Err(WRONG);
            }
            last = entry.time;
            key.list.push_back(entry);
        }
        let Some(at) = slot.map(Slot::number) else { return Ok(()) };
        while key.list.front().is_some_and(|first| first.time < last.minus(self.keep)) {
            key.list.pop_front();
        }
        if key.list.len() > self.floor.max(MANY / 2) + MANY / 2 {
            key.windows = Some(Box::new(Windows::new(&key.list, self.spans, self.placement)));
        }
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, || Key::EMPTY);
        }
        if let Some(place) = self.slots.get_mut(at) {
            *place = key;
        }
        (self.order.loading, self.order.clock) = (true, order::RESTORED);
        Ok(())
    }
}
