//! How often keys failed that were given up: a count-min sketch that ages by window.
//!
//! It answers one question, which of two keys shall stay, and never adds to a count. An estimate is never below what
//! was remembered (until it ages), and above it only by collision.
//!
//! - **Blocked**: all that is known of a key lies in one block of 64 bytes, so a look costs one cache miss.
//! - **Once is a bit**: most keys of a flood fail once. Those set three bits of 144 (a Bloom filter); counters are for
//!   weights of 2 and more. Counters alone, in as many bytes, err five times as often.
//! - **Conservative**: a key raises a counter only up to its own weight; counters of busier keys stay as they are.
//! - **Ageing**: there are two generations of counters, for the window that is and for the one before. At the border
//!   between windows the older one is dropped, in each block when it is next touched. (Halving would be simpler, and
//!   let a flood over the border win: what weighs 3 would weigh 1, as junk does.)
//!
//! Places depend on the fingerprint alone, so estimates are the same for every seed and on every host.

use crate::hash::Fingerprint;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use alloc::vec::Vec;

/// Two generations of four words, this window's first. In each: 16 bits of window number (unused in the second), 144
/// bits for keys that weigh anything, 24 counters of 4 bits, in four rows of 6, for those that weigh 2 and more.
type Block = [u64; 8];
const BLOCK_BYTES: usize = 64;
const GENERATION: usize = 4;
const FIRST_BIT: u64 = 16;
const BITS: u64 = 144;
const BITS_OF_A_KEY: u64 = 3;
/// In units of four bits.
const FIRST_COUNTER: u64 = 40;
const ROWS: u64 = 4;
const ROW: u64 = 6;
const WINDOW_MASK: u64 = 0xffff;
/// The greatest weight a counter holds.
pub const MAX_WEIGHT: u8 = 15;

/// Estimates of the weight of keys that are no longer held.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    blocks: Vec<Block>,
    /// How many there shall be once there is something to remember.
    wanted: usize,
}

impl Sketch {
    /// A sketch of up to `bytes` bytes, which it takes when it first has something to remember. With fewer than 64
    /// it remembers nothing.
    #[must_use]
    pub const fn new(bytes: usize) -> Self {
        Self { blocks: Vec::new(), wanted: bytes / BLOCK_BYTES }
    }

    /// The bytes it takes now.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.blocks.capacity() * BLOCK_BYTES
    }

    /// What `key` weighs at most, 0 to [`MAX_WEIGHT`], as of window number `window`. One cache miss.
    #[must_use]
    pub fn estimate(&self, key: Fingerprint, window: u16) -> u8 {
        let Some(block) = self.blocks.get(self.place(key)) else { return 0 };
        let block = aged(block, window);
        let [a, b, c, d, e, f, g, h] = block;
        weigh(key, &[a, b, c, d]).max(weigh(key, &[e, f, g, h]))
    }

    /// Remembers that `key` weighed `weight` when it last failed: in this window or, if `before`, in the one before.
    /// One cache miss.
    pub fn raise(&mut self, key: Fingerprint, weight: u8, before: bool, window: u16) {
        if self.blocks.is_empty() && weight > 0 {
            self.blocks.resize(self.wanted, [0; 8]);
        }
        let weight = weight.min(MAX_WEIGHT);
        let place = self.place(key);
        let Some(block) = self.blocks.get_mut(place) else { return };
        *block = aged(block, window);
        let (now, past) = block.split_at_mut(GENERATION);
        let generation = if before { past } else { now };
        if weight > 0 {
            for (word, shift) in bits(key) {
                if let Some(word) = generation.get_mut(word) {
                    *word |= 1 << shift;
                }
            }
        }
        if weight > 1 {
            for (word, shift) in counters(key) {
                if let Some(word) = generation.get_mut(word)
                    && *word >> shift & 0xf < u64::from(weight)
                {
                    *word = *word & !(0xf << shift) | u64::from(weight) << shift;
                }
            }
        }
    }

    fn place(&self, key: Fingerprint) -> usize {
        ((key.halves().0 as u128 * self.blocks.len() as u128) >> 64) as usize
    }

    /// Writes it, as of `window`. Empty blocks take no space. Linear in its bytes.
    pub fn save(&self, out: &mut Writer, window: u16) {
        out.count(self.wanted);
        let mut empty = 0u64;
        for block in &self.blocks {
            let mut block = aged(block, window);
            block[0] &= !WINDOW_MASK;
            if block == [0; 8] {
                empty += 1;
                continue;
            }
            out.varint(empty);
            empty = 0;
            for word in block {
                out.raw(&word.to_le_bytes());
            }
        }
        // Past the last block: the end.
        out.count(self.wanted);
    }

    /// Reads it back, as of `window`. Where `bytes` asks for another size than it had, it begins empty and `false`
    /// is returned beside it: counters cannot be moved.
    ///
    /// # Errors
    /// Where the snapshot makes no sense.
    pub fn load(input: &mut Reader<'_>, bytes: usize, window: u16) -> Result<(Self, bool)> {
        let mut sketch = Self::new(bytes);
        let had = input.varint()?;
        let same = had == sketch.wanted as u64;
        let mut next = 0u64;
        loop {
            let empty = input.varint()?;
            // A block is never further away than the end is.
            if empty >= had {
                return Ok((sketch, same));
            }
            let mut block = [0; 8];
            for word in &mut block {
                *word = u64::from_le_bytes(input.array()?);
            }
            if !same {
                continue;
            }
            if sketch.blocks.is_empty() {
                sketch.blocks.resize(sketch.wanted, [0; 8]);
            }
            next = next.saturating_add(empty);
            let place = usize::try_from(next).ok().and_then(|n| sketch.blocks.get_mut(n));
            block[0] = block[0] & !WINDOW_MASK | u64::from(window);
            *place.ok_or(SnapshotError::Invalid("the sketch"))? = block;
            next += 1;
        }
    }
}

