//! The options that listeners and receivers share: TLS, tokens and headers.

use super::super::tree::Node;
use super::Table;
use crate::serve::sinks::Target;
use crate::serve::sinks::place::Place;
use crate::serve::{Access, Identity, Listening, Secret, Trust, Unusable, server_name};
use authsieve_engine::config::code;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The fewest characters of a token or a key, so that nobody can guess it.
const SHORTEST: usize = 16;

/// The address of a TCP source, and who may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// TLS: the certificate, and the authorities for clients.
    pub tls: Option<Listening>,
    /// The token that each request has to send. For HTTP only.
    pub token: Option<Secret>,
    /// The most open connections. More are refused.
    pub max_connections: usize,
    /// Close a connection after this time without data. HTTP has its own time limits.
    pub idle: Duration,
}

impl Listen {
    /// Listens at an address, with defaults.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, tls: None, token: None, max_connections: 256, idle: Duration::from_secs(3600) }
    }

    /// True if clients have to show a certificate.
    fn knows_clients(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some())
    }

    /// Checks that an HTTP source at this address is safe.
    ///
    /// # Errors
    /// Fails if other machines can reach the address, and there is no TLS or no way to identify clients.
    pub fn for_http(&self) -> Result<(), String> {
        let is_safe = self.knows_clients() || self.tls.is_some() && self.token.is_some();
        local(self.address, is_safe, "tls with client_ca, or tls with a token")
    }
}

/// Refuses an address that other machines can reach, unless `is_safe`.
fn local(address: SocketAddr, is_safe: bool, allowed: &str) -> Result<(), String> {
    if is_safe || address.ip().is_loopback() {
        return Ok(());
    }
    Err(format!(
        "can be reached from other machines; expected an address such as \"127.0.0.1:7401\", {allowed}"
    ))
}

