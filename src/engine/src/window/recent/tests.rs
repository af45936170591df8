use super::naive::Naive;
use super::*;
use crate::hash::Fingerprint;
use crate::snapshot::{Reader, Writer};
use crate::window::table::{Bounds, Table};
use proptest::prelude::*;

fn slots(count: usize) -> Vec<Slot> {
    let bounds = Bounds {
        max_keys: count,
        data: 0,
        window: Span::seconds(10),
        horizon: Span::seconds(10),
        weight_cap: 3,
        sketch_bytes: 1 << 10,
    };
    let mut table = Table::new(bounds, 0);
    (0..count).map(|n| table.enter(Fingerprint(n as u128), 1, Timestamp(0), Timestamp(0)).slot).collect()
}

fn slot() -> Slot {
    slots(1)[0]
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

#[test]
fn thousands_are_exact_and_what_is_beyond_is_said_to_be_missing() {
    let (mut recent, slot) = (Recent::new(Span(1 << 40), 16, MOST * COST), slot());
    for n in 0..MOST as i64 {
        recent.push(slot, n == 0, entry(n, n as u64 / 2 + 1, n as u64 % 7 + 1));
    }
    let sum = |recent: &Recent| recent.sum(slot, Timestamp(0), Timestamp(MOST as i64));
    assert_eq!(sum(&recent), Sum { count: MOST as u32, distinct: [MOST as u32 / 2, 7], cut: false });
    recent.push(slot, false, entry(MOST as i64, 1, 1));
    assert_eq!(sum(&recent), Sum { count: MOST as u32, distinct: [MOST as u32 / 2, 7], cut: true });
    assert!(!recent.sum(slot, Timestamp(1), Timestamp::MAX).cut, "only up to there");
    let busy = recent.bytes();
    assert!(busy < MOST * (COST + 64), "{busy}");
    recent.push(slot, false, entry(1 << 50, 1, 1));
    assert!(recent.bytes() < 4096, "what left is given back: {}", recent.bytes());
}

#[test]
fn the_pool_takes_from_those_that_were_silent_longest_and_leaves_the_floor() {
    let slots = slots(3);
    let mut recent = Recent::new(Span(1000), 2, 4 * COST);
    for (n, time) in [(0, 1), (0, 2), (0, 3), (0, 4), (1, 5), (1, 6), (1, 7), (0, 8)] {
        recent.push(slots[n], time == 1, entry(time, 1, 1));
    }
    let held = |recent: &Recent| {
        let all = |slot: &Slot| recent.sum(*slot, Timestamp::MIN, Timestamp::MAX);
        slots.iter().map(all).map(|sum| (sum.count, sum.cut)).collect::<Vec<_>>()
    };
    assert_eq!(held(&recent), [(5, false), (3, false), (0, false)]);
    recent.push(slots[2], true, entry(9, 1, 1));
    recent.push(slots[2], false, entry(10, 1, 1));
    assert_eq!(held(&recent), [(5, false), (3, false), (2, false)], "the floor is not of the pool");
    recent.push(slots[2], false, entry(11, 1, 1));
    assert_eq!(held(&recent), [(5, false), (2, true), (3, false)], "the second was silent longest");
    recent.push(slots[2], false, entry(12, 1, 1));
    assert_eq!(held(&recent), [(4, true), (2, true), (4, false)]);
    recent.forget(slots[2]);
    recent.push(slots[0], false, entry(13, 1, 1));
    assert_eq!(held(&recent), [(5, true), (2, true), (0, false)], "what is forgotten makes room");
}

#[test]
fn many_keys_take_what_is_said_and_no_more() {
    let (slots, floor, pool) = (slots(2000), 16, 1 << 20);
    let mut recent = Recent::new(Span(1 << 40), floor, pool);
    for n in 0..100_000u64 {
        recent.push(slots[n as usize % slots.len()], false, entry(n as i64, n | 1 << 32, n | 1 << 32));
    }
    let most = 2048 * 64 + 2000 * floor * 48 + pool;
    assert!(recent.bytes() <= most, "{} of {most}", recent.bytes());
}

#[test]
fn a_bad_snapshot_is_an_error() {
    let (mut recent, slot) = (Recent::new(Span(100), 4, 0), slot());
    let load = |recent: &mut Recent, times: [i64; 2]| {
        let mut out = Writer::loose();
        out.i64(i64::MIN);
        out.varint(u64::MAX);
        out.count(2);
        for time in times {
            out.i64(time);
            out.varint(1);
            out.raw(&[0; 17]);
        }
        recent.load(Some(slot), &mut Reader::loose(&out.finish()).unwrap())
    };
    assert!(load(&mut recent, [2, 1]).is_err());
    assert!(load(&mut recent, [1, 2]).is_ok());
    recent.push(slot, false, entry(3, 1, 1));
    assert_eq!(recent.sum(slot, Timestamp(0), Timestamp(9)).count, 3);
}

const KEYS: usize = 4;
const SPANS_ASKED: [Span; 2] = [Span(20), Span(50)];

#[derive(Clone, Debug)]
enum Call {
    Push { at: usize, ahead: i64, count: u32, kind: u8, members: [u64; 2] },
    Forget(usize),
    Reach { at: usize, ahead: i64 },
    Change { at: usize, member: u64, to: u64 },
    Retain { at: usize, member: u64 },
    Restore,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    // Long runs on one key and back. Most times are in order, some late, some far ahead.
    let ahead = prop_oneof![12 => 0..2i64, 2 => -30..0i64, 1 => 0..70i64];
    let at = prop_oneof![6 => Just(0usize), 2 => Just(1), 1 => 0..KEYS];
    let members = (prop_oneof![0..4u64, 0..40u64], 0..4u64).prop_map(|(account, address)| [account, address]);
    let step = prop_oneof![
        60 => (at.clone(), ahead, 1..3u32, 0..2u8, members)
            .prop_map(|(at, ahead, count, kind, members)| Call::Push { at, ahead, count, kind, members }),
        1 => at.clone().prop_map(Call::Forget),
        4 => (at.clone(), 0..40i64).prop_map(|(at, ahead)| Call::Reach { at, ahead }),
        2 => (at.clone(), 0..40u64, 0..40u64).prop_map(|(at, member, to)| Call::Change { at, member, to }),
        1 => (at, 0..40u64).prop_map(|(at, member)| Call::Retain { at, member }),
        1 => Just(Call::Restore),
    ];
    prop::collection::vec(step, 1..250)
}

fn saved(recent: &Recent, slots: &[Slot]) -> Vec<u8> {
    let mut out = Writer::loose();
    slots.iter().for_each(|slot| recent.save(*slot, &mut out));
    out.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn as_the_naive_one(calls in calls(), floor in 1..6usize, room in 0..80usize, seed: u64) {
        let (keep, slots) = (Span(60), slots(KEYS));
        let empty = |seed| Recent::new(keep, floor, room * COST).windows(SPANS_ASKED, seed);
        let mut recent = empty(seed);
        let mut twin = empty(!seed);
        let mut naive = Naive::new(keep, floor, room, KEYS);
        let mut now = 1000;
        for step in calls {
            let mut touched = 0;
            match step {
                Call::Push { at, ahead, count, kind, members } => {
                    let entry = Entry { time: Timestamp(now + ahead), count, kind, members };
                    now = now.max(now + ahead);
                    recent.push(slots[at], false, entry);
                    twin.push(slots[at], false, entry);
                    naive.push(at, false, entry);
                    touched = at;
                }
                Call::Forget(at) => {
                    recent.forget(slots[at]);
                    twin.forget(slots[at]);
                    naive.keys[at] = Default::default();
                }
                // Only the tested type has this call. It changes no answer.
                Call::Reach { at, ahead } => recent.reach(slots[at], Timestamp(now + ahead)),
                Call::Change { at, member, to } => {
                    let change = |entry: &mut Entry| {
                        let mine = entry.members[0] == member;
                        if mine {
                            (entry.members[0], entry.time) = (to, Timestamp(0));
                        }
                        mine
                    };
                    let from = Timestamp(now - 40);
                    let changed = recent.change(slots[at], from, Timestamp(now), change);
                    prop_assert_eq!(twin.change(slots[at], from, Timestamp(now), change), changed);
                    let mut list = naive.keys[at].list.iter_mut();
                    let found = list.find(|e| from <= e.time && e.time.0 <= now && e.members[0] == member);
                    prop_assert_eq!(found.is_some(), changed);
                    found.into_iter().for_each(|entry| entry.members[0] = to);
                }
                Call::Retain { at, member } => {
                    naive.keys[at].list.retain(|entry| entry.members[0] != member);
                    let left = recent.retain(slots[at], |entry| entry.members[0] != member);
                    twin.retain(slots[at], |entry| entry.members[0] != member);
                    prop_assert_eq!(left, !naive.keys[at].list.is_empty());
                }
                Call::Restore => {
                    let bytes = saved(&recent, &slots);
                    let mut input = Reader::loose(&bytes).unwrap();
                    recent = empty(seed.rotate_left(7));
                    slots.iter().for_each(|slot| recent.load(Some(*slot), &mut input).unwrap());
                }
            }
            for at in [touched, 1] {
                let slot = slots[at];
                let newest = naive.keys[at].list.last().map_or(now, |entry| entry.time.0);
                for to in [newest, now, now + 10, newest - 3] {
                    for span in [20, 50, 60, 33] {
                        let (from, to) = (Timestamp(to - span), Timestamp(to));
                        prop_assert_eq!(recent.sum(slot, from, to), naive.sum(at, from, to, |_| true));
                        let some = |entry: &Entry| entry.kind == 1;
                        prop_assert_eq!(
                            recent.sum_where(slot, from, to, some),
                            naive.sum(at, from, to, some)
                        );
                        let entries = naive.entries(at, from, to);
                        prop_assert!(recent.entries(slot, from, to).eq(&entries));
                        for member in [0, 1, 30] {
                            let last = entries.iter().rfind(|entry| entry.members[0] == member).copied();
                            prop_assert_eq!(recent.newest_of(slot, 0, member, from, to), last);
                            prop_assert_eq!(recent.has(slot, 0, member, from, to), last.is_some());
                        }
                    }
                }
            }
        }
        prop_assert_eq!(saved(&recent, &slots), saved(&twin, &slots), "whatever was restored, whatever the seed");
    }
}

/// `cargo test -p authsieve-engine --release -- --ignored --nocapture recent::tests::speed`
#[test]
#[ignore = "a measurement"]
fn speed() {
    let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let per = |began: std::time::Instant, events: u64| began.elapsed().as_nanos() as u64 / events;
    let window = Span::seconds(1800);
    let new = || Recent::new(window, 16, 2 << 20).windows([window; 2], 7);
    for accounts in [10, 256, 4000] {
        let (mut recent, slot, events) = (new(), slot(), 1_000_000);
        let (began, mut found) = (std::time::Instant::now(), 0u64);
        for n in 0..events {
            // Each window holds as many entries as there are accounts.
            let time = Timestamp((n * 1_800_000_000 / accounts) as i64);
            recent.push(slot, n == 0, entry(time.0, spread(n % accounts), 1));
            found += u64::from(recent.sum(slot, time.minus(window), time).distinct[0]);
        }
        std::println!("{accounts} accounts from one address: {} ns, {found}", per(began, events));
    }
    let (mut recent, slots, events) = (new(), slots(20_000), 1_000_000);
    let began = std::time::Instant::now();
    for n in 0..events {
        let slot = slots[(spread(n) >> 40) as usize % 20_000];
        let time = Timestamp(n as i64 * 1000);
        recent.push(slot, false, entry(time.0, spread(n % 4000), 1));
        let _ = std::hint::black_box(recent.sum(slot, time.minus(window), time));
    }
    std::println!("20,000 keys: {} ns, {} bytes", per(began, events), recent.bytes());
}
