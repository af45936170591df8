//! Calls the analytics natively, in the way in which the filter promises to call them.

use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::time::{Span, Timestamp};
use serde_json::Value;

/// An analytic, fed one record at a time.
pub trait Native {
    /// The alerts for a record with the time stamp `at`, in seconds and nanoseconds.
    fn take(&mut self, at: (u32, u32), record: &[u8]) -> Vec<Alert>;

    /// The number of events in a record.
    fn events(&self, record: &[u8]) -> usize;
}

struct Fed<A: Analytic> {
    detector: Detector<A>,
    /// The time stamp of the record with the newest event.
    newest: Option<Timestamp>,
    /// The time at which the detector was last told how long no newer event came, or the time of the first record.
    told: Option<Timestamp>,
    /// The number of records so far.
    number: u64,
}

/// The analytic with this id.
pub fn native(id: &str, config: &str) -> Box<dyn Native> {
    authsieve_suite::by_id!(id, fed(config))
}

fn fed<A: Analytic + 'static>(config: &str) -> Box<dyn Native> {
    let detector = Detector::<A>::create(config, 1).expect("the configuration is valid");
    Box::new(Fed { detector, newest: None, told: None, number: 0 })
}

impl<A: Analytic> Native for Fed<A> {
    /// Before each record, but at most once a second, tells the detector how long ago the newest event came. If
    /// clocks were set back, both times begin again.
    fn take(&mut self, at: (u32, u32), record: &[u8]) -> Vec<Alert> {
        let stamp = Timestamp(i64::from(at.0) * 1_000_000 + i64::from(at.1 / 1000));
        let told = self.told.get_or_insert(stamp);
        if stamp < *told {
            *told = stamp;
            self.newest = self.newest.map(|newest| newest.min(stamp));
        }
        let mut alerts = Vec::new();
        if let Some(newest) = self.newest
            && stamp >= told.plus(Span::SECOND)
        {
            *told = stamp;
            alerts = self.detector.elapse(Span(stamp.0 - newest.0));
        }
        let before = self.detector.watermark();
        self.number += 1;
        let reading = Reading { first: self.number, ..Reading::at(stamp) };
        alerts.extend(self.detector.process(record, reading));
        if self.detector.watermark() != before {
            self.newest = Some(stamp);
        }
        alerts
    }

    fn events(&self, record: &[u8]) -> usize {
        self.detector.decode(record, Timestamp(1_780_272_000_000_000)).len()
    }
}

/// The number of events in a record.
pub fn events(id: &str, record: &[u8]) -> usize {
    native(id, "").events(record)
}

/// Alerts as JSON.
pub fn values(alerts: &[Alert]) -> Vec<Value> {
    alerts.iter().map(|alert| serde_json::from_str(&alert.to_json()).expect("JSON")).collect()
}
