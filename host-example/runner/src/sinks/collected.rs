//! Alerts and failures in memory: the sink of the test runner.

use super::{News, Sink};
use crate::sources::Loss;
use authsieve_engine::alert::Alert;
use authsieve_host::Origins;
use std::io;

/// Keeps what it takes.
#[derive(Debug, Default)]
pub struct Collected {
    /// The alerts, in order.
    pub alerts: Vec<Alert>,
    /// What failed: an input that cannot be read, an analytic.
    pub failures: Vec<String>,
}

impl Sink for Collected {
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()> {
        match news {
            News::Alert(alert) => self.alerts.push(*alert),
            News::Trouble { .. } | News::Loss { loss: Loss::Unreadable(_), .. } => {
                self.failures.extend(news.complaint(origins));
            }
            News::Loss { .. } | News::Note(_) | News::Events { .. } | News::Problem(_) => {}
        }
        Ok(())
    }
}
