//! Expected alerts, and the difference between them and the actual ones.

use authsieve_engine::alert::Alert;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// The fields that are written for an alert that was not expected before.
const USUAL: [&str; 5] = ["pattern", "time", "user", "src_ip", "matched"];

/// The most comparisons for aligning alerts. Beyond it they are paired by position.
const MAX_ALIGNED: usize = 4_000_000;

/// The expected alerts of a case, with the fields that matter.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected(Vec<Fields>);

/// The fields and values of an alert, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
struct Fields(Vec<(String, Value)>);

/// The difference between expected and actual alerts: a unified diff by fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The lines of the diff.
    pub lines: Vec<Line>,
}

/// A line of a diff, without a newline. Its JSON may come from an attacker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A heading for the lines below.
    Head(String),
    /// Expected and present.
    Same(String),
    /// Expected but not present.
    Expected(String),
    /// Present but not expected.
    Actual(String),
}

/// The numbers of an expected and an actual alert. `None` if one has no counterpart.
type Pair = (Option<usize>, Option<usize>);

impl Expected {
    /// Parses `expected.ndjson`.
    ///
    /// # Errors
    /// Fails with the number of the wrong line.
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

    /// The difference to `alerts`, if there is one.
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

    /// The content of `expected.ndjson` for these alerts. With `several` analytics, each alert names its own.
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

    /// Pairs expected and actual alerts. As many as possible agree, and both keep their order. Between two agreeing
    /// pairs, the rest is paired by position.
    fn align(&self, alerts: &[Value]) -> Vec<Pair> {
        let (rows, columns) = (self.0.len(), alerts.len());
        let agrees = |row, column| self.is_met((Some(row), Some(column)), alerts);
        // `best` holds how many can agree from each position on (longest common subsequence).
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
        // The output of `--update` must not depend on the features of `serde_json`.
        value.sort_all_objects();
        value
    };
    alerts.iter().map(value).collect()
}

/// A field of an alert. `null` if it is absent.
fn field<'a>(alert: &'a Value, name: &str) -> &'a Value {
    alert.get(name).unwrap_or(&Value::Null)
}

fn written(name: &str, value: &Value) -> String {
    if value.is_null() { format!("{name} is absent") } else { format!("{name} = {value}") }
}

/// The numbers of a pair, counted from 1.
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
