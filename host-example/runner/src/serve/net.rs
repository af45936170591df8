//! Connections to receivers by TCP, TLS and HTTP, for all sinks.

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

/// The time limit for connecting, and the same again for the handshake.
const CONNECT: Duration = Duration::from_secs(10);
/// A receiver that rejects the client's certificate says so within this time.
const OBJECTION: Duration = Duration::from_millis(300);
/// The time for the body of an answer, after its head. It is shorter than the time for a whole delivery.
const REST: Duration = Duration::from_millis(500);
/// The number of bytes that are read of an answer's body.
const ANSWER: usize = 64 << 10;

/// A stream that can be read and written.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection, with or without TLS.
pub(super) type Stream = Box<dyn Io>;

/// The credentials for a receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Whom to trust and which certificate to show. Used only for `https://` and `tls:`.
    pub tls: Trust,
    /// Headers for each request, such as `authorization`. Secret ones are marked as sensitive, so debug output hides
    /// them.
    pub headers: HeaderMap,
}

/// Connects to `HOST:PORT`; with TLS if there is a `trust`.
///
/// # Errors
/// Fails if nobody listens, or if one side does not accept the other's certificate.
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

/// Parses the host name or address that a certificate has to carry.
///
/// # Errors
/// Fails for any other text.
pub fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    let parsed = ServerName::try_from(name.to_owned());
    parsed.map_err(|_| format!("`{name}` is no name of a host; expected one such as \"siem.example\""))
}

/// Waits briefly for the receiver's rejection. With TLS 1.3 a receiver checks the client's certificate only when the
/// client may already write. Lines written before the check would be lost.
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

/// An HTTP/1.1 client of one receiver. It keeps its connections.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    headers: HeaderMap,
}

/// The answer of a receiver.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body. Empty if it is larger than 64 KiB, breaks off, or does not end soon.
    pub body: Bytes,
}

impl Http {
    /// Creates a client for this URL.
    ///
    /// # Errors
    /// Fails for `https://` if a certificate or key file cannot be read.
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

    /// Sends a body. The headers of [`Access`] are added, and replace equal ones in `headers`.
    ///
    /// # Errors
    /// Fails if there is no answer. An answer with any status is a success.
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
        // The body is read to its end, so that the connection can be used again. The status counts even without the
        // body, because the receiver has the alerts.
        let body = timeout(REST, Limited::new(response.into_body(), ANSWER).collect()).await;
        let body =
            body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Ok(Answer { status, headers, body })
    }
}

/// Describes an error with its causes, each once. For certificate failures it adds what can be done.
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
                "; the option tls.name sets the name in its certificate"
            }
            Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => {
                "; the receiver asks for a certificate; expected the options tls.cert and tls.key"
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

/// The TLS error inside an error. I/O errors do not report what they wrap as their source.
fn of_tls<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut error = error;
    while let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        error = inner;
    }
    error.downcast_ref()
}
