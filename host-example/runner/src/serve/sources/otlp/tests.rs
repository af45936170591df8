use super::*;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1 as logs;
use opentelemetry_proto::tonic::resource::v1::Resource;

/// `ExportLogsServiceRequest`, `Resource`, `ArrayValue`, `KeyValueList`.
#[derive(Message)]
struct Items {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    items: Vec<Bytes>,
}

/// `ResourceLogs` with a resource, or `ScopeLogs` with a scope.
#[derive(Message)]
struct Group {
    #[prost(bytes = "bytes", tag = "1")]
    head: Bytes,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    items: Vec<Bytes>,
}

fn any(value: impl Into<Option<Any>>) -> common::AnyValue {
    common::AnyValue { value: value.into() }
}

fn pair(key: &str, value: impl Into<Option<Any>>) -> common::KeyValue {
    common::KeyValue { key: key.into(), value: Some(any(value)), ..Default::default() }
}

fn said(text: &str) -> Any {
    Any::StringValue(text.into())
}

fn map(pairs: Vec<common::KeyValue>) -> Any {
    Any::KvlistValue(common::KeyValueList { values: pairs })
}

fn array(values: Vec<common::AnyValue>) -> Any {
    Any::ArrayValue(common::ArrayValue { values })
}

fn record(body: impl Into<Option<Any>>) -> logs::LogRecord {
    logs::LogRecord { body: Some(any(body)), ..Default::default() }
}

fn resource(attributes: Vec<common::KeyValue>, scopes: Vec<Vec<logs::LogRecord>>) -> logs::ResourceLogs {
    let scope = |log_records| logs::ScopeLogs { log_records, ..Default::default() };
    let scope_logs = scopes.into_iter().map(scope).collect();
    let resource = Some(Resource { attributes, ..Default::default() });
    logs::ResourceLogs { resource, scope_logs, ..Default::default() }
}

