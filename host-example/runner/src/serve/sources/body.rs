//! Turns the body of a request into records: NDJSON, a JSON array or plain lines, compressed or not.

use super::forward::protocol;
use super::lines::Splitter;
use crate::serve::letters::Fault;
use authsieve_framing::Framer;
use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::io::{self, Read};

/// The most bad records per body that are kept as dead letters, for each kind of fault.
const MOST_BAD: usize = 100;

/// The number of bytes that are kept of an unreadable rest.
const START: usize = 1 << 10;

/// The records of a body.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Whole records, each followed by a newline.
    pub bytes: Vec<u8>,
    /// The number of records.
    pub count: u64,
    /// The number of records that were too long.
    pub oversized: u64,
    /// The first bad records: the fault, the reason as a sentence, and the record or its start.
    pub bad: Vec<(Fault, String, Vec<u8>)>,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The content encoding is unknown.
    #[error("the content encoding {0:?} is not known; expected identity, gzip or zstd")]
    Encoding(String),
    /// The decompressed body is larger than this limit.
    #[error("the body holds more than {0} bytes, unpacked; send smaller batches")]
    TooLarge(usize),
    /// The body is not MessagePack as Fluent Bit sends it.
    #[error("the body is no MessagePack as Fluent Bit sends it: {0}")]
    Packed(protocol::Error),
    /// The body cannot be decompressed.
    #[error("the body cannot be unpacked: {0}")]
    Broken(io::Error),
}

/// Decompresses a body, up to `most` bytes.
pub(super) fn plain<'b>(body: &'b [u8], encoding: &str, most: usize) -> Result<Cow<'b, [u8]>, Error> {
    let text = match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Cow::Borrowed(body),
        "gzip" | "x-gzip" => unpacked(MultiGzDecoder::new(body), most)?.into(),
        "zstd" => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(body);
            unpacked(decoder.map_err(|error| Error::Broken(io::Error::other(error)))?, most)?.into()
        }
        other => return Err(Error::Encoding(other.into())),
    };
    if text.len() > most { Err(Error::TooLarge(most)) } else { Ok(text) }
}

/// Splits a body into records: lines, or JSON of any layout if all of it is JSON. O(n).
///
/// A body that only begins like JSON is read as lines. Otherwise its first line, which an attacker may have written,
/// could make all others unreadable. If the sender `promised` JSON, records that are not JSON are noted. They are still
/// kept, because an attacker may have broken them on purpose.
pub(super) fn records(text: &[u8], max_record: usize, promised: bool) -> Records {
    // Some senders begin with a byte order mark.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if let Some(records) = json(text, max_record, promised) {
        return records;
    }
    let (mut splitter, mut bytes) = (Splitter::lines(max_record), Vec::with_capacity(text.len() + 1));
    splitter.push(text, &mut bytes);
    splitter.finish(&mut bytes);
    let why = "it is too long and was skipped; its beginning";
    let oversized = splitter.skipped.len() as u64;
    let long = splitter.skipped.into_iter().map(|start| (Fault::Oversized, why.to_owned(), start));
    let mut bad: Vec<_> = long.take(MOST_BAD).collect();
    if promised {
        let is_json = |record: &[u8]| serde_json::from_slice::<IgnoredAny>(record).is_ok();
        let records = bytes.split(|byte| *byte == b'\n').filter(|record| !record.is_empty());
        let others = records.filter(|record| !is_json(record)).take(MOST_BAD);
        bad.extend(others.map(|record| (Fault::NotJson, "the sender promised JSON".into(), record.to_vec())));
    }
    let count = memchr::memchr_iter(b'\n', &bytes).count() as u64;
    Records { bytes, count, oversized, bad }
}

