//! Connections to receivers: TCP, TLS, HTTP. Sinks use them, whatever they speak.

use super::tls::{self, Trust};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A connection, and its handshake, may take so long each.
const CONNECT: Duration = Duration::from_secs(10);
/// A receiver that does not want a client's certificate says so within this time.
const OBJECTION: Duration = Duration::from_millis(300);
/// So much of an answer's body is read.
const ANSWER: usize = 64 << 10;

/// A connection, readable and writable.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection, encrypted or not.
pub(super) type Stream = Box<dyn Io>;

/// The access to a receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Whom to trust, and what to show. It counts for `https://` and `tls:` alone.
    pub tls: Trust,
    /// Headers of each request, such as `authorization`. Secret ones are marked so: nothing shows them.
    pub headers: HeaderMap,
}

/// Connects to `HOST:PORT`; by TLS where there is a `trust`.
///
/// # Errors
/// Where nobody listens, or the certificate of the receiver or of this client is not accepted.
pub(super) async fn connect(place: &str, trust: Option<&Trust>) -> io::Result<Stream> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {CONNECT:?}"));
    let stream = timeout(CONNECT, TcpStream::connect(place)).await.map_err(late)??;
    stream.set_nodelay(true)?;
    let Some(trust) = trust else { return Ok(Box::new(stream)) };
    let config = trust.config().map_err(|error| io::Error::other(error.to_string()))?;
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host).trim_matches(['[', ']']);
    let name = server_name(trust.name.as_deref().unwrap_or(host)).map_err(io::Error::other)?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let connected = timeout(CONNECT, connecting).await.map_err(late)?;
    let mut stream = connected.map_err(|error| io::Error::new(error.kind(), told(&error)))?;
    objection(&mut stream).await.map_err(|error| io::Error::new(error.kind(), told(&error)))?;
    Ok(Box::new(stream))
}

/// A name as it stands in certificates.
///
/// # Errors
/// For what is neither a host's name nor an address.
pub fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    let parsed = ServerName::try_from(name.to_owned());
    parsed.map_err(|_| format!("`{name}` is no name of a host; expected one such as \"siem.example\""))
}

/// Waits for what a receiver says first. With TLS 1.3 it checks a client's certificate only after the client may write: lines
/// that were written by then would be lost.
async fn objection(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    struct Ready<'s>(&'s TcpStream);
    impl Read for Ready<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.try_read(buffer)
        }
    }
    let (tcp, session) = stream.get_mut();
    if session.protocol_version() != Some(rustls::ProtocolVersion::TLSv1_3) {
        return Ok(());
    }
    let Ok(readable) = timeout(OBJECTION, tcp.readable()).await else { return Ok(()) };
    readable?;
    match session.read_tls(&mut Ready(tcp)) {
        Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the receiver closes the connection")),
        Ok(_) => session.process_new_packets().map(drop).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}

/// A client of one receiver by HTTP/1.1, which keeps its connections.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    headers: HeaderMap,
}

/// The answer of a receiver.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body. Empty where that is larger than 64 KiB, or breaks off.
    pub body: Bytes,
}

impl Http {
    /// A client for this URL.
    ///
    /// # Errors
    /// For `https://`, where a file of the access cannot be read.
    pub(super) fn new(uri: &Uri, access: &Access) -> Result<Self, String> {
        let trust = &access.tls;
        let config = match uri.scheme_str() {
            Some("https") => trust.config(),
            _ => tls::nobody(),
        };
        let config = config.map_err(|error| error.to_string())?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
        let connector = match &trust.name {
            Some(name) => {
                let name = server_name(name)?;
                let resolver = FixedServerNameResolver::new(name);
                builder.with_server_name_resolver(resolver).enable_http1().wrap_connector(tcp)
            }
            None => builder.enable_http1().wrap_connector(tcp),
        };
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, headers: access.headers.clone() })
    }

    /// Sends a body. Headers of the access are added to these, and go before them.
    ///
    /// # Errors
    /// Where there is no answer. Any status is one.
    pub(super) async fn send(
        &self,
        method: &Method,
        uri: &Uri,
        content_type: &'static str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> io::Result<Answer> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method.clone();
        *request.uri_mut() = uri.clone();
        let all = request.headers_mut();
        all.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        const AGENT: &str = concat!("authsieve/", env!("CARGO_PKG_VERSION"));
        all.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        all.extend(headers);
        all.extend(self.headers.clone());
        let response = self.client.request(request).await.map_err(|error| io::Error::other(told(&error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        // Read to its end, so that the connection can be used again; at most a little of it.
        let body = Limited::new(response.into_body(), ANSWER).collect().await;
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok(Answer { status, headers, body })
    }
}

/// An error with all that lies behind it, each part once. Failures of certificates say what can be done.
pub(super) fn told(error: &(dyn Error + 'static)) -> String {
    let (mut text, mut hint, mut next) = (String::new(), "", Some(error));
    while let Some(error) = next {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text = if text.is_empty() { part } else { format!("{text}: {part}") };
        }
        hint = match of_tls(error) {
            Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                "; the option tls.ca names the authority of a receiver"
            }
            Some(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })) => {
                "; the option tls.name says which name is in its certificate"
            }
            Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => {
                "; the receiver wants a certificate: the options tls.cert and tls.key"
            }
            Some(rustls::Error::AlertReceived(AlertDescription::UnknownCA)) => {
                "; the receiver does not know the authority of tls.cert"
            }
            Some(rustls::Error::InvalidMessage(_)) => "; the receiver does not speak TLS",
            _ => hint,
        };
        next = error.source();
    }
    text + hint
}

/// The error of TLS that an error is, or wraps: errors of I/O do not name what they wrap as their source.
fn of_tls<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut error = error;
    while let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        error = inner;
    }
    error.downcast_ref()
}
