//! The sinks of the service. Each file here is one sink or a part that sinks share.
//!
//! Each sink runs in its own task (`delivery`), which takes alerts from the outbox in order. Failures are retried,
//! after a quarter of a second at first and every half minute at last. No later alert overtakes a failed one.
//!
//! | file | content |
//! |---|---|
//! | `stdout`, `file`, `socket`, `http` | sinks that write one alert per line |
//! | `webhook` | a signed request from a template, for Slack, Teams, PagerDuty and others |
//! | `alertmanager`, `otlp`, `forward`, `syslog` | sinks for other protocols |
//! | `delivery` | the loop of each sink: retries, rate limit, position |
//! | `failure` | why a delivery failed, and the wait before the next one |
//! | `rate`, `undelivered` | alerts that are held back or refused, or whose sink is removed, and their file |
//! | `place` | how an address is written |
//! | `fields` | the fields of an alert, parsed from its line |
//!
//! To add a sink, write a file with `Options` and a type that has `deliver`. Add a case to [`Target`] and to `Way`, and
//! its options to `config/service/outlets.rs`.

pub mod alertmanager;
mod delivery;
mod failure;
mod fields;
mod file;
pub mod forward;
pub mod http;
pub mod otlp;
pub mod place;
pub mod rate;
mod socket;
mod stdout;
pub mod syslog;
mod undelivered;
pub mod webhook;

use super::arrival::Request;
use super::metrics::Counters;
use super::net::Access;
use super::outbox::{INCIDENT, Item, Outbox, rank};
use crate::config::service::{Incidents, Outlet};
use crate::output::Layout;
use delivery::Delivery;
use failure::Failure;
use place::Place;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
pub(super) use undelivered::Undelivered;

/// The most alerts that are delivered together.
const TOGETHER: usize = 256;

/// The destination and protocol of a sink.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Lines on standard output.
    Stdout,
    /// Lines appended to a file.
    File(PathBuf),
    /// Lines in HTTP requests.
    Http(http::Options),
    /// Lines over a socket.
    Socket(Place),
    /// HTTP requests from a template.
    Webhook(Box<webhook::Options>),
    /// Prometheus' Alertmanager.
    Alertmanager(alertmanager::Options),
    /// OpenTelemetry's logs over HTTP.
    Otlp(otlp::Options),
    /// The forward protocol of Fluentd and Fluent Bit.
    Forward(forward::Options),
    /// Syslog.
    Syslog(syslog::Options),
}

impl Target {
    /// Parses the short form of a target: `-`, a file, `http://…`, `https://…`, `unix:PATH`, `tcp:HOST:PORT`,
    /// `tls:HOST:PORT`; or a protocol before the place: `alertmanager+http://…`, `otlp+http://…`,
    /// `forward+tcp:HOST:PORT`, `syslog+udp:HOST:PORT`.
    ///
    /// # Errors
    /// Fails for any other text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = |name: &str| text.strip_prefix(name)?.strip_prefix('+').map(Place::parse);
        if let Some(place) = rest("alertmanager") {
            return place.and_then(alertmanager::Options::new).map(Self::Alertmanager);
        }
        if let Some(place) = rest("otlp") {
            return place.and_then(otlp::Options::new).map(Self::Otlp);
        }
        if let Some(place) = rest("forward") {
            return place.and_then(forward::Options::new).map(Self::Forward);
        }
        if let Some(place) = rest("syslog") {
            return place.and_then(syslog::Options::new).map(Self::Syslog);
        }
        Place::parse(text).and_then(Self::plain)
    }

    /// The sink that writes plain lines to a place.
    ///
    /// # Errors
    /// Fails for a UDP place.
    pub fn plain(place: Place) -> Result<Self, String> {
        match place {
            Place::Stdout => Ok(Self::Stdout),
            Place::File(path) => Ok(Self::File(path)),
            Place::Url(uri) => Ok(Self::Http(http::Options::new(uri))),
            Place::Unix(_) | Place::Tcp(_) | Place::Tls(_) => Ok(Self::Socket(place)),
            Place::Udp(_) => Err(format!("`{place}` takes datagrams; expected syslog+{place}")),
        }
    }

    /// The place of the target.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Stdout => Place::Stdout,
            Self::File(path) => Place::File(path.clone()),
            Self::Http(http) => Place::Url(http.uri.clone()),
            Self::Webhook(options) => Place::Url(options.http.uri.clone()),
            Self::Alertmanager(options) => Place::Url(options.http.uri.clone()),
            Self::Otlp(options) => Place::Url(options.http.uri.clone()),
            Self::Socket(place) => place.clone(),
            Self::Forward(options) => options.to.clone(),
            Self::Syslog(options) => options.to.clone(),
        }
    }

    /// True if the sink reads single fields. It then needs the alert in the native layout too.
    pub(crate) const fn needs_fields(&self) -> bool {
        !matches!(self, Self::Stdout | Self::File(_) | Self::Http(_) | Self::Socket(_))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Stdout | Self::File(_) | Self::Http(_) | Self::Socket(_) => "",
            Self::Webhook(_) => "webhook+",
            Self::Alertmanager(_) => "alertmanager+",
            Self::Otlp(_) => "otlp+",
            Self::Forward(_) => "forward+",
            Self::Syslog(_) => "syslog+",
        };
        write!(f, "{kind}{}", self.place())
    }
}

/// A configured sink.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    /// The name. It identifies the stored position of the sink.
    pub name: String,
    /// The configuration.
    outlet: Outlet,
    /// The file of undelivered alerts.
    undelivered: Undelivered,
}

