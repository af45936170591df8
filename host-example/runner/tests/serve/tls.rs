//! Tests of TLS, certificates and tokens, with clients and receivers of the test.

use crate::pki::{Authority, Pair, ask, connect, greet, objection};
use crate::receiver::{Request, next};
use crate::server::{
    PATIENCE, Server, alerts, attack, body, expected, ids, request, waits, waits_for_alerts,
};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

const TOKEN: &str = "6f1c2d3e4b5a69788796a5b4c3d2e1f0";

/// A configuration with a source of this type and options, and a sink to a file.
fn config(kind: &str, listen: &str, more: &str, folder: &Path) -> String {
    format!(
        "[sources.it]\ntype = \"{kind}\"\nlisten = \"{listen}\"\n{more}\n[sinks.out]\nto = \"{}/alerts.jsonl\"\n",
        folder.display()
    )
}

fn token(folder: &Path) -> String {
    let path = folder.join("token");
    fs::write(&path, format!("{TOKEN}\n")).unwrap();
    format!("token = {{ file = \"{}\" }}", path.display())
}

/// The output of `check` for a configuration.
fn checked(config: &str, folder: &Path) -> (bool, String) {
    let path = folder.join("check.toml");
    fs::write(&path, config).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["check", "-a", "an1276", "-c", path.to_str().unwrap()])
        .env("AUTHSIEVE_TEST_TOKEN", TOKEN)
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn clients_show_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (own, others) = (Authority::new("own", folder.path()), Authority::new("others", folder.path()));
    let server = own.issue("server");
    let more = server.table(&format!(", client_ca = \"{}\"", own.file().display()));
    let config = config("http", "0.0.0.0:0", &more, folder.path());
    let mut service = Server::configured(&config, folder.path(), Stdio::null());
    let place = service.place("it listens to https://").replace("0.0.0.0", "127.0.0.1");
    let known = own.client(Some(&own.issue("client")));
    let post = "POST /v1/events HTTP/1.1";
    let (status, answer) = ask(&place, &known, post, &body(&attack(1))).unwrap();
    assert_eq!(status, 200, "{answer}");
    waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    // All others are refused: no certificate, a foreign one, and a client that does not trust this server.
    let strangers = [
        (own.client(None), "CertificateRequired"),
        (own.client(Some(&others.issue("stranger"))), ""),
        (others.client(Some(&own.issue("wary"))), "UnknownIssuer"),
    ];
    for (client, why) in strangers {
        let error = objection(&place, &client).to_string();
        assert!(error.contains(why), "{error}");
    }
    // A client without TLS is refused too, and is told why.
    let head = "POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 3\r\n\r\n";
    let (status, answer) = request(&place, head, b"hi\n").unwrap();
    assert_eq!((status, answer.as_str()), (400, "this address speaks TLS; expected https://\n"));
    let said = service.waits_for("it: a client is refused: ");
    assert!(!said.is_empty());
    let (_, metrics) = ask(&place, &known, "GET /metrics HTTP/1.1", b"").unwrap();
    for line in [
        r#"authsieve_connections_rejected_total{source="it",reason="handshake"} 3"#,
        r#"authsieve_connections_rejected_total{source="it",reason="plain_text"} 1"#,
        "authsieve_records_total 6",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
}

#[test]
fn requests_show_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("own", folder.path());
    let more = format!("{}\n{}", own.issue("server").table(""), token(folder.path()));
    let config = config("http", "0.0.0.0:0", &more, folder.path());
    let mut service = Server::configured(&config, folder.path(), Stdio::null());
    let place = service.place("it listens to https://").replace("0.0.0.0", "127.0.0.1");
    let client = own.client(None);
    let lines = body(&attack(1));
    for (sent, status) in [
        (String::new(), 401),
        ("\r\nauthorization: Bearer 6f1c2d3e4b5a69788796a5b4c3d2e1f1".into(), 401),
        (format!("\r\nauthorization: Bearer {TOKEN}0"), 401),
        (format!("\r\nauthorization: Basic {TOKEN}"), 401),
        (format!("\r\nauthorization: bearer {TOKEN}"), 200),
    ] {
        for page in ["POST /v1/events", "GET /v1/status", "GET /metrics", "GET /v1/anything"] {
            let (found, answer) = ask(&place, &client, &format!("{page} HTTP/1.1{sent}"), &lines).unwrap();
            let wanted = if status == 200 && page.ends_with("anything") { 404 } else { status };
            assert_eq!(found, wanted, "{page} {sent}");
            assert_eq!(answer.to_ascii_lowercase().contains("www-authenticate: bearer"), found == 401);
        }
        // Load balancers have no token.
        for page in ["/healthz", "/readyz"] {
            assert_eq!(ask(&place, &client, &format!("GET {page} HTTP/1.1{sent}"), b"").unwrap().0, 200);
        }
    }
    assert_eq!(waits_for_alerts(&folder.path().join("alerts.jsonl"), 1).len(), 1);
    let (_, metrics) =
        ask(&place, &client, &format!("GET /metrics HTTP/1.1\r\nauthorization: Bearer {TOKEN}"), b"")
            .unwrap();
    assert!(metrics.contains("authsieve_requests_unauthorized_total 16\n"), "{metrics}");
    assert!(!metrics.contains(TOKEN) && !service.said().contains(TOKEN));
    let (valid, said) = checked(&config, folder.path());
    assert!(valid && !said.contains(TOKEN), "{said}");
}