/// What a key weighs by one generation.
fn weigh(key: Fingerprint, generation: &[u64; GENERATION]) -> u8 {
    let at = |(word, shift): (usize, u32)| generation.get(word).copied().unwrap_or(0) >> shift;
    if bits(key).any(|place| at(place) & 1 == 0) {
        return 0;
    }
    counters(key).map(|place| (at(place) & 0xf) as u8).min().unwrap_or(0).max(1)
}

/// A number below `most` of the 16 bits of `hash` that are the `n`th.
const fn pick(hash: u64, n: u64, most: u64) -> u64 {
    ((hash >> (16 * n) & 0xffff) * most) >> 16
}

/// Where the bits of a key are: word and shift.
fn bits(key: Fingerprint) -> impl Iterator<Item = (usize, u32)> {
    // Its upper bits choose the block, 16 of them in a sketch of 4 MiB.
    let hash = key.halves().0;
    (0..BITS_OF_A_KEY)
        .map(move |n| FIRST_BIT + pick(hash, n, BITS))
        .map(|bit| ((bit / 64) as usize, (bit % 64) as u32))
}

/// Where its counters are: word and shift.
fn counters(key: Fingerprint) -> impl Iterator<Item = (usize, u32)> {
    let hash = key.halves().1;
    (0..ROWS)
        .map(move |row| FIRST_COUNTER + row * ROW + pick(hash, row, ROW))
        .map(|counter| ((counter / 16) as usize, (counter % 16 * 4) as u32))
}

/// The block as of `window`.
fn aged(block: &Block, window: u16) -> Block {
    let [a, b, c, d, ..] = *block;
    let (number, a) = ((a & WINDOW_MASK) as u16, a & !WINDOW_MASK);
    let now = u64::from(window);
    match window.wrapping_sub(number) {
        0 => *block,
        1 => [now, 0, 0, 0, a, b, c, d],
        _ => [now, 0, 0, 0, 0, 0, 0, 0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{Hasher128, Salt};

    fn key(n: u64) -> Fingerprint {
        Hasher128::new(Salt::new(""), 0).part(&n.to_le_bytes()).finish()
    }

    #[test]
    fn it_remembers_and_ages() {
        let mut sketch = Sketch::new(1 << 16);
        assert_eq!((sketch.bytes(), sketch.estimate(key(1), 9)), (0, 0));
        sketch.raise(key(1), 5, false, 9);
        sketch.raise(key(1), 3, false, 9);
        assert_eq!([9, 10, 11, 12].map(|w| sketch.estimate(key(1), w)), [5, 5, 0, 0]);
        sketch.raise(key(1), 1, false, 10);
        sketch.raise(key(3), 2, true, 10);
        assert_eq!([10, 11, 12].map(|w| sketch.estimate(key(1), w)), [5, 1, 0]);
        assert_eq!([10, 11].map(|w| sketch.estimate(key(3), w)), [2, 0]);
        assert_eq!(sketch.bytes(), 1 << 16);
        sketch.raise(key(2), 200, false, 10);
        assert_eq!(sketch.estimate(key(2), 10), MAX_WEIGHT);
    }

    #[test]
    fn no_bytes_no_memory() {
        let mut sketch = Sketch::new(0);
        sketch.raise(key(1), 5, false, 9);
        assert_eq!((sketch.bytes(), sketch.estimate(key(1), 9)), (0, 0));
    }

    #[test]
    fn estimates_are_upper_bounds_and_rarely_wrong() {
        let mut sketch = Sketch::new(4 << 20);
        for n in 0..1_000_000 {
            let weight = if n % 100 == 0 { 4 } else { 1 };
            sketch.raise(key(n), weight, false, 0);
        }
        assert!((0..1_000_000).step_by(100).all(|n| sketch.estimate(key(n), 0) >= 4));
        let strangers = (2_000_000..2_100_000).map(|n| sketch.estimate(key(n), 0));
        let (some, many) = strangers.fold((0, 0), |(a, b), e| (a + u32::from(e > 0), b + u32::from(e > 1)));
        assert!(some < 25_000 && many < 1_000, "{some} {many} of 100000");
    }

    #[test]
    fn snapshots_are_exact_and_canonical() {
        let mut sketch = Sketch::new(1 << 12);
        for n in 0..40 {
            sketch.raise(key(n), (n % 15) as u8, n % 2 == 0, 3);
        }
        let save = |sketch: &Sketch, window| {
            let mut out = Writer::new("a", 0, 0);
            sketch.save(&mut out, window);
            out.finish()
        };
        let bytes = save(&sketch, 4);
        let mut reader = Reader::open(&bytes, "a", 0).unwrap();
        let (back, same) = Sketch::load(&mut reader, 1 << 12, 4).unwrap();
        reader.finish().unwrap();
        assert!(same);
        assert!((0..60).all(|n| back.estimate(key(n), 5) == sketch.estimate(key(n), 5)));
        assert_eq!(save(&back, 5), save(&sketch, 5));
        let (other, same) = Sketch::load(&mut Reader::open(&bytes, "a", 0).unwrap(), 1 << 13, 4).unwrap();
        assert!(!same && other.bytes() == 0);
    }
}
