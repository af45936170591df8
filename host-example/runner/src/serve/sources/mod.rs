//! Where records come from. Each file here is one source, or a part of one.
//!
//! A source makes batches of whole records and hands them to its [`Inlet`], which returns once they count. Until then a source
//! reads no further: what it cannot pass on waits where it is, in the sender's buffers, in its file, in the journal.

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

/// A batch that is refused is offered again after this time.
const AGAIN: Duration = Duration::from_millis(250);

/// The way from a source into the service.
#[derive(Clone)]
pub(super) struct Inlet {
    /// The name of the source.
    pub name: Arc<str>,
    /// The core.
    pub requests: mpsc::Sender<Request>,
    /// The queue of alerts.
    pub outbox: Arc<Outbox>,
    /// The counters.
    pub counters: Arc<Counters>,
    /// Where bad records go.
    pub letters: Arc<Letters>,
    /// True once the service ends.
    pub ending: watch::Receiver<bool>,
    /// Counts up when files are to be opened again: SIGHUP.
    pub reopen: watch::Receiver<u64>,
    /// Counts batches and requests, so that a service that drains knows when nobody sends any more.
    pub asked: Arc<AtomicU64>,
}

/// Up to where a source was read: of what, and a place in it.
pub(super) type Position = (String, String);

impl Inlet {
    /// Waits until records count. `false` where the service ends first.
    pub(super) async fn take(&self, records: Vec<u8>, positions: Vec<Position>) -> bool {
        records.is_empty() || self.send(records, positions, 0).await
    }

    /// Keeps positions where no record came. `false` where the service ends first.
    pub(super) async fn mark(&self, positions: Vec<Position>) -> bool {
        positions.is_empty() || self.send(Vec::new(), positions, 0).await
    }

    /// The same for records whose sender repeats them until it has an answer. They count once, by their digest.
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

    /// Keeps a record that is bad.
    fn bad(&self, fault: Fault, why: &str, record: &[u8]) {
        let received = crate::sources::now();
        self.letters.add(&Letter { source: &self.name, analytic: None, fault, why, record, received });
    }

    /// Counts what a splitter skipped, and keeps how it began.
    fn skipped(&self, splitter: &mut lines::Splitter) {
        for start in splitter.skipped.drain(..) {
            self.counters.oversized.inc();
            self.bad(Fault::Oversized, "it is too long and was skipped; this is how it begins", &start);
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

    /// Hands a batch to the core, and waits for its word. `None` where the service has ended.
    async fn offer(&self, arrival: Arrival) -> Option<Taken> {
        let (reply, taken) = oneshot::channel();
        self.requests.send(Request::Take(arrival, reply)).await.ok()?;
        taken.await.ok()
    }

    /// Waits until the service ends.
    async fn ended(&self) {
        // A service that is gone has ended.
        let _ = self.ending.clone().wait_for(|ending| *ending).await;
    }
}

/// A source that has what it needs of the machine, such as its address.
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
    /// Listens where the source does.
    ///
    /// # Errors
    /// Where that is not possible: the address is taken.
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

    /// Says where it listens.
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

    /// Reads until the service ends. `positions` are those that earlier batches have reached.
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

/// The limits of a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The largest body of a request, before and after it is unpacked.
    pub max_body: usize,
    /// The longest record.
    pub max_record: usize,
}
