//! The readers of a decoder. Several analytics may share one decoder, so each event names the analytics that read it.

use crate::analytic::Telemetry;
use crate::shapes::{FAMILIES, Family};
use alloc::vec::Vec;

/// The telemetry and the codes that one analytic reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    /// The families of telemetry.
    pub telemetry: Telemetry,
    /// Codes of sign-in and audit logs that this reader counts as failures too.
    pub extra_failure_codes: Vec<u32>,
}

/// A set of readers. Each is a place in the list that the decoder was made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readers(u32);

impl Readers {
    /// No reader.
    pub const NONE: Self = Self(0);
    /// The most readers of one decoder.
    pub const MOST: usize = 32;

    /// The first `count` readers, at most [`MOST`](Self::MOST).
    #[must_use]
    pub const fn first(count: usize) -> Self {
        match count {
            0 => Self::NONE,
            1..Self::MOST => Self((1 << count) - 1),
            _ => Self(u32::MAX),
        }
    }

    /// The one reader at a place of the list. Empty if the place is beyond [`MOST`](Self::MOST).
    #[must_use]
    pub const fn one(place: usize) -> Self {
        if place < Self::MOST { Self(1 << place) } else { Self::NONE }
    }

    /// True if the set holds the reader at this place.
    #[must_use]
    pub const fn has(self, place: usize) -> bool {
        self.0 & Self::one(place).0 != 0
    }

    /// True if the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The number of readers in the set.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The readers in both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The readers in either set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The readers of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The places of the readers, the lowest first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some(place)
        })
    }
}

/// The readers of one decoder, grouped by what they read.
#[derive(Clone, Debug)]
pub(crate) struct Audience {
    /// All readers.
    pub all: Readers,
    /// Readers of Linux text.
    pub linux: Readers,
    /// Readers of JSON after a syslog header: those that read the records of some provider.
    pub behind_headers: Readers,
    /// The readers of each family, by the family's number.
    reads: [Readers; FAMILIES],
    /// Each list of extra failure codes, with its readers.
    codes: Vec<(Vec<u32>, Readers)>,
}

impl Audience {
    /// Groups the readers. Readers beyond the first [`Readers::MOST`] read nothing.
    pub fn new(readers: Vec<Reader>) -> Self {
        const TEXT_AND_NORMALISED: Telemetry = Telemetry::LINUX.and(Telemetry::NORMALISED);
        let that = |test: &dyn Fn(Telemetry) -> bool| {
            let places = readers.iter().take(Readers::MOST).enumerate();
            places
                .filter(|(_, reader)| test(reader.telemetry))
                .fold(Readers::NONE, |set, (place, _)| set.and(Readers::one(place)))
        };
        let all = that(&|_| true);
        let linux = that(&|telemetry| telemetry.has(Telemetry::LINUX));
        let behind_headers = that(&|telemetry| !TEXT_AND_NORMALISED.has(telemetry));
        let reads = Family::ALL.map(|family| that(&|telemetry| telemetry.has(family.telemetry())));
        let mut codes: Vec<(Vec<u32>, Readers)> = Vec::new();
        for (place, reader) in readers.into_iter().take(Readers::MOST).enumerate() {
            let one = Readers::one(place);
            match codes.iter_mut().find(|(list, _)| *list == reader.extra_failure_codes) {
                Some((_, who)) => *who = who.and(one),
                None => codes.push((reader.extra_failure_codes, one)),
            }
        }
        Self { all, linux, behind_headers, reads, codes }
    }

    /// The readers of a family.
    #[inline]
    pub fn reads(&self, family: Family) -> Readers {
        self.reads.get(family as usize).copied().unwrap_or_default()
    }

    /// The readers for which a record of this family is complete: they do not search its text for another record.
    /// These are the readers of the family. For a normalised record, these are all readers.
    #[inline]
    pub fn takes(&self, family: Family) -> Readers {
        if family.is_normalised() { self.all } else { self.reads(family) }
    }

    /// The lists of extra failure codes, each with those of `readers` that use it.
    pub fn by_codes(&self, readers: Readers) -> impl Iterator<Item = (&[u32], Readers)> {
        self.codes.iter().filter_map(move |(list, who)| {
            let who = who.common(readers);
            (!who.is_empty()).then_some((list.as_slice(), who))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn sets_of_readers() {
        let set = Readers::one(0).and(Readers::one(3)).and(Readers::one(31));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 3, 31]);
        assert_eq!((set.count(), set.has(3), set.has(2), set.has(40)), (3, true, false, false));
        assert_eq!(set.without(Readers::one(3)).common(Readers::first(4)), Readers::one(0));
        assert_eq!((Readers::first(32).count(), Readers::one(32)), (32, Readers::NONE));
        assert!(Readers::NONE.is_empty() && Readers::NONE.iter().next().is_none());
    }

    #[test]
    fn lists_of_codes_are_shared() {
        let reader =
            |codes: &[u32]| Reader { telemetry: Telemetry::ENTRA, extra_failure_codes: codes.into() };
        let audience = Audience::new(vec![reader(&[]), reader(&[7]), reader(&[])]);
        let lists = |readers| audience.by_codes(readers).collect::<Vec<_>>();
        let (ends, middle) = (Readers::one(0).and(Readers::one(2)), Readers::one(1));
        assert_eq!(lists(audience.all), [(&[][..], ends), (&[7][..], middle)]);
        assert_eq!(lists(middle), [(&[7][..], middle)]);
        assert_eq!(audience.reads(Family::Entra), audience.all);
        assert_eq!(audience.reads(Family::Okta), Readers::NONE);
        assert_eq!(audience.takes(Family::Ecs), audience.all);
    }
}
