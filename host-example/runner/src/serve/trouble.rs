//! A failure that lasts: told now and then, and when it is over.

use super::{say, warn};
use std::time::{Duration, Instant};

/// A failure that lasts is told this often.
const EVERY: Duration = Duration::from_secs(60);

/// When a failure was told last, if it lasts.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<Instant>);

impl Trouble {
    /// It fails, or still does.
    pub(super) fn tell(&mut self, why: impl FnOnce() -> String) {
        if self.0.is_none_or(|told| told.elapsed() >= EVERY) {
            warn(&why());
            self.0 = Some(Instant::now());
        }
    }

    /// It works, perhaps again.
    pub(super) fn ends(&mut self, words: impl FnOnce() -> String) {
        if self.0.take().is_some() {
            say(&words());
        }
    }
}
