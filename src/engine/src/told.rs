//! What an alert tells of the events behind it: accounts, addresses, codes, first and last evidence.
//!
//! [`Told::read`] goes back through the [journal](crate::window::journal) once, from the newest entry of a key, and
//! keeps what lies in a span of time and counts. [`Told::tell`] writes that into an alert. What was set before stays:
//! counts that an analytic knows exactly from its windows are set first, and only what is left is told from here.
//!
//! ```
//! use authsieve_engine::alert::Alert;
//! use authsieve_engine::event::Record;
//! use authsieve_engine::time::Timestamp;
//! use authsieve_engine::told::Told;
//! use authsieve_engine::window::journal::{Entry, Journal, Link};
//! let mut journal = Journal::new(1 << 20);
//! let newest = journal.append(&Entry { count: 3, user: b"root", code: b"50126", record: Record::unnumbered(b"{}"), ..Entry::default() });
//! let told = Told::read(&journal, newest, 0, Timestamp(0), Timestamp(9), &mut |entry| entry.count);
//! let mut alert = Alert { failure_count: Some(told.count()), ..Alert::default() };
//! told.tell(&mut alert, Record::unnumbered(b"the record that raised it"));
//! assert_eq!((alert.failure_count, alert.distinct_users), (Some(3), Some(1)));
//! assert_eq!((&*alert.reasons[0].code, alert.reasons[0].count), ("50126", 3));
//! assert_eq!(alert.evidence[0].text, "{}");
//! assert_eq!(alert.evidence[1].text, "the record that raised it");
//! ```

use crate::alert::{Alert, Evidence, Tally};
use crate::event::{Event, Origin, Record};
use crate::net;
use crate::order::sort;
use crate::time::Timestamp;
use crate::window::journal::{End, Entry, Journal, Link};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

/// How many entries of a key are read for one alert.
pub const MOST_ENTRIES: usize = 4096;
/// How many accounts and addresses an alert lists. They are counted beyond.
pub const MOST_LISTED: usize = 50;
/// How many raw records from each end are shown.
pub const EVIDENCE: usize = 3;
/// How much of the record that raised the alert is shown, in bytes.
const RECORD: usize = 512;
/// How many characters of a name stand in a title.
const TITLE_NAME: usize = 64;
/// Entries are in the order they came: beyond so many that are too old, none that came late are looked for.
const LATE: usize = 32;

/// What the journal still holds of a key's events in a span of time.
#[derive(Clone, Debug, Default)]
pub struct Told<'j> {
    /// Those that count, newest first.
    entries: Vec<Entry<'j>>,
    cut: bool,
}

impl<'j> Told<'j> {
    /// Reads the entries of key number `key` in [from, to], back from `newest`, at most [`MOST_ENTRIES`]. `counts` is
    /// asked of each, newest first, how many attempts of it count: [`Entry::count`] or less, 0 to leave it out. Linear
    /// in the entries read.
    #[must_use]
    pub fn read(
        journal: &'j Journal,
        newest: Link,
        key: usize,
        from: Timestamp,
        to: Timestamp,
        counts: &mut dyn FnMut(&Entry<'j>) -> u32,
    ) -> Self {
        let (mut told, mut older) = (Self::default(), 0);
        let mut walk = journal.walk(newest, key, MOST_ENTRIES);
        for entry in walk.by_ref() {
            if entry.time < from {
                older += 1;
                if older > LATE {
                    break;
                }
            } else if entry.time <= to {
                let count = counts(&entry);
                if count > 0 {
                    told.entries.push(Entry { count, ..entry });
                }
            }
        }
        told.cut = older == 0 && matches!(walk.end(), Some(End::Overwritten | End::Bound));
        told
    }

    /// Whether there were more than could be read: what is told are lower bounds.
    #[must_use]
    pub const fn cut(&self) -> bool {
        self.cut
    }

    /// The entries that count, newest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'j>] {
        &self.entries
    }

