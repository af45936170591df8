use super::*;
use crate::snapshot::{Reader, Result, SnapshotError, Writer};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds {
    max_keys: 10,
    data: 3,
    window: Span(100),
    horizon: Span(150),
    weight_cap: 5,
    sketch_bytes: 1 << 12,
};

fn key(n: u64) -> Fingerprint {
    crate::hash::Hasher128::new(crate::hash::Salt::new(""), 0).part(&n.to_le_bytes()).finish()
}

fn fail(table: &mut Table, n: u64, t: i64) -> Entered {
    let entered = table.enter(key(n), 1, Timestamp(t), Timestamp(t));
    let mut content = table.content(entered.slot).unwrap();
    content.raise(Timestamp(t));
    content.data[0] = content.data[0].wrapping_add(1);
    entered
}

fn held(table: &Table, n: u64) -> Option<u8> {
    table.find(key(n)).and_then(|slot| table.data(slot).first().copied())
}

#[test]
fn keys_stay_while_there_is_room() {
    let mut table = Table::new(BOUNDS, 1);
    for n in 0..10 {
        assert!(fail(&mut table, n, 0).new);
    }
    assert!(!fail(&mut table, 3, 1_000_000).new, "long past its horizon, and still there");
    assert_eq!((held(&table, 3), table.len(), table.evicted()), (Some(2), 10, 0));
    assert_eq!(table.sketch.bytes(), 0, "nothing was given up");
}

#[test]
fn keys_past_their_horizon_go_first_and_are_no_loss() {
    let mut table = Table::new(BOUNDS, 1);
    for n in 0..10 {
        fail(&mut table, n, n as i64 * 30);
    }
    fail(&mut table, 2, 270);
    for n in 10..14 {
        // At 280 the keys of 0, 30 and 90 have expired, and the key of 120 has not.
        fail(&mut table, n, 270);
        assert_eq!(held(&table, 2), Some(2));
    }
    assert_eq!((table.len(), table.evicted()), (10, 1));
    assert_eq!([0, 1, 3].map(|n| held(&table, n)), [None; 3]);
}

#[test]
fn slots_are_reused_and_memory_is_bounded() {
    let mut table = Table::new(Bounds { max_keys: 1_000, ..BOUNDS }, 1);
    for n in 0..1_000 {
        fail(&mut table, n, 0);
    }
    fail(&mut table, 1_000, 0);
    let full = table.bytes();
    for n in 1_001..50_000 {
        let slot = fail(&mut table, n, n as i64).slot;
        assert_eq!(table.data(slot), [1, 0, 0], "a slot comes zeroed");
    }
    assert_eq!((table.len(), table.bytes()), (1_000, full));
    let slot = table.find(key(49_999)).unwrap();
    table.remove(slot);
    table.remove(slot);
    assert_eq!((table.len(), table.find(key(49_999))), (999, None));
}

#[test]
fn who_returns_is_known_and_a_held_key_is_worth_its_failures() {
    let mut table = Table::new(BOUNDS, 1);
    for round in 0..5 {
        fail(&mut table, 1, 0);
        for n in 0..40 {
            fail(&mut table, 100 + round * 40 + n, 0);
        }
    }
    assert_eq!(held(&table, 1), Some(4), "lost once, when it had failed once");
    assert_eq!(held(&table, 100), None);
    assert!(table.evicted() > 100);
}

#[test]
fn tiny_tables_work() {
    for max_keys in 0..4 {
        let mut table = Table::new(Bounds { max_keys, data: 0, sketch_bytes: 0, ..BOUNDS }, 1);
        for n in 0..50 {
            let entered = table.enter(key(n % 7), 1, Timestamp(0), Timestamp(0));
            assert_eq!(table.find(key(n % 7)), Some(entered.slot));
            assert!(table.len() <= max_keys.max(1));
        }
    }
}

fn saved(table: &Table) -> Vec<u8> {
    let mut out = Writer::loose();
    table.save(&mut out);
    out.finish()
}

fn loaded(bytes: &[u8], bounds: Bounds, seed: u64) -> Result<(Table, Loaded)> {
    let mut reader = Reader::loose(bytes)?;
    let loaded = Table::new(bounds, seed).load(&mut reader, None)?;
    reader.finish()?;
    Ok(loaded)
}

#[test]
fn a_smaller_table_keeps_the_newest_and_another_layout_is_converted() {
    let mut table = Table::new(BOUNDS, 1);
    for n in 0..10 {
        fail(&mut table, n, n as i64);
    }
    let bytes = saved(&table);
    let (small, loss) = loaded(&bytes, Bounds { max_keys: 4, sketch_bytes: 1 << 13, ..BOUNDS }, 2).unwrap();
    assert_eq!(loss, Loaded { dropped: 6, sketch_dropped: false });
    assert_eq!((0..10).filter(|n| held(&small, *n).is_some()).collect::<Vec<_>>(), [6, 7, 8, 9]);
    let wide = Bounds { data: 5, ..BOUNDS };
    assert!(matches!(loaded(&bytes, wide, 2), Err(SnapshotError::Invalid(_))));
    let mut convert = |old: &[u8], content: Content<'_>| content.data[1..4].copy_from_slice(old);
    let mut reader = Reader::loose(&bytes).unwrap();
    let (wide, _) = Table::new(wide, 2).load(&mut reader, Some(&mut convert)).unwrap();
    assert_eq!(wide.data(wide.find(key(7)).unwrap()), [0, 1, 0, 0, 0]);
}

