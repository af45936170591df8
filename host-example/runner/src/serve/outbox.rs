//! The queue of alerts for the sinks. Each sink takes the alerts in order and at its own pace.

use crate::output::Layout;
use crate::output::located::Located;
use authsieve_engine::alert::{Alert, Severity};
use authsieve_host::Origins;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// An alert, written in each layout that a sink uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    /// The analytic, such as `AN1276`.
    pub analytic: String,
    /// The severity as a number, see [`rank`].
    pub severity: u8,
    /// The id of the alert, with `/u` at its end for an update.
    pub id: String,
    /// For each layout its name, and the alert as one line of JSON.
    pub lines: Vec<(String, String)>,
}

impl Item {
    /// Writes an alert in these layouts. `origins` gives the places of its records.
    pub(super) fn of(alert: &Alert, layouts: &[Layout], origins: &Origins) -> Self {
        let located = Located::new(alert, origins);
        let line = |layout: &Layout| {
            let json = layout.to_json(&located);
            (layout.name().to_owned(), crate::output::escape::line(&json, false).into_owned())
        };
        Self {
            analytic: alert.analytic.to_string(),
            severity: rank(alert.severity),
            id: alert.delivery(),
            lines: layouts.iter().map(line).collect(),
        }
    }

    /// The alert in this layout, without a newline. Falls back to another layout if the alert is older than a reload.
    pub(super) fn line(&self, layout: Layout) -> &str {
        self.exactly(layout).or(self.lines.first().map(|(_, line)| line.as_str())).unwrap_or_default()
    }

    /// The alert in this layout, if it was written in it.
    pub(super) fn exactly(&self, layout: Layout) -> Option<&str> {
        let mut lines = self.lines.iter();
        lines.find(|(wanted, _)| wanted == layout.name()).map(|(_, line)| line.as_str())
    }

    /// Encodes the item for the journal.
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Decodes the bytes of [`encode`](Self::encode).
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The size in bytes, over all layouts.
    pub(super) fn size(&self) -> u64 {
        self.lines.iter().map(|(_, line)| line.len() as u64).sum()
    }
}

/// The severity as a number. Greater is worse.
pub(super) const fn rank(severity: Severity) -> u8 {
    severity as u8
}

/// The name that an incident has instead of the name of an analytic.
pub(super) const INCIDENT: &str = "incident";

/// The position of a sink that was removed.
const GONE: u64 = u64::MAX;

/// The alerts that some sink has not delivered yet.
#[derive(Debug)]
pub(super) struct Outbox {
    inner: Mutex<Inner>,
    newest: watch::Sender<u64>,
    /// Sources have to wait while the alerts exceed this many bytes.
    most: u64,
}

#[derive(Debug)]
struct Inner {
    items: VecDeque<(u64, Arc<Item>)>,
    bytes: u64,
    /// The last delivered alert of each sink.
    delivered: Vec<u64>,
    next: u64,
}

impl Outbox {
    /// Creates an outbox. `delivered` holds the last delivered alert of each sink, `next` is the number of the next
    /// alert. Sources have to wait while the alerts exceed `most` bytes.
    pub(super) fn new(delivered: Vec<u64>, next: u64, most: u64) -> Self {
        let inner = Inner { items: VecDeque::new(), bytes: 0, delivered, next };
        Self { inner: Mutex::new(inner), newest: watch::Sender::new(next.saturating_sub(1)), most }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic in another thread cannot leave the queue in a bad state.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an alert from the journal back. Call it in the order of the numbers.
    pub(super) fn restore(&self, number: u64, item: Arc<Item>) {
        let mut inner = self.inner();
        inner.bytes += item.size();
        inner.next = inner.next.max(number + 1);
        inner.items.push_back((number, item));
        self.newest.send_replace(number);
    }

    /// Adds alerts. Returns their numbers.
    pub(super) fn push(&self, items: Vec<Arc<Item>>) -> Vec<u64> {
        let mut inner = self.inner();
        let mut numbers = Vec::new();
        for item in items {
            let number = inner.next;
            inner.next += 1;
            numbers.push(number);
            if inner.delivered.iter().any(|delivered| *delivered != GONE) {
                inner.bytes += item.size();
                inner.items.push_back((number, item));
            }
        }
        if let Some(last) = numbers.last() {
            self.newest.send_replace(*last);
        }
        numbers
    }

    /// The alerts after this number, `most` of them at most.
    pub(super) fn after(&self, number: u64, most: usize) -> Vec<(u64, Arc<Item>)> {
        let inner = self.inner();
        let start = inner.items.partition_point(|(other, _)| *other <= number);
        inner.items.range(start..).take(most).cloned().collect()
    }

    /// The last alert that the sink has delivered.
    pub(super) fn position(&self, sink: usize) -> u64 {
        self.inner().delivered.get(sink).copied().unwrap_or(u64::MAX)
    }

    /// Records that the sink has delivered all alerts up to this one. Returns the last alert that all sinks have
    /// delivered.
    pub(super) fn delivered(&self, sink: usize, number: u64) -> u64 {
        let mut inner = self.inner();
        if let Some(delivered) = inner.delivered.get_mut(sink) {
            *delivered = number.max(*delivered);
        }
        let done = inner.delivered.iter().copied().min().unwrap_or(u64::MAX);
        while let Some((_, item)) = inner.items.pop_front_if(|(number, _)| *number <= done) {
            inner.bytes = inner.bytes.saturating_sub(item.size());
        }
        done
    }

    /// Adds a sink that gets only alerts from now on. Returns the sink's number and the last alert that it does not
    /// get.
    pub(super) fn join(&self) -> (usize, u64) {
        let mut inner = self.inner();
        let last = inner.next.saturating_sub(1);
        inner.delivered.push(last);
        (inner.delivered.len() - 1, last)
    }

    /// Removes a sink: no alert waits for it any more. Its number is not used again. Returns the last alert that all
    /// other sinks have delivered.
    pub(super) fn leave(&self, sink: usize) -> u64 {
        self.delivered(sink, GONE)
    }

    /// All waiting alerts, with their numbers.
    pub(super) fn waiting(&self) -> Vec<(u64, Arc<Item>)> {
        self.inner().items.iter().cloned().collect()
    }

    /// The number of waiting alerts, and their bytes.
    pub(super) fn size(&self) -> (u64, u64) {
        let inner = self.inner();
        (inner.items.len() as u64, inner.bytes)
    }

    /// The number of the next alert.
    pub(super) fn following(&self) -> u64 {
        self.inner().next
    }

    /// The limit in bytes beyond which sources have to wait.
    pub(super) const fn most(&self) -> u64 {
        self.most
    }

    /// True if the alerts exceed the limit, so that sources have to wait.
    pub(super) fn is_full(&self) -> bool {
        self.inner().bytes > self.most
    }

    /// A channel that holds the number of the newest alert.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str) -> Item {
        Item {
            analytic: "FLS".into(),
            severity: 3,
            id: id.into(),
            lines: vec![("json".into(), "x".repeat(10))],
        }
    }

