//! The alerts of AN1269.

use crate::pattern::Pattern;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::event::{Event, Outcome, Record};
use authsieve_engine::net::Prefixes;
use authsieve_engine::time::Span;
use authsieve_engine::told::{self, MOST_LISTED, number, or, short};
use authsieve_engine::window::excerpt::Excerpt;
use authsieve_engine::window::recent::Sum;

/// The name of the pattern for an accepted credential.
pub const ACCEPTED: &str = "credential-accepted";
/// The technique "Valid Accounts: Cloud Accounts".
const VALID: &str = "T1078.004";

/// The facts for an alert about an address and its window.
pub struct Report<'r> {
    pub event: &'r Event<'r>,
    pub record: Record<'r>,
    pub window: Span,
    pub prefixes: Prefixes,
    /// The pattern of the failures.
    pub pattern: Pattern,
    pub failures: Sum,
    pub failed: Excerpt<'r>,
    pub successes: Sum,
    pub succeeded: Excerpt<'r>,
}

impl Report<'_> {
    /// The alert about failures.
    pub fn failing(&self) -> Alert {
        let (mut alert, from, failed) = self.begin();
        let accounts = self.accounts();
        alert.pattern = self.pattern.as_str().into();
        alert.title = format!("{failed} on {accounts} from {from}: {}", self.pattern.words());
        alert.severity = Severity::Medium;
        alert.context.push(format!("{failed} on {accounts} within {}", self.window));
        let succeeded = self.successes.distinct[0];
        if succeeded > 0 {
            alert.severity = Severity::Critical;
            alert.techniques.push(VALID.into());
            alert.context.push(format!(
                "{} logged in from the same address within that time",
                number(succeeded, "account")
            ));
        }
        self.end(alert)
    }

    /// The alert about a right password. `failed_before` is true if its account is among those that failed.
    pub fn accepted(&self, failed_before: bool) -> Alert {
        let event = self.event;
        let (mut alert, from, failed) = self.begin();
        let (user, accounts) = (short(&event.user), self.accounts());
        alert.pattern = ACCEPTED.into();
        alert.severity = Severity::Critical;
        alert.techniques.insert(0, VALID.into());
        alert.title = match event.outcome {
            Outcome::Success => format!("Login of {user} from {from} after {failed} on {accounts}"),
            _ => format!("Right password of {user} from {from} after {failed} on {accounts}"),
        };
        alert.context.push(format!(
            "{failed} on {accounts} within {} before: {}",
            self.window,
            self.pattern.words()
        ));
        alert.context.push(if failed_before {
            format!("{user} is among the accounts that failed")
        } else {
            format!("{user} is not among the accounts that failed, but they are many")
        });
        if event.outcome != Outcome::Success {
            let why = short(or(&event.reason_text, or(&event.reason, event.outcome.as_str())));
            alert.context.push(format!("the password was right, and the login was stopped: {why}"));
        }
        self.end(alert)
    }

    fn accounts(&self) -> String {
        number(self.failures.distinct[0], "account")
    }

    /// The part of the alert that all patterns share, the source in words, and the number of failures in words.
    fn begin(&self) -> (Alert, String, String) {
        let event = self.event;
        let mut alert = told::about(event);
        let (failures, successes) = (self.failures, self.successes);
        alert.failure_count = Some(failures.count);
        alert.distinct_users = Some(failures.distinct[0]);
        alert.distinct_ips = Some(failures.distinct[1]);
        alert.techniques.push(self.pattern.technique().into());
        let users = self.succeeded.users();
        alert.related_successes =
            users.iter().take(MOST_LISTED).map(|(name, _)| String::from(*name)).collect();
        if failures.cut {
            alert.estimated.extend(["failure_count", "distinct_users", "distinct_ips"].map(String::from));
        }
        // Missing successes may be of accounts that are not listed.
        if successes.cut || self.succeeded.cut() {
            alert.estimated.push("related_successes".into());
        }
        let from = told::network(&self.failed, event, self.prefixes).unwrap_or_else(|| told::source(event));
        (alert, from, number(failures.count, "failed login"))
    }

    fn end(&self, mut alert: Alert) -> Alert {
        let unknown = self.failed.entries().iter().filter(|entry| entry.user.is_empty());
        let unknown = unknown.fold(0u32, |sum, entry| sum.saturating_add(entry.count));
        if unknown > 0 {
            alert
                .context
                .push(format!("{} named no account: together they count as one", number(unknown, "failure")));
        }
        // If the journal keeps entries, a failure is the newest one.
        let is_told = self.event.outcome == Outcome::Failure && !self.failed.entries().is_empty();
        told::tell(&self.failed, &mut alert, if is_told { Record::NONE } else { self.record });
        alert
    }
}
