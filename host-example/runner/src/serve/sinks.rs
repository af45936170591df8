//! Where alerts go: standard output, files, HTTP, sockets.
//!
//! Each sink has a task of its own, which takes alerts from the outbox in order and delivers them. What fails is tried again,
//! after a quarter of a second at first and half a minute at last; nothing behind it overtakes it.

use super::arrival::Request;
use super::metrics::Counters;
use super::net::{self, Access, Http};
use super::outbox::{Item, Outbox};
use super::tls::Trust;
use super::trouble::Trouble;
use crate::output::Layout;
use hyper::{HeaderMap, Uri};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

/// This many alerts are delivered together.
const TOGETHER: usize = 256;
/// A retry waits so long at first, twice as long each time, and so long at most.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// A delivery that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A place that alerts go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// The end of a file.
    File(PathBuf),
    /// POST to this URL.
    Http(Uri),
    /// Lines to a socket in the file system.
    Unix(PathBuf),
    /// Lines to a host and port.
    Tcp(String),
    /// The same by TLS.
    Tls(String),
}

/// What a target may be.
const EXPECTED: &str = "-, a file, http://…, https://…, unix:PATH, tcp:HOST:PORT or tls:HOST:PORT";

impl Target {
    /// Reads a target: `-`, a path, `http://…`, `https://…`, `unix:PATH`, `tcp:HOST:PORT`, `tls:HOST:PORT`.
    ///
    /// # Errors
    /// For what is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "-" {
            return Ok(Self::Stdout);
        }
        for (scheme, target) in [("tcp", Self::Tcp as fn(String) -> Self), ("tls", Self::Tls)] {
            let Some(place) = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(':')) else {
                continue;
            };
            let port =
                place.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
            return match port {
                Some((host, _)) if !host.is_empty() => Ok(target(place.into())),
                _ => Err(format!("`{text}` is no address; expected {scheme}:HOST:PORT")),
            };
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.into()));
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            let uri: Uri = text.parse().map_err(|error| format!("`{text}` is no URL: {error}"))?;
            return Ok(Self::Http(uri));
        }
        if text.contains("://") || text.is_empty() {
            return Err(format!("`{text}` is no place for alerts; expected {EXPECTED}"));
        }
        Ok(Self::File(text.into()))
    }

    /// True where TLS protects what goes there.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_)) || matches!(self, Self::Http(uri) if uri.scheme_str() == Some("https"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
            Self::Http(uri) => uri.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(place) => write!(f, "tcp:{place}"),
            Self::Tls(place) => write!(f, "tls:{place}"),
        }
    }
}

/// A sink, as it is configured.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    /// Under this name its position is kept.
    pub name: String,
    /// Where alerts go.
    pub target: Target,
    /// What the receiver wants to see.
    pub access: Access,
    /// How they are written.
    pub layout: Layout,
    /// Alerts of a lower rank are left out.
    pub least: u8,
    /// The analytics whose alerts go there, by their ids; all where there is none.
    pub analytics: Vec<String>,
}

/// The ties of a sink to the service.
pub(super) struct Ties {
    /// Its number.
    pub number: usize,
    /// Where alerts wait.
    pub outbox: Arc<Outbox>,
    /// The core, which is told of deliveries.
    pub requests: mpsc::Sender<Request>,
    /// The counters.
    pub counters: Arc<Counters>,
    /// True once the service ends: what waits is tried once more.
    pub ending: watch::Receiver<bool>,
    /// Counts up when files are to be opened again: SIGHUP.
    pub reopen: watch::Receiver<u64>,
    /// Told when standard output is closed: nobody listens any more.
    pub closed: mpsc::Sender<()>,
}

impl Sink {
    /// The alerts that go there, one a line.
    fn lines(&self, items: &[(u64, Arc<Item>)]) -> Vec<u8> {
        let is_wanted = |item: &Item| {
            let is_of = |id: &String| id.eq_ignore_ascii_case(&item.analytic);
            item.severity >= self.least && (self.analytics.is_empty() || self.analytics.iter().any(is_of))
        };
        let mut lines = Vec::new();
        for (_, item) in items.iter().filter(|(_, item)| is_wanted(item)) {
            lines.extend(item.line(self.layout).as_bytes());
            lines.push(b'\n');
        }
        lines
    }

