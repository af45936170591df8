//! Tests that replay recordings of real senders. `recorded/README.md` names each sender and how it was recorded.
//!
//! The recording with the number N in its name holds `attack(N)`.

use crate::server::{PATIENCE, Server, attack, expected, waits_for_alerts};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

/// The recordings with this file extension, by their numbers.
fn recordings(ending: &str) -> BTreeMap<u32, (String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serve/recorded");
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(ending) {
            let number =
                name.split('-').next().unwrap().parse().unwrap_or_else(|why| panic!("{name}: {why}"));
            assert!(
                found.insert(number, (name, fs::read(path).unwrap())).is_none(),
                "two have the number {number}"
            );
        }
    }
    found
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends the bytes of a request. The connection stays open, as senders leave it.
fn send(address: &str, request: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the connection ended: {head}");
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

/// An alert without its place and evidence. The evidence shows records in the sender's layout.
fn told(alert: &serde_json::Value) -> serde_json::Value {
    let mut alert = alert.clone();
    for member in ["evidence", "origin", "record"] {
        alert.as_object_mut().unwrap().remove(member);
    }
    alert
}

/// Compares the alerts in a file with those of `authsieve run` for the same attacks.
fn same_alerts(out: &Path, numbers: impl Iterator<Item = u32>) {
    let wanted = expected(&numbers.flat_map(attack).collect::<Vec<_>>());
    let found = waits_for_alerts(out, wanted.len());
    let all = |alerts: &[serde_json::Value]| alerts.iter().map(told).collect::<Vec<_>>();
    assert_eq!(all(&found), all(&wanted));
}

#[test]
fn requests_of_real_senders_give_the_alerts_of_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap()]);
    let requests = recordings(".http");
    assert!(requests.len() > 10, "{}", requests.len());
    for (name, request) in requests.values() {
        let (status, answer) = send(&server.address, request);
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(status, 200, "{name}: {answer}");
        // The answer of OpenTelemetry is empty if all records count.
        assert!(["{\"records\":6}\n", "{}", ""].contains(&&*answer), "{name}: {answer}");
    }
    same_alerts(&out, requests.into_keys());
}

/// The acknowledgement that a sender expects. Its last option names the chunk.
fn ack(bytes: &[u8]) -> Option<Vec<u8>> {
    let option = b"\xa5chunk";
    let at = bytes.windows(option.len()).rposition(|window| window == option)?;
    let chunk = bytes.get(at + option.len()..)?;
    // A text of up to 31 bytes has its length in its first byte, one of up to 255 in its second byte.
    let size = if chunk[0] == 0xd9 { 2 + usize::from(chunk[1]) } else { 1 + usize::from(chunk[0] & 0x1f) };
    Some([b"\x81\xa3ack", chunk.get(..size)?].concat())
}

#[test]
fn chunks_of_a_real_fluent_bit_give_the_alerts_of_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let config = format!(
        "[sources.it]\ntype = \"forward\"\nlisten = \"127.0.0.1:0\"\n[sinks.out]\nto = \"{}\"\n",
        out.display()
    );
    let mut server = Server::configured(&config, folder.path(), Stdio::null());
    let place = server.place("it listens to forward:");
    let connections = recordings(".forward");
    assert!(connections.len() > 3, "{}", connections.len());
    for (count, (name, bytes)) in (1..).zip(connections.values()) {
        let mut stream = connect(&place);
        stream.write_all(bytes).unwrap();
        let wanted = ack(bytes);
        assert_eq!(wanted.is_some(), name.contains("ack"), "{name}");
        let mut answer = vec![0; wanted.as_ref().map_or(0, Vec::len)];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, wanted.unwrap_or_default(), "{name}");
        // Each connection is tested after the previous one.
        waits_for_alerts(&out, count);
    }
    same_alerts(&out, connections.into_keys());
    assert!(!server.said().contains("a connection is closed"), "{}", server.said());
}
