//! Test certificates, and TLS clients and servers that use them. They use rustls directly, and no code of the service.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::server::PATIENCE;

/// A certificate authority. Its files are in a folder under its name.
pub struct Authority {
    name: String,
    folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, as files.
#[derive(Clone, Debug)]
pub struct Pair {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new(name: &str, folder: &Path) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { name: name.into(), folder: folder.into(), issuer };
        fs::write(authority.file(), authority.issuer.pem()).unwrap();
        authority
    }

    /// The PEM file of its certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.pem", self.name))
    }

    /// Issues a certificate for this machine's address.
    pub fn issue(&self, name: &str) -> Pair {
        let mut params = CertificateParams::new(vec!["127.0.0.1".into(), "localhost".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let pair = Pair {
            cert: self.folder.join(format!("{name}.crt")),
            key: self.folder.join(format!("{name}.key")),
        };
        fs::write(&pair.cert, cert.pem()).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        pair
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        Arc::new(roots)
    }

    /// A client that trusts this authority. It shows a certificate if there is one.
    pub fn client(&self, shows: Option<&Pair>) -> Arc<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots());
        Arc::new(match shows {
            Some(pair) => builder.with_client_auth_cert(pair.chain(), pair.secret()).unwrap(),
            None => builder.with_no_client_auth(),
        })
    }
}

impl Pair {
    fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(&self.cert).unwrap().map(Result::unwrap).collect()
    }

    fn secret(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(&self.key).unwrap()
    }

    /// A server that shows this certificate. It asks clients for one if an authority is given.
    pub fn server(&self, clients: Option<&Authority>) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            Some(authority) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(authority.roots(), provider).build().unwrap(),
            ),
            None => builder.with_no_client_auth(),
        };
        Arc::new(builder.with_single_cert(self.chain(), self.secret()).unwrap())
    }

    /// The pair as a table of a configuration.
    pub fn table(&self, more: &str) -> String {
        format!("tls = {{ cert = \"{}\", key = \"{}\"{more} }}", self.cert.display(), self.key.display())
    }
}

/// Connects to an address and does the handshake.
pub fn connect(
    address: &str,
    client: &Arc<ClientConfig>,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let session = ClientConnection::new(Arc::clone(client), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(session, tcp);
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(stream)
}

/// Sends a request and reads the answer to its end. Returns the status and the whole text.
pub fn ask(address: &str, client: &Arc<ClientConfig>, head: &str, body: &[u8]) -> io::Result<(u16, String)> {
    let mut stream = connect(address, client)?;
    let length = body.len();
    let head =
        format!("{head}\r\nhost: siem.example:7401\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    match text.split(' ').nth(1).and_then(|status| status.parse().ok()) {
        Some(status) => Ok((status, text)),
        None => Err(read.err().unwrap_or_else(|| io::Error::other("no answer"))),
    }
}

/// The error of a server that refuses a client. The client writes nothing, because unread data at the close of a
/// connection would discard the server's last message.
pub fn objection(address: &str, client: &Arc<ClientConfig>) -> io::Error {
    match connect(address, client).and_then(|mut stream| stream.read(&mut [0])) {
        Ok(read) => panic!("the client is heard, and {read} bytes came"),
        Err(error) => error,
    }
}

/// Does the handshake with a client that has connected.
pub fn greet(
    tcp: TcpStream,
    server: &Arc<ServerConfig>,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    tcp.set_read_timeout(Some(PATIENCE))?;
    let session = ServerConnection::new(Arc::clone(server)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(session, tcp);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}