#[test]
fn the_short_form_has_certificates_and_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("own", folder.path());
    let (pair, out) = (own.issue("server"), folder.path().join("alerts.jsonl"));
    token(folder.path());
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let arguments = [
        ["--alerts", &text(&out)],
        ["--cert", &text(&pair.cert)],
        ["--key", &text(&pair.key)],
        ["--token-file", &text(&folder.path().join("token"))],
    ];
    let mut service = Server::secured(&arguments.concat());
    let place = service.place("http listens to https://").replace("0.0.0.0", "127.0.0.1");
    let head = format!("POST /v1/events HTTP/1.1\r\nauthorization: Bearer {TOKEN}");
    assert_eq!(ask(&place, &own.client(None), &head, &body(&attack(1))).unwrap().0, 200);
    waits_for_alerts(&out, 1);
}

#[test]
fn what_others_can_reach_has_to_be_safe() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("own", folder.path());
    let pair = own.issue("server");
    let ca = format!(", client_ca = \"{}\"", own.file().display());
    let (tls, both, token) = (pair.table(""), pair.table(&ca), token(folder.path()));
    let key = "shared_key = { env = \"AUTHSIEVE_TEST_TOKEN\" }";
    let with = |more: &str| format!("{tls}\n{more}");
    let certificates = "or \"[::1]:7401\"";
    for (kind, more, refused) in [
        ("http", String::new(), "tls with client_ca, or tls with a token"),
        ("http", token.clone(), "tls with client_ca, or tls with a token"),
        ("http", tls.clone(), "tls with client_ca, or tls with a token"),
        ("http", "insecure = true".into(), "there is no such option"),
        ("http", with(&token), ""),
        ("http", both.clone(), ""),
        ("forward", key.into(), "tls with client_ca, or tls with a shared_key of 16 characters"),
        ("forward", with("shared_key = \"0123456789abcde\""), "tls with a shared_key of 16 characters"),
        ("forward", tls.clone(), "tls with client_ca, or tls with a shared_key"),
        ("forward", with(key), ""),
        ("tcp", tls.clone(), "tls with client_ca, or insecure = true"),
        ("tcp", both, ""),
        ("tcp", "insecure = true".into(), ""),
        ("tcp", token, "there is no such option"),
        ("udp", String::new(), "or insecure = true"),
        ("udp", "insecure = true".into(), ""),
    ] {
        for listen in ["0.0.0.0:7401", "[::]:7401", "192.0.2.1:7401"] {
            let (valid, said) = checked(&config(kind, listen, &more, folder.path()), folder.path());
            assert_eq!(valid, refused.is_empty(), "{kind} {more}\n{said}");
            assert!(said.contains(refused), "{kind} {more}: no {refused:?}\n{said}");
        }
        let (_, said) = checked(&config(kind, "elsewhere", "", folder.path()), folder.path());
        assert!(said.contains(certificates), "{said}");
    }
    // The short form on the command line has this check too.
    let done = Command::new(env!("CARGO_BIN_EXE_authsieve"))
        .args(["serve", "-a", "an1276", "--http", "0.0.0.0:0", "--cert"])
        .arg(&pair.cert)
        .arg("--key")
        .arg(&pair.key)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2));
    assert!(said.contains("tls with client_ca, or tls with a token"), "{said}");
}

