use super::super::naive::Naive;
use super::*;
use crate::snapshot::{Reader, Writer};
use crate::time::Span;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// The bytes of one key.
struct Key {
    newest: Timestamp,
    data: Vec<u8>,
}

impl Key {
    fn new(layout: &Layout, start: Timestamp) -> Self {
        Self { newest: start, data: vec![0; layout.bytes()] }
    }

    fn view<'a>(&'a mut self, layout: &'a Layout) -> Failures<'a> {
        Failures::new(layout, Content::new(&mut self.newest, &mut self.data))
    }
}

const WINDOW: Span = Span(100);
const WITHIN: Span = Span(60);

fn layout(thresholds: &[u32]) -> Layout {
    Layout::new(thresholds, WINDOW, WITHIN)
}

fn t(n: i64) -> Timestamp {
    Timestamp(n)
}

#[test]
fn the_edges_of_the_windows_are_inside() {
    let layout = layout(&[3]);
    let mut key = Key::new(&layout, t(0));
    let mut view = key.view(&layout);
    for n in [0, 50, 100] {
        assert!(!view.push(t(n), 1));
    }
    assert_eq!(view.qualifying(t(160), 0), Some(t(100)));
    assert_eq!(view.qualifying(t(161), 0), None);
    assert_eq!(view.qualifying(t(160), 1), None, "no such threshold");
    assert!(!view.push(t(151), 1), "101 after the second but one");
    assert_eq!(view.qualifying(t(160), 0), Some(t(100)));
    assert_eq!((view.newest(), view.oldest()), (Some(t(151)), Some(t(0))));
    assert_eq!(view.count_in(t(50), t(151)), 3);
}

#[test]
fn consumed_failures_stay_consumed() {
    let layout = layout(&[2]);
    let mut key = Key::new(&layout, t(0));
    let mut view = key.view(&layout);
    view.push(t(10), 5);
    assert_eq!(view.qualifying(t(20), 0), Some(t(10)));
    view.consume(t(20));
    assert_eq!(view.qualifying(t(20), 0), None);
    assert!(view.push(t(19), 9), "late, and of what was alerted on");
    assert_eq!(view.newest(), None);
    assert!(!view.push(t(20), 2), "after it, at the same time");
    assert_eq!(view.qualifying(t(20), 0), Some(t(20)));
}

#[test]
fn late_failures_find_their_place() {
    let layout = layout(&[3]);
    let mut key = Key::new(&layout, t(0));
    let mut view = key.view(&layout);
    let times: Vec<i64> = (5..).map(|n| 20 * n).take(layout.held()).collect();
    for n in &times {
        view.push(t(*n), 1);
    }
    assert!(view.push(t(110), 1));
    let held: Vec<Timestamp> = times.iter().skip(1).rev().chain([&110]).map(|n| t(*n)).collect();
    assert!(view.times().eq(held.iter().copied()), "100 was the oldest");
    assert!(view.push(t(90), 1));
    assert!(view.times().eq(held.iter().copied()), "older than the oldest");
    assert_eq!(view.qualifying(t(150), 0), Some(t(140)), "a late success sees what was before it");
    assert_eq!(view.qualifying(t(130), 0), None, "of 100 nothing is known any more");
}

#[test]
fn slots_are_small() {
    assert_eq!(layout(&[5]).bytes() + super::super::journal::Link::BYTES, 79);
    assert_eq!(layout(&[20, 5, 5]).thresholds(), [5, 20]);
    assert_eq!(layout(&[0]).thresholds(), [1]);
}

