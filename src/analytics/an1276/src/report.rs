//! What an alert of AN1276 tells.

use crate::options::Correlate;
use authsieve_engine::alert::{Alert, Severity, Tally};
use authsieve_engine::event::{Event, Origin, Signal};
use authsieve_engine::net;
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::window::journal::{End, Entry, Journal, Link};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// How far back the journal is read for one alert.
const MOST_ENTRIES: usize = 4096;
/// How many accounts and addresses an alert lists. They are counted beyond.
const MOST_LISTED: usize = 50;
/// How many raw records from each end are shown.
const EVIDENCE: usize = 3;
/// How much of the record that raised the alert is shown.
const RECORD: usize = 512;
/// How much of a name stands in a title.
const TITLE_NAME: usize = 64;

/// All there is to tell.
pub struct Report<'r> {
    pub event: &'r Event<'r>,
    pub record: &'r [u8],
    pub pattern: Correlate,
    pub matched: Vec<Correlate>,
    /// The begin of the window that was counted.
    pub from: Timestamp,
    /// The failure that completed the count.
    pub completed: Timestamp,
    /// How many of the failures the key itself remembers: a lower bound that needs no journal.
    pub counted: usize,
    /// How many it can remember at most.
    pub most: usize,
    pub journal: &'r Journal,
    pub newest: Link,
    /// Which of an entry's links to follow.
    pub link: usize,
    /// How many bits of an IPv4 and of an IPv6 address make a key.
    pub prefixes: (u8, u8),
}

/// What the journal says of the failures.
#[derive(Default)]
struct Found {
    failures: u32,
    users: BTreeMap<String, u32>,
    addresses: BTreeMap<IpAddr, u32>,
    reasons: BTreeMap<String, u32>,
    first: Option<Timestamp>,
    /// The newest few, newest first, and the oldest few, newest first.
    last_records: Vec<String>,
    first_records: Vec<String>,
    /// Whether there were more than could be read.
    cut: bool,
    /// What was taken back: when, how many, of whom.
    taken_back: Vec<(Timestamp, u32, Vec<u8>)>,
}

/// The kind of a journal entry of failures.
pub const FAILED: u8 = 0;
/// The kind of a journal entry that says that the last failures of that time were none.
pub const TAKEN_BACK: u8 = 1;

impl Report<'_> {
    pub fn alert(&self) -> Alert {
        let event = self.event;
        let found = self.read();
        let failures = found.failures.max(u32::try_from(self.counted).unwrap_or(u32::MAX));
        let mut estimated = Vec::new();
        if found.cut {
            // A key that remembers fewer than it could has forgotten none.
            estimated.extend((self.counted >= self.most).then_some("failure_count"));
            estimated.extend(["distinct_users", "distinct_ips", "evidence"]);
        }
        let mut users: Vec<String> = found.users.keys().cloned().collect();
        if !event.user.is_empty() && !found.users.contains_key(&*event.user) {
            users.push(event.user.to_string());
        }
        let distinct_users = found.users.keys().filter(|user| !user.is_empty()).count();
        Alert {
            pattern: self.pattern.as_str().into(),
            severity: Severity::High,
            title: self.title(failures, &found),
            time: event.time,
            first_seen: found.first.unwrap_or(self.completed),
            last_seen: event.time,
            user: said(&event.user),
            users: users.into_iter().filter(|user| !user.is_empty()).take(MOST_LISTED).collect(),
            src_ip: net::shown(event.src_ip),
            src_ips: found.addresses.keys().take(MOST_LISTED).map(IpAddr::to_string).collect(),
            host: said(&event.host),
            service: said(&event.service),
            user_agent: said(&event.user_agent),
            failure_count: Some(failures),
            distinct_users: Some(distinct_users as u32),
            distinct_ips: Some(found.addresses.len() as u32),
            estimated: estimated.into_iter().map(String::from).collect(),
            matched: self.matched.iter().map(|kind| kind.as_str().into()).collect(),
            reasons: found
                .reasons
                .iter()
                .map(|(code, count)| Tally { code: code.clone(), count: *count })
                .collect(),
            techniques: techniques(self.pattern, distinct_users),
            context: self.context(failures, distinct_users),
            evidence: found.evidence(self.record),
            ..Alert::default()
        }
    }

    fn read(&self) -> Found {
        let mut found = Found::default();
        let mut walk = self.journal.walk(self.newest, self.link, MOST_ENTRIES);
        for entry in walk.by_ref() {
            if entry.time < self.from {
                break;
            }
            if entry.time <= self.event.time {
                found.add(&entry);
            }
        }
        found.cut = matches!(walk.end(), Some(End::Overwritten | End::Bound));
        found
    }

    fn title(&self, failures: u32, found: &Found) -> String {
        let user = short(&self.event.user);
        let failed = format!("{failures} failed login{}", if failures == 1 { "" } else { "s" });
        let from = match self.pattern {
            Correlate::UserIp | Correlate::Ip => self.network(found).unwrap_or_else(|| self.source()),
            Correlate::User => self.source(),
        };
        match self.pattern {
            Correlate::UserIp => format!("{failed} of {user} from {from}, then a login"),
            Correlate::Ip => format!("{failed} from {from}, then a login of {user}"),
            Correlate::User => format!("{failed} of {user}, then a login from {from}"),
        }
    }

    /// The block of addresses that makes the key, where the failures came from more than the address of the success.
    fn network(&self, found: &Found) -> Option<String> {
        let address = self.event.src_ip.filter(|own| found.addresses.keys().any(|other| other != own))?;
        let bits = if address.is_ipv4() { self.prefixes.0 } else { self.prefixes.1 };
        Some(format!("{}/{bits}", net::prefix(address, bits, bits)))
    }

    fn source(&self) -> String {
        let event = self.event;
        match (event.src_ip, event.origin) {
            (Some(address), _) => address.to_string(),
            (None, Origin::Local) => {
                format!("{} on {}", or(&event.tty, "an unknown terminal"), or(&event.host, "an unknown host"))
            }
            (None, Origin::Remote) => "an unknown address".into(),
        }
    }

    fn context(&self, failures: u32, users: usize) -> Vec<String> {
        let after = Span(self.event.time.0.saturating_sub(self.completed.0));
        let mut context = vec![format!(
            "{failures} failures within the window, then a success {after} after the last that completed the count"
        )];
        if self.pattern == Correlate::Ip && users > 1 {
            context.push(format!("the failures were on {users} accounts: guessing across accounts"));
        }
        if !self.event.method.is_empty() {
            context.push(format!("the success was by {}", short(&self.event.method)));
        }
        context
    }
}

