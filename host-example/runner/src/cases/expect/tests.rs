use super::*;
use authsieve_engine::alert::{Evidence, Severity, Tally};
use authsieve_engine::time::Timestamp;

fn alert(pattern: &str, second: i64) -> Alert {
    Alert {
        pattern: pattern.into(),
        time: Timestamp(second * 1_000_000),
        src_ip: Some("192.0.2.1".into()),
        ..Alert::default()
    }
}

fn difference(expected: &str, alerts: &[Alert]) -> String {
    let expected = Expected::parse(expected).unwrap();
    expected.difference(alerts).map(|difference| difference.to_string()).unwrap_or_default()
}

#[test]
fn the_fields_are_those_of_an_alert() {
    let one = || Some("x".to_owned());
    let many = || vec!["x".to_owned()];
    let tally = || vec![Tally { code: "x".into(), count: 1 }];
    let full = Alert {
        severity: Severity::High,
        user: one(),
        users: many(),
        src_ip: one(),
        src_ips: many(),
        host: one(),
        service: one(),
        user_agent: one(),
        application: one(),
        device: one(),
        failure_count: Some(1),
        challenge_count: Some(1),
        distinct_users: Some(1),
        distinct_ips: Some(1),
        estimated: many(),
        matched: many(),
        reasons: tally(),
        outcomes: tally(),
        related_successes: many(),
        techniques: many(),
        context: many(),
        status: one(),
        evidence: vec![Evidence { record: 1, text: "x".into() }],
        response: many(),
        ..Alert::default()
    };
    let Value::Object(map) = serde_json::to_value(full).unwrap() else { panic!("no object") };
    let mut known: Vec<&str> = Alert::FIELDS.to_vec();
    known.sort_unstable();
    let mut are: Vec<&str> = map.keys().map(String::as_str).collect();
    are.sort_unstable();
    assert_eq!(are, known);
}

#[test]
fn only_what_is_named_is_compared_and_null_means_absent() {
    let alerts = [alert("a", 1), alert("b", 2)];
    assert_eq!(
        difference("{\"pattern\":\"a\",\"user\":null}\n\n{\"time\":\"1970-01-01T00:00:02Z\"}\n", &alerts),
        ""
    );
    assert_eq!(
        difference("{\"pattern\":\"a\",\"src_ip\":null}\n{\"pattern\":\"b\"}", &alerts),
        "@@ alert 1 @@\n  pattern = \"a\"\n- src_ip is absent\n+ src_ip = \"192.0.2.1\"\n"
    );
    assert_eq!(difference("", &[]), "");
}

#[test]
fn what_is_missing_does_not_make_the_rest_differ() {
    let alerts = [alert("a", 1), alert("c", 3), alert("d", 4)];
    let expected = "{\"pattern\":\"a\"}\n{\"pattern\":\"b\"}\n{\"pattern\":\"c\"}\n";
    assert_eq!(
        difference(expected, &alerts),
        "@@ alert 2 is missing @@\n- pattern = \"b\"\n@@ alert 3 was not expected @@\n+ analytic = \"\"\n\
         + pattern = \"d\"\n+ time = \"1970-01-01T00:00:04Z\"\n+ src_ip = \"192.0.2.1\"\n"
    );
}

#[test]
fn an_update_keeps_to_the_fields_and_their_order() {
    let expected =
        Expected::parse("{\"time\":\"x\",\"pattern\":\"a\"}\n{\"pattern\":\"gone\"}\n{\"pattern\":\"c\"}")
            .unwrap();
    let alerts = [alert("a", 1), alert("c", 3), alert("d", 4)];
    assert_eq!(
        expected.updated(&alerts, false),
        "{\"time\":\"1970-01-01T00:00:01Z\",\"pattern\":\"a\"}\n{\"pattern\":\"c\"}\n\
         {\"pattern\":\"d\",\"time\":\"1970-01-01T00:00:04Z\",\"user\":null,\"src_ip\":\"192.0.2.1\",\"matched\":null}\n"
    );
    let parsed = Expected::parse(&expected.updated(&alerts, true)).unwrap();
    assert_eq!(parsed.difference(&alerts), None);
}

#[test]
fn alignment_agrees_with_comparing_one_by_one() {
    // The result of the comparison must not depend on the alignment.
    let names = ["a", "b"];
    for code in 0..64usize {
        let expected: Vec<&str> = (0..code % 4).map(|at| names[(code >> at) & 1]).collect();
        let actual: Vec<&str> = (0..code / 16).map(|at| names[(code >> (at + 2)) & 1]).collect();
        let text: String = expected.iter().map(|name| format!("{{\"pattern\":\"{name}\"}}\n")).collect();
        let alerts: Vec<Alert> = actual.iter().map(|name| alert(name, 1)).collect();
        let parsed = Expected::parse(&text).unwrap();
        assert_eq!(parsed.difference(&alerts).is_none(), expected == actual, "{expected:?} {actual:?}");
        let pairs = parsed.align(&values(&alerts));
        let mut rows: Vec<usize> = pairs.iter().filter_map(|pair| pair.0).collect();
        let mut columns: Vec<usize> = pairs.iter().filter_map(|pair| pair.1).collect();
        assert!(rows.is_sorted() && columns.is_sorted());
        rows.dedup();
        columns.dedup();
        assert_eq!((rows.len(), columns.len()), (expected.len(), actual.len()), "each once");
    }
}