    fn ids(outbox: &Outbox, sink: usize) -> Vec<String> {
        outbox.after(outbox.position(sink), 10).iter().map(|(_, item)| item.id.clone()).collect()
    }

    #[test]
    fn each_sink_goes_at_its_own_pace() {
        let outbox = Outbox::new(vec![0, 0], 1, 25);
        assert_eq!(outbox.push(vec![Arc::new(item("a")), Arc::new(item("b"))]), [1, 2]);
        assert_eq!(
            (ids(&outbox, 0), ids(&outbox, 1)),
            (vec!["a".into(), "b".into()], vec!["a".into(), "b".into()])
        );
        assert_eq!(outbox.delivered(0, 2), 0);
        assert_eq!((ids(&outbox, 0), ids(&outbox, 1).len()), (vec![], 2));
        assert_eq!((outbox.size(), outbox.is_full()), ((2, 20), false));
        outbox.push(vec![Arc::new(item("c"))]);
        assert!(outbox.is_full());
        assert_eq!(outbox.delivered(1, 1), 1);
        assert_eq!((outbox.size(), ids(&outbox, 1)), ((2, 20), vec!["b".into(), "c".into()]));
        assert_eq!(outbox.delivered(1, 3), 2);
        assert_eq!(ids(&outbox, 0), ["c"]);
        assert_eq!(outbox.delivered(1, 2), 2, "a number that falls says nothing");
    }

    #[test]
    fn without_sinks_nothing_is_held() {
        let outbox = Outbox::new(vec![], 1, 0);
        assert_eq!(outbox.push(vec![Arc::new(item("a"))]), [1]);
        assert_eq!((outbox.size(), outbox.following(), outbox.is_full()), ((0, 0), 2, false));
    }

    #[test]
    fn sinks_come_and_go() {
        let outbox = Outbox::new(vec![0], 1, 99);
        outbox.push(vec![Arc::new(item("a"))]);
        assert_eq!(outbox.join(), (1, 1));
        outbox.push(vec![Arc::new(item("b"))]);
        assert_eq!((ids(&outbox, 0), ids(&outbox, 1)), (vec!["a".into(), "b".into()], vec!["b".into()]));
        outbox.leave(0);
        assert_eq!((outbox.size().0, ids(&outbox, 0).len()), (1, 0), "nothing waits for one that is gone");
        outbox.leave(1);
        outbox.push(vec![Arc::new(item("c"))]);
        assert_eq!(outbox.size(), (0, 0));
    }

    #[test]
    fn items_come_back_from_the_store() {
        let one = item("a");
        assert_eq!(Item::decode(&one.encode()), Some(one.clone()));
        assert_eq!((one.line(Layout::Native), one.line(Layout::Ecs)), ("xxxxxxxxxx", "xxxxxxxxxx"));
        let outbox = Outbox::new(vec![4], 5, 99);
        outbox.restore(5, Arc::new(one));
        assert_eq!((outbox.following(), ids(&outbox, 0)), (6, vec!["a".into()]));
    }
}
