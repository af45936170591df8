//! The JSON Schema of a configuration, for editors and for who writes configurations by program.
//!
//! The tables of the service are declared here once more, as types with their documentation. `service` reads them, with better
//! errors than a schema gives; a test holds the two together. The options of the analytics are theirs: each describes them itself.

#![allow(dead_code, reason = "the types are read as a schema alone")]

use authsieve_engine::config::{Common, Settings as _};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schema, for analytics with these ids and schemas.
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
            // Options of one analytic may stand at the top where the command line chooses it alone.
            if is_shared {
                members.entry(name.clone()).or_insert_with(|| option.clone());
            }
        }
        members.insert(id.clone(), schema.clone());
    }
    root.sort_all_objects();
    root
}

/// The configuration of authsieve: what all analytics share, a table for each analytic, and the tables of the service.
#[derive(JsonSchema)]
#[schemars(title = "authsieve")]
struct Tables {
    /// The service.
    server: Option<Server>,
    /// Where records come from, by name.
    sources: Option<BTreeMap<String, Source>>,
    /// Where alerts go, by name.
    sinks: Option<BTreeMap<String, Sink>>,
}

/// The service.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Server {
    /// The folder of the state. Without one a restart forgets everything.
    state_dir: Option<String>,
    /// The largest body of a request, in MiB, before and after it is unpacked. Default: 64.
    #[schemars(range(min = 1, max = 1024))]
    max_body: Option<u64>,
    /// Alerts that wait for a sink may take so many MiB; beyond, senders are asked to come again. Default: 256.
    #[schemars(range(min = 1, max = 1_048_576))]
    max_waiting: Option<u64>,
    /// After SIGTERM the service goes on until no request came for this long.
    drain: Option<Time>,
    /// The state is written to disk after this time. Default: 1m.
    checkpoint: Option<Time>,
    /// The service ends when the process that started it ends.
    with_parent: Option<bool>,
}

/// A time such as 1.5s, 500ms, 2m.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Time(String);

/// A secret.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Secret {
    /// The text itself. A token has to stand elsewhere.
    Text(String),
    /// A variable of the environment.
    Env {
        /// Its name.
        env: String,
    },
    /// A file.
    File {
        /// Its path.
        file: String,
    },
}

/// One text, or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Texts {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// The certificate of a listener, and those of its clients. Files are PEM.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Listening {
    /// Its certificate, and those between it and the authority.
    cert: String,
    /// The private key.
    key: String,
    /// The authorities of clients. With it, each client has to show a certificate.
    client_ca: Option<String>,
}

/// Where records come from.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Source {
    /// Requests by HTTP: NDJSON, JSON arrays, lines; OpenTelemetry's logs at /v1/logs.
    Http {
        /// An address such as 127.0.0.1:7401.
        listen: String,
        /// TLS.
        tls: Option<Listening>,
        /// The token that each request has to show, in the environment or in a file.
        token: Option<Secret>,
        /// More connections than these are refused.
        max_connections: Option<u64>,
    },
    /// Fluentd's and Fluent Bit's own protocol.
    Forward {
        /// An address such as 127.0.0.1:24224.
        listen: String,
        /// TLS.
        tls: Option<Listening>,
        /// The key that clients have to prove.
        shared_key: Option<Secret>,
        /// The name of this server. Default: authsieve.
        hostname: Option<String>,
        /// More connections than these are refused.
        max_connections: Option<u64>,
        /// A connection that brings nothing for so long is closed.
        idle: Option<Time>,
    },
    /// Lines over TCP; also syslog, by newlines or by counted octets.
    Tcp {
        /// An address such as 127.0.0.1:6514.
        listen: String,
        /// TLS.
        tls: Option<Listening>,
        /// Other machines may send without a certificate.
        insecure: Option<bool>,
        /// More connections than these are refused.
        max_connections: Option<u64>,
        /// A connection that brings nothing for so long is closed.
        idle: Option<Time>,
    },
    /// Datagrams of syslog, or of lines.
    Udp {
        /// An address such as 127.0.0.1:514.
        listen: String,
        /// Other machines may send.
        insecure: Option<bool>,
    },
    /// Lines over a socket in the file system.
    Unix {
        /// Its path.
        path: String,
    },
    /// Standard input.
    Stdin {},
    /// Files that grow.
    Files {
        /// Paths; * and ? in the last part stand for anything.
        include: Texts,
        /// Files that are there at the first start are read from their beginning. Default: true.
        from_beginning: Option<bool>,
    },
    /// The journal of systemd, by journalctl.
    Journal {
        /// The entries that are read, such as _COMM=sshd; without it, all.
        matches: Option<Texts>,
        /// The program, for one that is elsewhere.
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

/// How alerts are written.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Format {
    Json,
    Ocsf,
    Ecs,
}

