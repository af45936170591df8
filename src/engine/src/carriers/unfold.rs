//! Unfolds carriers that do not hold records as plain JSON: values under columns, pairs of a name and a value, names
//! with a prefix. Each record is rewritten as plain JSON and then read like any other.
//!
//! | form | becomes |
//! |---|---|
//! | OTLP, `resourceLogs[].scopeLogs[].logRecords[]` | attributes as members, `body`, `timestamp` |
//! | Loki, `values: [["nanoseconds", "line"], …]` with `stream` | `labels`, `line`, `timestamp`, as logcli writes it |
//! | tables, `columns` and `rows` | a member for each column |
//! | CloudWatch, `[{"field": …, "value": …}, …]` | a member for each pair |
//! | GELF, `short_message`, `_name` | `message`, `name` |
//! | LAUREL, `{"ID": …, "USER_AUTH": {…}}` | the line of the audit log |
//! | Graylog, `winlogbeat_winlog_event_id` | `winlog.event_id` |
//! | Kafka, `payload` or `value` next to `partition` | `message` |
//! | Datadog, `attributes` within `attributes` | the members of both, the inner ones first |

use crate::json::{Items, Kind, Object, Value};
use alloc::vec::Vec;

/// The forms, as ranks of the slot [`FOLD`](super::slot::FOLD).
pub const OTLP: u8 = 0;
/// Loki's values, or the rows of a table with another name.
pub const VALUES: u8 = 1;
/// Columns and rows.
pub const TABLE: u8 = 2;
/// Graylog's extended log format.
pub const GELF: u8 = 3;
/// Fields of Beats, as Graylog spells them.
pub const GRAYLOG: u8 = 4;
/// Records of the audit log, from LAUREL.
pub const LAUREL: u8 = 5;
/// A Kafka message.
pub const KAFKA: u8 = 6;
/// A record that Datadog has parsed.
pub const DATADOG: u8 = 7;

/// The most levels of OTLP values that are read.
const DEEPEST: usize = 6;
/// The most columns of a table.
const COLUMNS: usize = 1024;

/// The records of an object in one of the forms, as an iterator. So only the reader of the record is on the stack
/// while it is read: Fluent Bit's runtime has 8 KiB for all frames.
pub struct Fold<'a>(Form<'a>);

enum Form<'a> {
    Otlp(Otlp<'a>),
    /// The labels, and the values still to come.
    Loki(Option<Value<'a>>, Items<'a>),
    /// The names of the columns, and the rows still to come.
    Table(Vec<&'a [u8]>, Items<'a>),
    /// The one record, with other names for its members.
    Renamed(Object<'a>, Names),
    /// The record, and the number of its types tried so far.
    Laurel(Object<'a>, usize),
    /// The members around a record, and the record.
    Around(Object<'a>, Object<'a>),
    Nothing,
}

impl<'a> Fold<'a> {
    /// Begins to unfold an object of this form.
    #[must_use]
    pub fn new(form: u8, object: &Object<'a>) -> Self {
        let form = match form {
            OTLP => Some(Form::Otlp(Otlp::new(object))),
            VALUES if object.get("columns").is_none() => loki(object),
            VALUES | TABLE => table(object),
            GELF => Some(Form::Renamed(*object, GELF_NAMES)),
            GRAYLOG => Some(Form::Renamed(*object, GRAYLOG_NAMES)),
            LAUREL => Some(Form::Laurel(*object, 0)),
            KAFKA => Some(Form::Renamed(*object, KAFKA_NAMES)),
            DATADOG => datadog(object),
            _ => None,
        };
        Self(form.unwrap_or(Form::Nothing))
    }

    /// Writes the next record into `buffer`. Returns false if there is none. All records together take O(n) in the
    /// object: a record repeats what surrounds it only if that is shorter than [`AROUND`].
    #[inline(never)]
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> bool {
        match &mut self.0 {
            Form::Otlp(otlp) => otlp.next(buffer),
            Form::Loki(labels, values) => next_value(labels.as_ref(), values, buffer),
            Form::Table(names, rows) => next_row(names, rows, buffer),
            Form::Renamed(object, names) => {
                renamed(object, names, buffer);
                self.0 = Form::Nothing;
                true
            }
            Form::Laurel(object, seen) => laurel(object, seen, buffer),
            Form::Around(outer, inner) => {
                around(outer, inner, buffer);
                self.0 = Form::Nothing;
                true
            }
            Form::Nothing => false,
        }
    }
}

/// The longest text that each record repeats: labels, or attributes of a resource.
pub const AROUND: usize = 4096;

/// True if an array holds the pairs of one record, as CloudWatch's `GetQueryResults` returns them.
#[must_use]
pub fn is_pairs(array: &[u8]) -> bool {
    let first = Items::new(array).and_then(|mut items| items.next()).and_then(|item| item.as_object());
    first.is_some_and(|pair| pair.get("field").is_some() && pair.get("value").is_some())
}

/// Writes a record from an array of pairs. Returns false if it holds none.
pub fn pairs(array: &[u8], buffer: &mut Vec<u8>) -> bool {
    let Some(items) = Items::new(array) else { return false };
    begin(buffer);
    for pair in items.filter_map(|item| item.as_object()) {
        if let (Some(name), Some(value)) = (pair.get("field"), pair.get("value")) {
            member(buffer, name.raw, &value);
        }
    }
    buffer.push(b'}');
    true
}

fn begin(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.push(b'{');
}

/// Writes a member. `name` is escaped already.
fn member(buffer: &mut Vec<u8>, name: &[u8], value: &Value<'_>) {
    key(buffer, name);
    put(buffer, value);
}

fn key(buffer: &mut Vec<u8>, name: &[u8]) {
    if buffer.len() > 1 && buffer.last() != Some(&b'{') {
        buffer.push(b',');
    }
    buffer.push(b'"');
    buffer.extend_from_slice(name);
    buffer.extend_from_slice(b"\":");
}

fn put(buffer: &mut Vec<u8>, value: &Value<'_>) {
    let quote = value.kind == Kind::Str;
    buffer.extend_from_slice(if quote { b"\"" } else { b"" });
    buffer.extend_from_slice(value.raw);
    buffer.extend_from_slice(if quote { b"\"" } else { b"" });
}

/// A member under either of two spellings: the JSON of protobuf has both.
fn either<'a>(object: &Object<'a>, camel: &str, snake: &str) -> Option<Value<'a>> {
    object.get(camel).or_else(|| object.get(snake))
}

