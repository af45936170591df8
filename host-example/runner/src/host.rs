//! An analytic as a wasmtime component: loaded, checked, instantiated, called.
//!
//! This is all a host needs of the contract in `wit/authsieve.wit`. It keeps no promise but the limits: a call
//! that traps, runs too long or takes too much memory kills its [`Detector`]; [`session`](crate::session) is what
//! goes on from there.

use crate::engine::{Engine, Guard, Limits, MemoryLimit, ticks};
use std::fmt;
use std::time::Duration;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{Store, Trap};

mod generated {
    #![allow(missing_docs, clippy::all)]
    wasmtime::component::bindgen!({ path: "../../wit", world: "detector-component" });
}

use generated::exports::authsieve::analytic::analytic as wit;
use generated::{DetectorComponent, DetectorComponentPre};
pub use wit::{Alert, Descriptor, Event, Note, Outcome, Severity, Stats, Step, Tally};

/// The interface that a component has to export.
pub const INTERFACE: &str = "authsieve:analytic/analytic@0.1.0";

/// Whether it is a core module, such as a filter for Fluent Bit, and no component.
#[must_use]
pub fn is_module(wasm: &[u8]) -> bool {
    wasm.starts_with(b"\0asm\x01\0\0\0")
}

/// An analytic, compiled and checked: it imports nothing and exports [`INTERFACE`].
pub struct Analytic {
    name: String,
    engine: Engine,
    component: Component,
    pre: DetectorComponentPre<Guard>,
}

/// One configured analytic and the state of its windows, in a store of its own.
///
/// After an error of a call it is dead: every further call fails too.
pub struct Detector {
    store: Store<Guard>,
    bindings: DetectorComponent,
    resource: ResourceAny,
    limits: Limits,
    /// How it died.
    dead: Option<CallError>,
}

/// Why a component was not loaded.
#[derive(Debug)]
pub enum LoadError {
    /// It is no component, or one that this wasmtime does not know.
    Invalid(String),
    /// It wants these imports. An analytic that asks for anything could do more than look at records.
    Imports(Vec<String>),
    /// It does not export [`INTERFACE`], or not as this host knows it.
    Exports(String),
}

/// Why a detector was not made.
#[derive(Debug)]
pub enum StartError {
    /// The configuration is not valid: names the field, the value and what is allowed.
    Config(String),
    /// The snapshot is not one of this analytic.
    Snapshot(String),
    /// The guest failed.
    Call(CallError),
}

/// A call that did not return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The function called, such as `process`.
    pub function: &'static str,
    /// What ended it.
    pub cause: Cause,
}

/// What ended a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It took longer than this.
    Deadline(Duration),
    /// It wanted more than this many bytes of memory.
    Memory(usize),
    /// It answered with more than this many bytes.
    Answer(usize),
    /// It trapped.
    Trap(String),
    /// Anything else, such as an answer that is no valid value of its type.
    Other(String),
}

type Result<T, E = CallError> = std::result::Result<T, E>;

impl Analytic {
    /// Compiles a component. `name` is what errors call it.
    ///
    /// Takes in the order of a second of CPU time per megabyte, unless the engine's cache holds it.
    ///
    /// # Errors
    /// If it is no component, imports anything, or does not export the contract.
    pub fn load(engine: &Engine, name: impl Into<String>, wasm: &[u8]) -> Result<Self, LoadError> {
        let inner = &engine.inner;
        if is_module(wasm) {
            let why =
                "it is a core module, as is a filter for Fluent Bit; `export` writes the component beside it";
            return Err(LoadError::Invalid(why.into()));
        }
        let component = engine.component(wasm).map_err(|e| LoadError::Invalid(one_line(&e)))?;
        let ty = component.component_type();
        let imports: Vec<String> = ty.imports(inner).map(|(name, _)| name.to_owned()).collect();
        if !imports.is_empty() {
            return Err(LoadError::Imports(imports));
        }
        let pre =
            Linker::new(inner).instantiate_pre(&component).map_err(|e| LoadError::Invalid(one_line(&e)))?;
        let pre = DetectorComponentPre::new(pre).map_err(|e| LoadError::Exports(one_line(&e)))?;
        Ok(Self { name: name.into(), engine: engine.clone(), component, pre })
    }

