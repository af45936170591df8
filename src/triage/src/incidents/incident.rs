//! An incident: alerts that belong together.

use super::parts::{Login, MOST_ENTITIES, Parts};
use crate::account::Account;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::hash::{Hasher128, Salt};
use authsieve_engine::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The kind of fingerprint for the ids of incidents.
const KIND: u8 = b'I';
/// The number of alerts that are described at the beginning of an incident, and again at its end. Of the alerts
/// between, only the ids are kept.
const TOLD: usize = 32;
/// The most accounts, hosts and similar names that are listed.
const LISTED: usize = 256;

/// The state of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// More alerts may join.
    #[default]
    Open,
    /// No more alerts join.
    Closed,
    /// The incident merged into another.
    Merged {
        /// The id of the other incident.
        into: String,
    },
}

/// An alert as a fact of an incident. Facts are ordered by (time, analytic, id).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The time.
    #[serde(with = "micros")]
    pub time: Timestamp,
    /// The analytic.
    pub analytic: String,
    /// The id of the alert.
    pub id: String,
    /// The severity of the alert alone.
    pub severity: Severity,
    /// The alert's title. Empty if it was left out.
    pub text: String,
    /// Further analytics that report the same login.
    pub also: Vec<String>,
    login: Option<Login>,
}

/// A compromised account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallen {
    /// The account, as it was written.
    pub account: String,
    /// The time at which this became known.
    #[serde(with = "micros")]
    pub time: Timestamp,
    /// The client's address, if one is known.
    pub from: Option<String>,
}

/// Alerts that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// A hash of the id of the first alert.
    pub id: String,
    /// The state of the incident.
    pub state: State,
    /// The highest severity of the alerts. Critical if `second_factor` is true.
    pub severity: Severity,
    /// True if the incident has both a guessed password and challenges of a second factor, for the same account and
    /// address.
    pub second_factor: bool,
    /// The time of the first alert.
    #[serde(with = "micros")]
    pub first_alert: Timestamp,
    /// The time of the last alert.
    #[serde(with = "micros")]
    pub last_alert: Timestamp,
    /// The time of the first event in the alerts.
    #[serde(with = "micros")]
    pub first_seen: Timestamp,
    /// The time of the last event in the alerts.
    #[serde(with = "micros")]
    pub last_seen: Timestamp,
    /// The ids of the alerts, in order.
    pub alerts: Vec<String>,
    /// The facts, in order.
    pub facts: Vec<Fact>,
    /// The analytics, sorted by name.
    pub analytics: Vec<String>,
    /// The addresses as they were written, in the order in which they appeared.
    pub addresses: Vec<String>,
    /// The accounts that were tried.
    pub tried: Vec<String>,
    /// The compromised accounts.
    pub fell: Vec<Fallen>,
    /// The machines and services, in the order in which they appeared.
    pub hosts: Vec<String>,
    /// The techniques of all alerts, sorted by id.
    pub techniques: Vec<String>,
    keys: BTreeSet<[u8; 16]>,
    accounts: BTreeSet<Account>,
    accepted: BTreeSet<(Account, [u8; 16])>,
    challenged: BTreeSet<(Account, [u8; 16])>,
}

impl Fact {
    /// The key by which facts are ordered.
    fn place(&self) -> (Timestamp, &str, &str) {
        (self.time, &self.analytic, &self.id)
    }
}

impl Incident {
    pub(super) fn new(alert: &Alert, parts: &Parts) -> Self {
        let hash = Hasher128::new(Salt::new(""), KIND).part(alert.id.as_bytes()).finish();
        let mut incident = Self {
            id: format!("{:032x}", hash.0),
            first_alert: alert.time,
            last_alert: alert.time,
            first_seen: alert.first_seen,
            last_seen: alert.last_seen,
            ..Self::default()
        };
        incident.severity = Severity::Informational;
        incident.add(alert, parts);
        incident
    }

    /// True if the incident holds this alert, or the alert of which this is a copy or an update.
    pub(super) fn has(&self, alert: &Alert) -> bool {
        self.alerts.contains(&alert.id)
    }

    /// True if this may be an account of the incident.
    pub(super) fn knows(&self, account: &Account) -> bool {
        let named = Account { name: account.name.clone(), domain: String::new() };
        self.accounts.range(named..).take_while(|own| own.name == account.name).any(|own| own.is(account))
    }

