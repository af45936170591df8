//! The sink for OpenTelemetry logs over HTTP. Each alert is a log record.
//!
//! The body of a record is the alert as one line in the sink's format. Attributes hold the fields that are searched for
//! most, with the names of the semantic conventions: `user.name`, `source.address`, `host.name`. The time is the
//! alert's time, and the observed time is the time of delivery.
//!
//! A receiver may refuse some records of a request without saying which. The records must not be sent again then. So
//! all alerts of the request are kept in the file of undelivered alerts, and only the refused ones are counted.
//!
//! The messages follow `opentelemetry/proto/collector/logs/v1`, reduced to the fields that are used here.

use super::failure::Failure;
use super::fields::{Fields, shown};
use super::place::Place;
use super::{Batch, http};
use crate::serve::net::Access;
use authsieve_engine::alert::Severity;
use hyper::header::HeaderMap;
use prost::Message;
use serde_json::{Value, json};

/// The path of the logs API.
const PATH: &str = "/v1/logs";
/// The largest size of an attribute in bytes.
const ATTRIBUTE: usize = 1024;
/// The name of the resource and the scope.
const NAME: &str = "authsieve";
/// The event name of a record.
const EVENT: &str = "authsieve.alert";

/// The encoding of the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Binary protobuf.
    #[default]
    Protobuf,
    /// The JSON mapping of protobuf.
    Json,
}

/// The options of the sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The receiver. The path is added to its URL.
    pub http: http::Options,
    /// The encoding of the requests.
    pub encoding: Encoding,
}

impl Options {
    /// Options with defaults for this receiver.
    ///
    /// # Errors
    /// Fails if the place is not a URL.
    pub fn new(place: Place) -> Result<Self, String> {
        Ok(Self { http: http::Options::to(place)?, encoding: Encoding::Protobuf })
    }
}

/// Sends log records to an OTLP receiver.
pub(super) struct Otlp {
    http: http::Http,
    encoding: Encoding,
}

impl Otlp {
    pub(super) fn new(options: &Options, access: &Access) -> Self {
        Self { http: http::Http::new(&options.http.clone().under(PATH), access), encoding: options.encoding }
    }

    pub(super) async fn deliver(&self, batch: &Batch<'_>) -> Result<(), Failure> {
        let now = crate::sources::now();
        let record = |item: &crate::serve::outbox::Item| {
            Record::new(&Fields::of(item), item.line(batch.layout).to_owned(), now)
        };
        let request = Request::of(batch.items.iter().map(|item| record(item)).collect());
        let (content_type, body) = match self.encoding {
            Encoding::Protobuf => ("application/x-protobuf", request.encode_to_vec()),
            Encoding::Json => ("application/json", request.json().to_string().into_bytes()),
        };
        let answer = self.http.send(content_type, HeaderMap::new(), body).await?;
        match self.partial(&answer.body) {
            Some(partial) if partial.rejected > 0 => {
                let why = format!("refused by the receiver: {}", shown(&partial.why, 200));
                Err(Failure::Partly(partial.rejected.unsigned_abs(), why))
            }
            _ => Ok(()),
        }
    }

    /// Reads how many records the receiver refused, and why. `None` if the answer does not say.
    fn partial(&self, body: &[u8]) -> Option<Partial> {
        match self.encoding {
            Encoding::Protobuf => Response::decode(body).ok()?.partial,
            Encoding::Json => {
                let body: Value = serde_json::from_slice(body).ok()?;
                let partial = body.get("partialSuccess")?;
                let rejected = partial.get("rejectedLogRecords")?;
                // This mapping writes a 64-bit integer as a text. Some receivers write a number.
                let rejected = rejected.as_i64().or_else(|| rejected.as_str()?.parse().ok())?;
                let why = partial.get("errorMessage").and_then(Value::as_str).unwrap_or_default();
                Some(Partial { rejected, why: why.into() })
            }
        }
    }
}

