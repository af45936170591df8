//! Measures one event, in Wasm and native: instructions and allocated bytes.

use super::{Scale, allocations, median};
use authsieve_an1276::An1276;
use authsieve_bench::{Random, Shape};
use authsieve_components::{Component, SUITE, get};
use authsieve_engine::detector::{Analytics, Detector, Reading};
use authsieve_engine::time::Timestamp;
use authsieve_host::{Analytic, Engine, Limits};
use authsieve_suite::Suite;
use std::fmt::Write;
use std::time::Instant;

const BATCH: usize = 256 << 10;

pub fn report(scale: &Scale) {
    println!(
        "| a login in | analytics | Wasm, µs | native, µs | ratio | bytes allocated |\n|---|---|---|---|---|---|"
    );
    for shape in Shape::LOGINS {
        let log = scale.corpus(shape, 50_000, 1000);
        if matches!(shape, Shape::Syslog | Shape::Journald | Shape::Ecs) {
            row::<An1276>(scale, shape.name(), "AN1276", get("an1276").expect("it is built"), &log);
        }
        row::<Suite>(scale, shape.name(), "five", &SUITE, &log);
    }
    let (mut cold, keys) = (String::new(), 10_000 * scale.percent);
    let mut random = Random::new(scale.seed);
    for second in 0..keys / 50 {
        for _ in 0..100 {
            let address = random.below(keys);
            let (hour, minute) = (second / 3600, second / 60 % 60);
            let _ = writeln!(
                cold,
                "2026-03-01T{hour:02}:{minute:02}:{:02}Z web1 sshd[9]: Failed password for u from 10.{}.{}.{} port 9 ssh2",
                second % 60,
                address >> 16,
                address >> 8 & 255,
                address & 255
            );
        }
    }
    row::<An1276>(
        scale,
        "syslog, a million keys",
        "AN1276",
        get("an1276").expect("it is built"),
        cold.as_bytes(),
    );
    println!();
}

fn row<S: Analytics>(scale: &Scale, shape: &str, analytics: &str, component: &Component, log: &[u8]) {
    let engine = Engine::new(Limits::default()).expect("an engine");
    let analytic = Analytic::load(&engine, component.id, component.wasm).expect("a component");
    let records = log.iter().filter(|byte| **byte == b'\n').count() as f64;
    let (mut wasm, mut native, mut allocated) = (Vec::new(), Vec::new(), 0);
    for _ in 0..scale.turns {
        let mut detector = analytic.create("", 1).expect("a detector");
        wasm.push(
            timed(log, |batch, reading| drop(detector.process(batch, reading).expect("an answer"))) / records,
        );
        let mut detector = Detector::<S>::create("", 1).unwrap_or_else(|error| panic!("{error:?}"));
        let before = allocations::so_far();
        native.push(timed(log, |batch, reading| drop(detector.process(batch, reading))) / records);
        allocated = allocations::so_far() - before;
    }
    let (wasm, native) = (median(wasm), median(native));
    println!(
        "| {shape} | {analytics} | {wasm:.2} | {native:.2} | {:.2} | {:.0} |",
        wasm / native,
        allocated as f64 / records
    );
}

/// The time in microseconds.
fn timed(log: &[u8], mut take: impl FnMut(&[u8], Reading)) -> f64 {
    let started = Instant::now();
    let (mut rest, mut first) = (log, 1);
    while !rest.is_empty() {
        let end = memchr::memrchr(b'\n', &rest[..rest.len().min(BATCH)]).map_or(rest.len(), |at| at + 1);
        let (batch, after) = rest.split_at(end);
        take(batch, Reading { first, ..Reading::at(Timestamp(1_790_000_000_000_000)) });
        first += memchr::memchr_iter(b'\n', batch).count() as u64;
        rest = after;
    }
    started.elapsed().as_secs_f64() * 1e6
}