    /// The key by which incidents are ordered: the place of the first fact.
    pub(super) fn place_of_first(&self) -> Option<(Timestamp, &str, &str)> {
        self.facts.first().map(Fact::place)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8; 16]> {
        self.keys.iter()
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    /// Adds an alert. Returns true if the incident became worse: a higher severity, or another compromised account.
    pub(super) fn add(&mut self, alert: &Alert, parts: &Parts) -> bool {
        let before = (self.severity, self.fell.len());
        self.tell(alert, parts);
        self.place(Fact {
            time: alert.time,
            analytic: alert.analytic.clone(),
            id: alert.id.clone(),
            severity: alert.severity,
            text: alert.title.clone(),
            also: Vec::new(),
            login: parts.login.clone(),
        });
        for (key, text) in &parts.addresses {
            if self.keys.len() < MOST_ENTITIES && self.keys.insert(*key) {
                list(&mut self.addresses, text);
            }
        }
        for account in &parts.accounts {
            if self.accounts.len() < MOST_ENTITIES {
                self.accounts.insert(account.clone());
            }
        }
        let room = |set: &BTreeSet<_>| MOST_ENTITIES.saturating_sub(set.len());
        self.accepted.extend(parts.accepted.iter().take(room(&self.accepted)).cloned());
        self.challenged.extend(parts.challenged.iter().take(room(&self.challenged)).cloned());
        self.escalate();
        before != (self.severity, self.fell.len())
    }

    /// Updates an alert of the incident. Returns true if the incident became worse.
    pub(super) fn update(&mut self, alert: &Alert, parts: &Parts) -> bool {
        if alert.status.is_none() {
            return false;
        }
        let before = (self.severity, self.fell.len());
        self.tell(alert, parts);
        if let Some(fact) = self.facts.iter_mut().find(|fact| fact.id == alert.id && !fact.text.is_empty()) {
            (fact.text, fact.severity) = (alert.title.clone(), alert.severity);
        }
        before != (self.severity, self.fell.len())
    }

    /// Adds the alert's times, accounts, hosts and techniques.
    fn tell(&mut self, alert: &Alert, parts: &Parts) {
        self.severity = self.severity.max(alert.severity);
        self.first_seen = self.first_seen.min(alert.first_seen);
        self.last_seen = self.last_seen.max(alert.last_seen).max(alert.time);
        for name in alert.users.iter().chain(&alert.user) {
            list(&mut self.tried, name);
        }
        for name in &parts.fell {
            self.fall(Fallen { account: name.clone(), time: alert.time, from: alert.src_ip.clone() });
        }
        let places = [&alert.host, &alert.service, &alert.application];
        places.into_iter().flatten().for_each(|place| list(&mut self.hosts, place));
        sorted(&mut self.techniques, &alert.techniques);
        sorted(&mut self.analytics, std::slice::from_ref(&alert.analytic));
    }

    fn fall(&mut self, fallen: Fallen) {
        let account = Account::of(&fallen.account);
        let room = self.fell.len() < LISTED;
        match self.fell.iter_mut().find(|known| Account::of(&known.account) == account) {
            Some(known) if known.time > fallen.time => *known = fallen,
            None if room => self.fell.push(fallen),
            _ => return,
        }
        self.fell.sort_by(|one, other| (one.time, &one.account).cmp(&(other.time, &other.account)));
    }

    /// Inserts a fact at its place, and removes the texts in the middle of a long incident.
    fn place(&mut self, fact: Fact) {
        self.first_alert = self.first_alert.min(fact.time);
        self.last_alert = self.last_alert.max(fact.time);
        let at = self.facts.partition_point(|other| other.place() < fact.place());
        self.alerts.insert(at.min(self.alerts.len()), fact.id.clone());
        self.facts.insert(at, fact);
        let end = self.facts.len().saturating_sub(TOLD);
        for fact in self.facts.get_mut(TOLD..end).into_iter().flatten() {
            (fact.text, fact.login) = (String::new(), None);
        }
    }

    /// Adds everything of another incident.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.severity = self.severity.max(other.severity);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        other.facts.iter().for_each(|fact| self.place(fact.clone()));
        for key in other.keys() {
            if self.keys.len() < MOST_ENTITIES {
                self.keys.insert(*key);
            }
        }
        other.addresses.iter().for_each(|text| list(&mut self.addresses, text));
        let room = MOST_ENTITIES.saturating_sub(self.accounts.len());
        let new: Vec<Account> = other.accounts.difference(&self.accounts).take(room).cloned().collect();
        self.accounts.extend(new);
        other.tried.iter().for_each(|name| list(&mut self.tried, name));
        other.hosts.iter().for_each(|name| list(&mut self.hosts, name));
        other.fell.iter().for_each(|fallen| self.fall(fallen.clone()));
        sorted(&mut self.techniques, &other.techniques);
        sorted(&mut self.analytics, &other.analytics);
        let room = |set: &BTreeSet<_>| MOST_ENTITIES.saturating_sub(set.len());
        self.accepted.extend(other.accepted.iter().take(room(&self.accepted)).cloned());
        self.challenged.extend(other.challenged.iter().take(room(&self.challenged)).cloned());
        self.escalate();
    }

