//! Compares the analytic with the naive reference, over random failures.

use super::naive::{Failed, Options, Raised, judge};
use super::*;
use proptest::prelude::*;

const SECOND: i64 = 1_000_000;

fn failures(most: usize) -> impl Strategy<Value = Vec<Failed>> {
    // Steps hit the edges of windows of 10 and 60 seconds, or miss them by a microsecond.
    let step = prop_oneof![
        4 => Just(0),
        4 => (0i64..3).prop_map(|n| n * SECOND),
        2 => Just(10 * SECOND),
        1 => Just(10 * SECOND + 1),
        1 => Just(60 * SECOND),
        1 => Just(60 * SECOND + 1),
        1 => Just(60 * SECOND - 1),
    ];
    let user = prop_oneof![
        4 => prop::sample::select(vec![
            "admin", "Admin1", "4dm1n", "admin-2", "LAB\\\\admin", "admin@corp.example", "administrator", "adminn",
            "adminnn", "admn", "amdin", "xdmin",
        ]),
        2 => prop::sample::select(vec!["root", "r00t", "rot", "roof", "boot", "svc_sql", "svcsql2"]),
        1 => prop::sample::select(vec!["", "a1", "a2", "ab", "1234", "müller", "muller", "MÜLLER3", "-", "x-1-y"]),
    ];
    let address = prop::sample::select(vec![
        "192.0.2.1",
        "192.0.2.1",
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.3",
        "2001:db8::1",
        "2001:db8::2",
        "2001:db8:0:1::1",
        "127.0.0.1",
        "",
    ]);
    let code = prop::sample::select(vec![
        "4625",
        "0xC000006A",
        "0xc000006a",
        "0xc0000064",
        "0xC000006D",
        "0xC0000071",
        "0xc0000224",
    ]);
    let one = (step, user, address, code);
    prop::collection::vec(one, 0..most).prop_map(|all| {
        let mut time = 0;
        all.into_iter()
            .map(|(step, user, address, code)| {
                time += step;
                Failed { time, user: unescaped(user), address, code }
            })
            .collect()
    })
}

fn unescaped(user: &'static str) -> &'static str {
    if user == "LAB\\\\admin" { "LAB\\admin" } else { user }
}

fn options() -> impl Strategy<Value = Options> {
    let thresholds = (1usize..7, 1usize..4, 2usize..12, 1usize..6, 1usize..6);
    let similarity = prop::sample::select(vec!["family", "family", "exact", "near", "near"]);
    let lenient = prop::option::of(("admin|rot", 1usize..9, 1usize..9));
    (thresholds, similarity, any::<bool>(), any::<bool>(), lenient).prop_map(
        |((min_failures, sources, slow, spray, max_family), similarity, families, remote_only, lenient)| {
            Options {
                similarity,
                families: if families {
                    vec![("admin", vec!["admin"]), ("boss", vec!["ro", "adm"])]
                } else {
                    vec![]
                },
                max_family,
                window: 10 * SECOND,
                min_failures,
                sources,
                slow_window: 60 * SECOND,
                slow,
                spray,
                remote_only,
                lenient: lenient
                    .map(|(user, min, slow)| (if user == "rot" { "rot" } else { "admin" }, min, slow)),
            }
        },
    )
}

fn config(options: &Options, more: &str) -> String {
    let families: Vec<String> = options
        .families
        .iter()
        .map(|(name, starts)| {
            let globs: Vec<String> = starts.iter().map(|start| format!("\"{start}*\"")).collect();
            format!("\"{name}\":[{}]", globs.join(","))
        })
        .collect();
    // An override compares users as the record spells them, so it names each spelling.
    let overrides = options.lenient.map_or(String::new(), |(user, min, slow)| {
        format!(
            r#","override":[{{"users":["{user}","LAB\\{user}","{user}@corp.example"],"min_failures":{min},"slow_min_failures":{slow}}}]"#
        )
    });
    format!(
        r#"{{"similarity":"{}","families":{{{}}},"max_family":{},"window":"10s","min_failures":{},"source_ip_threshold":{},"slow_window":"60s","slow_min_failures":{},"spray_accounts":{},"remote_only":{}{overrides}{more}}}"#,
        options.similarity,
        families.join(","),
        options.max_family,
        options.min_failures,
        options.sources,
        options.slow,
        options.spray,
        options.remote_only
    )
}

fn lines(failures: &[Failed]) -> Vec<String> {
    failures.iter().map(|f| failed_with(f.time, &f.user.replace('\\', "\\\\"), f.address, f.code)).collect()
}

fn raised(alerts: &[Alert]) -> Vec<Raised> {
    alerts
        .iter()
        .map(|alert| {
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            (alert.pattern.clone(), alert.time.0 - START, text(&alert.user), text(&alert.src_ip))
        })
        .collect()
}

proptest! {
    // PROPTEST_CASES sets the number of cases.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_order_it_is_what_the_definition_says(failures in failures(60), options in options(), cuts in prop::collection::vec(0usize..60, 0..3)) {
        let expected = judge(&failures, &options);
        let config = config(&options, "");
        let mut detector = Detector::<An1521>::create(&config, 1).unwrap();
        let mut alerts = vec![];
        for (at, line) in lines(&failures).iter().enumerate() {
            if cuts.contains(&at) {
                detector = Detector::restore(&config, at as u64, &detector.snapshot()).unwrap().0;
            }
            alerts.extend(run(&mut detector, line));
        }
        prop_assert_eq!(raised(&alerts), expected);
        prop_assert!(alerts.iter().all(|alert| alert.estimated.is_empty()));
    }

    #[test]
    fn out_of_order_it_is_what_the_definition_says_of_what_came(failures in failures(40), options in options(), swaps in prop::collection::vec((0usize..40, 0usize..40), 0..8)) {
        // All within the slow window, so that no failure is too old to be kept.
        let mut failures = failures;
        failures.retain(|f| f.time <= 60 * SECOND);
        let mut shuffled = failures.clone();
        for (one, other) in swaps {
            if one.max(other) < shuffled.len() {
                shuffled.swap(one, other);
            }
        }
        let mut detector = Detector::<An1521>::create(&config(&options, ""), 1).unwrap();
        let alerts = run(&mut detector, &lines(&shuffled).concat());
        prop_assert_eq!(raised(&alerts), judge(&shuffled, &options));
        // With sorting, the result equals that of failures in order.
        shuffled.sort_by_key(|f| f.time);
        let expected = judge(&shuffled, &options);
        let mut sorting = Detector::<An1521>::create(&config(&options, r#","allowed_lateness":"max""#), 1).unwrap();
        // The newest first; failures of equal times keep their order.
        let mut mixed: Vec<(usize, String)> = lines(&shuffled).into_iter().enumerate().collect();
        mixed.sort_by_key(|(at, _)| std::cmp::Reverse(shuffled[*at].time));
        let mut alerts = run(&mut sorting, &mixed.into_iter().map(|(_, line)| line).collect::<String>());
        alerts.extend(sorting.flush());
        prop_assert_eq!(raised(&alerts), expected);
    }
}
