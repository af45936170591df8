//! [`Session`] as a [`Worker`] of the loop.

use super::{Records, Worker};
use crate::sinks::News;
use authsieve_host::{Answer, Fault, Session, convert};

impl Worker for Session {
    fn name(&self) -> &str {
        self.analytic().name()
    }

    /// Needles only save work: if an analytic cannot name its needles, it gets every record.
    fn needles(&mut self) -> Vec<String> {
        Self::needles(self).unwrap_or_default()
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        let answer = self.process(records.bytes, records.reading);
        tell(answer, Some(records), news);
    }

    fn elapse(&mut self, idle: u64, news: &mut Vec<News>) {
        let answer = Self::elapse(self, idle);
        tell(answer, None, news);
    }

    fn finish(&mut self, news: &mut Vec<News>) {
        let answer = self.flush();
        tell(answer, None, news);
        self.leave(news);
    }

    fn leave(&mut self, news: &mut Vec<News>) {
        // If the guest fails here, its alerts were delivered already.
        news.extend(self.problems().unwrap_or_default().into_iter().map(News::Problem));
    }
}

/// Adds the news in the answer of a session. `records` is `None` if the answer is about the end of the input.
pub(crate) fn tell(answer: Answer, records: Option<&Records<'_>>, news: &mut Vec<News>) {
    news.extend(answer.troubles.into_iter().map(|trouble| News::Trouble {
        record: records.map_or(0, |records| match &trouble.fault {
            Fault::Apart { offset, .. } | Fault::Lost { offset, .. } | Fault::GivenUp { offset, .. } => {
                records.at(*offset)
            }
            _ => records.reading.first,
        }),
        why: trouble.fault.to_string(),
        analytic: trouble.analytic,
    }));
    news.extend(answer.notes.into_iter().map(News::Note));
    news.extend(answer.alerts.into_iter().map(|alert| News::Alert(Box::new(convert::alert(alert)))));
}
