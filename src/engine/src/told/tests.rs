use super::*;
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
fn what_lies_in_the_span_is_summed_by_name() {
    let six = Some(net::octets("2001:db8::1".parse().unwrap()));
    let four = Some(net::octets("192.0.2.1".parse().unwrap()));
    let (journal, newest) = journal(&[
        at(1, "too-early"),
        Entry { count: 2, code: b"50126", address: six, ..at(2, "bob") },
        Entry { code: b"50053", address: four, ..at(3, "alice") },
        Entry { code: b"50126", address: six, ..at(3, "bob") },
        at(3, ""),
        at(4, "too-late"),
    ]);
    let told = Told::read(&journal, newest, 1, Timestamp(2), Timestamp(3), &mut all);
    assert_eq!((told.count(), told.first(), told.cut()), (5, Some(Timestamp(2)), false));
    assert_eq!(told.users(), [("alice", 1), ("bob", 3)]);
    assert_eq!(told.codes(), [("50053", 1), ("50126", 3)]);
    let addresses = ["192.0.2.1", "2001:db8::1"].map(|a| a.parse::<IpAddr>().unwrap());
    assert_eq!(told.addresses(), [(addresses[0], 1), (addresses[1], 3)], "IPv4 goes first");
    assert!(told.hosts().is_empty());
    let few = Told::read(&journal, newest, 1, Timestamp(2), Timestamp(3), &mut |entry| {
        u32::from(entry.user == b"bob")
    });
    assert_eq!(few.users(), [("bob", 2)], "what counts is up to who asks");
}

#[test]
fn who_came_late_is_found_behind_what_is_too_old() {
    let mut entries = vec![at(100, "a"), at(101, "b")];
    entries.extend((0..LATE as i64).map(|n| at(n, "old")));
    let read = |entries: &[Entry<'_>]| {
        let (journal, newest) = journal(entries);
        let told = Told::read(&journal, newest, 0, Timestamp(100), Timestamp(200), &mut all);
        (told.count(), told.cut())
    };
    assert_eq!(read(&entries), (2, false));
    entries.push(at(0, "one more"));
    assert_eq!(read(&entries), (0, false));
}

#[test]
fn evidence_is_the_first_and_the_last_few_and_what_raised() {
    let shown = |count: usize, raised: &str| {
        let names: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        let entries: Vec<Entry<'_>> =
            names.iter().map(|n| Entry { record: Record::unnumbered(n.as_bytes()), ..at(5, "u") }).collect();
        let (journal, newest) = journal(&entries);
        let told = Told::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut all);
        let evidence = told.evidence(Record::unnumbered(raised.as_bytes()));
        evidence.into_iter().map(|one| one.text).collect::<Vec<_>>().join(" ")
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
    let told = Told::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut all);
    let mut alert = Alert { user: Some("alice".into()), distinct_users: Some(7), ..Alert::default() };
    told.tell(&mut alert, Record::unnumbered(b"x"));
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
    let told = Told::read(&journal, newest, 0, Timestamp(0), Timestamp(100), &mut all);
    assert!(told.cut() && told.count() < 100);
    let mut alert =
        Alert { distinct_users: Some(1), estimated: vec!["failure_count".into()], ..Alert::default() };
    told.tell(&mut alert, Record::NONE);
    assert_eq!(alert.estimated, ["failure_count", "distinct_ips", "evidence"]);
    assert!(!Told::read(&journal, newest, 0, Timestamp(95), Timestamp(100), &mut all).cut());
}

#[test]
fn a_block_is_named_where_more_than_one_of_its_addresses_came() {
    let from = |address: &str| Entry { address: Some(net::octets(address.parse().unwrap())), ..at(5, "u") };
    let event = Event { src_ip: Some("192.0.2.77".parse().unwrap()), ..Event::default() };
    let named = |entries: &[Entry<'_>]| {
        let (journal, newest) = journal(entries);
        Told::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut all).network(&event, (24, 64))
    };
    assert_eq!(named(&[from("192.0.2.77"), at(5, "u")]), None);
    assert_eq!(named(&[from("192.0.2.77"), from("192.0.2.1")]).as_deref(), Some("192.0.2.0/24"));
    assert_eq!(source(&event), "192.0.2.77");
    assert_eq!(
        source(&Event { origin: Origin::Local, tty: "tty1".into(), ..Event::default() }),
        "tty1 on an unknown host"
    );
}

#[test]
fn words() {
    assert_eq!((number(1, "failure"), number(2, "failure")), ("1 failure".into(), "2 failures".into()));
    assert_eq!((said(""), said("x")), (None, Some("x".into())));
    assert_eq!(short(""), "an unknown user");
    assert_eq!(short(&"é".repeat(65)), "é".repeat(64) + "…");
    assert_eq!(text(b"ab\xffc"), "ab");
    assert_eq!(sums(vec![(b"b", 1), (b"a", u32::MAX), (b"a", 5)]), [(&b"a"[..], u32::MAX), (b"b", 1)]);
}
