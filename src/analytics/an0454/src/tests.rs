//! Tests of state, evidence, bounds and errors, which the case files do not cover. Also compares the rules with a
//! naive reference.

mod flood;
mod naive;
mod random;

use crate::An0454;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::detector::{Detector, Error};
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::time::Timestamp;

const SECOND: i64 = 1_000_000;
const START: i64 = 1_772_359_200 * SECOND; // 2026-03-01T10:00:00Z
const RECEIVED: Timestamp = Timestamp(1_800_000_000 * SECOND);

fn detector(config: &str) -> Detector<An0454> {
    Detector::create(config, 7).unwrap()
}

/// An event of jane, from an address, or from none if that is empty.
fn event(second: i64, outcome: Outcome, address: &str) -> Event<'static> {
    Event {
        time: Timestamp(START + second * SECOND),
        outcome,
        count: 1,
        user: "jane@example.com".into(),
        src_ip: address.parse().ok(),
        provider: Provider::Okta,
        ..Event::default()
    }
}

fn challenge(second: i64, address: &str) -> Event<'static> {
    event(second, Outcome::Challenge, address)
}

fn login(second: i64, address: &str) -> Event<'static> {
    event(second, Outcome::Success, address)
}

fn of<'e>(event: Event<'e>, provider: Provider, transaction: &'e str) -> Event<'e> {
    Event { provider, transaction: transaction.into(), ..event }
}

fn feed<'e>(detector: &mut Detector<An0454>, events: impl IntoIterator<Item = Event<'e>>) -> Vec<Alert> {
    let record = |event: &Event<'_>| format!("{} {:?}", event.time, event.outcome);
    events.into_iter().flat_map(|e| detector.observe(e.clone(), record(&e).as_bytes(), RECEIVED)).collect()
}

fn patterns(alerts: &[Alert]) -> Vec<&str> {
    alerts.iter().map(|alert| &*alert.pattern).collect()
}

const WITHOUT: &str = "challenges-without-login";
const AFTER: &str = "login-after-challenges";

#[test]
fn alerts_tell_who_what_came_of_it_and_who_logged_in() {
    let mut detector = detector("");
    let from = "203.0.113.5";
    let mut events = vec![login(-3600, "192.0.2.10"), challenge(0, from), challenge(30, from)];
    events.push(event(40, Outcome::Denied, "192.0.2.10"));
    events.push(login(45, "192.0.2.10"));
    events.extend([challenge(60, from), challenge(90, from)]);
    events.push(event(95, Outcome::Timeout, ""));
    events.push(Event { application: "Mail".into(), device: "PC".into(), ..challenge(120, from) });
    let alerts = feed(&mut detector, events);
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((&*alert.analytic, &*alert.pattern, alert.severity), ("AN0454", WITHOUT, Severity::Medium));
    assert_eq!(alert.title, "5 MFA challenges of jane@example.com within 10m and no login after them");
    assert_eq!(alert.time.to_string(), "2026-03-01T10:02:00Z");
    assert_eq!(alert.first_seen.to_string(), "2026-03-01T10:00:00Z");
    assert_eq!((alert.user.as_deref(), alert.src_ip.as_deref()), (Some("jane@example.com"), Some(from)));
    assert_eq!((alert.application.as_deref(), alert.device.as_deref()), (Some("Mail"), Some("PC")));
    assert_eq!((alert.challenge_count, alert.distinct_ips, alert.failure_count), (Some(5), Some(1), None));
    let outcomes: Vec<(&str, u32)> = alert.outcomes.iter().map(|t| (&*t.code, t.count)).collect();
    assert_eq!(outcomes, [("denied", 1), ("timeout", 1), ("unanswered", 3)]);
    assert_eq!(alert.context[0], "of the challenges: 1 denied, 1 timeout, 3 unanswered");
    assert_eq!(alert.related_successes, ["2026-03-01T10:00:45Z jane@example.com from 192.0.2.10"]);
    assert_eq!(alert.techniques, ["T1621"]);
    assert_eq!(alert.evidence.len(), 5, "{:?}", alert.evidence);
    assert!(alert.estimated.is_empty());

    let alerts = feed(&mut detector, [event(130, Outcome::Approved, from)]);
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((&*alert.pattern, alert.severity), (AFTER, Severity::Critical));
    assert_eq!(alert.title, "5 MFA challenges of jane@example.com, then a login from 203.0.113.5");
    assert_eq!(alert.techniques, ["T1621", "T1078"]);
    assert_eq!(alert.related_successes.len(), 2, "the victim's, and this one");
    assert_eq!(alert.evidence.len(), 6);
    assert!(alert.evidence[5].text.contains("Approved"));
    assert!(feed(&mut detector, [login(131, from)]).is_empty(), "they are forgotten");
}

