//! Dispositions: people's verdicts on single alerts.

use crate::time;
use authsieve_engine::alert::Alert;
use authsieve_engine::time::Timestamp;
use serde_json::{Value, json};

/// A person's verdict on an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// An attack.
    True,
    /// No attack: the analytic was wrong.
    False,
    /// The analytic is right about the events, but they were allowed: a test, a forgotten password.
    Benign,
}

impl Disposition {
    /// All dispositions.
    pub const ALL: [Self; 3] = [Self::True, Self::False, Self::Benign];

    /// The word for the disposition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Benign => "benign",
        }
    }

    /// The meaning of the disposition.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::True => "An attack",
            Self::False => "No attack: the analytic was wrong",
            Self::Benign => "The analytic is right, but the events were allowed",
        }
    }

    /// The disposition with this word.
    ///
    /// # Errors
    /// Fails for any other word.
    pub fn parse(word: &str) -> Result<Self, String> {
        let of = |is: &Self| is.as_str() == word;
        Self::ALL
            .into_iter()
            .find(of)
            .ok_or_else(|| format!("`is` is \"{}\"; expected true, false or benign", word.escape_debug()))
    }
}

/// The disposition of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The id of the alert.
    pub alert: String,
    /// The disposition.
    pub is: Disposition,
    /// The reason.
    pub note: String,
    /// The time of the decision.
    pub at: Timestamp,
}

impl Mark {
    /// The disposition of an alert at a time.
    #[must_use]
    pub fn of(alert: &Alert, is: Disposition, at: Timestamp) -> Self {
        Self { alert: alert.id.clone(), is, note: String::new(), at }
    }

    /// The disposition in words, for a line about the alert.
    #[must_use]
    pub fn words(&self) -> String {
        let word = match self.is {
            Disposition::True => "marked as true",
            Disposition::False => "marked as false",
            Disposition::Benign => "marked as benign",
        };
        if self.note.is_empty() { word.into() } else { format!("{word}: {}", self.note) }
    }

    /// The disposition as a JSON object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({ "alert": self.alert, "is": self.is.as_str(), "note": self.note, "at": self.at.to_string() })
    }

    /// Reads the value that [`to_value`](Self::to_value) wrote.
    ///
    /// # Errors
    /// Fails for a value without an alert or a disposition.
    pub fn from_value(value: &Value) -> Result<Self, String> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let is = Disposition::parse(text("is").unwrap_or_default())?;
        Ok(Self {
            alert: text("alert")
                .filter(|id| !id.is_empty())
                .ok_or("`alert` is missing; expected an id")?
                .into(),
            is,
            note: text("note").unwrap_or_default().into(),
            at: text("at").and_then(|at| time::read(at).ok()).unwrap_or(Timestamp(0)),
        })
    }
}

/// Puts dispositions in the order in which a file lists them: by time, then by alert.
pub fn sort(marks: &mut [Mark]) {
    marks.sort_by(|one, other| (one.at, &one.alert).cmp(&(other.at, &other.alert)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_wrong_is_named() {
        let mark = Mark {
            alert: "ab".into(),
            is: Disposition::Benign,
            note: "a \"test\"".into(),
            at: Timestamp(1_000_000),
        };
        assert_eq!(Mark::from_value(&mark.to_value()), Ok(mark.clone()));
        assert_eq!(mark.words(), "marked as benign: a \"test\"");
        let wrong = |value: Value| Mark::from_value(&value).unwrap_err();
        assert!(wrong(json!({ "alert": "a", "is": "maybe" })).contains("true, false or benign"));
        assert!(wrong(json!({ "is": "true" })).contains("`alert`"));
    }
}
