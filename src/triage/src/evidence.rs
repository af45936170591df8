//! Reads a raw record as one line: time, outcome, account, client, machine, reason.
//!
//! The engine's own decoder reads the record, as the analytics did. It cannot read a record that an alert has cut, so
//! hosts pass the whole record if they have it.

use crate::names;
use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::{All, Telemetry};
use authsieve_engine::config::{Code, Common, Config};
use authsieve_engine::dating::{Dating, Rules};
use authsieve_engine::decode::{Decoder, Reader};
use authsieve_engine::detector::Reading;
use authsieve_engine::event::{Event, Outcome};
use authsieve_engine::net;
use authsieve_engine::time::Timestamp;

authsieve_engine::settings! {
    /// The options that affect decoding, in addition to those that all analytics share.
    pub struct Codes {
        /// Error codes of sign-in and audit logs that count as failures, in addition to the usual ones.
        pub extra_failure_codes: Vec<Code> = [];
    }
}

/// The content of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The time. `None` if the record has none.
    pub time: Option<Timestamp>,
    /// The outcome: `failure`, `success`, …
    pub outcome: &'static str,
    /// The number of attempts in the record.
    pub count: u32,
    /// The account.
    pub user: String,
    /// The address or the name of the client.
    pub from: String,
    /// The machine, or else the application.
    pub at: String,
    /// The reason in words. For a login, the method.
    pub reason: String,
}

/// Decodes the records that are shown.
pub struct Witness {
    decoder: Decoder<All>,
    common: Common,
}

impl Witness {
    /// Creates a decoder with these options: a JSON object, or empty for the defaults. If the options are not valid,
    /// uses the defaults.
    #[must_use]
    pub fn new(options: &str) -> Self {
        let read = |text| Config::<Codes>::read(text, &[]);
        let (common, codes) = match read(options).or_else(|_| read("")) {
            Ok(config) => (config.common, config.options.extra_failure_codes),
            // The defaults are valid.
            Err(problems) => unreachable!("{problems}"),
        };
        let extra_failure_codes = codes.iter().map(|code| code.0).collect();
        let readers = vec![Reader { telemetry: Telemetry::ANY, extra_failure_codes }];
        Self { decoder: Decoder::new(&common, readers).aside(), common }
    }

    /// The content of a record that is evidence of `alert`. If the record has several events, the event with the
    /// alert's account and address. `None` if the record has none.
    pub fn line(&mut self, record: &[u8], alert: &Alert) -> Option<Line> {
        let Self { decoder, common } = self;
        if record.len() > decoder.max_record() {
            return None;
        }
        // The alert's time completes an incomplete time.
        let near = alert.time.max(alert.last_seen);
        let (rules, reading) = (Rules { undated_is_received: false, ..common.times() }, Reading::at(near));
        let mut dating = Dating::default();
        let mut best: Option<(u8, Line)> = None;
        let _ = decoder.decode(record, &mut |decoded| {
            let mut event = decoded.event;
            let dated = !dating.date(&mut event, &decoded.when, &rules, reading).undated;
            let fits = |is: bool, points: u8| if is { points } else { 0 };
            let address = event.src_ip.map(net::written);
            let points = fits(alert.user.as_deref() == Some(&*event.user), 2)
                + fits(alert.users.iter().any(|user| *user == event.user), 1)
                + fits(address.is_some() && alert.src_ip == address, 2);
            if best.as_ref().is_none_or(|(known, _)| points > *known) {
                best = Some((points, Line::of(&event, dated)));
            }
        });
        best.map(|(_, line)| line)
    }
}

impl Line {
    fn of(event: &Event<'_>, dated: bool) -> Self {
        let or = |one: &str, other: &str| if one.is_empty() { other.to_owned() } else { one.to_owned() };
        let application = names::application(&event.application).unwrap_or(&event.application);
        let service = names::application(&event.service).unwrap_or(&event.service);
        let place = or(&or(&event.host, application), service);
        Self {
            time: dated.then_some(event.time),
            outcome: event.outcome.as_str(),
            count: event.count,
            user: match event.domain.is_empty() || event.domain == "." || event.user.contains('@') {
                true => event.user.to_string(),
                false => format!("{}\\{}", event.domain, event.user),
            },
            from: event.src_ip.map_or_else(|| or(&event.src_name, &event.tty), net::written),
            at: place,
            reason: Self::why(event),
        }
    }

    fn why(event: &Event<'_>) -> String {
        if event.outcome == Outcome::Success {
            return event.method.to_string();
        }
        // A code has one meaning, but the text of a record may have any length.
        let words = names::reason(&event.reason).or_else(|| names::reason(&event.status));
        match (words, &*event.reason_text) {
            (Some(words), _) => words.to_owned(),
            (None, "") if event.reason.is_empty() => event.method.to_string(),
            (None, "") => event.reason.to_string(),
            (None, text) => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(record: &str, alert: &Alert) -> Option<String> {
        let line = Witness::new("").line(record.as_bytes(), alert)?;
        let time = line.time.map(|time| time.to_string()).unwrap_or_default();
        Some([&time, line.outcome, &line.user, &line.from, &line.at, &line.reason].join("|"))
    }

    #[test]
    fn a_record_is_one_line_and_the_alert_tells_the_year() {
        let alert = Alert { time: Timestamp(1_772_611_206_000_000), ..Alert::default() };
        let failed = "Mar  4 08:00:05 web1 sshd[9]: Failed password for root from 203.0.113.9 port 1 ssh2";
        assert_eq!(
            line(failed, &alert).as_deref(),
            Some("2026-03-04T08:00:05Z|failure|root|203.0.113.9|web1|password")
        );
        assert_eq!(line("nothing of interest", &alert), None);
    }

    #[test]
    fn codes_and_applications_are_told_in_words() {
        let record = r#"{"CreationTime":"2026-03-01T10:00:00","Id":"11111111-0000-4000-8000-00000000000a","Operation":"UserLoginFailed","RecordType":15,"Workload":"AzureActiveDirectory","ClientIP":"192.0.2.1","UserId":"Bob@Example.com","ApplicationId":"c44b4083-3bb0-49c1-b47d-974e53cbdf3c","ErrorNumber":"50126"}"#;
        let alert = Alert { time: Timestamp(1_772_359_300_000_000), ..Alert::default() };
        assert_eq!(
            line(record, &alert).as_deref(),
            Some(
                "2026-03-01T10:00:00Z|failure|bob@example.com|192.0.2.1|Azure Portal|wrong user name or password"
            )
        );
    }

    #[test]
    fn of_several_events_the_one_about_the_alert_is_shown() {
        let one = |user: &str, address: &str| {
            format!(
                r#"{{"CreationTime":"2026-03-01T10:00:00","Operation":"UserLoginFailed","RecordType":15,"Workload":"AzureActiveDirectory","ClientIP":"{address}","UserId":"{user}","ErrorNumber":"50126"}}"#
            )
        };
        let record = format!("[{},{}]", one("a@x.example", "192.0.2.1"), one("b@x.example", "192.0.2.2"));
        let alert = Alert {
            time: Timestamp(1_772_359_300_000_000),
            src_ip: Some("192.0.2.2".into()),
            ..Alert::default()
        };
        let told = line(&record, &alert);
        assert!(told.as_deref().is_some_and(|told| told.contains("b@x.example")), "{told:?}");
    }
}
