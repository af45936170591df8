//! The carriers.
//!
//! Sources: systemd.journal-fields(7) for the fields of journald; Vector's `journald`, `file`, `syslog`, Fluent Bit's
//! `systemd` (with `Strip_Underscores` and `Lowercase`), `tail`, Docker's json-file driver, Filebeat's `system` and
//! `journald` modules (ECS), Logstash's syslog input and the example of its documentation, rsyslog's JSON template,
//! Azure's `Syslog` table, OpenTelemetry's log body, Splunk's HTTP event collector.

use super::Carrier;
use super::slot::trusted::{COMM, COUNT, EXE, TRANSPORT, UID, UNIT};
use super::slot::{
    BATCH, CURSOR, DATASET, ENTRY, HOST, JOURNALD, LABEL, MICROS, ORIGINAL, PID, PROGRAM, TAG, TEXT, TIME,
};
use crate::json::Member;

/// Whose business it is to pass on what others wrote: agents, relays, and the tags that people give to the log files
/// they read (`authlog`). Parts of names.
pub const FORWARDERS: &[&str] = &[
    "journal",
    "vector",
    "fluent",
    "td-agent",
    "beat",
    "logstash",
    "syslog",
    "nxlog",
    "promtail",
    "alloy",
    "otel",
    "collector",
    "forward",
    "relay",
    "shipper",
    "cribl",
    "docker",
    "containerd",
    "authlog",
    "auth.log",
];

/// Data sets of Elastic's inputs that take whatever comes: `httpjson.generic`, `aws.cloudwatch_logs`.
pub const INPUTS: &[&str] = &["generic", "httpjson", "http_endpoint", "cloudwatch", "filestream", "pubsub"];

const fn member(path: &'static str, slot: u8, rank: u8) -> Member {
    Member::new(path, slot, rank)
}

/// What journald says of a sender, in one of the spellings.
const fn trusted(path: &'static str, spelling: u8, field: u8) -> Member {
    Member::new(path, JOURNALD + spelling * COUNT + field, 0)
}

