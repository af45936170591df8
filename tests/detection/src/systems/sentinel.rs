//! Rules that Microsoft publishes for Sentinel, as small programs of ours. The names are theirs. Each program follows
//! what the published query counts. Where a query reads less than the corpus has (one application, one session id),
//! its program reads all, in favour of the rule.

use super::{Fact, System};
use crate::alarm::Alarm;
use crate::corpus::{DAY, HOUR};
use authsieve_engine::event::Outcome;
use authsieve_tests::fact::{MINUTE, Micros};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const fn rule(
    rules: &'static str,
    providers: &'static [&'static str],
    judge: fn(&[Fact]) -> Vec<Alarm>,
) -> System {
    System { name: "Sentinel", rules, providers, judge }
}

/// The rules, by analytic.
pub const RULES: &[(&str, System)] = &[
    (
        "an1276",
        rule(
            "*SSH - Potential Brute Force*: more than 15 failures of an account that does not exist, from an address \
             on a host in a block of 4 hours; each day",
            &["linux"],
            ssh,
        ),
    ),
    (
        "fls",
        rule(
            "*SecurityEvent - Multiple authentication failures followed by a success*: 5 failures of an account, at \
             most an hour apart, then a logon; each 2 hours",
            &["windows"],
            sessions,
        ),
    ),
    (
        "fls",
        rule(
            "*Brute force attack against Azure Portal*, for all applications: 10 failures of a user, at most 20 minutes \
             apart, then a login, and far from the user's average; each day",
            &["entra"],
            portal,
        ),
    ),
    (
        "an1521",
        rule(
            "*Excessive Windows Logon Failures*: 50 failures of an account from an address on a computer in a day, and \
             a third of the week before; each day",
            &["windows"],
            excessive,
        ),
    ),
    (
        "an1269",
        rule(
            "*Password spray attack against Microsoft Entra ID application*: 5 users from an address in a block of 20 \
             minutes, and more users that fail there than users that log in; each day",
            &["entra"],
            spray,
        ),
    ),
    (
        "an0454",
        rule("*MFA Fatigue (OKTA)*: more than 10 pushes of a user in an hour; each hour", &["okta"], fatigue),
    ),
    (
        "an0454",
        rule(
            "*MFA Spamming followed by Successful login*: more than 10 refused or unanswered prompts and a login of a \
             user from an address, when all its sign-ins of the day lie within 5 minutes; each day",
            &["entra"],
            spamming,
        ),
    ),
];

fn failed(fact: &&Fact) -> bool {
    fact.outcome == Outcome::Failure && !fact.address.is_empty()
}

fn ssh(facts: &[Fact]) -> Vec<Alarm> {
    let (mut counts, mut alarms) = (HashMap::new(), vec![]);
    for fact in facts.iter().filter(failed).filter(|fact| fact.unknown) {
        let key = (&fact.address, &fact.host, &fact.user, fact.time / (4 * HOUR));
        let count = counts.entry(key).or_insert(0);
        *count += 1;
        if *count == 16 {
            alarms.push(Alarm::new(fact.time, [&fact.user, &fact.address]));
        }
    }
    alarms
}

/// The events of each account.
fn by_user<'f>(facts: impl Iterator<Item = &'f Fact>) -> BTreeMap<&'f str, Vec<&'f Fact>> {
    let mut users: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        users.entry(&fact.user).or_default().push(fact);
    }
    users
}

/// The failures of an account that precede each success: no gap is longer than `gap`, and the first of them is at most
/// `most` before.
fn before_success<'f>(facts: &[&'f Fact], gap: Micros, most: Micros) -> Vec<(&'f Fact, usize)> {
    let (mut session, mut found): (Vec<&Fact>, _) = (vec![], vec![]);
    for fact in facts {
        let broken = session.last().is_some_and(|last| fact.time - last.time > gap);
        if broken || session.first().is_some_and(|first| fact.time - first.time > most) {
            session.clear();
        }
        match fact.outcome {
            Outcome::Failure => session.push(fact),
            Outcome::Success => {
                found.push((*fact, session.len()));
                session.clear();
            }
            _ => {}
        }
    }
    found
}

