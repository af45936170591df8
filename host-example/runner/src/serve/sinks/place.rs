//! The address of a sink's receiver: a path, a URL or a socket.

use crate::serve::net::{self, Access, Stream};
use hyper::Uri;
use std::fmt;
use std::io;
use std::path::PathBuf;
use tokio::net::UnixStream;

/// The places for plain lines, as error messages list them.
pub const EXPECTED: &str = "-, a file, http://…, https://…, unix:PATH, tcp:HOST:PORT or tls:HOST:PORT";

/// The address of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard output: `-`.
    Stdout,
    /// A file path.
    File(PathBuf),
    /// A URL: `http://…`, `https://…`.
    Url(Uri),
    /// A Unix socket: `unix:PATH`.
    Unix(PathBuf),
    /// A TCP address: `tcp:HOST:PORT`.
    Tcp(String),
    /// A TCP address with TLS: `tls:HOST:PORT`.
    Tls(String),
    /// A UDP address: `udp:HOST:PORT`.
    Udp(String),
}

impl Place {
    /// Parses a place.
    ///
    /// # Errors
    /// Fails if the text is none of these forms.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "-" {
            return Ok(Self::Stdout);
        }
        let kinds = [("tcp", Self::Tcp as fn(String) -> Self), ("tls", Self::Tls), ("udp", Self::Udp)];
        for (kind, place) in kinds {
            let Some(rest) = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':')) else {
                continue;
            };
            let port = rest.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
            return match port {
                Some((host, _)) if !host.is_empty() => Ok(place(rest.into())),
                _ => Err(format!("`{text}` is no address; expected {kind}:HOST:PORT")),
            };
        }
        if let Some(path) = text.strip_prefix("unix:") {
            let is_path = !path.is_empty();
            return is_path
                .then(|| Self::Unix(path.into()))
                .ok_or_else(|| format!("`{text}` is no socket; expected unix:PATH"));
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            let url: Uri = text.parse().map_err(|error| format!("`{text}` is no URL: {error}"))?;
            if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
                return Err("a URL may hold no password; expected the options token or headers".into());
            }
            return Ok(Self::Url(url));
        }
        if text.contains("://") || text.is_empty() {
            return Err(format!("`{text}` is no place for alerts; expected {EXPECTED}"));
        }
        Ok(Self::File(text.into()))
    }

    /// True if the connection uses TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_)) || matches!(self, Self::Url(uri) if uri.scheme_str() == Some("https"))
    }

    /// True for a TCP or Unix socket, with or without TLS.
    #[must_use]
    pub const fn is_stream(&self) -> bool {
        matches!(self, Self::Tcp(_) | Self::Tls(_) | Self::Unix(_))
    }

    /// Connects to a TCP or Unix socket.
    pub(super) async fn connect(&self, access: &Access) -> io::Result<Stream> {
        match self {
            Self::Tcp(place) => net::connect(place, None).await,
            Self::Tls(place) => net::connect(place, Some(&access.tls)).await,
            Self::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Self::Stdout | Self::File(_) | Self::Url(_) | Self::Udp(_) => {
                Err(io::Error::other(format!("{self} is no socket for a stream")))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
            Self::Url(uri) => uri.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(place) => write!(f, "tcp:{place}"),
            Self::Tls(place) => write!(f, "tls:{place}"),
            Self::Udp(place) => write!(f, "udp:{place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_they_are_read() {
        let places = [
            "-",
            "out.jsonl",
            "/var/log/alerts.jsonl",
            "http://127.0.0.1:7402/alerts",
            "https://siem.example/alerts",
            "tcp:host:7",
            "tls:host:7",
            "udp:[::1]:7",
            "unix:/run/a.sock",
        ];
        for text in places {
            assert_eq!(Place::parse(text).map(|place| place.to_string()), Ok(text.to_owned()));
        }
        for text in
            ["", "tcp:7", "tcp::7", "tcp:host:port", "tls:host", "udp:host", "unix:", "ftp://x", "http://"]
        {
            assert!(Place::parse(text).is_err(), "{text}");
        }
        let why = Place::parse("https://me:secret@siem.example/alerts").unwrap_err();
        assert!(why.contains("may hold no password") && !why.contains("secret"), "{why}");
        assert!(Place::parse("https://siem.example/@me").is_ok());
    }
}
