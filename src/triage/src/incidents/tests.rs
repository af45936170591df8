//! Compares incidents with a naive reference, checks properties, and tests each rule.

use super::*;
use authsieve_engine::alert::Severity;
use proptest::prelude::*;

mod naive;

const MINUTE: i64 = 60_000_000;

/// An alert at a minute, of an analytic, with an account and an address.
fn alert(id: &str, minute: i64, user: &str, address: &str) -> Alert {
    Alert {
        id: id.into(),
        analytic: "AN1276".into(),
        pattern: "user+ip".into(),
        title: format!("{user} from {address}"),
        time: Timestamp(minute * MINUTE),
        first_seen: Timestamp(minute * MINUTE),
        last_seen: Timestamp(minute * MINUTE),
        user: (!user.is_empty()).then(|| user.into()),
        src_ip: (!address.is_empty()).then(|| address.into()),
        ..Alert::default()
    }
}

fn ids(incidents: &[Incident]) -> Vec<String> {
    incidents.iter().map(|incident| incident.alerts.join(" ")).collect()
}

fn grouped(alerts: &[Alert]) -> Vec<String> {
    ids(&of(alerts, Limits::default()))
}

#[test]
fn addresses_and_accounts_join_and_the_gap_parts() {
    let all = [
        alert("a", 0, "ada", "192.0.2.1"),
        alert("b", 60, "bob", "192.0.2.1"),
        alert("c", 119, "CORP\\Bob", "192.0.2.9"),
        alert("d", 180, "eve", "192.0.2.8"),
        alert("e", 180, "ada", "192.0.2.7"),
    ];
    assert_eq!(grouped(&all), ["a b c", "d", "e"], "e shares ada with the first, and comes 61 minutes late");
}

#[test]
fn hosts_and_accounts_that_were_only_tried_join_nothing() {
    let one = |id: &str, user: &str, address: &str| Alert {
        host: Some("web1".into()),
        users: vec!["ada".into(), "root".into()],
        ..alert(id, 1, user, address)
    };
    assert_eq!(grouped(&[one("a", "ada", "192.0.2.1"), one("b", "bob", "192.0.2.2")]), ["a", "b"]);
}

#[test]
fn an_account_that_logged_in_joins() {
    let spray = Alert {
        analytic: "AN1269".into(),
        pattern: "password-spray".into(),
        techniques: vec!["T1110.003".into(), "T1078.004".into()],
        related_successes: vec!["joe@x.example".into()],
        ..alert("a", 0, "ada@x.example", "192.0.2.1")
    };
    let incidents = of(&[spray, alert("b", 9, "joe", "198.51.100.1")], Limits::default());
    assert_eq!(ids(&incidents), ["a b"]);
    let fell: Vec<&str> = incidents[0].fell.iter().map(|fallen| &*fallen.account).collect();
    assert_eq!(fell, ["joe@x.example"], "the account that failed last did not fall");
}

#[test]
fn addresses_of_one_key_join() {
    let all = [
        alert("a", 0, "ada", "2001:db8::1"),
        alert("b", 1, "bob", "2001:db8::ffff"),
        alert("c", 2, "eve", "2001:db8:0:1::1"),
    ];
    assert_eq!(grouped(&all), ["a b", "c"]);
}

#[test]
fn several_merge_into_the_one_that_began_first() {
    let all = [
        alert("a", 0, "ada", "192.0.2.1"),
        alert("b", 1, "bob", "192.0.2.2"),
        alert("c", 2, "ada", "192.0.2.2"),
    ];
    let mut incidents = Incidents::default();
    let ended: Vec<Incident> = all.iter().flat_map(|alert| incidents.take(alert).ended).collect();
    let open = incidents.finish();
    assert_eq!((ids(&open), ids(&ended)), (vec!["a b c".into()], vec!["b".into()]));
    assert_eq!(ended[0].state, State::Merged { into: open[0].id.clone() });
    assert_eq!(open[0].tried, ["ada", "bob"]);
}

