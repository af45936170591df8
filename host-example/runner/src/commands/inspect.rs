//! `authsieve inspect`: shows what an analytic is, what it needs and how it can be configured.

use crate::arguments::{Bounds, Choice, Stop};
use crate::bake::{self, Baked};
use crate::output::escape;
use crate::output::look::Look;
use crate::output::paint::{Paint, When};
use crate::selection::{Chosen, Error, Selection, load};
use authsieve_host::contract::Descriptor;
use authsieve_host::{CallError, Engine, is_module};
use clap::Args;
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// The arguments of `inspect`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Analytics by id, as for -a.
    #[arg(value_name = "ID", value_delimiter = ',')]
    ids: Vec<String>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    bounds: Bounds,
    /// Print one JSON object per analytic, with the JSON Schema of its configuration.
    #[arg(long)]
    json: bool,
}

/// The description of a component, or of the Fluent Bit filter of the same analytic.
struct Portrait {
    origin: String,
    form: &'static str,
    bytes: usize,
    /// The baked configuration, if there is one.
    baked: Option<Baked>,
    descriptor: Descriptor,
    exports: Vec<(String, Vec<String>)>,
    needles: Vec<String>,
    schema: Value,
}

/// Runs the command.
///
/// # Errors
/// Fails if a component cannot be loaded or does not answer, or if standard output cannot be written to.
pub fn run(arguments: &Arguments, color: When) -> Result<ExitCode, Stop> {
    let engine = arguments.bounds.engine()?;
    let terminal = io::stdout().is_terminal();
    let mut out = io::stdout().lock();
    for chosen in arguments.choice.and(&arguments.ids).choose()? {
        let portrait = portray(&engine, chosen)?;
        if arguments.json {
            let json = portrait.json().to_string();
            writeln!(out, "{}", escape::line(&json, terminal))?;
        } else {
            portrait.write(&mut out, color.paint(terminal))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn portray(engine: &Engine, chosen: Chosen) -> Result<Portrait, Error> {
    let origin = if chosen.builtin.is_some() { "built in".to_owned() } else { chosen.name.clone() };
    let bytes = chosen.wasm.len();
    let baked = bake::read(&chosen.wasm);
    if !is_module(&chosen.wasm) {
        return Ok(Portrait { origin, bytes, baked: baked.ok(), ..portray_component(engine, chosen)? });
    }
    // A filter describes little itself, so the component of the same analytic is used.
    let baked = baked.map_err(|error| Error::Failure(format!("{origin}: {error}")))?;
    let exports =
        bake::filter_exports(&chosen.wasm).map_err(|error| Error::Failure(format!("{origin}: {error}")))?;
    let mut same = Selection { ids: vec![baked.id.clone()], ..Selection::default() }.choose()?;
    let component = same.pop().ok_or_else(|| Error::Failure(format!("{origin}: no analytic")))?;
    let mut portrait = portray_component(engine, component)?;
    portrait.descriptor.version.clone_from(&baked.version);
    let exports = vec![("Fluent Bit's filter_wasm".to_owned(), exports)];
    Ok(Portrait { origin, form: "filter for Fluent Bit", bytes, baked: Some(baked), exports, ..portrait })
}

fn portray_component(engine: &Engine, chosen: Chosen) -> Result<Portrait, Error> {
    let name = chosen.name.clone();
    let analytic =
        load(engine, vec![chosen])?.pop().ok_or_else(|| Error::Failure(format!("{name}: not loaded")))?;
    let failed = |error: CallError| Error::Failure(format!("{}: {error}", analytic.name()));
    let descriptor = analytic.describe().map_err(failed)?.into_iter().next();
    let descriptor = descriptor.ok_or_else(|| Error::Failure(format!("{name}: it describes no analytic")))?;
    // An analytic may have no valid defaults. Then its needles cannot be shown.
    let needles = match analytic.create("", 0) {
        Ok(mut detector) => detector.needles().map_err(failed)?,
        Err(_) => Vec::new(),
    };
    let schema = serde_json::from_str(&descriptor.config_schema).unwrap_or(Value::Null);
    let (origin, form, exports) = (String::new(), "component", analytic.exports());
    Ok(Portrait { origin, form, bytes: 0, baked: None, descriptor, exports, needles, schema })
}

impl Portrait {
    fn json(&self) -> Value {
        let about = &self.descriptor;
        json!({
            "id": about.id,
            "name": about.name,
            "version": about.version,
            "description": about.description,
            "form": self.form,
            "origin": self.origin,
            "bytes": self.bytes,
            "imports": [],
            "exports": self.exports.iter().map(|(name, functions)| json!({ "name": name, "functions": functions }))
                .collect::<Vec<_>>(),
            "techniques": about.techniques,
            "telemetry": about.telemetry,
            "false_positives": about.false_positives,
            "response": about.response,
            "sources": about.sources.iter().map(|source| json!({ "provider": source.provider, "codes": source.codes }))
                .collect::<Vec<_>>(),
            "needs": about.needs.iter().map(|need| json!({
                "name": need.name,
                "outcomes": need.outcomes.iter().map(|outcome| outcome.word()).collect::<Vec<_>>(),
                "fields": need.fields,
                "loses": need.loses,
            })).collect::<Vec<_>>(),
            "collect": about.collect,
            "needles": self.needles,
            "baked": self.baked.as_ref().map(|baked| {
                json!({ "config": serde_json::from_str(&baked.config).unwrap_or(Value::Null), "key": baked.key })
            }),
            "config_schema": self.schema,
        })
    }

    fn write(&self, out: &mut impl Write, paint: Paint) -> io::Result<()> {
        let about = &self.descriptor;
        let (id, name) = (escape::text(&about.id), escape::text(&about.name));
        writeln!(out, "{}  {}  {}", paint.bold(id), paint.bold(name), escape::text(&about.version))?;
        wrapped(out, &about.description, 2)?;
        writeln!(out)?;
        let mut field = |name: &str, value: &str| {
            if value.is_empty() {
                return Ok(());
            }
            write!(out, "  {}", paint.dim(format_args!("{name:<16}")))?;
            wrapped_after(out, value, 18)
        };
        field(
            if self.form == "component" { "component" } else { "filter" },
            &format!("{}, {} bytes", self.origin, self.bytes),
        )?;
        if let Some(baked) = &self.baked {
            let config = if baked.config.is_empty() { "nothing: the defaults" } else { &baked.config };
            field("baked in", config)?;
            if self.form != "component" {
                field("alerts under", &baked.key)?;
            }
        }
        field("imports", "none")?;
        for (name, functions) in &self.exports {
            let functions: Vec<&str> = functions.iter().map(|f| f.rsplit('.').next().unwrap_or(f)).collect();
            let list =
                if functions.is_empty() { String::new() } else { format!(": {}", functions.join(", ")) };
            field("exports", &format!("{name}{list}"))?;
        }
        field("ATT&CK", &about.techniques.join(", "))?;
        field("telemetry", &about.telemetry.join("; "))?;
        let needs: Vec<&str> = about.needs.iter().map(|need| need.name.as_str()).collect();
        field("needs", &needs.join("; "))?;
        let needles =
            if self.needles.is_empty() { "none: it sees every record".into() } else { quoted(&self.needles) };
        field("needles", &needles)?;
        field("false positives", &about.false_positives.join("; "))?;
        field("response", &about.response.join("; "))?;
        let Some(options) = self.schema.get("properties").and_then(Value::as_object) else {
            return writeln!(out);
        };
        writeln!(out, "\n  {}", paint.bold("Options"))?;
        for (name, schema) in options.iter().filter(|(_, schema)| refers_to(schema).is_none()) {
            write!(out, "    {}", paint.bold(escape::text(name)))?;
            let aliases: Vec<&str> = options
                .iter()
                .filter(|(_, schema)| refers_to(schema) == Some(name))
                .map(|(alias, _)| alias.as_str())
                .collect();
            if !aliases.is_empty() {
                write!(out, " (or {})", escape::text(&aliases.join(", ")))?;
            }
            write!(out, "  {}", escape::text(&kind(schema)))?;
            if let Some(default) = schema.get("default") {
                write!(out, " {} {}", paint.dim("="), escape::text(&default.to_string()))?;
            }
            writeln!(out)?;
            wrapped(out, schema.get("description").and_then(Value::as_str).unwrap_or_default(), 8)?;
            let inner = schema.pointer("/items/properties").or_else(|| schema.get("properties"));
            for (name, schema) in inner.and_then(Value::as_object).into_iter().flatten() {
                let doc = schema.get("description").and_then(Value::as_str).unwrap_or_default();
                wrapped(out, &format!("{name}  {}  {doc}", kind(schema)), 10)?;
            }
        }
        writeln!(out)
    }
}

/// The option of which this one is another spelling.
fn refers_to(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/properties/")
}

/// The values of an option, in words.
fn kind(schema: &Value) -> String {
    // A text with a special format is named after its meaning.
    let pattern = schema.get("pattern").and_then(Value::as_str).unwrap_or_default();
    if pattern.contains("(us|ms|s|m|h|d|w)") {
        let max = if pattern.starts_with("^max$|") { " or \"max\"" } else { "" };
        return format!("duration{max}");
    }
    if pattern.contains("KiB|MiB|GiB") {
        let most =
            schema.get("maximum").and_then(Value::as_u64).map(|most| format!(" up to {} MiB", most >> 20));
        return format!("bytes{}", most.unwrap_or_default());
    }
    let list = |values: &Vec<Value>| values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return list(values);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema.get(key).and_then(Value::as_array) {
            return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let name = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        Some(Value::String(kind)) => kind.clone(),
        _ => schema.get("const").map_or_else(|| "any".into(), Value::to_string),
    };
    match name.as_str() {
        "array" => match schema.get("items").map(kind).as_deref() {
            None | Some("object") => "list of tables".into(),
            Some(items) => format!("list of {items}"),
        },
        _ => match (schema.get("minimum"), schema.get("maximum")) {
            (Some(least), Some(most)) => format!("{name} from {least} to {most}"),
            (Some(least), None) => format!("{name} from {least}"),
            (None, Some(most)) => format!("{name} up to {most}"),
            (None, None) => name,
        },
    }
}

fn quoted(list: &[String]) -> String {
    list.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ")
}

/// Writes text, wrapped to a readable width and indented by `indent` columns.
fn wrapped(out: &mut impl Write, text: &str, indent: usize) -> io::Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    write!(out, "{:indent$}", "")?;
    wrapped_after(out, text, indent)
}

/// Writes wrapped text after a line that was already begun.
fn wrapped_after(out: &mut impl Write, text: &str, indent: usize) -> io::Result<()> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Look::new(Paint::default()).text(out, &"", indent, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_in_words() {
        for (schema, words) in [
            (json!({ "type": "integer", "minimum": 1 }), "integer from 1"),
            (json!({ "type": "string" }), "string"),
            (json!({ "type": "array", "items": { "enum": ["ip", "user"] } }), r#"list of "ip" | "user""#),
            (json!({ "type": "array", "items": { "type": "object" } }), "list of tables"),
            (json!({ "type": ["string", "integer"] }), "string or integer"),
            (json!({ "oneOf": [{ "type": "string" }, { "type": "boolean" }] }), "string or boolean"),
            (json!({}), "any"),
            (json!({ "type": "string", "pattern": "^\\s*([0-9]+\\s*(us|ms|s|m|h|d|w)\\s*)+$" }), "duration"),
            (
                json!({ "type": "string", "pattern": "^max$|^\\s*([0-9]+\\s*(us|ms|s|m|h|d|w)\\s*)+$" }),
                "duration or \"max\"",
            ),
            (
                json!({ "type": ["integer", "string"], "maximum": 16 << 20, "pattern": "^[0-9]+ ?(B|KiB|MiB|GiB)?$" }),
                "bytes up to 16 MiB",
            ),
        ] {
            assert_eq!(kind(&schema), words);
        }
    }

    #[test]
    fn long_text_is_wrapped_and_escaped() {
        let mut out = Vec::new();
        wrapped(&mut out, &"word\x1b ".repeat(30), 4).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.lines().count() > 1
                && text.lines().all(|line| line.starts_with("    ") && line.len() <= 100)
        );
        assert!(!text.contains('\x1b'));
    }
}