/// How bad an alert is.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// Whom to trust, and what to show to a receiver. Files are PEM.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Trust {
    /// The authorities of the receiver. Default: those of the machine.
    ca: Option<String>,
    /// The name in the receiver's certificate, where it is not that of the address.
    name: Option<String>,
    /// A certificate to show.
    cert: Option<String>,
    /// Its private key.
    key: Option<String>,
}

/// Where alerts go, and which.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Sink {
    /// The place tells it for lines.
    r#type: Option<SinkType>,
    /// The place: -, a file, http://…, https://…, unix:PATH, tcp:HOST:PORT, tls:HOST:PORT, udp:HOST:PORT. A URL that is secret may
    /// stand elsewhere.
    to: Option<Secret>,
    /// TLS, for https:// and tls: alone.
    tls: Option<Trust>,
    /// A token, in the environment or in a file: HTTP alone.
    token: Option<Secret>,
    /// Further headers: HTTP alone.
    headers: Option<BTreeMap<String, Secret>>,
    /// How alerts are written. Default: json.
    format: Option<Format>,
    /// Alerts below this severity are left out.
    min_severity: Option<Severity>,
    /// The analytics whose alerts go there; without it, all.
    analytics: Option<Texts>,
    /// Alerts beyond this rate are held back: 10/m, 1/s.
    rate: Option<String>,
    /// So many alerts may come at once, within the rate.
    #[schemars(range(min = 1, max = 1_000_000))]
    burst: Option<u64>,
    /// A delivery that takes longer has failed.
    timeout: Option<Time>,
    /// The file of alerts that are not delivered.
    undelivered: Option<String>,
    /// http, webhook: POST, PUT or PATCH.
    method: Option<String>,
    /// webhook: slack, teams, pagerduty, or the path of a file.
    template: Option<String>,
    /// webhook: texts for the template.
    vars: Option<BTreeMap<String, Secret>>,
    /// webhook: so many alerts in one request.
    batch: Option<u64>,
    /// webhook: the key of the signature.
    secret: Option<Secret>,
    /// alertmanager: an alert is resolved after this time.
    resolve_after: Option<Time>,
    /// otlp: protobuf or json.
    encoding: Option<String>,
    /// forward: the tag of alerts.
    tag: Option<String>,
    /// forward: the key that the receiver asks for.
    shared_key: Option<Secret>,
    /// forward: the name that the receiver asks for.
    username: Option<String>,
    /// forward: the password of that name.
    password: Option<Secret>,
    /// forward, syslog: the name of this machine.
    hostname: Option<String>,
    /// forward: wait until the receiver has it.
    ack: Option<bool>,
    /// syslog: rfc5424, or local for the daemon of this machine.
    protocol: Option<String>,
    /// syslog: the facility, such as auth.
    facility: Option<String>,
    /// syslog: longer messages are cut.
    max_size: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::collections::BTreeSet;

    /// The options of a table, by the error for one that there is not.
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
