//! The JSON Schema of a configuration, for editors and for programs that write configurations.
//!
//! The types here declare the tables of the service a second time, with documentation. `service` reads these tables,
//! with better errors than a schema gives. A test checks that both have the same options. The analytics describe their
//! own options.

#![allow(dead_code, reason = "the types are read as a schema alone")]

use authsieve_engine::config::{Common, Settings as _};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Builds the schema. `analytics` holds their ids and schemas.
#[must_use]
pub fn schema(analytics: &[(String, Value)]) -> Value {
    let mut root = schemars::schema_for!(Tables).to_value();
    let Some(members) = root.get_mut("properties").and_then(Value::as_object_mut) else { return root };
    let ids: Vec<&str> = analytics.iter().map(|(id, _)| id.as_str()).collect();
    let chosen = json!({
        "description": "The analytics that run, where the command line chooses none; without it, all.",
        "type": "array", "items": { "enum": ids }, "minItems": 1,
    });
    members.insert("analytics".into(), chosen);
    let none = Map::new();
    for (id, schema) in analytics {
        let options = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        for (name, option) in options {
            let is_shared = name == "override" || Common::FIELDS.iter().any(|field| field.name == name);
            // Options of one analytic may be at the top if the command line chooses that analytic alone.
            if is_shared {
                members.entry(name.clone()).or_insert_with(|| option.clone());
            }
        }
        members.insert(id.clone(), schema.clone());
    }
    root.sort_all_objects();
    root
}

/// The configuration of authsieve: shared options, a table for each analytic, and the tables of the service.
#[derive(JsonSchema)]
#[schemars(title = "authsieve")]
struct Tables {
    /// The service.
    server: Option<Server>,
    /// The sources of records, by name.
    sources: Option<BTreeMap<String, Source>>,
    /// The sinks for alerts, by name.
    sinks: Option<BTreeMap<String, Sink>>,
}

/// The service.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Server {
    /// The state folder. Without one, a restart forgets everything.
    state_dir: Option<String>,
    /// The largest body of a request, in MiB, both compressed and decompressed. Default: 64.
    #[schemars(range(min = 1, max = 1024))]
    max_body: Option<u64>,
    /// The most MiB of alerts that may wait for a sink. Above it, senders are asked to retry. Default: 256.
    #[schemars(range(min = 1, max = 1_048_576))]
    max_waiting: Option<u64>,
    /// After SIGTERM, the service continues until no request has come for this long.
    drain: Option<Time>,
    /// The time between two states on disk. Default: 1m.
    checkpoint: Option<Time>,
    /// End the service when the process that started it ends.
    with_parent: Option<bool>,
}

/// A time such as 1.5s, 500ms, 2m.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Time(String);

/// A secret: in an environment variable, in a file, or as a text.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Secret {
    /// The text itself. Not allowed for a token.
    Text(String),
    /// An environment variable.
    Env {
        /// The name of the variable.
        env: String,
    },
    /// A file.
    File {
        /// The path of the file.
        file: String,
    },
}

/// One text or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Texts {
    /// One text.
    One(String),
    /// Several texts.
    Several(Vec<String>),
}

/// TLS of a listener. All files are PEM.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Listening {
    /// The file with the certificate, followed by the intermediate certificates.
    cert: String,
    /// The file with the private key.
    key: String,
    /// The file with the authorities for clients. If set, each client has to show a certificate.
    client_ca: Option<String>,
}

