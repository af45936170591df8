//! Wraps a program's line as log shippers do, and gives the facts that are left then.

use crate::fact::{Fact, Micros, SECOND, Says, Voice};
use crate::json::{Json, Rng, number, record, text};
use crate::render::{Record, line};
use crate::scenario::{Happening, Kind};
use chrono::{DateTime, FixedOffset, Utc};

/// A program's line before it is wrapped.
#[derive(Clone, Debug)]
pub struct Line {
    /// The program that wrote it.
    pub program: &'static str,
    /// The message.
    pub text: String,
    /// The fact that a line with this header gives.
    pub fact: Option<Fact>,
}

/// A form of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Each is named after its writer.
pub enum Carrier {
    Rfc3164,
    Rfc5424,
    Iso,
    Journalctl,
    VectorJournald,
    FluentBitSystemd,
    VectorFile,
    VectorSyslog,
    /// A header without a process id.
    IsoNoPid,
    /// A whole syslog line in `log`.
    DockerSyslog,
    Filebeat,
    Ecs,
    Ocsf,
    AuditRaw,
    AuditEnriched,
    AuditInJson,
}

use Carrier::{
    AuditEnriched, AuditInJson, AuditRaw, DockerSyslog, Ecs, Filebeat, FluentBitSystemd, Iso, IsoNoPid,
    Journalctl, Ocsf, Rfc3164, Rfc5424, VectorFile, VectorJournald, VectorSyslog,
};

impl Carrier {
    /// All carriers.
    pub const ALL: [Self; 16] = [
        Iso,
        Rfc3164,
        Rfc5424,
        Journalctl,
        VectorJournald,
        FluentBitSystemd,
        VectorFile,
        VectorSyslog,
        IsoNoPid,
        DockerSyslog,
        Filebeat,
        Ecs,
        Ocsf,
        AuditRaw,
        AuditEnriched,
        AuditInJson,
    ];

    /// The resolution of its times.
    #[must_use]
    pub const fn resolution(self) -> Micros {
        match self {
            Rfc3164 | VectorFile => SECOND,
            VectorSyslog | Filebeat | Ocsf | AuditRaw | AuditEnriched | AuditInJson => 1_000,
            _ => 1,
        }
    }

    /// True if its records name the login method.
    #[must_use]
    pub const fn tells_method(self) -> bool {
        !matches!(self, Ecs | Ocsf | AuditRaw | AuditEnriched | AuditInJson)
    }

    /// The records of one happening.
    #[must_use]
    pub fn write(self, h: &Happening, sshd: &'static str, rng: &mut Rng) -> Vec<Record> {
        let mut line = line(h, sshd, rng);
        let time = h.time.div_euclid(self.resolution()) * self.resolution();
        if let Some(fact) = &mut line.fact {
            fact.time = time;
        }
        let h = &Happening { time, ..*h };
        match self {
            AuditRaw | AuditEnriched | AuditInJson => audit(self, h, &line, rng),
            Ecs | Ocsf => whole(self, h, &line, rng),
            IsoNoPid => {
                let fact = line.fact.take().map(|fact| Fact { pid: None, ..fact });
                vec![Record { bytes: self.wrap(h, &line, rng).into(), fact }]
            }
            Filebeat => filebeat(h, &line, rng),
            _ => {
                if h.kind == Kind::Forged && !matches!(self, Journalctl | VectorJournald | FluentBitSystemd) {
                    return vec![];
                }
                let bytes = self.wrap(h, &line, rng).into();
                vec![Record { bytes, fact: line.fact }]
            }
        }
    }