/// The severity as an OpenTelemetry number: `INFO`, `WARN`, `WARN2`, `ERROR`, `FATAL`.
const fn number(severity: Severity) -> i32 {
    match severity {
        Severity::Informational => 9,
        Severity::Low => 13,
        Severity::Medium => 14,
        Severity::High => 17,
        Severity::Critical => 21,
    }
}

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceLogs {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeLogs {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    records: Vec<Record>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(fixed64, tag = "1")]
    time: u64,
    #[prost(int32, tag = "2")]
    severity_number: i32,
    #[prost(string, tag = "3")]
    severity_text: String,
    #[prost(message, optional, tag = "5")]
    body: Option<Text>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<Attribute>,
    #[prost(fixed64, tag = "11")]
    observed: u64,
    #[prost(string, tag = "12")]
    event_name: String,
}

/// An `AnyValue` with a text.
#[derive(Clone, PartialEq, Message)]
struct Text {
    // The field is a part of a `oneof`, so it is encoded even if it is empty.
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Text>,
}

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial: Option<Partial>,
}

#[derive(Clone, PartialEq, Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    why: String,
}

impl Attribute {
    fn new(key: &str, text: &str) -> Self {
        Self { key: key.into(), value: Some(Text { text: Some(shown(text, ATTRIBUTE).into_owned()) }) }
    }

    fn json(&self) -> Value {
        json!({ "key": self.key, "value": self.value.as_ref().map(Text::json) })
    }
}

impl Text {
    fn json(&self) -> Value {
        json!({ "stringValue": self.text })
    }
}

impl Record {
    fn new(fields: &Fields, line: String, now: i64) -> Self {
        let names = [
            ("authsieve.alert.id", "id"),
            ("authsieve.alert.status", "status"),
            ("authsieve.analytic", "analytic"),
            ("authsieve.pattern", "pattern"),
            ("authsieve.title", "title"),
            ("user.name", "user"),
            ("source.address", "src_ip"),
            ("host.name", "host"),
        ];
        let attribute = |(key, field): (&str, &str)| fields.text(field).map(|text| Attribute::new(key, text));
        let nanos = |micros: i64| u64::try_from(micros).unwrap_or(0).saturating_mul(1000);
        let severity = fields.severity();
        Self {
            time: nanos(fields.time("time").unwrap_or(now)),
            severity_number: number(severity),
            severity_text: severity.as_str().into(),
            body: Some(Text { text: Some(line) }),
            attributes: names.into_iter().filter_map(attribute).collect(),
            observed: nanos(now),
            event_name: EVENT.into(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "timeUnixNano": self.time.to_string(),
            "observedTimeUnixNano": self.observed.to_string(),
            "severityNumber": self.severity_number,
            "severityText": self.severity_text,
            "eventName": self.event_name,
            "body": self.body.as_ref().map(Text::json),
            "attributes": self.attributes.iter().map(Attribute::json).collect::<Vec<_>>(),
        })
    }
}

impl Request {
    fn of(records: Vec<Record>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let attributes =
            vec![Attribute::new("service.name", NAME), Attribute::new("service.version", version)];
        let scope = Scope { name: NAME.into(), version: version.into() };
        let scope_logs = vec![ScopeLogs { scope: Some(scope), records }];
        Self { resource_logs: vec![ResourceLogs { resource: Some(Resource { attributes }), scope_logs }] }
    }

    fn json(&self) -> Value {
        let scope = |logs: &ScopeLogs| {
            let scope =
                logs.scope.as_ref().map(|scope| json!({ "name": scope.name, "version": scope.version }));
            json!({ "scope": scope, "logRecords": logs.records.iter().map(Record::json).collect::<Vec<_>>() })
        };
        let resource = |logs: &ResourceLogs| {
            let attributes = logs.resource.iter().flat_map(|resource| &resource.attributes);
            json!({
                "resource": { "attributes": attributes.map(Attribute::json).collect::<Vec<_>>() },
                "scopeLogs": logs.scope_logs.iter().map(scope).collect::<Vec<_>>(),
            })
        };
        json!({ "resourceLogs": self.resource_logs.iter().map(resource).collect::<Vec<_>>() })
    }
}
