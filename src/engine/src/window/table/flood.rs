//! Floods of junk keys, tested on the state alone: how many of the victim's failures are remembered?
//!
//! Each failure enters two keys, as in AN1276. Small floods run with the other tests. For the full sizes and the table
//! below, run `cargo test --release -p authsieve-engine flood -- --ignored --nocapture`.
use super::*;
use crate::hash::{Hasher128, Salt};
use crate::window::failures::{Failures, Layout};
use std::println;

const MINUTE: i64 = 60_000_000;

#[derive(Clone, Copy, Debug)]
struct Flood {
    max_keys: usize,
    /// The junk events between two of the victim's failures.
    between: u64,
    /// The junk keys that are sent before, and how often each is sent.
    before: u64,
    times: u64,
    /// True if the events of each such key are sent in a row, not in turns with other keys.
    in_a_row: bool,
    /// True if the junk comes from one address, so that only its accounts are new.
    one_address: bool,
    /// How long after the start of a window the flood begins, and how long it takes.
    begins: i64,
    takes: i64,
    sketch_bytes: usize,
    /// The threshold of the analytic, and the weight above which keys are equal.
    threshold: u32,
    weight_cap: u32,
    seed: u64,
}

const DESIGN: Flood = Flood {
    max_keys: 20_000,
    between: 100_000,
    before: 0,
    times: 0,
    in_a_row: false,
    one_address: false,
    begins: 0,
    takes: 14 * MINUTE,
    sketch_bytes: 4 << 20,
    threshold: 5,
    weight_cap: 3,
    seed: 0,
};

struct State {
    table: Table,
    layout: Layout,
    salt: Salt,
}

impl State {
    fn new(flood: Flood) -> Self {
        let layout = Layout::new(&[flood.threshold], Span(15 * MINUTE), Span(10 * MINUTE));
        let bounds = Bounds {
            max_keys: flood.max_keys,
            data: layout.bytes(),
            window: Span(15 * MINUTE),
            horizon: layout.horizon(),
            weight_cap: flood.weight_cap,
            sketch_bytes: flood.sketch_bytes,
        };
        Self {
            table: Table::new(bounds, flood.seed),
            layout,
            salt: Salt::new(if flood.seed == 0 { "" } else { "x" }),
        }
    }

    fn keys(&self, user: u64, address: u64) -> [Fingerprint; 2] {
        let address = address.to_le_bytes();
        [
            Hasher128::new(self.salt, 0).part(&user.to_le_bytes()).part(&address).finish(),
            Hasher128::new(self.salt, 1).part(&address).finish(),
        ]
    }

    fn fail(&mut self, user: u64, address: u64, t: Timestamp) {
        for key in self.keys(user, address) {
            let entered = self.table.enter(key, 1, t, t);
            let content = self.table.content(entered.slot).unwrap();
            Failures::new(&self.layout, content).push(t, 1);
        }
    }

    /// The number of remembered failures of each key, and true if they would be enough for a success.
    fn remembered(&mut self, user: u64, address: u64, s: Timestamp) -> [(usize, bool); 2] {
        self.keys(user, address).map(|key| {
            let Some(slot) = self.table.find(key) else { return (0, false) };
            let view = Failures::new(&self.layout, self.table.content(slot).unwrap());
            (view.times().count(), view.qualifying(s, 0).is_some())
        })
    }
}

