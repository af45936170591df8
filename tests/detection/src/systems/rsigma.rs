//! rsigma, with the rules of `authsieve translate`.

use crate::alarm::Alarm;
use authsieve_engine::detector::Seen;
use authsieve_tests::fact::Micros;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::process::Command;

/// The rules of the analytics, with their defaults. A test of the command `authsieve` compares them with its own.
pub const RULES: [(&str, &str); 5] = [
    ("an0454", include_str!("../../rules/an0454.yml")),
    ("an1269", include_str!("../../rules/an1269.yml")),
    ("an1276", include_str!("../../rules/an1276.yml")),
    ("an1521", include_str!("../../rules/an1521.yml")),
    ("fls", include_str!("../../rules/fls.yml")),
];

/// Finds every event. rsigma's alarms do not say when they are; each stands behind the event that raised it.
const EVERY_EVENT: &str = "\
title: Every event
id: 9c5d3f0e-3f0d-4d8a-9f65-1d2b7f1a6b3c
logsource:
    category: authentication
detection:
    selection:
        time: '*'
    condition: selection
";

/// The program.
#[derive(Debug)]
pub struct Rsigma {
    program: OsString,
    /// Its version, as it reports it.
    pub version: String,
}

impl Rsigma {
    /// The program that the variable `RSIGMA` names, else `rsigma` on the path. `None` if there is none.
    #[must_use]
    pub fn find() -> Option<Self> {
        let program = std::env::var_os("RSIGMA").unwrap_or_else(|| "rsigma".into());
        let said =
            Command::new(&program).arg("--version").output().ok().filter(|said| said.status.success())?;
        let said = String::from_utf8_lossy(&said.stdout);
        let version = said.lines().next()?.trim_start_matches("rsigma").trim().to_owned();
        Some(Self { program, version })
    }

    /// The alarms of an analytic's rules over the corpus.
    ///
    /// # Errors
    /// Fails if the program cannot be run, or fails.
    pub fn judge(&self, analytic: &str, events: &[Seen]) -> io::Result<Vec<Alarm>> {
        let folder = tempfile::tempdir()?;
        let (_, text) = RULES.iter().find(|(id, _)| *id == analytic).ok_or(io::ErrorKind::NotFound)?;
        fs::write(folder.path().join("analytic.yml"), text)?;
        let read = events.iter().filter(|seen| seen.analytics.contains(&analytic));
        let lines: String = read.map(|seen| event(seen).to_string() + "\n").collect();
        let found = self.evaluate(folder.path(), &lines)?;
        let times: HashMap<String, Micros> =
            events.iter().map(|seen| (seen.event.time.to_string(), seen.event.time.0)).collect();
        let time = |found: &Found| times.get(&found.time).copied().unwrap_or(0);
        Ok(found.iter().map(|found| Alarm::new(time(found), &found.key)).collect())
    }

    /// Runs the rules of a folder over events, as `authsieve decode` prints them. Rules without a level are parts of
    /// others, and raise no alarms. Adds a rule to the folder.
    ///
    /// # Errors
    /// Fails if the program cannot be run, or fails.
    pub fn evaluate(&self, rules: &Path, events: &str) -> io::Result<Vec<Found>> {
        fs::write(rules.join("every-event.yml"), EVERY_EVENT)?;
        let mut input = tempfile::tempfile()?;
        input.write_all(events.as_bytes())?;
        input.rewind()?;
        let said = Command::new(&self.program)
            .args(["engine", "eval", "--timestamp-field", "time", "--include-event"])
            .args(["--output-format", "ndjson", "--quiet", "-r"])
            .arg(rules)
            .stdin(input)
            .output()?;
        if said.status.success() {
            Ok(found(&said.stdout))
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&said.stderr).into_owned()))
        }
    }
}

/// An alarm of rsigma.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The time of the event that raised it.
    pub time: String,
    /// The values of the fields that its rule groups by.
    pub key: Vec<String>,
}

/// The fields of `authsieve decode` that the rules read.
fn event(seen: &Seen) -> Value {
    let event = &seen.event;
    let mut line = json!({"time": event.time.to_string(), "outcome": event.outcome.as_str(),
        "provider": event.provider.as_str()});
    let address = event.src_ip.map(|address| address.to_string()).unwrap_or_default();
    for (name, text) in [("user", &*event.user), ("src_ip", &*address), ("reason", &*event.reason)] {
        if !text.is_empty() {
            line[name] = text.into();
        }
    }
    line
}

fn found(said: &[u8]) -> Vec<Found> {
    let (mut time, mut all) = (String::new(), vec![]);
    for line in said.split(|byte| *byte == b'\n') {
        let Ok(result) = serde_json::from_slice::<Value>(line) else { continue };
        if let Some(now) = result["event"]["time"].as_str() {
            time = now.into();
        } else if result["correlation_type"].is_string() && result["level"].is_string() {
            let values = result["group_key"].as_array().into_iter().flatten();
            let key = values.filter_map(|pair| pair[1].as_str().map(str::to_owned)).collect();
            all.push(Found { time: time.clone(), key });
        }
    }
    all
}
