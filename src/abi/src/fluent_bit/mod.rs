//! A filter of the Fluent Bit agent: the C ABI of its `filter_wasm`.
//!
//! The agent calls one exported function for each record, with the record as JSON, and continues with the answer. It is
//! the strictest of the hosts, and each of its habits shaped a part of this face:
//!
//! - The agent passes no configuration: [`Baked`](crate::baked::Baked) holds it.
//! - The agent takes memory for its arguments from the exports `malloc` and `free`: [`slots`].
//! - The agent copies the answer up to the first NUL and leaves the memory to the module: one buffer, used again.
//! - The agent writes bytes that are no UTF-8 as characters of the private use area: [`mangled`].
//! - An empty answer means "drop this record".
//! - Invalid JSON in an answer corrupts the agent. The agent itself writes invalid JSON for keys, numbers and bytes
//!   that JSON cannot express. Such a record goes back as text, under `unreadable`.
//! - A trap loses its record, and leaves the state half changed: the next call begins with empty state.
//! - The agent interprets the module, with a stack of 8 KiB. So most records that cannot matter are recognised without
//!   being parsed ([`Sieve`]), and no function recurses on the nesting of a record.
//!
//! Source of the ABI: <https://docs.fluentbit.io/manual/data-pipeline/filters/wasm> and its `filter_wasm` plugin.

mod answer;
pub mod mangled;
pub mod slots;
mod valid;

use crate::baked::Module;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use answer::{carry, together, without};
use authsieve_engine::alert::Alert;
use authsieve_engine::detector::{Detector, Error, Reading};
use authsieve_engine::hash::{Hasher128, Salt};
use authsieve_engine::json::quote;
use authsieve_engine::sieve::Sieve;
use authsieve_engine::time::{Span, Timestamp};
use core::cell::UnsafeCell;
use slots::Slots;
use valid::is_valid_object;

/// The largest buffer that is kept. A larger one, for one long record, gives its memory back.
const KEPT: usize = 64 << 10;
/// The answer that drops a record.
const NOTHING: &[u8] = b"\0";

/// The kind of answer to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Alerts alone. A record without an alert is dropped.
    Alerts,
    /// Every record. A record that raised an alert carries the alert.
    Annotate,
}

/// The answer to the agent.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The record, unchanged.
    Same,
    /// A JSON object, or an empty text, with a NUL at the end.
    Text(&'a [u8]),
}

/// An analytic and its state, behind the ABI.
pub struct Filter<A: Module> {
    running: Option<Running<A>>,
    /// True if the call before this one has not ended, because of a trap.
    busy: bool,
    restored: Vec<u8>,
    answer: Vec<u8>,
}

struct Running<A: Module> {
    detector: Detector<A>,
    /// The early exit, for an analytic that has one.
    sieve: Option<Sieve>,
    /// The name under which a record carries its alert.
    name: &'static str,
    /// The same name as JSON with its colon.
    key: String,
    /// The time at which the detector last learnt that time has passed.
    told: Timestamp,
    /// The number of the last record, read or passed over.
    number: u64,
}

impl<A: Module> Filter<A> {
    /// Makes a filter without a detector. The first record makes the detector, and seeds its hash tables.
    #[must_use]
    pub const fn new() -> Self {
        Self { running: None, busy: false, restored: Vec::new(), answer: Vec::new() }
    }

    /// The problems of the baked configuration, one line for each. Empty if the configuration is valid.
    #[must_use]
    pub fn check() -> String {
        match Detector::<A>::create(A::baked().config(), 0) {
            Ok(_) => String::new(),
            Err(Error::InvalidConfig(problems)) => problems.lines(),
            Err(error) => error.to_string(),
        }
    }

