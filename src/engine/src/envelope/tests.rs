use super::*;
use crate::readers::Reader;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

const TEXT_OF_SSHD: &str = "Failed password for bob from 192.0.2.7 port 52100 ssh2";

/// All envelopes of a record: trust, program, pid, host, time, text.
pub(crate) fn all(record: &str) -> Vec<String> {
    let mut out = vec![];
    let reader = Reader { telemetry: Telemetry::LINUX.and(Telemetry::NORMALISED), ..Reader::default() };
    let audience = Audience::new(vec![reader]);
    let mut sink = |opened: Opened<'_>| {
        let family = opened.marks.takers(opened.readers, &audience).next().map(|(family, _)| family);
        out.push(match (&opened.envelope, family, opened.malformed) {
            (_, _, true) => "malformed".into(),
            (_, Some(Family::Ecs), _) => "ecs".into(),
            (_, Some(Family::Ocsf), _) => "ocsf".into(),
            (Some(e), ..) => {
                let time = match e.time.or(e.receipt.map(Stamp::At)) {
                    Some(Stamp::At(time)) => time.to_rfc3339(),
                    Some(Stamp::Yearless(_)) => "yearless".into(),
                    Some(Stamp::Local(_)) => "local".into(),
                    Some(Stamp::Unread) => "unread".into(),
                    None => "-".into(),
                };
                let pid = e.pid.map_or("-".into(), |pid| pid.to_string());
                let text = String::from_utf8_lossy(e.text);
                format!("{:?} {} {pid} {} {time} {text}", e.trust, e.program, e.host)
            }
            _ => "nothing".into(),
        });
    };
    let mut opener = Opener { zone: Zone::UTC, audience: &audience, sink: &mut sink };
    opener.each(record.as_bytes(), Telemetry::ANY, audience.all, &mut Scratch::default());
    out
}

fn one(record: &str) -> String {
    all(record).join(" | ")
}

