//! Measures the prefilter, and the lower limits of any search.

use super::{Scale, median};
use authsieve_bench::Shape;
use authsieve_engine::detector::Detector;
use authsieve_records::prefilter::{Prefilter, Route};
use authsieve_suite::Suite;
use std::hint::black_box;
use std::io::Read;
use std::time::Instant;

const BATCH: usize = 256 << 10;

pub fn report(scale: &Scale) {
    let needles = Detector::<Suite>::create("", 1).unwrap_or_else(|error| panic!("{error:?}")).needles();
    let prefilter = Prefilter::new(&[needles]);
    println!(
        "| input | prefilter, GB/s | records that enter | newlines | memmem | read | serde_json |\n|---|---|---|---|---|---|---|"
    );
    for (shape, logins) in Shape::LOGINS.map(|shape| (shape, 10)).into_iter().chain([(Shape::Ordinary, 0)]) {
        let log = scale.corpus(shape, 100_000, logins);
        let mut file = tempfile::tempfile().expect("a file");
        std::io::Write::write_all(&mut file, &log).expect("room");
        let mut rates: [Vec<f64>; 5] = Default::default();
        for _ in 0..scale.turns {
            let passes: [&mut dyn FnMut(); 5] = [
                &mut || batches(&log, |batch| drop(black_box(prefilter.route(batch)))),
                &mut || {
                    batches(&log, |batch| {
                        black_box(memchr::memchr_iter(b'\n', batch).count());
                    })
                },
                &mut || {
                    batches(&log, |batch| {
                        black_box(memchr::memmem::find(batch, b"Failed passwordx"));
                    })
                },
                &mut || {
                    std::io::Seek::rewind(&mut file).expect("a file");
                    let mut buffer = vec![0; BATCH];
                    while file.read(&mut buffer).expect("a file") > 0 {}
                },
                &mut || {
                    let lines = log.split(|byte| *byte == b'\n').take(10_000);
                    lines.for_each(|line| drop(black_box(serde_json::from_slice::<serde_json::Value>(line))));
                },
            ];
            for (pass, rates) in passes.into_iter().zip(&mut rates) {
                let started = Instant::now();
                pass();
                rates.push(log.len() as f64 / started.elapsed().as_secs_f64() / 1e9);
            }
        }
        let share = 10_000.0 / log.iter().filter(|byte| **byte == b'\n').count() as f64;
        let [ours, newlines, memmem, read, json] = rates.map(median);
        let json = if log.starts_with(b"{") { format!("{:.2}", json * share.min(1.0)) } else { "-".into() };
        let entered = 100.0 * entered(&prefilter, &log);
        println!(
            "| {} | {ours:.2} | {entered:.2} % | {newlines:.1} | {memmem:.1} | {read:.1} | {json} |",
            shape.name()
        );
    }
}

/// The share of records that enter a module.
fn entered(prefilter: &Prefilter, log: &[u8]) -> f64 {
    let (mut all, mut some, mut buffer) = (0, 0, Vec::new());
    batches(log, |batch| {
        all += memchr::memchr_iter(b'\n', batch).count();
        for route in prefilter.route(batch) {
            let records = Route::gather(&route, batch, &mut buffer).split(|byte| *byte == b'\n');
            some += records.filter(|record| !record.is_empty()).count();
        }
    });
    some as f64 / all as f64
}

fn batches(log: &[u8], mut take: impl FnMut(&[u8])) {
    let mut rest = log;
    while !rest.is_empty() {
        let end = memchr::memrchr(b'\n', &rest[..rest.len().min(BATCH)]).map_or(rest.len(), |at| at + 1);
        take(&rest[..end]);
        rest = &rest[end..];
    }
}
