//! Floods of junk keys between the failures of an attack. The sizes in the design run with `cargo test --release -p
//! authsieve-an1521 flood -- --ignored`.

use super::*;

/// A name of letters only, so that each is a family of its own: digits at its end would be folded away.
fn junk(mut n: u64) -> String {
    let mut name = String::from("q");
    for _ in 0..8 {
        name.push(char::from(b'b' + (n % 8) as u8 * 2));
        n /= 8;
    }
    name
}

/// Twelve failures. Between any two come `between` junk failures; before all, `before` junk accounts fail `times`
/// times each.
fn flood(between: u64, before: u64, times: u64) {
    let mut detector = detector(r#"{"max_keys":20000}"#);
    let mut next = 0;
    let mut found = vec![];
    let mut take = |alerts: Vec<Alert>| {
        found.extend(alerts.into_iter().map(|alert| (alert.pattern, alert.user.unwrap_or_default())));
    };
    let address = |n: u64| format!("2001:db8:{:x}:{:x}::1", n >> 16, n & 0xffff);
    let send = |detector: &mut Detector<An1521>,
                numbers: std::ops::Range<u64>,
                micros: i64,
                take: &mut dyn FnMut(Vec<Alert>)| {
        for chunk in numbers.collect::<Vec<_>>().chunks(1000) {
            let log: String = chunk.iter().map(|n| failed(micros, &junk(*n), &address(*n))).collect();
            take(run(detector, &log));
        }
    };
    for _ in 0..times {
        send(&mut detector, 10_000_000..10_000_000 + before, 0, &mut take);
    }
    for n in 0..12 {
        let micros = (n + 1) * 20_000_000;
        send(&mut detector, next..next + between, micros, &mut take);
        next += between;
        let log = failed(micros, "administrator", "203.0.113.5");
        take(run(&mut detector, &log));
    }
    assert_eq!(found, [("burst".into(), "administrator".into())], "{between} {before} {times}");
    assert!(detector.stats()[0].evicted > 0);
}

#[test]
fn an_attack_is_found_in_a_flood() {
    flood(5_000, 0, 0);
}

#[test]
fn an_attack_is_found_after_a_flood() {
    flood(3_000, 20_000, 4);
}

#[test]
#[ignore = "takes a minute; the design's size"]
fn an_attack_is_found_in_the_floods_of_the_design() {
    flood(100_000, 0, 0);
    flood(100_000, 20_000, 9);
}

/// Junk accounts in the victim's own family: it is counted per account, so junk pushes nothing out.
#[test]
fn an_attack_is_found_among_accounts_of_its_family() {
    let mut detector = detector(r#"{"max_keys":20000}"#);
    let mut found = vec![];
    for n in 0..12u64 {
        let micros = (n as i64 + 1) * 20_000_000;
        let log: String = (n * 5000..(n + 1) * 5000)
            .map(|n| {
                failed(
                    micros,
                    &format!("administrator{n}"),
                    &format!("2001:db8:{:x}:{:x}::1", n >> 16, n & 0xffff),
                )
            })
            .collect();
        found.extend(run(&mut detector, &log));
        found.extend(run(&mut detector, &failed(micros, "administrator", "203.0.113.5")));
    }
    let of_it = |alert: &&Alert| alert.src_ip.as_deref() == Some("203.0.113.5");
    let alerts: Vec<_> = found.iter().filter(of_it).collect();
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(alert.title, "10 failed logons of administrator from 203.0.113.5");
    assert!(alert.context.last().is_some_and(|line| line.contains("counted alone")));
}
