//! A flood of junk keys must not hide an attack: 12 failures and a success, with at most 20,000 keys.

use super::{BEGIN, RECEIVED, detector};
use authsieve_engine::event::{Event, Outcome, Provider};
use authsieve_engine::time::Timestamp;
use std::net::{IpAddr, Ipv4Addr};

const VICTIM: &str = "victim@example.com";

/// Feeds 12 failures and a success. Between any two come `junk` junk failures; before all, `before` accounts fail 12
/// times each. Junk comes from one address or, with `many`, from many. All is within one window.
fn flood(before: u32, junk: u32, many: bool) {
    let mut detector = detector(r#"{"max_keys":20000}"#);
    let mut number = 0;
    let mut tick = BEGIN * 1_000_000;
    let mut feed = |outcome: Outcome, account: u32, user: Option<&'static str>| {
        tick += 50;
        let from = if many { Ipv4Addr::from(0x0a00_0000 + account) } else { Ipv4Addr::new(198, 51, 100, 1) };
        let (user, from) = user.map_or_else(
            || (format!("junk{account}").into(), from),
            |user| (user.into(), Ipv4Addr::new(203, 0, 113, 5)),
        );
        let event = Event {
            time: Timestamp(tick),
            outcome,
            count: 1,
            user,
            src_ip: Some(IpAddr::V4(from)),
            provider: Provider::Entra,
            ..Event::default()
        };
        detector.observe(event, b"", RECEIVED)
    };
    for _ in 0..12 {
        for account in 0..before {
            assert!(feed(Outcome::Failure, account, None).is_empty());
        }
    }
    for _ in 0..12 {
        assert!(feed(Outcome::Failure, 0, Some(VICTIM)).is_empty());
        for _ in 0..junk {
            number += 1;
            assert!(feed(Outcome::Failure, 100_000 + number, None).is_empty());
        }
    }
    let alerts = feed(Outcome::Success, 0, Some(VICTIM));
    assert_eq!(alerts.iter().map(|alert| alert.user.as_deref()).collect::<Vec<_>>(), [Some(VICTIM)]);
    assert!(detector.stats()[0].evicted > 0 && detector.stats()[0].keys <= 20_000);
}

#[test]
fn junk_from_many_addresses() {
    flood(0, 100_000, true);
}

#[test]
fn junk_from_one_address_after_a_flood() {
    flood(20_000, 50_000, false);
}

#[test]
fn junk_from_many_addresses_after_a_flood() {
    flood(20_000, 50_000, true);
}
