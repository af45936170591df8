//! Statistics of feeds. A feed is the events of one host in one shape.

use super::thinned::Thinned;
use authsieve_host::contract::{Event, Outcome};
use std::collections::{HashMap, HashSet};

/// The most feeds. The events of further hosts are counted together.
const MOST_FEEDS: usize = 500;
/// The most delivery ids that are remembered.
const MOST_IDS: usize = 1 << 20;
/// The most addresses that are remembered, and the most accounts of each.
const MOST_ADDRESSES: usize = 20_000;
const MOST_ACCOUNTS: usize = 64;
/// An address with this many logged-in accounts may be a NAT. It is the default of AN1269.
const SHARED: usize = 20;
/// The fewest events of a feed for which a usual gap is known.
const RHYTHM: u64 = 20;
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// The statistics of one feed.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    /// The provider that wrote the events.
    pub provider: String,
    /// The number of events, by [`Outcome`].
    pub outcomes: [u64; Outcome::ALL.len()],
    /// The number of failures without an address.
    pub no_address: u64,
    /// The number of events without a user.
    pub no_user: u64,
    /// The time of the oldest event, in microseconds since 1970.
    pub first: i64,
    /// The time of the newest event, in microseconds since 1970.
    pub last: i64,
    /// The number of events that are older than an earlier one.
    pub late: u64,
    /// How late each event is, in microseconds. 0 for an event in order.
    pub lateness: Thinned,
    /// The number of events that are older than the one just before.
    pub backwards: u64,
    /// The number of events that are newer than the one just before.
    pub forwards: u64,
    /// The times between events, in microseconds.
    pub gaps: Thinned,
    /// The number of events that are more than 5 minutes newer than their receipt.
    pub future: u64,
    /// The least and the greatest age of an event at its receipt, in microseconds.
    pub age: (i64, i64),
    /// The least delay of events before their receipt, in microseconds. It covers events whose times have no time zone
    /// and fit no zone, so that their receipt dates them.
    pub delays: Thinned,
    previous: i64,
}

impl Feed {
    /// The number of events.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// The number of events with this outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(outcome as usize).copied().unwrap_or_default()
    }

    /// True if the events are exported newest first.
    #[must_use]
    pub fn newest_first(&self) -> bool {
        self.backwards > 2 && self.backwards > 4 * self.forwards
    }

    /// How long the feed has been silent at `end`, if this is unusual. A silence is unusual if it lasts more than ten
    /// minutes and more than ten times the usual gap. The usual gap is the 99th percentile.
    #[must_use]
    pub fn silent(&self, end: i64) -> Option<i64> {
        let usual = self.gaps.percentile(99)?;
        let gap = end.saturating_sub(self.last);
        (self.events() >= RHYTHM && gap > usual.saturating_mul(10).max(10 * MINUTE)).then_some(gap)
    }

    /// By how many whole hours the times are ahead of their receipt. This is a sign of local time that is read as UTC.
    #[must_use]
    pub fn shift(&self) -> Option<i64> {
        let (least, most) = self.age;
        let near = |age: i64| {
            let hours = (age as f64 / HOUR as f64).round() as i64;
            (hours != 0 && hours.abs() <= 14 && (age - hours * HOUR).abs() <= 5 * MINUTE).then_some(-hours)
        };
        // All events are shifted by the same time, or the newest one lies in the future.
        near(least).filter(|_| least < 0 || most.saturating_sub(least) <= 10 * MINUTE)
    }

    fn take(&mut self, event: &Event, received: i64) {
        if self.events() == 0 {
            (self.first, self.last, self.age) = (event.time, event.time, (i64::MAX, i64::MIN));
            self.provider.clone_from(&event.provider);
        } else {
            self.gaps.add(event.time.saturating_sub(self.previous).saturating_abs());
            self.backwards += u64::from(event.time < self.previous);
            self.forwards += u64::from(event.time > self.previous);
        }
        let late = self.last.saturating_sub(event.time).max(0);
        self.late += u64::from(late > 0);
        self.lateness.add(late);
        self.previous = event.time;
        (self.first, self.last) = (self.first.min(event.time), self.last.max(event.time));
        let age = received.saturating_sub(event.time);
        self.age = (self.age.0.min(age), self.age.1.max(age));
        self.future += u64::from(age < -5 * MINUTE);
        if let Some(count) = self.outcomes.get_mut(event.outcome as usize) {
            *count += 1;
        }
        if let Some(delay) = event.delay {
            self.delays.add(delay.try_into().unwrap_or(i64::MAX));
        }
        self.no_address += u64::from(matches!(event.outcome, Outcome::Failure) && event.src_ip.is_none());
        self.no_user += u64::from(event.user.is_none());
    }
}

/// The logins from an address.
#[derive(Clone, Debug, Default)]
struct Address {
    accounts: HashSet<u64>,
    successes: u64,
    failures: u64,
}

/// All feeds.
#[derive(Clone, Debug, Default)]
pub struct Feeds {
    list: HashMap<(String, String), Feed>,
    ids: HashSet<String>,
    /// The number of events whose delivery id came before.
    pub duplicates: u64,
    addresses: HashMap<String, Address>,
    hasher: std::hash::RandomState,
}

