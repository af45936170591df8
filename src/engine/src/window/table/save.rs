//! Writes a table into a snapshot, and reads it back.

use super::super::sketch::{MAX_WEIGHT, Sketch};
use super::super::slab::{HEADER, Links, NIL};
use super::{Content, Slot, Table};
use crate::hash::Fingerprint;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use crate::time::Timestamp;

/// Converts the data of a key that was saved under another layout.
pub type Convert<'a> = &'a mut dyn FnMut(&[u8], Content<'_>);

/// The parts that [`Table::load`] dropped because of a changed configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The number of keys without room.
    pub dropped: usize,
    /// True if the sketch had weights but another size, so that it starts empty.
    pub sketch_dropped: bool,
}

/// The bytes of a key before its data: 16 of its fingerprint, 8 of its newest time, 1 of its weight.
const HEAD: usize = 25;

/// The bytes of a key before its data, written at once because a snapshot may have a million keys.
fn head(key: Fingerprint, newest: Timestamp, weight: u8) -> [u8; HEAD] {
    let mut head = [weight; HEAD];
    if let Some((first, rest)) = head.split_first_chunk_mut() {
        *first = key.to_bytes();
        if let Some(times) = rest.first_chunk_mut() {
            *times = newest.0.to_le_bytes();
        }
    }
    head
}

impl Table {
    /// Writes all keys in the order of [`Table::iter`], and the sketch. The bytes are the same for every seed. O(n).
    pub fn save(&self, out: &mut Writer) {
        out.i64(self.now.0);
        out.count(self.bounds.data);
        out.count(self.main.len);
        out.count(self.recency.len);
        let hand = self.ages(&self.main).take_while(|slot| self.hand != NIL && *slot != self.hand).count();
        out.count(hand);
        for list in [&self.main, &self.recency] {
            for slot in self.ages(list) {
                // The weight as of now. A weight that has aged to 0 must leave no trace in the bytes.
                let links = self.slab.links(slot);
                let before = self.before(slot, links).filter(|_| links.weight > 0);
                let weight = before.map_or(0, |before| links.weight | u8::from(before) << 4);
                out.raw(&head(self.slab.key(slot), self.slab.newest(slot), weight));
                out.raw(self.data(Slot(slot)));
            }
        }
        self.sketch.save(out, self.window());
    }

    /// Reads a table within the bounds of this one. If fewer keys fit, those that were touched longest ago are left
    /// out, those of the main segment first. O(n).
    ///
    /// `convert` creates a key's data from the saved bytes. It gets the saved bytes and the new content, which is zero
    /// except for the key's newest time. `None` if the layout has not changed; the sizes must then agree.
    ///
    /// # Errors
    /// Fails if the bytes are not from `save`.
    pub fn load(&self, input: &mut Reader<'_>, mut convert: Option<Convert<'_>>) -> Result<(Self, Loaded)> {
        let bounds = self.bounds;
        let mut table = Self::new(bounds, self.seed);
        table.now = Timestamp(input.i64()?);
        let size = input.number()?;
        if convert.is_none() && size != bounds.data {
            return Err(SnapshotError::Invalid("the size of a key"));
        }
        let main = input.number()?;
        let recency = input.number()?;
        let entry = size.saturating_add(HEAD);
        match main.checked_add(recency).and_then(|keys| keys.checked_mul(entry)) {
            Some(bytes) if bytes <= input.remaining() => {}
            _ => return Err(SnapshotError::Truncated),
        }
        let hand = input.number()?;
        let dropped = (main + recency).saturating_sub(table.bounds.max_keys);
        table.index.reserve(main + recency - dropped);
        for n in 0..main + recency {
            let key = Fingerprint::from_bytes(input.array()?);
            let newest = Timestamp(input.i64()?);
            let weight = input.u8()?;
            let data = input.raw(size)?;
            if n < dropped {
                continue;
            }
            if table.find(key).is_some() {
                return Err(SnapshotError::Invalid("a key is there twice"));
            }
            let slot = table.slab.take().unwrap_or(NIL);
            table.slab.set_key(slot, key);
            table.slab.set_newest(slot, newest);
            table.index.insert(key, slot, &table.slab);
            let window = table.window().wrapping_sub(u16::from(weight >> 4 & 1));
            let weight = table.heavier(0, u32::from(weight & MAX_WEIGHT));
            table.push(slot, Links { older: NIL, newer: NIL, main: n < main, weight, window });
            if n < main && n == hand {
                table.hand = slot;
            }
            match (&mut convert, table.content(Slot(slot))) {
                (Some(convert), Some(content)) => convert(data, content),
                (None, Some(content)) => content.data.copy_from_slice(data),
                (_, None) => {}
            }
        }
        // With another `max_keys`, the segments have other sizes.
        while table.recency.len > table.quota() {
            table.promote();
        }
        let (sketch, kept) = Sketch::load(input, bounds.sketch_bytes, table.window())?;
        table.sketch = sketch;
        Ok((table, Loaded { dropped, sketch_dropped: !kept }))
    }

    /// The most bytes that `save` writes, without the sketch.
    #[must_use]
    pub const fn saved_bytes(&self) -> usize {
        self.len() * (HEADER + self.bounds.data)
    }
}
