//! A Unix socket in the state folder for questions, so that a service without a listener can be asked too. Everybody
//! who may open the socket may ask.

use super::say;
use super::sources::http::{Front, pages};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

/// The file name of the socket.
pub(super) const NAME: &str = "control.sock";
/// The largest number of open connections.
const MOST: usize = 8;
/// The longest time for the head of a request. A slower connection is closed.
const HEAD: Duration = Duration::from_secs(10);
/// The time after which the service looks whether the socket is still there.
const LOOK: Duration = Duration::from_secs(2);
/// The longest time for which a client may stop reading its answer. Then its connection is closed.
const STALL: Duration = Duration::from_secs(30);

/// Answers questions until the task is dropped. If the socket cannot be created, this is logged, and the service runs
/// without it.
pub(super) async fn serve(folder: PathBuf, front: Front) {
    let mut listener = match listen(&folder) {
        Ok(listener) => listener,
        Err(error) => return say(&format!("{}: {error}", folder.join(NAME).display())),
    };
    let (app, room) = (pages().with_state(front), Arc::new(Semaphore::new(MOST)));
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        let stream = match timeout(LOOK, listener.accept()).await {
            Ok(Ok((stream, _))) => stream,
            Ok(Err(_)) => {
                sleep(Duration::from_millis(100)).await;
                continue;
            }
            Err(_) => {
                // If somebody removed the folder, its next writer makes it anew.
                if !folder.join(NAME).exists()
                    && let Ok(anew) = listen(&folder)
                {
                    listener = anew;
                }
                continue;
            }
        };
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(STALL));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(app.clone()));
        tokio::spawn(async move {
            // A client that disconnects is not an error.
            let _ = connection.await;
            drop(place);
        });
    }
}

/// Creates the socket. From the start only the service's user may open it.
fn listen(folder: &Path) -> io::Result<UnixListener> {
    // The socket is created in a private folder, gets its permissions there, and is then moved.
    let private = tempfile::Builder::new().prefix("c").tempdir_in(folder)?;
    let new = private.path().join("s");
    let listener = UnixListener::bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, folder.join(NAME))?;
    Ok(listener)
}
