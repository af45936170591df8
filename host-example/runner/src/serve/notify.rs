//! Tells systemd of the service, if systemd started the service with `Type=notify`. Elsewhere nothing happens.

use super::arrival::Request;
use sd_notify::NotifyState;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

/// Sources are read.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// SIGHUP came; [`ready`] follows.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The service ends: it finishes what was sent.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(news: &[NotifyState<'_>]) {
    // Nobody can be told that nobody listens.
    let _ = sd_notify::notify(news);
}

/// Shows twice in each `WatchdogSec=` that the analytics still answer. Where they do not, systemd starts the service anew, and
/// nothing is lost.
pub(super) async fn watchdog(requests: mpsc::Sender<Request>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    loop {
        let (reply, stats) = oneshot::channel();
        if requests.send(Request::Stats(reply)).await.is_err() || stats.await.is_err() {
            return;
        }
        tell(&[NotifyState::Watchdog]);
        sleep((limit / 2).max(Duration::from_millis(10))).await;
    }
}
