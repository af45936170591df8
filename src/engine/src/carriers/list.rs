//! The list of all carriers.
//!
//! The fields of journald are those of systemd.journal-fields(7). The others are those of Vector's `journald`, `file`
//! and `syslog`, and of Fluent Bit's `systemd` (with `Strip_Underscores` and `Lowercase`) and `tail`. Further sources
//! are Docker's json-file driver, Filebeat's `system` and `journald` modules (ECS), Logstash's syslog input, and the
//! example of its documentation. The last are rsyslog's JSON template, Azure's `Syslog` table, OpenTelemetry's log
//! body, and Splunk's HTTP event collector.

use super::Carrier;
use super::slot::trusted::{COMM, COUNT, EXE, TRANSPORT, UID, UNIT};
use super::slot::{
    BATCH, CONTAINER, CURSOR, DATASET, ENTRY, FOLD, HOST, JOURNALD, LABEL, MICROS, ORIGINAL, PID, PROGRAM,
    RECEIPT, STREAM, TAG, TEXT, TIME, WATCHED,
};
use super::unfold::{DATADOG, GELF, GRAYLOG, KAFKA, LAUREL, OTLP, TABLE, VALUES};
use crate::json::Member;

/// Words in the names of agents and relays, which pass on records that others wrote. Also words of tags that people
/// give to log files (`authlog`). A name with any other word, except those in [`BESIDE`], belongs to an application
/// (`mail-relay`, `docker-registry`).
pub const FORWARDERS: &[&str] = &[
    "journal",
    "journald",
    "vector",
    "fluent",
    "fluentbit",
    "fluentd",
    "td",
    "filebeat",
    "journalbeat",
    "winlogbeat",
    "auditbeat",
    "logcollector",
    "logstash",
    "syslog",
    "syslogd",
    "rsyslog",
    "rsyslogd",
    "nxlog",
    "promtail",
    "alloy",
    "otel",
    "otelcol",
    "opentelemetry",
    "collector",
    "forwarder",
    "forward",
    "relay",
    "shipper",
    "cribl",
    "docker",
    "dockerd",
    "containerd",
    "authlog",
];

/// Words that may come with a forwarder's word: `fluent-bit`, `syslog-ng`, `log-shipper`, `system.syslog`.
pub const BESIDE: &[&str] = &[
    "agent",
    "auth",
    "bit",
    "container",
    "contrib",
    "daemon",
    "edge",
    "elastic",
    "event",
    "events",
    "log",
    "logs",
    "ng",
    "system",
    "systemd",
    "universal",
];

/// Names of data sets of Elastic's inputs that accept any record: `httpjson.generic`, `aws.cloudwatch_logs`.
pub const INPUTS: &[&str] = &["generic", "httpjson", "http_endpoint", "cloudwatch", "filestream", "pubsub"];

/// The rank of Graylog's member with the program's name. No other carrier has this rank.
pub const GRAYLOG_NAMES_IT: u8 = 4;

const fn member(path: &'static str, slot: u8, rank: u8) -> Member {
    Member::new(path, slot, rank)
}

/// A fact that journald itself records about a sender, in one of its spellings.
const fn trusted(path: &'static str, spelling: u8, field: u8) -> Member {
    Member::new(path, JOURNALD + spelling * COUNT + field, 0)
}

