//! Writes the facts about the events behind an alert into it: accounts, addresses, codes, first and last evidence.
//!
//! An [`Excerpt`] of the journal holds these events, and [`tell`] writes them into the alert. It keeps a field that
//! is set already: an analytic first sets the counts that its windows know exactly.
//!
//! ```
//! use authsieve_engine::alert::Alert;
//! use authsieve_engine::event::Record;
//! use authsieve_engine::time::Timestamp;
//! use authsieve_engine::told;
//! use authsieve_engine::window::excerpt::Excerpt;
//! use authsieve_engine::window::journal::{Entry, Journal};
//! let mut journal = Journal::new(1 << 20);
//! let entry = Entry { count: 3, user: b"root", code: b"50126", record: Record::unnumbered(b"{}"), ..Entry::default() };
//! let newest = journal.append(&entry);
//! let excerpt = Excerpt::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut |entry| entry.count);
//! let mut alert = Alert { failure_count: Some(excerpt.count()), ..Alert::default() };
//! told::tell(&excerpt, &mut alert, Record::unnumbered(b"the record that raised it"));
//! assert_eq!((alert.failure_count, alert.distinct_users), (Some(3), Some(1)));
//! assert_eq!((&*alert.reasons[0].code, alert.reasons[0].count), ("50126", 3));
//! assert_eq!(alert.evidence[0].text, "{}");
//! assert_eq!(alert.evidence[1].text, "the record that raised it");
//! ```

pub mod rule;

use crate::alert::{Alert, Evidence, Tally};
use crate::event::{Access, Event, Record};
use crate::net::{self, Prefixes};
use crate::window::excerpt::Excerpt;
use crate::window::journal::Entry;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The most accounts and addresses that an alert lists. Its counts include the others.
pub const MOST_LISTED: usize = 50;
/// The number of raw records shown from each end of an excerpt.
pub const EVIDENCE: usize = 3;
/// The most bytes shown of the record that raised the alert.
const RECORD: usize = 512;
/// The context line of an alert whose times lack their years.
pub const YEAR_INFERRED: &str = "the year is inferred: the records name none";
/// The most characters of a name in a title.
const TITLE_NAME: usize = 64;

/// The entry that the journal keeps of an event. `code` is counted under `reasons`.
#[must_use]
pub fn entry<'e>(event: &'e Event<'_>, code: &'e str, record: Record<'e>) -> Entry<'e> {
    Entry {
        time: event.time,
        year_inferred: event.year_inferred,
        count: event.count,
        address: event.src_ip.map(net::octets),
        user: event.user.as_bytes(),
        host: event.host.as_bytes(),
        code: code.as_bytes(),
        record,
        ..Entry::default()
    }
}

/// The first and last few raw records of an excerpt in the order of arrival, and then `raised`, the record that
/// raised the alert. Pass an empty `raised` if it is among them already. O(1).
#[must_use]
pub fn evidence(excerpt: &Excerpt<'_>, raised: Record<'_>) -> Vec<Evidence> {
    let entries = excerpt.entries();
    let rest = entries.get(EVIDENCE..).unwrap_or_default();
    let first = rest.iter().rev().take(EVIDENCE);
    let last = entries.iter().take(EVIDENCE).rev();
    let shown = raised.bytes.get(..RECORD).unwrap_or(raised.bytes);
    let raised = Some(Record { bytes: shown, ..raised }).filter(|record| !record.bytes.is_empty());
    let records = first.chain(last).map(|entry| entry.record).chain(raised);
    let shown = |bytes| String::from_utf8_lossy(bytes).into_owned();
    records.map(|record| Evidence { record: record.number, text: shown(record.bytes) }).collect()
}

