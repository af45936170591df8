//! Turns the body of a request into records: NDJSON, a JSON array or plain lines, compressed or not.

use super::forward::protocol::{Connection, Event};
use crate::serve::letters::Fault;
use authsieve_framing::{Counts, Framer};
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::{self, Read};

/// The most bad records per body that are kept as dead letters, for each kind of fault.
const MOST_BAD: usize = 100;

/// The records of a body.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Whole records, each followed by a newline.
    pub bytes: Vec<u8>,
    /// The number of records.
    pub count: u64,
    /// The number of records that were too long.
    pub oversized: u64,
    /// The first bad records: the fault, the reason as a sentence, and the record if there is one.
    pub bad: Vec<(Fault, String, Vec<u8>)>,
    /// The pieces that could not be turned into a record.
    pub flaws: Counts,
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
    Packed(#[from] super::forward::protocol::Error),
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

/// Splits a body into records: lines, or JSON of any layout. O(n).
/// If the sender `promised` JSON, records that are not JSON are noted. They are kept all the same: an attacker may have
/// broken them on purpose.
pub(super) fn records(text: &[u8], max_record: usize, promised: bool) -> Records {
    let mut framer = Framer::new(None, None, max_record);
    let mut bytes = Vec::with_capacity(text.len() + 1);
    framer.push(text, &mut bytes);
    framer.finish(&mut bytes);
    let cut = framer.take();
    let (flaws, oversized) = (*framer.counts(), cut.oversized.len() as u64);
    let long = cut.oversized.into_iter().map(|record| {
        let why =
            format!("line {}: a record of {} bytes is too long and was skipped", record.line, record.length);
        (Fault::Oversized, why, Vec::new())
    });
    let flawed = cut.problems.into_iter();
    let broken = flawed.map(|one| (Fault::Broken, format!("line {}: {}", one.line, one.flaw), Vec::new()));
    let mut bad: Vec<_> = long.chain(broken).take(MOST_BAD).collect();
    if promised {
        let is_json = |record: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(record).is_ok();
        let records = bytes.split(|byte| *byte == b'\n').filter(|record| !record.is_empty());
        let others = records.filter(|record| !is_json(record)).take(MOST_BAD);
        bad.extend(others.map(|record| (Fault::NotJson, "the sender promised JSON".into(), record.to_vec())));
    }
    Records { bytes, count: cut.records, oversized, bad, flaws }
}

/// Reads the default format of Fluent Bit's `http` output: MessagePack, with times and records one after the other.
pub(super) fn packed(text: &[u8], limit: usize) -> Result<Records, Error> {
    // The body gets the frame of a packed Forward message, so the Forward reader can read it.
    let mut message = vec![0x92, 0xa4, b'h', b't', b't', b'p', 0xc6];
    message.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    message.extend(text);
    let mut connection = Connection::new(limit.saturating_add(64), None);
    connection.push(&message);
    let mut records = Records::default();
    while let Some(event) = connection.next()? {
        if let Event::Records { lines, count, .. } = event {
            records.bytes.extend(lines);
            records.count += count;
        }
    }
    Ok(records)
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
        let records = packed(&text, MOST).unwrap();
        let lines = String::from_utf8(records.bytes).unwrap();
        assert_eq!(records.count, 3);
        assert!(
            lines.starts_with("{\"log\":\"hi\",\"fluent_tag\":\"http\",\"date\":1772527616.000000007}\n"),
            "{lines}"
        );
        assert!(matches!(packed(b"\x92\xc1", MOST), Err(Error::Packed(_))));
        assert!(packed(b"", MOST).is_ok_and(|records| records.count == 0));
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
