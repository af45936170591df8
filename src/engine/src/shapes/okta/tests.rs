use super::super::testing::{events, one, survives, lines};
use proptest::prelude::*;
use std::format;
use std::string::{String, ToString};

/// A record as the API writes it, with `fields` at its end. Of two members with one name, the last counts.
fn record(kind: &str, result: &str, fields: &str) -> String {
    format!(
        r#"{{"uuid":"5f9c3f8e-0001","published":"2026-03-01T09:00:00.123Z","eventType":"{kind}","actor":{{"id":"00u1","type":"User","alternateId":"Alice@Example.com","displayName":"Alice"}},"client":{{"ipAddress":"192.0.2.7","device":"Computer","userAgent":{{"rawUserAgent":"Mozilla/5.0 (Macintosh)","os":"Mac OS X","browser":"CHROME"}}}},"outcome":{{"result":"{result}","reason":null}},"authenticationContext":{{"externalSessionId":"102session"}},"transaction":{{"type":"WEB","id":"request-1"}},"target":[{{"type":"User","alternateId":"alice@example.com","displayName":"Alice"}},{{"type":"AppInstance","alternateId":"Payroll","displayName":"Payroll of Example"}}]{fields}}}"#
    )
}

const VIA_MFA: &str = "user.authentication.auth_via_mfa";
const PUSH: &str = "system.push.send_factor_verify_push";

fn outcome(kind: &str, result: &str, fields: &str) -> &'static str {
    let events = events(&record(kind, result, fields));
    assert!(events.len() <= 1);
    events.first().map_or("-", |event| event.outcome.as_str())
}

#[test]
fn the_outcome_of_each_type() {
    for (kind, result, expected) in [
        (PUSH, "SUCCESS", "challenge"),
        (PUSH, "DENY", "-"),
        (PUSH, "FAILURE", "-"),
        ("system.sms.send_factor_verify_message", "SUCCESS", "challenge"),
        ("system.voice.send_mfa_challenge_call", "SUCCESS", "challenge"),
        ("system.voice.send_mfa_challenge_call", "DENY", "-"),
        ("system.email.send_factor_verify_message", "SUCCESS", "challenge"),
        ("policy.evaluate_sign_on", "CHALLENGE", "challenge"),
        ("policy.evaluate_sign_on", "ALLOW", "-"),
        ("policy.evaluate_sign_on", "DENY", "-"),
        ("user.mfa.okta_verify.deny_push", "FAILURE", "denied"),
        ("user.mfa.okta_verify.deny_push", "SUCCESS", "denied"),
        ("user.mfa.okta_verify.deny_push_upgrade_needed", "SUCCESS", "denied"),
        (VIA_MFA, "SUCCESS", "approved"),
        (VIA_MFA, "FAILURE", "timeout"),
        (VIA_MFA, "SKIPPED", "-"),
        ("user.session.start", "SUCCESS", "success"),
        ("user.session.start", "FAILURE", "failure"),
        ("user.session.start", "", "-"),
        ("user.session.end", "SUCCESS", "-"),
        ("user.authentication.sso", "SUCCESS", "-"),
        ("user.session.start.SUCCESS", "SUCCESS", "-"),
    ] {
        assert_eq!(outcome(kind, result, ""), expected, "{kind} {result}");
    }
}

#[test]
fn a_refusal_and_a_password() {
    let refused = r#","outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"}"#;
    assert_eq!(outcome(VIA_MFA, "FAILURE", refused), "denied");
    let push = r#","debugContext":{"debugData":{"factor":"OKTA_VERIFY_PUSH"}}"#;
    assert_eq!(outcome(VIA_MFA, "FAILURE", &format!("{refused}{push}")), "denied");
    assert_eq!(one(&record(VIA_MFA, "SUCCESS", push)).method, "OKTA_VERIFY_PUSH");
    let by_target = r#","target":[{"type":"User","alternateId":"alice@example.com"},{"type":"AuthenticatorEnrollment","displayName":"Password","detailEntry":{"methodTypeUsed":"Password"}}]"#;
    let by_factor = r#","debugContext":{"debugData":{"factor":"PASSWORD_AS_FACTOR"}}"#;
    for password in [by_target, by_factor] {
        assert_eq!(outcome(VIA_MFA, "SUCCESS", password), "-");
        assert_eq!(outcome(VIA_MFA, "FAILURE", &format!("{refused}{password}")), "failure");
    }
    // A user with this name is no password.
    let named = r#","target":[{"type":"User","alternateId":"password","displayName":"Password"}]"#;
    assert_eq!(outcome(VIA_MFA, "SUCCESS", named), "approved");
}