    /// How many attempts they are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.count))
    }

    /// When the first of them was.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.entries.iter().map(|entry| entry.time).min()
    }

    /// The accounts by name, with their attempts. Nobody is left out. O(n log n).
    #[must_use]
    pub fn users(&self) -> Vec<(&'j str, u32)> {
        self.named(|entry| entry.user)
    }

    /// The codes by name, with their attempts. O(n log n).
    #[must_use]
    pub fn codes(&self) -> Vec<(&'j str, u32)> {
        self.named(|entry| entry.code)
    }

    /// The hosts by name, with their attempts. O(n log n).
    #[must_use]
    pub fn hosts(&self) -> Vec<(&'j str, u32)> {
        self.named(|entry| entry.host)
    }

    /// The addresses in order, IPv4 first, with their attempts. O(n log n).
    #[must_use]
    pub fn addresses(&self) -> Vec<(IpAddr, u32)> {
        let octets =
            self.entries.iter().filter_map(|entry| Some((&entry.address.as_ref()?[..], entry.count)));
        let sums = sums(octets.collect());
        let addresses = || {
            let octets = |bytes: &[u8]| bytes.first_chunk().copied().unwrap_or_default();
            sums.iter().map(move |(bytes, count)| (net::from_octets(octets(bytes)), *count))
        };
        let four = addresses().filter(|(address, _)| address.is_ipv4());
        four.chain(addresses().filter(|(address, _)| address.is_ipv6())).collect()
    }

    fn named(&self, of: fn(&Entry<'j>) -> &'j [u8]) -> Vec<(&'j str, u32)> {
        let named = self.entries.iter().map(|entry| (of(entry), entry.count));
        let sums = sums(named.filter(|(name, _)| !name.is_empty()).collect());
        sums.into_iter().map(|(name, count)| (text(name), count)).collect()
    }

    /// The first and last few raw records in the order they came, then `raised`, the one that raised the alert: empty
    /// where it is among the entries.
    #[must_use]
    pub fn evidence(&self, raised: Record<'_>) -> Vec<Evidence> {
        let rest = self.entries.get(EVIDENCE..).unwrap_or_default();
        let first = rest.iter().rev().take(EVIDENCE);
        let last = self.entries.iter().take(EVIDENCE).rev();
        let shown = raised.bytes.get(..RECORD).unwrap_or(raised.bytes);
        let raised = Some(Record { bytes: shown, ..raised }).filter(|record| !record.bytes.is_empty());
        let records = first.chain(last).map(|entry| entry.record).chain(raised);
        records.map(evidence).collect()
    }

    /// Tells all of it: `first_seen`, `users`, `src_ips`, how many of each, `reasons` (the codes), `evidence`, and in
    /// `estimated` which of these were cut. A count, list or evidence that is there already stays. The alert's `user`
    /// is listed too; `raised` as in [`evidence`](Self::evidence).
    pub fn tell(&self, alert: &mut Alert, raised: Record<'_>) {
        let (users, addresses) = (self.users(), self.addresses());
        alert.first_seen = self.first().unwrap_or(alert.first_seen);
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
            alert.src_ips =
                addresses.iter().take(MOST_LISTED).map(|(address, _)| net::written(*address)).collect();
        }
        if alert.reasons.is_empty() {
            alert.reasons = tallies(&self.codes());
        }
        if alert.evidence.is_empty() {
            alert.evidence = self.evidence(raised);
            estimated.push("evidence");
        }
        for field in estimated.into_iter().filter(|_| self.cut) {
            alert.estimated.push(field.into());
        }
    }

    /// The block of addresses that makes the key, where they came from more than the address of `event`: `prefixes`
    /// are the bits of an IPv4 and of an IPv6 address that make a key.
    #[must_use]
    pub fn network(&self, event: &Event<'_>, prefixes: (u8, u8)) -> Option<String> {
        let own = event.src_ip?;
        let octets = Some(net::octets(own));
        if !self.entries.iter().any(|entry| entry.address.is_some() && entry.address != octets) {
            return None;
        }
        let bits = if own.is_ipv4() { prefixes.0 } else { prefixes.1 };
        Some(format!("{}/{bits}", net::written(net::prefix(own, bits, bits))))
    }
}

/// An alert with what the event that raised it says: time, user, address, host, service and the like. Pattern,
/// severity, title and counts are up to the analytic.
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

/// A record as alerts show it.
fn evidence(record: Record<'_>) -> Evidence {
    Evidence { record: record.number, text: String::from_utf8_lossy(record.bytes).into_owned() }
}

/// Codes and counts as alerts hold them.
#[must_use]
pub fn tallies(list: &[(&str, u32)]) -> Vec<Tally> {
    list.iter().map(|(code, count)| Tally { code: (*code).into(), count: *count }).collect()
}

/// Where an event came from, in words: its address, or terminal and host of a local one.
#[must_use]
pub fn source(event: &Event<'_>) -> String {
    match (event.src_ip, event.origin) {
        (Some(address), _) => net::written(address),
        (None, Origin::Local) => {
            format!("{} on {}", or(&event.tty, "an unknown terminal"), or(&event.host, "an unknown host"))
        }
        (None, Origin::Remote) => "an unknown address".into(),
    }
}

/// A text, if it says anything.
#[must_use]
pub fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.into())
}

/// A text, or `otherwise` where it says nothing.
#[must_use]
pub const fn or<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}

/// A name as a title shows it: bounded, whoever chose it.
#[must_use]
pub fn short(name: &str) -> String {
    match name.char_indices().nth(TITLE_NAME) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => or(name, "an unknown user").into(),
    }
}

/// So many of something: `1 failed login`, `5 failed logins`.
#[must_use]
pub fn number(count: u32, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The text that a journal entry holds: all of it, unless a snapshot was made up.
fn text(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// Equal keys as one, with the sum of their counts, in order.
fn sums(mut list: Vec<(&[u8], u32)>) -> Vec<(&[u8], u32)> {
    sort(&mut list, |one, other| one.0 < other.0);
    list.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
    list
}

#[cfg(test)]
mod tests;
