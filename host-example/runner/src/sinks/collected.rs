//! The sink of the test runner: keeps alerts and failures in memory.

use super::{News, Sink};
use crate::sources::Loss;
use authsieve_engine::alert::Alert;
use authsieve_host::Origins;
use std::io;

/// Keeps alerts and failures in memory.
#[derive(Debug, Default)]
pub struct Collected {
    /// The alerts, in order.
    pub alerts: Vec<Alert>,
    /// The failures: inputs that cannot be read, and failed analytics.
    pub failures: Vec<String>,
}

impl Sink for Collected {
    fn take(&mut self, news: News, origins: &Origins) -> io::Result<()> {
        match news {
            News::Alert(alert) | News::Told { alert, .. } => self.alerts.push(*alert),
            News::Trouble { .. } | News::Loss { loss: Loss::Unreadable(_), .. } => {
                self.failures.extend(news.complaint(origins));
            }
            News::Loss { .. } | News::Note(_) | News::Events { .. } | News::Problem(_) => {}
        }
        Ok(())
    }
}
