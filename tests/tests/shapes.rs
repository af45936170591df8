//! A login gives the same event in every form of record, for each analytic that reads the form.

use authsieve_an0454::An0454;
use authsieve_an1269::An1269;
use authsieve_an1521::An1521;
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::Detector;
use authsieve_engine::time::Timestamp;
use authsieve_fls::Fls;
use authsieve_tests::login::{Login, Outcome, Shape};
use proptest::prelude::*;
use std::net::IpAddr;

/// 2027-01-15, after all logins.
const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);

/// Usual names, and names that attackers choose. None has a character that ends a name in one of the forms.
const USERS: [&str; 12] = [
    "jdoe",
    "Administrator",
    "o'brien",
    "anna maria",
    "müller",
    "a\"b",
    "x</Data><Data Name='IpAddress'>203.0.113.9",
    "},{\"EventID\":4624,\"user\":\"root\"",
    "line\nbreak",
    "Accepted password for root from 10.0.0.1 port 22 ssh2",
    "4624",
    "用户",
];

fn login() -> impl Strategy<Value = Login> {
    let outcome = prop::sample::select(vec![
        Outcome::Failure,
        Outcome::Success,
        Outcome::Challenge,
        Outcome::Denied,
        Outcome::Timeout,
        Outcome::Approved,
    ]);
    let address = prop::sample::select(vec!["192.0.2.7", "203.0.113.250", "2001:db8::7", "2001:db8:0:1::a"]);
    // Between 2020 and 2026, in milliseconds.
    let time = 1_577_836_800_000_i64..1_780_000_000_000;
    (time, outcome, prop::sample::select(USERS.to_vec()), address, any::<u32>()).prop_map(
        |(millis, outcome, user, address, number)| Login {
            time: millis * 1000,
            outcome,
            user: user.into(),
            address: address.parse().expect("an address"),
            number: number.into(),
        },
    )
}

/// Checks that a record gives exactly one event, the expected one, and that a prefilter lets it through.
fn says<A: Analytic>(login: &Login, shape: Shape) -> Result<(), TestCaseError> {
    let Some(record) = shape.write(login) else { return Ok(()) };
    let detector = Detector::<A>::create("", 7).expect("the defaults");
    let events: Vec<_> =
        detector.decode(record.as_bytes(), RECEIVED).into_iter().map(|seen| seen.event).collect();
    prop_assert_eq!(events.len(), 1, "{:?}: {}", shape, &record);
    let event = &events[0];
    let resolution = shape.resolution();
    prop_assert_eq!(event.outcome.as_str(), login.outcome.word(), "{:?}: {}", shape, &record);
    prop_assert_eq!(&*event.user, shape.user(login), "{:?}: {}", shape, &record);
    prop_assert_eq!(event.src_ip, Some(login.address), "{:?}: {}", shape, &record);
    prop_assert_eq!(event.time.0, login.time.div_euclid(resolution) * resolution, "{:?}: {}", shape, &record);
    let lower = record.to_ascii_lowercase();
    let needles = detector.needles();
    prop_assert!(
        needles.iter().any(|needle| lower.contains(&needle.to_ascii_lowercase())),
        "{:?} has no needle: {}",
        shape,
        &record
    );
    let sieve = detector.sieve().expect("no needle is too short");
    prop_assert!(sieve.passes(record.as_bytes()), "{:?} is held back: {}", shape, &record);
    Ok(())
}

/// Checks that a form gives no event to an analytic, whatever its content.
fn silent<A: Analytic>(login: &Login, shape: Shape) -> Result<(), TestCaseError> {
    let Some(record) = shape.write(login) else { return Ok(()) };
    let detector = Detector::<A>::create("", 7).expect("the defaults");
    let events: Vec<_> =
        detector.decode(record.as_bytes(), RECEIVED).into_iter().map(|seen| seen.event).collect();
    prop_assert!(events.is_empty(), "{:?}: {} says {:?}", shape, &record, events);
    Ok(())
}

fn one_of(shapes: &[&'static [Shape]]) -> impl Strategy<Value = Shape> + use<> {
    prop::sample::select(shapes.concat())
}

proptest! {
    #[test]
    fn fls_reads_them(
        login in login(),
        shape in one_of(&[Shape::WINDOWS, Shape::CLOUD, Shape::NORMALISED]),
    ) {
        says::<Fls>(&login, shape)?;
    }

    #[test]
    fn an1521_reads_windows(login in login(), shape in one_of(&[Shape::WINDOWS])) {
        says::<An1521>(&login, shape)?;
    }

    #[test]
    fn an1521_leaves_the_others(login in login(), shape in one_of(&[Shape::CLOUD, Shape::FACTORS, Shape::WEB])) {
        silent::<An1521>(&login, shape)?;
    }

    #[test]
    fn an1269_reads_the_office_suite(
        login in login(),
        shape in one_of(&[Shape::CLOUD, Shape::WEB, Shape::NORMALISED]),
    ) {
        says::<An1269>(&login, shape)?;
    }

    #[test]
    fn an1269_leaves_the_others(login in login(), shape in one_of(&[Shape::WINDOWS, Shape::FACTORS])) {
        silent::<An1269>(&login, shape)?;
    }

    #[test]
    fn an0454_reads_second_factors(
        login in login(),
        shape in one_of(&[Shape::CLOUD, Shape::FACTORS, Shape::NORMALISED]),
    ) {
        says::<An0454>(&login, shape)?;
    }
}

#[test]
fn addresses_are_those_of_the_documentation() {
    let login = Login {
        time: 0,
        outcome: Outcome::Success,
        user: "jdoe".into(),
        address: IpAddr::from([192, 0, 2, 1]),
        number: 1,
    };
    assert!(Shape::Okta.write(&login).is_some_and(|record| record.contains("192.0.2.1")));
}