fn sessions(facts: &[Fact]) -> Vec<Alarm> {
    let windows = facts.iter().filter(|fact| fact.provider == "windows" && !fact.address.is_empty());
    let users = by_user(windows);
    let found = users.values().flat_map(|facts| before_success(facts, HOUR, 2 * HOUR));
    found
        .filter(|(_, failures)| *failures >= 5)
        .map(|(fact, _)| Alarm::new(fact.time, [&fact.user]))
        .collect()
}

fn portal(facts: &[Fact]) -> Vec<Alarm> {
    let mut alarms = vec![];
    for facts in by_user(facts.iter().filter(|fact| fact.provider == "entra")).values() {
        let failures = facts.iter().filter(|fact| fact.outcome != Outcome::Success).count();
        let average = failures as f64 / facts.len() as f64;
        for (fact, failures) in before_success(facts, 20 * MINUTE, DAY) {
            if failures >= 10 && (failures as f64 - average).abs() / average > 25.0 {
                alarms.push(Alarm::new(fact.time, [&fact.user, &fact.address]));
            }
        }
    }
    alarms
}

fn excessive(facts: &[Fact]) -> Vec<Alarm> {
    let (mut counts, mut alarms) = (HashMap::new(), vec![]);
    for fact in facts.iter().filter(failed) {
        let days: &mut BTreeMap<Micros, usize> =
            counts.entry((&fact.user, &fact.address, &fact.host)).or_default();
        let today = fact.time / DAY;
        let before: usize = days.range(today - 7..today).map(|(_, count)| count).sum();
        let count = days.entry(today).or_default();
        *count += 1;
        // Told once, when both hold for the first time.
        if *count == before.div_ceil(3).max(50) {
            alarms.push(Alarm::new(fact.time, [&fact.user]));
        }
    }
    alarms
}

fn spray(facts: &[Fact]) -> Vec<Alarm> {
    let mut addresses: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.provider == "entra") {
        addresses.entry(&fact.address).or_default().push(fact);
    }
    let mut alarms = vec![];
    for (address, facts) in addresses {
        let users = |of: fn(&Fact) -> bool| {
            facts.iter().filter(|fact| of(fact)).map(|fact| &fact.user).collect::<BTreeSet<_>>().len()
        };
        if users(|fact| fact.outcome == Outcome::Failure)
            <= users(|fact| fact.credential || fact.outcome == Outcome::Success)
        {
            continue;
        }
        let mut blocks: BTreeMap<Micros, BTreeSet<&str>> = BTreeMap::new();
        for fact in facts.iter().filter(|fact| fact.outcome == Outcome::Failure) {
            let block = blocks.entry(fact.time / (20 * MINUTE)).or_default();
            if block.insert(&fact.user) && block.len() == 5 {
                alarms.push(Alarm::new(fact.time, [address]));
            }
        }
    }
    alarms
}

fn fatigue(facts: &[Fact]) -> Vec<Alarm> {
    let (mut counts, mut alarms) = (HashMap::new(), vec![]);
    for fact in facts.iter().filter(|fact| fact.provider == "okta" && fact.outcome == Outcome::Challenge) {
        let count = counts.entry((&fact.user, fact.time / HOUR)).or_insert(0);
        *count += 1;
        if *count == 11 {
            alarms.push(Alarm::new(fact.time, [&fact.user]));
        }
    }
    alarms
}

fn spamming(facts: &[Fact]) -> Vec<Alarm> {
    let mut days: BTreeMap<(&str, &str, Micros), Vec<&Fact>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.provider == "entra") {
        days.entry((&fact.user, &fact.address, fact.time / DAY)).or_default().push(fact);
    }
    let mut alarms = vec![];
    for ((user, address, _), facts) in days {
        let count =
            |outcomes: &[Outcome]| facts.iter().filter(|fact| outcomes.contains(&fact.outcome)).count();
        let (Some(first), Some(last)) = (facts.first(), facts.last()) else { continue };
        let spammed = count(&[Outcome::Denied, Outcome::Timeout]) > 10 && count(&[Outcome::Success]) > 0;
        if spammed && last.time - first.time <= 5 * MINUTE {
            alarms.push(Alarm::new(last.time, [user, address]));
        }
    }
    alarms
}
