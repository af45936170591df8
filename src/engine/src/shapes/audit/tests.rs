use super::*;
use crate::analytic::{Reads, Telemetry};
use crate::decode::trial;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use proptest::prelude::*;

struct Reading;

impl Reads for Reading {
    const TELEMETRY: Telemetry = Telemetry::AUDIT.and(Telemetry::ENTRA).and(Telemetry::NORMALISED);
}

fn events(record: &str) -> Vec<Event<'static>> {
    trial::events::<Reading>(record)
}

fn lines(record: &str) -> Vec<String> {
    let show = |e: Event<'_>| {
        let address = e.src_ip.map_or("-".into(), |a| format!("{a}"));
        format!("{} {} {} {address} {} {}", e.time, e.outcome.as_str(), e.user, e.reason, e.shape)
    };
    events(record).into_iter().map(show).collect()
}

const FAILED: &str = r#"{"CreationTime":"2026-03-01T10:00:00","Id":"11111111-0000-4000-8000-00000000000a","Operation":"UserLoginFailed","RecordType":15,"ResultStatus":"Success","UserType":0,"Version":1,"Workload":"AzureActiveDirectory","ClientIP":"192.0.2.1","ObjectId":"r-1","UserId":"Bob@Example.com","ExtendedProperties":[{"Name":"ResultStatusDetail","Value":"Success"},{"Name":"UserAgent","Value":"Mozilla/5.0"},{"Name":"RequestType","Value":"OAuth2:Token"}],"ActorIpAddress":"192.0.2.9","InterSystemsId":"C1A2B3C4-0000-4000-8000-000000000001","ApplicationId":"a-1","DeviceProperties":[{"Name":"OS","Value":"MacOs"},{"Name":"DisplayName","Value":"mac-7"}],"ErrorNumber":"50126","LogonError":"InvalidUserNameOrPassword"}"#;

#[test]
fn a_failure_whatever_its_status() {
    assert_eq!(lines(FAILED), ["2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 audit-log"]);
    let e = events(FAILED).remove(0);
    assert_eq!(
        (&*e.user_agent, &*e.os, &*e.device, &*e.application, &*e.service, &*e.reason_text, e.provider.as_str()),
        ("Mozilla/5.0", "MacOs", "mac-7", "a-1", "r-1", "InvalidUserNameOrPassword", "m365")
    );
    assert_eq!(&*e.transaction, "c1a2b3c4-0000-4000-8000-000000000001");
    // The sign-in log has the same sign-in with the same id.
    let sign_in = r#"{"id":"11111111-0000-4000-8000-00000000000A","userPrincipalName":"b","status":{"errorCode":50126}}"#;
    assert_eq!(events(sign_in).remove(0).delivery, e.delivery);
}

