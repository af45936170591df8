//! The live sources of the service. Each file here is one source or a part that sources share.
//!
//! A source passes batches of whole records to its [`Inlet`], which returns once they count. Until then the source
//! reads no further: new data waits in the sender's buffers, in its file, or in the journal.

mod body;
mod connections;
mod files;
pub(super) mod forward;
mod guard;
pub(super) mod http;
mod inquiry;
mod journal;
mod lines;
mod listener;
mod otlp;
mod sockets;
mod stdin;
mod wake;

use super::arrival::{Arrival, Request, Taken};
use super::letters::{Fault, Letter, Letters};
use super::metrics::Counters;
use super::outbox::Outbox;
use super::say;
use super::secret::Secret;
use crate::config::service::Feed;
use listener::{Listener, Speaks};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{UdpSocket, UnixListener};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// The wait before a refused batch is offered again.
const AGAIN: Duration = Duration::from_millis(250);

/// The way of a source into the service.
#[derive(Clone)]
pub(super) struct Inlet {
    /// The name of the source.
    pub name: Arc<str>,
    /// The way to the core.
    pub requests: mpsc::Sender<Request>,
    /// The queue of alerts.
    pub outbox: Arc<Outbox>,
    /// The counters of the service.
    pub counters: Arc<Counters>,
    /// The file for records that cannot be judged.
    pub letters: Arc<Letters>,
    /// True once the service ends.
    pub ending: watch::Receiver<bool>,
    /// A number that grows when files have to be reopened (SIGHUP).
    pub reopen: watch::Receiver<u64>,
    /// The number of batches and requests so far. A draining service watches it to see when senders stop.
    pub asked: Arc<AtomicU64>,
}

/// A position: the name of what is read, and the place in it.
pub(super) type Position = (String, String);

impl Inlet {
    /// Waits until the records count. Returns `false` if the service ends first.
    pub(super) async fn take(&self, records: Vec<u8>, positions: Vec<Position>) -> bool {
        records.is_empty() || self.send(records, positions, 0).await
    }

    /// Stores positions without records. Returns `false` if the service ends first.
    pub(super) async fn mark(&self, positions: Vec<Position>) -> bool {
        positions.is_empty() || self.send(Vec::new(), positions, 0).await
    }

    /// Like [`take`](Self::take), for a sender that repeats the records until it has an answer. The digest ensures that
    /// they count once.
    pub(super) async fn take_once(&self, records: Vec<u8>, digest: u128) -> bool {
        records.is_empty() || self.send(records, Vec::new(), digest).await
    }

    async fn send(&self, records: Vec<u8>, positions: Vec<Position>, digest: u128) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut arrival = self.arrival(records, positions, digest);
        loop {
            while self.outbox.is_full() {
                sleep(AGAIN).await;
                if *self.ending.borrow() {
                    return false;
                }
            }
            match self.offer(arrival).await {
                Some(Taken::Kept | Taken::Repeated) => return true,
                Some(Taken::Refused(refused)) => arrival = refused,
                None => return false,
            }
            self.counters.refused.inc();
            if *self.ending.borrow() {
                return false;
            }
            sleep(AGAIN).await;
        }
    }

    /// Keeps a bad record as a dead letter.
    fn bad(&self, fault: Fault, why: &str, record: &[u8]) {
        let received = crate::sources::now();
        self.letters.add(&Letter { source: &self.name, analytic: None, fault, why, record, received });
    }

    /// Counts the records that a splitter skipped, and keeps their starts as dead letters.
    fn skipped(&self, splitter: &mut lines::Splitter) {
        for start in splitter.skipped.drain(..) {
            self.counters.oversized.inc();
            self.bad(Fault::Oversized, "it is too long and was skipped; its beginning", &start);
        }
    }

    /// A batch that is received now.
    fn arrival(&self, records: Vec<u8>, positions: Vec<Position>, digest: u128) -> Arrival {
        Arrival {
            source: Arc::clone(&self.name),
            received: crate::sources::now(),
            records,
            digest,
            positions,
        }
    }

    /// Passes a batch to the core and waits for its answer. `None` if the service has ended.
    async fn offer(&self, arrival: Arrival) -> Option<Taken> {
        let (reply, taken) = oneshot::channel();
        self.requests.send(Request::Take(arrival, reply)).await.ok()?;
        taken.await.ok()
    }

    /// An inlet for tests. Nobody takes its records.
    #[cfg(test)]
    fn nowhere() -> Self {
        let counters = Arc::new(Counters::new());
        Self {
            name: "it".into(),
            requests: mpsc::channel(1).0,
            outbox: Arc::new(Outbox::new(Vec::new(), 1, 0)),
            counters: Arc::clone(&counters),
            letters: Arc::new(Letters::new(None, counters)),
            ending: watch::channel(false).1,
            reopen: watch::channel(0).1,
            asked: Arc::default(),
        }
    }

    /// Waits until the service ends.
    async fn ended(&self) {
        // If the sender is gone, the service has ended too.
        let _ = self.ending.clone().wait_for(|ending| *ending).await;
    }
}

