//! Detects two outside reasons to end: the parent process has ended, or nobody reads standard output.

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::parent_id;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// The time between two looks at the parent.
const LOOK: Duration = Duration::from_millis(500);

/// Waits until `parent` is no longer the parent process: it has ended, and another process has adopted this one.
///
/// The kernel's signal for this (`PR_SET_PDEATHSIG`) does not fit: it comes when the parent's *thread* that started
/// this process ends. A supervisor with a thread pool lives on after that.
pub(super) async fn parent_ended(parent: u32) {
    while parent_id() == parent {
        sleep(LOOK).await;
    }
}

/// Sends one message when the reader of standard output is gone. A file has no reader, so it never causes a message.
///
/// # Errors
/// Fails if standard output cannot be watched, most likely because it is a file.
pub(super) fn watch_stdout(closed: mpsc::Sender<()>) -> io::Result<()> {
    let out = io::stdout().as_fd().try_clone_to_owned()?;
    let mut poll = Poll::new()?;
    // The kernel reports errors for any interest. Nothing is ever read here.
    poll.registry().register(&mut SourceFd(&out.as_raw_fd()), Token(0), Interest::READABLE)?;
    std::thread::Builder::new().name("stdout".into()).spawn(move || {
        let (out, mut events) = (out, Events::with_capacity(1));
        while poll.poll(&mut events, None).is_ok() {
            if events.iter().any(|event| event.is_error() || event.is_read_closed()) {
                let _ = closed.blocking_send(());
                break;
            }
        }
        drop(out);
    })?;
    Ok(())
}
