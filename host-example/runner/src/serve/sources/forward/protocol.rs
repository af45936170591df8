//! Reads logs that Fluentd, Fluent Bit and their kin send by the [Forward protocol], version 1.
//!
//! This module is the server's side, and does no I/O. Bytes of a client go in; JSON lines and answers come out:
//!
//! 1. The caller makes a [`Connection`] for each client, and writes [`Connection::hello`] first.
//! 2. The caller gives all bytes of the client to [`Connection::push`].
//! 3. After each push, the caller takes events from [`Connection::next`] until none is left.
//! 4. After an error, the caller closes the connection.
//!
//! A record becomes one line: its members in order, then `fluent_tag`, then `date` unless the record has one.
//!
//! # Limits
//!
//! The client is not trusted. A connection holds one message, and its records once more when they were compressed. The
//! limit holds for both. An event holds about 1 MiB of lines and one record, whose JSON takes up to 7 times its bytes.
//! Work grows with the number of bytes, however small the pieces in which the bytes come.
//!
//! A message counts as a whole: an error in any record of a message gives none of its records.
//!
//! [Forward protocol]: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1

use std::borrow::Cow;
use std::convert::Infallible;
use std::hint::black_box;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use rmp::Marker;
use rmp::encode::{ByteBuf, RmpWrite, ValueWriteError};
use rmp::encode::{write_array_len, write_bin, write_bool, write_map_len, write_str};
use sha2::{Digest, Sha512};

use value::{Scan, Value, skip, value};

#[cfg(test)]
mod tests;
pub(in crate::serve) mod value;

/// A record nests at most so many arrays and maps.
pub const MAX_DEPTH: usize = 32;

/// A tag has at most so many bytes: each record of a message repeats the tag.
pub const MAX_TAG: usize = 1024;

/// A message has at most so many bytes before the client has proved the shared key.
pub const MAX_HANDSHAKE: usize = 4096;

/// An event ends behind the record with which its lines reach so many bytes.
const PART: usize = 1 << 20;

/// A connection without bytes keeps a buffer of at most so many bytes.
const KEPT: usize = 1 << 16;

/// A message has so many arrays around a record: the message, its entries, and the entry.
const AROUND: usize = 3;

/// The member of each line that holds the tag.
const TAG: &[u8] = b"fluent_tag";

/// The member of a line that holds the time.
const DATE: &[u8] = b"date";

/// An error says which bytes of a client are wrong, and which are allowed. The connection must be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A message has, or declares, more bytes than the limit.
    #[error("a message is too long: at most {limit} bytes are allowed")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Records have more bytes than the limit after decompression.
    #[error("compressed records are too long: at most {limit} bytes are allowed when decompressed")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A tag has more than [`MAX_TAG`] bytes.
    #[error("a tag is too long: at most {MAX_TAG} bytes are allowed")]
    LongTag,
    /// A value nests more than [`MAX_DEPTH`] arrays and maps.
    #[error("a record nests too deep: at most {MAX_DEPTH} arrays and maps in each other are allowed")]
    TooDeep,
    /// A value begins with the byte that MessagePack reserves.
    #[error("a value begins with the byte 0xc1: MessagePack allows any other byte")]
    Reserved,
    /// Packed records end within a value.
    #[error("packed records end within a record: only whole records are allowed")]
    Cut,
    /// A part of a message has a type that the protocol does not allow there.
    #[error("{place} is {found}: {allowed} is allowed")]
    Type {
        /// The part of the message.
        place: &'static str,
        /// The type of the part.
        found: &'static str,
        /// The types that are allowed.
        allowed: &'static str,
    },
    /// An array has a number of elements that the protocol does not allow there.
    #[error("{place} has {found} elements: {allowed} are allowed")]
    Elements {
        /// The array.
        place: &'static str,
        /// The number of its elements.
        found: u64,
        /// The numbers that are allowed.
        allowed: &'static str,
    },
    /// The option `compressed` names an unknown method.
    #[error("records are compressed by {method:?}: `gzip` and `text` are allowed")]
    Compression {
        /// The first characters of the method.
        method: String,
    },
    /// Records are no gzip data, although the option `compressed` says so.
    #[error("compressed records are no gzip data: whole members of gzip are allowed")]
    Gzip,
    /// Fluent Bit sends metrics or traces.
    #[error("a message has the `fluent_signal` {signal}: only logs, which have 0, are allowed")]
    Signal {
        /// The number of the signal.
        signal: u64,
    },
    /// The client did not prove the shared key.
    #[error("the client is refused ({reason}): only a PING with a digest of the shared key is allowed")]
    Refused {
        /// The reason, as the client was told.
        reason: &'static str,
    },
}

