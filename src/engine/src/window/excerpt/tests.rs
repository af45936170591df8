use super::*;
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
    let excerpt = Excerpt::read(&journal, newest, 1, Timestamp(2), Timestamp(3), &mut all);
    assert_eq!((excerpt.count(), excerpt.first(), excerpt.cut()), (5, Some(Timestamp(2)), false));
    assert_eq!(excerpt.users(), [("alice", 1), ("bob", 3)]);
    assert_eq!(excerpt.codes(), [("50053", 1), ("50126", 3)]);
    let addresses = ["192.0.2.1", "2001:db8::1"].map(|a| a.parse::<IpAddr>().unwrap());
    assert_eq!(excerpt.addresses(), [(addresses[0], 1), (addresses[1], 3)], "IPv4 goes first");
    assert!(excerpt.hosts().is_empty());
    let few = Excerpt::read(&journal, newest, 1, Timestamp(2), Timestamp(3), &mut |entry| {
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
        let excerpt = Excerpt::read(&journal, newest, 0, Timestamp(100), Timestamp(200), &mut all);
        (excerpt.count(), excerpt.cut())
    };
    assert_eq!(read(&entries), (2, false));
    entries.push(at(0, "one more"));
    assert_eq!(read(&entries), (0, false));
}

#[test]
fn texts_and_sums() {
    assert_eq!(text(b"ab\xffc"), "ab");
    assert_eq!(sums(vec![(b"b", 1), (b"a", u32::MAX), (b"a", 5)]), [(&b"a"[..], u32::MAX), (b"b", 1)]);
}
