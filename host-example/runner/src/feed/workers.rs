//! A [`Session`] in the loop.

use super::{Records, Worker};
use crate::sinks::News;
use authsieve_host::{Answer, Session, Trouble, convert};
use std::sync::Arc;

impl Worker for Session {
    fn name(&self) -> &str {
        self.analytic().name()
    }

    /// Needles only save work: an analytic that fails to name its own gets every record.
    fn needles(&mut self) -> Vec<String> {
        Self::needles(self).unwrap_or_default()
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        let answer = self.process(records.bytes, records.reading);
        tell(self, answer, Some(records), news);
    }

    fn finish(&mut self, news: &mut Vec<News>) {
        let answer = self.flush();
        tell(self, answer, None, news);
    }
}

fn tell(session: &Session, answer: Answer, records: Option<&Records<'_>>, news: &mut Vec<News>) {
    if !answer.troubles.is_empty() {
        let analytic: Arc<str> = session.analytic().name().into();
        news.extend(answer.troubles.into_iter().map(|trouble| News::Trouble {
            analytic: Arc::clone(&analytic),
            record: records.map_or(0, |records| match &trouble {
                Trouble::Lost { offset, .. } | Trouble::GivenUp { offset, .. } => records.at(*offset),
                _ => records.reading.first,
            }),
            why: trouble.to_string(),
        }));
    }
    news.extend(answer.alerts.into_iter().map(|alert| News::Alert(Box::new(convert::alert(alert)))));
}
