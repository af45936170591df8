//! The component face: exports the world of `wit/authsieve.wit` and imports nothing.

use crate::baked::Module;
use authsieve_engine::detector::{self, Detector};
use authsieve_engine::time::{Span, Timestamp};
use authsieve_engine::{
    alert, alert_fields, descriptor_fields, event, event_fields, net, note, note_fields, problem_fields,
    stats_fields,
};
use core::cell::RefCell;
use core::marker::PhantomData;
use core::net::IpAddr;
use generated::exports::authsieve::analytic::analytic as wit;

#[allow(missing_docs, unsafe_op_in_unsafe_fn, clippy::all)] // Documented in the WIT.
mod generated {
    wit_bindgen::generate!({
        path: "wit",
        world: "detector-component",
        pub_export_macro: true,
    });
}

pub use generated::{export, exports};

/// The exported interface, implemented for any analytic and any suite.
pub struct Component<S>(PhantomData<S>);

/// The `detector` resource. A host cannot call back into a call, so the cell is never found borrowed.
pub struct Resource<S: Module>(RefCell<Detector<S>>);

impl<S: Module> wit::Guest for Component<S> {
    type Detector = Resource<S>;

    fn describe() -> Vec<wit::Descriptor> {
        Detector::<S>::describe().lower()
    }
}

impl<S: Module> Resource<S> {
    fn new(detector: Detector<S>) -> wit::Detector {
        wit::Detector::new(Self(RefCell::new(detector)))
    }
}

impl<S: Module> wit::GuestDetector for Resource<S> {
    fn create(config: String, seed: u64) -> Result<wit::Detector, wit::Error> {
        Ok(Self::new(Detector::create(effective::<S>(&config), seed)?))
    }

    fn restore(
        config: String,
        seed: u64,
        snapshot: Vec<u8>,
    ) -> Result<(wit::Detector, Vec<String>), wit::Error> {
        let (detector, notes) = Detector::restore(effective::<S>(&config), seed, &snapshot)?;
        Ok((Self::new(detector), notes))
    }

    fn needles(&self) -> Vec<String> {
        self.0.borrow().needles()
    }

    fn process(&self, batch: Vec<u8>, reading: wit::Reading) -> Vec<wit::Alert> {
        alerts(self.0.borrow_mut().process(&batch, read(&reading)))
    }

    fn decode(&self, batch: Vec<u8>, reading: wit::Reading) -> Vec<wit::Event> {
        self.0.borrow().decode(&batch, read(&reading)).lower()
    }

    fn explain(&self, batch: Vec<u8>, reading: wit::Reading) -> Vec<wit::Note> {
        self.0.borrow_mut().explain(&batch, read(&reading)).lower()
    }

    fn elapse(&self, idle: u64) -> Vec<wit::Alert> {
        alerts(self.0.borrow_mut().elapse(Span(i64::try_from(idle).unwrap_or(i64::MAX))))
    }

    fn flush(&self) -> Vec<wit::Alert> {
        alerts(self.0.borrow_mut().flush())
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.borrow().snapshot()
    }

    fn stats(&self) -> Vec<wit::Stats> {
        self.0.borrow().stats().lower()
    }

    fn problems(&self) -> Vec<wit::Problem> {
        self.0.borrow_mut().problems().lower()
    }

    fn route(&self, batch: Vec<u8>, reading: wit::Reading) -> Vec<wit::Part> {
        self.0.borrow_mut().route(&batch, read(&reading)).lower()
    }

    fn judge(&self, parts: Vec<wit::Part>, reading: wit::Reading) -> Vec<wit::Alert> {
        let part =
            |part: wit::Part| detector::Part { analytic: part.analytic, key: part.key, bytes: part.bytes };
        let parts: Vec<detector::Part> = parts.into_iter().map(part).collect();
        alerts(self.0.borrow_mut().judge(&parts, read(&reading)))
    }
}

/// The configuration of the host, or the one that is baked in where the host gives none.
fn effective<S: Module>(config: &str) -> &str {
    if config.is_empty() { S::baked().config() } else { config }
}

fn read(reading: &wit::Reading) -> detector::Reading {
    detector::Reading {
        received: Timestamp(reading.received),
        written: reading.written.map(Timestamp),
        first: reading.first,
    }
}

/// Lowers alerts. All calls that return alerts share this one copy.
#[inline(never)]
fn alerts(list: Vec<alert::Alert>) -> Vec<wit::Alert> {
    list.lower()
}

/// Turns a value of the engine into a value of the contract.
trait Lower {
    type To;
    fn lower(self) -> Self::To;
}

