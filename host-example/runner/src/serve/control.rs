//! A socket in the state folder, for questions: whoever may open it may ask. So a service that listens nowhere can be asked too.

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
use tokio_io_timeout::TimeoutStream;

/// The name of the socket.
pub(super) const NAME: &str = "control.sock";
/// So many connections are open at once.
const MOST: usize = 8;
/// A request whose head takes longer is closed.
const HEAD: Duration = Duration::from_secs(10);

/// A client that does not read what it is sent is closed after this time.
const STALL: Duration = Duration::from_secs(30);

/// Answers questions until it is dropped. Where the socket cannot be made, that is told, and nobody can ask.
pub(super) async fn serve(folder: PathBuf, front: Front) {
    let listener = match listen(&folder) {
        Ok(listener) => listener,
        Err(error) => return say(&format!("{}: {error}", folder.join(NAME).display())),
    };
    let (app, room) = (pages().with_state(front), Arc::new(Semaphore::new(MOST)));
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(STALL));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(app.clone()));
        tokio::spawn(async move {
            // A client that goes away is no news.
            let _ = connection.await;
            drop(place);
        });
    }
}

/// Makes the socket. Only the owner of the service may open it, from its first moment on.
fn listen(folder: &Path) -> io::Result<UnixListener> {
    // Made in a folder that nobody else may enter, and moved once its own permissions hold.
    let private = tempfile::Builder::new().prefix("c").tempdir_in(folder)?;
    let new = private.path().join("s");
    let listener = UnixListener::bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, folder.join(NAME))?;
    Ok(listener)
}
