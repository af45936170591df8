//! The fields of an alert, parsed from its JSON line, for sinks that need single fields.

use super::super::outbox::Item;
use super::rate::severity;
use crate::output::{Layout, escape};
use authsieve_engine::alert::Severity;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The mark at the end of a shortened text.
const MARK: &str = "…";

/// The fields of an alert.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Parses the fields of a queued alert. If the alert is from before a reload, only id, analytic and severity may be
    /// known.
    pub(super) fn of(item: &Item) -> Self {
        let read = item.exactly(Layout::Native).map(serde_json::from_str);
        let Some(Ok(Value::Object(fields))) = read else {
            let fields = [
                ("id", item.id.as_str()),
                ("analytic", &item.analytic),
                ("severity", severity(item.severity).as_str()),
                ("title", "An alert that waited"),
            ];
            return Self(fields.map(|(name, text)| (name.to_owned(), text.into())).into_iter().collect());
        };
        Self(fields)
    }

    /// The text of a field, unless it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The texts of a list, joined by `between`.
    pub(super) fn joined(&self, name: &str, between: &str) -> Option<String> {
        let list = self.0.get(name)?.as_array()?;
        let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        (!texts.is_empty()).then(|| texts.join(between))
    }

    /// The number in a field.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    /// The time in a field, in microseconds since 1970.
    pub(super) fn time(&self, name: &str) -> Option<i64> {
        let time = chrono::DateTime::parse_from_rfc3339(self.text(name)?).ok()?;
        Some(time.timestamp_micros())
    }

    /// The severity.
    pub(super) fn severity(&self) -> Severity {
        self.text("severity").and_then(Severity::parse).unwrap_or_default()
    }

    /// All fields.
    pub(super) fn into_inner(self) -> Map<String, Value> {
        self.0
    }
}

/// Makes a text safe to show: on one line, without control characters, at most `most` bytes long.
pub(super) fn shown(text: &str, most: usize) -> Cow<'_, str> {
    // Escaping never shortens a text. So only the first `most` bytes can be part of the result.
    let start = text.get(..text.floor_char_boundary(most.saturating_add(1))).unwrap_or_default();
    match escape::text(start) {
        Cow::Borrowed(_) => cut(text, most),
        Cow::Owned(mut escaped) => {
            if start.len() < text.len() {
                escaped += MARK;
            }
            Cow::Owned(cut(&escaped, most).into_owned())
        }
    }
}

/// The start of a text, at most `most` bytes long. A shortened text ends with `…`.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let start = |most: usize| text.get(..text.floor_char_boundary(most)).unwrap_or_default();
    match most.checked_sub(MARK.len()) {
        Some(most) => Cow::Owned(format!("{}{MARK}", start(most))),
        None => Cow::Borrowed(start(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back() {
        let line = r#"{"id":"a","severity":"high","time":"1970-01-01T00:00:01.5Z","users":["x","y"],"failure_count":5}"#;
        let mut item = Item {
            analytic: "FLS".into(),
            severity: 3,
            id: "a".into(),
            lines: vec![("json".into(), line.into())],
        };
        let fields = Fields::of(&item);
        assert_eq!((fields.text("id"), fields.text("user")), (Some("a"), None));
        assert_eq!((fields.time("time"), fields.number("failure_count")), (Some(1_500_000), Some(5)));
        assert_eq!((fields.joined("users", ", "), fields.severity()), (Some("x, y".into()), Severity::High));
        // The alert was queued before the configuration changed.
        item.lines = vec![("ocsf".into(), "{}".into())];
        let fields = Fields::of(&item);
        assert_eq!((fields.text("analytic"), fields.severity()), (Some("FLS"), Severity::High));
    }

    #[test]
    fn what_is_shown_has_one_line_and_a_bound() {
        assert_eq!(shown("a\nb\u{202e}c", 100), "a\\nb\\u{202e}c");
        assert_eq!(shown("äöü", 5), "ä…", "no character is cut");
        assert_eq!((shown("\n\näöü", 6), shown("\n", 2)), ("\\n\\…".into(), "\\n".into()));
        assert_eq!((shown("", 0), shown("abc", 3), shown("abcd", 3)), ("".into(), "abc".into(), "…".into()));
        assert_eq!(cut("abc", 2), "ab");
    }
}
