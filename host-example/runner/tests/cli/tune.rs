//! Tests of `tune`, `diff`, and the layer of `doctor`.

use crate::shell::{ATTACK, RECEIVED, Said, Shell, alerts};
use serde_json::Value;
use std::fs;

/// A log in which a password was mistyped three times on each of ten days, and an attack of 12 failures succeeded.
fn history() -> String {
    let mut log = String::new();
    let line = |day: u32, second: u32, what: &str, user: &str, address: &str| {
        format!(
            "Mar {day:2} 09:00:{second:02} web1 sshd[{day}{second}]: {what} password for {user} from {address} port 4000 ssh2\n"
        )
    };
    for day in 1..=10 {
        for second in 0..3 {
            log += &line(day, second, "Failed", "ada", "192.0.2.5");
        }
        log += &line(day, 4, "Accepted", "ada", "192.0.2.5");
    }
    for second in 0..12 {
        log += &line(11, second, "Failed", "root", "203.0.113.9");
    }
    log + &line(11, 20, "Accepted", "root", "203.0.113.9")
}

fn tune(shell: &Shell, arguments: &[&str]) -> Said {
    let fixed = ["tune", "-a", "an1276", "--received=2026-03-20T00:00:00Z", "history.log"];
    shell.run(&[&fixed, arguments].concat())
}

fn ready() -> Shell {
    let shell = Shell::new();
    shell.write("history.log", history());
    shell
}

const GRID: [&str; 4] = ["--grid", "min_failures=2,3,5,12,13", "--grid", "window=5s,15m"];

#[test]
fn the_setting_with_the_fewest_alerts_that_keeps_every_attack_is_found() {
    let shell = ready();
    shell.write("known.txt", "# the break-in\nroot,203.0.113.9,2026-03-11T09:00:20Z\n");
    let said = tune(&shell, &[&GRID[..], &["--expect", "known.txt", "--format", "json"]].concat());
    assert_eq!(said.status, Some(0), "{}", said.err);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    let point = |failures: &str, window: &str| {
        let points = told["points"].as_array().unwrap();
        let wanted = serde_json::json!({ "min_failures": failures, "window": window });
        points.iter().find(|point| point["setting"] == wanted).unwrap().clone()
    };
    assert_eq!(told["points"].as_array().unwrap().len(), 10);
    assert_eq!((&point("3", "15m")["alerts"], &point("3", "15m")["keys"]), (&11.into(), &2.into()));
    assert_eq!(point("5", "15m")["alerts"], 1);
    assert_eq!(
        (&point("13", "15m")["alerts"], &point("13", "15m")["loses"][0]),
        (&0.into(), &"root from 203.0.113.9".into())
    );
    assert_eq!(point("12", "5s")["alerts"], 0, "12 failures take 11 seconds");
    assert_eq!(told["recommended"]["setting"], serde_json::json!({ "min_failures": "5", "window": "5s" }));
    // Each setting finds the same alerts as `run`.
    for (failures, window) in [("2", "15m"), ("5", "5s"), ("12", "15m"), ("12", "5s")] {
        let set = [format!("min_failures={failures}"), format!("window={window}")];
        let said = shell.run(&[
            "run",
            "-q",
            "-a",
            "an1276",
            "--received=2026-03-20T00:00:00Z",
            "--set",
            &set[0],
            "--set",
            &set[1],
            "history.log",
        ]);
        assert_eq!(point(failures, window)["alerts"], alerts(&said).len(), "{failures} {window}");
    }
}

#[test]
fn nothing_is_recommended_where_nothing_is_known() {
    let shell = ready();
    let said = tune(&shell, &GRID);
    assert_eq!(said.status, Some(0), "{}", said.err);
    assert!(said.out.contains("nothing is recommended: no attack is known"), "{}", said.out);
    assert!(
        said.out.contains("10 settings of an1276 over 53 records")
            && said.out.contains("53 records decoded once"),
        "{}",
        said.out
    );
    let said = tune(&shell, &[&GRID[..], &["-o", "out.toml"]].concat());
    assert_eq!(said.status, Some(1), "{}", said.err);
    for (arguments, why) in [
        (&["--grid", "window"][..], "is no axis"),
        (&["--grid", "min_failures=zero"], "min_failures"),
        (&["--grid", "nothing=1"], "nothing"),
        (&["--expect", "missing.txt"], "missing.txt"),
    ] {
        let said = tune(&shell, arguments);
        assert_eq!(said.status, Some(2), "{arguments:?} {}", said.err);
        assert!(said.err.contains(why), "{arguments:?} {}", said.err);
    }
}

