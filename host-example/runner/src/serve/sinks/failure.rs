//! Failures of a delivery, and the wait before the next attempt.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::time::Duration;

/// The first wait before a retry. Each further wait is twice as long, up to `LAST_RETRY`.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// The longest wait that a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Why a delivery failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// A temporary failure: the receiver is down, busy, or refuses this sender.
    Later {
        /// The reason, as a sentence.
        why: String,
        /// The wait that the receiver asked for.
        after: Option<Duration>,
    },
    /// The receiver refuses these alerts for good.
    Never(String),
    /// The receiver accepted all alerts but this many. It does not say which.
    Partly(u64, String),
    /// The reader of standard output is gone.
    Closed,
}

impl Failure {
    /// Creates a temporary failure.
    pub(super) fn later(why: impl fmt::Display) -> Self {
        Self::Later { why: why.to_string(), after: None }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::later(error)
    }
}

/// The waits between attempts. They grow exponentially, with jitter so that many senders do not return at the same
/// moment.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) const fn new() -> Self {
        Self(FIRST_RETRY)
    }

    /// The next wait: a random part of the step, from its half to all of it. At least as long as the receiver asked
    /// for.
    pub(super) fn wait(&mut self, asked: Option<Duration>) -> Duration {
        let step = self.0;
        self.0 = (step * 2).min(LAST_RETRY);
        // The hasher of a map has random keys. They are random enough for a wait.
        let random = RandomState::new().build_hasher().finish() % 1024;
        let jittered = step / 2 + step / 2 * u32::try_from(random).unwrap_or(0) / 1023;
        jittered.max(asked.unwrap_or_default().min(LONGEST_WAIT))
    }

    /// Starts again with the first wait, after a success.
    pub(super) const fn reset(&mut self) {
        self.0 = FIRST_RETRY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_differ_and_have_a_bound() {
        let mut backoff = Backoff::new();
        let mut step = FIRST_RETRY;
        for _ in 0..12 {
            let wait = backoff.wait(None);
            assert!(wait >= step / 2 && wait <= step, "{wait:?} of {step:?}");
            step = (step * 2).min(LAST_RETRY);
        }
        assert_eq!(backoff.wait(Some(Duration::from_secs(90))), Duration::from_secs(90));
        assert_eq!(backoff.wait(Some(Duration::from_secs(1_000_000))), LONGEST_WAIT);
        backoff.reset();
        assert!(backoff.wait(Some(Duration::ZERO)) <= FIRST_RETRY);
        let differ: std::collections::HashSet<Duration> =
            (0..20).map(|_| Backoff(LAST_RETRY).wait(None)).collect();
        assert!(differ.len() > 5, "{differ:?}");
    }
}
