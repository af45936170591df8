//! A filter of the Fluent Bit agent: the C ABI of its `filter_wasm`.
//!
//! The agent calls one exported function per record, with the record as JSON, and goes on with what comes back. It is
//! the strictest of the hosts, and each of its habits shaped a part of this face:
//!
//! - It passes no configuration: [`Baked`](crate::baked::Baked) holds it.
//! - It takes the memory of its arguments from the exports `malloc` and `free`: [`slots`].
//! - It copies the answer up to the first NUL and leaves the memory to the module: one buffer, used again.
//! - It writes bytes that are no UTF-8 as characters of the private use area: [`mangled`].
//! - It takes an empty answer as "drop this record", and must never be given JSON that is not valid, not even the JSON it
//!   wrote itself of keys, numbers and bytes that JSON has no words for: such a record goes out as text, under
//!   `unreadable`.
//! - A trap costs the record it happened on, and the state of whatever was half done: the next call begins anew.
//! - It interprets, in a stack of 8 KiB: what cannot matter is told without being parsed
//!   ([`Sieve`]), and nothing recurses on what a record nests.
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

/// A buffer that grew larger than this, for one record, gives its memory back.
const KEPT: usize = 64 << 10;
/// The answer that drops a record.
const NOTHING: &[u8] = b"\0";

/// What comes back for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Alerts alone: records that raised none are dropped.
    Alerts,
    /// Every record; one that raised an alert carries it.
    Annotate,
}

/// What goes back to the agent.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The record as it came.
    Same,
    /// This JSON object, or nothing, with the NUL that ends it.
    Text(&'a [u8]),
}

/// An analytic and its state, behind the ABI.
pub struct Filter<A: Module> {
    running: Option<Running<A>>,
    /// The call before this one has not ended: it trapped.
    busy: bool,
    restored: Vec<u8>,
    answer: Vec<u8>,
}

struct Running<A: Module> {
    detector: Detector<A>,
    /// The early exit, where there is one.
    sieve: Option<Sieve>,
    /// The name under which a record carries its alert.
    name: &'static str,
    /// The same as JSON with its colon.
    key: String,
    /// When the detector was last told that time has passed.
    told: Timestamp,
    /// The number of the last record that was looked at or passed over.
    number: u64,
}

impl<A: Module> Filter<A> {
    /// Nothing is made before the first record, which seeds where entries lie in memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { running: None, busy: false, restored: Vec::new(), answer: Vec::new() }
    }

    /// What is wrong with the baked configuration, a line for each; empty where it is valid.
    #[must_use]
    pub fn check() -> String {
        match Detector::<A>::create(A::baked().config(), 0) {
            Ok(_) => String::new(),
            Err(Error::InvalidConfig(problems)) => problems.lines(),
            Err(error) => error.to_string(),
        }
    }

    /// Takes a record that the agent stamped with `received`. O(bytes); O(1) for each event in it.
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

    /// As [`take`](Self::take), for what cannot be passed over. `matters`: something may come of the record.
    #[inline(never)]
    fn look_closer(&mut self, mode: Mode, record: &[u8], received: Timestamp, matters: bool) -> bool {
        if core::mem::replace(&mut self.busy, true) {
            // Whatever it holds may be half changed: it is not even to be dropped.
            core::mem::forget(core::mem::replace(self, Self { busy: true, ..Self::new() }));
        }
        let same = self.judge(mode, record, received, matters);
        self.busy = false;
        same
    }

    /// Whether the record goes back as it came. If not, the answer holds what does.
    fn judge(&mut self, mode: Mode, record: &[u8], received: Timestamp, matters: bool) -> bool {
        for buffer in [&mut self.answer, &mut self.restored] {
            buffer.clear();
            buffer.shrink_to(KEPT);
        }
        let running = match &mut self.running {
            Some(running) => running,
            None => match Running::new(record, received) {
                Ok(running) => self.running.insert(running),
                // `bake` writes none that is not valid. Whoever did gets to know it with every record.
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

    /// Whether something can come of the record.
    #[inline(always)]
    fn matters(&self, record: &[u8]) -> bool {
        self.sieve.as_ref().is_none_or(|sieve| sieve.passes(record))
    }

    /// Whether the detector was told of the time in the second before `received`.
    #[inline(always)]
    const fn is_same_second(&self, received: Timestamp) -> bool {
        let since = received.0.wrapping_sub(self.told.0);
        0 <= since && since < Span::SECOND.0
    }

    /// Tells the detector, once a second, that time has passed since its newest events were received. The agent's clock
    /// alone would not do: a log may be read long after it was written.
    fn elapse(&mut self, received: Timestamp) -> Vec<Alert> {
        // Clocks are set back, and records may be stamped with the time of what they tell.
        let set_back = received < self.told;
        if !set_back && received < self.told.plus(Span::SECOND) {
            return Vec::new();
        }
        self.told = received;
        self.detector.elapse_until(received)
    }
}

/// A detector with the baked configuration, or what is wrong with that.
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

/// The functions of a module, around the one filter and the one pair of arguments that it has.
pub struct Exports<A: Module>(UnsafeCell<(Filter<A>, Slots)>);

// SAFETY: a module has one thread.
unsafe impl<A: Module> Sync for Exports<A> {}

impl<A: Module> Exports<A> {
    /// Nothing in use.
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
            // There was no memory for it: it cannot even be passed on.
            return NOTHING.as_ptr();
        }
        let received = Timestamp(i64::from(seconds) * 1_000_000 + i64::from(nanos / 1000));
        // SAFETY: as promised by the caller.
        let (bytes, filter) =
            unsafe { (core::slice::from_raw_parts(record, length as usize), &mut (*self.0.get()).0) };
        match filter.take(mode, bytes, received) {
            Answer::Same => record,
            Answer::Text(text) => text.as_ptr(),
        }
    }

    /// What is wrong with the baked configuration, ended by a NUL.
    ///
    /// # Safety
    /// No other call is under way.
    pub unsafe fn check(&self) -> *const u8 {
        // SAFETY: as promised by the caller.
        let filter = unsafe { &mut (*self.0.get()).0 };
        filter.answer = Filter::<A>::check().into_bytes();
        filter.answer.push(0);
        filter.answer.as_ptr()
    }

    /// Memory for an argument.
    ///
    /// # Safety
    /// No other call is under way.
    pub unsafe fn malloc(&self, size: u32) -> *mut u8 {
        // SAFETY: as promised by the caller.
        unsafe { (*self.0.get()).1.take(size as usize) }
    }

    /// Takes it back.
    ///
    /// # Safety
    /// No other call is under way.
    pub unsafe fn free(&self, place: *const u8) {
        // SAFETY: as promised by the caller.
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
            // SAFETY: so the agent calls it, one call at a time.
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
