//! Converts records of the contract to records of the engine, using the engine's lists of fields.

use crate::contract;
use authsieve_engine::alert::{Alert, Evidence, Severity, Tally};
use authsieve_engine::detector::Stats;
use authsieve_engine::fields::{Field, Json};
use authsieve_engine::time::Timestamp;
use authsieve_engine::{alert_fields, event_fields, stats_fields};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Makes a record of the engine from a record of the contract. Both have fields with the same names.
macro_rules! lift {
    (($record:ident, $from:expr) $($field:ident)+) => {
        $record { $($field: Lift::lift($from.$field)),+ }
    };
}
/// Converts to the engine's alert, which has the canonical JSON.
#[must_use]
pub fn alert(alert: contract::Alert) -> Alert {
    alert_fields!(lift, Alert, alert)
}

/// Converts to the engine's counters.
#[must_use]
pub fn stats(stats: contract::Stats) -> Stats {
    stats_fields!(lift, Stats, stats)
}

/// Converts a value of the contract to a value of the engine.
trait Lift<To> {
    fn lift(self) -> To;
}

macro_rules! same {
    ($($type:ty),+) => { $(
        impl Lift<$type> for $type {
            fn lift(self) -> $type {
                self
            }
        }
    )+ };
}

same!(String, u32, u64, Option<String>, Option<u32>, Vec<String>);

impl Lift<Timestamp> for i64 {
    fn lift(self) -> Timestamp {
        Timestamp(self)
    }
}

impl Lift<Severity> for contract::Severity {
    fn lift(self) -> Severity {
        match self {
            Self::Informational => Severity::Informational,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }
}

impl Lift<Vec<Tally>> for Vec<contract::Tally> {
    fn lift(self) -> Vec<Tally> {
        self.into_iter().map(|tally| Tally { code: tally.code, count: tally.count }).collect()
    }
}

impl Lift<Vec<Evidence>> for Vec<contract::Evidence> {
    fn lift(self) -> Vec<Evidence> {
        self.into_iter().map(|one| Evidence { record: one.record, text: one.text }).collect()
    }
}

/// Writes the fields of an event as members of a JSON object, without absent ones. Leaves out the number of the
/// record and the analytics that read it.
///
/// # Errors
/// Returns the errors of the serializer.
pub fn write_event<M: SerializeMap>(event: &contract::Event, map: &mut M) -> Result<(), M::Error> {
    macro_rules! entries {
        (($map:expr, $event:expr) $($field:ident)+) => {
            $(if !$event.$field.is_silent() {
                $map.serialize_entry(stringify!($field), &Shown(&$event.$field))?;
            })+
        };
    }
    event_fields!(entries, map, event);
    Ok(())
}

/// A field of an event.
trait Say {
    fn is_silent(&self) -> bool {
        false
    }
    fn say<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error>;
}

struct Shown<'f, F>(&'f F);

impl<F: Say> Serialize for Shown<'_, F> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.0.say(out)
    }
}

macro_rules! as_it_is {
    ($($type:ty),+) => { $(
        impl Say for $type {
            fn is_silent(&self) -> bool {
                self.is_absent()
            }
            fn say<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                Json(self).serialize(out)
            }
        }
    )+ };
}

as_it_is!(u32, bool, Option<String>, Option<u32>, Option<u64>);

/// A word. `remote` is left out, since most logins are remote.
impl Say for String {
    fn is_silent(&self) -> bool {
        self == "remote"
    }
    fn say<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self)
    }
}

/// A point in time.
impl Say for i64 {
    fn say<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        Json(&Timestamp(*self)).serialize(out)
    }
}

impl Say for contract::Outcome {
    fn say<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.word())
    }
}
