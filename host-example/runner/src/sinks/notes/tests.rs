use super::groups::{Group, MOST_NOTES, address, is_near};
use super::*;
use crate::output::paint::Paint;
use authsieve_host::contract::{Note, Outcome, Step};

fn note(key: &str, step: Step, count: u32, needed: u32) -> Note {
    Note {
        analytic: "an1276".into(),
        record: 1,
        time: 0,
        outcome: Outcome::Failure,
        user: Some("Root".into()),
        src_ip: Some("192.0.2.7".into()),
        step,
        key: key.into(),
        text: "failure".into(),
        count: Some(count),
        needed: Some(needed),
    }
}

fn placed(note: Note) -> Placed {
    Placed { origin: None, note }
}

#[test]
fn filters_hold_together() {
    let note = note("user+ip Root 192.0.2.7", Step::Counted, 1, 5);
    let filter = |user: Option<&str>, ip: Option<&str>, key: Option<&str>| Filter {
        user: user.map(Into::into),
        ip: ip.map(|ip| address(ip).unwrap()),
        key: key.map(Into::into),
        near: false,
    };
    assert!(filter(None, None, None).passes(&note));
    assert!(filter(Some("root"), Some("::ffff:192.0.2.7"), Some("USER+IP")).passes(&note));
    assert!(!filter(Some("root"), Some("192.0.2.8"), None).passes(&note));
    assert!(!filter(Some("roo"), None, None).passes(&note), "a name is whole");
    assert!(!filter(None, None, Some("family")).passes(&note));
    assert!(address("nowhere").is_err());
}

#[test]
fn near_is_four_of_five_or_out_of_time() {
    assert!(is_near(&note("", Step::Short, 4, 5)) && is_near(&note("", Step::TooLate, 5, 5)));
    assert!(!is_near(&note("", Step::Short, 3, 5)) && !is_near(&note("", Step::Counted, 5, 5)));
    assert!(is_near(&note("", Step::Counted, 8, 10)) && !is_near(&note("", Step::Counted, 7, 10)));
}

#[test]
fn only_keys_that_came_near_are_kept_when_there_is_no_room() {
    let mut groups = Groups::new(true);
    groups.add(placed(note("near", Step::Short, 4, 5)));
    for number in 0..MOST_NOTES + 10 {
        groups.add(placed(note(&format!("junk {number}"), Step::Counted, 1, 5)));
    }
    groups.add(placed(note("near", Step::Counted, 4, 5)));
    assert!(groups.held <= MOST_NOTES && groups.left_out == 0);
    let shown: Vec<_> = groups.shown().map(|group| (group.key.as_str(), group.notes.len())).collect();
    assert_eq!(shown, [("near", 2)]);
    groups.add(placed(note("near", Step::Alert, 5, 5)));
    assert_eq!(groups.shown().count(), 0, "it alerted");
}

#[test]
fn what_has_no_room_is_counted() {
    let mut groups = Groups::default();
    for _ in 0..MOST_NOTES + 7 {
        groups.add(placed(note("one", Step::Counted, 1, 5)));
    }
    assert_eq!((groups.held, groups.left_out), (MOST_NOTES, 7));
}

#[test]
fn a_timeline_is_harmless_to_a_terminal() {
    let mut note = note("user+ip a\x1b[2J 192.0.2.7", Step::Short, 4, 5);
    note.text = "x\ny".into();
    let group = Group {
        analytic: "an1276".into(),
        key: note.key.clone(),
        notes: vec![placed(note)],
        near: true,
        alerted: false,
    };
    let mut out = Vec::new();
    write_group(&mut out, &group, false, Paint { on: false }).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains('\x1b') && text.contains("x\\ny") && text.contains("came near"), "{text}");
}
