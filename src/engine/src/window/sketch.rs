//! A sketch of the weights of evicted keys, of fixed size. It ages by window.
//!
//! It answers one question: which of two keys has to stay. It never adds to a count.
//!
//! - **Blocked**: all bits of a key lie in one block of 64 bytes, so a look costs one cache miss.
//! - **Weight 1 takes four bits of 240** (a Bloom filter in the block): nearly all keys of a flood fail once.
//! - **More takes a cell**: a key of weight 2 or more has one of six cells, with 17 bits of its fingerprint. So at most
//!   once in 20,000 times another key passes for a heavy one. If a block has more heavy keys, the lightest are dropped.
//!   After a flood, a count-min sketch of 4-bit counters in as many bytes errs a hundred times as often.
//! - **Ageing**: when a window ends, its cells become those of the window before, and the older ones are dropped. A
//!   block does this when it is next touched. Halving the weights instead would let a flood win across the border:
//!   weight 3 would become 1, the weight of junk.
//!
//! Places depend on the fingerprint alone, so estimates are the same for every seed and on every host.

use crate::hash::Fingerprint;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use alloc::vec::Vec;

/// Words 0 to 3: 16 bits of window number, then 240 bits for keys of any weight. Words 4 and 5: the cells of this
/// window, three in a word. Words 6 and 7: the cells of the window before.
type Block = [u64; 8];
const BLOCK_BYTES: usize = 64;
const WINDOW_MASK: u64 = 0xffff;
const FIRST_BIT: u64 = 16;
const BITS: u64 = 240;
const BITS_OF_A_KEY: u64 = 4;
/// A cell: four bits of weight, 0 for an empty cell, and bits of the fingerprint.
const CELL_BITS: u32 = 21;
const CELL_MASK: u64 = (1 << CELL_BITS) - 1;
/// The greatest weight in a cell.
pub const MAX_WEIGHT: u8 = 15;

/// Estimates the weights of keys that are no longer held.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    blocks: Vec<Block>,
    /// The number of blocks, allocated with the first weight.
    wanted: usize,
}

impl Sketch {
    /// A sketch of up to `bytes` bytes, allocated with the first weight. With fewer than 64 bytes it stores nothing.
    #[must_use]
    pub const fn new(bytes: usize) -> Self {
        Self { blocks: Vec::new(), wanted: bytes / BLOCK_BYTES }
    }

