//! The connections of a listener: so many at once, and none once the service ends.

use super::Inlet;
use crate::serve::say;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// So many connections are open at once. Others wait to be accepted.
const MOST: usize = 256;
/// After a failure the next connection waits for this time.
const PAUSE: Duration = Duration::from_millis(100);

/// The room for connections.
pub(super) struct Connections(Arc<Semaphore>);

impl Connections {
    /// Room for all.
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }

    /// Waits for the next connection. Beside it stands the place that it takes, which is free again once that is dropped.
    /// `None` once the service ends.
    pub(super) async fn next<S, A, F>(
        &self,
        inlet: &Inlet,
        accept: impl Fn() -> F,
    ) -> Option<(S, OwnedSemaphorePermit)>
    where
        F: Future<Output = io::Result<(S, A)>>,
    {
        let place = Arc::clone(&self.0).acquire_owned().await.ok()?;
        loop {
            let accepted = tokio::select! {
                accepted = accept() => accepted,
                () = inlet.ended() => return None,
            };
            match accepted {
                Ok((stream, _)) => return Some((stream, place)),
                // Too many open files, most likely: others will be closed.
                Err(error) => say(&format!("a connection cannot be accepted: {error}")),
            }
            sleep(PAUSE).await;
        }
    }
}
