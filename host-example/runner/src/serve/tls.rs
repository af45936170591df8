//! TLS with rustls: reads certificates and keys from PEM files, for listeners and for connections to receivers.
//!
//! TLS versions 1.2 and 1.3 are supported. All cryptography is from ring.

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A certificate and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A PEM file of certificates: the own one first, then the intermediate ones.
    pub cert: PathBuf,
    /// A PEM file with the private key.
    pub key: PathBuf,
}

/// The TLS settings of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// The certificate that the listener shows to clients.
    pub identity: Identity,
    /// A PEM file of authorities. If set, each client has to show a certificate that one of them signed.
    pub client_ca: Option<PathBuf>,
}

/// The TLS settings for a receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// A PEM file of authorities. Without one, the machine's authorities are trusted.
    pub ca: Option<PathBuf>,
    /// The certificate for a receiver that asks for one.
    pub identity: Option<Identity>,
    /// The name in the receiver's certificate, if it differs from the host in the address.
    pub name: Option<String>,
}

/// The error for a file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The option that names the file.
    pub option: &'static str,
    /// The reason.
    pub why: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tls.{}: {}", self.option, self.why)
    }
}

impl Listening {
    /// Reads the files. `protocols` are the names that clients may choose by ALPN. If empty, any name is accepted.
    ///
    /// # Errors
    /// Fails for a file that cannot be read, and for a key that does not belong to the certificate.
    pub fn config(&self, protocols: &[&str]) -> Result<Arc<ServerConfig>, Unusable> {
        let (chain, key) = self.identity.load()?;
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| unusable("cert", error))?;
        let builder = match &self.client_ca {
            Some(path) => {
                let roots = authorities("client_ca", path)?;
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| unusable("client_ca", error))?)
            }
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| unusable("key", error))?;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }
}

impl Trust {
    /// Reads the files, or the machine's list of authorities.
    ///
    /// # Errors
    /// Fails for a file that cannot be read, and if the machine trusts no authority.
    pub fn config(&self) -> Result<ClientConfig, Unusable> {
        let roots = match &self.ca {
            Some(path) => authorities("ca", path)?,
            None => machine()?,
        };
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| unusable("ca", error))?;
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider()).build();
        let builder = builder.with_webpki_verifier(verifier.map_err(|error| unusable("ca", error))?);
        let Some(identity) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let (chain, key) = identity.load()?;
        builder.with_client_auth_cert(chain, key).map_err(|error| unusable("key", error))
    }
}

/// A configuration that trusts nobody, for connections that do not use TLS.
///
/// # Errors
/// Fails never in practice: ring supports both versions of TLS.
pub(super) fn nobody() -> Result<ClientConfig, Unusable> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| unusable("ca", error))?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

impl Identity {
    fn load(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Unusable> {
        let chain = certificates("cert", &self.cert)?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| match error {
            pem::Error::NoItemsFound => {
                unusable("key", format!("{} holds no private key in PEM", self.key.display()))
            }
            error => unread("key", &self.key, &error),
        })?;
        Ok((chain, key))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn unusable(option: &'static str, why: impl fmt::Display) -> Unusable {
    Unusable { option, why: why.to_string() }
}

fn unread(option: &'static str, path: &Path, error: &pem::Error) -> Unusable {
    let why: &dyn fmt::Display = match error {
        pem::Error::Io(error) => error,
        other => other,
    };
    unusable(option, format!("{} cannot be read: {why}", path.display()))
}

/// Reads the certificates of a PEM file. There has to be at least one.
fn certificates(option: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let all = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let all = all.map_err(|error| unread(option, path, &error))?;
    if all.is_empty() {
        return Err(unusable(option, format!("{} holds no certificate in PEM", path.display())));
    }
    Ok(all)
}

fn authorities(option: &'static str, path: &Path) -> Result<Arc<RootCertStore>, Unusable> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(option, path)? {
        let added = roots.add(certificate);
        added.map_err(|error| unusable(option, format!("{}: {error}", path.display())))?;
    }
    Ok(Arc::new(roots))
}

/// The authorities that the machine trusts. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them.
fn machine() -> Result<Arc<RootCertStore>, Unusable> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(unusable("ca", "this machine trusts no authority; expected a PEM file of authorities"));
    }
    Ok(Arc::new(roots))
}
