//! A client that asks a running service.

use super::control;
use super::net::connect;
use super::tls::Trust;
use clap::Args;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::{HeaderMap, Request, Uri};
use hyper_util::rt::TokioIo;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// The longest wait for the head of an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The number of bytes that are read of a refusal.
const REFUSAL: usize = 4 << 10;

/// The address of a running service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The URL of an HTTP source.
    Http(Uri),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl Place {
    /// Parses `http://HOST:PORT`, `https://HOST:PORT`, `unix:PATH`, or the path of a state folder.
    ///
    /// # Errors
    /// Fails for any other text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected =
            "expected http://HOST:PORT, https://HOST:PORT, unix:PATH or the state folder of a service";
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.into()));
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            let uri = text.trim_end_matches('/').parse::<Uri>();
            let uri = uri.map_err(|error| format!("{error}; {expected}"))?;
            // The URI parser takes `http:` alone for a host name.
            let is_whole = uri.scheme().is_some() && uri.host().is_some();
            return if is_whole { Ok(Self::Http(uri)) } else { Err(expected.into()) };
        }
        if text.contains("://") || text.is_empty() {
            return Err(expected.into());
        }
        Ok(Self::Unix(Path::new(text).join(control::NAME)))
    }

    async fn ask(
        &self,
        path: &str,
        access: &Access,
        take: &mut dyn FnMut(Part<'_>) -> io::Result<()>,
    ) -> Result<(), String> {
        let token = access.token.as_deref();
        match self {
            Self::Unix(socket) => {
                let shown =
                    |error: io::Error| format!("{}: {error}: does the service run?", socket.display());
                let stream = UnixStream::connect(socket).await.map_err(shown)?;
                exchange(TokioIo::new(stream), "localhost", path, token, take).await
            }
            Self::Http(uri) => {
                let place = uri.authority().map(ToString::to_string).unwrap_or_default();
                let is_encrypted = uri.scheme_str() == Some("https");
                let port = if is_encrypted { 443 } else { 80 };
                let address = if uri.port().is_some() { place.clone() } else { format!("{place}:{port}") };
                let trust = Trust { ca: access.ca.clone(), ..Trust::default() };
                let stream = connect(&address, is_encrypted.then_some(&trust)).await;
                let stream = stream.map_err(|error| format!("{place}: {error}: does the service run?"))?;
                let path = format!("{}{path}", uri.path().trim_end_matches('/'));
                exchange(TokioIo::new(stream), &place, &path, token, take).await
            }
        }
    }
}

/// The credentials for a service.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The token of the source.
    pub token: Option<String>,
    /// A file of certificate authorities, used in place of the machine's.
    pub ca: Option<PathBuf>,
}

/// Options for a service that requires a token or uses its own authority.
#[derive(Clone, Debug, Default, Args)]
pub struct Credentials {
    /// A file with the token that the service asks for.
    #[arg(long, value_name = "FILE", requires = "from")]
    token_file: Option<PathBuf>,
    /// A PEM file of the authority of the service's certificate, in place of those of the machine.
    #[arg(long, value_name = "FILE", requires = "from")]
    ca: Option<PathBuf>,
}

impl Credentials {
    /// Reads the files that the options name.
    ///
    /// # Errors
    /// Fails if the token file cannot be read or is empty.
    pub fn read(&self) -> Result<Access, String> {
        let read = |path: &PathBuf| {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            match text.trim() {
                "" => Err(format!("{}: the file is empty; expected a token", path.display())),
                token => Ok(token.to_owned()),
            }
        };
        Ok(Access { token: self.token_file.as_ref().map(read).transpose()?, ca: self.ca.clone() })
    }
}

/// A part of an answer.
pub enum Part<'a> {
    /// The headers.
    Head(&'a HeaderMap),
    /// The next bytes of the body.
    Body(&'a [u8]),
}

/// Requests a page and passes the answer to `take` as it arrives.
///
/// # Errors
/// Fails if nobody answers, if the service refuses, or with the first error of `take`.
pub fn get(
    place: &Place,
    path: &str,
    access: &Access,
    take: &mut dyn FnMut(Part<'_>) -> io::Result<()>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(place.ask(path, access, take))
}

async fn exchange<S>(
    stream: S,
    host: &str,
    path: &str,
    token: Option<&str>,
    take: &mut dyn FnMut(Part<'_>) -> io::Result<()>,
) -> Result<(), String>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let handshake = hyper::client::conn::http1::handshake(stream).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let mut request = Request::get(path).header(HOST, host);
    if let Some(token) = token {
        let mut value =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| error.to_string())?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;
    let answer = timeout(PATIENCE, sender.send_request(request)).await;
    let answer =
        answer.map_err(|_| format!("no answer within {PATIENCE:?}"))?.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        let status = answer.status();
        let why = Limited::new(answer.into_body(), REFUSAL).collect().await;
        let why = why.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let why = String::from_utf8_lossy(&why);
        return Err(format!("the service answers {status}: {}", crate::output::escape::text(why.trim())));
    }
    take(Part::Head(answer.headers())).map_err(|error| error.to_string())?;
    let mut body = answer.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the answer breaks off: {error}"))?;
        if let Some(bytes) = frame.data_ref() {
            take(Part::Body(bytes)).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        assert_eq!(
            Place::parse("http://127.0.0.1:1/"),
            Ok(Place::Http("http://127.0.0.1:1".parse().unwrap()))
        );
        assert_eq!(Place::parse("unix:/run/x.sock"), Ok(Place::Unix("/run/x.sock".into())));
        assert_eq!(Place::parse("/var/lib/a"), Ok(Place::Unix("/var/lib/a/control.sock".into())));
        for bad in ["", "ftp://x", "http://"] {
            assert!(Place::parse(bad).is_err(), "{bad}");
        }
    }
}
