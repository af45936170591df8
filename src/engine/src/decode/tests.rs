use super::*;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;

pub(crate) struct Reading;

impl Reads for Reading {
    const TELEMETRY: Telemetry = Telemetry::LINUX.and(Telemetry::NORMALISED);
}

pub(crate) fn decoder() -> Decoder<Reading> {
    trial::decoder()
}

/// `time outcome user address host pid shape` of each event.
fn said(record: &str) -> Vec<String> {
    let show = |e: &Event<'_>| {
        let address = e.src_ip.map_or("-".into(), |a| a.to_string());
        let pid = e.pid.map_or("-".into(), |pid| pid.to_string());
        format!("{} {} {} {address} {} {pid} {}", e.time, e.outcome.as_str(), e.user, e.host, e.shape)
    };
    trial::events::<Reading>(record).iter().map(show).collect()
}

pub(super) const FAILED: &str = "Failed password for root from 192.0.2.7 port 4711 ssh2";

#[test]
fn one_text_in_every_carrier() {
    let text = |record: &str| said(&record.replace("TEXT", FAILED));
    for (record, expected) in [
        ("Mar  1 09:00:00 web1 sshd[17]: TEXT", "2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd"),
        (
            "<38>Mar  1 09:00:00 web1 sshd[17]: TEXT",
            "2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd",
        ),
        (
            "<38>1 2026-03-01T10:00:00+01:00 web1 sshd 17 - [m s=\"1\"] TEXT",
            "2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd",
        ),
        (
            "2026-03-01T09:00:00.5Z web1 sshd-session[17]: TEXT",
            "2026-03-01T09:00:00.500Z failure root 192.0.2.7 web1 17 sshd",
        ),
        // Vector `file`: the only time is the time of reading. Here it is too late to show the zone.
        (
            r#"{"file":"/var/log/auth.log","host":"agent","message":"Mar  1 09:00:00 web1 sshd[17]: TEXT","timestamp":"2026-03-01T10:07:00Z"}"#,
            "2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd",
        ),
        // Vector `syslog`.
        (
            r#"{"appname":"sshd","host":"web1","hostname":"web1","message":"TEXT","procid":17,"timestamp":"2026-03-01T09:00:00Z"}"#,
            "2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd",
        ),
        // Journald, by journalctl.
        (
            r#"{"MESSAGE":"TEXT","SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_UID":"0","_PID":"17","_HOSTNAME":"web1","__REALTIME_TIMESTAMP":"1772355600000000"}"#,
            "2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd",
        ),
        // Fluent Bit `tail` of a raw file.
        (
            r#"{"date":1772355600.25,"log":"Mar  1 09:00:00 web1 sshd[17]: TEXT"}"#,
            "2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd",
        ),
        // The record has no time, so the time of its receipt counts.
        ("sshd[17]: TEXT", "2026-03-01T10:01:40Z failure root 192.0.2.7  17 sshd"),
    ] {
        assert_eq!(text(record), [expected], "{record}");
    }
}

