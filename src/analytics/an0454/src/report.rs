//! The alerts of AN0454.

use crate::challenges::{ChallengeSum, Fate};
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::event::{Event, Record};
use authsieve_engine::net;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::told::{self, MOST_LISTED, number, said, short, source};
use authsieve_engine::window::excerpt::Excerpt;
use authsieve_engine::window::journal::{Entry, Journal, Link};

/// The kind of a journal entry of a challenge that counted.
pub const CHALLENGE: u8 = 0;
/// The kind of a journal entry of a login.
pub const LOGIN: u8 = 1;

/// A pattern of challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Many challenges within the window.
    Challenges = 0,
    /// Many challenges within the slow window.
    Slow = 1,
    /// Many challenges, then a login.
    Login = 2,
}

impl Pattern {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Challenges => "challenges-without-login",
            Self::Slow => "slow-challenges",
            Self::Login => "login-after-challenges",
        }
    }
}

/// The facts for an alert.
pub struct Report<'r> {
    pub event: &'r Event<'r>,
    pub record: Record<'r>,
    pub pattern: Pattern,
    /// The counted challenges lie in [from, to].
    pub from: Timestamp,
    pub to: Timestamp,
    pub window: Span,
    pub tally: ChallengeSum,
    pub journal: &'r Journal,
    pub newest: Link,
    /// Turns an address of the journal into the form that the tally holds.
    pub address: &'r dyn Fn(Option<[u8; 16]>) -> u64,
}

impl Report<'_> {
    pub fn alert(&self) -> Alert {
        let (event, tally) = (self.event, &self.tally);
        let login = self.pattern == Pattern::Login;
        let (challenges, logins) = self.read();
        let count = tally.each.len() as u32;
        let outcomes: Vec<(&str, u32)> =
            [(Some(Fate::Denied), tally.denied), (Some(Fate::Timeout), tally.timeout), (None, tally.open)]
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(fate, count)| (Fate::outcome(fate), count))
                .collect();
        let mut alert = told::about(event);
        alert.pattern = self.pattern.as_str().into();
        alert.severity = if login { Severity::Critical } else { Severity::Medium };
        alert.title = self.title(count);
        if alert.device.is_none() {
            alert.device = said(&event.os);
        }
        alert.challenge_count = Some(count);
        alert.distinct_ips = Some(tally.addresses);
        alert.outcomes = told::tallies(&outcomes);
        alert.related_successes = logins;
        alert.techniques.push("T1621".into());
        if login {
            alert.techniques.push("T1078".into());
        }
        alert.context = self.context(&outcomes);
        if tally.cut {
            for field in ["challenge_count", "distinct_ips", "outcomes"] {
                alert.estimated.push(field.into());
            }
        }
        // The newest challenge is in the journal already, unless the journal keeps no entries.
        let raised = if login || challenges.entries().is_empty() { self.record } else { Record::NONE };
        told::tell(&challenges, &mut alert, raised);
        alert.first_seen = tally.each.first().map_or(event.time, |(time, _)| *time);
        alert
    }

    /// The counted challenges, and the user's logins in the meantime.
    pub fn read(&self) -> (Excerpt<'_>, Vec<String>) {
        let login = self.pattern == Pattern::Login;
        // Each challenge is listed once. The journal also holds challenges that a login made the analytic forget.
        let mut left = self.tally.each.clone();
        let mut logins = Vec::new();
        if login {
            logins.push(line(self.event.time, &self.event.user, &source(self.event)));
        }
        let challenges =
            Excerpt::read(self.journal, self.newest, 0, self.from, self.event.time, &mut |entry| {
                if entry.kind == LOGIN {
                    logins.push(earlier_login(entry));
                    return 0;
                }
                let one = (entry.time, (self.address)(entry.address));
                let place = left.iter().rposition(|held| *held == one);
                place.map_or(0, |place| {
                    left.remove(place);
                    1
                })
            });
        logins.truncate(MOST_LISTED);
        logins.reverse();
        (challenges, logins)
    }

    fn title(&self, count: u32) -> String {
        let user = short(&self.event.user);
        let challenges = number(count, "MFA challenge");
        match self.pattern {
            Pattern::Challenges => {
                format!("{challenges} of {user} within {} and no login after them", self.window)
            }
            Pattern::Slow => format!("{challenges} of {user} within {}", self.window),
            Pattern::Login => format!("{challenges} of {user}, then a login from {}", source(self.event)),
        }
    }

    fn context(&self, outcomes: &[(&str, u32)]) -> Vec<String> {
        let mut sums = String::from("of the challenges:");
        for (what, count) in outcomes {
            let comma = if sums.ends_with(':') { "" } else { "," };
            sums.push_str(&format!("{comma} {count} {what}"));
        }
        let mut context = vec![sums];
        if self.pattern == Pattern::Login {
            let after = Span(self.event.time.0.saturating_sub(self.to.0));
            context.push(format!("a login {after} after the last challenge that completed the count"));
            let own = (self.address)(self.event.src_ip.map(net::octets));
            context.push(
                if own != 0 && self.tally.each.iter().any(|(_, address)| *address == own) {
                    "the login came from where challenges were asked for: the user gave in to somebody there"
                } else {
                    "where the login or a challenge came from is not known: they may belong together"
                }
                .into(),
            );
        }
        if self.event.credential {
            context.push("the password was right: whoever asks for the second factor knows it".into());
        }
        context
    }
}

fn earlier_login(entry: &Entry<'_>) -> String {
    let from = net::shown(entry.address.map(net::from_octets)).unwrap_or("an unknown address".into());
    line(entry.time, &String::from_utf8_lossy(entry.user), &from)
}

fn line(time: Timestamp, user: &str, from: &str) -> String {
    format!("{time} {user} from {from}")
}
