//! The component: exports the world of `wit/authsieve.wit`, imports nothing.

use crate::baked::Module;
use authsieve_engine::{alert, detector, event, net, note, time::Timestamp};
use core::{cell::RefCell, marker::PhantomData};
use generated::exports::authsieve::analytic::analytic as wit;

#[allow(missing_docs, unsafe_op_in_unsafe_fn, clippy::all)] // Documented in the WIT.
mod generated {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "detector-component",
        pub_export_macro: true,
    });
}

pub use generated::{export, exports};

/// The exported interface, implemented for any analytic.
pub struct Component<A>(PhantomData<A>);

/// The `detector` resource. A host cannot call back into a call, so the cell is never found borrowed.
pub struct Resource<A: Module>(RefCell<detector::Detector<A>>);

impl<A: Module> wit::Guest for Component<A> {
    type Detector = Resource<A>;

    fn describe() -> wit::Descriptor {
        detector::Detector::<A>::describe().into()
    }
}

impl<A: Module> Resource<A> {
    fn new(detector: detector::Detector<A>) -> wit::Detector {
        wit::Detector::new(Self(RefCell::new(detector)))
    }
}

impl<A: Module> wit::GuestDetector for Resource<A> {
    fn create(config: String, seed: u64) -> Result<wit::Detector, wit::Error> {
        Ok(Self::new(detector::Detector::create(effective::<A>(&config), seed)?))
    }

    fn restore(
        config: String,
        seed: u64,
        snapshot: Vec<u8>,
    ) -> Result<(wit::Detector, Vec<String>), wit::Error> {
        let (detector, notes) = detector::Detector::restore(effective::<A>(&config), seed, &snapshot)?;
        Ok((Self::new(detector), notes))
    }

    fn needles(&self) -> Vec<String> {
        self.0.borrow().needles()
    }

    fn process(&self, batch: Vec<u8>, received: i64) -> Vec<wit::Alert> {
        alerts(self.0.borrow_mut().process(&batch, Timestamp(received)))
    }

    fn explain(&self, batch: Vec<u8>, received: i64) -> Vec<wit::Note> {
        self.0.borrow_mut().explain(&batch, Timestamp(received)).into_iter().map(Into::into).collect()
    }

    fn decode(&self, batch: Vec<u8>, received: i64) -> Vec<wit::Event> {
        self.0.borrow().decode(&batch, Timestamp(received)).into_iter().map(Into::into).collect()
    }

    fn advance(&self, to: i64) -> Vec<wit::Alert> {
        alerts(self.0.borrow_mut().advance(Timestamp(to)))
    }

    fn flush(&self) -> Vec<wit::Alert> {
        alerts(self.0.borrow_mut().flush())
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.borrow().snapshot()
    }

    fn stats(&self) -> wit::Stats {
        self.0.borrow().stats().into()
    }
}

/// What the host says, or what is baked in where it says nothing.
fn effective<A: Module>(config: &str) -> &str {
    if config.is_empty() { A::baked().config() } else { config }
}

fn alerts(list: Vec<alert::Alert>) -> Vec<wit::Alert> {
    list.into_iter().map(Into::into).collect()
}

/// `wit::$record` from `$from`, with `$same` fields that differ in nothing but the type around them and `$other` ones.
macro_rules! record {
    ($from:ty => $record:ident { $($same:ident),* $(,)? } |$value:ident| { $($other:ident: $expr:expr),* $(,)? }) => {
        impl From<$from> for wit::$record {
            fn from($value: $from) -> Self {
                Self { $($other: $expr,)* $($same: $value.$same),* }
            }
        }
    };
}

record!(alert::Tally => Tally { code, count } |tally| {});

