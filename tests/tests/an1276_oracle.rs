//! Compares AN1276 with its oracle: for random logs in any form, both raise the same alerts.

use authsieve_an1276::An1276;
use authsieve_engine::alert::Alert;
use authsieve_engine::time::Timestamp;
use authsieve_tests::carrier::Carrier;
use authsieve_tests::fact::{Fact, Micros, SECOND};
use authsieve_tests::options::Options;
use authsieve_tests::oracle::{Raised, judge, justified};
use authsieve_tests::render::{Record, render};
use authsieve_tests::scenario::{HOSTS, Happening, Kind, SOURCES, Scenario, USERS, options, scenario};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

type Detector = authsieve_engine::detector::Detector<An1276>;

/// The time of receipt: after the whole input, and soon enough that a line without a year has a clear one.
const AFTER: Micros = 30 * 86_400 * SECOND;

/// An ordinary day.
const DAY: Micros = 1_741_000_000 * SECOND;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

fn carrier() -> impl Strategy<Value = Carrier> {
    prop::sample::select(Carrier::ALL.to_vec())
}

/// The options that can be judged from the carrier's records.
fn fitting(mut options: Options, carrier: Carrier) -> Options {
    if !carrier.tells_method() {
        options.success_methods = vec!["*".into()];
    }
    options
}

fn facts(records: &[Record]) -> Vec<Fact> {
    records.iter().filter_map(|r| r.fact.clone()).collect()
}

fn received(scenario: &Scenario) -> Timestamp {
    Timestamp(scenario.base + AFTER)
}

fn detector(options: &Options, seed: u64) -> Detector {
    let json = options.to_json();
    Detector::create(&json, seed).unwrap_or_else(|e| panic!("{json}: {e}"))
}

fn joined(records: &[Record]) -> Vec<u8> {
    records.iter().flat_map(|r| [&r.bytes[..], b"\n"].concat()).collect()
}

fn detect(records: &[Record], options: &Options, received: Timestamp) -> Vec<Alert> {
    let mut detector = detector(options, 7);
    let mut alerts = detector.process(&joined(records), received);
    alerts.extend(detector.flush());
    alerts
}

fn raised(alerts: &[Alert]) -> Vec<Raised> {
    let one = |a: &Alert| Raised {
        pattern: a.pattern.clone(),
        time: a.time.0,
        user: a.user.clone(),
        src_ip: a.src_ip.clone(),
        matched: a.matched.clone(),
    };
    alerts.iter().map(one).collect()
}

fn json(alerts: &[Alert]) -> Vec<String> {
    alerts.iter().map(Alert::to_json).collect()
}

/// Shuffles the records, but keeps the order of those with equal times, which only their arrival shows.
fn shuffled(records: Vec<Record>, places: &[u16]) -> Vec<Record> {
    let time = |at: usize| records[at].fact.as_ref().map(|f| f.time);
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.sort_by_key(|&at| places.get(at % places.len().max(1)));
    for slot in 0..order.len() {
        let earliest =
            (slot..order.len()).filter(|&s| time(order[s]) == time(order[slot])).min_by_key(|&s| order[s]);
        order.swap(slot, earliest.unwrap_or(slot));
    }
    order.into_iter().map(|at| records[at].clone()).collect()
}

