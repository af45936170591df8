//! Reads logs in the [Forward protocol], version 1, as Fluentd and Fluent Bit send them.
//!
//! This module implements the server side and does no I/O. It turns the bytes of a client into JSON lines and answers:
//!
//! 1. The caller creates a [`Connection`] for each client, and writes [`Connection::hello`] first.
//! 2. The caller passes all bytes of the client to [`Connection::push`].
//! 3. After each push, the caller takes events from [`Connection::next`] until none is left.
//! 4. After an error, the caller closes the connection.
//!
//! Each record becomes one line: its members in order, then `fluent_tag`, then `date` unless the record has one.
//!
//! # Limits
//!
//! The client is not trusted. A connection stores one message, and a second copy of its records if they were
//! compressed. The limit holds for each of the two. An event holds about 1 MiB of lines plus one record, and a record's
//! JSON is at most 7 times as long as the record. The work is linear in the number of bytes, even if they arrive one at
//! a time.
//!
//! A message is accepted or rejected as a whole: an error in one record rejects all records of the message.
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

/// The deepest nesting of arrays and maps in a record.
pub const MAX_DEPTH: usize = 32;

/// The longest tag in bytes. Each record of a message repeats the tag.
pub const MAX_TAG: usize = 1024;

/// The largest message in bytes before the client has proved the shared key.
pub const MAX_HANDSHAKE: usize = 4096;

/// The most bytes of lines in one event, apart from its last record.
const PART: usize = 1 << 20;

/// The largest buffer in bytes that an idle connection keeps.
const KEPT: usize = 1 << 16;

/// The number of arrays around a record: the message, its entries, and the entry.
const AROUND: usize = 3;

/// The member of each line for the tag.
const TAG: &[u8] = b"fluent_tag";

/// The member of each line for the time.
const DATE: &[u8] = b"date";

/// Why the bytes of a client are wrong. The caller must close the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A message is longer than the limit, or declares to be.
    #[error("a message is too long: at most {limit} bytes are allowed")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The decompressed records are longer than the limit.
    #[error("compressed records are too long: at most {limit} bytes are allowed when decompressed")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A tag is longer than [`MAX_TAG`].
    #[error("a tag is too long: at most {MAX_TAG} bytes are allowed")]
    LongTag,
    /// A value is nested deeper than [`MAX_DEPTH`].
    #[error("a record nests too deep: at most {MAX_DEPTH} arrays and maps in each other are allowed")]
    TooDeep,
    /// A value starts with the byte that MessagePack reserves.
    #[error("a value begins with the byte 0xc1: MessagePack allows any other byte")]
    Reserved,
    /// The packed records end inside a value.
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
    /// An array has a wrong number of elements.
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
    /// The records are not gzip data, but the option `compressed` says so.
    #[error("compressed records are no gzip data: whole members of gzip are allowed")]
    Gzip,
    /// The message holds metrics or traces from Fluent Bit.
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

/// The shared key: only clients that know the secret may send records.
pub struct Key {
    /// The secret. An empty secret gives no protection.
    pub shared: String,
    /// The name of this server. Fluentd rejects a server that has its own host name.
    pub hostname: String,
    /// Random bytes, new for each connection: 16 bytes are enough, 255 are allowed.
    pub nonce: Vec<u8>,
}

/// An instruction to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Keep these records. A large message produces several of these events.
    Records {
        /// One JSON object per line, each followed by a newline.
        lines: Vec<u8>,
        /// The number of lines.
        count: u64,
        /// The bytes to write once these and all earlier records are safe. Only the last event of a message has them.
        ack: Option<Vec<u8>>,
    },
    /// Write these bytes to the client.
    Write(Vec<u8>),
}

/// The state of one client's connection.
pub struct Connection {
    limit: usize,
    /// The shared key, until the client has proved it.
    key: Option<Key>,
    buffer: Vec<u8>,
    /// The start of the current message in the buffer.
    start: usize,
    scan: Scan,
    open: Option<Open>,
    failed: Option<Error>,
}

impl Connection {
    /// Creates the state for a new client. `limit` is the largest message in bytes, both as sent and decompressed.
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

    /// The HELO that the caller has to write first. `None` without a key, and after the handshake.
    #[must_use]
    pub fn hello(&self) -> Option<Vec<u8>> {
        self.key.as_ref().map(|key| {
            let Ok(hello) = helo(key);
            hello
        })
    }

    /// Adds bytes of the client. Take all events before the next call, or the bytes pile up.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next event. `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] for bytes that the protocol or a limit forbids. All later calls return the same error.
    pub fn next(&mut self) -> Result<Option<Event>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.open.is_none() && self.buffer.len() < self.start + self.scan.at {
            // A long string has not arrived completely.
            return Ok(None);
        }
        self.step().inspect_err(|error| self.fail(error.clone()))
    }

    /// Ends the connection and frees its memory.
    fn fail(&mut self, error: Error) {
        self.failed = Some(error);
        self.buffer = Vec::new();
        self.open = None;
        self.key = None;
    }

    /// Parses until there is an event or more bytes are needed.
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
                // The message is a heartbeat.
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

    /// Writes the next records of the open message. `None` if there is no event.
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

    /// Drops the current message. Bytes are moved only after as many were dropped, so the cost per byte is constant.
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