record!(alert::Alert => Alert {
    id, analytic, analytic_version, config_digest, pattern, title, user, users, src_ip, src_ips, host, service,
    user_agent, application, device, failure_count, challenge_count, distinct_users, distinct_ips, estimated, matched,
    related_successes, techniques, context, evidence, response,
} |alert| {
    severity: match alert.severity {
        alert::Severity::Informational => wit::Severity::Informational,
        alert::Severity::Low => wit::Severity::Low,
        alert::Severity::Medium => wit::Severity::Medium,
        alert::Severity::High => wit::Severity::High,
        alert::Severity::Critical => wit::Severity::Critical,
    },
    time: alert.time.0,
    first_seen: alert.first_seen.0,
    last_seen: alert.last_seen.0,
    reasons: alert.reasons.into_iter().map(Into::into).collect(),
    outcomes: alert.outcomes.into_iter().map(Into::into).collect(),
});

record!(event::Event<'_> => Event { count, pid, logon_type, credential } |event| {
    time: event.time.0,
    outcome: outcome(event.outcome),
    signal: event.signal.as_str().into(),
    user: said(event.user),
    domain: said(event.domain),
    src_ip: net::shown(event.src_ip),
    src_name: said(event.src_name),
    tty: said(event.tty),
    user_agent: said(event.user_agent),
    service: said(event.service),
    host: said(event.host),
    method: said(event.method),
    reason: said(event.reason),
    reason_text: said(event.reason_text),
    application: said(event.application),
    device: said(event.device),
    status: said(event.status),
    os: said(event.os),
    transaction: said(event.transaction),
    delivery: event.delivery.map(|id| format!("{id:032x}")),
    shape: event.shape.as_str().into(),
    provider: event.provider.as_str().into(),
});

record!(note::Note => Note { record, key, text, count, needed } |note| {
    time: note.time.0,
    outcome: outcome(note.outcome),
    user: said(note.user.into()),
    src_ip: net::shown(note.src_ip),
    step: match note.step {
        note::Step::Ignored => wit::Step::Ignored,
        note::Step::Joined => wit::Step::Joined,
        note::Step::Counted => wit::Step::Counted,
        note::Step::Short => wit::Step::Short,
        note::Step::TooLate => wit::Step::TooLate,
        note::Step::Silent => wit::Step::Silent,
        note::Step::Waiting => wit::Step::Waiting,
        note::Step::Alert => wit::Step::Alert,
    },
});

fn outcome(outcome: event::Outcome) -> wit::Outcome {
    match outcome {
        event::Outcome::Failure => wit::Outcome::Failure,
        event::Outcome::Success => wit::Outcome::Success,
        event::Outcome::Challenge => wit::Outcome::Challenge,
        event::Outcome::Denied => wit::Outcome::Denied,
        event::Outcome::Timeout => wit::Outcome::Timeout,
        event::Outcome::Approved => wit::Outcome::Approved,
        event::Outcome::Stopped => wit::Outcome::Stopped,
    }
}

/// What is empty was not said.
fn said(text: event::Text<'_>) -> Option<String> {
    (!text.is_empty()).then(|| text.into_owned())
}

record!(detector::Descriptor => Descriptor {
    id, name, version, description, techniques, telemetry, false_positives, response, config_schema, partition_by,
} |descriptor| {});

record!(detector::Stats => Stats {
    records, matched, malformed, oversized, late, future, duplicates, keys, evicted, alerts, state_bytes,
} |stats| {});

impl From<detector::Error> for wit::Error {
    fn from(error: detector::Error) -> Self {
        match error {
            detector::Error::InvalidConfig(problems) => Self::InvalidConfig(problems.lines()),
            detector::Error::InvalidSnapshot(why) => Self::InvalidSnapshot(why),
        }
    }
}

/// Exports an analytic as the component of this module.
#[doc(hidden)]
#[macro_export]
macro_rules! component_face {
    ($analytic:ty) => {
        const _: () = {
            type Face = $crate::component::Component<$analytic>;
    $crate::component::export!(Face with_types_in $crate::component);
        };
    };
}
