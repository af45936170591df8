//! One configured analytic in its own store, and the calls to it.

use crate::contract::{Alert, DetectorComponent, Event, Note, Part, Problem, wit};
use crate::convert;
use crate::engine::{ALL_NEEDLES_BYTES, Guard, Limits, NEEDLE_BYTES, NEEDLES, ticks};
use crate::error::{CallError, Cause};
use authsieve_engine::detector::{Reading, Stats};
use std::time::Duration;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

/// One configured analytic and the state of its windows, in its own store.
///
/// An error in a call kills the detector: every later call fails with the same error. [`Session`](crate::Session)
/// recovers from such errors.
pub struct Detector {
    store: Store<Guard>,
    bindings: DetectorComponent,
    resource: ResourceAny,
    limits: Limits,
    /// The error that killed the detector.
    dead: Option<CallError>,
}

type Result<T> = std::result::Result<T, CallError>;

impl Detector {
    pub(crate) fn new(
        store: Store<Guard>,
        bindings: DetectorComponent,
        resource: ResourceAny,
        limits: Limits,
    ) -> Self {
        Self { store, bindings, resource, limits, dead: None }
    }

    /// Sets the deadline of later calls, in place of the engine's limit.
    pub fn set_deadline(&mut self, call: Duration) {
        self.limits.call = call;
    }

    /// The needles: each record that can matter contains at least one of these byte strings. An empty list means that
    /// every record may matter.
    ///
    /// # Errors
    /// Fails if the guest fails. Also fails if there are more than 1,000 needles, if they have more than 32 KiB
    /// together, or if one has more than 256 bytes. The limits exist because a host searches for them in every record.
    pub fn needles(&mut self) -> Result<Vec<String>> {
        const FUNCTION: &str = "needles";
        let needles = self.call(FUNCTION, |guest, store, this| guest.call_needles(store, this))?;
        let longest = needles.iter().map(String::len).max().unwrap_or_default();
        let all: usize = needles.iter().map(String::len).sum();
        let over = [
            (needles.len(), NEEDLES, "needles"),
            (longest, NEEDLE_BYTES, "bytes in one needle"),
            (all, ALL_NEEDLES_BYTES, "bytes in all needles"),
        ];
        match over.into_iter().find(|(count, most, _)| count > most) {
            Some((count, most, what)) => {
                let text = format!("it has {count} {what}; a host searches for at most {most}");
                Err(CallError { function: FUNCTION, cause: Cause::Needles(text) })
            }
            None => Ok(needles),
        }
    }

    /// Reads whole records, each with a newline after it, and returns their alerts. See the contract. O(bytes); copies
    /// the batch into the guest. Batches of about 64 KiB hide the cost of the call.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn process(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Result<Vec<Alert>> {
        let reading = reading.into().into();
        self.call("process", |guest, store, this| guest.call_process(store, this, batch, reading))
    }

    /// Reads records as [`process`](Self::process) does, and returns what became of each event, and why. Costs more
    /// than `process`, because each event and key gets a text.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn explain(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Result<Vec<Note>> {
        let reading = reading.into().into();
        self.call("explain", |guest, store, this| guest.call_explain(store, this, batch, reading))
    }

    /// The events of a batch. Changes no state. O(bytes), with a fixed cost for each call: pass many records at once.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn decode(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Result<Vec<Event>> {
        let reading = reading.into().into();
        self.call("decode", |guest, store, this| guest.call_decode(store, this, batch, reading))
    }

    /// Tells the detector that nothing came for `idle` microseconds. Returns the alerts that waited for this time.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn elapse(&mut self, idle: u64) -> Result<Vec<Alert>> {
        self.call_on_all("elapse", |guest, store, this| guest.call_elapse(store, this, idle))
    }

    /// Ends a finite input. Returns all alerts that still wait.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn flush(&mut self) -> Result<Vec<Alert>> {
        self.call_on_all("flush", |guest, store, this| guest.call_flush(store, this))
    }

    /// The state, for [`Analytic::restore`](crate::Analytic::restore). O(state): the guest scans all keys, and the host
    /// copies the bytes.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn snapshot(&mut self) -> Result<Vec<u8>> {
        self.call_on_all("snapshot", |guest, store, this| guest.call_snapshot(store, this))
    }

    /// The counters since the detector was created or restored, for each analytic. O(keys).
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn stats(&mut self) -> Result<Vec<Stats>> {
        let stats = self.call("stats", |guest, store, this| guest.call_stats(store, this))?;
        Ok(stats.into_iter().map(convert::stats).collect())
    }

    /// The first record of each kind of problem since the last call.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn problems(&mut self) -> Result<Vec<Problem>> {
        self.call("problems", |guest, store, this| guest.call_problems(store, this))
    }

    /// Reads a batch without judging it. Returns each event once for each analytic that reads it.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn route(&mut self, batch: &[u8], reading: impl Into<Reading>) -> Result<Vec<Part>> {
        let reading = reading.into().into();
        self.call("route", |guest, store, this| guest.call_route(store, this, batch, reading))
    }

    /// Judges parts in their order. [`route`](Self::route) made them, here or elsewhere.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn judge(&mut self, parts: &[Part], reading: impl Into<Reading>) -> Result<Vec<Alert>> {
        let reading = reading.into().into();
        self.call("judge", |guest, store, this| guest.call_judge(store, this, parts, reading))
    }

    /// Makes a call that reads all of the state, with a longer deadline.
    fn call_on_all<T>(
        &mut self,
        function: &'static str,
        run: impl FnOnce(wit::GuestDetector<'_>, &mut Store<Guard>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T> {
        let usual = self.limits;
        self.limits.call = usual.whole();
        let answer = self.call(function, run);
        self.limits = usual;
        answer
    }

    fn call<T>(
        &mut self,
        function: &'static str,
        run: impl FnOnce(wit::GuestDetector<'_>, &mut Store<Guard>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T> {
        if let Some(error) = &self.dead {
            return Err(error.clone());
        }
        // A snapshot has the same size in the host as in the guest; other answers may take many times as much. A
        // flush returns all alerts of an input that was sorted.
        let all = ["snapshot", "flush"].contains(&function);
        let answer = if all { self.limits.memory } else { self.limits.answer };
        self.store.set_hostcall_fuel(answer);
        self.store.set_epoch_deadline(ticks(self.limits.call));
        let guest = self.bindings.authsieve_analytic_analytic().detector();
        run(guest, &mut self.store, self.resource).map_err(|error| {
            let error = CallError { function, cause: Cause::of(&error, self.limits, answer) };
            self.dead = Some(error.clone());
            error
        })
    }
}