/// All carriers. The third column of a member is its rank: the lowest that is there counts.
pub const CARRIERS: &[Carrier] = &[
    Carrier {
        name: "journald: journalctl, Vector, Fluent Bit",
        members: &[
            member("MESSAGE", TEXT, 0),
            member("SYSLOG_IDENTIFIER", PROGRAM, 0),
            member("syslog_identifier", PROGRAM, 0),
            member("_PID", PID, 0),
            member("_pid", PID, 0),
            member("SYSLOG_PID", PID, 2),
            member("syslog_pid", PID, 2),
            member("_HOSTNAME", HOST, 0),
            member("_hostname", HOST, 0),
            // When the program sent it, before when journald got it: the two differ where journald lags.
            member("_SOURCE_REALTIME_TIMESTAMP", MICROS, 0),
            member("_source_realtime_timestamp", MICROS, 0),
            member("__REALTIME_TIMESTAMP", MICROS, 1),
            member("__realtime_timestamp", MICROS, 1),
            member("SOURCE_REALTIME_TIMESTAMP", MICROS, 2),
            member("source_realtime_timestamp", MICROS, 2),
            member("_REALTIME_TIMESTAMP", MICROS, 3),
            member("_realtime_timestamp", MICROS, 3),
            member("__CURSOR", CURSOR, 0),
            member("__cursor", CURSOR, 0),
            trusted("_COMM", 0, COMM),
            trusted("_comm", 0, COMM),
            trusted("_UID", 0, UID),
            trusted("_uid", 0, UID),
            trusted("_EXE", 0, EXE),
            trusted("_exe", 0, EXE),
            trusted("_SYSTEMD_UNIT", 0, UNIT),
            trusted("_systemd_unit", 0, UNIT),
            trusted("_TRANSPORT", 0, TRANSPORT),
            trusted("_transport", 0, TRANSPORT),
            trusted("COMM", 1, COMM),
            trusted("UID", 1, UID),
            trusted("EXE", 1, EXE),
            trusted("SYSTEMD_UNIT", 1, UNIT),
            trusted("TRANSPORT", 1, TRANSPORT),
            trusted("comm", 2, COMM),
            trusted("uid", 2, UID),
            trusted("exe", 2, EXE),
            trusted("systemd_unit", 2, UNIT),
            trusted("transport", 2, TRANSPORT),
            member("boot_id", ENTRY, 0),
            member("machine_id", ENTRY, 0),
        ],
        example: r#"{"MESSAGE":"TEXT","SYSLOG_IDENTIFIER":"sshd","_COMM":"sshd","_UID":"0","_PID":"17","_HOSTNAME":"web1","__REALTIME_TIMESTAMP":"1772355600000000"}"#,
        says: "Verified sshd 17 web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "journald of Filebeat",
        members: &[
            Member::open("journald"),
            Member::open("journald.process"),
            trusted("journald.process.name", 0, COMM),
            trusted("journald.uid", 0, UID),
            trusted("journald.process.executable", 0, EXE),
            Member::open("systemd"),
            trusted("systemd.unit", 0, UNIT),
            trusted("systemd.transport", 0, TRANSPORT),
        ],
        example: r#"{"@timestamp":"2026-03-01T09:00:00Z","message":"TEXT","journald":{"uid":0,"process":{"name":"sshd"}},"syslog":{"identifier":"sshd"},"process":{"pid":17},"host":{"hostname":"web1"}}"#,
        says: "Verified sshd 17 web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "files and sockets: Vector, Fluent Bit's tail, whoever reads lines",
        members: &[
            member("message", TEXT, 1),
            member("msg", TEXT, 3),
            member("line", TEXT, 7),
            member("timestamp", TIME, 1),
            member("time", TIME, 3),
            member("date", TIME, 4),
            member("ts", TIME, 5),
            Member::or_open("host", HOST, 4),
            member("application", LABEL, 0),
            member("app", LABEL, 1),
            member("service", LABEL, 2),
        ],
        example: r#"{"file":"/var/log/auth.log","host":"web1","message":"TEXT","timestamp":"2026-03-01T09:00:00Z"}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "our filters for Fluent Bit, which pass on what is no JSON: another filter may follow",
        members: &[member("unreadable", TEXT, 10)],
        example: r#"{"unreadable":"TEXT"}"#,
        says: "Unnamed - - - -",
    },
    Carrier {
        name: "Docker's json-file",
        members: &[Member::or_open("log", TEXT, 2)],
        example: r#"{"log":"TEXT","stream":"stdout","time":"2026-03-01T09:00:00Z"}"#,
        says: "Unnamed - - - 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "syslog parsers: Vector, Fluent Bit, rsyslog, Logstash",
        members: &[
            member("syslog_message", TEXT, 0),
            member("appname", PROGRAM, 1),
            member("app_name", PROGRAM, 1),
            member("app-name", PROGRAM, 1),
            Member::open("syslog"),
            member("syslog.appname", PROGRAM, 1),
            member("ident", PROGRAM, 1),
            member("program", PROGRAM, 1),
            member("PROGRAM", PROGRAM, 1),
            member("programname", PROGRAM, 1),
            member("syslog_program", PROGRAM, 1),
            member("syslogtag", TAG, 0),
            member("PID", PID, 1),
            member("procid", PID, 2),
            member("syslog.procid", PID, 2),
            member("pid", PID, 3),
            member("HOSTNAME", HOST, 1),
            member("syslog.hostname", HOST, 2),
            member("syslog_hostname", HOST, 2),
            member("hostname", HOST, 2),
            member("logsource", HOST, 2),
            member("syslog_timestamp", TIME, 2),
        ],
        example: r#"{"appname":"sshd","host":"relay","hostname":"web1","message":"TEXT","procid":17,"timestamp":"2026-03-01T09:00:00Z"}"#,
        says: "Named sshd 17 web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "ECS: Filebeat, Elastic Agent, Logstash",
        members: &[
            member("event.original", ORIGINAL, 0),
            member("syslog.identifier", PROGRAM, 0),
            Member::open("log.syslog"),
            member("log.syslog.appname", PROGRAM, 1),
            Member::open("process"),
            member("process.name", PROGRAM, 2),
            member("log.syslog.procid", PID, 2),
            member("process.pid", PID, 3),
            member("log.syslog.hostname", HOST, 2),
            member("host.hostname", HOST, 3),
            member("host.name", HOST, 4),
            member("@timestamp", TIME, 0),
            member("event.created", TIME, 6),
            member("event.dataset", DATASET, 0),
            Member::open("data_stream"),
            member("data_stream.dataset", DATASET, 1),
            member("event.module", DATASET, 2),
        ],
        example: r#"{"@timestamp":"2026-03-01T09:00:00Z","host":{"name":"agent","hostname":"web1"},"process":{"name":"sshd","pid":17},"message":"TEXT"}"#,
        says: "Named sshd 17 web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "Azure Monitor's Syslog table",
        members: &[
            member("SyslogMessage", TEXT, 0),
            member("ProcessName", PROGRAM, 2),
            member("ProcessID", PID, 3),
            member("Computer", HOST, 4),
            member("HostName", HOST, 4),
            member("EventTime", TIME, 2),
            member("TimeGenerated", TIME, 3),
        ],
        example: r#"{"SyslogMessage":"TEXT","ProcessName":"sshd","ProcessID":17,"Computer":"web1","EventTime":"2026-03-01 09:00:00"}"#,
        says: "Named sshd 17 web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "OpenTelemetry",
        members: &[member("body", TEXT, 4), member("stringValue", TEXT, 4)],
        example: r#"{"body":{"stringValue":"TEXT"}}"#,
        says: "Unnamed - - - -",
    },
    Carrier {
        name: "CloudWatch",
        members: &[member("@message", TEXT, 5), member("logEvents", BATCH, 1)],
        example: r#"{"@message":"TEXT","@timestamp":"2026-03-01 09:00:00.000"}"#,
        says: "Unnamed - - - 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "Splunk: the HTTP event collector, exports of a search",
        members: &[
            member("_raw", TEXT, 6),
            Member::or_open("event", TEXT, 8),
            Member::open("result"),
            member("result._raw", TEXT, 9),
        ],
        example: r#"{"event":"TEXT","host":"web1","time":1772355600}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "arrays of records: Event Hubs, Graph, event hooks",
        members: &[member("records", BATCH, 0), member("events", BATCH, 1), member("value", BATCH, 2)],
        example: r#"{"records":[{"message":"TEXT","host":"web1","timestamp":"2026-03-01T09:00:00Z"}]}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
    },
];
