//! The JSON Schema of a configuration.

use super::kinds::Kind;
use super::overrides::Overrides;
use super::settings::Field;
use crate::json::quote;
use alloc::string::String;

/// The JSON Schema (draft 2020-12) of options and overrides. An alias of an option refers to it by `$ref`.
pub fn schema<'f>(
    title: &str,
    fields: impl Iterator<Item = &'f Field>,
    thresholds: &[&'static str],
) -> String {
    let mut out = String::from("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":");
    out.push_str(&quote(title.as_bytes()));
    out.push_str(",\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for field in fields {
        property(field.name, field.kind, field.doc, &mut out);
        out.push_str(",\"default\":");
        out.push_str(field.default);
        out.push_str("},");
        for alias in field.aliases {
            for part in ["\"", *alias, "\":{\"$ref\":\"#/properties/", field.name, "\",\"description\":"] {
                out.push_str(part);
            }
            out.push_str("\"Another spelling.\"},");
        }
    }
    Overrides::schema(thresholds, &mut out);
    out.push_str("}}");
    out
}

/// Writes a property of a JSON Schema. More members may follow.
pub fn property(name: &str, kind: Kind, doc: &[&str], out: &mut String) {
    out.push_str(&quote(name.as_bytes()));
    out.push_str(":{");
    kind.schema(out);
    out.push_str(",\"description\":");
    let mut text = String::new();
    for line in doc {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(line.trim());
    }
    out.push_str(&quote(text.as_bytes()));
}