/// The input, to find out why a test failed.
fn shown(records: &[Record], options: &Options) -> String {
    let mut out = format!("\noptions: {}\n", options.to_json());
    for record in records {
        let text = String::from_utf8_lossy(&record.bytes);
        match &record.fact {
            Some(f) => {
                out +=
                    &format!("{text}\n    => {:?} {:?} {:?} {:?}\n", Timestamp(f.time), f.user, f.ip, f.says)
            }
            None => out += &format!("{text}\n    => nothing\n"),
        }
    }
    out
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn agrees_with_the_oracle(scenario in scenario(60), options in options(), carrier in carrier(), style: u64) {
        let options = fitting(options, carrier);
        let records = render(&scenario.happenings(&options), carrier, style);
        let expected = judge(&facts(&records), &options);
        let alerts = detect(&records, &options, received(&scenario));
        prop_assert_eq!(raised(&alerts), expected, "{}", shown(&records, &options));
    }

    /// A whole input that is sorted first gives the same alerts as the input in order.
    #[test]
    fn agrees_on_shuffled_input(
        scenario in scenario(40), options in options(), carrier in carrier(), style: u64, places: [u16; 40],
    ) {
        let options = Options { allowed_lateness: "max", ..fitting(options, carrier) };
        let records = render(&scenario.happenings(&options), carrier, style);
        let expected = judge(&facts(&records), &options);
        let records = shuffled(records, &places);
        let alerts = detect(&records, &options, received(&scenario));
        prop_assert_eq!(raised(&alerts), expected, "{}", shown(&records, &options));
    }

    /// Judged in the order of arrival, lines raise no alert that the rule does not justify on the sorted lines. Each
    /// attempt has one voice only: of several lines about one attempt, their order decides which one counts
    /// (STATE.md).
    #[test]
    fn what_comes_late_raises_nothing_false(
        scenario in scenario(40), options in options(), carrier in carrier(), style: u64, places: [u16; 40],
    ) {
        let options = Options { allowed_lateness: "0s", ..fitting(options, carrier) };
        let mut happenings = scenario.happenings(&options);
        happenings.retain(|one| matches!(one.kind, Kind::Failed(_) | Kind::SuPam | Kind::SuFailed) || !one.kind.is_failure());
        let records = render(&happenings, carrier, style);
        let sorted = justified(&facts(&records), &options);
        let records = shuffled(records, &places);
        for alert in raised(&detect(&records, &options, received(&scenario))) {
            let is_it = |other: &Raised| {
                (other.time, &other.user, &other.src_ip) == (alert.time, &alert.user, &alert.src_ip)
                    && alert.matched.iter().all(|key| other.matched.contains(key))
            };
            prop_assert!(sorted.iter().any(is_it), "{:?}{}", alert, shown(&records, &options));
        }
    }

    /// Batches, the seed, snapshots at any point and a host's prefilter do not change a byte of the alerts. This
    /// holds even if a table is too small and keys are evicted.
    #[test]
    fn alerts_are_the_same_to_the_byte(
        scenario in scenario(40), options in options(), carrier in carrier(), style: u64,
        cuts in prop::collection::vec(any::<bool>(), 60), snapshots in prop::collection::vec(prop::bool::weighted(0.2), 60),
        seed: u64, lateness in prop::sample::select(vec!["0s", "2m", "max"]),
        max_keys in prop::sample::select(vec![16, 18, 500_000]),
    ) {
        let options = Options { allowed_lateness: lateness, ..fitting(options, carrier) };
        let records = render(&scenario.happenings(&options), carrier, style);
        let received = received(&scenario);
        let config = options.to_json().replacen('{', &format!(r#"{{"max_keys":{max_keys},"#), 1);
        let create = |seed| Detector::create(&config, seed).unwrap_or_else(|why| panic!("{config}: {why}"));
        let mut uncut = create(7);
        let mut expected = uncut.process(&joined(&records), received);
        expected.extend(uncut.flush());
        let expected = json(&expected);

        let mut one = create(seed);
        let needles: Vec<String> = one.needles().iter().map(|n| n.to_ascii_lowercase()).collect();
        let mut batch = vec![];
        let mut alerts = vec![];
        for (at, record) in records.iter().enumerate() {
            let lower = record.bytes.to_ascii_lowercase();
            let may_matter = needles.is_empty()
                || needles.iter().any(|n| lower.windows(n.len()).any(|part| part == n.as_bytes()));
            if may_matter {
                batch.extend_from_slice(&record.bytes);
                batch.push(b'\n');
            }
            if cuts.get(at).copied().unwrap_or(false) {
                alerts.extend(one.process(&std::mem::take(&mut batch), received));
                if snapshots.get(at).copied().unwrap_or(false) {
                    let bytes = one.snapshot();
                    let (restored, notes) = Detector::restore(&config, seed ^ at as u64, &bytes).unwrap();
                    prop_assert_eq!(notes, Vec::<String>::new());
                    prop_assert_eq!(restored.snapshot(), bytes, "a snapshot of what was restored is the same");
                    one = restored;
                }
            }
        }
        // The last record of a batch needs no newline.
        batch.pop();
        alerts.extend(one.process(&batch, received));
        alerts.extend(one.flush());
        prop_assert_eq!(json(&alerts), expected, "{}", shown(&records, &options));
    }
}

/// The lines of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Only `Failed`.
    Failed,
    /// PAM in the same process, then `Failed`.
    Pam,
    /// `Invalid user`, PAM, `Failed` for each attempt, and `Connection closed` at the end.
    Talkative,
    /// PAM in a process of its own, then `error: PAM`: a keyboard-interactive answer.
    Elsewhere,
}

/// The lines of connections from one address, each with its attempts, in the order of their times.
fn connections(list: &[(Manner, u8, Micros)]) -> (Vec<Happening>, u32) {
    let (mut lines, mut attempts) = (vec![], 0);
    for (at, (manner, tries, start)) in list.iter().enumerate() {
        let pid = 1000 + at as u32;
        let one = Happening {
            time: *start,
            host: HOSTS[0],
            pid,
            user: USERS[0],
            valid: true,
            source: SOURCES[0],
            kind: Kind::Failed(1),
        };
        for attempt in 0..i64::from(*tries) {
            let time = start + attempt * 4 * SECOND;
            match manner {
                Manner::Failed => {}
                Manner::Pam => lines.push(Happening { time, kind: Kind::PamUnix, ..one }),
                Manner::Talkative => {
                    if attempt == 0 {
                        lines.push(Happening { time, kind: Kind::Invalid, ..one });
                    }
                    lines.push(Happening { time, kind: Kind::PamUnix, ..one });
                }
                Manner::Elsewhere => {
                    lines.push(Happening { time, kind: Kind::PamUnix, pid: pid + 5000, ..one })
                }
            }
            let kind = if *manner == Manner::Elsewhere { Kind::SshdPam } else { one.kind };
            lines.push(Happening { time: time + 2 * SECOND, kind, ..one });
            attempts += 1;
        }
        if *manner == Manner::Talkative {
            lines.push(Happening { time: start + i64::from(*tries) * 4 * SECOND, kind: Kind::Closed, ..one });
        }
    }
    lines.sort_by_key(|line| line.time);
    let last = lines.last().map_or(0, |line| line.time);
    let success = Happening { time: last + 11 * SECOND, pid: 900, kind: Kind::Accepted(0), ..lines[0] };
    lines.push(success);
    (lines, attempts)
}

/// Checks that the detector and the oracle count exactly this many failures.
fn counts(lines: &[Happening], attempts: u32, style: u64) -> Result<(), TestCaseError> {
    let records = render(lines, Carrier::Iso, style);
    for (min_failures, alerts) in [(attempts, 1), (attempts + 1, 0)] {
        let options = Options { min_failures, ..Options::default() };
        let oracle = judge(&facts(&records), &options).len();
        prop_assert_eq!(
            oracle,
            alerts,
            "the oracle, min_failures {}{}",
            min_failures,
            shown(&records, &options)
        );
        let detected = detect(&records, &options, Timestamp(lines[0].time + AFTER)).len();
        prop_assert_eq!(detected, alerts, "{} attempts{}", attempts, shown(&records, &options));
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    /// One connection after another, with PAM in any process.
    #[test]
    fn attempts_in_turn_count_once(
        list in prop::collection::vec((prop::sample::select(vec![Manner::Failed, Manner::Pam, Manner::Talkative, Manner::Elsewhere]), 1u8..5), 1..6),
        style: u64,
    ) {
        let apart = |(at, (manner, tries)): (usize, (Manner, u8))| (manner, tries, DAY + at as i64 * 40 * SECOND);
        let (lines, attempts) = connections(&list.into_iter().enumerate().map(apart).collect::<Vec<_>>());
        counts(&lines, attempts, style)?;
    }

    /// Several connections at once, each with PAM in its own process.
    #[test]
    fn attempts_at_once_count_once(
        list in prop::collection::vec((prop::sample::select(vec![Manner::Failed, Manner::Pam, Manner::Talkative]), 1u8..5, 0i64..20), 1..6),
        style: u64,
    ) {
        let at = |(manner, tries, second): (Manner, u8, i64)| (manner, tries, DAY + second * SECOND);
        let (lines, attempts) = connections(&list.into_iter().map(at).collect::<Vec<_>>());
        counts(&lines, attempts, style)?;
    }
}

/// Checks that some scenarios raise alerts and some do not; else they would prove nothing.
#[test]
fn scenarios_raise_alerts_of_every_pattern() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut silent, mut patterns) = (0, std::collections::BTreeMap::new());
    for style in 0..400 {
        let (scenario, options, carrier) =
            (scenario(60), options(), carrier()).new_tree(&mut runner).unwrap().current();
        let options = fitting(options, carrier);
        let raised = judge(&facts(&render(&scenario.happenings(&options), carrier, style)), &options);
        silent += usize::from(raised.is_empty());
        for verdict in raised {
            *patterns.entry(verdict.pattern).or_insert(0) += 1;
        }
    }
    assert!((80..350).contains(&silent), "{silent} of 400 raise nothing");
    assert_eq!(patterns.len(), 3, "{patterns:?}");
    assert!(patterns.values().all(|n| *n >= 20), "{patterns:?}");
}