#[test]
fn times_at_the_ends_of_time() {
    let layout = layout(&[2]);
    for start in [i64::MIN, -1, 0, 1 << 46, (1 << 48) - 2, i64::MAX - 1] {
        let mut key = Key::new(&layout, t(start));
        let mut view = key.view(&layout);
        view.push(t(start), 1);
        view.push(t(start + 1), 1);
        assert!(view.times().eq([t(start + 1), t(start)]), "{start}");
        assert_eq!(view.qualifying(t(start + 1), 0), Some(t(start + 1)));
    }
    let mut key = Key::new(&layout, t(0));
    let mut view = key.view(&layout);
    view.push(t(0), 3);
    view.push(Timestamp::MAX, 1);
    assert!(view.times().eq([Timestamp::MAX]), "what is too old to be told apart is forgotten");
    assert!(view.push(t(5), 1));
    assert!(view.push(Timestamp::MIN, 1));
    assert_eq!(view.times().count(), 1);
    // Nine years in steps: an old time is never taken for a new one.
    let mut key = Key::new(&layout, t(0));
    let mut view = key.view(&layout);
    view.push(t(0), 4);
    for year in 1..12 {
        let now = t(year * 31_557_600_000_000);
        view.content.raise(view.content.newest());
        view.consume(t(-1));
        view.raise(now);
        assert!(view.times().all(|held| held == t(0)), "{year}");
    }
    assert_eq!(view.times().count(), 0);
}

#[test]
fn a_layout_survives_a_snapshot() {
    let mut out = Writer::loose();
    layout(&[5, 20]).save(&mut out);
    let bytes = out.finish();
    assert_eq!(Layout::load(&mut Reader::loose(&bytes).unwrap()), Ok(layout(&[5, 20])));
}

#[test]
fn keys_move_to_another_layout() {
    let (old, new) = (layout(&[3]), layout(&[2, 3, 5]));
    let mut key = Key::new(&old, t(0));
    let mut view = key.view(&old);
    view.consume(t(-7));
    // The layout cannot hold the first two.
    let times = (0..old.held() as i64 - 4).map(|n| 12 + n).chain([50, 51, 400, 401]);
    for n in [10, 11].into_iter().chain(times.clone()) {
        view.push(t(n), 1);
    }
    let mut moved = Key::new(&new, t(0));
    let mut adopted = moved.view(&new);
    adopted.adopt(&view);
    assert!(adopted.times().eq(times.rev().map(t)));
    assert_eq!([0, 1, 2].map(|i| adopted.qualifying(t(410), i)), [Some(t(401)), None, None]);
    assert_eq!([0, 1, 2].map(|i| adopted.qualifying(t(60), i)), [Some(t(51)); 3]);
    assert_eq!(adopted.consumed(), Some(t(-7)));
}

#[test]
fn an_armed_interval_ends_where_a_failure_of_it_goes() {
    let layout = layout(&[3]);
    let mut key = Key::new(&layout, t(0));
    let mut view = key.view(&layout);
    for n in 0..40 {
        view.push(t(10 * n), 1);
    }
    assert_eq!(view.interval(0), Some((t(20), t(350))), "four are not settled yet");
    assert!(view.qualifying(t(25), 0).is_none() && view.armed(t(25), 0), "hidden by newer failures");
    assert!(!view.armed(t(19), 0) && view.armed(t(410), 0) && !view.armed(t(411), 0));
    assert_eq!(view.retract(t(390), 1), 1);
    assert!(view.armed(t(25), 0), "that one was not settled");
    assert_eq!(view.retract(t(340), 1), 1);
    assert_eq!(view.interval(0), None, "too few are held to judge any");
    let mut key = Key::new(&layout, t(0));
    let mut view = key.view(&layout);
    (0..40).for_each(|n| assert!(!view.push(t(10 * n), 1)));
    view.consume(t(100));
    assert_eq!(view.interval(0), Some((t(350), t(350))));
    assert!(!view.armed(t(120), 0));
    // A step that is too long begins another interval.
    view.push(t(450), 8);
    view.push(t(520), 8);
    assert_eq!(view.interval(0), Some((t(520), t(520))));
    let slow = Layout::new(&[3], WINDOW, Span(80));
    let mut moved = Key::new(&slow, t(0));
    moved.view(&slow).adopt(&view);
    assert_eq!(moved.view(&slow).interval(0), Some((t(520), t(520))));
}

