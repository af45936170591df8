//! Sorting for where it is rare: one piece of code for lists of anything.
//!
//! The standard library's sort is compiled anew for each kind of element, some ten kilobytes each time. Here only
//! comparing and swapping are.

/// What the sort asks of a list.
trait Sorted {
    /// Whether the first goes before the second.
    fn before(&self, one: usize, other: usize) -> bool;
    /// The two change places.
    fn swap(&mut self, one: usize, other: usize);
}

struct By<'l, T, F>(&'l mut [T], F);

impl<T, F: Fn(&T, &T) -> bool> Sorted for By<'_, T, F> {
    fn before(&self, one: usize, other: usize) -> bool {
        self.0.get(one).zip(self.0.get(other)).is_some_and(|(one, other)| (self.1)(one, other))
    }

    fn swap(&mut self, one: usize, other: usize) {
        if one < self.0.len() && other < self.0.len() {
            self.0.swap(one, other);
        }
    }
}

/// Sorts a list, so that of no two neighbours the second goes before the first. Equals end up in any order.
/// O(n log n), without recursion or allocation.
pub fn sort<T>(list: &mut [T], before: impl Fn(&T, &T) -> bool) {
    heapsort(list.len(), &mut By(list, before));
}

#[inline(never)]
fn heapsort(len: usize, list: &mut dyn Sorted) {
    // First every place from the last parent to the root, then the root for each place from the end.
    for at in (0..len + len / 2).rev() {
        let (mut parent, end) = match at.checked_sub(len) {
            Some(parent) => (parent, len),
            None => {
                list.swap(0, at);
                (0, at)
            }
        };
        loop {
            let mut child = 2 * parent + 1;
            if child >= end {
                break;
            }
            if child + 1 < end && list.before(child, child + 1) {
                child += 1;
            }
            if !list.before(parent, child) {
                break;
            }
            list.swap(parent, child);
            parent = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_the_standard_library_sorts(list in proptest::collection::vec(0u8..50, 0..200)) {
            let (mut own, mut theirs): (Vec<u8>, Vec<u8>) = (list.clone(), list);
            sort(&mut own, |one, other| one < other);
            theirs.sort_unstable();
            prop_assert_eq!(own, theirs);
        }
    }
}
