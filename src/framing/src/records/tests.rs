use super::*;
use std::io;

/// Reads that bring `step` bytes at a time, then fail if requested.
struct Drip<'a> {
    bytes: &'a [u8],
    step: usize,
    fails: bool,
}

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && self.fails {
            self.fails = false;
            return Err(io::Error::other("the disk is gone"));
        }
        let take = self.step.min(into.len()).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(take);
        into[..take].copy_from_slice(now);
        self.bytes = later;
        Ok(take)
    }
}

/// Every record with its number, and those left out, by reading in steps of `step`.
fn read(bytes: &[u8], step: usize, max: usize, live: bool) -> (Vec<(u64, Vec<u8>)>, Vec<Oversized>) {
    let mut records = Records::new(Drip { bytes, step, fails: false }, max);
    if live {
        records = records.live();
    }
    let (mut all, mut oversized, mut batch) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(cut) = records.next(&mut batch).unwrap() {
        let mut line = cut.first_line;
        let body = batch.strip_suffix(b"\n").unwrap_or(&batch);
        if cut.records > 0 {
            for record in body.split(|&b| b == b'\n') {
                all.push((line, record.to_vec()));
                line += 1;
            }
        }
        assert_eq!(line, cut.first_line + cut.records);
        oversized.extend(cut.oversized);
    }
    (all, oversized)
}

/// The same, by looking at the whole input at once.
fn naive(bytes: &[u8], max: usize) -> (Vec<(u64, Vec<u8>)>, Vec<Oversized>) {
    let (mut all, mut oversized) = (Vec::new(), Vec::new());
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if !bytes.is_empty() {
        for (record, line) in body.split(|&b| b == b'\n').zip(1..) {
            if record.len() > max {
                oversized.push(Oversized { line, length: record.len() as u64 });
            } else {
                all.push((line, record.to_vec()));
            }
        }
    }
    (all, oversized)
}

#[test]
fn records_are_the_same_however_they_arrive() {
    let inputs: [&[u8]; 12] = [
        b"",
        b"\n",
        b"\n\n\n",
        b"a",
        b"a\n",
        b"a\nb",
        b"a\r\nb\r\n",
        b"\x00\x00\n\xff\xfe\x00junk\n\n",
        b"0123456789\nok\n",
        b"ok\n01234567890123456789\nfine\n0123456789",
        b"01234567\n0123456789\n0123456789\n01234567",
        b"first\n0123456789012345678901234567890\n\n\nlast",
    ];
    for input in inputs {
        for max in [8, 9, 10, 1000] {
            for step in [1, 2, 3, 7, 1000] {
                for live in [false, true] {
                    assert_eq!(
                        read(input, step, max, live),
                        naive(input, max),
                        "{input:?} {max} {step} {live}"
                    );
                }
            }
        }
    }
}

#[test]
fn long_records_span_reads_and_overlong_ones_are_skipped_to_their_newline() {
    let mut input = b"first\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 3 * BATCH));
    input.extend(b"\nmiddle\n");
    input.extend(std::iter::repeat_n(b'y', 5 * BATCH));
    input.extend(b"\nlast");
    let (all, oversized) = read(&input, usize::MAX, 4 * BATCH, false);
    assert_eq!(
        all.iter().map(|(line, r)| (*line, r.len())).collect::<Vec<_>>(),
        [(1, 5), (2, 3 * BATCH), (3, 6), (5, 4)]
    );
    assert_eq!(oversized, [Oversized { line: 4, length: 5 * BATCH as u64 }]);
}

#[test]
fn memory_stays_bounded_under_an_endless_line() {
    let mut records = Records::new(io::repeat(b'x').take(64 << 20), 1 << 20);
    let mut batch = Vec::new();
    let cut = records.next(&mut batch).unwrap().unwrap();
    assert_eq!(cut.oversized, [Oversized { line: 1, length: 64 << 20 }]);
    assert_eq!(cut.records, 0);
    assert!(batch.capacity() <= 4 << 20, "{}", batch.capacity());
}

#[test]
fn a_failure_comes_after_the_whole_records_before_it() {
    let mut records =
        Records::new(Drip { bytes: b"a\nb\nAccepted for root from 192.0.2.1", step: 5, fails: true }, 100);
    let mut batch = Vec::new();
    assert_eq!(records.next(&mut batch).unwrap().unwrap().records, 2);
    assert_eq!(batch, b"a\nb\n");
    assert_eq!(records.next(&mut batch).unwrap_err().to_string(), "the disk is gone");
    assert!(records.next(&mut batch).unwrap().is_none());
}

#[test]
fn a_live_input_is_handed_on_as_it_comes() {
    let mut records = Records::new(Drip { bytes: b"one\ntwo\n", step: 4, fails: false }, 100).live();
    let mut batch = Vec::new();
    records.next(&mut batch).unwrap();
    assert_eq!(batch, b"one\n");
}
