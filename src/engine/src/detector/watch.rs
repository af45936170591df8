//! Judges a batch and shows its events, for hosts that list them. Each record is decoded once.

use super::{Analytics, Detector, Reading, records};
use crate::alert::Alert;
use crate::dating::Dating;
use crate::event::Event;
use alloc::vec::Vec;

/// The dates of the events that were shown so far, for each analytic.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    dating: Vec<Dating>,
}

/// An event that is shown before it is judged.
#[derive(Debug)]
pub struct Shown<'s, 'e> {
    /// The number of the record.
    pub record: u64,
    /// The ids of the analytics that read the event.
    pub analytics: &'s [&'static str],
    /// The event, with its time.
    pub event: &'s Event<'e>,
}

impl<S: Analytics> Detector<S> {
    /// Reads a batch as [`process`](Self::process) does. Also shows each event, without undated ones, as
    /// [`decode`](Self::decode) would. All batches need the same `watch`.
    pub fn watch(
        &mut self,
        batch: &[u8],
        reading: impl Into<Reading>,
        watch: &mut Watch,
        show: &mut dyn FnMut(&Shown<'_, '_>),
    ) -> Vec<Alert> {
        let reading = reading.into();
        self.explain_to(false);
        if watch.dating.len() != self.judges.len() {
            watch.dating = self.judges.iter().map(|judge| judge.dating().clone()).collect();
        }
        let (mut alerts, mut ids) = (Vec::new(), Vec::new());
        for record in records(batch, reading.first) {
            self.take_shown(record, reading, &mut alerts, |decoded, judges| {
                ids.clear();
                let (event, mut dated) = (&mut decoded.event, true);
                // The judge dates the event again, from the same times.
                let before = (event.time, event.year_inferred, event.delay);
                for place in decoded.readers.iter() {
                    if let (Some(dating), Some(judge)) = (watch.dating.get_mut(place), judges.get(place)) {
                        let how = dating.date(event, &decoded.when, &judge.rules(), reading);
                        (dated, event.year_inferred, event.delay) = (!how.undated, how.inferred, how.delay);
                        ids.push(judge.id());
                    }
                }
                if dated {
                    show(&Shown { record: record.number, analytics: &ids, event });
                }
                (event.time, event.year_inferred, event.delay) = before;
            });
        }
        alerts
    }
}
