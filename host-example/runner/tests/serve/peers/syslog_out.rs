//! Tests of the syslog sink with a real rsyslogd, which parses the messages.

use super::rsyslog::{Rsyslog, TCP, free_udp_port};
use super::{EVIL, SHOWN, evil_attack};
use crate::pki::Authority;
use crate::server::{attack, bare, body, expected, waits_for_alerts};
use crate::sinks::Service;
use serde_json::Value;
use std::path::Path;

/// All parts of a message, in JSON that rsyslogd writes.
const TEMPLATE: &str = r#"
template(name="parts" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="program" name="programname" format="jsonf")
  property(outname="kind" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}
"#;

/// A ruleset that writes the parts of messages to a file with its name.
fn ruleset(name: &str) -> String {
    format!(
        "ruleset(name=\"{name}\") {{ action(type=\"omfile\" file=\"FOLDER/{name}\" template=\"parts\") }}\n"
    )
}

/// Parses structured data of RFC 5424 into the name and the parameters.
fn data(text: &str) -> (String, serde_json::Map<String, Value>) {
    let inner = text.strip_prefix('[').unwrap().strip_suffix(']').unwrap();
    let (name, mut rest) = inner.split_once(' ').unwrap();
    let mut parameters = serde_json::Map::new();
    loop {
        let (key, after) = rest.split_once("=\"").unwrap();
        let (mut value, mut chars) = (String::new(), after.chars());
        loop {
            match chars.next().unwrap() {
                '"' => break,
                '\\' => value.push(chars.next().unwrap()),
                c => value.push(c),
            }
        }
        assert!(parameters.insert(key.into(), value.into()).is_none(), "{key} stands twice: {text}");
        rest = chars.as_str();
        if rest.is_empty() {
            return (name.into(), parameters);
        }
        rest = rest.strip_prefix(' ').unwrap();
    }
}

/// The structured data of an alert.
fn wanted_data(alert: &Value) -> Value {
    let text = |name: &str| alert[name].as_str().unwrap().replace(EVIL, SHOWN);
    serde_json::json!({
        "id": text("id"), "analytic": text("analytic"), "pattern": text("pattern"), "severity": text("severity"),
        "user": text("user"), "address": text("src_ip"), "host": text("host"), "service": text("service"),
    })
}

/// Compares the output of rsyslogd with the alerts of `authsieve run`.
fn compare(found: &[Value], wanted: &[Value], input: &str) {
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (found, alert) in found.iter().zip(wanted) {
        assert_eq!((&found["pri"], &found["program"]), (&"155".into(), &"authsieve".into()), "{found}");
        let message: Value = serde_json::from_str(found["message"].as_str().unwrap()).unwrap();
        assert_eq!(bare(&message), bare(alert));
        if input == "local" {
            assert_eq!(found["data"], "-");
            continue;
        }
        let (name, parameters) = data(found["data"].as_str().unwrap());
        assert_eq!(name, "authsieve@32473");
        assert_eq!(Value::Object(parameters), wanted_data(alert));
        assert_eq!((&found["host"], &found["kind"]), (&"sieve.example".into(), &alert["analytic"]));
        // A daemon replaces the time of local messages with its own.
        if input != "unix" {
            assert_eq!(found["time"], alert["time"]);
        }
    }
}