    /// Delivers until the service ends.
    pub(super) async fn run(self, mut ties: Ties) {
        let mut outlet = Outlet::new(&self.target, &self.access);
        let mut news = ties.outbox.news();
        let (mut wait, mut trouble) = (FIRST_RETRY, Trouble::default());
        loop {
            if ties.reopen.has_changed().unwrap_or(false) {
                ties.reopen.borrow_and_update();
                outlet = Outlet::new(&self.target, &self.access);
            }
            let items = ties.outbox.next(ties.number, TOGETHER);
            let Some((last, _)) = items.last() else {
                if *ties.ending.borrow() {
                    return;
                }
                tokio::select! {
                    changed = news.changed() => if changed.is_err() { return },
                    _ = ties.ending.changed() => {}
                    _ = ties.reopen.changed() => outlet = Outlet::new(&self.target, &self.access),
                }
                continue;
            };
            let last = *last;
            let delivered = match self.lines(&items) {
                lines if lines.is_empty() => Ok(Ok(())),
                lines => timeout(PATIENCE, outlet.deliver(lines)).await,
            };
            let failed = match delivered {
                Ok(Ok(())) => {
                    trouble.ends(|| format!("{}: alerts are delivered again", self.target));
                    wait = FIRST_RETRY;
                    // The core may be busy; what is delivered twice for that has the same ids.
                    ties.outbox.delivered(ties.number, last);
                    let _ = ties.requests.send(Request::Delivered(ties.number, last)).await;
                    continue;
                }
                Ok(Err(error)) => error,
                Err(_) => io::Error::new(io::ErrorKind::TimedOut, format!("no answer for {PATIENCE:?}")),
            };
            if self.target == Target::Stdout && failed.kind() == io::ErrorKind::BrokenPipe {
                let _ = ties.closed.send(()).await;
                return;
            }
            outlet = Outlet::new(&self.target, &self.access);
            ties.counters.retries.inc();
            trouble.tell(|| format!("{}: {failed}; it is tried again until it works", self.target));
            if *ties.ending.borrow() {
                return;
            }
            tokio::select! {
                () = sleep(wait) => {}
                _ = ties.ending.changed() => {}
            }
            wait = (wait * 2).min(LAST_RETRY);
        }
    }
}

/// An open way to a target.
enum Outlet {
    Stdout,
    File(PathBuf, Option<File>),
    Http(Uri, Access, Option<Box<Http>>),
    Unix(PathBuf, Option<UnixStream>),
    Tcp(String, Option<Trust>, Option<net::Stream>),
}

impl Outlet {
    fn new(target: &Target, access: &Access) -> Self {
        match target {
            Target::Stdout => Self::Stdout,
            Target::File(path) => Self::File(path.clone(), None),
            Target::Http(uri) => Self::Http(uri.clone(), access.clone(), None),
            Target::Unix(path) => Self::Unix(path.clone(), None),
            Target::Tcp(place) => Self::Tcp(place.clone(), None, None),
            Target::Tls(place) => Self::Tcp(place.clone(), Some(access.tls.clone()), None),
        }
    }

    async fn deliver(&mut self, lines: Vec<u8>) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut out = tokio::io::stdout();
                out.write_all(&lines).await?;
                out.flush().await
            }
            Self::File(path, open) => {
                if moved(path, open.as_ref()).await {
                    *open = Some(opened(path).await?);
                }
                match open {
                    Some(file) => {
                        file.write_all(&lines).await?;
                        file.flush().await?;
                        file.sync_data().await
                    }
                    None => Ok(()),
                }
            }
            Self::Http(uri, access, open) => {
                if open.is_none() {
                    *open = Some(Box::new(Http::new(uri, access).map_err(io::Error::other)?));
                }
                let Some(client) = open else { return Ok(()) };
                client.post(uri, "application/x-ndjson", HeaderMap::new(), lines).await?.accepted().map(drop)
            }
            Self::Unix(path, open) => {
                if open.is_none() {
                    *open = Some(UnixStream::connect(path).await?);
                }
                write(open, &lines).await
            }
            Self::Tcp(place, trust, open) => {
                if open.is_none() {
                    *open = Some(net::connect(place, trust.as_ref()).await?);
                }
                write(open, &lines).await
            }
        }
    }
}

async fn write(open: &mut Option<impl AsyncWrite + Unpin>, lines: &[u8]) -> io::Result<()> {
    let Some(stream) = open else { return Ok(()) };
    stream.write_all(lines).await?;
    stream.flush().await
}

/// Opens a file at its end. What a crash left of a line is taken off: that alert is delivered again.
async fn opened(path: &PathBuf) -> io::Result<File> {
    const TAIL: u64 = 1 << 20;
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).await?;
    let about = file.metadata().await?;
    if !about.is_file() || about.len() == 0 {
        return Ok(file);
    }
    let start = about.len().saturating_sub(TAIL);
    let mut tail = Vec::new();
    file.seek(io::SeekFrom::Start(start)).await?;
    file.read_to_end(&mut tail).await?;
    match memchr::memrchr(b'\n', &tail) {
        Some(at) if at + 1 < tail.len() => file.set_len(start + at as u64 + 1).await?,
        Some(_) => {}
        // Not a line of ours.
        None => file.write_all(b"\n").await?,
    }
    Ok(file)
}

/// True if no file is open, or another stands at the path by now: it was rotated.
async fn moved(path: &PathBuf, open: Option<&File>) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Some(open) = open else { return true };
    match (open.metadata().await, tokio::fs::metadata(path).await) {
        (Ok(own), Ok(there)) => (own.dev(), own.ino()) != (there.dev(), there.ino()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_written_as_they_are_read() {
        for text in [
            "-",
            "out.jsonl",
            "/var/log/alerts.jsonl",
            "http://127.0.0.1:7402/alerts",
            "https://siem.example/alerts",
            "tcp:host:7",
            "tls:host:7",
        ] {
            assert_eq!(Target::parse(text).map(|target| target.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "tcp:7", "tcp::7", "tcp:host:port", "tls:host", "ftp://x", "http://"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
