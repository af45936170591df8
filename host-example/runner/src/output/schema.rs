//! The JSON Schemas of an alert and of an event, made from the contract. The names, types and words in
//! `wit/authsieve.wit` are those of the JSON.

use authsieve_host::WIT;
use serde_json::{Map, Value, json};

/// The promise of stability, which each schema contains.
const PROMISE: &str = "Within a major version, members are added and never removed or renamed, their types and units \
    stay, and lists of words may grow. So a reader ignores members and words that it does not know.";

/// The schema of an alert, as `run` and the sinks of `serve` write it with the format `json`.
#[must_use]
pub fn alert() -> Value {
    let mut members = members("alert", &[]);
    let line = json!({
        "description": "The line, or the number of the record in its file.", "type": "integer", "minimum": 1,
    });
    let place = json!({ "file": { "type": "string" }, "line": line });
    let origin = json!({
        "description": "The places of the record that raised the alert and of its evidence. Absent where the \
            numbers of the records are unknown.",
        "type": "object",
        "properties": {
            "file": { "type": "string", "description": "The file, or the source of a service." },
            "line": line,
            "evidence": {
                "description": "One place for each piece of evidence, in order; null where it is unknown.",
                "type": "array",
                "items": { "type": ["object", "null"], "properties": place },
            },
        },
    });
    members.properties.insert("origin".into(), origin);
    let added = [
        ("silenced", "The silence that holds for the alert: its `name` and its `reason`."),
        (
            "disposition",
            "The disposition that `mark` gave to the alert: `is` (true, false, benign) and `note`.",
        ),
        ("enrichment", "By address: `country`, `city`, `asn` and `as_org`, from the databases of `--geoip`."),
    ];
    for (name, description) in added {
        members.properties.insert(name.into(), json!({ "description": description, "type": "object" }));
    }
    members.schema("authsieve: an alert", "An alert, one JSON object per line.")
}

/// The schema of an event, as `decode` writes it.
#[must_use]
pub fn event() -> Value {
    let mut members = members("event", &["record", "analytics"]);
    // A record without an event has a line, and null as its outcome.
    members.required = vec!["line".into(), "outcome".into()];
    if let Some(values) = members.properties.get_mut("outcome").and_then(|outcome| outcome.get_mut("enum")) {
        values.as_array_mut().into_iter().for_each(|values| values.push(Value::Null));
    }
    let line = json!({
        "description": "The line, or the number of the record in its file.", "type": "integer", "minimum": 1,
    });
    let file = json!({ "type": "string", "description": "The file. Absent where there is one." });
    members.properties.insert("line".into(), line);
    members.properties.insert("file".into(), file);
    members.schema(
        "authsieve: an event",
        "An event, one JSON object per line. `access` is absent for `remote`, and a truth value is absent for false. \
         `outcome` is null for a record without an event; then no other member follows.",
    )
}

/// The members of a JSON object.
#[derive(Default)]
struct Members {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Members {
    fn schema(self, title: &str, description: &str) -> Value {
        let mut schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "description": format!("{description} {PROMISE}"),
            "type": "object",
            "properties": self.properties,
            "required": self.required,
        });
        // The order of members otherwise depends on the features of the JSON library.
        schema.sort_all_objects();
        schema
    }
}

/// The fields of a record of the contract, spelled as in JSON, without those in `but`.
fn members(record: &str, but: &[&str]) -> Members {
    let mut members = Members::default();
    for item in items("record", record) {
        let Some((name, kind)) = item.code.split_once(": ") else { continue };
        let name = name.trim_start_matches('%').replace('-', "_");
        if but.contains(&&*name) {
            continue;
        }
        let (mut schema, is_required) = of(kind);
        if let Some(object) = schema.as_object_mut() {
            object.insert("description".into(), item.words.into());
        }
        if is_required {
            members.required.push(name.clone());
        }
        members.properties.insert(name, schema);
    }
    members
}

/// The schema of a type of the contract, and whether the member is always there: what is absent, empty or false is not.
fn of(kind: &str) -> (Value, bool) {
    let inner = |outer: &str| kind.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>');
    if let Some(kind) = inner("option") {
        return (of(kind).0, false);
    }
    match (inner("list"), kind) {
        // Each code is a member, with its count.
        (Some("tally"), _) => (json!({ "type": "object", "additionalProperties": of("u32").0 }), false),
        (Some(kind), _) => (json!({ "type": "array", "items": of(kind).0 }), false),
        (_, "string") => (json!({ "type": "string" }), true),
        (_, "timestamp") => (json!({ "type": "string", "format": "date-time" }), true),
        (_, "u32") => (json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }), true),
        (_, "u64") => (json!({ "type": "integer", "minimum": 0 }), true),
        (_, "bool") => (json!({ "type": "boolean" }), false),
        (_, "severity" | "outcome") => {
            let words: Vec<String> = items("enum", kind).into_iter().map(|item| item.code).collect();
            (json!({ "enum": words }), true)
        }
        _ => {
            let Members { properties, required } = members(kind, &[]);
            (json!({ "type": "object", "properties": properties, "required": required }), true)
        }
    }
}

/// One line of a record or an enumeration, and the words above it.
struct Item {
    code: String,
    words: String,
}

/// The lines of the block that begins with `keyword name {`.
fn items(keyword: &str, name: &str) -> Vec<Item> {
    let head = format!("{keyword} {name} {{");
    let mut found = Vec::new();
    let mut words = String::new();
    for line in
        WIT.lines().map(str::trim).skip_while(|line| *line != head).skip(1).take_while(|line| *line != "}")
    {
        if let Some(text) = line.strip_prefix("/// ") {
            words += if words.is_empty() { "" } else { " " };
            words += text;
        } else if let Some(code) = line.strip_suffix(',') {
            found.push(Item { code: code.to_owned(), words: std::mem::take(&mut words) });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::Alert;
    use authsieve_engine::event::Event;

    fn names(schema: &Value) -> Vec<&str> {
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_field_is_a_member_and_has_words() {
        let (alert, event) = (alert(), event());
        assert_eq!(
            sorted(names(&alert).into_iter()),
            sorted(Alert::FIELDS.iter().copied().chain(["origin", "silenced", "disposition", "enrichment"]))
        );
        assert_eq!(
            sorted(names(&event).into_iter()),
            sorted(Event::FIELDS.iter().copied().chain(["file", "line"]))
        );
        for schema in [&alert, &event] {
            for (name, member) in schema["properties"].as_object().unwrap() {
                assert!(member["description"].as_str().is_some_and(|text| text.len() > 8), "{name}");
            }
        }
    }

    #[test]
    fn types_are_those_of_the_json() {
        let alert = alert();
        let of = |name: &str| &alert["properties"][name];
        assert_eq!(of("time")["format"], "date-time");
        assert_eq!(of("severity")["enum"], json!(["informational", "low", "medium", "high", "critical"]));
        assert_eq!(of("reasons")["additionalProperties"]["type"], "integer");
        assert_eq!(of("evidence")["items"]["properties"]["text"]["type"], "string");
        let required: Vec<&str> =
            alert["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(required.contains(&"id") && !required.contains(&"user") && !required.contains(&"users"));
    }
}