    /// Judges a record that the agent stamped with `received`. O(bytes), and O(1) for each event in the record.
    #[inline(always)]
    pub fn take(&mut self, mode: Mode, record: &[u8], received: Timestamp) -> Answer<'_> {
        let mut matters = true;
        if !self.busy
            && let Some(running) = &mut self.running
        {
            running.number += 1;
            matters = running.matters(record);
            if !matters && running.is_same_second(received) {
                match mode {
                    Mode::Alerts => return Answer::Text(NOTHING),
                    Mode::Annotate if is_valid_object(record) && without(record, running.name).is_none() => {
                        return Answer::Same;
                    }
                    Mode::Annotate => {}
                }
            }
        }
        if self.look_closer(mode, record, received, matters) {
            Answer::Same
        } else {
            Answer::Text(&self.answer)
        }
    }

    /// Does the part of [`take`](Self::take) for a record that cannot be passed over. `matters` is true if the record
    /// may hold an event.
    #[inline(never)]
    fn look_closer(&mut self, mode: Mode, record: &[u8], received: Timestamp, matters: bool) -> bool {
        if core::mem::replace(&mut self.busy, true) {
            // The detector may be half changed, so that even dropping it is not safe.
            core::mem::forget(core::mem::replace(self, Self { busy: true, ..Self::new() }));
        }
        let same = self.judge(mode, record, received, matters);
        self.busy = false;
        same
    }

    /// Judges the record. Returns true if it goes back unchanged; if not, the buffer holds the answer.
    fn judge(&mut self, mode: Mode, record: &[u8], received: Timestamp, matters: bool) -> bool {
        for buffer in [&mut self.answer, &mut self.restored] {
            buffer.clear();
            buffer.shrink_to(KEPT);
        }
        let running = match &mut self.running {
            Some(running) => running,
            None => match Running::new(record, received) {
                Ok(running) => self.running.insert(running),
                // `bake` writes only valid configurations. For any other, each record carries the error.
                Err(why) => {
                    let told = format!("{{\"error\":{}}}", quote(why.as_bytes()));
                    carry(b"{}", true, &key::<A>(), told.as_bytes(), &mut self.answer);
                    self.answer.push(0);
                    return false;
                }
            },
        };
        let mut alerts = running.elapse(received);
        if matters {
            let read = mangled::restore(record, &mut self.restored).unwrap_or(record);
            let reading = Reading { received, written: None, first: running.number };
            alerts.append(&mut running.detector.process_one(read, reading));
        }
        match mode {
            Mode::Alerts => self.answer.append(&mut together(&alerts)),
            Mode::Annotate => {
                let valid = is_valid_object(record);
                let cleared = if valid { without(record, running.name) } else { None };
                if valid && alerts.is_empty() && cleared.is_none() {
                    return true;
                }
                carry(
                    cleared.as_deref().unwrap_or(record),
                    valid,
                    &running.key,
                    &together(&alerts),
                    &mut self.answer,
                );
            }
        }
        self.answer.push(0);
        false
    }
}

impl<A: Module> Default for Filter<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Module> Running<A> {
    #[inline(never)]
    fn new(record: &[u8], received: Timestamp) -> Result<Self, String> {
        let seed = Hasher128::new(Salt::new(""), 3).part(&received.0.to_le_bytes()).part(record).finish().0;
        let detector = create::<A>(seed as u64)?;
        let sieve = detector.sieve();
        let key = key::<A>();
        Ok(Self { detector, sieve, name: A::baked().key(), key, told: received, number: 1 })
    }

    /// Returns true if the record may hold an event.
    #[inline(always)]
    fn matters(&self, record: &[u8]) -> bool {
        self.sieve.as_ref().is_none_or(|sieve| sieve.passes(record))
    }

    /// Returns true if the detector learnt of the time within the second before `received`.
    #[inline(always)]
    const fn is_same_second(&self, received: Timestamp) -> bool {
        let since = received.0.wrapping_sub(self.told.0);
        0 <= since && since < Span::SECOND.0
    }

    /// Tells the detector, once a second, that time has passed since its newest events were received. The agent's clock
    /// alone would not do: a log may be read long after it was written.
    fn elapse(&mut self, received: Timestamp) -> Vec<Alert> {
        // Clocks are set back, and a record may carry the time of its event.
        let set_back = received < self.told;
        if !set_back && received < self.told.plus(Span::SECOND) {
            return Vec::new();
        }
        self.told = received;
        self.detector.elapse_until(received)
    }
}

/// Makes a detector with the baked configuration, or says what is wrong with the configuration.
fn create<A: Module>(seed: u64) -> Result<Detector<A>, String> {
    Detector::create(A::baked().config(), seed).map_err(|error| match error {
        Error::InvalidConfig(problems) => problems.to_string(),
        Error::InvalidSnapshot(why) => why,
    })
}

/// The name under which a record carries its alert, as JSON with its colon.
fn key<A: Module>() -> String {
    format!("{}:", quote(A::baked().key().as_bytes()))
}

