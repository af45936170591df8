//! A naive reference of AN1269 from its design: for each event, it searches all events before.

use super::{BEGIN, RECEIVED};
use crate::An1269;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::detector::Detector;
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::time::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// One event as numbers. `user` 0 is unknown; `address` 3 is in the same /64 as 2.
#[derive(Clone, Copy, Debug)]
struct Fact {
    time: i64,
    outcome: Outcome,
    credential: bool,
    user: u8,
    address: u8,
    count: u32,
}

impl Fact {
    fn user(self) -> String {
        if self.user == 0 { String::new() } else { format!("u{}@example.com", self.user) }
    }

    fn address(self) -> &'static str {
        ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"][self.address as usize]
    }

    fn key(self) -> u8 {
        self.address.min(2)
    }

    fn event(self) -> Event<'static> {
        Event {
            time: Timestamp(self.time),
            outcome: self.outcome,
            credential: self.credential,
            count: self.count,
            user: self.user().into(),
            src_ip: self.address().parse().ok(),
            provider: Provider::M365,
            ..Event::default()
        }
    }

    /// The fact as an ECS record; `None` if ECS cannot express it.
    fn record(self) -> Option<String> {
        let outcome = match self.outcome {
            Outcome::Failure if !self.credential && self.count == 1 => "failure",
            Outcome::Success => "success",
            _ => return None,
        };
        let user =
            if self.user == 0 { String::new() } else { format!(r#","user":{{"name":"{}"}}"#, self.user()) };
        Some(format!(
            r#"{{"@timestamp":"{}","event":{{"category":["authentication"],"outcome":"{outcome}"}},"source":{{"ip":"{}"}}{user}}}"#,
            Timestamp(self.time),
            self.address(),
        ))
    }
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    min_failures: u32,
    window: i64,
    min_accounts: u32,
    shared: u32,
    /// An override for user 1.
    other_min_failures: u32,
}

impl Rules {
    fn config(self, lateness: i64) -> String {
        format!(
            r#"{{"min_failures":{},"window":"{}s","min_accounts":{},"shared_egress_accounts":{},"allowed_lateness":"{lateness}s",
               "override":[{{"users":["u1@*"],"min_failures":{},"severity":"+1"}}]}}"#,
            self.min_failures,
            self.window / SECOND,
            self.min_accounts,
            self.shared,
            self.other_min_failures
        )
    }
}

const SECOND: i64 = 1_000_000;

/// The compared parts of an alert: pattern, time, user, address; severity, failures, number of accounts that failed,
/// accounts that logged in.
type Raised = (String, i64, Option<String>, Option<String>, Severity, u32, u32, Vec<String>);

fn raised(alert: &Alert) -> Raised {
    (
        alert.pattern.clone(),
        alert.time.0,
        alert.user.clone(),
        alert.src_ip.clone(),
        alert.severity,
        alert.failure_count.unwrap(),
        alert.distinct_users.unwrap(),
        alert.related_successes.clone(),
    )
}

