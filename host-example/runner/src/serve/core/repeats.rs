//! Recognizes repeated batches: a sender that got no answer repeats its batch.

use std::collections::{HashMap, VecDeque};

/// How long a batch is remembered, in microseconds.
const REPEATED: i64 = 3_600_000_000;
/// The most batches that are remembered.
const MOST: usize = 1 << 16;

/// The name of the batches' part in a state.
pub(super) const PART: &str = "repeats/1";
/// The bytes of a batch in a state: its time and its digest.
const SIZE: usize = 8 + 16;

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

    /// True if a batch is remembered.
    pub(super) fn contains(&self, digest: u128) -> bool {
        self.open.contains_key(&digest)
    }

    /// Forgets a batch: its sender has the answer.
    pub(super) fn forget(&mut self, digest: u128) {
        self.open.remove(&digest);
    }

    /// The remembered batches, as bytes. A sender may repeat a batch after a restart.
    pub(super) fn save(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE * self.open.len());
        for (time, digest) in &self.order {
            if self.open.get(digest) == Some(time) {
                bytes.extend(time.to_le_bytes());
                bytes.extend(digest.to_le_bytes());
            }
        }
        bytes
    }

    /// Remembers the batches in bytes of [`save`](Self::save).
    pub(super) fn load(&mut self, mut bytes: &[u8]) {
        while let Some((time, rest)) = bytes.split_first_chunk()
            && let Some((digest, rest)) = rest.split_first_chunk()
        {
            self.remember(u128::from_le_bytes(*digest), i64::from_le_bytes(*time));
            bytes = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forgets a batch. Returns true if it was remembered.
    fn forgot(repeats: &mut Repeats, digest: u128) -> bool {
        let was = repeats.contains(digest);
        repeats.forget(digest);
        was && !repeats.contains(digest)
    }

    #[test]
    fn a_batch_is_remembered_until_its_sender_has_the_answer() {
        let mut repeats = Repeats::default();
        repeats.remember(0, 1);
        repeats.remember(7, 1);
        assert!(!repeats.contains(0) && forgot(&mut repeats, 7) && !repeats.contains(7));
        repeats.remember(7, 1);
        repeats.remember(8, 1 + REPEATED);
        assert!(repeats.contains(7));
        repeats.remember(9, 2 + REPEATED);
        assert!(!repeats.contains(7), "it is too old");
    }

    #[test]
    fn batches_with_an_answer_push_no_other_out() {
        let mut repeats = Repeats::default();
        repeats.remember(1, 1);
        for number in 2..5 * MOST as u128 {
            repeats.remember(number, 1);
            assert!(forgot(&mut repeats, number));
        }
        assert!(repeats.order.len() <= 2 * MOST + 1);
        assert!(forgot(&mut repeats, 1));
        for number in 0..2 * MOST as u128 {
            repeats.remember(1 + number, 1);
        }
        assert!(repeats.open.len() <= MOST && !repeats.contains(1));
    }

    #[test]
    fn batches_without_an_answer_outlive_a_restart() {
        let mut repeats = Repeats::default();
        (1..=4).for_each(|digest| repeats.remember(digest, digest as i64));
        repeats.forget(2);
        repeats.remember(1, 9);
        let bytes = repeats.save();
        let mut again = Repeats::default();
        again.load(&bytes);
        assert_eq!((again.open.len(), again.save()), (3, bytes.clone()));
        assert_eq!(again.open.get(&1), Some(&9));
        // A cut is no reason to stop.
        let mut cut = Repeats::default();
        cut.load(&bytes[..bytes.len() - 1]);
        assert_eq!(cut.open.len(), 2);
    }
}
