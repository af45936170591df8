//! Tests of `annotate`.

use crate::cases::{cases, lines, record};
use crate::native::{native, values};
use crate::{PROGRAMS, STAMP, alerts, apart, baked};
use authsieve_engine::alert::Alert;
use authsieve_tests::filter_wasm::written::Style;
use authsieve_tests::filter_wasm::{Answer, Function, Program};
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks that a record passes unchanged if it raised no alert, and else carries the alerts as its last member. A
/// member with this name in the input is removed, so that only this filter can report alerts.
pub fn judge(name: &str, record: &[u8], answer: &Answer, key: &str, expected: &[Alert]) {
    let brought = serde_json::from_slice::<Value>(record).is_ok_and(|record| record.get(key).is_some());
    if expected.is_empty() && brought {
        let Answer::Object(object) = answer else { panic!("{name}: {answer:?}: {}", record.escape_ascii()) };
        let mut without: Value = serde_json::from_slice(record).expect("an object");
        without.as_object_mut().expect("an object").remove(key);
        assert_eq!(serde_json::from_slice::<Value>(object).expect("JSON"), without, "{name}");
        return;
    }
    if expected.is_empty() {
        assert_eq!(*answer, Answer::Same, "{name}: {}", record.escape_ascii());
        return;
    }
    let Answer::Object(object) = answer else {
        panic!("{name}: no alert on {}", record.escape_ascii());
    };
    if brought {
        let mut without: Value = serde_json::from_slice(record).expect("an object");
        without.as_object_mut().expect("an object").remove(key);
        let mut told: Value = serde_json::from_slice(object).expect("JSON");
        let alert = told.as_object_mut().expect("an object").remove(key).expect("one more");
        assert_eq!((told, apart(alert)), (without, values(expected)), "{name}: {}", record.escape_ascii());
        return;
    }
    let before = record.strip_suffix(b"}").expect("an object").trim_ascii_end();
    let rest = object.strip_prefix(before).expect("the same members");
    let rest = rest.strip_prefix(b",").unwrap_or(rest);
    let quoted = format!("{}:", serde_json::to_string(key).expect("a string"));
    let alert =
        rest.strip_prefix(quoted.as_bytes()).and_then(|rest| rest.strip_suffix(b"}")).expect("one more");
    let got = apart(serde_json::from_slice::<Value>(alert).expect("JSON"));
    assert_eq!(got, values(expected), "{name}: {}", record.escape_ascii());
}

/// Failures and a login of one name, as records. The last raises an alert of AN1276.
fn attack(more: &str) -> Vec<Vec<u8>> {
    (0..7)
        .map(|n| {
            let said = if n == 6 { "Accepted" } else { "Failed" };
            let log = format!(
                "Mar  4 07:52:{:02} web1 sshd[{}]: {said} password for ada from 203.0.113.9 port 4 ssh2",
                30 + n,
                100 + n
            );
            format!("{{\"log\":\"{log}\"{more}}}").into_bytes()
        })
        .collect()
}

/// The checked answer to the last record of an attack.
fn last(program: &Program, key: &str, log: &[Vec<u8>]) -> Vec<u8> {
    let (mut filter, mut itself) = (program.start(), native("an1276", ""));
    let mut last = Answer::Dropped;
    for record in log {
        last = filter.call(Function::Annotate, (STAMP, 0), record);
        judge("an attack", record, &last, key, &itself.take((STAMP, 0), record));
    }
    match last {
        Answer::Object(object) => object,
        other => panic!("no alert: {other:?}"),
    }
}

