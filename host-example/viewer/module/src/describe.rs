//! Describes the analytics as JSON.

use authsieve_engine::detector::{Analytics, Descriptor};
use authsieve_suite::Suite;
use serde_json::{Value, json};

/// The analytics, ordered by id, with the JSON Schemas of their options.
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
            // The schema is a text, so that its options keep their order.
            "schema": about.config_schema,
        })
    };
    Suite::describe().into_iter().map(one).collect()
}

/// The options of a configuration for reading times.
pub fn times(config: &str) -> String {
    let config: Value = serde_json::from_str(config).unwrap_or_default();
    let top = config.as_object().into_iter().flatten();
    let mut given: Vec<(String, String)> = Vec::new();
    for (name, value) in top {
        let own = value.as_object().into_iter().flatten();
        given.extend(own.map(|(own, value)| (format!("{name}.{own}"), value.to_string())));
        given.push((name.clone(), value.to_string()));
    }
    authsieve_inputs::clock_options(given.iter().map(|(path, value)| (path.as_str(), value.as_str())))
}
