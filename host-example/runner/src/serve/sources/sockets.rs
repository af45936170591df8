//! The sources for lines and syslog over TCP, UDP and Unix sockets.

use super::Inlet;
use super::connections::Connections;
use super::lines::{Splitter, put};
use super::listener::Listener;
use crate::serve::metrics::Rejected;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{UdpSocket, UnixListener, UnixStream};

/// The most bytes that are read at once. They become one batch.
const READ: usize = 64 << 10;
/// The most datagrams in a batch.
const DATAGRAMS: usize = 1024;

/// The most open connections to a Unix socket.
const LOCAL: usize = 256;
/// The longest line of a connection in bytes. Each connection may hold one unfinished line in memory.
const LINE: usize = 1 << 20;

/// Accepts TCP connections and reads them.
pub(super) async fn tcp(listener: Listener, inlet: Inlet, max_record: usize) {
    let listener = Arc::new(listener);
    let renewing = tokio::spawn(Arc::clone(&listener).renew(inlet.clone()));
    while let Some((stream, mut place)) = listener.next(&inlet).await {
        let (listener, inlet) = (Arc::clone(&listener), inlet.clone());
        tokio::spawn(async move {
            if let Some(stream) = listener.greet(stream, &mut place, &inlet).await {
                read(stream, &inlet, Splitter::connection(max_record.min(LINE))).await;
            }
            drop(place);
        });
    }
    let _ = renewing.await;
}

/// Accepts connections to a Unix socket and reads them.
pub(super) async fn unix(listener: UnixListener, path: PathBuf, inlet: Inlet, max_record: usize) {
    let connections = Connections::new(LOCAL);
    let accept = || async { listener.accept().await.map(|(stream, _)| (stream, None)) };
    while let Some((stream, place)) = connections.next(&inlet, false, accept, drop).await {
        let inlet = inlet.clone();
        tokio::spawn(async move {
            read(stream, &inlet, Splitter::lines(max_record.min(LINE))).await;
            drop(place);
        });
    }
    let _ = tokio::fs::remove_file(path).await;
}

/// Removes the file of a Unix socket without a listener, which a crash leaves.
pub(super) async fn remove_dead(path: &Path) {
    let is_socket = |about: std::fs::Metadata| {
        use std::os::unix::fs::FileTypeExt;
        about.file_type().is_socket()
    };
    if tokio::fs::symlink_metadata(path).await.is_ok_and(is_socket)
        && UnixStream::connect(path).await.is_err()
    {
        let _ = tokio::fs::remove_file(path).await;
    }
}

/// Reads a stream to its end. Waits after each batch until the batch counts.
pub(super) async fn read(mut stream: impl AsyncRead + Unpin, inlet: &Inlet, mut splitter: Splitter) {
    let mut buffer = vec![0; READ];
    loop {
        let count = tokio::select! {
            count = stream.read(&mut buffer) => count,
            () = inlet.ended() => Ok(0),
        };
        let mut records = Vec::new();
        if count.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            inlet.counters.rejected(&inlet.name, Rejected::Idle);
        }
        let count = count.unwrap_or(0);
        match count {
            0 => splitter.finish(&mut records),
            count => splitter.push(buffer.get(..count).unwrap_or_default(), &mut records),
        }
        inlet.skipped(&mut splitter);
        if !inlet.take(records, Vec::new()).await || count == 0 {
            return;
        }
    }
}

/// Reads datagrams. Lost datagrams are not repeated, so all waiting ones are taken together.
pub(super) async fn udp(socket: UdpSocket, inlet: Inlet) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let first = tokio::select! {
            first = socket.recv(&mut buffer) => first,
            () = inlet.ended() => return,
        };
        let mut records = Vec::new();
        let (mut next, mut count) = (first.ok(), 0);
        while let Some(length) = next {
            put(buffer.get(..length).unwrap_or_default(), &mut records);
            count += 1;
            next = if count < DATAGRAMS { socket.try_recv(&mut buffer).ok() } else { None };
        }
        if !inlet.take(records, Vec::new()).await {
            return;
        }
    }
}
