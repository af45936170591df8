//! Converts the body of an OTLP/HTTP logs request into NDJSON, and builds the answer. The output has one line for each
//! log record, with the attributes of its resource. The scope is left out.
//!
//! The messages are those of opentelemetry-proto (`logs.proto`, `common.proto`), with the same field numbers. Nested
//! messages are decoded one at a time. So one bad record is rejected alone, and many small ones take little memory.
//!
//! A record can have only a few bytes, and each record's line repeats the attributes of its resource. So the output is
//! limited by the length of the body. Empty records have no line. Bytes that are not UTF-8 become U+FFFD. Otherwise one
//! such byte in a user name could hide a login. The crate `opentelemetry-proto` would refuse the whole request, because
//! its texts are of the type `String`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::bytes::{Buf, Bytes};
use prost::encoding::{DecodeContext, decode_key, skip_field};
use prost::{DecodeError, Message, Oneof};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The longest attributes of a resource that each record repeats, in bytes of JSON.
pub const AROUND: usize = 4096;
/// The most bytes of records, as a multiple of the length of the body. The repeated attributes may have the length of
/// the body once more.
pub const RECORDS: usize = 3;
/// Additional bytes for records, and again for attributes, so that small requests are not limited.
pub const SPARE: usize = 4 << 20;
/// The most bytes of lists during the conversion, as a multiple of the length of the body.
const LISTS: usize = 12;

/// The deepest nesting. Deeper arrays and lists are written as empty values. The engine reads fewer levels.
pub const DEEPEST: usize = 32;

/// The code `INVALID_ARGUMENT` of `google.rpc.Code`.
const INVALID_ARGUMENT: i32 = 3;

/// The encoding of a request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Binary protobuf.
    Protobuf,
    /// The JSON mapping of protobuf.
    Json,
}

impl Encoding {
    /// Finds the encoding from a `Content-Type`, ignoring parameters and case.
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        [Self::Protobuf, Self::Json].into_iter().find(|one| kind.eq_ignore_ascii_case(one.content_type()))
    }

    /// The `Content-Type` of the encoding.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// The body is not a logs request. None of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not the protobuf message.
    #[error(transparent)]
    Protobuf(#[from] DecodeError),
    /// The body is not the JSON object.
    #[error("failed to read JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The lines of a request, and their counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// One JSON object per line, each followed by a newline.
    pub bytes: Vec<u8>,
    /// The number of records, and of lines.
    pub records: u64,
    /// The number of records without a line, because they are invalid or too many for the length of the body.
    pub rejected: u64,
    /// The number of records without a line, because they have no body, no attributes and no event name.
    pub empty: u64,
    /// The number of lines without the attributes of their resource, because these are too long or not an array.
    pub bare: u64,
}

/// The most bytes of memory that [`lines`] takes for a body of this length, with its output.
#[must_use]
pub const fn memory(body: usize) -> usize {
    body.saturating_mul(RECORDS + 1 + LISTS).saturating_add(2 * SPARE)
}

/// Writes a line for each log record that is not empty, in the order of the request.
///
/// The output is at most [`RECORDS`] + 1 times as long as the body, plus twice [`SPARE`] bytes.
///
/// # Errors
///
/// Fails if the body is not a logs request. A bad log record is no error: [`Lines::rejected`] counts it.
pub fn lines(body: &[u8], encoding: Encoding) -> Result<Lines, Error> {
    let room = body.len().saturating_mul(RECORDS).saturating_add(SPARE);
    let mut writer = Writer { lines: Lines::default(), room, spare: body.len().saturating_add(SPARE) };
    match encoding {
        Encoding::Protobuf => protobuf(Bytes::copy_from_slice(body), &mut writer)?,
        Encoding::Json => json(&String::from_utf8_lossy(body), &mut writer)?,
    }
    Ok(writer.lines)
}