/// Writes an excerpt into an alert: `first_seen`, `users`, `src_ips`, their counts, `reasons` (the codes) and
/// `evidence`. Adds a context line if a year is inferred.
///
/// If the excerpt is cut, `estimated` names the counts and the evidence. Keeps counts, lists and evidence that are
/// set already. Lists the alert's `user` too. `raised` is as in [`evidence`]. O(n log n) in the entries.
pub fn tell(excerpt: &Excerpt<'_>, alert: &mut Alert, raised: Record<'_>) {
    let (users, addresses) = (excerpt.users(), excerpt.addresses());
    alert.first_seen = excerpt.first().unwrap_or(alert.first_seen);
    let mut estimated = Vec::new();
    if alert.distinct_users.is_none() {
        alert.distinct_users = Some(users.len() as u32);
        estimated.push("distinct_users");
    }
    if alert.distinct_ips.is_none() {
        alert.distinct_ips = Some(addresses.len() as u32);
        estimated.push("distinct_ips");
    }
    if alert.users.is_empty() {
        alert.users = users.iter().take(MOST_LISTED).map(|(name, _)| (*name).into()).collect();
        if let Some(user) = &alert.user
            && alert.users.len() < MOST_LISTED
            && !alert.users.contains(user)
        {
            alert.users.push(user.clone());
        }
    }
    if alert.src_ips.is_empty() {
        let listed = addresses.iter().take(MOST_LISTED);
        alert.src_ips = listed.map(|(address, _)| net::written(*address)).collect();
    }
    if alert.reasons.is_empty() {
        alert.reasons = tallies(&excerpt.codes());
    }
    if alert.evidence.is_empty() {
        alert.evidence = evidence(excerpt, raised);
        estimated.push("evidence");
    }
    if excerpt.entries().iter().any(|entry| entry.year_inferred) {
        alert.context.push(YEAR_INFERRED.into());
    }
    for field in estimated.into_iter().filter(|_| excerpt.cut()) {
        alert.estimated.push(field.into());
    }
}

/// The address block that makes the key, if the excerpt holds another address of the block than that of `event`.
/// O(n).
#[must_use]
pub fn network(excerpt: &Excerpt<'_>, event: &Event<'_>, prefixes: Prefixes) -> Option<String> {
    let own = event.src_ip?;
    let octets = Some(net::octets(own));
    let other = |entry: &Entry<'_>| entry.address.is_some() && entry.address != octets;
    excerpt.entries().iter().any(other).then(|| prefixes.block(own))
}

/// Begins an alert with the time, user, address, host, service and other facts of the event that raised it. The
/// analytic adds pattern, severity, title and counts.
#[must_use]
pub fn about(event: &Event<'_>) -> Alert {
    let mut alert = Alert { time: event.time, ..Alert::default() };
    (alert.first_seen, alert.last_seen) = (event.time, event.time);
    alert.user = said(&event.user);
    alert.src_ip = net::shown(event.src_ip);
    alert.host = said(&event.host);
    alert.service = said(&event.service);
    alert.user_agent = said(&event.user_agent);
    alert.application = said(&event.application);
    alert.device = said(&event.device);
    alert
}

/// Converts codes and counts to the form that alerts hold.
#[must_use]
pub fn tallies(list: &[(&str, u32)]) -> Vec<Tally> {
    list.iter().map(|(code, count)| Tally { code: (*code).into(), count: *count }).collect()
}

/// Names the source of an event: its address, or the terminal and host of a local login.
#[must_use]
pub fn source(event: &Event<'_>) -> String {
    match (event.src_ip, event.access) {
        (Some(address), _) => net::written(address),
        (None, Access::Local) => {
            format!("{} on {}", or(&event.tty, "an unknown terminal"), or(&event.host, "an unknown host"))
        }
        (None, Access::Remote) => "an unknown address".into(),
    }
}

/// The text, or `None` if it is empty.
#[must_use]
pub fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.into())
}

/// The text, or `otherwise` if it is empty.
#[must_use]
pub const fn or<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}

/// Cuts a name for a title, since an attacker may have chosen it.
#[must_use]
pub fn short(name: &str) -> String {
    match name.char_indices().nth(TITLE_NAME) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => or(name, "an unknown user").into(),
    }
}

/// A count and its noun: `1 failed login`, `5 failed logins`.
#[must_use]
pub fn number(count: u32, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