/// Lowers a record: each field has one of the same name.
macro_rules! lower {
    (($from:ty, $to:ident) $($field:ident)+) => {
        impl Lower for $from {
            type To = wit::$to;
            fn lower(self) -> wit::$to {
                wit::$to { $($field: self.$field.lower()),+ }
            }
        }
    };
}

/// Lowers an enum: each case has one of the same name.
macro_rules! lower_cases {
    ($from:ty, $to:ident { $($case:ident),+ }) => {
        impl Lower for $from {
            type To = wit::$to;
            fn lower(self) -> wit::$to {
                match self { $(Self::$case => wit::$to::$case),+ }
            }
        }
    };
}

/// Types that are the same on both sides.
macro_rules! same {
    ($($type:ty),+) => { $(
        impl Lower for $type {
            type To = Self;
            fn lower(self) -> Self {
                self
            }
        }
    )+ };
}

alert_fields!(lower, alert::Alert, Alert);
note_fields!(lower, note::Note, Note);
stats_fields!(lower, detector::Stats, Stats);
problem_fields!(lower, detector::Problem, Problem);
descriptor_fields!(lower, detector::Descriptor, Descriptor);
lower! { (alert::Tally, Tally) code count }
lower! { (alert::Evidence, Evidence) record text }
lower! { (detector::Source, Source) provider codes }
lower! { (detector::Advice, Advice) providers text }
lower! { (detector::Need, Need) name outcomes fields loses collect }
lower! { (detector::Part, Part) analytic key bytes }
lower_cases!(alert::Severity, Severity { Informational, Low, Medium, High, Critical });
lower_cases!(
    event::Outcome,
    Outcome { Failure, Success, Challenge, Denied, Timeout, Approved, Stopped, Changed }
);
lower_cases!(note::Step, Step { Ignored, Joined, Counted, Short, TooLate, Silent, Waiting, Alert });
same!(String, u8, u32, u64, bool);

/// An event, with its record and the analytics that read it.
macro_rules! lower_seen {
    (($seen:expr) $($field:ident)+) => {
        wit::Event {
            record: $seen.record,
            analytics: $seen.analytics.lower(),
            $($field: $seen.event.$field.lower()),+
        }
    };
}

impl Lower for detector::Seen {
    type To = wit::Event;
    fn lower(self) -> wit::Event {
        event_fields!(lower_seen, self)
    }
}

impl<F: Lower> Lower for Vec<F> {
    type To = Vec<F::To>;
    fn lower(self) -> Vec<F::To> {
        self.into_iter().map(Lower::lower).collect()
    }
}

impl<F: Lower> Lower for Option<F> {
    type To = Option<F::To>;
    fn lower(self) -> Option<F::To> {
        self.map(Lower::lower)
    }
}

impl<F: Lower + Copy> Lower for &'static [F] {
    type To = Vec<F::To>;
    fn lower(self) -> Vec<F::To> {
        self.iter().copied().map(Lower::lower).collect()
    }
}

impl Lower for &'static str {
    type To = String;
    fn lower(self) -> String {
        self.into()
    }
}

/// An empty text is an absent one.
impl Lower for event::Text<'_> {
    type To = Option<String>;
    fn lower(self) -> Option<String> {
        (!self.is_empty()).then(|| self.into_owned())
    }
}

impl Lower for Timestamp {
    type To = i64;
    fn lower(self) -> i64 {
        self.0
    }
}

impl Lower for IpAddr {
    type To = String;
    fn lower(self) -> String {
        net::written(self)
    }
}

/// The id of a delivery, as hexadecimal digits.
impl Lower for u128 {
    type To = String;
    fn lower(self) -> String {
        format!("{self:032x}")
    }
}

/// Types that the contract shows as a word.
macro_rules! words {
    ($($type:ty),+) => { $(
        impl Lower for $type {
            type To = String;
            fn lower(self) -> String {
                self.as_str().into()
            }
        }
    )+ };
}
words!(event::Signal, event::Access, event::Shape, event::Provider);

impl From<detector::Error> for wit::Error {
    fn from(error: detector::Error) -> Self {
        match error {
            detector::Error::InvalidConfig(problems) => Self::InvalidConfig(problems.lines()),
            detector::Error::InvalidSnapshot(why) => Self::InvalidSnapshot(why),
        }
    }
}

/// Exports an analytic, or a suite, as the component of this module.
#[doc(hidden)]
#[macro_export]
macro_rules! component_face {
    ($analytics:ty) => {
        const _: () = {
            type Face = $crate::component::Component<$analytics>;
    $crate::component::export!(Face with_types_in $crate::component);
        };
    };
}