fn naive(facts: &[Fact], rules: Rules) -> Vec<Raised> {
    let mut alerts: Vec<Raised> = Vec::new();
    // Alerts so far: rank or branch, key, account, time.
    let mut patterns: Vec<(usize, u8, i64)> = Vec::new();
    let mut accepted: Vec<(u8, Option<u8>, i64)> = Vec::new();
    for (now, fact) in facts.iter().enumerate() {
        let t = fact.time;
        let seen = |outcome: Outcome| {
            facts[..=now]
                .iter()
                .filter(move |f| f.key() == fact.key() && f.outcome == outcome)
                .filter(move |f| t - rules.window <= f.time && f.time <= t)
        };
        let failures: u32 = seen(Outcome::Failure).map(|f| f.count).sum();
        let accounts: BTreeSet<u8> = seen(Outcome::Failure).map(|f| f.user).collect();
        let logged_in: BTreeSet<u8> = seen(Outcome::Success).map(|f| f.user).collect();
        let enough = if fact.user == 1 { rules.other_min_failures } else { rules.min_failures };
        let many = accounts.len() as u32 >= rules.min_accounts;
        let mut raise = |pattern: &str, severity: Severity| {
            let user = Some(fact.user()).filter(|user| !user.is_empty());
            let severity = if fact.user == 1 { severity.shifted(1) } else { severity };
            let names = logged_in.iter().filter(|user| **user > 0).map(|user| format!("u{user}@example.com"));
            alerts.push((
                pattern.into(),
                t,
                user,
                Some(fact.address().into()),
                severity,
                failures,
                accounts.len() as u32,
                names.collect(),
            ));
        };
        if fact.outcome == Outcome::Failure && failures >= enough {
            let rank = match many {
                false => 0,
                true if failures > 2 * accounts.len() as u32 => 1,
                true => 2,
            };
            let silent = |(p, key, at): &(usize, u8, i64)| {
                *p >= rank && *key == fact.key() && (t - at).abs() <= rules.window
            };
            if !patterns.iter().any(silent) {
                patterns.push((rank, fact.key(), t));
                let severity = if logged_in.is_empty() { Severity::Medium } else { Severity::Critical };
                raise(["brute-force", "password-spray", "credential-stuffing"][rank], severity);
            }
        }
        let right = fact.outcome == Outcome::Success || fact.outcome == Outcome::Stopped || fact.credential;
        if right && failures >= enough {
            let who = if accounts.contains(&fact.user) {
                Some(Some(fact.user))
            } else if many && (logged_in.len() as u32) < rules.shared {
                Some(None)
            } else {
                None
            };
            if let Some(who) = who
                && !accepted
                    .iter()
                    .any(|(key, w, at)| *key == fact.key() && *w == who && (t - at).abs() <= rules.window)
            {
                accepted.push((fact.key(), who, t));
                raise("credential-accepted", Severity::Critical);
            }
        }
    }
    alerts
}

fn rules() -> impl Strategy<Value = Rules> {
    (1..7u32, prop_oneof![Just(1i64), Just(5), Just(20)], 1..5u32, 1..5u32, 1..7u32).prop_map(
        |(min_failures, window, min_accounts, shared, other_min_failures)| Rules {
            min_failures,
            window: window * SECOND,
            min_accounts,
            shared,
            other_min_failures,
        },
    )
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    // Equal times, edges of windows, and times one microsecond before or after an edge.
    let step = prop_oneof![
        4 => Just(0), 2 => Just(1), 5 => Just(SECOND), 1 => Just(SECOND - 1), 2 => Just(5 * SECOND), 1 => Just(5 * SECOND + 1)
    ];
    let outcome = prop_oneof![
        10 => Just((Outcome::Failure, false)), 1 => Just((Outcome::Failure, true)), 4 => Just((Outcome::Success, false)),
        1 => Just((Outcome::Success, true)), 1 => Just((Outcome::Stopped, false)), 1 => Just((Outcome::Denied, true)),
        1 => Just((Outcome::Challenge, true)), 1 => Just((Outcome::Timeout, true)), 1 => Just((Outcome::Challenge, false)),
        1 => Just((Outcome::Approved, false)),
    ];
    let address = prop_oneof![5 => Just(0u8), 1 => 1..4u8];
    let count = prop_oneof![9 => Just(1u32), 1 => 2..4u32];
    let fact = (step, outcome, 0..8u8, address, count);
    prop::collection::vec(fact, 1..70).prop_map(|all| {
        let mut time = BEGIN;
        let mut next = |(step, (outcome, credential), user, address, count)| {
            time += step;
            Fact { time, outcome, credential, user, address, count }
        };
        all.into_iter().map(&mut next).collect()
    })
}

