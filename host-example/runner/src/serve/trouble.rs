//! Logs a lasting failure now and then, and logs its end.

use super::{say, warn};
use std::time::{Duration, Instant};

/// The time between two log lines on the same failure.
const EVERY: Duration = Duration::from_secs(60);

/// When the failure was last logged. `None` if there is none.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<Instant>);

impl Trouble {
    /// Records a failure, and logs it if the last log line is old enough.
    pub(super) fn tell(&mut self, why: impl FnOnce() -> String) {
        if self.0.is_none_or(|told| told.elapsed() >= EVERY) {
            warn(&why());
            self.0 = Some(Instant::now());
        }
    }

    /// Records that the failure is over, and logs the end of a failure that was logged.
    pub(super) fn ends(&mut self, words: impl FnOnce() -> String) {
        if self.0.take().is_some() {
            say(&words());
        }
    }
}
