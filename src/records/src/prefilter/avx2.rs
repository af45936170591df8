//! The pass for machines with AVX2: 32 bytes at a time.
//!
//! The method is Teddy, from Hyperscan. For each byte, two look-ups by nibble tell which buckets accept it at each
//! place of their windows. A bucket that accepts four bytes in a row, at all four places, is a candidate.

use super::buckets::WINDOW;
use super::search::Search;
use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256, _mm256_testz_si256,
};

/// The bytes of a step, and of half a step.
const STEP: usize = 32;
const HALF: usize = 16;

/// Calls `found` for needles at or after `from`, until less than a step and a window is left. Returns the place it
/// reached. See [`Search::scan`].
#[target_feature(enable = "avx2")]
pub(super) fn scan(
    search: &Search,
    text: &[u8],
    mut from: usize,
    mut found: impl FnMut(usize, u64) -> usize,
) -> usize {
    // SAFETY: 32 bytes are read from an array of 32.
    let table = |bytes: &[u8; 32]| unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
    let low: [__m256i; WINDOW] = std::array::from_fn(|place| table(&search.low[place]));
    let high: [__m256i; WINDOW] = std::array::from_fn(|place| table(&search.high[place]));
    let nibble = _mm256_set1_epi8(15);
    // The buckets that accept the window at each of 16 places: the first eight buckets in the lower half, the others
    // in the upper.
    let accepted = |at: usize| {
        let mut all = _mm256_set1_epi8(-1);
        for place in 0..WINDOW {
            let bytes = text.as_ptr().wrapping_add(at + place);
            // SAFETY: the loop below leaves room for a half and a window after `at`.
            let bytes = _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(bytes.cast()) });
            let by_low = _mm256_shuffle_epi8(low[place], _mm256_and_si256(bytes, nibble));
            let by_high =
                _mm256_shuffle_epi8(high[place], _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
            all = _mm256_and_si256(all, _mm256_and_si256(by_low, by_high));
        }
        all
    };
    while from + STEP + WINDOW - 1 <= text.len() {
        let halves = [accepted(from), accepted(from + HALF)];
        let any = _mm256_or_si256(halves[0], halves[1]);
        if _mm256_testz_si256(any, any) != 0 {
            from += STEP;
            continue;
        }
        let mut next = from;
        for (half, hits) in halves.into_iter().enumerate() {
            let base = from + half * HALF;
            let empty = _mm256_movemask_epi8(_mm256_cmpeq_epi8(hits, _mm256_setzero_si256())).cast_unsigned();
            let mut places = (!empty | !empty >> HALF) & 0xffff;
            let mut buckets = [0_u8; 32];
            // SAFETY: 32 bytes are written to an array of 32.
            unsafe { _mm256_storeu_si256(buckets.as_mut_ptr().cast(), hits) };
            loop {
                // Drops the places that were skipped.
                places &= u32::MAX.checked_shl(next.saturating_sub(base) as u32).unwrap_or(0);
                if places == 0 {
                    break;
                }
                let place = places.trailing_zeros() as usize;
                let both = u32::from(buckets[place]) | u32::from(buckets[place + HALF]) << 8;
                let owners = search.owners(text, base + place, both);
                next = if owners == 0 { base + place + 1 } else { found(base + place, owners) };
            }
        }
        from = next.max(from + STEP);
    }
    from
}