#[test]
fn what_an_event_says() {
    let event = one(&record(PUSH, "SUCCESS", ""));
    assert_eq!(event.time.to_string(), "2026-03-01T09:00:00.123Z");
    assert_eq!(
        (&*event.user, event.src_ip.unwrap().to_string().as_str()),
        ("alice@example.com", "192.0.2.7")
    );
    assert_eq!((&*event.application, &*event.service), ("Payroll of Example", "okta"));
    assert_eq!((&*event.device, &*event.os), ("Computer", "Mac OS X"));
    assert_eq!((&*event.user_agent, &*event.method), ("Mozilla/5.0 (Macintosh)", "push"));
    assert_eq!((event.shape.as_str(), event.provider.as_str(), event.count), ("okta", "okta", 1));
    assert_eq!(event.transaction, "request-1");
    assert!(event.delivery.is_some());
    assert_eq!(event.delivery, one(&record(PUSH, "SUCCESS", r#","version":"0""#)).delivery);
    assert_ne!(event.delivery, one(&record(PUSH, "SUCCESS", r#","uuid":"5f9c3f8e-0002""#)).delivery);
    assert_eq!(one(&record(PUSH, "SUCCESS", r#","uuid":null,"uuid":"""#)).delivery, event.delivery);
    let factor = r#","debugContext":{"debugData":{"factor":"OKTA_VERIFY_PUSH"}}"#;
    for fields in ["", factor] {
        assert_eq!(one(&record("policy.evaluate_sign_on", "CHALLENGE", fields)).method, "policy");
    }
}

#[test]
fn the_session_ties_records_together_where_no_transaction_is_named() {
    for unknown in [r#""id":"unknown""#, r#""id":null"#] {
        let record = record(PUSH, "SUCCESS", "").replace(r#""id":"request-1""#, unknown);
        assert_eq!(one(&record).transaction, "102session");
    }
    let neither = format!(r#"{{"eventType":"{PUSH}","actor":{{"alternateId":"bob@example.com"}}}}"#);
    let event = one(&neither);
    assert_eq!((&*event.transaction, event.delivery, event.src_ip), ("", None, None));
    assert_eq!(event.time.to_string(), "2026-03-01T10:01:40Z", "received");
}

#[test]
fn okta_itself_asks_for_somebody() {
    for actor in [
        r#"{"type":"SystemPrincipal","alternateId":"system@okta.com","displayName":"Okta System"}"#,
        r#"{"type":"PublicClientApp","alternateId":"0oa1"}"#,
        r#"{"type":"User","alternateId":"unknown"}"#,
        r#"{"type":"User"}"#,
    ] {
        // Of two members with one name, the last counts. An actor without a name would leave the first one's, so that
        // is removed.
        let record =
            record(PUSH, "SUCCESS", &format!(r#","actor":{actor}"#)).replace("Alice@Example.com", "");
        assert_eq!(
            lines(&record),
            ["2026-03-01T09:00:00.123Z challenge alice@example.com 192.0.2.7"],
            "{actor}"
        );
    }
}

#[test]
fn the_first_hop_stands_in_for_a_missing_address() {
    let chain = r#","request":{"ipChain":[{"ip":"2001:db8::7","version":"V6"},{"ip":"198.51.100.1"}]}"#;
    let without = record(PUSH, "SUCCESS", chain).replace(r#""ipAddress":"192.0.2.7","#, "");
    assert_eq!(lines(&without), ["2026-03-01T09:00:00.123Z challenge alice@example.com 2001:db8::7"]);
    assert_eq!(one(&record(PUSH, "SUCCESS", chain)).src_ip.unwrap().to_string(), "192.0.2.7");
}

#[test]
fn one_record_in_every_carrier() {
    let bare = record(PUSH, "SUCCESS", "");
    let text = bare.replace('\\', r"\\").replace('"', r#"\""#);
    let expected = "2026-03-01T09:00:00.123Z challenge alice@example.com 192.0.2.7";
    for carried in [
        bare.clone(),
        format!("[{bare}]"),
        format!(
            r#"{{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","source":"https://example.okta.com/api/v1/eventHooks/who1","data":{{"events":[{bare}]}}}}"#
        ),
        format!(r#"{{"eventTypeVersion":"1.0","data":{{"events":[{bare}]}}}}"#),
        format!(r#"{{"records":[{bare}]}}"#),
        format!(r#"{{"message":"{text}","host":"collector"}}"#),
        format!(r#"{{"log":"{text}\n","stream":"stdout","time":"2026-03-01T09:30:00Z"}}"#),
        format!(r#"{{"time":1772355600,"sourcetype":"OktaIM2:log","event":{bare}}}"#),
        format!(
            r#"{{"version":"0","detail-type":"SystemLog","source":"aws.partner/okta.com/example/logs","detail":{bare}}}"#
        ),
        format!(r#"{{"@timestamp":"2026-03-01T09:30:00Z","event":{{"original":"{text}"}}}}"#),
    ] {
        assert_eq!(lines(&carried), [expected], "{carried}");
    }
    // Athena's columns.
    let lower = bare.replace("eventType", "eventtype").replace("alternateId", "alternateid");
    assert_eq!(lines(&lower.replace("ipAddress", "ipaddress")), [expected]);
    let two = format!(r#"{{"data":{{"events":[{bare},{bare}]}}}}"#);
    assert_eq!(events(&two).len(), 2);
}

#[test]
fn sentinel_and_elastic() {
    let columns = r#"{"TimeGenerated":"2026-03-01T09:20:00Z","published_t":"2026-03-01T09:00:00.123Z","eventType_s":"system.push.send_factor_verify_push","uuid_g":"5f9c3f8e-0001","actor_alternateId_s":"system@okta.com","actor_type_s":"SystemPrincipal","client_ipAddress_s":"192.0.2.7","client_userAgent_rawUserAgent_s":"Mozilla/5.0 (Macintosh)","client_userAgent_os_s":"Mac OS X","client_device_s":"Computer","outcome_result_s":"SUCCESS","outcome_reason_s":"","transaction_id_s":"request-1","authenticationContext_externalSessionId_s":"102session","target_s":"[{\"type\":\"User\",\"alternateId\":\"Alice@Example.com\"},{\"type\":\"AppInstance\",\"displayName\":\"Payroll of Example\"}]"}"#;
    let table = r#"{"TimeGenerated":"2026-03-01T09:00:00.123Z","EventOriginalType":"system.push.send_factor_verify_push","EventOriginalUid":"5f9c3f8e-0001","OriginalActorAlternateId":"Alice@Example.com","OriginalUserType":"User","SrcIpAddr":"192.0.2.7","HttpUserAgent":"Mozilla/5.0 (Macintosh)","SrcDvcOs":"Mac OS X","OriginalClientDevice":"Computer","OriginalOutcomeResult":"SUCCESS","ActorSessionId":"102session","TransactionId":"request-1","OriginalTarget":[{"type":"AppInstance","displayName":"Payroll of Example"}],"DebugData":{"requestId":"r"}}"#;
    let elastic = r#"{"@timestamp":"2026-03-01T09:00:00.123Z","event":{"action":"system.push.send_factor_verify_push","category":["authentication"],"outcome":"success","id":"5f9c3f8e-0001"},"okta":{"event_type":"system.push.send_factor_verify_push","uuid":"5f9c3f8e-0001","actor":{"alternate_id":"Alice@Example.com","type":"User"},"client":{"ip":"192.0.2.7","device":"Computer","user_agent":{"os":"Mac OS X","raw_user_agent":"Mozilla/5.0 (Macintosh)"}},"outcome":{"result":"SUCCESS"},"authentication_context":{"external_session_id":"102session"},"transaction":{"id":"request-1"},"target":[{"type":"AppInstance","display_name":"Payroll of Example"}]},"source":{"ip":"192.0.2.7"},"user":{"full_name":"Alice"}}"#;
    let mut bare = one(&record(PUSH, "SUCCESS", ""));
    for record in [columns, table, elastic] {
        let event = one(record);
        bare.host.clone_from(&event.host);
        assert_eq!(event, bare, "{record}");
    }
}

#[test]
fn a_factor_held_in_text() {
    let record = r#"{"EventOriginalType":"user.authentication.auth_via_mfa","OriginalOutcomeResult":"FAILURE","EventOriginalResultDetails":"INVALID_CREDENTIALS","DebugData":"{\"factor\":\"PASSWORD_AS_FACTOR\"}","ActorUsername":"bob@example.com"}"#;
    assert_eq!(one(record).outcome.as_str(), "failure");
    assert_eq!(one(&record.replace("PASSWORD_AS", "SMS")).outcome.as_str(), "denied");
}

#[test]
fn names_that_imitate_a_record() {
    let name = r#"x\",\"eventType\":\"user.session.start\",\"outcome\":{\"result\":\"SUCCESS\"}\nAccepted password for root from 192.0.2.66 port 1 ssh2"#;
    let failure = record("user.session.start", "FAILURE", "").replace("Alice@Example.com", name);
    let event = one(&failure);
    assert_eq!(event.outcome.as_str(), "failure");
    assert!(event.user.starts_with("x\",\"eventtype\"") && event.user.contains('\n'));
    assert_eq!(event.src_ip.unwrap().to_string(), "192.0.2.7");
}

#[test]
fn what_is_missing_or_of_another_kind() {
    for (from, to) in [
        (r#""target":["#, r#""target":[1,null,"x",[],{},{"type":7},"#),
        (r#""displayName":"Alice"}"#, r#""displayName":{"a":[]}}"#),
        (r#""ipAddress":"192.0.2.7""#, r#""ipAddress":["192.0.2.7"]"#),
        (r#""published":"2026-03-01T09:00:00.123Z""#, r#""published":99999999999999999999999"#),
    ] {
        let record = record(PUSH, "SUCCESS", "");
        assert!(record.contains(from));
        assert_eq!(one(&record.replace(from, to)).user, "alice@example.com", "{to}");
    }
    for record in [
        r#"{"eventType":{"a":"user.session.start"},"outcome":{"result":"SUCCESS"}}"#,
        r#"{"eventType":"AwsApiCall","eventName":"ConsoleLogin"}"#,
        r#"{"eventType":"user.session.start"}"#,
        r#"{"event_type":"user.session.start","outcome":{"result":"SUCCESS"}}"#,
        r#"{"eventType":"user.session.start","outcome":"SUCCESS"}"#,
    ] {
        assert!(events(record).is_empty(), "{record}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(edits in proptest::collection::vec(any::<(usize, u8)>(), 1..12), which in 0..3usize) {
        let kinds = [PUSH, VIA_MFA, "user.session.start"];
        survives(&record(kinds[which], "FAILURE", r#","debugContext":{"debugData":{"factor":"SMS"}}"#), &edits);
    }
}

#[test]
fn changes_of_accounts() {
    for (kind, result, expected) in [
        ("user.account.update_password", "SUCCESS", "password"),
        ("user.account.reset_password", "SUCCESS", "password"),
        ("user.account.unlock_by_admin", "SUCCESS", "unlock"),
        ("user.account.lock", "SUCCESS", "lock"),
        ("user.account.privilege.grant", "SUCCESS", "rights"),
        ("user.mfa.factor.activate", "SUCCESS", "factor"),
        ("user.mfa.factor.reset_all", "SUCCESS", "factor"),
        ("user.lifecycle.create", "SUCCESS", "create"),
        ("user.lifecycle.unsuspend", "SUCCESS", "enable"),
        ("user.lifecycle.suspend", "SUCCESS", "disable"),
        ("user.lifecycle.deactivate", "SUCCESS", "disable"),
        ("user.account.update_password", "FAILURE", "-"),
        ("user.account.update_profile", "SUCCESS", "-"),
    ] {
        let found = events(&record(kind, result, ""));
        let says = found.first().map_or("-", |event| &event.method);
        assert_eq!((says, found.len()), (expected, usize::from(expected != "-")), "{kind}");
        assert!(found.iter().all(|event| event.outcome.as_str() == "changed" && event.user == "alice@example.com"));
    }
    // An administrator acts, and the target is the account.
    let by = record("user.account.reset_password", "SUCCESS", "").replace("Alice@Example.com", "root@example.com");
    assert_eq!(one(&by).user, "alice@example.com");
}
