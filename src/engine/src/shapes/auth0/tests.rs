use super::super::testing::{events, one, survives, lines};
use proptest::prelude::*;
use std::format;
use std::string::String;

fn record(kind: &str) -> String {
    format!(
        r#"{{"date":"2026-03-01T09:00:00.123Z","type":"{kind}","description":"words","client_id":"c1","client_name":"Shop","ip":"192.0.2.7","user_agent":"Chrome 120 / Mac OS X 14.0.0","details":{{"type":"s","ip":"198.51.100.1"}},"user_id":"auth0|1","user_name":"Alice@Example.com","log_id":"90020260301","_id":"90020260301"}}"#
    )
}

#[test]
fn the_outcome_of_each_type() {
    for (kind, expected) in [
        ("gd_send_pn", "challenge"),
        ("gd_send_sms", "challenge"),
        ("gd_send_voice", "challenge"),
        ("gd_send_email", "challenge"),
        ("gd_auth_rejected", "denied"),
        ("gd_auth_succeed", "approved"),
        ("s", "success"),
        ("f", "failure"),
        ("fp", "failure"),
        ("fu", "failure"),
        ("gd_auth_failed", "failure"),
        ("gd_send_pn_failure", "-"),
        ("gd_start_auth", "-"),
        ("slo", "-"),
        ("ss", "-"),
        ("seacft", "-"),
        ("", "-"),
    ] {
        let events = events(&record(kind));
        assert_eq!(events.first().map_or("-", |event| event.outcome.as_str()), expected, "{kind}");
    }
}

#[test]
fn what_an_event_says() {
    let event = one(&record("gd_send_pn"));
    assert_eq!(
        lines(&record("gd_send_pn")),
        ["2026-03-01T09:00:00.123Z challenge auth0|1 192.0.2.7"]
    );
    assert_eq!((&*event.application, &*event.reason, &*event.reason_text), ("Shop", "gd_send_pn", "words"));
    assert_eq!((event.shape.as_str(), event.provider.as_str(), &*event.service), ("auth0", "auth0", "auth0"));
    assert!(event.delivery.is_some());
    // A push has only the id.
    let nameless = record("s").replace(r#""user_name":"Alice@Example.com","#, "");
    assert_eq!(one(&nameless).user, "auth0|1");
    let by_name = record("f").replace(r#""user_id":"auth0|1","#, "");
    assert_eq!(one(&by_name).user, "alice@example.com");
}

#[test]
fn one_record_in_every_carrier() {
    let bare = record("gd_auth_rejected");
    let stream = format!(r#"{{"log_id":"90020260301","data":{bare}}}"#);
    let expected = ["2026-03-01T09:00:00.123Z denied auth0|1 192.0.2.7"];
    for carried in [
        bare.clone(),
        format!("[{stream}]"),
        format!(r#"{{"detail-type":"Auth0 log","time":"2026-03-01T09:30:00Z","detail":{stream}}}"#),
        format!(r#"{{"detail":{{"data":{bare}}}}}"#),
        format!(r#"{{"event":{stream}}}"#),
        format!(r#"{{"message":"{}"}}"#, stream.replace('"', r#"\""#)),
        stream,
    ] {
        assert_eq!(lines(&carried), expected, "{carried}");
        assert_eq!(one(&carried).delivery, one(&bare).delivery);
    }
    let columns = r#"{"date_t":"2026-03-01T09:00:00.123Z","type_s":"gd_auth_rejected","log_id_s":"90020260301","ip_s":"192.0.2.7","user_id_s":"auth0|1","user_name_s":"Alice@Example.com"}"#;
    assert_eq!(lines(columns), expected);
    // The time as a data lake writes it: in UTC, without a zone.
    let lake = bare.replace("2026-03-01T09:00:00.123Z", "2026-03-01 09:00:00.123000000");
    assert_eq!(lines(&lake), expected);
}

#[test]
fn what_is_no_log_of_a_tenant() {
    for record in [
        r#"{"log_id":"1"}"#,
        r#"{"log_id":{"a":1},"type":["s","s"]}"#,
        r#"{"type":"s","user_name":"bob"}"#,
        r#"{"log_id":"1","type":"S"}"#,
    ] {
        assert!(events(record).is_empty(), "{record}");
    }
    let name = r#"x\",\"type\":\"s\",\"y\":\""#;
    assert_eq!(one(&record("fp").replace("Alice@Example.com", name)).outcome.as_str(), "failure");
}

proptest! {
    #[test]
    fn nothing_panics(edits in proptest::collection::vec(any::<(usize, u8)>(), 1..12)) {
        survives(&format!(r#"{{"log_id":"1","data":{}}}"#, record("fp")), &edits);
    }
}