/// The connections of a sink to the rest of the service.
pub(super) struct Ties {
    /// The number of the sink.
    pub number: usize,
    /// The queue of alerts.
    pub outbox: Arc<Outbox>,
    /// The way to the core, for reports of delivered alerts.
    pub requests: mpsc::Sender<Request>,
    /// The counters of the service.
    pub counters: Arc<Counters>,
    /// True when the service ends. Then each waiting alert gets one more attempt.
    pub ending: watch::Receiver<bool>,
    /// A number that grows when files have to be reopened (SIGHUP).
    pub reopen: watch::Receiver<u64>,
    /// Receives a message when standard output is closed.
    pub closed: mpsc::Sender<()>,
}

impl Sink {
    /// Creates the sink. Its file of undelivered alerts is in `folder`, if there is one.
    pub(super) fn new(name: String, outlet: Outlet, folder: Option<&Path>) -> Self {
        let undelivered = Undelivered::new(outlet.undelivered.clone(), folder);
        Self { name, outlet, undelivered }
    }

    /// The layouts that the sink needs.
    pub(super) fn layouts(&self) -> Vec<Layout> {
        let mut layouts = vec![self.outlet.layout];
        if self.outlet.to.needs_fields() && self.outlet.layout != Layout::Native {
            layouts.push(Layout::Native);
        }
        layouts
    }

    /// True if the sink's filters accept the alert.
    fn wants(&self, item: &Item) -> bool {
        if item.analytic == INCIDENT {
            let takes = self.outlet.incidents != Incidents::Off;
            return takes && item.severity >= rank(self.outlet.min_severity);
        }
        if self.outlet.incidents == Incidents::Only {
            return false;
        }
        let is_of = |id: &String| id.eq_ignore_ascii_case(&item.analytic);
        let analytics = &self.outlet.analytics;
        item.severity >= rank(self.outlet.min_severity)
            && (analytics.is_empty() || analytics.iter().any(is_of))
    }

    /// Delivers alerts until the service ends.
    pub(super) async fn run(self, ties: Ties) {
        Delivery::new(self, ties).run().await;
    }
}

/// The host name of this machine.
fn hostname() -> String {
    let read = |path: &&str| std::fs::read_to_string(path).ok();
    let found = ["/proc/sys/kernel/hostname", "/etc/hostname"].iter().find_map(read);
    found
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "authsieve".into())
}

/// The alerts of one delivery.
struct Batch<'i> {
    items: &'i [Arc<Item>],
    layout: Layout,
}

impl Batch<'_> {
    /// The alerts as lines.
    fn lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for item in self.items {
            lines.extend(item.line(self.layout).as_bytes());
            lines.push(b'\n');
        }
        lines
    }
}

/// The state of a target: an open connection or file, or settings.
enum Way {
    Stdout(stdout::Stdout),
    File(file::File),
    Http(http::Http),
    Socket(socket::Socket),
    Webhook(Box<webhook::Webhook>),
    Alertmanager(alertmanager::Alertmanager),
    Otlp(otlp::Otlp),
    Forward(Box<forward::Forward>),
    Syslog(syslog::Syslog),
}

impl Way {
    /// Creates the state for a target, without connecting.
    fn new(target: &Target, access: &Access) -> Self {
        match target {
            Target::Stdout => Self::Stdout(stdout::Stdout),
            Target::File(path) => Self::File(file::File::new(path)),
            Target::Http(options) => Self::Http(http::Http::new(options, access)),
            Target::Socket(place) => Self::Socket(socket::Socket::new(place, access)),
            Target::Webhook(options) => Self::Webhook(Box::new(webhook::Webhook::new(options, access))),
            Target::Alertmanager(options) => {
                Self::Alertmanager(alertmanager::Alertmanager::new(options, access))
            }
            Target::Otlp(options) => Self::Otlp(otlp::Otlp::new(options, access)),
            Target::Forward(options) => Self::Forward(Box::new(forward::Forward::new(options, access))),
            Target::Syslog(options) => Self::Syslog(syslog::Syslog::new(options, access)),
        }
    }

    /// The most alerts in one delivery.
    fn together(&self) -> usize {
        match self {
            Self::Webhook(webhook) => webhook.together(),
            _ => TOGETHER,
        }
    }

    /// Delivers a whole batch.
    async fn deliver(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        match self {
            Self::Stdout(way) => way.deliver(batch).await,
            Self::File(way) => way.deliver(batch).await,
            Self::Http(way) => way.deliver(batch).await,
            Self::Socket(way) => way.deliver(batch).await,
            Self::Webhook(way) => way.deliver(batch).await,
            Self::Alertmanager(way) => way.deliver(batch).await,
            Self::Otlp(way) => way.deliver(batch).await,
            Self::Forward(way) => way.deliver(batch).await,
            Self::Syslog(way) => way.deliver(batch).await,
        }
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
            "http://127.0.0.1:7402/alerts",
            "tls:host:7",
            "alertmanager+https://127.0.0.1:9093/",
            "otlp+http://127.0.0.1:4318/",
            "forward+tcp:127.0.0.1:24224",
            "forward+unix:/run/fluent.sock",
            "syslog+udp:127.0.0.1:514",
            "syslog+tls:127.0.0.1:6514",
            "syslog+unix:/dev/log",
        ] {
            assert_eq!(Target::parse(text).map(|target| target.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "tcp:7",
            "ftp://x",
            "udp:h:1",
            "otlp+tcp:h:1",
            "forward+udp:h:1",
            "syslog+http://h",
            "alertmanager+-",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
