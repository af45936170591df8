use crate::Fls;
use authsieve_engine::note::Step;
use authsieve_engine::testing::{explain, login, said};

#[test]
fn failures_are_counted_and_a_success_judged() {
    let failures = |count| (0..count).map(|n| login(n, "failure", "ada", "192.0.2.7")).collect::<String>();
    let key = "user+ip ada 192.0.2.7";
    let notes = explain::<Fls>("", &(failures(5) + &login(60, "success", "ada", "192.0.2.7")));
    assert!(said(&notes, Step::Counted, key, "failure 4 of 5 within 15m"), "{notes:?}");
    assert!(said(&notes, Step::Counted, key, "the rule holds"));
    assert!(said(&notes, Step::Alert, key, "failures-then-success, high: "));
    let notes = explain::<Fls>("", &(failures(4) + &login(60, "success", "ada", "192.0.2.7")));
    assert!(said(&notes, Step::Short, key, "success after 4 of 5 failures within 15m"));
    let notes = explain::<Fls>("", &(failures(5) + &login(620, "success", "ada", "192.0.2.7")));
    assert!(said(&notes, Step::TooLate, key, "16s too late: within 10m"));
    let notes = explain::<Fls>("", &login(0, "success", "ada", "192.0.2.7"));
    assert!(said(&notes, Step::Short, key, "success after 0 of 5 failures"));
    let notes = explain::<Fls>("", &login(0, "failure", "ada", "-"));
    assert!(said(&notes, Step::Ignored, "", "no address (require_ip)"), "{notes:?}");
}