    fn wrap(self, h: &Happening, line: &Line, rng: &mut Rng) -> String {
        let (host, pid, program, message) = (h.host, h.pid, line.program, &line.text);
        let pri = if rng.one_in(3) { "<38>" } else { "" };
        match self {
            Rfc3164 => format!("{pri}{} {host} {program}[{pid}]: {message}", rfc3164(h.time)),
            Rfc5424 => {
                let data = rng.pick(&[
                    "-",
                    "[timeQuality tzKnown=\"1\" isSynced=\"1\"]",
                    "[x@1 a=\"b \\] c\"][y@1]",
                ]);
                format!("<38>1 {} {host} {program} {pid} - {data} {message}", rfc3339(h.time, rng))
            }
            Iso => format!("{} {host} {program}[{pid}]: {message}", rfc3339(h.time, rng)),
            Journalctl | VectorJournald | FluentBitSystemd => journald(self, h, line, rng),
            VectorFile => record(
                vec![
                    ("file", text("/var/log/auth.log")),
                    ("host", text("collector")),
                    ("message", text(format!("{} {host} {program}[{pid}]: {message}", rfc3164(h.time)))),
                    ("source_type", text("file")),
                    ("timestamp", text(zulu(h.time + 90 * SECOND))),
                ],
                rng,
            ),
            VectorSyslog => record(
                vec![
                    ("appname", text(program)),
                    ("facility", text("auth")),
                    ("host", text(host)),
                    ("hostname", text(host)),
                    ("message", text(message)),
                    ("procid", number(pid)),
                    ("severity", text("info")),
                    ("source_ip", text("127.0.0.1")),
                    ("source_type", text("syslog")),
                    ("timestamp", text(zulu(h.time))),
                ],
                rng,
            ),
            IsoNoPid => format!("{} {host} {program}: {message}", rfc3339(h.time, rng)),
            _ => {
                let line = format!("{} {host} {program}[{pid}]: {message}\r\n", rfc3339(h.time, rng));
                docker(h, &line, rng)
            }
        }
    }
}

fn docker(h: &Happening, log: &str, rng: &mut Rng) -> String {
    let time = zulu(h.time).replace('Z', "000Z");
    record(vec![("log", text(log)), ("stream", text("stderr")), ("time", text(time))], rng)
}

fn journald(carrier: Carrier, h: &Happening, line: &Line, rng: &mut Rng) -> String {
    let forged = h.kind == Kind::Forged;
    let local = line.program == "su";
    let message = if forged { "Accepted password for root from 192.0.2.10 port 22 ssh2" } else { &line.text };
    let identifier = if forged { "sshd" } else { line.program };
    let unit = match line.program {
        "logger" | "su" => "session-3.scope",
        "CRON" => "cron.service",
        "nginx" => "nginx.service",
        _ => "ssh.service",
    };
    let comm = if line.program == "CRON" { "cron" } else { line.program };
    let stamp = h.time.to_string();
    let mut fields = vec![
        ("PRIORITY", text("6")),
        ("SYSLOG_FACILITY", text("4")),
        ("SYSLOG_IDENTIFIER", text(identifier)),
        ("_COMM", text(comm)),
        ("_PID", text(h.pid.to_string())),
        ("_SYSTEMD_UNIT", text(unit)),
        ("_UID", text(if forged || local { "1000" } else { "0" })),
        ("_TRANSPORT", text("syslog")),
        ("_BOOT_ID", text("0123456789abcdef0123456789abcdef")),
        ("_SOURCE_REALTIME_TIMESTAMP", text(stamp.clone())),
    ];
    if local {
        fields.push(("_EXE", text("/usr/bin/su")));
    }
    match carrier {
        VectorJournald => fields.extend([
            ("message", text(message)),
            ("host", text(h.host)),
            ("__REALTIME_TIMESTAMP", text(stamp)),
            ("source_type", text("journald")),
            ("timestamp", text(zulu(h.time))),
        ]),
        FluentBitSystemd => fields.extend([("MESSAGE", text(message)), ("_HOSTNAME", text(h.host))]),
        _ => fields.extend([
            ("MESSAGE", text(message)),
            ("_HOSTNAME", text(h.host)),
            ("__REALTIME_TIMESTAMP", text(stamp)),
            ("__CURSOR", text("s=1;i=2")),
        ]),
    }
    record(fields, rng)
}

