use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

fn entry(n: u64, record: &[u8]) -> Entry<'_> {
    Entry {
        time: Timestamp(n as i64),
        kind: 1,
        count: 2,
        user: b"root",
        host: b"web",
        code: b"x",
        record: Record { number: n, bytes: record },
        ..Entry::default()
    }
}

fn times(journal: &Journal, newest: Link, key: usize, most: usize) -> (Vec<i64>, Option<End>) {
    let mut walk = journal.walk(newest, key, most);
    let times = walk.by_ref().map(|e| e.time.0).collect();
    (times, walk.end())
}

#[test]
fn an_entry_comes_back_as_it_was() {
    let mut journal = Journal::new(1 << 20);
    for address in [None, Some([7; 16])] {
        let mut written = Entry { address, ..entry(5, b"Failed password for root") };
        let link = journal.append(&written);
        journal.set_previous(link, 2, Link(1));
        journal.set_previous(link, 3, Link(9));
        written.previous[2] = Link(1);
        assert_eq!(journal.get(link), Some(written));
    }
    assert_eq!(journal.get(Link::NONE), None);
    assert_eq!(journal.get(Link(1 << 40)), None);
    assert_eq!(journal.get(Link(500)), None, "not written yet");
}

#[test]
fn links_fit_a_slot() {
    for link in [Link::NONE, Link(1), Link((1 << 48) - 1)] {
        let mut bytes = [0; Link::BYTES];
        link.write(&mut bytes);
        assert_eq!(Link::read(&bytes), link);
    }
    assert_eq!(Link::read(&[1]), Link::NONE);
}

#[test]
fn walks_follow_one_key_and_tell_how_they_ended() {
    let mut journal = Journal::new(2 * CHUNK);
    let mut newest = [Link::NONE; 2];
    // 30 entries of two keys: key 0 has all, key 1 every third.
    for n in 0..30 {
        let link = journal.append(&entry(n, b""));
        journal.set_previous(link, 0, newest[0]);
        newest[0] = link;
        if n % 3 == 0 {
            journal.set_previous(link, 1, newest[1]);
            newest[1] = link;
        }
    }
    assert_eq!(times(&journal, newest[0], 0, 99).0.len(), 30);
    assert_eq!(
        times(&journal, newest[1], 1, 99),
        ((0..30).rev().filter(|n| n % 3 == 0).collect(), Some(End::Complete))
    );
    assert_eq!(times(&journal, newest[0], 0, 4), ([29, 28, 27, 26].to_vec(), Some(End::Bound)));
    for n in 0..200 {
        let link = journal.append(&entry(100 + n, &[b'x'; 400]));
        journal.set_previous(link, 0, newest[0]);
        newest[0] = link;
    }
    let (found, end) = times(&journal, newest[0], 0, 9999);
    assert!(found.len() > 30 && found.len() < 100 && found[0] == 299);
    assert_eq!(end, Some(End::Overwritten));
    assert_eq!(times(&journal, newest[1], 1, 99), (Vec::new(), Some(End::Overwritten)));
    assert!(journal.bytes() < 2 * CHUNK + 1000);
}

#[test]
fn long_text_is_cut_between_characters() {
    assert_eq!(cut("äöü".as_bytes(), 5), "äö".as_bytes());
    assert_eq!(cut("äöü".as_bytes(), 6), "äöü".as_bytes());
    assert_eq!(cut(&[0x80; 9], 5), &[0x80; 5], "no UTF-8 at all");
    assert_eq!(cut(b"abc", 0), b"");
    let mut journal = Journal::new(CHUNK);
    let (user, record) = ([b'u'; 999], [b'r'; 9999]);
    let link = journal.append(&Entry { user: &user, ..entry(0, &record) });
    let found = journal.get(link).unwrap();
    assert_eq!((found.user.len(), found.record.bytes.len()), (TEXT, RECORD));
}

#[test]
fn no_pool_no_entries() {
    let mut journal = Journal::new(CHUNK - 1);
    assert_eq!(journal.append(&entry(1, b"")), Link::NONE);
    assert_eq!(journal.bytes(), 0);
}

fn saved(journal: &Journal) -> Vec<u8> {
    let mut out = Writer::loose();
    journal.save(&mut out);
    out.finish()
}

proptest! {
    #[test]
    fn snapshots_change_nothing(sizes in proptest::collection::vec(0usize..600, 0..300), cut_at in 0usize..300, chunks in 0usize..5) {
        let fill = |journal: &mut Journal, sizes: &[usize], last: &mut Link| {
            for (n, size) in sizes.iter().enumerate() {
                let record = alloc::vec![b'r'; *size];
                *last = journal.append(&Entry { previous: [*last; 3], ..entry(n as u64, &record) });
            }
        };
        let (before, after) = sizes.split_at(cut_at.min(sizes.len()));
        let (mut one, mut last) = (Journal::new(chunks * CHUNK), Link::NONE);
        fill(&mut one, before, &mut last);
        let bytes = saved(&one);
        let mut reader = Reader::loose(&bytes).unwrap();
        let (mut two, dropped) = one.load(&mut reader).unwrap();
        prop_assert!(!dropped && reader.finish().is_ok());
        let mut last_two = last;
        fill(&mut one, after, &mut last);
        fill(&mut two, after, &mut last_two);
        prop_assert_eq!(last, last_two);
        prop_assert_eq!(times(&one, last, 1, 999), times(&two, last, 1, 999));
        prop_assert_eq!(saved(&one), saved(&two));
        // Pools of other sizes keep what fits, and links stay valid.
        for most in 0..6 {
            let mut reader = Reader::loose(&bytes).unwrap();
            let (mut other, _) = Journal::new(most * CHUNK).load(&mut reader).unwrap();
            let found = times(&other, last_two, 1, 999).0;
            prop_assert!(times(&one, last, 1, 999).0.starts_with(&found) || !after.is_empty());
            let mut link = last_two;
            fill(&mut other, after, &mut link);
        }
    }

    #[test]
    fn garbage_never_panics(body in proptest::collection::vec(any::<u8>(), 0..400), links in proptest::collection::vec(0u64..500, 9)) {
        let mut out = Writer::loose();
        out.varint(0);
        out.count(1);
        out.bytes(&body);
        let bytes = out.finish();
        let (journal, _) = Journal::new(CHUNK).load(&mut Reader::loose(&bytes).unwrap()).unwrap();
        for link in links {
            prop_assert!(journal.walk(Link(link), 1, 99).count() <= 99);
        }
        let mut out = Writer::loose();
        out.raw(&body);
        let bytes = out.finish();
        let mut reader = Reader::loose(&bytes).unwrap();
        let _ = Journal::new(CHUNK).load(&mut reader.clone());
        let _ = super::super::silence::Silences::new(9, 0).load(&mut reader);
    }
}
