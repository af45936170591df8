//! Tests of the HTTP source: all forms of a body, and the input of attackers and broken senders.

use crate::server::{PATIENCE, Server, attack, bare, body, expected, request, waits_for_alerts};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

fn wrapped(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| serde_json::json!({ "message": line }).to_string()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_form_of_a_body_is_taken_and_gives_the_alerts_of_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap()]);
    let attacks: Vec<Vec<String>> = (0..5).map(attack).collect();
    let json = |number: usize| wrapped(&attacks[number]);
    assert_eq!(server.post(&body(&attacks[0])), (200, "{\"records\":6}\n".into()));
    // Vector writes no newline after the last record.
    assert_eq!(server.post(json(1).join("\n").as_bytes()).0, 200);
    assert_eq!(server.post(format!("[{}]", json(2).join(",")).as_bytes()).0, 200);
    let packed = gzip(&body(&json(3)));
    assert_eq!(server.post_as("content-encoding: gzip\r\n", &packed).unwrap().0, 200);
    let zstd =
        ruzstd::encoding::compress_to_vec(&body(&json(4))[..], ruzstd::encoding::CompressionLevel::Fastest);
    assert_eq!(server.post_as("content-encoding: zstd\r\n", &zstd).unwrap().0, 200);
    let found = waits_for_alerts(&out, 5);
    let wanted = expected(&attacks.concat());
    assert_eq!((found.len(), wanted.len()), (5, 5));
    // Evidence shows plain lines unchanged, and other records in the form in which they were sent.
    assert_eq!(bare(&found[0]), bare(&wanted[0]));
    for (found, wanted) in found.iter().zip(&wanted) {
        for member in
            ["id", "time", "user", "src_ip", "failure_count", "pattern", "severity", "config_digest"]
        {
            assert_eq!(found[member], wanted[member], "{member}");
        }
    }
    assert_eq!((&found[1]["origin"]["file"], &found[1]["origin"]["line"]), (&"http".into(), &12.into()));
}

#[test]
fn a_chunked_body_is_taken_as_fluent_bit_may_send_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap()]);
    let mut chunked = String::new();
    for line in attack(1) {
        chunked += &format!("{:x}\r\n{line}\n\r\n", line.len() + 1);
    }
    chunked += "0\r\n\r\n";
    let head = "POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    assert_eq!(request(&server.address, head, chunked.as_bytes()).unwrap().0, 200);
    waits_for_alerts(&out, 1);
}

#[test]
fn a_bad_line_costs_itself_and_a_bad_body_its_batch() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap(), "--max-body", "1"]);
    let mut lines = attack(1);
    lines.insert(2, "{\"message\": \"cut off".into());
    lines.insert(4, "\u{0}\u{1}\u{feff}".into());
    assert_eq!(server.post(&body(&lines)).0, 200);
    waits_for_alerts(&out, 1);
    assert_eq!(server.post(b"").0, 200, "a test of the connection");
    assert_eq!(server.post(&vec![b'x'; (1 << 20) + 1]).0, 413);
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert_eq!(server.post_as("content-encoding: gzip\r\n", &bomb).unwrap().0, 413);
    assert_eq!(server.post_as("content-encoding: gzip\r\n", b"no gzip").unwrap().0, 400);
    assert_eq!(server.post_as("content-encoding: br\r\n", b"x").unwrap().0, 415);
    assert_eq!(server.get("/v1/events").0, 405);
    assert_eq!(server.get("/nothing").0, 404);
    assert_eq!(server.get("/healthz"), (200, "ok\n".into()));
}

/// A first line that looks like the start of JSON or of a table does not make other lines unreadable.
#[test]
fn a_first_line_hides_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap()]);
    for (number, first) in ["{\"a\":[[[", "<Event>", "#Fields: a b", "["].iter().enumerate() {
        let mut lines = attack(number as u32);
        lines.insert(0, (*first).to_owned());
        assert_eq!(server.post(&body(&lines)), (200, "{\"records\":7}\n".into()), "{first}");
    }
    waits_for_alerts(&out, 4);
    // Empty lines are no records.
    assert_eq!(server.post(&vec![b'\n'; 1 << 20]), (200, "{\"records\":0}\n".into()));
    // A broken MessagePack entry loses only itself and the bytes that cannot be separated from it.
    let packed = b"\x92\xce\x69\xa6\xa0\x00\x81\xa3log\xa1x\x07\x92\xc1";
    let answer = server.post_as("content-type: application/msgpack\r\n", packed).unwrap();
    assert_eq!(answer, (200, "{\"records\":1}\n".into()));
}

