//! A small sort for lists that are rarely sorted: one piece of code for elements of any type.
//!
//! The standard library's sort is compiled again for each type of element, about ten kilobytes each time. Here only
//! the comparison and the swap are compiled for each type.

/// The two operations that the sort needs.
trait Sorted {
    /// True if the element at `one` goes before the element at `other`.
    fn before(&self, one: usize, other: usize) -> bool;
    /// Swaps two elements.
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

/// Sorts a list by `before`. Equal elements end up in any order. O(n log n), without recursion or allocation.
pub fn sort<T>(list: &mut [T], before: impl Fn(&T, &T) -> bool) {
    heapsort(list.len(), &mut By(list, before));
}

#[inline(never)]
fn heapsort(len: usize, list: &mut dyn Sorted) {
    // The first loop builds the heap, from the last parent to the root. Then the root moves to each place from the
    // end.
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
