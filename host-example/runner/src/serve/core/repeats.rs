//! Recognizes repeated batches: a sender that got no answer repeats its batch.

use std::collections::{HashMap, VecDeque};

/// How long a batch is remembered, in microseconds.
const REPEATED: i64 = 3_600_000_000;
/// The most batches that are remembered.
const MOST: usize = 1 << 16;

/// The batches whose senders may not have received an answer, by their digests.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// The time of receipt of each batch.
    open: HashMap<u128, i64>,
    /// The batches in the order of receipt. Some of them are not open any more.
    order: VecDeque<(i64, u128)>,
}

impl Repeats {
    /// Remembers a batch. A batch that cannot be repeated has the digest 0. O(1), amortized.
    pub(super) fn remember(&mut self, digest: u128, received: i64) {
        if digest == 0 {
            return;
        }
        while let Some((time, oldest)) = self.order.front().copied() {
            let is_open = self.open.get(&oldest) == Some(&time);
            if is_open && self.open.len() < MOST && received.saturating_sub(time) <= REPEATED {
                break;
            }
            self.order.pop_front();
            if is_open {
                self.open.remove(&oldest);
            }
        }
        // An unanswered batch at the front can keep answered batches in the list.
        if self.order.len() > 2 * MOST {
            self.order.retain(|(time, digest)| self.open.get(digest) == Some(time));
        }
        self.open.insert(digest, received);
        self.order.push_back((received, digest));
    }

    /// Forgets a batch. Returns true if it was remembered.
    pub(super) fn forget(&mut self, digest: u128) -> bool {
        self.open.remove(&digest).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_remembered_until_its_sender_has_the_answer() {
        let mut repeats = Repeats::default();
        repeats.remember(0, 1);
        repeats.remember(7, 1);
        assert!(!repeats.forget(0) && repeats.forget(7) && !repeats.forget(7));
        repeats.remember(7, 1);
        repeats.remember(8, 1 + REPEATED);
        assert!(repeats.open.contains_key(&7));
        repeats.remember(9, 2 + REPEATED);
        assert!(!repeats.forget(7), "it is too old");
    }

    #[test]
    fn batches_with_an_answer_push_no_other_out() {
        let mut repeats = Repeats::default();
        repeats.remember(1, 1);
        for number in 2..5 * MOST as u128 {
            repeats.remember(number, 1);
            assert!(repeats.forget(number));
        }
        assert!(repeats.order.len() <= 2 * MOST + 1);
        assert!(repeats.forget(1));
        for number in 0..2 * MOST as u128 {
            repeats.remember(1 + number, 1);
        }
        assert!(repeats.open.len() <= MOST && !repeats.forget(1));
    }
}
