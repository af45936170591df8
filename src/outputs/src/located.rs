//! An alert with the places of its records.

use authsieve_engine::alert::Alert;
use authsieve_records::{Origin, Origins};
use serde_json::Value;

/// An alert, with the file and line of the record that raised it, and of each piece of evidence.
#[derive(Clone, Debug)]
pub struct Located<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// The place of the record that raised the alert, if it is known.
    pub origin: Option<Origin>,
    /// The place of each piece of evidence.
    pub evidence: Vec<Option<Origin>>,
    /// Members that the host adds after `origin`: `enrichment`, `disposition`.
    pub added: Vec<(&'static str, Value)>,
}

impl<'a> Located<'a> {
    /// Looks up the places of an alert's records.
    #[must_use]
    pub fn new(alert: &'a Alert, origins: &Origins) -> Self {
        let evidence = alert.evidence.iter().map(|piece| origins.of(piece.record)).collect();
        Self { alert, origin: origins.of(alert.record), evidence, added: Vec::new() }
    }

    /// The canonical JSON of the alert, with `origin` and the members of the host added at the end. Without these
    /// members, it is the same on every host.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = self.alert.to_json();
        let origin = self.origin_json().map(|origin| ("origin", origin));
        let added = self.added.iter().map(|(name, value)| (*name, value.to_string()));
        for (name, value) in origin.into_iter().chain(added) {
            if json.pop() == Some('}') {
                json += &format!(r#","{name}":{value}}}"#);
            }
        }
        json
    }

    /// The member `origin`: file and line of the alert and of each piece of evidence. Unknown places are null.
    pub(crate) fn origin(&self) -> Option<Value> {
        self.origin_json().and_then(|json| serde_json::from_str(&json).ok())
    }

    // Written by hand, because the order of a map's members depends on the features of the JSON library.
    fn origin_json(&self) -> Option<String> {
        if self.origin.is_none() && self.evidence.iter().all(Option::is_none) {
            return None;
        }
        let place =
            |origin: &Origin| format!(r#""file":{},"line":{}"#, Value::from(&*origin.file), origin.line);
        let mut parts: Vec<String> = self.origin.iter().map(place).collect();
        if !self.evidence.is_empty() {
            let piece = |origin: &Option<Origin>| match origin {
                Some(origin) => format!("{{{}}}", place(origin)),
                None => "null".into(),
            };
            let pieces: Vec<String> = self.evidence.iter().map(piece).collect();
            parts.push(format!(r#""evidence":[{}]"#, pieces.join(",")));
        }
        Some(format!("{{{}}}", parts.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::alert::Evidence;
    use serde_json::json;

    fn alert() -> Alert {
        let evidence = [1, 0, 9].map(|record| Evidence { record, text: "x".into() });
        Alert { id: "ab".into(), record: 10, evidence: evidence.into(), ..Alert::default() }
    }

    #[test]
    fn file_and_line_stand_at_the_end_of_the_canonical_json() {
        let mut origins = Origins::default();
        origins.add(1, &"a \"b\".log".into(), 1);
        origins.add(9, &"c.log".into(), 4);
        let alert = alert();
        let json = Located::new(&alert, &origins).to_json();
        let origin = concat!(
            r#","origin":{"file":"c.log","line":5,"evidence":"#,
            r#"[{"file":"a \"b\".log","line":1},null,{"file":"c.log","line":4}]}}"#
        );
        assert_eq!(
            json.strip_suffix(origin).map(|rest| format!("{rest}}}")),
            Some(alert.to_json()),
            "{json}"
        );
        let value: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["origin"]["line"], 5);
        assert_eq!(Located::new(&alert, &origins).origin().unwrap(), value["origin"]);
    }

    #[test]
    fn without_numbers_nothing_is_added() {
        let alert = alert();
        let located = Located::new(&alert, &Origins::default());
        assert_eq!(located.to_json(), alert.to_json());
        assert_eq!(located.origin(), None);
        let bare = Alert { evidence: Vec::new(), ..alert };
        let mut origins = Origins::default();
        origins.add(10, &"-".into(), 1);
        assert_eq!(Located::new(&bare, &origins).origin(), Some(json!({ "file": "-", "line": 1 })));
    }
}
