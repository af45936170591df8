//! Fingerprints of keys: 128 bits of SipHash-2-4 under the configuration's salt.
//!
//! A table of a million keys cannot hold user names. It must not confuse two keys either, and an attacker who chooses
//! names would try to make them collide. SipHash is a keyed function. At 128 bits, 20 million keys collide with a
//! probability of 10⁻²⁴. An attacker who knows the salt still needs 2⁶⁴ tries for one pair.
//!
//! A fingerprint depends on the salt only, never on the seed of a host. So snapshots are the same everywhere.

use crate::find::short;
use siphasher::sip128::SipHasher24;

/// A key in 128 bits: the hash of the key's kind and its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// The bytes that tables and snapshots hold.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// The inverse of [`Fingerprint::to_bytes`].
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    /// The lower and the upper 64 bits.
    #[must_use]
    pub const fn halves(self) -> (u64, u64) {
        (self.0 as u64, (self.0 >> 64) as u64)
    }
}

/// The hash key for all fingerprints of one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(u64, u64);

impl Salt {
    /// Derives the hash key from the `salt` option, of any length.
    #[must_use]
    pub fn new(text: &str) -> Self {
        // "authsieve" and a version. Any constant would do, but it must never change.
        let hasher = SipHasher24::new_with_keys(0x6175_7468_7369_6576, 0x6573_616c_7476_3031);
        let (low, high) = Fingerprint(hasher.hash(text.as_bytes()).as_u128()).halves();
        Self(low, high)
    }
}

/// Builds a [`Fingerprint`] without allocation. Linear in the bytes of its parts; some tens of nanoseconds for a
/// short key.
///
/// The hash is SipHash-2-4 with 128 bits (Aumasson, Bernstein 2012, and the authors' reference) over whole words. The
/// kind is part of the hash key. In an interpreter, the `siphasher` crate spends half of its time outside the rounds,
/// on unaligned bytes. The tests use the crate as the reference.
///
/// ```
/// use authsieve_engine::hash::{Hasher128, Salt};
/// let salt = Salt::new("");
/// let key = Hasher128::new(salt, 0).part(b"root").part(b"192.0.2.1").finish();
/// assert_ne!(key, Hasher128::new(salt, 0).part(b"root192").part(b".0.2.1").finish());
/// assert_ne!(key, Hasher128::new(salt, 1).part(b"root").part(b"192.0.2.1").finish());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Hasher128 {
    state: [u64; 4],
    /// The number of words added so far.
    words: u64,
}

impl Hasher128 {
    /// Begins a key of the given kind. Each analytic numbers its kinds of keys.
    #[must_use]
    pub const fn new(salt: Salt, kind: u8) -> Self {
        let (one, other) = (salt.0 ^ kind as u64, salt.1);
        let state = [
            one ^ 0x736f_6d65_7073_6575,
            other ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            one ^ 0x6c79_6765_6e65_7261,
            other ^ 0x7465_6462_7974_6573,
        ];
        Self { state, words: 0 }
    }

    /// Adds a part. The length goes first, so that parts cannot run into each other. A part below eight bytes shares
    /// one word with its length. A longer part has a word for its length, which differs from every such shared word.
    #[must_use]
    pub fn part(self, bytes: &[u8]) -> Self {
        let (blocks, rest) = bytes.as_chunks();
        if blocks.is_empty() {
            return self.word(short(rest) | (rest.len() as u64) << 56);
        }
        let key = blocks.iter().fold(self.word(bytes.len() as u64 | 0xff << 56), |key, block| {
            key.word(u64::from_le_bytes(*block))
        });
        if rest.is_empty() { key } else { key.word(short(rest)) }
    }

    /// Adds a number as sixteen bytes. All keys of the same kind must have a number in this place.
    #[must_use]
    pub const fn number(self, number: u128) -> Self {
        self.word(number as u64).word((number >> 64) as u64)
    }

    #[inline(always)]
    const fn word(self, word: u64) -> Self {
        Self { state: absorb(self.state, word), words: self.words + 1 }
    }

    /// The fingerprint of the kind and the parts.
    #[must_use]
    pub const fn finish(&self) -> Fingerprint {
        let mut state = absorb(self.state, self.words << 59);
        state[2] ^= 0xee;
        state = round(round(round(round(state))));
        let low = state[0] ^ state[1] ^ state[2] ^ state[3];
        state[1] ^= 0xdd;
        state = round(round(round(round(state))));
        let high = state[0] ^ state[1] ^ state[2] ^ state[3];
        Fingerprint(low as u128 | (high as u128) << 64)
    }
}

#[inline(always)]
const fn absorb(mut state: [u64; 4], word: u64) -> [u64; 4] {
    state[3] ^= word;
    state = round(round(state));
    state[0] ^= word;
    state
}

