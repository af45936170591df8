//! Configurations as people write them: TOML or JSON files and `key=value`, into the JSON of the contract.
//!
//! With one analytic the options stand at the top; with several, each analytic has a table of its own:
//!
//! ```toml
//! [an1276]
//! min_failures = 8
//! ```
//!
//! What the options are is the analytic's business: it names what it does not like.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::path::Path;

/// Options as they were written.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What errors call the place they come from.
    source: String,
    file: Map<String, Value>,
    /// `--set`, in order.
    assignments: Vec<(String, Value)>,
    /// Options of every analytic, which go before all others.
    forced: Vec<(String, Value)>,
}

/// Why there is no configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file cannot be read.
    Unreadable(String),
    /// It can, but does not say what is allowed.
    Invalid(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(text) | Self::Invalid(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

impl Config {
    /// Reads a file (TOML, or JSON if it begins with a brace) and `key=value` pairs that go before it.
    ///
    /// # Errors
    /// Syntax errors name file, line and column.
    pub fn read(file: Option<&Path>, assignments: &[String]) -> Result<Self, Error> {
        let mut config = Self::default();
        if let Some(path) = file {
            config.source = format!("{}: ", path.display());
            let bytes =
                std::fs::read(path).map_err(|e| Error::Unreadable(format!("{}{e}", config.source)))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| Error::Invalid(format!("{}not text in UTF-8", config.source)))?;
            config.file = parse(&text).map_err(|why| Error::Invalid(format!("{}{why}", config.source)))?;
        }
        for assignment in assignments {
            let Some((key, value)) = assignment.split_once('=').filter(|(key, _)| !key.trim().is_empty())
            else {
                return Err(Error::Invalid(format!(
                    "--set {assignment}: expected key=value, as in min_failures=8"
                )));
            };
            config.assignments.push((key.trim().to_owned(), value_of(value.trim())));
        }
        Ok(config)
    }

    /// Sets an option of every analytic, whatever else is said about it.
    pub fn force(&mut self, option: &str, value: impl Into<Value>) {
        self.forced.push((option.to_owned(), value.into()));
    }

    /// The configuration of each of `analytics` as JSON; empty for the defaults.
    ///
    /// `known` are the ids that may head a table, whether they run or not. With `one`, the options may also stand
    /// at the top.
    ///
    /// # Errors
    /// For whatever stands where no analytic sees it.
    pub fn split(&self, analytics: &[&str], known: &[&str], one: bool) -> Result<Vec<String>, Error> {
        let is_known = |key: &str| known.iter().any(|id| id.eq_ignore_ascii_case(key));
        let mut tables: Vec<Map<String, Value>> = vec![Map::new(); analytics.len()];
        // A file with nothing but tables of analytics is one for several, which may serve for one as well.
        let flat = one && !(self.file.iter().all(|(key, value)| is_known(key) && value.is_object()));
        if let (true, Some(table)) = (flat, tables.first_mut()) {
            table.clone_from(&self.file);
        } else {
            for (key, value) in &self.file {
                let Value::Object(options) = value else { return Err(self.misplaced(key, known)) };
                if !is_known(key) {
                    return Err(self.unknown(key, known));
                }
                for (table, _) in
                    tables.iter_mut().zip(analytics).filter(|(_, id)| id.eq_ignore_ascii_case(key))
                {
                    table.extend(options.clone());
                }
            }
        }
        for (key, value) in &self.assignments {
            let path: Vec<&str> = key.split('.').map(str::trim).collect();
            let (head, rest) = path.split_first().unwrap_or((&"", &[]));
            if is_known(head) && !rest.is_empty() {
                if !analytics.iter().any(|id| id.eq_ignore_ascii_case(head)) {
                    return Err(Error::Invalid(format!(
                        "--set {key}: {head} does not run; -a chooses what does"
                    )));
                }
                for (table, _) in
                    tables.iter_mut().zip(analytics).filter(|(_, id)| id.eq_ignore_ascii_case(head))
                {
                    assign(table, rest, value);
                }
            } else if let (true, Some(table)) = (one, tables.first_mut()) {
                assign(table, &path, value);
            } else {
                let example = known.first().unwrap_or(&"an1276");
                return Err(Error::Invalid(format!(
                    "--set {key}: with several analytics, say whose option it is, as in {example}.{key}=…, or choose \
                     one with -a"
                )));
            }
        }
        for (option, value) in &self.forced {
            tables.iter_mut().for_each(|table| assign(table, &[option], value));
        }
        let text = |table: Map<String, Value>| {
            if table.is_empty() { String::new() } else { Value::Object(table).to_string() }
        };
        Ok(tables.into_iter().map(text).collect())
    }

    /// A table that belongs to nobody: a misspelt name, or an option such as `[families]` outside of its analytic.
    fn unknown(&self, key: &str, known: &[&str]) -> Error {
        Error::Invalid(format!(
            "{}[{key}]: no analytic is called `{key}`; with several analytics, there is a table for each ({}), and \
             tables of options stand within it, as in [{}.{key}]",
            self.source,
            listed(known),
            known.first().unwrap_or(&"an1276"),
        ))
    }

    fn misplaced(&self, key: &str, known: &[&str]) -> Error {
        let example = known.first().unwrap_or(&"an1276");
        let list = listed(known);
        Error::Invalid(format!(
            "{}`{key}` stands outside of a table; with several analytics, options stand in a table of their analytic \
             ({list}): write [{example}] above it, or choose one analytic with -a",
            self.source
        ))
    }
}

/// The heads of tables, each once.
fn listed(known: &[&str]) -> String {
    let mut list: Vec<String> = Vec::new();
    for id in known {
        let head = format!("[{}]", id.to_ascii_lowercase());
        if !list.contains(&head) {
            list.push(head);
        }
    }
    list.join(", ")
}

/// Sets the option at `path` in nested tables; what is in the way gives way.
fn assign(table: &mut Map<String, Value>, path: &[&str], value: &Value) {
    match path {
        [] => {}
        [last] => {
            table.insert((*last).to_owned(), value.clone());
        }
        [first, rest @ ..] => {
            let inner = table.entry(*first).or_insert(Value::Null);
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                assign(inner, rest, value);
            }
        }
    }
}

fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let text = text.trim_start_matches('\u{FEFF}');
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(Strict(Value::Object(options))) => Ok(options),
            Ok(_) => Err("expected a JSON object".into()),
            Err(error) => Err(error.to_string()),
        };
    }
    match text.parse::<toml::Table>() {
        Ok(table) => Ok(table.into_iter().map(|(key, value)| (key, json(value))).collect()),
        Err(error) => Err(error.to_string().trim_end().to_owned()),
    }
}

/// JSON in which no object has a key twice: which of the two is meant cannot be known. (TOML forbids it by itself.)
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
                Ok(yes.into())
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(number.into())
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(number.into())
            }

            fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
                Ok(number.into())
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(text.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(Strict(value)) = list.next_element()? {
                    values.push(value);
                }
                Ok(values.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut table = Map::new();
                while let Some((key, Strict(value))) = map.next_entry::<String, Strict>()? {
                    if table.contains_key(&key) {
                        return Err(A::Error::custom(format_args!("`{key}` stands there twice")));
                    }
                    table.insert(key, value);
                }
                Ok(table.into())
            }
        }
        input.deserialize_any(Any).map(Self)
    }
}

/// A value on the command line: TOML where it is that, otherwise text.
fn value_of(text: &str) -> Value {
    let table = format!("value = {text}").parse::<toml::Table>().ok();
    let only = table.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value"));
    only.map_or_else(|| Value::String(text.to_owned()), json)
}

/// Dates become text, as an option would write them.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        // JSON knows no infinity; as text it is refused with its name.
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map_or_else(|| Value::String(number.to_string()), Value::Number),
        toml::Value::Boolean(yes) => yes.into(),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(list) => list.into_iter().map(json).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests;
