use crate::An1269;
use authsieve_engine::note::Step;
use authsieve_engine::testing::{explain, login, said};

#[test]
fn failures_on_accounts_are_counted_and_a_login_judged() {
    let failures = |count| {
        (0..count).map(|n| login(n, "failure", &format!("u{n}@example.com"), "192.0.2.7")).collect::<String>()
    };
    let key = "ip 192.0.2.7";
    let notes = explain::<An1269>("", &failures(12));
    assert!(said(&notes, Step::Counted, key, "failure 9 of 10 within 30m, on 9 accounts"), "{notes:?}");
    assert!(said(&notes, Step::Alert, key, "credential-stuffing, medium: "));
    assert!(said(&notes, Step::Silent, key, "credential-stuffing, but silent until 2026-03-01T10:30:09Z"));
    let notes = explain::<An1269>("", &(failures(9) + &login(60, "success", "u1@example.com", "192.0.2.7")));
    assert!(said(&notes, Step::Short, key, "right password after 9 of 10 failures"));
    let notes = explain::<An1269>("", &(failures(10) + &login(60, "success", "u1@example.com", "192.0.2.7")));
    assert!(said(&notes, Step::Alert, key, "credential-accepted, critical: "), "{notes:?}");
    let guessing: String = (0..10).map(|n| login(n, "failure", "ada@example.com", "192.0.2.7")).collect();
    let notes = explain::<An1269>("", &(guessing + &login(60, "success", "ben@example.com", "192.0.2.7")));
    assert!(said(&notes, Step::Short, key, "of an account that did not fail, and those that did are 1 of 5"));
}
