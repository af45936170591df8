//! From the records of the contract to what is printed.

use crate::host;
use authsieve_engine::alert::{Alert, Severity, Tally};
use authsieve_engine::time::Timestamp;
use serde::Serialize;

/// The engine's alert, which knows its canonical JSON.
#[must_use]
pub fn alert(alert: host::Alert) -> Alert {
    Alert {
        id: alert.id,
        analytic: alert.analytic,
        analytic_version: alert.analytic_version,
        config_digest: alert.config_digest,
        pattern: alert.pattern,
        severity: severity(alert.severity),
        title: alert.title,
        time: Timestamp(alert.time),
        first_seen: Timestamp(alert.first_seen),
        last_seen: Timestamp(alert.last_seen),
        user: alert.user,
        users: alert.users,
        src_ip: alert.src_ip,
        src_ips: alert.src_ips,
        host: alert.host,
        service: alert.service,
        user_agent: alert.user_agent,
        application: alert.application,
        device: alert.device,
        failure_count: alert.failure_count,
        challenge_count: alert.challenge_count,
        distinct_users: alert.distinct_users,
        distinct_ips: alert.distinct_ips,
        estimated: alert.estimated,
        matched: alert.matched,
        reasons: tallies(alert.reasons),
        outcomes: tallies(alert.outcomes),
        related_successes: alert.related_successes,
        techniques: alert.techniques,
        context: alert.context,
        evidence: alert.evidence,
        response: alert.response,
    }
}

fn severity(severity: host::Severity) -> Severity {
    match severity {
        host::Severity::Informational => Severity::Informational,
        host::Severity::Low => Severity::Low,
        host::Severity::Medium => Severity::Medium,
        host::Severity::High => Severity::High,
        host::Severity::Critical => Severity::Critical,
    }
}

fn tallies(list: Vec<host::Tally>) -> Vec<Tally> {
    list.into_iter().map(|tally| Tally { code: tally.code, count: tally.count }).collect()
}

/// One event as `decode` prints it: where it stands, then what it says. What is absent is omitted.
#[derive(Serialize)]
#[allow(missing_docs)] // Each field is documented once, in wit/authsieve.wit.
pub struct EventLine<'a> {
    /// The file, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// The number of the record in its file, from 1.
    pub line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// `null` for a record that says nothing.
    pub outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    #[serde(flatten)]
    pub said: Option<Said>,
}

/// What else an event says.
#[derive(Serialize)]
#[allow(missing_docs)] // Each field is documented once, in wit/authsieve.wit.
pub struct Said {
    pub signal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logon_type: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub credential: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    pub shape: String,
    pub provider: String,
}

impl<'a> EventLine<'a> {
    /// A record that says nothing.
    #[must_use]
    pub fn nothing(file: Option<&'a str>, line: u64) -> Self {
        Self { file, line, time: None, outcome: None, count: None, said: None }
    }

    /// A record that says `event`.
    #[must_use]
    pub fn of(file: Option<&'a str>, line: u64, event: host::Event) -> Self {
        Self {
            file,
            line,
            time: Some(Timestamp(event.time).to_rfc3339()),
            outcome: Some(outcome(event.outcome)),
            count: Some(event.count),
            said: Some(Said {
                signal: event.signal,
                user: event.user,
                domain: event.domain,
                src_ip: event.src_ip,
                src_name: event.src_name,
                tty: event.tty,
                user_agent: event.user_agent,
                service: event.service,
                host: event.host,
                pid: event.pid,
                method: event.method,
                logon_type: event.logon_type,
                reason: event.reason,
                reason_text: event.reason_text,
                application: event.application,
                status: event.status,
                device: event.device,
                os: event.os,
                transaction: event.transaction,
                credential: event.credential,
                delivery: event.delivery,
                shape: event.shape,
                provider: event.provider,
            }),
        }
    }

    /// One line of JSON, without its newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and integers: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The word for an outcome.
#[must_use]
pub const fn outcome(outcome: host::Outcome) -> &'static str {
    match outcome {
        host::Outcome::Failure => "failure",
        host::Outcome::Success => "success",
        host::Outcome::Challenge => "challenge",
        host::Outcome::Denied => "denied",
        host::Outcome::Timeout => "timeout",
        host::Outcome::Approved => "approved",
        host::Outcome::Stopped => "stopped",
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
