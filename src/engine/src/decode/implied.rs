//! Tests that each record with an event contains a needle, also with members missing or empty, wrapped, or spaced
//! differently.

use super::tests::{AUDITED, EVENT, FAILED, PUSHED, quoted};
use super::{Decoder, Reader, trial};
use crate::analytic::{Reads, Telemetry};
use proptest::prelude::*;
use serde_json::Value;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

struct Everything;

impl Reads for Everything {
    const TELEMETRY: Telemetry = Telemetry::ANY;
}

/// Records of each family, as JSON.
pub(super) fn records() -> Vec<String> {
    let mut records: Vec<String> = [
        AUDITED,
        PUSHED,
        r#"{"TimeGenerated":"2026-03-01T09:00:00Z","ResultType":"50126","UserPrincipalName":"b@example.com","IPAddress":"192.0.2.7","DeviceDetail":"{\"operatingSystem\":\"MacOs\",\"displayName\":\"mac1\",\"deviceId\":\"7\"}","IsInteractive":true}"#,
        r#"{"EventID":4625,"Computer":"dc1","Channel":"Security","TimeGenerated":"2026-03-01T09:00:00Z","EventData":{"TargetUserName":"bob","LogonType":"3","IpAddress":"192.0.2.7"},"ProviderName":"Microsoft-Windows-Security-Auditing"}"#,
        r#"{"TimeGenerated":"2026-03-01T09:00:00Z","ResultType":"50034","UserPrincipalName":"","IPAddress":"192.0.2.7","Category":"SignInLogs","Id":"1","CorrelationId":"2"}"#,
        r#"{"createdDateTime":"2026-03-01T09:00:00Z","userPrincipalName":"b@example.com","ipAddress":"192.0.2.7","status":{"errorCode":50126},"id":"1","isInteractive":true}"#,
        r#"{"Timestamp":"2026-03-01T09:00:00Z","AccountUpn":"b@example.com","IPAddress":"192.0.2.7","ErrorCode":50126,"LogonType":"[\"interactiveUser\"]","RequestId":"1"}"#,
        r#"{"time":"2026-03-01T09:00:00Z","category":"SignInLogs","operationName":"Sign-in activity","resultType":"50126","properties":{"userPrincipalName":"b@example.com","ipAddress":"192.0.2.7","status":{"errorCode":50126},"createdDateTime":"2026-03-01T09:00:00Z"}}"#,
        r##"{"Event":{"System":{"Provider":{"@Name":"Microsoft-Windows-Security-Auditing"},"EventID":"4625","TimeCreated":{"@SystemTime":"2026-03-01T09:00:00Z"},"Channel":"Security","Computer":"dc1"},"EventData":{"Data":[{"@Name":"TargetUserName","#text":"bob"},{"@Name":"LogonType","#text":"3"},{"@Name":"IpAddress","#text":"192.0.2.7"}]}}}"##,
        r#"{"win":{"system":{"providerName":"Microsoft-Windows-Security-Auditing","eventID":"4624","channel":"Security","computer":"dc1"},"eventdata":{"targetUserName":"bob","logonType":"3","ipAddress":"192.0.2.7"}}}"#,
        r#"{"EventCode":"4625","Account_Name":["-","bob"],"Logon_Type":"3","Source_Network_Address":"192.0.2.7","LogName":"Security","_time":"2026-03-01T09:00:00Z"}"#,
        r#"{"@timestamp":"2026-03-01T09:00:00Z","event":{"category":["authentication"],"outcome":"failure"},"user":{"name":"root"},"source":{"ip":"192.0.2.7"}}"#,
        r#"{"class_uid":3002,"status_id":2,"activity_id":1,"user":{"name":"root"},"src_endpoint":{"ip":"192.0.2.7"},"time":1772355600000}"#,
        r#"{"date":"2026-03-01T09:00:00Z","type":"fp","log_id":"1","ip":"192.0.2.7","user_name":"bob"}"#,
        r#"{"txid":"0a1b-1","event_type":"authentication","factor":"duo_push","result":"denied","reason":"user_mistake","user":{"name":"bob"},"access_device":{"ip":"192.0.2.7"},"isotimestamp":"2026-03-01T09:00:00Z"}"#,
        r#"{"date":"2026-03-01","time":"09:00:00","cs-method":"POST","cs-uri-stem":"/owa/auth.owa","cs-username":"bob","c-ip":"192.0.2.7","sc-status":"302"}"#,
        r#"{"ID":"1772355600.000:1","USER_LOGIN":{"pid":17,"op":"login","acct":"bob","exe":"/usr/sbin/sshd","res":"success","addr":"192.0.2.7"}}"#,
        r#"{"short_message":"x","_EventID":4625,"_TargetUserName":"bob","_LogonType":3,"_IpAddress":"192.0.2.7","timestamp":1772355600}"#,
        r#"{"columns":[{"name":"SyslogMessage"},{"name":"ProcessName"}],"rows":[["Failed password for bob from 192.0.2.7 port 5 ssh2","sshd"]]}"#,
    ]
    .iter()
    .map(|record| record.to_string())
    .collect();
    records.push(format!(r#"{{"MESSAGE":"{FAILED}","SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_UID":"0"}}"#));
    let text = b"Failed password for b\xffb from 192.0.2.7 port 5 ssh2";
    let bytes: Vec<String> = text.iter().map(|byte| byte.to_string()).collect();
    records.push(format!(r#"{{"MESSAGE":[{}],"SYSLOG_IDENTIFIER":"sshd","_UID":"0"}}"#, bytes.join(",")));
    for line in [
        EVENT,
        &format!("Mar  1 09:00:00 web1 sshd[17]: {FAILED}"),
        "Mar  1 09:00:00 web1 dropbear[17]: Login attempt for nonexistent user from 192.0.2.7:5",
        "Mar  1 09:00:00 web1 dropbear[17]: Pubkey auth succeeded for 'bob' with key md5 from 192.0.2.7:5",
    ] {
        records.push(format!(r#"{{"message":{}}}"#, quoted(line)));
    }
    records
}

/// Removes the member at `at` (counted over all levels), empties it, or turns it into an array.
fn edit(value: &mut Value, at: &mut usize, how: u8) {
    match value {
        Value::Object(members) => {
            for name in members.keys().cloned().collect::<Vec<_>>() {
                if *at == 0 {
                    let old = members.remove(&name).unwrap_or_default();
                    match how {
                        0 => {}
                        1 => drop(members.insert(name, Value::String(String::new()))),
                        2 => drop(members.insert(name, Value::Array(vec![old]))),
                        _ => drop(members.insert(name.to_uppercase(), old)),
                    }
                    *at = usize::MAX;
                    return;
                }
                *at = at.saturating_sub(1);
                if let Some(inner) = members.get_mut(&name) {
                    edit(inner, at, how);
                }
                if *at == usize::MAX {
                    return;
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| {
            if *at != usize::MAX {
                edit(item, at, how);
            }
        }),
        _ => {}
    }
}

/// Puts a record into a carrier.
fn wrap(record: &str, how: u8) -> String {
    let text = quoted(record);
    match how {
        0 => format!(r#"{{"log":{text},"stream":"stdout"}}"#),
        1 => format!(r#"{{"records":[{record}]}}"#),
        2 => format!(r#"{{"_index":"i","_source":{record}}}"#),
        3 => format!(r#"{{"hits":{{"hits":[{{"_source":{record}}}]}}}}"#),
        4 => format!(r#"{{"streams":[{{"stream":{{}},"values":[["1772355600000000000",{text}]]}}]}}"#),
        5 => format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{{"stringValue":{text}}}}}]}}]}}]}}"#
        ),
        6 => format!(r#"{{"columns":[{{"name":"message"}}],"rows":[[{text}]]}}"#),
        7 => format!("2026-03-01T09:00:00.1Z stderr F {record}"),
        8 => format!("Mar  1 09:00:00 relay rsyslogd: {record}"),
        9 => format!("2026 Mar 01 09:00:00 web1->office365 {record}"),
        10 => format!(r#"{{"short_message":{text},"timestamp":1772355600}}"#),
        _ => record.into(),
    }
}

/// Adds blanks around colons and commas outside of strings.
fn spaced(record: &str, how: u8) -> String {
    let (mut out, mut quoted, mut escaped) = (String::new(), false, false);
    let blank = ["", " ", "  ", "\t", " \t "][usize::from(how % 5)];
    for letter in record.chars() {
        let plain = !core::mem::take(&mut escaped);
        escaped = plain && letter == '\\';
        quoted ^= plain && letter == '"';
        let colon = letter == ':' && !quoted;
        if colon && how >= 5 {
            out.push(' ');
        }
        out.push(letter);
        if !quoted && matches!(letter, ':' | ',' | '[') {
            out.push_str(blank);
        }
    }
    out
}

/// True if a record gives an event. Fails if it then contains no needle.
fn read(decoder: &mut Decoder<Everything>, record: &str) -> bool {
    let mut events = 0;
    let _ = decoder.decode(record.as_bytes(), &mut |_| events += 1);
    let lower = record.to_ascii_lowercase();
    let shown = decoder.needles().iter().any(|needle| lower.contains(&needle.to_ascii_lowercase()));
    assert!(events == 0 || shown, "an event without a needle: {record}");
    let passes = decoder.sieve().is_none_or(|sieve| sieve.passes(record.as_bytes()));
    assert!(events == 0 || passes, "an event that the sieve holds back: {record}");
    events > 0
}

#[test]
fn records_say_something_bare_and_wrapped() {
    for telemetry in [Telemetry::ANY] {
        let mut decoder =
            trial::several("+00:00", vec![Reader { telemetry, extra_failure_codes: Vec::new() }]);
        for record in records() {
            assert!(read(&mut decoder, &record), "{record}");
            for how in 0..=10 {
                // JSON after the prefix of a line is read only if its keeper passes it on. Bytes are read only under a
                // known name.
                let said = read(&mut decoder, &wrap(&record, how));
                assert!(said || how >= 7 || record.contains("[70,"), "{}", wrap(&record, how));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn an_event_holds_a_needle(
        which in any::<proptest::sample::Index>(),
        edits in proptest::collection::vec((0usize..24, 0u8..4), 0..4),
        wraps in proptest::collection::vec(0u8..12, 0..3),
        (inner, outer) in (0u8..10, 0u8..10),
    ) {
        let records = records();
        let mut value: Value = serde_json::from_str(which.get(records.as_slice()).as_str()).unwrap();
        for (mut at, how) in edits {
            edit(&mut value, &mut at, how);
        }
        let mut record = spaced(&value.to_string(), inner);
        for how in wraps {
            record = wrap(&record, how);
        }
        if record.starts_with('{') {
            record = spaced(&record, outer);
        }
        for telemetry in [Telemetry::ANY, Telemetry::LINUX, Telemetry::WINDOWS, Telemetry::ENTRA, Telemetry::AUDIT, Telemetry::DUO] {
            let mut decoder = trial::several("+00:00", vec![Reader { telemetry, extra_failure_codes: Vec::new() }]);
            read(&mut decoder, &record);
        }
    }
}