/// A key lets only those clients send records which share a secret with this server.
pub struct Key {
    /// The secret. An empty one is no protection.
    pub shared: String,
    /// The name of this server. Fluentd rejects a server with the name of its own host.
    pub hostname: String,
    /// Random bytes, fresh for each connection: 16 are enough, and 255 are allowed.
    pub nonce: Vec<u8>,
}

/// An event tells the caller to do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The caller keeps these records. A large message gives several such events.
    Records {
        /// One JSON object on each line, and a newline behind each.
        lines: Vec<u8>,
        /// The number of lines.
        count: u64,
        /// Bytes to write once these records, and all before, are kept. Only the last event of a message has some.
        ack: Option<Vec<u8>>,
    },
    /// The caller writes these bytes to the client.
    Write(Vec<u8>),
}

/// A connection turns the bytes of one client into events.
pub struct Connection {
    limit: usize,
    /// The key, until the client has proved to share the secret.
    key: Option<Key>,
    buffer: Vec<u8>,
    /// The place in the buffer where the current message begins.
    start: usize,
    scan: Scan,
    open: Option<Open>,
    failed: Option<Error>,
}

impl Connection {
    /// Makes a connection for a new client. A message has at most `limit` bytes, as sent and as decompressed.
    #[must_use]
    pub fn new(limit: usize, key: Option<Key>) -> Self {
        Self {
            limit,
            key,
            buffer: Vec::new(),
            start: 0,
            scan: Scan::new(MAX_DEPTH + AROUND),
            open: None,
            failed: None,
        }
    }

    /// Gives the HELO, which the caller writes first. There is none without a key, or behind the handshake.
    #[must_use]
    pub fn hello(&self) -> Option<Vec<u8>> {
        self.key.as_ref().map(|key| {
            let Ok(hello) = helo(key);
            hello
        })
    }

