//! Tests of the sources other than HTTP, over real sockets and files. The tests of the journal are in `peers`.

use crate::server::{Server, alerts, attack, body, expected, ids, waits_for_alerts, waits_for_ids};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// A configuration with this source, and a sink to a file.
fn config(source: &str, folder: &Path) -> String {
    format!(
        "[server]\nstate_dir = \"{0}/state\"\n[sources.it]\n{source}\n[sinks.out]\nto = \"{0}/alerts.jsonl\"\n",
        folder.display()
    )
}

fn append(path: &Path, lines: &[String]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(&body(lines)).unwrap();
}

#[test]
fn lines_and_counted_messages_come_over_tcp() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let mut server = Server::configured(
        &config("type = \"tcp\"\nlisten = \"127.0.0.1:0\"", folder.path()),
        folder.path(),
        Stdio::null(),
    );
    let place = server.place("it listens to tcp:");
    // Vector tests the connection in this way.
    drop(TcpStream::connect(&place).unwrap());
    let mut stream = TcpStream::connect(&place).unwrap();
    for line in attack(1) {
        // Sends single bytes, then several lines at once.
        line.bytes().take(10).for_each(|byte| stream.write_all(&[byte]).unwrap());
        stream.write_all(line.as_bytes().get(10..).unwrap()).unwrap();
        stream.write_all(b"\n").unwrap();
    }
    waits_for_alerts(&out, 1);
    // The first record of a connection decides how its records end.
    let mut stream = TcpStream::connect(&place).unwrap();
    let mut counted = Vec::new();
    for line in attack(2) {
        let message = format!("<86>{line}");
        counted.extend(format!("{} {message}", message.len()).bytes());
    }
    stream.write_all(&counted).unwrap();
    drop(stream);
    let found = waits_for_alerts(&out, 2);
    assert_eq!(ids(&found), ids(&expected(&[attack(1), attack(2)].concat())));
    assert_eq!(found[0]["origin"]["file"], "it");
}

#[test]
fn datagrams_come_over_udp() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let mut server = Server::configured(
        &config("type = \"udp\"\nlisten = \"127.0.0.1:0\"", folder.path()),
        folder.path(),
        Stdio::null(),
    );
    let place = server.place("it listens to udp:");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for line in attack(1) {
        socket.send_to(format!("<86>{line}\n\0").as_bytes(), &place).unwrap();
    }
    assert_eq!(ids(&waits_for_alerts(&out, 1)), ids(&expected(&attack(1))));
}

#[test]
fn lines_come_over_a_socket_in_the_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let (out, socket) = (folder.path().join("alerts.jsonl"), folder.path().join("in.sock"));
    let config = config(&format!("type = \"unix\"\npath = \"{}\"", socket.display()), folder.path());
    for number in 1..=2 {
        let mut server = Server::configured(&config, folder.path(), Stdio::null());
        server.waits_for("it listens to unix:");
        UnixStream::connect(&socket).unwrap().write_all(&body(&attack(number))).unwrap();
        waits_for_ids(&out, number as usize);
        // The socket file that a crash leaves does not prevent the next start.
        server.kill();
        assert!(socket.exists());
    }
}

#[test]
fn standard_input_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut server =
        Server::configured(&config("type = \"stdin\"", folder.path()), folder.path(), Stdio::piped());
    let mut stdin = server.stdin();
    stdin.write_all(&body(&attack(1))).unwrap();
    drop(stdin);
    assert_eq!(server.ends(), Some(0));
    assert_eq!(alerts(&folder.path().join("alerts.jsonl")).len(), 1);
}

