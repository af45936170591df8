//! The analytics themselves, called as the filter promises to call them.

use authsieve_engine::alert::Alert;
use authsieve_engine::analytic::Analytic;
use authsieve_engine::detector::{Detector, Reading};
use authsieve_engine::time::{Span, Timestamp};
use serde_json::Value;

/// An analytic, fed one record at a time.
pub trait Native {
    /// The alerts that come with a record stamped `at`, in seconds and nanoseconds.
    fn take(&mut self, at: (u32, u32), record: &[u8]) -> Vec<Alert>;

    /// How many events a record tells of.
    fn events(&self, record: &[u8]) -> usize;
}

struct Fed<A: Analytic> {
    detector: Detector<A>,
    /// When the record was stamped that brought the newest event.
    newest: Option<Timestamp>,
    /// When it was last told how long no newer event came, or when records began.
    told: Option<Timestamp>,
    /// How many records came.
    number: u64,
}

/// The analytic of an id.
pub fn native(id: &str, config: &str) -> Box<dyn Native> {
    authsieve_suite::by_id!(id, fed(config))
}

fn fed<A: Analytic + 'static>(config: &str) -> Box<dyn Native> {
    let detector = Detector::<A>::create(config, 1).expect("the configuration is valid");
    Box::new(Fed { detector, newest: None, told: None, number: 0 })
}

impl<A: Analytic> Native for Fed<A> {
    /// Before a record is read, but once a second at most, the detector hears how long ago the newest event came. Where
    /// clocks were set back, both begin anew.
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

/// How many events a record tells of.
pub fn events(id: &str, record: &[u8]) -> usize {
    native(id, "").events(record)
}

/// Alerts as JSON.
pub fn values(alerts: &[Alert]) -> Vec<Value> {
    alerts.iter().map(|alert| serde_json::from_str(&alert.to_json()).expect("JSON")).collect()
}