/// A checked message whose records are being written.
struct Open {
    /// The tag as JSON.
    tag: Vec<u8>,
    /// The decompressed records. `None` if the records are in the buffer.
    inflated: Option<Vec<u8>>,
    /// The position of the next record.
    at: usize,
    /// The end of the last record.
    end: usize,
    /// True if time and record of the only entry have no array around them.
    bare: bool,
    /// The bytes to write once all records are safe.
    ack: Option<Vec<u8>>,
    /// The length of the message in bytes.
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

/// Writes entries that follow each other without a message around them, one line each. Returns their number. `bad` gets
/// the bytes of each value that is no entry. If a value has no end, it gets all bytes from there.
pub fn entries(mut rest: &[u8], tag: &[u8], lines: &mut Vec<u8>, mut bad: impl FnMut(Error, &[u8])) -> u64 {
    let (mut count, mut name) = (0, Vec::new());
    write_text(&mut name, tag);
    while !rest.is_empty() {
        let (mut from, written) = (rest, lines.len());
        let read = Entry::read(&mut rest, false).and_then(|entry| match entry.record {
            Some(record) => write_record(lines, record, &name, entry.time).map(|()| 1),
            None => Ok(0),
        });
        match read {
            Ok(records) => count += records,
            Err(error) => {
                lines.truncate(written);
                let all = from;
                let value = skip(&mut from);
                rest = if value.is_ok() { from } else { &[] };
                bad(error, value.unwrap_or(all));
            }
        }
    }
    count
}

/// The options of a message that matter here.
#[derive(Default)]
struct Options<'a> {
    /// The encoded value of `chunk`.
    chunk: Option<&'a [u8]>,
    gzip: bool,
}

impl<'a> Options<'a> {
    /// Reads the options, the last element of a message.
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

    /// The acknowledgement of the chunk. It repeats the client's encoding of the chunk.
    fn ack(&self) -> Option<Vec<u8>> {
        self.chunk.map(|chunk| {
            let Ok(ack) = ack(chunk);
            ack
        })
    }
}

/// True if the option `compressed` asks for decompression.
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

/// An entry: a time and a record.
struct Entry<'a> {
    time: Value<'a>,
    /// The encoded record. `None` for a nil, and for the markers that Fluent Bit puts around groups of records.
    record: Option<&'a [u8]>,
}

impl<'a> Entry<'a> {
    /// Reads and checks an entry. A `bare` entry has no array around time and record.
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
                // Skips the metadata.
                skip(rest)?;
                // The seconds are -1 at the start of a group, and -2 at its end.
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

/// Writes a value with all its elements. The recursion depth is limited: the record's depth was checked before.
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

/// Writes a value without elements.
fn write_scalar(out: &mut Vec<u8>, scalar: Value<'_>) {
    match scalar {
        Value::Bool(truth) => write_json!(out, &truth),
        Value::Unsigned(number) => write_json!(out, &number),
        Value::Signed(number) => write_json!(out, &number),
        // Infinity and NaN become null.
        Value::Float(number) => write_json!(out, &number),
        Value::Text(text) => write_text(out, text),
        Value::Extension(..) if scalar.event_time().is_some() => {
            out.extend_from_slice(date(scalar).unwrap_or_default().as_bytes());
        }
        Value::Nil | Value::Extension(..) | Value::Array(_) | Value::Map(_) => out.extend_from_slice(b"null"),
    }
}

/// Writes a string. Bytes that are not UTF-8 become U+FFFD.
fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    write_json!(out, &*String::from_utf8_lossy(text));
}

/// Reads a key as a text. A key that is not a string becomes its JSON. An array or map becomes `null`, because nested
/// quotes would double in length at each level.
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

/// A time as seconds with up to 9 decimals. `None` for nil, and for a float that is not a time.
fn date(time: Value<'_>) -> Option<String> {
    const BILLION: u32 = 1_000_000_000;
    let date = match time {
        Value::Unsigned(seconds) => return Some(seconds.to_string()),
        Value::Signed(seconds) => return Some(seconds.to_string()),
        Value::Float(seconds) if seconds.abs() < 2_f64.powi(63) => {
            // Uses the shortest decimals for this float, unless they are too many.
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
    // Without a salt, the client need not send a name and password.
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

/// The PONG for the client's first message. Also the reason if the client is refused: Fluent Bit shows at most 31
/// bytes.
fn answer(key: &Key, message: &[u8]) -> (Vec<u8>, Option<&'static str>) {
    let (reason, hostname, digest) = match ping(message) {
        None => ("invalid ping message", "", String::new()),
        Some(ping) if !ping.proves(key) => ("shared_key mismatch", "", String::new()),
        Some(ping) => ("", &*key.hostname, digest(ping.salt, key.hostname.as_bytes(), key)),
    };
    let Ok(answer) = pong(reason, hostname, &digest);
    (answer, (!reason.is_empty()).then_some(reason))
}

/// A PING: the client's proof that it knows the shared key.
struct Ping<'a> {
    hostname: &'a [u8],
    salt: &'a [u8],
    digest: &'a [u8],
}

impl Ping<'_> {
    /// Compares the digest in constant time.
    fn proves(&self, key: &Key) -> bool {
        let digest = digest(self.salt, self.hostname, key);
        let differ = digest.bytes().zip(self.digest).fold(0, |differ, (a, b)| differ | (a ^ b));
        digest.len() == self.digest.len() && black_box(differ) == 0
    }
}

/// Reads a PING, which has six elements. The last two, a user's name and password, are ignored.
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

/// The SHA-512 of salt, name, nonce and secret, in hex.
fn digest(salt: &[u8], hostname: &[u8], key: &Key) -> String {
    let parts = [salt, hostname, &key.nonce, key.shared.as_bytes()];
    let digest = parts.iter().fold(Sha512::new(), Sha512::chain_update).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
