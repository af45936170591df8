// These options are declared to be taken apart, not to be read.
#![allow(dead_code)]

use super::*;
use crate::config::{Config, Threshold, Window};
use alloc::string::ToString;

crate::settings! {
    /// Options of a first analytic.
    pub struct First {
        /// Failures it takes.
        pub min_failures: Threshold = 5;
        /// How far back.
        pub window: Window = "15m";
    }
}

crate::settings! {
    /// Options of a second analytic.
    pub struct Second {
        /// Challenges it takes.
        pub min_challenges: Threshold = 3;
    }
}

const BOTH: [Known; 2] = [
    Known { id: "an1", thresholds: &["min_failures"] },
    Known { id: "an2", thresholds: &["min_challenges"] },
];

fn first(text: &str) -> Config<First> {
    let layout = Layout::read(text, &BOTH).unwrap();
    Config::in_section(&layout.section("an1"), BOTH[0].thresholds).unwrap()
}

fn second(text: &str) -> Config<Second> {
    let layout = Layout::read(text, &BOTH).unwrap();
    Config::in_section(&layout.section("an2"), BOTH[1].thresholds).unwrap()
}

fn refused(text: &str, known: &[Known]) -> String {
    Layout::read(text, known).expect_err(text).lines()
}

#[test]
fn an_analytic_has_its_own_options_and_those_that_all_share() {
    let text =
        r#"{"max_keys":500,"salt":"x","AN1":{"min_failures":8,"max_keys":600},"an2":{"min_challenges":4}}"#;
    let (first, second) = (first(text), second(text));
    assert_eq!((first.options.min_failures.0, first.common.max_keys.0), (8, 600));
    assert_eq!((second.options.min_challenges.0, second.common.max_keys.0), (4, 500));
    assert_eq!((&*first.common.salt, &*second.common.salt), ("x", "x"));
    // The digest equals that of the same configuration on its own.
    let alone = r#"{"min_failures":8,"max_keys":600,"salt":"x"}"#;
    assert_eq!(first.digest, Config::<First>::of("an1", alone, BOTH[0].thresholds).unwrap().digest);
    let alone = r#"{"salt":"x","max_keys":500,"an2":{"min_challenges":4}}"#;
    assert_eq!(second.digest, Config::<Second>::of("an2", alone, BOTH[1].thresholds).unwrap().digest);
}