impl<'n> Table<'n, '_> {
    /// Reads the listener of a source of this type. A shared key identifies clients, as a token does.
    pub(super) fn listen(&mut self, kind: &str, has_key: bool) -> Option<Listen> {
        let before = self.problems.len();
        let tls = self.at("tls").map(|node| {
            let path = format!("{}.tls", self.path);
            let mut table = Table::new(node, &path, self.problems);
            let tls = table.listening();
            table.end();
            tls
        });
        let token = if kind == "http" { self.token() } else { None };
        let insecure = kind == "tcp" && self.flag("insecure").unwrap_or(false);
        let most = self.number("max_connections", 1, 65_536);
        let idle = if kind == "http" { None } else { self.duration("idle") };
        let address = self.address();
        let mut listen = Listen::new(address?);
        if self.problems.len() > before {
            return None;
        }
        (listen.tls, listen.token) = (tls.flatten(), token);
        listen.max_connections =
            most.and_then(|most| usize::try_from(most).ok()).unwrap_or(listen.max_connections);
        listen.idle = idle.unwrap_or(listen.idle);
        let allowed = match kind {
            "http" => listen.for_http(),
            "forward" => {
                let is_safe = listen.knows_clients() || listen.tls.is_some() && has_key;
                let others = "tls with client_ca, or tls with a shared_key of 16 characters or more";
                local(listen.address, is_safe, others)
            }
            _ => {
                let is_safe = listen.knows_clients() || insecure;
                let others = "tls with client_ca, or insecure = true for senders that have no certificate";
                local(listen.address, is_safe, others)
            }
        };
        self.allow(allowed).then_some(listen)
    }

    /// Reads the address of a UDP source. UDP has no TLS and does not identify its senders.
    pub(super) fn datagrams(&mut self) -> Option<SocketAddr> {
        let insecure = self.flag("insecure").unwrap_or(false);
        let address = self.address()?;
        let allowed = local(address, insecure, "or insecure = true, where all who reach it may send records");
        self.allow(allowed).then_some(address)
    }

    fn address(&mut self) -> Option<SocketAddr> {
        if self.node.get("listen").is_none() {
            self.missing("listen", "an address such as \"127.0.0.1:7401\"");
        }
        self.read("listen", |text| {
            text.parse().map_err(|_| {
                "is no address; expected one such as \"127.0.0.1:7401\" or \"[::1]:7401\"".to_owned()
            })
        })
    }

    /// Reports why an address is refused.
    fn allow(&mut self, allowed: Result<(), String>) -> bool {
        if let Err(why) = &allowed
            && let Some(node) = self.node.get("listen")
        {
            self.refuse(node, "listen", code::INVALID_VALUE, why);
        }
        allowed.is_ok()
    }

    /// Reads the TLS options of a listener.
    fn listening(&mut self) -> Option<Listening> {
        let before = self.problems.len();
        let (identity, client_ca) = (self.identity(true), self.text("client_ca").map(PathBuf::from));
        let listening = Listening { identity: identity?, client_ca };
        if self.problems.len() == before
            && let Err(unusable) = listening.config(&[])
        {
            self.refuse_file(&unusable);
        }
        Some(listening)
    }

    /// Reads a text that may come from an environment variable or a file: `{ env = "NAME" }`, `{ file = "PATH" }`.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<Secret> {
        let node = self.node.get(name)?;
        if !node.is_table() {
            return self.text(name).map(Secret::new);
        }
        self.asked.push(name);
        self.found(node, name)
    }

    /// Reads a secret from an environment variable or a file. It must not be in the configuration itself.
    pub(super) fn token(&mut self) -> Option<Secret> {
        const NAME: &str = "token";
        let node = self.at(NAME)?;
        if !node.is_table() {
            // The report does not show the line, because the line holds the secret.
            let why = "stands in the configuration; expected { env = \"NAME\" } or { file = \"PATH\" }";
            self.refuse_unseen(NAME, code::WRONG_TYPE, why);
            return None;
        }
        let token = self.found(node, NAME)?;
        match bearer(&token) {
            Ok(()) => Some(token),
            Err(why) => {
                self.refuse(node, NAME, code::INVALID_VALUE, &why);
                None
            }
        }
    }

    /// Reads the text from the variable or file that a table names.
    pub(super) fn found(&mut self, node: &Node, name: &str) -> Option<Secret> {
        let place = match node.members() {
            [member] => member.node.as_str().map(|place| (member.name.as_str(), place)),
            _ => None,
        };
        let found = match place {
            Some(("env", name)) => std::env::var(name).map_err(|error| error.to_string()),
            Some(("file", path)) => std::fs::read_to_string(path).map_err(|error| error.to_string()),
            _ => Err("expected a text, { env = \"NAME\" } or { file = \"PATH\" }".into()),
        };
        match found.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()) {
            Ok(text) if !text.is_empty() => Some(Secret::new(text)),
            Ok(_) => {
                self.refuse(
                    node,
                    name,
                    code::EMPTY,
                    "names an empty file or variable; expected a text there",
                );
                None
            }
            Err(why) => {
                self.refuse(node, name, code::INVALID_VALUE, &format!("cannot be read: {why}"));
                None
            }
        }
    }

    /// Reads a certificate and its key. Both are needed.
    fn identity(&mut self, is_wanted: bool) -> Option<Identity> {
        let (cert, key) = (self.text("cert"), self.text("key"));
        if (is_wanted || key.is_some()) && self.node.get("cert").is_none() {
            self.missing("cert", "a PEM file of the certificate");
        }
        if (is_wanted || cert.is_some()) && self.node.get("key").is_none() {
            self.missing("key", "a PEM file of the certificate's private key");
        }
        Some(Identity { cert: cert?.into(), key: key?.into() })
    }

    fn refuse_file(&mut self, unusable: &Unusable) {
        let node = self.node.get(unusable.option).unwrap_or(self.node);
        self.refuse(node, unusable.option, code::INVALID_VALUE, &format!("cannot be used: {}", unusable.why));
    }

    /// Reads the access to a receiver: `tls`, `token`, `headers`.
    pub(super) fn access(&mut self, target: &Target) -> Access {
        let mut access = Access::default();
        let place = target.place();
        if let Some(node) = self.at("tls") {
            if !place.is_encrypted() {
                self.refuse(node, "tls", code::INVALID_VALUE, "is for https:// and tls: only");
            }
            let path = format!("{}.tls", self.path);
            let mut table = Table::new(node, &path, self.problems);
            access.tls = table.trust();
            table.end();
        } else if place.is_encrypted()
            && let Err(unusable) = access.tls.config()
        {
            self.missing("tls", &format!("tls = {{ ca = FILE }}: {}", unusable.why));
        }
        let is_http = matches!(place, Place::Url(_));
        for name in ["token", "headers"] {
            if !is_http && self.at(name).is_some() {
                self.refuse_unseen(name, code::INVALID_VALUE, "is for http:// and https:// only");
            }
        }
        if is_http {
            self.headers(&mut access);
        }
        access
    }

    fn headers(&mut self, access: &mut Access) {
        if let Some(node) = self.at("headers") {
            let path = format!("{}.headers", self.path);
            let mut table = Table::new(node, &path, self.problems);
            for member in node.members() {
                table.header(&member.name, &member.node, access);
            }
        }
        if let Some(token) = self.token()
            && let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
        {
            value.set_sensitive(true);
            if access.headers.insert(AUTHORIZATION, value).is_some() {
                self.refuse_unseen(
                    "token",
                    code::INVALID_VALUE,
                    "and the header authorization exclude each other",
                );
            }
        }
    }

    fn header(&mut self, name: &str, node: &'n Node, access: &mut Access) {
        let value = match node.as_str() {
            Some(text) => Some(Secret::new(text.to_owned())),
            None => self.found(node, name),
        };
        let Some(value) = value else { return };
        let header = HeaderName::try_from(name).ok().zip(HeaderValue::from_str(value.reveal()).ok());
        match header {
            Some((name, mut value)) => {
                value.set_sensitive(true);
                access.headers.insert(name, value);
            }
            None => self.refuse_unseen(name, code::INVALID_VALUE, "is no header; expected printable ASCII"),
        }
    }

    /// Reads the TLS options for a receiver.
    fn trust(&mut self) -> Trust {
        let ca = self.text("ca").map(PathBuf::from);
        let name = self.read("name", |name| server_name(name).map(|_| name.to_owned()));
        let before = self.problems.len();
        let trust = Trust { ca, identity: self.identity(false), name };
        if self.problems.len() == before
            && let Err(unusable) = trust.config()
        {
            self.refuse_file(&unusable);
        }
        trust
    }
}

/// Checks that a text can be a bearer token.
///
/// # Errors
/// Fails for a short text, and for characters that a header cannot hold.
pub fn bearer(token: &Secret) -> Result<(), String> {
    let text = token.reveal();
    if !is_long(token) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!(
            "names no token; expected {SHORTEST} characters of ASCII or more, without blanks"
        ));
    }
    Ok(())
}

/// True if a secret is too long to be guessed.
pub(super) fn is_long(secret: &Secret) -> bool {
    secret.reveal().len() >= SHORTEST
}