#[test]
fn a_changed_layout_keeps_of_an_interval_what_it_still_justifies() {
    let old = layout(&[3]);
    let mut key = Key::new(&old, t(0));
    let mut view = key.view(&old);
    for n in 0..40 {
        view.push(t(10 * n), 1);
    }
    let moved = |layout: &Layout, view: &Failures<'_>| {
        let mut moved = Key::new(layout, t(0));
        let mut moved = moved.view(layout);
        moved.adopt(view);
        moved.interval(0)
    };
    let interval = |from, to| Some((t(from), t(to)));
    assert_eq!(
        moved(&Layout::new(&[3], WINDOW, Span(90)), &view),
        interval(20, 350),
        "a longer success_within"
    );
    assert_eq!(
        moved(&Layout::new(&[2], Span(120), WITHIN), &view),
        interval(20, 350),
        "a lower threshold, a longer window"
    );
    assert_eq!(moved(&Layout::new(&[3], WINDOW, Span(59)), &view), interval(350, 350), "the end alone");
    let held = moved(&Layout::new(&[3], Span(99), WITHIN), &view);
    assert_eq!(held, interval(350, 350), "what is held, under a shorter window");
    assert_eq!(moved(&Layout::new(&[4], WINDOW, WITHIN), &view), None, "a greater threshold");
    assert_eq!(moved(&old.clone().without_begins(), &view), interval(350, 350));
}

/// A step of a stream in time order: an event, and the time before it.
#[derive(Clone, Debug)]
enum Call {
    Fail(u32),
    Ask,
    /// Asks, and consumes if the first threshold raises an alert.
    Login,
    /// Takes back this many of the newest failures.
    Retract(u8),
}

fn calls() -> impl Strategy<Value = Vec<(i64, Call)>> {
    let gap = prop_oneof![
        4 => 0i64..4,
        2 => 10i64..40,
        // The edges of both windows, and fractions that add up to them.
        2 => prop_oneof![Just(20i64), Just(25), Just(50), Just(60), Just(61), Just(99), Just(100), Just(101)],
    ];
    let step = prop_oneof![
        6 => Just(Call::Fail(1)),
        1 => (2u32..12).prop_map(Call::Fail),
        3 => Just(Call::Ask),
        1 => Just(Call::Login),
        2 => (1..=SLACK as u8).prop_map(Call::Retract),
    ];
    proptest::collection::vec((gap, step), 0..80)
}

