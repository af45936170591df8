use crate::An1521;
use authsieve_engine::note::Step;
use authsieve_engine::testing::{explain, said};

fn login(second: u32, outcome: &str, user: &str, address: &str) -> String {
    let (minute, rest) = (second / 60, second % 60);
    let code = if outcome == "failure" { 4625 } else { 4624 };
    format!(
        r#"{{"@timestamp":"2026-03-01T10:{minute:02}:{rest:02}Z","event":{{"category":["authentication"],"outcome":"{outcome}","code":"{code}"}},"user":{{"name":"{user}"}},"source":{{"ip":"{address}"}}}}"#
    ) + "\n"
}

#[test]
fn families_and_addresses_are_counted() {
    let failures = |count| {
        (0..count).map(|n| login(n, "failure", &format!("admin{}", n % 2), "192.0.2.7")).collect::<String>()
    };
    let notes = explain::<An1521>("", &failures(9));
    let quick = "failure 9 of 10 within 10m, on 2 accounts from 1 addresses";
    assert!(said(&notes, Step::Counted, "family admin", quick), "{notes:?}");
    assert!(said(&notes, Step::Counted, "family admin", "failure 9 of 30 within 1d"));
    assert!(said(&notes, Step::Counted, "ip 192.0.2.7", "families 1 of 10 within 10m, failures 9 of 10"));
    let notes = explain::<An1521>("", &failures(11));
    assert!(said(&notes, Step::Alert, "family admin", "burst, medium: "), "{notes:?}");
    assert!(said(
        &notes,
        Step::Silent,
        "family admin",
        "burst: holds, but silent until 2026-03-01T10:10:09Z"
    ));
}

#[test]
fn what_does_not_count_says_why() {
    let notes = explain::<An1521>("", &login(0, "failure", "web1$", "192.0.2.7"));
    assert!(notes.is_empty(), "to the decoder a machine's own account is no login: {notes:?}");
    let notes = explain::<An1521>("", &login(0, "success", "ada", "192.0.2.7"));
    assert!(said(&notes, Step::Ignored, "", "only failures count"), "{notes:?}");
    let notes = explain::<An1521>(r#"{"remote_only": true}"#, &login(0, "failure", "ada", "127.0.0.1"));
    assert!(said(&notes, Step::Ignored, "", "(remote_only)"));
}
