//! The output of `decode` for one event.

use authsieve_host::contract::Event;
use authsieve_host::convert::write_event;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// An event: the place of its record, then its fields. Absent fields are left out.
pub struct EventLine<'a> {
    /// The file, if there are several.
    file: Option<&'a str>,
    /// The number of the record in its file, counted from 1.
    line: u64,
    /// The event. `None` for a record without an event.
    event: Option<Event>,
}

impl<'a> EventLine<'a> {
    /// A record without an event.
    #[must_use]
    pub const fn nothing(file: Option<&'a str>, line: u64) -> Self {
        Self { file, line, event: None }
    }

    /// A record with an event.
    #[must_use]
    pub const fn of(file: Option<&'a str>, line: u64, event: Event) -> Self {
        Self { file, line, event: Some(event) }
    }

    /// The event as one line of JSON, without a newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        // The value holds only strings and integers, so this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for EventLine<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        if let Some(file) = self.file {
            map.serialize_entry("file", file)?;
        }
        map.serialize_entry("line", &self.line)?;
        match &self.event {
            Some(event) => write_event(event, &mut map)?,
            None => map.serialize_entry("outcome", &())?,
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_says_nothing_has_a_null_outcome() {
        assert_eq!(EventLine::nothing(None, 7).to_json(), r#"{"line":7,"outcome":null}"#);
        assert_eq!(
            EventLine::nothing(Some("a.log"), 7).to_json(),
            r#"{"file":"a.log","line":7,"outcome":null}"#
        );
    }
}