/// Filebeat's module `system`, fileset `auth`: it parses three kinds of sshd lines and keeps the others as text.
fn filebeat(h: &Happening, line: &Line, rng: &mut Rng) -> Vec<Record> {
    if h.kind == Kind::Forged {
        return vec![];
    }
    let (event, outcome, times) = match h.kind {
        Kind::Failed(times) => ("Failed", "failure", times),
        Kind::Invalid => ("Invalid", "failure", 1),
        Kind::Accepted(_) => ("Accepted", "success", 1),
        _ => ("", "", 1),
    };
    let object = Json::Object;
    let one = |rng: &mut Rng| {
        let mut fields = vec![
            ("@timestamp", text(zulu(h.time))),
            ("host", object(vec![("hostname", text(h.host)), ("name", text(h.host))])),
            ("process", object(vec![("name", text(line.program)), ("pid", number(h.pid))])),
            ("fileset", object(vec![("name", text("auth"))])),
            ("service", object(vec![("type", text("system"))])),
        ];
        let mut fact = line.fact.clone();
        if event.is_empty() {
            fields.push(("message", text(&line.text)));
            fields
                .push(("event", object(vec![("dataset", text("system.auth")), ("module", text("system"))])));
            return Record { bytes: record(fields, rng).into(), fact };
        }
        let mut ssh = vec![("event", text(event)), ("port", number(4022))];
        if let Some(Fact { says, .. }) = &mut fact {
            match says {
                Says::Success(method) => ssh.push(("method", text(method.clone()))),
                Says::Failure(voice, count) => {
                    let keyboard = line.text.contains(" keyboard-interactive/pam for ");
                    if *voice == Voice::Failed {
                        ssh.push((
                            "method",
                            text(if keyboard { "keyboard-interactive/pam" } else { "password" }),
                        ));
                    }
                    *count = 1;
                }
                Says::WholeFailure => {}
            }
        }
        fields.extend([
            ("system", object(vec![("auth", object(vec![("ssh", object(ssh))]))])),
            ("source", object(vec![("ip", text(h.source)), ("port", number(4022))])),
            ("user", object(vec![("name", text(h.user))])),
            (
                "event",
                object(vec![
                    ("action", text("ssh_login")),
                    ("category", Json::List(vec![text("authentication"), text("session")])),
                    ("dataset", text("system.auth")),
                    ("kind", text("event")),
                    ("outcome", text(outcome)),
                    ("type", Json::List(vec![text("info")])),
                ]),
            ),
        ]);
        Record { bytes: record(fields, rng).into(), fact }
    };
    (0..times).map(|_| one(rng)).collect()
}

/// ECS and OCSF: each record is one attempt.
fn whole(carrier: Carrier, h: &Happening, line: &Line, rng: &mut Rng) -> Vec<Record> {
    let object = Json::Object;
    let (success, times) = match h.kind {
        Kind::Failed(times) => (false, times),
        Kind::Accepted(_) => (true, 1),
        _ => return vec![],
    };
    let says = if success { Says::Success(String::new()) } else { Says::WholeFailure };
    let fact = line.fact.clone().map(|fact| Fact { pid: None, says, ..fact });
    let one = |rng: &mut Rng| {
        if carrier == Ecs {
            return record(
                vec![
                    ("@timestamp", text(zulu(h.time))),
                    (
                        "event",
                        object(vec![
                            ("category", rng.pick_category()),
                            ("outcome", text(if success { "success" } else { "failure" })),
                            ("action", text("user-login")),
                            ("dataset", text("system.auth")),
                        ]),
                    ),
                    ("user", object(vec![("name", text(h.user)), ("id", text("1000"))])),
                    ("source", object(vec![("ip", text(h.source))])),
                    (
                        "host",
                        object(vec![("name", text(h.host)), ("ip", Json::List(vec![text("192.0.2.1")]))]),
                    ),
                    ("ecs", object(vec![("version", text("8.11.0"))])),
                ],
                rng,
            );
        }
        record(
            vec![
                ("class_uid", number(3002)),
                ("category_uid", number(3)),
                ("activity_id", number(1)),
                ("type_uid", number(300_201)),
                ("severity_id", number(1)),
                ("time", number(h.time / 1000)),
                ("status_id", number(if success { 1 } else { 2 })),
                ("status", text(if success { "Success" } else { "Failure" })),
                ("user", object(vec![("name", text(h.user)), ("type_id", number(1))])),
                ("src_endpoint", object(vec![("ip", text(h.source)), ("port", number(4022))])),
                ("dst_endpoint", object(vec![("hostname", text(h.host))])),
                ("device", object(vec![("hostname", text(h.host)), ("type_id", number(1))])),
                ("is_remote", Json::Bare("true".into())),
                (
                    "metadata",
                    object(vec![
                        ("version", text("1.3.0")),
                        ("product", object(vec![("name", text("sshd"))])),
                    ]),
                ),
            ],
            rng,
        )
    };
    (0..times).map(|_| Record { bytes: one(rng).into(), fact: fact.clone() }).collect()
}