fn items<'a>(value: Option<Value<'a>>) -> Option<Items<'a>> {
    value.and_then(|value| value.as_array())
}

fn objects<'a>(value: Option<Value<'a>>) -> impl Iterator<Item = Object<'a>> {
    items(value).into_iter().flatten().filter_map(|item| item.as_object())
}

fn next_object<'a>(items: &mut Option<Items<'a>>) -> Option<Object<'a>> {
    items.as_mut()?.find_map(|item| item.as_object())
}

/// OTLP as JSON (opentelemetry-proto, `logs.proto`).
struct Otlp<'a> {
    resources: Option<Items<'a>>,
    scopes: Option<Items<'a>>,
    records: Option<Items<'a>>,
    /// The beginning of each record: the attributes of its resource.
    around: Vec<u8>,
}

impl<'a> Otlp<'a> {
    fn new(object: &Object<'a>) -> Self {
        let resources = items(either(object, "resourceLogs", "resource_logs"));
        Self { resources, scopes: None, records: None, around: Vec::new() }
    }

    fn next(&mut self, buffer: &mut Vec<u8>) -> bool {
        loop {
            if let Some(record) = next_object(&mut self.records) {
                self.write(&record, buffer);
                return true;
            }
            if let Some(scope) = next_object(&mut self.scopes) {
                self.records = items(either(&scope, "logRecords", "log_records"));
                continue;
            }
            let Some(resource) = next_object(&mut self.resources) else { return false };
            self.scopes = items(either(&resource, "scopeLogs", "scope_logs"));
            begin(&mut self.around);
            if let Some(resource) = resource.get("resource").and_then(|resource| resource.as_object()) {
                attributes(&mut self.around, &resource, 0);
            }
            if self.around.len() > AROUND {
                self.around.truncate(1);
            }
        }
    }

    fn write(&self, record: &Object<'_>, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.around);
        attributes(buffer, record, 0);
        let time = either(record, "timeUnixNano", "time_unix_nano").filter(|time| time.raw != b"0");
        let time = time.or_else(|| either(record, "observedTimeUnixNano", "observed_time_unix_nano"));
        if let Some(time) = time {
            member(buffer, b"timestamp", &time);
        }
        if let Some(body) = record.get("body").and_then(|body| body.as_object()) {
            key(buffer, b"body");
            any(buffer, &body, 0);
        }
        buffer.push(b'}');
    }
}

