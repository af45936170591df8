//! Tests of the order in which files are read, compared with a plain sort.

use super::*;
use crate::Move;
use proptest::prelude::*;
use std::fs;

/// A record: seconds after the hour, or no time.
type Record = Option<u8>;

fn line(file: usize, number: usize, record: Record) -> String {
    match record {
        Some(second) => format!(
            "2026-03-04T08:00:{second:02}Z h sshd[{number}]: Failed password for u{file} from 203.0.113.9 port 1 ssh2\n"
        ),
        None => format!("f{file} line {number} has neither a time nor a needle\n"),
    }
}

/// Writes files into a folder and reads them. Returns each record with its file and line.
fn read(files: &[Vec<Record>], memory: usize) -> (Vec<(String, String, u64)>, Vec<Arranged>) {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = Vec::new();
    for (file, records) in files.iter().enumerate() {
        let text: String = (1..).zip(records).map(|(number, record)| line(file, number, *record)).collect();
        let path = folder.path().join(format!("f{file}"));
        // The last line of a file that is still being written has no newline.
        fs::write(&path, text.strip_suffix('\n').unwrap_or(&text)).unwrap();
        inputs.push(Input::Path(path));
    }
    let mut files = Files::new(inputs).received(Some(1_800_000_000_000_000)).memory(memory);
    files = files.clock(Clock::new(""), true);
    let overview = files.overview();
    let mut records = Vec::new();
    while let Some(batch) = files.next(Vec::new()) {
        assert!(batch.losses.is_empty(), "{:?}", batch.losses);
        let mut place = Move { record: 0, file: batch.file, line: batch.line };
        let mut moves = batch.moves.into_iter().peekable();
        for (number, bytes) in (0..).zip(batch.bytes.split_inclusive(|byte| *byte == b'\n')) {
            if let Some(next) = moves.next_if(|next| next.record == number) {
                place = next;
            }
            let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
            let short = place.file.rsplit('/').next().unwrap_or_default().to_owned();
            records.push((text, short, place.line + number - place.record));
        }
        assert_eq!(moves.next(), None, "each move is of a record");
    }
    (records, overview.seen().arranged)
}

/// The expected order: a stable sort by time, file and line.
fn sorted(files: &[Vec<Record>]) -> Vec<(String, String, u64)> {
    let mut keyed = Vec::new();
    for (given, records) in files.iter().enumerate() {
        let times: Vec<u8> = records.iter().copied().flatten().collect();
        let turned = times.last() < times.first();
        let first = if turned { times.last() } else { times.first() }.copied();
        let mut time = times.first().copied();
        for (number, record) in (1..).zip(records) {
            time = record.or(time);
            let place = if turned { -number } else { number };
            let key = (time.is_none(), time, first, given, place);
            let text = line(given, number as usize, *record).trim_end().to_owned();
            keyed.push((key, (text, format!("f{given}"), number as u64)));
        }
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, record)| record).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn files_come_as_a_stable_sort_by_time_file_and_line(
        mut files in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.8, 0u8..12), 0..12), 1..5),
        shapes in prop::collection::vec(0u8..4, 4),
        disk in any::<bool>(),
    ) {
        // The files are in order, reversed, or random.
        for (records, shape) in files.iter_mut().zip(shapes) {
            if shape < 3 {
                let mut times: Vec<u8> = records.iter().copied().flatten().collect();
                times.sort_unstable();
                if shape == 2 {
                    times.reverse();
                }
                let mut times = times.into_iter();
                records.iter_mut().filter(|record| record.is_some()).for_each(|record| *record = times.next());
            }
        }
        let (records, _) = read(&files, if disk { 1 } else { 1 << 20 });
        prop_assert_eq!(records, sorted(&files));
    }
}

#[test]
fn what_was_done_is_told() {
    let names = |told: Vec<Arranged>| -> Vec<String> {
        let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let list = |names: Vec<Arc<str>>| names.iter().map(|name| short(name)).collect::<Vec<_>>().join(" ");
        let told = told.into_iter().map(|one| match one {
            Arranged::Turned(name) => format!("turned {}", short(&name)),
            Arranged::Sorted(name) => format!("sorted {}", short(&name)),
            Arranged::Merged(names) => format!("merged {}", list(names)),
            Arranged::Reordered(names) => format!("reordered {}", list(names)),
        });
        told.collect()
    };
    let times = |times: &[u8]| times.iter().copied().map(Some).collect::<Vec<_>>();
    for (files, wanted) in [
        (vec![times(&[1, 2, 2]), times(&[2, 3])], vec![]),
        (vec![times(&[3, 4]), times(&[1, 3])], vec!["reordered f1 f0"]),
        (vec![times(&[3, 2, 1])], vec!["turned f0"]),
        (vec![times(&[1, 3, 2])], vec!["sorted f0"]),
        (vec![times(&[3, 1, 2])], vec!["turned f0", "sorted f0"]),
        (vec![times(&[1, 5]), times(&[2, 3]), times(&[6])], vec!["merged f0 f1"]),
        (vec![times(&[9]), times(&[1, 5]), times(&[2, 3])], vec!["merged f1 f2", "reordered f1 f2 f0"]),
        (vec![vec![None], times(&[1])], vec!["reordered f1 f0"]),
        (vec![vec![None], vec![]], vec![]),
    ] {
        let (records, told) = read(&files, 1 << 20);
        assert_eq!(names(told), wanted, "{files:?}");
        assert_eq!(records, sorted(&files));
    }
}
