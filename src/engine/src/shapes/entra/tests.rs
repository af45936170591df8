use super::*;
use crate::analytic::{Reads, Telemetry};
use crate::decode::trial;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proptest::prelude::*;

struct Reading;

impl Reads for Reading {
    const TELEMETRY: Telemetry = Telemetry::ENTRA.and(Telemetry::NORMALISED);
}

/// Passes each event to `sink`. Returns true if the record was well-formed.
fn each(record: &str, sink: &mut dyn FnMut(&Event<'_>)) -> bool {
    let read = trial::read(&mut trial::decoder::<Reading>(), record);
    read.events.iter().for_each(sink);
    !read.malformed
}

/// Each event as `time outcome user address code shape`.
fn lines(record: &str) -> Vec<String> {
    let mut events = Vec::new();
    let whole = each(record, &mut |e| {
        let address = e.src_ip.map_or("-".into(), |a| a.to_string());
        events.push(format!(
            "{} {} {} {address} {} {}",
            e.time,
            e.outcome.as_str(),
            e.user,
            e.reason,
            e.shape.as_str()
        ));
    });
    assert!(whole, "{record}");
    events
}

fn one(record: &str) -> Event<'static> {
    let mut events = Vec::new();
    assert!(each(record, &mut |e| events.push(e.clone().into_owned())));
    assert_eq!(events.len(), 1, "{record}");
    events.remove(0)
}

const COLUMNS: &str = r#"{"TimeGenerated":"2026-03-01T10:05:00Z","CreatedDateTime":"2026-03-01T10:00:00.1234567Z","OperationName":"Sign-in activity","Category":"SignInLogs","ResultType":"50126","ResultDescription":"Invalid username or password.","CorrelationId":"C1A2B3C4-0000-4000-8000-000000000001","Resource":"Microsoft.aadiam","AppDisplayName":"Azure Portal","AuthenticationDetails":"[\n {\"authenticationMethod\":\"Password\",\"succeeded\":false,\"authenticationStepResultDetail\":\"Invalid username or password\"}]","DeviceDetail":"{\"operatingSystem\":\"MacOs\",\"deviceId\":\"d-1\",\"browser\":\"Safari\"}","IsInteractive":"TRUE","Id":"11111111-0000-4000-8000-00000000000A","IPAddress":"2001:db8::7","ResourceDisplayName":"Windows Azure Service Management API","Status":"{\"errorCode\":50126,\"failureReason\":\"Invalid username or password.\",\"additionalDetails\":\"Advice.\"}","UserAgent":"Mozilla/5.0","UserPrincipalName":"Bob@Example.com","Type":"SigninLogs"}"#;
const GRAPH: &str = r#"{"id":"11111111-0000-4000-8000-00000000000a","createdDateTime":"2026-03-01T10:00:00Z","userPrincipalName":"bob@example.com","appDisplayName":"Graph explorer","ipAddress":"192.0.2.1","clientAppUsed":"Browser","userAgent":null,"correlationId":"c1a2b3c4-0000-4000-8000-000000000001","isInteractive":true,"resourceDisplayName":"Microsoft Graph","status":{"errorCode":50126,"failureReason":"Invalid.","additionalDetails":null},"deviceDetail":{"deviceId":"","displayName":null,"operatingSystem":"Windows 10"},"location":{"city":"Redmond"}}"#;
const HUB_RECORD: &str = r#"{"time":"2026-03-01T10:09:00Z","operationName":"Sign-in activity","category":"NonInteractiveUserSignInLogs","resultType":"50126","callerIpAddress":"192.0.2.9","correlationId":"c1a2b3c4-0000-4000-8000-000000000001","Level":4,"properties":{"id":"11111111-0000-4000-8000-00000000000a","createdDateTime":"2026-03-01T10:00:00+00:00","userPrincipalName":"bob@example.com","ipAddress":"192.0.2.1","status":{"errorCode":50126,"failureReason":"Invalid."},"deviceDetail":{"operatingSystem":"Windows 10"},"isInteractive":false}}"#;
const PORTAL: &str = r#"{"Date (UTC)":"2026-03-01T10:00:00Z","Request ID":"11111111-0000-4000-8000-00000000000a","User agent":"Mozilla/5.0","Correlation ID":"c1a2b3c4-0000-4000-8000-000000000001","User ID":"u-1","User":"Bob","Username":"bob@example.com","Application":"Azure Portal","Resource":"Azure","IP address":"192.0.2.1","Status":"Failure","Sign-in error code":"50126","Failure reason":"Invalid.","Client app":"Browser","Device ID":"d-1","Operating System":"Windows10"}"#;
const ELASTIC: &str = r#"{"@timestamp":"2026-03-01T10:09:00Z","event":{"category":["authentication"],"outcome":"failure","id":"x","original":"{\"time\":\"2026-03-01T10:00:00Z\"}"},"message":"Invalid username","source":{"ip":"192.0.2.1","address":"192.0.2.1"},"user":{"name":"bob","domain":"example.com"},"azure":{"correlation_id":"c1a2b3c4-0000-4000-8000-000000000001","signinlogs":{"operation_name":"Sign-in activity","category":"SignInLogs","result_type":"50126","properties":{"id":"11111111-0000-4000-8000-00000000000a","created_at":"2026-03-01T05:00:00.00-05:00","user_principal_name":"bob@example.com","is_interactive":true,"status":{"error_code":50126},"device_detail":{"operating_system":"MacOs"}}}}}"#;

