//! Describes the analytics as JSON.

use authsieve_engine::detector::{Analytics, Descriptor};
use authsieve_suite::Suite;
use serde_json::{Value, json};

/// The analytics, in the order of their ids, with the JSON Schema of their options.
pub fn describe() -> Value {
    let one = |about: Descriptor| {
        json!({
            "id": about.id,
            "name": about.name,
            "version": about.version,
            "description": about.description,
            "techniques": about.techniques,
            "telemetry": about.telemetry,
            "false_positives": about.false_positives,
            "response": about.response,
            // As text: its options keep their order.
            "schema": about.config_schema,
        })
    };
    Suite::describe().into_iter().map(one).collect()
}

/// The options that bear on the times of records, out of a configuration: the top level alone has them, and the codes that
/// any analytic takes for failures as well.
pub fn times(config: &str) -> String {
    let config: Value = serde_json::from_str(config).unwrap_or_default();
    let Some(top) = config.as_object() else { return String::new() };
    let decoding = authsieve_engine::config::Common::DECODING;
    let own = top.iter().filter(|(name, _)| decoding.contains(&name.as_str()));
    let mut options: serde_json::Map<String, Value> =
        own.map(|(name, value)| (name.clone(), value.clone())).collect();
    let is_codes = |name: &str| matches!(name, "extra_failure_codes" | "extraFailureCodes");
    let tables = top.values().filter_map(Value::as_object);
    let codes = std::iter::once(top).chain(tables).flatten().filter(|(name, _)| is_codes(name));
    let codes: Vec<Value> = codes.filter_map(|(_, list)| list.as_array().cloned()).flatten().collect();
    options.insert("extra_failure_codes".into(), codes.into());
    Value::Object(options).to_string()
}
