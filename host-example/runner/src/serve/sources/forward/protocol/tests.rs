use std::time::{Duration, Instant};

use super::*;
use encoder::*;

mod encoder;

const LIMIT: usize = 1 << 20;

// Reading.

type Events = (Vec<Event>, Option<Error>);

fn drain(connection: &mut Connection, events: &mut Vec<Event>) -> Option<Error> {
    loop {
        match connection.next() {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    }
}

fn read_in(bytes: &[u8], size: usize, limit: usize) -> Events {
    let mut connection = Connection::new(limit, None);
    assert_eq!(connection.hello(), None);
    let mut events = Vec::new();
    for piece in bytes.chunks(size) {
        connection.push(piece);
        if let Some(error) = drain(&mut connection, &mut events) {
            assert_eq!(connection.next(), Err(error.clone()), "an error stays");
            return (events, Some(error));
        }
    }
    (events, None)
}

/// Reads the bytes at once and in pieces. Both have to give the same result.
fn read(bytes: &[u8]) -> Events {
    let events = read_in(bytes, usize::MAX, LIMIT);
    for size in [1, 2, 7] {
        assert_eq!(read_in(bytes, size, LIMIT), events, "in pieces of {size}");
    }
    events
}

/// Reads the bytes without an error. Returns the lines and acknowledgements.
fn lines(bytes: &[u8]) -> (String, Vec<Vec<u8>>) {
    let (events, error) = read(bytes);
    assert_eq!(error, None);
    let (mut all, mut acks) = (String::new(), Vec::new());
    for event in events {
        let Event::Records { lines, count, ack } = event else { panic!("{event:?}") };
        let lines = String::from_utf8(lines).unwrap();
        assert_eq!(lines.lines().count() as u64, count);
        assert!(lines.is_empty() || lines.ends_with('\n'));
        all.push_str(&lines);
        acks.extend(ack);
    }
    (all, acks)
}

fn error(bytes: &[u8]) -> Error {
    let (events, error) = read(bytes);
    assert_eq!(events, []);
    error.unwrap()
}

/// The line of a record.
fn line(record: Vec<u8>) -> String {
    lines(&array(&[text("t"), integer(7), record])).0.trim_end().to_owned()
}

/// The date in the line of a record with this time.
fn dated(time: Vec<u8>) -> String {
    let (line, _) = lines(&packed(&array(&[time, map(&[])])));
    line.trim_end().strip_prefix("{\"fluent_tag\":\"t\"").unwrap().strip_suffix('}').unwrap().to_owned()
}

#[test]
fn every_mode() {
    let entries = [entry(1, "a"), entry(2, "b")];
    let two =
        "{\"log\":\"a\",\"fluent_tag\":\"t\",\"date\":1}\n{\"log\":\"b\",\"fluent_tag\":\"t\",\"date\":2}\n";
    let one = "{\"log\":\"a\",\"fluent_tag\":\"t\",\"date\":1}\n";
    let stream = entries.concat();
    assert_eq!(lines(&array(&[text("t"), integer(1), log("a")])).0, one, "Message");
    assert_eq!(lines(&array(&[text("t"), array(&entries)])).0, two, "Forward");
    assert_eq!(lines(&array(&[text("t"), binary(&stream)])).0, two, "PackedForward in bin");
    assert_eq!(lines(&array(&[text("t"), text(&stream)])).0, two, "PackedForward in str");
    assert_eq!(lines(&compressed(&gzip(&stream))).0, two, "CompressedPackedForward");
    let members = [gzip(&entries[0]), gzip(&entries[1])].concat();
    assert_eq!(lines(&compressed(&members)).0, two, "two members of gzip");
    // All messages in one stream, with heartbeats between them.
    let all = [
        nil(),
        array(&[text("t"), integer(1), log("a"), map(&[])]),
        nil(),
        nil(),
        array(&[text("t"), array(&entries), nil()]),
        array(&[text("t"), array(&[])]),
        packed(&stream),
        nil(),
    ];
    assert_eq!(lines(&all.concat()).0, [one, two, two].concat());
}

#[test]
fn bytes_of_fluent_bit() {
    // The default: Forward mode, an EventTime as `fixext 8`, no options.
    let default = b"\x92\xa4test\x91\x92\xd7\x00\x68\xa1\xb2\xc3\x00\x0f\x42\x40\x81\xa3log\xa2hi";
    let line = "{\"log\":\"hi\",\"fluent_tag\":\"test\",\"date\":1755427523.001}\n";
    assert_eq!(lines(default).0, line);

    // `require_ack_response`: the options are a `map 32`.
    let acked = b"\x93\xa4test\x91\x92\xd7\x00\x68\xa1\xb2\xc3\x00\x0f\x42\x40\x81\xa3log\xa2hi\
        \xdf\x00\x00\x00\x03\xa5chunk\xd9\x20f2b4148a85452320d9d41c8bfae0a0c1\xa4size\x01\xadfluent_signal\x00";
    let ack = b"\x81\xa3ack\xd9\x20f2b4148a85452320d9d41c8bfae0a0c1".to_vec();
    assert_eq!(lines(acked), (line.to_owned(), vec![ack]));

    // PackedForward mode as bin, with the same options.
    let packed = b"\x93\xa4test\xc4\x13\x92\xd7\x00\x68\xa1\xb2\xc3\x00\x0f\x42\x40\x81\xa3log\xa2hi\
        \xdf\x00\x00\x00\x03\xa5chunk\xb0cDhuOWdteFRRVkM4\xa4size\x01\xadfluent_signal\x00";
    let ack = b"\x81\xa3ack\xb0cDhuOWdteFRRVkM4".to_vec();
    assert_eq!(lines(packed), (line.to_owned(), vec![ack]));

    // `compress gzip`.
    let compressed =
        b"\x93\xa4test\xc4\x28\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x9b\x74\x9d\x21\x63\xe1\xa6\xc3\
        \x0c\xfc\x4e\x0e\x8d\x8b\x73\xf2\xd3\x17\x65\x64\x02\x00\x64\x61\x6d\x1f\x13\x00\x00\x00\
        \xdf\x00\x00\x00\x03\xa4size\x01\xaacompressed\xa4gzip\xadfluent_signal\x00";
    assert_eq!(lines(compressed).0, line);

    // `retain_metadata_in_forward_mode`: entries with metadata, and markers around a group.
    let grouped = b"\x92\xa4test\x93\
        \x92\x92\xd7\x00\xff\xff\xff\xff\x00\x00\x00\x00\x81\xa1g\x01\x81\xa8resource\x80\
        \x92\x92\xd7\x00\x68\xa1\xb2\xc3\x00\x0f\x42\x40\x81\xa1m\x90\x81\xa3log\xa2hi\
        \x92\x92\xd7\x00\xff\xff\xff\xfe\x00\x00\x00\x00\x80\x80";
    assert_eq!(lines(grouped).0, line);

    // Metrics.
    let metrics = b"\x93\xa4test\xc4\x01\x80\xdf\x00\x00\x00\x01\xadfluent_signal\x01";
    assert_eq!(error(metrics), Error::Signal { signal: 1 });
}

#[test]
fn times() {
    assert_eq!(dated(integer(0)), ",\"date\":0");
    assert_eq!(dated(integer(u64::MAX)), ",\"date\":18446744073709551615");
    assert_eq!(dated(vec![0xff]), ",\"date\":-1");
    assert_eq!(dated(vec![0xd2, 0x80, 0, 0, 0]), ",\"date\":-2147483648");
    assert_eq!(dated(event_time(1_700_000_000, 0)), ",\"date\":1700000000");
    assert_eq!(dated(event_time(1_700_000_000, 1)), ",\"date\":1700000000.000000001");
    assert_eq!(dated(event_time(1_700_000_000, 120_000_000)), ",\"date\":1700000000.12");
    assert_eq!(dated(event_time(4_294_967_295, 999_999_999)), ",\"date\":4294967295.999999999");
    assert_eq!(dated(event_time(1, 3_000_000_500)), ",\"date\":4.0000005");
    assert_eq!(dated([&[0xc7, 8][..], &event_time(9, 5)[1..]].concat()), ",\"date\":9.000000005", "ext 8");
    assert_eq!(dated(float(1_700_000_000.25)), ",\"date\":1700000000.25");
    assert_eq!(dated(float(1_700_000_000.1)), ",\"date\":1700000000.1");
    assert_eq!(dated(float(2.0)), ",\"date\":2");
    assert_eq!(dated(float(-0.5)), ",\"date\":-0.5");
    assert_eq!(dated(float(1.0 / 3.0)), ",\"date\":0.333333333");
    assert_eq!(dated(float(1e-300)), ",\"date\":0");
    assert_eq!(dated([&[0xca], &0.5_f32.to_be_bytes()[..]].concat()), ",\"date\":0.5");
    for none in [nil(), float(f64::NAN), float(f64::INFINITY), float(1e300)] {
        assert_eq!(dated(none), "");
    }
    assert_eq!(dated(array(&[event_time(5, 500_000_000), map(&[])])), ",\"date\":5.5");
    for wrong in [text("now"), vec![0xc3], array(&[integer(1)]), [&[0xd6, 0], &[0; 4][..]].concat()] {
        let (events, error) = read(&packed(&array(&[wrong, map(&[])])));
        assert!(events.is_empty() && matches!(error, Some(Error::Type { place: "a time", .. })), "{error:?}");
    }
}

#[test]
fn values() {
    let rest = ",\"fluent_tag\":\"t\",\"date\":7}";
    let value = |value: Vec<u8>| {
        let line = line(map(&[(text("v"), value)]));
        line.strip_prefix("{\"v\":").unwrap().strip_suffix(rest).unwrap().to_owned()
    };
    assert_eq!(value(nil()), "null");
    assert_eq!(value(vec![0xc2]), "false");
    assert_eq!(value(vec![0xc3]), "true");
    assert_eq!(value(vec![0x7f]), "127");
    assert_eq!(value(vec![0xe0]), "-32");
    assert_eq!(value(vec![0xcc, 0xff]), "255");
    assert_eq!(value(vec![0xcd, 1, 0]), "256");
    assert_eq!(value(vec![0xce, 0xff, 0xff, 0xff, 0xff]), "4294967295");
    assert_eq!(value(integer(u64::MAX)), "18446744073709551615");
    assert_eq!(value(vec![0xd0, 0x80]), "-128");
    assert_eq!(value(vec![0xd1, 0x80, 0]), "-32768");
    assert_eq!(value(vec![0xd2, 0xff, 0xff, 0xff, 0xfe]), "-2");
    assert_eq!(value([&[0xd3], &i64::MIN.to_be_bytes()[..]].concat()), "-9223372036854775808");
    assert_eq!(value([&[0xd3], &i64::MAX.to_be_bytes()[..]].concat()), "9223372036854775807");
    assert_eq!(value(float(1.5)), "1.5");
    assert_eq!(value(float(1e300)), "1e+300");
    assert_eq!(value([&[0xca], &(-0.25_f32).to_be_bytes()[..]].concat()), "-0.25");
    assert_eq!(value(float(f64::NAN)), "null");
    assert_eq!(value(float(f64::NEG_INFINITY)), "null");
    assert_eq!(value(text("a\"\\\n\u{1}é")), r#""a\"\\\n\u0001é""#);
    assert_eq!(value(text(b"a\xff\xc3b")), "\"a\u{fffd}\u{fffd}b\"");
    assert_eq!(value(binary(b"bytes\xfe")), "\"bytes\u{fffd}\"");
    assert_eq!(value(vec![0xd9, 1, b'a']), "\"a\"");
    assert_eq!(value(vec![0xc4, 0]), "\"\"");
    assert_eq!(value(text("x".repeat(70_000))).len(), 70_002);
    assert_eq!(value(event_time(3, 250_000_000)), "3.25");
    assert_eq!(value(vec![0xd4, 0, 1]), "null");
    assert_eq!(value(vec![0xc7, 0, 5]), "null");
    assert_eq!(value([&[0xd8, 0xff][..], &[0; 16]].concat()), "null");
    assert_eq!(value([&[0xc8, 1, 0, 1][..], &[0; 256]].concat()), "null");
    assert_eq!(value([&[0xc9, 0, 0, 1, 0, 1][..], &[0; 256]].concat()), "null");
    assert_eq!(value(array(&[])), "[]");
    assert_eq!(value(array(&[nil(), array(&[vec![1]]), map(&[])])), "[null,[1],{}]");
    assert_eq!(value(map(&[(text("a"), vec![1]), (text("b"), vec![2])])), "{\"a\":1,\"b\":2}");
    assert_eq!(value(array(&vec![vec![1]; 70_000])).len(), 140_001);
    let keys =
        [nil(), vec![0xc3], vec![0xff], float(1.5), binary(b"b\xff"), event_time(1, 0), array(&[vec![1]])];
    assert_eq!(
        value(map(&keys.map(|key| (key, vec![1])))),
        "{\"null\":1,\"true\":1,\"-1\":1,\"1.5\":1,\"b\u{fffd}\":1,\"1\":1,\"null\":1}"
    );
}

#[test]
fn members_that_are_added() {
    assert_eq!(line(map(&[])), "{\"fluent_tag\":\"t\",\"date\":7}");
    let own = [(text("date"), text("x")), (text("fluent_tag"), map(&[(nil(), nil())])), (text("z"), vec![1])];
    assert_eq!(
        line(map(&own)),
        "{\"date\":\"x\",\"z\":1,\"fluent_tag\":\"t\"}",
        "a record cannot forge its tag"
    );
    let nested = map(&[(text("a"), map(&[(text("date"), vec![1]), (text("fluent_tag"), vec![2])]))]);
    assert_eq!(line(nested), "{\"a\":{\"date\":1,\"fluent_tag\":2},\"fluent_tag\":\"t\",\"date\":7}");
    let (line, _) = lines(&array(&[binary(b"a\"\xff"), vec![1], map(&[])]));
    assert_eq!(line, "{\"fluent_tag\":\"a\\\"\u{fffd}\",\"date\":1}\n");
}

#[test]
fn acks() {
    let option = |value| map(&[(text("x"), map(&[(nil(), nil())])), (text("chunk"), value), (nil(), nil())]);
    let chunk = "p8n9gmxTQVC8/nh2wlKKeQ==";
    let ack = [&[0x81, 0xa3][..], b"ack", &[0xb8], chunk.as_bytes()].concat();
    let modes = [
        array(&[text("t"), vec![1], log("a"), option(text(chunk))]),
        array(&[text("t"), array(&[entry(1, "a")]), option(text(chunk))]),
        array(&[text("t"), binary(entry(1, "a")), option(text(chunk))]),
    ];
    let (all, acks) = lines(&modes.concat());
    assert_eq!((all.lines().count(), acks), (3, vec![ack.clone(); 3]));
    // A message without records is also acknowledged.
    for empty in [array(&[]), binary(b""), array(&[array(&[vec![1], nil()])])] {
        let (events, error) = read(&array(&[text("t"), empty, option(text(chunk))]));
        assert_eq!(error, None);
        assert_eq!(events, [Event::Records { lines: vec![], count: 0, ack: Some(ack.clone()) }]);
    }
    assert_eq!(lines(&array(&[text("t"), array(&[]), option(nil())])).1, Vec::<Vec<u8>>::new());
    assert_eq!(
        error(&array(&[text("t"), array(&[]), option(vec![1])])),
        Error::Type { place: "the option `chunk`", found: "an integer", allowed: "a string or nil" }
    );
}

#[test]
fn many_records_come_in_parts() {
    // Each record repeats the tag, so 3 bytes become 1 KiB.
    let option = map(&[(text("chunk"), text("c"))]);
    let entries = [0x92, 7, 0x80].repeat(10_000);
    for entries in [binary(&entries), [&[0xdd, 0, 0, 0x27, 0x10], &entries[..]].concat()] {
        let message = array(&[text("t".repeat(MAX_TAG)), entries, option.clone()]);
        // The second message arrives while the parts of the first are taken.
        let (events, error) = read_in(&[message.clone(), message].concat(), usize::MAX, LIMIT);
        assert_eq!((error, events.len()), (None, 22));
        let (mut total, mut acked) = (0, Vec::new());
        for (index, event) in events.iter().enumerate() {
            let Event::Records { lines, count, ack } = event else { panic!() };
            assert!(lines.len() < PART + 2 * MAX_TAG);
            total += count;
            if ack.is_some() {
                acked.push((index, total));
            }
        }
        assert_eq!(acked, [(10, 10_000), (21, 20_000)]);
    }
    let long = array(&[text("t".repeat(MAX_TAG + 1)), array(&[])]);
    assert_eq!(error(&long), Error::LongTag);
}

// The handshake.

const SALT: &[u8] = b"\x00\xff\x80\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c";
const OF_CLIENT: &str = "bc3a51dae7b6ec4914f726d0a38997bcf712a62d6e4eeb899aa62fe51146c423\
    d173047f850006b2d90663223050e7ae4e5bbc4b44fc98e2506929bd51384fed";
const OF_SERVER: &str = "df09ead0a51ebd66a15a84ebd434e96ed68b3caf656514ee7bffde39e0b62de3\
    2210a891aef782fc7a2dfa34d728e187686f377ecd2e41c03c3f51a8a810f02c";

fn server() -> Connection {
    let key = Key {
        shared: "secret".to_owned(),
        hostname: "server.example".to_owned(),
        nonce: (0xf0..=0xff).collect(),
    };
    Connection::new(LIMIT, Some(key))
}

fn ping(digest: &str) -> Vec<u8> {
    array(&[text("PING"), text("client.example"), text(SALT), text(digest), text(""), text("")])
}

fn refusal(reason: &str) -> Vec<u8> {
    array(&[text("PONG"), vec![0xc2], text(reason), text(""), text("")])
}

#[test]
fn shared_key() {
    let hello = server().hello().unwrap();
    let nonce: Vec<u8> = (0xf0..=0xff).collect();
    let literal = [b"\x92\xa4HELO\x83\xa5nonce\xc4\x10", &nonce[..], b"\xa4auth\xc4\x00\xa9keepalive\xc3"];
    assert_eq!(hello, literal.concat());

    let pong = [b"\x95\xa4PONG\xc3\xa0\xaeserver.example\xd9\x80", OF_SERVER.as_bytes()].concat();
    let bytes = [nil(), ping(OF_CLIENT), array(&[text("t"), vec![1], log("a")])].concat();
    for size in [1, 3, usize::MAX] {
        let mut connection = server();
        let mut events = Vec::new();
        for piece in bytes.chunks(size) {
            connection.push(piece);
            assert_eq!(drain(&mut connection, &mut events), None);
        }
        let lines = b"{\"log\":\"a\",\"fluent_tag\":\"t\",\"date\":1}\n".to_vec();
        assert_eq!(events, [Event::Write(pong.clone()), Event::Records { lines, count: 1, ack: None }]);
        assert_eq!(connection.hello(), None, "the key is proved");
    }
    // The salt may be binary.
    let client = [text("PING"), text("client.example"), binary(SALT), text(OF_CLIENT), text("u"), text("p")];
    let mut connection = server();
    connection.push(&array(&client));
    assert_eq!(connection.next(), Ok(Some(Event::Write(pong))));
}

#[test]
fn refused() {
    let records = array(&[text("t"), vec![1], log("a")]);
    let mut five = ping(OF_CLIENT);
    five[0] = 0x95;
    five.pop();
    let wrong = OF_CLIENT.replace('b', "c");
    for (bytes, reason) in [
        (ping(&wrong), "shared_key mismatch"),
        (ping(OF_SERVER), "shared_key mismatch"),
        (ping(""), "shared_key mismatch"),
        (ping(&OF_CLIENT[1..]), "shared_key mismatch"),
        (ping(&[OF_CLIENT, "0"].concat()), "shared_key mismatch"),
        (five, "invalid ping message"),
        (records.clone(), "invalid ping message"),
        (array(&vec![vec![1]; 6]), "invalid ping message"),
        (map(&[]), "invalid ping message"),
        (vec![0x16], "invalid ping message"),
    ] {
        let mut connection = server();
        connection.push(&[bytes, ping(OF_CLIENT), records.clone()].concat());
        assert_eq!(connection.next(), Ok(Some(Event::Write(refusal(reason)))));
        assert_eq!(connection.next(), Err(Error::Refused { reason }));
        connection.push(&ping(OF_CLIENT));
        connection.push(&records);
        assert_eq!(connection.next(), Err(Error::Refused { reason }));
        assert!(connection.buffer.is_empty() && reason.len() < 32);
    }
    // A client without proof gets little memory.
    let mut connection = server();
    connection.push(&[0xc6, 0, 0, 0x10, 0]);
    assert_eq!(connection.next(), Err(Error::TooLong { limit: MAX_HANDSHAKE }));
}

// Attacks.

#[test]
fn wrong_messages() {
    let ok = entry(1, "a");
    let place = |bytes: &[u8]| match error(bytes) {
        Error::Type { place, .. } | Error::Elements { place, .. } => place,
        other => panic!("{other:?}"),
    };
    assert_eq!(place(b"GET / HTTP/1.1\r\n"), "a message");
    assert_eq!(place(b"\x16\x03\x01"), "a message");
    assert_eq!(place(&map(&[])), "a message");
    assert_eq!(place(&text("x")), "a message");
    assert_eq!(place(&array(&[])), "a message");
    assert_eq!(place(&array(&[text("t")])), "a message");
    assert_eq!(place(&array(&[text("t"), vec![1]])), "a message");
    assert_eq!(place(&array(&[text("t"), array(&[]), nil(), nil()])), "a message");
    assert_eq!(place(&array(&[text("t"), vec![1], log("a"), nil(), nil()])), "a message");
    assert_eq!(place(&array(&[nil(), array(&[])])), "the tag of a message");
    assert_eq!(place(&array(&[text("t"), map(&[]), map(&[])])), "a time");
    assert_eq!(place(&array(&[text("t"), vec![1], vec![1]])), "a record");
    assert_eq!(place(&array(&[text("t"), array(&[ok.clone(), nil()])])), "an entry");
    assert_eq!(place(&array(&[text("t"), array(&[ok.clone(), array(&[vec![1]])])])), "an entry");
    assert_eq!(place(&array(&[text("t"), array(&[ok.clone(), array(&[vec![1], text("x")])])])), "a record");
    assert_eq!(place(&array(&[text("t"), array(&[]), vec![1]])), "the option of a message");
    assert_eq!(place(&packed(&[ok.clone(), nil()].concat())), "an entry");
    assert_eq!(error(&packed(&[&ok[..], &ok[..ok.len() - 1]].concat())), Error::Cut);
    assert_eq!(error(&packed(&[&ok[..], &[0x92]].concat())), Error::Cut);
    assert_eq!(error(&packed(&[&ok[..], &[0xdd, 0xff]].concat())), Error::Cut);
    assert_eq!(error(&[0xc1]), Error::Reserved);
    assert_eq!(error(&packed(&[0x92, 1, 0x81, 0xa0, 0xc1])), Error::Reserved);
    let zstd = map(&[(text("compressed"), text("zstd and a long \n story"))]);
    let zstd = error(&array(&[text("t"), binary(b""), zstd]));
    let told = "records are compressed by \"zstd and a long \": `gzip` and `text` are allowed";
    assert_eq!(zstd.to_string(), told);
    let told = error(b"{}").to_string();
    assert_eq!(told, "a message is an integer: an array or nil is allowed");
}

#[test]
fn compressed_records() {
    let stream = entry(1, "a");
    let whole = gzip(&stream);
    assert_eq!(lines(&compressed(&gzip(b""))).0, "");
    assert_eq!(
        lines(&array(&[text("t"), binary(&stream), map(&[(text("compressed"), text("text"))])])).0.len(),
        38
    );
    for wrong in
        [&whole[..whole.len() - 1], &whole[..12], &stream, &[&whole[..], b"junk"].concat(), &[0x1f, 0x8b]]
    {
        assert_eq!(error(&compressed(wrong)), Error::Gzip);
    }
    assert_eq!(
        error(&compressed(&gzip(&stream[1..]))),
        Error::Type { place: "an entry", found: "an integer", allowed: "an array of time and record" }
    );
    let mut flipped = whole.clone();
    let checksum = flipped.len() - 6;
    flipped[checksum] ^= 1;
    assert_eq!(error(&compressed(&flipped)), Error::Gzip);

    // A gzip bomb: exactly the limit, then one byte more.
    let most = [0x92, 7, 0x81, 0xa1, b'x', 0xdb, 0, 0xf, 0xff, 0xf6].as_slice();
    let bomb = |size| compressed(&gzip(&[most, &vec![b'y'; size]].concat()));
    let (events, none) = read_in(&bomb(LIMIT - 10), usize::MAX, LIMIT);
    assert_eq!((events.len(), none), (1, None));
    for size in [LIMIT - 9, 16 * LIMIT] {
        let bomb = bomb(size);
        assert!(bomb.len() < LIMIT / 32);
        assert_eq!(read_in(&bomb, usize::MAX, LIMIT), (vec![], Some(Error::TooLarge { limit: LIMIT })));
    }
    // Many empty members.
    let started = Instant::now();
    assert_eq!(read_in(&compressed(&gzip(b"").repeat(50_000)), usize::MAX, LIMIT), (vec![], None));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn nesting() {
    let nest = |depth: usize| [&vec![0x91; depth - 1][..], &[0xc0]].concat();
    for keyed in [false, true] {
        let record = |depth| map(&[if keyed { (nest(depth), nil()) } else { (text("v"), nest(depth)) }]);
        let modes = |depth: usize| {
            let entry = array(&[vec![1], record(depth)]);
            let message = array(&[text("t"), vec![1], record(depth)]);
            [
                message,
                array(&[text("t"), array(std::slice::from_ref(&entry))]),
                packed(&entry),
                compressed(&gzip(&entry)),
            ]
        };
        for mode in modes(MAX_DEPTH) {
            let (line, _) = lines(&mode);
            serde_json::from_str::<serde_json::Value>(&line).unwrap();
        }
        modes(MAX_DEPTH + 1).iter().for_each(|mode| assert_eq!(error(mode), Error::TooDeep));
    }
    let empty = |last: u8| map(&[(text("v"), [&vec![0x91; MAX_DEPTH - 1][..], &[last]].concat())]);
    for last in [0x90, 0x80] {
        assert_eq!(
            error(&array(&[text("t"), vec![1], empty(last)])),
            Error::TooDeep,
            "an empty one is as deep"
        );
    }
    for byte in [0x91, 0x81] {
        assert_eq!(error(&vec![byte; 100_000]), Error::TooDeep);
        assert_eq!(error(&packed(&[&[0x92, 1], &vec![byte; 100_000][..]].concat())), Error::TooDeep);
    }
}

#[test]
fn declared_lengths() {
    let ten = 10_000_000_u32.to_be_bytes();
    for marker in [0xc6, 0xc9, 0xdb, 0xdd, 0xdf] {
        for before in [&[][..], &[0x92, 0xa1, b't'], &[0x93, 0xa1, b't', 1]] {
            let bytes = [before, &[marker], &ten, &[1, 2, 3]].concat();
            assert_eq!(error(&bytes), Error::TooLong { limit: LIMIT });
            let mut connection = Connection::new(100 * LIMIT, None);
            connection.push(&bytes);
            assert_eq!(connection.next(), Ok(None));
            assert!(connection.buffer.capacity() < 100);
        }
        let bytes = [&[0x92, 1][..], &[marker], &ten, &[1, 2, 3]].concat();
        assert_eq!(error(&packed(&bytes)), Error::Cut);
        let most = [&[marker], &[0xff; 4][..]].concat();
        assert_eq!(error(&packed(&[&[0x92, 1], &most[..]].concat())), Error::Cut);
        assert_eq!(error(&most), Error::TooLong { limit: LIMIT });
    }
}

#[test]
fn limit() {
    let message = packed(&entry(1, "a"));
    let twice = [message.clone(), message.clone()].concat();
    for size in [1, 5, usize::MAX] {
        let (events, error) = read_in(&twice, size, message.len());
        assert_eq!((events.len(), error), (2, None));
        let limit = message.len() - 1;
        assert_eq!(read_in(&twice, size, limit), (vec![], Some(Error::TooLong { limit })));
    }
    // Many small values exceed the limit together.
    let many = array(&[text("t"), array(&vec![array(&[vec![1], array(&vec![nil(); 10])]); 10])]);
    assert_eq!(read_in(&many, 1, 100), (vec![], Some(Error::TooLong { limit: 100 })));
}

#[test]
fn a_message_counts_as_a_whole() {
    let bad = array(&[vec![1], text("no record")]);
    let good = entry(1, &"x".repeat(10_000));
    let entries = [vec![good.clone(); 300], vec![bad]].concat();
    let stream = entries.concat();
    for message in [array(&[text("t"), array(&entries)]), packed(&stream), compressed(&gzip(&stream))] {
        let (events, error) = read_in(&message, usize::MAX, 16 * LIMIT);
        assert_eq!(events, []);
        assert!(matches!(error, Some(Error::Type { place: "a record", .. })));
    }
}

#[test]
fn memory_is_given_back() {
    let mut connection = Connection::new(LIMIT, None);
    let message = packed(&entry(1, &"x".repeat(LIMIT / 2)));
    let mut events = Vec::new();
    for piece in message.repeat(20).chunks(10_000) {
        connection.push(piece);
        assert_eq!(drain(&mut connection, &mut events), None);
        assert!(connection.buffer.capacity() <= 2 * LIMIT);
    }
    assert_eq!(events.len(), 20);
    assert!(connection.buffer.capacity() <= KEPT);
}

/// A linear congruential generator, so that each run uses the same bytes.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

/// Reads the bytes at once and one by one. Both have to give the same result, and all lines have to be JSON.
fn survive(bytes: &[u8]) -> bool {
    let events = read_in(bytes, usize::MAX, 1000);
    assert_eq!(read_in(bytes, 1, 1000), events);
    for event in &events.0 {
        let Event::Records { lines, count, .. } = event else { panic!() };
        let values = serde_json::Deserializer::from_slice(lines).into_iter::<serde_json::Value>();
        assert_eq!(values.map(|value| assert!(value.unwrap().is_object())).count() as u64, *count);
    }
    events.1.is_none()
}

#[test]
fn random_bytes() {
    let mut random = Random(1);
    for _ in 0..5_000 {
        let bytes: Vec<u8> = (0..random.below(60)).map(|_| random.below(256) as u8).collect();
        survive(&bytes);
        survive(&packed(&bytes));
        survive(&[&[0x92, 0xa1, b't', 0x91, 0x92, 7, 0x82], &bytes[..]].concat());
        let mut connection = server();
        connection.push(&[&[0x96, 0xa4], &b"PING"[..], &bytes].concat());
        drain(&mut connection, &mut Vec::new());
    }
}

#[test]
fn broken_messages() {
    let values =
        [nil(), float(0.5), text("x\"y"), binary(b"\xff"), event_time(1, 2), array(&[vec![1], map(&[])])];
    let record = map(&values.map(|value| (value.clone(), value)));
    let entries =
        [array(&[event_time(5, 6), record.clone()]), array(&[array(&[vec![1], map(&[])]), record.clone()])];
    let option = map(&[(text("chunk"), text("abc")), (text("size"), vec![2])]);
    let zipped = map(&[(text("compressed"), text("gzip"))]);
    let messages = [
        array(&[text("tag"), float(1.5), record, option.clone()]),
        array(&[text("tag"), array(&entries), option.clone()]),
        array(&[text("tag"), binary(entries.concat()), option]),
        array(&[text("tag"), binary(gzip(&entries.concat())), zipped]),
    ];
    let mut random = Random(2);
    let mut whole = 0;
    for message in &messages {
        assert!(survive(message));
        (0..message.len()).for_each(|end| assert!(survive(&message[..end]), "a part is no error"));
        for _ in 0..2_000 {
            let mut bytes = message.clone();
            for _ in 0..=random.below(3) {
                let place = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[place] ^= 1 << random.below(8),
                    1 => bytes[place] = random.below(256) as u8,
                    _ => drop(bytes.remove(place)),
                }
            }
            whole += usize::from(survive(&bytes));
        }
    }
    assert!(whole > 400, "{whole}");
}

#[test]
fn single_bytes_are_fast() {
    let value = "x".repeat(LIMIT - 100);
    let small = [0x92, 7, 0x81, 0xa1, b'x', 1].repeat(20_000);
    for message in
        [packed(&entry(1, &value)), packed(&small), array(&[text("t"), array(&vec![entry(1, ""); 20_000])])]
    {
        let mut connection = Connection::new(LIMIT, None);
        let started = Instant::now();
        let mut count = 0;
        for byte in message.chunks(1) {
            connection.push(byte);
            while let Some(event) = connection.next().unwrap() {
                count += usize::from(matches!(event, Event::Records { count, .. } if count > 0));
            }
        }
        let elapsed = started.elapsed();
        println!("{} bytes one by one: {elapsed:?}", message.len());
        assert!(count > 0);
        // A quadratic algorithm would take hours.
        assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
    }
}

#[test]
fn many_small_messages_are_fast() {
    let message = packed(&entry(1, ""));
    let started = Instant::now();
    let (events, error) = read_in(&message.repeat(40_000), usize::MAX, LIMIT);
    assert_eq!((events.len(), error), (40_000, None));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}