/// A source that is ready to read: it already listens at its address.
pub(super) enum Ready {
    Http(Listener, Option<Secret>),
    Tcp(Listener),
    Forward(Listener, Option<forward::Shared>),
    Udp(UdpSocket),
    Unix(UnixListener, PathBuf),
    Stdin,
    Files { include: Vec<String>, from_beginning: bool },
    Journal { matches: Vec<String>, command: PathBuf },
}

impl Ready {
    /// Prepares the source, and binds its address if it has one.
    ///
    /// # Errors
    /// Fails if the address cannot be used, for example because it is taken.
    pub(super) async fn new(feed: &Feed) -> Result<Self, String> {
        let failed =
            |place: &dyn fmt::Display, error: io::Error| format!("{place} cannot be listened to: {error}");
        Ok(match feed {
            Feed::Http(listen) => {
                Self::Http(Listener::bind(listen, Speaks::Http).await?, listen.token.clone())
            }
            Feed::Tcp(listen) => Self::Tcp(Listener::bind(listen, Speaks::Bytes).await?),
            Feed::Forward { listen, shared } => {
                let shared = shared
                    .as_ref()
                    .map(|(key, hostname)| forward::Shared { key: key.clone(), hostname: hostname.clone() });
                Self::Forward(Listener::bind(listen, Speaks::Bytes).await?, shared)
            }
            Feed::Udp(address) => {
                Self::Udp(UdpSocket::bind(address).await.map_err(|error| failed(address, error))?)
            }
            Feed::Unix(path) => {
                sockets::remove_dead(path).await;
                let listener = UnixListener::bind(path).map_err(|error| failed(&path.display(), error))?;
                Self::Unix(listener, path.clone())
            }
            Feed::Stdin => Self::Stdin,
            Feed::Files { include, from_beginning } => {
                Self::Files { include: include.clone(), from_beginning: *from_beginning }
            }
            Feed::Journal { matches, command } => {
                Self::Journal { matches: matches.clone(), command: command.clone() }
            }
        })
    }

    /// Logs the address of the source.
    pub(super) fn introduce(&self, name: &str) {
        let at = |listener: &Listener, plain: &str, encrypted: &str| {
            let scheme = if listener.is_encrypted() { encrypted } else { plain };
            listener.address().map(|address| format!("{scheme}{address}"))
        };
        let place = match self {
            Self::Http(listener, _) => at(listener, "http://", "https://"),
            Self::Tcp(listener) => at(listener, "tcp:", "tls:"),
            Self::Forward(listener, _) => at(listener, "forward:", "forward+tls:"),
            Self::Udp(socket) => socket.local_addr().map(|address| format!("udp:{address}")),
            Self::Unix(_, path) => Ok(format!("unix:{}", path.display())),
            Self::Stdin | Self::Files { .. } | Self::Journal { .. } => return,
        };
        if let Ok(place) = place {
            say(&format!("{name} listens to {place}"));
        }
    }

    /// Reads until the service ends. `positions` are the positions of the earlier batches.
    pub(super) fn start(
        self,
        inlet: Inlet,
        limits: Limits,
        positions: &HashMap<String, String>,
    ) -> JoinHandle<()> {
        let positions = positions.clone();
        match self {
            Self::Http(listener, token) => {
                tokio::spawn(http::serve(listener, token, http::Front::new(inlet, limits)))
            }
            Self::Tcp(listener) => tokio::spawn(sockets::tcp(listener, inlet, limits.max_record)),
            Self::Forward(listener, shared) => {
                let limit = limits.max_body.min(forward::CHUNK);
                tokio::spawn(forward::serve(listener, inlet, shared, limit))
            }
            Self::Udp(socket) => tokio::spawn(sockets::udp(socket, inlet)),
            Self::Unix(listener, path) => {
                tokio::spawn(sockets::unix(listener, path, inlet, limits.max_record))
            }
            Self::Stdin => tokio::spawn(stdin::read_all(inlet, limits.max_record)),
            Self::Files { include, from_beginning } => {
                let files = files::Files::new(inlet, include, from_beginning, limits.max_record);
                tokio::spawn(files.follow(positions))
            }
            Self::Journal { matches, command } => {
                tokio::spawn(journal::follow(inlet, command, matches, positions, limits.max_record))
            }
        }
    }
}

/// The size limits of a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The largest body of a request in bytes, both compressed and decompressed.
    pub max_body: usize,
    /// The longest record in bytes.
    pub max_record: usize,
}
