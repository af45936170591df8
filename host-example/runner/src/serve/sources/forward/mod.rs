//! The source for the forward protocol of Fluentd and Fluent Bit.
//!
//! A chunk is acknowledged once its records count. Without an acknowledgement the sender repeats the chunk, which still
//! counts once.

pub(in crate::serve) mod protocol;

use super::Inlet;
use super::listener::Listener;
use crate::serve::arrival::Request;
use crate::serve::metrics::Rejected;
use crate::serve::net::Stream;
use crate::serve::{Secret, digest};
use protocol::{Connection, Event, Key};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// The largest chunk in bytes, compressed or not. Senders make chunks of 2 to 8 MiB.
pub(super) const CHUNK: usize = 16 << 20;
/// The most bytes that are read at once.
const READ: usize = 64 << 10;
/// The time limit for a client to prove the shared key.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The shared key, and the name of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::serve) struct Shared {
    /// The key that clients have to prove.
    pub key: Secret,
    /// The name of this server in the handshake. Clients refuse a server with their own name.
    pub hostname: String,
}

/// Accepts clients and reads their messages.
pub(super) async fn serve(listener: Listener, inlet: Inlet, shared: Option<Shared>, limit: usize) {
    let listener = Arc::new(listener);
    let renewing = tokio::spawn(Arc::clone(&listener).renew(inlet.clone()));
    while let Some((stream, mut place)) = listener.next(&inlet).await {
        let (listener, inlet, shared) = (Arc::clone(&listener), inlet.clone(), shared.clone());
        tokio::spawn(async move {
            if let Some(stream) = listener.greet(stream, &mut place, &inlet).await
                && let Err(why) = read(stream, place.address(), &inlet, shared, limit).await
            {
                listener.tell(|| format!("{}: a connection is closed: {why}", inlet.name));
            }
            drop(place);
        });
    }
    let _ = renewing.await;
}

async fn read(
    mut stream: Stream,
    peer: Option<IpAddr>,
    inlet: &Inlet,
    shared: Option<Shared>,
    limit: usize,
) -> Result<(), String> {
    let text = |error: io::Error| error.to_string();
    let key = match shared {
        Some(Shared { key, hostname }) => {
            let mut nonce = vec![0; 16];
            getrandom::fill(&mut nonce).map_err(|error| error.to_string())?;
            Some(Key { shared: key.reveal().to_owned(), hostname, nonce })
        }
        None => None,
    };
    let mut has_proved = key.is_none();
    let mut connection = Connection::new(limit, key);
    if let Some(hello) = connection.hello() {
        stream.write_all(&hello).await.map_err(text)?;
    }
    let (mut buffer, mut parts) = (vec![0; READ], Vec::new());
    // Another sender may send an equal chunk. A sender that repeats a chunk has the same address.
    let from = format!("{}\n{peer:?}\n", inlet.name);
    let began = Instant::now();
    loop {
        let read = stream.read(&mut buffer);
        let count = tokio::select! {
            count = async {
                match has_proved {
                    true => read.await,
                    false => timeout_at(began + HANDSHAKE, read).await.unwrap_or(Ok(0)),
                }
            } => count,
            () = inlet.ended() => return Ok(()),
        };
        if count.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            inlet.counters.rejected(&inlet.name, Rejected::Idle);
            return Ok(());
        }
        let count = count.map_err(text)?;
        if count == 0 {
            return Ok(());
        }
        connection.push(buffer.get(..count).unwrap_or_default());
        while let Some(event) = connection.next().map_err(|error| error.to_string())? {
            match event {
                Event::Write(bytes) => {
                    has_proved = true;
                    stream.write_all(&bytes).await.map_err(text)?;
                }
                Event::Records { lines, ack, .. } => {
                    let mut digest = digest(&[from.as_bytes(), &lines]).as_u128().max(1);
                    // A sender repeats nothing within one connection, so an equal part holds new records and needs
                    // another digest.
                    while parts.contains(&digest) {
                        digest = digest.wrapping_add(1).max(1);
                    }
                    if !inlet.take_once(lines, digest).await {
                        return Ok(());
                    }
                    parts.push(digest);
                    // A large message is acknowledged after its last part.
                    if let Some(ack) = ack {
                        stream.write_all(&ack).await.map_err(text)?;
                    }
                }
            }
        }
        // All messages were read completely and acknowledged, so the senders will not repeat them.
        for digest in parts.drain(..) {
            let _ = inlet.requests.send(Request::Answered(digest)).await;
        }
    }
}
