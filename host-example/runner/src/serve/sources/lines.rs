//! Splits a stream into records: lines, or syslog messages with a length prefix.
//!
//! Only a connection may have length prefixes, and its first record decides. Elsewhere a line of an attacker that looks
//! like a prefix, such as `999999 <x`, would hide the lines after it.

/// Splits a stream into records. Holds one incomplete record in memory, up to the limit.
#[derive(Debug)]
pub(super) struct Splitter {
    /// The incomplete record.
    begun: Vec<u8>,
    framing: Framing,
    /// The number of missing bytes of a message with a length prefix. `None` within a line.
    missing: Option<usize>,
    /// True if the incomplete record is too long, so that its rest is skipped.
    skips: bool,
    limit: usize,
    /// The starts of the records that were too long.
    pub skipped: Vec<Vec<u8>>,
}

/// How the records of a stream end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// The first record decides.
    Open,
    /// Each record ends at a newline.
    Lines,
    /// Each record begins with its length. A record without a length is read as a line.
    Counted,
}

/// The number of bytes that are kept of a record that is too long.
const START: usize = 1 << 10;

/// The most digits in the length prefix of a syslog message.
const LONGEST_COUNT: usize = 7;

impl Splitter {
    /// Creates a splitter for lines. `limit` is the longest record in bytes.
    pub(super) const fn lines(limit: usize) -> Self {
        Self::new(limit, Framing::Lines)
    }

    /// Creates a splitter for a connection, whose first record shows if there are length prefixes.
    pub(super) const fn connection(limit: usize) -> Self {
        Self::new(limit, Framing::Open)
    }

    const fn new(limit: usize, framing: Framing) -> Self {
        Self { begun: Vec::new(), framing, missing: None, skips: false, limit, skipped: Vec::new() }
    }

    /// Adds bytes, and appends the completed records to `out`, each with a newline. O(n).
    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            if let Some(missing) = self.missing {
                let (part, rest) = bytes.split_at(missing.min(bytes.len()));
                self.add(part);
                bytes = rest;
                self.missing = Some(missing - part.len());
                if self.missing == Some(0) {
                    self.end(out);
                }
                continue;
            }
            let may_count =
                self.framing != Framing::Lines && self.begun.len() <= LONGEST_COUNT && !self.skips;
            if may_count && self.begins_counted(&mut bytes) {
                continue;
            }
            match memchr::memchr(b'\n', bytes) {
                Some(end) => {
                    let (line, rest) = bytes.split_at(end);
                    let is_empty = self.begun.trim_ascii().is_empty() && line.trim_ascii().is_empty();
                    if self.framing == Framing::Open && !is_empty {
                        self.framing = Framing::Lines;
                    }
                    self.line(line, out);
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
                (self.framing, self.missing) = (Framing::Counted, Some(length));
                return true;
            }
        }
        false
    }

    /// Ends a line. Most lines are complete and need no copy here.
    fn line(&mut self, rest: &[u8], out: &mut Vec<u8>) {
        if self.begun.is_empty() && !self.skips && rest.len() <= self.limit {
            return put(rest, out);
        }
        self.add(rest);
        self.end(out);
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
        self.missing = None;
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
        split_by(Splitter::connection(limit), text, pieces)
    }

    fn split_by(mut splitter: Splitter, text: &[u8], pieces: usize) -> (String, u64) {
        let mut out = Vec::new();
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
            ("99 <38>cut off", "<38>cut off\n"),
            // The first record decides. Empty lines are no records.
            ("0 <38>x\n7 <38>abc\n", "0 <38>x\n7 <38>abc\n"),
            ("\n\r\n6 <38>ab\n6 <38>cd", "<38>ab\n<38>cd\n"),
            ("6 <38>abcut\n6 <38>cd", "<38>ab\ncut\n<38>cd\n"),
            ("12345678901234\n", "12345678901234\n"),
            ("{\"a\":1}\n{\"b\":2}\0\n", "{\"a\":1}\n{\"b\":2}\n"),
        ] {
            for pieces in [1, 2, 3, 1000] {
                assert_eq!(split(text.as_bytes(), pieces, 100), (records.into(), 0), "{text:?} {pieces}");
            }
        }
    }

    #[test]
    fn no_line_hides_others() {
        let text = "a\n999999 <x\nb\n7 <38>abc\nc\n";
        for pieces in [1, 3, 1000] {
            assert_eq!(split_by(Splitter::lines(100), text.as_bytes(), pieces), (text.into(), 0), "{pieces}");
            assert_eq!(split(text.as_bytes(), pieces, 100), (text.into(), 0), "{pieces}");
        }
        let rest = text.strip_prefix("a\n").unwrap();
        assert_eq!(split_by(Splitter::lines(100), rest.as_bytes(), 1).0, rest);
    }

    #[test]
    fn what_is_too_long_is_skipped_and_counted() {
        let long = "x".repeat(200);
        for pieces in [1, 7, 1000] {
            let text = format!("a\n{long}\nb\n");
            assert_eq!(split(text.as_bytes(), pieces, 100), ("a\nb\n".into(), 1));
            let counted = format!("4 <1>a150 <{}4 <1>b", &long[..149]);
            assert_eq!(split(counted.as_bytes(), pieces, 100), ("<1>a\n<1>b\n".into(), 1));
        }
    }
}
