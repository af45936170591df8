//! Selects the alerts that somebody wants to see.

use crate::account::Account;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::net::{self, Cidr};
use authsieve_engine::time::Timestamp;

/// Conditions on alerts. All given conditions must hold. They select alerts, and do not change which events raise them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The alert was raised at this time or later.
    pub since: Option<Timestamp>,
    /// The alert was raised at this time or earlier.
    pub until: Option<Timestamp>,
    /// The alert has at least this severity.
    pub min_severity: Severity,
    /// The analytic is one of these, in any case. Empty for all analytics.
    pub analytics: Vec<String>,
    /// The account raised the alert, was tried, or logged in.
    pub user: Option<Account>,
    /// An address of the alert is in this block.
    pub ip: Option<Cidr>,
}

impl Filter {
    /// Conditions that all alerts meet.
    pub const ALL: Self = Self {
        since: None,
        until: None,
        min_severity: Severity::Informational,
        analytics: Vec::new(),
        user: None,
        ip: None,
    };

    /// True if the alert meets the conditions.
    #[must_use]
    pub fn passes(&self, alert: &Alert) -> bool {
        let of = |id: &String| id.eq_ignore_ascii_case(&alert.analytic);
        self.since.is_none_or(|since| alert.time >= since)
            && self.until.is_none_or(|until| alert.time <= until)
            && alert.severity >= self.min_severity
            && (self.analytics.is_empty() || self.analytics.iter().any(of))
            && self.user.as_ref().is_none_or(|user| names(alert).any(|name| is(name, user)))
            && self.ip.is_none_or(|block| comes_from(alert, block))
    }
}

/// All accounts of an alert.
fn names(alert: &Alert) -> impl Iterator<Item = &String> {
    alert.user.iter().chain(&alert.users).chain(&alert.related_successes)
}

fn is(name: &str, user: &Account) -> bool {
    Account::of(name).is_some_and(|account| account.is(user))
}

/// True if one of the alert's addresses is in this block.
pub(crate) fn comes_from(alert: &Alert, block: Cidr) -> bool {
    let mut addresses = alert.src_ip.iter().chain(&alert.src_ips).filter_map(|text| net::parse_address(text));
    addresses.any(|address| block.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_chooses() {
        let alert = Alert {
            analytic: "AN1269".into(),
            severity: Severity::High,
            time: Timestamp(5),
            user: Some("ada@x.example".into()),
            users: vec!["bob@x.example".into()],
            src_ip: Some("192.0.2.7".into()),
            ..Alert::default()
        };
        let passes = |filter: Filter| filter.passes(&alert);
        assert!(passes(Filter::ALL));
        let since = |time| Filter { since: Some(Timestamp(time)), ..Filter::ALL };
        let until = |time| Filter { until: Some(Timestamp(time)), ..Filter::ALL };
        assert!(passes(since(5)) && !passes(since(6)) && passes(until(5)) && !passes(until(4)));
        let least = |min_severity| Filter { min_severity, ..Filter::ALL };
        assert!(passes(least(Severity::High)) && !passes(least(Severity::Critical)));
        let of = |id: &str| Filter { analytics: vec![id.into()], ..Filter::ALL };
        assert!(passes(of("an1269")) && !passes(of("fls")));
        let about = |user: &str| Filter { user: Account::of(user), ..Filter::ALL };
        assert!(passes(about("BOB")) && passes(about("ada@x.example")) && !passes(about("ada@y.example")));
        let from = |block: &str| Filter { ip: Cidr::parse(block), ..Filter::ALL };
        assert!(
            passes(from("192.0.2.0/24")) && passes(from("192.0.2.7")) && !passes(from("198.51.100.0/24"))
        );
    }
}
