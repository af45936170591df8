mod file;

use super::*;
use crate::framer::tests::frame_with;
use crate::{Format, Framer};
use file::{chunk, file, open};
use std::io::Cursor;

fn ids(records: &[String]) -> Vec<u64> {
    let id = |record: &String| {
        let event: serde_json::Value = serde_json::from_str(record).unwrap();
        assert_eq!(event["Event"]["System"]["EventID"], 4625, "{record}");
        event["Event"]["System"]["EventRecordID"].as_u64().unwrap()
    };
    records.iter().map(id).collect()
}

#[test]
fn events_are_lines_in_the_layout_of_evtx_dump() {
    let framed = frame_with(None, &file(&[chunk(1..3), chunk(3..6)]), 1 << 20);
    assert_eq!(framed.format, Some(Format::Evtx));
    assert_eq!(framed.counts.total(), 0);
    assert_eq!(ids(&framed.records), [1, 2, 3, 4, 5]);
    assert_eq!(
        framed.records[0],
        "{\"Event\":{\"System\":{\"EventID\":4625,\"EventRecordID\":1},\
         \"EventData\":{\"TargetUserName\":\"user 1\"}}}"
    );
}

#[test]
fn damage_costs_what_it_damages() {
    let good = [chunk(1..3), chunk(3..5), chunk(5..7)];
    // A chunk that is none, another that is cut off, and no header.
    let mut bad = good.clone();
    bad[1][..8].copy_from_slice(b"ElfJunk\0");
    let bytes = file(&bad);
    let framed = frame_with(None, &bytes, 1 << 20);
    assert_eq!(ids(&framed.records), [1, 2, 5, 6]);
    assert_eq!(framed.problems, [(Flaw::Chunk, 2)]);
    let framed = frame_with(None, &bytes[4096..bytes.len() - 30_000], 1 << 20);
    assert_eq!(ids(&framed.records), [1, 2, 5, 6]);
    assert_eq!(framed.problems, [(Flaw::Chunk, 2), (Flaw::Truncated, 3)]);
    // An event.
    let mut bad = good.clone();
    bad[0][512 + 24] = 0xFF;
    let framed = frame_with(None, &file(&bad), 1 << 20);
    assert_eq!(ids(&framed.records), [2, 3, 4, 5, 6]);
    assert_eq!(framed.problems, [(Flaw::Event, 1)]);
    // Space that was never used, and junk.
    let bytes = [file(&good[..1]), vec![0; 70_000], chunk(3..5), b"junk".to_vec()].concat();
    let framed = frame_with(None, &bytes, 1 << 20);
    assert_eq!(ids(&framed.records), [1, 2, 3, 4]);
    assert_eq!(framed.problems, [(Flaw::Chunk, 3)]);
}

#[test]
fn a_file_that_ends_early_is_an_error_after_what_was_read() {
    let bytes = file(&[chunk(1..3), chunk(3..5)]);
    for (length, wanted) in [
        (bytes.len(), &[1, 2, 3, 4][..]),
        (bytes.len() - 1, &[1, 2, 3, 4]),
        (bytes.len() - 60_000, &[1, 2, 3, 4]),
        (4096 + 65_536, &[1, 2]),
        (4096 + 100, &[]),
        (4096, &[]),
        (1000, &[]),
        (8, &[]),
    ] {
        let mut stream = crate::Stream::new(&bytes[..length], None, None, 1 << 20);
        let (mut all, mut batch) = (Vec::new(), Vec::new());
        let error = loop {
            match stream.next(&mut batch) {
                Ok(Some(_)) => all.extend_from_slice(&batch),
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            }
        };
        let records: Vec<String> = String::from_utf8(all).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(ids(&records), wanted, "{length} bytes");
        assert_eq!(error.is_some(), length < bytes.len(), "{length} bytes: {error:?}");
    }
}

/// Fuzzing found that names are written as they are in the file, whatever that is.
#[test]
fn a_control_character_in_a_name_makes_no_record() {
    let good = chunk(1..2);
    let name: Vec<u8> = "TargetUserName".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = memchr::memmem::find(&good, &name).unwrap();
    for control in [b'\n', b'\r', 1, 0x1B] {
        let mut bad = good.clone();
        bad[at] = control;
        let framed = frame_with(None, &file(&[bad]), 1 << 20);
        assert_eq!((framed.records.len(), framed.problems), (0, vec![(Flaw::Event, 1)]), "{control}");
    }
}

#[test]
fn nothing_in_a_chunk_makes_it_panic() {
    let bytes = file(&[chunk(1..4)]);
    let end = 4096 + 512 + 1200;
    let mut seed = 1_u32;
    for round in 0..3000 {
        let mut bytes = bytes.clone();
        for _ in 0..=round % 4 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = 4096 + (seed >> 8) as usize % (end - 4096);
            bytes[at] = seed as u8;
        }
        let mut framer = Framer::new(Some(Format::Evtx), None, 1 << 20);
        framer.push(&bytes, &mut Vec::new());
        framer.finish(&mut Vec::new());
    }
}

#[test]
fn a_log_that_went_round_is_read_from_its_oldest_event() {
    let read = |bytes: Vec<u8>| {
        let mut all = Vec::new();
        InOrder::new(Cursor::new(bytes)).unwrap().read_to_end(&mut all).unwrap();
        all
    };
    let wrapped = file(&[chunk(7..9), chunk(9..11), chunk(3..5), chunk(5..7)]);
    let framed = frame_with(None, &read(wrapped), 1 << 20);
    assert_eq!(ids(&framed.records), (3..11).collect::<Vec<_>>());
    for plain in [b"".to_vec(), b"Mar 4".to_vec(), file(&[]), file(&[chunk(1..2), open()]), vec![7; 200_000]]
    {
        assert_eq!(read(plain.clone()), plain);
    }
}