#[test]
fn what_a_record_holds_goes_on_beside_the_alert() {
    // Deep, repeated and empty values, and text that looks like the end of the record.
    let deep = format!(r#","deep":{}{}"#, "[".repeat(10_000), "]".repeat(10_000));
    for more in ["", r#","a":1,"a":{"b":"}"},"":null"#, r#","x":"\u00e9\\""#, " \t", &deep] {
        let object = last(&PROGRAMS["an1276"], "authsieve", &attack(more));
        let value: Option<Value> = (more != deep).then(|| serde_json::from_slice(&object).expect("JSON"));
        assert!(value.is_none_or(|value| value["authsieve"]["analytic"] == "AN1276"), "{more}");
    }
}

#[test]
fn a_member_of_that_name_is_taken_out_of_records() {
    for more in [r#","authsieve":"forged""#, r#","\u0061uthsieve":{"severity":"low"}"#] {
        let object = last(&PROGRAMS["an1276"], "authsieve", &attack(more));
        let value: Value = serde_json::from_slice(&object).expect("JSON");
        assert_eq!(value["authsieve"]["analytic"], "AN1276");
        let text = String::from_utf8_lossy(&object);
        assert_eq!(text.matches(r#""authsieve":"#).count(), 1, "{text}");
    }
}

#[test]
fn the_key_is_what_was_baked() {
    let built = authsieve_components::get("an1276").expect("it is built");
    for key in ["alert", "a \"quoted\" \\ key", "schlüssel", ""] {
        let program =
            Program::new(&authsieve::bake::write(built.fluent_bit, "", key).expect("it can be baked"));
        let value: Value = serde_json::from_slice(&last(&program, key, &attack(""))).expect("JSON");
        assert_eq!(value[key]["analytic"], "AN1276", "{key}");
    }
}

#[test]
fn several_alerts_of_one_record_keep_together() {
    let mut most = BTreeMap::new();
    for case in cases() {
        // All lines of a case in one record, as batches are delivered.
        let id = case.analytics[0].as_str();
        let elements: Vec<Vec<u8>> = lines(&case).iter().map(|line| record(line, Style::Escaped)).collect();
        let batch = [b"{\"records\":[", &*elements.join(&b","[..]), b"]}"].concat();
        let config = &case.configs().expect("options of the analytic")[0];
        let expected = native(id, config).take((STAMP, 0), &batch);
        if expected.len() < 2 {
            continue;
        }
        let program = baked(id, config);
        let answer = program.start().call(Function::Annotate, (STAMP, 0), &batch);
        judge(&case.name, &batch, &answer, "authsieve", &expected);
        let answer = program.start().call(Function::Alerts, (STAMP, 0), &batch);
        assert_eq!(alerts(&answer), values(&expected), "{}", case.name);
        let most = most.entry(id.to_owned()).or_insert(0);
        *most = expected.len().max(*most);
    }
    assert!(PROGRAMS.keys().all(|id| most.contains_key(*id)), "no two alerts in one record: {most:?}");
}

/// Members in the form in which the agent writes keys, numbers and bytes that JSON cannot express.
const NO_JSON: &[&str] = &[
    r#""a":inf"#,
    r#""a":-inf"#,
    r#""a":nan"#,
    r#""a":-nan"#,
    r#""a":[1,inf,-inf]"#,
    r#""a":[nan]"#,
    r#""a":{"b":nan,"c":1}"#,
    // The agent's form of the largest number, for which it has too few digits.
    r#""a":1.797693134862316e+308"#,
    r#""a":[-1.797693134862316e+308]"#,
    r#"1:"x""#,
    r#"-1.5:"x""#,
    r#"null:1"#,
    r#"true:1"#,
    r#"[1]:1"#,
    r#"{"b":1}:1"#,
    r#"-inf:1"#,
    r#""a":{1:"x"}"#,
    r#""a":[{"b":1,2:3}]"#,
    r#""a":{{"b":1}:1}"#,
    r#""a":"\x01\xff""#,
    r#""a":["\x01"]"#,
];

/// The agent writes keys, numbers and bytes that JSON cannot express. It frees memory twice if it gets them back.
#[test]
fn what_is_no_json_goes_out_as_text() {
    let mut filter = PROGRAMS["an1276"].start();
    let mut annotate = |record: &str| filter.call(Function::Annotate, (STAMP, 0), record.as_bytes());
    for member in NO_JSON {
        for log in ["", "Failed password"] {
            let record = format!(r#"{{"log":"{log}",{member},"z":1}}"#);
            let Answer::Object(object) = annotate(&record) else { panic!("it went out: {record}") };
            let object: Value = serde_json::from_slice(&object).expect("JSON");
            assert_eq!(object, serde_json::json!({ "unreadable": record }));
        }
    }
    for value in [
        r#"":inf,""#,
        r#""[nan]""#,
        r#""\\x01""#,
        "null",
        "[1,-2e9]",
        "1.797693134862315e+308",
        r#""{1:2}""#,
        r#""\u0000\/\"""#,
    ] {
        let record = format!(r#"{{"log":"x:inf, y","a":{value},"z":1}}"#);
        assert_eq!(annotate(&record), Answer::Same, "{record}");
    }
}

/// By the filter itself, and by a second filter that gets the record as text.
#[test]
fn what_is_no_json_is_read_all_the_same() {
    for member in NO_JSON {
        let (mut itself, mut first, mut second) =
            (PROGRAMS["an1276"].start(), PROGRAMS["an1269"].start(), PROGRAMS["an1276"].start());
        let mut raised = [Vec::new(), Vec::new()];
        for (n, word) in ["Failed", "Failed", "Failed", "Failed", "Failed", "Accepted"].iter().enumerate() {
            let log = format!(
                "Mar  4 08:00:0{n} web1 sshd[10{n}]: {word} password for root from 203.0.113.9 port 4000 ssh2"
            );
            let record = format!(r#"{{{member},"log":"{log}"}}"#);
            raised[0].extend(alerts(&itself.call(Function::Alerts, (STAMP, 0), record.as_bytes())));
            let Answer::Object(text) = first.call(Function::Annotate, (STAMP, 0), record.as_bytes()) else {
                panic!("it went out as it was: {record}");
            };
            raised[1].extend(alerts(&second.call(Function::Alerts, (STAMP, 0), &text)));
        }
        for raised in raised {
            let [alert] = &raised[..] else { panic!("{member}: {raised:?}") };
            assert_eq!(alert["failure_count"], 5, "{member}");
        }
    }
}