    /// Takes bytes of the client. The caller takes all events before the next push: otherwise bytes pile up.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Gives the next event, or none until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] for bytes that the protocol or a limit does not allow. Later calls return the same error.
    pub fn next(&mut self) -> Result<Option<Event>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.open.is_none() && self.buffer.len() < self.start + self.scan.at {
            // A long string is still on its way.
            return Ok(None);
        }
        self.step().inspect_err(|error| self.fail(error.clone()))
    }

    /// Ends the connection, and frees its memory.
    fn fail(&mut self, error: Error) {
        self.failed = Some(error);
        self.buffer = Vec::new();
        self.open = None;
        self.key = None;
    }

    /// Goes on until there is an event, or bytes are missing.
    fn step(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.records()? {
                return Ok(Some(event));
            }
            let bytes = self.buffer.get(self.start..).unwrap_or_default();
            let limit = if self.key.is_some() { self.limit.min(MAX_HANDSHAKE) } else { self.limit };
            if !self.scan.advance(bytes, limit)? {
                return Ok(None);
            }
            let size = self.scan.at;
            let message = bytes.get(..size).unwrap_or_default();
            if message == [Marker::Null.to_u8()] {
                // A heartbeat.
                self.consume(size);
            } else if let Some(key) = &self.key {
                let (answer, refused) = answer(key, message);
                match refused {
                    None => {
                        self.key = None;
                        self.consume(size);
                    }
                    Some(reason) => self.fail(Error::Refused { reason }),
                }
                return Ok(Some(Event::Write(answer)));
            } else {
                self.open = Some(Open::new(message, self.limit)?);
            }
        }
    }

    /// Writes the next records of the open message. Gives none when there is nothing to tell.
    fn records(&mut self) -> Result<Option<Event>, Error> {
        let Some(open) = &mut self.open else { return Ok(None) };
        let bytes = match &open.inflated {
            Some(bytes) => bytes,
            None => self.buffer.get(self.start..).unwrap_or_default(),
        };
        let mut rest = bytes.get(open.at..open.end).unwrap_or_default();
        let (mut lines, mut count) = (Vec::new(), 0);
        while !rest.is_empty() && lines.len() < PART {
            let entry = Entry::read(&mut rest, open.bare)?;
            if let Some(record) = entry.record {
                write_record(&mut lines, record, &open.tag, entry.time)?;
                count += 1;
            }
        }
        open.at = open.end - rest.len();
        let mut ack = None;
        if rest.is_empty() {
            ack = open.ack.take();
            let size = open.size;
            self.open = None;
            self.consume(size);
        }
        Ok((count > 0 || ack.is_some()).then_some(Event::Records { lines, count, ack }))
    }

    /// Drops the current message. Bytes move only when at least as many are dropped: the cost is constant per byte.
    fn consume(&mut self, size: usize) {
        self.scan = Scan::new(MAX_DEPTH + AROUND);
        self.start += size;
        if self.start >= self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT);
            self.start = 0;
        } else if self.start >= self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
    }
}

/// A message whose records are checked, and now written.
struct Open {
    /// The tag as JSON.
    tag: Vec<u8>,
    /// The records, if they were compressed. Otherwise the records are in the buffer.
    inflated: Option<Vec<u8>>,
    /// The place of the next record.
    at: usize,
    /// The end of the last record.
    end: usize,
    /// Time and record of the only entry have no array around them.
    bare: bool,
    /// The bytes to write once all records are kept.
    ack: Option<Vec<u8>>,
    /// The number of bytes of the message.
    size: usize,
}

impl Open {
    /// Checks a whole message with all its records.
    fn new(message: &[u8], limit: usize) -> Result<Self, Error> {
        let place = |rest: &[u8]| message.len() - rest.len();
        let mut rest = message;
        let elements = match value(&mut rest)? {
            Value::Array(elements) => elements,
            other => return Err(other.not("a message", "an array or nil")),
        };
        if !(2..=4).contains(&elements) {
            return Err(Error::Elements { place: "a message", found: elements, allowed: "2 to 4" });
        }
        let tag = match value(&mut rest)? {
            Value::Text(tag) if tag.len() <= MAX_TAG => tag,
            Value::Text(_) => return Err(Error::LongTag),
            other => return Err(other.not("the tag of a message", "a string")),
        };
        let mut behind = rest;
        let second = value(&mut behind)?;
        let bare = !matches!(second, Value::Array(_) | Value::Text(_));
        let (fewest, allowed) = if bare { (3, "3 or 4") } else { (2, "2 or 3") };
        if elements < fewest || elements > fewest + 1 {
            return Err(Error::Elements { place: "a message", found: elements, allowed });
        }
        let mut packed = None;
        let at = match second {
            Value::Array(entries) => {
                rest = behind;
                for _ in 0..entries {
                    Entry::read(&mut rest, false)?;
                }
                place(behind)
            }
            Value::Text(bytes) => {
                packed = Some(bytes);
                rest = behind;
                place(behind) - bytes.len()
            }
            _ => {
                let at = place(rest);
                Entry::read(&mut rest, true)?;
                at
            }
        };
        let end = place(rest);
        let options = if elements > fewest { Options::read(&mut rest)? } else { Options::default() };
        let tag = {
            let mut json = Vec::new();
            write_text(&mut json, tag);
            json
        };
        let mut open = Self { tag, inflated: None, at, end, bare, ack: options.ack(), size: message.len() };
        if let Some(mut packed) = packed {
            if options.gzip {
                let inflated = open.inflated.insert(inflate(packed, limit)?);
                (open.at, open.end) = (0, inflated.len());
                packed = inflated;
            }
            while !packed.is_empty() {
                Entry::read(&mut packed, false)?;
            }
        }
        Ok(open)
    }
}