/// A source of records.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Source {
    /// HTTP requests: NDJSON, JSON arrays or lines; OpenTelemetry logs at /v1/logs.
    Http {
        /// The address, such as 127.0.0.1:7401.
        listen: String,
        /// TLS.
        tls: Option<Listening>,
        /// The token that each request has to send, in an environment variable or a file.
        token: Option<Secret>,
        /// The most open connections. More are refused.
        max_connections: Option<u64>,
    },
    /// The forward protocol of Fluentd and Fluent Bit.
    Forward {
        /// The address, such as 127.0.0.1:24224.
        listen: String,
        /// TLS.
        tls: Option<Listening>,
        /// The key that clients have to prove.
        shared_key: Option<Secret>,
        /// The name of this server. Default: authsieve.
        hostname: Option<String>,
        /// The most open connections. More are refused.
        max_connections: Option<u64>,
        /// Close a connection after this time without data.
        idle: Option<Time>,
    },
    /// Lines or syslog over TCP. Syslog is split at newlines or by octet counting.
    Tcp {
        /// The address, such as 127.0.0.1:6514.
        listen: String,
        /// TLS.
        tls: Option<Listening>,
        /// Accept other machines without a client certificate.
        insecure: Option<bool>,
        /// The most open connections. More are refused.
        max_connections: Option<u64>,
        /// Close a connection after this time without data.
        idle: Option<Time>,
    },
    /// Syslog messages or lines over UDP.
    Udp {
        /// The address, such as 127.0.0.1:514.
        listen: String,
        /// Accept other machines.
        insecure: Option<bool>,
    },
    /// Lines over a Unix socket.
    Unix {
        /// The path of the socket.
        path: String,
    },
    /// Standard input.
    Stdin {},
    /// Growing files.
    Files {
        /// The paths. Names of files and folders may contain * and ?.
        include: Texts,
        /// Read the files of the first start from their beginning. Default: true.
        from_beginning: Option<bool>,
    },
    /// The journal of systemd, read through journalctl.
    Journal {
        /// The matches for entries, such as _COMM=sshd. Default: all entries.
        matches: Option<Texts>,
        /// The path of journalctl, if it is not in PATH.
        command: Option<String>,
    },
}

/// The type of a sink.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum SinkType {
    Stdout,
    File,
    Http,
    Socket,
    Webhook,
    Alertmanager,
    Otlp,
    Forward,
    Syslog,
}

/// The format of alerts.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Format {
    Json,
    Ocsf,
    Ecs,
}

/// The severity of an alert.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// TLS for a receiver. All files are PEM.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Trust {
    /// The file with the authorities of the receiver. Default: the machine's authorities.
    ca: Option<String>,
    /// The name in the receiver's certificate, if it differs from the address.
    name: Option<String>,
    /// The file with a certificate to show.
    cert: Option<String>,
    /// The file with its private key.
    key: Option<String>,
}

