//! Tests of evidence, state, bounds and errors, which the case files do not cover. The module [`oracle`] compares the
//! rules with a naive reference, and [`flood`] tests floods.

mod flood;
mod naive;
mod oracle;

use crate::An1521;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::detector::{Detector, Error};
use authsieve_engine::time::Timestamp;

const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);
/// 2026-03-01T10:00:00Z.
const START: i64 = 1_772_359_200_000_000;

fn detector(config: &str) -> Detector<An1521> {
    Detector::create(config, 7).unwrap_or_else(|why| panic!("{config}: {why}"))
}

/// A failed logon, `micros` microseconds after the start. An empty address means none.
fn failed(micros: i64, user: &str, address: &str) -> String {
    failed_with(micros, user, address, "0xC000006A")
}

fn failed_with(micros: i64, user: &str, address: &str, code: &str) -> String {
    let time = Timestamp(START + micros);
    let source =
        if address.is_empty() { String::new() } else { format!(r#","source":{{"ip":"{address}"}}"#) };
    format!(
        r#"{{"@timestamp":"{time}","event":{{"category":["authentication"],"outcome":"failure"}},"error":{{"code":"{code}"}},"user":{{"name":"{user}"}}{source}}}"#
    ) + "\n"
}

/// `count` failures, one second apart, starting at second `from`.
fn series(from: i64, count: i64, user: &str, address: &str) -> String {
    (from..from + count).map(|second| failed(second * 1_000_000, user, address)).collect()
}

fn run(detector: &mut Detector<An1521>, log: &str) -> Vec<Alert> {
    detector.process(log.as_bytes(), RECEIVED)
}

fn patterns(config: &str, log: &str) -> Vec<String> {
    run(&mut detector(config), log).into_iter().map(|alert| alert.pattern).collect()
}

#[test]
fn an_alert_tells_who_when_from_where_and_shows_it() {
    let log = series(0, 4, "Admin1", "203.0.113.5")
        + &series(4, 5, "CONTOSO\\\\admin", "203.0.113.5")
        + &failed_with(9_000_000, "4dmin", "203.0.113.5", "0xC0000064");
    let alerts = run(&mut detector(""), &log);
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((&*alert.analytic, &*alert.pattern, alert.severity), ("AN1521", "burst", Severity::Medium));
    assert_eq!(alert.title, "10 failed logons of admin and similar accounts from 203.0.113.5");
    assert_eq!(alert.time.to_string(), "2026-03-01T10:00:09Z");
    assert_eq!(alert.first_seen.to_string(), "2026-03-01T10:00:00Z");
    assert_eq!(alert.user.as_deref(), Some("admin"), "hit most");
    assert_eq!(alert.users, ["4dmin", "admin", "admin1"]);
    assert_eq!(
        (alert.src_ip.as_deref(), &*alert.src_ips),
        (Some("203.0.113.5"), &["203.0.113.5".into()][..])
    );
    assert_eq!((alert.failure_count, alert.distinct_users, alert.distinct_ips), (Some(10), Some(3), Some(1)));
    let reasons: Vec<_> = alert.reasons.iter().map(|tally| (&*tally.code, tally.count)).collect();
    assert_eq!(reasons, [("0xc0000064", 1), ("0xc000006a", 9)]);
    assert!(alert.estimated.is_empty(), "{:?}", alert.estimated);
    assert_eq!(alert.techniques, ["T1110.001"]);
    assert_eq!(alert.evidence.len(), 6);
    assert!(alert.evidence[0].text.contains("10:00:00Z") && alert.evidence[5].text.contains("4dmin"));
    assert_eq!(
        alert.context,
        ["10 failures on 3 accounts from 1 address within 10m", "accounts of the family \"admin\""]
    );
    assert!(!alert.response.is_empty());
}

#[test]
fn several_addresses_are_more_severe() {
    let log: String =
        (0..10).map(|n| failed(n * 1_000_000, "root", &format!("203.0.113.{}", n % 3))).collect();
    let alerts = run(&mut detector(""), &log);
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((&*alert.pattern, alert.severity), ("distributed", Severity::High));
    assert_eq!(alert.title, "10 failed logons of root from 3 addresses");
    assert_eq!(alert.distinct_ips, Some(3));
    assert_eq!(alert.src_ip.as_deref(), Some("203.0.113.0"));
}

#[test]
fn spraying_is_told_by_its_address() {
    let names = ["ann", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ida", "jim"];
    let log: String =
        names.iter().zip(0..).map(|(name, n)| failed(n * 1_000_000, name, "2001:db8::7")).collect();
    let alerts = run(&mut detector(""), &log);
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(
        (&*alert.pattern, alert.severity, &*alert.techniques),
        ("spray", Severity::Medium, &["T1110.003".into()][..])
    );
    assert_eq!(alert.title, "10 failed logons on 10 accounts from 2001:db8::7");
    assert_eq!(alert.user.as_deref(), Some("ann"), "of equals the first by name");
    assert_eq!(alert.users, names);
    assert_eq!((alert.distinct_users, alert.distinct_ips), (Some(10), Some(1)));
}

#[test]
fn a_family_that_is_too_large_is_counted_per_account() {
    let config = r#"{"max_family":3,"min_failures":4,"slow_min_failures":1000,"spray_accounts":1000}"#;
    let mut log: String = (0..3).map(|n| failed(n, &format!("kiosk{n}"), "192.0.2.1")).collect();
    assert_eq!(patterns(config, &(log.clone() + &failed(3, "kiosk2", "192.0.2.1"))), ["burst"]);
    log += &failed(3, "kiosk3", "192.0.2.1");
    log += &failed(4, "kiosk3", "192.0.2.1");
    assert_eq!(patterns(config, &log), [""; 0], "four accounts");
    log += &failed(5, "kiosk3", "192.0.2.1");
    log += &failed(6, "kiosk3", "192.0.2.1");
    let alerts = run(&mut detector(config), &log);
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(alert.title, "4 failed logons of kiosk3 from 192.0.2.1");
    assert_eq!((&*alert.users, alert.failure_count), (&["kiosk3".into()][..], Some(4)));
    assert_eq!(alert.evidence.len(), 4);
    assert!(alert.context[1].contains("too many active accounts"), "{:?}", alert.context);
}

#[test]
fn near_names_join_and_do_not_chain() {
    let config = r#"{"similarity":"near","min_failures":4}"#;
    let names = |names: &[&str]| -> String {
        names.iter().zip(0..).map(|(name, n)| failed(n, name, "192.0.2.1")).collect()
    };
    assert_eq!(patterns(config, &names(&["admin", "admn", "admix", "adminn"])), ["burst"]);
    assert_eq!(patterns("{\"min_failures\":4}", &names(&["admin", "admn", "admix", "adminn"])), [""; 0]);
    assert_eq!(patterns(config, &names(&["admin", "adminn", "adminnn", "adminnnn"])), [""; 0]);
    assert_eq!(patterns(config, &names(&["admin", "amdin", "admin", "admin"])), [""; 0], "two edits");
    // Names that joined a family keep it active.
    assert_eq!(patterns(config, &names(&["admin", "adminn", "adminn", "admin9"])), ["burst"]);
    let late = failed(0, "admin", "192.0.2.1") + &series(601, 3, "admix", "192.0.2.1");
    assert_eq!(patterns(config, &late), [""; 0], "no longer active");
}

#[test]
fn whose_failures_count() {
    let ten = |code: &str, user: &str, address: &str| -> Vec<String> {
        let log: String = (0..10).map(|n| failed_with(n, user, address, code)).collect();
        patterns("", &log)
    };
    assert_eq!(ten("4625", "admin", "192.0.2.1"), ["burst"]);
    assert_eq!(ten("0xc000006d", "admin", "192.0.2.1"), ["burst"]);
    assert_eq!(ten("-1073741715", "admin", "192.0.2.1"), ["burst"], "0xc000006d, signed");
    for (code, user, address) in [
        ("50126", "admin", "192.0.2.1"),
        ("", "admin", "192.0.2.1"),
        ("0xc0000071", "admin", "192.0.2.1"),
        ("0xC0000224", "admin", "192.0.2.1"),
        ("0xc000010b", "admin", "192.0.2.1"),
        ("4625", "web1$", "192.0.2.1"),
        ("4625", "ANONYMOUS LOGON", "192.0.2.1"),
        ("4625", "DWM-3", "192.0.2.1"),
        ("4625", "admin", "127.0.0.1"),
        ("4625", "admin", "::1"),
        ("4625", "admin", ""),
    ] {
        assert_eq!(ten(code, user, address), [""; 0], "{code} {user} {address}");
    }
    let local: String = (0..10).map(|n| failed(n, "admin", ["", "::1"][n as usize % 2])).collect();
    assert_eq!(patterns(r#"{"remote_only":false}"#, &local), ["burst"]);
    let expired: String = (0..10).map(|n| failed_with(n, "admin", "192.0.2.1", "0xC0000071")).collect();
    assert_eq!(patterns(r#"{"excludeStatus":["3221226020"]}"#, &expired), ["burst"]);
    assert_eq!(
        patterns(r#"{"exclude_status":["0xc0000071", "0xC000006A"]}"#, &series(0, 10, "a", "192.0.2.1")),
        [""; 0]
    );
}

#[test]
fn a_snapshot_goes_on_where_it_was_taken() {
    let config =
        r#"{"similarity":"near","min_failures":3,"slow_min_failures":5,"spray_accounts":3,"window":"5s"}"#;
    let log: String = (0..60)
        .map(|n| {
            let user = ["admin", "adminn", "Admin2", "bob", "bobb", "carol"][n as usize * 7 % 6];
            failed(n * 900_000, user, ["192.0.2.1", "192.0.2.2"][n as usize * 5 % 2])
        })
        .collect();
    let whole = run(&mut detector(config), &log);
    assert!(whole.len() > 5);
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    for cut in 0..=lines.len() {
        let mut before = detector(config);
        let mut alerts = run(&mut before, &lines[..cut].concat());
        let snapshot = before.snapshot();
        let (mut after, notes) = Detector::<An1521>::restore(config, 99, &snapshot).unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(after.snapshot(), snapshot, "the same bytes for every seed");
        alerts.extend(run(&mut after, &lines[cut..].concat()));
        assert_eq!(alerts, whole, "cut at {cut}");
    }
}

#[test]
fn a_changed_configuration_keeps_what_it_can_and_says_what_it_dropped() {
    let mut before = detector("");
    run(&mut before, &series(0, 9, "admin", "192.0.2.1"));
    let snapshot = before.snapshot();
    let restored = |config: &str| {
        let (mut detector, notes) = Detector::<An1521>::restore(config, 1, &snapshot).unwrap();
        (run(&mut detector, &series(60, 1, "admin", "192.0.2.1")).len(), notes.join("; "))
    };
    assert_eq!(restored(""), (1, String::new()));
    assert_eq!(restored(r#"{"min_failures":11}"#), (0, String::new()));
    assert_eq!(restored(r#"{"window":"59s"}"#), (0, String::new()));
    for (config, note) in [
        (r#"{"salt":"another"}"#, "salt"),
        (r#"{"ipv4_prefix":24}"#, "ipv4_prefix"),
        (r#"{"similarity":"exact"}"#, "similarity or families"),
        (r#"{"families":{"admin":["admin*"]}}"#, "similarity or families"),
    ] {
        let (alerts, notes) = restored(config);
        assert!(alerts == 0 && notes.starts_with(note), "{notes}");
    }
}

#[test]
fn a_bad_snapshot_is_refused() {
    let mut detector = detector(r#"{"similarity":"near"}"#);
    run(&mut detector, &series(0, 12, "admin", "192.0.2.1"));
    let snapshot = detector.snapshot();
    for end in 0..snapshot.len() {
        assert!(Detector::<An1521>::restore("", 0, &snapshot[..end]).is_err());
    }
}

#[test]
fn contradictory_options_are_refused() {
    let refused = |config: &str| match Detector::<An1521>::create(config, 0) {
        Err(Error::InvalidConfig(why)) => why.to_string(),
        _ => panic!("{config} was taken"),
    };
    assert!(refused(r#"{"similarity":"some"}"#).contains(r#"one of "family", "exact", "near""#));
    assert!(refused(r#"{"families":["admin"]}"#).contains("a table of at most 1000 names"));
    assert!(refused(r#"{"families":{"a":"b"}}"#).starts_with("families.a: \"b\" is text; expected a list"));
    assert!(refused(r#"{"families":{"a":["b",""]}}"#).starts_with("families.a[1]: \"\" is not valid"));
    assert!(refused(r#"{"exclude_status":["expired"]}"#).contains("0xC0000071"));
    assert!(
        refused(r#"{"max_keys":20000000}"#)
            .contains("max_keys: 20000000 is too many; expected at most 8388608")
    );
    assert!(refused(r#"{"min_failures":0}"#).contains("1 to 1000"));
    detector(r#"{"min_failures":1000,"max_keys":1000000}"#);
}

#[test]
fn a_source_that_lags_behind_is_judged_and_does_not_repeat_itself() {
    let mut detector = detector("");
    // Late by hours, and by more than any window: a file of last year read after one of today.
    run(&mut detector, &failed(5 * 3_600_000_000, "zoe", "198.51.100.1"));
    let alerts = run(&mut detector, &series(0, 25, "admin", "192.0.2.1"));
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    run(&mut detector, &failed(500 * 3_600_000_000, "zoe", "198.51.100.1"));
    let alerts = run(&mut detector, &series(0, 25, "backup", "192.0.2.2"));
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(detector.stats()[0].late, 0, "late is what is older than its key's newest");
    run(&mut detector, &failed(3_000_000, "admin", "192.0.2.1"));
    assert_eq!(detector.stats()[0].late, 1);
}

#[test]
fn what_was_cut_is_called_estimated() {
    let config = r#"{"pool_bytes":"16 KiB","min_failures":100}"#;
    let log: String = (0..100).map(|n| failed(n, &format!("admin{}", n % 2), "192.0.2.1")).collect();
    let alerts = run(&mut detector(config), &log);
    let burst = alerts.iter().find(|alert| alert.pattern == "burst").unwrap();
    assert_eq!((burst.failure_count, burst.distinct_users), (Some(100), Some(2)));
    assert_eq!(burst.users, ["admin0", "admin1"]);
    for field in ["evidence", "reasons", "src_ips"] {
        assert!(burst.estimated.iter().any(|e| e == field), "{:?}", burst.estimated);
    }
    assert!(!burst.estimated.iter().any(|e| e == "failure_count"), "{:?}", burst.estimated);
}

#[test]
fn bad_records_are_counted_and_change_nothing() {
    let mut detector = detector("");
    let mut log = b"{\"message\":\"cut sho\n\xff\xfe\x00\x01binary\n\n{}\n[1,2]\n".to_vec();
    log.extend_from_slice(series(0, 10, "admin", "192.0.2.1").as_bytes());
    assert_eq!(detector.process(&log, RECEIVED).len(), 1);
    assert_eq!(detector.stats()[0].malformed, 1);
}
