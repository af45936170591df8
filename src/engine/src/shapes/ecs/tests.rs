use super::*;
use crate::stamp::Stamp;
use alloc::format;
use alloc::string::{String, ToString};

fn lines(record: &str) -> String {
    let object = Object::new(record.as_bytes()).unwrap();
    let Some((e, time)) = decode(&object, Given::UTC) else { return "none".into() };
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
        assert_eq!(lines(record), "2026-01-16T10:00:00Z failure failed bob 192.0.2.7 sshd web1", "{record}");
    }
    let event = decode(&Object::new(nested.as_bytes()).unwrap(), Given::UTC).unwrap().0;
    assert_eq!(
        (event.pid, &*event.method, event.access, event.shape.as_str()),
        (Some(42), "password", Access::Remote, "ecs")
    );
}

#[test]
fn one_attempt_in_several_records() {
    let ssh = |fields: &str| {
        lines(&format!(r#"{{"event":{{"category":"authentication"}},"user.name":"bob",{fields}}}"#))
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
    assert!(audit("user_login", "failure").contains("failure audit-login"));
    assert!(audit("user_err", "failure").contains("failure weak"));
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
        r#""event.outcome":"failure","event.provider":"Microsoft-Windows-Kerberos""#,
        r#""event.outcome":"failure","event.provider":"Microsoft-Windows-Security-Auditing","event.code":4776"#,
        r#""event.outcome":"failure","event.dataset":"system.security","event.code":"4771""#,
    ] {
        assert_eq!(lines(&format!(r#"{{"user":{{"name":"bob"}},{fields}}}"#)), "none", "{fields}");
    }
    assert_eq!(lines(r#"{"event.outcome":"failure""#), "none", "cut short");
    let sudo =
        r#"{"event.outcome":"failure","process":{"name":"sudo"},"user":"bob","user_agent":{"original":"x"}}"#;
    assert_eq!(decode(&Object::new(sudo.as_bytes()).unwrap(), Given::UTC).unwrap().0.access, Access::Local);
}

fn event(fields: &str) -> Option<Event<'_>> {
    decode(&Object::new(fields.as_bytes()).unwrap(), Given::UTC).map(|(event, _)| event)
}

#[test]
fn worlds_by_module_data_set_provider_and_system() {
    let provider = |fields: &str| {
        let record = format!(r#"{{"event.outcome":"failure","user.name":"Bob",{fields}}}"#);
        event(&record).map_or("none".into(), |e| format!("{} {}", e.provider, e.user))
    };
    for (fields, said) in [
        (r#""x":1"#, "ecs Bob"),
        (r#""event":{"dataset":"system.auth","module":"system"}"#, "linux Bob"),
        (r#""event.module":"auditd""#, "linux Bob"),
        (r#""host":{"os":{"type":"linux","platform":"debian"}}"#, "linux Bob"),
        (r#""event.module":"system","host.os.family":"redhat""#, "linux Bob"),
        (r#""host":{"os":{"type":"macos"}}"#, "ecs Bob"),
        (r#""host":{"os":{"type":"windows"}}"#, "windows bob"),
        // Events that an agent on Linux fetched from elsewhere.
        (r#""event.dataset":"okta.system","event.action":"user.session.start","host.os.type":"linux""#, "okta bob"),
        (r#""event.module":"fortinet","host.os.type":"linux""#, "ecs Bob"),
        (r#""event.dataset":"fortinet_fortigate.log","host.os.type":"linux""#, "ecs Bob"),
        (r#""data_stream.dataset":"google_workspace.login","host.os.type":"linux""#, "ecs Bob"),
        (r#""observer":{"vendor":"Cisco"},"host.os.type":"linux""#, "ecs Bob"),
        (r#""data_stream.dataset":"generic","host.os.type":"linux""#, "linux Bob"),
        (r#""event.module":"system","event.dataset":"login","host.os.type":"linux""#, "linux Bob"),
        (r#""process.name":"sshd""#, "linux Bob"),
        (r#""process":{"name":"/usr/sbin/sshd-session"},"event.dataset":"my.logs""#, "linux Bob"),
        (r#""process.name":"nginx""#, "ecs Bob"),
        (r#""system.auth.ssh.method":"password""#, "linux Bob"),
        (r#""event.module":"cisco_duo""#, "duo bob"),
        (r#""event.dataset":"azure.signinlogs","event.module":"azure""#, "entra bob"),
        (r#""event":{"module":"o365","provider":"AzureActiveDirectory"}"#, "m365 bob"),
        (r#""data_stream":{"dataset":"system.security"}"#, "windows bob"),
        (r#""event.provider":"Microsoft-Windows-Security-Auditing""#, "windows bob"),
        (r#""event.code":"4625""#, "windows bob"),
        (r#""event.code":4625,"event.provider":"EventSystem""#, "ecs Bob"),
        (r#""event.code":"4625","event.module":"okta","event.action":"user.session.start""#, "okta bob"),
    ] {
        assert_eq!(provider(fields), said, "{fields}");
    }
}

#[test]
fn windows_without_winlog() {
    let record = |user: &str| {
        format!(
            r#"{{"@timestamp":"2026-03-01T09:00:00Z","event":{{"code":"4625","category":"authentication","provider":"Microsoft-Windows-Security-Auditing"}},"user":{{"name":"{user}","domain":"CORP"}},"source":{{"ip":"192.0.2.7"}},"error":{{"code":"0xC0000064"}}}}"#
        )
    };
    let whole = record("EMEA\\\\Bob");
    let e = event(&whole).unwrap();
    assert_eq!((&*e.user, &*e.domain, e.outcome), ("bob", "CORP", Outcome::Failure));
    assert_eq!((&*e.status, &*e.reason, &*e.reason_text), ("0xc0000064", "0xc0000064", "no such user"));
    for ignored in ["SRV1$", "ANONYMOUS LOGON", "DWM-3", "umfd-0"] {
        assert!(event(&record(ignored)).is_none(), "{ignored}");
    }
    assert!(event(&record("bob").replace("0xC0000064", "0xc000010b")).is_none());
    let success = record("Bob").replace("4625", "4624").replace("0xC0000064", "");
    assert_eq!(event(&success).map(|e| (e.outcome, e.reason)), Some((Outcome::Success, "".into())));
}

#[test]
fn ids_of_writers_that_are_known_to_be_unique() {
    let id = |fields: &str| {
        let record = format!(
            r#"{{"@timestamp":"2026-03-01T09:00:00.001Z","event.outcome":"failure","event.id":"a",{fields}}}"#
        );
        event(&record).unwrap().delivery
    };
    let okta = r#""event.module":"okta","event.action":"user.session.start""#;
    assert!(id(okta).is_some() && id(okta) == id(okta));
    assert_ne!(id(okta), id(&format!(r#"{okta},"event":{{"id":"b"}}"#)));
    assert_ne!(id(okta), id(&format!(r#"{okta},"@timestamp":"2026-03-01T09:00:00.002Z""#)));
    assert_eq!(id(r#""x":1"#), None);
}

#[test]
fn the_system_of_the_one_who_logged_in() {
    let os = |fields: &str| {
        let record = format!(
            r#"{{"event":{{"category":"authentication","outcome":"success"}},"user":{{"name":"bob"}},{fields}}}"#
        );
        decode(&Object::new(record.as_bytes()).unwrap(), Given::UTC).unwrap().0.os.to_string()
    };
    let agent = r#""host":{"os":{"type":"macos"}}"#;
    assert_eq!(os(agent), "macos");
    assert_eq!(os(&format!(r#"{agent},"event.module":"fortinet""#)), "", "that of a machine which collects");
    assert_eq!(os(&format!(r#"{agent},"user_agent":{{"os":{{"name":"Windows"}}}}"#)), "Windows");
    assert_eq!(os(r#""user_agent.os.name":"Mac OS X","event.module":"fortinet""#), "Mac OS X");
    assert_eq!(os(r#""user.id":"1""#), "");
}

#[test]
fn what_a_provider_calls_its_event_goes_before_the_outcome() {
    let said = |fields: &str| {
        let record = format!(
            r#"{{"event.category":"authentication","user.name":"jane","source.ip":"192.0.2.7",{fields}}}"#
        );
        event(&record).map_or("none".into(), |e| format!("{} {}", e.outcome.as_str(), e.user))
    };
    let okta = |kind: &str, outcome: &str| {
        said(&format!(
            r#""event":{{"dataset":"okta.system","action":"{kind}","outcome":"{outcome}"}},"okta":{{"event_type":"{kind}","actor":{{"alternate_id":"Jane@example.com"}}}}"#
        ))
    };
    for (kind, outcome, expected) in [
        ("user.session.start", "success", "success jane@example.com"),
        ("user.session.start", "failure", "failure jane@example.com"),
        ("policy.evaluate_sign_on", "success", "none"),
        ("user.authentication.sso", "success", "none"),
        ("application.user_membership.add", "success", "none"),
        ("user.authentication.auth_via_AD_agent", "failure", "none"),
        ("user.authentication.auth_via_mfa", "success", "approved jane@example.com"),
        ("user.authentication.auth_via_mfa", "failure", "timeout jane@example.com"),
    ] {
        assert_eq!(okta(kind, outcome), expected, "{kind} {outcome}");
    }
    for (fields, expected) in [
        // The action replaces a missing type. An outcome alone says nothing.
        (r#""event.module":"okta","event.action":"user.session.start","event.outcome":"success""#, "success jane"),
        (r#""event.module":"okta","event.outcome":"success""#, "none"),
        (r#""event.module":"cisco_duo","event.outcome":"failure","cisco_duo.auth.result":"denied""#, "denied jane"),
        (r#""event.module":"azure","event.dataset":"azure.signinlogs","event.outcome":"success","error.code":"50126""#, "failure jane"),
        (r#""event.dataset":"azure.signinlogs","event.outcome":"failure","error.code":50140"#, "none"),
        (r#""event.dataset":"o365.audit","event.outcome":"success","event.action":"UserLoginFailed""#, "failure jane"),
        (r#""event.dataset":"o365.audit","event.outcome":"success","event.action":"UserLoggedIn""#, "success jane"),
    ] {
        assert_eq!(said(fields), expected, "{fields}");
    }
}

#[test]
fn accounts_by_address_and_by_the_audit_log() {
    let user = |fields: &str| {
        let record = format!(r#"{{"event":{{"category":"authentication","outcome":"failure"}},{fields}}}"#);
        event(&record).map_or("none".into(), |e| e.user.into_owned())
    };
    for (fields, expected) in [
        (r#""user":{"name":"John Doe","email":"jd@example.com"}"#, "jd@example.com"),
        (r#""user":{"name":"jane","domain":"example.org"}"#, "jane@example.org"),
        (r#""user":{"name":"jane"}"#, "jane"),
        (r#""user":{"name":"jane","email":"jane@example.org"},"process.name":"sshd""#, "jane"),
        (r#""user":{"name":"root"},"auditd":{"message_type":"user_login","data":{"acct":"john"}}"#, "john"),
        (r#""user":{"name":"root"},"auditd":{"message_type":"user_auth","data":{"acct":"root"}}"#, "root"),
        (r#""user":{"name":"root"},"auditd":{"message_type":"user_login","data":{"acct":"(invalid user)"}}"#, ""),
        (r#""user":{"name":"root"},"auditd":{"message_type":"user_login","data":{"id":"1000"}}"#, ""),
        (r#""user":{"name":"root","audit":{"name":"ubuntu"}},"auditd":{"message_type":"user_login"}"#, "ubuntu"),
        (r#""user":{"name":"root"},"auditd":{"message_type":"user_login","data":{"id":"0"}}"#, "root"),
    ] {
        assert_eq!(user(fields), expected, "{fields}");
    }
}