/// The options of a message, as far as they matter.
#[derive(Default)]
struct Options<'a> {
    /// The bytes of the value of `chunk`.
    chunk: Option<&'a [u8]>,
    gzip: bool,
}

impl<'a> Options<'a> {
    /// Reads the last element of a message.
    fn read(rest: &mut &'a [u8]) -> Result<Self, Error> {
        let mut options = Self::default();
        let members = match value(rest)? {
            Value::Nil => 0,
            Value::Map(members) => members,
            other => return Err(other.not("the option of a message", "a map or nil")),
        };
        for _ in 0..members {
            let (mut key, chunk) = (skip(rest)?, skip(rest)?);
            let Value::Text(key) = value(&mut key)? else { continue };
            match (key, value(&mut { chunk })?) {
                (b"chunk", Value::Text(_)) => options.chunk = Some(chunk),
                (b"compressed", Value::Text(method)) => options.gzip = is_gzip(method)?,
                (b"fluent_signal", Value::Unsigned(signal)) if signal > 0 => {
                    return Err(Error::Signal { signal });
                }
                (b"chunk", other) if !matches!(other, Value::Nil) => {
                    return Err(other.not("the option `chunk`", "a string or nil"));
                }
                _ => {}
            }
        }
        Ok(options)
    }

    /// Gives the map that acknowledges the chunk, whose value is the very bytes of the client.
    fn ack(&self) -> Option<Vec<u8>> {
        self.chunk.map(|chunk| {
            let Ok(ack) = ack(chunk);
            ack
        })
    }
}

/// Says whether the option `compressed` asks for decompression.
fn is_gzip(method: &[u8]) -> Result<bool, Error> {
    match method {
        b"gzip" => Ok(true),
        b"text" => Ok(false),
        _ => {
            let start = method.get(..16).unwrap_or(method);
            Err(Error::Compression { method: String::from_utf8_lossy(start).into_owned() })
        }
    }
}

/// Decompresses all members of gzip data, up to the limit.
fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    let mut inflated = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(bytes).take(most).read_to_end(&mut inflated).map_err(|_| Error::Gzip)?;
    if inflated.len() > limit { Err(Error::TooLarge { limit }) } else { Ok(inflated) }
}

/// A time and a record.
struct Entry<'a> {
    time: Value<'a>,
    /// The bytes of a map. There is none for a nil, and for a mark that Fluent Bit puts around groups of records.
    record: Option<&'a [u8]>,
}

impl<'a> Entry<'a> {
    /// Reads an entry, and checks all of it. A bare one has no array around time and record.
    fn read(rest: &mut &'a [u8], bare: bool) -> Result<Self, Error> {
        if !bare {
            match value(rest)? {
                Value::Array(2) => {}
                Value::Array(found) => {
                    return Err(Error::Elements { place: "an entry", found, allowed: "2" });
                }
                other => return Err(other.not("an entry", "an array of time and record")),
            }
        }
        let mut group = false;
        let time = match value(rest)? {
            Value::Array(2) => {
                let time = value(rest)?.time()?;
                // The metadata.
                skip(rest)?;
                // The seconds are -1 where a group begins, and -2 where a group ends.
                group = time.event_time().is_some_and(|(seconds, _)| seconds >= u32::MAX - 1);
                time
            }
            time => time.time()?,
        };
        let record = skip(rest)?;
        match value(&mut { record })? {
            Value::Map(_) => Ok(Self { time, record: (!group).then_some(record) }),
            Value::Nil => Ok(Self { time, record: None }),
            other => Err(other.not("a record", "a map or nil")),
        }
    }
}

