//! Compares follow-ups with a naive reference, which keeps all events and counts them again for each alert.

use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Analytics, Detector};
use authsieve_engine::event::{Event, Outcome, Provider, Signal};
use authsieve_engine::time::Timestamp;
use authsieve_suite::analytics::{an0454, an1269, an1276, an1521};
use proptest::prelude::*;
use std::collections::BTreeSet;

const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);
/// 2026-03-01T10:00:00Z.
const BEGIN: i64 = 1_772_359_200_000_000;
const SECOND: i64 = 1_000_000;

/// The facts about a pattern that the reference needs.
struct Followed {
    /// The length of the silence in seconds.
    silence: i64,
    /// True if an event counts for an alert, apart from its time.
    counts: fn(&Alert, &Event<'_>) -> bool,
    /// The weaker patterns that this pattern replaces for the same subject.
    weaker: &'static [&'static str],
}

type Rules = fn(&Alert) -> Option<Followed>;

fn from_the_address(alert: &Alert, event: &Event<'_>) -> bool {
    event.outcome == Outcome::Failure && event.src_ip.map(|ip| ip.to_string()) == alert.src_ip
}

fn of_the_user(alert: &Alert, event: &Event<'_>) -> bool {
    matches!(event.outcome, Outcome::Failure | Outcome::Challenge)
        && alert.user.as_deref() == Some(&event.user)
}

fn an1269(alert: &Alert) -> Option<Followed> {
    let weaker: &[&str] = match &*alert.pattern {
        "credential-stuffing" => &["password-spray", "brute-force"],
        "password-spray" => &["brute-force"],
        _ => &[],
    };
    Some(Followed { silence: 60, counts: from_the_address, weaker })
}