/// Builds the answer to an accepted request: an `ExportLogsServiceResponse`.
///
/// The answer is empty if `rejected` is zero and `why` is empty. A text without rejected records is a warning to the
/// sender.
#[must_use]
pub fn answer(encoding: Encoding, rejected: u64, why: &str) -> Vec<u8> {
    let some = rejected > 0 || !why.is_empty();
    match encoding {
        Encoding::Protobuf => {
            let rejected = i64::try_from(rejected).unwrap_or(i64::MAX);
            let partial = Partial { rejected, why: why.into() };
            Response { partial: some.then_some(partial) }.encode_to_vec()
        }
        Encoding::Json if some => {
            let mut out =
                format!(r#"{{"partialSuccess":{{"rejectedLogRecords":"{rejected}","errorMessage":"#).into();
            text(&mut out, why.as_bytes());
            put(&mut out, "}}");
            out
        }
        Encoding::Json => b"{}".into(),
    }
}

/// Builds the answer to a refused request: a `google.rpc.Status` with the code `INVALID_ARGUMENT`.
#[must_use]
pub fn refusal(encoding: Encoding, why: &str) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => Status { code: INVALID_ARGUMENT, message: why.into() }.encode_to_vec(),
        Encoding::Json => {
            let mut out = format!(r#"{{"code":{INVALID_ARGUMENT},"message":"#).into();
            text(&mut out, why.as_bytes());
            put(&mut out, "}");
            out
        }
    }
}

struct Writer {
    lines: Lines,
    /// The bytes of records that may still be written.
    room: usize,
    /// The bytes of attributes that may still be repeated.
    spare: usize,
}

impl Writer {
    /// Writes a line from two parts of compact JSON. Leaves out attributes that are not an array.
    fn line(&mut self, attributes: &[u8], record: &[u8]) {
        const PARTS: [&str; 3] = [
            r#"{"resourceLogs":[{"resource":{"attributes":"#,
            r#"},"scopeLogs":[{"logRecords":["#,
            "]}]}]}\n",
        ];
        const FRAME: usize = PARTS[0].len() + 2 + PARTS[1].len() + PARTS[2].len();
        let Some(room) = self.room.checked_sub(FRAME + record.len()) else {
            self.lines.rejected += 1;
            return;
        };
        self.room = room;
        let fits = attributes.starts_with(b"[") && attributes.len() <= AROUND.min(self.spare);
        let out = &mut self.lines.bytes;
        put(out, PARTS[0]);
        if fits {
            self.spare -= attributes.len();
            out.extend_from_slice(attributes);
        } else {
            put(out, "[]");
            self.lines.bare += u64::from(!attributes.is_empty());
        }
        put(out, PARTS[1]);
        out.extend_from_slice(record);
        put(out, PARTS[2]);
        self.lines.records += 1;
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JsonRequest<'a> {
    #[serde(borrow, alias = "resource_logs")]
    resource_logs: Option<Vec<JsonLogs<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JsonLogs<'a> {
    #[serde(borrow)]
    resource: Option<JsonResource<'a>>,
    #[serde(borrow, alias = "scope_logs")]
    scope_logs: Option<Vec<JsonScope<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonResource<'a> {
    #[serde(borrow)]
    attributes: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JsonScope<'a> {
    #[serde(borrow, alias = "log_records")]
    log_records: Option<Vec<&'a RawValue>>,
}

fn json(body: &str, writer: &mut Writer) -> Result<(), serde_json::Error> {
    let request: JsonRequest<'_> = serde_json::from_str(body)?;
    let (mut attributes, mut line) = (Vec::new(), Vec::new());
    for logs in request.resource_logs.into_iter().flatten() {
        attributes.clear();
        if let Some(values) = logs.resource.and_then(|resource| resource.attributes) {
            compact(&mut attributes, values.get());
        }
        for record in logs.scope_logs.into_iter().flatten().flat_map(|scope| scope.log_records).flatten() {
            if !record.get().starts_with('{') {
                writer.lines.rejected += 1;
            } else if !says_something(record.get()) {
                writer.lines.empty += 1;
            } else {
                line.clear();
                compact(&mut line, record.get());
                writer.line(&attributes, &line);
            }
        }
    }
    Ok(())
}

/// False if the record has no body, no attributes and no event name. True in case of doubt.
fn says_something(record: &str) -> bool {
    let names = ["\"body\"", "\"attributes\"", "\"eventName\"", "\"event_name\""];
    // A name may be written with escapes.
    record.contains('\\') || names.iter().any(|name| record.contains(name))
}

/// Copies valid JSON without the white space between its tokens.
fn compact(out: &mut Vec<u8>, json: &str) {
    let (mut quoted, mut escaped) = (false, false);
    for byte in json.bytes().filter(|byte| byte >= &b' ') {
        if quoted || byte != b' ' {
            out.push(byte);
        }
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
    }
}

/// The submessages of a message under one field number, decoded one at a time.
struct Fields {
    rest: Bytes,
    number: u32,
}

/// The submessages of `message` under this field number.
const fn fields(message: Bytes, number: u32) -> Fields {
    Fields { rest: message, number }
}

impl Fields {
    /// The next submessage, if there is one.
    fn step(&mut self) -> Result<Option<Bytes>, DecodeError> {
        let context = DecodeContext::default();
        while self.rest.has_remaining() {
            let (number, wire) = decode_key(&mut self.rest)?;
            if number == self.number {
                let mut found = Bytes::new();
                prost::encoding::bytes::merge(wire, &mut found, &mut self.rest, context)?;
                return Ok(Some(found));
            }
            skip_field(wire, number, &mut self.rest, context.clone())?;
        }
        Ok(None)
    }
}

impl Iterator for Fields {
    type Item = Result<Bytes, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            self.rest.clear();
        }
        step.transpose()
    }
}

