//! The reasons for which a delivery did not succeed, and how long to wait before the next one.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::time::Duration;

/// A retry waits so long at first, twice as long each time, and so long at most.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// A receiver can ask for a longer wait, up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// A delivery that did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It can succeed later: the receiver is down, busy, or refuses this sender.
    Later {
        /// The failure, in words.
        why: String,
        /// The receiver asks to wait so long.
        after: Option<Duration>,
    },
    /// It can never succeed: the receiver refuses these alerts.
    Never(String),
    /// The receiver took the alerts, but for so many of them. It does not say which.
    Partly(u64, String),
    /// Nobody reads standard output any more.
    Closed,
}

impl Failure {
    /// A failure that may be over later.
    pub(super) fn later(why: impl fmt::Display) -> Self {
        Self::Later { why: why.to_string(), after: None }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::later(error)
    }
}

/// The waits between attempts: exponential, with jitter, so that many senders do not come back at the same moment.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) const fn new() -> Self {
        Self(FIRST_RETRY)
    }

    /// The next wait: between half of the step and all of it, and not less than the receiver asks for.
    pub(super) fn wait(&mut self, asked: Option<Duration>) -> Duration {
        let step = self.0;
        self.0 = (step * 2).min(LAST_RETRY);
        // The hasher of a map has random keys: that is random enough for a wait.
        let random = RandomState::new().build_hasher().finish() % 1024;
        let jittered = step / 2 + step / 2 * u32::try_from(random).unwrap_or(0) / 1023;
        jittered.max(asked.unwrap_or_default().min(LONGEST_WAIT))
    }

    /// A delivery succeeded.
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
