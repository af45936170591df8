//! Tests of the forward sink with a receiver that has its own MessagePack reader.

use super::{Service, numbers};
use crate::server::PATIENCE;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;

/// Reads a value. A time becomes `{"time": [seconds, nanoseconds]}`.
fn read(from: &mut impl Read) -> Value {
    fn bytes(from: &mut impl Read, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        from.read_exact(&mut bytes).expect("whole values");
        bytes
    }
    fn number(from: &mut impl Read, width: usize) -> usize {
        bytes(from, width).iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }
    fn list(from: &mut impl Read, count: usize) -> Value {
        (0..count).map(|_| read(from)).collect()
    }
    fn map(from: &mut impl Read, count: usize) -> Value {
        Value::Object((0..count).map(|_| (read(from).as_str().expect("a name").into(), read(from))).collect())
    }
    fn text(from: &mut impl Read, count: usize) -> Value {
        String::from_utf8(bytes(from, count)).expect("text").into()
    }
    match bytes(from, 1)[0] {
        byte @ 0x00..=0x7f => byte.into(),
        byte @ 0x80..=0x8f => map(from, usize::from(byte & 0xf)),
        byte @ 0x90..=0x9f => list(from, usize::from(byte & 0xf)),
        byte @ 0xa0..=0xbf => text(from, usize::from(byte & 0x1f)),
        0xc0 => Value::Null,
        0xc2 => false.into(),
        0xc3 => true.into(),
        byte @ 0xcc..=0xcf => number(from, 1 << (byte - 0xcc)).into(),
        0xd7 => {
            assert_eq!(bytes(from, 1), [0], "the type of a time");
            json!({ "time": [number(from, 4), number(from, 4)] })
        }
        byte @ 0xd9..=0xdb => {
            let count = number(from, 1 << (byte - 0xd9));
            text(from, count)
        }
        byte @ 0xdc..=0xdd => {
            let count = number(from, 2 << (byte - 0xdc));
            list(from, count)
        }
        byte @ 0xde..=0xdf => {
            let count = number(from, 2 << (byte - 0xde));
            map(from, count)
        }
        byte => panic!("{byte:#x}"),
    }
}

/// Encodes a short text.
fn short(text: &str) -> Vec<u8> {
    if text.len() < 32 {
        return [&[0xa0 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    }
    [&[0xd9, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn ack(message: &Value) -> Vec<u8> {
    [&[0x81][..], &short("ack"), &short(message[2]["chunk"].as_str().unwrap())].concat()
}

fn accept(listener: &TcpListener) -> BufReader<TcpStream> {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(stream)
}

fn users(message: &Value) -> Vec<u32> {
    numbers(message[1].as_array().unwrap().iter().map(|entry| &entry[1]))
}

#[test]
fn a_message_is_sent_until_it_is_acknowledged() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let service = Service::start(&format!(
        "type = \"forward\"\nto = \"tcp:{}\"\ntag = \"sieve.it\"\ntimeout = \"1s\"",
        listener.local_addr().unwrap()
    ));
    service.attack(0..2);
    let mut first = accept(&listener);
    let message = read(&mut first);
    assert_eq!((&message[0], &message[2]["size"]), (&"sieve.it".into(), &2.into()));
    assert_eq!(message[1][0][0], json!({ "time": [1_772_611_210, 0] }));
    assert_eq!(users(&message), [0, 1]);
    assert_eq!(message[1][0][1]["failure_count"], 5);
    // First no acknowledgement before the cut, then none in time, then a wrong one, then the right one.
    drop(first);
    let mut second = accept(&listener);
    assert_eq!(read(&mut second), message, "with the same chunk");
    let mut third = accept(&listener);
    assert_eq!(read(&mut third), message);
    third.get_mut().write_all(&[&[0x81][..], &short("ack"), &short("other")].concat()).unwrap();
    for byte in ack(&message) {
        third.get_mut().write_all(&[byte]).unwrap();
    }
    service.attack(2..3);
    let next = read(&mut third);
    assert_eq!(users(&next), [2]);
    assert_ne!(next[2]["chunk"], message[2]["chunk"]);
    third.get_mut().write_all(&ack(&next)).unwrap();
    service.waits_for_counter("authsieve_sink_delivered_total{sink=\"it\"}", 3);
}

#[test]
fn a_unix_socket_needs_no_acknowledgement() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fluent.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let service = Service::start(&format!(
        "type = \"forward\"\nto = \"unix:{}\"\nack = false\nformat = \"ocsf\"",
        path.display()
    ));
    service.attack(0..1);
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let message = read(&mut stream);
    assert_eq!((&message[0], &message[2]), (&"authsieve.alert".into(), &json!({ "size": 1 })));
    assert_eq!(message[1][0][1]["class_uid"], 2004);
}

fn hex(parts: &[&str]) -> String {
    Sha512::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn both_sides_prove_the_shared_key() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut service = Service::start(&format!(
        "type = \"forward\"\nto = \"tcp:{}\"\nshared_key = \"open sesame\"\nhostname = \"sieve\"\n\
         username = \"anna\"\npassword = \"pass\"",
        listener.local_addr().unwrap()
    ));
    service.attack(0..1);
    let handshake = |own: &str, refuse: bool| {
        let mut stream = accept(&listener);
        let helo = [
            &[0x92][..],
            &short("HELO"),
            &[0x83],
            &short("nonce"),
            &short("n0nce"),
            &short("auth"),
            &short("salt"),
            &short("keepalive"),
            &[0xc3],
        ];
        stream.get_mut().write_all(&helo.concat()).unwrap();
        let ping = read(&mut stream);
        let text = |at: usize| ping[at].as_str().unwrap();
        assert_eq!((text(0), text(1), text(4)), ("PING", "sieve", "anna"));
        assert_eq!(text(5), hex(&["salt", "anna", "pass"]));
        assert_eq!(text(3), hex(&[text(2), "sieve", "n0nce", "open sesame"]));
        let proof = hex(&[text(2), "receiver", "n0nce", own]);
        let reason = if refuse { "no \u{1b}way" } else { "" };
        let accepts = if refuse { 0xc2 } else { 0xc3 };
        let pong = [
            &[0x95][..],
            &short("PONG"),
            &[accepts],
            &short(reason),
            &short("receiver"),
            &[0xd9, 128],
            proof.as_bytes(),
        ];
        stream.get_mut().write_all(&pong.concat()).unwrap();
        stream
    };
    let mut refused = handshake("open sesame", true);
    service.server.waits_for("the receiver refuses this client: no \\x1bway");
    assert_eq!(refused.read(&mut [0]).unwrap(), 0, "nothing is sent");
    // A receiver without the key gets no alerts.
    let mut stranger = handshake("guess", false);
    assert_eq!(stranger.read(&mut [0]).unwrap(), 0, "nothing is sent");
    let mut stream = handshake("open sesame", false);
    let message = read(&mut stream);
    assert_eq!(users(&message), [0]);
    stream.get_mut().write_all(&ack(&message)).unwrap();
    service.server.waits_for("alerts are delivered again");
}
