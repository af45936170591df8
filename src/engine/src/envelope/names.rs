//! Where pipelines put what a decoder wants to know: the paths, and which goes first where several are there.
//!
//! Sources: systemd.journal-fields(7) for the fields of journald; Vector's `journald`, `file`, `syslog`, Fluent Bit's
//! `systemd` (with `Strip_Underscores` and `Lowercase`), `tail`, Docker's json-file driver, Filebeat's `system` and
//! `journald` modules (ECS), Logstash's syslog input and the example of its documentation, rsyslog's JSON template,
//! Azure's `Syslog` table, OpenTelemetry's log body, Splunk's HTTP event collector.

use crate::json::{Name, Slots, Table, any_of};

/// The log text.
pub const TEXT: u8 = 0;
/// The whole line before a pipeline took it apart.
pub const ORIGINAL: u8 = 1;
/// The program, by a field that only a log protocol or its parser writes.
pub const PROGRAM: u8 = 2;
/// The tag of RFC 3164, `sshd[17]:`.
pub const TAG: u8 = 3;
/// The program, by a field that people put labels in.
pub const LABEL: u8 = 4;
/// The process.
pub const PID: u8 = 5;
/// The machine.
pub const HOST: u8 = 6;
/// The time, in microseconds.
pub const MICROS: u8 = 7;
/// The time, in any spelling.
pub const TIME: u8 = 8;
/// journald's own name for the entry.
pub const CURSOR: u8 = 9;
/// The first of five for each family of names: what journald itself says of the sender.
pub const JOURNALD: u8 = 10;
/// Stands in every entry of journald, whatever a pipeline did to its underscores.
pub const MARK: u8 = 25;
/// `event.category` of ECS.
pub const CATEGORY: u8 = 26;
/// `class_uid` of OCSF.
pub const CLASS: u8 = 27;
/// A record of the Windows event log.
pub const WINLOG: u8 = 28;
/// An array of records.
pub const BATCH: u8 = 29;
/// The id of an event in the Windows event log.
pub const EVENT_ID: u8 = 30;
/// A sign-in of Entra.
pub const ENTRA: u8 = 31;
/// An entry of the unified audit log.
pub const AUDIT: u8 = 32;
/// A request that IIS logged.
pub const WEB: u8 = 33;
/// A line of one of Exchange's protocol logs.
pub const MAIL: u8 = 34;
/// An event of Okta's System Log.
pub const OKTA: u8 = 35;
/// An entry of Duo's authentication log.
pub const DUO: u8 = 36;
/// An entry of a Mac's logs.
pub const MAC: u8 = 37;
/// An entry of Auth0's tenant log.
pub const AUTH0: u8 = 38;

/// `event.dataset` of ECS, or the module it belongs to.
pub const DATASET: u8 = 39;

/// The slots that tell of the sender.
pub const SENDER: u64 = any_of(&[PROGRAM, TAG, LABEL, PID, HOST, MICROS, TIME, CURSOR, MARK])
    | ((1 << (3 * trusted::COUNT)) - 1) << JOURNALD;
/// The slots that give a family away.
pub const SHAPE: u64 =
    any_of(&[CATEGORY, CLASS, WINLOG, EVENT_ID, ENTRA, AUDIT, WEB, MAIL, OKTA, DUO, MAC, AUTH0]);

/// What one pass over a record finds.
pub type Found<'a> = Slots<'a>;

/// Offsets from the first slot of a family.
pub mod trusted {
    pub const COMM: u8 = 0;
    pub const UID: u8 = 1;
    pub const EXE: u8 = 2;
    pub const UNIT: u8 = 3;
    pub const TRANSPORT: u8 = 4;
    /// How many there are.
    pub const COUNT: u8 = 5;
    /// `_COMM`; `COMM`; `comm`.
    pub const FAMILIES: [u8; 3] = [super::JOURNALD, super::JOURNALD + COUNT, super::JOURNALD + 2 * COUNT];
}

const fn name(path: &'static str, slot: u8, rank: u8) -> Name {
    Name::new(path, slot, rank)
}

const fn journald(path: &'static str, family: u8, field: u8) -> Name {
    Name::new(path, JOURNALD + family * trusted::COUNT + field, 0)
}

