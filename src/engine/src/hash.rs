//! Keys by their fingerprint: 128 bits of SipHash-2-4 under the configuration's salt.
//!
//! A table of a million keys cannot hold user names, and must not confuse two of them either: somebody who chooses
//! names would make them collide. SipHash is a keyed function; at 128 bits, 20 million keys collide with a
//! probability of 10⁻²⁴, and who knows the salt still needs 2⁶⁴ tries for one pair.
//!
//! Fingerprints depend on the salt alone, never on the seed of a host, so snapshots are the same everywhere.

use core::hash::Hasher as _;
use siphasher::sip128::{Hasher128 as _, SipHasher24};

/// Names a key: a hash of what kind of key it is and of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// The bytes as tables and snapshots hold them.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// The inverse of [`Fingerprint::to_bytes`].
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    /// The less and the more significant half.
    #[must_use]
    pub const fn halves(self) -> (u64, u64) {
        (self.0 as u64, (self.0 >> 64) as u64)
    }
}

/// The key of all fingerprints of one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(u64, u64);

impl Salt {
    /// Derives it from the `salt` option, whatever its length.
    #[must_use]
    pub fn new(text: &str) -> Self {
        // "authsieve" and a version: any constant does, but never another one.
        let mut hasher = SipHasher24::new_with_keys(0x6175_7468_7369_6576, 0x6573_616c_7476_3031);
        hasher.write(text.as_bytes());
        let (low, high) = Fingerprint(hasher.finish128().as_u128()).halves();
        Self(low, high)
    }
}

/// Builds a [`Fingerprint`] without allocation. Linear in the bytes of its parts, some tens of nanoseconds for a short key.
///
/// ```
/// use authsieve_engine::hash::{Hasher128, Salt};
/// let salt = Salt::new("");
/// let key = Hasher128::new(salt, 0).part(b"root").part(b"192.0.2.1").finish();
/// assert_ne!(key, Hasher128::new(salt, 0).part(b"root192").part(b".0.2.1").finish());
/// assert_ne!(key, Hasher128::new(salt, 1).part(b"root").part(b"192.0.2.1").finish());
/// ```
#[derive(Clone, Debug)]
pub struct Hasher128 {
    hasher: SipHasher24,
    /// Parts are gathered first: SipHash is twice as fast on one run of bytes as on many short ones.
    buffer: [u8; 128],
    used: usize,
}

impl Hasher128 {
    /// Begins a key of the given kind: an analytic numbers its kinds of keys.
    #[must_use]
    pub fn new(salt: Salt, kind: u8) -> Self {
        let mut hasher =
            Self { hasher: SipHasher24::new_with_keys(salt.0, salt.1), buffer: [0; 128], used: 0 };
        hasher.write(&[kind]);
        hasher
    }

    /// Adds a part. Its length goes first, so that parts cannot run into each other.
    #[must_use]
    pub fn part(mut self, bytes: &[u8]) -> Self {
        self.write(&(bytes.len() as u64).to_le_bytes());
        self.write(bytes);
        self
    }

    /// The fingerprint of kind and parts.
    #[must_use]
    pub fn finish(&self) -> Fingerprint {
        let mut hasher = self.hasher;
        hasher.write(self.buffer.get(..self.used).unwrap_or_default());
        Fingerprint(hasher.finish128().as_u128())
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(place) = self.buffer.get_mut(self.used..self.used + bytes.len()) {
            place.copy_from_slice(bytes);
            self.used += bytes.len();
        } else {
            self.hasher.write(self.buffer.get(..self.used).unwrap_or_default());
            self.hasher.write(bytes);
            self.used = 0;
        }
    }
}

/// Where a seed puts a fingerprint in a table: the only thing a seed decides.
///
/// Fingerprints are well mixed already, but an attacker who knows the salt can choose among many. He does not know
/// the seed: one folded multiplication with it leaves him nothing to aim at.
#[derive(Clone, Copy, Debug)]
pub struct Placement(u64, u64);

impl Placement {
    /// By the seed, which the host chooses.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(splitmix(seed), splitmix(seed ^ 0x5851_f42d_4c95_7f2d))
    }

    /// The place of a key, in 64 bits that are equally good.
    #[must_use]
    pub const fn of(self, key: Fingerprint) -> u64 {
        let (low, high) = key.halves();
        let product = (low ^ self.0) as u128 * (high ^ self.1) as u128;
        (product as u64) ^ (product >> 64) as u64
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

    #[test]
    fn fingerprints_never_change() {
        // They are in snapshots: a change here is a new version there.
        let key = Hasher128::new(Salt::new("salt"), 7).part(b"root").part(b"").finish();
        assert_eq!(key.0, 0x3aaf_dcbe_9608_913f_a29d_adf1_244d_7e03);
        assert_eq!(Fingerprint::from_bytes(key.to_bytes()), key);
    }

    #[test]
    fn long_parts_are_hashed_as_short_ones_are() {
        let salt = Salt::new("");
        for lengths in [[1, 126], [111, 0], [112, 1], [119, 2], [500, 3], [3, 500], [120, 120]] {
            let mut plain = SipHasher24::new_with_keys(salt.0, salt.1);
            plain.write(&[4]);
            let mut key = Hasher128::new(salt, 4);
            for length in lengths {
                let part = alloc::vec![7; length];
                plain.write(&(length as u64).to_le_bytes());
                plain.write(&part);
                key = key.part(&part);
            }
            assert_eq!(key.finish().0, plain.finish128().as_u128(), "{lengths:?}");
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