/// A sink for alerts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Sink {
    /// The type. For plain lines it follows from the place.
    r#type: Option<SinkType>,
    /// The place: -, a file, http://…, https://…, unix:PATH, tcp:HOST:PORT, tls:HOST:PORT, udp:HOST:PORT. A secret URL
    /// may be in an environment variable or a file.
    to: Option<Secret>,
    /// TLS, for https:// and tls: only.
    tls: Option<Trust>,
    /// The token, in an environment variable or a file. For HTTP only.
    token: Option<Secret>,
    /// Further headers. For HTTP only.
    headers: Option<BTreeMap<String, Secret>>,
    /// The format of alerts. Default: json.
    format: Option<Format>,
    /// Deliver only alerts of at least this severity.
    min_severity: Option<Severity>,
    /// Deliver only alerts of these analytics. Default: all.
    analytics: Option<Texts>,
    /// Incidents as JSON lines. off: none; also: in addition to alerts; only: without alerts. Default: off.
    incidents: Option<String>,
    /// The rate limit, such as 10/m or 1/s. Alerts beyond it are held back.
    rate: Option<String>,
    /// The most alerts that may come at once within the rate.
    #[schemars(range(min = 1, max = 1_000_000))]
    burst: Option<u64>,
    /// The time limit of a delivery.
    timeout: Option<Time>,
    /// The file for alerts that are not delivered.
    undelivered: Option<String>,
    /// http, webhook: the method POST, PUT or PATCH.
    method: Option<String>,
    /// webhook: slack, teams, pagerduty, or the path of a template file.
    template: Option<String>,
    /// webhook: texts for the template.
    vars: Option<BTreeMap<String, Secret>>,
    /// webhook: the most alerts in one request.
    batch: Option<u64>,
    /// webhook: the key that signs requests.
    secret: Option<Secret>,
    /// alertmanager: an alert counts as resolved after this time.
    resolve_after: Option<Time>,
    /// otlp: the encoding, protobuf or json.
    encoding: Option<String>,
    /// forward: the tag of alerts.
    tag: Option<String>,
    /// forward: the shared key of the receiver.
    shared_key: Option<Secret>,
    /// forward: the user name for the receiver.
    username: Option<String>,
    /// forward: the password of that user.
    password: Option<Secret>,
    /// forward, syslog: the name of this machine in messages.
    hostname: Option<String>,
    /// forward: wait for the receiver's acknowledgement.
    ack: Option<bool>,
    /// syslog: the format, rfc5424, or local for the daemon of this machine.
    protocol: Option<String>,
    /// syslog: the facility, such as auth.
    facility: Option<String>,
    /// syslog: the longest message in bytes. Longer ones are cut.
    max_size: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::collections::BTreeSet;

    /// The options of a table, taken from the error for an unknown option.
    fn known(table: &str, text: &str) -> BTreeSet<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, format!("[{table}]\nbogus = 1\n{text}\n")).unwrap();
        let problems = Config::read(Some(&path), &[]).unwrap().served().unwrap_err();
        let found = problems.list.iter().find(|problem| problem.path.ends_with(".bogus"));
        let found = found.unwrap_or_else(|| panic!("{table} {text}: {problems}"));
        let (_, list) = found.message.rsplit_once("Options here are ").expect("the list");
        list.split(", ").map(str::to_owned).collect()
    }

    fn declared(schema: &Value) -> BTreeSet<String> {
        schema["properties"].as_object().expect("properties").keys().cloned().collect()
    }

    #[test]
    fn each_option_that_is_read_is_declared() {
        let root = schema(&[]);
        let definition = |name: &str| root["$defs"][name].clone();
        let missing = |known: BTreeSet<String>, declared: BTreeSet<String>| -> Vec<String> {
            known.difference(&declared).cloned().collect()
        };
        assert_eq!(missing(known("server", ""), declared(&definition("Server"))), [""; 0]);
        let sources = definition("Source")["oneOf"].as_array().expect("types").clone();
        for (name, text) in [
            ("http", "listen = \"127.0.0.1:1\""),
            ("forward", "listen = \"127.0.0.1:1\""),
            ("tcp", "listen = \"127.0.0.1:1\""),
            ("udp", "listen = \"127.0.0.1:1\""),
            ("unix", "path = \"x\""),
            ("stdin", ""),
            ("files", "include = [\"x\"]"),
            ("journal", ""),
        ] {
            let is_it = |source: &&Value| source["properties"]["type"]["const"] == name;
            let source = sources.iter().find(is_it).unwrap_or_else(|| panic!("no {name}"));
            let known = known("sources.x", &format!("type = \"{name}\"\n{text}"));
            assert_eq!(missing(known, declared(source)), [""; 0], "{name}");
        }
        for text in [
            "to = \"-\"",
            "to = \"http://127.0.0.1:1/\"",
            "type = \"webhook\"\nto = \"http://127.0.0.1:1/\"\ntemplate = \"slack\"",
            "type = \"alertmanager\"\nto = \"http://127.0.0.1:1/\"",
            "type = \"otlp\"\nto = \"http://127.0.0.1:1/\"",
            "type = \"forward\"\nto = \"tcp:127.0.0.1:1\"",
            "type = \"syslog\"\nto = \"udp:127.0.0.1:1\"",
        ] {
            assert_eq!(missing(known("sinks.x", text), declared(&definition("Sink"))), [""; 0], "{text}");
        }
    }
}
