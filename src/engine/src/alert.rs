//! What an analytic has to say, and its canonical JSON.

use crate::time::Timestamp;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

/// How urgent an alert is, lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For the record.
    Informational,
    /// To be looked at some day.
    Low,
    /// To be looked at today.
    #[default]
    Medium,
    /// To be looked at now.
    High,
    /// To be acted on now.
    Critical,
}

impl Severity {
    /// All of them, lowest first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// The severity `steps` above (below, if negative), held at the ends.
    #[must_use]
    pub fn shifted(self, steps: i8) -> Self {
        let at = (self as i8).saturating_add(steps).clamp(0, 4);
        Self::ALL.get(at.unsigned_abs() as usize).copied().unwrap_or(self)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A code and how often it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// A failure code, an outcome.
    pub code: String,
    /// How often.
    pub count: u32,
}

/// One alert. Fields are those of the WIT record `alert`, which documents them; in JSON, what is absent is omitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // Each field is documented once, in wit/authsieve.wit.
pub struct Alert {
    pub id: String,
    pub analytic: String,
    pub analytic_version: String,
    pub config_digest: String,
    pub pattern: String,
    pub severity: Severity,
    pub title: String,
    #[serde(serialize_with = "rfc3339")]
    pub time: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    pub first_seen: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    pub last_seen: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_ip: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub src_ips: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct_users: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct_ips: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub estimated: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matched: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "tallies")]
    pub reasons: Vec<Tally>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "tallies")]
    pub outcomes: Vec<Tally>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related_successes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub techniques: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response: Vec<String>,
}

impl Alert {
    /// The alert as one line of JSON, without its newline: equal alerts give equal bytes on every host.
    ///
    /// Times are RFC 3339 in UTC; `reasons` and `outcomes` are objects of code and count.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, integers and lists of them: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn rfc3339<S: Serializer>(time: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&time.to_string())
}

fn tallies<S: Serializer>(list: &[Tally], out: S) -> Result<S::Ok, S::Error> {
    let mut map = out.serialize_map(Some(list.len()))?;
    for tally in list {
        map.serialize_entry(&tally.code, &tally.count)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn what_is_absent_is_omitted() {
        let alert = Alert {
            id: "00".into(),
            analytic: "AN1276".into(),
            severity: Severity::High,
            time: Timestamp(1_500_000),
            user: Some("a\"\u{1b}[31m".into()),
            reasons: vec![Tally { code: "password".into(), count: 5 }],
            ..Alert::default()
        };
        assert_eq!(
            alert.to_json(),
            concat!(
                r#"{"id":"00","analytic":"AN1276","analytic_version":"","config_digest":"","pattern":"","#,
                r#""severity":"high","title":"","time":"1970-01-01T00:00:01.500Z","first_seen":"1970-01-01T00:00:00Z","#,
                r#""last_seen":"1970-01-01T00:00:00Z","user":"a\"\u001b[31m","reasons":{"password":5}}"#
            )
        );
    }

    #[test]
    fn severities_shift_and_hold_at_the_ends() {
        assert_eq!(Severity::High.shifted(1), Severity::Critical);
        assert_eq!(Severity::High.shifted(9), Severity::Critical);
        assert_eq!(Severity::Low.shifted(-1), Severity::Informational);
        assert_eq!(Severity::Low.shifted(i8::MIN), Severity::Informational);
        assert!(Severity::ALL.iter().all(|s| Severity::parse(s.as_str()) == Some(*s)));
    }
}
