//! Tests of the syslog sink over TCP, UDP and a Unix socket.

use super::{Service, numbers};
use crate::server::PATIENCE;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixDatagram;

/// The parts of a message: priority, time, host, program, kind, structured data, and the rest.
fn parts(message: &[u8]) -> (u32, String, String, String, String, String, String) {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let (priority, rest) = text.strip_prefix('<').and_then(|rest| rest.split_once(">1 ")).unwrap();
    let mut words = rest.splitn(6, ' ');
    let mut word = || words.next().unwrap().to_owned();
    let (time, host, program, process, kind, rest) = (word(), word(), word(), word(), word(), word());
    process.parse::<u32>().unwrap();
    // Structured data ends at a bracket that is not escaped.
    let end = rest.char_indices().find(|(at, c)| *c == ']' && !rest[..*at].ends_with('\\')).unwrap().0;
    let (data, message) = rest.split_at(end + 1);
    let message = message.strip_prefix(' ').unwrap().to_owned();
    (priority.parse().unwrap(), time, host, program, kind, data.into(), message)
}

#[test]
fn octets_are_counted_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let service = Service::start(&format!(
        "type = \"syslog\"\nto = \"tcp:{}\"\nfacility = \"local3\"\nhostname = \"sieve.example\"",
        listener.local_addr().unwrap()
    ));
    service.attack(0..3);
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut alerts = Vec::new();
    for _ in 0..3 {
        let mut length = Vec::new();
        reader.read_until(b' ', &mut length).unwrap();
        let mut message = vec![0; String::from_utf8(length).unwrap().trim_end().parse().unwrap()];
        reader.read_exact(&mut message).unwrap();
        let (priority, time, host, program, kind, data, text) = parts(&message);
        assert_eq!(priority, 19 * 8 + 3, "local3, error");
        assert_eq!(
            (host.as_str(), program.as_str(), kind.as_str()),
            ("sieve.example", "authsieve", "AN1276")
        );
        let alert: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(alert["time"], time);
        let id = alert["id"].as_str().unwrap();
        let user = alert["user"].as_str().unwrap();
        assert!(data.starts_with(&format!("[authsieve@32473 id=\"{id}\" analytic=\"AN1276\" ")), "{data}");
        assert!(data.contains(&format!(" severity=\"high\" user=\"{user}\" ")), "{data}");
        alerts.push(alert);
    }
    assert_eq!(numbers(&alerts), [0, 1, 2]);
    // The receiver closes the connection, and the next alert comes over a new one.
    drop(reader);
    service.attack(3..4);
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut begin = [0; 64];
    stream.read_exact(&mut begin).unwrap();
    assert!(String::from_utf8_lossy(&begin).contains("<155>1 "), "{begin:?}");
}

#[test]
fn datagrams_have_a_bound() {
    let place = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut service = Service::start(&format!("type = \"syslog\"\nto = \"udp:{place}\"\nmax_size = 600"));
    service.attack(0..1);
    // Nobody listens. On the same machine the sender notices this.
    service.server.waits_for("it is tried again until it works");
    let socket = UdpSocket::bind(place).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut buffer = [0; 65_536];
    let length = socket.recv(&mut buffer).unwrap();
    assert!(length <= 600, "{length}");
    let (priority, _, _, _, _, data, text) = parts(&buffer[..length]);
    assert_eq!(priority, 16 * 8 + 3);
    assert!(data.ends_with(" cut=\"1\"]"), "{data}");
    assert_eq!(text, "5 failed logins of user0 from 198.51.0.1, then a login");
}

#[test]
fn datagrams_come_to_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let first = UnixDatagram::bind(&path).unwrap();
    let service = Service::start(&format!(
        "type = \"syslog\"\nto = \"unix:{}\"\nmax_size = 60000\nprotocol = \"rfc5424\"",
        path.display()
    ));
    let mut buffer = [0; 65_536];
    service.attack(0..1);
    first.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = first.recv(&mut buffer).unwrap();
    let alert: serde_json::Value = serde_json::from_str(&parts(&buffer[..length]).6).unwrap();
    assert_eq!(alert["user"], "user0");
    // The receiver restarts.
    drop(first);
    std::fs::remove_file(&path).unwrap();
    service.attack(1..2);
    let second = UnixDatagram::bind(&path).unwrap();
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = second.recv(&mut buffer).unwrap();
    let alert: serde_json::Value = serde_json::from_str(&parts(&buffer[..length]).6).unwrap();
    assert_eq!(alert["user"], "user1");
}
