//! Rules that Elastic publishes for its SIEM, as small programs of ours. The names are theirs. Each program follows
//! what the published rule counts, in the version of the year that the page names.

use super::runs::Runs;
use super::{Fact, System};
use crate::alarm::Alarm;
use authsieve_engine::event::Outcome;
use authsieve_tests::fact::{MINUTE, Micros, SECOND};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const fn rule(
    rules: &'static str,
    providers: &'static [&'static str],
    judge: fn(&[Fact]) -> Vec<Alarm>,
) -> System {
    System { name: "Elastic", rules, providers, judge }
}

/// The rules, by analytic.
pub const RULES: &[(&str, System)] = &[
    (
        "an1276",
        rule(
            "*Potential Successful SSH Brute Force Attack*: 25 failures of a user from an address on a host, then a \
             login, all within 15 seconds",
            &["linux"],
            ssh,
        ),
    ),
    (
        "fls",
        rule(
            "*Multiple Logon Failure Followed by Logon Success*: 5 failures from an address on a computer, then a \
             logon, all within 5 seconds",
            &["windows"],
            logon,
        ),
    ),
    (
        "an1521",
        rule(
            "*Multiple Logon Failure from the same Source Address*: 100 failures from an address on a computer in one \
             minute",
            &["windows"],
            source,
        ),
    ),
    (
        "an1269",
        rule(
            "*Potential Brute Force via Entra ID Sign-Ins*: the failures of the whole tenant in 5 minutes, by the \
             numbers of users, addresses and attempts",
            &["entra"],
            tenant,
        ),
    ),
    (
        "an0454",
        rule(
            "*Potential Okta MFA Bombing via Push Notifications* and *Potentially Successful …*: 5 refused pushes of a \
             user in 10 minutes, before a session starts or followed by a login",
            &["okta"],
            bombing,
        ),
    ),
];

/// `least` failures of a key, then a success of it, all within the span. The sequence starts again after an alarm.
fn sequence(facts: &[Fact], key: fn(&Fact) -> String, least: usize, span: Micros) -> Vec<Alarm> {
    let (mut runs, mut alarms) = (Runs::new(span), vec![]);
    for fact in facts.iter().filter(|fact| !fact.address.is_empty()) {
        let key = key(fact);
        match fact.outcome {
            Outcome::Failure => {
                runs.add(&key, fact.time);
            }
            Outcome::Success if runs.count(&key, fact.time) >= least => {
                runs.forget(&key);
                alarms.push(Alarm::new(fact.time, [&fact.user, &fact.address]));
            }
            _ => {}
        }
    }
    alarms
}

fn ssh(facts: &[Fact]) -> Vec<Alarm> {
    sequence(facts, |fact| [&*fact.host, &fact.address, &fact.user].join(" "), 25, 15 * SECOND)
}

fn logon(facts: &[Fact]) -> Vec<Alarm> {
    sequence(facts, |fact| [&*fact.host, &fact.address].join(" "), 5, 5 * SECOND)
}

fn source(facts: &[Fact]) -> Vec<Alarm> {
    let (mut counts, mut alarms) = (HashMap::new(), vec![]);
    for fact in facts.iter().filter(|fact| fact.outcome == Outcome::Failure && !fact.address.is_empty()) {
        let count = counts.entry((&fact.host, &fact.address, fact.time / MINUTE)).or_insert(0);
        *count += 1;
        if *count == 100 {
            alarms.push(Alarm::new(fact.time, [&fact.address]));
        }
    }
    alarms
}

/// All failures of the tenant in one block of time.
#[derive(Default)]
struct Block<'f> {
    users: BTreeSet<&'f str>,
    addresses: BTreeSet<&'f str>,
    attempts: usize,
    last: Micros,
}

impl Block<'_> {
    /// The page of the rule calls these stuffing, spraying and guessing. All failures here have one reason.
    fn is_attack(&self) -> bool {
        let (users, addresses, attempts) = (self.users.len(), self.addresses.len(), self.attempts);
        let stuffing = users >= 8 && attempts >= 15 && addresses >= 5;
        let spraying = users >= 15 && attempts >= 10;
        let guessing = users == 1 && attempts >= 30 || addresses > 30 && attempts >= 100;
        stuffing || spraying || guessing
    }
}

fn tenant(facts: &[Fact]) -> Vec<Alarm> {
    let mut blocks: BTreeMap<Micros, Block<'_>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.provider == "entra" && fact.outcome == Outcome::Failure) {
        let block = blocks.entry(fact.time / (5 * MINUTE)).or_default();
        block.users.insert(&fact.user);
        block.addresses.insert(&fact.address);
        block.attempts += 1;
        block.last = fact.time;
    }
    let attacks = blocks.values().filter(|block| block.is_attack());
    attacks.map(|block| Alarm::new(block.last, block.users.union(&block.addresses))).collect()
}

fn bombing(facts: &[Fact]) -> Vec<Alarm> {
    let (mut refused, mut open, mut alarms) = (Runs::new(10 * MINUTE), Runs::new(10 * MINUTE), vec![]);
    for fact in facts.iter().filter(|fact| fact.provider == "okta") {
        let alarm = match fact.outcome {
            Outcome::Denied => {
                refused.add(&fact.user, fact.time);
                open.add(&fact.user, fact.time) >= 5
            }
            Outcome::Success | Outcome::Approved => {
                let given_in = refused.count(&fact.user, fact.time) >= 5;
                refused.forget(&fact.user);
                given_in
            }
            _ => false,
        };
        if alarm || fact.outcome == Outcome::Success {
            open.forget(&fact.user);
        }
        if alarm {
            alarms.push(Alarm::new(fact.time, [&fact.user, &fact.address]));
        }
    }
    alarms
}
