use super::*;
use alloc::vec;
use proptest::prelude::*;

fn sample() -> Vec<u8> {
    let mut writer = Writer::new("an1276", 3, 0);
    writer.varint(u64::MAX);
    writer.varint(0);
    writer.i64(-5);
    writer.bytes(b"evidence");
    writer.u8(9);
    writer.finish()
}

#[test]
fn what_was_written_is_read() {
    let bytes = sample();
    let mut reader = Reader::open(&bytes, "an1276", 3).unwrap();
    assert_eq!(reader.varint(), Ok(u64::MAX));
    assert_eq!(reader.varint(), Ok(0));
    assert_eq!(reader.i64(), Ok(-5));
    assert_eq!(reader.bytes(), Ok(&b"evidence"[..]));
    assert_eq!(reader.clone().finish(), Err(SnapshotError::Invalid("bytes after its end")));
    assert_eq!(reader.u8(), Ok(9));
    assert_eq!(reader.u8(), Err(SnapshotError::Truncated));
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    let bytes = sample();
    for end in 0..bytes.len() {
        assert!(Reader::open(&bytes[..end], "an1276", 3).is_err(), "{end}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Reader::open(&flipped, "an1276", 3).is_err(), "{bit}");
    }
}

#[test]
fn the_reason_is_told() {
    let bytes = sample();
    let open = |bytes: &[u8]| Reader::open(bytes, "an1276", 3).map(|_| ());
    assert_eq!(open(b""), Err(SnapshotError::Truncated));
    assert_eq!(open(b"ASIE"), Err(SnapshotError::Truncated));
    assert_eq!(open(b"{\"time\":1}"), Err(SnapshotError::NoSnapshot));
    assert_eq!(open(&bytes[..bytes.len() - 1]), Err(SnapshotError::Corrupted));
    assert_eq!(Reader::open(&bytes, "fls", 3).map(|_| ()), Err(SnapshotError::Foreign("an1276".into())));
    assert_eq!(
        Reader::open(&bytes, "an1276", 2).map(|_| ()),
        Err(SnapshotError::Newer { found: 3, known: 2 })
    );
    assert_eq!(
        Reader::open(&bytes, "an1276", 4).map(|_| ()),
        Err(SnapshotError::Older { found: 3, known: 4 })
    );
    let mut newer = bytes;
    newer[8] = 2;
    assert_eq!(open(&newer), Err(SnapshotError::Newer { found: 2, known: 1 }));
}

#[test]
fn a_count_is_never_more_than_can_follow() {
    let mut writer = Writer::new("a", 0, 0);
    writer.varint(1 << 40);
    writer.raw(&[0; 64]);
    let bytes = writer.finish();
    let reader = Reader::open(&bytes, "a", 0).unwrap();
    assert_eq!(reader.clone().count(1), Err(SnapshotError::Invalid("a count")));
    assert_eq!(reader.clone().bytes(), Err(SnapshotError::Invalid("a count")));
}

proptest! {
    #[test]
    fn numbers_round_trip(values in proptest::collection::vec(any::<u64>(), 0..20), shift in 0u32..64) {
        let mut writer = Writer::new("a", 0, 0);
        for value in &values {
            writer.varint(value >> shift);
        }
        let bytes = writer.finish();
        let mut reader = Reader::open(&bytes, "a", 0).unwrap();
        for value in &values {
            prop_assert_eq!(reader.varint(), Ok(value >> shift));
        }
        prop_assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), keep in any::<bool>()) {
        let all = if keep { [&MAGIC[..], &[1, 0], &bytes].concat() } else { bytes.clone() };
        prop_assert!(Reader::open(&all, "a", 0).is_err());
        let mut reader = Reader { rest: &bytes };
        let mut seen = vec![];
        while let Ok(item) = reader.bytes() {
            seen.push(item);
        }
        let _ = reader.varint();
    }
}
