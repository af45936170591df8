//! Tests of state, evidence and of which events count. `reference` compares the rule with the design's sentences, and
//! `flood` tests floods.

mod flood;
mod reference;

use crate::Fls;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::detector::{Detector, Error};
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::time::Timestamp;

const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);
/// 2026-03-01T10:00:00Z, in seconds.
const BEGIN: i64 = 1_772_359_200;

fn detector(config: &str) -> Detector<Fls> {
    Detector::create(config, 7).unwrap_or_else(|why| panic!("{config}: {why}"))
}

fn event(second: i64, outcome: Outcome, user: &str, address: &str) -> Event<'static> {
    Event {
        time: Timestamp((BEGIN + second) * 1_000_000),
        outcome,
        count: 1,
        user: user.to_string().into(),
        src_ip: address.parse().ok(),
        provider: Provider::Entra,
        reason: if outcome == Outcome::Failure { "50126".into() } else { "".into() },
        ..Event::default()
    }
}

fn failed(second: i64, user: &str, address: &str) -> Event<'static> {
    event(second, Outcome::Failure, user, address)
}

fn success(second: i64, user: &str, address: &str) -> Event<'static> {
    event(second, Outcome::Success, user, address)
}

fn run(config: &str, events: &[Event<'_>]) -> Vec<Alert> {
    let mut detector = detector(config);
    let mut alerts = feed(&mut detector, events);
    alerts.extend(detector.flush());
    alerts
}

fn feed(detector: &mut Detector<Fls>, events: &[Event<'_>]) -> Vec<Alert> {
    let record = |e: &Event<'_>| format!("{} {} {}", e.time, e.outcome.as_str(), e.user);
    events.iter().flat_map(|e| detector.observe(e.clone(), record(e).as_bytes(), RECEIVED)).collect()
}

/// Five failures and a success of one account.
fn guessed(user: &str, address: &str) -> Vec<Event<'static>> {
    let failures = (0..5).map(|second| failed(second, user, address));
    failures.chain([success(60, user, address)]).collect()
}

#[test]
fn an_alert_tells_who_when_from_where_and_shows_it() {
    let mut events = vec![
        failed(0, "carol@example.com", "203.0.113.5"),
        failed(0, "bob@example.com", "203.0.113.5"),
        failed(0, "dave@example.com", "203.0.113.6"),
    ];
    events.extend(guessed("ada@example.com", "203.0.113.5"));
    events[4].reason = "50053".into();
    if let Some(last) = events.last_mut() {
        last.application = "Mail".into();
        last.user_agent = "curl/8".into();
    }
    let alerts = run("", &events);
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((&*alert.analytic, &*alert.pattern), ("FLS", "failures-then-success"));
    assert_eq!(alert.severity, Severity::High);
    assert_eq!(alert.title, "5 failed logons of ada@example.com from 203.0.113.5, then a logon");
    assert_eq!(alert.time.to_string(), "2026-03-01T10:01:00Z");
    assert_eq!(alert.first_seen.to_string(), "2026-03-01T10:00:00Z");
    assert_eq!(alert.user.as_deref(), Some("ada@example.com"));
    assert_eq!(alert.users, ["ada@example.com", "bob@example.com", "carol@example.com"]);
    assert_eq!(
        (alert.src_ip.as_deref(), &*alert.src_ips),
        (Some("203.0.113.5"), &["203.0.113.5".to_string()][..])
    );
    assert_eq!((alert.failure_count, alert.distinct_users, alert.distinct_ips), (Some(5), Some(3), Some(1)));
    assert_eq!((alert.application.as_deref(), alert.user_agent.as_deref()), (Some("Mail"), Some("curl/8")));
    let reasons: Vec<_> = alert.reasons.iter().map(|tally| (&*tally.code, tally.count)).collect();
    assert_eq!(reasons, [("50053", 1), ("50126", 4)]);
    assert_eq!(alert.techniques, ["T1110.001", "T1110.003", "T1078.004"]);
    assert_eq!(
        alert.context,
        [
            "5 failures within the window, then a success 56s after the last that completed the count",
            "within the window, the address failed on 2 other accounts",
            "the user agent is that of a tool: curl/"
        ]
    );
    assert_eq!(alert.evidence.len(), 6);
    assert!(alert.evidence.iter().all(|record| record.text.contains("ada")), "{:?}", alert.evidence);
    assert!(alert.estimated.is_empty() && !alert.response.is_empty());
}

#[test]
fn other_accounts_are_counted_within_the_window_only() {
    let mut events = vec![failed(-900, "on-the-edge", "203.0.113.5")];
    events.extend(guessed("ada", "203.0.113.5"));
    let others = |events: &[Event<'_>]| run("", events)[0].distinct_users;
    // The fifth failure, at 4 s, completes the count: its window begins 15 minutes earlier.
    events[0].time = Timestamp((BEGIN + 4 - 900) * 1_000_000);
    assert_eq!(others(&events), Some(2));
    events[0].time = Timestamp((BEGIN + 4 - 900) * 1_000_000 - 1);
    assert_eq!(others(&events), Some(1));
}

#[test]
fn other_accounts_are_counted_exactly_up_to_256_and_listed_up_to_50() {
    let mut events: Vec<_> = (0..256).map(|n| failed(0, &format!("u{n}"), "203.0.113.5")).collect();
    events.extend(guessed("ada", "203.0.113.5"));
    let alerts = run("", &events);
    assert_eq!((alerts[0].distinct_users, alerts[0].users.len()), (Some(257), 50));
    assert!(alerts[0].context[1].ends_with("256 other accounts"), "{:?}", alerts[0].context);
}

#[test]
fn one_account_alone_is_no_spray() {
    let mut events = guessed("ada", "203.0.113.5");
    for event in &mut events {
        event.provider = Provider::Windows;
        event.logon_type = Some(10);
    }
    let alerts = run("", &events);
    assert_eq!(alerts[0].techniques, ["T1110.001", "T1078"]);
    assert_eq!(alerts[0].context[1], "within the window, the address failed on 0 other accounts");
    assert_eq!(alerts[0].context[2], "the success was by Remote Desktop (logon type 10)");
}

#[test]
fn only_failures_and_successes_count() {
    for outcome in
        [Outcome::Stopped, Outcome::Challenge, Outcome::Denied, Outcome::Timeout, Outcome::Approved]
    {
        let mut events = guessed("ada", "203.0.113.5");
        events[2].outcome = outcome;
        assert!(run("", &events).is_empty(), "{outcome:?} is no failure");
        let mut events = guessed("ada", "203.0.113.5");
        events[5].outcome = outcome;
        assert!(run("", &events).is_empty(), "{outcome:?} is no success");
    }
    let mut events = guessed("ada", "203.0.113.5");
    events[4].credential = true;
    assert_eq!(run("", &events).len(), 1, "an expired password (50055) is a failure all the same");
}

#[test]
fn one_record_may_speak_of_several_attempts() {
    let mut failure = failed(0, "ada", "203.0.113.5");
    failure.count = 5;
    let alerts = run("", &[failure.clone(), success(1, "ada", "203.0.113.5")]);
    assert_eq!(alerts[0].failure_count, Some(5));
    failure.count = 4;
    assert!(run("", &[failure, success(1, "ada", "203.0.113.5")]).is_empty());
}

#[test]
fn linux_is_another_world() {
    let mut events = guessed("ada", "203.0.113.5");
    events[0].provider = Provider::Linux;
    assert!(run("", &events).is_empty());
    events[0].provider = Provider::Ecs;
    assert_eq!(run("", &events).len(), 1);
}

#[test]
fn the_user_agent_is_part_of_the_key_on_request() {
    let mut events = guessed("ada", "203.0.113.5");
    events.iter_mut().for_each(|event| event.user_agent = "one".into());
    for config in ["", r#"{"same_user_agent":true}"#, r#"{"sameUserAgent":true}"#] {
        assert_eq!(run(config, &events).len(), 1, "{config}");
    }
    events[5].user_agent = "another".into();
    assert_eq!(run("", &events).len(), 1);
    assert!(run(r#"{"sameUserAgent":true}"#, &events).is_empty());
    events[5].user_agent = "one".into();
    events[3].user_agent = "".into();
    assert!(run(r#"{"sameUserAgent":true}"#, &events).is_empty());
}

#[test]
fn events_from_nowhere_are_ignored_or_share_one_place() {
    let events = guessed("ada", "");
    assert!(run("", &events).is_empty());
    let alerts = run(r#"{"require_ip":false}"#, &events);
    assert_eq!((alerts[0].src_ip.as_deref(), alerts[0].distinct_users), (None, Some(1)));
    assert_eq!(alerts[0].title, "5 failed logons of ada from an unknown address, then a logon");
    assert_eq!(alerts[0].users, ["ada"]);
    let mut events = guessed("ada", "203.0.113.5");
    events[5].src_ip = None;
    assert!(run(r#"{"require_ip":false}"#, &events).is_empty(), "nowhere is a place of its own");
    assert!(run(r#"{"require_ip":false}"#, &guessed("", "203.0.113.5")).is_empty(), "nobody is no account");
}

#[test]
fn an_alert_consumes_the_failures_of_its_key_and_of_no_other() {
    let mut events = guessed("ada", "203.0.113.5");
    events.push(success(61, "ada", "203.0.113.5"));
    assert_eq!(run("", &events).len(), 1);
    events.extend((70..75).map(|second| failed(second, "ada", "203.0.113.5")));
    events.push(success(80, "ada", "203.0.113.5"));
    let alerts = run("", &events);
    assert_eq!(alerts.iter().map(|alert| alert.failure_count).collect::<Vec<_>>(), [Some(5), Some(5)]);
    assert_eq!(alerts[1].evidence.len(), 6);
    let mut two: Vec<_> =
        (0..5).flat_map(|second| ["ada", "bob"].map(|user| failed(second, user, "203.0.113.5"))).collect();
    two.extend([success(9, "bob", "203.0.113.5"), success(9, "ada", "203.0.113.5")]);
    let alerts = run("", &two);
    assert_eq!(
        alerts.iter().map(|alert| alert.user.as_deref()).collect::<Vec<_>>(),
        [Some("bob"), Some("ada")]
    );
    assert_eq!(alerts[1].distinct_users, Some(2), "what was consumed was still tried from there");
}

#[test]
fn what_the_pool_has_lost_is_said() {
    let mut detector = detector(r#"{"pool_bytes":"16 KiB"}"#);
    let mut events: Vec<_> = (0..5).map(|second| failed(second, "ada", "203.0.113.5")).collect();
    events.extend((0..400).map(|n| failed(5, &format!("u{n}"), "198.51.100.1")));
    events.push(success(6, "ada", "203.0.113.5"));
    let alerts = feed(&mut detector, &events);
    assert_eq!(alerts[0].failure_count, Some(5), "the key itself remembers");
    assert_eq!(alerts[0].estimated, ["distinct_users", "distinct_ips", "evidence"]);
    assert_eq!(alerts[0].context[1], "within the window, the address failed on at least 0 other accounts");
    assert_eq!(alerts[0].evidence.len(), 1, "the success is never lost");
}

#[test]
fn a_snapshot_goes_on_where_it_was_taken() {
    let mut events = guessed("ada", "203.0.113.5");
    events.insert(2, failed(1, "bob", "203.0.113.5"));
    let whole = run("", &events);
    for cut in 0..=events.len() {
        let mut before = detector("");
        let mut alerts = feed(&mut before, &events[..cut]);
        let snapshot = before.snapshot();
        let (mut after, notes) = Detector::<Fls>::restore("", 99, &snapshot).unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(after.snapshot(), snapshot, "the same bytes for every seed");
        alerts.extend(feed(&mut after, &events[cut..]));
        assert_eq!(alerts, whole, "cut at {cut}");
    }
}

#[test]
fn a_changed_configuration_keeps_what_it_can_and_says_what_it_dropped() {
    let events = guessed("ada", "203.0.113.5");
    let mut before = detector("");
    feed(&mut before, &events[..5]);
    let snapshot = before.snapshot();
    let restored = |config: &str| {
        let (mut detector, notes) = Detector::<Fls>::restore(config, 1, &snapshot).unwrap();
        (feed(&mut detector, &events[5..]).len(), notes.join("; "))
    };
    assert_eq!(restored(r#"{"min_failures":4}"#), (1, String::new()));
    assert_eq!(restored(r#"{"min_failures":6}"#), (0, String::new()));
    assert_eq!(restored(r#"{"window":"30m"}"#), (1, String::new()));
    assert_eq!(restored(r#"{"window":"3s"}"#), (0, String::new()));
    for (config, option) in [
        (r#"{"salt":"another"}"#, "salt"),
        (r#"{"ipv4_prefix":24}"#, "ipv4_prefix"),
        (r#"{"same_user_agent":true}"#, "same_user_agent"),
    ] {
        let (alerts, notes) = restored(config);
        assert!(alerts == 0 && notes.starts_with(option), "{config}: {alerts}, {notes}");
    }
}

#[test]
fn a_bad_snapshot_is_refused_with_a_reason() {
    let mut before = detector("");
    feed(&mut before, &guessed("ada", "203.0.113.5"));
    let snapshot = before.snapshot();
    for end in (0..snapshot.len()).step_by(97) {
        assert!(
            matches!(Detector::<Fls>::restore("", 0, &snapshot[..end]), Err(Error::InvalidSnapshot(_))),
            "{end}"
        );
    }
    let mut flipped = snapshot.clone();
    flipped[snapshot.len() / 2] ^= 1;
    let Err(Error::InvalidSnapshot(why)) = Detector::<Fls>::restore("", 0, &flipped) else {
        panic!("it was taken")
    };
    assert!(why.contains("corrupted"), "{why}");
}

#[test]
fn wrong_options_are_refused_with_what_is_allowed() {
    let refused = |config: &str| match Detector::<Fls>::create(config, 0) {
        Err(Error::InvalidConfig(why)) => why.to_string(),
        _ => panic!("{config} was taken"),
    };
    for (config, why) in [
        (r#"{"minFailures":0}"#, "minFailures: 0 is out of range; expected a whole number from 1 to 1000"),
        (r#"{"same_user_agent":"yes"}"#, r#"same_user_agent: "yes" is text; expected true or false"#),
        (r#"{"extra_failure_codes":["x"]}"#, "extra_failure_codes"),
        (r#"{"extra_failure_codes":[0]}"#, "from 1 to 4294967295"),
        (r#"{"window":"15m","min_failures":5,"minFailures":6}"#, "is for the same option as"),
        (r#"{"max_keys":20000000,"min_failures":1000}"#, "max_keys: 20000000 is too many; expected at most"),
    ] {
        assert!(refused(config).contains(why), "{config}: {}", refused(config));
    }
    use authsieve_engine::analytic::Analytic;
    let config =
        authsieve_engine::config::Config::<crate::Options>::read(r#"{"extraFailureCodes":[50140,1]}"#, &[]);
    assert_eq!(Fls::extra_failure_codes(&config.unwrap().options), [50140, 1]);
}