/// All carriers. The third argument of `member` is its rank: of the members present, the lowest rank counts.
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
            // The time of sending goes before journald's time of receipt. The two differ when journald is behind.
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
        ..Carrier::EMPTY
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
        ..Carrier::EMPTY
    },
    Carrier {
        name: "files and sockets: Vector, Fluent Bit's tail, tables of Grafana and Datadog, whoever reads lines",
        members: &[
            member("message", TEXT, 1),
            member("msg", TEXT, 3),
            member("line", TEXT, 7),
            member("timestamp", TIME, 2),
            member("time", TIME, 3),
            member("date", TIME, 4),
            member("Time", TIME, 4),
            member("Date", TIME, 4),
            member("Line", TEXT, 9),
            member("Host", HOST, 5),
            member("Service", LABEL, 4),
            member("ts", TIME, 5),
            Member::or_open("host", HOST, 4),
            member("application", LABEL, 0),
            member("app", LABEL, 1),
            member("service", LABEL, 2),
        ],
        example: r#"{"file":"/var/log/auth.log","host":"web1","message":"TEXT","timestamp":"2026-03-01T09:00:00Z"}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "our filters for Fluent Bit, which pass on what is no JSON: another filter may follow",
        members: &[member("unreadable", TEXT, 10)],
        example: r#"{"unreadable":"TEXT"}"#,
        says: "Unnamed - - - -",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "containers: Docker's json-file, its drivers, CRI, Kubernetes",
        members: &[
            Member::or_open("log", TEXT, 2),
            Member::or_open("stream", STREAM, 0),
            member("source", STREAM, 1),
            Member::open("log.iostream"),
            member("log.iostream", STREAM, 1),
            member("container_name", CONTAINER, 0),
            Member::open("kubernetes"),
            member("kubernetes.container_name", CONTAINER, 0),
            Member::open("kubernetes.container"),
            member("kubernetes.container.name", CONTAINER, 0),
            Member::open("container"),
            member("container.name", CONTAINER, 1),
            // Google Cloud Logging.
            Member::open("resource"),
            Member::open("resource.labels"),
            member("resource.labels.container_name", CONTAINER, 1),
            member("k8s.container.name", CONTAINER, 0),
        ],
        example: r#"{"log":"TEXT","stream":"stdout","time":"2026-03-01T09:00:00Z","kubernetes":{"container_name":"sshd"}}"#,
        says: "Labelled sshd - - 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
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
            member("syslog-tag", TAG, 0),
            member("HOST", HOST, 1),
            member("Hostname", HOST, 2),
            // NXLog. Its Windows events also have an id.
            member("SourceName", PROGRAM, 3),
            member("Message", TEXT, 8),
            member("program_name", PROGRAM, 2),
            member("proc_id", PID, 3),
            member("PID", PID, 1),
            member("procid", PID, 2),
            member("syslog.procid", PID, 2),
            member("pid", PID, 3),
            member("HOSTNAME", HOST, 1),
            member("syslog.hostname", HOST, 2),
            member("syslog_hostname", HOST, 2),
            member("hostname", HOST, 2),
            member("logsource", HOST, 2),
            member("syslog_timestamp", TIME, 0),
            member("timereported", TIME, 0),
            member("timegenerated", TIME, 2),
            member("ISODATE", TIME, 0),
            member("S_ISODATE", TIME, 1),
            member("DATE", TIME, 1),
            member("S_DATE", TIME, 2),
            // rsyslog's templates. Other writers put their own labels here: see [`TAG`].
            member("tag", TAG, 1),
        ],
        example: r#"{"appname":"sshd","host":"relay","hostname":"web1","message":"TEXT","procid":17,"timestamp":"2026-03-01T09:00:00Z"}"#,
        says: "Named sshd 17 web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
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
            member("@timestamp", RECEIPT, 0),
            member("event.created", RECEIPT, 2),
            member("event.dataset", DATASET, 0),
            Member::open("data_stream"),
            member("data_stream.dataset", DATASET, 1),
            member("event.module", DATASET, 2),
        ],
        example: r#"{"@timestamp":"2026-03-01T09:00:00Z","host":{"name":"agent","hostname":"web1"},"process":{"name":"sshd","pid":17},"message":"TEXT"}"#,
        says: "Named sshd 17 web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "Azure Monitor's Syslog table",
        members: &[
            member("SyslogMessage", TEXT, 0),
            member("ProcessName", PROGRAM, 2),
            member("ProcessID", PID, 3),
            member("Computer", HOST, 4),
            member("HostName", HOST, 4),
            member("EventTime", TIME, 0),
            member("TimeGenerated", TIME, 3),
        ],
        example: r#"{"SyslogMessage":"TEXT","ProcessName":"sshd","ProcessID":17,"Computer":"web1","EventTime":"2026-03-01 09:00:00"}"#,
        says: "Named sshd 17 web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "OpenTelemetry",
        members: &[
            member("body", TEXT, 4),
            member("stringValue", TEXT, 4),
            member("resourceLogs", FOLD, OTLP),
            member("resource_logs", FOLD, OTLP),
            member("syslog.app_name", PROGRAM, 1),
            member("service.name", LABEL, 3),
        ],
        example: r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"web1"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1772355600000000000","body":{"stringValue":"TEXT"}}]}]}]}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "CloudWatch",
        members: &[member("@message", TEXT, 5), member("logEvents", BATCH, 1)],
        example: r#"{"results":[[{"field":"@message","value":"TEXT"},{"field":"@timestamp","value":"2026-03-01 09:00:00.000"}]]}"#,
        says: "Unnamed - - - 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "Splunk: the HTTP event collector, exports of a search",
        members: &[
            member("_raw", TEXT, 6),
            member("_time", RECEIPT, 1),
            Member::or_open("event", TEXT, 8),
            member("results", BATCH, 2),
        ],
        records: &["result", "event"],
        example: r#"{"preview":false,"result":{"_raw":"TEXT","host":"web1","_time":"2026-03-01T09:00:00Z"}}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "arrays of records: Event Hubs, Graph, event hooks, answers of APIs",
        members: &[
            member("records", BATCH, 0),
            member("Records", BATCH, 0),
            member("events", BATCH, 1),
            member("Events", BATCH, 1),
            member("Results", BATCH, 3),
            member("value", BATCH, 2),
            member("entries", BATCH, 3),
            member("items", BATCH, 3),
            member("logs", BATCH, 3),
            member("messages", BATCH, 3),
            Member::or_open("data", BATCH, 4),
            Member::or_open("response", BATCH, 3),
            member("response.authlogs", BATCH, 3),
            member("authlogs", BATCH, 3),
        ],
        example: r#"{"records":[{"message":"TEXT","host":"web1","timestamp":"2026-03-01T09:00:00Z"}]}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "Elasticsearch, Kibana, OpenSearch: hits, documents, fields as arrays of one",
        members: &[Member::open("hits"), member("hits.hits", BATCH, 1), member("responses", BATCH, 3)],
        records: &["_source", "fields"],
        example: r#"{"took":1,"hits":{"hits":[{"_index":"i","_source":{"message":"TEXT","host":{"name":"web1"},"@timestamp":"2026-03-01T09:00:00Z"}}]}}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "Wazuh: alerts, archives, what its agents and modules send",
        members: &[
            member("full_log", TEXT, 7),
            Member::open("predecoder"),
            member("predecoder.hostname", HOST, 4),
            Member::open("agent"),
            member("agent.name", HOST, 6),
        ],
        records: &["win", "office365", "data"],
        example: r#"{"timestamp":"2026-03-01T09:00:00.123+0000","agent":{"name":"web1"},"full_log":"TEXT","location":"/var/log/auth.log"}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00.123Z",
    },
    Carrier {
        name: "Loki and Grafana: push, query_range, logcli",
        members: &[
            member("streams", BATCH, 2),
            member("data.result", BATCH, 2),
            member("values", FOLD, VALUES),
            Member::open("labels"),
            member("labels.host", HOST, 4),
            member("labels.hostname", HOST, 4),
            member("labels.nodename", HOST, 5),
            member("labels.syslog_identifier", PROGRAM, 2),
            member("labels.identifier", PROGRAM, 2),
            member("labels.container", CONTAINER, 1),
            member("labels.container_name", CONTAINER, 1),
            member("labels.unit", WATCHED, 0),
            member("labels.systemd_unit", WATCHED, 0),
            member("labels.app", LABEL, 3),
            member("labels.stream", STREAM, 2),
        ],
        example: r#"{"streams":[{"stream":{"host":"web1","unit":"ssh.service"},"values":[["1772355600000000000","TEXT"]]}]}"#,
        says: "Labelled sshd - web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "tables of Log Analytics, Kusto, Splunk, SQL over HTTP: columns and rows",
        members: &[
            member("tables", BATCH, 2),
            member("Tables", BATCH, 2),
            member("rows", FOLD, TABLE),
            member("Rows", FOLD, TABLE),
        ],
        example: r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"EventTime"},{"name":"HostName"},{"name":"ProcessName"},{"name":"SyslogMessage"}],"rows":[["2026-03-01T09:00:00Z","web1","sshd","TEXT"]]}]}"#,
        says: "Named sshd - web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "GELF: NXLog, Docker's driver, Graylog's inputs",
        members: &[member("short_message", FOLD, GELF)],
        example: r#"{"version":"1.1","host":"web1","short_message":"TEXT","timestamp":1772355600.0,"_application_name":"sshd","_process_id":"17"}"#,
        says: "Named sshd 17 web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "Graylog: its API, its exports",
        members: &[member("application_name", PROGRAM, GRAYLOG_NAMES_IT), member("process_id", PID, 3)],
        example: r#"{"messages":[{"message":{"timestamp":"2026-03-01T09:00:00.000Z","source":"web1","application_name":"sshd","process_id":"17","message":"TEXT"},"index":"graylog_0"}]}"#,
        says: "Named sshd 17 web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "Graylog: what it makes of Beats",
        members: &[
            member("winlogbeat_event_code", FOLD, GRAYLOG),
            member("winlogbeat_event_id", FOLD, GRAYLOG),
            member("winlogbeat_winlog_event_id", FOLD, GRAYLOG),
            member("winlogbeat_winlog_channel", FOLD, GRAYLOG),
        ],
        example: r#"{"timestamp":"2026-03-01T09:00:00Z","winlogbeat_event_code":"1","winlogbeat_host_name":"web1","message":"TEXT"}"#,
        says: "Unnamed - - - 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "LAUREL: the audit log as JSON",
        members: &[
            member("USER_AUTH", FOLD, LAUREL),
            member("USER_LOGIN", FOLD, LAUREL),
            member("USER_ERR", FOLD, LAUREL),
        ],
        example: r#"{"ID":"1772355600.000:1","NODE":"web1","USER_AUTH":{"pid":17,"op":"PAM:authentication","acct":"bob","exe":"/usr/sbin/sshd","addr":"192.0.2.7","res":"failed"}}"#,
        says: "Unnamed - - web1 - type=USER_AUTH msg=audit(1772355600.000:1): pid=17 uid=0 msg='op=PAM:authentication acct=626F62 exe=/usr/sbin/sshd addr=192.0.2.7 res=failed'",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "Google Cloud Logging",
        members: &[member("textPayload", TEXT, 5)],
        records: &["jsonPayload"],
        example: r#"{"insertId":"x","textPayload":"TEXT","logName":"projects/p/logs/auth","timestamp":"2026-03-01T09:00:00Z"}"#,
        says: "Unnamed - - - 2026-03-01T09:00:00Z",
    },
    Carrier {
        name: "Kafka: what consumers, browsers of topics and its REST proxy print",
        members: &[member("partition", FOLD, KAFKA)],
        example: r#"{"topic":"auth","partition":0,"offset":7,"ts":1772355600000,"key":null,"payload":"{\"message\":\"TEXT\",\"host\":\"web1\",\"timestamp\":\"2026-03-01T09:00:00Z\"}"}"#,
        says: "Unnamed - - web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "Datadog: a record that it has taken apart",
        members: &[Member::open("attributes"), member("attributes.attributes", FOLD, DATADOG)],
        example: r#"{"id":"x","type":"log","attributes":{"host":"web1","timestamp":"2026-03-01T09:00:05Z","attributes":{"message":"TEXT","appname":"sshd","timestamp":"2026-03-01T09:00:00Z"}}}"#,
        says: "Named sshd - web1 2026-03-01T09:00:00Z",
        ..Carrier::EMPTY
    },
    Carrier {
        name: "Datadog: the API's answer, archives; whoever keeps a record in a member of its own",
        members: &[],
        records: &["attributes", "content", "payload", "record", "doc", "document", "detail", "columns"],
        example: r#"{"id":"x","attributes":{"message":"TEXT","host":"web1","service":"sshd","timestamp":"2026-03-01T09:00:00Z"}}"#,
        says: "Labelled sshd - web1 2026-03-01T09:00:00Z",
    },
];
