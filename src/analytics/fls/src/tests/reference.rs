//! A reference of FLS from its design, over all events so far, compared with the analytic on random events.
//!
//! *Rule R*: a failure f of key k completes a count if at least min_failures failures of k lie in [f − window, f]. A
//! success at s raises an alert if, and only if, k has such a failure with f ≤ s ≤ f + success_within. The key is
//! (user, IP), or (user, IP, user agent). An alert consumes the failures of its key.

use super::{BEGIN, RECEIVED};
use crate::Fls;
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::Detector;
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::time::Timestamp;
use proptest::prelude::*;

const SECOND: i64 = 1_000_000;
const USERS: [&str; 3] = ["ada", "bob", "svc-mail"];
const ADDRESSES: [&str; 4] = ["192.0.2.1", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", ""];
const AGENTS: [&str; 2] = ["Mozilla/5.0", ""];
const PROVIDERS: [Provider; 4] = [Provider::Entra, Provider::Windows, Provider::Ecs, Provider::Linux];

#[derive(Clone, Debug)]
struct Fact {
    time: i64,
    outcome: Outcome,
    count: u32,
    user: &'static str,
    address: &'static str,
    agent: &'static str,
    provider: Provider,
}

#[derive(Clone, Debug)]
struct Options {
    min_failures: u32,
    /// In seconds.
    window: i64,
    success_within: i64,
    same_user_agent: bool,
    require_ip: bool,
    /// An override for `svc-*`: another threshold, or ignored.
    service: Option<Option<u32>>,
    lateness: &'static str,
}

impl Options {
    fn json(&self) -> String {
        let overrides = match self.service {
            None => serde_json::json!([]),
            Some(None) => serde_json::json!([{"users": ["svc-*"], "ignore": true}]),
            Some(Some(min)) => serde_json::json!([{"users": ["svc-*"], "min_failures": min}]),
        };
        serde_json::json!({
            "minFailures": self.min_failures,
            "window": format!("{}s", self.window),
            "success_within": format!("{}s", self.success_within),
            "same_user_agent": self.same_user_agent,
            "require_ip": self.require_ip,
            "override": overrides,
            "allowed_lateness": self.lateness,
        })
        .to_string()
    }
}

/// The compared parts of an alert: pattern, time, user, address, and on how many accounts the address failed.
type Raised = (String, i64, String, String, Option<u32>);

fn key(fact: &Fact, options: &Options) -> (&'static str, String, &'static str) {
    (fact.user, block(fact), if options.same_user_agent { fact.agent } else { "" })
}

/// The address as a part of keys: the first 64 bits of IPv6.
fn block(fact: &Fact) -> String {
    if fact.address.contains(':') {
        fact.address.split(':').take(4).collect::<Vec<_>>().join(":")
    } else {
        fact.address.into()
    }
}

fn looked_at(fact: &Fact, options: &Options) -> bool {
    let ignored = fact.user.starts_with("svc-") && options.service == Some(None);
    fact.provider != Provider::Linux && !ignored && (!options.require_ip || !fact.address.is_empty())
}

/// The failure that makes a success raise an alert; of several, the newest.
fn qualifying(success: &Fact, failures: &[&Fact], options: &Options) -> Option<i64> {
    let min = match options.service {
        Some(Some(min)) if success.user.starts_with("svc-") => min,
        _ => options.min_failures,
    };
    let enough = |f: i64| {
        let company = failures.iter().filter(|g| f - options.window * SECOND <= g.time && g.time <= f);
        company.map(|g| g.count).sum::<u32>() >= min
    };
    let in_time = |f: i64| f <= success.time && success.time <= f + options.success_within * SECOND;
    failures.iter().map(|f| f.time).filter(|f| in_time(*f) && enough(*f)).max()
}

/// The alerts that events in this order must raise.
fn judge(facts: &[Fact], options: &Options) -> Vec<Raised> {
    let mut alerts = vec![];
    let mut consumed = vec![false; facts.len()];
    for (now, success) in facts.iter().enumerate() {
        if success.outcome != Outcome::Success || !looked_at(success, options) {
            continue;
        }
        let failed = |fact: &Fact| fact.outcome == Outcome::Failure && looked_at(fact, options);
        let own: Vec<usize> = (0..now)
            .filter(|at| {
                !consumed[*at] && failed(&facts[*at]) && key(&facts[*at], options) == key(success, options)
            })
            .collect();
        let failures: Vec<&Fact> = own.iter().map(|at| &facts[*at]).collect();
        let Some(completed) = qualifying(success, &failures, options) else { continue };
        own.iter().for_each(|at| consumed[*at] = true);
        let from = completed - options.window * SECOND;
        let mut accounts: Vec<&str> = facts[..now]
            .iter()
            .filter(|fact| failed(fact) && block(fact) == block(success) && fact.time >= from)
            .map(|fact| fact.user)
            .chain([success.user])
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        let accounts = if success.address.is_empty() { 1 } else { accounts.len() as u32 };
        alerts.push((
            "failures-then-success".into(),
            success.time,
            success.user.into(),
            success.address.into(),
            Some(accounts),
        ));
    }
    alerts
}

fn events(facts: &[Fact]) -> Vec<Event<'static>> {
    let event = |fact: &Fact| Event {
        time: Timestamp(fact.time),
        outcome: fact.outcome,
        count: fact.count,
        user: fact.user.into(),
        src_ip: fact.address.parse().ok(),
        user_agent: fact.agent.into(),
        provider: fact.provider,
        ..Event::default()
    };
    facts.iter().map(event).collect()
}

