//! Tests: one failed logon in the exports of several tools.

use crate::analytic::{Reads, Telemetry};
use crate::decode::trial;
use std::format;
use std::string::String;

struct Reading;

impl Reads for Reading {
    const TELEMETRY: Telemetry = Telemetry::WINDOWS;
}

/// `time user address type status/reason`, or `none`.
fn said(record: &str) -> String {
    let Some(e) = trial::events::<Reading>(record).pop() else { return "none".into() };
    let kind = e.logon_type.map_or_else(String::new, |kind| format!("{kind}"));
    let address = e.src_ip.map_or_else(String::new, |address| format!("{address}"));
    format!("{} {} {address} {kind} {}/{}", e.time, e.user, e.status, e.reason)
}

const SAID: &str = "2026-03-01T09:00:00Z bob 192.0.2.7 3 0xc000006d/0xc000006a";

const MESSAGE: &str = "An account failed to log on.\n\nSubject:\n\tSecurity ID:\t\tS-1-0-0\n\tAccount Name:\t\t-\n\
    \tAccount Domain:\t\t-\n\tLogon ID:\t\t0x0\n\nLogon Type:\t\t\t3\n\nAccount For Which Logon Failed:\n\
    \tSecurity ID:\t\tS-1-0-0\n\tAccount Name:\t\tbob\n\tAccount Domain:\t\tCORP\n\nFailure Information:\n\
    \tFailure Reason:\t\tx\n\tStatus:\t\t\t0xC000006D\n\tSub Status:\t\t0xC000006A\n\nNetwork Information:\n\
    \tWorkstation Name:\tPC7\n\tSource Network Address:\t192.0.2.7\n\tSource Port:\t\t50000\n";

const PROVIDER: &str = "Microsoft-Windows-Security-Auditing";

#[test]
fn the_event_viewer_and_powershell() {
    let message = MESSAGE.replace('\n', "\\n").replace('\t', "\\t");
    let types = "[\"System.Diagnostics.Eventing.Reader.EventProperty\",\"System.Diagnostics.Eventing.Reader.EventProperty\"]";
    for record in [
        // The Event Viewer, with the names that framing gives its columns.
        format!(
            r#"{{"Keywords":"Audit Failure","Date and Time":"2026-03-01 09:00:00","Source":"{PROVIDER}","Event ID":"4625","Task Category":"Logon","Message":"{message}"}}"#
        ),
        // PowerShell's `ConvertTo-Json` at its depth limit: each element of the list is replaced by the name of its
        // type.
        format!(
            r#"{{"Id":4625,"ProviderName":"{PROVIDER}","LogName":"Security","TimeCreated":"/Date(1772355600000)/","Properties":{types},"Message":"{message}"}}"#
        ),
        // Fluentd's `windows_eventlog2`, without the data.
        format!(
            r#"{{"ProviderName":"{PROVIDER}","EventID":"4625","TimeCreated":"2026-03-01 09:00:00 +0000","Channel":"Security","Description":"{message}"}}"#
        ),
    ] {
        assert_eq!(said(&record), SAID, "{record}");
    }
    let other = format!(
        r#"{{"Keywords":"x","Date and Time":"2026-03-01 09:00:00","Source":"EventSystem","Event ID":"4625","Message":"{message}"}}"#
    );
    assert_eq!(said(&other), "none");
}

#[test]
fn lists_of_data() {
    let named = r#"[{"SubjectUserSid":"S-1-0-0"},{"SubjectUserName":"-"},{"TargetUserName":"bob"},{"TargetDomainName":"CORP"},{"Status":"0xc000006d"},{"SubStatus":"0xc000006a"},{"LogonType":"3"},{"IpAddress":"192.0.2.7"}]"#;
    let placed = r#"["S-1-0-0","-","-","0x0","S-1-0-0","bob","CORP","0xc000006d","%%2313","0xc000006a","3","NtLmSsp ","NTLM","PC7","-","-","0","0x0","-","192.0.2.7","50000"]"#;
    for record in [
        // The OpenTelemetry receiver.
        format!(
            r#"{{"body":{{"channel":"Security","computer":"dc1","event_id":{{"id":4625}},"provider":{{"name":"{PROVIDER}"}},"system_time":"2026-03-01T09:00:00Z","event_data":{{"data":{named}}}}}}}"#
        ),
        // Fluentd's `windows_eventlog2`.
        format!(
            r#"{{"ProviderName":"{PROVIDER}","EventID":"4625","TimeCreated":"2026-03-01 09:00:00 +0000","Channel":"Security","EventData":{placed}}}"#
        ),
    ] {
        assert_eq!(said(&record), SAID, "{record}");
    }
}
