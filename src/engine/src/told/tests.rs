use super::*;
use crate::time::Timestamp;
use crate::window::journal::{Journal, Link};
use alloc::string::ToString;
use alloc::vec;

/// A journal of one key: each entry links to the one before.
fn journal(entries: &[Entry<'_>]) -> (Journal, Link) {
    let (mut journal, mut newest) = (Journal::new(1 << 20), Link::NONE);
    for entry in entries {
        newest = journal.append(&Entry { previous: [newest; 3], ..*entry });
    }
    (journal, newest)
}

fn at(time: i64, user: &'static str) -> Entry<'static> {
    Entry { time: Timestamp(time), count: 1, user: user.as_bytes(), ..Entry::default() }
}

fn all(entry: &Entry<'_>) -> u32 {
    entry.count
}

#[test]
fn evidence_is_the_first_and_the_last_few_and_what_raised() {
    let shown = |count: usize, raised: &str| {
        let names: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        let entries: Vec<Entry<'_>> =
            names.iter().map(|n| Entry { record: Record::unnumbered(n.as_bytes()), ..at(5, "u") }).collect();
        let (journal, newest) = journal(&entries);
        let excerpt = Excerpt::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut all);
        let shown = evidence(&excerpt, Record::unnumbered(raised.as_bytes()));
        shown.into_iter().map(|one| one.text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(0, ""), "");
    assert_eq!(shown(2, "x"), "0 1 x");
    assert_eq!(shown(4, "x"), "0 1 2 3 x");
    assert_eq!(shown(9, ""), "0 1 2 6 7 8");
    assert_eq!(shown(0, &"y".repeat(600)).len(), RECORD);
}

#[test]
fn what_is_there_already_stays() {
    let (journal, newest) = journal(&[at(5, "bob")]);
    let excerpt = Excerpt::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut all);
    let mut alert = Alert { user: Some("alice".into()), distinct_users: Some(7), ..Alert::default() };
    tell(&excerpt, &mut alert, Record::unnumbered(b"x"));
    assert_eq!(
        (alert.users, alert.distinct_users, alert.distinct_ips),
        (vec!["bob".into(), "alice".into()], Some(7), Some(0))
    );
    assert_eq!(alert.first_seen, Timestamp(5));
}

#[test]
fn what_was_cut_is_said_unless_it_was_set() {
    let record = [b'x'; 500];
    let entries: Vec<Entry<'_>> =
        (0..100).map(|n| Entry { record: Record::unnumbered(&record), ..at(n, "bob") }).collect();
    let (mut journal, mut newest) = (Journal::new(16 * 1024), Link::NONE);
    for entry in &entries {
        newest = journal.append(&Entry { previous: [newest; 3], ..*entry });
    }
    let excerpt = Excerpt::read(&journal, newest, 0, Timestamp(0), Timestamp(100), &mut all);
    assert!(excerpt.cut() && excerpt.count() < 100);
    let mut alert =
        Alert { distinct_users: Some(1), estimated: vec!["failure_count".into()], ..Alert::default() };
    tell(&excerpt, &mut alert, Record::NONE);
    assert_eq!(alert.estimated, ["failure_count", "distinct_ips", "evidence"]);
    assert!(!Excerpt::read(&journal, newest, 0, Timestamp(95), Timestamp(100), &mut all).cut());
}

#[test]
fn a_block_is_named_where_more_than_one_of_its_addresses_came() {
    let from = |address: &str| Entry { address: Some(net::octets(address.parse().unwrap())), ..at(5, "u") };
    let event = Event { src_ip: Some("192.0.2.77".parse().unwrap()), ..Event::default() };
    let named = |entries: &[Entry<'_>]| {
        let (journal, newest) = journal(entries);
        let excerpt = Excerpt::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut all);
        network(&excerpt, &event, Prefixes { v4: 24, v6: 64 })
    };
    assert_eq!(named(&[from("192.0.2.77"), at(5, "u")]), None);
    assert_eq!(named(&[from("192.0.2.77"), from("192.0.2.1")]).as_deref(), Some("192.0.2.0/24"));
    assert_eq!(source(&event), "192.0.2.77");
    assert_eq!(
        source(&Event { access: Access::Local, tty: "tty1".into(), ..Event::default() }),
        "tty1 on an unknown host"
    );
}

#[test]
fn words() {
    assert_eq!((number(1, "failure"), number(2, "failure")), ("1 failure".into(), "2 failures".into()));
    assert_eq!((said(""), said("x")), (None, Some("x".into())));
    assert_eq!(short(""), "an unknown user");
    assert_eq!(short(&"é".repeat(65)), "é".repeat(64) + "…");
}
