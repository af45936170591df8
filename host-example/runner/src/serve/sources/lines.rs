//! Splits a stream into records: lines, or syslog messages with a length prefix.

/// Splits a stream into records. Holds one incomplete record in memory, up to the limit.
#[derive(Debug)]
pub(super) struct Splitter {
    /// The incomplete record.
    begun: Vec<u8>,
    /// The number of missing bytes of a message with a length prefix. `None` within a line.
    counted: Option<usize>,
    /// True if the incomplete record is too long, so that its rest is skipped.
    skips: bool,
    limit: usize,
    /// The starts of the records that were too long.
    pub skipped: Vec<Vec<u8>>,
}

/// The number of bytes that are kept of a record that is too long.
const START: usize = 1 << 10;

/// The most digits in the length prefix of a syslog message.
const LONGEST_COUNT: usize = 7;

impl Splitter {
    /// Creates a splitter. `limit` is the longest record in bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { begun: Vec::new(), counted: None, skips: false, limit, skipped: Vec::new() }
    }

    /// Adds bytes, and appends the completed records to `out`, each with a newline. O(n).
    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            if let Some(missing) = self.counted {
                let (part, rest) = bytes.split_at(missing.min(bytes.len()));
                self.add(part);
                bytes = rest;
                self.counted = Some(missing - part.len());
                if self.counted == Some(0) {
                    self.end(out);
                }
                continue;
            }
            if self.begun.len() <= LONGEST_COUNT && !self.skips && self.begins_counted(&mut bytes) {
                continue;
            }
            match memchr::memchr(b'\n', bytes) {
                Some(end) => {
                    let (line, rest) = bytes.split_at(end);
                    self.add(line);
                    self.end(out);
                    bytes = rest.get(1..).unwrap_or_default();
                }
                None => {
                    self.add(bytes);
                    bytes = &[];
                }
            }
        }
    }

    /// Ends the stream. Its last line may lack a newline.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.begun.is_empty() || self.skips {
            self.end(out);
        }
    }

    /// Reads the start of a record such as `123 <`, which is a length prefix (octet counting, RFC 6587). Returns true
    /// if it consumed a byte or found the length.
    fn begins_counted(&mut self, bytes: &mut &[u8]) -> bool {
        let Some((&next, rest)) = bytes.split_first() else { return false };
        let digits = self.begun.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_all = digits == self.begun.len();
        if next.is_ascii_digit() && is_all && digits < LONGEST_COUNT || next == b' ' && is_all && digits > 0 {
            self.begun.push(next);
            *bytes = rest;
            return true;
        }
        if next == b'<' && digits > 0 && self.begun.get(digits..) == Some(b" ") {
            let number =
                self.begun.get(..digits).and_then(|number| std::str::from_utf8(number).ok()?.parse().ok());
            if let Some(length) = number.filter(|length| *length > 0) {
                self.begun.clear();
                self.counted = Some(length);
                return true;
            }
        }
        false
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.skips {
            return;
        }
        if self.begun.len() + bytes.len() > self.limit {
            self.skips = true;
            self.begun.extend_from_slice(bytes.get(..START.min(bytes.len())).unwrap_or_default());
            self.begun.truncate(START);
            return;
        }
        self.begun.extend_from_slice(bytes);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.counted = None;
        if std::mem::take(&mut self.skips) {
            self.skipped.push(std::mem::take(&mut self.begun));
            return;
        }
        put(&self.begun, out);
        self.begun.clear();
        self.begun.shrink_to(64 << 10);
    }
}

/// Appends a record as one line, trimmed of white space and zero bytes. Skips an empty record.
pub(super) fn put(record: &[u8], out: &mut Vec<u8>) {
    let is_blank = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = record.iter().position(|byte| !is_blank(byte)).unwrap_or(record.len());
    let end = record.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    let record = record.get(start..end).unwrap_or_default();
    if record.is_empty() {
        return;
    }
    // A message of several lines becomes one record.
    out.extend(record.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &[u8], pieces: usize, limit: usize) -> (String, u64) {
        let (mut splitter, mut out) = (Splitter::new(limit), Vec::new());
        text.chunks(pieces).for_each(|piece| splitter.push(piece, &mut out));
        splitter.finish(&mut out);
        (String::from_utf8(out).unwrap(), splitter.skipped.len() as u64)
    }

    #[test]
    fn any_pieces_give_the_same_records() {
        for (text, records) in [
            ("a\nb\r\n\n  \nc", "a\nb\nc\n"),
            ("8 <38>a\nb 10 <38>second7 <1>last", "<38>a b\n<38>second\n<1>last\n"),
            ("5 <1>a\n5 <1>b\n", "<1>a\n<1>b\n"),
            ("12 apples\n7\n7 \n1234567890 <x\n", "12 apples\n7\n7\n1234567890 <x\n"),
            ("0 <38>x\n99 <38>cut off", "0 <38>x\n<38>cut off\n"),
            ("12345678901234\n", "12345678901234\n"),
            ("{\"a\":1}\n{\"b\":2}\0\n", "{\"a\":1}\n{\"b\":2}\n"),
        ] {
            for pieces in [1, 2, 3, 1000] {
                assert_eq!(split(text.as_bytes(), pieces, 100), (records.into(), 0), "{text:?} {pieces}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_skipped_and_counted() {
        let long = "x".repeat(200);
        for pieces in [1, 7, 1000] {
            let text = format!("a\n{long}\nb\n150 <{long}c\n");
            assert_eq!(split(text.as_bytes(), pieces, 100).1, 2);
            assert!(split(text.as_bytes(), pieces, 100).0.starts_with("a\nb\n"));
        }
    }
}