fn run(detector: &mut Detector<An1269>, facts: &[Fact]) -> Vec<Raised> {
    let alerts = facts.iter().flat_map(|fact| detector.observe(fact.event(), b"", RECEIVED));
    alerts.map(|alert| raised(&alert)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn alerts_are_those_of_the_naive_one_whenever_it_is_restored(
        facts in facts(), rules in rules(), cut: prop::sample::Index, seed: u64
    ) {
        let (before, after) = facts.split_at(cut.index(facts.len() + 1));
        let config = rules.config(0);
        let mut detector = Detector::<An1269>::create(&config, seed).unwrap();
        let mut alerts = run(&mut detector, before);
        let snapshot = detector.snapshot();
        let (mut restored, notes) = Detector::<An1269>::restore(&config, !seed, &snapshot).unwrap();
        prop_assert!(notes.is_empty());
        prop_assert_eq!(restored.snapshot(), snapshot, "the same bytes for every seed");
        alerts.extend(run(&mut restored, after));
        run(&mut detector, after);
        prop_assert_eq!(restored.snapshot(), detector.snapshot(), "as if it had never been taken out");
        prop_assert_eq!(alerts, naive(&facts, rules));
        prop_assert_eq!(restored.stats()[0].late, 0);
    }

    #[test]
    fn records_say_the_same(facts in facts(), rules in rules()) {
        let facts: Vec<Fact> = facts.into_iter().filter(|fact| fact.record().is_some()).collect();
        let log: Vec<String> = facts.iter().filter_map(|fact| fact.record()).collect();
        let mut detector = Detector::<An1269>::create(&rules.config(0), 1).unwrap();
        let alerts: Vec<Raised> = detector.process(log.join("\n").as_bytes(), RECEIVED).iter().map(raised).collect();
        prop_assert_eq!(alerts, naive(&facts, rules));
    }

    #[test]
    fn what_comes_late_is_sorted_within_the_allowed_lateness(
        facts in facts(), rules in rules(), delays in prop::collection::vec(0..9 * SECOND, 70)
    ) {
        let mut late: Vec<(i64, Fact)> = facts.iter().zip(delays).map(|(fact, delay)| (fact.time + delay, *fact)).collect();
        late.sort_by_key(|(arrival, _)| *arrival);
        let late: Vec<Fact> = late.into_iter().map(|(_, fact)| fact).collect();
        let mut sorted = late.clone();
        sorted.sort_by_key(|fact| fact.time);
        let mut detector = Detector::<An1269>::create(&rules.config(10), 1).unwrap();
        let mut alerts = run(&mut detector, &late);
        alerts.extend(detector.flush().iter().map(raised));
        prop_assert_eq!(alerts, naive(&sorted, rules));
        prop_assert_eq!(detector.stats()[0].late, 0);
    }

    /// Late events raise no alert about events that did not happen. In the order of arrival, a count may miss events
    /// that are still to come, but each counted event must exist.
    #[test]
    fn what_comes_late_raises_nothing_that_was_not_there(
        facts in facts(), rules in rules(), delays in prop::collection::vec(0..40 * SECOND, 70)
    ) {
        let mut late: Vec<(i64, Fact)> = facts.iter().zip(delays).map(|(fact, delay)| (fact.time + delay, *fact)).collect();
        late.sort_by_key(|(arrival, _)| *arrival);
        let late: Vec<Fact> = late.into_iter().map(|(_, fact)| fact).collect();
        let mut detector = Detector::<An1269>::create(&rules.config(0), 1).unwrap();
        let mut before: Vec<Fact> = Vec::new();
        for fact in &late {
            before.push(*fact);
            for alert in run(&mut detector, &[*fact]) {
                let window = |f: &&Fact| {
                    f.key() == fact.key() && f.time <= fact.time && fact.time - rules.window <= f.time
                };
                let failures: Vec<&Fact> =
                    before.iter().filter(window).filter(|f| f.outcome == Outcome::Failure).collect();
                // The counts are those of all events so far: no more and no less.
                prop_assert_eq!(alert.5, failures.iter().map(|f| f.count).sum::<u32>());
                let accounts: BTreeSet<u8> = failures.iter().map(|f| f.user).collect();
                prop_assert_eq!(alert.6, accounts.len() as u32);
            }
        }
    }
}
