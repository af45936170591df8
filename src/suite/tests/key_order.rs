//! The events of a record do not depend on the order of its members, at any level.

use authsieve_engine::detector::{Detector, Reading, Seen};
use authsieve_engine::time::Timestamp;
use authsieve_suite::Suite;
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// 2026-06-01T00:00:00Z.
const RECEIVED: Timestamp = Timestamp(1_780_272_000_000_000);

/// The JSON records of all cases, one for each set of members.
static RECORDS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut files = Vec::new();
    find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../analytics"), &mut files);
    files.sort();
    let (mut records, mut known) = (Vec::new(), HashSet::new());
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(file).expect("a log")).into_owned();
        for line in text.lines() {
            if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(line) {
                let mut form = String::new();
                describe(&value, &mut form);
                if known.insert(form) {
                    records.push(value);
                }
            }
        }
    }
    records
});

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            find(&entry, files);
        } else if entry.file_stem().is_some_and(|stem| stem == "input") {
            files.push(entry);
        }
    }
}

/// The names of all members.
fn describe(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            *out += name;
            out.push('{');
            describe(value, out);
            out.push('}');
        }),
        Value::Array(items) => items.iter().for_each(|item| describe(item, out)),
        _ => {}
    }
}

/// Writes a value. `next` chooses the order of the members of each object.
fn write(value: &Value, next: &mut dyn FnMut(usize) -> usize, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push('{');
            while !members.is_empty() {
                let (name, value) = members.remove(next(members.len()));
                *out += &Value::from(name.as_str()).to_string();
                out.push(':');
                write(value, next, out);
                out.push_str(if members.is_empty() { "" } else { "," });
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write(item, next, out);
            }
            out.push(']');
        }
        other => *out += &other.to_string(),
    }
}

fn written(value: &Value, next: &mut dyn FnMut(usize) -> usize) -> String {
    let mut out = String::new();
    write(value, next, &mut out);
    out
}

fn seen(detector: &Detector<Suite>, record: &str) -> Vec<Seen> {
    detector.decode(record.as_bytes(), Reading::at(RECEIVED))
}

/// Compares three orders of a record's members: by name, backwards, and an order that `next` chooses.
fn compare(detector: &Detector<Suite>, value: &Value, next: &mut dyn FnMut(usize) -> usize) -> usize {
    let by_name = written(value, &mut |_| 0);
    let said = seen(detector, &by_name);
    for other in [written(value, &mut |left| left - 1), written(value, next)] {
        assert_eq!(seen(detector, &other), said, "{other}\nbut by name: {by_name}");
    }
    said.len()
}

#[test]
fn the_records_of_all_cases_say_the_same_in_any_order() {
    let detector = Detector::create("", 1).expect("the defaults");
    let mut state = 1u64;
    let mut next = |left: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % left
    };
    let mut events = 0;
    for value in RECORDS.iter() {
        for _ in 0..3 {
            events += compare(&detector, value, &mut next);
        }
    }
    assert!(RECORDS.len() > 50 && events > 200, "{} records, {events} events", RECORDS.len());
}
