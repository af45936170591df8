//! Sixteen bytes at a time, by the vectors of Wasm: their instructions are safe to use, those of other targets are not.

/// The number of bytes.
pub const BYTES: usize = 16;

/// True if the target has these vectors, so that this code is faster than a word at a time. For all other targets, it
/// works a byte at a time, for tests.
pub const IS_FAST: bool = cfg!(all(target_arch = "wasm32", target_feature = "simd128"));

/// Sixteen bytes of a text.
#[derive(Clone, Copy)]
pub struct Wide(target::Bytes);

impl Wide {
    /// Loads the bytes.
    #[inline(always)]
    pub fn new(bytes: &[u8; BYTES]) -> Self {
        Self(target::load(bytes))
    }

    /// One bit for each byte that equals `byte`. The lowest bit is for the first byte.
    #[inline(always)]
    pub fn is(self, byte: u8) -> u32 {
        target::mask(target::equal(self.0, byte))
    }

    /// One bit for each byte that equals one of the two bytes.
    #[inline(always)]
    pub fn is_either(self, one: u8, other: u8) -> u32 {
        target::mask(target::or(target::equal(self.0, one), target::equal(self.0, other)))
    }
}

/// The first place of either byte, at or after `from`. O(n).
#[inline(always)]
pub fn position_of(text: &[u8], from: usize, one: u8, other: u8) -> Option<usize> {
    let mut at = from;
    while let Some(block) = text.get(at..)?.first_chunk() {
        let marks = Wide::new(block).is_either(one, other);
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize);
        }
        at += BYTES;
    }
    // The last sixteen bytes may begin among bytes that were compared before, or before `from`.
    let Some(last) = text.last_chunk() else {
        let found = text.get(at..)?.iter().position(|byte| *byte == one || *byte == other);
        return found.map(|found| at + found);
    };
    let marks = Wide::new(last).is_either(one, other) >> (at + BYTES - text.len());
    (marks != 0).then(|| at + marks.trailing_zeros() as usize)
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod target {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128, v128_or};
    pub type Bytes = v128;

    #[inline(always)]
    pub fn load(bytes: &[u8; 16]) -> Bytes {
        let word = u128::from_le_bytes(*bytes);
        u64x2(word as u64, (word >> 64) as u64)
    }

    #[inline(always)]
    pub fn equal(bytes: Bytes, byte: u8) -> Bytes {
        u8x16_eq(bytes, u8x16_splat(byte))
    }

    #[inline(always)]
    pub fn or(one: Bytes, other: Bytes) -> Bytes {
        v128_or(one, other)
    }

    #[inline(always)]
    pub fn mask(bytes: Bytes) -> u32 {
        u8x16_bitmask(bytes).into()
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod target {
    pub type Bytes = [u8; 16];

    pub const fn load(bytes: &[u8; 16]) -> Bytes {
        *bytes
    }

    pub fn equal(bytes: Bytes, byte: u8) -> Bytes {
        bytes.map(|other| if other == byte { 1 } else { 0 })
    }

    pub fn or(one: Bytes, other: Bytes) -> Bytes {
        core::array::from_fn(|at| one[at] | other[at])
    }

    pub fn mask(bytes: Bytes) -> u32 {
        bytes.iter().rev().fold(0, |mask, bit| mask << 1 | u32::from(*bit))
    }
}

#[cfg(test)]
mod tests {
    use super::position_of;

    #[test]
    fn the_first_of_two_bytes_is_found_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..=length {
                let mut text = alloc::vec![b'x'; length];
                text.iter_mut()
                    .skip(at)
                    .step_by(3)
                    .for_each(|byte| *byte = if at % 2 == 0 { b'"' } else { b'\\' });
                for from in 0..=length {
                    let naive =
                        text.iter().skip(from).position(|byte| *byte != b'x').map(|found| from + found);
                    assert_eq!(position_of(&text, from, b'"', b'\\'), naive, "{length} {at} {from}");
                }
            }
        }
        assert_eq!(position_of(b"x", 2, b'"', b'\\'), None);
    }
}
