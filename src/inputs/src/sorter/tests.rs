use super::*;

/// Records in a random order, with their keys.
fn records(count: u64) -> Vec<(Key, String)> {
    let mut random = 88_172_645_463_325_252_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let record = |number: u64| {
        let (time, file) = ((next() % 50) as i64 - 25, (next() % 3) as u32);
        (
            Key::new(time, file, number, file == 1),
            format!("{number} {}\n", "x".repeat((next() % 100) as usize)),
        )
    };
    (1..=count).map(record).collect()
}

#[test]
fn records_come_in_the_order_of_their_keys_from_memory_and_from_disk() {
    let records = records(1_000);
    let mut wanted = records.clone();
    wanted.sort_by_key(|(key, _)| *key);
    for most in [1, 10_000, 1 << 20] {
        let mut sorter = Sorter::new(most);
        for some in records.chunks(7) {
            let (mut bytes, mut places) = (Vec::new(), Vec::new());
            for (key, record) in some {
                let start = bytes.len();
                bytes.extend_from_slice(record.as_bytes());
                places.push((*key, start, bytes.len()));
            }
            sorter.take(bytes, places.into_iter()).unwrap();
        }
        assert_eq!(sorter.runs.is_some(), most < 1 << 20);
        let (mut sorted, mut came) = (sorter.sorted().unwrap(), Vec::new());
        while let Some(key) = sorted.key() {
            let mut record = Vec::new();
            sorted.pop(&mut record).unwrap();
            came.push((key, String::from_utf8(record).unwrap()));
        }
        assert!(came == wanted, "{most}");
    }
}

#[test]
fn a_line_is_read_back_from_its_key() {
    for turned in [false, true] {
        assert_eq!(Key::new(-1, 0, 7, turned).line(turned), 7);
    }
    assert!(Key::new(0, 0, 8, true) < Key::new(0, 0, 7, true));
}
