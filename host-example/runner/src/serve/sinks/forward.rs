//! The sink for the forward protocol of Fluentd and Fluent Bit, version 1. Each batch is one message in Forward mode.
//!
//! Each record is an alert in the sink's format, with the alert's time. A message carries a `chunk`, and the receiver
//! returns the chunk once the records are safe. Without this acknowledgement the message is sent again with the same
//! chunk. With `ack = false` a message counts as delivered when the kernel has it.
//!
//! With a shared key, each side first proves that it knows the key.

use super::failure::Failure;
use super::fields::{Fields, shown};
use super::place::Place;
use super::socket::still;
use super::{Batch, hostname};
use crate::serve::net::{Access, Stream};
use crate::serve::sources::forward::protocol::value::{Scan, Value, skip, value};
use crate::serve::{Secret, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmp::encode::{ByteBuf, ValueWriteError};
use rmp::encode::{RmpWrite, write_array_len, write_bool, write_ext_meta, write_f64, write_map_len};
use rmp::encode::{write_nil, write_sint, write_str, write_uint};
use serde_json::Value as Json;
use sha2::{Digest, Sha512};
use std::convert::Infallible;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The default tag.
const TAG: &str = "authsieve.alert";
/// The largest size of a message from the receiver, in bytes, and its deepest nesting.
const ANSWER: usize = 4096;
const DEPTH: usize = 8;
/// The MessagePack extension type of a time, and its length in bytes.
const EVENT_TIME: i8 = 0;
const EVENT_TIME_BYTES: u32 = 8;

/// The options of the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The receiver's TCP or Unix socket.
    pub to: Place,
    /// The tag of the records.
    pub tag: String,
    /// The shared key, if the receiver requires one.
    pub shared_key: Option<Secret>,
    /// The user name and password, for a receiver that requires them in addition to the key.
    pub user: Option<(String, Secret)>,
    /// The name of this client in the handshake.
    pub hostname: Option<String>,
    /// True if the receiver acknowledges messages.
    pub ack: bool,
}

impl Options {
    /// Options with defaults for this receiver.
    ///
    /// # Errors
    /// Fails if the place is not a TCP or Unix socket.
    pub fn new(place: Place) -> Result<Self, String> {
        if !place.is_stream() {
            return Err(format!(
                "`{place}` is no socket; expected tcp:HOST:PORT, tls:HOST:PORT or unix:PATH"
            ));
        }
        Ok(Self { to: place, tag: TAG.into(), shared_key: None, user: None, hostname: None, ack: true })
    }
}

/// Sends messages to a Forward receiver.
pub(super) struct Forward {
    options: Options,
    access: Access,
    open: Option<Stream>,
}

impl Forward {
    pub(super) fn new(options: &Options, access: &Access) -> Self {
        Self { options: options.clone(), access: access.clone(), open: None }
    }

    pub(super) async fn deliver(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        let (bytes, chunk) = message(&self.options, batch);
        let mut connection = match still(self.open.take()).await {
            // Unread bytes on an open connection belong to the answer to an older message.
            Some(stream) => Connection { stream, buffer: Vec::new() },
            None => self.connect().await?,
        };
        connection.stream.write_all(&bytes).await?;
        connection.stream.flush().await?;
        if self.options.ack {
            while acknowledged(&connection.receive().await?) != Some(chunk.as_bytes()) {}
        }
        self.open = Some(connection.stream);
        Ok(())
    }

