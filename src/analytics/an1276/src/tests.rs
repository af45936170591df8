//! Tests of state, evidence, bounds and errors, which the case files do not cover. The tests in `tests/` compare the
//! rule itself with a naive reference.

mod accounts;
mod flood;

use crate::An1276;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::detector::{Detector, Error, Reading};
use authsieve_engine::time::Timestamp;

const RECEIVED: Timestamp = Timestamp(1_800_000_000_000_000);

fn detector(config: &str) -> Detector<An1276> {
    Detector::create(config, 7).unwrap()
}

fn failed(second: u32, user: &str, address: &str) -> String {
    format!("{}Failed password for {user} from {address} port 4711 ssh2\n", head(second))
}

fn accepted(second: u32, user: &str, address: &str) -> String {
    format!("{}Accepted password for {user} from {address} port 4711 ssh2\n", head(second))
}

/// The head of a line. Each line has its own process id, so that attempts are not joined.
fn head(second: u32) -> String {
    let (hour, minute, rest) = (10 + second / 3600, second / 60 % 60, second % 60);
    format!("2026-03-01T{hour:02}:{minute:02}:{rest:02}Z web1 sshd[{}]: ", 1000 + second)
}

fn run(detector: &mut Detector<An1276>, log: &str) -> Vec<Alert> {
    detector.process(log.as_bytes(), RECEIVED)
}

fn guessed(user: &str, address: &str) -> String {
    let failures: String = (0..5).map(|second| failed(second, user, address)).collect();
    failures + &accepted(60, user, address)
}

#[test]
fn an_alert_tells_who_when_from_where_and_shows_it() {
    let alerts = run(&mut detector(""), &guessed("alice", "203.0.113.5"));
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((&*alert.analytic, &*alert.pattern, alert.severity), ("AN1276", "user+ip", Severity::High));
    assert_eq!(alert.time.to_string(), "2026-03-01T10:01:00Z");
    assert_eq!(alert.first_seen.to_string(), "2026-03-01T10:00:00Z");
    assert_eq!(alert.user.as_deref(), Some("alice"));
    assert_eq!(alert.src_ip.as_deref(), Some("203.0.113.5"));
    assert_eq!((alert.failure_count, alert.distinct_users, alert.distinct_ips), (Some(5), Some(1), Some(1)));
    assert_eq!(alert.matched, ["user+ip", "ip"]);
    assert!(alert.estimated.is_empty());
    assert_eq!(alert.evidence.len(), 6, "five failures and the success");
    assert!(
        alert.evidence[0].text.contains("10:00:00Z") && alert.evidence[5].text.contains("Accepted"),
        "{:?}",
        alert.evidence
    );
    assert_eq!(alert.techniques, ["T1110.001", "T1078"]);
    assert_eq!(alert.title, "5 failed logins of alice from 203.0.113.5, then a login");
    assert_eq!(alert.id.len(), 32);
}

#[test]
fn many_failures_are_counted_exactly_and_shown_from_both_ends() {
    let mut log: String = (0..300).map(|second| failed(second, "alice", "203.0.113.5")).collect();
    log += &accepted(301, "alice", "203.0.113.5");
    let alerts = run(&mut detector(""), &log);
    assert_eq!(alerts[0].failure_count, Some(300));
    assert_eq!(alerts[0].evidence.len(), 7, "three from each end, and the success");
    assert!(
        alerts[0].evidence[0].text.contains("10:00:00Z") && alerts[0].evidence[5].text.contains("10:04:59Z")
    );
}

#[test]
fn accounts_are_counted_exactly_up_to_256_and_listed_up_to_50() {
    let mut log: String = (0..256).map(|n| failed(n, &format!("u{n}"), "203.0.113.5")).collect();
    log += &accepted(300, "u7", "203.0.113.5");
    let alerts = run(&mut detector(""), &log);
    assert_eq!((alerts[0].distinct_users, alerts[0].users.len()), (Some(256), 50));
    assert_eq!((&*alerts[0].pattern, &*alerts[0].techniques[0]), ("ip", "T1110.003"));
}

