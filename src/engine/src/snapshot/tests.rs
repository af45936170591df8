use super::*;
use alloc::vec;
use proptest::prelude::*;

/// Two analytics with one section each, and a second section of the first.
fn sample() -> Vec<u8> {
    let mut writer = Writer::new(0);
    writer.section("an1276", "windows", 3, |out| {
        out.varint(u64::MAX);
        out.varint(0);
        out.i64(-5);
        out.bytes(b"evidence");
        out.u8(9);
    });
    writer.section("an1276", "clock", 4, |out| out.u8(7));
    writer.section("fls", "windows", 3, |_| {});
    writer.finish()
}

#[test]
fn what_was_written_is_read() {
    let bytes = sample();
    let snapshot = Snapshot::open(&bytes).unwrap();
    assert_eq!(snapshot.owners(), ["an1276", "fls"]);
    let mut reader = snapshot.section("an1276", "windows").unwrap();
    assert_eq!(reader.version(), 3);
    assert_eq!(reader.varint(), Ok(u64::MAX));
    assert_eq!(reader.varint(), Ok(0));
    assert_eq!(reader.i64(), Ok(-5));
    assert_eq!(reader.bytes(), Ok(&b"evidence"[..]));
    assert_eq!(reader.clone().finish(), Err(SnapshotError::Invalid("bytes after its end")));
    assert_eq!(reader.u8(), Ok(9));
    assert_eq!(reader.u8(), Err(SnapshotError::Truncated), "it ends with its section");
    assert_eq!(reader.finish(), Ok(()));
    assert_eq!(snapshot.section("an1276", "clock").unwrap().version(), 4);
    assert_eq!(snapshot.section("fls", "windows").unwrap().remaining(), 0);
    assert!(snapshot.section("fls", "clock").is_none() && snapshot.of_0_1("fls").is_none());
}

#[test]
fn every_truncation_and_every_flipped_bit_is_refused() {
    let bytes = sample();
    for end in 0..bytes.len() {
        assert!(Snapshot::open(&bytes[..end]).is_err(), "{end}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Snapshot::open(&flipped).is_err(), "{bit}");
    }
}

#[test]
fn snapshots_one_after_the_other_are_read_as_one() {
    let mut other = Writer::new(0);
    other.section("an0454", "windows", 3, |out| out.u8(5));
    let (first, second) = (sample(), other.finish());
    let joined = [first.clone(), second].concat();
    let snapshot = Snapshot::open(&joined).unwrap();
    assert_eq!(snapshot.owners(), ["an1276", "fls", "an0454"]);
    assert_eq!(snapshot.section("an0454", "windows").unwrap().u8(), Ok(5));
    assert_eq!(snapshot.section("an1276", "clock").unwrap().u8(), Ok(7));
    let twice = [first.clone(), first.clone()].concat();
    let told = Snapshot::open(&twice).map(|_| ());
    assert_eq!(told, Err(SnapshotError::Invalid("a section that stands there twice")));
    // Cut between the two, the first snapshot is complete.
    for end in (0..joined.len()).filter(|end| *end != first.len()) {
        assert!(Snapshot::open(&joined[..end]).is_err(), "{end}");
    }
    for byte in 0..joined.len() {
        let mut flipped = joined.clone();
        flipped[byte] ^= 0x10;
        assert!(Snapshot::open(&flipped).is_err(), "{byte}");
    }
}

#[test]
fn the_reason_is_told() {
    let bytes = sample();
    let open = |bytes: &[u8]| Snapshot::open(bytes).map(|_| ());
    assert_eq!(open(b""), Err(SnapshotError::Truncated));
    assert_eq!(open(b"ASIE"), Err(SnapshotError::Truncated));
    assert_eq!(open(b"{\"time\":1}"), Err(SnapshotError::NoSnapshot));
    assert_eq!(open(&bytes[..bytes.len() - 1]), Err(SnapshotError::Truncated));
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    assert_eq!(open(&flipped), Err(SnapshotError::Corrupted));
    let mut newer = bytes;
    newer[8] = 3;
    assert_eq!(open(&newer), Err(SnapshotError::Newer { found: 3, known: 2 }));
}

#[test]
fn sections_that_lie_about_their_length_are_refused() {
    let mut writer = Writer::new(0);
    writer.bytes(b"an1276");
    writer.bytes(b"windows");
    writer.raw(&[3, 0]);
    writer.raw(&u64::MAX.to_le_bytes());
    assert_eq!(Snapshot::open(&writer.finish()).map(|_| ()), Err(SnapshotError::Truncated));
    let mut writer = Writer::new(0);
    for number in 0..=MOST_SECTIONS {
        writer.section("a", &alloc::format!("{number}"), 1, |_| {});
    }
    let many = writer.finish();
    assert_eq!(Snapshot::open(&many).map(|_| ()), Err(SnapshotError::Invalid("too many sections")));
}

#[test]
fn a_count_is_never_more_than_can_follow() {
    let mut writer = Writer::loose();
    writer.varint(1 << 40);
    writer.raw(&[0; 64]);
    let bytes = writer.finish();
    let reader = Reader::loose(&bytes).unwrap();
    assert_eq!(reader.clone().count(1), Err(SnapshotError::Invalid("a count")));
    assert_eq!(reader.clone().bytes(), Err(SnapshotError::Invalid("a count")));
}

proptest! {
    #[test]
    fn numbers_round_trip(values in proptest::collection::vec(any::<u64>(), 0..20), shift in 0u32..64) {
        let mut writer = Writer::loose();
        for value in &values {
            writer.varint(value >> shift);
        }
        let bytes = writer.finish();
        let mut reader = Reader::loose(&bytes).unwrap();
        for value in &values {
            prop_assert_eq!(reader.varint(), Ok(value >> shift));
        }
        prop_assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), keep in any::<bool>()) {
        let all = if keep { [&MAGIC[..], &[2, 0], &bytes].concat() } else { bytes.clone() };
        prop_assert!(Snapshot::open(&all).is_err() && Reader::loose(&all).is_err());
        let mut reader = Reader::over(&bytes, 0);
        let mut seen = vec![];
        while let Ok(item) = reader.bytes() {
            seen.push(item);
        }
        let _ = reader.varint();
    }
}