    async fn connect(&mut self) -> Result<Connection, Failure> {
        let stream = self.options.to.connect(&self.access).await?;
        let mut connection = Connection { stream, buffer: Vec::new() };
        let Some(key) = &self.options.shared_key else { return Ok(connection) };
        let helo = connection.receive().await?;
        let Helo { nonce, auth } = Helo::read(&helo)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(Failure::later)?;
        let salt = format!("{:032x}", u128::from_be_bytes(random));
        let own = self.options.hostname.clone().unwrap_or_else(hostname);
        let proof = proof(&salt, own.as_bytes(), &nonce, key);
        let (user, password) = match &self.options.user {
            Some((name, password)) => (name.as_str(), password.reveal()),
            // Fluent Bit may ask for a user even if none is configured. It then accepts any.
            None => ("", ""),
        };
        let login = match auth.is_empty() {
            true => String::new(),
            false => hex(&[&auth, user.as_bytes(), password.as_bytes()]),
        };
        let Ok(ping) = ping(&[&own, &salt, &proof, user, &login]);
        connection.stream.write_all(&ping).await?;
        connection.stream.flush().await?;
        check_pong(&connection.receive().await?, &salt, &nonce, key)?;
        Ok(connection)
    }
}

/// A connection, with the unread bytes of the receiver.
struct Connection {
    stream: Stream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Reads the next message.
    async fn receive(&mut self) -> Result<Vec<u8>, Failure> {
        let mut scan = Scan::new(DEPTH);
        loop {
            if scan.advance(&self.buffer, ANSWER).map_err(wrong)? {
                let rest = self.buffer.split_off(scan.at);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            let mut bytes = [0; 1024];
            let count = self.stream.read(&mut bytes).await?;
            if count == 0 {
                return Err(Failure::later("the receiver closes the connection before it answers"));
            }
            self.buffer.extend_from_slice(bytes.get(..count).unwrap_or_default());
        }
    }
}

fn wrong(error: impl std::fmt::Display) -> Failure {
    Failure::later(format!("an answer of the receiver: {error}"))
}

/// The first message of a receiver that requires a shared key.
#[derive(Default)]
struct Helo {
    /// The nonce for the proofs of the key.
    nonce: Vec<u8>,
    /// The salt for the proof of a password. Empty if no user is required.
    auth: Vec<u8>,
}

impl Helo {
    fn read(mut bytes: &[u8]) -> Result<Self, Failure> {
        let rest = &mut bytes;
        let is_helo =
            matches!(value(rest), Ok(Value::Array(2))) && matches!(value(rest), Ok(Value::Text(b"HELO")));
        let (true, Ok(Value::Map(count))) = (is_helo, value(rest)) else {
            return Err(Failure::later("the receiver does not begin with HELO: it may have no shared key"));
        };
        let mut helo = Self::default();
        for _ in 0..count {
            let name = value(rest).map_err(wrong)?;
            let found = skip(rest).map_err(wrong)?;
            let text = match value(&mut &*found) {
                Ok(Value::Text(text)) => text.to_vec(),
                _ => Vec::new(),
            };
            match name {
                Value::Text(b"nonce") => helo.nonce = text,
                Value::Text(b"auth") => helo.auth = text,
                _ => {}
            }
        }
        if helo.nonce.is_empty() { Err(wrong("HELO has no nonce")) } else { Ok(helo) }
    }
}

/// The proof that a side knows the key.
fn proof(salt: &str, hostname: &[u8], nonce: &[u8], key: &Secret) -> String {
    hex(&[salt.as_bytes(), hostname, nonce, key.reveal().as_bytes()])
}

/// The SHA-512 of the parts, in hex.
fn hex(parts: &[&[u8]]) -> String {
    Sha512::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
}

type Written<T> = Result<T, ValueWriteError<Infallible>>;

/// Encodes a PING: host name, salt, proof, and the user's name and proof.
fn ping(texts: &[&str; 5]) -> Written<Vec<u8>> {
    let mut out = ByteBuf::new();
    write_array_len(&mut out, 6)?;
    write_str(&mut out, "PING")?;
    for text in texts {
        write_str(&mut out, text)?;
    }
    Ok(out.into_vec())
}

/// Checks that the receiver accepts this client and knows the key.
fn check_pong(mut pong: &[u8], salt: &str, nonce: &[u8], key: &Secret) -> Result<(), Failure> {
    let rest = &mut pong;
    let (Ok(Value::Array(5)), Ok(Value::Text(b"PONG")), Ok(Value::Bool(accepted))) =
        (value(rest), value(rest), value(rest))
    else {
        return Err(Failure::later("the receiver answers PING with something else than PONG"));
    };
    let mut text = || match value(rest) {
        Ok(Value::Text(text)) => text,
        _ => b"",
    };
    let (reason, hostname, digest) = (text(), text(), text());
    if !accepted {
        let reason = String::from_utf8_lossy(reason);
        return Err(Failure::later(format!("the receiver refuses this client: {}", shown(&reason, 200))));
    }
    let own = proof(salt, hostname, nonce, key);
    if bool::from(own.as_bytes().ct_eq(digest)) {
        return Ok(());
    }
    Err(Failure::later("the receiver has another shared key"))
}

/// The chunk in an acknowledgement.
fn acknowledged(mut message: &[u8]) -> Option<&[u8]> {
    let rest = &mut message;
    let Ok(Value::Map(count)) = value(rest) else { return None };
    for _ in 0..count {
        let name = value(rest).ok()?;
        let found = skip(rest).ok()?;
        if let (Value::Text(b"ack"), Ok(Value::Text(chunk))) = (name, value(&mut &*found)) {
            return Some(chunk);
        }
    }
    None
}

/// Encodes a batch. Returns the message and its chunk. Equal alerts have equal chunks.
fn message(options: &Options, batch: &Batch<'_>) -> (Vec<u8>, String) {
    let parts: Vec<&[u8]> = batch.items.iter().map(|item| item.id.as_bytes()).collect();
    let chunk = STANDARD.encode(digest(&parts).as_u128().to_be_bytes());
    let Ok(bytes) = written(options, batch, &chunk);
    (bytes, chunk)
}

fn written(options: &Options, batch: &Batch<'_>, chunk: &str) -> Written<Vec<u8>> {
    let mut out = ByteBuf::new();
    let count = u32::try_from(batch.items.len()).unwrap_or(u32::MAX);
    write_array_len(&mut out, 3)?;
    write_str(&mut out, &options.tag)?;
    write_array_len(&mut out, count)?;
    for item in batch.items {
        write_array_len(&mut out, 2)?;
        let micros = Fields::of(item).time("time").unwrap_or_else(crate::sources::now);
        write_ext_meta(&mut out, EVENT_TIME_BYTES, EVENT_TIME)?;
        let seconds = u32::try_from(micros.div_euclid(1_000_000)).unwrap_or(u32::MAX);
        let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or(0);
        for number in [seconds, nanos] {
            out.write_bytes(&number.to_be_bytes()).map_err(ValueWriteError::InvalidDataWrite)?;
        }
        write_json(&mut out, &serde_json::from_str(item.line(batch.layout)).unwrap_or(Json::Null))?;
    }
    write_map_len(&mut out, if options.ack { 2 } else { 1 })?;
    write_str(&mut out, "size")?;
    write_uint(&mut out, count.into())?;
    if options.ack {
        write_str(&mut out, "chunk")?;
        write_str(&mut out, chunk)?;
    }
    Ok(out.into_vec())
}

/// Encodes a JSON value as MessagePack.
fn write_json(out: &mut ByteBuf, json: &Json) -> Written<()> {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    match json {
        Json::Null => write_nil(out).map_err(ValueWriteError::InvalidMarkerWrite)?,
        Json::Bool(flag) => write_bool(out, *flag).map_err(ValueWriteError::InvalidMarkerWrite)?,
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => drop(write_uint(out, number)?),
            (None, Some(number)) => drop(write_sint(out, number)?),
            (None, None) => write_f64(out, number.as_f64().unwrap_or_default())?,
        },
        Json::String(text) => write_str(out, text)?,
        Json::Array(list) => {
            write_array_len(out, length(list.len()))?;
            list.iter().try_for_each(|value| write_json(out, value))?;
        }
        Json::Object(members) => {
            write_map_len(out, length(members.len()))?;
            for (name, value) in members {
                write_str(out, name)?;
                write_json(out, value)?;
            }
        }
    }
    Ok(())
}