/// Writes `attributes`, or the `values` of a key-value list, as members.
fn attributes(buffer: &mut Vec<u8>, object: &Object<'_>, depth: usize) {
    for pair in objects(object.get("attributes").or_else(|| object.get("values"))) {
        if let (Some(name), Some(value)) =
            (pair.get("key"), pair.get("value").and_then(|value| value.as_object()))
            && name.kind == Kind::Str
        {
            key(buffer, name.raw);
            any(buffer, &value, depth);
        }
    }
}

/// Writes an `AnyValue`.
fn any(buffer: &mut Vec<u8>, value: &Object<'_>, depth: usize) {
    let Some((name, said)) = value.fields().next() else {
        return buffer.extend_from_slice(b"null");
    };
    let list = name.is("kvlistValue") || name.is("kvlist_value");
    let array = name.is("arrayValue") || name.is("array_value");
    match said.as_object() {
        Some(inner) if list && depth < DEEPEST => {
            buffer.push(b'{');
            attributes(buffer, &inner, depth + 1);
            buffer.push(b'}');
        }
        Some(inner) if array && depth < DEEPEST => {
            buffer.push(b'[');
            for (place, item) in objects(inner.get("values")).enumerate() {
                buffer.extend_from_slice(if place > 0 { b"," } else { b"" });
                // A number alone would become one byte of a text, in which a prefilter could not find needles.
                let number =
                    item.fields().next().map(|(_, value)| value).filter(|value| value.kind == Kind::Num);
                match number {
                    Some(number) => put(buffer, &Value { kind: Kind::Str, ..number }),
                    None => any(buffer, &item, depth + 1),
                }
            }
            buffer.push(b']');
        }
        Some(_) => buffer.extend_from_slice(b"null"),
        None => put(buffer, &said),
    }
}

/// Loki's values, with the labels of their stream. Old clients push `entries`, which need no unfolding.
fn loki<'a>(object: &Object<'a>) -> Option<Form<'a>> {
    let labels = object.get("stream").or_else(|| object.get("metric"));
    let labels = labels.filter(|labels| labels.kind == Kind::Object && labels.raw.len() <= AROUND);
    Some(Form::Loki(labels, items(object.get("values"))?))
}

fn next_value<'a>(labels: Option<&Value<'a>>, values: &mut Items<'a>, buffer: &mut Vec<u8>) -> bool {
    let pair = |value: Value<'a>| {
        let mut value = value.as_array()?;
        Some((value.next()?, value.next()?))
    };
    let Some((time, line)) = values.find_map(pair) else { return false };
    begin(buffer);
    if let Some(labels) = labels {
        member(buffer, b"labels", labels);
    }
    member(buffer, b"timestamp", &time);
    member(buffer, b"line", &line);
    buffer.push(b'}');
    true
}

/// The members that Datadog adds around a record, and the record as Datadog parsed it.
fn datadog<'a>(object: &Object<'a>) -> Option<Form<'a>> {
    let outer = object.get("attributes")?.as_object()?;
    let inner = outer.get("attributes")?.as_object()?;
    Some(Form::Around(outer, inner))
}

/// Writes the members of both objects. Of two members with one name, the last counts.
#[inline(never)]
fn around(outer: &Object<'_>, inner: &Object<'_>, buffer: &mut Vec<u8>) {
    begin(buffer);
    for object in [outer, inner] {
        for (key, value) in object.fields().filter(|(key, _)| !key.is("attributes")) {
            member(buffer, key.raw, &value);
        }
    }
    buffer.push(b'}');
}

/// Columns and rows. A column is a name, or an object with a name.
fn table<'a>(object: &Object<'a>) -> Option<Form<'a>> {
    let of = |names: &[&str]| names.iter().find_map(|name| object.get(name)?.as_array());
    let (columns, rows) = (of(&["columns", "Columns", "fields"])?, of(&["rows", "Rows", "values"])?);
    let name = |column: Value<'a>| {
        let name = match column.as_object() {
            Some(column) => ["name", "ColumnName", "Name"].iter().find_map(|name| column.get(name)),
            None => Some(column),
        };
        name.filter(|name| name.kind == Kind::Str && name.raw.len() <= 128).map_or(&b""[..], |name| name.raw)
    };
    Some(Form::Table(columns.take(COLUMNS).map(name).collect(), rows))
}