fn detect(facts: &[Fact], options: &Options, seed: u64) -> Vec<Alert> {
    let mut detector = Detector::<Fls>::create(&options.json(), seed).unwrap();
    let mut alerts: Vec<Alert> =
        events(facts).into_iter().flat_map(|event| detector.observe(event, b"{}", RECEIVED)).collect();
    alerts.extend(detector.flush());
    alerts
}

fn raised(alerts: &[Alert]) -> Vec<Raised> {
    let one = |alert: &Alert| {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        (alert.pattern.clone(), alert.time.0, text(&alert.user), text(&alert.src_ip), alert.distinct_users)
    };
    alerts.iter().map(one).collect()
}

fn options() -> impl Strategy<Value = Options> {
    let service =
        prop_oneof![3 => Just(None), 1 => Just(Some(None)), 2 => (1u32..6).prop_map(|min| Some(Some(min)))];
    (1u32..6, 1i64..40, 1i64..30, any::<bool>(), any::<bool>(), service).prop_map(
        |(min_failures, window, success_within, same_user_agent, require_ip, service)| Options {
            min_failures,
            window,
            success_within,
            same_user_agent,
            require_ip,
            service,
            lateness: "0s",
        },
    )
}

/// The time between an event and the one before, in microseconds. `Window` and `Within` are at the end of `window` and
/// of `success_within`, or one microsecond beside it.
#[derive(Clone, Copy, Debug)]
enum Gap {
    Nothing,
    Seconds(i64),
    Window(i64),
    Within(i64),
}

fn gap() -> impl Strategy<Value = Gap> {
    prop_oneof![
        3 => Just(Gap::Nothing),
        6 => (1i64..8).prop_map(Gap::Seconds),
        1 => (-1i64..2).prop_map(Gap::Window),
        1 => (-1i64..2).prop_map(Gap::Within),
    ]
}

fn scenario(most: usize) -> impl Strategy<Value = (Vec<Fact>, Options)> {
    let outcome = prop_oneof![
        12 => Just(Outcome::Failure),
        5 => Just(Outcome::Success),
        1 => prop::sample::select(vec![Outcome::Stopped, Outcome::Challenge, Outcome::Denied, Outcome::Timeout]),
    ];
    let pick = |n: usize| prop_oneof![3 => Just(0), 1 => 0..n];
    let fact =
        (gap(), outcome, prop_oneof![5 => Just(1u32), 1 => 2u32..5], pick(3), pick(4), pick(2), pick(4));
    (prop::collection::vec(fact, 0..most), options()).prop_map(|(list, options)| {
        let mut time = BEGIN * SECOND;
        let facts = list.into_iter().map(|(gap, outcome, count, user, address, agent, provider)| {
            time += match gap {
                Gap::Nothing => 0,
                Gap::Seconds(n) => n * SECOND,
                Gap::Window(beyond) => options.window * SECOND + beyond,
                Gap::Within(beyond) => options.success_within * SECOND + beyond,
            };
            Fact {
                time,
                outcome,
                count: if outcome == Outcome::Failure { count } else { 1 },
                user: USERS[user],
                address: ADDRESSES[address],
                agent: AGENTS[agent],
                provider: PROVIDERS[provider],
            }
        });
        (facts.collect(), options)
    })
}