#[test]
fn a_block_of_addresses_is_called_one() {
    let log: String = (0..5).map(|n| failed(n, "alice", &format!("2001:db8:44::{n}"))).collect();
    let alerts = run(&mut detector(""), &(log + &accepted(9, "alice", "2001:db8:44::99")));
    assert_eq!(alerts[0].title, "5 failed logins of alice from 2001:db8:44::/64, then a login");
    assert_eq!((alerts[0].src_ip.as_deref(), alerts[0].distinct_ips), (Some("2001:db8:44::99"), Some(5)));
}

#[test]
fn what_was_consumed_is_counted_no_more() {
    let again = |from: u32| (from..from + 5).map(|n| failed(n, "alice", "203.0.113.5")).collect::<String>();
    let log =
        again(0) + &accepted(9, "alice", "203.0.113.5") + &again(20) + &accepted(30, "alice", "203.0.113.5");
    let alerts = run(&mut detector(r#"{"correlate":["user+ip"]}"#), &log);
    assert_eq!(alerts.iter().map(|alert| alert.failure_count).collect::<Vec<_>>(), [Some(5), Some(5)]);
    assert_eq!(alerts[1].first_seen.to_string(), "2026-03-01T10:00:20Z");
    assert_eq!(alerts[1].evidence.len(), 6);
}

#[test]
fn what_the_pool_has_lost_is_said() {
    let mut log: String = (0..5).map(|second| failed(second, "alice", "203.0.113.5")).collect();
    log += &(0..200).map(|n| failed(n + 5, &format!("u{n}"), "198.51.100.1")).collect::<String>();
    log += &accepted(210, "alice", "203.0.113.5");
    let alerts = run(&mut detector(r#"{"pool_bytes":"16 KiB","correlate":["user+ip"]}"#), &log);
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].failure_count, Some(5), "the key itself remembers");
    assert_eq!(alerts[0].estimated, ["distinct_users", "distinct_ips", "evidence"]);
    assert_eq!(alerts[0].evidence.len(), 1, "the success is never lost");
}

#[test]
fn what_a_login_took_back_is_no_evidence() {
    let pam = |second: u32| {
        format!(
            "{}pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.5  user=alice\n",
            head(second)
        )
    };
    let mut log: String = (0..4).map(|second| failed(second, "alice", "203.0.113.5")).collect();
    log += &pam(10);
    log += &accepted(11, "alice", "203.0.113.5").replace("sshd[1011]", "sshd[1010]");
    assert!(
        run(&mut detector(""), &log).is_empty(),
        "four failures and a good login through stacked modules"
    );
    let log = failed(0, "alice", "203.0.113.5")
        + &log.replace("10:00:00Z web1 sshd[1000]", "10:00:00Z web1 sshd[999]");
    let alerts = run(&mut detector(""), &log);
    assert_eq!(alerts[0].failure_count, Some(5));
    assert!(
        alerts[0].evidence.iter().all(|record| !record.text.contains("pam_unix")),
        "{:?}",
        alerts[0].evidence
    );
}

#[test]
fn equal_alerts_get_different_ids_and_equal_input_equal_ones() {
    // All within one second: five failures, a login, and the same again.
    let log = failed(0, "alice", "203.0.113.5").repeat(5) + &accepted(0, "alice", "203.0.113.5");
    let twice = log.clone() + &log;
    let ids = |log: &str| run(&mut detector(""), log).into_iter().map(|alert| alert.id).collect::<Vec<_>>();
    let [first, second] = &ids(&twice)[..] else { panic!("two alerts") };
    assert_ne!(first, second);
    assert_eq!(ids(&log), std::slice::from_ref(first));
}

#[test]
fn a_snapshot_goes_on_where_it_was_taken() {
    let log = guessed("alice", "203.0.113.5");
    let whole = run(&mut detector(""), &log);
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    for cut in 0..=lines.len() {
        let mut before = detector("");
        let mut alerts = run(&mut before, &lines[..cut].concat());
        let snapshot = before.snapshot();
        let (mut after, notes) = Detector::<An1276>::restore("", 99, &snapshot).unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(after.snapshot(), snapshot, "the same bytes for every seed");
        alerts.extend(run(&mut after, &lines[cut..].concat()));
        assert_eq!(alerts, whole, "cut at {cut}");
    }
}

#[test]
fn a_changed_configuration_keeps_what_it_can_and_says_what_it_dropped() {
    let mut before = detector("");
    run(&mut before, &(0..5).map(|second| failed(second, "alice", "203.0.113.5")).collect::<String>());
    let snapshot = before.snapshot();
    let restored = |config: &str| {
        let (mut detector, notes) = Detector::<An1276>::restore(config, 1, &snapshot).unwrap();
        (run(&mut detector, &accepted(60, "alice", "203.0.113.5")).len(), notes.join("; "))
    };
    assert_eq!(restored(r#"{"min_failures":4}"#), (1, String::new()));
    assert_eq!(restored(r#"{"min_failures":6}"#), (0, String::new()));
    assert_eq!(restored(r#"{"window":"30m"}"#), (1, String::new()));
    assert_eq!(restored(r#"{"window":"3s"}"#), (0, String::new()));
    let (alerts, notes) = restored(r#"{"salt":"another"}"#);
    assert!(alerts == 0 && notes.starts_with("salt"), "{notes}");
    let (alerts, notes) = restored(r#"{"ipv4_prefix":24}"#);
    assert!(alerts == 0 && notes.starts_with("ipv4_prefix"), "{notes}");
    let (_, notes) = restored(r#"{"sketch_bytes":"1 MiB"}"#);
    assert!(notes.is_empty() || notes.starts_with("sketch_bytes"), "{notes}");
}

#[test]
fn a_bad_snapshot_is_refused_with_a_reason() {
    let snapshot = detector("").snapshot();
    let refused = |bytes: &[u8]| match Detector::<An1276>::restore("", 0, bytes) {
        Err(Error::InvalidSnapshot(why)) => why,
        other => panic!("{:?}", other.map(|(_, notes)| notes).map_err(|e| e.to_string())),
    };
    assert!(refused(b"").contains("truncated"));
    assert!(refused(b"no snapshot at all").contains("no snapshot"));
    assert!(!refused(&snapshot[..snapshot.len() - 1]).is_empty());
    let mut flipped = snapshot.clone();
    flipped[snapshot.len() / 2] ^= 1;
    assert!(refused(&flipped).contains("corrupted"));
}

#[test]
fn contradictory_options_are_refused() {
    let refused = |config: &str| match Detector::<An1276>::create(config, 0) {
        Err(Error::InvalidConfig(why)) => why.to_string(),
        _ => panic!("{config} was taken"),
    };
    assert!(refused(r#"{"correlate":[]}"#).contains("expected at least one"));
    assert!(refused(r#"{"correlate":["mac"]}"#).contains(r#"one of "user+ip", "ip", "user""#));
    assert!(
        refused(r#"{"max_keys":20000000,"min_failures":1000}"#)
            .contains("max_keys: 20000000 is too many; expected at most")
    );
}

#[test]
fn late_events_are_sorted_within_the_allowed_lateness() {
    let mut lines: Vec<String> = (0..5).map(|n| failed(n * 10, "alice", "203.0.113.5")).collect();
    lines.push(accepted(50, "alice", "203.0.113.5"));
    lines.swap(4, 5);
    lines.push(failed(600, "bob", "198.51.100.9"));
    let log = lines.concat();
    assert!(run(&mut detector(""), &log).is_empty(), "the fifth failure came after the success");
    let mut sorting = detector(r#"{"allowed_lateness":"30s"}"#);
    let alerts = run(&mut sorting, &log);
    assert_eq!(alerts.len(), 1);
    assert_eq!(sorting.stats()[0].late, 0);
    let mut all = detector(r#"{"allowed_lateness":"max"}"#);
    assert!(run(&mut all, &log).is_empty(), "a whole input is judged at its end");
    let (mut all, _) =
        Detector::<An1276>::restore(r#"{"allowed_lateness":"max"}"#, 3, &all.snapshot()).unwrap();
    assert_eq!(
        all.flush(),
        alerts.iter().map(|a| Alert { config_digest: all_digest(), ..a.clone() }).collect::<Vec<_>>()
    );
}

/// Events wait to be sorted, and the new configuration no longer sorts. They leave before the next event does.
#[test]
fn what_waited_leaves_first_where_nothing_waits_any_more() {
    let mut lines: Vec<String> = (0..5).map(|n| failed(n, "alice", "203.0.113.5")).collect();
    lines.swap(1, 3);
    let mut sorting = detector(r#"{"allowed_lateness":"10m"}"#);
    assert!(run(&mut sorting, &lines.concat()).is_empty());
    let (mut restored, notes) = Detector::<An1276>::restore("", 3, &sorting.snapshot()).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    let alerts = run(&mut restored, &accepted(60, "alice", "203.0.113.5"));
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(run(&mut restored, &guessed("bob", "203.0.113.6")).len(), 1);
    assert_eq!(restored.stats()[0].late, 0);
}

#[test]
fn a_source_that_lags_hours_behind_is_judged() {
    let mut detector = detector(r#"{"max_keys":100}"#);
    let ahead: String =
        (0..40).map(|n| failed(5 * 3600 + n, &format!("u{n}"), &format!("198.51.100.{n}"))).collect();
    run(&mut detector, &ahead);
    let alerts = run(&mut detector, &guessed("alice", "203.0.113.5"));
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(detector.stats()[0].late, 0, "late is what is older than its key's newest");
}

fn all_digest() -> String {
    let mut detector = detector(r#"{"allowed_lateness":"max"}"#);
    let mut alerts = run(&mut detector, &guessed("x", "192.0.2.1"));
    alerts.extend(detector.flush());
    alerts[0].config_digest.clone()
}

#[test]
fn a_host_that_lags_behind_is_judged_and_does_not_repeat_itself() {
    let mut detector = detector("");
    run(&mut detector, &failed(3_000, "ann", "198.51.100.1"));
    let failures: String = (0..5).map(|second| failed(second, "eve", "192.0.2.7")).collect();
    let logins = accepted(60, "root", "192.0.2.7") + &accepted(70, "root", "192.0.2.7");
    let alerts = run(&mut detector, &(failures + &logins));
    assert_eq!(alerts.len(), 1, "{alerts:?}");
}

#[test]
fn a_clock_that_runs_ahead_ages_nothing() {
    let ahead = failed(0, "mallory", "198.51.100.1").replace("2026-", "2099-");
    let mut detector = detector("");
    let lines = guessed("alice", "203.0.113.5");
    let received = Timestamp(1_772_359_300_000_000); // 2026-03-01T10:01:40Z
    detector.process(ahead.as_bytes(), received);
    assert_eq!(detector.process(lines.as_bytes(), received).len(), 1);
    assert_eq!(detector.stats()[0].future, 1);
}

#[test]
fn bad_records_are_counted_and_change_nothing() {
    let mut detector = detector(r#"{"max_record":"1 KiB"}"#);
    let mut log = b"{\"message\":\"cut sho\n\xff\xfe\x00\x01binary\n\n{}\n[1,2]\n".to_vec();
    log.extend_from_slice(&vec![b'x'; 2000]);
    log.push(b'\n');
    log.extend_from_slice(guessed("alice", "203.0.113.5").as_bytes());
    assert_eq!(detector.process(&log, Reading { first: 1, ..Reading::at(RECEIVED) }).len(), 1);
    let problems: Vec<_> =
        detector.problems().into_iter().map(|problem| (problem.kind, problem.record)).collect();
    assert_eq!(problems, [("malformed".to_string(), 1), ("oversized".to_string(), 6)]);
    assert!(detector.problems().is_empty(), "each is told once");
    let stats = &detector.stats()[0];
    assert_eq!((stats.malformed, stats.oversized, stats.records), (1, 1, 11));
}
