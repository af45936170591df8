use super::*;
use crate::hash::Fingerprint;
use crate::window::table::{Bounds, Table};

fn slot() -> Slot {
    let bounds = Bounds {
        max_keys: 9,
        data: 0,
        window: Span::seconds(10),
        horizon: Span::seconds(10),
        weight_cap: 3,
        sketch_bytes: 1 << 10,
    };
    Table::new(bounds, 0).enter(Fingerprint(7), 1, Timestamp(0), Timestamp(0)).slot
}

fn entry(time: i64, account: u64, address: u64) -> Entry {
    Entry { time: Timestamp(time), count: 1, kind: 0, members: [account, address] }
}

#[test]
fn spans_are_inclusive_and_count_members_once() {
    let (mut recent, slot) = (Recent::new(Span(100), 4, 0), slot());
    for (n, (time, account, address)) in [(5, 1, 1), (1, 2, 0), (9, 1, 3), (5, 4, 1)].into_iter().enumerate()
    {
        recent.push(slot, n == 0, entry(time, account, address));
    }
    let times: Vec<i64> =
        recent.entries(slot, Timestamp(0), Timestamp(99)).map(|entry| entry.time.0).collect();
    assert_eq!(times, [1, 5, 5, 9]);
    let sum = recent.sum(slot, Timestamp(1), Timestamp(5));
    assert_eq!((sum.count, sum.distinct, sum.cut), (3, [3, 1], false));
    assert_eq!(recent.newest_of(slot, 0, 1, Timestamp(0), Timestamp(8)).unwrap().time.0, 5);
    recent.push(slot, false, entry(105, 1, 1));
    assert_eq!(recent.sum(slot, Timestamp::MIN, Timestamp::MAX).count, 4, "older than `keep` goes");
}
