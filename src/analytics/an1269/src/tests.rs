//! Tests of state, evidence, bounds, errors and floods. [`naive`] compares the rule itself with a naive reference.

mod naive;

use crate::An1269;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::detector::Detector;
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::time::Timestamp;
use std::net::{IpAddr, Ipv4Addr};

const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);
/// 2026-03-01T10:00:00Z
const BEGIN: i64 = 1_772_359_200_000_000;
const HERE: &str = "203.0.113.5";

fn detector(config: &str) -> Detector<An1269> {
    Detector::create(config, 7).unwrap()
}

fn event(second: i64, outcome: Outcome, user: &str, address: &str) -> Event<'static> {
    Event {
        time: Timestamp(BEGIN + second * 1_000_000),
        outcome,
        count: 1,
        user: user.to_owned().into(),
        src_ip: address.parse().ok(),
        provider: Provider::M365,
        ..Event::default()
    }
}

fn failed(second: i64, user: &str) -> Event<'static> {
    Event { reason: "50126".into(), ..event(second, Outcome::Failure, user, HERE) }
}

fn login(second: i64, user: &str) -> Event<'static> {
    event(second, Outcome::Success, user, HERE)
}

fn run(detector: &mut Detector<An1269>, events: impl IntoIterator<Item = Event<'static>>) -> Vec<Alert> {
    let record = |event: &Event<'_>| format!("{} {} {}", event.time, event.outcome.as_str(), event.user);
    events
        .into_iter()
        .flat_map(|event| detector.observe(event.clone(), record(&event).as_bytes(), RECEIVED))
        .collect()
}

/// Ten failures on ten accounts, one second apart.
fn stuffing() -> Vec<Event<'static>> {
    (0..10).map(|n| failed(n, &format!("u{n}@example.com"))).collect()
}

fn patterns(alerts: &[Alert]) -> Vec<&str> {
    alerts.iter().map(|alert| &*alert.pattern).collect()
}

#[test]
fn an_alert_tells_who_when_from_where_and_shows_it() {
    let alerts = run(&mut detector(""), stuffing().into_iter().chain([login(60, "u3@example.com")]));
    let [tried, accepted] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(
        (&*tried.analytic, &*tried.pattern, tried.severity),
        ("AN1269", "credential-stuffing", Severity::Medium)
    );
    assert_eq!(tried.title, "10 failed logins on 10 accounts from 203.0.113.5: credential stuffing");
    assert_eq!(tried.time.to_string(), "2026-03-01T10:00:09Z");
    assert_eq!(tried.first_seen.to_string(), "2026-03-01T10:00:00Z");
    assert_eq!((tried.user.as_deref(), tried.src_ip.as_deref()), (Some("u9@example.com"), Some(HERE)));
    assert_eq!(
        (tried.failure_count, tried.distinct_users, tried.distinct_ips),
        (Some(10), Some(10), Some(1))
    );
    assert_eq!(tried.users.len(), 10);
    assert_eq!((&*tried.reasons[0].code, tried.reasons[0].count), ("50126", 10));
    assert_eq!(tried.techniques, ["T1110.004"]);
    assert_eq!(tried.evidence.len(), 6, "three from each end, the last of them the one that raised it");
    assert!(tried.evidence[5].text.starts_with("2026-03-01T10:00:09Z"), "{:?}", tried.evidence);
    assert!(tried.estimated.is_empty() && tried.related_successes.is_empty() && !tried.response.is_empty());

    assert_eq!((&*accepted.pattern, accepted.severity), ("credential-accepted", Severity::Critical));
    assert_eq!(
        accepted.title,
        "Login of u3@example.com from 203.0.113.5 after 10 failed logins on 10 accounts"
    );
    assert_eq!(accepted.user.as_deref(), Some("u3@example.com"));
    assert_eq!(accepted.related_successes, ["u3@example.com"]);
    assert_eq!(accepted.techniques, ["T1078.004", "T1110.004"]);
    assert_eq!(accepted.evidence.len(), 7);
    assert!(accepted.context[1].contains("is among the accounts that failed"), "{:?}", accepted.context);
    assert_ne!(tried.id, accepted.id);
}

#[test]
fn failures_are_critical_where_somebody_logged_in() {
    let alerts = run(&mut detector(""), [login(-60, "ann@example.com")].into_iter().chain(stuffing()));
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(
        (alert.severity, &*alert.related_successes),
        (Severity::Critical, &["ann@example.com".into()][..])
    );
    assert_eq!(alert.techniques, ["T1110.004", "T1078.004"]);
    let too_early =
        run(&mut detector(""), [login(9 - 1801, "ann@example.com")].into_iter().chain(stuffing()));
    assert_eq!((too_early[0].severity, too_early[0].related_successes.len()), (Severity::Medium, 0));
}

