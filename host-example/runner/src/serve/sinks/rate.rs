//! The rate limit of a sink, and the alerts that it holds back.
//!
//! Each severity has its own limit. So a flood of minor alerts, which an attacker can cause, never holds back a more
//! severe one.
//!
//! Alerts beyond the limit are held back until the end of a window. A window begins with the first such alert and lasts
//! for the unit of the rate. Then the held alerts go to the file of undelivered alerts, and the sink delivers one
//! summary in their place. The summary counts them by analytic and severity, and lists the first ids. Until then the
//! sink's position stays before the first held alert, so a crash loses none.

use super::super::digest;
use super::super::outbox::{Item, rank};
use crate::output::Layout;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_engine::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most alerts that are held back. At this number the window ends early.
const MOST_HELD: usize = 10_000;
/// The number of ids in a summary.
const NAMED: usize = 20;

/// A rate limit: a number of alerts per time, and the size of a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The number of alerts per `per`.
    pub count: u32,
    /// The unit of time.
    pub per: Duration,
    /// The most alerts that may pass at once.
    pub burst: u32,
}

impl Rate {
    /// Parses a rate such as `10/m`: a number and `s`, `m`, `h` or `d`. The burst is the same number.
    ///
    /// # Errors
    /// Fails for any other text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(count, unit)| {
            let seconds = match unit.trim() {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => return None,
            };
            let count = count.trim().parse().ok().filter(|count| (1..=1_000_000).contains(count))?;
            Some(Self { count, per: Duration::from_secs(seconds), burst: count })
        });
        parts.ok_or_else(|| {
            "is no rate; expected a number from 1 to 1000000 and s, m, h or d, such as \"10/m\"".into()
        })
    }
}

/// Decides which alerts pass. Each severity has a token bucket.
#[derive(Debug)]
pub(super) struct Limiter {
    rate: Rate,
    buckets: [(f64, Instant); Severity::ALL.len()],
}

impl Limiter {
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, buckets: [(f64::from(rate.burst), now); Severity::ALL.len()] }
    }

    /// The length of a window.
    pub(super) const fn window(&self) -> Duration {
        self.rate.per
    }

    /// True if an alert of this severity may pass now. It then takes a token.
    pub(super) fn passes(&mut self, severity: u8, now: Instant) -> bool {
        let Some((tokens, since)) = self.buckets.get_mut(usize::from(severity)) else { return true };
        let passed = now.saturating_duration_since(*since).as_secs_f64();
        let grown = passed * f64::from(self.rate.count) / self.rate.per.as_secs_f64();
        *tokens = (*tokens + grown).min(f64::from(self.rate.burst));
        *since = now;
        if *tokens < 1.0 {
            return false;
        }
        *tokens -= 1.0;
        true
    }
}

/// The alerts that were held back in the present window.
#[derive(Debug, Default)]
pub(super) struct Held {
    items: Vec<(u64, Arc<Item>)>,
    /// The bytes of all alerts that stay in the outbox until the window ends.
    bytes: u64,
    due: Option<Instant>,
    /// True once the alerts are in the file of undelivered alerts.
    pub kept: bool,
}

impl Held {
    /// Holds an alert back until the window ends.
    pub(super) fn add(&mut self, number: u64, item: Arc<Item>, now: Instant, window: Duration) {
        self.due.get_or_insert(now + window);
        self.items.push((number, item));
    }

    /// Counts the bytes of an alert that stays in the outbox until the window ends. It need not be a held one.
    pub(super) const fn keeps(&mut self, bytes: u64) {
        if !self.items.is_empty() {
            self.bytes += bytes;
        }
    }