#[test]
fn files_are_followed_through_rotation_truncation_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let (log, old, out) = (
        folder.path().join("auth.log"),
        folder.path().join("auth.log.1"),
        folder.path().join("alerts.jsonl"),
    );
    let include = format!("type = \"files\"\ninclude = [\"{}/auth.log*\"]", folder.path().display());
    let config = config(&include, folder.path());
    let start = || Server::configured(&config, folder.path(), Stdio::null());
    let mut lines: Vec<String> = attack(1);
    append(&log, &lines);
    let server = start();
    waits_for_alerts(&out, 1);
    // An incomplete line.
    let second = attack(2);
    append(&log, &second[..5]);
    let (half, rest) = second[5].split_at(30);
    OpenOptions::new().append(true).open(&log).unwrap().write_all(half.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(600));
    OpenOptions::new().append(true).open(&log).unwrap().write_all(format!("{rest}\n").as_bytes()).unwrap();
    lines.extend(second);
    waits_for_alerts(&out, 2);
    // The file is renamed during a write, and a new file takes its path.
    let third = attack(3);
    append(&log, &third[..2]);
    fs::rename(&log, &old).unwrap();
    append(&old, &third[2..4]);
    thread::sleep(Duration::from_millis(600));
    append(&log, &third[4..]);
    lines.extend(third);
    waits_for_alerts(&out, 3);
    // The service is killed, and the file grows meanwhile.
    server.kill();
    let fourth = attack(4);
    append(&log, &fourth[..3]);
    let server = start();
    append(&log, &fourth[3..]);
    lines.extend(fourth);
    waits_for_ids(&out, 4);
    // The file is copied and truncated.
    File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    thread::sleep(Duration::from_millis(1500));
    append(&log, &attack(5));
    lines.extend(attack(5));
    let found = waits_for_ids(&out, 5);
    assert_eq!(ids(&found), ids(&expected(&lines)));
    assert!(found.iter().all(|alert| alert["failure_count"] == 5), "nothing was read twice");
    assert_eq!(server.terminate().0, Some(0));
    // No line is read again.
    let server = start();
    append(&log, &attack(6));
    assert_eq!(waits_for_ids(&out, 6).len(), 6);
    drop(server);
}

/// Syslog over TCP may begin a message with its length. In a file such a line would hide the lines after it.
#[test]
fn no_line_of_a_file_or_socket_hides_others() {
    let folder = tempfile::tempdir().unwrap();
    let (log, out, socket) = (
        folder.path().join("host/auth.log"),
        folder.path().join("alerts.jsonl"),
        folder.path().join("in.sock"),
    );
    fs::create_dir(folder.path().join("host")).unwrap();
    let mut lines = vec!["999999 <x".to_owned()];
    lines.extend(attack(1));
    append(&log, &lines);
    let sources = format!(
        "type = \"files\"\ninclude = \"{}/*/auth.log\"\n[sources.socket]\ntype = \"unix\"\npath = \"{}\"",
        folder.path().display(),
        socket.display()
    );
    let mut server = Server::configured(&config(&sources, folder.path()), folder.path(), Stdio::null());
    waits_for_alerts(&out, 1);
    server.waits_for("socket listens to unix:");
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.write_all(&body(&[vec!["999999 <x".to_owned()], attack(2)].concat())).unwrap();
    waits_for_alerts(&out, 2);
}

#[test]
fn files_may_be_read_from_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let (log, out) = (folder.path().join("auth.log"), folder.path().join("alerts.jsonl"));
    append(&log, &attack(1));
    let source = format!(
        "type = \"files\"\ninclude = \"{}\"\nfrom_beginning = false\n[sources.pages]\ntype = \"http\"\n\
         listen = \"127.0.0.1:0\"",
        log.display()
    );
    let mut server = Server::configured(&config(&source, folder.path()), folder.path(), Stdio::null());
    server.waits_for("pages listens to");
    thread::sleep(Duration::from_millis(1000));
    append(&log, &attack(2));
    let found = waits_for_alerts(&out, 1);
    assert_eq!(ids(&found), ids(&expected(&attack(2))));
    drop(server);
}

/// A MessagePack text.
fn text(out: &mut Vec<u8>, text: &str) {
    if text.len() < 32 {
        out.push(0xa0 | text.len() as u8);
    } else {
        out.push(0xda);
        out.extend((text.len() as u16).to_be_bytes());
    }
    out.extend(text.bytes());
}

