//! Ends that come from outside: of the process that started the service, and of who reads its alerts.

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::parent_id;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How often the parent is looked for.
const LOOK: Duration = Duration::from_millis(500);

/// Waits until the process `parent` is no longer the parent of this one: it has ended, and another has taken its children over.
///
/// The kernel could send a signal (`PR_SET_PDEATHSIG`). It does so when the *thread* ends that started this process, which a
/// supervisor with a pool of threads outlives.
pub(super) async fn parent_ended(parent: u32) {
    while parent_id() == parent {
        sleep(LOOK).await;
    }
}

/// Tells once when nobody reads standard output any more. Never where it is a file: another process cannot close that.
///
/// # Errors
/// Where it cannot be watched: it is a file, most likely.
pub(super) fn watch_stdout(closed: mpsc::Sender<()>) -> io::Result<()> {
    let out = io::stdout().as_fd().try_clone_to_owned()?;
    let mut poll = Poll::new()?;
    // Errors are told whatever one is interested in, and nothing can be read there.
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