#[test]
fn a_source_that_lags_behind_is_judged_and_does_not_repeat_itself() {
    let mut detector = detector("");
    run(&mut detector, [event(7_200, Outcome::Failure, "ann@example.com", "198.51.100.1")]);
    let more = (10..20).map(|second| failed(second, "u3@example.com"));
    let alerts = run(&mut detector, stuffing().into_iter().chain(more));
    assert_eq!(patterns(&alerts), ["credential-stuffing"]);
    let logins = [login(60, "u3@example.com"), login(70, "u3@example.com")];
    assert_eq!(patterns(&run(&mut detector, logins)), ["credential-accepted"]);
}

#[test]
fn the_shape_of_the_failures_makes_the_pattern() {
    let on = |accounts: i64, failures: i64| {
        let events = (0..failures).map(|n| failed(n, &format!("u{}", n % accounts)));
        let config = format!(r#"{{"min_failures":{failures}}}"#);
        patterns(&run(&mut detector(&config), events)).concat()
    };
    assert_eq!(on(5, 10), "credential-stuffing");
    assert_eq!(on(5, 11), "password-spray");
    assert_eq!(on(4, 10), "brute-force");
    assert_eq!(on(1, 10), "brute-force");
    assert_eq!(on(256, 512), "credential-stuffing");
}

#[test]
fn a_greater_pattern_silences_the_lesser_and_not_the_other_way() {
    let one = (0..10).map(|n| failed(n, "ann"));
    let spray = (10..15).map(|n| failed(n, &format!("u{n}")));
    let stuffing = (15..40).map(|n| failed(n, &format!("u{n}")));
    let again = (40..60).map(|n| failed(n, "ann"));
    let mut detector = detector("");
    let alerts = run(&mut detector, one.chain(spray).chain(stuffing).chain(again));
    assert_eq!(patterns(&alerts), ["brute-force", "password-spray", "credential-stuffing"]);
    let at = alerts[2].time;
    let quiet = run(&mut detector, [Event { time: at.plus(crate::Span::seconds(1800)), ..failed(0, "ann") }]);
    assert!(quiet.is_empty(), "silent up to the end of the window: {quiet:?}");
}

#[test]
fn a_right_password_that_was_stopped_is_accepted_and_no_login() {
    for (outcome, credential) in [
        (Outcome::Stopped, false),
        (Outcome::Challenge, true),
        (Outcome::Denied, true),
        (Outcome::Timeout, true),
        (Outcome::Failure, true),
    ] {
        let right = Event {
            credential,
            reason: "53003".into(),
            reason_text: "Blocked by conditional access.".into(),
            ..event(60, outcome, "u3@example.com", HERE)
        };
        let alerts = run(&mut detector(""), stuffing().into_iter().chain([right.clone(), right]));
        assert_eq!(patterns(&alerts), ["credential-stuffing", "credential-accepted"], "{outcome:?}");
        let alert = &alerts[1];
        assert!(
            alert.title.starts_with("Right password of u3@example.com from 203.0.113.5 after 1"),
            "{}",
            alert.title
        );
        assert!(alert.related_successes.is_empty());
        assert!(
            alert.context.iter().any(|line| line.ends_with("Blocked by conditional access.")),
            "{:?}",
            alert.context
        );
    }
    let challenged = event(60, Outcome::Challenge, "u3@example.com", HERE);
    assert_eq!(
        run(&mut detector(""), stuffing().into_iter().chain([challenged])).len(),
        1,
        "no password was seen"
    );
}

#[test]
fn an_expired_password_is_a_failure_and_then_accepted() {
    let expired = Event { credential: true, reason: "50055".into(), ..failed(9, "ann") };
    let alerts = run(&mut detector(""), stuffing().into_iter().take(9).chain([expired]));
    assert_eq!(patterns(&alerts), ["credential-stuffing", "credential-accepted"]);
    assert_eq!(alerts[1].failure_count, Some(10));
    assert_eq!(alerts[1].evidence.len(), 6, "shown once");
}

#[test]
fn who_did_not_fail_is_told_once_and_not_where_many_log_in() {
    let others = |count: i64| (0..count).map(|n| login(20 + n, &format!("other{n}")));
    let alerts = run(&mut detector(""), stuffing().into_iter().chain(others(3)));
    assert_eq!(patterns(&alerts), ["credential-stuffing", "credential-accepted"]);
    assert!(alerts[1].context[1].contains("not among"), "{:?}", alerts[1].context);
    // With the twentieth account to log in, the address counts as shared, so a login there raises no alert.
    let before = |count: i64| (0..count).map(|n| login(-30 + n, &format!("other{n}")));
    let alerts = |count| run(&mut detector(""), before(count).chain(stuffing()).chain([login(60, "new")]));
    assert_eq!(patterns(&alerts(18)), ["credential-stuffing", "credential-accepted"]);
    assert_eq!(patterns(&alerts(19)), ["credential-stuffing"]);
    let on_few = (0..10).map(|n| failed(n, ["a", "b", "c", "d"][n as usize % 4]));
    assert_eq!(patterns(&run(&mut detector(""), on_few.chain([login(20, "e")]))), ["brute-force"]);
}

#[test]
fn failures_of_no_name_are_those_of_one_account() {
    let owa = |second| Event { user: "".into(), ..failed(second, "") };
    let alerts = run(&mut detector(""), (0..10).map(owa).chain([login(20, "ann")]));
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(
        (&*alert.pattern, alert.user.as_deref(), alert.distinct_users),
        ("brute-force", None, Some(1))
    );
    assert!(
        alert.context.contains(&"10 failures named no account: together they count as one".into()),
        "{:?}",
        alert.context
    );
    let named = (0..4).map(|n| failed(n, &format!("u{n}")));
    let alerts = run(&mut detector(""), named.chain((4..10).map(owa)));
    assert_eq!(patterns(&alerts), ["credential-stuffing"], "four and the unknown are five");
}

#[test]
fn other_worlds_and_no_address_are_left_alone() {
    for provider in
        [Provider::Linux, Provider::Windows, Provider::Okta, Provider::Duo, Provider::Auth0, Provider::Macos]
    {
        let events = stuffing().into_iter().map(|event| Event { provider, ..event });
        assert!(run(&mut detector(""), events).is_empty(), "{provider}");
    }
    for provider in [Provider::Entra, Provider::Exchange, Provider::Unknown, Provider::Ecs, Provider::Ocsf] {
        let events = stuffing().into_iter().map(|event| Event { provider, ..event });
        assert_eq!(run(&mut detector(""), events).len(), 1, "{provider}");
    }
    let nowhere = || stuffing().into_iter().map(|event| Event { src_ip: None, ..event });
    assert!(run(&mut detector(""), nowhere()).is_empty());
    let alerts = run(&mut detector(r#"{"requireIp":false}"#), nowhere());
    assert_eq!((alerts[0].src_ip.as_deref(), alerts[0].distinct_ips), (None, Some(0)));
}

#[test]
fn a_block_of_addresses_is_one_and_called_one() {
    let events =
        (0..10).map(|n| event(n, Outcome::Failure, &format!("u{n}"), &format!("2001:db8:44::{n:x}")));
    let alerts = run(&mut detector(""), events);
    assert_eq!(alerts[0].title, "10 failed logins on 10 accounts from 2001:db8:44::/64: credential stuffing");
    assert_eq!((alerts[0].src_ip.as_deref(), alerts[0].distinct_ips), (Some("2001:db8:44::9"), Some(10)));
}

#[test]
fn an_override_sets_thresholds_for_its_own() {
    let config = r#"{"override":[{"sources":["203.0.113.0/24"],"min_failures":11,"severity":"-1","reason":"egress"}]}"#;
    assert!(run(&mut detector(config), stuffing()).is_empty());
    let alerts = run(&mut detector(config), stuffing().into_iter().chain([failed(11, "u3@example.com")]));
    assert_eq!((&*alerts[0].pattern, alerts[0].severity), ("credential-stuffing", Severity::Low));
    assert_eq!(alerts[0].context.last().unwrap(), "override: egress");
}

#[test]
fn a_changed_configuration_keeps_what_it_can_and_says_what_it_dropped() {
    let mut before = detector("");
    run(&mut before, stuffing().into_iter().take(9));
    let snapshot = before.snapshot();
    let restored = |config: &str| {
        let (mut detector, notes) = Detector::<An1269>::restore(config, 1, &snapshot).unwrap();
        (run(&mut detector, [failed(60, "new")]).len(), notes.join("; "))
    };
    assert_eq!(restored(""), (1, String::new()));
    assert_eq!(restored(r#"{"min_failures":11}"#), (0, String::new()));
    assert_eq!(restored(r#"{"window":"55s"}"#), (0, String::new()));
    let (alerts, notes) = restored(r#"{"ipv4_prefix":24}"#);
    assert!(alerts == 0 && notes.starts_with("ipv4_prefix"), "{notes}");
    let (alerts, notes) = restored(r#"{"salt":"another"}"#);
    assert!(alerts == 0 && notes.starts_with("salt"), "{notes}");
}

#[test]
fn a_snapshot_takes_along_silences_and_fewer_keys_take_the_newest() {
    let mut before = detector("");
    let many = (0..40).map(|n| event(n, Outcome::Failure, "ann", &format!("192.0.2.{n}")));
    run(
        &mut before,
        many.chain(
            stuffing().into_iter().map(|e| Event { time: e.time.plus(crate::Span::seconds(60)), ..e }),
        ),
    );
    let (mut after, notes) =
        Detector::<An1269>::restore(r#"{"max_keys":16}"#, 3, &before.snapshot()).unwrap();
    assert_eq!(notes, ["max_keys: smaller than before; 25 keys were dropped"]);
    assert!(run(&mut after, [failed(80, "u1@example.com")]).is_empty(), "still silent");
    assert_eq!(patterns(&run(&mut after, [login(90, "u1@example.com")])), ["credential-accepted"]);
}

#[test]
fn contradictory_options_are_refused() {
    let refused = |config: &str| Detector::<An1269>::create(config, 0).err().unwrap().to_string();
    assert!(refused(r#"{"max_keys":20000000}"#).contains("max_keys: 20000000 is too many; expected at most"));
    assert!(refused(r#"{"extra_failure_codes":["x"]}"#).contains("extra_failure_codes"));
    detector(r#"{"max_keys":500000,"extraFailureCodes":[50058],"min_failures":1000}"#);
}

#[test]
fn counts_are_exact_in_the_hundreds_and_say_so_beyond_memory() {
    let mut tight = detector(r#"{"pool_bytes":"1 KiB"}"#);
    let events = || (0..300).map(|n| failed(n, &format!("u{n}"))).chain([login(301, "u299")]);
    let exact = run(&mut detector(""), events()).pop().unwrap();
    assert_eq!((exact.failure_count, exact.distinct_users, exact.users.len()), (Some(300), Some(300), 50));
    assert!(exact.estimated.is_empty());
    let cut = run(&mut tight, events()).pop().unwrap();
    assert_eq!(
        (&*cut.pattern, cut.failure_count),
        ("credential-accepted", Some(18)),
        "16 of its own, 2 of the pool"
    );
    assert!(["failure_count", "distinct_users"].iter().all(|name| cut.estimated.contains(&(*name).into())));
}

/// A flood: `between` junk addresses fail once each, between any two of twelve failures. The test runs without junk
/// beforehand, and with junk that fails as often as possible without an alert.
fn flood(between: u32) {
    for beforehand in [0, 20_000u32] {
        let mut detector = detector(r#"{"max_keys":20000}"#);
        let mut alerts = Vec::new();
        let mut tick = 0i64;
        let mut junk = |detector: &mut Detector<An1269>, alerts: &mut Vec<Alert>, first: u32, count: u32| {
            for n in first..first + count {
                tick += 1000;
                let event = Event {
                    time: Timestamp(BEGIN + tick),
                    src_ip: Some(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n))),
                    ..failed(0, "junk")
                };
                alerts.extend(detector.observe(event, b"", RECEIVED));
            }
            tick
        };
        for _ in 0..9 {
            junk(&mut detector, &mut alerts, 0, beforehand);
        }
        let mut now = 0;
        for n in 0..12 {
            now = junk(&mut detector, &mut alerts, 1_000_000 + n * between, between);
            let event = Event { time: Timestamp(BEGIN + now), ..failed(0, &format!("u{n}")) };
            alerts.extend(detector.observe(event, b"", RECEIVED));
        }
        let event = Event { time: Timestamp(BEGIN + now), ..login(0, "u11") };
        alerts.extend(detector.observe(event, b"", RECEIVED));
        assert_eq!(
            patterns(&alerts),
            ["credential-stuffing", "credential-accepted"],
            "{beforehand} beforehand"
        );
        assert!(detector.stats()[0].evicted > 100_000 && detector.stats()[0].keys <= 20_000);
    }
}

#[test]
fn a_flood_of_junk_addresses_hides_nothing() {
    flood(30_000);
}

#[test]
#[ignore = "the design's size: seconds in a release build"]
fn a_flood_of_the_designs_size_hides_nothing() {
    flood(100_000);
}