#[test]
fn what_cannot_be_used_is_told_by_check() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("own", folder.path());
    let (pair, other) = (own.issue("server"), own.issue("other"));
    let mixed = Pair { cert: pair.cert.clone(), key: other.key };
    let swapped = Pair { cert: pair.key.clone(), key: pair.cert.clone() };
    let absent = Pair { cert: folder.path().join("absent.pem"), key: pair.key.clone() };
    fs::write(folder.path().join("short"), "0123456789abcde\n").unwrap();
    let short = format!("token = {{ file = \"{}\" }}", folder.path().join("short").display());
    for (more, why) in [
        (mixed.table(""), "sources.it.tls.key"),
        (swapped.table(""), "holds no certificate in PEM"),
        (absent.table(""), "absent.pem cannot be read: No such file or directory"),
        (format!("tls = {{ cert = \"{}\" }}", pair.cert.display()), "key is missing"),
        (short, "expected 16 characters of ASCII or more"),
        (
            "token = { env = \"AUTHSIEVE_TEST_NONE\" }".into(),
            "cannot be read: environment variable not found",
        ),
        (format!("token = \"{TOKEN}\""), "expected { env = \"NAME\" } or { file = \"PATH\" }"),
        ("max_connections = 0".into(), "expected a number from 1 to 65536"),
    ] {
        let (valid, said) = checked(&config("http", "127.0.0.1:0", &more, folder.path()), folder.path());
        assert!(!valid && said.contains(why) && !said.contains(TOKEN), "{more}: no {why:?}\n{said}");
    }
    for (sink, why) in [
        ("to = \"http://siem.example/\"\ntls = { name = \"x\" }", "is for https:// and tls: only"),
        ("to = \"tcp:siem.example:7\"\nheaders = { a = \"b\" }", "is for http:// and https:// only"),
        ("to = \"https://siem.example/\"\ntls = { ca = \"/none.pem\" }", "/none.pem cannot be read"),
        ("to = \"http://siem.example/\"\nheaders = { \"a b\" = \"c\" }", "is no header"),
    ] {
        let (valid, said) = checked(&format!("[sinks.out]\n{sink}\n"), folder.path());
        assert!(!valid && said.contains(why), "{sink}: no {why:?}\n{said}");
    }
    let headers = "to = \"http://siem.example/\"\ntoken = { env = \"AUTHSIEVE_TEST_TOKEN\" }\n\
                   headers = { x-scope = { env = \"AUTHSIEVE_TEST_TOKEN\" } }";
    let (valid, said) = checked(&format!("[sinks.out]\n{headers}\n"), folder.path());
    assert!(valid && !said.contains(TOKEN), "{said}");
}

#[test]
fn lines_and_chunks_come_by_tls() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("own", folder.path());
    let more = own.issue("server").table(&format!(", client_ca = \"{}\"", own.file().display()));
    let client = own.client(Some(&own.issue("client")));
    let out = folder.path().join("alerts.jsonl");
    let config = format!(
        "{}[sources.chunks]\ntype = \"forward\"\nlisten = \"127.0.0.1:0\"\n{more}\n",
        config("tcp", "127.0.0.1:0", &more, folder.path())
    );
    let mut service = Server::configured(&config, folder.path(), Stdio::null());
    let (lines, chunks) =
        (service.place("it listens to tls:"), service.place("chunks listens to forward+tls:"));
    connect(&lines, &client).unwrap().write_all(&body(&attack(1))).unwrap();
    waits_for_alerts(&out, 1);
    let mut stream = connect(&chunks, &client).unwrap();
    stream.write_all(&crate::sources::chunk(&attack(2), "one")).unwrap();
    let mut ack = [0; 9];
    stream.read_exact(&mut ack).unwrap();
    assert_eq!(&ack, b"\x81\xa3ack\xa3one");
    let found = waits_for_alerts(&out, 2);
    assert_eq!(ids(&found), ids(&expected(&[attack(1), attack(2)].concat())));
    // A plain text connection is closed without reading.
    let mut plain = TcpStream::connect(&lines).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = plain.write_all(&body(&attack(3)));
    let mut rest = Vec::new();
    let _ = plain.read_to_end(&mut rest);
    assert!(rest.is_empty());
    service.waits_for("it: a client is refused: it does not speak TLS; expected TLS");
    assert_eq!(alerts(&out).len(), 2);
}

#[test]
fn datagrams_come_from_elsewhere_where_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let config = config("udp", "0.0.0.0:0", "insecure = true", folder.path());
    let mut service = Server::configured(&config, folder.path(), Stdio::null());
    let place = service.place("it listens to udp:").replace("0.0.0.0", "127.0.0.1");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for line in attack(1) {
        socket.send_to(line.as_bytes(), &place).unwrap();
    }
    waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
}