#[derive(Message)]
struct LogRecord {
    #[prost(fixed64, tag = "1")]
    time: u64,
    #[prost(int32, tag = "2")]
    severity: i32,
    #[prost(bytes = "bytes", tag = "3")]
    severity_text: Bytes,
    #[prost(bytes = "bytes", optional, tag = "5")]
    body: Option<Bytes>,
    #[prost(uint32, tag = "7")]
    dropped: u32,
    #[prost(fixed32, tag = "8")]
    flags: u32,
    #[prost(bytes = "bytes", tag = "9")]
    trace: Bytes,
    #[prost(bytes = "bytes", tag = "10")]
    span: Bytes,
    #[prost(fixed64, tag = "11")]
    observed: u64,
    #[prost(bytes = "bytes", tag = "12")]
    event: Bytes,
}

#[derive(Message)]
struct KeyValue {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
    #[prost(bytes = "bytes", optional, tag = "2")]
    value: Option<Bytes>,
}

#[derive(Message)]
struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4, 5, 6, 7")]
    value: Option<Value>,
}

#[derive(Oneof)]
enum Value {
    #[prost(bytes = "bytes", tag = "1")]
    String(Bytes),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(bytes = "bytes", tag = "5")]
    Array(Bytes),
    #[prost(bytes = "bytes", tag = "6")]
    Kvlist(Bytes),
    #[prost(bytes = "bytes", tag = "7")]
    Bytes(Bytes),
}

/// `ExportLogsServiceResponse`.
#[derive(Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial: Option<Partial>,
}

/// `ExportLogsPartialSuccess`.
#[derive(Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    why: String,
}

/// `google.rpc.Status`.
#[derive(Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn protobuf(body: Bytes, writer: &mut Writer) -> Result<(), DecodeError> {
    let (mut attributes, mut line) = (Vec::new(), Vec::new());
    for logs in fields(body, 1) {
        let logs = logs?;
        attributes.clear();
        // As for each field that occurs twice, the last resource counts. It may come after the records.
        let resource = fields(logs.clone(), 1).try_fold(Bytes::new(), |_, resource| resource)?;
        pairs(&mut attributes, fields(resource, 1), 0)?;
        for scope in fields(logs, 2) {
            for record in fields(scope?, 2) {
                line.clear();
                match log_record(&mut line, record?) {
                    Ok(true) => writer.line(&attributes, &line),
                    Ok(false) => writer.lines.empty += 1,
                    Err(_) => writer.lines.rejected += 1,
                }
            }
        }
    }
    Ok(())
}

