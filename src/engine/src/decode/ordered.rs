//! Tests that the order of a record's members has no effect, even if several members have the same meaning.

use super::implied::records;
use super::tests::quoted;
use super::{Reader, trial};
use crate::analytic::{Reads, Telemetry};
use proptest::prelude::*;
use serde_json::Value;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

struct Everything;

impl Reads for Everything {
    const TELEMETRY: Telemetry = Telemetry::ANY;
}

/// Random numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most.max(1)
    }
}

/// Another spelling of a name: other letters in upper case, words separate or joined.
fn respelled(name: &str, how: usize) -> String {
    match how {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => name.chars().filter(|letter| letter.is_alphanumeric()).collect(),
        3 => {
            let mut out = String::new();
            for letter in name.chars() {
                if letter.is_uppercase() && !out.is_empty() {
                    out.push('_');
                }
                out.extend(letter.to_lowercase());
            }
            out
        }
        _ => {
            let mut letters = name.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect()
        }
    }
}

/// Adds a rival to some members, with another spelling and value.
fn rival(value: &mut Value, random: &mut Random) {
    match value {
        Value::Object(members) => {
            for name in members.keys().cloned().collect::<Vec<_>>() {
                if let Some(inner) = members.get_mut(&name) {
                    rival(inner, random);
                }
                if random.below(3) == 0 {
                    let other = respelled(&name, random.below(5));
                    let old = members.get(&name).cloned().unwrap_or_default();
                    let value = match (&old, random.below(3)) {
                        (Value::String(text), 0) => Value::String(format!("{text}x")),
                        (Value::String(_), 1) => "198.51.100.77".into(),
                        (Value::Number(number), 0) => (number.as_i64().unwrap_or(0) + 1).into(),
                        (other, _) => other.clone(),
                    };
                    members.entry(other).or_insert(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rival(item, random)),
        _ => {}
    }
}

/// A value with the members of its objects in a random order.
fn written(value: &Value, random: &mut Random) -> String {
    match value {
        Value::Object(members) => {
            let mut left: Vec<_> = members.iter().collect();
            let mut parts = Vec::new();
            while !left.is_empty() {
                let (name, value) = left.swap_remove(random.below(left.len()));
                parts.push(format!("{}:{}", quoted(name), written(value, random)));
            }
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| written(item, random)).collect();
            format!("[{}]", items.join(","))
        }
        other => format!("{other}"),
    }
}

/// The events of a record for a reader of everything, dated or not.
fn said(record: &str) -> Vec<String> {
    let readers = vec![Reader { telemetry: Telemetry::ANY, extra_failure_codes: Vec::new() }];
    let mut decoder = trial::several::<Everything>("+00:00", readers);
    let mut events = Vec::new();
    let _ = decoder.decode(record.as_bytes(), &mut |decoded| {
        let mut when = decoded.when;
        // This field is only shown to people.
        when.unread = &[];
        events.push(format!("{when:?} {:?}", decoded.event));
    });
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]
    #[test]
    fn the_order_of_members_decides_nothing(
        which in any::<proptest::sample::Index>(), rivals: u64, one: u64, other: u64,
    ) {
        let records = records();
        let mut value: Value = serde_json::from_str(which.get(records.as_slice()).as_str()).unwrap();
        rival(&mut value, &mut Random(rivals));
        let (one, other) = (written(&value, &mut Random(one)), written(&value, &mut Random(other)));
        prop_assert_eq!(said(&one), said(&other), "{}\n{}", one, other);
    }
}
