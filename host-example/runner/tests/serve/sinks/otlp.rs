//! Tests of the OTLP sink, with message types of another library.

use super::{Service, entries, numbers};
use crate::receiver::{Answer, Receiver};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use prost::Message;

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        other => panic!("{key}: {other:?} in {attributes:?}"),
    }
}

#[test]
fn records_come_as_protobuf() {
    let receiver = Receiver::listen(|_, _| Answer::status(200));
    let service = Service::start(&format!("type = \"otlp\"\nto = \"{}\"\nformat = \"ecs\"", receiver.url));
    service.attack(0..2);
    let got = receiver.requests(1);
    assert_eq!(got[0].line, "POST /v1/logs HTTP/1.1");
    assert_eq!(got[0].header("content-type"), "application/x-protobuf");
    let request = ExportLogsServiceRequest::decode(got[0].body.as_slice()).unwrap();
    let [logs] = &request.resource_logs[..] else { panic!("{request:?}") };
    assert_eq!(text(&logs.resource.as_ref().unwrap().attributes, "service.name"), "authsieve");
    let [scope] = &logs.scope_logs[..] else { panic!("{request:?}") };
    assert_eq!(scope.scope.as_ref().unwrap().name, "authsieve");
    let record = &scope.log_records[0];
    assert_eq!((record.severity_number, record.severity_text.as_str()), (17, "high"));
    assert_eq!(
        (record.event_name.as_str(), record.time_unix_nano),
        ("authsieve.alert", 1_772_611_210_000_000_000)
    );
    assert!(record.observed_time_unix_nano > record.time_unix_nano);
    assert_eq!(text(&record.attributes, "user.name"), "user0");
    assert_eq!(text(&record.attributes, "source.address"), "198.51.0.1");
    assert_eq!(text(&record.attributes, "authsieve.alert.id").len(), 32);
    let Some(Value::StringValue(line)) = record.body.as_ref().and_then(|body| body.value.as_ref()) else {
        panic!()
    };
    let body: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(body["event"]["kind"], "alert", "the body is in the sink's format");
}

#[test]
fn records_come_as_json() {
    let receiver = Receiver::listen(|_, _| Answer::status(200));
    let service =
        Service::start(&format!("type = \"otlp\"\nto = \"{}/v1/logs\"\nencoding = \"json\"", receiver.url));
    service.attack(0..1);
    let got = receiver.requests(1);
    assert_eq!(
        (got[0].line.as_str(), got[0].header("content-type")),
        ("POST /v1/logs HTTP/1.1", "application/json")
    );
    let request = got[0].json();
    let record = &request["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    assert_eq!(record["timeUnixNano"], "1772611210000000000", "a 64-bit integer is a text");
    assert_eq!((&record["severityNumber"], &record["eventName"]), (&17.into(), &"authsieve.alert".into()));
    let alert: serde_json::Value =
        serde_json::from_str(record["body"]["stringValue"].as_str().unwrap()).unwrap();
    assert_eq!(alert["user"], "user0");
}

/// Records that a receiver refuses must not be sent again, and are not lost.
#[test]
fn refused_records_are_counted_and_kept() {
    let partial = |rejected_log_records, why: &str| {
        let error_message = why.into();
        let partial_success = Some(ExportLogsPartialSuccess { rejected_log_records, error_message });
        ExportLogsServiceResponse { partial_success }.encode_to_vec()
    };
    let (refusing, warning) = (partial(2, "too \u{1b}old"), partial(0, "slow"));
    let receiver = Receiver::listen(move |number, _| {
        let body = if number == 0 { &refusing } else { &warning };
        Answer::Status(200, "content-type: application/x-protobuf\r\n", body.clone())
    });
    let mut service = Service::start(&format!("type = \"otlp\"\nto = \"{}\"", receiver.url));
    service.attack(0..3);
    service.server.waits_for("2 of 3 alerts sent together: refused by the receiver: too \\x1bold");
    let kept = crate::server::waits(3, || entries(&service.undelivered()));
    assert_eq!(numbers(kept.iter().map(|entry| &entry["alert"])), [0, 1, 2]);
    assert_eq!(service.counter("authsieve_sink_refused_total{sink=\"it\"}"), 2);
    service.attack(3..4);
    receiver.requests(2);
    assert_eq!(entries(&service.undelivered()).len(), 3, "a warning refuses nothing");
}
