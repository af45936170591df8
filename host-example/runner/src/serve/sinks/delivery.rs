//! The loop of each sink: takes alerts from the outbox in order and delivers them until the service ends.
//!
//! - Temporary failures are retried without limit. Meanwhile the alerts wait in the outbox.
//! - If the receiver refuses a batch for good, the loop halves it to find the refused alerts. These go to the file of
//!   undelivered alerts.
//! - Alerts beyond the rate limit are held back until the end of their window ([`rate`](super::rate)).

use super::failure::{Backoff, Failure};
use super::rate::{Held, Limiter};
use super::{Batch, Sink, TOGETHER, Ties, Way};
use crate::serve::arrival::Request;
use crate::serve::outbox::Item;
use crate::serve::trouble::Trouble;
use authsieve_engine::time::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until, timeout};

/// A running sink.
pub(super) struct Delivery {
    sink: Sink,
    ties: Ties,
    way: Way,
    backoff: Backoff,
    /// Logs that the receiver fails.
    fails: Trouble,
    /// Logs that the receiver refuses alerts.
    refuses: Trouble,
    /// Logs that the file of undelivered alerts cannot be written to.
    unkept: Trouble,
    limiter: Option<Limiter>,
    held: Held,
    /// The number of the last alert that was delivered or held back.
    at: u64,
    /// The position that survives a crash: no alert up to it is delivered again.
    done: u64,
}

/// The result of a delivery.
enum End {
    /// The receiver has the alerts, or the file of undelivered alerts does.
    Settled,
    /// The receiver refuses the alerts for good.
    Refused(String),
    /// The sink ends, and the alerts wait for the next start.
    Stops,
}

impl Delivery {
    pub(super) fn new(sink: Sink, ties: Ties) -> Self {
        let way = Way::new(&sink.outlet.to, &sink.outlet.access);
        let limiter = sink.outlet.rate.map(|rate| Limiter::new(rate, Instant::now()));
        let at = ties.outbox.position(ties.number);
        Self {
            sink,
            ties,
            way,
            backoff: Backoff::new(),
            fails: Trouble::default(),
            refuses: Trouble::default(),
            unkept: Trouble::default(),
            limiter,
            held: Held::default(),
            at,
            done: at,
        }
    }

