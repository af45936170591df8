//! An analytic raises the same alerts alone and beside any others, with and without a prefilter.

use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::{Analytics, Detector, Reading, Stats};
use authsieve_engine::sieve::Sieve;
use authsieve_engine::time::Timestamp;
use authsieve_suite::{Suite, by_id};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// The time at which logs are read: 2026-06-01T00:00:00Z, as in the test runner.
const RECEIVED: Timestamp = Timestamp(1_780_272_000_000_000);

/// The options that a suite has only once, at the top level.
const SHARED: [&str; 5] = ["timezone", "date_order", "max_record", "max_ahead", "trusted_proxies"];

/// A case: its analytic, its options, the records of its log.
struct Case {
    name: String,
    id: &'static str,
    options: Map<String, Value>,
    records: Vec<Vec<u8>>,
}

/// The cases whose logs have one record in each line.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let analytics = Path::new(env!("CARGO_MANIFEST_DIR")).join("../analytics");
    let mut cases = Vec::new();
    for id in Suite::IDS {
        for folder in fs::read_dir(analytics.join(id).join("cases")).expect("an analytic has cases") {
            let folder = folder.expect("a folder").path();
            let logs = ["input.log", "input.jsonl"].map(|name| folder.join(name));
            let Some(log) = logs.iter().find_map(|log| fs::read(log).ok()) else { continue };
            let options = fs::read_to_string(folder.join("config.toml")).unwrap_or_default();
            let options: toml::Table = toml::from_str(&options).expect("a configuration");
            let Ok(Value::Object(options)) = serde_json::to_value(options) else {
                panic!("{}: a configuration is an object", folder.display());
            };
            let records = log.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            cases.push(Case { name: folder.display().to_string(), id, options, records });
        }
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
});

/// The alerts and the counters for a stream.
type Said = (Vec<Alert>, Vec<Stats>);

/// Gives a stream to new analytics. With a prefilter, lines without a needle are left empty, as hosts do.
fn feed<S: Analytics>(config: &str, records: &[Vec<u8>], prefilter: bool, reading: Reading) -> Said {
    let mut detector = Detector::<S>::create(config, 1).unwrap_or_else(|why| panic!("{config}: {why}"));
    let needles = detector.needles();
    let needles: Vec<&str> = needles.iter().map(String::as_str).collect();
    let sieve = Sieve::new(&needles).filter(|_| prefilter);
    let mut batch = Vec::new();
    for record in records {
        if sieve.as_ref().is_none_or(|sieve| sieve.passes(record)) {
            batch.extend_from_slice(record);
        }
        batch.push(b'\n');
    }
    let mut alerts = detector.process(&batch, reading);
    alerts.extend(detector.flush());
    (alerts, detector.stats())
}

fn alone<A: Analytic>(config: &str, records: &[Vec<u8>], prefilter: bool, reading: Reading) -> Said {
    feed::<A>(config, records, prefilter, reading)
}

/// The counters that must be equal. Records that a prefilter leaves out are never checked for being JSON.
fn told(stats: &Stats) -> Stats {
    Stats { records: 0, malformed: 0, oversized: 0, ..stats.clone() }
}

/// Compares an analytic alone and without a prefilter with all other ways to run it. Returns the number of its
/// alerts, and of unread records.
fn compare(
    id: &'static str,
    options: &Map<String, Value>,
    others: &[&'static str],
    records: &[Vec<u8>],
    reading: Reading,
) -> (usize, u64) {
    let config = Value::Object(options.clone()).to_string();
    let (alerts, stats) = by_id!(id, alone(&config, records, false, reading));
    let wanted: Vec<Stats> = stats.iter().map(told).collect();
    let (filtered, stats) = by_id!(id, alone(&config, records, true, reading));
    assert_eq!(filtered, alerts, "{id} behind a prefilter");
    assert_eq!(stats.iter().map(told).collect::<Vec<_>>(), wanted, "{id} behind a prefilter");

    let mut suite: Map<String, Value> = Map::new();
    let (shared, own): (Map<_, _>, Map<_, _>) =
        options.clone().into_iter().partition(|(name, _)| SHARED.contains(&name.as_str()));
    suite.extend(shared);
    suite.insert(id.into(), Value::Object(own));
    suite.insert("analytics".into(), json!([&[id], others].concat()));
    let config = Value::Object(suite).to_string();
    for prefilter in [false, true] {
        let (together, stats) = feed::<Suite>(&config, records, prefilter, reading);
        let own: Vec<Alert> =
            together.into_iter().filter(|alert| alert.analytic.eq_ignore_ascii_case(id)).collect();
        assert_eq!(own, alerts, "{id} beside {others:?}, prefilter: {prefilter}");
        let own: Vec<Stats> = stats.iter().filter(|stats| stats.analytic == id).map(told).collect();
        assert_eq!(own, wanted, "{id} beside {others:?}, prefilter: {prefilter}");
    }
    (alerts.len(), wanted.iter().map(|stats| stats.unread).sum())
}

fn without(id: &str) -> Vec<&'static str> {
    Suite::IDS.iter().copied().filter(|other| *other != id).collect()
}