#[inline(always)]
const fn round([mut a, mut b, mut c, mut d]: [u64; 4]) -> [u64; 4] {
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    [a, b, c, d]
}

/// Maps a fingerprint to a place in a table, depending on a seed. The seed decides nothing else.
///
/// Fingerprints are well mixed, but an attacker who knows the salt can choose among many. He does not know the seed.
/// Products with the seed's parts (NH, by Black and others, 1999, as in UMAC) leave him nothing to aim at.
#[derive(Clone, Copy, Debug)]
pub struct Placement([u32; 4]);

impl Placement {
    /// Derives the placement from a seed that the host chooses.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        let (one, other) = (splitmix(seed), splitmix(seed ^ 0x5851_f42d_4c95_7f2d));
        Self([one as u32, (one >> 32) as u32, other as u32, (other >> 32) as u32])
    }

    /// The place of one half of a key, or of another 64-bit value.
    #[must_use]
    pub const fn of_half(self, half: u64) -> u64 {
        self.of(Fingerprint(half as u128))
    }

    /// The place of a key. All 64 bits are equally good.
    #[must_use]
    pub const fn of(self, key: Fingerprint) -> u64 {
        let (low, high) = key.halves();
        let Self([a, b, c, d]) = self;
        let one = (low as u32).wrapping_add(a) as u64 * ((low >> 32) as u32).wrapping_add(b) as u64;
        let other = (high as u32).wrapping_add(c) as u64 * ((high >> 32) as u32).wrapping_add(d) as u64;
        let sum = one.wrapping_add(other);
        // The lowest bits of a product depend only on the lowest bits of its factors. The highest bits of a sum of
        // two products favour small numbers. So the halves are mixed into each other.
        (sum ^ (sum >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
const fn splitmix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::hash::Hasher as _;
    use proptest::prelude::*;
    use siphasher::sip128::Hasher128 as _;

    #[test]
    fn fingerprints_never_change() {
        // Snapshots hold fingerprints: a change here needs a new version of the format.
        let key = Hasher128::new(Salt::new("salt"), 7).part(b"root").part(b"").finish();
        assert_eq!(key.0, 0xb807_fb34_334a_883d_8b5c_2eb2_8203_0e06);
        assert_eq!(Fingerprint::from_bytes(key.to_bytes()), key);
    }

    proptest! {
        #[test]
        fn it_is_the_siphash_of_all_words_in_a_row(
            salt: (u64, u64), kind: u8, number: u128,
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..7),
        ) {
            let mut plain = SipHasher24::new_with_keys(salt.0 ^ u64::from(kind), salt.1);
            plain.write(&number.to_le_bytes());
            let mut key = Hasher128::new(Salt(salt.0, salt.1), kind).number(number);
            for part in &parts {
                let mut bytes = part.clone();
                match part.len() {
                    short @ 0..8 => {
                        bytes.resize(7, 0);
                        bytes.push(short as u8);
                    }
                    long => {
                        plain.write(&(long as u64 | 0xff << 56).to_le_bytes());
                        bytes.resize(long.next_multiple_of(8), 0);
                    }
                }
                plain.write(&bytes);
                key = key.part(part);
            }
            prop_assert_eq!(key.finish().0, plain.finish128().as_u128());
        }
    }

    #[test]
    fn places_are_equally_frequent_by_their_upper_and_by_their_lower_bits() {
        const PLACES: usize = 256;
        for seed in 0..20 {
            let placement = Placement::new(seed);
            let mut counts = [[0u32; PLACES]; 2];
            for n in 0..(PLACES * 1000) as u64 {
                let key = Hasher128::new(Salt::new(""), 0).part(&n.to_le_bytes()).finish();
                let place = placement.of(key);
                counts[0][(place >> 56) as usize] += 1;
                counts[1][place as usize % PLACES] += 1;
            }
            // Each place expects 1,000. The standard deviation is 32, and a deviation of six times that happens once
            // in a billion.
            assert!(
                counts.as_flattened().iter().all(|count| count.abs_diff(1000) < 190),
                "{seed}: {counts:?}"
            );
        }
    }

    #[test]
    fn parts_kinds_and_salts_are_told_apart() {
        let salt = Salt::new("");
        let all = [
            Hasher128::new(salt, 0).finish(),
            Hasher128::new(salt, 0).part(b"").finish(),
            Hasher128::new(salt, 0).part(b"").part(b"").finish(),
            Hasher128::new(salt, 0).part(b"ab").part(b"c").finish(),
            Hasher128::new(salt, 0).part(b"a").part(b"bc").finish(),
            Hasher128::new(salt, 1).part(b"a").part(b"bc").finish(),
            Hasher128::new(Salt::new("x"), 1).part(b"a").part(b"bc").finish(),
        ];
        for (i, one) in all.iter().enumerate() {
            for other in &all[i + 1..] {
                assert_ne!(one, other);
            }
        }
    }
}