impl Rng {
    fn pick_category(&mut self) -> Json {
        if self.one_in(2) { text("authentication") } else { Json::List(vec![text("authentication")]) }
    }
}

/// The records of auditd: `USER_AUTH` for each attempt, `USER_LOGIN` for a connection without a login.
fn audit(carrier: Carrier, h: &Happening, line: &Line, rng: &mut Rng) -> Vec<Record> {
    let Some(fact) = &line.fact else { return vec![] };
    let rows: Vec<(&str, &str, &str, Says)> = match h.kind {
        Kind::Failed(times) => (0..times)
            .map(|_| ("USER_AUTH", "PAM:authentication grantors=?", "failed", Says::Failure(Voice::Audit, 1)))
            .collect(),
        Kind::Invalid | Kind::Closed | Kind::TooMany => {
            vec![("USER_LOGIN", "login", "failed", Says::Failure(Voice::AuditLogin, 1))]
        }
        Kind::Accepted(_) => vec![
            ("USER_AUTH", "PAM:authentication grantors=pam_unix", "success", Says::Success(String::new())),
            ("USER_LOGIN", "login", "success", Says::Success(String::new())),
        ],
        _ => return vec![],
    };
    let enriched = carrier != AuditRaw;
    // A connection logs in once: another login has another process.
    let pid =
        if matches!(h.kind, Kind::Accepted(_)) { 100_000 + rng.next_u64() as u32 % 1_000_000 } else { h.pid };
    let mut records = vec![];
    for (kind, op, result, says) in rows {
        let serial = 100 + rng.below(100_000);
        let terminal = if kind == "USER_AUTH" { "ssh" } else { "/dev/pts/0" };
        let account = if kind == "USER_LOGIN" && result == "success" {
            "id=1000".to_string()
        } else if h.user.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            format!("acct=\"{}\"", h.user)
        } else {
            format!("acct={}", h.user.bytes().map(|b| format!("{b:02X}")).collect::<String>())
        };
        let names = match (enriched, kind, result) {
            (false, ..) => String::new(),
            (true, "USER_LOGIN", "success") => {
                format!("\u{1d}UID=\"root\" AUID=\"{}\" ID=\"{}\"", h.user, h.user)
            }
            _ => "\u{1d}UID=\"root\" AUID=\"unset\"".to_string(),
        };
        let text_line = format!(
            "node={} type={kind} msg=audit({}.{:03}:{serial}): pid={} uid=0 auid=4294967295 ses=4294967295 \
             subj=system_u:system_r:sshd_t:s0-s0:c0.c1023 msg='op={op} {account} exe=\"/usr/sbin/sshd\" \
             hostname={} addr={} terminal={terminal} res={result}'{names}",
            h.host,
            h.time / SECOND,
            h.time % SECOND / 1000,
            pid,
            rng.pick(&["?", h.source]),
            h.source,
        );
        let bytes = if carrier == AuditInJson {
            let fields = vec![("message", text(text_line)), ("timestamp", text(zulu(h.time + SECOND)))];
            record(fields, rng).into()
        } else {
            text_line.into()
        };
        records.push(Record {
            bytes,
            fact: Some(Fact { user: Some(h.user.into()), pid: Some(pid), says, ..fact.clone() }),
        });
    }
    records
}

fn utc(time: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time).unwrap_or_default()
}

/// `Jan  2 03:04:05`, in UTC, without a year.
fn rfc3164(time: Micros) -> String {
    utc(time).format("%b %e %H:%M:%S").to_string()
}

/// RFC 3339 with microseconds, in a random offset.
fn rfc3339(time: Micros, rng: &mut Rng) -> String {
    let offset = rng.pick(&[0, 2 * 3600, -8 * 3600, 5 * 3600 + 1800]);
    let zone = FixedOffset::east_opt(offset).unwrap_or_else(|| FixedOffset::east_opt(0).expect("UTC"));
    utc(time).with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
}

/// RFC 3339 with microseconds, in UTC.
fn zulu(time: Micros) -> String {
    utc(time).format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
