//! Tests which of several times dates a record.

use super::trial;
use crate::analytic::{Reads, Telemetry};
use crate::dating::{Dating, Rules};
use crate::detector::Reading;
use crate::stamp::Zone;
use crate::time::{Span, Timestamp};
use std::format;
use std::string::String;

struct Everything;

impl Reads for Everything {
    const TELEMETRY: Telemetry = Telemetry::ANY;
}

/// The time of a record's event, in a stored log that is read long afterwards.
fn time(record: &str) -> String {
    let received = Timestamp(1_796_000_000_000_000); // 2026-11-30T01:33:20Z
    let rules = Rules { zone: Zone::UTC, max_ahead: Span(300_000_000), undated_is_received: false };
    let mut said = String::from("nothing");
    let _ = trial::decoder::<Everything>().decode(record.as_bytes(), &mut |mut decoded| {
        let reading = Reading { received, written: Some(received), first: 0 };
        let dated = Dating::default().date(&mut decoded.event, &decoded.when, &rules, reading);
        said = match dated.undated {
            true => format!("undated: {}", String::from_utf8_lossy(decoded.when.unread)),
            false => decoded.event.time.to_rfc3339(),
        };
    });
    said
}

const FAILED: &str = "Failed password for root from 203.0.113.9 port 41000 ssh2";
const AT: &str = "2026-03-04T08:00:00Z";

