//! One event as `decode` prints it.

use authsieve_engine::time::Timestamp;
use authsieve_host::contract::Event;
use serde::Serialize;

/// One event: where its record stands, then what the record says. What is absent is omitted.
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
    pub fn of(file: Option<&'a str>, line: u64, event: Event) -> Self {
        Self {
            file,
            line,
            time: Some(Timestamp(event.time).to_rfc3339()),
            outcome: Some(event.outcome.word()),
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
