use super::*;
use alloc::format;

fn read_one(record: &str) -> Option<(Event<'_>, Option<Stamp>)> {
    decode(&Object::new(record.as_bytes()).unwrap(), Zone::UTC)
}

#[test]
fn a_logon() {
    let record = r#"{"class_uid":3002,"activity_id":1,"status_id":2,"status":"Failure","status_code":"BAD","status_detail":"wrong password","time":1768557600123,"user":{"name":"bob","domain":"corp"},"src_endpoint":{"ip":"::ffff:192.0.2.7","port":5},"dst_endpoint":{"hostname":"web1"},"auth_protocol":"password","http_request":{"user_agent":"curl/8"},"service":{"name":"sshd"},"is_remote":true,"session":{"terminal":"ssh"},"logon_type_id":3}"#;
    let (event, time) = read_one(record).unwrap();
    assert_eq!(time, Some(Stamp::At(crate::time::Timestamp(1_768_557_600_123_000))));
    assert_eq!(event.outcome, Outcome::Failure);
    assert_eq!(
        (&*event.user, &*event.domain, &*event.host, &*event.service),
        ("bob", "corp", "web1", "sshd")
    );
    assert_eq!(event.src_ip.unwrap(), core::net::IpAddr::from([192, 0, 2, 7]));
    assert_eq!((&*event.reason, &*event.reason_text, &*event.method), ("BAD", "wrong password", "password"));
    assert_eq!(
        (&*event.user_agent, event.logon_type, event.origin, event.shape),
        ("curl/8", Some(3), Origin::Remote, "ocsf")
    );
}

#[test]
fn status_activity_and_origin() {
    let outcome =
        |fields: &str| read_one(&format!(r#"{{"class_uid":3002,{fields}}}"#)).map(|(event, _)| event.outcome);
    assert_eq!(outcome(r#""activity_id":1,"status_id":1"#), Some(Outcome::Success));
    assert_eq!(outcome(r#""activity_id":"1","status":"success","status_id":0"#), Some(Outcome::Success));
    assert_eq!(outcome(r#""activity_name":"Logon","status":"Failure""#), Some(Outcome::Failure));
    assert_eq!(outcome(r#""activity_id":2,"activity_name":"Logon","status_id":1"#), None);
    assert_eq!(outcome(r#""activity_id":1,"status_id":99"#), None);
    assert!(read_one(r#"{"class_uid":3001,"activity_id":1,"status_id":1}"#).is_none());
    let local = r#"{"class_uid":3002,"status_id":1,"is_remote":false,"time_dt":"2026-01-16T10:00:00Z","session.terminal":"/dev/tty1","actor":{"user":{"name":"bob"}},"device":{"hostname":"mac1"},"src_endpoint":{"name":"desk"}}"#;
    let (event, time) = read_one(local).unwrap();
    assert!(time.is_some());
    assert_eq!(
        (event.origin, &*event.user, &*event.host, &*event.src_name),
        (Origin::Local, "bob", "mac1", "desk")
    );
}
