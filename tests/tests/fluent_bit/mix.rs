//! Random mixes of records, times and configurations: the filter raises the same alerts as the analytic.

use crate::cases::{cases, lines, record};
use crate::native::{native, values};
use crate::{STAMP, alerts, baked};
use authsieve_components::ALL;
use authsieve_hostile::configuration;
use authsieve_tests::filter_wasm::Function;
use authsieve_tests::filter_wasm::written::Style;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The records of all cases of each analytic, in their order, by its id.
static RECORDS: LazyLock<BTreeMap<String, Vec<Vec<u8>>>> = LazyLock::new(|| {
    let mut records: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for case in cases() {
        records.entry(case.analytics[0].clone()).or_default().extend(lines(&case));
    }
    records
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mix_raises_what_the_analytic_itself_raises(
        analytic in 0..ALL.len(),
        controls in (0..7_u8, 0..6_u8),
        // Runs of a case's records, and the agent's pause before each, forward or back in time.
        runs in prop::collection::vec((any::<prop::sample::Index>(), 1..40_usize, -3..40_i64), 1..12),
        style in prop::sample::select(vec![Style::Escaped, Style::EscapedTwice, Style::Plain]),
        function in prop::sample::select(Function::ALL.to_vec()),
    ) {
        let id = ALL[analytic].id;
        let config = configuration(id, controls.0, controls.1);
        let (mut filter, mut itself) = (baked(id, &config).start(), native(id, &config));
        let mut micros = i64::from(STAMP) * 1_000_000;
        for (from, length, pause) in runs {
            micros += pause * pause * pause * 100_000;
            let records = &RECORDS[id];
            for line in records.iter().skip(from.index(records.len())).take(length) {
                micros += 70_000;
                let at = ((micros / 1_000_000) as u32, (micros % 1_000_000 * 1000) as u32);
                let written = record(line, style);
                let logged = record(line, if style == Style::Plain { style } else { Style::Logged });
                let expected = itself.take(at, &logged);
                let answer = filter.call(function, at, &written);
                match function {
                    Function::Alerts => prop_assert_eq!(alerts(&answer), values(&expected), "{} {}", id, config),
                    Function::Annotate => crate::annotate::judge(id, &written, &answer, "authsieve", &expected),
                }
            }
        }
    }
}
