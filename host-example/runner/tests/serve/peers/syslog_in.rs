//! Tests of the syslog sources with a real rsyslogd that forwards its input.

use super::rsyslog::{Rsyslog, TCP};
use crate::pki::Authority;
use crate::server::{Server, attack, bare, expected, ids, waits_for_alerts};
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

/// Log lines of a machine, with texts of attackers in them.
fn lines() -> Vec<String> {
    let evil = |line: String| line.replace(" user2 ", " x\"] \\ <13>1 \u{fc} y ");
    [attack(0), attack(1), attack(2).into_iter().map(evil).collect()].concat()
}

/// Sends lines to rsyslogd, which forwards them and also keeps a copy. Both have to raise the same alerts.
fn forwards(source: &str, scheme: &str, forward: &str, global: &str, template: &str, folder: &Path) {
    let config = format!(
        "[server]\nstate_dir = \"{0}/state\"\n[sources.it]\n{source}\n[sinks.out]\nto = \"{0}/alerts.jsonl\"\n",
        folder.display()
    );
    let mut server = Server::configured(&config, folder, Stdio::null());
    let place = server.place(&format!("it listens to {scheme}"));
    let port = place.rsplit_once(':').unwrap().1;
    let config = format!(
        "{global}\nmodule(load=\"imtcp\")\n{TCP}\n\
         ruleset(name=\"tcp\") {{\n\
         action(type=\"omfile\" file=\"FOLDER/forwarded\" template=\"{template}\")\n\
         action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" template=\"{template}\" {forward})\n}}"
    );
    let Some(mut rsyslog) = Rsyslog::start(&config, folder) else { return };
    let Some(port) = rsyslog.port() else { return };
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    for line in lines() {
        let message = format!("<86>{line}");
        write!(stream, "{} {message}", message.len()).unwrap();
    }
    drop(stream);
    let found = waits_for_alerts(&folder.join("alerts.jsonl"), 3);
    // Messages of these templates have no terminator.
    let forwarded = fs::read_to_string(folder.join("forwarded")).unwrap().replace("<86>", "\n<86>");
    let forwarded: Vec<String> =
        forwarded.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    assert_eq!(forwarded.len(), lines().len(), "{forwarded:?}");
    let wanted = expected(&forwarded);
    let bare = |alerts: &[serde_json::Value]| alerts.iter().map(bare).collect::<Vec<_>>();
    assert_eq!(bare(&found), bare(&wanted), "{forward} {template}: {}", rsyslog.daemon.said());
    // The alerts are the same as without rsyslogd.
    if template != "RSYSLOG_TraditionalForwardFormat" {
        assert_eq!(ids(&found), ids(&expected(&lines())), "{forward} {template}");
    }
}

#[test]
fn rsyslog_forwards_over_tcp_in_both_framings() {
    for (framing, template) in [
        ("traditional", "RSYSLOG_ForwardFormat"),
        ("traditional", "RSYSLOG_SyslogProtocol23Format"),
        ("octet-counted", "RSYSLOG_SyslogProtocol23Format"),
        ("octet-counted", "RSYSLOG_TraditionalForwardFormat"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let forward = format!("protocol=\"tcp\" TCP_Framing=\"{framing}\"");
        forwards("type = \"tcp\"\nlisten = \"127.0.0.1:0\"", "tcp:", &forward, "", template, folder.path());
    }
}

#[test]
fn rsyslog_forwards_over_udp() {
    for template in ["RSYSLOG_ForwardFormat", "RSYSLOG_SyslogProtocol23Format"] {
        let folder = tempfile::tempdir().unwrap();
        let source = "type = \"udp\"\nlisten = \"127.0.0.1:0\"";
        forwards(source, "udp:", "protocol=\"udp\"", "", template, folder.path());
    }
}

/// Records over TLS, from a driver of rsyslogd that shows a certificate.
fn by_tls(driver: &str) {
    let folder = tempfile::tempdir().unwrap();
    if !has_driver(driver, folder.path()) {
        return;
    }
    let authority = Authority::new("authority", folder.path());
    let (receiver, sender) = (authority.issue("receiver"), authority.issue("sender"));
    let more = receiver.table(&format!(", client_ca = \"{}\"", authority.file().display()));
    let global = format!(
        "global(defaultNetstreamDriverCAFile=\"{}\" defaultNetstreamDriverCertFile=\"{}\" \
         defaultNetstreamDriverKeyFile=\"{}\")",
        authority.file().display(),
        sender.cert.display(),
        sender.key.display(),
    );
    let forward = format!(
        "protocol=\"tcp\" TCP_Framing=\"octet-counted\" streamDriver=\"{driver}\" streamDriverMode=\"1\" \
         streamDriverAuthMode=\"x509/name\" streamDriverPermittedPeers=\"localhost\""
    );
    let source = format!("type = \"tcp\"\nlisten = \"127.0.0.1:0\"\n{more}");
    let template = "RSYSLOG_SyslogProtocol23Format";
    forwards(&source, "tls:", &forward, &global, template, folder.path());
}

/// True if rsyslogd has a TLS driver. Only a listener loads the driver at start.
fn has_driver(driver: &str, folder: &Path) -> bool {
    let config = format!(
        "module(load=\"imtcp\" streamDriver.name=\"{driver}\" streamDriver.mode=\"1\" streamDriver.authMode=\"anon\")\n\
         {TCP}\nruleset(name=\"tcp\") {{ action(type=\"omfile\" file=\"FOLDER/out\") }}"
    );
    let folder = tempfile::tempdir_in(folder).unwrap();
    let Some(mut rsyslog) = Rsyslog::start(&config, folder.path()) else { return false };
    rsyslog.port().is_some()
}

#[test]
fn rsyslog_forwards_by_tls_of_gnutls() {
    by_tls("gtls");
}

#[test]
fn rsyslog_forwards_by_tls_of_openssl() {
    by_tls("ossl");
}