/// The victim's remembered failures and their verdicts, and the number of junk keys with one failure that would raise
/// an alert. A slot holds a few failures more than the threshold.
fn run(flood: Flood) -> ([(usize, bool); 2], usize, u64) {
    let mut state = State::new(flood);
    let junk_before = flood.before * flood.times;
    let total = junk_before + 12 * flood.between + 12;
    let start = 1_700_000_100_000_000 / (15 * MINUTE) * (15 * MINUTE) + flood.begins;
    let mut n = 0u64;
    let mut clock = || {
        n += 1;
        Timestamp(start + (flood.takes as i128 * i128::from(n) / i128::from(total)) as i64)
    };
    let junk = |state: &mut State, n: u64, t| {
        state.fail(1 << 40 | n, if flood.one_address { 7 } else { 1 << 41 | n }, t);
    };
    for n in 0..junk_before {
        let n = if flood.in_a_row { n / flood.times } else { n % flood.before };
        junk(&mut state, 1 << 39 | n, clock());
    }
    for attempt in 0..12 {
        state.fail(1, 1, clock());
        if attempt < 11 {
            for n in 0..flood.between {
                junk(&mut state, attempt * flood.between + n, clock());
            }
        }
    }
    let end = clock();
    let victim = state.remembered(1, 1, end);
    let fires = |n: &u64| {
        let address = if flood.one_address { 7 } else { 1 << 41 | *n };
        let verdicts = state.remembered(1 << 40 | *n, address, end);
        verdicts[0].1 || (verdicts[1].1 && !flood.one_address)
    };
    let false_alarms = (0..11 * flood.between).filter(fires).count();
    assert!(state.table.len() <= flood.max_keys);
    (victim, false_alarms, state.table.evicted())
}

fn stands(flood: Flood) {
    let (victim, false_alarms, evicted) = run(flood);
    assert!(
        victim.iter().all(|(held, fires)| *held >= flood.threshold as usize && *fires),
        "{victim:?} {flood:?}"
    );
    assert_eq!(false_alarms, 0, "{flood:?}");
    assert!(evicted > flood.between, "{flood:?}");
}

/// A tenth of the sizes of the design, with a table of a tenth.
const SMALL: Flood = Flood { max_keys: 2_000, between: 10_000, sketch_bytes: 400 << 10, ..DESIGN };

#[test]
fn a_small_flood_is_stood() {
    stands(SMALL);
}

#[test]
fn a_small_flood_after_a_beforehand_one_is_stood() {
    for times in [4, 12] {
        stands(Flood { before: 2_000, times, between: 5_000, ..SMALL });
    }
}

#[test]
fn a_small_flood_over_the_border_of_a_window_is_stood() {
    for minutes in [2, 7, 13] {
        stands(Flood { begins: minutes * MINUTE, before: 2_000, times: 12, between: 3_000, ..SMALL });
    }
}

#[test]
#[ignore = "the design's sizes: seconds in a release build"]
fn the_floods_of_the_design_are_stood() {
    stands(DESIGN);
    for times in [4, 12] {
        for in_a_row in [false, true] {
            stands(Flood { before: 20_000, times, between: 50_000, in_a_row, ..DESIGN });
        }
    }
}

#[test]
#[ignore = "measures: minutes in a release build"]
fn what_is_left_of_the_victim_in_floods_of_all_kinds() {
    let before = |times, in_a_row| Flood { before: 20_000, times, between: 50_000, in_a_row, ..DESIGN };
    let floods = [DESIGN, before(4, false), before(4, true), before(12, false), before(12, true)];
    for (threshold, weight_cap, sketch_kib) in
        [(5, 5, 4096), (5, 5, 1024), (10, 3, 16384), (10, 3, 8192), (5, 3, 4096), (10, 3, 4096)]
    {
        let mut least = usize::MAX;
        let mut missed = std::string::String::new();
        for flood in floods {
            for (begins, max_keys, one_address) in [
                (0, 20_000, false),
                (3, 20_000, false),
                (7, 20_000, false),
                (12, 20_000, false),
                (0, 2_000, false),
                (0, 20_000, true),
            ] {
                let flood = Flood {
                    threshold,
                    weight_cap,
                    max_keys,
                    one_address,
                    begins: begins * MINUTE,
                    sketch_bytes: sketch_kib << 10,
                    seed: begins as u64,
                    ..flood
                };
                let (victim, false_alarms, _) = run(flood);
                least = least.min(victim[0].0).min(victim[1].0);
                if false_alarms > 0 || victim.iter().any(|(_, fires)| !fires) {
                    missed +=
                        &std::format!(" {}x{}@{begins}/{max_keys}={victim:?}", flood.times, flood.in_a_row);
                }
            }
        }
        println!(
            "threshold {threshold:2} cap {weight_cap} sketch {sketch_kib:4} KiB: least held {least}; missed{missed}"
        );
    }
}