#[test]
fn an_empty_table_survives_a_snapshot() {
    let table = Table::new(BOUNDS, 1);
    assert!(loaded(&saved(&table), BOUNDS, 2).unwrap().0.is_empty());
}

/// The policy of the module's documentation, implemented with lists that are scanned.
#[derive(Default)]
struct Model {
    recency: Vec<Held>,
    main: Vec<Held>,
    /// The key under the hand. None means the oldest.
    hand: Option<u64>,
    sketch: Sketch,
    evicted: u64,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Held {
    n: u64,
    newest: i64,
    weight: u8,
    window: i64,
}

impl Held {
    fn weight(&self, now: i64) -> u8 {
        if now.div_euclid(BOUNDS.window.0) - self.window > 1 { 0 } else { self.weight }
    }

    fn expired(&self, now: i64) -> bool {
        self.newest + BOUNDS.horizon.0 < now
    }
}

impl Model {
    fn leave_main(&mut self, at: usize) -> Held {
        if self.hand == Some(self.main[at].n) {
            self.hand = self.main.get(at + 1).map(|h| h.n);
        }
        self.main.remove(at)
    }

    fn fail(&mut self, bounds: Bounds, n: u64, by: u8, now: i64) {
        let window = now.div_euclid(BOUNDS.window.0);
        let heavier = |weight: u8| (weight + by).min(BOUNDS.weight_cap as u8);
        if let Some(at) = self.recency.iter().position(|h| h.n == n) {
            let old = self.recency.remove(at);
            self.recency.push(Held { weight: heavier(old.weight(now)), newest: now, window, n });
            return;
        }
        if let Some(at) = self.main.iter().position(|h| h.n == n) {
            // The newest key does not move, and the hand stays on it.
            let hand = self.hand.filter(|hand| *hand == n && at + 1 == self.main.len());
            let old = self.leave_main(at);
            self.main.push(Held { weight: heavier(old.weight(now)), newest: now, window, n });
            self.hand = hand.or(self.hand);
            return;
        }
        let known = self.sketch.estimate(key(n), window as u16);
        if self.recency.len() + self.main.len() == bounds.max_keys {
            self.make_room(now, window);
        }
        self.recency.push(Held { weight: heavier(known), newest: now, window, n });
        if self.recency.len() > (bounds.max_keys / 5).max(1) {
            let oldest = self.recency.remove(0);
            self.main.push(oldest);
        }
    }

    fn make_room(&mut self, now: i64, window: i64) {
        if self.recency.first().is_some_and(|h| h.expired(now)) {
            self.recency.remove(0);
            return;
        }
        if self.main.first().is_some_and(|h| h.expired(now)) {
            self.leave_main(0);
            return;
        }
        let hand = self.main.iter().position(|h| Some(h.n) == self.hand).unwrap_or(0);
        let loser = match (self.recency.first().copied(), self.main.get(hand).copied()) {
            (Some(candidate), Some(challenged)) if candidate.weight(now) < challenged.weight(now) => {
                self.hand = self.main.get(hand + 1).map(|h| h.n);
                self.recency.remove(0)
            }
            (Some(candidate), Some(challenged)) => {
                self.hand = Some(challenged.n);
                self.recency.remove(0);
                self.main.push(candidate);
                self.leave_main(hand)
            }
            (Some(_), None) => self.recency.remove(0),
            (None, _) => self.leave_main(hand),
        };
        if !loser.expired(now) {
            self.evicted += 1;
            self.sketch.raise(key(loser.n), loser.weight(now), window > loser.window, window as u16);
        }
    }