#[test]
fn each_shape() {
    for (record, expected) in [
        (COLUMNS, "2026-03-01T10:00:00.123456Z failure bob@example.com 2001:db8::7 50126 sign-in-logs"),
        (GRAPH, "2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 graph-sign-in"),
        (HUB_RECORD, "2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 entra-diagnostic"),
        (PORTAL, "2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 portal-export"),
        (ELASTIC, "2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 entra-diagnostic"),
    ] {
        assert_eq!(lines(record), [expected], "{record}");
    }
    let e = one(COLUMNS);
    assert_eq!(
        (
            &*e.application,
            &*e.service,
            &*e.os,
            &*e.device,
            &*e.user_agent,
            &*e.reason_text,
            e.provider.as_str(),
            &*e.host
        ),
        (
            "Azure Portal",
            "Windows Azure Service Management API",
            "MacOs",
            "d-1",
            "Mozilla/5.0",
            "Invalid username or password.",
            "entra",
            ""
        )
    );
    assert_eq!((&*one(PORTAL).os, &*one(PORTAL).application), ("Windows10", "Azure Portal"));
    assert_eq!(&*one(HUB_RECORD).os, "Windows 10");
}

#[test]
fn one_sign_in_is_one_in_every_shape() {
    let first = one(COLUMNS);
    assert!(first.delivery.is_some());
    for record in [GRAPH, HUB_RECORD, PORTAL, ELASTIC] {
        let e = one(record);
        assert_eq!((e.delivery, &e.transaction), (first.delivery, &first.transaction), "{record}");
    }
    let zeros = GRAPH.replace("11111111-0000-4000-8000-00000000000a", "00000000-0000-0000-0000-000000000000");
    assert_eq!(one(&zeros).delivery, None);
    assert_eq!(
        &*one(&zeros.replace("c1a2b3c4", "00000000").replace("-4000-8000-000000000001", "")).transaction,
        ""
    );
}

