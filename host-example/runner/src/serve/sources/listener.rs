//! A TCP listener of a source, with limits on connections and times.
//!
//! A silent or slow client holds only one connection, for a limited time: the handshake, idle time and stalled writes
//! all have time limits. A client above the connection limit is refused at once.

use super::Inlet;
use super::connections::{Connections, Place};
use crate::config::service::Listen;
use crate::serve::metrics::Rejected;
use crate::serve::net::{Stream, told};
use crate::serve::say;
use crate::serve::tls::Listening;
use rustls::ServerConfig;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

/// The time limit of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The longest time for which a client may stop reading.
const STALL: Duration = Duration::from_secs(30);
/// The first byte of a TLS handshake.
const TLS: u8 = 0x16;

/// The protocol at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    Http,
    Bytes,
}

impl Speaks {
    /// The answer to a client that is refused. Only HTTP has one; other connections are just closed.
    fn refusal(self, status: &str, why: &str) -> Vec<u8> {
        match self {
            Self::Bytes => Vec::new(),
            Self::Http => format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nretry-after: 1\r\n\
                 connection: close\r\n\r\n{why}\n",
                why.len() + 1
            )
            .into_bytes(),
        }
    }
}

/// A listener.
pub(in crate::serve) struct Listener {
    tcp: TcpListener,
    speaks: Speaks,
    connections: Connections,
    /// The longest time without data from a client. `None` for HTTP, which has its own time limits.
    idle: Option<Duration>,
    tls: Option<(Listening, Mutex<Arc<ServerConfig>>)>,
}

impl Listener {
    /// Binds the address.
    ///
    /// # Errors
    /// Fails if the address is taken, or if a certificate cannot be read.
    pub(super) async fn bind(listen: &Listen, speaks: Speaks) -> Result<Self, String> {
        let tls = match &listen.tls {
            Some(listening) => {
                let config = listening.config(protocols(speaks)).map_err(|error| error.to_string())?;
                Some((listening.clone(), Mutex::new(config)))
            }
            None => None,
        };
        let failed = |error| format!("{} cannot be listened to: {error}", listen.address);
        Ok(Self {
            tcp: TcpListener::bind(listen.address).await.map_err(failed)?,
            speaks,
            connections: Connections::new(listen.max_connections),
            idle: Some(listen.idle).filter(|_| speaks == Speaks::Bytes),
            tls,
        })
    }

    /// The bound address.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// True if the listener uses TLS.
    pub(super) const fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Waits for the next client. Also returns its place. `None` once the service ends.
    pub(super) async fn next(&self, inlet: &Inlet) -> Option<(TcpStream, Place)> {
        let refuse = |stream: TcpStream| {
            if self.tls.is_none() {
                let answer = self.speaks.refusal("503 Service Unavailable", "too many connections are open");
                // The send buffer of a new connection is empty, so the answer fits. Otherwise the client only sees the
                // close.
                let _ = stream.try_write(&answer);
            }
        };
        let accept =
            || async { self.tcp.accept().await.map(|(stream, address)| (stream, Some(address.ip()))) };
        self.connections.next(inlet, self.is_encrypted(), accept, refuse).await
    }

    /// Does the handshake with a client. `None` if the client is refused or gone.
    pub(super) async fn greet(&self, stream: TcpStream, place: &mut Place, inlet: &Inlet) -> Option<Stream> {
        let _ = stream.set_nodelay(true);
        let shaken = tokio::select! {
            shaken = timeout(HANDSHAKE, self.shake(stream)) => shaken,
            () = inlet.ended() => return None,
        };
        let (why, text) = match shaken {
            Ok(Ok(None)) => return None,
            Ok(Ok(stream)) if !self.is_encrypted() || self.connections.admit(place) => return stream,
            Ok(Ok(_)) => (Rejected::Full, "too many connections are open".to_owned()),
            Ok(Err(Refusal::Plain)) => (Rejected::Plain, "it does not speak TLS; expected TLS".to_owned()),
            Ok(Err(Refusal::Handshake(error))) => (Rejected::Handshake, told(&error)),
            Err(_) => (Rejected::Slow, format!("no handshake within {HANDSHAKE:?}")),
        };
        inlet.counters.rejected(&inlet.name, why);
        self.tell(|| format!("{}: a client is refused: {text}", inlet.name));
        None
    }

    /// Logs something about a client, now and then.
    pub(super) fn tell(&self, text: impl FnOnce() -> String) {
        self.connections.tell(text);
    }

    async fn shake(&self, stream: TcpStream) -> Result<Option<Stream>, Refusal> {
        let Some((_, config)) = &self.tls else { return Ok(Some(self.patient(stream))) };
        match stream.peek(&mut [0]).await {
            // The client only tested the connection.
            Ok(0) | Err(_) => return Ok(None),
            Ok(_) => {}
        }
        let mut first = [0];
        if stream.peek(&mut first).await.is_ok() && first != [TLS] {
            let why = "this address speaks TLS; expected https://";
            let _ = stream.try_read(&mut [0; 16 << 10]);
            let _ = stream.try_write(&self.speaks.refusal("400 Bad Request", why));
            return Err(Refusal::Plain);
        }
        let config = Arc::clone(&config.lock().unwrap_or_else(PoisonError::into_inner));
        let stream = TlsAcceptor::from(config).accept(stream).await.map_err(Refusal::Handshake)?;
        Ok(Some(self.patient(stream)))
    }

    fn patient(&self, stream: impl crate::serve::net::Io + 'static) -> Stream {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(STALL));
        stream.set_read_timeout(self.idle);
        Box::new(Box::pin(stream))
    }

    /// Reads the certificates again whenever files have to be reopened, until the service ends. If that fails, the old
    /// ones stay in use.
    pub(super) async fn renew(self: Arc<Self>, inlet: Inlet) {
        let Some((listening, config)) = &self.tls else { return };
        let mut reopen = inlet.reopen.clone();
        loop {
            tokio::select! {
                changed = reopen.changed() => if changed.is_err() { return },
                () = inlet.ended() => return,
            }
            match listening.config(protocols(self.speaks)) {
                Ok(new) => {
                    *config.lock().unwrap_or_else(PoisonError::into_inner) = new;
                    say(&format!("{}: certificates were read anew", inlet.name));
                }
                Err(why) => say(&format!("{}: {why}; the former certificates stay in use", inlet.name)),
            }
        }
    }
}

const fn protocols(speaks: Speaks) -> &'static [&'static str] {
    match speaks {
        Speaks::Http => &["http/1.1"],
        Speaks::Bytes => &[],
    }
}

/// Why a client is refused.
enum Refusal {
    Plain,
    Handshake(io::Error),
}
