//! What is expected of alerts, and how alerts differ from it.

use authsieve_engine::alert::Alert;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// What is written down of an alert that nobody expected yet.
const USUAL: [&str; 5] = ["pattern", "time", "user", "src_ip", "matched"];

/// Up to so many comparisons, alerts are aligned with what is expected; beyond, the first goes with the first.
const MAX_ALIGNED: usize = 4_000_000;

/// The alerts of a case, as far as they are told.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected(Vec<Fields>);

/// Fields and their values, in the order in which they were written.
#[derive(Clone, Debug, PartialEq)]
struct Fields(Vec<(String, Value)>);

/// How alerts differ from what is expected: a unified diff, field by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a difference, without its newline. What stands in it is JSON, which an attacker may have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// What the lines below are about.
    Head(String),
    /// As it is expected, and is.
    Same(String),
    /// Expected, but not there.
    Expected(String),
    /// There, but not expected.
    Actual(String),
}

/// An expected alert, an actual one, or both, by number.
type Pair = (Option<usize>, Option<usize>);

impl Expected {
    /// Reads `expected.ndjson`.
    ///
    /// # Errors
    /// With the number of the line.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut alerts = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let number = index + 1;
            let fields: Fields = serde_json::from_str(line).map_err(|error| format!("{number}: {error}"))?;
            if let Some((name, _)) = fields.0.iter().find(|(name, _)| !Alert::FIELDS.contains(&name.as_str()))
            {
                return Err(format!(
                    "{number}: `{name}` is no field of an alert; there are: {}",
                    Alert::FIELDS.join(", ")
                ));
            }
            alerts.push(fields);
        }
        Ok(Self(alerts))
    }

    /// How `alerts` differ from this, if they do.
    pub(super) fn difference(&self, alerts: &[Alert]) -> Option<Difference> {
        let alerts = values(alerts);
        let pairs = self.align(&alerts);
        if pairs.iter().all(|pair| self.is_met(*pair, &alerts)) {
            return None;
        }
        let mut lines = Vec::new();
        for pair in pairs {
            let wanted = pair.0.and_then(|at| self.0.get(at));
            let got = pair.1.and_then(|at| alerts.get(at));
            match (wanted, got) {
                (Some(_), Some(_)) if self.is_met(pair, &alerts) => {}
                (Some(wanted), Some(got)) => {
                    lines.push(Line::Head(format!("alert {}", numbers(pair))));
                    for (name, value) in &wanted.0 {
                        let is = field(got, name);
                        if value == is {
                            lines.push(Line::Same(written(name, value)));
                        } else {
                            lines.push(Line::Expected(written(name, value)));
                            lines.push(Line::Actual(written(name, is)));
                        }
                    }
                }
                (Some(wanted), None) => {
                    lines.push(Line::Head(format!("alert {} is missing", numbers(pair))));
                    lines.extend(wanted.0.iter().map(|(name, value)| Line::Expected(written(name, value))));
                }
                (None, Some(got)) => {
                    lines.push(Line::Head(format!("alert {} was not expected", numbers(pair))));
                    let shown = ["analytic"].iter().chain(&USUAL).filter(|name| !field(got, name).is_null());
                    lines.extend(shown.map(|name| Line::Actual(written(name, field(got, name)))));
                }
                (None, None) => {}
            }
        }
        Some(Difference { lines })
    }

    /// `expected.ndjson` as `alerts` would have it. Of several analytics' alerts it is said whose they are.
    pub(super) fn updated(&self, alerts: &[Alert], several: bool) -> String {
        let alerts = values(alerts);
        let mut text = String::new();
        for (wanted, got) in self.align(&alerts) {
            let Some(got) = got.and_then(|at| alerts.get(at)) else { continue };
            let names: Vec<&str> = match wanted.and_then(|at| self.0.get(at)) {
                Some(wanted) => wanted.0.iter().map(|(name, _)| name.as_str()).collect(),
                None => several.then_some("analytic").into_iter().chain(USUAL).collect(),
            };
            let fields: Vec<String> =
                names.iter().map(|name| format!("{}:{}", Value::from(*name), field(got, name))).collect();
            text += &format!("{{{}}}\n", fields.join(","));
        }
        text
    }

    fn is_met(&self, pair: Pair, alerts: &[Value]) -> bool {
        let (Some(wanted), Some(got)) =
            (pair.0.and_then(|at| self.0.get(at)), pair.1.and_then(|at| alerts.get(at)))
        else {
            return false;
        };
        wanted.0.iter().all(|(name, value)| field(got, name) == value)
    }

    /// Pairs of what is expected and what is, such that as many as possible agree and the order of both is kept.
    /// What stands between two that agree is paired by its order.
    fn align(&self, alerts: &[Value]) -> Vec<Pair> {
        let (rows, columns) = (self.0.len(), alerts.len());
        let agrees = |row, column| self.is_met((Some(row), Some(column)), alerts);
        // How many can agree from there on (longest common subsequence).
        let width = columns + 1;
        let mut best = vec![0u32; if rows * columns <= MAX_ALIGNED { (rows + 1) * width } else { 0 }];
        let at = |best: &[u32], row: usize, column: usize| {
            best.get(row * width + column).copied().unwrap_or_default()
        };
        if !best.is_empty() {
            for row in (0..rows).rev() {
                for column in (0..columns).rev() {
                    let value = if agrees(row, column) {
                        at(&best, row + 1, column + 1) + 1
                    } else {
                        at(&best, row + 1, column).max(at(&best, row, column + 1))
                    };
                    if let Some(cell) = best.get_mut(row * width + column) {
                        *cell = value;
                    }
                }
            }
        }
        let mut pairs = Vec::new();
        let (mut row, mut column) = (0, 0);
        let (mut missing, mut surplus) = (Vec::new(), Vec::new());
        while row < rows && column < columns {
            if agrees(row, column) {
                pair_up(&mut missing, &mut surplus, &mut pairs);
                pairs.push((Some(row), Some(column)));
                (row, column) = (row + 1, column + 1);
            } else if best.is_empty() {
                pairs.push((Some(row), Some(column)));
                (row, column) = (row + 1, column + 1);
            } else if at(&best, row + 1, column) >= at(&best, row, column + 1) {
                missing.push(row);
                row += 1;
            } else {
                surplus.push(column);
                column += 1;
            }
        }
        missing.extend(row..rows);
        surplus.extend(column..columns);
        pair_up(&mut missing, &mut surplus, &mut pairs);
        pairs
    }
}