#[test]
fn all_analytics_run_unless_some_are_named() {
    let active = |text: &str| Layout::read(text, &BOTH).unwrap().active().to_vec();
    assert_eq!(active(""), ["an1", "an2"]);
    assert_eq!(active(r#"{"analytics":["AN2"]}"#), ["an2"]);
    assert_eq!(active(r#"{"analytics":["an2","an1","an2"]}"#), ["an1", "an2"], "in the module's order");
    assert_eq!(
        refused(r#"{"analytics":["an1","an3",7]}"#, &BOTH),
        "unknown-analytic\tanalytics[1]\t\"an3\" is no analytic; expected one of an1, an2\n\
         unknown-analytic\tanalytics[2]\t7 is no analytic; expected one of an1, an2"
    );
    assert_eq!(
        refused(r#"{"analytics":[]}"#, &BOTH),
        "empty\tanalytics\t[] is empty; expected at least one of an1, an2"
    );
    assert_eq!(
        refused(r#"{"analytics":"an1"}"#, &BOTH),
        "wrong-type\tanalytics\t\"an1\" is text; expected a list of ids"
    );
}

#[test]
fn what_bears_on_decoding_stands_at_the_top() {
    assert_eq!(
        refused(r#"{"an1":{"timezone":"Z","max_keys":16,"max_record":"1 MiB"}}"#, &BOTH),
        "misplaced\tan1.timezone\t\"Z\" would hold for all analytics, which read each record together; expected outside \
         of [an1]\n\
         misplaced\tan1.max_record\t\"1 MiB\" would hold for all analytics, which read each record together; expected \
         outside of [an1]"
    );
    for option in Common::DECODING {
        assert!(is_shared(option), "{option}");
    }
}

#[test]
fn what_belongs_to_nobody_is_refused() {
    let of = |text: &str| refused(text, &BOTH);
    assert_eq!(
        of(r#"{"an11":{"window":"5m"}}"#),
        "unknown-analytic\tan11\tthere is no such analytic; did you mean an1? Options of one analytic stand in its \
         table: an1, an2"
    );
    assert_eq!(
        of(r#"{"window":"5m"}"#),
        "unknown-option\twindow\tthere is no such option for all analytics; Options of one analytic stand in its table: \
         an1, an2"
    );
    assert_eq!(
        of(r#"{"max_kesy":5}"#),
        "unknown-option\tmax_kesy\tthere is no such option for all analytics; did you mean max_keys? Options of one \
         analytic stand in its table: an1, an2"
    );
    assert_eq!(of(r#"{"an1":7}"#), "wrong-type\tan1\t7 is a number; expected a table of options");
    assert_eq!(of(r#"{"an1":{},"AN1":{}}"#), "twice\tAN1\t{} stands there twice; expected once");
    // A table next to that of the only analytic is none of its options.
    let one = &BOTH[..1];
    assert!(refused(r#"{"an1":{},"an9999":{}}"#, one).starts_with("unknown-analytic\tan9999\t"));
    assert!(refused(r#"{"an1":{},"window":"5m"}"#, one).starts_with("unknown-option\twindow\t"));
}

#[test]
fn problems_name_the_table() {
    let text = r#"{"max_keys":0,"an1":{"window":"x","windwo":"5m","override":[{"users":[""]}]},"override":[{"sources":["x"]}]}"#;
    let layout = Layout::read(text, &BOTH).unwrap();
    let of = |problems: Problems| -> Vec<String> {
        problems.list().iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect()
    };
    let shared = ["out-of-range max_keys", "invalid-value override[0].sources[0]"];
    let mut problems = Config::<First>::in_section(&layout.section("an1"), BOTH[0].thresholds).unwrap_err();
    let own =
        ["invalid-value an1.window", "invalid-value an1.override[0].users[0]", "unknown-option an1.windwo"];
    assert_eq!(of(problems.clone()), [shared[0], own[0], own[1], shared[1], own[2]]);
    let other = Config::<Second>::in_section(&layout.section("an2"), BOTH[1].thresholds).unwrap_err();
    assert_eq!(of(other.clone()), shared);
    problems.merge(other);
    assert_eq!(problems.list().len(), 5, "what two analytics share is said once: {problems}");
}

#[test]
fn a_problem_of_an_option_is_placed_where_the_option_stands() {
    let config = first(r#"{"max_keys":500,"an1":{"window":"5m"}}"#);
    let placed = |option| config.place(Problem::new(code::CONFLICT, option, "x".into())).to_string();
    assert_eq!(placed("window"), "an1.window: x");
    assert_eq!(placed("max_keys"), "max_keys: x");
    let flat = Config::<First>::of("an1", r#"{"window":"5m"}"#, &[]).unwrap();
    assert_eq!(flat.place(Problem::new(code::CONFLICT, "window", "x".into())).path, "window");
}

#[test]
fn overrides_of_an_analytic_come_before_those_of_all() {
    let text = r#"{"override":[{"users":["a"],"severity":"low"},{"hosts":["h"],"min_challenges":9},
                               {"hosts":["g"],"min_challenges":9,"min_failures":7}],
                   "an1":{"override":[{"users":["a"],"min_failures":4}]}}"#;
    let (one, two) = (first(text), second(text));
    assert_eq!(one.overrides.thresholds(0).collect::<Vec<_>>(), [4, 7]);
    assert_eq!(two.overrides.thresholds(0).collect::<Vec<_>>(), [9, 9]);
    // An override that only sets another analytic's threshold does not exist for this one, nor in its digest.
    let without = r#"{"override":[{"users":["a"],"severity":"low"},{"hosts":["g"],"min_failures":7}],
                      "an1":{"override":[{"users":["a"],"min_failures":4}]}}"#;
    assert_eq!(one.overrides, first(without).overrides);
    assert_eq!(one.digest, first(without).digest);
    // An override that changes nothing still ends the search, as its author intended.
    let exempt = r#"{"override":[{"users":["a"],"reason":"x"},{"ignore":true}]}"#;
    assert_eq!(
        first(exempt).overrides,
        Config::<First>::of("an1", exempt, BOTH[0].thresholds).unwrap().overrides
    );
    let of = |text: &str| {
        let layout = Layout::read(text, &BOTH).unwrap();
        Config::<First>::in_section(&layout.section("an1"), BOTH[0].thresholds).unwrap_err().to_string()
    };
    assert!(
        of(r#"{"override":[{"min_chalenges":9}]}"#)
            .starts_with("override[0].min_chalenges: there is no such")
    );
    assert!(
        of(r#"{"override":[{"min_challenges":0}]}"#)
            .starts_with("override[0].min_challenges: 0 is out of range")
    );
    assert!(
        of(r#"{"an1":{"override":[{"min_challenges":9}]}}"#)
            .starts_with("an1.override[0].min_challenges: there is no such option"),
        "in its own table an analytic has its own thresholds"
    );
}
