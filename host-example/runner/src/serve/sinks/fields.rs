//! An alert read back from its line, for sinks that need its fields one by one.

use super::super::outbox::Item;
use super::rate::severity;
use crate::output::{Layout, escape};
use authsieve_engine::alert::Severity;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The mark where a text is cut.
const MARK: &str = "…";

/// The fields of an alert.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Those of an alert on its way. One that waited since another configuration may have no more than its id, its
    /// analytic and its severity.
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

    /// A field that is a text and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A field that is a list of texts, with `between` between them.
    pub(super) fn joined(&self, name: &str, between: &str) -> Option<String> {
        let list = self.0.get(name)?.as_array()?;
        let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        (!texts.is_empty()).then(|| texts.join(between))
    }

    /// A field that is a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    /// A field that is a time, in microseconds since 1970.
    pub(super) fn time(&self, name: &str) -> Option<i64> {
        let time = chrono::DateTime::parse_from_rfc3339(self.text(name)?).ok()?;
        Some(time.timestamp_micros())
    }

    /// How bad it is.
    pub(super) fn severity(&self) -> Severity {
        self.text("severity").and_then(Severity::parse).unwrap_or_default()
    }

    /// All of them.
    pub(super) fn into_inner(self) -> Map<String, Value> {
        self.0
    }
}

/// A text that is shown: on one line, without characters that act, at most so many bytes long.
pub(super) fn shown(text: &str, most: usize) -> Cow<'_, str> {
    // What is escaped is no shorter, so nothing beyond so many bytes can be shown.
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

/// The beginning of a text, with `…` at its end if something is left out; at most so many bytes.
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
        // It waited while the configuration changed.
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