/// Decides if an event counts for an alert.
type Counts = fn(&Alert, &Event<'_>) -> bool;

fn an1521(alert: &Alert) -> Option<Followed> {
    let (silence, counts, weaker): (_, Counts, &[&str]) = match &*alert.pattern {
        "spray" => (60, from_the_address, &[]),
        "slow" => (300, of_the_user, &[]),
        "distributed" => (60, of_the_user, &["burst"]),
        _ => (60, of_the_user, &[]),
    };
    Some(Followed { silence, counts, weaker })
}

fn an1276(alert: &Alert) -> Option<Followed> {
    let counts: fn(&Alert, &Event<'_>) -> bool = match &*alert.pattern {
        "ip" => from_the_address,
        "user" => of_the_user,
        _ => |alert, event| from_the_address(alert, event) && of_the_user(alert, event),
    };
    Some(Followed { silence: 60, counts, weaker: &[] })
}

fn an0454(alert: &Alert) -> Option<Followed> {
    let silence = match &*alert.pattern {
        "challenges-without-login" => 60,
        "slow-challenges" => 300,
        _ => return None,
    };
    Some(Followed { silence, counts: of_the_user, weaker: &[] })
}

/// An alert that the reference follows.
struct Open {
    alert: Alert,
    end: Timestamp,
    rule: Followed,
    /// The number of events before the alert was raised.
    seen: usize,
}

impl Open {
    /// Compares the update of an alert with all events up to then.
    fn check(&self, update: &Alert, events: &[Event<'static>]) {
        let Self { alert, end, rule, seen } = self;
        let within = |event: &&Event<'_>| alert.first_seen <= event.time && event.time <= *end;
        let later: Vec<&Event<'_>> =
            events[*seen..].iter().filter(within).filter(|event| (rule.counts)(alert, event)).collect();
        let count = alert.failure_count.or(alert.challenge_count).unwrap() + later.len() as u32;
        assert_eq!(update.failure_count.or(update.challenge_count), Some(count), "{alert:?}\n{update:?}");
        assert_eq!((&update.id, update.time, update.first_seen), (&alert.id, alert.time, alert.first_seen));
        assert_eq!(update.status.as_deref(), Some("update"));
        let last = later.iter().map(|event| event.time).chain([alert.last_seen]).max();
        assert_eq!(Some(update.last_seen), last);
        let mut users: BTreeSet<&str> = alert.users.iter().map(String::as_str).collect();
        users.extend(later.iter().map(|event| &*event.user));
        let told: BTreeSet<&str> = update.users.iter().map(String::as_str).collect();
        assert_eq!(told, users);
        let mut addresses: BTreeSet<String> = alert.src_ips.iter().cloned().collect();
        addresses.extend(later.iter().filter_map(|event| event.src_ip).map(|ip| ip.to_string()));
        assert_eq!(update.src_ips.iter().cloned().collect::<BTreeSet<_>>(), addresses);
        // The account that logged in is listed, but not counted among the accounts that failed.
        let login = ["user+ip", "ip", "user", "credential-accepted"].contains(&&*alert.pattern);
        if !login {
            assert_eq!(update.distinct_ips, Some(addresses.len() as u32));
            assert_eq!(update.distinct_users, Some(users.len() as u32));
        }
        assert!(update.estimated.is_empty(), "{:?}", update.estimated);
        let before = (&alert.pattern, &alert.title, alert.severity, &alert.evidence, &alert.techniques);
        let after = (&update.pattern, &update.title, update.severity, &update.evidence, &update.techniques);
        assert_eq!(before, after);
    }
}

/// Gives events to an analytic that follows its alerts, and to one that does not. At intervals, the first one is
/// replaced by a new one from its snapshot. Returns the number of updates.
fn compare<A: Analytics>(config: &str, rules: Rules, events: &[Event<'static>], restart: usize) -> usize {
    let config_on = format!(r#"{{"follow_up":"end",{config}}}"#);
    let mut following = Detector::<A>::create(&config_on, 3).unwrap_or_else(|why| panic!("{why}"));
    let mut plain = Detector::<A>::create(&format!("{{{config}}}"), 5).unwrap();
    let (mut open, mut updates, mut now): (Vec<Open>, _, _) = (Vec::new(), 0, Timestamp::MIN);
    for (number, event) in events.iter().enumerate() {
        if number % restart == restart - 1 {
            let (again, notes) = Detector::restore(&config_on, 9, &following.snapshot()).unwrap();
            assert!(notes.is_empty(), "{notes:?}");
            following = again;
        }
        let said = following.observe(event.clone(), &b"a record"[..], RECEIVED);
        let raised = plain.observe(event.clone(), &b"a record"[..], RECEIVED);
        let new: Vec<Alert> = said.iter().filter(|alert| alert.status.is_none()).cloned().collect();
        assert_eq!(new, raised, "the alerts themselves are the same");
        now = now.max(event.time);
        updates += check(said, &mut open, rules, &events[..number], now, event.outcome != Outcome::Failure);
        open.iter_mut().filter(|open| open.seen == usize::MAX).for_each(|open| open.seen = number + 1);
    }
    let said = following.flush();
    assert_eq!(plain.flush(), [], "no alert waits");
    updates += check(said, &mut open, rules, events, Timestamp::MAX, false);
    assert!(open.is_empty(), "each came once more");
    updates
}

/// Checks the output for one event. First come the updates that were due, in order, then the alerts, then the updates
/// of silences that a login has ended.
fn check(
    said: Vec<Alert>,
    open: &mut Vec<Open>,
    rules: Rules,
    events: &[Event<'static>],
    now: Timestamp,
    may_end: bool,
) -> usize {
    open.sort_by(|one, other| (one.end, &one.alert.id).cmp(&(other.end, &other.alert.id)));
    let due = open.partition_point(|open| open.end < now || now == Timestamp::MAX);
    let mut said = said.into_iter();
    let mut updates = due;
    for open in open.drain(..due) {
        let update = said.next().unwrap_or_else(|| panic!("missing: {:?}", open.alert));
        open.check(&update, events);
    }
    for alert in said {
        if alert.status.is_some() {
            assert!(may_end, "an update too early: {alert:?}");
            let at = open.iter().position(|open| open.alert.id == alert.id).expect("of a known alert");
            open.remove(at).check(&alert, events);
            updates += 1;
        } else if let Some(rule) = rules(&alert) {
            let same = |held: &Open| (&held.alert.user, &held.alert.src_ip) == (&alert.user, &alert.src_ip);
            let by_address = |held: &Open| held.alert.src_ip == alert.src_ip;
            let subject: &dyn Fn(&Open) -> bool = match &*alert.analytic {
                "AN1269" => &by_address,
                "AN1521" => &|held: &Open| held.alert.user == alert.user,
                _ => &same,
            };
            open.retain(|held| !(subject(held) && rule.weaker.contains(&&*held.alert.pattern)));
            let end = Timestamp(alert.time.0 + rule.silence * SECOND);
            open.push(Open { alert, end, rule, seen: usize::MAX });
        }
    }
    updates
}

/// Events of few accounts and addresses, some of them out of order.
fn events(provider: Provider, failed: Outcome) -> impl Strategy<Value = Vec<Event<'static>>> {
    let one = (0..12_i64, 0..4_u8, 0..3_u8, 0..12_u8, 0..30_i64);
    prop::collection::vec(one, 1..160).prop_map(move |list| {
        let mut clock = 0;
        list.into_iter()
            .map(|(step, user, address, kind, late)| {
                clock += step;
                let back = if late < 4 { late * 7 } else { 0 };
                let succeeded = kind == 0;
                Event {
                    time: Timestamp(BEGIN + (clock - back) * SECOND),
                    outcome: if succeeded { Outcome::Success } else { failed },
                    count: 1,
                    user: ["ann", "bob", "kim", "lee"][usize::from(user)].into(),
                    src_ip: Some([192, 0, 2, address].into()),
                    provider,
                    signal: if succeeded { Signal::Attempt } else { Signal::Failed },
                    ..Event::default()
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an1269_counts_on(events in events(Provider::M365, Outcome::Failure), restart in 2..40_usize) {
        let config = r#""window":"60s","min_failures":4,"min_accounts":3"#;
        compare::<an1269>(config, self::an1269, &events, restart);
    }

    #[test]
    fn an1521_counts_on(events in events(Provider::Windows, Outcome::Failure), restart in 2..40_usize) {
        let config = r#""window":"60s","min_failures":4,"source_ip_threshold":2,"slow_window":"300s",
            "slow_min_failures":9,"spray_accounts":3,"similarity":"exact""#;
        compare::<an1521>(config, self::an1521, &events, restart);
    }

    #[test]
    fn an1276_counts_on(events in events(Provider::Linux, Outcome::Failure), restart in 2..40_usize) {
        let config = r#""window":"60s","success_within":"60s","min_failures":2,"correlate":["user+ip","ip","user"]"#;
        compare::<an1276>(config, self::an1276, &events, restart);
    }

    #[test]
    fn an0454_counts_on(events in events(Provider::Okta, Outcome::Challenge), restart in 2..40_usize) {
        let config = r#""window":"60s","min_challenges":3,"slow_window":"300s","slow_min_challenges":6"#;
        compare::<an0454>(config, self::an0454, &events, restart);
    }
}

/// Failures of this number of accounts, one after another, one second apart.
fn failures(accounts: u32) -> Vec<Event<'static>> {
    let one = |number: u32| Event {
        time: Timestamp(BEGIN + i64::from(number) * SECOND / 100),
        count: 1,
        outcome: Outcome::Failure,
        provider: Provider::M365,
        user: format!("user{number}@example.com").into(),
        src_ip: Some([192, 0, 2, 7].into()),
        ..Event::default()
    };
    (0..accounts).map(one).collect()
}

fn run(config: &str, events: &[Event<'static>]) -> Vec<Alert> {
    let mut detector = Detector::<an1269>::create(config, 1).unwrap();
    let mut alerts = Vec::new();
    for event in events {
        alerts.extend(detector.observe(event.clone(), &b"a record"[..], RECEIVED));
    }
    alerts.extend(detector.flush());
    alerts
}

#[test]
fn a_large_attack_is_counted_whole_and_its_accounts_about() {
    let alerts = run(r#"{"follow_up":"end"}"#, &failures(3_560));
    let update = alerts.last().expect("an update");
    assert_eq!(update.status.as_deref(), Some("update"));
    assert_eq!((update.failure_count, update.users.len()), (Some(3_560), 50));
    let accounts = update.distinct_users.expect("a number of accounts");
    assert!((3_000..4_200).contains(&accounts), "{accounts}");
    assert_eq!(update.estimated, ["distinct_users"]);
    assert!(update.context.iter().any(|line| line.ends_with(": 3560 failures")), "{:?}", update.context);
    let few = run(r#"{"follow_up":"end"}"#, &failures(256));
    assert_eq!(few.last().map(|alert| (alert.distinct_users, alert.estimated.len())), Some((Some(256), 0)));
}

#[test]
fn where_room_is_short_the_first_to_end_comes_at_once() {
    let mut events = Vec::new();
    for address in 0..200_u8 {
        for mut event in failures(10) {
            event.src_ip = Some([198, 51, 100, address].into());
            event.time = Timestamp(event.time.0 + i64::from(address) * SECOND);
            events.push(event);
        }
    }
    let alerts = run(r#"{"follow_up":"end","pool_bytes":"1 MiB"}"#, &events);
    let (updates, raised): (Vec<_>, Vec<_>) = alerts.iter().partition(|alert| alert.status.is_some());
    assert_eq!((raised.len(), updates.len()), (200, 200), "each comes once more");
    let early = updates.iter().filter(|alert| alert.estimated.contains(&"failure_count".into()));
    let early: Vec<_> = early.map(|alert| &alert.id).collect();
    assert!((20..200).contains(&early.len()), "{}", early.len());
    assert!(early.iter().zip(&raised).all(|(early, raised)| **early == raised.id), "the first come first");
}