    /// What errors call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives it another name.
    pub fn rename(&mut self, name: String) {
        self.name = name;
    }

    /// The limits its detectors live under.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.engine.limits
    }

    /// What it exports: each interface, and the functions in it.
    #[must_use]
    pub fn exports(&self) -> Vec<(String, Vec<String>)> {
        let engine = &self.engine.inner;
        let ty = self.component.component_type();
        let functions = |item: ComponentItem| match item {
            ComponentItem::ComponentInstance(instance) => {
                let functions =
                    instance.exports(engine).filter(|(_, e)| matches!(e.ty, ComponentItem::ComponentFunc(_)));
                functions.map(|(name, _)| name.to_owned()).collect()
            }
            _ => Vec::new(),
        };
        ty.exports(engine).map(|(name, item)| (name.to_owned(), functions(item.ty))).collect()
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn describe(&self) -> Result<Descriptor> {
        let (mut store, bindings) = self.instantiate("describe")?;
        let answer = bindings.authsieve_analytic_analytic().call_describe(&mut store);
        answer.map_err(|e| self.failed("describe", &e))
    }

    /// A detector that has seen nothing. `config` is a JSON object, empty for the defaults; `seed` places entries
    /// in hash tables and should be random.
    ///
    /// # Errors
    /// When the configuration is not valid, or the guest fails.
    pub fn create(&self, config: &str, seed: u64) -> Result<Detector, StartError> {
        let (mut store, bindings) = self.instantiate("create").map_err(StartError::Call)?;
        let guest = bindings.authsieve_analytic_analytic().detector();
        let resource = guest.call_create(&mut store, config, seed);
        let resource = resource.map_err(|e| StartError::Call(self.failed("create", &e)))??;
        Ok(Detector { store, bindings, resource, limits: self.engine.limits, dead: None })
    }

    /// A detector that goes on where `snapshot` was taken, and notes on what a changed configuration made it drop.
    ///
    /// # Errors
    /// When the configuration or the snapshot is not valid, or the guest fails.
    pub fn restore(
        &self,
        config: &str,
        seed: u64,
        snapshot: &[u8],
    ) -> Result<(Detector, Vec<String>), StartError> {
        let (mut store, bindings) = self.instantiate("restore").map_err(StartError::Call)?;
        let guest = bindings.authsieve_analytic_analytic().detector();
        let answer = guest.call_restore(&mut store, config, seed, snapshot);
        let (resource, notes) = answer.map_err(|e| StartError::Call(self.failed("restore", &e)))??;
        Ok((Detector { store, bindings, resource, limits: self.engine.limits, dead: None }, notes))
    }

    /// A new store and a new instance in it: a trap kills the whole store, so no two detectors share one.
    fn instantiate(&self, function: &'static str) -> Result<(Store<Guard>, DetectorComponent)> {
        let limits = self.engine.limits;
        let mut store = Store::new(&self.engine.inner, Guard::new(limits.memory));
        store.limiter(|guard| guard);
        store.set_hostcall_fuel(limits.memory);
        store.set_epoch_deadline(ticks(limits.call));
        match self.pre.instantiate(&mut store) {
            Ok(bindings) => Ok((store, bindings)),
            Err(error) => Err(self.failed(function, &error)),
        }
    }

    fn failed(&self, function: &'static str, error: &wasmtime::Error) -> CallError {
        CallError { function, cause: Cause::of(error, self.engine.limits) }
    }
}

impl Detector {
    /// From now on a call may take this long, instead of what the engine's limits say.
    pub fn set_deadline(&mut self, call: Duration) {
        self.limits.call = call;
    }

