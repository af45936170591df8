//! Sorting for where it is rare: one piece of code for lists of anything.
//!
//! The standard library's sort is compiled anew for each kind of element, some ten kilobytes each time. Here only
//! comparing and swapping are.

/// What the sort asks of its list.
enum Step {
    /// Whether the first goes before the second.
    Before(usize, usize),
    /// The two change places.
    Swap(usize, usize),
}

/// Sorts a list, so that of no two neighbours the second goes before the first. Equals end up in any order.
/// O(n log n), without recursion or allocation.
pub fn sort<T>(list: &mut [T], mut before: impl FnMut(&T, &T) -> bool) {
    heapsort(list.len(), &mut |step| match step {
        Step::Before(one, other) => match (list.get(one), list.get(other)) {
            (Some(one), Some(other)) => before(one, other),
            _ => false,
        },
        Step::Swap(one, other) => {
            if one < list.len() && other < list.len() {
                list.swap(one, other);
            }
            false
        }
    });
}

#[inline(never)]
fn heapsort(len: usize, step: &mut dyn FnMut(Step) -> bool) {
    // First every place from the last parent to the root, then the root for each place from the end.
    for at in (0..len + len / 2).rev() {
        let (mut parent, end) = match at.checked_sub(len) {
            Some(parent) => (parent, len),
            None => {
                step(Step::Swap(0, at));
                (0, at)
            }
        };
        loop {
            let mut child = 2 * parent + 1;
            if child >= end {
                break;
            }
            if child + 1 < end && step(Step::Before(child, child + 1)) {
                child += 1;
            }
            if !step(Step::Before(parent, child)) {
                break;
            }
            step(Step::Swap(parent, child));
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
