use super::super::testing::{events, one, survives, lines};
use proptest::prelude::*;
use std::format;
use std::string::{String, ToString};

fn record(result: &str, reason: &str, factor: &str) -> String {
    format!(
        r#"{{"access_device":{{"browser":"Chrome","hostname":"mac-7","ip":"192.0.2.7","os":"Mac OS X","os_version":"14.4"}},"alias":"","application":{{"key":"DI1","name":"VPN of Example"}},"auth_device":{{"ip":"198.51.100.9","name":"555-0100"}},"email":"alice@example.com","event_type":"authentication","factor":"{factor}","isotimestamp":"2026-03-01T09:00:00.123456+00:00","reason":"{reason}","result":"{result}","timestamp":1772355600,"txid":"0a1b-1","user":{{"groups":["Users"],"key":"DU1","name":"Alice"}}}}"#
    )
}

fn outcome(result: &str, reason: &str, factor: &str) -> &'static str {
    events(&record(result, reason, factor)).first().map_or("-", |event| event.outcome.as_str())
}

#[test]
fn every_row_is_a_challenge_that_is_over() {
    for (result, reason, factor, expected) in [
        ("success", "user_approved", "duo_push", "approved"),
        ("success", "valid_passcode", "passcode", "approved"),
        ("denied", "user_mistake", "duo_push", "denied"),
        ("denied", "anomalous_push", "duo_push", "denied"),
        ("denied", "deny_unenrolled_user", "not_available", "denied"),
        ("denied", "out_of_date", "duo_push", "denied"),
        ("denied", "invalid_device", "duo_push", "denied"),
        ("denied", "endpoint_is_not_trusted", "not_available", "denied"),
        ("denied", "location_restricted", "not_available", "denied"),
        ("denied", "no_response", "duo_push", "timeout"),
        ("denied", "no_keys_pressed", "phone_call", "timeout"),
        ("denied", "call_timed_out", "phone_call", "timeout"),
        ("fraud", "user_marked_fraud", "duo_push", "denied"),
        // No person was asked.
        ("success", "remembered_device", "remembered_device", "-"),
        ("success", "user_approved", "remembered_device", "-"),
        ("success", "bypass_user", "not_available", "-"),
        ("success", "trusted_network", "trusted_network", "-"),
        ("success", "trusted_location", "not_available", "-"),
        ("success", "allowed_by_policy", "not_available", "-"),
        // Words of the older version.
        ("SUCCESS", "User approved", "Duo Push", "approved"),
        ("SUCCESS", "Remembered device", "Remembered Device", "-"),
        ("FAILURE", "No response", "Duo Push", "timeout"),
        ("FAILURE", "User mistake", "Duo Push", "denied"),
        ("ERROR", "Error", "Duo Push", "denied"),
        ("FRAUD", "User marked fraud", "Duo Push", "denied"),
        ("", "user_approved", "duo_push", "-"),
        ("unheard of", "user_approved", "duo_push", "-"),
    ] {
        assert_eq!(outcome(result, reason, factor), expected, "{result} {reason} {factor}");
    }
    let enrolment =
        record("success", "user_approved", "duo_push").replace(r#""authentication""#, r#""enrollment""#);
    assert!(events(&enrolment).is_empty());
}

#[test]
fn what_an_event_says() {
    let event = one(&record("denied", "user_mistake", "duo_push"));
    assert_eq!(event.time.to_string(), "2026-03-01T09:00:00.123456Z");
    assert_eq!((&*event.user, event.src_ip.unwrap().to_string().as_str()), ("alice", "192.0.2.7"));
    assert_eq!((&*event.application, &*event.service, &*event.method), ("VPN of Example", "duo", "duo_push"));
    assert_eq!((&*event.device, &*event.os, &*event.user_agent), ("mac-7", "Mac OS X", "Chrome"));
    assert_eq!((&*event.transaction, &*event.reason), ("0a1b-1", "user_mistake"));
    assert_eq!((event.shape.as_str(), event.provider.as_str()), ("duo", "duo"));
    let again = record("denied", "user_mistake", "duo_push").replace("192.0.2.7", "192.0.2.8");
    assert_eq!(event.delivery, one(&again).delivery, "one txid, one challenge");
    assert_ne!(event.delivery, one(&again.replace("0a1b-1", "0a1b-2")).delivery);
    let success = record("success", "user_approved", "duo_push");
    assert_ne!(event.delivery, one(&success).delivery, "a success of the same transaction");
    assert_ne!(event.delivery, one(&again.replace("Alice", "Bob")).delivery);
}

#[test]
fn users_addresses_and_times_as_they_are_written() {
    let record = record("denied", "user_mistake", "duo_push");
    let user = |to: &str| record.replace(r#"{"groups":["Users"],"key":"DU1","name":"Alice"}"#, to);
    assert_eq!(one(&user(r#""Alice""#)).user, "alice");
    assert_eq!(one(&user("null")).user, "alice@example.com");
    let address = |to: &str| one(&record.replace(r#""192.0.2.7""#, to)).src_ip.map(|ip| ip.to_string());
    assert_eq!(address(r#"{"address":"192.0.2.8"}"#).as_deref(), Some("192.0.2.8"));
    assert_eq!(address(r#""192.0.2.8:4711""#).as_deref(), Some("192.0.2.8"));
    assert_eq!(address(r#""2001:db8::8#4711""#).as_deref(), Some("2001:db8::8"));
    assert_eq!(address("null"), None);
    assert_eq!(address(r#""0.0.0.0.0""#), None);
    let epoch = record.replace(r#""isotimestamp":"2026-03-01T09:00:00.123456+00:00","#, "");
    assert_eq!(one(&epoch).time.to_string(), "2026-03-01T09:00:00Z");
}

#[test]
fn the_older_version() {
    let old = r#"{"device":"555-0100","factor":"Duo Push","integration":"UNIX of Example","ip":"192.0.2.7","location":{"city":"x"},"new_enrollment":false,"reason":"User mistake","result":"FAILURE","timestamp":1772355600,"username":"Alice","eventtype":"authentication","host":"api-1.example.com"}"#;
    let event = one(old);
    assert_eq!(lines(old), ["2026-03-01T09:00:00Z denied alice 192.0.2.7"]);
    assert_eq!((&*event.application, event.delivery, &*event.transaction), ("UNIX of Example", None, ""));
}

#[test]
fn one_record_in_every_carrier() {
    let bare = record("denied", "no_response", "duo_push");
    let text = bare.replace('"', r#"\""#);
    let expected = ["2026-03-01T09:00:00.123456Z timeout alice 192.0.2.7"];
    for carried in [
        format!(r#"{{"eventtype":"auth_log",{}"#, &bare[1..]),
        format!("[{bare}]"),
        format!(r#"{{"message":"{text}"}}"#),
        format!(r#"{{"log":"{text}","stream":"stdout"}}"#),
        format!(r#"{{"event":{bare},"sourcetype":"duo"}}"#),
        format!("<134>1 2026-03-01T09:30:00Z log1 duologsync 7 - - {bare}"),
        format!("<134>Mar  1 09:30:00 log1 duologsync[7]: {bare}"),
        format!("2026-03-01T09:30:00Z log1 duologsync: {bare}"),
    ] {
        assert_eq!(lines(&carried), expected, "{carried}");
    }
    let columns = r#"{"TimeGenerated":"2026-03-01T09:20:00Z","isotimestamp_t":"2026-03-01T09:00:00.123456Z","timestamp_d":1772355600,"event_type_s":"authentication","result_s":"denied","reason_s":"no_response","factor_s":"duo_push","txid_g":"0a1b-1","user_name_s":"Alice","access_device_ip_s":"192.0.2.7","access_device_os_s":"Mac OS X","access_device_hostname_s":"mac-7","access_device_browser_s":"Chrome","application_name_s":"VPN of Example"}"#;
    let elastic = r#"{"@timestamp":"2026-03-01T09:00:00.123456Z","event":{"category":["authentication"],"outcome":"failure"},"cisco_duo":{"auth":{"access_device":{"ip":"192.0.2.7","hostname":"mac-7"},"application":{"name":"VPN of Example"},"event_type":"authentication","factor":"duo_push","reason":"no_response","result":"denied","txid":"0a1b-1"}},"user":{"name":"Alice"},"user_agent":{"name":"Chrome","os":{"name":"Mac OS X"}},"source":{"ip":"192.0.2.7"}}"#;
    let bare = one(&bare);
    for record in [columns, elastic] {
        assert_eq!(one(record), bare, "{record}");
    }
}

#[test]
fn no_record_in_the_middle_of_a_line() {
    let bare = record("denied", "no_response", "duo_push");
    for line in [
        format!("Mar  1 09:30:00 web1 app[7]: said {bare}"),
        format!("Mar  1 09:30:00 web1 {bare}"),
        format!("said {bare}"),
    ] {
        assert!(events(&line).is_empty(), "{line}");
    }
}

#[test]
fn telephone_calls() {
    let call = r#"{"context":"authentication","credits":1,"phone":"+1 555 0100","telephony_id":"t-1","ts":"2026-03-01T09:00:00+00:00","txid":"0a1b-1","type":"sms"}"#;
    let event = one(call);
    assert_eq!(lines(call), ["2026-03-01T09:00:00Z challenge  -"]);
    assert_eq!((&*event.transaction, &*event.method), ("0a1b-1", "sms"));
    assert_ne!(event.delivery, one(&record("denied", "user_mistake", "sms_passcode")).delivery);
    assert!(events(&call.replace("authentication", "enrollment")).is_empty());
}

#[test]
fn names_that_imitate_a_record_and_what_is_of_another_kind() {
    let name = r#"x\",\"result\":\"success\",\"reason\":\"user_approved\"}\n{"#;
    let event = one(&record("denied", "user_mistake", "duo_push").replace("Alice", name));
    assert_eq!(event.outcome.as_str(), "denied");
    assert!(event.user.starts_with("x\","));
    for record in [
        r#"{"txid":"1"}"#,
        r#"{"txid":1,"result":["success","success"]}"#,
        r#"{"txid":"0xabc","from":"wallet","result":"success","event_type":"transfer"}"#,
        r#"{"txid":"1","event_type":"authentication","result":"denied""#,
    ] {
        assert!(events(record).is_empty(), "{record}");
    }
    assert_eq!(one(r#"{"txid":77,"result":"denied","user":7,"timestamp":1e99}"#).user, "7");
}

proptest! {
    #[test]
    fn nothing_panics(edits in proptest::collection::vec(any::<(usize, u8)>(), 1..12)) {
        survives(&record("denied", "user_mistake", "duo_push"), &edits);
    }
}
