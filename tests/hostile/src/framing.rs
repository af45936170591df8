//! Fuzz target: a file, framed whole and in pieces.

use crate::controls;
use authsieve_framing::{Cut, Flaw, Format, Framer, MAX_RECORD};

/// Checks that the pieces in which bytes come change nothing. Records must be whole lines within the allowed length,
/// and records that framing writes must be JSON.
pub fn run(format: Option<Format>, bytes: &[u8]) {
    let (controls, bytes) = controls::<4>(bytes);
    let max_record = match controls[0] % 4 {
        0 => 64,
        1 => 1000,
        _ => MAX_RECORD,
    };
    let name = [None, Some("export.csv"), Some("export.tsv"), Some("log.txt")][usize::from(controls[1] % 4)];
    let pieces = [1, 2, 7, 64, 1000, 4096, 65_536][usize::from(controls[2] % 7)];
    let first = usize::from(controls[3]);

    let whole = frame(format, name, max_record, &[bytes]);
    let (head, tail) = bytes.split_at(first.min(bytes.len()));
    let cut: Vec<&[u8]> = std::iter::once(head).chain(tail.chunks(pieces)).collect();
    let parts = frame(format, name, max_record, &cut);
    assert!(whole == parts, "pieces of {first}, then {pieces}: {}\n{}", show(&whole), show(&parts));

    let records = whole.records.split_inclusive(|byte| *byte == b'\n');
    assert_eq!(records.clone().count() as u64, whole.cut.records, "{}", show(&whole));
    for record in records {
        let line = record.strip_suffix(b"\n").expect("every record ends in a newline");
        assert!(line.len() <= max_record, "a record of {} bytes", line.len());
        // Rows become objects. A line of another form between them stays as it is.
        if matches!(whole.format, Some(Format::Csv | Format::W3c))
            && let Err(why) = serde_json::from_str::<serde_json::Value>(&String::from_utf8_lossy(line))
        {
            let stands_there = line.is_empty() || bytes.windows(line.len()).any(|part| part == line);
            assert!(stands_there, "{why}: {}", String::from_utf8_lossy(line));
        }
    }
}

#[derive(PartialEq, Eq)]
struct Framed {
    format: Option<Format>,
    records: Vec<u8>,
    cut: Cut,
    flaws: Vec<u64>,
}

fn frame(format: Option<Format>, name: Option<&str>, max_record: usize, pieces: &[&[u8]]) -> Framed {
    let mut framer = Framer::new(format, name, max_record);
    let mut records = Vec::new();
    for piece in pieces {
        framer.push(piece, &mut records);
    }
    framer.finish(&mut records);
    let flaws = Flaw::ALL.iter().map(|flaw| framer.counts().of(*flaw)).collect();
    Framed { format: framer.format(), records, cut: framer.take(), flaws }
}

fn show(framed: &Framed) -> String {
    let Framed { format, records, cut, flaws } = framed;
    format!("{format:?} {cut:?} {flaws:?}\n{}", String::from_utf8_lossy(records))
}