#[test]
fn dispositions_teach_and_every_form_is_written() {
    let shell = ready();
    let found = shell.run(&[
        "run",
        "-q",
        "-a",
        "an1276",
        "--received=2026-03-20T00:00:00Z",
        "--set",
        "min_failures=3",
        "history.log",
    ]);
    for alert in alerts(&found) {
        let is = if alert["user"] == "root" { "true" } else { "false" };
        assert_eq!(shell.run(&["mark", alert["id"].as_str().unwrap(), is]).status, Some(0));
    }
    let text = tune(&shell, &GRID).out;
    assert!(text.contains("\nrecommended: min_failures=5 window=5s\n"), "{text}");
    assert!(text.contains("loses root from 203.0.113.9"), "{text}");
    let read = |name: &str| {
        let said = tune(&shell, &[&GRID[..], &["-o", name]].concat());
        assert_eq!(said.status, Some(0), "{}", said.err);
        fs::read_to_string(shell.folder.path().join(name)).unwrap()
    };
    let toml = read("out.toml");
    assert!(toml.ends_with("[an1276]\nmin_failures = 5\nwindow = \"5s\"\n"), "{toml}");
    let checked = shell.run(&["check", "-c", "out.toml"]);
    assert_eq!(checked.status, Some(0), "{}", checked.err);
    let csv = read("out.csv");
    assert!(
        csv.starts_with("min_failures,window,alerts,alerts_per_day,keys,known_none,loses,recommended\n"),
        "{csv}"
    );
    assert!(csv.lines().any(|line| line.starts_with("3,15m,11,") && line.contains(",10,,false")), "{csv}");
    assert!(read("out.html").contains("<rect width=\"100\""));
}

#[test]
fn differences_between_configurations_are_named() {
    let shell = ready();
    let diff = |arguments: &[&str]| {
        shell.run(
            &[&["diff", "-a", "an1276", "--received=2026-03-20T00:00:00Z", "history.log"], arguments]
                .concat(),
        )
    };
    let said = diff(&["--set", "min_failures=3", "--with", "min_failures=12"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let told: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.iter().filter(|one| one["difference"] == "goes").count(), 10, "{}", said.out);
    assert_eq!(said.err, "0 come, 10 go, 0 change, 1 stay\n");
    let text = diff(&["--with", "severity=low", "--format", "text"]);
    assert_eq!(text.status, Some(2), "an option that is none: {}", text.out);
    shell.write(
        "new.toml",
        "[[override]]\nusers = [\"root\"]\nseverity = \"critical\"\nreason = \"privileged\"\n",
    );
    let text = diff(&["--with-config", "new.toml", "--format", "text"]);
    assert!(
        text.out.contains("severity: \"high\" -> \"critical\"")
            && text.out.ends_with("0 come, 0 go, 1 change, 0 stay\n"),
        "{}",
        text.out
    );
    assert_eq!(diff(&[]).status, Some(2));
}

#[test]
fn the_layer_shows_what_can_fire() {
    let shell = Shell::new();
    shell.write("auth.log", ATTACK);
    let said = shell.run(&["doctor", RECEIVED, "--navigator", "layer.json", "auth.log"]);
    assert_eq!(said.status, Some(0), "{}", said.err);
    let layer = fs::read(shell.folder.path().join("layer.json")).unwrap();
    let layer: Value = serde_json::from_slice(&layer).unwrap();
    let score = |id: &str| {
        let techniques = layer["techniques"].as_array().unwrap();
        techniques.iter().find(|one| one["techniqueID"] == id).map(|one| one["score"].clone())
    };
    assert_eq!((score("T1110"), score("T1621")), (Some(100.into()), Some(0.into())), "{layer}");
    assert_eq!(layer["domain"], "enterprise-attack");
}
