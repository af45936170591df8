//! The suite raises the same alerts as its single analytics, to the byte, with any options. Its snapshots are theirs.

use authsieve::cases::{Case, find};
use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::{Analytics, Detector, Reading, Seen, Stats};
use authsieve_engine::time::Timestamp;
use authsieve_suite::{Suite, by_id};
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

const RECEIVED: i64 = 1_772_370_000_000_000;

/// A native detector of one analytic, of any type.
trait Single {
    fn process(&mut self, batch: &[u8], reading: Reading) -> Vec<Alert>;
    fn decode(&self, batch: &[u8], reading: Reading) -> Vec<Seen>;
    fn flush(&mut self) -> Vec<Alert>;
    fn snapshot(&self) -> Vec<u8>;
    fn stats(&self) -> Vec<Stats>;
}

impl<A: Analytic> Single for Detector<A> {
    fn process(&mut self, batch: &[u8], reading: Reading) -> Vec<Alert> {
        self.process(batch, reading)
    }
    fn decode(&self, batch: &[u8], reading: Reading) -> Vec<Seen> {
        self.decode(batch, reading)
    }
    fn flush(&mut self) -> Vec<Alert> {
        self.flush()
    }
    fn snapshot(&self) -> Vec<u8> {
        self.snapshot()
    }
    fn stats(&self) -> Vec<Stats> {
        self.stats()
    }
}

fn create<A: Analytic>(config: &str) -> Box<dyn Single> {
    Box::new(Detector::<A>::create(config, 1).unwrap_or_else(|why| panic!("{config}: {why}")))
}

fn restore<A: Analytic>(config: &str, snapshot: &[u8]) -> Box<dyn Single> {
    Box::new(Detector::<A>::restore(config, 7, snapshot).unwrap_or_else(|why| panic!("{config}: {why}")).0)
}

/// The options of each analytic, as JSON, and the options that all share.
#[derive(Clone, Debug)]
struct Options {
    shared: String,
    own: Vec<(&'static str, String)>,
}

impl Options {
    fn suite(&self) -> String {
        let own: Vec<String> = self.own.iter().map(|(id, own)| format!("\"{id}\":{{{own}}}")).collect();
        format!(
            "{{{}}}",
            own.into_iter()
                .chain([self.shared.clone()])
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(",")
        )
    }

    fn single(&self, own: &str) -> String {
        let parts = [own, &self.shared].into_iter().filter(|part| !part.is_empty());
        format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
    }
}

/// A suite and the single analytics, fed with the same records.
struct Pair<'o> {
    options: &'o Options,
    suite: Detector<Suite>,
    singles: Vec<Box<dyn Single>>,
    next: u64,
    received: Timestamp,
}

impl<'o> Pair<'o> {
    fn new(options: &'o Options, received: i64) -> Self {
        let config = options.suite();
        let suite = Detector::create(&config, 1).unwrap_or_else(|why| panic!("{config}: {why}"));
        let singles = options.own.iter().map(|(id, own)| by_id!(*id, create(&options.single(own)))).collect();
        Self { options, suite, singles, next: 1, received: Timestamp(received) }
    }

    /// Feeds one record to all. The suite's alerts must be those of the single analytics, in the order of their ids.
    fn feed(&mut self, record: &[u8]) -> usize {
        let reading = Reading { first: self.next, ..Reading::at(self.received) };
        self.next += 1;
        let alone: Vec<Alert> =
            self.singles.iter_mut().flat_map(|single| single.process(record, reading)).collect();
        let together = self.suite.process(record, reading);
        assert_eq!(together, alone, "{}", String::from_utf8_lossy(record));
        together.len()
    }

    fn flush(&mut self) -> usize {
        let alone: Vec<Alert> = self.singles.iter_mut().flat_map(|single| single.flush()).collect();
        let together = self.suite.flush();
        assert_eq!(together, alone);
        together.len()
    }

    /// Compares the counters, and the events that each analytic reads.
    fn compare(&self, batch: &[u8]) {
        let alone: Vec<Stats> = self.singles.iter().flat_map(|single| single.stats()).collect();
        assert_eq!(self.suite.stats(), alone);
        let seen = self.suite.decode(batch, Reading::at(self.received));
        for ((id, _), single) in self.options.own.iter().zip(&self.singles) {
            let own: Vec<_> =
                seen.iter().filter(|seen| seen.analytics.contains(id)).map(|seen| &seen.event).collect();
            let alone = single.decode(batch, Reading::at(self.received));
            assert_eq!(own, alone.iter().map(|seen| &seen.event).collect::<Vec<_>>(), "{id}");
        }
    }

