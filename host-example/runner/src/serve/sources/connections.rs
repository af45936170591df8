//! The connections of a listener: so many at once, and none once the service ends.

use super::Inlet;
use crate::serve::metrics::Rejected;
use crate::serve::trouble::Trouble;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// After a failure the next connection waits for this time.
const PAUSE: Duration = Duration::from_millis(100);

/// The room for connections.
pub(super) struct Connections {
    places: Arc<Semaphore>,
    trouble: Mutex<Trouble>,
}

impl Connections {
    /// Room for so many at once.
    pub(super) fn new(most: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), trouble: Mutex::default() }
    }

    /// Waits for the next connection. Beside it stands the place that it takes, which is free again once that is dropped.
    /// `None` once the service ends. A connection for which there is no place is counted, and left to `refuse`.
    pub(super) async fn next<S, A, F>(
        &self,
        inlet: &Inlet,
        accept: impl Fn() -> F,
        refuse: impl Fn(S),
    ) -> Option<(S, OwnedSemaphorePermit)>
    where
        F: Future<Output = io::Result<(S, A)>>,
    {
        loop {
            let accepted = tokio::select! {
                accepted = accept() => accepted,
                () = inlet.ended() => return None,
            };
            match accepted {
                Ok((stream, _)) => match Arc::clone(&self.places).try_acquire_owned() {
                    Ok(place) => return Some((stream, place)),
                    Err(_) => {
                        inlet.counters.rejected(&inlet.name, Rejected::Full);
                        refuse(stream);
                    }
                },
                // Too many open files, most likely: others will be closed.
                Err(error) => {
                    self.tell(|| format!("{}: a connection cannot be accepted: {error}", inlet.name));
                    sleep(PAUSE).await;
                }
            }
        }
    }
    /// Says something about a client; now and then, since anybody may connect, and fail, at any rate.
    pub(super) fn tell(&self, text: impl FnOnce() -> String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).tell(text);
    }
}
