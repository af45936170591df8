//! Tests that several settings at once raise the same alerts as each setting alone, and that records are decoded once.

use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::time::Timestamp;
use authsieve_suite::Suite;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn logs() -> Vec<PathBuf> {
    let mut logs = Vec::new();
    for analytic in ["an0454", "an1269", "an1276", "an1521", "fls"] {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../analytics").join(analytic).join("cases");
        for case in std::fs::read_dir(cases).unwrap() {
            let inputs = std::fs::read_dir(case.unwrap().path()).unwrap().map(|entry| entry.unwrap().path());
            let line =
                |path: &PathBuf| path.extension().is_some_and(|ending| ending == "log" || ending == "jsonl");
            logs.extend(inputs.filter(line));
        }
    }
    logs.sort();
    logs
}

fn ids(config: &str, log: &[u8]) -> (Vec<(String, String)>, u64) {
    let mut detector = Detector::<Suite>::create(config, 0).unwrap();
    let reading = Reading { first: 1, ..Reading::at(Timestamp(1_800_000_000_000_000)) };
    let mut alerts = detector.process(log, reading);
    alerts.extend(detector.flush());
    let decodes = detector.decodes();
    (alerts.into_iter().map(|alert| (alert.config_digest, alert.id)).collect(), decodes)
}

#[test]
fn each_setting_finds_what_it_finds_alone() {
    let settings: Vec<String> = [2, 3, 5, 10]
        .iter()
        .flat_map(|count| ["5m", "30m"].map(|window| (count, window)))
        .map(|(count, window)| {
            let failing = format!(r#"{{"min_failures":{count},"window":"{window}"}}"#);
            let asked = format!(r#"{{"min_challenges":{count},"window":"{window}"}}"#);
            format!(
                r#"{{"an0454":{asked},"an1269":{failing},"an1276":{failing},"an1521":{failing},"fls":{failing}}}"#
            )
        })
        .collect();
    let (mut logs_with_alerts, list) = (0, format!("[{}]", settings.join(",")));
    for path in logs() {
        let log = std::fs::read(&path).unwrap();
        let (together, decodes) = ids(&list, &log);
        let mut by_setting: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (place, id) in together {
            by_setting.entry(place.parse().unwrap()).or_default().push(id);
        }
        logs_with_alerts += usize::from(!by_setting.is_empty());
        for (place, setting) in settings.iter().enumerate() {
            let (alone, once) = ids(setting, &log);
            let alone: Vec<String> = alone.into_iter().map(|(_, id)| id).collect();
            assert_eq!(by_setting.remove(&place).unwrap_or_default(), alone, "{} {setting}", path.display());
            assert_eq!(decodes, once, "{}", path.display());
        }
    }
    assert!(logs_with_alerts > 20, "{logs_with_alerts}");
}

#[test]
fn settings_that_read_differently_are_refused() {
    let refused = |config: &str| Detector::<Suite>::create(config, 0).err().map(|error| error.to_string());
    for (config, why) in [
        ("[]", "0 settings"),
        ("[{}", "not JSON"),
        (r#"[{}, {"timezone": "+01:00"}]"#, "bears on decoding"),
        (r#"[{}, {"fls": {"extra_failure_codes": [50058]}}]"#, "bears on decoding"),
        (r#"[{}, {"fls": {"window": "x"}}]"#, "no duration"),
    ] {
        let said = refused(config).unwrap_or_default();
        assert!(said.contains(why), "{config}: {said}");
    }
    assert_eq!(refused(r#"[{"timezone": "+01:00"}, {"timezone": "+01:00"}]"#), None);
}