#[test]
fn properties_held_in_a_string_and_batches() {
    let (head, tail) = HUB_RECORD.split_once(r#""properties":"#).unwrap();
    let escaped = tail.strip_suffix('}').unwrap().replace('"', "\\\"");
    let held = format!(r#"{head}"properties":"{escaped}"}}"#);
    assert_eq!(lines(&held), lines(HUB_RECORD));
    for batch in [
        format!(r#"{{"records":[{HUB_RECORD},{held}]}}"#),
        format!(r#"{{"@odata.context":"x","value":[{GRAPH},{GRAPH}]}}"#),
        format!("[{COLUMNS},{PORTAL}]"),
        format!(r#"{{"records":[{{"records":[{HUB_RECORD}]}},{ELASTIC}]}}"#),
    ] {
        assert_eq!(lines(&batch).len(), 2, "{batch}");
    }
    let message = format!(r#"{{"message":"{}","host":"agent"}}"#, GRAPH.replace('"', "\\\""));
    assert_eq!(lines(&message), lines(GRAPH));
}

#[test]
fn columns_as_exports_rename_them() {
    let renamed = COLUMNS
        .replace(
            "\"CreatedDateTime\":\"2026-03-01T10:00:00.1234567Z\"",
            "\"CreatedDateTime [UTC]\":\"3/1/2026, 10:00:00.123 AM\"",
        )
        .replace(
            "\"TimeGenerated\":\"2026-03-01T10:05:00Z\"",
            "\"TimeGenerated [UTC]\":\"3/1/2026, 10:05:00.000\u{202f}AM\"",
        )
        .replace("\"Status\"", "\"Status_dynamic\":\"\",\"Status_string\"")
        .replace("\"DeviceDetail\"", "\"DeviceDetail_string\"");
    assert_eq!(
        lines(&renamed),
        ["2026-03-01T10:00:00.123Z failure bob@example.com 2001:db8::7 50126 sign-in-logs"]
    );
    assert_eq!(&*one(&renamed).os, "MacOs");
    let stored = renamed.replace("CreatedDateTime [UTC]", "Other");
    assert_eq!(
        lines(&stored),
        ["2026-03-01T10:05:00Z failure bob@example.com 2001:db8::7 50126 sign-in-logs"]
    );
    // Custom tables, with Graph's objects flattened.
    let custom = r#"{"TimeGenerated":"2026-03-01T10:05:00Z","createdDateTime_t":"2026-03-01T10:00:00Z","userPrincipalName_s":"bob@example.com","ipAddress_s":"192.0.2.1:443","status_errorCode_d":50126,"isInteractive_b":true,"id_g":"g-1","deviceDetail_operatingSystem_s":"Ios"}"#;
    assert_eq!(lines(custom), ["2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 graph-sign-in"]);
    assert_eq!(&*one(custom).os, "Ios");
    // Objects of PowerShell.
    let shell = r#"{"CreatedDateTime":"\/Date(1772359200000)\/","UserPrincipalName":"bob@example.com","IPAddress":"192.0.2.1","Status":{"ErrorCode":50126,"FailureReason":"x"},"IsInteractive":true}"#;
    assert_eq!(lines(shell), ["2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 graph-sign-in"]);
    // A stream of Defender XDR, which adds the time of publication, and its answers to queries.
    let hunting = r#"{"Timestamp":"2026-03-01T10:00:00Z","AccountUpn":"bob@example.com","IPAddress":"192.0.2.1","ErrorCode":50126,"LogonType":"[\"interactiveUser\"]"}"#;
    for record in [
        String::from(hunting),
        format!(
            r#"{{"time":"2026-03-01T10:09:00Z","operationName":"Publish","category":"AdvancedHunting-AADSignInEventsBeta","properties":{hunting}}}"#
        ),
        format!(r#"{{"Schema":[{{"Name":"Timestamp"}}],"Results":[{hunting}]}}"#),
    ] {
        let said = lines(&record);
        assert_eq!(said.len(), 1, "{record}");
        assert!(said[0].starts_with("2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 "), "{said:?}");
    }
    // Dotted names.
    let dotted = r#"{"@timestamp":"2026-03-01T10:00:00Z","azure.signinlogs.result_type":"50126","azure.signinlogs.properties.user_principal_name":"bob@example.com","source.ip":"192.0.2.1"}"#;
    assert_eq!(lines(dotted), ["2026-03-01T10:00:00Z failure bob@example.com 192.0.2.1 50126 sign-in-logs"]);
}

#[test]
fn who_signed_in() {
    let success = COLUMNS.replace("50126", "0").replace(
        r#"\"succeeded\":false,\"authenticationStepResultDetail\":\"Invalid username or password\""#,
        "DETAIL",
    );
    let says = |interactive: &str, steps: &str, detail: &str| {
        let record = success
            .replace(r#""IsInteractive":"TRUE","#, interactive)
            .replace(r#"{\"authenticationMethod\":\"Password\",DETAIL}"#, &steps.replace('"', "\\\""))
            .replace("Advice.", detail);
        lines(&record).first().map(|lines| lines.split(' ').nth(1).unwrap_or_default().to_string())
    };
    let typed = r#"{"authenticationMethod":"Password","succeeded":true,"authenticationStepResultDetail":""}"#;
    let claim = r#"{"authenticationMethod":"Previously satisfied","succeeded":true,"authenticationStepResultDetail":"First factor requirement satisfied by claim in the token"}"#;
    let mfa_claim = r#"{"authenticationMethod":"","succeeded":true,"authenticationStepResultDetail":"MFA requirement satisfied by claim in the token"}"#;
    let both = format!("{typed},{mfa_claim}");
    let said = "MFA requirement satisfied by claim in the token";
    let (yes, no) = (r#""IsInteractive":"true","#, r#""IsInteractive":"False","#);
    for (interactive, steps, detail, counts) in [
        (yes, typed, "", true),
        (yes, "", "", true),
        (yes, "", said, true),
        (yes, claim, said, true),
        (no, "", "", false),
        (no, claim, said, false),
        (no, mfa_claim, said, false),
        (no, typed, "", true),
        // The password was typed, the second factor came from a token.
        (no, &both, said, true),
        ("", &both, said, true),
        ("", "", "", true),
        ("", "", said, false),
        ("", claim, "", false),
    ] {
        let expected = counts.then(|| "success".to_string());
        assert_eq!(says(interactive, steps, detail), expected, "{interactive} {steps} {detail}");
    }
    let hub = HUB_RECORD.replace("50126", "0").replace(r#","isInteractive":false"#, "");
    assert!(lines(&hub).is_empty(), "its category says so");
    assert_eq!(lines(&hub.replace("NonInteractiveUserS", "S")).len(), 1);
    let kinds = GRAPH
        .replace(r#""isInteractive":true"#, r#""signInEventTypes":["nonInteractiveUser"]"#)
        .replace("50126", "0");
    assert!(lines(&kinds).is_empty());
}

#[test]
fn second_factors() {
    let of = |code: &str, detail: &str| {
        let e = one(&GRAPH
            .replace("50126", code)
            .replace(r#""additionalDetails":null"#, &format!(r#""additionalDetails":"{detail}""#)));
        (e.outcome, e.credential, e.reason_text.into_owned())
    };
    assert_eq!(of("50074", ""), (Outcome::Challenge, true, "Invalid.".into()));
    assert_eq!(of("53003", ""), (Outcome::Stopped, true, "Invalid.".into()));
    assert_eq!(of("50055", ""), (Outcome::Failure, true, "Invalid.".into()));
    let declined = "MFA denied; user declined the authentication";
    assert_eq!(of("500121", declined), (Outcome::Denied, true, declined.into()));
    let silent = "MFA denied; user did not respond to mobile app notification";
    assert_eq!(of("500121", silent), (Outcome::Timeout, true, silent.into()));
    // The same text in the steps.
    let steps = COLUMNS
        .replace("50126", "500121")
        .replace("Invalid username or password\\\"}", &format!("{silent}\\\"}}"));
    assert_eq!(one(&steps).outcome, Outcome::Timeout);
}

#[test]
fn what_is_no_sign_in_of_a_person() {
    for record in [
        GRAPH.replace("50126", "50140"),
        GRAPH.replace("50126", "\"Success\""),
        GRAPH.replace("50126", "99999999999999999999999"),
        GRAPH.replace("50126", "null"),
        GRAPH.replace("50126", "{}"),
        HUB_RECORD.replace("NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs"),
        HUB_RECORD.replace("NonInteractiveUserSignInLogs", "ManagedIdentitySignInLogs"),
        HUB_RECORD.replace("NonInteractiveUserSignInLogs", "AuditLogs"),
        COLUMNS.replace("\"SigninLogs\"", "\"AADServicePrincipalSignInLogs\""),
        GRAPH.replace(r#""isInteractive":true"#, r#""signInEventTypes":["servicePrincipal"]"#),
        r#"{"operationName":"Write","category":"Administrative","resultType":"Success","status":"success"}"#
            .into(),
        r#"{"userPrincipalName":"bob@example.com","status":"Success"}"#.into(),
        "{\"operationName\":1}".into(),
    ] {
        assert!(lines(&record).is_empty(), "{record}");
    }
}

#[test]
fn the_portal_leaves_out_what_is_no_error() {
    let success =
        PORTAL.replace("\"Failure\"", "\"Success\"").replace("50126", "").replace("Invalid.", "Other.");
    assert_eq!(lines(&success), ["2026-03-01T10:00:00Z success bob@example.com 192.0.2.1 0 portal-export"]);
    assert!(lines(&PORTAL.replace("50126", "").replace("\"Failure\"", "\"Interrupted\"")).is_empty());
}

#[test]
fn what_an_attacker_wrote_stays_where_it_is() {
    let name = r#"x\",\"ResultType\":\"0\",\"UserPrincipalName\":\"admin@example.com\u0000\n"#;
    let e = one(&COLUMNS.replace("Bob@Example.com", name).replace("Mozilla/5.0", r#"{\"errorCode\":0}"#));
    assert_eq!((e.outcome, &*e.reason), (Outcome::Failure, "50126"));
    assert!(e.user.starts_with("x\",\"resulttype\""), "{}", e.user);
    assert_eq!(&*e.user_agent, "{\"errorCode\":0}");
    // Without a user, and with an invalid address.
    let e = one(&GRAPH.replace("bob@example.com", "").replace("192.0.2.1", "unknown host"));
    assert_eq!((&*e.user, e.src_ip), ("", None));
    let e = one(&COLUMNS.replace(
        "\"UserPrincipalName\":\"Bob@Example.com\"",
        "\"UserPrincipalName\":\"\",\"AlternateSignInName\":\" Eve@Example.com\"",
    ));
    assert_eq!(&*e.user, "eve@example.com");
}

#[test]
fn what_is_cut_short_says_nothing() {
    for record in [COLUMNS, HUB_RECORD] {
        for end in 1..record.len() {
            let mut events = 0;
            assert!(!each(&record[..end], &mut |_| events += 1), "{}", &record[..end]);
            assert_eq!(events, 0);
        }
    }
}

proptest! {
    #[test]
    fn no_mutation_panics(which in 0usize..5, at in 0usize..2000, bytes in proptest::collection::vec(any::<u8>(), 0..12), keep in any::<bool>()) {
        let record = [COLUMNS, GRAPH, HUB_RECORD, PORTAL, ELASTIC][which].as_bytes();
        let at = at % record.len();
        let after = if keep { at } else { (at + bytes.len()).min(record.len()) };
        let mutated = [&record[..at], &bytes, &record[after..]].concat();
        if let Some(object) = Object::new(&mutated) {
            let _ = decode(&object, Given::UTC);
        }
    }
}

#[test]
fn changes_of_accounts() {
    let hub = r#"{"time":"2026-03-01T10:09:00Z","operationName":"Reset password (by admin)","category":"AuditLogs","resultType":"","properties":{"activityDateTime":"2026-03-01T10:00:00+00:00","activityDisplayName":"Reset password (by admin)","result":"success","initiatedBy":{"user":{"userPrincipalName":"root@example.com"}},"targetResources":[{"displayName":null,"userPrincipalName":null},{"type":"User","userPrincipalName":"Bob@example.com"}]}}"#;
    let graph = r#"{"id":"x","category":"UserManagement","activityDisplayName":"User registered security info","activityDateTime":"2026-03-01T10:00:00Z","result":"success","targetResources":[{"type":"User","userPrincipalName":"Bob@example.com"}]}"#;
    let columns = r#"{"TimeGenerated":"2026-03-01T10:00:00Z","OperationName":"Add member to role","Category":"RoleManagement","Result":"success","TargetResources":"[{\"type\":\"User\",\"userPrincipalName\":\"Bob@example.com\"}]","Type":"AuditLogs"}"#;
    for (record, method) in [(hub, "password"), (graph, "factor"), (columns, "rights")] {
        let event = one(record);
        let time = event.time.to_string();
        assert_eq!((event.outcome.as_str(), &*event.method, &*event.user, &*time), ("changed", method, "bob@example.com", "2026-03-01T10:00:00Z"));
        assert_eq!(event.shape.as_str(), "entra-audit-logs");
    }
    for nothing in [
        graph.replace("success", "failure"),
        graph.replace("registered", "started"),
        graph.replace("User registered security info", "Update user"),
    ] {
        assert_eq!(lines(&nothing), Vec::<String>::new(), "{nothing}");
    }
}