/// Writes a record in the field order of the collector's JSON. Fields with default values are left out, as in the
/// collector. Returns false for a record without body, attributes and event name.
fn log_record(out: &mut Vec<u8>, bytes: Bytes) -> Result<bool, DecodeError> {
    let record = LogRecord::decode(bytes.clone())?;
    let mut attributes = fields(bytes, 6).peekable();
    if record.body.is_none() && attributes.peek().is_none() && record.event.is_empty() {
        return Ok(false);
    }
    put(out, "{");
    for (name, time) in [("timeUnixNano", record.time), ("observedTimeUnixNano", record.observed)] {
        if time != 0 {
            member(out, name);
            put(out, &format!("\"{time}\""));
        }
    }
    let number = |out: &mut Vec<u8>, name: &str, number: i64| {
        if number != 0 {
            member(out, name);
            put(out, &number.to_string());
        }
    };
    number(out, "severityNumber", record.severity.into());
    if !record.severity_text.is_empty() {
        member(out, "severityText");
        text(out, &record.severity_text);
    }
    if let Some(body) = record.body {
        member(out, "body");
        any(out, body, 0)?;
    }
    if attributes.peek().is_some() {
        member(out, "attributes");
        pairs(out, attributes, 0)?;
    }
    number(out, "droppedAttributesCount", record.dropped.into());
    number(out, "flags", record.flags.into());
    for (name, id) in [("traceId", record.trace), ("spanId", record.span)] {
        if !id.is_empty() {
            member(out, name);
            put(out, "\"");
            id.iter().for_each(|byte| put(out, &format!("{byte:02x}")));
            put(out, "\"");
        }
    }
    if !record.event.is_empty() {
        member(out, "eventName");
        text(out, &record.event);
    }
    put(out, "}");
    Ok(true)
}

/// Writes an `AnyValue`, with at most [`DEEPEST`] levels below.
fn any(out: &mut Vec<u8>, value: Bytes, depth: usize) -> Result<(), DecodeError> {
    put(out, "{");
    match AnyValue::decode(value)?.value {
        Some(Value::String(value)) => {
            member(out, "stringValue");
            text(out, &value);
        }
        Some(Value::Bool(value)) => {
            member(out, "boolValue");
            put(out, &value.to_string());
        }
        Some(Value::Int(value)) => {
            member(out, "intValue");
            put(out, &format!("\"{value}\""));
        }
        Some(Value::Double(value)) => {
            member(out, "doubleValue");
            match value {
                f64::INFINITY => put(out, "\"Infinity\""),
                f64::NEG_INFINITY => put(out, "\"-Infinity\""),
                value if value.is_nan() => put(out, "\"NaN\""),
                value => put(out, &format!("{value:?}")),
            }
        }
        Some(Value::Array(value)) if depth < DEEPEST => {
            member(out, "arrayValue");
            put(out, "{\"values\":");
            list(out, fields(value, 1), |out, item| any(out, item, depth + 1))?;
            put(out, "}");
        }
        Some(Value::Kvlist(value)) if depth < DEEPEST => {
            member(out, "kvlistValue");
            put(out, "{\"values\":");
            pairs(out, fields(value, 1), depth + 1)?;
            put(out, "}");
        }
        Some(Value::Bytes(value)) => {
            member(out, "bytesValue");
            put(out, &format!("\"{}\"", STANDARD.encode(value)));
        }
        Some(Value::Array(_) | Value::Kvlist(_)) | None => {}
    }
    put(out, "}");
    Ok(())
}

/// Writes `KeyValue`s.
fn pairs(
    out: &mut Vec<u8>,
    pairs: impl Iterator<Item = Result<Bytes, DecodeError>>,
    depth: usize,
) -> Result<(), DecodeError> {
    list(out, pairs, |out, pair| {
        let pair = KeyValue::decode(pair)?;
        put(out, "{\"key\":");
        text(out, &pair.key);
        if let Some(value) = pair.value {
            member(out, "value");
            any(out, value, depth)?;
        }
        put(out, "}");
        Ok(())
    })
}

/// Writes an array.
fn list(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = Result<Bytes, DecodeError>>,
    mut write: impl FnMut(&mut Vec<u8>, Bytes) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    put(out, "[");
    for (place, item) in items.enumerate() {
        put(out, if place > 0 { "," } else { "" });
        write(out, item?)?;
    }
    put(out, "]");
    Ok(())
}

/// Writes the name of a member, after a comma if it is not the first.
fn member(out: &mut Vec<u8>, name: &str) {
    put(out, if out.ends_with(b"{") { "\"" } else { ",\"" });
    put(out, name);
    put(out, "\":");
}

/// Writes a text in quotes.
fn text(out: &mut Vec<u8>, text: &[u8]) {
    // Writing to a vector does not fail, and each text has a form in JSON.
    let _ = serde_json::to_writer(out, &String::from_utf8_lossy(text));
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests;