/// Writes a string, number or boolean as JSON. Writing to memory does not fail.
macro_rules! write_json {
    ($out:expr, $value:expr) => {{
        let _ = serde_json::to_writer(&mut *$out, $value);
    }};
}

/// Writes a record as a line, with its tag and time.
fn write_record(lines: &mut Vec<u8>, record: &[u8], tag: &[u8], time: Value<'_>) -> Result<(), Error> {
    let mut rest = record;
    let Value::Map(members) = value(&mut rest)? else { return Ok(()) };
    let mut dated = false;
    lines.push(b'{');
    for _ in 0..members {
        let key = key(&mut rest)?;
        if &*key == TAG {
            skip(&mut rest)?;
            continue;
        }
        dated |= &*key == DATE;
        write_text(lines, &key);
        lines.push(b':');
        write_value(lines, &mut rest)?;
        lines.push(b',');
    }
    write_text(lines, TAG);
    lines.push(b':');
    lines.extend_from_slice(tag);
    if !dated && let Some(date) = date(time) {
        lines.push(b',');
        write_text(lines, DATE);
        lines.push(b':');
        lines.extend_from_slice(date.as_bytes());
    }
    lines.extend_from_slice(b"}\n");
    Ok(())
}

/// Writes a value with all its elements. The recursion is as deep as the record, whose depth is checked before.
fn write_value(out: &mut Vec<u8>, rest: &mut &[u8]) -> Result<(), Error> {
    match value(rest)? {
        Value::Array(elements) => {
            out.push(b'[');
            for element in 0..elements {
                if element > 0 {
                    out.push(b',');
                }
                write_value(out, rest)?;
            }
            out.push(b']');
        }
        Value::Map(members) => {
            out.push(b'{');
            for member in 0..members {
                if member > 0 {
                    out.push(b',');
                }
                write_text(out, &key(rest)?);
                out.push(b':');
                write_value(out, rest)?;
            }
            out.push(b'}');
        }
        scalar => write_scalar(out, scalar),
    }
    Ok(())
}

/// Writes a value that has no elements.
fn write_scalar(out: &mut Vec<u8>, scalar: Value<'_>) {
    match scalar {
        Value::Bool(truth) => write_json!(out, &truth),
        Value::Unsigned(number) => write_json!(out, &number),
        Value::Signed(number) => write_json!(out, &number),
        // Infinity, and a float that is not a number, become null.
        Value::Float(number) => write_json!(out, &number),
        Value::Text(text) => write_text(out, text),
        Value::Extension(..) if scalar.event_time().is_some() => {
            out.extend_from_slice(date(scalar).unwrap_or_default().as_bytes());
        }
        Value::Nil | Value::Extension(..) | Value::Array(_) | Value::Map(_) => out.extend_from_slice(b"null"),
    }
}

/// Writes a string. U+FFFD replaces bytes that are not UTF-8.
fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    write_json!(out, &*String::from_utf8_lossy(text));
}

/// Reads a key. Its JSON is the text of a key that is no string. An array or map gives `null`: quotes in quotes would
/// double with each level.
fn key<'a>(rest: &mut &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
    let key = skip(rest)?;
    Ok(match value(&mut { key })? {
        Value::Text(text) => Cow::Borrowed(text),
        scalar => {
            let mut text = Vec::new();
            write_scalar(&mut text, scalar);
            Cow::Owned(text)
        }
    })
}