fn request(resource_logs: Vec<logs::ResourceLogs>) -> Vec<u8> {
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

/// A request with one record and no resource.
fn single(record: logs::LogRecord) -> Vec<u8> {
    request(vec![resource(vec![], vec![vec![record]])])
}

fn read(body: &[u8], encoding: Encoding) -> Lines {
    let lines = lines(body, encoding).unwrap();
    check(body, &lines);
    lines
}

/// Checks that each line is JSON, and that their number and length are within the limits.
fn check(body: &[u8], lines: &Lines) {
    let most = (RECORDS + 1) * body.len() + 2 * SPARE;
    assert!(lines.bytes.len() <= most, "{} of {}", lines.bytes.len(), body.len());
    let text = str::from_utf8(&lines.bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    assert_eq!(text.lines().count() as u64, lines.records);
    for line in text.lines() {
        // Parsed as a raw value, because a full parse rejects deep nesting.
        let _: &RawValue = serde_json::from_str(line).unwrap();
    }
}

fn line(attributes: &str, record: &str) -> String {
    let begin = format!(r#"{{"resourceLogs":[{{"resource":{{"attributes":{attributes}}},"#);
    format!("{begin}\"scopeLogs\":[{{\"logRecords\":[{record}]}}]}}]}}\n")
}

fn everything() -> Vec<u8> {
    let full = logs::LogRecord {
        time_unix_nano: 1_772_355_600_000_000_000,
        observed_time_unix_nano: u64::MAX,
        severity_number: 9,
        severity_text: "INFO".into(),
        body: Some(any(said("a \"b\"\n\\ é\u{1}"))),
        attributes: vec![pair("n", Any::IntValue(i64::MIN)), pair("none", None)],
        dropped_attributes_count: 2,
        flags: 1,
        trace_id: (0..16).map(|byte| byte * 16).collect(),
        span_id: vec![255; 8],
        event_name: "login".into(),
    };
    let values = map(vec![
        pair("yes", Any::BoolValue(true)),
        pair("double", Any::DoubleValue(1.5)),
        pair("nan", Any::DoubleValue(f64::NAN)),
        pair("list", array(vec![any(Any::IntValue(7)), any(None), any(Any::DoubleValue(f64::NEG_INFINITY))])),
        pair("bytes", Any::BytesValue(vec![255, 254, 0, 1])),
        pair("map", map(vec![pair("", said(""))])),
    ]);
    let host = |name| vec![pair("host.name", said(name))];
    let event = logs::LogRecord { event_name: "e".into(), ..Default::default() };
    request(vec![
        resource(host("web1"), vec![vec![full, record(values)], vec![record(None)]]),
        resource(host("web2"), vec![vec![], vec![event, logs::LogRecord::default()]]),
    ])
}

/// The same request in JSON, with extra members that are ignored.
const EVERYTHING: &str = r#" { "resourceLogs" : [
    {"resource":{"droppedAttributesCount":0, "attributes":[ {"key": "host.name","value":{"stringValue":"web1"}}]},
     "schemaUrl": "x",
     "scopeLogs":[{"scope":{"name":"s"},"logRecords":[
        {"timeUnixNano":"1772355600000000000","observedTimeUnixNano":"18446744073709551615",
         "severityNumber":9,"severityText":"INFO",
         "body":{"stringValue":"a \"b\"\n\\ é\u0001"},
         "attributes":[{"key":"n","value":{"intValue":"-9223372036854775808"}},{"key":"none","value":{}}],
         "droppedAttributesCount":2,"flags":1,"traceId":"00102030405060708090a0b0c0d0e0f0",
         "spanId":"ffffffffffffffff","eventName":"login"},
        {"body":{"kvlistValue":{"values":[{"key":"yes","value":{"boolValue":true}},
            {"key":"double","value":{"doubleValue":1.5}},
            {"key":"nan","value":{"doubleValue":"NaN"}},
            {"key":"list","value":{"arrayValue":{"values":[{"intValue":"7"},{},{"doubleValue":"-Infinity"}]}}},
            {"key":"bytes","value":{"bytesValue":"//4AAQ=="}},
            {"key":"map","value":{"kvlistValue":{"values":[{"key":"","value":{"stringValue":""}}]}}}]}}}]},
        {"logRecords":[{"body":{}}]}]},
    {"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"web2"}}]},
     "scopeLogs":[{"logRecords":[]},{"logRecords":[ {"eventName" : "e"}, { } ]}]}],
    "unknown":[{}]}"#;

#[test]
fn both_encodings_give_the_same_lines() {
    let protobuf = read(&everything(), Encoding::Protobuf);
    let json = read(EVERYTHING.as_bytes(), Encoding::Json);
    assert_eq!(str::from_utf8(&protobuf.bytes), str::from_utf8(&json.bytes));
    assert_eq!(protobuf, json);
    assert_eq!((json.records, json.rejected, json.empty, json.bare), (4, 0, 1, 0));
    let last = line(r#"[{"key":"host.name","value":{"stringValue":"web2"}}]"#, r#"{"eventName":"e"}"#);
    assert!(str::from_utf8(&json.bytes).unwrap().ends_with(&last));
}

#[test]
fn both_spellings_of_names_are_read() {
    let record = r#"{"time_unix_nano":1,"body":{"string_value":" \" \\"}}"#;
    let snake =
        format!(r#"{{"resource_logs":[{{"resource":null,"scope_logs":[{{"log_records":[{record} ]}}]}}]}}"#);
    let wanted = line("[]", record);
    assert_eq!(str::from_utf8(&read(snake.as_bytes(), Encoding::Json).bytes), Ok(&*wanted));
    // One of the two members would be lost.
    assert!(lines(br#"{"resource_logs":[],"resourceLogs":[]}"#, Encoding::Json).is_err());
}

#[test]
fn an_empty_request_has_no_lines() {
    assert_eq!(read(b"", Encoding::Protobuf), Lines::default());
    for body in ["{}", "{\"resourceLogs\":null}", "{\"resourceLogs\":[{},{\"scopeLogs\":[{}]}]}"] {
        assert_eq!(read(body.as_bytes(), Encoding::Json), Lines::default());
    }
}

#[test]
fn other_bodies_are_refused() {
    for body in [
        "",
        "null",
        "1",
        "{",
        "{}{}",
        "[{}]",
        "{\"resourceLogs\":{}}",
        "{\"resourceLogs\":[1]}",
        "{\"a\":\"\n\"}",
    ] {
        assert!(matches!(lines(body.as_bytes(), Encoding::Json), Err(Error::Json(_))), "{body}");
    }
    assert!(matches!(lines(b"{}", Encoding::Protobuf), Err(Error::Protobuf(_))));
}

#[test]
fn a_truncated_body_is_refused_at_each_length() {
    let body = request(vec![resource(vec![pair("a", said("b"))], vec![vec![record(said("c")); 3]])]);
    for length in 1..body.len() {
        assert!(lines(&body[..length], Encoding::Protobuf).is_err(), "{length}");
    }
    for length in 0..EVERYTHING.len() {
        assert!(lines(&EVERYTHING.as_bytes()[..length], Encoding::Json).is_err(), "{length}");
    }
}

#[test]
fn a_bad_record_is_rejected_alone() {
    // A record with a number as its body.
    let bad = [0x28, 1];
    let good = record(said("x")).encode_to_vec();
    let scope = Group { head: Bytes::new(), items: vec![bad.to_vec().into(), good.into()] };
    let group = Group { head: Bytes::new(), items: vec![scope.encode_to_vec().into()] };
    let body = Items { items: vec![group.encode_to_vec().into()] }.encode_to_vec();
    let found = read(&body, Encoding::Protobuf);
    assert_eq!((found.records, found.rejected), (1, 1));
    let found = read(
        br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[null,1,"{}",[],{"body":{}}]}]}]}"#,
        Encoding::Json,
    );
    assert_eq!((found.records, found.rejected), (1, 4));
}

