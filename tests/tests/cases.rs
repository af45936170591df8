//! Runs the project's own detection cases, `src/analytics/<id>/cases/<case>/` (see [`authsieve::cases`]), as
//! `authsieve test` does. Also runs them natively, cut into records.
//!
//! `authsieve test --update src/analytics` rewrites the expected alerts, and so does `AUTHSIEVE_UPDATE=1 cargo test
//! -p authsieve-tests --test cases`. Read the difference before you keep it.

use authsieve::cases::{Bench, Case, Verdict, find};
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::Reading;
use authsieve_engine::time::Timestamp;
use authsieve_host::Limits;
use std::env;
use std::path::Path;

mod support;

fn cases() -> Vec<Case> {
    let analytics = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/analytics");
    let dirs = find(&analytics).expect("the analytics are there");
    let cases: Vec<Case> = dirs
        .iter()
        .map(|dir| Case::read(dir, &[]).unwrap_or_else(|why| panic!("{}: {why}", dir.display())))
        .collect();
    for component in authsieve_components::ALL {
        let own = cases.iter().filter(|case| case.analytics == [component.id]).count();
        assert!(own >= 30, "{}: {own} cases", component.id);
    }
    cases
}

fn natively<A: authsieve_engine::analytic::Analytic>(case: &Case, batches: &[&[u8]]) -> Vec<Alert> {
    let config = &case.configs().unwrap_or_else(|why| panic!("{}: {why}", case.name))[0];
    let mut detector = authsieve_engine::detector::Detector::<A>::create(config, 1)
        .unwrap_or_else(|why| panic!("{}: {why}", case.name));
    let received = Timestamp(case.received);
    let written = (!case.stream).then_some(received);
    let mut alerts = Vec::new();
    let mut first = 1;
    for batch in batches {
        alerts.extend(detector.process(batch, Reading { first, written, ..Reading::at(received) }));
        first += batch.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    alerts.extend(detector.flush());
    alerts
}

fn run_natively(case: &Case, batches: &[&[u8]]) -> Vec<Alert> {
    authsieve_suite::by_id!(case.analytics[0].as_str(), natively(case, batches))
}

/// The log as one batch of records.
fn log(case: &Case) -> Vec<u8> {
    case.batches().unwrap_or_else(|why| panic!("{}: {why}", case.name)).concat()
}

/// The differences from the expected alerts, or `None`.
fn differs(case: &Case, alerts: &[Alert]) -> Option<String> {
    if env::var_os("AUTHSIEVE_UPDATE").is_some_and(|value| value == "1") {
        case.update(alerts).expect("the case can be written");
        return None;
    }
    case.is_complete().unwrap_or_else(|why| panic!("{}: {why}", case.name));
    match case.judge(alerts) {
        Verdict::Passed => None,
        Verdict::Failed(difference) => {
            Some(format!("{}\n{}\n--- expected\n+++ what comes\n{difference}", case.name, case.description))
        }
    }
}

fn report(failures: Vec<String>, of: usize) {
    assert!(failures.is_empty(), "{} of {of} cases differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn natively_in_one_batch() {
    let cases = cases();
    let differs = |case: &Case| differs(case, &run_natively(case, &[&log(case)]));
    report(cases.iter().filter_map(differs).collect(), cases.len());
}

#[test]
fn natively_record_by_record() {
    let cases = cases();
    let differs = |case: &Case| {
        let log = log(case);
        let records: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
        differs(case, &run_natively(case, &records))
    };
    report(cases.iter().filter_map(differs).collect(), cases.len());
}

/// Framed and routed, in the component, under wasmtime: the normal way to run cases.
#[test]
fn through_the_component() {
    let engine = support::engine(Limits::default());
    let bench = Bench::new(&engine, &[]).expect("every analytic loads");
    let cases = cases();
    let mut failures = vec![];
    for case in &cases {
        let alerts = bench.alerts(case).unwrap_or_else(|why| panic!("{}: {why}", case.name));
        assert_eq!(
            alerts,
            run_natively(case, &[&log(case)]),
            "{}: not the alerts of a native run",
            case.name
        );
        failures.extend(differs(case, &alerts));
    }
    report(failures, cases.len());
}
