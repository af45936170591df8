//! Finds needles in one pass over a text, in any number and ignoring case.
//!
//! Each needle is represented by four of its bytes, its window. The pass searches for the windows of all needles at
//! once. It compares a needle only where its window was found.

#[cfg(target_arch = "x86_64")]
use super::avx2;
use super::buckets::{BUCKETS, WINDOW, buckets, rarest};
use std::ops::Range;

/// The bytes that the portable pass takes at once.
const STEP: usize = 8;
/// The number of hashes of windows; each has one bit.
const HASHES: usize = 1 << 13;

/// The prepared needles.
pub(super) struct Search {
    /// For each place of a window and each lower nibble, the buckets that accept it. The first eight buckets are in
    /// the first half.
    pub(super) low: [[u8; 32]; WINDOW],
    /// The same for upper nibbles.
    pub(super) high: [[u8; 32]; WINDOW],
    /// For each byte, the buckets that accept it: 16 bits for each place of a window, the first place lowest.
    table: Box<[u64; 256]>,
    /// The windows, by a hash of their first three bytes. This rejects most false matches of the nibbles.
    hashes: Box<[u64; HASHES / 64]>,
    needles: Vec<Needle>,
    /// The needles of each bucket.
    buckets: [Range<usize>; BUCKETS],
}

/// A needle and its window.
struct Needle {
    /// The window in lower case, and the bits in which upper and lower case differ. After the end of a short needle,
    /// all bits are set.
    window: u32,
    case: u32,
    bytes: Box<[u8]>,
    /// The place of the window in the needle.
    at: usize,
    owners: u64,
}

impl Search {
    /// Prepares needles and their owners. No needle may be empty.
    pub(super) fn new(needles: &[(Vec<u8>, u64)]) -> Self {
        let at: Vec<usize> = needles.iter().map(|(bytes, _)| rarest(bytes)).collect();
        let windows = needles.iter().zip(&at).map(|((bytes, _), at)| {
            let rest = bytes.get(*at..).unwrap_or_default();
            rest.get(..WINDOW).unwrap_or(rest)
        });
        let mut search = Self {
            low: [[0; 32]; WINDOW],
            high: [[0; 32]; WINDOW],
            table: Box::new([0; 256]),
            hashes: Box::new([0; HASHES / 64]),
            needles: Vec::new(),
            buckets: std::array::from_fn(|_| 0..0),
        };
        for (number, bucket) in buckets(windows.clone()).into_iter().enumerate() {
            for (place, accepted) in bucket.places.iter().enumerate() {
                for nibble in 0..16 {
                    let (lane, bit) = (number / 8 * 16 + nibble, 1 << (number % 8));
                    search.low[place][lane] |= if accepted.low & (1 << nibble) == 0 { 0 } else { bit };
                    search.high[place][lane] |= if accepted.high & (1 << nibble) == 0 { 0 } else { bit };
                }
            }
            let begin = search.needles.len();
            for needle in bucket.needles {
                let Some(((bytes, owners), at)) = needles.get(needle).zip(at.get(needle)) else { continue };
                let needle = Needle::new(bytes, *at, *owners);
                if bytes.len() < 3 {
                    search.hashes.fill(!0);
                }
                let hash = hash(needle.window);
                search.hashes[hash / 64] |= 1 << (hash % 64);
                search.needles.push(needle);
            }
            search.buckets[number] = begin..search.needles.len();
        }
        for (byte, all) in search.table.iter_mut().enumerate() {
            for (place, (low, high)) in search.low.iter().zip(&search.high).enumerate() {
                let half = |half: usize| low[half + byte % 16] & high[half + byte / 16];
                *all |= (u64::from(half(0)) | u64::from(half(16)) << 8) << (place * BUCKETS);
            }
        }
        search
    }

