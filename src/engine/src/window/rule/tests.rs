use super::*;

const SECOND: i64 = 1_000_000;
const MEMORY: Memory = Memory { max_keys: 100_000, sketch_bytes: 4 << 20, pool_bytes: 8 << 20 };

fn rule(memory: Memory, thresholds: &[u32]) -> Rule {
    Rule::new(Layout::new(thresholds, Span(900 * SECOND), Span(600 * SECOND)), memory, 1)
}

fn at(second: i64, count: u32) -> Entry<'static> {
    Entry { time: Timestamp(second * SECOND), count, user: b"ada", code: b"x", ..Entry::default() }
}

fn key(n: u128) -> Option<Fingerprint> {
    Some(Fingerprint(n))
}

fn fail(rule: &mut Rule, keys: Keys, second: i64, count: u32) {
    let failed = at(second, count);
    rule.failure(&keys, &failed, failed.time);
}

#[test]
fn a_success_is_judged_on_each_key_and_consumes_those_that_are_named() {
    let mut rule = rule(MEMORY, &[3, 2]);
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
    assert_eq!((m.count, m.full), (3, false));
    let excerpt = rule.excerpt(m.key, m.number, m.from, Timestamp(9 * SECOND));
    assert_eq!((excerpt.entries().len(), excerpt.first()), (2, Some(Timestamp(SECOND))));
    rule.consume(&m, Timestamp(9 * SECOND));
    assert_eq!(matched(&mut rule, 2), [None, None, Some((2, 2))]);
    assert_eq!(rule.excerpt(Fingerprint(2), 1, Timestamp::MIN, Timestamp(9 * SECOND)).count(), 0);
}

#[test]
fn what_is_taken_back_is_neither_counted_nor_told() {
    let mut rule = rule(MEMORY, &[2]);
    let keys = [key(1), None, None];
    fail(&mut rule, keys, 1, 1);
    fail(&mut rule, keys, 2, 2);
    rule.take_back(&keys, &at(2, 2));
    assert_eq!(rule.excerpt(Fingerprint(1), 0, Timestamp(0), Timestamp(9 * SECOND)).count(), 1);
    assert!(rule.success(&keys, Timestamp(9 * SECOND), 2)[0].is_none());
}

#[test]
fn late_events_are_counted_once_whatever_their_keys() {
    let mut rule = rule(MEMORY, &[2]);
    fail(&mut rule, [key(1), key(2), None], 9, 1);
    fail(&mut rule, [key(1), key(2), None], 8, 1);
    rule.success(&[key(1), key(2), key(3)], Timestamp(7 * SECOND), 2);
    assert_eq!((rule.late(), rule.table().len()), (2, 2));
}

#[test]
fn facts_say_how_an_event_stands_to_its_key() {
    let mut rule = rule(MEMORY, &[3]);
    let (one, seconds) = (Fingerprint(1), |n: i64| Span(n * SECOND));
    let standing = |rule: &mut Rule, second| rule.standing(one, Timestamp(second * SECOND), 3);
    assert_eq!(standing(&mut rule, 1), Standing::Nothing);
    fail(&mut rule, [key(1), None, None], 1, 2);
    assert_eq!(standing(&mut rule, 3), Standing::Short { count: 2, since: seconds(2) });
    fail(&mut rule, [key(1), None, None], 5, 1);
    fail(&mut rule, [key(1), None, None], 4, 1);
    let late = Counted { count: 3, late: seconds(1), consumed: None };
    assert_eq!(rule.counted(one, Timestamp(4 * SECOND)), Some(late));
    assert_eq!(rule.counted(Fingerprint(2), Timestamp(4 * SECOND)), None);
    assert_eq!(standing(&mut rule, 9), Standing::Holds { count: 4, after: seconds(4) });
    assert_eq!(standing(&mut rule, 606), Standing::TooLate { count: 4, over: seconds(1) });
    let m = rule.success(&[key(1), None, None], Timestamp(9 * SECOND), 3)[0].unwrap();
    rule.consume(&m, Timestamp(9 * SECOND));
    assert_eq!(standing(&mut rule, 10), Standing::Consumed { at: Timestamp(9 * SECOND) });
    let consumed = rule.counted(one, Timestamp(8 * SECOND)).and_then(|counted| counted.consumed);
    assert_eq!(consumed, Some(Timestamp(9 * SECOND)));
}

#[test]
fn newer_failures_hide_no_login() {
    let mut rule = rule(MEMORY, &[5]);
    let keys = [key(1), None, None];
    (0..50).for_each(|n| fail(&mut rule, keys, n, 1));
    for second in [6, 60, 120, 180, 240] {
        fail(&mut rule, keys, 100 + second, 1);
    }
    // The records of another host come later. The journal knows which failure completed the count.
    let m = rule.success(&keys, Timestamp(100 * SECOND), 5)[0].unwrap();
    assert_eq!((m.completed, m.from), (Timestamp(49 * SECOND), Timestamp(-851 * SECOND)));
    assert!(m.count >= 5);
    let m = rule.success(&keys, Timestamp(20 * SECOND), 5)[0].unwrap();
    assert_eq!(m.completed, Timestamp(20 * SECOND));
    assert!(rule.success(&keys, Timestamp(3 * SECOND), 5)[0].is_none());
    let standing = rule.standing(Fingerprint(1), Timestamp(20 * SECOND), 5);
    assert!(matches!(standing, Standing::Holds { count: 5.., .. }), "{standing:?}");
}

#[test]
fn a_snapshot_is_moved_to_what_fits() {
    let mut before = rule(MEMORY, &[2]);
    for n in 0..40 {
        fail(&mut before, [key(n), None, None], 1, 2);
    }
    let mut out = Writer::loose();
    before.save(&mut out);
    let bytes = out.finish();
    let load = |max_keys, threshold| {
        let empty = rule(Memory { max_keys, ..MEMORY }, &[threshold]);
        let (mut after, loaded, cut) = empty.load(&mut Reader::loose(&bytes).unwrap()).unwrap();
        assert!(!cut && !loaded.sketch_dropped);
        let found = after.success(&[key(39), None, None], Timestamp(9 * SECOND), threshold)[0].is_some();
        (found, loaded.dropped)
    };
    assert_eq!(load(100_000, 2), (true, 0));
    assert_eq!(load(100_000, 1), (true, 0));
    assert_eq!(load(100_000, 3), (false, 0));
    assert_eq!(load(20, 2), (true, 20));
}