impl Feeds {
    /// Adds an event with its time of receipt.
    pub fn take(&mut self, event: &Event, received: i64) {
        let mut key = (event.shape.clone(), event.host.clone().unwrap_or_default());
        if !self.list.contains_key(&key) && self.list.len() >= MOST_FEEDS {
            key.1 = "(others)".into();
        }
        self.list.entry(key).or_default().take(event, received);
        if let Some(id) = &event.delivery {
            if self.ids.contains(id) {
                self.duplicates += 1;
            } else if self.ids.len() < MOST_IDS {
                self.ids.insert(id.clone());
            }
        }
        let Some(address) = &event.src_ip else { return };
        if !self.addresses.contains_key(address) && self.addresses.len() >= MOST_ADDRESSES {
            return;
        }
        let own = self.addresses.entry(address.clone()).or_default();
        match event.outcome {
            Outcome::Success => {
                own.successes += 1;
                if let Some(user) = event.user.as_ref().filter(|_| own.accounts.len() < MOST_ACCOUNTS) {
                    own.accounts.insert(std::hash::BuildHasher::hash_one(&self.hasher, user));
                }
            }
            Outcome::Failure => own.failures += 1,
            _ => {}
        }
    }

    /// Shape, host and statistics of all feeds, largest first.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&str, &str, &Feed)> {
        let mut list: Vec<_> =
            self.list.iter().map(|((shape, host), feed)| (&**shape, &**host, feed)).collect();
        list.sort_by_key(|(shape, host, feed)| (std::cmp::Reverse(feed.events()), *shape, *host));
        list
    }

    /// The time of the newest event, without the feeds that have events from the future.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.list.values().filter(|feed| feed.future == 0).map(|feed| feed.last).max().unwrap_or(i64::MIN)
    }

    /// The addresses with many logged-in accounts and few failures, probably NAT or VPN. Returns for each its accounts
    /// (a lower bound) and logins.
    #[must_use]
    pub fn egress(&self) -> Vec<(&str, usize, u64)> {
        let shared = |own: &Address| own.accounts.len() >= SHARED && own.successes >= 3 * own.failures;
        let mut list: Vec<_> = self
            .addresses
            .iter()
            .filter(|(_, own)| shared(own))
            .map(|(address, own)| (&**address, own.accounts.len(), own.successes))
            .collect();
        list.sort_by_key(|(address, accounts, _)| (std::cmp::Reverse(*accounts), *address));
        list
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An event with these fields only.
    pub fn event(second: i64, outcome: Outcome, user: &str, address: Option<&str>) -> Event {
        Event {
            record: 0,
            analytics: Vec::new(),
            access: "remote".into(),
            time: second * 1_000_000,
            outcome,
            count: 1,
            signal: "attempt".into(),
            user: Some(user.into()),
            domain: None,
            src_ip: address.map(Into::into),
            src_name: None,
            tty: None,
            user_agent: None,
            service: None,
            host: Some("web1".into()),
            pid: None,
            method: None,
            logon_type: None,
            reason: None,
            status: None,
            reason_text: None,
            application: None,
            device: None,
            os: None,
            transaction: None,
            credential: false,
            year_inferred: false,
            delay: None,
            delivery: None,
            shape: "sshd".into(),
            provider: "linux".into(),
        }
    }

    fn feeds(times: impl IntoIterator<Item = i64>, received: i64) -> Feeds {
        let mut feeds = Feeds::default();
        for time in times {
            feeds.take(&event(time, Outcome::Failure, "root", None), received * 1_000_000);
        }
        feeds
    }

    #[test]
    fn order_and_lateness() {
        let it = feeds((0..100).rev(), 100);
        let feed = it.sorted()[0].2;
        assert!(feed.newest_first() && feed.late == 99);
        assert_eq!(feed.lateness.percentile(100), Some(99_000_000));
        assert_eq!((feed.events(), feed.no_address, feed.no_user), (100, 100, 0));
        let it = feeds(0..100, 100);
        let feed = it.sorted()[0].2;
        assert!(!feed.newest_first() && feed.late == 0);
    }

    #[test]
    fn a_feed_is_silent_by_its_own_rhythm() {
        let it = feeds((0..100).map(|n| n * 60), 6000);
        let feed = it.sorted()[0].2;
        let end = |minutes: i64| (99 * 60 + minutes * 60) * 1_000_000;
        assert_eq!(feed.silent(end(10)), None, "ten times a minute is not unusual");
        assert_eq!(feed.silent(end(11)), Some(11 * MINUTE));
        assert_eq!(feeds([0, 1], 0).sorted()[0].2.silent(end(99)), None, "no rhythm yet");
    }

    #[test]
    fn local_time_taken_for_utc_is_seen() {
        assert_eq!(feeds([7200, 7201], 3).sorted()[0].2.shift(), Some(2));
        assert_eq!(feeds([0, 1], 5 * 3600).sorted()[0].2.shift(), Some(-5));
        assert_eq!(feeds([0, 1], 3).sorted()[0].2.shift(), None);
        assert_eq!(feeds([0, 4000], 7200 + 3600).sorted()[0].2.shift(), None, "a long log that ended");
    }

    #[test]
    fn what_is_delivered_twice_and_who_shares_an_address() {
        let mut it = Feeds::default();
        for n in 0..30 {
            let mut event = event(n, Outcome::Success, &format!("user{n}"), Some("192.0.2.1"));
            event.delivery = Some(format!("{}", n % 20));
            it.take(&event, 0);
        }
        assert_eq!(it.duplicates, 10);
        assert_eq!(it.egress(), [("192.0.2.1", 30, 30)]);
    }
}