/// One text in all fields where each carrier may keep it. If host or process are missing, `-` or nothing.
#[test]
fn one_text_in_the_siblings_of_each_carrier() {
    const AT: &str = "2026-03-01T09:00:00Z failure root 192.0.2.7";
    for (record, host_and_pid) in [
        // rsyslog's templates; syslog-ng's macros.
        (
            r#"{"@timestamp":"2026-03-01T09:00:00Z","host":"web1","tag":"sshd[17]:","message":" TEXT"}"#,
            "web1 17",
        ),
        (
            r#"{"S_ISODATE":"2026-03-01T09:00:00+00:00","HOST":"web1","PROGRAM":"sshd","PID":"17","MESSAGE":"TEXT"}"#,
            "web1 17",
        ),
        (
            r#"{"R_ISODATE":"2026-03-01T09:00:00+00:00","HOST":"web1","PROGRAM":"sshd","PID":"17","MESSAGE":"TEXT"}"#,
            "web1 17",
        ),
        // Tables of Grafana and Datadog.
        (r#"{"Time":"2026-03-01T09:00:00.000Z","Line":"Mar  1 09:00:00 web1 sshd[17]: TEXT"}"#, "web1 17"),
        (r#"{"Date":"2026-03-01T09:00:00.000Z","Host":"web1","Service":"sshd","Message":"TEXT"}"#, "web1 -"),
        // Google Cloud's containers.
        (
            r#"{"textPayload":"TEXT","timestamp":"2026-03-01T09:00:00Z","resource":{"type":"k8s_container","labels":{"container_name":"sshd"}}}"#,
            " -",
        ),
        // Fluentd's files.
        (
            "2026-03-01T09:00:00+00:00\tsystem.auth\t{\"host\":\"web1\",\"ident\":\"sshd\",\"pid\":\"17\",\"message\":\"TEXT\"}",
            "web1 17",
        ),
        (
            "2026-03-01T09:00:00+00:00\tdocker.sshd\t{\"container_name\":\"/sshd\",\"source\":\"stderr\",\"log\":\"TEXT\"}",
            " -",
        ),
        // Lines with the extra fields that daemons put between time and program, and lines after a relay.
        ("Mar  1 09:00:00 web1 <auth.info> sshd[17]: TEXT", "web1 17"),
        ("Mar  1 09:00:00 <auth.info> web1 sshd[17]: TEXT", "web1 17"),
        ("Sun Mar  1 09:00:00 2026 [1772355600.123] auth.info sshd[17]: TEXT", " 17"),
        ("<38>1 2026-03-01T09:00:05Z relay rsyslogd - - - Mar  1 09:00:00 web1 sshd[17]: TEXT", "web1 17"),
        // OpenSSH on Windows: its file, and its channel in the format of agents.
        ("17 2026-03-01 09:00:00.000 TEXT", " 17"),
        (
            r#"{"@timestamp":"2026-03-01T09:00:00Z","winlog":{"channel":"OpenSSH/Operational","process":{"pid":17}},"host":{"name":"web1"},"message":"sshd: TEXT"}"#,
            "web1 -",
        ),
        (
            r#"{"EventTime":"2026-03-01 09:00:00","Hostname":"web1","SourceName":"OpenSSH","ProcessID":17,"Message":"sshd: TEXT"}"#,
            "web1 17",
        ),
    ] {
        let said = said(&record.replace("TEXT", FAILED));
        assert_eq!(said, [format!("{AT} {host_and_pid} sshd")], "{record}");
    }
    // Texts that people write into the same members, and texts that were sent to other programs.
    for record in [
        r#"{"tag":"sshd","message":"TEXT","host":"web1","time":"2026-03-01T09:00:00Z"}"#,
        r#"{"tag":"nginx[17]:","message":"TEXT","host":"web1","time":"2026-03-01T09:00:00Z"}"#,
        r#"{"Date":"2026-03-01T09:00:00.000Z","Host":"web1","Service":"web","Message":"TEXT"}"#,
        r#"{"textPayload":"TEXT","timestamp":"2026-03-01T09:00:00Z","resource":{"labels":{"container_name":"web"}}}"#,
        "2026-03-01T09:00:00+00:00\tdocker.web\t{\"container_name\":\"/web\",\"log\":\"TEXT\"}",
        "2026-03-01T09:00:00Z\tinfo\t{\"ident\":\"sshd\",\"message\":\"TEXT\"}",
        "<38>1 2026-03-01T09:00:05Z web1 app - - - Mar  1 09:00:00 web1 sshd[17]: TEXT",
        "17 2026-03-01 09:00:00 TEXT",
    ] {
        assert_eq!(said(&record.replace("TEXT", FAILED)), [""; 0], "{record}");
    }
}

#[test]
fn arrays_hold_several() {
    let record = format!(
        r#"[{{"message":"Mar  1 09:00:00 a sshd[1]: {FAILED}"}},{{"message":"Mar  1 09:00:01 a sshd[1]: {FAILED}"}}]"#
    );
    assert_eq!(said(&record).len(), 2);
}

#[test]
fn normalised_events_and_their_text_count_once() {
    let ecs = r#"{"@timestamp":"2026-03-01T09:00:00Z","event":{"category":["authentication"],"outcome":"failure"},"user":{"name":"root"},"source":{"ip":"192.0.2.7"},"host":{"name":"web1"}}"#;
    assert_eq!(said(ecs), ["2026-03-01T09:00:00Z failure root 192.0.2.7 web1 - ecs"]);
    let ocsf = r#"{"class_uid":3002,"activity_id":1,"status_id":2,"time":1772355600000,"user":{"name":"root"},"src_endpoint":{"ip":"192.0.2.7"},"device":{"hostname":"web1"}}"#;
    assert_eq!(said(ocsf), ["2026-03-01T09:00:00Z failure root 192.0.2.7 web1 - ocsf"]);
    let both = format!(
        r#"{{"@timestamp":"2026-03-01T09:00:00Z","event":{{"category":"authentication","outcome":"failure","original":"Mar  1 09:00:00 web1 sshd[17]: {FAILED}"}},"user":{{"name":"root"}},"source":{{"ip":"192.0.2.7"}}}}"#
    );
    assert_eq!(said(&both), ["2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd"]);
}

#[test]
fn an_audit_record_brings_its_own_time() {
    let record = r#"type=USER_AUTH msg=audit(1772355600.123:9): pid=17 uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:authentication grantors=? acct="root" exe="/usr/sbin/sshd" hostname=192.0.2.7 addr=192.0.2.7 terminal=ssh res=failed'"#;
    assert_eq!(said(record), ["2026-03-01T09:00:00.123Z failure root 192.0.2.7  17 auditd"]);
}

#[test]
fn text_of_nobody_says_nothing() {
    for record in [
        FAILED.to_string(),
        format!(r#"{{"message":"{FAILED}"}}"#),
        format!(r#"{{"message":"{FAILED}","appname":"nginx"}}"#),
        format!("Mar  1 09:00:00 web1 nginx[17]: {FAILED}"),
        format!("Mar  1 09:00:00 web1 app[17]: sshd[1]: {FAILED}"),
        format!(
            r#"{{"MESSAGE":"{FAILED}","SYSLOG_IDENTIFIER":"sshd","_COMM":"logger","_UID":"1000","_PID":"17"}}"#
        ),
    ] {
        assert!(said(&record).is_empty(), "{record}");
    }
}

#[test]
fn what_is_cut_short_is_malformed() {
    let whole = format!(r#"{{"appname":"sshd","message":"{FAILED}","host":"web1"}}"#);
    assert_eq!(said(&whole).len(), 1);
    for end in 1..whole.len() {
        let malformed = decoder().decode(&whole.as_bytes()[..end], &mut |_| {}).malformed;
        assert_eq!(malformed, Readers::first(1), "{}", &whole[..end]);
    }
    assert_eq!(decoder().decode(b"[sshd]: not JSON", &mut |_| {}).malformed, Readers::NONE);
}

#[test]
fn what_says_something_holds_a_needle() {
    let needles = decoder();
    let needles = needles.needles();
    assert!(!needles.is_empty() && needles.iter().all(|needle| needle.len() >= 3));
    let record = format!("Mar  1 09:00:00 web1 sshd[17]: {FAILED}").to_lowercase();
    assert!(needles.iter().any(|needle| record.contains(&needle.to_lowercase())));
    assert!(decoder().sieve().unwrap().passes(record.as_bytes()));
}

#[test]
fn what_stands_for_a_short_needle_is_longer() {
    let decoder = decoder();
    for (short, longer) in LONGER {
        assert!(decoder.needles().contains(&short), "{short}");
        assert!(longer.iter().all(|literal| literal.len() > short.len()), "{short}");
    }
}

#[test]
fn what_an_encoder_hides_from_the_needles_still_holds_one() {
    let bytes: Vec<String> = FAILED.bytes().map(|byte| byte.to_string()).collect();
    let journal = |message: &str| {
        format!(
            r#"{{"MESSAGE":{message},"SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_UID":"0","_PID":"17","__REALTIME_TIMESTAMP":"1772355600000000"}}"#
        )
    };
    let escaped: String = FAILED.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    for record in [journal(&format!("[{}]", bytes.join(","))), journal(&format!("\"{escaped}\""))] {
        assert_eq!(said(&record), ["2026-03-01T09:00:00Z failure root 192.0.2.7  17 sshd"]);
        let lower = record.to_lowercase();
        assert!(decoder().needles().iter().any(|needle| lower.contains(&needle.to_lowercase())), "{record}");
        assert!(decoder().sieve().unwrap().passes(record.as_bytes()), "{record}");
    }
}

#[test]
fn impossible_times_leave_undated_and_zeros_before_a_line_are_skipped() {
    let record = |micros: &str| {
        format!(
            r#"{{"MESSAGE":"{FAILED}","SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_UID":"0","_PID":"17","__REALTIME_TIMESTAMP":"{micros}"}}"#
        )
    };
    for micros in ["9223372036854775807", "-9223372036854775808"] {
        assert_eq!(said(&record(micros)), [format!("{} failure root 192.0.2.7  17 sshd", trial::UNDATED)]);
    }
    let zeros = format!("\0\0\0Mar  1 09:00:00 web1 sshd[17]: {FAILED}");
    assert_eq!(said(&zeros), ["2026-03-01T09:00:00Z failure root 192.0.2.7 web1 17 sshd"]);
}

#[test]
fn each_event_of_a_batch_comes_with_its_own_record() {
    let item = |user: &str| {
        format!(
            r#"{{"message":"Mar  1 09:00:00 a sshd[1]: Failed password for {user} from 192.0.2.7 port 1 ssh2"}}"#
        )
    };
    let batch = format!(r#"{{"records":[{},{}]}}"#, item("bob"), item("eve"));
    let mut parts = Vec::new();
    let misread = decoder().decode(batch.as_bytes(), &mut |decoded| {
        parts.push(String::from_utf8_lossy(decoded.part).into_owned());
    });
    assert!(misread.malformed.is_empty());
    assert_eq!(parts, [item("bob"), item("eve")]);
}

/// The telemetry of the analytics of logins.
struct Logins;

impl Reads for Logins {
    const TELEMETRY: Telemetry = Telemetry::WINDOWS
        .and(Telemetry::AUDIT)
        .and(Telemetry::OKTA)
        .and(Telemetry::DUO)
        .and(Telemetry::NORMALISED);
}

/// The `shape user` of each event of a record.
fn logins(record: &str) -> Vec<String> {
    let events = trial::read(&mut trial::decoder::<Logins>(), record).events;
    events.iter().map(|e| format!("{} {}", e.shape, e.user)).collect()
}

pub(super) const AUDITED: &str = r#"{"CreationTime":"2026-03-01T09:00:00","Operation":"UserLoggedIn","UserId":"bob@example.com","ClientIP":"192.0.2.7"}"#;
pub(super) const PUSHED: &str = r#"{"uuid":"1","published":"2026-03-01T09:00:00Z","eventType":"user.session.start","outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"actor":{"type":"User","alternateId":"bob@example.com"},"client":{"ipAddress":"192.0.2.7"}}"#;
pub(super) const EVENT: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4625</EventID><TimeCreated SystemTime='2026-03-01T09:00:00Z'/><Channel>Security</Channel></System><EventData><Data Name='TargetUserName'>bob</Data><Data Name='LogonType'>3</Data><Data Name='IpAddress'>192.0.2.7</Data></EventData></Event>";

pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn whose_text_holds_records() {
    let records = [
        (AUDITED, "audit-log bob@example.com"),
        (PUSHED, "okta bob@example.com"),
        (EVENT, "windows-xml bob"),
    ];
    for (text, said) in records {
        // Raw, in fields of collectors, and after headers of forwarders or without a program.
        let text = quoted(text);
        for record in [
            format!(r#"{{"date":1772355600.25,"log":{text}}}"#),
            format!(
                r#"{{"message":{text},"host":"h","source_type":"file","timestamp":"2026-03-01T10:00:00Z"}}"#
            ),
            format!(r#"{{"event":{{"original":{text}}},"message":"x"}}"#),
            format!(r#"{{"event":{{"original":{text}}},"data_stream":{{"dataset":"generic"}}}}"#),
            format!(r#"{{"appname":"rsyslogd","message":{text}}}"#),
        ] {
            assert_eq!(logins(&record), [said], "{record}");
        }
        for beside in [
            r#""event":{"category":["web"],"dataset":"nginx.access","module":"nginx","outcome":"success"}"#,
            r#""event":{"category":["web"]}"#,
            r#""event":{"dataset":"nginx.error"}"#,
            r#""service":{"type":"nginx"},"event":{"module":"nginx"}"#,
            r#""appname":"nginx""#,
            r#""program":"httpd""#,
        ] {
            for key in ["message", "event.original", "body", "msg"] {
                let record = format!(r#"{{{beside},"{key}":{text}}}"#);
                assert!(logins(&record).is_empty(), "{record}");
            }
        }
    }
    for (text, said) in records {
        for header in [
            "<13>Nov  1 10:00:00 host rsyslogd: ",
            "<13>1 2026-03-01T09:00:00Z host - - - - ",
            "<14>Nov  1 10:00:00 host nxlog[7]: ",
        ] {
            assert_eq!(logins(&format!("{header}{text}")), [said], "{header}");
        }
        for header in [
            "<13>Nov  1 10:00:00 host nginx: ",
            "<13>1 2026-03-01T09:00:00Z host httpd 7 - - ",
            "Nov  1 10:00:00 host web[7]: ",
        ] {
            assert!(logins(&format!("{header}{text}")).is_empty(), "{header}{text}");
        }
    }
    // The keeper of a provider passes on only its own records.
    for (program, texts) in [
        ("okta", [false, true, false]),
        ("o365-audit", [true, false, true]),
        ("MSWinEventLog", [false, false, true]),
    ] {
        for ((text, _), own) in records.iter().zip(texts) {
            assert_eq!(
                logins(&format!("<13>Nov  1 10:00:00 host {program}: {text}")).len(),
                usize::from(own),
                "{program}"
            );
            let record = format!(r#"{{"event":{{"dataset":"{program}"}},"message":{}}}"#, quoted(text));
            assert_eq!(logins(&record).len(), usize::from(own), "{record}");
        }
    }
}

#[test]
fn xml_behind_a_header_in_a_field() {
    let text = quoted(&format!("<13>Nov  1 10:00:00 dc1 nxlog: {EVENT}"));
    assert_eq!(logins(&format!(r#"{{"log":{text}}}"#)), ["windows-xml bob"]);
    assert!(logins(&format!(r#"{{"log":{text},"event.category":"web"}}"#)).is_empty());
    let text = quoted(&format!("<13>Nov  1 10:00:00 dc1 nginx: {EVENT}"));
    assert!(logins(&format!(r#"{{"log":{text}}}"#)).is_empty());
}

#[test]
fn an_array_in_a_record_is_no_batch() {
    for name in ["records", "value", "events", "logEvents"] {
        let with = |record: &str| record.replacen('{', &format!(r#"{{"{name}":[{AUDITED},{PUSHED}],"#), 1);
        assert_eq!(logins(&with(PUSHED)), ["okta bob@example.com"], "{name}");
        assert_eq!(logins(&with(AUDITED)), ["audit-log bob@example.com"], "{name}");
        assert!(logins(&with(&PUSHED.replace("user.session.start", "app.log"))).is_empty(), "{name}");
        assert_eq!(logins(&with("{}").replace(",}", "}")).len(), 2, "{name}");
    }
    let hook = format!(r#"{{"eventType":"com.okta.event_hook","data":{{"events":[{PUSHED}]}}}}"#);
    assert_eq!(logins(&hook), ["okta bob@example.com"]);
}

#[test]
fn references_of_xml_stand_close_together_or_for_nothing() {
    let event = |name: &str| logins(&EVENT.replace(">bob<", &format!(">{name}<")));
    assert_eq!(event("a&&amp;&lt;&x;&#66;&amp&;&"), ["windows-xml a&&<&x;b&amp&;&"]);
    // Among several with one name, the first counts.
    assert_eq!(event("bob</Data><Data Name='TargetUserName'>eve"), ["windows-xml bob"]);
    assert_eq!(event(&"&".repeat(1000)), [format!("windows-xml {}", "&".repeat(1000))]);
}