    /// Byte strings of which any record that can matter contains at least one. Empty: all may matter.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn needles(&mut self) -> Result<Vec<String>> {
        self.call("needles", |guest, store, this| guest.call_needles(store, this))
    }

    /// Takes whole, newline-delimited records, received at `received` (microseconds since 1970, UTC).
    ///
    /// # Errors
    /// When the guest fails.
    pub fn process(&mut self, batch: &[u8], received: i64) -> Result<Vec<Alert>> {
        self.call("process", |guest, store, this| guest.call_process(store, this, batch, received))
    }

    /// Takes records as [`process`](Self::process) does, and says what became of each event, and why.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn explain(&mut self, batch: &[u8], received: i64) -> Result<Vec<Note>> {
        self.call("explain", |guest, store, this| guest.call_explain(store, this, batch, received))
    }

    /// What the records of a batch say. No state is touched.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn decode(&mut self, batch: &[u8], received: i64) -> Result<Vec<Event>> {
        self.call("decode", |guest, store, this| guest.call_decode(store, this, batch, received))
    }

    /// Event time has reached `to` though nothing came.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn advance(&mut self, to: i64) -> Result<Vec<Alert>> {
        self.call("advance", |guest, store, this| guest.call_advance(store, this, to))
    }

    /// The end of a finite input: everything that waits comes out.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn flush(&mut self) -> Result<Vec<Alert>> {
        self.call("flush", |guest, store, this| guest.call_flush(store, this))
    }

    /// The state, for [`Analytic::restore`].
    ///
    /// # Errors
    /// When the guest fails.
    pub fn snapshot(&mut self) -> Result<Vec<u8>> {
        self.call("snapshot", |guest, store, this| guest.call_snapshot(store, this))
    }

    /// Counters since it was created or restored.
    ///
    /// # Errors
    /// When the guest fails.
    pub fn stats(&mut self) -> Result<Stats> {
        self.call("stats", |guest, store, this| guest.call_stats(store, this))
    }

    fn call<T>(
        &mut self,
        function: &'static str,
        run: impl FnOnce(wit::GuestDetector<'_>, &mut Store<Guard>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T> {
        if let Some(error) = &self.dead {
            return Err(error.clone());
        }
        self.store.set_epoch_deadline(ticks(self.limits.call));
        let guest = self.bindings.authsieve_analytic_analytic().detector();
        run(guest, &mut self.store, self.resource).map_err(|error| {
            let error = CallError { function, cause: Cause::of(&error, self.limits) };
            self.dead = Some(error.clone());
            error
        })
    }
}

impl Cause {
    fn of(error: &wasmtime::Error, limits: Limits) -> Self {
        if error.is::<MemoryLimit>() {
            return Self::Memory(limits.memory);
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => Self::Deadline(limits.call),
            // What a guest in Rust does when it panics.
            Some(Trap::UnreachableCodeReached) => {
                Self::Trap("it stopped itself (unreachable executed)".into())
            }
            Some(trap) => Self::Trap(trap.to_string()),
            None => match error.root_cause().to_string() {
                text if text.contains("fuel") => Self::Answer(limits.memory),
                text => Self::Other(text),
            },
        }
    }
}

/// The whole chain of an error, without its line breaks.
fn one_line(error: &wasmtime::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

impl From<wit::Error> for StartError {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::InvalidConfig(text) => Self::Config(text),
            wit::Error::InvalidSnapshot(text) => Self::Snapshot(text),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(why) => write!(f, "not a WebAssembly component: {why}"),
            Self::Imports(names) => write!(
                f,
                "refused, because it imports {}: an analytic may import nothing, so that all it can do is look at records",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
            Self::Exports(why) => write!(f, "does not export `{INTERFACE}` as this host knows it: {why}"),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(why) => write!(f, "invalid configuration: {why}"),
            Self::Snapshot(why) => write!(f, "invalid snapshot: {why}"),
            Self::Call(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed: {}", self.function, self.cause)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline(limit) => write!(f, "it took longer than {limit:?}"),
            Self::Memory(limit) => write!(f, "it wanted more than {} MiB of memory", limit >> 20),
            Self::Answer(limit) => write!(f, "it answered with more than {} MiB", limit >> 20),
            Self::Trap(why) | Self::Other(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for LoadError {}
impl std::error::Error for StartError {}
impl std::error::Error for CallError {}

#[cfg(test)]
mod tests;