/// Gives a time as seconds with up to 9 decimals. There is none for nil, and for a float that is no time.
fn date(time: Value<'_>) -> Option<String> {
    const BILLION: u32 = 1_000_000_000;
    let date = match time {
        Value::Unsigned(seconds) => return Some(seconds.to_string()),
        Value::Signed(seconds) => return Some(seconds.to_string()),
        Value::Float(seconds) if seconds.abs() < 2_f64.powi(63) => {
            // The shortest decimals that give this float, unless there are too many.
            let shortest = seconds.to_string();
            match shortest.split_once('.') {
                None => return Some(shortest),
                Some((_, decimals)) if decimals.len() <= 9 => return Some(shortest),
                Some(_) => format!("{seconds:.9}"),
            }
        }
        _ => {
            let (seconds, nanos) = time.event_time()?;
            let seconds = u64::from(seconds) + u64::from(nanos / BILLION);
            format!("{seconds}.{:09}", nanos % BILLION)
        }
    };
    Some(date.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// The result of writing to memory, which does not fail.
type Written<T> = Result<T, ValueWriteError<Infallible>>;

fn helo(key: &Key) -> Written<Vec<u8>> {
    let mut out = ByteBuf::new();
    write_array_len(&mut out, 2)?;
    write_str(&mut out, "HELO")?;
    write_map_len(&mut out, 3)?;
    write_str(&mut out, "nonce")?;
    write_bin(&mut out, &key.nonce)?;
    // Without a salt, a client needs no name and no password.
    write_str(&mut out, "auth")?;
    write_bin(&mut out, b"")?;
    write_str(&mut out, "keepalive")?;
    write_bool(&mut out, true).map_err(ValueWriteError::InvalidDataWrite)?;
    Ok(out.into_vec())
}

fn pong(reason: &str, hostname: &str, digest: &str) -> Written<Vec<u8>> {
    let mut out = ByteBuf::new();
    write_array_len(&mut out, 5)?;
    write_str(&mut out, "PONG")?;
    write_bool(&mut out, reason.is_empty()).map_err(ValueWriteError::InvalidDataWrite)?;
    for text in [reason, hostname, digest] {
        write_str(&mut out, text)?;
    }
    Ok(out.into_vec())
}

fn ack(chunk: &[u8]) -> Written<Vec<u8>> {
    let mut out = ByteBuf::new();
    write_map_len(&mut out, 1)?;
    write_str(&mut out, "ack")?;
    out.write_bytes(chunk).map_err(ValueWriteError::InvalidDataWrite)?;
    Ok(out.into_vec())
}

/// Answers the first message by a PONG. Gives the reason if the client is refused: Fluent Bit has room for 31 bytes.
fn answer(key: &Key, message: &[u8]) -> (Vec<u8>, Option<&'static str>) {
    let (reason, hostname, digest) = match ping(message) {
        None => ("invalid ping message", "", String::new()),
        Some(ping) if !ping.proves(key) => ("shared_key mismatch", "", String::new()),
        Some(ping) => ("", &*key.hostname, digest(ping.salt, key.hostname.as_bytes(), key)),
    };
    let Ok(answer) = pong(reason, hostname, &digest);
    (answer, (!reason.is_empty()).then_some(reason))
}

/// A PING holds the proof that a client has the shared key.
struct Ping<'a> {
    hostname: &'a [u8],
    salt: &'a [u8],
    digest: &'a [u8],
}

impl Ping<'_> {
    /// Compares the digest in a time that does not depend on its bytes.
    fn proves(&self, key: &Key) -> bool {
        let digest = digest(self.salt, self.hostname, key);
        let differ = digest.bytes().zip(self.digest).fold(0, |differ, (a, b)| differ | (a ^ b));
        digest.len() == self.digest.len() && black_box(differ) == 0
    }
}

/// Reads a PING of six elements. The last two, a user's name and password, do not matter.
fn ping(mut message: &[u8]) -> Option<Ping<'_>> {
    let Ok(Value::Array(6)) = value(&mut message) else { return None };
    let mut text = || match value(&mut message) {
        Ok(Value::Text(text)) => Some(text),
        _ => None,
    };
    if text()? != b"PING" {
        return None;
    }
    Some(Ping { hostname: text()?, salt: text()?, digest: text()? })
}

/// Gives the hexadecimal SHA-512 of salt, name, nonce and secret.
fn digest(salt: &[u8], hostname: &[u8], key: &Key) -> String {
    let parts = [salt, hostname, &key.nonce, key.shared.as_bytes()];
    let digest = parts.iter().fold(Sha512::new(), Sha512::chain_update).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