/// A request from another address of this machine.
fn post_from(host: &str, place: &str, body: &[u8]) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(format!("{host}:0").parse().unwrap()).unwrap();
        socket.connect(place.parse().unwrap()).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = "POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: ";
    stream.write_all(&[format!("{head}{}\r\n\r\n", body.len()).as_bytes(), body].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Several machines may send the same line at the same moment.
#[test]
fn equal_bytes_of_several_senders_count_each() {
    let server = Server::start(&["--alerts", "/dev/null"]);
    for _ in 0..10 {
        thread::scope(|scope| {
            for host in 2..10 {
                let place = &server.address;
                scope.spawn(move || {
                    let answer = post_from(&format!("127.0.0.{host}"), place, b"the same line\n");
                    assert!(answer.ends_with("{\"records\":1}\n"), "{answer}");
                });
            }
        });
    }
    let (_, text) = server.get("/metrics");
    assert!(text.lines().any(|line| line == "authsieve_records_total 80"), "{text}");
}

/// A foreign web page can reach this machine through a browser, even under a name that resolves to it.
#[test]
fn web_pages_are_not_served() {
    let server = Server::start(&["--alerts", "/dev/null"]);
    for (header, status) in [
        ("sec-fetch-site: cross-site", 403),
        ("sec-fetch-site: same-site", 403),
        ("sec-fetch-site: none", 200),
        ("host: 127.0.0.1", 403),
    ] {
        let head =
            format!("GET /v1/explain HTTP/1.1\r\nhost: 127.0.0.1\r\n{header}\r\nconnection: close\r\n\r\n");
        assert_eq!(request(&server.address, &head, b"").unwrap().0, status, "{header}");
    }
    assert_eq!(server.post_as("origin: https://example.org\r\n", b"x\n").unwrap().0, 403);
    for (host, status) in
        [("evil.example:7401", 403), ("localhost:7401", 200), ("[::1]:7401", 200), ("127.0.0.1", 200)]
    {
        let head = format!("GET /v1/status HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(request(&server.address, &head, b"").unwrap().0, status, "{host}");
    }
}

#[test]
fn a_slow_client_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap()]);
    let mut slow: Vec<TcpStream> = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream
            .write_all(b"POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\nabc")
            .unwrap();
        slow.push(stream);
    }
    assert_eq!(server.post(&body(&attack(1))).0, 200);
    waits_for_alerts(&out, 1);
    // A request whose head does not end is closed.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(b"POST /v1/eve").unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut rest = Vec::new();
    assert!(stream.read_to_end(&mut rest).is_ok(), "it is closed");
    thread::sleep(Duration::from_millis(1));
}

#[test]
fn the_pages_tell_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("alerts.jsonl");
    let server = Server::start(&["--alerts", out.to_str().unwrap()]);
    server.post(&body(&attack(1)));
    waits_for_alerts(&out, 1);
    let (status, text) = server.get("/metrics");
    assert_eq!(status, 200);
    for line in [
        "authsieve_records_total 6",
        r#"authsieve_alerts_total{analytic="AN1276",severity="high"} 1"#,
        r#"authsieve_analytic_events_total{analytic="an1276"} 6"#,
        r#"authsieve_analytic_keys{analytic="an1276"} 2"#,
        "authsieve_latency_seconds_count 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let status: serde_json::Value = serde_json::from_str(&server.get("/v1/status").1).unwrap();
    assert_eq!(
        (&status["analytics"][0]["events"], &status["analytics"][0]["alerts"]),
        (&6.into(), &1.into())
    );
    assert_eq!(server.get("/readyz").0, 200);
}