/// Simulates the regular renewal of a certificate.
#[test]
fn certificates_are_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new("old", folder.path()), Authority::new("new", folder.path()));
    let pair = old.issue("server");
    let config = config("http", "127.0.0.1:0", &pair.table(""), folder.path());
    let mut service = Server::configured(&config, folder.path(), Stdio::null());
    let place = service.place("it listens to https://");
    let works = |authority: &Authority| {
        ask(&place, &authority.client(None), "GET /healthz HTTP/1.1", b"")
            .is_ok_and(|(status, _)| status == 200)
    };
    assert!(works(&old) && !works(&new));
    fs::write(&pair.cert, "no certificate").unwrap();
    service.hang_up();
    service.waits_for("holds no certificate in PEM; the former certificates stay in use");
    assert!(works(&old) && !works(&new));
    // The new certificate has the same file names.
    new.issue("server");
    service.hang_up();
    service.waits_for("it: certificates were read anew");
    assert!(works(&new) && !works(&old));
}

/// An HTTPS receiver whose certificate can be changed. It keeps the heads and bodies of requests.
struct Receiver {
    address: String,
    server: Arc<Mutex<Arc<rustls::ServerConfig>>>,
    got: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    fn start(server: Arc<rustls::ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = Arc::new(Mutex::new(server));
        let got = Arc::<Mutex<Vec<Request>>>::default();
        let (current, kept) = (Arc::clone(&server), Arc::clone(&got));
        thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                let config = Arc::clone(&current.lock().unwrap());
                let Ok(stream) = greet(tcp, &config) else { continue };
                let mut reader = BufReader::new(stream);
                while let Some(request) = next(&mut reader) {
                    kept.lock().unwrap().push(request);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    if reader.get_mut().write_all(answer).is_err() {
                        break;
                    }
                }
            }
        });
        Self { address, server, got }
    }

    fn shows(&self, server: Arc<rustls::ServerConfig>) {
        *self.server.lock().unwrap() = server;
    }
}

#[test]
fn alerts_go_out_by_https() {
    let folder = tempfile::tempdir().unwrap();
    let (own, others) = (Authority::new("own", folder.path()), Authority::new("others", folder.path()));
    let (right, wrong) = (own.issue("receiver"), others.issue("impostor"));
    let receiver = Receiver::start(wrong.server(None));
    let shown = own.issue("sender");
    let config = format!(
        "[sources.in]\ntype = \"http\"\nlisten = \"127.0.0.1:0\"\n[sinks.siem]\nto = \"https://{}/alerts\"\n{}\n{}\n\
         headers = {{ x-scope = \"blue\" }}\n",
        receiver.address,
        token(folder.path()),
        shown.table(&format!(", ca = \"{}\"", own.file().display())),
    );
    let mut service = Server::configured(&config, folder.path(), Stdio::null());
    service.address = service.place("in listens to http://");
    assert_eq!(service.post(&body(&attack(1))).0, 200);
    // An impostor gets no alerts. The log names the reason and the remedy.
    let said = service.waits_for("it is tried again until it works");
    assert!(said.contains("UnknownIssuer") && said.contains("tls.ca names the authority"), "{said}");
    assert!(receiver.got.lock().unwrap().is_empty());
    // The right receiver, which requires client certificates.
    receiver.shows(right.server(Some(&own)));
    assert_eq!(service.post(&body(&attack(2))).0, 200);
    let wanted = expected(&[attack(1), attack(2)].concat());
    let found = waits(2, || receiver.got.lock().unwrap().iter().flat_map(Request::lines).collect());
    assert_eq!(ids(&found), ids(&wanted));
    service.waits_for("alerts are delivered again");
    let first = receiver.got.lock().unwrap()[0].clone();
    assert_eq!(
        (&*first.line, first.header("authorization"), first.header("x-scope")),
        ("POST /alerts HTTP/1.1", &*format!("Bearer {TOKEN}"), "blue")
    );
    assert!(!service.said().contains(TOKEN));
}