    /// The end of the window, if alerts are held back.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// True if the window has ended. It ends early if the outbox keeps `most` bytes for it, or if too many alerts are
    /// held.
    pub(super) fn is_over(&self, now: Instant, most: u64) -> bool {
        self.due.is_some_and(|due| due <= now || self.bytes >= most || self.items.len() >= MOST_HELD)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The number of the first held alert.
    pub(super) fn first(&self) -> Option<u64> {
        self.items.first().map(|(number, _)| *number)
    }

    /// The held alerts.
    pub(super) fn items(&self) -> Vec<Arc<Item>> {
        self.items.iter().map(|(_, item)| Arc::clone(item)).collect()
    }

    /// The alert that summarizes the held ones and names their file (`place`). Equal held alerts give an equal id.
    pub(super) fn summary(&self, sink: &str, place: &str, layouts: &[Layout], now: Timestamp) -> Item {
        let items = || self.items.iter().map(|(_, item)| &**item);
        let mut kinds: BTreeMap<(u8, &str), u64> = BTreeMap::new();
        items().for_each(|item| *kinds.entry((item.severity, &item.analytic)).or_default() += 1);
        let worst = items().map(|item| item.severity).max().unwrap_or_default();
        let severity = severity(worst);
        let count = self.items.len();
        let plural = if count == 1 { "alert was" } else { "alerts were" };
        let kind = |((severity, analytic), count): (&(u8, &str), &u64)| {
            format!("{count} of {analytic}, {}", self::severity(*severity))
        };
        let mut context: Vec<String> = kinds.iter().rev().take(NAMED).map(kind).collect();
        context.push(format!("they are in {place}"));
        let mut ids: Vec<&str> = items().map(|item| item.id.as_str()).take(NAMED).collect();
        let more = count.saturating_sub(ids.len());
        let more = format!("and {more} more");
        if count > ids.len() {
            ids.push(&more);
        }
        context.push(format!("ids: {}", ids.join(", ")));
        let parts: Vec<&[u8]> =
            std::iter::once(sink.as_bytes()).chain(items().map(|item| item.id.as_bytes())).collect();
        let alert = Alert {
            id: format!("{:032x}", digest(&parts).as_u128()),
            analytic: "authsieve".into(),
            analytic_version: env!("CARGO_PKG_VERSION").into(),
            pattern: "held-back".into(),
            severity,
            title: format!("{count} {plural} held back: more than the rate of the sink {sink}"),
            time: now,
            first_seen: now,
            last_seen: now,
            context,
            response: vec![format!("Read the alerts in {place}: a flood can hide one that matters.")],
            ..Alert::default()
        };
        Item::of(&alert, layouts, &authsieve_host::Origins::default())
    }

    /// Ends the window.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The severity with this number.
pub(super) fn severity(number: u8) -> Severity {
    Severity::ALL.into_iter().find(|severity| rank(*severity) == number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        let rate = |count, seconds| Rate { count, per: Duration::from_secs(seconds), burst: count };
        assert_eq!(Rate::parse("10/m"), Ok(rate(10, 60)));
        assert_eq!(Rate::parse("1 / d"), Ok(rate(1, 86_400)));
        for bad in ["", "10", "0/m", "m", "-1/m", "1.5/m", "10/w", "9999999/s"] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_flood_of_lesser_alerts_holds_back_none_that_is_worse() {
        let start = Instant::now();
        let rate = Rate { count: 2, per: Duration::from_secs(60), burst: 3 };
        let mut limiter = Limiter::new(rate, start);
        let passed = (0..1000).filter(|_| limiter.passes(2, start)).count();
        assert_eq!(passed, 3, "as many as may pass at once");
        assert!(limiter.passes(4, start));
        let later = start + Duration::from_secs(30);
        assert_eq!((0..9).filter(|_| limiter.passes(2, later)).count(), 1);
        let much_later = start + Duration::from_secs(86_400);
        assert_eq!((0..9).filter(|_| limiter.passes(2, much_later)).count(), 3);
    }

    #[test]
    fn what_is_held_back_is_told() {
        let (start, mut held) = (Instant::now(), Held::default());
        let window = Duration::from_secs(60);
        assert!(!held.is_over(start, 0), "nothing is held");
        for number in 0..25 {
            let (analytic, severity) = if number < 2 { ("FLS", 4) } else { ("AN1276", 2) };
            let lines = vec![("json".into(), "0123456789".into())];
            let item = Item { analytic: analytic.into(), severity, id: format!("id{number}"), lines };
            let bytes = item.size();
            held.add(number, Arc::new(item), start, window);
            held.keeps(bytes);
        }
        assert!(!held.is_over(start, 251) && held.is_over(start, 250));
        assert!(held.is_over(start + window, 251));
        let item = held.summary("pager", "held.ndjson", &[Layout::Native], Timestamp(0));
        let alert: serde_json::Value = serde_json::from_str(item.line(Layout::Native)).unwrap();
        assert_eq!(alert["title"], "25 alerts were held back: more than the rate of the sink pager");
        assert_eq!(alert["severity"], "critical");
        let context = alert["context"].as_array().unwrap();
        assert_eq!(context[0], "2 of FLS, critical");
        assert_eq!(context[1], "23 of AN1276, medium");
        assert_eq!(context[2], "they are in held.ndjson");
        assert!(context[3].as_str().unwrap().ends_with("id19, and 5 more"), "{context:?}");
        let again = held.summary("pager", "held.ndjson", &[Layout::Native], Timestamp(7));
        assert_eq!((item.id.len(), &again.id), (32, &item.id));
        held.clear();
        assert!(held.is_empty() && held.due().is_none());
    }

    #[test]
    fn there_is_room_for_so_many() {
        let (start, mut held) = (Instant::now(), Held::default());
        let item = Arc::new(Item { analytic: "FLS".into(), severity: 1, id: "x".into(), lines: Vec::new() });
        for number in 0..MOST_HELD as u64 {
            assert!(!held.is_over(start, u64::MAX));
            held.add(number, Arc::clone(&item), start, Duration::from_secs(60));
        }
        assert!(held.is_over(start, u64::MAX));
    }
}
