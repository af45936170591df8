//! Notifies systemd of the service's state, if systemd started it with `Type=notify`. Otherwise does nothing.

use super::arrival::Request;
use sd_notify::NotifyState;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

/// Says that the service is ready: all sources are read.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Says that a reload began. [`ready`] ends it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Says that the service is ending.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(news: &[NotifyState<'_>]) {
    // If nobody listens, there is nobody to report it to.
    let _ = sd_notify::notify(news);
}

/// Sends two signs of life per `WatchdogSec=`, while the analytics answer. If they stop, systemd restarts the service,
/// and no record is lost.
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
