//! Floods of junk keys between the failures of an attack. The sizes in the design run with `cargo test --release -p
//! authsieve-an1276 flood -- --ignored`.

use super::{Alert, An1276, Detector, RECEIVED, detector};
use authsieve_engine::event::{Event, Outcome, Provider, Signal};
use authsieve_engine::time::Timestamp;
use std::net::{IpAddr, Ipv4Addr};

const BEGIN: i64 = 1_772_359_200_000_000;

/// One failure or login, at a time in microseconds from the beginning.
fn attempt(
    detector: &mut Detector<An1276>,
    micros: i64,
    user: &str,
    from: u32,
    outcome: Outcome,
) -> Vec<Alert> {
    let event = Event {
        time: Timestamp(BEGIN + micros),
        outcome,
        signal: if outcome == Outcome::Failure { Signal::Failed } else { Signal::Attempt },
        count: 1,
        user: user.to_owned().into(),
        src_ip: Some(IpAddr::V4(Ipv4Addr::from_bits(from))),
        method: "password".into(),
        provider: Provider::Linux,
        ..Event::default()
    };
    detector.observe(event, b"", RECEIVED)
}

/// Twelve failures, one every 45 seconds, and a login. Between any two come `between` junk failures; before all,
/// `before` junk users fail `times` times each. Each failure has two keys: user and address, and address.
fn flood(between: u32, before: u32, times: u32) {
    let mut detector = detector(r#"{"max_keys":20000}"#);
    let mut tick = 0;
    let mut junk = |detector: &mut Detector<An1276>, numbers: std::ops::Range<u32>| {
        for n in numbers {
            tick += 10;
            let found = attempt(detector, tick, &format!("junk{n}"), 0x0a00_0000 + n, Outcome::Failure);
            assert!(found.is_empty(), "{found:?}");
        }
        tick
    };
    for _ in 0..times {
        junk(&mut detector, 5_000_000..5_000_000 + before);
    }
    let (attacker, mut now) = (0xcb00_7105, 0);
    for n in 0..12 {
        now = junk(&mut detector, n * between..(n + 1) * between);
        assert!(attempt(&mut detector, now, "victim", attacker, Outcome::Failure).is_empty());
    }
    let alerts = attempt(&mut detector, now + 1, "victim", attacker, Outcome::Success);
    let told: Vec<_> = alerts.iter().map(|alert| (&*alert.pattern, alert.user.as_deref())).collect();
    assert_eq!(told, [("user+ip", Some("victim"))], "{between} between, {before} {times} times before");
    assert!(detector.stats()[0].evicted > 0 && detector.stats()[0].keys <= 20_000);
}

#[test]
fn an_attack_is_found_in_a_flood() {
    flood(10_000, 0, 0);
}

#[test]
fn an_attack_is_found_after_a_flood() {
    flood(5_000, 20_000, 4);
}

#[test]
#[ignore = "the design's sizes: seconds in a release build"]
fn an_attack_is_found_in_the_floods_of_the_design() {
    flood(100_000, 0, 0);
    flood(50_000, 20_000, 4);
    flood(50_000, 20_000, 12);
}