#[test]
fn what_a_login_made_forgotten_is_told_no_more() {
    let mut detector = detector("");
    let own = (0..4).map(|n| challenge(n, "192.0.2.10"));
    feed(&mut detector, own.chain([login(10, "192.0.2.10")]));
    let alerts = feed(&mut detector, (20..25).map(|n| challenge(n, "192.0.2.10")));
    assert_eq!((alerts[0].challenge_count, alerts[0].evidence.len()), (Some(5), 5));
    assert!(alerts[0].evidence[0].text.contains("10:00:20Z"));
}

#[test]
fn rows_of_one_correlation_id_and_code_are_one_for_five_seconds() {
    let asked = |second, provider| of(challenge(second, "203.0.113.5"), provider, "c");
    let failed = |second, provider| of(event(second, Outcome::Timeout, "203.0.113.5"), provider, "c");
    let counted = |events: Vec<Event<'static>>| {
        let alerts =
            feed(&mut detector(r#"{"min_challenges":1,"window":"1s","slow_min_challenges":100}"#), events);
        alerts.iter().map(|alert| (alert.time.0 - START) / SECOND).collect::<Vec<_>>()
    };
    let (entra, audit) = (Provider::Entra, Provider::M365);
    // Rows of one code within five seconds of the first are one, because clients choose the correlation id.
    assert_eq!(counted(vec![asked(0, entra), asked(5, audit), asked(6, entra)]), [0, 6]);
    assert_eq!(counted(vec![failed(0, entra), failed(1, audit), failed(6, entra)]), [0, 6]);
    // A result closes one open challenge. Each further result counts.
    assert_eq!(counted(vec![asked(0, entra), failed(30, entra), failed(35, audit)]), [0]);
    assert_eq!(counted(vec![asked(0, entra), failed(30, entra), failed(36, entra)]), [0, 36]);
    assert_eq!(counted(vec![asked(0, entra), asked(6, entra), failed(30, entra), failed(36, entra)]), [0, 6]);
    let one_id = (0..40).map(|n| asked(n * 6, entra)).collect();
    assert_eq!(counted(one_id).len(), 40, "one id hides nothing");
    let bob = Event { user: "bob@example.com".into(), ..asked(1, Provider::Entra) };
    assert_eq!(counted(vec![asked(0, Provider::Entra), bob]), [0, 1], "a page visit may be shared");
    let okta = |second| of(challenge(second, "203.0.113.5"), Provider::Okta, "c");
    assert_eq!(counted(vec![okta(0), okta(10)]), [0, 10], "Okta's transactions are no such thing");
}

#[test]
fn a_feed_that_lags_behind_is_judged_and_does_not_repeat_itself() {
    let mut detector = detector("");
    let other = Event { user: "bob@example.com".into(), ..challenge(72 * 3_600, "198.51.100.7") };
    feed(&mut detector, [other]);
    let alerts = feed(&mut detector, (0..9).map(|minute| challenge(minute * 60, "203.0.113.5")));
    assert_eq!(patterns(&alerts), [WITHOUT]);
    let login = feed(&mut detector, [login(600, "203.0.113.5")]);
    assert_eq!(patterns(&login), [AFTER]);
}

#[test]
fn duos_rows_are_finished_challenges_one_per_txid() {
    let denied =
        |second, id: &'static str| of(event(second, Outcome::Denied, "203.0.113.5"), Provider::Duo, id);
    let spelled = (0..9).map(|_| denied(0, "a")).chain([denied(80, "b")]);
    let approved = of(event(137, Outcome::Approved, "203.0.113.5"), Provider::Duo, "c");
    assert!(feed(&mut detector(""), spelled.chain([approved])).is_empty());
    let ids = ["a", "b", "c", "d", "e", "f"];
    let alerts = feed(&mut detector(""), ids.iter().enumerate().map(|(n, id)| denied(60 * n as i64, id)));
    assert_eq!(patterns(&alerts), [WITHOUT]);
    assert_eq!(alerts[0].outcomes[0].count, 5);
    // Another user's open challenge stays open.
    let events = (0..4).map(|n| challenge(n, "203.0.113.5")).chain([denied(5, "a")]);
    assert_eq!(patterns(&feed(&mut detector(""), events)), [WITHOUT]);
}

#[test]
fn who_waits_is_taken_back_by_a_login_and_comes_out_after() {
    let config = r#"{"confirm_after":"60s","min_challenges":2}"#;
    let two = || [challenge(0, "203.0.113.5"), challenge(10, "203.0.113.5")];
    let mut it = detector(config);
    assert!(feed(&mut it, two()).is_empty());
    let other = |second| Event { user: "bob".into(), ..challenge(second, "") };
    assert!(feed(&mut it, [other(70)]).is_empty(), "not passed yet");
    let snapshot = it.snapshot();
    let alerts = feed(&mut it, [other(71)]);
    assert_eq!(patterns(&alerts), [WITHOUT]);
    assert_eq!(alerts[0].time.to_string(), "2026-03-01T10:00:10Z");
    let (mut it, _) = Detector::<An0454>::restore(config, 3, &snapshot).unwrap();
    assert!(it.advance(Timestamp(START + 70 * SECOND)).is_empty());
    assert_eq!(it.advance(Timestamp(START + 71 * SECOND)), alerts, "all of it is in the snapshot");

    let mut it = detector(config);
    assert!(feed(&mut it, two().into_iter().chain([login(70, "192.0.2.10")])).is_empty());
    assert!(it.flush().is_empty());
    let again = feed(&mut it, [challenge(80, "203.0.113.5"), other(200)]);
    assert_eq!(patterns(&again), [WITHOUT], "its silence went with it");
    let mut it = detector(config);
    let alerts = feed(&mut it, two().into_iter().chain([login(71, "203.0.113.5")]));
    assert_eq!(patterns(&alerts), [WITHOUT, AFTER], "too late");
}

#[test]
fn of_too_many_that_wait_the_first_comes_early() {
    let mut it =
        detector(r#"{"confirm_after":"7d","min_challenges":1,"slow_min_challenges":1000,"max_keys":20000}"#);
    let users: Vec<String> = (0..4100).map(|n| format!("user{n}")).collect();
    let events = users.iter().map(|user| Event { user: user.as_str().into(), ..challenge(0, "") });
    let early = feed(&mut it, events);
    let names: Vec<&str> = early.iter().filter_map(|alert| alert.user.as_deref()).collect();
    assert_eq!(names, ["user0", "user1", "user2", "user3"]);
    assert_eq!(it.flush().len(), 4096);
}

#[test]
fn overrides_hold_for_what_waits_too() {
    let config = r#"{"confirm_after":"60s","min_challenges":9,
        "override":[{"users":["jane*"],"min_challenges":2,"severity":"+1","reason":"finance"}]}"#;
    let mut it = detector(config);
    feed(&mut it, [challenge(0, ""), challenge(1, "")]);
    let alerts = it.flush();
    assert_eq!(alerts[0].severity, Severity::High);
    assert!(alerts[0].context.iter().any(|line| line == "override: finance"), "{:?}", alerts[0].context);
}

#[test]
fn only_macs_where_only_macs_are_asked_for() {
    let mut it = detector(r#"{"platform":"macos","min_challenges":2,"user_key":"local-part"}"#);
    let from = |second, os: &'static str| Event { os: os.into(), ..challenge(second, "203.0.113.5") };
    assert!(feed(&mut it, [from(0, ""), from(1, "Windows"), from(2, "Mac OS X")]).is_empty());
    assert_eq!(patterns(&feed(&mut it, [from(3, "macOS")])), [WITHOUT]);
    let mac = Event { provider: Provider::Macos, user: "Jane".into(), ..login(4, "") };
    let alerts = feed(&mut it, [mac]);
    assert_eq!((patterns(&alerts), alerts[0].user.as_deref()), (vec![AFTER], Some("Jane")));
}

#[test]
fn other_worlds_have_no_challenges_and_linux_no_logins_that_count() {
    let mut it = detector(r#"{"min_challenges":1}"#);
    for provider in [Provider::Linux, Provider::Windows, Provider::Exchange] {
        assert!(feed(&mut it, [of(challenge(0, ""), provider, "")]).is_empty());
        assert!(feed(&mut it, [of(event(0, Outcome::Denied, ""), provider, "")]).is_empty());
    }
    let nobody = Event { user: "".into(), ..challenge(0, "") };
    assert!(feed(&mut it, [nobody]).is_empty());
    feed(&mut it, [challenge(1, "")]);
    assert!(
        feed(&mut it, [of(login(2, ""), Provider::Linux, ""), of(login(3, ""), Provider::Windows, "")])
            .is_empty()
    );
    assert_eq!(patterns(&feed(&mut it, [of(login(4, ""), Provider::Ecs, "")])), [AFTER]);
}

#[test]
fn a_late_challenge_is_one_with_the_result_that_came_before_it() {
    let mut it = detector(r#"{"min_challenges":3,"window":"10m"}"#);
    let denied = event(60, Outcome::Denied, "");
    assert!(feed(&mut it, [challenge(0, "203.0.113.5"), challenge(1, "203.0.113.5")]).is_empty());
    feed(&mut it, [event(2, Outcome::Denied, ""), event(3, Outcome::Denied, "")]);
    let alerts = feed(&mut it, [denied, challenge(50, "203.0.113.5")]);
    assert_eq!(patterns(&alerts), [WITHOUT], "by the result alone, as of its time");
    assert_eq!(it.stats()[0].late, 1);
    let alerts = feed(&mut it, [login(61, "203.0.113.5")]);
    assert_eq!(alerts[0].challenge_count, Some(3), "not four");
}

#[test]
fn a_result_that_comes_behind_another_is_late_and_counts_for_nothing() {
    let mut it = detector(r#"{"min_challenges":3,"window":"10m"}"#);
    let denied = |second| event(second, Outcome::Denied, "203.0.113.5");
    // In order, the result at second 13 would close the challenge, and the one at second 15 would count.
    let alerts = feed(&mut it, [denied(0), challenge(10, "203.0.113.5"), denied(15), denied(13)]);
    assert!(alerts.is_empty(), "{alerts:?}");
    assert_eq!(it.stats()[0].late, 1);
}

#[test]
fn a_late_challenge_does_not_follow_a_result_of_its_own_time() {
    let mut it = detector(r#"{"min_challenges":4,"window":"10m"}"#);
    let denied = event(0, Outcome::Denied, "203.0.113.5");
    let alerts = feed(&mut it, [denied, challenge(1, ""), challenge(0, ""), event(2, Outcome::Denied, "")]);
    assert!(alerts.is_empty(), "{alerts:?}");
    assert_eq!(patterns(&feed(&mut it, [challenge(3, "")])), [WITHOUT]);
}

#[test]
fn what_the_pool_has_lost_is_said_and_the_count_is_exact() {
    let mut it = detector(r#"{"pool_bytes":"16 KiB","min_challenges":5}"#);
    feed(&mut it, (0..4).map(|n| challenge(n, "203.0.113.5")));
    let users: Vec<String> = (0..400).map(|n| format!("user{n}")).collect();
    feed(&mut it, users.iter().map(|user| Event { user: user.as_str().into(), ..challenge(10, "") }));
    let alerts = feed(&mut it, [challenge(20, "203.0.113.5")]);
    assert_eq!((alerts[0].challenge_count, alerts[0].distinct_ips), (Some(5), Some(1)));
    assert!(alerts[0].estimated.contains(&"evidence".to_string()), "{:?}", alerts[0]);
    assert_eq!(alerts[0].evidence.len(), 1);
}

#[test]
fn a_changed_configuration_keeps_what_it_can_and_says_what_it_dropped() {
    let mut before = detector("");
    feed(&mut before, (0..4).map(|n| challenge(n, "203.0.113.5")));
    let snapshot = before.snapshot();
    let restored = |config: &str| {
        let (mut it, notes) = Detector::<An0454>::restore(config, 1, &snapshot).unwrap();
        (feed(&mut it, [challenge(60, "203.0.113.5")]).len(), notes.join("; "))
    };
    assert_eq!(restored(""), (1, String::new()));
    assert_eq!(restored(r#"{"min_challenges":6}"#), (0, String::new()));
    assert_eq!(restored(r#"{"window":"56s"}"#), (0, String::new()));
    for (config, option) in [
        (r#"{"user_key":"local-part"}"#, "user_key: changed"),
        (r#"{"ipv4_prefix":24}"#, "ipv4_prefix or ipv6_prefix: changed"),
    ] {
        let (alerts, notes) = restored(config);
        assert!(alerts == 0 && notes.starts_with(option), "{notes}");
    }
    let (alerts, notes) = restored(r#"{"salt":"another"}"#);
    assert!(alerts == 0 && notes.starts_with("salt"), "{notes}");
}

#[test]
fn fewer_keys_than_a_snapshot_holds_keep_the_newest() {
    let users: Vec<String> = (0..50).map(|n| format!("user{n}")).collect();
    let of_all =
        |second| users.iter().map(move |user| Event { user: user.as_str().into(), ..challenge(second, "") });
    let mut before = detector(r#"{"min_challenges":2}"#);
    feed(&mut before, of_all(0));
    let config = r#"{"min_challenges":2,"max_keys":16}"#;
    let (mut it, notes) = Detector::<An0454>::restore(config, 1, &before.snapshot()).unwrap();
    assert_eq!(notes, ["max_keys: smaller than before; 34 keys were dropped"]);
    let alerts = feed(&mut it, of_all(1).rev());
    assert_eq!(alerts.len(), 16);
    assert_eq!(alerts[0].user.as_deref(), Some("user49"));
}

#[test]
fn a_snapshot_that_was_made_up_is_refused_or_harmless() {
    let mut it = detector(r#"{"confirm_after":"60s","min_challenges":2}"#);
    feed(&mut it, (0..3).map(|n| of(challenge(n, "203.0.113.5"), Provider::Entra, "c")));
    feed(&mut it, (0..3).map(|n| challenge(n, "203.0.113.5")));
    let snapshot = it.snapshot();
    for at in 0..snapshot.len() {
        let mut flipped = snapshot.clone();
        flipped[at] ^= 0x55;
        assert!(matches!(Detector::<An0454>::restore("", 0, &flipped), Err(Error::InvalidSnapshot(_))));
    }
}

#[test]
fn contradictory_options_are_refused() {
    let refused = |config: &str| match Detector::<An0454>::create(config, 0) {
        Err(Error::InvalidConfig(why)) => why.to_string(),
        _ => panic!("{config} was taken"),
    };
    assert!(refused(r#"{"user_key":"mail"}"#).contains(r#"one of "whole", "local-part""#));
    assert!(refused(r#"{"platform":"mac"}"#).contains(r#"one of "any", "macos""#));
    assert!(refused(r#"{"minChallenges":5,"min_challenges":5}"#).contains("is for the same option as"));
    assert!(
        refused(r#"{"max_keys":1000000,"slow_min_challenges":1000}"#)
            .contains("max_keys: 1000000 is too many; expected at most")
    );
    for spelling in ["minChallenges", "slowMinChallenges"] {
        detector(&format!(r#"{{"{spelling}":3}}"#));
    }
    detector(r#"{"successWithin":"1m","confirmAfter":"1m","slowWindow":"2d","userKey":"whole"}"#);
}