/// Records of several families without a time, with room for one.
fn records(member: &str) -> [(&'static str, String); 6] {
    [
        ("linux", format!(r#"{{{member},"PROGRAM":"sshd","PID":"1","HOST":"web1","MESSAGE":"{FAILED}"}}"#)),
        (
            "windows",
            format!(
                r#"{{{member},"EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","Hostname":"dc1","TargetUserName":"bob","LogonType":3,"IpAddress":"203.0.113.9"}}"#
            ),
        ),
        (
            "entra",
            format!(
                r#"{{{member},"UserPrincipalName":"jane@example.com","IPAddress":"203.0.113.9","ResultType":"50126"}}"#
            ),
        ),
        (
            "audit",
            format!(
                r#"{{{member},"Operation":"UserLoginFailed","UserId":"jane@example.com","ClientIP":"203.0.113.9","ErrorNumber":"50126","Workload":"AzureActiveDirectory"}}"#
            ),
        ),
        (
            "ecs",
            format!(
                r#"{{{member},"event.category":"authentication","event.outcome":"failure","user.name":"jane","source.ip":"203.0.113.9"}}"#
            ),
        ),
        (
            "duo",
            format!(
                r#"{{{member},"access_device":{{"ip":"203.0.113.9"}},"event_type":"authentication","factor":"duo_push","reason":"user_mistake","result":"denied","txid":"0a1b-1","user":{{"name":"alice"}}}}"#
            ),
        ),
    ]
}

#[test]
fn any_name_and_form_dates_any_record() {
    for name in [
        "TimeGenerated [UTC]",
        "DATE",
        "ISODATE",
        "timereported",
        "timegenerated",
        "datetime",
        "event_time",
        "eventTime",
        "_time",
        "Timestamp",
        "log_time",
        "@timestamp",
        "TimeCreated",
        "CreatedDateTime",
        "CreationTime",
        "EventTime",
        "ts",
    ] {
        for value in [
            r#""2026-03-04T08:00:00Z""#,
            r#""04/Mar/2026:08:00:00 +0000""#,
            r#""2026/03/04 08:00:00""#,
            r#""Wed Mar  4 08:00:00 2026""#,
            r#""20260304T080000Z""#,
            r#""Wed, 04 Mar 2026 08:00:00 GMT""#,
            r#""Mar 4, 2026 @ 08:00:00.000""#,
            r#""46085.3333333333""#,
            "1772611200",
            "1772611200000",
            r#""1772611200.000000""#,
        ] {
            for (family, record) in records(&format!(r#""{name}":{value}"#)) {
                assert_eq!(time(&record), AT, "{family} {name} {value}");
            }
        }
        for (family, record) in records(&format!(r#""{name}":"vorgestern""#)) {
            assert_eq!(time(&record), "undated: vorgestern", "{family} {name}");
        }
    }
    for (family, record) in records(r#""TimeCreated":{"@SystemTime":"2026-03-04T08:00:00.0000000Z"}"#) {
        assert_eq!(time(&record), AT, "{family}");
    }
    for (family, record) in records(r#""x":1"#) {
        assert_eq!(time(&record), "undated: ", "{family}");
    }
}

#[test]
fn a_receipt_goes_last_and_tells_the_zone() {
    for (members, said) in [
        // The clock of the host is at +02:00.
        (r#""EventTime":"2026-03-04 10:00:00","@timestamp":"2026-03-04T08:00:01Z""#, AT),
        (r#""EventTime":"2026-03-04 10:00:00","EventReceivedTime":"2026-03-04T08:00:01Z""#, AT),
        (r#""@timestamp":"2026-03-04T08:00:01Z","EventTime":"2026-03-04T08:00:00Z""#, AT),
        (r#""EventTime":"2026-03-04 10:00:00","SystemTime":"2026-03-04T08:00:00Z""#, AT),
        // Read long after it was written. The event's own time counts, however late it came.
        (r#""@timestamp":"2026-05-01T00:00:00Z","EventTime":"2026-03-04T08:00:00Z""#, AT),
        // The difference fits no time zone, so the receipt counts.
        (r#""EventTime":"2026-03-04 07:10:00","_time":"2026-03-04T08:00:00Z""#, AT),
        // The time cannot be read, so the receipt counts.
        (r#""EventTime":"04/03/2026 08:00","@timestamp":"2026-03-04T08:00:00Z""#, AT),
        // The record names no zone, so the zone of the configuration counts.
        (r#""EventTime":"2026-03-04 08:00:00""#, AT),
    ] {
        for (family, record) in records(members).into_iter().take(2) {
            assert_eq!(time(&record), said, "{family} {members}");
        }
    }
}

#[test]
fn lines_within_carriers() {
    let line = format!("Mar  4 10:00:00 web1 sshd[17]: {FAILED}");
    for (record, said) in [
        (format!(r#"{{"message":"{line}","@timestamp":"2026-03-04T08:00:01Z"}}"#), AT),
        (format!(r#"{{"log":"{line}","time":"2026-03-04T08:00:01Z","stream":"stdout"}}"#), AT),
        // Received long after it was written, and read at once.
        (format!(r#"{{"message":"{line}","timestamp":"2026-11-01T00:00:00Z"}}"#), "2026-03-04T10:00:00Z"),
        (format!("Wed 2026-03-04 09:00:00 CET web1 sshd[17]: {FAILED}"), AT),
        (format!("1772611200.000000 web1 sshd[17]: {FAILED}"), AT),
        (format!("2026/03/04 08:00:00 web1 sshd[17]: {FAILED}"), AT),
        (format!("sshd[17]: {FAILED}"), "undated: "),
    ] {
        assert_eq!(time(&record), said, "{record}");
    }
}

#[test]
fn azure_writes_the_month_first() {
    for (family, record) in records(r#""TimeGenerated [UTC]":"3/4/2026, 8:00:00.000 AM""#) {
        assert_eq!(time(&record), AT, "{family}");
    }
    let row = |member: &str| {
        format!(
            r#"{{"{member}":"3/4/2026, 8:00:00.000 AM","UserPrincipalName":"jane@example.com","IPAddress":"203.0.113.9","ResultType":"50126","category":"SignInLogs"}}"#
        )
    };
    for member in ["CreatedDateTime [UTC]", "CreatedDateTime [Local Time]", "time"] {
        assert_eq!(time(&row(member)), AT, "{member}");
    }
    // The writer of this record is unknown.
    assert_eq!(time(&row("CreatedDateTime")), "undated: 3/4/2026, 8:00:00.000 AM");
    let hub = row("createdDateTime").replace("\"category\"", "\"time\":\"3/4/2026 8:00:00 AM\",\"category\"");
    assert_eq!(time(&hub), AT);
}