#[test]
fn every_case_is_judged_alike_alone_beside_others_and_unfiltered() {
    let mut alerts = 0;
    for (number, case) in CASES.iter().enumerate() {
        // Each case has another set of other analytics.
        let others: Vec<_> = without(case.id)
            .into_iter()
            .enumerate()
            .filter(|(place, _)| number >> place & 1 == 0)
            .map(|(_, other)| other)
            .collect();
        let reading = Reading { first: 1, written: Some(RECEIVED), ..Reading::at(RECEIVED) };
        alerts += compare(case.id, &case.options, &others, &case.records, reading).0;
    }
    assert!(CASES.len() > 250 && alerts > 200, "{} cases, {alerts} alerts", CASES.len());
}

#[test]
fn unread_records_are_counted_for_those_who_would_have_read_them() {
    let sshd = b"Failed password for bob from 192.0.2.7 port 5 ssh2".to_vec();
    let windows = br#"win_eventlog,EventID=4625,host=dc1 Message="x" 1772611200"#.to_vec();
    let read = b"Mar  1 09:00:00 web1 sshd[17]: Failed password for bob from 192.0.2.7 port 5 ssh2".to_vec();
    let records = [b"nothing".to_vec(), sshd.clone(), read, sshd.clone(), windows];
    let reading = Reading { first: 1, ..Reading::at(RECEIVED) };
    let readers = [("an0454", 0), ("an1269", 0), ("an1276", 2), ("an1521", 1), ("fls", 1)];
    for (id, unread) in readers {
        assert_eq!(compare(id, &Map::new(), &without(id), &records, reading), (0, unread), "{id}");
    }
    let mut suite = Detector::<Suite>::create("", 1).expect("the defaults");
    suite.process(&records.join(&b'\n'), reading);
    let problems = suite.problems();
    assert_eq!(problems.len(), 1);
    let problem = &problems[0];
    assert_eq!((&*problem.kind, problem.record, problem.text.as_bytes()), ("unread", 2, &*sshd));
    suite.route(&sshd, Reading { first: 9, ..reading });
    assert_eq!(suite.problems()[0].record, 9, "also where the work is split");
    // Other analytics may read the same families.
    let stats = suite.stats();
    let named = stats.iter().filter(|stats| readers.iter().any(|(id, _)| *id == stats.analytic));
    assert_eq!(named.map(|stats| stats.unread).sum::<u64>(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_streams_too(
        id in proptest::sample::select(Suite::IDS),
        others in subsequence(Suite::IDS, 0..Suite::IDS.len()),
        runs in proptest::collection::vec((any::<Index>(), any::<Index>(), 1usize..12), 1..14),
        flips in proptest::collection::vec((any::<Index>(), any::<Index>(), any::<u8>()), 0..6),
        least in 1u32..6,
        late in proptest::sample::select(&["0s", "30s", "10m"][..]),
        stored in any::<bool>(),
    ) {
        let mut stream: Vec<Vec<u8>> = Vec::new();
        for (case, start, length) in runs {
            let records = &case.get(&CASES).records;
            let start = start.index(records.len());
            stream.extend_from_slice(&records[start..(start + length).min(records.len())]);
        }
        for (record, byte, value) in flips {
            let record = record.index(stream.len());
            let record = &mut stream[record];
            if !record.is_empty() && value != b'\n' {
                let at = byte.index(record.len());
                record[at] = value;
            }
        }
        let threshold = if id == "an0454" { "min_challenges" } else { "min_failures" };
        let mut options = Map::new();
        options.insert(threshold.into(), least.into());
        options.insert("allowed_lateness".into(), late.into());
        let others: Vec<_> = others.into_iter().filter(|other| *other != id).collect();
        let written = stored.then_some(RECEIVED);
        compare(id, &options, &others, &stream, Reading { first: 1, written, ..Reading::at(RECEIVED) });
    }
}
