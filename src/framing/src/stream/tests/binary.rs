//! Bytes that are no text.

use super::super::*;
use crate::MAX_RECORD;

/// All bytes that come out, and the error at the end.
fn read(bytes: &[u8], format: Option<Format>) -> (Vec<u8>, Option<String>) {
    let mut stream = Stream::new(bytes, format, None, MAX_RECORD);
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    loop {
        match stream.next(&mut batch) {
            Ok(Some(_)) => all.extend_from_slice(&batch),
            Ok(None) => return (all, None),
            Err(error) => return (all, Some(error.to_string())),
        }
    }
}

/// Bytes as a cipher writes them.
fn random(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    for length in [200, 1000, 100_000] {
        for first in [&b""[..], b"{", b"[", b"<Event>", b"#Fields: a b\n", b"\0\0"] {
            let (records, error) = read(&[first, &random(length)].concat(), None);
            assert!(records.len() < 2000, "{length} bytes after {first:?}");
            assert!(error.unwrap().starts_with("this is no log: "));
        }
    }
    // A format that the user names is not questioned.
    let (records, error) = read(&random(1000), Some(Format::Lines));
    assert_eq!((records.len(), error), (1000, None));
}

#[test]
fn text_in_any_encoding_is_text() {
    let latin = b"Mar  4 08:00:00 caf\xE9 sshd[1]: Failed password for Jos\xE9".to_vec();
    let koi8 = [0xD0, 0xC1, 0xD2, 0xCF, 0xCC, 0xD8, b' '].repeat(100);
    let colours = b"\x1B[31mFailed\x1B[0m password\n".repeat(100);
    let zeros = [vec![0; 5000], b"Mar  4 08:00:00 h sshd[1]: x".to_vec()].concat();
    let audit =
        b"type=USER_LOGIN msg=audit(1772611200.4:10): pid=17601 uid=0\x1DUID=\"root\" AUID=\"unset\"\n"
            .repeat(50);
    let few = b"\x01\x02 a".to_vec();
    for text in [latin, koi8, colours, zeros, audit, few, Vec::new()] {
        let (records, error) = read(&text, None);
        assert_eq!((records.as_slice(), error), (text.as_slice(), None));
    }
}