    fn escalate(&mut self) {
        let meet = |(account, key): &(Account, [u8; 16])| {
            self.challenged.iter().any(|(other, from)| key == from && account.is(other))
        };
        if !self.second_factor && self.accepted.iter().any(meet) {
            (self.second_factor, self.severity) = (true, Severity::Critical);
        }
    }

    /// The facts in order. Alerts of equal time, account and address are one login: the first of them describes it, and
    /// names the analytics of the others. The second value is the number of facts without a text.
    #[must_use]
    pub fn story(&self) -> (Vec<Fact>, usize) {
        let mut told: Vec<Fact> = Vec::new();
        let mut left_out = 0;
        for fact in &self.facts {
            if fact.text.is_empty() {
                left_out += 1;
                continue;
            }
            let same = |other: &&mut Fact| fact.login.is_some() && other.login == fact.login;
            match told.iter_mut().rev().take_while(|other| other.time == fact.time).find(same) {
                Some(other) => {
                    other.severity = other.severity.max(fact.severity);
                    other.also.push(fact.analytic.clone());
                }
                None => told.push(fact.clone()),
            }
        }
        (told, left_out)
    }

    /// The incident in one sentence.
    #[must_use]
    pub fn title(&self) -> String {
        let from = match self.addresses.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [one, others @ ..] => format!("{one} and {} more", others.len()),
        };
        let only = |from: &str| if from.is_empty() { String::new() } else { format!(" from {from}") };
        match self.fell.as_slice() {
            [] if self.tried.len() > 1 => {
                format!("{} accounts were tried{}; no login is seen", self.tried.len(), only(&from))
            }
            [] => match self.tried.first() {
                Some(name) => format!("{name} was tried{}; no login is seen", only(&from)),
                None => format!("logins were tried{}", only(&from)),
            },
            [one] => format!("somebody got into {}{}", one.account, only(&from)),
            fell => format!("somebody got into {} accounts{}", fell.len(), only(&from)),
        }
    }

    /// The time from the first event to the last.
    #[must_use]
    pub fn lasted(&self) -> Span {
        Span(self.last_seen.0.saturating_sub(self.first_seen.0))
    }

    /// The incident as a JSON object, without the fields of its alerts.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let (story, left_out) = self.story();
        let fact = |fact: &Fact| {
            let mut value = json!({
                "time": fact.time.to_string(), "severity": fact.severity.as_str(), "analytic": fact.analytic,
                "alert": fact.id, "text": fact.text,
            });
            if let (Some(map), false) = (value.as_object_mut(), fact.also.is_empty()) {
                map.insert("also".into(), fact.also.clone().into());
            }
            value
        };
        let fell =
            |one: &Fallen| json!({ "user": one.account, "time": one.time.to_string(), "src_ip": one.from });
        let mut value = json!({
            "incident": self.id,
            "status": match self.state {
                State::Open => "open",
                State::Closed => "closed",
                State::Merged { .. } => "merged",
            },
            "severity": self.severity.as_str(),
            "title": self.title(),
            "first_seen": self.first_seen.to_string(),
            "last_seen": self.last_seen.to_string(),
            "analytics": self.analytics,
            "src_ips": self.addresses,
            "fell": self.fell.iter().map(fell).collect::<Vec<_>>(),
            "tried": self.tried,
            "hosts": self.hosts,
            "techniques": self.techniques,
            "alerts": self.alerts,
            "story": story.iter().map(fact).collect::<Vec<_>>(),
        });
        if let Some(map) = value.as_object_mut() {
            if let State::Merged { into } = &self.state {
                map.insert("merged_into".into(), into.as_str().into());
            }
            if self.second_factor {
                map.insert("second_factor".into(), true.into());
            }
            if left_out > 0 {
                map.insert("left_out".into(), left_out.into());
            }
        }
        value
    }
}

fn list(names: &mut Vec<String>, name: &str) {
    if names.len() < LISTED && !name.is_empty() && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn sorted(names: &mut Vec<String>, more: &[String]) {
    more.iter().for_each(|name| list(names, name));
    names.sort();
}

/// Stores a time as the number of its microseconds.
mod micros {
    use authsieve_engine::time::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_i64(time.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(input).map(Timestamp)
    }
}
