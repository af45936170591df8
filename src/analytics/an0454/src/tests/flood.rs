//! Floods of junk keys between a victim's challenges.

use super::{AFTER, WITHOUT, challenge, detector, feed, login, patterns};
use authsieve_engine::event::Event;

/// Twelve challenges and a login. Between any two come `between` junk users; before all come `before` junk users with
/// `times` challenges each. Junk raises no alert: no junk user has `min_challenges` within a window.
fn flood(max_keys: usize, between: usize, before: usize, times: i64) {
    let mut it = detector(&format!(r#"{{"max_keys":{max_keys}}}"#));
    let junk = |it: &mut _, from: usize, count: usize, second: i64| {
        for n in from..from + count {
            let user = format!("junk{n}@example.com");
            let found = feed(it, [Event { user: user.as_str().into(), ..challenge(second, "198.51.100.1") }]);
            assert!(found.is_empty(), "{found:?}");
        }
    };
    for round in 0..times {
        junk(&mut it, 0, before, (round - times) * 900);
    }
    let mut alerts = vec![];
    for n in 0..12 {
        alerts.extend(feed(&mut it, [challenge(n * 45, "203.0.113.5")]));
        junk(&mut it, before + n as usize * between, between, n * 45);
    }
    alerts.extend(feed(&mut it, [login(540, "203.0.113.5")]));
    assert_eq!(patterns(&alerts), [WITHOUT, AFTER]);
    assert!(it.stats()[0].evicted > 0);
}

#[test]
fn a_flood_between_hides_nothing() {
    flood(2_000, 10_000, 0, 0);
}

#[test]
fn a_flood_beforehand_hides_nothing() {
    flood(2_000, 5_000, 2_000, 12);
}

/// The sizes in the design: `cargo test --release -p authsieve-an0454 flood -- --ignored`.
#[test]
#[ignore = "takes a while without optimisation"]
fn floods_of_the_designs_size_hide_nothing() {
    flood(20_000, 100_000, 0, 0);
    flood(20_000, 50_000, 20_000, 4);
    flood(20_000, 50_000, 20_000, 12);
}
