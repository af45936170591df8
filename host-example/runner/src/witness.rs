//! Keeps whole records of the recent past, so that evidence can be shown in words.
//!
//! Alerts hold only the beginnings of records, and a cut JSON object cannot be read. An [`Observer`] keeps the records
//! that an analytic was given, up to a limit, and reads the records that an alert shows.

use crate::feed::{Records, Worker};
use crate::sinks::News;
use authsieve_host::Session;
use authsieve_triage::evidence::{Line, Witness};
use std::collections::VecDeque;

/// The most bytes of records that are kept.
const MOST: usize = 64 << 20;

/// The memory for a record in addition to its bytes.
const EACH: usize = 32;

/// The newest records, by number.
#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<(u64, Box<[u8]>)>,
    bytes: usize,
}

impl Kept {
    fn take(&mut self, records: &Records<'_>) {
        for (number, line) in (records.reading.first..).zip(records.lines()) {
            let record = line.trim_ascii_end();
            if record.is_empty() {
                continue;
            }
            self.bytes += record.len() + EACH;
            self.records.push_back((number, record.into()));
        }
        while self.bytes > MOST
            && let Some((_, record)) = self.records.pop_front()
        {
            self.bytes = self.bytes.saturating_sub(record.len() + EACH);
        }
    }

    /// The record with this number. O(log n).
    fn get(&self, number: u64) -> Option<&[u8]> {
        let at = self.records.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.records.get(at).map(|(_, record)| &**record)
    }
}

/// A session whose alerts have their evidence in words.
pub struct Observer {
    session: Session,
    witness: Witness,
    kept: Kept,
}

impl Observer {
    /// Observes a session. `options` are the options that affect decoding, as JSON
    /// ([`Config::times`](crate::config::Config::times)).
    #[must_use]
    pub fn new(session: Session, options: &str) -> Self {
        Self { session, witness: Witness::new(options), kept: Kept::default() }
    }

    /// The session.
    #[must_use]
    pub fn into_session(self) -> Session {
        self.session
    }

    fn tell(&mut self, heard: Vec<News>, news: &mut Vec<News>) {
        for one in heard {
            let News::Alert(alert) = one else {
                news.push(one);
                continue;
            };
            let lines: Vec<Option<Line>> = alert
                .evidence
                .iter()
                .map(|piece| {
                    let whole = self.kept.get(piece.record).unwrap_or(piece.text.as_bytes());
                    self.witness.line(whole, &alert)
                })
                .collect();
            news.push(News::Told { alert, lines });
        }
    }
}

impl Worker for Observer {
    fn name(&self) -> &str {
        Worker::name(&self.session)
    }

    fn needles(&mut self) -> Vec<String> {
        Worker::needles(&mut self.session)
    }

    fn take(&mut self, records: &Records<'_>, news: &mut Vec<News>) {
        self.kept.take(records);
        let mut heard = Vec::new();
        self.session.take(records, &mut heard);
        self.tell(heard, news);
    }

    fn elapse(&mut self, idle: u64, news: &mut Vec<News>) {
        let mut heard = Vec::new();
        Worker::elapse(&mut self.session, idle, &mut heard);
        self.tell(heard, news);
    }

    fn finish(&mut self, news: &mut Vec<News>) {
        let mut heard = Vec::new();
        self.session.finish(&mut heard);
        self.tell(heard, news);
    }

    fn leave(&mut self, news: &mut Vec<News>) {
        self.session.leave(news);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::detector::Reading;
    use authsieve_engine::time::Timestamp;

    #[test]
    fn records_are_found_by_number_until_there_is_no_room() {
        let mut kept = Kept::default();
        let mut take = |first: u64, bytes: &[u8]| {
            let reading = Reading { first, ..Reading::at(Timestamp(0)) };
            kept.take(&Records { bytes, reading });
            (kept.get(7).map(<[u8]>::to_vec), kept.get(8).map(<[u8]>::to_vec), kept.bytes)
        };
        assert_eq!(take(7, b"seven\r\n\nnine\n"), (Some(b"seven".to_vec()), None, 5 + 4 + 2 * EACH));
        let (seven, eight, bytes) = take(10, &[b'x'; MOST]);
        assert!(seven.is_none() && eight.is_none() && bytes == 0, "{bytes}");
    }
}