#[test]
fn alerts_go_out_as_lines_by_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (own, others) = (Authority::new("own", folder.path()), Authority::new("others", folder.path()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        "[sources.in]\ntype = \"http\"\nlisten = \"127.0.0.1:0\"\n[sinks.siem]\nto = \"tls:{}\"\n\
         tls = {{ ca = \"{}\", name = \"localhost\" }}\n",
        listener.local_addr().unwrap(),
        own.file().display(),
    );
    let mut service = Server::configured(&config, folder.path(), Stdio::null());
    service.address = service.place("in listens to http://");
    assert_eq!(service.post(&body(&attack(1))).0, 200);
    let pair = own.issue("receiver");
    // A receiver that requires a certificate refuses only after the handshake. No alert is lost.
    let strict = pair.server(Some(&others));
    assert!(greet(listener.accept().unwrap().0, &strict).is_err());
    let said = service.waits_for("it is tried again until it works");
    assert!(said.contains("CertificateRequired") && said.contains("tls.cert and tls.key"), "{said}");
    let mut lines = BufReader::new(greet(listener.accept().unwrap().0, &pair.server(None)).unwrap()).lines();
    assert_eq!(service.post(&body(&attack(2))).0, 200);
    let mut next = || serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(ids(&[next(), next()]), ids(&expected(&[attack(1), attack(2)].concat())));
}

/// A program for a test: named by a variable, or found on PATH. If there is none, this says so.
fn program(variable: &str, name: &str) -> Option<String> {
    let program = std::env::var(variable).unwrap_or_else(|_| name.into());
    let found = Command::new(&program).arg("--version").output().is_ok_and(|done| done.status.success());
    if !found {
        println!("skipped: {name} by TLS. There is no {name} on PATH, and {variable} names none");
    }
    found.then_some(program)
}

/// Uses OpenSSL as the other side, with the options that `pipelines/README.md` shows.
#[test]
fn a_real_fluent_bit_sends_by_tls() {
    let Some(program) = program("FLUENT_BIT", "fluent-bit") else { return };
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("own", folder.path());
    let (server, client) = (own.issue("server"), own.issue("client"));
    let (ca, log) = (own.file().display().to_string(), folder.path().join("auth.log"));
    let guarded = server.table(&format!(", client_ca = \"{ca}\""));
    let key = token(folder.path());
    let config = format!(
        "{}[sources.chunks]\ntype = \"forward\"\nlisten = \"127.0.0.1:0\"\n{}\nshared_{}\n\
         [sources.lines]\ntype = \"tcp\"\nlisten = \"127.0.0.1:0\"\n{guarded}\n",
        config("http", "127.0.0.1:0", &format!("{guarded}\n{key}"), folder.path()),
        server.table(""),
        key.replace("token =", "key ="),
    );
    let mut service = Server::configured(&config, folder.path(), Stdio::null());
    let places = ["it listens to https://", "chunks listens to forward+tls:", "lines listens to tls:"];
    let ports = places.map(|place| service.place(place).rsplit(':').next().unwrap().to_owned());
    let shows =
        [format!("tls.crt_file={}", client.cert.display()), format!("tls.key_file={}", client.key.display())];
    let bearer = format!("header=Authorization Bearer {TOKEN}");
    let shared = format!("shared_key={TOKEN}");
    let outputs: [(&str, Vec<&str>); 3] = [
        ("http", vec!["uri=/v1/events", "format=json_lines", &bearer, &shows[0], &shows[1]]),
        ("forward", vec!["self_hostname=sender", "require_ack_response=on", &shared]),
        (
            "syslog",
            vec!["mode=tls", "syslog_message_key=log", "syslog_appname_preset=sshd", &shows[0], &shows[1]],
        ),
    ];
    let out = folder.path().join("alerts.jsonl");
    let mut lines = Vec::new();
    for (number, ((output, options), port)) in (1..).zip(outputs.iter().zip(&ports)) {
        let mut sent = attack(number);
        match *output {
            // This peer writes time and program itself.
            "syslog" => {
                sent.iter_mut().for_each(|line| *line = line.split_off(line.find("]: ").unwrap() + 3))
            }
            _ => lines.extend(sent.clone()),
        }
        fs::write(&log, body(&sent)).unwrap();
        let (ca, port, path) =
            (format!("tls.ca_file={ca}"), format!("port={port}"), format!("path={}", log.display()));
        let mut command = Command::new(&program);
        command.args(["-q", "-f", "1", "-i", "tail", "-p", &path, "-p", "read_from_head=on", "-o", output]);
        for option in ["host=localhost", "match=*", "tls=on", "tls.verify=on", &ca, &port] {
            command.args(["-p", option]);
        }
        for option in options {
            command.args(["-p", option]);
        }
        let mut agent = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let found = waits_for_alerts(&out, number as usize);
        agent.kill().unwrap();
        agent.wait().unwrap();
        assert_eq!(found.len(), number as usize, "{output}");
    }
    let found = alerts(&out);
    assert_eq!(ids(&found[..2]), ids(&expected(&lines)));
    assert_eq!((&found[2]["user"], &found[2]["failure_count"]), (&"user3".into(), &5.into()));
}