#[test]
fn bytes_that_are_not_utf_8_hide_no_record() {
    let mut body = single(record(said("user ~ failed")));
    *body.iter_mut().find(|byte| **byte == b'~').unwrap() = 0xff;
    // The official types refuse the whole request.
    assert!(ExportLogsServiceRequest::decode(&*body).is_err());
    let wanted = line("[]", "{\"body\":{\"stringValue\":\"user \u{fffd} failed\"}}");
    assert_eq!(str::from_utf8(&read(&body, Encoding::Protobuf).bytes), Ok(&*wanted));
    let json =
        br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"user ~ failed"}}]}]}]}"#;
    let json: Vec<u8> = json.iter().map(|byte| if *byte == b'~' { 0xff } else { *byte }).collect();
    assert_eq!(str::from_utf8(&read(&json, Encoding::Json).bytes), Ok(&*wanted));
}

#[test]
fn deep_values_hide_no_record() {
    // The official types cannot encode this many levels.
    let mut value = Value::String(Bytes::from_static(b"x"));
    for level in 0..3000 {
        let inner = AnyValue { value: Some(value) }.encode_to_vec().into();
        let pair = KeyValue { key: Bytes::from_static(b"k"), value: Some(inner) };
        let item = if level % 2 == 0 { pair.encode_to_vec().into() } else { pair.value.unwrap() };
        let items = Items { items: vec![item] }.encode_to_vec().into();
        value = if level % 2 == 0 { Value::Kvlist(items) } else { Value::Array(items) };
    }
    let body = Some(AnyValue { value: Some(value) }.encode_to_vec().into());
    let log_record = LogRecord { body, ..LogRecord::default() }.encode_to_vec();
    let scope = Group { head: Bytes::new(), items: vec![log_record.into()] }.encode_to_vec();
    let group = Group { head: Bytes::new(), items: vec![scope.into()] }.encode_to_vec();
    let found = read(&Items { items: vec![group.into()] }.encode_to_vec(), Encoding::Protobuf);
    assert_eq!((found.records, found.rejected), (1, 0));
    let found = str::from_utf8(&found.bytes).unwrap();
    assert_eq!(found.matches("Value").count(), DEEPEST);
    let (open, close) = (r#"{"arrayValue":{"values":["#.repeat(100_000), "]}}".repeat(100_000));
    let json =
        format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{open}{close}}}]}}]}}]}}"#);
    assert_eq!(read(json.as_bytes(), Encoding::Json).records, 1);
}