/// A chunk in the form of Fluent Bit: the tag, times and records, and the name of the chunk.
pub fn chunk(lines: &[String], name: &str) -> Vec<u8> {
    let mut out = vec![0x93];
    text(&mut out, "auth.log");
    out.extend([0xdc, 0, lines.len() as u8]);
    for line in lines {
        out.extend([0x92, 0xd7, 0]);
        out.extend([0x69, 0xa7, 0xe9, 0x80, 0, 0, 0, 1]);
        out.push(0x81);
        text(&mut out, "log");
        text(&mut out, line);
    }
    out.push(0x81);
    text(&mut out, "chunk");
    text(&mut out, name);
    out
}

#[test]
fn chunks_of_fluent_bit_are_acknowledged_and_count_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let config = config("type = \"forward\"\nlisten = \"127.0.0.1:0\"", folder.path());
    let mut server = Server::configured(&config, folder.path(), Stdio::null());
    let place = server.place("it listens to forward:");
    let lines = attack(1);
    let send = |lines: &[String], name: &str| {
        let mut stream = TcpStream::connect(&place).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(&chunk(lines, name)).unwrap();
        let mut ack = vec![0; 6 + name.len()];
        std::io::Read::read_exact(&mut stream, &mut ack).unwrap();
        assert_eq!(ack, [&b"\x81\xa3ack"[..], &[0xa0 | name.len() as u8], name.as_bytes()].concat());
    };
    send(&lines[..3], "one");
    send(&lines[3..], "two");
    let found = waits_for_alerts(&out, 1);
    assert_eq!((ids(&found), &found[0]["failure_count"]), (ids(&expected(&lines)), &5.into()));
    // A client with another protocol only loses its own connection.
    TcpStream::connect(&place).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    server.waits_for("a connection is closed");
    send(&attack(2), "three");
    waits_for_alerts(&out, 2);
}

#[test]
fn a_client_has_to_prove_the_shared_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "secret\n").unwrap();
    let source = format!(
        "type = \"forward\"\nlisten = \"127.0.0.1:0\"\nshared_key = {{ file = \"{}\" }}",
        key.display()
    );
    let mut server = Server::configured(&config(&source, folder.path()), folder.path(), Stdio::null());
    let place = server.place("it listens to forward:");
    let mut stream = TcpStream::connect(&place).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut helo = [0; 6];
    std::io::Read::read_exact(&mut stream, &mut helo).unwrap();
    assert_eq!(&helo, b"\x92\xa4HELO");
    stream.write_all(&chunk(&attack(1), "one")).unwrap();
    server.waits_for("a connection is closed");
    assert!(alerts(&folder.path().join("alerts.jsonl")).is_empty());
}

#[test]
fn opentelemetry_comes_by_http_in_both_encodings() {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
    use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
    use prost::Message;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap()]);
    let post = |kind: &str, body: &[u8]| {
        let head = format!(
            "POST /v1/logs HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        crate::server::request(&server.address, &head, body).unwrap()
    };
    let log_records = attack(1)
        .into_iter()
        .map(|line| LogRecord {
            body: Some(AnyValue { value: Some(Value::StringValue(line)) }),
            ..LogRecord::default()
        })
        .collect();
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    let request = ExportLogsServiceRequest { resource_logs };
    assert_eq!(post("application/x-protobuf", &request.encode_to_vec()), (200, String::new()));
    waits_for_alerts(&out, 1);
    let records: Vec<serde_json::Value> =
        attack(2).iter().map(|line| serde_json::json!({ "body": { "stringValue": line } })).collect();
    let json = serde_json::json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": records }] }] });
    assert_eq!(post("application/json", json.to_string().as_bytes()).0, 200);
    let found = waits_for_alerts(&out, 2);
    assert_eq!(ids(&found), ids(&expected(&[attack(1), attack(2)].concat())));
    assert_eq!(post("application/x-protobuf", b"\xff\xff").0, 400);
    assert_eq!(post("text/plain", b"x").0, 415);
}
