//! Tests that slow, silent or too many clients do not delay others.

use crate::pki::{Authority, ask};
use crate::server::{PATIENCE, Server, attack, body, request, waits_for_alerts};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn config(kind: &str, more: &str, folder: &Path) -> String {
    format!(
        "[sources.it]\ntype = \"{kind}\"\nlisten = \"127.0.0.1:0\"\n{more}\n[sources.pages]\ntype = \"http\"\n\
         listen = \"127.0.0.1:0\"\n[sinks.out]\nto = \"{}/alerts.jsonl\"\n",
        folder.display()
    )
}

/// Starts a service with this source, and returns the address of the source. The pages are at the service's own
/// address.
fn start(kind: &str, more: &str, scheme: &str, folder: &Path) -> (Server, String) {
    let mut service = Server::configured(&config(kind, more, folder), folder, Stdio::null());
    service.address = service.place("pages listens to http://");
    let place = service.place(&format!("it listens to {scheme}"));
    (service, place)
}

fn open(place: &str) -> TcpStream {
    let stream = TcpStream::connect(place).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// All bytes that a client receives until the connection closes, and the time until then.
fn rest(mut stream: TcpStream) -> (String, Duration) {
    let (began, mut bytes) = (Instant::now(), Vec::new());
    // A reset also closes the connection.
    let _ = stream.read_to_end(&mut bytes);
    (String::from_utf8_lossy(&bytes).into_owned(), began.elapsed())
}

/// Waits until the metrics contain this line.
fn counts(service: &Server, line: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let (_, text) = service.get("/metrics");
        if text.lines().any(|found| found == line) {
            return;
        }
        assert!(Instant::now() < end, "no {line}\n{text}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_connection_too_many_is_refused_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (service, place) = start("http", "max_connections = 2", "http://", folder.path());
    let mut held: Vec<TcpStream> = (0..2).map(|_| open(&place)).collect();
    let refused = rest(open(&place)).0;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.ends_with("too many connections are open\n"));
    counts(&service, r#"authsieve_connections_rejected_total{source="it",reason="full"} 1"#);
    // A closed connection makes room for another.
    held.pop();
    let end = Instant::now() + PATIENCE;
    let head = "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    while request(&place, head, b"").map_or(0, |(status, _)| status) != 200 {
        assert!(Instant::now() < end, "there is room");
    }
}

#[test]
fn a_silent_connection_is_closed_and_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (service, place) = start("tcp", "idle = \"1s\"\nmax_connections = 2", "tcp:", folder.path());
    let (silent, mut busy) = (open(&place), open(&place));
    assert_eq!(rest(open(&place)).0, "", "there is no room for a third");
    let began = Instant::now();
    for line in attack(1) {
        busy.write_all(format!("{line}\n").as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(300));
    }
    waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    assert!(began.elapsed() > Duration::from_millis(1500));
    rest(silent);
    counts(&service, r#"authsieve_connections_rejected_total{source="it",reason="full"} 1"#);
    rest(busy);
    counts(&service, r#"authsieve_connections_rejected_total{source="it",reason="idle"} 2"#);
    let (service, place) = start("forward", "idle = \"1s\"", "forward:", folder.path());
    assert!(rest(open(&place)).1 > Duration::from_millis(500));
    counts(&service, r#"authsieve_connections_rejected_total{source="it",reason="idle"} 1"#);
}

#[test]
fn a_handshake_that_does_not_come_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("own", folder.path());
    let (service, place) = start("http", &own.issue("server").table(""), "https://", folder.path());
    let mut slow: Vec<TcpStream> = (0..50).map(|_| open(&place)).collect();
    // Sends only the first bytes of a handshake.
    slow.iter_mut().step_by(2).for_each(|stream| stream.write_all(&[0x16, 3, 1, 2]).unwrap());
    let began = Instant::now();
    let head = "POST /v1/events HTTP/1.1";
    assert_eq!(ask(&place, &own.client(None), head, &body(&attack(1))).unwrap().0, 200);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    slow.into_iter().for_each(|stream| assert_eq!(rest(stream).0, ""));
    counts(&service, r#"authsieve_connections_rejected_total{source="it",reason="slow"} 50"#);
}

/// Bodies that are announced but never sent take no memory from others.
#[test]
fn a_body_that_does_not_come_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let (service, place) = start("http", "", "http://", folder.path());
    let slow: Vec<TcpStream> = (0..20)
        .map(|number| {
            let mut stream = open(&place);
            let encoding = if number % 2 == 0 { "" } else { "content-encoding: gzip\r\n" };
            let head = format!(
                "POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n{encoding}content-length: {}\r\n\r\nabc",
                60 << 20
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    let began = Instant::now();
    assert_eq!(crate::server::post(&place, "", &body(&attack(1))).unwrap().0, 200);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // The senders are asked to retry.
    for stream in slow {
        let (answer, _) = rest(stream);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    counts(&service, r#"authsieve_connections_rejected_total{source="it",reason="slow"} 20"#);
}

#[test]
fn a_line_that_does_not_end_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let (service, place) = start("tcp", "", "tcp:", folder.path());
    let mut stream = open(&place);
    let piece = vec![b'x'; 64 << 10];
    (0..33).for_each(|_| stream.write_all(&piece).unwrap());
    stream.write_all(b"\n").unwrap();
    stream.write_all(&body(&attack(1))).unwrap();
    waits_for_alerts(&folder.path().join("alerts.jsonl"), 1);
    counts(&service, "authsieve_records_oversized_total 1");
    counts(&service, "authsieve_records_total 6");
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_service, place) = start("http", "", "http://", folder.path());
    let head = format!("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let mut stream = open(&place);
    let _ = stream.write_all(head.as_bytes());
    let (answer, _) = rest(stream);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

/// An idle kept-alive connection is closed.
#[test]
fn a_connection_that_asks_nothing_more_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (_service, place) = start("http", "", "http://", folder.path());
    let mut stream = open(&place);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
    let (answer, took) = rest(stream);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok\n"), "{answer}");
    assert!(took > Duration::from_secs(5) && took < Duration::from_secs(40), "{took:?}");
}
