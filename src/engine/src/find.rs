//! Where a short literal stands in a text. The texts are lines of at most a few hundred bytes: a search that prepares
//! itself for longer ones would be the largest part of a module, and of the time.

use memchr::memchr_iter;

/// Every place where `needle` begins, from either end. O(n * m) at worst, in practice O(n). No place for an empty one.
pub fn places<'a>(text: &'a [u8], needle: &'a [u8]) -> impl DoubleEndedIterator<Item = usize> + use<'a> {
    let first = needle.first().copied().unwrap_or_default();
    memchr_iter(first, text)
        .filter(move |at| !needle.is_empty() && text.get(*at..).is_some_and(|rest| rest.starts_with(needle)))
}

/// The first place where `needle` begins.
#[inline(never)]
#[must_use]
pub fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    places(text, needle).next()
}

/// The last place where `needle` begins.
#[inline(never)]
#[must_use]
pub fn rfind(text: &[u8], needle: &[u8]) -> Option<usize> {
    places(text, needle).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;
    use memchr::memmem;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_memmem(text in "[ab: ]{0,40}") {
            for needle in [&b"a"[..], b"ab", b": ", b" a", b"bab :"] {
                prop_assert_eq!(find(text.as_bytes(), needle), memmem::find(text.as_bytes(), needle));
                prop_assert_eq!(rfind(text.as_bytes(), needle), memmem::rfind(text.as_bytes(), needle));
            }
        }
    }

    #[test]
    fn nothing_is_nowhere() {
        assert_eq!((find(b"ab", b""), rfind(b"", b"a")), (None, None));
    }
}
