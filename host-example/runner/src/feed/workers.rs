//! A [`Session`] in the loop.

use super::{Records, Worker};
use crate::sinks::News;
use authsieve_host::{Answer, Fault, Session, convert};

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
        // A guest that fails to say what it could not read has told its alerts.
        news.extend(self.problems().unwrap_or_default().into_iter().map(News::Problem));
    }
}

/// The news in an answer of a session about these records; `None`: about the end of the input.
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
