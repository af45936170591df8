//! The sink for syslog in the format of RFC 5424.
//!
//! It uses TCP and TLS with octet counting (RFC 6587, RFC 5425), UDP (RFC 5426), or datagrams to a Unix socket.
//!
//! ```text
//! <131>1 2026-03-04T08:00:10Z web1 authsieve 4711 AN1276 [authsieve@32473 id="4c3d…" severity="high" …] {"id":"4c3d…",…}
//! ```
//!
//! A Unix socket gets the local format of the machine's programs by default, because journald and rsyslog read only
//! this format at `/dev/log`. It has no structured data.
//!
//! ```text
//! <131>Mar  4 08:00:10 authsieve[4711]: {"id":"4c3d…",…}
//! ```
//!
//! The message text is the alert as one line in the sink's format. Structured data holds the fields that are searched
//! for most. The receiver acknowledges nothing: a message counts as delivered when the kernel has it.
//!
//! **Messages longer than `max_size`** are not cut inside their JSON. The title of the alert replaces the JSON,
//! shortened to fit, and the structured data says `cut="1"`. If the structured data is still too long, only the id
//! remains. In the local format the structured data of such a message is a part of the text.

use super::failure::Failure;
use super::fields::{Fields, cut, shown};
use super::place::Place;
use super::socket::Socket;
use super::{Batch, hostname};
use crate::serve::net::Access;
use authsieve_engine::alert::Severity;
use authsieve_engine::time::Timestamp;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use tokio::net::{UdpSocket, UnixDatagram};

/// The default limit of a datagram in bytes. Receivers of syslog over UDP should accept this size.
const DATAGRAM: usize = 2048;
/// The smallest allowed `max_size`: each receiver must accept this size.
pub const LEAST_SIZE: usize = 480;
/// The largest allowed `max_size` of a datagram.
pub const MOST_DATAGRAM: usize = 65_507;
/// The largest size of a structured value in bytes, before escaping.
const VALUE: usize = 128;
/// The largest size of a host name in bytes.
const HOST: usize = 64;
/// The name of the structured data. The number is IANA's number for examples: authsieve has no number of its own.
const SD_ID: &str = "authsieve@32473";

/// The names of the facilities, by their numbers.
pub const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// The header format of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Header and structured data of RFC 5424.
    Rfc5424,
    /// The header of messages within the machine: a time and a program.
    Local,
}

/// The options of the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The receiver's TCP, UDP or Unix socket.
    pub to: Place,
    /// The header format. By default local for a Unix socket, else RFC 5424.
    pub protocol: Protocol,
    /// The number of the facility. The default is not `auth` or `authpriv`: their messages may end up in the log that
    /// the analytics read.
    pub facility: u8,
    /// The name of this host in the messages.
    pub hostname: Option<String>,
    /// The largest size of a message in bytes.
    pub max_size: Option<usize>,
}

impl Options {
    /// Options with defaults for this receiver.
    ///
    /// # Errors
    /// Fails if the place is not a socket.
    pub fn new(place: Place) -> Result<Self, String> {
        let max_size = match place {
            Place::Tcp(_) | Place::Tls(_) => None,
            Place::Udp(_) | Place::Unix(_) => Some(DATAGRAM),
            other => {
                let expected = "udp:HOST:PORT, tcp:HOST:PORT, tls:HOST:PORT or unix:PATH";
                return Err(format!("`{other}` is no socket; expected {expected}"));
            }
        };
        let protocol = if matches!(place, Place::Unix(_)) { Protocol::Local } else { Protocol::Rfc5424 };
        Ok(Self { to: place, protocol, facility: 16, hostname: None, max_size })
    }

    /// True if each message is a datagram.
    #[must_use]
    pub const fn is_datagram(&self) -> bool {
        matches!(self.to, Place::Udp(_) | Place::Unix(_))
    }
}