#[test]
fn rsyslog_reads_structured_data_and_message() {
    let folder = tempfile::tempdir().unwrap();
    let (place, udp) = (folder.path().display().to_string(), free_udp_port());
    let rulesets: String = ["tcp", "udp", "unix", "local"].map(ruleset).concat();
    let config = format!(
        "module(load=\"imtcp\")\nmodule(load=\"imudp\")\nmodule(load=\"imuxsock\" sysSock.use=\"off\")\n\
         {TEMPLATE}{rulesets}{TCP}\n\
         input(type=\"imudp\" address=\"127.0.0.1\" port=\"{udp}\" ruleset=\"udp\")\n\
         input(type=\"imuxsock\" socket=\"FOLDER/unix.sock\" useSpecialParser=\"off\" ruleset=\"unix\")\n\
         # As /dev/log is read.\n\
         input(type=\"imuxsock\" socket=\"FOLDER/local.sock\" ruleset=\"local\")"
    );
    let Some(mut rsyslog) = Rsyslog::start(&config, folder.path()) else { return };
    let port = rsyslog.port().unwrap();
    let common = "facility = \"local3\"\nhostname = \"sieve.example\"";
    let sink = |name: &str, to: &str, more: &str| {
        format!("[sinks.{name}]\ntype = \"syslog\"\nto = \"{to}\"\n{common}\n{more}\n")
    };
    let sinks = [
        format!("type = \"syslog\"\nto = \"tcp:127.0.0.1:{port}\"\n{common}\n"),
        sink("udp", &format!("udp:127.0.0.1:{udp}"), "max_size = 60000"),
        sink("unix", &format!("unix:{place}/unix.sock"), "max_size = 60000\nprotocol = \"rfc5424\""),
        sink("local", &format!("unix:{place}/local.sock"), "max_size = 60000"),
    ];
    let service = Service::start(&sinks.concat());
    let lines = [attack(0), evil_attack(), attack(1)].concat();
    assert_eq!(service.server.post(&body(&lines)).0, 200);
    let wanted = expected(&lines);
    assert_eq!(wanted.len(), 3);
    for name in ["tcp", "udp", "unix", "local"] {
        let found = waits_for_alerts(&folder.path().join(name), 3);
        compare(&found, &wanted, name);
    }
}

#[test]
fn rsyslog_that_was_down_gets_what_waited() {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("module(load=\"imtcp\")\n{TEMPLATE}{}{TCP}", ruleset("tcp"));
    let Some(mut first) = Rsyslog::start(&config, folder.path()) else { return };
    let port = first.port().unwrap();
    let mut service = Service::start(&format!("type = \"syslog\"\nto = \"tcp:127.0.0.1:{port}\""));
    service.attack(0..1);
    let out = folder.path().join("tcp");
    waits_for_alerts(&out, 1);
    first.daemon.ends();
    service.attack(1..4);
    service.server.waits_for("it is tried again until it works");
    let again = config.replace("port=\"0\"", &format!("port=\"{port}\""));
    let second = Rsyslog::start(&again, folder.path());
    let found = waits_for_alerts(&out, 4);
    let users: Vec<String> =
        found.iter().map(|found| data(found["data"].as_str().unwrap()).1["user"].to_string()).collect();
    assert_eq!(users, ["\"user0\"", "\"user1\"", "\"user2\"", "\"user3\""]);
    drop(second);
}

/// Alerts over TLS to an rsyslogd with this driver.
fn by_tls(driver: &str, folder: &Path) {
    let authority = Authority::new("authority", folder);
    let (server, client) = (authority.issue("receiver"), authority.issue("sender"));
    let config = format!(
        "global(defaultNetstreamDriver=\"{driver}\" defaultNetstreamDriverCAFile=\"{}\" \
         defaultNetstreamDriverCertFile=\"{}\" \
         defaultNetstreamDriverKeyFile=\"{}\")\n\
         module(load=\"imtcp\" streamDriver.name=\"{driver}\" streamDriver.mode=\"1\" \
         streamDriver.authMode=\"x509/certvalid\")\n\
         {TEMPLATE}{}{TCP}",
        authority.file().display(),
        server.cert.display(),
        server.key.display(),
        ruleset("tcp"),
    );
    let Some(mut rsyslog) = Rsyslog::start(&config, folder) else { return };
    let Some(port) = rsyslog.port() else { return };
    let tls = client.table(&format!(", ca = \"{}\"", authority.file().display()));
    let to = format!(
        "type = \"syslog\"\nto = \"tls:127.0.0.1:{port}\"\nfacility = \"local3\"\nhostname = \"sieve.example\"\n{tls}"
    );
    let service = Service::start(&to);
    let lines = [attack(0), evil_attack()].concat();
    assert_eq!(service.server.post(&body(&lines)).0, 200);
    let found = waits_for_alerts(&folder.join("tcp"), 2);
    compare(&found, &expected(&lines), "tcp");
}

#[test]
fn rsyslog_reads_alerts_by_tls_of_gnutls() {
    by_tls("gtls", tempfile::tempdir().unwrap().path());
}

#[test]
fn rsyslog_reads_alerts_by_tls_of_openssl() {
    by_tls("ossl", tempfile::tempdir().unwrap().path());
}
