use super::*;
use crate::config::{Config, Input, Settings};
use alloc::borrow::ToOwned;

const SECOND: i64 = 1_000_000;

#[derive(Debug)]
struct Nothing;

impl Settings for Nothing {
    const FIELDS: &'static [crate::config::Field] = &[];

    fn read(_: &mut Input) -> Option<Self> {
        Some(Self)
    }
}

fn rule(config: &str, thresholds: &[u32]) -> Result<Rule, String> {
    let common = Config::<Nothing>::read(config, &[]).map_err(|why| format!("{why}"))?.common;
    Rule::new(&common, thresholds, Span(900 * SECOND), Span(600 * SECOND), 1)
}

fn at(second: i64, count: u32) -> Event<'static> {
    let src_ip = "192.0.2.7".parse().ok();
    Event { time: Timestamp(second * SECOND), count, user: "ada".into(), src_ip, ..Event::default() }
}

fn key(n: u128) -> Option<Fingerprint> {
    Some(Fingerprint(n))
}

fn fail(rule: &mut Rule, keys: Keys, second: i64, count: u32) {
    let event = at(second, count);
    rule.failure(&keys, &Failed { event: &event, code: "x", record: Record::unnumbered(b"{}") }, event.time);
}

#[test]
fn a_success_is_judged_on_each_key_and_consumes_those_that_are_named() {
    let mut rule = rule("", &[3, 2]).unwrap();
    fail(&mut rule, [key(1), key(2), None], 1, 1);
    fail(&mut rule, [None, key(2), key(3)], 2, 2);
    let keys = [key(1), key(2), key(3)];
    let matched = |rule: &mut Rule, threshold| {
        rule.success(&keys, Timestamp(9 * SECOND), threshold)
            .map(|m| m.map(|m| (m.number, m.completed.0 / SECOND)))
    };
    assert_eq!(matched(&mut rule, 2), [None, Some((1, 2)), Some((2, 2))]);
    assert_eq!(matched(&mut rule, 3), [None, Some((1, 2)), None]);
    assert_eq!(matched(&mut rule, 4), [None; 3], "no threshold of its own");
    let [_, Some(m), _] = rule.success(&keys, Timestamp(9 * SECOND), 3) else { panic!("it matched") };
    let event = at(9, 1);
    let (alert, told) = rule.alert(&m, &event);
    assert_eq!((alert.failure_count, alert.severity, told.entries().len()), (Some(3), Severity::High, 2));
    assert_eq!(told.first(), Some(Timestamp(SECOND)));
    assert_eq!(
        alert.context,
        ["3 failures within the window, then a success 7s after the last that completed the count"]
    );
    rule.consume(&m, event.time);
    assert_eq!(matched(&mut rule, 2), [None, None, Some((2, 2))]);
    assert_eq!(rule.told(Fingerprint(2), 1, Timestamp::MIN, event.time).count(), 0);
}

#[test]
fn what_is_taken_back_is_neither_counted_nor_told() {
    let mut rule = rule("", &[2]).unwrap();
    let keys = [key(1), None, None];
    fail(&mut rule, keys, 1, 1);
    fail(&mut rule, keys, 2, 2);
    rule.take_back(&keys, &Failed { event: &at(2, 2), code: "", record: Record::NONE });
    assert_eq!(rule.told(Fingerprint(1), 0, Timestamp(0), Timestamp(9 * SECOND)).count(), 1);
    assert!(rule.success(&keys, Timestamp(9 * SECOND), 2)[0].is_none());
}

#[test]
fn late_events_are_counted_once_whatever_their_keys() {
    let mut rule = rule("", &[2]).unwrap();
    fail(&mut rule, [key(1), key(2), None], 9, 1);
    fail(&mut rule, [key(1), key(2), None], 8, 1);
    rule.success(&[key(1), key(2), key(3)], Timestamp(7 * SECOND), 2);
    assert_eq!((rule.held().late, rule.held().keys), (2, 2));
}

#[test]
fn a_snapshot_is_moved_to_what_fits_and_says_what_does_not() {
    let mut before = rule("", &[2]).unwrap();
    for n in 0..40 {
        fail(&mut before, [key(n), None, None], 1, 2);
    }
    let mut out = Writer::loose();
    before.save(&mut out);
    let bytes = out.finish();
    let load = |config: &str, threshold| {
        let mut after = rule(config, &[threshold]).unwrap();
        let loaded = after.load(&mut Reader::loose(&bytes).unwrap()).unwrap();
        let found = after.success(&[key(39), None, None], Timestamp(9 * SECOND), threshold)[0].is_some();
        (found, loaded.none, loaded.notes.join("; "))
    };
    assert_eq!(load("", 2), (true, false, String::new()));
    assert_eq!(load("", 1), (true, false, String::new()));
    assert_eq!(load("", 3), (false, false, String::new()));
    assert_eq!(
        load(r#"{"max_keys":20}"#, 2),
        (true, false, "max_keys: smaller than before; 20 keys were dropped".to_owned())
    );
    let (found, none, notes) = load(r#"{"ipv6_prefix":48}"#, 2);
    assert!(!found && none && notes.starts_with("ipv4_prefix or ipv6_prefix: changed"), "{notes}");
    let why = rule(r#"{"max_keys":20000000}"#, &[5, 1000]).unwrap_err();
    assert!(
        why.starts_with("20000000 is too many; expected at most") && why.contains("a min_failures of 1000"),
        "{why}"
    );
}