#[test]
fn an_incident_closes_at_its_longest_and_at_so_many_alerts() {
    let every = |minutes: i64, count: i64| -> Vec<Alert> {
        (0..count).map(|n| alert(&format!("{n:03}"), n * minutes, "ada", "192.0.2.1")).collect()
    };
    let sizes = |alerts: &[Alert]| -> Vec<usize> {
        of(alerts, Limits::default()).iter().map(|incident| incident.alerts.len()).collect()
    };
    assert_eq!(sizes(&every(60, 26)), [25, 1], "24 h after the first still joins");
    assert_eq!(sizes(&every(1, 600)), [256, 256, 88]);
}

#[test]
fn the_one_that_was_quiet_longest_closes_first() {
    let limits = Limits { open: 2, ..Limits::default() };
    let all = [
        alert("a", 0, "ada", ""),
        alert("b", 1, "bob", ""),
        alert("c", 2, "ada", ""),
        alert("d", 3, "eve", ""),
        alert("e", 4, "bob", ""),
    ];
    assert_eq!(ids(&of(&all, limits)), ["a c", "b", "d", "e"], "bob's had to go for eve's");
}

#[test]
fn alerts_of_one_login_are_told_as_one() {
    let login = |id: &str, analytic: &str| Alert {
        analytic: analytic.into(),
        pattern: "failures-then-success".into(),
        techniques: vec!["T1078".into()],
        ..alert(id, 5, "ada", "192.0.2.1")
    };
    let other = Alert { time: Timestamp(5 * MINUTE + 1), ..login("c", "FLS") };
    let incidents = of(&[login("a", "AN1269"), login("b", "FLS"), other], Limits::default());
    let (story, left_out) = incidents[0].story();
    let told: Vec<(&str, &[String])> = story.iter().map(|fact| (&*fact.id, &*fact.also)).collect();
    assert_eq!(told, [("a", &["FLS".to_owned()][..]), ("c", &[][..])]);
    assert_eq!((left_out, incidents[0].fell.len()), (0, 1));
}

#[test]
fn a_password_that_was_found_out_and_challenges_make_it_critical() {
    let found = |address: &str| Alert {
        pattern: "failures-then-success".into(),
        severity: Severity::High,
        techniques: vec!["T1078".into()],
        ..alert("a", 0, "ada@x.example", address)
    };
    let asked = |user: &str, address: &str| Alert {
        pattern: "challenges-without-login".into(),
        challenge_count: Some(5),
        severity: Severity::Medium,
        ..alert("b", 9, user, address)
    };
    let severity = |one: Alert, other: Alert| {
        of(&[one, other], Limits::default()).iter().map(|incident| incident.severity).max()
    };
    let same = severity(found("192.0.2.1"), asked("ada", "192.0.2.1"));
    assert_eq!(same, Some(Severity::Critical));
    assert_eq!(severity(found("192.0.2.1"), asked("ada", "192.0.2.2")), Some(Severity::High));
    assert_eq!(severity(found("192.0.2.1"), asked("bob", "192.0.2.1")), Some(Severity::High));
}

#[test]
fn an_update_replaces_what_was_told_and_a_copy_changes_nothing() {
    let first = alert("a", 0, "ada", "192.0.2.1");
    let update = Alert {
        status: Some("update".into()),
        title: "3560 failed logons".into(),
        last_seen: Timestamp(7),
        ..first.clone()
    };
    let incidents = of(&[update.clone(), first.clone(), first.clone()], Limits::default());
    assert_eq!(ids(&incidents), ["a"]);
    assert_eq!((&*incidents[0].facts[0].text, incidents[0].last_seen), ("3560 failed logons", Timestamp(7)));
    let mut alone = Incidents::default();
    let taken = alone.take(&update);
    assert!(taken.incident.is_none() && alone.finish().is_empty(), "an update of nothing is nothing");
}

#[test]
fn of_a_long_incident_beginning_and_end_are_told() {
    let all: Vec<Alert> = (0..100).map(|n| alert(&format!("{n:03}"), n, "ada", "192.0.2.1")).collect();
    let incidents = of(&all, Limits::default());
    let (story, left_out) = incidents[0].story();
    assert_eq!((story.len(), left_out, incidents[0].alerts.len()), (64, 36, 100));
    assert_eq!((&*story[31].id, &*story[32].id), ("031", "068"));
    assert_eq!(incidents[0].to_value()["left_out"], 36);
}

