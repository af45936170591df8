use super::*;
use alloc::format;
use alloc::string::{String, ToString};

fn told(record: &str) -> String {
    let object = Object::new(record.as_bytes()).unwrap();
    let Some((e, time)) = decode(&object, Zone::UTC) else { return "none".into() };
    let ip = e.src_ip.map_or(e.src_name.to_string(), |ip| ip.to_string());
    let at = match time {
        Some(Stamp::At(at)) => at.to_rfc3339(),
        _ => "-".into(),
    };
    format!("{at} {} {} {} {ip} {} {}", e.outcome.as_str(), e.signal.as_str(), e.user, e.service, e.host)
}

#[test]
fn filebeat_nested_and_dotted() {
    let nested = r#"{"@timestamp":"2026-01-16T10:00:00.000Z","event":{"action":"ssh_login","category":["authentication","session"],"outcome":"failure","type":["info"]},"host":{"hostname":"web1"},"process":{"name":"sshd","pid":42},"source":{"address":"192.0.2.7","ip":"192.0.2.7","port":50122},"system":{"auth":{"ssh":{"event":"Failed","method":"password"}}},"user":{"name":"bob"}}"#;
    let dotted = r#"{"@timestamp":"2026-01-16T10:00:00Z","event.category":"authentication","event.outcome":"failure","host.name":"web1","process.name":"sshd","source.ip":["192.0.2.7"],"system.auth.ssh.event":"Failed","related":{"user":["bob","x"]}}"#;
    for record in [nested, dotted] {
        assert_eq!(told(record), "2026-01-16T10:00:00Z failure failed bob 192.0.2.7 sshd web1", "{record}");
    }
    let event = decode(&Object::new(nested.as_bytes()).unwrap(), Zone::UTC).unwrap().0;
    assert_eq!(
        (event.pid, &*event.method, event.origin, event.shape),
        (Some(42), "password", Origin::Remote, "ecs")
    );
}

#[test]
fn one_attempt_in_several_records() {
    let ssh = |fields: &str| {
        told(&format!(r#"{{"event":{{"category":"authentication"}},"user.name":"bob",{fields}}}"#))
    };
    assert!(ssh(r#""system.auth.ssh.event":"Accepted""#).contains("success attempt"));
    assert!(
        ssh(r#""system.auth.ssh.event":"Invalid","source.address":"host.example""#)
            .contains("failure weak bob host.example")
    );
    assert_eq!(ssh(r#""system.auth.ssh.event":"Failed","system.auth.ssh.method":"publickey""#), "none");
    assert_eq!(
        ssh(r#""system.auth.ssh.event":"Failed","system.auth.ssh.method":"none","event.outcome":"failure""#),
        "none"
    );
    let audit = |kind: &str, outcome: &str| {
        ssh(&format!(r#""event.outcome":"{outcome}","auditd":{{"message_type":"{kind}"}}"#))
    };
    assert!(audit("user_auth", "failure").contains("failure audit"));
    assert!(audit("user_login", "failure").contains("failure weak"));
    assert!(audit("user_login", "success").contains("success attempt"));
    assert_eq!(audit("cred_acq", "success"), "none");
}

#[test]
fn what_is_no_attempt() {
    for fields in [
        r#""event.outcome":"unknown""#,
        r#""x":1"#,
        r#""event.outcome":"success","event.type":["end"]"#,
        r#""event.outcome":"success","event.action":"logged-out""#,
        r#""event.outcome":"failure","winlog":{"channel":"Security"}"#,
        r#""event.outcome":"failure","event.provider":"Microsoft-Windows-Security-Auditing""#,
    ] {
        assert_eq!(told(&format!(r#"{{"user":{{"name":"bob"}},{fields}}}"#)), "none", "{fields}");
    }
    assert_eq!(told(r#"{"event.outcome":"failure""#), "none", "cut short");
    let sudo =
        r#"{"event.outcome":"failure","process":{"name":"sudo"},"user":"bob","user_agent":{"original":"x"}}"#;
    assert_eq!(decode(&Object::new(sudo.as_bytes()).unwrap(), Zone::UTC).unwrap().0.origin, Origin::Local);
}