    /// Moves the state: the single analytics continue from the suite's snapshot, and the suite from its own.
    fn change_hosts(&mut self) {
        let snapshot = self.suite.snapshot();
        let before: Vec<Vec<u8>> = self.singles.iter().map(|single| single.snapshot()).collect();
        self.singles = self
            .options
            .own
            .iter()
            .map(|(id, own)| by_id!(*id, restore(&self.options.single(own), &snapshot)))
            .collect();
        let after: Vec<Vec<u8>> = self.singles.iter().map(|single| single.snapshot()).collect();
        assert!(before == after, "a single analytic writes what it read from the suite's snapshot");
        let (suite, notes) =
            Detector::restore(&self.options.suite(), 7, &snapshot).expect("its own snapshot");
        assert_eq!(notes, [""; 0]);
        assert!(suite.snapshot() == snapshot, "the same bytes for every seed");
        self.suite = suite;
    }
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let dirs = find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/analytics")).expect("they are there");
    let read = |dir: &std::path::PathBuf| {
        Case::read(dir, &[]).unwrap_or_else(|why| panic!("{}: {why}", dir.display()))
    };
    dirs.iter().map(read).collect()
});

/// All records of all cases.
static RECORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let logs = CASES.iter().map(|case| case.batches().expect("a log").concat());
    logs.flat_map(|log| log.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect()
});

fn defaults() -> Options {
    Options { shared: String::new(), own: Suite::IDS.iter().map(|id| (*id, String::new())).collect() }
}

#[test]
fn every_case_raises_the_same_alerts_in_the_suite() {
    let mut alerts = 0;
    for case in CASES.iter() {
        let config = &case.configs().unwrap_or_else(|why| panic!("{}: {why}", case.name))[0];
        // In a suite, options that affect decoding are allowed at the top level only. So cases that set one are left
        // to the single analytics.
        if ["timezone", "date_order", "max_record", "max_ahead"].iter().any(|option| config.contains(option))
        {
            continue;
        }
        let own = config.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or("");
        let mut options = defaults();
        for (id, options) in &mut options.own {
            if case.analytics == [*id] {
                *options = own.to_owned();
            }
        }
        let log = case.batches().expect("a log").concat();
        let mut pair = Pair::new(&options, case.received);
        for (number, record) in log.split_inclusive(|byte| *byte == b'\n').enumerate() {
            alerts += pair.feed(record);
            if number % 7 == 3 {
                pair.change_hosts();
            }
        }
        alerts += pair.flush();
    }
    assert!(alerts > 200, "{alerts} alerts");
}

#[test]
fn a_record_is_decoded_once_for_all_that_read_it() {
    let mut suite = Detector::<Suite>::create("", 1).expect("the defaults");
    let event = r#"{"@timestamp":"2026-03-01T10:00:00Z","event":{"category":["authentication"],"outcome":"failure"},"user":{"name":"ada"},"source":{"ip":"192.0.2.7"}}"#;
    let batch = format!("{event}\n").repeat(100);
    suite.process(batch.as_bytes(), Timestamp(RECEIVED));
    let matched: u64 = suite.stats().iter().map(|stats| stats.matched).sum();
    assert_eq!(matched, 100 * Suite::IDS.len() as u64, "all of them read ECS");
    assert_eq!(suite.decodes(), 100);
}

/// The options of one analytic, as the body of a JSON object.
fn own(id: &'static str) -> impl Strategy<Value = (&'static str, String)> {
    let name = if id == "an0454" { "min_challenges" } else { "min_failures" };
    (1u32..6, prop_oneof![Just(""), Just("30s"), Just("10m")], any::<bool>()).prop_map(
        move |(least, late, ignore)| {
            let mut own = format!("\"{name}\":{least}");
            if !late.is_empty() {
                own += &format!(",\"allowed_lateness\":\"{late}\"");
            }
            if ignore {
                own += ",\"ignore_users\":[\"a*\"]";
            }
            (id, own)
        },
    )
}

fn options() -> impl Strategy<Value = Options> {
    let own: Vec<_> = Suite::IDS.iter().map(|id| own(id)).collect();
    let shared = prop_oneof![
        Just(String::new()),
        Just(String::from("\"timezone\":\"+05:30\"")),
        Just(String::from("\"max_keys\":64,\"ipv4_prefix\":24")),
    ];
    (shared, own).prop_map(|(shared, own)| Options { shared, own })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_streams_raise_the_same_alerts_in_the_suite(
        options in options(),
        runs in proptest::collection::vec((any::<prop::sample::Index>(), 1usize..12), 1..14),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in 0usize..60,
    ) {
        let mut stream: Vec<Vec<u8>> = Vec::new();
        for (start, length) in runs {
            let start = start.index(RECORDS.len());
            stream.extend(RECORDS[start..(start + length).min(RECORDS.len())].iter().cloned());
        }
        for (record, byte, value) in flips {
            let record = record.index(stream.len());
            let record = &mut stream[record];
            let at = byte.index(record.len());
            if value != b'\n' && record[at] != b'\n' {
                record[at] = value;
            }
        }
        let mut pair = Pair::new(&options, RECEIVED);
        for (number, record) in stream.iter().enumerate() {
            pair.feed(record);
            if number == cut {
                pair.change_hosts();
            }
        }
        pair.flush();
        pair.compare(&stream.concat());
    }
}