/// Shuffles the events, but keeps the order of events with equal times.
fn shuffled(facts: &[Fact], places: &[u16]) -> Vec<Fact> {
    let mut order: Vec<usize> = (0..facts.len()).collect();
    order.sort_by_key(|at| places.get(*at));
    for slot in 0..order.len() {
        let same = (slot..order.len()).filter(|other| facts[order[*other]].time == facts[order[slot]].time);
        let earliest = same.min_by_key(|other| order[*other]).unwrap_or(slot);
        order.swap(slot, earliest);
    }
    order.into_iter().map(|at| facts[at].clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_design((facts, options) in scenario(60)) {
        prop_assert_eq!(raised(&detect(&facts, &options, 7)), judge(&facts, &options), "{}", options.json());
    }

    /// Through the decoder, for events that ECS can express.
    #[test]
    fn agrees_on_records((mut facts, options) in scenario(40)) {
        facts.retain(|fact| matches!(fact.outcome, Outcome::Failure | Outcome::Success));
        let mut log = vec![];
        for fact in &mut facts {
            (fact.count, fact.provider) = (1, Provider::Ecs);
            let mut record = serde_json::json!({
                "@timestamp": Timestamp(fact.time).to_string(),
                "event": {"category": ["authentication"], "outcome": fact.outcome.as_str()},
                "user": {"name": fact.user}, "user_agent": {"original": fact.agent},
            });
            if !fact.address.is_empty() {
                record["source"] = serde_json::json!({"ip": fact.address});
            }
            log.extend(format!("{record}\n").into_bytes());
        }
        let mut detector = Detector::<Fls>::create(&options.json(), 1).unwrap();
        prop_assert_eq!(raised(&detector.process(&log, RECEIVED)), judge(&facts, &options), "{}", options.json());
    }

    /// A whole input that is sorted first gives the same alerts as the input in order.
    #[test]
    fn agrees_on_shuffled_input((facts, options) in scenario(40), places: [u16; 40]) {
        let options = Options { lateness: "max", ..options };
        let alerts = detect(&shuffled(&facts, &places), &options, 3);
        prop_assert_eq!(raised(&alerts), judge(&facts, &options), "{}", options.json());
    }

    /// Judged in the order of arrival, events raise no alert that the rule does not justify on the sorted events.
    #[test]
    fn what_comes_late_raises_nothing_false((facts, options) in scenario(40), places: [u16; 40]) {
        let facts = shuffled(&facts, &places);
        for (_, time, user, address, _) in raised(&detect(&facts, &options, 3)) {
            let justified = facts.iter().any(|success| {
                let failures: Vec<&Fact> = facts
                    .iter()
                    .filter(|f| f.outcome == Outcome::Failure && looked_at(f, &options) && key(f, &options) == key(success, &options))
                    .collect();
                let is_it = (success.time, success.user, success.address) == (time, &*user, &*address);
                is_it && success.outcome == Outcome::Success && qualifying(success, &failures, &options).is_some()
            });
            prop_assert!(justified, "{user} from {address} at {time}: {}", options.json());
        }
    }

    /// Neither the seed nor a snapshot at any point changes a byte of the alerts.
    #[test]
    fn alerts_are_the_same_to_the_byte(
        (facts, options) in scenario(40), snapshots in prop::collection::vec(prop::bool::weighted(0.2), 40), seed: u64,
        lateness in prop::sample::select(vec!["0s", "10s", "max"]), places: [u16; 40],
    ) {
        let options = Options { lateness, ..options };
        let facts = shuffled(&facts, &places);
        let expected = detect(&facts, &options, 7);
        let mut detector = Detector::<Fls>::create(&options.json(), seed).unwrap();
        let mut alerts = vec![];
        for (event, snapshot) in events(&facts).into_iter().zip(snapshots) {
            alerts.extend(detector.observe(event, b"{}", RECEIVED));
            if snapshot {
                let bytes = detector.snapshot();
                let (restored, notes) = Detector::<Fls>::restore(&options.json(), seed ^ 1, &bytes).unwrap();
                prop_assert_eq!((restored.snapshot(), notes), (bytes, vec![]));
                detector = restored;
            }
        }
        alerts.extend(detector.flush());
        prop_assert_eq!(alerts, expected, "{}", options.json());
    }
}

/// Checks that some scenarios raise alerts and some do not; else they would prove nothing.
#[test]
fn scenarios_raise_alerts() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut silent, mut alerts) = (0, 0);
    for _ in 0..400 {
        let (facts, options) = scenario(60).new_tree(&mut runner).unwrap().current();
        let raised = judge(&facts, &options);
        silent += usize::from(raised.is_empty());
        alerts += raised.len();
    }
    assert!((40..360).contains(&silent) && alerts > 400, "{silent} of 400 raise nothing, {alerts} alerts");
}