/// The functions of a module, around its one filter and its memory for arguments.
pub struct Exports<A: Module>(UnsafeCell<(Filter<A>, Slots)>);

// SAFETY: a module has one thread.
unsafe impl<A: Module> Sync for Exports<A> {}

impl<A: Module> Exports<A> {
    /// A module whose slots are free.
    #[must_use]
    pub const fn new() -> Self {
        Self(UnsafeCell::new((Filter::new(), Slots::new())))
    }

    /// One call of the agent.
    ///
    /// # Safety
    /// `record` is null, or the address of `length` bytes. No other call is under way.
    pub unsafe fn take(
        &self,
        mode: Mode,
        seconds: u32,
        nanos: u32,
        record: *const u8,
        length: u32,
    ) -> *const u8 {
        if record.is_null() {
            // There was no memory for the record, so it cannot even be passed on.
            return NOTHING.as_ptr();
        }
        let received = Timestamp(i64::from(seconds) * 1_000_000 + i64::from(nanos / 1000));
        // SAFETY: the caller promises it.
        let (bytes, filter) =
            unsafe { (core::slice::from_raw_parts(record, length as usize), &mut (*self.0.get()).0) };
        match filter.take(mode, bytes, received) {
            Answer::Same => record,
            Answer::Text(text) => text.as_ptr(),
        }
    }

    /// The problems of the baked configuration, with a NUL at the end.
    ///
    /// # Safety
    /// No other call is under way.
    pub unsafe fn check(&self) -> *const u8 {
        // SAFETY: the caller promises it.
        let filter = unsafe { &mut (*self.0.get()).0 };
        filter.answer = Filter::<A>::check().into_bytes();
        filter.answer.push(0);
        filter.answer.as_ptr()
    }

    /// Gives out memory for an argument.
    ///
    /// # Safety
    /// No other call is under way.
    pub unsafe fn malloc(&self, size: u32) -> *mut u8 {
        // SAFETY: the caller promises it.
        unsafe { (*self.0.get()).1.take(size as usize) }
    }

    /// Takes back the memory of an argument.
    ///
    /// # Safety
    /// No other call is under way.
    pub unsafe fn free(&self, place: *const u8) {
        // SAFETY: the caller promises it.
        unsafe { (*self.0.get()).1.give_back(place) }
    }
}

impl<A: Module> Default for Exports<A> {
    fn default() -> Self {
        Self::new()
    }
}

/// Exports a function that takes a record, as the agent calls it.
#[cfg(all(target_family = "wasm", feature = "fluent-bit"))]
#[doc(hidden)]
#[macro_export]
macro_rules! fluent_bit_call {
    ($name:ident, $exports:ident.take($mode:expr)) => {
        #[unsafe(no_mangle)]
        extern "C" fn $name(
            _tag: *const u8,
            _tag_length: u32,
            seconds: u32,
            nanos: u32,
            record: *const u8,
            length: u32,
        ) -> *const u8 {
            // SAFETY: the agent calls it so, one call at a time.
            unsafe { $exports.take($mode, seconds, nanos, record, length) }
        }
    };
}

/// Exports an analytic as a filter of Fluent Bit.
#[cfg(all(target_family = "wasm", feature = "fluent-bit"))]
#[doc(hidden)]
#[macro_export]
macro_rules! fluent_bit_face {
    ($analytics:ty) => {
        const _: () = {
            use $crate::fluent_bit::{Exports, Mode};

            static EXPORTS: Exports<$analytics> = Exports::new();

            $crate::fluent_bit_call!(alerts, EXPORTS.take(Mode::Alerts));
            $crate::fluent_bit_call!(annotate, EXPORTS.take(Mode::Annotate));

            #[unsafe(no_mangle)]
            extern "C" fn check() -> *const u8 {
                // SAFETY: one call at a time.
                unsafe { EXPORTS.check() }
            }

            #[unsafe(no_mangle)]
            extern "C" fn malloc(size: u32) -> *mut u8 {
                // SAFETY: one call at a time.
                unsafe { EXPORTS.malloc(size) }
            }

            #[unsafe(no_mangle)]
            extern "C" fn free(place: *mut u8) {
                // SAFETY: one call at a time.
                unsafe { EXPORTS.free(place) }
            }
        };
    };
}
