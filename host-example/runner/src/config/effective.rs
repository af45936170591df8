//! The effective configuration: all options that are set, and the defaults of the others, in the one layout.

use super::tree::{Content, Node};
use super::{Audience, CONDITIONS, Config};
use authsieve_engine::config::{Common, Settings as _};
use serde_json::{Map, Value};
use std::fmt::Write;

/// An option and its value.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    value: Value,
    /// True if the value is the default.
    default: bool,
}

/// The effective configuration of analytics.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The options that all analytics share.
    shared: Vec<Line>,
    overrides: Vec<Value>,
    sections: Vec<Section>,
}

/// The options of one analytic.
#[derive(Clone, Debug)]
struct Section {
    id: String,
    lines: Vec<Line>,
    overrides: Vec<Value>,
}

impl Effective {
    /// The effective configuration of analytics, given their ids and JSON Schemas.
    #[must_use]
    pub fn of(config: &Config, schemas: &[(String, Value)], audience: Audience<'_>) -> Self {
        let whole = config.tree(audience);
        let flat = config.is_flat(audience);
        let shared = Common::FIELDS.iter().map(|field| {
            let set = whole.get(field.name).map(Node::json);
            let default = set.is_none();
            let value = set.unwrap_or_else(|| serde_json::from_str(field.default).unwrap_or_default());
            Line { name: field.name.into(), value, default }
        });
        let section = |(id, schema): &(String, Value)| {
            let own = whole.members().iter().find(|member| member.name.eq_ignore_ascii_case(id));
            let own = own.map(|member| &member.node).or(flat.then_some(&whole));
            let nothing = Map::new();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
            let mut lines = Vec::new();
            for (name, property) in properties.iter().filter(|(name, _)| *name != "override") {
                let is_shared = Common::FIELDS.iter().any(|field| field.name == name);
                if property.get("$ref").is_some() || (is_shared && flat) {
                    continue;
                }
                let reference = format!("#/properties/{name}");
                let refers = |other: &Value| other.get("$ref").is_some_and(|to| *to == reference);
                let names = properties.iter().filter(|(alias, other)| *alias == name || refers(other));
                let set = names.filter_map(|(alias, _)| own?.get(alias)).next().map(Node::json);
                let (default, usual) = (set.is_none(), property.get("default").cloned());
                if !(is_shared && default) {
                    let value = set.or(usual).unwrap_or_default();
                    lines.push(Line { name: name.clone(), value, default });
                }
            }
            lines.sort_by(|one, other| one.name.cmp(&other.name));
            let overrides = own.filter(|_| !flat).map(overrides).unwrap_or_default();
            Section { id: id.clone(), lines, overrides }
        };
        Self {
            shared: shared.collect(),
            overrides: overrides(&whole),
            sections: schemas.iter().map(section).collect(),
        }
    }

    /// Removes the options with default values.
    #[must_use]
    pub fn without_defaults(mut self) -> Self {
        self.shared.retain(|line| !line.default);
        for section in &mut self.sections {
            section.lines.retain(|line| !line.default);
        }
        self
    }

    /// The configuration as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let members = |lines: &[Line], overrides: &[Value]| {
            let mut members: Map<String, Value> =
                lines.iter().map(|line| (line.name.clone(), line.value.clone())).collect();
            if !overrides.is_empty() {
                members.insert("override".into(), overrides.to_vec().into());
            }
            members
        };
        let mut whole = members(&self.shared, &self.overrides);
        whole.insert("analytics".into(), self.sections.iter().map(|section| &*section.id).collect());
        for section in &self.sections {
            whole.insert(section.id.clone(), members(&section.lines, &section.overrides).into());
        }
        whole.into()
    }

    /// The configuration as TOML, with the defaults as comments.
    #[must_use]
    pub fn toml(&self) -> String {
        let mut out = String::new();
        let ids: Value = self.sections.iter().map(|section| &*section.id).collect();
        let _ = writeln!(out, "analytics = {}", written(&ids));
        write_lines(&self.shared, &mut out);
        for section in &self.sections {
            let _ = writeln!(out, "\n[{}]", key(&section.id));
            write_lines(&section.lines, &mut out);
            write_overrides(&format!("{}.override", key(&section.id)), &section.overrides, &mut out);
        }
        write_overrides("override", &self.overrides, &mut out);
        out
    }
}

fn overrides(node: &Node) -> Vec<Value> {
    match node.get("override").map(|node| &node.content) {
        Some(Content::List(list)) => list.iter().map(Node::json).collect(),
        _ => Vec::new(),
    }
}

fn write_lines(lines: &[Line], out: &mut String) {
    for Line { name, value, default } in lines {
        let mark = if *default { "# " } else { "" };
        let _ = writeln!(out, "{mark}{} = {}", key(name), written(value));
    }
}

/// Writes overrides as TOML, with the conditions first.
fn write_overrides(head: &str, overrides: &[Value], out: &mut String) {
    for one in overrides {
        let _ = writeln!(out, "\n[[{head}]]");
        let members: Vec<_> = one.as_object().into_iter().flatten().collect();
        let is_condition = |name: &str| CONDITIONS.iter().take(3).any(|condition| *condition == name);
        let (first, then): (Vec<_>, Vec<_>) = members.into_iter().partition(|(name, _)| is_condition(name));
        for (name, value) in first.into_iter().chain(then) {
            let _ = writeln!(out, "{} = {}", key(name), written(value));
        }
    }
}

/// A value as TOML on one line.
fn written(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    toml::Value::try_from(&value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

fn key(name: &str) -> String {
    let bare =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if bare { name.to_owned() } else { written(&name.into()) }
}
