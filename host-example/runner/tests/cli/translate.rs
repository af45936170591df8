//! Tests of `translate`. The rules are proven by rsigma, where it is installed.

mod stories;

use crate::shell::{Shell, alerts};
use authsieve_detection::systems::rsigma::Rsigma;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use stories::{APART, Difference, PROOFS, Story};

#[test]
fn rules_are_translated_with_the_configured_thresholds() {
    let shell = Shell::new();
    let said = shell.run(&["translate", "-a", "an1276", "--set", "min_failures=8", "--set", "window=90s"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert!(
        said.out.contains("        gte: 8\n") && said.out.contains("    timespan: 90s\n"),
        "{}",
        said.out
    );
    let said = shell.run(&["translate", "-o", "rules"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert_eq!(fs::read_dir(shell.folder.path().join("rules")).unwrap().count(), 5);
    assert_eq!(shell.run(&["translate", "-a", "an1276", "--set", "window=no"]).status, Some(2));
}

#[test]
fn the_rules_of_the_detection_page_are_those_of_the_command() {
    let shell = Shell::new();
    assert_eq!(shell.run(&["translate", "-o", "rules"]).status, Some(0));
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/detection/rules");
    for file in fs::read_dir(shell.folder.path().join("rules")).unwrap() {
        let file = file.unwrap();
        let (made, kept) =
            (fs::read_to_string(file.path()).unwrap(), format!("{kept}/{}", file.file_name().display()));
        assert_eq!(
            made,
            fs::read_to_string(&kept).unwrap_or_default(),
            "{kept} is not the output of `translate`"
        );
    }
}

/// Without an id, a rule is not joined with the correlations that name it.
#[test]
fn each_rule_has_an_id_of_its_own() {
    let text = Shell::new().run(&["translate"]).out;
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), text.lines().filter(|line| line.starts_with("title: ")).count());
    assert_eq!(different.len(), ids.len());
}

/// An alarm: its time, and the key of its rule.
type Alarm = (String, String);

#[test]
fn rsigma_finds_the_same_with_the_translated_rules() {
    let Some(rsigma) = Rsigma::find() else {
        eprintln!(
            "skipped: the proof of translated rules. There is no rsigma on PATH, and RSIGMA names none"
        );
        return;
    };
    for proof in PROOFS {
        let shell = Shell::new();
        let stories = proof.same.iter().chain(proof.different.iter().map(|different| &different.story));
        let input: String =
            stories.clone().zip(0..).map(|(story, place)| (proof.write)(story, place)).collect();
        shell.write("input.log", input);
        let arguments = ["-a", proof.analytic, "--received=2026-12-31T00:00:00Z", "input.log"];
        let said = shell.run(&[&["run", "--format", "json"], &arguments[..]].concat());
        assert_eq!(said.status, Some(0), "{}", said.err);
        let ours: Vec<Alarm> = alerts(&said).iter().map(|alert| ours(proof.analytic, alert)).collect();

        assert_eq!(shell.run(&["translate", "-a", proof.analytic, "-o", "rules"]).status, Some(0));
        let events = shell.run(&[&["decode"], &arguments[..]].concat());
        assert_eq!(events.status, Some(0), "{}", events.err);
        let theirs = rsigma.evaluate(&shell.folder.path().join("rules"), &events.out).unwrap();
        let theirs: Vec<Alarm> = theirs.into_iter().map(|found| (found.time, found.key.join(" "))).collect();
        let rules =
            fs::read_to_string(shell.folder.path().join(format!("rules/{}.yml", proof.analytic))).unwrap();

        for (place, Story { name, .. }) in stories.enumerate() {
            let of = |all: &[Alarm]| -> BTreeSet<Alarm> {
                all.iter().filter(|(time, _)| stories::place(time) == place).cloned().collect()
            };
            let (ours, theirs) = (of(&ours), of(&theirs));
            match place.checked_sub(proof.same.len()).map(|place| &proof.different[place]) {
                None => assert_eq!(ours, theirs, "{}: {name}", proof.analytic),
                Some(Difference { sentence, alarms, .. }) => {
                    assert!(rules.contains(sentence), "{}: {sentence}", proof.analytic);
                    assert_eq!(
                        (ours.len(), theirs.len()),
                        *alarms,
                        "{}: {name}\n{ours:?}\n{theirs:?}",
                        proof.analytic
                    );
                }
            }
        }
    }
    const { assert!(APART > 86_400 * 2 - 1, "stories do not touch each other") };
}

/// The fields by which Sigma groups this pattern.
fn ours(analytic: &str, alert: &Value) -> Alarm {
    let text = |field: &str| alert[field].as_str().unwrap_or_default().to_owned();
    let key = match (analytic, &*text("pattern")) {
        ("an1521", "spray") | ("an1269", _) => text("src_ip"),
        ("an1521" | "an0454", _) => text("user"),
        _ => format!("{} {}", text("user"), text("src_ip")),
    };
    (text("time"), key)
}
