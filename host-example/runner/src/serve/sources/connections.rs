//! The connections of a listener. Limits their number, and accepts none once the service ends.

use super::Inlet;
use crate::serve::metrics::Rejected;
use crate::serve::trouble::Trouble;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// The wait after a failed accept.
const PAUSE: Duration = Duration::from_millis(100);

/// The connection limit of a listener.
pub(super) struct Connections {
    places: Arc<Semaphore>,
    trouble: Mutex<Trouble>,
}

impl Connections {
    /// Creates a limit of `most` open connections.
    pub(super) fn new(most: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), trouble: Mutex::default() }
    }

    /// Waits for the next connection. Also returns its permit: drop the permit when the connection ends. Returns `None`
    /// once the service ends. A connection above the limit is counted and passed to `refuse`.
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
                // Most likely too many files are open. The accept is retried after a pause.
                Err(error) => {
                    self.tell(|| format!("{}: a connection cannot be accepted: {error}", inlet.name));
                    sleep(PAUSE).await;
                }
            }
        }
    }
    /// Logs something about a client, now and then: anybody may connect and fail very often.
    pub(super) fn tell(&self, text: impl FnOnce() -> String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).tell(text);
    }
}