/// Splits a body that is JSON as a whole: an array, or objects if the sender `promised` JSON. `None` for any other body.
fn json(text: &[u8], max_record: usize, promised: bool) -> Option<Records> {
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace())?;
    let may_be = *first == b'[' || *first == b'{' && promised;
    if !may_be || serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>().any(|one| one.is_err())
    {
        return None;
    }
    let (mut framer, mut bytes) = (Framer::new(None, None, max_record), Vec::with_capacity(text.len() + 1));
    framer.push(text, &mut bytes);
    framer.finish(&mut bytes);
    let cut = framer.take();
    let is_whole = framer.counts().total() == 0 && cut.oversized.is_empty() && cut.problems.is_empty();
    is_whole.then_some(Records { bytes, count: cut.records, ..Records::default() })
}

/// Reads the default format of Fluent Bit's `http` output: MessagePack, with times and records one after the other. A
/// value that is no record is noted. If a value has no end, the records before it count.
///
/// # Errors
/// Fails if there is no record.
pub(super) fn packed(text: &[u8]) -> Result<Records, Error> {
    let (mut records, mut first) = (Records::default(), None);
    let bad = &mut records.bad;
    records.count = protocol::entries(text, b"http", &mut records.bytes, |error, bytes| {
        if bad.len() < MOST_BAD {
            let start = bytes.get(..START.min(bytes.len())).unwrap_or_default();
            bad.push((Fault::Broken, error.to_string(), start.to_vec()));
        }
        first.get_or_insert(error);
    });
    match first {
        Some(error) if records.count == 0 => Err(Error::Packed(error)),
        _ => Ok(records),
    }
}