#[test]
fn what_is_held_is_bounded_whatever_alerts_name() {
    let all: Vec<Alert> = (0..255_u32)
        .map(|n| {
            let of = |at: u32| format!("10.{}.{}.{}", n / 250, n % 250, at);
            Alert { src_ips: (0..50).map(of).collect(), ..alert(&format!("{n:03}"), 0, "ada", "") }
        })
        .collect();
    let incidents = of(&all, Limits::default());
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].addresses.len(), MOST_ENTITIES);
}

prop_compose! {
    fn alerts()(
        list in prop::collection::vec((0..400_i64, 0..6_usize, 0..5_usize, 0..3_usize, 0..4_usize), 0..60)
    ) -> Vec<Alert> {
        const USERS: [&str; 6] = ["", "ada", "ADA@x.example", "ada@y.example", "bob", "CORP\\bob"];
        const ADDRESSES: [&str; 5] = ["", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"];
        let mut alerts: Vec<Alert> = list.into_iter().enumerate().map(|(n, (minute, user, address, analytic, kind))| {
            let base = alert(&format!("{n:04}"), minute, USERS[user], ADDRESSES[address]);
            let base = Alert { analytic: ["AN0454", "AN1269", "FLS"][analytic].into(), ..base };
            match kind {
                0 => Alert {
                    pattern: "failures-then-success".into(), techniques: vec!["T1078".into()], ..base
                },
                1 => Alert {
                    pattern: "password-spray".into(),
                    techniques: vec!["T1078.004".into()],
                    related_successes: vec!["bob@z.example".into()],
                    ..base
                },
                2 => Alert { pattern: "slow-challenges".into(), challenge_count: Some(5), ..base },
                _ => Alert { src_ips: vec!["192.0.2.2".into(), "198.51.100.9".into()], ..base },
            }
        }).collect();
        alerts.sort_by(|one, other| {
            (one.time, &one.analytic, &one.id).cmp(&(other.time, &other.analytic, &other.id))
        });
        alerts
    }
}

proptest! {
    #[test]
    fn it_says_what_the_naive_reference_says(alerts in alerts(), open in 1..6_usize, most in 2..12_usize) {
        let limits = Limits { open, alerts: most, longest: Span(200 * MINUTE), ..Limits::default() };
        let mut incidents = Incidents::new(limits);
        let mut ended = Vec::new();
        for alert in &alerts {
            let taken = incidents.take(alert);
            prop_assert!(incidents.open().count() <= open);
            ended.extend(taken.ended);
        }
        prop_assert!(ended.iter().all(|incident| incident.state != State::Open));
        ended.extend(incidents.finish());
        let mut told: Vec<naive::Told> = ended.iter().map(naive::Told::of).collect();
        told.sort();
        prop_assert_eq!(told, naive::all(&alerts, limits));
    }

    #[test]
    fn it_goes_on_from_bytes_as_if_nothing_had_been(alerts in alerts(), cut in 0..60_usize) {
        let mut whole = Incidents::default();
        let mut parted = Incidents::default();
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for (at, alert) in alerts.iter().enumerate() {
            if at == cut {
                parted = Incidents::load(Limits::default(), &parted.save()).unwrap();
            }
            one.extend(whole.take(alert).ended);
            other.extend(parted.take(alert).ended);
        }
        prop_assert_eq!(one, other);
        prop_assert_eq!(whole.finish(), parted.finish());
        let cut = Incidents::load(Limits::default(), b"{");
        prop_assert!(cut.is_err());
    }

    #[test]
    fn every_alert_is_in_one_incident_and_order_of_input_is_nothing(
        alerts in alerts(), seed in any::<u64>()
    ) {
        let wanted = of(&alerts, Limits::default());
        let mut held: Vec<&String> = wanted.iter().flat_map(|incident| &incident.alerts).collect();
        held.sort();
        prop_assert_eq!(held.len(), alerts.len());
        held.dedup();
        prop_assert_eq!(held.len(), alerts.len());
        let mut shuffled = alerts;
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        prop_assert_eq!(of(&shuffled, Limits::default()), wanted);
    }
}