/// All paths. The third column is the rank: the lowest that is there wins.
pub static TABLE: Table<207> = Table::new([
    name("MESSAGE", TEXT, 0),
    name("message", TEXT, 1),
    name("syslog_message", TEXT, 0),
    name("SyslogMessage", TEXT, 0),
    Name::or_open("log", TEXT, 2),
    name("msg", TEXT, 3),
    name("body", TEXT, 4),
    name("stringValue", TEXT, 4),
    name("@message", TEXT, 5),
    name("_raw", TEXT, 6),
    name("line", TEXT, 7),
    Name::or_open("event", TEXT, 8),
    // As our filters for Fluent Bit pass on what is no JSON: another filter may follow.
    name("unreadable", TEXT, 10),
    name("event.original", ORIGINAL, 0),
    name("SYSLOG_IDENTIFIER", PROGRAM, 0),
    name("syslog_identifier", PROGRAM, 0),
    name("syslog.identifier", PROGRAM, 0),
    name("appname", PROGRAM, 1),
    name("app_name", PROGRAM, 1),
    name("app-name", PROGRAM, 1),
    name("syslog.appname", PROGRAM, 1),
    name("log.syslog.appname", PROGRAM, 1),
    name("ident", PROGRAM, 1),
    name("program", PROGRAM, 1),
    name("PROGRAM", PROGRAM, 1),
    name("programname", PROGRAM, 1),
    name("syslog_program", PROGRAM, 1),
    name("process.name", PROGRAM, 2),
    name("ProcessName", PROGRAM, 2),
    name("syslogtag", TAG, 0),
    name("application", LABEL, 0),
    name("app", LABEL, 1),
    name("service", LABEL, 2),
    name("_PID", PID, 0),
    name("_pid", PID, 0),
    name("PID", PID, 1),
    name("SYSLOG_PID", PID, 2),
    name("syslog_pid", PID, 2),
    name("procid", PID, 2),
    name("syslog.procid", PID, 2),
    name("log.syslog.procid", PID, 2),
    name("pid", PID, 3),
    name("process.pid", PID, 3),
    name("ProcessID", PID, 3),
    name("_HOSTNAME", HOST, 0),
    name("_hostname", HOST, 0),
    name("HOSTNAME", HOST, 1),
    name("syslog.hostname", HOST, 2),
    name("log.syslog.hostname", HOST, 2),
    name("syslog_hostname", HOST, 2),
    name("hostname", HOST, 2),
    name("logsource", HOST, 2),
    name("host.hostname", HOST, 3),
    Name::or_open("host", HOST, 4),
    name("host.name", HOST, 4),
    name("Computer", HOST, 4),
    name("HostName", HOST, 4),
    // When the program sent it, before when journald got it: the two differ where journald lags.
    name("_SOURCE_REALTIME_TIMESTAMP", MICROS, 0),
    name("_source_realtime_timestamp", MICROS, 0),
    name("__REALTIME_TIMESTAMP", MICROS, 1),
    name("__realtime_timestamp", MICROS, 1),
    name("SOURCE_REALTIME_TIMESTAMP", MICROS, 2),
    name("source_realtime_timestamp", MICROS, 2),
    name("_REALTIME_TIMESTAMP", MICROS, 3),
    name("_realtime_timestamp", MICROS, 3),
    name("@timestamp", TIME, 0),
    name("timestamp", TIME, 1),
    name("syslog_timestamp", TIME, 2),
    name("EventTime", TIME, 2),
    name("time", TIME, 3),
    name("TimeGenerated", TIME, 3),
    name("date", TIME, 4),
    name("ts", TIME, 5),
    name("event.created", TIME, 6),
    name("__CURSOR", CURSOR, 0),
    name("__cursor", CURSOR, 0),
    journald("_COMM", 0, trusted::COMM),
    journald("_comm", 0, trusted::COMM),
    journald("journald.process.name", 0, trusted::COMM),
    journald("_UID", 0, trusted::UID),
    journald("_uid", 0, trusted::UID),
    journald("journald.uid", 0, trusted::UID),
    journald("_EXE", 0, trusted::EXE),
    journald("_exe", 0, trusted::EXE),
    journald("journald.process.executable", 0, trusted::EXE),
    journald("_SYSTEMD_UNIT", 0, trusted::UNIT),
    journald("_systemd_unit", 0, trusted::UNIT),
    journald("systemd.unit", 0, trusted::UNIT),
    journald("_TRANSPORT", 0, trusted::TRANSPORT),
    journald("_transport", 0, trusted::TRANSPORT),
    journald("systemd.transport", 0, trusted::TRANSPORT),
    journald("COMM", 1, trusted::COMM),
    journald("UID", 1, trusted::UID),
    journald("EXE", 1, trusted::EXE),
    journald("SYSTEMD_UNIT", 1, trusted::UNIT),
    journald("TRANSPORT", 1, trusted::TRANSPORT),
    journald("comm", 2, trusted::COMM),
    journald("uid", 2, trusted::UID),
    journald("exe", 2, trusted::EXE),
    journald("systemd_unit", 2, trusted::UNIT),
    journald("transport", 2, trusted::TRANSPORT),
    name("boot_id", MARK, 0),
    name("machine_id", MARK, 0),
    name("event.category", CATEGORY, 0),
    name("event.dataset", DATASET, 0),
    name("data_stream.dataset", DATASET, 1),
    name("event.module", DATASET, 2),
    Name::open("data_stream"),
    name("class_uid", CLASS, 0),
    name("winlog", WINLOG, 0),
    name("winlog.event_id", WINLOG, 0),
    name("winlog.channel", WINLOG, 0),
    name("winlog.provider_name", WINLOG, 0),
    // Windows: evtx_dump; NXLog, Fluent Bit and Azure; Vector.
    name("Event.System", EVENT_ID, 0),
    name("EventID", EVENT_ID, 0),
    name("event_id", EVENT_ID, 0),
    // Fluent Bit with `render_event_as_xml`.
    name("System", EVENT_ID, 1),
    // The event as XML is all there is: NXLog, and whoever else kept it in a field.
    name("EventXML", TEXT, 9),
    name("xml", TEXT, 9),
    name("Xml", TEXT, 9),
    // Splunk's search export.
    name("result._raw", TEXT, 9),
    Name::open("result"),
    Name::or_open("Event", TEXT, 9),
    // Entra: Log Analytics, Graph, diagnostic settings (their operation), the portal's export.
    name("ResultType", ENTRA, 0),
    name("ResultType_s", ENTRA, 0),
    name("userPrincipalName", ENTRA, 0),
    name("UserPrincipalName", ENTRA, 0),
    name("userPrincipalName_s", ENTRA, 0),
    // The names above are empty where the account is unknown.
    name("createdDateTime", ENTRA, 1),
    name("operationName", ENTRA, 1),
    name("Sign-in error code", ENTRA, 1),
    // Empty where there was no error; this never is.
    name("Request ID", ENTRA, 1),
    Name::open("azure"),
    name("azure.signinlogs", ENTRA, 1),
    name("azure.signinlogs.result_type", ENTRA, 1),
    name("azure.signinlogs.properties.id", ENTRA, 1),
    // The unified audit log, bare and as its exports wrap it.
    name("Operation", AUDIT, 0),
    name("Operation_s", AUDIT, 0),
    name("o365.audit.UserId", AUDIT, 1),
    name("o365.audit.CreationTime", AUDIT, 1),
    Name::open("auditData"),
    name("auditData.Operation", AUDIT, 1),
    name("AuditData", TEXT, 0),
    // IIS: the W3C names, and as parsers spell them.
    name("cs-uri-stem", WEB, 0),
    name("cs_uri_stem", WEB, 0),
    name("csUriStem", WEB, 0),
    Name::open("iis"),
    name("iis.access", WEB, 0),
    name("iis.access.sub_status", WEB, 0),
    // Exchange: IMAP and POP; SMTP.
    name("sessionId", MAIL, 0),
    name("connector-id", MAIL, 0),
    // Okta: bare, in Log Analytics, in Elastic; under what Splunk and EventBridge put around a record.
    name("eventType", OKTA, 0),
    name("eventType_s", OKTA, 0),
    name("EventOriginalType", OKTA, 0),
    name("okta.event_type", OKTA, 0),
    name("okta.eventType", OKTA, 0),
    name("event.eventType", OKTA, 0),
    name("detail.eventType", OKTA, 0),
    name("data.events", BATCH, 0),
    Name::open("data"),
    Name::open("detail"),
    // Duo: of the older version, a field that only it has.
    name("txid", DUO, 0),
    name("txid_g", DUO, 0),
    name("txid_s", DUO, 0),
    name("telephony_id", DUO, 0),
    name("new_enrollment", DUO, 0),
    name("new_enrollment_b", DUO, 0),
    name("cisco_duo.auth.txid", DUO, 0),
    name("event.txid", DUO, 0),
    name("detail.txid", DUO, 0),
    // Macs: the unified log, alone and in an alert of Jamf; events of Endpoint Security; BSM audit.
    name("eventMessage", MAC, 0),
    name("input.match.event.composedMessage", MAC, 0),
    name("event.authentication", MAC, 0),
    name("event.openssh_login", MAC, 0),
    name("event.login_login", MAC, 0),
    name("event.lw_session_login", MAC, 0),
    name("event.lw_session_unlock", MAC, 0),
    name("event.screensharing_attach", MAC, 0),
    name("header.event_name", MAC, 0),
    name("log_id", AUTH0, 0),
    name("log_id_s", AUTH0, 0),
    name("data.log_id", AUTH0, 0),
    name("event.log_id", AUTH0, 0),
    name("event.data.log_id", AUTH0, 0),
    name("detail.log_id", AUTH0, 0),
    name("detail.data.log_id", AUTH0, 0),
    Name::open("cisco_duo"),
    Name::open("cisco_duo.auth"),
    Name::open("event.data"),
    Name::open("detail.data"),
    Name::open("header"),
    Name::open("input"),
    Name::open("input.match"),
    Name::open("input.match.event"),
    Name::open("o365"),
    Name::open("o365.audit"),
    Name::open("okta"),
    name("records", BATCH, 0),
    name("events", BATCH, 1),
    name("logEvents", BATCH, 1),
    name("value", BATCH, 2),
    Name::open("process"),
    Name::open("syslog"),
    Name::open("log.syslog"),
    Name::open("journald"),
    Name::open("journald.process"),
    Name::open("systemd"),
]);