fn same(view: &Failures<'_>, naive: &Naive, s: Timestamp, layout: &Layout) -> Result<(), TestCaseError> {
    for (index, m) in layout.thresholds().iter().enumerate() {
        let expected = naive.qualifying(s, *m, WINDOW, WITHIN);
        prop_assert_eq!(view.qualifying(s, index), expected, "m = {}, s = {}", m, s.0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn in_time_order_it_is_the_rule(
        thresholds in proptest::collection::vec(1u32..7, 1..4), start in any::<i32>(), calls in calls(), saved in 0usize..80,
    ) {
        let layout = layout(&thresholds);
        let mut now = t(i64::from(start) << 32);
        let (mut key, mut naive) = (Key::new(&layout, now), Naive::default());
        // The failures that can be taken back exactly: those that never had SLACK newer ones.
        let mut fresh: Vec<Timestamp> = Vec::new();
        for (n, (gap, step)) in calls.into_iter().enumerate() {
            if n == saved {
                // A restart with the same layout.
                key = Key { newest: key.newest, data: key.data.clone() };
            }
            now = now.plus(Span(gap));
            let mut view = key.view(&layout);
            match step {
                Call::Fail(count) => {
                    prop_assert!(!view.push(now, count));
                    naive.push(now, count);
                    fresh.extend((0..count).map(|_| now));
                    let settled = fresh.len().saturating_sub(SLACK);
                    fresh.drain(..settled);
                }
                Call::Ask => same(&view, &naive, now, &layout)?,
                Call::Login => {
                    same(&view, &naive, now, &layout)?;
                    if view.qualifying(now, 0).is_some() {
                        view.consume(now);
                        naive.consume(now);
                        fresh.clear();
                    }
                }
                Call::Retract(count) => {
                    for _ in 0..count {
                        if let Some(t) = fresh.pop() {
                            prop_assert_eq!(view.retract(t, 1), 1);
                            naive.retract(t, 1);
                        }
                    }
                }
            }
            same(&view, &naive, now, &layout)?;
        }
    }

    #[test]
    fn newer_failures_hide_no_login_of_the_armed_interval(
        thresholds in proptest::collection::vec(1u32..7, 1..4),
        gaps in proptest::collection::vec(prop_oneof![5 => 0i64..9, 2 => 10i64..40, 1 => Just(60i64), 1 => Just(61i64), 1 => Just(101i64)], 1..80),
        late in 0i64..200, restart in any::<bool>(),
    ) {
        let layout = layout(&thresholds);
        let (mut key, mut naive) = (Key::new(&layout, t(0)), Naive::default());
        let mut now = t(0);
        for gap in gaps {
            now = now.plus(Span(gap));
            prop_assert!(!key.view(&layout).push(now, 1));
            naive.push(now, 1);
        }
        if restart {
            // Moves to a layout with one more threshold, as a snapshot does.
            let more: Vec<u32> = thresholds.iter().copied().chain([6]).collect();
            let wider = Layout::new(&more, WINDOW, WITHIN);
            let mut moved = Key::new(&wider, now);
            moved.view(&wider).adopt(&key.view(&layout));
            for m in layout.thresholds() {
                let (old, new) = (layout.thresholds().binary_search(m).unwrap(), wider.thresholds().binary_search(m).unwrap());
                let (had, has) = (key.view(&layout).interval(old), moved.view(&wider).interval(new));
                // The newest of the held failures are settled again.
                prop_assert!(had.is_none_or(|(from, to)| has.is_some_and(|(begin, end)| begin <= from && to <= end || end > to)), "{:?} {:?}", had, has);
            }
        }
        let s = now.minus(Span(late));
        let view = key.view(&layout);
        for (index, m) in layout.thresholds().iter().enumerate() {
            let answer = view.qualifying(s, index).is_some() || view.armed(s, index);
            let justified = naive.qualifying(s, *m, WINDOW, WITHIN).is_some();
            prop_assert!(!answer || justified, "m = {}, s = {}", m, s.0);
            let must = naive.armed(*m, WINDOW, WITHIN).is_some_and(|(from, to)| from <= s && s <= to.plus(WITHIN));
            prop_assert!(answer || !must, "m = {}, s = {}", m, s.0);
        }
    }

    #[test]
    fn out_of_order_no_answer_is_unjustified(
        thresholds in proptest::collection::vec(1u32..6, 1..3),
        events in proptest::collection::vec((0i64..400, prop_oneof![3 => 1u32..3, 2 => Just(0)]), 0..60),
        takes_back in any::<bool>(),
    ) {
        let layout = layout(&thresholds);
        let mut key = Key::new(&layout, t(0));
        let mut all = Naive::default();
        // The whole stream. Each answer may have seen only a part of it.
        for (time, count) in &events {
            all.push(t(*time), *count);
        }
        let mut newest = None;
        for (time, count) in events {
            let mut view = key.view(&layout);
            if count > 0 {
                let late = view.push(t(time), count);
                prop_assert_eq!(late, newest > Some(time));
                newest = newest.max(Some(time));
                if takes_back && time % 5 == 0 {
                    view.retract(t(time), count);
                    all.retract(t(time), count);
                    newest = view.newest().map(|n| n.0);
                }
                continue;
            }
            for (index, m) in layout.thresholds().iter().enumerate() {
                let found = view.qualifying(t(time), index);
                // The answer cannot know what is taken back later. Then only the bound is checked.
                if !takes_back {
                    let right = all.qualifying(t(time), *m, WINDOW, WITHIN);
                    prop_assert!(found <= right, "{:?} at {}", found, time);
                    prop_assert!(!view.armed(t(time), index) || right.is_some(), "armed at {}", time);
                }
                prop_assert!(found.is_none_or(|f| f <= t(time) && t(time) <= f.plus(WITHIN)));
            }
        }
    }
}