    /// The bytes in use.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.blocks.capacity() * BLOCK_BYTES
    }

    /// The estimated weight of `key`, 0 to [`MAX_WEIGHT`], as of window number `window`. One cache miss.
    #[must_use]
    pub fn estimate(&self, key: Fingerprint, window: u16) -> u8 {
        let Some(block) = self.blocks.get(self.place(key)) else { return 0 };
        let [a, b, c, d, now @ .., e, f] = aged(block, window);
        let seen = |(word, mask): (usize, u64)| [a, b, c, d].get(word).is_some_and(|word| word & mask != 0);
        let now = if bits(key).all(seen) { Cells(now).weight(key).max(1) } else { 0 };
        now.max(Cells([e, f]).weight(key))
    }

    /// Stores the weight of `key` at its last failure: in this window or, if `before`, in the previous one. Of the
    /// previous window only weights of 2 and more are kept. One cache miss.
    pub fn raise(&mut self, key: Fingerprint, weight: u8, before: bool, window: u16) {
        if weight == 0 {
            return;
        }
        if self.blocks.is_empty() {
            self.blocks.resize(self.wanted, [0; 8]);
        }
        let place = self.place(key);
        let Some(block) = self.blocks.get_mut(place) else { return };
        *block = aged(block, window);
        if !before {
            for (word, mask) in bits(key) {
                if let Some(word) = block.get_mut(word) {
                    *word |= mask;
                }
            }
        }
        let [_, _, _, _, now_a, now_b, past_a, past_b] = block;
        let (first, second) = if before { (past_a, past_b) } else { (now_a, now_b) };
        if weight > 1 {
            let mut cells = Cells([*first, *second]);
            cells.raise(key, weight.min(MAX_WEIGHT));
            [*first, *second] = cells.0;
        }
    }

    fn place(&self, key: Fingerprint) -> usize {
        ((u128::from(key.halves().0) * self.blocks.len() as u128) >> 64) as usize
    }

    /// Writes the sketch, as of `window`. Empty blocks take no space. O(n) in its bytes.
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
        // A number of empty blocks as great as the whole sketch marks the end.
        out.count(self.wanted);
    }

    /// Reads a sketch, as of `window`. If `bytes` means another size, the sketch starts empty, because its bits cannot
    /// be moved. The second result is `false` if weights were lost by that.
    ///
    /// # Errors
    /// Fails if the bytes are not from `save`.
    pub fn load(input: &mut Reader<'_>, bytes: usize, window: u16) -> Result<(Self, bool)> {
        let mut sketch = Self::new(bytes);
        let had = input.varint()?;
        let (mut next, mut kept) = (0u64, true);
        loop {
            let empty = input.varint()?;
            // A block cannot be beyond the end.
            if empty >= had {
                return Ok((sketch, kept));
            }
            let mut block = [0; 8];
            for word in &mut block {
                *word = u64::from_le_bytes(input.array()?);
            }
            if had != sketch.wanted as u64 {
                kept = false;
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

/// The cells of one window.
struct Cells([u64; 2]);

impl Cells {
    const COUNT: usize = 6;

    fn all(&self) -> [u64; Self::COUNT] {
        let [a, b] = self.0;
        [a, a >> CELL_BITS, a >> (2 * CELL_BITS), b, b >> CELL_BITS, b >> (2 * CELL_BITS)]
            .map(|c| c & CELL_MASK)
    }

    fn weight(&self, key: Fingerprint) -> u8 {
        let mine = self.all().into_iter().filter(|cell| cell >> 4 == name(key));
        mine.map(|cell| cell as u8 & MAX_WEIGHT).max().unwrap_or(0)
    }

    /// Raises the weight of a key. In a full word the lightest other key makes room, the first of equals, unless it is
    /// heavier.
    fn raise(&mut self, key: Fingerprint, weight: u8) {
        let mut cells = self.all();
        let weight_of = |cell: u64| if cell >> 4 == name(key) { 0 } else { cell as u8 & MAX_WEIGHT };
        if self.weight(key) >= weight {
            return;
        }
        let held = cells.iter().position(|cell| cell & 0xf != 0 && cell >> 4 == name(key));
        let lightest =
            (0..Self::COUNT).min_by_key(|n| cells.get(*n).map_or(MAX_WEIGHT, |cell| weight_of(*cell)));
        if let Some(place) = held.or(lightest)
            && let Some(cell) = cells.get_mut(place)
            && weight_of(*cell) <= weight
        {
            *cell = name(key) << 4 | u64::from(weight);
            // The newest cell is the last one, so the first of equals is the oldest.
            cells.get_mut(place..).unwrap_or_default().rotate_left(1);
        }
        let [a, b, c, d, e, f] = cells;
        self.0 = [a | b << CELL_BITS | c << (2 * CELL_BITS), d | e << CELL_BITS | f << (2 * CELL_BITS)];
    }
}

/// The bits that identify a key in a cell.
const fn name(key: Fingerprint) -> u64 {
    key.halves().0 & (CELL_MASK >> 4)
}

/// The bits of a key in its block: word and mask.
fn bits(key: Fingerprint) -> impl Iterator<Item = (usize, u64)> {
    let hash = key.halves().1;
    (0..BITS_OF_A_KEY)
        .map(move |n| FIRST_BIT + (((hash >> (16 * n) & 0xffff) * BITS) >> 16))
        .map(|bit| ((bit / 64) as usize, 1 << (bit % 64)))
}

/// The block as of `window`.
fn aged(block: &Block, window: u16) -> Block {
    let [first, .., c, d, _, _] = *block;
    let now = u64::from(window);
    match window.wrapping_sub((first & WINDOW_MASK) as u16) {
        0 => *block,
        1 => [now, 0, 0, 0, 0, 0, c, d],
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
        sketch.raise(key(1), 2, false, 10);
        sketch.raise(key(3), 2, true, 10);
        sketch.raise(key(4), 1, false, 10);
        assert_eq!([10, 11, 12].map(|w| sketch.estimate(key(1), w)), [5, 2, 0]);
        assert_eq!(
            [10, 11].map(|w| sketch.estimate(key(4), w)),
            [1, 0],
            "of the window before only what is heavy"
        );
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
    fn strangers_are_rarely_taken_for_known_and_never_for_heavy_ones() {
        let mut sketch = Sketch::new(400 << 10);
        // As many keys for this size as in the flood of the design: 200,000 that failed once, and 4,000 heavy ones.
        for n in 0..204_000 {
            sketch.raise(key(n), if n % 51 == 0 { 5 } else { 1 }, false, 0);
        }
        let known = (0..204_000).step_by(51).filter(|n| sketch.estimate(key(*n), 0) == 5).count();
        assert!(known > 3_990, "{known} of 4000");
        assert!((0..204_000).all(|n| sketch.estimate(key(n), 0) >= 1));
        let strangers = (300_000..400_000).map(|n| sketch.estimate(key(n), 0));
        let (some, heavy) = strangers.fold((0, 0), |(a, b), e| (a + u32::from(e > 0), b + u32::from(e > 1)));
        assert!(some < 5_000 && heavy < 3, "{some} {heavy} of 100000");
    }

    #[test]
    fn the_lightest_and_then_the_oldest_goes() {
        let mut cells = Cells([0; 2]);
        let key = |n: u64| Fingerprint(u128::from(n));
        for n in 1..=6 {
            cells.raise(key(n), if n == 4 { 2 } else { 3 });
        }
        assert!((1..=6).all(|n| cells.weight(key(n)) > 1));
        cells.raise(key(7), 3);
        assert_eq!((cells.weight(key(4)), cells.weight(key(7))), (0, 3));
        cells.raise(key(1), 3);
        cells.raise(key(8), 3);
        assert_eq!(
            (cells.weight(key(1)), cells.weight(key(8))),
            (0, 3),
            "nothing new about 1: it stayed the oldest"
        );
        cells.raise(key(9), 2);
        assert_eq!(cells.weight(key(9)), 0, "the others are heavier");
        cells.raise(key(2), 4);
        cells.raise(key(10), 3);
        assert_eq!([2, 3, 10].map(|n| cells.weight(key(n))), [4, 0, 3]);
    }

    #[test]
    fn snapshots_are_exact_and_canonical() {
        let mut sketch = Sketch::new(1 << 12);
        for n in 0..40 {
            sketch.raise(key(n), (n % 15) as u8, n % 2 == 0, 3);
        }
        let save = |sketch: &Sketch, window| {
            let mut out = Writer::loose();
            sketch.save(&mut out, window);
            out.finish()
        };
        let bytes = save(&sketch, 4);
        let mut reader = Reader::loose(&bytes).unwrap();
        let (back, kept) = Sketch::load(&mut reader, 1 << 12, 4).unwrap();
        reader.finish().unwrap();
        assert!(kept);
        assert!((0..60).all(|n| back.estimate(key(n), 5) == sketch.estimate(key(n), 5)));
        assert_eq!(save(&back, 5), save(&sketch, 5));
        let (other, kept) = Sketch::load(&mut Reader::loose(&bytes).unwrap(), 1 << 13, 4).unwrap();
        assert!(!kept && other.bytes() == 0);
        let nothing = save(&Sketch::new(1 << 12), 4);
        let (_, kept) = Sketch::load(&mut Reader::loose(&nothing).unwrap(), 1 << 13, 4).unwrap();
        assert!(kept, "of nothing nothing is dropped");
    }
}
