//! The simplest rule: a number of failures of a key within a window. It has the thresholds of the analytic, and is
//! silent for the window after an alarm.

use super::runs::Runs;
use super::{Fact, System};
use crate::alarm::Alarm;
use authsieve_engine::event::Outcome;
use authsieve_tests::fact::{MINUTE, Micros};
use std::collections::HashMap;

const fn rule(rules: &'static str, judge: fn(&[Fact]) -> Vec<Alarm>) -> System {
    System { name: "plain threshold", rules, providers: &[], judge }
}

/// The rules, by analytic.
pub const RULES: &[(&str, System)] = &[
    ("an1276", rule("5 failures of a user from an address in 15 minutes", five)),
    ("fls", rule("5 failures of a user from an address in 15 minutes", five)),
    (
        "an1521",
        rule("10 failures of a user in 10 minutes", |facts| {
            count(facts, failed, |fact| vec![&*fact.user], 10, 10 * MINUTE)
        }),
    ),
    (
        "an1269",
        rule("10 failures from an address in 30 minutes", |facts| {
            count(facts, failed, |fact| vec![&*fact.address], 10, 30 * MINUTE)
        }),
    ),
    (
        "an0454",
        rule("5 challenges of a user in 10 minutes", |facts| {
            count(facts, challenged, |fact| vec![&*fact.user], 5, 10 * MINUTE)
        }),
    ),
];

fn five(facts: &[Fact]) -> Vec<Alarm> {
    count(facts, failed, |fact| vec![&*fact.user, &*fact.address], 5, 15 * MINUTE)
}

fn failed(fact: &Fact) -> bool {
    fact.outcome == Outcome::Failure && !fact.address.is_empty()
}

/// A challenge. Duo writes only how each ended.
fn challenged(fact: &Fact) -> bool {
    fact.outcome == Outcome::Challenge || fact.provider == "duo" && fact.outcome != Outcome::Success
}

fn count(
    facts: &[Fact],
    counts: fn(&Fact) -> bool,
    key: fn(&Fact) -> Vec<&str>,
    least: usize,
    window: Micros,
) -> Vec<Alarm> {
    let (mut runs, mut silent, mut alarms) = (Runs::new(window), HashMap::new(), vec![]);
    for fact in facts.iter().filter(|fact| counts(fact)) {
        let keys = key(fact);
        let joined = keys.join(" ");
        if runs.add(&joined, fact.time) >= least && silent.get(&joined).is_none_or(|end| fact.time > *end) {
            silent.insert(joined, fact.time + window);
            alarms.push(Alarm::new(fact.time, keys));
        }
    }
    alarms
}
