//! Alerts and their canonical JSON.

use crate::time::Timestamp;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use serde::{Deserialize, Serialize};

/// How urgent an alert is, lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// For the record only.
    Informational,
    /// Look at it some day.
    Low,
    /// Look at it today.
    #[default]
    Medium,
    /// Look at it now.
    High,
    /// Act on it now.
    Critical,
}

impl Severity {
    /// All severities, lowest first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word for the severity.
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

    /// The severity with this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// The severity `steps` above this one (below, if negative), limited to the lowest and the highest.
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

/// A code and its count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// A failure code or an outcome.
    pub code: String,
    /// How often the code was seen.
    pub count: u32,
}

/// A raw record that an alert shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The number of the record; 0 if unknown.
    pub record: u64,
    /// The text of the record, cut to a bounded length. An attacker wrote part of it.
    pub text: String,
}

crate::record! { $ alert_fields;
    /// One alert. The WIT record `alert` documents each field. JSON omits absent fields.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[allow(missing_docs)] // Each field is documented once, in wit/authsieve.wit.
    pub struct Alert {
        pub id: String,
        pub analytic: String,
        pub analytic_version: String,
        pub config_digest: String,
        pub pattern: String,
        pub severity: Severity,
        pub status: Option<String>,
        pub title: String,
        pub record: u64,
        pub time: Timestamp,
        pub first_seen: Timestamp,
        pub last_seen: Timestamp,
        pub user: Option<String>,
        pub users: Vec<String>,
        pub src_ip: Option<String>,
        pub src_ips: Vec<String>,
        pub host: Option<String>,
        pub service: Option<String>,
        pub user_agent: Option<String>,
        pub application: Option<String>,
        pub device: Option<String>,
        pub failure_count: Option<u32>,
        pub challenge_count: Option<u32>,
        pub distinct_users: Option<u32>,
        pub distinct_ips: Option<u32>,
        pub estimated: Vec<String>,
        pub matched: Vec<String>,
        pub reasons: Vec<Tally>,
        pub outcomes: Vec<Tally>,
        pub related_successes: Vec<String>,
        pub techniques: Vec<String>,
        pub context: Vec<String>,
        pub evidence: Vec<Evidence>,
        pub response: Vec<String>,
    }
}

alert_fields!(write_fields, Alert);

impl Alert {
    /// The id of this delivery: the id of the alert, with `/u` at its end for an update.
    #[must_use]
    pub fn delivery(&self) -> String {
        match self.status {
            None => self.id.clone(),
            Some(_) => format!("{}/u", self.id),
        }
    }

    /// The alert as one line of JSON, without a newline. Equal alerts give equal bytes on every host.
    ///
    /// Times are RFC 3339 in UTC. `reasons` and `outcomes` are objects of code and count. Characters for which
    /// [`acts`] returns true are escaped.
    #[must_use]
    pub fn to_json(&self) -> String {
        // An alert holds only strings, integers and lists of them, so this cannot fail.
        let json = serde_json::to_string(self).unwrap_or_default();
        if !json.contains(acts) {
            return json;
        }
        let mut out = String::with_capacity(json.len() + 64);
        for c in json.chars() {
            if acts(c) {
                // All such characters are below U+10000.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            } else {
                out.push(c);
            }
        }
        out
    }
}

/// True if a terminal acts upon this character (DEL, C1), or if it changes the order in which others are shown. JSON
/// has such characters only inside strings. Every JSON writer escapes C0 already.
#[must_use]
pub const fn acts(c: char) -> bool {
    matches!(
        c,
        '\u{7F}'..='\u{9F}' | '\u{61C}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn what_a_terminal_acts_upon_is_escaped() {
        let user = "a\u{9b}31m\u{202e}b\u{7f}\u{61c}\u{2069}é\u{a0}";
        let json = Alert { user: Some(user.into()), ..Alert::default() }.to_json();
        assert!(json.contains(r"a\u009b31m\u202eb\u007f\u061c\u2069é"), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["user"], user);
    }

    #[test]
    fn what_is_absent_is_omitted() {
        let alert = Alert {
            id: "00".into(),
            analytic: "AN1276".into(),
            severity: Severity::High,
            record: 7,
            time: Timestamp(1_500_000),
            user: Some("a\"\u{1b}[31m".into()),
            reasons: vec![Tally { code: "password".into(), count: 5 }],
            ..Alert::default()
        };
        assert_eq!(
            alert.to_json(),
            concat!(
                r#"{"id":"00","analytic":"AN1276","analytic_version":"","config_digest":"","pattern":"","#,
                r#""severity":"high","title":"","record":7,"time":"1970-01-01T00:00:01.500Z","first_seen":"1970-01-01T00:00:00Z","#,
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