#[test]
fn codes_and_operations() {
    let of = |operation: &str, code: &str| {
        let record = FAILED.replace("UserLoginFailed", operation).replace(r#""ErrorNumber":"50126","#, code);
        // A successful login has no error text.
        let words = r#","LogonError":"InvalidUserNameOrPassword""#;
        let record = if operation == "UserLoggedIn" { record.replace(words, "") } else { record };
        events(&record).first().map(|e| (e.outcome, e.credential))
    };
    let (failed, good) = ("UserLoginFailed", "UserLoggedIn");
    let failure = Some((Outcome::Failure, false));
    assert_eq!(of(failed, r#""ErrorNumber":50126,"#), failure);
    assert_eq!(of(failed, ""), failure, "the oldest entries have no number");
    assert_eq!(of(failed, r#""ErrorNumber":"","#), failure);
    assert_eq!(of(failed, r#""ErrorNumber":"0","#), None);
    assert_eq!(of(failed, r#""ErrorNumber":"50072","#), None);
    assert_eq!(of(failed, r#""ErrorNumber":"x","#), None);
    assert_eq!(of(failed, r#""ErrorNumber":"50074","#), Some((Outcome::Challenge, true)));
    assert_eq!(of(failed, r#""ErrorNumber":"500121","#), Some((Outcome::Denied, true)));
    assert_eq!(of(good, r#""ErrorNumber":"0","#), Some((Outcome::Success, false)));
    assert_eq!(of(good, ""), Some((Outcome::Success, false)));
    assert_eq!(of(good, r#""ErrorNumber":"50140","#), None, "keep me signed in?");
    assert_eq!(of("MailItemsAccessed", ""), None);
    assert_eq!(of("UserLoggedIn2", ""), None);
    assert!(lines(&FAILED.replace("AzureActiveDirectory", "Exchange")).is_empty());
}

#[test]
fn wrapped_as_exports_do() {
    let escaped = FAILED.replace('"', "\\\"");
    for record in [
        format!(
            r#"{{"RecordType":"AzureActiveDirectoryStsLogon","CreationDate":"3/1/2026 10:00:00 AM","UserIds":"Bob@Example.com","Operations":"UserLoginFailed","AuditData":"{escaped}","ResultIndex":1}}"#
        ),
        format!(
            r#"{{"RecordId":"r","CreationDate":"2026-03-01T11:00:00Z","RecordType":"15","Operation":"UserLoginFailed","UserId":"other","AuditData":"{escaped}"}}"#
        ),
        format!(r#"{{"Operation":"UserLoginFailed","AuditData":{FAILED}}}"#),
        format!(
            r#"{{"@odata.type":"x","id":"q","createdDateTime":"2026-03-01T11:00:00Z","userPrincipalName":"other","operation":"UserLoginFailed","auditData":{FAILED}}}"#
        ),
        format!("[{FAILED}]"),
        format!(r#"{{"records":[{FAILED}]}}"#),
        format!(r#"{{"value":[{FAILED}]}}"#),
        format!(r#"{{"message":"{escaped}","agent":{{"type":"filebeat"}}}}"#),
        format!(r#"{{"log":"{escaped}","stream":"stdout","time":"2026-03-01T11:00:00Z"}}"#),
    ] {
        assert_eq!(lines(&record), lines(FAILED), "{record}");
        assert_eq!(events(&record)[0].delivery, events(FAILED)[0].delivery);
    }
}

#[test]
fn elastic_and_columns() {
    let elastic = r#"{"@timestamp":"2026-03-01T10:00:00.000Z","o365":{"audit":{"CreationTime":"2026-03-01T10:00:00","UserId":"Bob@Example.com","ErrorNumber":"50126","LogonError":"Invalid","ExtendedProperties":{"UserAgent":"x","RequestType":"Login:login"},"DeviceProperties":{"OS":"MacOs"},"ApplicationId":"a-1","InterSystemsId":"t-1","ResultStatus":"Failed"}},"event":{"category":["web","authentication"],"outcome":"failure","action":"UserLoginFailed","id":"11111111-0000-4000-8000-00000000000a","provider":"AzureActiveDirectory","code":"AzureActiveDirectoryStsLogon"},"source":{"ip":"192.0.2.1"},"client":{"ip":"192.0.2.1"},"user":{"name":"bob","id":"Bob@Example.com"},"user_agent":{"original":"Mozilla/5.0"},"host":{"name":"example.com"}}"#;
    assert_eq!(lines(elastic), lines(FAILED));
    let e = events(elastic).remove(0);
    assert_eq!((&*e.user_agent, &*e.os, e.delivery), ("Mozilla/5.0", "MacOs", events(FAILED)[0].delivery));
    let columns = r#"{"TimeGenerated":"2026-03-01T10:00:00Z","Operation":"UserLoggedIn","OfficeWorkload":"AzureActiveDirectory","UserId":"bob@example.com","ClientIP":"[2001:db8::1]:443","OfficeId":"i-1","UserAgent":"x","ResultStatus":"Succeeded","ExtendedProperties":"[{\"Name\":\"UserAgent\",\"Value\":\"Mozilla/5.0\"}]"}"#;
    assert_eq!(lines(columns), ["2026-03-01T10:00:00Z success bob@example.com 2001:db8::1  audit-log"]);
    assert_eq!(&*events(columns)[0].user_agent, "Mozilla/5.0");
}

#[test]
fn columns_in_lower_case() {
    let row = r#"{"creationtime":"2026-03-01T10:00:00","id":"11111111-0000-4000-8000-00000000000a","operation":"UserLoginFailed","workload":"AzureActiveDirectory","clientip":"192.0.2.1","userid":"Bob@Example.com","errornumber":"50126"}"#;
    assert_eq!(lines(row), lines(FAILED));
    assert_eq!(events(row)[0].delivery, events(FAILED)[0].delivery);
    assert!(lines(&row.replace("UserLoginFailed", "FileAccessed")).is_empty());
}

#[test]
fn addresses_and_users_as_they_come() {
    let ip = |ip: &str| events(&FAILED.replace("192.0.2.1", ip))[0].src_ip.map(|ip| format!("{ip}"));
    assert_eq!(ip("192.0.2.7:8085").as_deref(), Some("192.0.2.7"));
    assert_eq!(ip("::ffff:192.0.2.7").as_deref(), Some("192.0.2.7"));
    assert_eq!(ip("").as_deref(), Some("192.0.2.9"), "the actor's");
    assert_eq!(&*events(&FAILED.replace("Bob@Example.com", "Not Available"))[0].user, "");
    let forged =
        FAILED.replace("Bob@Example.com", r#"x\",\"Operation\":\"UserLoggedIn\",\"ErrorNumber\":\"0"#);
    assert_eq!(events(&forged)[0].outcome, Outcome::Failure);
}

proptest! {
    #[test]
    fn no_mutation_panics(at in 0usize..2000, bytes in proptest::collection::vec(any::<u8>(), 0..12), keep in any::<bool>(), wrap in any::<bool>()) {
        let escaped = FAILED.replace('\\', "\\\\").replace('"', "\\\"");
        let record = if wrap { format!(r#"{{"Operation":"UserLoginFailed","AuditData":"{escaped}"}}"#) } else { FAILED.into() };
        let record = record.as_bytes();
        let at = at % record.len();
        let after = if keep { at } else { (at + bytes.len()).min(record.len()) };
        let mutated = [&record[..at], &bytes, &record[after..]].concat();
        if let Some(object) = Object::new(&mutated) {
            let _ = decode(&object, Given::UTC);
        }
    }
}

#[test]
fn a_logon_error_is_no_success() {
    let of = |code: &str, words: &str| {
        let record = FAILED.replace("UserLoginFailed", "UserLoggedIn");
        let record = record.replace(r#""ErrorNumber":"50126","#, code).replace("InvalidUserNameOrPassword", words);
        events(&record).first().map(|e| e.outcome)
    };
    for code in ["", r#""ErrorNumber":"0","#] {
        for words in ["None", "none", ""] {
            assert_eq!(of(code, words), Some(Outcome::Success), "{code} {words}");
        }
        for words in ["BlockedByConditionalAccess", "UserAccountDeleted", "InvalidUserNameOrPassword"] {
            assert_eq!(of(code, words), None, "{code} {words}");
        }
    }
    assert_eq!(of(r#""ErrorNumber":"50126","#, "UserAccountDeleted"), Some(Outcome::Failure), "the code tells");
}

#[test]
fn changes_of_accounts() {
    let record = |operation: &str, object: &str| {
        format!(
            r#"{{"CreationTime":"2026-03-01T10:00:00","Id":"a-1","Operation":"{operation}","ResultStatus":"Success","UserId":"root@example.com","ObjectId":"{object}","Workload":"AzureActiveDirectory"}}"#
        )
    };
    let says = |record: &str| {
        let events = events(record);
        events.first().map_or_else(|| "-".into(), |e| format!("{} {} {}", e.outcome.as_str(), e.method, e.user))
    };
    for (operation, method) in [
        ("Reset user password.", "password"),
        ("Change user password.", "password"),
        ("Add member to role.", "rights"),
        ("Disable account.", "disable"),
        ("User registered security info.", "factor"),
    ] {
        assert_eq!(says(&record(operation, "Bob@example.com")), format!("changed {method} bob@example.com"));
    }
    assert_eq!(says(&record("Update user.", "bob@example.com")), "-");
    assert_eq!(says(&record("Reset user password.", "Not Available")), "-");
    assert_eq!(says(&record("Reset user password.", "bob@example.com").replace("AzureActiveDirectory", "Exchange")), "-");
}
