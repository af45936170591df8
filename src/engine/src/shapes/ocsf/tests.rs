use super::*;
use crate::stamp::Stamp;
use alloc::format;

fn read_one(record: &str) -> Option<(Event<'_>, Option<Stamp>)> {
    decode(&Object::new(record.as_bytes()).unwrap(), Given::UTC)
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
        (&*event.user_agent, event.logon_type, event.access, event.shape.as_str()),
        ("curl/8", Some(3), Access::Remote, "ocsf")
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
    let local = r#"{"class_uid":3002,"status_id":1,"is_remote":false,"time_dt":"2026-01-16T10:00:00Z","session.terminal":"/dev/tty1","actor":{"user":{"name":"bob"}},"device":{"hostname":"mac1","os":{"name":"macOS"}},"src_endpoint":{"name":"desk"}}"#;
    let (event, time) = read_one(local).unwrap();
    assert!(time.is_some());
    assert_eq!(
        (event.access, &*event.user, &*event.host, &*event.src_name),
        (Access::Local, "bob", "mac1", "desk")
    );
    assert_eq!(event.os, "macOS");
}

#[test]
fn worlds_by_product_log_and_system() {
    let said = |fields: &str| {
        read_one(&format!(r#"{{"class_uid":3002,"status_id":2,"user":{{"name":"Bob"}},{fields}}}"#))
            .map_or("none".into(), |(e, _)| format!("{} {}", e.provider, e.user))
    };
    for (fields, expected) in [
        (r#""x":1"#, "ocsf Bob"),
        (r#""metadata":{"product":{"name":"Okta System Log","vendor_name":"Okta"}}"#, "okta bob"),
        (r#""metadata":{"product":{"vendor_name":"Cisco Duo"}}"#, "duo bob"),
        (r#""metadata":{"product":{"name":"Microsoft Entra ID","vendor_name":"Microsoft"}}"#, "entra bob"),
        (r#""metadata.product.name":"Office 365""#, "m365 bob"),
        (r#""metadata":{"product":{"name":"Microsoft Windows"},"event_code":"4625"}"#, "windows bob"),
        (r#""metadata":{"log_provider":"Microsoft-Windows-Security-Auditing"}"#, "windows bob"),
        (r#""metadata":{"event_code":"4625","log_name":"Security"}"#, "windows bob"),
        (r#""metadata":{"event_code":"4625","log_name":"Application","log_provider":"x"}"#, "ocsf Bob"),
        (r#""metadata":{"product":{"name":"Windows"},"event_code":"4776"}"#, "none"),
        (r#""metadata":{"log_provider":"Microsoft-Windows-Kerberos"}"#, "none"),
        (r#""device":{"os":{"name":"Ubuntu 24.04","type":"Linux"}}"#, "linux Bob"),
        (r#""metadata":{"product":{"name":"sshd"}}"#, "linux Bob"),
        (r#""service":{"name":"sshd"},"metadata":{"product":{"name":"Some collector"}}"#, "linux Bob"),
        (r#""actor":{"process":{"name":"/usr/sbin/sshd"}}"#, "linux Bob"),
        (r#""user":{"email_addr":"B@example.org"}"#, "ocsf b@example.org"),
        (r#""user.domain":"example.org""#, "ocsf bob@example.org"),
        (r#""user":{"name":"Bob Roe","uid":"00u1"}"#, "ocsf 00u1"),
        (r#""metadata":{"product":{"name":"Okta"}},"unmapped":{"eventType":"policy.evaluate_sign_on"}"#, "none"),
        (r#""metadata":{"product":{"name":"Office 365"}},"status_code":"50140""#, "none"),
        (r#""device":{"os":{"type":"Windows"}},"metadata":{"product":{"name":"Some IdP"}}"#, "ocsf Bob"),
    ] {
        assert_eq!(said(fields), expected, "{fields}");
    }
}

#[test]
fn windows_logons() {
    let record = |fields: &str| {
        format!(
            r#"{{"class_uid":3002,"activity_id":1,"metadata":{{"event_code":"4625","uid":"u1","product":{{"name":"Microsoft Windows"}}}},"time":1772355600000,"status_code":"0xC000006D","unmapped":{{"SubStatus":"0xC000006A"}},"status_detail":"Unknown user name or bad password.",{fields}}}"#
        )
    };
    let whole = record(r#""user":{"name":"CORP\\Bob"},"logon_type_id":3,"src_endpoint":{"ip":"192.0.2.7"}"#);
    let (e, _) = read_one(&whole).unwrap();
    assert_eq!((e.outcome, &*e.user, &*e.domain, e.logon_type), (Outcome::Failure, "bob", "CORP", Some(3)));
    assert_eq!((&*e.status, &*e.reason, &*e.reason_text), ("0xc000006d", "0xc000006a", "wrong password"));
    assert!(e.delivery.is_some());
    for ignored in [
        r#""user.name":"SRV1$""#,
        r#""user.name":"bob","logon_type_id":1"#,
        r#""user.name":"bob","logon_type_id":5"#,
        r#""user.name":"bob","logon_type":"OS Service""#,
        r#""user.name":"bob","status_code":"0xC000010B""#,
    ] {
        assert!(read_one(&record(ignored)).is_none(), "{ignored}");
    }
    for (fields, kind) in [
        (r#""logon_type_id":0"#, None),
        (r#""logon_type_id":99,"logon_type":"Remote Interactive""#, Some(10)),
        (r#""logon_type":"Network Cleartext""#, Some(8)),
    ] {
        assert_eq!(read_one(&record(fields)).unwrap().0.logon_type, kind, "{fields}");
    }
}

#[test]
fn the_same_id_at_another_time_is_another_event() {
    let id = |time: u64, uid: &str| {
        let record =
            format!(r#"{{"class_uid":3002,"status_id":2,"time":{time},"metadata":{{"uid":"{uid}"}}}}"#);
        read_one(&record).unwrap().0.delivery
    };
    assert!(id(1_772_355_600_000, "a").is_some());
    assert_eq!(id(1_772_355_600_000, "a"), id(1_772_355_600_000, "a"));
    assert_ne!(id(1_772_355_600_000, "a"), id(1_772_355_600_001, "a"));
    assert_ne!(id(1_772_355_600_000, "a"), id(1_772_355_600_000, "b"));
    assert_eq!(id(1_772_355_600_000, ""), None);
}