    /// Delivers until the service ends.
    pub(super) async fn run(mut self) {
        let mut news = self.ties.outbox.news();
        loop {
            if self.ties.reopen.has_changed().unwrap_or(false) {
                self.ties.reopen.borrow_and_update();
                self.reopen();
            }
            // The outbox keeps all alerts after the first one held back. At half of its limit the window ends early.
            let most = self.ties.outbox.most() / 2;
            if self.held.is_over(Instant::now(), most) && !self.tell_held().await {
                return;
            }
            let items = self.ties.outbox.after(self.at, TOGETHER);
            if !items.is_empty() {
                if !self.take(items).await {
                    return;
                }
                continue;
            }
            if *self.ties.ending.borrow() {
                self.tell_held().await;
                return;
            }
            let due = self.held.due();
            let window = async {
                match due {
                    Some(due) => sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = news.changed() => if changed.is_err() { return },
                _ = self.ties.ending.changed() => {}
                _ = self.ties.reopen.changed() => self.reopen(),
                () = window => {}
            }
        }
    }

    fn reopen(&mut self) {
        self.way = Way::new(&self.sink.outlet.to, &self.sink.outlet.access);
    }

    /// Delivers these alerts, except those that the sink filters out or holds back. Returns `false` if the sink has to
    /// end.
    async fn take(&mut self, items: Vec<(u64, Arc<Item>)>) -> bool {
        let together = self.way.together();
        let (mut batch, mut last) = (Vec::new(), self.at);
        for (number, item) in items {
            last = number;
            self.held.keeps(item.size());
            if !self.sink.wants(&item) {
                continue;
            }
            let now = Instant::now();
            if let Some(limiter) = &mut self.limiter
                && !limiter.passes(item.severity, now)
            {
                self.ties.counters.sinks.held_back(&self.sink.name);
                self.held.add(number, item, now, limiter.window());
                continue;
            }
            batch.push(item);
            if batch.len() >= together {
                if !self.settle(&batch).await {
                    return false;
                }
                batch.clear();
                self.advance(last).await;
            }
        }
        if !self.settle(&batch).await {
            return false;
        }
        self.advance(last).await;
        true
    }

    /// Records that all alerts up to this one are delivered or held back.
    async fn advance(&mut self, number: u64) {
        self.at = number;
        let done = self.held.first().map_or(number, |first| first.saturating_sub(1).min(number));
        if done > self.done {
            self.done = done;
            // The core may be slow to store this. Alerts that come twice after a crash have the same ids.
            self.ties.outbox.delivered(self.ties.number, done);
            let _ = self.ties.requests.send(Request::Delivered(self.ties.number, done)).await;
        }
    }

    /// Writes the held alerts to the file of undelivered alerts, and delivers their summary. Returns `false` if the
    /// sink has to end.
    async fn tell_held(&mut self) -> bool {
        if self.held.is_empty() {
            return true;
        }
        if !self.held.kept {
            let items = self.held.items();
            if !self.keep(&items, "more than the rate of the sink").await {
                return false;
            }
            self.held.kept = true;
        }
        let now = Timestamp(crate::sources::now());
        let place = self.sink.undelivered.to_string();
        let summary = self.held.summary(&self.sink.name, &place, &self.sink.layouts(), now);
        if !self.settle(&[Arc::new(summary)]).await {
            return false;
        }
        self.held.clear();
        self.advance(self.at).await;
        true
    }

    /// Delivers alerts, and keeps the refused ones. Returns `false` if the sink has to end.
    async fn settle(&mut self, items: &[Arc<Item>]) -> bool {
        let mut parts = vec![items];
        while let Some(part) = parts.pop() {
            match self.attempt(part).await {
                End::Settled => {}
                End::Refused(_) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                End::Refused(why) => {
                    if !self.bury(part, part.len() as u64, &why).await {
                        return false;
                    }
                }
                End::Stops => return false,
            }
        }
        true
    }

    /// Tries to deliver alerts until the result is final.
    async fn attempt(&mut self, items: &[Arc<Item>]) -> End {
        if items.is_empty() {
            return End::Settled;
        }
        let patience = self.sink.outlet.timeout;
        loop {
            let batch = Batch { items, layout: self.sink.outlet.layout };
            let delivered = timeout(patience, self.way.deliver(&batch)).await;
            let delivered =
                delivered.unwrap_or_else(|_| Err(Failure::later(format!("no answer for {patience:?}"))));
            let (why, after) = match delivered {
                Ok(()) => {
                    self.works(items.len());
                    return End::Settled;
                }
                Err(Failure::Partly(refused, why)) => {
                    self.works(items.len());
                    let why = format!("{refused} of {} alerts sent together: {why}", items.len());
                    return if self.bury(items, refused, &why).await { End::Settled } else { End::Stops };
                }
                Err(Failure::Never(why)) => {
                    self.backoff.reset();
                    return End::Refused(why);
                }
                Err(Failure::Closed) => {
                    let _ = self.ties.closed.send(()).await;
                    return End::Stops;
                }
                Err(Failure::Later { why, after }) => (why, after),
            };
            self.reopen();
            self.ties.counters.sinks.retried(&self.sink.name);
            self.fails.tell(|| format!("{}: {why}; it is tried again until it works", self.sink.name));
            if !self.pause(after).await {
                return End::Stops;
            }
        }
    }

    fn works(&mut self, count: usize) {
        self.fails.ends(|| format!("{}: alerts are delivered again", self.sink.name));
        self.backoff.reset();
        self.ties.counters.sinks.delivered(&self.sink.name, count as u64);
    }

    /// Waits before the next attempt. Returns `false` if the service ends and no attempt is left.
    async fn pause(&mut self, asked: Option<Duration>) -> bool {
        if *self.ties.ending.borrow() {
            return false;
        }
        let wait = self.backoff.wait(asked);
        tokio::select! {
            () = sleep(wait) => {}
            _ = self.ties.ending.changed() => {}
        }
        true
    }

    /// Keeps alerts that the receiver refuses, and logs it now and then. Returns `false` if the sink has to end.
    async fn bury(&mut self, items: &[Arc<Item>], refused: u64, why: &str) -> bool {
        self.refuses.tell(|| {
            let (name, place) = (&self.sink.name, &self.sink.undelivered);
            format!("{name}: the receiver refuses alerts for good: {why}; they are kept in {place}")
        });
        self.ties.counters.sinks.refused(&self.sink.name, refused);
        self.keep(items, why).await
    }

    /// Writes alerts to the file of undelivered alerts. Returns `false` if the sink ends before the disk accepts them.
    async fn keep(&mut self, items: &[Arc<Item>], why: &str) -> bool {
        loop {
            let layout = self.sink.outlet.layout;
            match self.sink.undelivered.keep(&self.sink.name, why, items, layout).await {
                Ok(()) => {
                    self.unkept.ends(|| format!("{}: refused alerts are kept again", self.sink.name));
                    self.backoff.reset();
                    return true;
                }
                Err(error) => {
                    let (name, place) = (&self.sink.name, &self.sink.undelivered);
                    self.unkept
                        .tell(|| format!("{name}: {place}: {error}; it is tried again until it works"));
                    if !self.pause(None).await {
                        return false;
                    }
                }
            }
        }
    }
}