#[test]
fn long_attributes_are_not_repeated() {
    let frame = r#"[{"key":"k","value":{"stringValue":""}}]"#.len();
    for (length, bare) in [(AROUND - frame, 0), (AROUND - frame + 1, 3)] {
        let text = "x".repeat(length);
        let records = [(); 3].map(|()| record(said("y"))).to_vec();
        let found =
            read(&request(vec![resource(vec![pair("k", said(&text))], vec![records])]), Encoding::Protobuf);
        assert_eq!((found.records, found.bare), (3, bare));
        let value = format!(r#"[ {{"key":"k","value":{{"stringValue":"{text}"}}}}]"#);
        let record = r#"{"body":{"stringValue":"y"}}"#;
        let json = line(&value, &[record; 3].join(", "));
        assert_eq!(read(json.as_bytes(), Encoding::Json), found);
    }
}

#[test]
fn many_small_records_repeat_no_more_than_the_limit() {
    let attributes = vec![pair("k", said(&"x".repeat(4000)))];
    let records = vec![record(said("x")); 10_000];
    let found = read(&request(vec![resource(attributes, vec![records])]), Encoding::Protobuf);
    assert_eq!(found.records, 10_000);
    assert!((1..10_000).contains(&found.bare), "{}", found.bare);
}

/// The empty record has two bytes in protobuf and three in JSON.
#[test]
fn empty_records_are_counted_and_have_no_line() {
    let body = request(vec![resource(vec![], vec![vec![logs::LogRecord::default(); 1_000_000]])]);
    let found = read(&body, Encoding::Protobuf);
    assert_eq!(found, Lines { empty: 1_000_000, ..Lines::default() });
    let timed = r#"{"timeUnixNano":"1","severityText":"INFO"}"#;
    let many = vec!["{}"; 1_000_000].join(",");
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{timed},{many}]}}]}}]}}"#);
    assert_eq!(read(body.as_bytes(), Encoding::Json), Lines { empty: 1_000_001, ..Lines::default() });
    // A name may be written with escapes.
    let escaped = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"\u0062ody":{}}]}]}]}"#;
    assert_eq!(read(escaped.as_bytes(), Encoding::Json).records, 1);
}

#[test]
fn the_lines_of_many_small_records_are_limited() {
    let body = request(vec![resource(vec![], vec![vec![record(None); 1_000_000]])]);
    let found = read(&body, Encoding::Protobuf);
    assert!(found.rejected > 100_000 && found.records > 50_000, "{found:?}");
    assert_eq!(found.records + found.rejected, 1_000_000);
}

#[test]
fn no_bytes_make_it_panic() {
    let mut state = 1_u64;
    let mut next = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    let mut read = 0;
    for turn in 0..8_000 {
        let (mut body, encoding) = match turn % 4 {
            0 => (everything(), Encoding::Protobuf),
            1 => (EVERYTHING.into(), Encoding::Json),
            2 => (vec![0; next(64)], Encoding::Protobuf),
            _ => (vec![0; next(64)], Encoding::Json),
        };
        let changes = if turn % 4 < 2 { 1 + next(4) } else { body.len() };
        for place in 0..changes {
            let place = if turn % 4 < 2 { next(body.len()) } else { place };
            body[place] = next(256) as u8;
        }
        if let Ok(lines) = lines(&body, encoding) {
            check(&body, &lines);
            read += lines.records;
        }
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn answers_are_in_the_encoding_of_the_request() {
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        assert_eq!(Encoding::of(encoding.content_type()), Some(encoding));
    }
    assert_eq!(Encoding::of("Application/JSON; charset=utf-8"), Some(Encoding::Json));
    assert_eq!(Encoding::of("text/plain"), None);
    assert_eq!(answer(Encoding::Protobuf, 0, ""), b"");
    assert_eq!(answer(Encoding::Json, 0, ""), b"{}");
    let found = ExportLogsServiceResponse::decode(&*answer(Encoding::Protobuf, 3, "bad")).unwrap();
    let found = found.partial_success.unwrap();
    assert_eq!((found.rejected_log_records, &*found.error_message), (3, "bad"));
    let wanted = br#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"\"bad\""}}"#;
    assert_eq!(answer(Encoding::Json, 3, "\"bad\""), wanted);
    assert_eq!(refusal(Encoding::Protobuf, "no"), b"\x08\x03\x12\x02no");
    assert_eq!(refusal(Encoding::Json, "no\n"), br#"{"code":3,"message":"no\n"}"#);
}