    fn keys(&self) -> Vec<Fingerprint> {
        self.main.iter().chain(&self.recency).map(|h| key(h.n)).collect()
    }
}

fn stream() -> impl Strategy<Value = Vec<(u64, u8, i64)>> {
    let n = prop_oneof![2 => 0u64..6, 3 => 0u64..60];
    let gap = prop_oneof![8 => 0i64..3, 1 => 0i64..60, 1 => Just(150i64), 1 => Just(151i64)];
    proptest::collection::vec((n, 1u8..3, gap), 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_does_what_the_documentation_says(stream in stream(), max_keys in 1usize..40, start in -500i64..500, seed: u64) {
        let bounds = Bounds { max_keys, ..BOUNDS };
        let mut table = Table::new(bounds, seed);
        let mut model = Model { sketch: Sketch::new(bounds.sketch_bytes), ..Model::default() };
        let mut now = start;
        for (n, by, gap) in stream {
            now += gap;
            let entered = table.enter(key(n), u32::from(by), Timestamp(now), Timestamp(now));
            table.content(entered.slot).unwrap().raise(Timestamp(now));
            model.fail(bounds, n, by, now);
            prop_assert_eq!(table.iter().map(|(k, _)| k).collect::<Vec<_>>(), model.keys());
            prop_assert_eq!(table.evicted(), model.evicted);
        }
    }

    #[test]
    fn neither_seeds_nor_snapshots_change_anything(
        stream in stream(), max_keys in 1usize..40, cuts in proptest::collection::vec(0usize..300, 0..4), seeds: (u64, u64),
    ) {
        let bounds = Bounds { max_keys, ..BOUNDS };
        let (mut one, mut two) = (Table::new(bounds, seeds.0), Table::new(bounds, seeds.1));
        let mut evicted_before = 0;
        let mut now = 0;
        for (step, (n, by, gap)) in stream.into_iter().enumerate() {
            if cuts.contains(&step) {
                evicted_before += two.evicted();
                let (back, loss) = loaded(&saved(&two), bounds, seeds.0 ^ step as u64).unwrap();
                prop_assert_eq!(loss, Loaded::default());
                two = back;
            }
            now += gap;
            let fail = |table: &mut Table| {
                let entered = table.enter(key(n), u32::from(by), Timestamp(now), Timestamp(now));
                let mut content = table.content(entered.slot).unwrap();
                content.raise(Timestamp(now));
                content.data[1] = content.data[1].wrapping_add(by);
                (entered.new, table.data(entered.slot).to_vec())
            };
            prop_assert_eq!(fail(&mut one), fail(&mut two));
        }
        prop_assert_eq!(one.evicted(), two.evicted() + evicted_before);
        prop_assert_eq!(saved(&one), saved(&two));
    }

    #[test]
    fn garbage_never_panics(body in proptest::collection::vec(any::<u8>(), 0..300), head in any::<bool>()) {
        let mut out = Writer::loose();
        if head {
            // Plausible counts, so that more than the first field is read.
            out.i64(0);
            for count in [3, body.len() as u64 / 60, body.len() as u64 / 60, 1] {
                out.varint(count);
            }
        }
        out.raw(&body);
        let bytes = out.finish();
        let _ = loaded(&bytes, BOUNDS, 1);
    }
}

/// Measures time and memory with a million keys: `cargo test --release -p authsieve-engine a_million_keys -- --ignored
/// --nocapture`.
#[test]
#[ignore = "measures: seconds in a release build"]
fn a_million_keys() {
    use crate::window::failures::{Failures, Layout};
    use std::println;
    use std::time::Instant;
    let n = 1_000_000u64;
    let layout = Layout::new(&[5], Span(900_000_000), Span(600_000_000));
    let data = layout.bytes() + crate::window::journal::Link::BYTES;
    let bounds = Bounds {
        max_keys: n as usize,
        data,
        sketch_bytes: 4 << 20,
        window: Span(900_000_000),
        horizon: layout.horizon(),
        ..BOUNDS
    };
    let mut table = Table::new(bounds, 7);
    let keys: Vec<Fingerprint> = (0..2 * n).map(key).collect();
    let order: Vec<usize> = (0..n).map(|i| (i * 7_919 % n) as usize).collect();
    let fail = |table: &mut Table, key: Fingerprint, t: i64| {
        let entered = table.enter(key, 1, Timestamp(t), Timestamp(t));
        Failures::new(&layout, table.content(entered.slot).unwrap()).push(Timestamp(t), 1);
    };
    let timed = |name: &str, run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        let took = start.elapsed();
        println!("{name}: {took:?}, {} ns each", took.as_nanos() / u128::from(n));
    };
    timed("insert", &mut || (0..n as usize).for_each(|i| fail(&mut table, keys[i], i as i64)));
    println!("{:.1} bytes a key ({} index)", table.bytes() as f64 / n as f64, table.index.bytes());
    timed("hit", &mut || order.iter().for_each(|i| fail(&mut table, keys[*i], n as i64)));
    timed("hit of one", &mut || (0..n).for_each(|_| fail(&mut table, keys[5], n as i64)));
    timed("find", &mut || assert!(order.iter().all(|i| table.find(keys[*i]).is_some())));
    timed("miss", &mut || assert!(order.iter().all(|i| table.find(keys[n as usize + *i]).is_none())));
    let mut bytes = vec![];
    timed("save", &mut || bytes = saved(&table));
    let mut back = Table::new(bounds, 8);
    timed("load", &mut || back = loaded(&bytes, bounds, 8).unwrap().0);
    println!("{} bytes saved a key", bytes.len() as u64 / n);
    assert_eq!(saved(&back), bytes);
    timed("insert when full", &mut || {
        (n..2 * n).for_each(|i| fail(&mut table, keys[i as usize], n as i64 + 1))
    });
    println!(
        "{:.1} bytes a key with the sketch, {} evicted",
        table.bytes() as f64 / n as f64,
        table.evicted()
    );
    assert!(table.bytes() as u64 / n <= 128);
}
