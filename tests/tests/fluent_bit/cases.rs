//! Runs the project's detection cases record by record.

use crate::native::{native, values};
use crate::{alerts, baked};
use authsieve::cases::{Case, Verdict, find};
use authsieve_components::ALL;
use authsieve_engine::alert::Alert;
use authsieve_tests::filter_wasm::Function;
use authsieve_tests::filter_wasm::written::{Style, json, member};
use serde_json::Value;
use std::path::Path;

/// The time that passes after the last record, so that waiting alerts come out: longer than the longest window.
const LATER: u32 = 30 * 24 * 3600;

/// The cases of all analytics.
pub fn cases() -> Vec<Case> {
    let dirs = find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/analytics")).expect("they are there");
    let cases: Vec<Case> = dirs
        .iter()
        .map(|dir| Case::read(dir, &[]).unwrap_or_else(|why| panic!("{}: {why}", dir.display())))
        .collect();
    for built in ALL {
        assert!(cases.iter().any(|case| case.analytics == [built.id]), "{} has no cases", built.id);
    }
    cases
}

/// The log as lines. A log that is no file of lines, such as an export's table, gives one line for each record.
pub fn lines(case: &Case) -> Vec<Vec<u8>> {
    let log = case.batches().unwrap_or_else(|why| panic!("{}: {why}", case.name)).concat();
    log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

/// A line as a record of the agent: an object if it parses as one, anything else in the form of the input `tail`.
pub fn record(line: &[u8], style: Style) -> Vec<u8> {
    match std::str::from_utf8(line) {
        Ok(line) if serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object()) => {
            json(line, style)
        }
        _ => member("log", line, style),
    }
}

/// The time stamp that the agent would give to the log.
fn stamp(case: &Case) -> u32 {
    u32::try_from(case.received / 1_000_000)
        .unwrap_or_else(|_| panic!("{}: the agent has no such time", case.name))
}

#[test]
fn every_case_as_the_analytic_itself() {
    for case in cases() {
        let (id, config) = (case.analytics[0].as_str(), &case.configs().expect("options of the analytic")[0]);
        let program = baked(id, config);
        let mut filters = Function::ALL.map(|_| program.start());
        let mut itself = native(id, config);
        let mut raised: Vec<Alert> = Vec::new();
        let mut seconds = stamp(&case);
        let mut step = |seconds: u32, record: &[u8], logged: &[u8]| {
            let expected = itself.take((seconds, 0), logged);
            let got = alerts(&filters[0].call(Function::Alerts, (seconds, 0), record));
            assert_eq!(got, values(&expected), "{}: {}", case.name, record.escape_ascii());
            let annotated = filters[1].call(Function::Annotate, (seconds, 0), record);
            crate::annotate::judge(&case.name, record, &annotated, "authsieve", &expected);
            raised.extend(expected);
        };
        for line in lines(&case) {
            step(seconds, &record(&line, Style::Escaped), &record(&line, Style::Logged));
        }
        seconds += LATER;
        step(seconds, b"{}", b"{}");
        if let Verdict::Failed(difference) = case.judge(&raised) {
            panic!("{}: {}\n--- expected\n+++ what comes\n{difference}", case.name, case.description);
        }
    }
}