impl Found {
    fn add(&mut self, entry: &Entry<'_>) {
        if entry.kind == TAKEN_BACK {
            return self.taken_back.push((entry.time, entry.count, entry.user.to_vec()));
        }
        let mut count = entry.count;
        for (time, taken, user) in &mut self.taken_back {
            if *time == entry.time && user == entry.user {
                let back = count.min(*taken);
                (count, *taken) = (count - back, *taken - back);
            }
        }
        if count == 0 {
            return;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.failures = self.failures.saturating_add(count);
        self.first = Some(self.first.map_or(entry.time, |first| first.min(entry.time)));
        *self.users.entry(text(entry.user)).or_default() += count;
        if let Some(address) = entry.address {
            *self.addresses.entry(net::from_octets(address)).or_default() += count;
        }
        if !entry.code.is_empty() {
            *self.reasons.entry(text(entry.code)).or_default() += count;
        }
        if self.last_records.len() < EVIDENCE {
            self.last_records.push(text(entry.record));
        } else {
            if self.first_records.len() >= EVIDENCE {
                self.first_records.remove(0);
            }
            self.first_records.push(text(entry.record));
        }
    }

    /// The first and last few records of the failures in the order they came, then that of the success.
    fn evidence(self, success: &[u8]) -> Vec<String> {
        let success = success.get(..RECORD).unwrap_or(success);
        let failures = self.first_records.into_iter().rev().chain(self.last_records.into_iter().rev());
        failures.chain([String::from_utf8_lossy(success).into_owned()]).collect()
    }
}

/// What is tallied under `reasons`: how the failure was told.
pub fn code<'e>(event: &'e Event<'_>) -> &'e str {
    match event.signal {
        _ if !event.reason.is_empty() => &event.reason,
        Signal::Weak => "implied",
        _ if !event.method.is_empty() => &event.method,
        Signal::Pam | Signal::PamOther | Signal::SshdPam => "pam",
        _ => event.shape,
    }
}

fn techniques(pattern: Correlate, users: usize) -> Vec<String> {
    let guess = match pattern {
        Correlate::Ip if users > 1 => "T1110.003",
        _ => "T1110.001",
    };
    [guess, "T1078"].map(String::from).into()
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.into())
}

fn or<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}

/// A name as a title shows it: bounded, whoever chose it.
fn short(name: &str) -> String {
    match name.char_indices().nth(TITLE_NAME) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => or(name, "an unknown user").into(),
    }
}