/// Writes a row as members, without empty values. With them, a row of single letters would grow by all its names.
fn next_row(names: &[&[u8]], rows: &mut Items<'_>, buffer: &mut Vec<u8>) -> bool {
    let Some(values) = rows.find_map(|row| row.as_array()) else { return false };
    begin(buffer);
    for (name, value) in names.iter().zip(values) {
        let empty = value.kind == Kind::Null || (value.kind == Kind::Str && value.raw.is_empty());
        if !name.is_empty() && !empty {
            member(buffer, name, &value);
        }
    }
    buffer.push(b'}');
    true
}

/// Writes LAUREL's records as lines of the audit log. The program's message goes after `msg=`. The account is in
/// hexadecimal, as libaudit writes a name that could be mistaken for other text.
fn laurel(object: &Object<'_>, seen: &mut usize, buffer: &mut Vec<u8>) -> bool {
    const TYPES: [&str; 3] = ["USER_AUTH", "USER_LOGIN", "USER_ERR"];
    let Some(id) = object.get("ID").filter(|id| id.kind == Kind::Str) else { return false };
    while let Some(name) = TYPES.get(*seen) {
        *seen += 1;
        let Some(record) = object.get(name).and_then(|record| record.as_object()) else { continue };
        let of = |name: &str| record.get(name).and_then(|value| value.as_text()).unwrap_or_default();
        // A value is a plain word if it has no blank and no quote.
        let plain = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'\''))
        };
        begin(buffer);
        if let Some(node) = object.get("NODE") {
            member(buffer, b"host", &node);
        }
        key(buffer, b"message");
        buffer.extend_from_slice(b"\"type=");
        buffer.extend_from_slice(name.as_bytes());
        buffer.extend_from_slice(b" msg=audit(");
        buffer.extend_from_slice(id.raw);
        buffer.extend_from_slice(b"): pid=");
        buffer.extend_from_slice(of("pid").as_bytes());
        buffer.extend_from_slice(b" uid=0 msg='op=");
        for (label, value, hexadecimal) in [
            ("", of("op"), false),
            (" acct=", of("acct"), true),
            (" exe=", of("exe"), false),
            (" hostname=", of("hostname"), false),
            (" addr=", of("addr"), false),
            (" terminal=", of("terminal"), false),
            (" res=", of("res"), false),
        ] {
            let value = if plain(&value) || hexadecimal { &*value } else { "?" };
            if value.is_empty() {
                continue;
            }
            buffer.extend_from_slice(label.as_bytes());
            match hexadecimal {
                true => value.bytes().for_each(|byte| buffer.extend_from_slice(&hex(byte))),
                false => buffer.extend_from_slice(value.as_bytes()),
            }
        }
        buffer.extend_from_slice(b"'\"}");
        return true;
    }
    false
}

fn hex(byte: u8) -> [u8; 2] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 };
    [digit(byte >> 4), digit(byte & 15)]
}

/// The beginning of a name, and its replacement. The first match counts.
type Names = &'static [(&'static str, &'static str)];

const GELF_NAMES: Names = &[("short_message", "message"), ("full_message", "Message"), ("_", "")];

/// `partition` is renamed, so that the record is not unfolded again.
const KAFKA_NAMES: Names = &[("payload", "message"), ("value", "message"), ("partition", "of_partition")];

const GRAYLOG_NAMES: Names = &[
    ("winlogbeat_winlog_event_data_", "winlog.event_data."),
    ("winlogbeat_winlog_", "winlog."),
    ("winlogbeat_event_data_", "event_data."),
    ("winlogbeat_event_code", "event.code"),
    ("winlogbeat_event_provider", "event.provider"),
    ("winlogbeat_event_created", "event.created"),
    ("winlogbeat_", ""),
];

/// The replacement for the beginning of a name, and the rest of the name.
fn new_name(names: Names, name: &[u8]) -> Option<(&'static str, &[u8])> {
    names.iter().find_map(|(from, to)| Some((*to, name.strip_prefix(from.as_bytes())?)))
}

/// Writes the record with other names. Members that keep their names go first: of two with one name, the last counts.
fn renamed(object: &Object<'_>, names: Names, buffer: &mut Vec<u8>) {
    begin(buffer);
    for (key, value) in object.fields().filter(|(key, _)| new_name(names, key.raw).is_none()) {
        member(buffer, key.raw, &value);
    }
    for (key, value) in object.fields() {
        if let Some((to, rest)) = new_name(names, key.raw) {
            let name = [to.as_bytes(), rest].concat();
            member(buffer, &name, &value);
        }
    }
    buffer.push(b'}');
}

#[cfg(test)]
mod tests;
