use super::least::{Change, Least};
use super::{FollowUps, Following, UPDATE};
use crate::alert::Alert;
use crate::hash::{Fingerprint, Salt};
use crate::snapshot::{Reader, Writer};
use crate::time::Timestamp;
use crate::window::excerpt::Excerpt;
use crate::window::journal::{Entry, Journal, Link};
use alloc::format;
use alloc::vec::Vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

const GROUP: Fingerprint = Fingerprint(1);
const QUIET: Fingerprint = Fingerprint(2);

fn follow_ups() -> FollowUps {
    FollowUps::new(true, 1 << 20, Salt::new(""))
}

fn alert(id: u32, time: i64) -> Alert {
    let time = Timestamp(time);
    let id = if id == 0 { "".into() } else { format!("{id:032x}") };
    Alert { id, time, first_seen: time, last_seen: time, failure_count: Some(0), ..Alert::default() }
}

fn nothing(run: impl FnOnce(&Excerpt<'_>)) {
    let journal = Journal::new(0);
    run(&Excerpt::read(&journal, Link::NONE, 0, Timestamp::MIN, Timestamp::MAX, &mut |entry| entry.count));
}

fn open(follow_ups: &mut FollowUps, quiet: Fingerprint, end: i64, alert: &Alert) {
    nothing(|seen| follow_ups.open(Following { group: GROUP, quiet, end: Timestamp(end) }, alert, seen));
}

fn failed(time: i64, user: &'static str) -> Entry<'static> {
    Entry { time: Timestamp(time), count: 1, user: user.as_bytes(), ..Entry::default() }
}

fn due(follow_ups: &mut FollowUps, now: i64) -> Vec<(Timestamp, Option<u32>)> {
    core::iter::from_fn(|| follow_ups.due(Timestamp(now)))
        .map(|alert| (alert.time, alert.failure_count))
        .collect()
}

#[test]
fn an_update_counts_what_its_silence_covers() {
    let mut follow_ups = follow_ups();
    open(&mut follow_ups, QUIET, 20, &alert(5, 10));
    for (time, user) in [(9, "early"), (10, "ann"), (20, "bob"), (21, "late")] {
        follow_ups.count(GROUP, &failed(time, user));
    }
    follow_ups.count(Fingerprint(9), &failed(15, "elsewhere"));
    follow_ups.count(GROUP, &failed(15, "none"));
    follow_ups.take_back(GROUP, &failed(15, "none"));
    assert!(follow_ups.due(Timestamp(20)).is_none(), "its end is included");
    let update = follow_ups.due(Timestamp(21)).expect("an update");
    assert_eq!((update.failure_count, update.status.as_deref()), (Some(2), Some(UPDATE)));
    assert_eq!((update.users, update.last_seen), (["ann", "bob"].map(Into::into).to_vec(), Timestamp(20)));
    assert!(follow_ups.is_empty() && follow_ups.bytes() == 0);
}

#[test]
fn updates_come_in_the_order_of_ends_then_ids() {
    let mut follow_ups = follow_ups();
    for (id, time, end) in [(9, 1, 30), (3, 2, 30), (4, 3, 20), (7, 4, 40)] {
        open(&mut follow_ups, QUIET, end, &alert(id, time));
    }
    let times = |list: Vec<(Timestamp, Option<u32>)>| list.iter().map(|(time, _)| time.0).collect::<Vec<_>>();
    assert_eq!(times(due(&mut follow_ups, 35)), [3, 2, 1]);
    assert_eq!(times(due(&mut follow_ups, i64::MAX)), [4]);
}

#[test]
fn an_alert_that_waits_has_its_update_after_it() {
    let mut follow_ups = follow_ups();
    open(&mut follow_ups, QUIET, 20, &alert(0, 10));
    open(&mut follow_ups, QUIET, 22, &alert(0, 12));
    follow_ups.count(GROUP, &failed(15, "ann"));
    assert_eq!(due(&mut follow_ups, 100), [], "it has not come itself");
    follow_ups.forget_waiting(GROUP, Timestamp(11), Timestamp(12));
    follow_ups.confirm(GROUP, &alert(6, 10));
    follow_ups.confirm(GROUP, &alert(7, 12));
    assert_eq!(due(&mut follow_ups, 100), [(Timestamp(10), Some(1))]);
    assert!(follow_ups.is_empty());
}

#[test]
fn a_silence_may_end_early_or_be_taken_over() {
    let mut follow_ups = follow_ups();
    for (id, quiet) in [(1, 2), (2, 3), (3, 3)] {
        open(&mut follow_ups, Fingerprint(quiet), 50, &alert(id, i64::from(id)));
    }
    follow_ups.forget_quiet(QUIET);
    let mut ended = || follow_ups.ended(Fingerprint(3)).map(|alert| alert.time.0);
    assert_eq!((ended(), ended(), ended()), (Some(2), Some(3), None));
    assert!(follow_ups.is_empty());
    let mut off = FollowUps::new(false, 1 << 20, Salt::new(""));
    open(&mut off, QUIET, 50, &alert(1, 1));
    assert!(off.is_empty());
}

#[test]
fn they_survive_a_snapshot_and_no_forged_one_is_read() {
    let mut follow_ups = follow_ups();
    for id in 1..40 {
        open(&mut follow_ups, QUIET, i64::from(100 - id % 7), &alert(id, i64::from(id)));
        follow_ups.count(GROUP, &failed(i64::from(id), "ann"));
    }
    let mut out = Writer::loose();
    follow_ups.save(&mut out);
    let bytes = out.finish();
    let mut again = FollowUps::new(true, 1 << 20, Salt::new(""));
    again.load(&mut Reader::loose(&bytes).unwrap()).unwrap();
    let mut out = Writer::loose();
    again.save(&mut out);
    assert_eq!(out.finish(), bytes);
    assert_eq!(again.bytes(), follow_ups.bytes());
    let mut twice = again;
    assert!(twice.load(&mut Reader::loose(&bytes).unwrap()).is_err(), "the order is wrong");
    assert_eq!(due(&mut twice, i64::MAX), due(&mut follow_ups, i64::MAX));
}

proptest! {
    #[test]
    fn the_least_do_not_depend_on_the_order(keys in prop::collection::vec((0..60_u64, 1..4_u32), 0..120), most in 1..40_usize) {
        let mut least = Least::new(most);
        let mut all: BTreeMap<u64, u32> = BTreeMap::new();
        for (key, count) in &keys {
            least.change(*key, Change::Add(*count));
            *all.entry(*key).or_default() += count;
        }
        let held: Vec<(u64, u32)> = least.iter().map(|(key, count)| (*key, count)).collect();
        let wanted: Vec<(u64, u32)> = all.iter().take(most).map(|(key, count)| (*key, *count)).collect();
        prop_assert_eq!(&held, &wanted);
        prop_assert_eq!(least.number().1, all.len() <= most);
        for (key, count) in &wanted {
            least.change(*key, Change::Take(*count));
        }
        prop_assert_eq!((least.iter().count(), least.bytes()), (0, 0));
    }
}