/// True if a text is a valid host name for a message: visible ASCII, and not too long.
#[must_use]
pub fn is_hostname(text: &str) -> bool {
    (1..=HOST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Sends syslog messages to a receiver.
pub(super) struct Syslog {
    options: Options,
    host: String,
    way: Way,
}

/// The connection to the receiver.
enum Way {
    Stream(Box<Socket>),
    Udp(String, Option<UdpSocket>),
    Unix(PathBuf, Option<UnixDatagram>),
}

impl Syslog {
    pub(super) fn new(options: &Options, access: &Access) -> Self {
        let way = match &options.to {
            Place::Udp(place) => Way::Udp(place.clone(), None),
            Place::Unix(path) => Way::Unix(path.clone(), None),
            place => Way::Stream(Box::new(Socket::new(place, access))),
        };
        let host = Some(options.hostname.clone().unwrap_or_else(hostname));
        let host = host.filter(|host| is_hostname(host)).unwrap_or_else(|| "-".into());
        Self { options: options.clone(), host, way }
    }

    pub(super) async fn deliver(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        let messages: Vec<Vec<u8>> =
            batch.items.iter().map(|item| self.message(&Fields::of(item), item.line(batch.layout))).collect();
        match &mut self.way {
            Way::Stream(socket) => {
                let mut bytes = Vec::new();
                for message in &messages {
                    bytes.extend(format!("{} ", message.len()).as_bytes());
                    bytes.extend(message);
                }
                Ok(socket.write(&bytes).await?)
            }
            Way::Udp(place, open) => {
                let socket = match open {
                    Some(socket) => socket,
                    None => open.insert(udp(place).await?),
                };
                for message in &messages {
                    socket.send(message).await?;
                    // If nobody listens on this machine, the system reports it at once.
                    if let Some(error) = socket.take_error()? {
                        return Err(error.into());
                    }
                }
                Ok(())
            }
            Way::Unix(path, open) => {
                let socket = match open {
                    Some(socket) => socket,
                    None => {
                        let socket = UnixDatagram::unbound()?;
                        socket.connect(path)?;
                        open.insert(socket)
                    }
                };
                for message in &messages {
                    socket.send(message).await?;
                }
                Ok(())
            }
        }
    }

    fn message(&self, fields: &Fields, line: &str) -> Vec<u8> {
        let severity = fields.severity();
        let priority = u32::from(self.options.facility) * 8 + level(severity);
        let time = fields.time("time").unwrap_or_else(crate::sources::now);
        let analytic = fields.text("analytic").unwrap_or_default();
        let kind: String = analytic.chars().filter(char::is_ascii_graphic).take(32).collect();
        let kind = if kind.is_empty() { "-" } else { &kind };
        let (host, process) = (&self.host, std::process::id());
        let head = match self.options.protocol {
            Protocol::Rfc5424 => {
                let time = Timestamp(time).to_rfc3339();
                format!("<{priority}>1 {time} {host} authsieve {process} {kind} ")
            }
            Protocol::Local => format!("<{priority}>{} authsieve[{process}]: ", stamp(time)),
        };
        let most = self.options.max_size.unwrap_or(usize::MAX);
        let whole = match self.options.protocol {
            Protocol::Rfc5424 => format!("{head}{} {line}", data(fields, &NAMES, false)),
            Protocol::Local => format!("{head}{line}"),
        };
        if whole.len() <= most {
            return whole.into();
        }
        let title = shown(fields.text("title").unwrap_or_default(), most).into_owned();
        let mut head_and_data = format!("{head}{} ", data(fields, &NAMES, true));
        if head_and_data.len() > most {
            head_and_data = format!("{head}{} ", data(fields, &[("id", "id")], true));
        }
        let room = most.saturating_sub(head_and_data.len());
        (head_and_data + &cut(&title, room)).into()
    }
}

/// A time in the format of local messages, in UTC. Syslog daemons replace it with their own time.
fn stamp(time: i64) -> String {
    let time = chrono::DateTime::from_timestamp_micros(time).unwrap_or_default();
    time.format("%b %e %H:%M:%S").to_string()
}

/// The names of the structured parameters, each with the field of the alert.
const NAMES: [(&str, &str); 9] = [
    ("id", "id"),
    ("analytic", "analytic"),
    ("pattern", "pattern"),
    ("severity", "severity"),
    ("status", "status"),
    ("user", "user"),
    ("address", "src_ip"),
    ("host", "host"),
    ("service", "service"),
];

/// Formats structured data from these fields. Quotes, backslashes and closing brackets are escaped.
fn data(fields: &Fields, names: &[(&str, &str)], is_cut: bool) -> String {
    let mut out = format!("[{SD_ID}");
    for (name, field) in names {
        let Some(text) = fields.text(field) else { continue };
        out += &format!(" {name}=\"");
        for c in shown(text, VALUE).chars() {
            if matches!(c, '"' | '\\' | ']') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
    }
    if is_cut {
        out += " cut=\"1\"";
    }
    out + "]"
}

/// The syslog severity number: informational, notice, warning, error, critical.
const fn level(severity: Severity) -> u32 {
    match severity {
        Severity::Informational => 6,
        Severity::Low => 5,
        Severity::Medium => 4,
        Severity::High => 3,
        Severity::Critical => 2,
    }
}

/// Opens a UDP socket for this address.
async fn udp(place: &str) -> io::Result<UdpSocket> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("{place} has no address"));
    for address in tokio::net::lookup_host(place).await? {
        let own: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(own).await?;
        match socket.connect(address).await {
            Ok(()) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Layout;
    use crate::serve::outbox::Item;

    fn message(options: Options, alert: &serde_json::Value) -> String {
        let item = Item {
            analytic: String::new(),
            severity: 0,
            id: String::new(),
            lines: vec![("json".into(), alert.to_string())],
        };
        let syslog = Syslog::new(&options, &Access::default());
        String::from_utf8(syslog.message(&Fields::of(&item), item.line(Layout::Native))).unwrap()
    }

    fn options(to: &str, most: usize) -> Options {
        let options = Options::new(Place::parse(to).unwrap()).unwrap();
        Options { hostname: Some("web1".into()), max_size: Some(most), ..options }
    }

    #[test]
    fn values_cannot_leave_the_structured_data() {
        let alert = serde_json::json!({
            "id": "a1", "analytic": "AN 1276", "severity": "critical", "time": "2026-03-04T08:00:10.25Z",
            "user": "x\"] evil \\ \n<13>1", "pattern": "ü",
        });
        let text = message(options("udp:h:1", 9999), &alert);
        let process = std::process::id();
        let wanted = format!(
            "<130>1 2026-03-04T08:00:10.250Z web1 authsieve {process} AN1276 [authsieve@32473 id=\"a1\" analytic=\"AN 1276\" \
             pattern=\"ü\" severity=\"critical\" user=\"x\\\"\\] evil \\\\ \\\\n<13>1\"] {alert}"
        );
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_long_message_keeps_its_id_and_says_that_it_is_cut() {
        let user = "\u{fc}\"".repeat(300);
        let alert = serde_json::json!({
            "id": "4c3dc1d1dff9f3861961337377d4626c", "analytic": "FLS", "severity": "low", "title": user, "user": user,
            "host": user, "service": user, "pattern": user, "src_ip": user, "status": user,
        });
        for (to, most) in
            [480, 700, 1500, 2048].into_iter().flat_map(|most| [("udp:h:1", most), ("unix:x", most)])
        {
            let text = message(options(to, most), &alert);
            assert!(text.len() <= most && text.len() > most - 8, "{} of {most}: {text}", text.len());
            assert!(
                text.contains("id=\"4c3dc1d1dff9f3861961337377d4626c\"") && text.contains(" cut=\"1\"] ü\""),
                "{text}"
            );
            assert!(text.ends_with('…'), "{text}");
        }
        assert!(!message(options("tcp:h:1", 1 << 20), &alert).contains("cut="));
    }

    #[test]
    fn what_stays_on_the_machine_has_a_short_header() {
        let alert =
            serde_json::json!({ "severity": "low", "time": "2026-03-04T08:00:10.25Z", "user": "x\n<13>" });
        let text = message(options("unix:/dev/log", 9999), &alert);
        let process = std::process::id();
        assert_eq!(text, format!("<133>Mar  4 08:00:10 authsieve[{process}]: {alert}"));
    }

    #[test]
    fn a_hostname_is_one_word() {
        assert!(is_hostname("web1.example") && !is_hostname("") && !is_hostname("a b") && !is_hostname("ü"));
        assert!(!is_hostname(&"x".repeat(65)));
    }
}