/// A journald record with a text of sshd and these fields.
fn journal(fields: &str) -> String {
    let told = one(&format!(r#"{{"MESSAGE":"{TEXT_OF_SSHD}",{fields}}}"#));
    told.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_pipeline_puts_it_elsewhere() {
    for (record, told) in [
        // Vector: journald, file, syslog.
        (
            r#"{"SYSLOG_IDENTIFIER":"sshd","SYSLOG_PID":"42","_COMM":"sshd","_EXE":"/usr/sbin/sshd","_PID":"42","_SOURCE_REALTIME_TIMESTAMP":"1768557600123000","_SYSTEMD_UNIT":"ssh.service","_TRANSPORT":"syslog","_UID":"0","__REALTIME_TIMESTAMP":"1768557600999999","host":"web1","message":"hi","source_type":"journald","timestamp":"2026-01-16T10:00:00.999Z"}"#,
            "Verified sshd 42 web1 2026-01-16T10:00:00.123Z hi",
        ),
        (
            r#"{"file":"/var/log/auth.log","host":"vm","message":"<raw \"line\">","source_type":"file","timestamp":"2026-01-16T10:00:00Z"}"#,
            r#"Unnamed  - vm 2026-01-16T10:00:00Z <raw "line">"#,
        ),
        (
            r#"{"appname":"sshd","facility":"auth","host":"web1","hostname":"web1","message":"hi","procid":42,"timestamp":"2026-01-16T10:00:00+01:00"}"#,
            "Named sshd 42 web1 2026-01-16T09:00:00Z hi",
        ),
        // Fluent Bit: systemd (stripped and in lower case), syslog parser, time as a float.
        (
            r#"{"date":1768557600.5,"MESSAGE":"hi","SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd-session","_UID":"0","_PID":"7","_HOSTNAME":"web1"}"#,
            "Verified sshd 7 web1 2026-01-16T10:00:00.500Z hi",
        ),
        (
            r#"{"message":"hi","syslog_identifier":"sshd","comm":"sshd","uid":"0","pid":"7","hostname":"web1","boot_id":"0f","transport":"syslog"}"#,
            "Verified sshd 7 web1 - hi",
        ),
        (
            r#"{"date":1768557600,"ident":"sudo","pid":"9","host":"web1","message":"hi","time":"Jan 16 10:00:00"}"#,
            "Named sudo 9 web1 yearless hi",
        ),
        // Docker, and a log driver that adds a program.
        (
            r#"{"log":"hi\n","stream":"stdout","time":"2026-01-16T10:00:00.5Z"}"#,
            "Unnamed  - - 2026-01-16T10:00:00.500Z hi\n",
        ),
        // Filebeat and Logstash, nested and dotted.
        (
            r#"{"@timestamp":"2026-01-16T10:00:00Z","host":{"name":"agent","hostname":"web1"},"process":{"name":"sshd","pid":42},"event":{"original":"raw"},"message":"hi","log":{"file":{"path":"x"}}}"#,
            "Named sshd 42 web1 2026-01-16T10:00:00Z hi",
        ),
        (r#"{"event.original":"raw line","message":"cut","host.name":"web1"}"#, "Unnamed  - web1 - raw line"),
        (
            r#"{"log.syslog.appname":"su","log":{"syslog":{"procid":3,"hostname":"h"}},"message":"hi"}"#,
            "Named su 3 h - hi",
        ),
        // rsyslog, Azure, CloudWatch, Splunk, Loki, OpenTelemetry.
        (r#"{"msg":" hi","hostname":"h","syslogtag":"sshd[17]:"}"#, "Named sshd 17 h -  hi"),
        (
            r#"{"SyslogMessage":"hi","ProcessName":"sshd","ProcessID":5,"Computer":"h","EventTime":"2026-01-16 10:00:00"}"#,
            "Named sshd 5 h 2026-01-16T10:00:00Z hi",
        ),
        (
            r#"{"@message":"hi","@timestamp":"2026-01-16 10:00:00.000"}"#,
            "Unnamed  - - 2026-01-16T10:00:00Z hi",
        ),
        (r#"{"event":"hi","host":"h","time":1768557600}"#, "Unnamed  - h 2026-01-16T10:00:00Z hi"),
        (r#"{"line":"hi","application":"sshd"}"#, "Labelled sshd - - - hi"),
        (r#"{"body":{"stringValue":"hi"}}"#, "Unnamed  - - - hi"),
        (r#"{"message":"hi","ts":1.7685576e9}"#, "Unnamed  - - 2026-01-16T10:00:00Z hi"),
    ] {
        // Fields without a value are left out.
        let squeeze = |s: &str| s.split_whitespace().filter(|w| *w != "-").collect::<Vec<_>>().join(" ");
        assert_eq!(squeeze(&one(record)), squeeze(told), "{record}");
    }
    assert_eq!(one(r#"{"message":"","other":1}"#), "nothing");
    assert_eq!(one(r#"{"message":null,"msg":"x"}"#).trim_end(), "Unnamed  -  - x");
}

#[test]
fn journald_says_who_sent_it() {
    for (fields, told) in [
        // The real sshd, under each of its names, with or without the fields that a pipeline may drop.
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_UID":"0""#, "Verified sshd"),
        (r#""SYSLOG_IDENTIFIER":"sshd-session","_COMM":"sshd-session","_UID":"0""#, "Verified sshd-session"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd-auth","_UID":0"#, "Verified sshd"),
        (r#""_COMM":"sshd","_UID":"0""#, "Verified sshd"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_SYSTEMD_UNIT":"sshd@3-192.0.2.1:22.service""#, "Verified sshd"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_SYSTEMD_UNIT":"ssh.service","_UID":"0""#, "Verified sshd"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":["sshd","sshd"],"_UID":"0""#, "Verified sshd"),
        // A forger with logger(1), with his own program, or with his own fields.
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":"logger","_UID":"1000""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":"logger","_UID":"0""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_UID":"1000""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_UID":"1000""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_SYSTEMD_UNIT":"user@1000.service""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_SYSTEMD_UNIT":"ssh.service","_UID":"1000""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":"sudo","_UID":"0""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":"python3","COMM":"sshd","UID":"0","_UID":"1000""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","COMM":"python3","UID":"1000""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","COMM":"python3","COMM":"sshd","UID":"0","BOOT_ID":"0f""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","COMM":["sshd","nc"],"UID":"0""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"sshd","COMM":"sshd","UID":"0""#, "Verified sshd"),
        // su and sudo run for any caller.
        (
            r#""SYSLOG_IDENTIFIER":"sudo","_COMM":"sudo","_UID":"1000","_EXE":"/usr/bin/sudo""#,
            "Verified sudo",
        ),
        (
            r#""SYSLOG_IDENTIFIER":"sudo","_COMM":"sudo","_UID":"1000","_EXE":"/run/wrappers/wrappers.x/sudo""#,
            "Verified sudo",
        ),
        (
            r#""SYSLOG_IDENTIFIER":"sudo","_COMM":"sudo","_UID":"1000","_EXE":"/usr/bin/sudo.ws""#,
            "Verified sudo",
        ),
        // Nothing shows the file of the process: it has ended, or the sender names a false program.
        (r#""SYSLOG_IDENTIFIER":"su","_COMM":"su","_UID":"1000""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"login","_COMM":"login","_UID":"1000""#, "nothing"),
        (r#""SYSLOG_IDENTIFIER":"su","_COMM":"su","_UID":"0""#, "Verified su"),
        (
            r#""SYSLOG_IDENTIFIER":"su","COMM":"su","UID":"1000","EXE":"/usr/bin/su","TRANSPORT":"syslog""#,
            "nothing",
        ),
        (
            r#""SYSLOG_IDENTIFIER":"su","comm":"su","uid":"1000","exe":"/usr/bin/su","boot_id":"0f""#,
            "nothing",
        ),
        (r#""SYSLOG_IDENTIFIER":"su","COMM":"su","UID":"0","EXE":"/usr/bin/su""#, "Verified su"),
        (r#""SYSLOG_IDENTIFIER":"sudo","_COMM":"sudo","_UID":"1000","_EXE":"/home/eve/sudo""#, "nothing"),
        (
            r#""SYSLOG_IDENTIFIER":"sudo","_COMM":"sudo","_UID":"1000","_EXE":"/usr/bin/../../home/eve/sudo""#,
            "nothing",
        ),
        (
            r#""SYSLOG_IDENTIFIER":"sudo","_COMM":"sudo","_UID":"1000","_EXE":"/usr/bin/python3.13""#,
            "nothing",
        ),
        (r#""SYSLOG_IDENTIFIER":"sshd","_COMM":"su","_UID":"1000","_EXE":"/usr/bin/su""#, "nothing"),
        // The audit subsystem, and records without fields of the sender.
        (r#""_TRANSPORT":"audit","_AUDIT_TYPE_NAME":"USER_LOGIN","_UID":"0""#, "Verified audit"),
        (r#""SYSLOG_IDENTIFIER":"kernel","_TRANSPORT":"kernel""#, "Verified kernel"),
        (r#""SYSLOG_IDENTIFIER":"sshd","_HOSTNAME":"web1","_TRANSPORT":"syslog""#, "Named sshd"),
        // The names of Filebeat for the same fields.
        (r#""process":{"name":"sshd"},"journald":{"process":{"name":"nc"},"uid":1000}"#, "nothing"),
        (
            r#""log.syslog.appname":"sshd","journald":{"process":{"name":"sshd"},"uid":0},"systemd":{"unit":"ssh.service"}"#,
            "Verified sshd",
        ),
        // Other programs use `uid` and `comm` too.
        (r#""program":"sshd","uid":"1000""#, "Named sshd"),
    ] {
        assert_eq!(journal(fields), told, "{fields}");
    }
    // JSON inside a verified text is not opened.
    let inner =
        r#"{"_COMM":"nginx","_UID":"0","MESSAGE":"{\"MESSAGE\":\"hi\",\"SYSLOG_IDENTIFIER\":\"sshd\"}"}"#;
    assert!(one(inner).starts_with("Verified nginx"), "{}", one(inner));
}

#[test]
fn bytes_and_repeated_fields() {
    assert!(one(r#"{"MESSAGE":[70,97,105,108,255],"SYSLOG_IDENTIFIER":"sshd"}"#).ends_with("Fail\u{fffd}"));
    assert!(one(r#"{"MESSAGE":["first","second"],"SYSLOG_IDENTIFIER":"sshd"}"#).ends_with("first"));
    for bad in ["[]", "[256]", "[1,\"x\"]", "[-1]", "null", "7"] {
        assert_eq!(one(&format!(r#"{{"MESSAGE":{bad},"SYSLOG_IDENTIFIER":"sshd"}}"#)), "nothing", "{bad}");
    }
}

/// Wraps `inner` as the text of a record, `depth` times.
fn wrapped(inner: &str, depth: usize) -> String {
    (0..depth).fold(inner.to_string(), |inner, _| {
        format!(r#"{{"log":{}}}"#, serde_json::to_string(&inner).unwrap())
    })
}

#[test]
fn json_in_strings_is_opened_three_levels_deep() {
    let inner = r#"{"SYSLOG_IDENTIFIER":"sshd","pid":7,"message":"h\"i"}"#;
    for depth in 0..=3 {
        assert_eq!(one(&wrapped(inner, depth)), "Named sshd 7  - h\"i", "{depth}");
    }
    assert!(!one(&wrapped(inner, 4)).contains("Named"));
    assert_eq!(one(&format!(r#"{{"message":{inner}}}"#)), "Named sshd 7  - h\"i");
    // The text of a named program stays its own. A forwarder passes on the texts of others.
    let by = |program: &str| {
        one(&format!(
            r#"{{"appname":"{program}","host":"h","message":{}}}"#,
            serde_json::to_string(inner).unwrap()
        ))
    };
    assert_eq!(by("webapp"), format!("Named webapp - h - {inner}"));
    assert_eq!(by("fluent-bit"), "Named sshd 7 h - h\"i");
    assert_eq!(one(r#"{"log":"{no json"}"#), "nothing");
}

#[test]
fn a_header_in_the_text_goes_first_only_where_nobody_named_the_program() {
    let envelope =
        |trust, program: &'static str| Envelope { trust, program: program.into(), ..Envelope::default() };
    assert!(envelope(Trust::Unnamed, "").yields_to(b"sshd", false));
    assert!(envelope(Trust::Labelled, "linux").yields_to(b"sshd", true));
    assert!(!envelope(Trust::Labelled, "sshd").yields_to(b"error", false));
    assert!(envelope(Trust::Named, "sshd").yields_to(b"sshd", true));
    assert!(envelope(Trust::Named, "authlog").yields_to(b"sshd", true));
    assert!(!envelope(Trust::Named, "nginx").yields_to(b"sshd", true));
    assert!(!envelope(Trust::Named, "sshd").yields_to(b"error", false));
    assert!(!envelope(Trust::Verified, "sshd").yields_to(b"sshd", true));
}

#[test]
fn batches_are_unpacked() {
    let record = r#"{"message":"hi","host":"web1.example.com"}"#;
    let text = serde_json::to_string(record).unwrap();
    let hi = "Unnamed  - web1.example.com - hi";
    let raw = "raw text that is as long as a record";
    assert_eq!(
        all(&format!("[{record},{text},\"{raw}\",{{}},\"short\",[{{}}]]")),
        [hi, hi, &format!("Unnamed  -  - {raw}")]
    );
    for name in ["records", "value", "events", "logEvents"] {
        assert_eq!(all(&format!(r#"{{"x":1,"{name}":[{record},{record}]}}"#)), [hi, hi]);
    }
    assert_eq!(
        all(&format!(
            r#"{{"message":{}}}"#,
            serde_json::to_string(&format!(r#"{{"records":[{record}]}}"#)).unwrap()
        )),
        [hi]
    );
    assert_eq!(all(&format!("[[[{record}]]]")), [hi]);
    assert!(all(&format!("[[[[{record}]]]]")).is_empty(), "four deep, and no deeper");
    assert_eq!(all(&format!("[{record},")), [hi, "malformed"]);
    assert_eq!(all(&format!(r#"{{"message":"hi","events":[{record}]}}"#)), ["Unnamed  -  - hi"]);
    assert_eq!(all(&"[".repeat(100_000)), ["malformed"]);
}

#[test]
fn shapes_are_recognised_on_the_way() {
    for (record, told) in [
        (r#"{"event":{"category":["authentication","session"]},"message":"x"}"#, "ecs"),
        (r#"{"event.category":"authentication"}"#, "ecs"),
        (r#"{"event":{"category":["process"]}}"#, "nothing"),
        (r#"{"event":{"category":["authentication"]},"winlog":{"channel":"Security"}}"#, "nothing"),
        (r#"{"class_uid":3002,"message":"x"}"#, "ocsf"),
        (r#"{"class_uid":"3002"}"#, "ocsf"),
        (r#"{"class_uid":3001}"#, "nothing"),
        (r#"{"message":"{\"class_uid\":3002}"}"#, "ocsf"),
    ] {
        assert_eq!(one(record), told, "{record}");
    }
}

/// An array inside a record with a shape is a part of that record, for every reader.
#[test]
fn records_with_a_shape_are_no_batch() {
    let inner = format!(r#"{{"SYSLOG_IDENTIFIER":"sshd","message":"{TEXT_OF_SSHD}"}}"#);
    for (beside, told) in [
        (r#""Operation":"Set-Mailbox""#, "nothing"),
        (r#""eventType":"user.session.start""#, "nothing"),
        (r#""winlog":{"channel":"Security"}"#, "nothing"),
        (r#""class_uid":3002"#, "ocsf"),
        (r#""class_uid":3001"#, "nothing"),
        (r#""event":{"category":["authentication"]}"#, "ecs"),
        (r#""event":{"category":["web"]}"#, "nothing"),
        // The keeper is a web server, or another program that passes on nothing.
        (r#""event":{"dataset":"nginx.access"}"#, "nothing"),
        (r#""process":{"name":"nginx"}"#, "nothing"),
        (r#""_COMM":"nginx","_UID":"0""#, "nothing"),
    ] {
        for name in ["records", "value", "events", "logEvents"] {
            assert_eq!(one(&format!(r#"{{{beside},"{name}":[{inner}]}}"#)), told, "{beside}");
        }
    }
    // Containers around records.
    for around in [
        r#"{"@odata.context":"x","value":"#,
        r#"{"eventType":"com.okta.event_hook","cloudEventsVersion":"0.1","data":{"events":"#,
        r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","logEvents":"#,
        r#"{"requestId":"x","timestamp":1772355600000,"records":"#,
    ] {
        let record = format!("{around}[{inner}]{}", "}".repeat(around.matches('{').count()));
        assert!(one(&record).starts_with("Named sshd"), "{record}: {}", one(&record));
    }
}

/// JSON of a keeper of logs, and JSON that a stranger sent to the keeper.
#[test]
fn whose_json_is_opened() {
    let json = serde_json::to_string(r#"{"class_uid":3002,"status_id":2,"activity_id":1}"#).unwrap();
    let lines = serde_json::to_string(&format!(
        r#"{{"records":[{{"SYSLOG_IDENTIFIER":"sshd","message":"{TEXT_OF_SSHD}"}}]}}"#
    ))
    .unwrap();
    for (beside, lent) in [
        (r#""stream":"stdout","time":"2026-01-16T10:00:00Z""#, true),
        (r#""event":{"category":["authentication"]},"winlog":{"channel":"x"}"#, true),
        (r#""event":{"category":["iam","configuration"]}"#, true),
        (r#""event":{"category":["session"]}"#, true),
        (r#""event":{"dataset":"system.auth","module":"system"}"#, true),
        (r#""data_stream":{"dataset":"generic"}"#, true),
        (r#""event":{"dataset":"http_endpoint.generic"}"#, true),
        (r#""appname":"fluent-bit""#, true),
        (r#""application":"collector-of-logs""#, true),
        (r#""event":{"category":["web"]}"#, false),
        (r#""event":{"category":"network"}"#, false),
        (r#""event":{"dataset":"nginx.access","module":"nginx"}"#, false),
        (r#""event.module":"apache""#, false),
        (r#""event.dataset":"nginx.access","event.category":"authentication""#, false),
        (
            r#""data_stream":{"dataset":"apache.access"},"event":{"category":["authentication"]},"winlog":{}"#,
            false,
        ),
        (r#""appname":"nginx""#, false),
        (r#""syslogtag":"httpd[7]:""#, false),
        (r#""process":{"name":"java"}"#, false),
        (r#""_COMM":"fluent-bit","_UID":"0""#, false),
    ] {
        for key in ["message", "event.original", "log", "body"] {
            let ocsf = one(&format!(r#"{{{beside},"{key}":{json}}}"#));
            assert_eq!(ocsf.contains("ocsf"), lent, "{beside} {key}: {ocsf}");
            let batch = one(&format!(r#"{{{beside},"{key}":{lines}}}"#));
            assert_eq!(batch.starts_with("Named sshd"), lent, "{beside} {key}: {batch}");
        }
    }
    // The keeper of a provider holds only records of this provider.
    for (name, family, lent) in [
        ("okta.system", Telemetry::OKTA, true),
        ("okta.system", Telemetry::NORMALISED, true),
        ("okta.system", Telemetry::AUDIT, false),
        ("cisco_duo.auth", Telemetry::DUO, true),
        ("auth0.logs", Telemetry::AUTH0, true),
        ("azure.signinlogs", Telemetry::ENTRA, true),
        ("azure.eventhub", Telemetry::AUDIT, true),
        ("o365.audit", Telemetry::AUDIT, true),
        ("o365.audit", Telemetry::DUO, false),
        ("windows.forwarded", Telemetry::WINDOWS, true),
        ("system.security", Telemetry::WINDOWS, true),
        ("iis.access", Telemetry::IIS, true),
        ("duologsync", Telemetry::DUO, true),
        ("MSWinEventLog", Telemetry::WINDOWS, true),
        ("Microsoft-Windows-Security-Auditing", Telemetry::WINDOWS, true),
        ("rsyslogd", Telemetry::ANY, true),
        ("fluent-bit", Telemetry::ANY, true),
        ("log-shipper", Telemetry::ANY, true),
        ("relay1", Telemetry::ANY, true),
        ("auth.log", Telemetry::ANY, true),
        ("otelcol-contrib", Telemetry::ANY, true),
        // Applications whose names contain such words or parts of them.
        ("hotel-api", Telemetry::LINUX, false),
        ("celery-beat", Telemetry::LINUX, false),
        ("mail-relay", Telemetry::LINUX, false),
        ("order-shipper", Telemetry::LINUX, false),
        ("docker-registry", Telemetry::LINUX, false),
        ("vector-search", Telemetry::LINUX, false),
        ("central-api", Telemetry::ENTRA, false),
        ("individuo", Telemetry::DUO, false),
        ("ubiquiti", Telemetry::IIS, false),
        ("log", Telemetry::LINUX, false),
        ("", Telemetry::ANY, true),
        ("nginx", Telemetry::OKTA, false),
    ] {
        assert_eq!(super::lent(name.as_bytes()).has(family), lent, "{name}");
    }
    assert_eq!(super::lent("x".repeat(300).as_bytes()), Telemetry::NONE);
}

#[test]
fn broken_records_are_malformed() {
    for record in [r#"{"message":"hi""#, r#"{"message":"hi"} x"#, r#"{"message" "hi"}"#, "17", "", "{"] {
        assert_eq!(one(record), "malformed", "{record}");
    }
}

proptest! {
    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(prop_oneof![
        6 => proptest::sample::select(vec![r#"{"message":"#, r#""{\"MESSAGE\":"#, "{", "}", "[", "]", "\"", "\\\"", ",", ":", "\"_COMM\":",
            "\"records\":", "\"host\":", "\"event\":", "\"x\"", "12", "null", "\"event.category\":", "\\u00"]), 1 => Just("\u{fffd}")], 0..40)) {
        let record: String = bytes.concat();
        let _ = all(&record);
        let _ = all(&format!("{{\"message\":{record}}}"));
    }
}