    /// Calls `found` with each place at or after `from` where a needle's window is, and with the owners of the
    /// needles there. Continues at the place that `found` returns, which must be after that place. O(n) for n bytes
    /// if windows are rare.
    pub(super) fn scan(&self, text: &[u8], from: usize, mut found: impl FnMut(usize, u64) -> usize) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has AVX2.
            let from = unsafe { avx2::scan(self, text, from, &mut found) };
            return self.rest(text, from, found);
        }
        let from = self.portable(text, from, &mut found);
        self.rest(text, from, found);
    }

    /// The pass for all machines. Returns the place it reached.
    pub(super) fn portable(
        &self,
        text: &[u8],
        mut from: usize,
        mut found: impl FnMut(usize, u64) -> usize,
    ) -> usize {
        const LONG: usize = STEP + WINDOW - 1;
        while let Some(bytes) = text.get(from..).and_then(|rest| rest.first_chunk::<LONG>()) {
            let accepted = bytes.map(|byte| self.table[usize::from(byte)]);
            let at = |place: usize| {
                accepted[place]
                    & accepted[place + 1] >> 16
                    & accepted[place + 2] >> 32
                    & accepted[place + 3] >> 48
            };
            let all: [u64; STEP] = std::array::from_fn(at);
            if all.iter().fold(0, |any, one| any | one) == 0 {
                from += STEP;
                continue;
            }
            let mut next = from;
            for (place, buckets) in (from..).zip(all) {
                if place < next || buckets == 0 {
                    continue;
                }
                let owners = self.owners(text, place, buckets as u32 & 0xffff);
                next = if owners == 0 { place + 1 } else { found(place, owners) };
            }
            from = next.max(from + STEP);
        }
        from
    }

    /// Searches the last bytes of a text, which are too few for a step.
    pub(super) fn rest(&self, text: &[u8], mut from: usize, mut found: impl FnMut(usize, u64) -> usize) {
        while from < text.len() {
            let owners = self.owners(text, from, 0xffff);
            from = if owners == 0 { from + 1 } else { found(from, owners) };
        }
    }

    /// The owners of the needles in these buckets whose window is at a place.
    #[inline]
    pub(super) fn owners(&self, text: &[u8], place: usize, mut buckets: u32) -> u64 {
        let Some(rest) = text.get(place..) else { return 0 };
        let window = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut window = [0; WINDOW];
            window.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            window
        });
        let window = u32::from_le_bytes(window);
        let hash = hash(window);
        if self.hashes[hash / 64] & (1 << (hash % 64)) == 0 {
            return 0;
        }
        let mut owners = 0;
        while buckets != 0 {
            let bucket = &self.buckets[buckets.trailing_zeros() as usize % BUCKETS];
            buckets &= buckets - 1;
            for needle in self.needles.get(bucket.clone()).unwrap_or_default() {
                if window | needle.case == needle.window && needle.is_at(text, place) {
                    owners |= needle.owners;
                }
            }
        }
        owners
    }
}

impl Needle {
    fn new(bytes: &[u8], at: usize, owners: u64) -> Self {
        let (mut window, mut case) = ([0xff; WINDOW], [0xff; WINDOW]);
        for ((window, case), byte) in window.iter_mut().zip(&mut case).zip(bytes.iter().skip(at)) {
            *window = byte.to_ascii_lowercase();
            *case = if byte.is_ascii_alphabetic() { 0x20 } else { 0 };
        }
        let (window, case) = (u32::from_le_bytes(window), u32::from_le_bytes(case));
        Self { window, case, bytes: bytes.into(), at, owners }
    }

    /// True if the needle is in `text` so that its window is at `window`.
    fn is_at(&self, text: &[u8], window: usize) -> bool {
        let start = window.checked_sub(self.at);
        let there = start.and_then(|start| text.get(start..start + self.bytes.len()));
        there.is_some_and(|there| there.eq_ignore_ascii_case(&self.bytes))
    }
}

/// A hash of the first three bytes, ignoring case. It is below [`HASHES`].
#[inline]
const fn hash(window: u32) -> usize {
    ((window | 0x2020_2020) << 8).wrapping_mul(0x9E37_79B1) as usize >> 19
}
