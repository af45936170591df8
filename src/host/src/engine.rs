//! The wasmtime engine that all analytics of a process share, and the limits for guests.

use crate::cache::Cache;
use crate::error::EngineError;
use std::thread;
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Config, ResourceLimiter};

/// The granularity of deadlines.
const TICK: Duration = Duration::from_millis(10);

/// The factor on the deadline of a call that reads all of the state.
const WHOLE: u32 = 12;

/// The limits for a guest, which is not trusted. A call that reaches a limit ends with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The deadline of one call. A batch takes about a millisecond. A call that reads all of the state (a snapshot,
    /// the end of an input) may take twelve times as long.
    pub call: Duration,
    /// The most bytes of memory for one detector, and the most bytes of its snapshot.
    pub memory: usize,
    /// The most bytes in the host for any other answer. The alerts of a batch take some thousand.
    pub answer: usize,
    /// The largest component and the largest function that are compiled. Compiling takes time and memory, and for a
    /// large function more than in proportion to its size.
    pub code: Code,
}

impl Limits {
    /// The limits of a component that holds several analytics: the same for each of them.
    #[must_use]
    pub fn times(self, analytics: usize) -> Self {
        let call = self.call.saturating_mul(u32::try_from(analytics).unwrap_or(u32::MAX));
        Self { call, memory: self.memory.saturating_mul(analytics), ..self }
    }

    /// The deadline of a call that reads all of the state: a snapshot, the end of an input.
    pub(crate) fn whole(self) -> Duration {
        self.call.saturating_mul(WHOLE)
    }
}

/// The largest component that is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The most bytes of the component.
    pub component: usize,
    /// The most bytes of one function.
    pub function: usize,
    /// The most functions.
    pub functions: usize,
}

impl Default for Code {
    /// 16 MiB, 256 KiB and 100,000: far more than an analytic in Rust, C or Go needs.
    fn default() -> Self {
        Self { component: 16 << 20, function: 256 << 10, functions: 100_000 }
    }
}

/// The most needles of an analytic, and the most bytes of one needle and of all. Every record is searched for them,
/// with tables that grow with their bytes.
pub(crate) const NEEDLES: usize = 1000;
pub(crate) const NEEDLE_BYTES: usize = 256;
pub(crate) const ALL_NEEDLES_BYTES: usize = 32 << 10;

impl Default for Limits {
    /// 5 seconds, 1 GiB, 64 MiB, and the defaults of [`Code`].
    fn default() -> Self {
        Self { call: Duration::from_secs(5), memory: 1 << 30, answer: 64 << 20, code: Code::default() }
    }
}

/// Compiles and runs components. All clones share the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) inner: wasmtime::Engine,
    pub(crate) limits: Limits,
    cache: Option<Cache>,
}

impl Engine {
    /// Makes an engine with limits for its guests. Starts a thread that counts time for the deadlines, so a process
    /// needs one engine only.
    ///
    /// # Errors
    /// Fails if wasmtime does not support this machine, or if no thread can be started.
    pub fn new(limits: Limits) -> Result<Self, EngineError> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        let inner = wasmtime::Engine::new(&config).map_err(EngineError)?;
        // This clock interrupts guests. It stops when the engine is dropped.
        let engine = inner.weak();
        let clock = move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        };
        thread::Builder::new().name("epoch".into()).spawn(clock).map_err(|e| EngineError(e.into()))?;
        Ok(Self { inner, limits, cache: None })
    }

    /// The same engine with a cache of compiled components.
    #[must_use]
    pub fn cached(self, cache: Option<Cache>) -> Self {
        Self { cache, ..self }
    }

    /// The same engine with other limits for its guests.
    #[must_use]
    pub fn limited(&self, limits: Limits) -> Self {
        Self { limits, ..self.clone() }
    }

    /// Compiles a component, or takes it from the cache. Takes about a second of CPU time per megabyte, or a few
    /// milliseconds from the cache.
    ///
    /// # Errors
    /// Fails with wasmtime's error if the bytes are no component.
    pub(crate) fn component(&self, wasm: &[u8]) -> wasmtime::Result<Component> {
        match &self.cache {
            Some(cache) => cache.component(&self.inner, wasm),
            None => Component::from_binary(&self.inner, wasm),
        }
    }

    /// The limits of this engine.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

/// Converts `time` to ticks of the epoch, rounded up. The result is at least two, because the current tick may be
/// nearly over.
pub(crate) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX / 2).clamp(1, u64::MAX / 2)
        + 1
}

/// Limits the total size of all memories of one store.
#[derive(Debug)]
pub(crate) struct Guard {
    limit: usize,
    held: usize,
}

/// The guest asked for more memory than it may have.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("out of memory")]
pub(crate) struct MemoryLimit;

impl Guard {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, held: 0 }
    }
}

impl ResourceLimiter for Guard {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let held = self.held.saturating_add(desired.saturating_sub(current));
        if held > self.limit {
            // A refused growth would look like any failure of the guest; this error names the cause.
            return Err(MemoryLimit.into());
        }
        self.held = held;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 100_000)
    }

    fn instances(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        8
    }

    fn tables(&self) -> usize {
        64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_shorter_than_asked_for() {
        assert_eq!(ticks(Duration::ZERO), 2);
        assert_eq!(ticks(Duration::from_millis(10)), 2);
        assert_eq!(ticks(Duration::from_millis(11)), 3);
        assert!(ticks(Duration::MAX) > 1 << 60);
    }

    #[test]
    fn memory_is_counted_over_all_memories() {
        let mut guard = Guard::new(100);
        assert!(guard.memory_growing(0, 60, None).unwrap());
        assert!(guard.memory_growing(0, 40, None).unwrap());
        assert!(guard.memory_growing(40, 41, None).is_err());
    }

    #[test]
    fn the_epoch_ends_with_its_engine() {
        let engine = Engine::new(Limits::default()).unwrap();
        let weak = engine.inner.weak();
        drop(engine);
        thread::sleep(TICK * 5);
        assert!(weak.upgrade().is_none());
    }
}
