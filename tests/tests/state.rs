//! State moves between hosts: every case with its detector moved from host to host, and a million keys in one
//! component.

use authsieve::cases::{Case, find};
use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::Analytic as Native;
use authsieve_engine::detector::Detector;
use authsieve_engine::time::Timestamp;
use authsieve_host::{Analytic, Limits};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

mod support;

/// The most moves between hosts for one case.
const HANDOVERS: usize = 6;

fn cases() -> Vec<Case> {
    let dirs = find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/analytics"))
        .expect("the analytics are there");
    let read = |dir: &std::path::PathBuf| {
        Case::read(dir, &[]).unwrap_or_else(|why| panic!("{}: {why}", dir.display()))
    };
    dirs.iter().map(read).collect()
}

/// One case in one piece, natively.
fn at_once<A: Native>(config: &str, log: &[u8], received: i64) -> Vec<Alert> {
    let mut detector = Detector::<A>::create(config, 1).expect("the configuration is valid");
    let mut alerts = detector.process(log, Timestamp(received));
    alerts.extend(detector.flush());
    alerts
}

/// The same case with its state moved from a native detector into a component and back, at every cut. Both must write
/// this state in the same bytes.
fn carried<A: Native>(
    component: &Analytic,
    config: &str,
    log: &[u8],
    received: i64,
    name: &str,
) -> Vec<Alert> {
    let records: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let length = records.len().div_ceil(HANDOVERS).max(1);
    let mut native = Detector::<A>::create(config, 1).expect("the configuration is valid");
    let mut guest = component.create(config, 2).expect("the configuration is valid");
    let mut alerts = vec![];
    for (turn, batch) in records.chunks(length).map(<[&[u8]]>::concat).enumerate() {
        let one = native.process(&batch, Timestamp(received));
        let other: Vec<Alert> = guest
            .process(&batch, received)
            .expect("it lives")
            .into_iter()
            .map(authsieve_host::convert::alert)
            .collect();
        assert_eq!(one, other, "{name}, turn {turn}");
        alerts.extend(one);
        let (written, by_guest) = (native.snapshot(), guest.snapshot().expect("it lives"));
        assert!(written == by_guest, "{name}, turn {turn}: the two hosts write other snapshots");
        let seed = turn as u64 * 77;
        let (restored, notes) =
            Detector::restore(config, seed, &by_guest).expect("what a host wrote, another reads");
        assert!(notes.is_empty(), "{name}: {notes:?}");
        native = restored;
        (guest, _) = component.restore(config, !seed, &written).expect("what a host wrote, another reads");
    }
    alerts.extend(native.flush());
    alerts
}

#[test]
fn a_state_goes_from_host_to_host_and_changes_nothing() {
    let engine = support::engine(Limits::default());
    let cases = cases();
    for built in authsieve_components::ALL {
        let component = Analytic::load(&engine, built.id, built.wasm).expect("it loads");
        let own: Vec<&Case> = cases.iter().filter(|case| case.analytics == [built.id]).collect();
        assert!(own.len() >= 30, "{}: {} cases", built.id, own.len());
        for case in own {
            let config = &case.configs().unwrap_or_else(|why| panic!("{}: {why}", case.name))[0];
            let log = case.batches().unwrap_or_else(|why| panic!("{}: {why}", case.name)).concat();
            let (expected, carried) = authsieve_suite::by_id!(built.id, both(&component, config, &log, case));
            assert_eq!(carried, expected, "{}", case.name);
        }
    }
}

fn both<A: Native>(component: &Analytic, config: &str, log: &[u8], case: &Case) -> (Vec<Alert>, Vec<Alert>) {
    let expected = at_once::<A>(config, log, case.received);
    (expected, carried::<A>(component, config, log, case.received, &case.name))
}

/// The number of keys in the test below.
const KEYS: u32 = 1_000_000;
/// The most linear memory for one key: 111 bytes by STATE.md, its index, and its share of the fixed part.
const BYTES_PER_KEY: usize = 134;
const BEGIN: i64 = 1_772_359_200_000_000;

/// One failure for each (user, address).
fn failures(range: std::ops::Range<u32>) -> Vec<u8> {
    let mut log = String::new();
    let time = Timestamp(BEGIN + i64::from(range.start / 10_000) * 1_000_000).to_string();
    for n in range {
        let address = std::net::Ipv4Addr::from(0x0a00_0000 | n);
        let line =
            format_args!("{time} web1 sshd[{n}]: Failed password for u{n} from {address} port 22 ssh2");
        writeln!(log, "{line}").expect("there is memory");
    }
    log.into_bytes()
}

/// A million keys of AN1276 take at most 134 bytes of linear memory each, with everything that the module needs.
/// Writing and reading them takes less time than the events did, and the state is the same afterwards.
#[test]
fn a_million_keys_take_134_bytes_each_and_travel_quickly() {
    let config = r#"{"correlate":["user+ip"],"max_keys":1000000,"min_failures":5}"#;
    let tight =
        Limits { call: Duration::from_secs(20), memory: KEYS as usize * BYTES_PER_KEY, ..Limits::default() };
    let built = authsieve_components::get("an1276").expect("it is one of them");
    let fill = |limits: Limits| {
        let engine = support::engine(limits);
        let analytic = Analytic::load(&engine, built.id, built.wasm).expect("it loads");
        let mut detector = analytic.create(config, 3).expect("the configuration is valid");
        let mut took = Duration::ZERO;
        for from in (0..KEYS).step_by(500) {
            let batch = failures(from..from + 500);
            let start = Instant::now();
            detector.process(&batch, BEGIN + 3_600_000_000).expect("it has room");
            took += start.elapsed();
        }
        let stats = &detector.stats().expect("it lives")[0];
        assert_eq!((stats.keys, stats.evicted), (KEYS.into(), 0));
        (analytic, detector, took)
    };
    drop(fill(tight));

    let (analytic, mut detector, filled) =
        fill(Limits { call: Duration::from_secs(20), ..Limits::default() });
    let start = Instant::now();
    let snapshot = detector.snapshot().expect("it lives");
    let written = start.elapsed();
    let start = Instant::now();
    let (mut restored, notes) = analytic.restore(config, 4, &snapshot).expect("what it wrote, it can read");
    let read = start.elapsed();
    println!(
        "{KEYS} keys: filled in {filled:?}, {} bytes written in {written:?}, read in {read:?}",
        snapshot.len()
    );
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(restored.stats().expect("it lives")[0].keys, u64::from(KEYS));
    // Half a second each on a quiet machine. On any machine, it is faster than to read the events again.
    assert!(written < filled && read < filled, "filled {filled:?}, written {written:?}, read {read:?}");

    // Four more failures of the first key, and then the login.
    let address = std::net::Ipv4Addr::from(0x0a00_0000);
    let mut log = String::new();
    for second in 0..4 {
        let time = Timestamp(BEGIN + (200 + second) * 1_000_000);
        writeln!(log, "{time} web1 sshd[1]: Failed password for u0 from {address} port 22 ssh2")
            .expect("there is memory");
    }
    let time = Timestamp(BEGIN + 210 * 1_000_000);
    writeln!(log, "{time} web1 sshd[1]: Accepted password for u0 from {address} port 22 ssh2")
        .expect("there is memory");
    for detector in [&mut detector, &mut restored] {
        let alerts = detector.process(log.as_bytes(), BEGIN + 3_600_000_000).expect("it lives");
        assert_eq!(alerts.iter().map(|alert| alert.user.as_deref()).collect::<Vec<_>>(), [Some("u0")]);
    }
}
