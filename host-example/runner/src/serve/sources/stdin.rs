//! The source that reads standard input.

use super::Inlet;
use super::lines::Splitter;
use super::sockets::read;
use crate::serve::say;

/// Reads standard input to its end.
pub(super) async fn read_all(inlet: Inlet, max_record: usize) {
    read(tokio::io::stdin(), &inlet, Splitter::lines(max_record)).await;
    say("standard input has ended");
}