fn unpacked(packed: impl Read, most: usize) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::new();
    // One extra byte shows that the body is too large.
    packed.take(most as u64 + 1).read_to_end(&mut plain).map_err(Error::Broken)?;
    if plain.len() > most { Err(Error::TooLarge(most)) } else { Ok(plain) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    const MOST: usize = 1 << 20;

    fn lines(body: &[u8], encoding: &str) -> Vec<String> {
        let plain = plain(body, encoding, MOST).expect("it can be unpacked");
        let records = records(&plain, MOST, false);
        let text = String::from_utf8(records.bytes).expect("it was text");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(lines.len() as u64, records.count);
        lines
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn each_form_becomes_records() {
        let two = ["{\"a\":1}", "{\"b\":2}"];
        // Vector writes no newline after the last record.
        assert_eq!(lines(b"{\"a\":1}\n{\"b\":2}", ""), two);
        assert_eq!(lines(b"[{\"a\":1},{\"b\":2}]", "identity"), two);
        assert_eq!(lines(&gzip(b"{\"a\":1}\n{\"b\":2}\n"), "gzip"), two);
        assert_eq!(lines(b"Mar  4 08:00:00 web1 sshd[1]: hi", ""), ["Mar  4 08:00:00 web1 sshd[1]: hi"]);
        assert!(lines(b"", "").is_empty());
        let zstd = ruzstd::encoding::compress_to_vec(
            &b"{\"a\":1}\n{\"b\":2}"[..],
            ruzstd::encoding::CompressionLevel::Fastest,
        );
        assert_eq!(lines(&zstd, "zstd"), two);
    }

    #[test]
    fn message_pack_is_read_as_fluent_bit_sends_it() {
        // The entry `[[EventTime, {}], {"log": "hi"}]` twice, then an entry with a bare time.
        let entry = b"\x92\x92\xd7\x00\x69\xa6\xa0\x00\x00\x00\x00\x07\x80\x81\xa3log\xa2hi";
        let text = [&entry[..], entry, b"\x92\xce\x69\xa6\xa0\x00\x81\xa3log\xa1x"].concat();
        let records = packed(&text).unwrap();
        let lines = String::from_utf8(records.bytes).unwrap();
        assert_eq!(records.count, 3);
        assert!(
            lines.starts_with("{\"log\":\"hi\",\"fluent_tag\":\"http\",\"date\":1772527616.000000007}\n"),
            "{lines}"
        );
        assert!(matches!(packed(b"\x92\xc1"), Err(Error::Packed(_))));
        assert!(packed(b"").is_ok_and(|records| records.count == 0));
    }

    #[test]
    fn a_packed_record_that_is_broken_costs_itself() {
        let entry = b"\x92\xce\x69\xa6\xa0\x00\x81\xa3log\xa1x";
        for (rest, more) in [(&b"\x92\xc1"[..], 0), (&entry[..9], 0), (b"\x07", 1)] {
            let after = entry.repeat(more);
            let found = packed(&[&entry[..], entry, rest, &after].concat()).unwrap();
            let lines = found.bytes.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!((found.count, lines), (2 + more as u64, 2 + more));
            assert_eq!(
                (found.bad.len(), found.bad[0].0, found.bad[0].2.as_slice()),
                (1, Fault::Broken, rest)
            );
        }
    }

    #[test]
    fn no_first_line_takes_the_others_along() {
        let many = "[".repeat(100_000);
        for first in [
            "{\"a\":[[[",
            "{\"a\":\"",
            "{\"a\":{\"b\":1",
            "<Event>",
            "#Fields: a b",
            "{",
            "[",
            &many,
            "__CURSOR=s=1",
            "time,user",
            "20 <38>1 2026",
            "Event[0]:",
        ] {
            for promised in [false, true] {
                let found = records(format!("{first}\nb\n\n \nc\n").as_bytes(), MOST, promised);
                let text = String::from_utf8(found.bytes).unwrap();
                assert_eq!((text, found.count), (format!("{first}\nb\nc\n"), 3));
                assert!(
                    found.bad.iter().all(|(fault, _, text)| *fault == Fault::NotJson && !text.is_empty())
                );
            }
        }
    }

    #[test]
    fn json_of_any_layout_is_read_if_it_is_whole() {
        for (body, promised, wanted) in [
            ("[{\"a\":1},\n {\"b\":2}]", false, "{\"a\":1}\n{\"b\":2}\n"),
            ("\u{feff}[{\"a\":1}]", false, "{\"a\":1}\n"),
            ("{\"a\":1}{\"b\":2}", true, "{\"a\":1}\n{\"b\":2}\n"),
            ("{\n\"a\": 1\n}\n{\"b\":2}", true, "{\"a\": 1}\n{\"b\":2}\n"),
            ("{\"a\":1}\n{\"b\":2}", true, "{\"a\":1}\n{\"b\":2}\n"),
            // Without a promise, objects are lines.
            ("{\n}\n", false, "{\n}\n"),
        ] {
            let found = records(body.as_bytes(), MOST, promised);
            assert_eq!((str::from_utf8(&found.bytes).unwrap(), found.bad.len()), (wanted, 0), "{body}");
        }
        let long = "x".repeat(MOST);
        let found = records(format!("a\n{long}y\nb\n").as_bytes(), MOST, false);
        assert_eq!((found.count, found.oversized, found.bad[0].2.len()), (2, 1, 1024));
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let all = lines(b"{\"a\":1}\nnot json at all\n{\"b\":2}\n", "");
        assert_eq!(all, ["{\"a\":1}", "not json at all", "{\"b\":2}"]);
    }

    #[test]
    fn what_is_no_json_is_noted_and_passed_on() {
        let text = b"{\"a\":1}\nnot json\n{\"b\":\"cut\n{\"c\":3}\n";
        let records = records(text, MOST, true);
        let noted: Vec<(Fault, &[u8])> =
            records.bad.iter().map(|(fault, _, record)| (*fault, record.as_slice())).collect();
        assert_eq!(noted, [(Fault::NotJson, &b"not json"[..]), (Fault::NotJson, b"{\"b\":\"cut")]);
        assert_eq!(records.count, 4);
    }

    #[test]
    fn what_is_packed_is_bounded_by_what_comes_out() {
        let bomb = gzip(&vec![b' '; 4 * MOST]);
        assert!(bomb.len() < MOST / 16);
        assert!(matches!(plain(&bomb, "gzip", MOST), Err(Error::TooLarge(MOST))));
        assert!(matches!(plain(&bomb[..100], "gzip", 8 * MOST), Err(Error::Broken(_))));
        assert!(matches!(plain(b"x", "br", MOST), Err(Error::Encoding(_))));
        assert!(matches!(plain(b"x", "zstd", MOST), Err(Error::Broken(_))));
    }
}