fn pair_up(missing: &mut Vec<usize>, surplus: &mut Vec<usize>, pairs: &mut Vec<Pair>) {
    for at in 0..missing.len().max(surplus.len()) {
        pairs.push((missing.get(at).copied(), surplus.get(at).copied()));
    }
    missing.clear();
    surplus.clear();
}

fn values(alerts: &[Alert]) -> Vec<Value> {
    let value = |alert| {
        let mut value = serde_json::to_value(alert).unwrap_or_default();
        // The output of `--update` does not depend on the features of `serde_json`.
        value.sort_all_objects();
        value
    };
    alerts.iter().map(value).collect()
}

/// A field of an alert; `null` for one that is absent.
fn field<'a>(alert: &'a Value, name: &str) -> &'a Value {
    alert.get(name).unwrap_or(&Value::Null)
}

fn written(name: &str, value: &Value) -> String {
    if value.is_null() { format!("{name} is absent") } else { format!("{name} = {value}") }
}

/// The numbers of a pair, from 1.
fn numbers(pair: Pair) -> String {
    match pair {
        (Some(wanted), Some(got)) if wanted != got => format!("{} (comes as {})", wanted + 1, got + 1),
        (Some(at), _) | (None, Some(at)) => (at + 1).to_string(),
        (None, None) => String::new(),
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(text) => write!(f, "@@ {text} @@"),
            Self::Same(text) => write!(f, "  {text}"),
            Self::Expected(text) => write!(f, "- {text}"),
            Self::Actual(text) => write!(f, "+ {text}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields: Vec<(String, Value)> = Vec::new();
                while let Some((name, value)) = map.next_entry()? {
                    if fields.iter().any(|(known, _)| *known == name) {
                        return Err(serde::de::Error::custom(format_args!("`{name}` stands there twice")));
                    }
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        input.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests;
