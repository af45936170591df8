//! Templates of webhooks, in [MiniJinja], which has the syntax of Jinja2.
//!
//! A template produces JSON. Each `{{ … }}` writes a complete JSON value with its quotes: `{"text": {{ alert.title
//! }}}`. So a text from an attacker cannot end a string or add a member. Join texts inside the braces: `{{ "User " ~
//! alert.user }}`. The result is parsed as JSON before it is sent.
//!
//! | name | value |
//! |---|---|
//! | `alert` | the alert, if the request holds only one. A missing field is `none` |
//! | `alerts` | all alerts of the request |
//! | `vars` | the values of `vars` in the configuration |
//! | `version` | the version of authsieve |
//! | `x\|shown(n)` | a text on one line, without control characters, at most `n` bytes; `""` if there is none |
//! | `x\|slack(n)` | the same, with `&`, `<` and `>` escaped for Slack, so that it contains no mention and no link |
//!
//! MiniJinja was chosen because its work can be bounded. A template can read no file and include no other template:
//! there is no loader. Fuel bounds its work, and `LONGEST` bounds its output. An unknown name is an error, not an empty
//! text: `authsieve check` renders an example and finds it.
//!
//! [MiniJinja]: https://docs.rs/minijinja/latest/minijinja/syntax/

use crate::serve::sinks::fields::shown;
use authsieve_engine::alert::Alert;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most steps of a template.
const FUEL: u64 = 1_000_000;
/// The largest output of a template, in bytes.
const LONGEST: usize = 1 << 20;

/// The built-in templates and their names.
const SHIPPED: [(&str, &str); 3] = [
    ("slack", include_str!("templates/slack.json.jinja")),
    ("teams", include_str!("templates/teams.json.jinja")),
    ("pagerduty", include_str!("templates/pagerduty.json.jinja")),
];

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    name: String,
    source: Arc<str>,
}

impl Template {
    /// The built-in template with this name.
    #[must_use]
    pub fn shipped(name: &str) -> Option<Self> {
        let (name, source) = SHIPPED.into_iter().find(|(known, _)| *known == name)?;
        Some(Self { name: name.into(), source: source.into() })
    }

    /// The names of the built-in templates.
    #[must_use]
    pub fn names() -> [&'static str; SHIPPED.len()] {
        SHIPPED.map(|(name, _)| name)
    }

    /// Creates a template from a text.
    #[must_use]
    pub fn new(name: &str, source: &str) -> Self {
        Self { name: name.into(), source: source.into() }
    }

    /// Renders an example alert, alone or in a batch.
    ///
    /// # Errors
    /// Fails if the template has a syntax error, uses an unknown name, or does not produce JSON.
    pub fn check(&self, vars: &BTreeMap<String, String>, batch: usize) -> Result<(), String> {
        self.render(vec![example(); batch.min(2)], vars).map(drop)
    }

    /// Renders the body of a request for these alerts.
    ///
    /// # Errors
    /// Fails if the template fails or does not produce JSON.
    pub fn render(&self, alerts: Vec<Json>, vars: &BTreeMap<String, String>) -> Result<String, String> {
        let alerts: Vec<Json> = alerts.into_iter().map(whole).collect();
        let mut context = Map::new();
        if let [alert] = alerts.as_slice() {
            context.insert("alert".into(), alert.clone());
        }
        context.insert("alerts".into(), alerts.into());
        context.insert("vars".into(), json!(vars));
        context.insert("version".into(), env!("CARGO_PKG_VERSION").into());
        let environment = environment();
        let mut out = Bounded(Vec::new());
        let rendered = environment.template_from_named_str(&self.name, &self.source).and_then(|template| {
            template.render_captured_to(Value::from(Serde(&context)), &mut out).map(drop)
        });
        rendered.map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            shown(&format!("{error}{}", cause.unwrap_or_default()), 500).into_owned()
        })?;
        let body = String::from_utf8(out.0).map_err(|error| error.to_string())?;
        match serde_json::from_str::<serde::de::IgnoredAny>(&body) {
            Ok(_) => Ok(body),
            Err(error) => Err(format!("the template {} makes no JSON: {error}", self.name)),
        }
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment.add_filter("shown", |value: Value, most: usize| match text(&value) {
        Some(text) => shown(&text, most).into_owned(),
        None => String::new(),
    });
    environment.add_filter("slack", |value: Value, most: usize| match text(&value) {
        Some(text) => slack(&shown(&text, most), most),
        None => String::new(),
    });
    // The filter would write a text without quotes.
    environment.remove_filter("safe");
    environment
}

fn text(value: &Value) -> Option<String> {
    (!value.is_none() && !value.is_undefined()).then(|| value.to_string())
}

/// Escapes Slack's three special characters. Text between `<` and `>` could be `!channel`, a mention, or a link with
/// another label.
///
/// The result has at most `most` bytes: Slack refuses messages with longer texts, and counts the escaped text.
fn slack(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let length = out.len();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
        if out.len() > most {
            out.truncate(length);
            break;
        }
    }
    out
}

/// Adds all missing fields to an alert, as `null` or an empty list.
fn whole(mut alert: Json) -> Json {
    const LISTS: [&str; 9] = [
        "users",
        "src_ips",
        "estimated",
        "matched",
        "related_successes",
        "techniques",
        "context",
        "evidence",
        "response",
    ];
    if let Some(fields) = alert.as_object_mut() {
        for name in Alert::FIELDS {
            let none = || if LISTS.contains(name) { json!([]) } else { Json::Null };
            fields.entry(*name).or_insert_with(none);
        }
        for name in ["reasons", "outcomes"] {
            if fields.get(name).is_none_or(Json::is_null) {
                fields.insert(name.into(), json!({}));
            }
        }
    }
    alert
}

/// An example alert for trying a template.
fn example() -> Json {
    json!({
        "id": "4c3dc1d1dff9f3861961337377d4626c", "analytic": "AN1276", "analytic_version": "0.1.0",
        "config_digest": "648a00f20fb5a497", "pattern": "user+ip", "severity": "high",
        "title": "5 failed logins of root from 198.51.100.1, then a login", "record": 6,
        "time": "2026-03-04T08:00:10Z", "first_seen": "2026-03-04T08:00:00Z", "last_seen": "2026-03-04T08:00:10Z",
        "user": "root", "users": ["root"], "src_ip": "198.51.100.1", "src_ips": ["198.51.100.1"], "host": "web1",
        "service": "sshd", "failure_count": 5, "techniques": ["T1110.001"],
        "context": ["the success was by password"], "response": ["Ask the user whether the login was theirs."],
    })
}

/// A writer that fails beyond `LONGEST` bytes.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(std::io::Error::other(format!("the output is longer than {LONGEST} bytes")));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
