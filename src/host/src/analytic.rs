//! An analytic as a wasmtime component: loading, checks, instances.

use crate::contract::{Descriptor, DetectorComponent, DetectorComponentPre};
use crate::detector::Detector;
use crate::engine::{Engine, Guard, Limits, ticks};
use crate::error::{CallError, Cause, LoadError, StartError, one_line};
use crate::weight;
use wasmtime::Store;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

/// True if the bytes are a core module, such as a filter for Fluent Bit, and not a component.
#[must_use]
pub fn is_module(wasm: &[u8]) -> bool {
    wasm.starts_with(b"\0asm\x01\0\0\0")
}

/// A compiled and checked analytic: it imports nothing and exports the contract.
pub struct Analytic {
    name: String,
    engine: Engine,
    component: Component,
    pre: DetectorComponentPre<Guard>,
}

type Result<T, E = CallError> = std::result::Result<T, E>;

impl Analytic {
    /// Compiles a component. Error messages use `name` for it.
    ///
    /// Takes about a second of CPU time per megabyte, unless the engine's cache holds the result.
    ///
    /// # Errors
    /// Fails if the bytes are no component, are too large to compile ([`Limits::code`]), import anything, or do not
    /// export the contract.
    pub fn load(engine: &Engine, name: impl Into<String>, wasm: &[u8]) -> Result<Self, LoadError> {
        let inner = &engine.inner;
        if is_module(wasm) {
            let why =
                "it is a core module, as is a filter for Fluent Bit; `export` writes the component beside it";
            return Err(LoadError::Invalid(why.into()));
        }
        weight::check(wasm, engine.limits.code).map_err(LoadError::TooLarge)?;
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

    /// The name in error messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Changes the name.
    pub fn rename(&mut self, name: String) {
        self.name = name;
    }

    /// The limits for its detectors.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.engine.limits
    }

    /// The exported interfaces, and the functions of each.
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

    /// Describes the analytics in the component: one, or those of a suite. Each call makes an instance and drops it.
    ///
    /// # Errors
    /// Fails if the guest fails.
    pub fn describe(&self) -> Result<Vec<Descriptor>> {
        let (mut store, bindings) = self.instantiate("describe")?;
        let answer = bindings.authsieve_analytic_analytic().call_describe(&mut store);
        answer.map_err(|e| self.failed("describe", &e))
    }

    /// Creates a detector with empty state. `config` is a JSON object, or empty for the defaults. `seed` places entries
    /// in hash tables and should be random. Makes a new instance of the component, with memory of its own, and compiles
    /// nothing.
    ///
    /// # Errors
    /// Fails if the configuration is invalid or the guest fails.
    pub fn create(&self, config: &str, seed: u64) -> Result<Detector, StartError> {
        let (mut store, bindings) = self.instantiate("create")?;
        let guest = bindings.authsieve_analytic_analytic().detector();
        let resource = guest.call_create(&mut store, config, seed);
        let resource = resource.map_err(|e| self.failed("create", &e))??;
        Ok(Detector::new(store, bindings, resource, self.engine.limits))
    }

    /// Creates a detector that continues from `snapshot`. Also returns notes on the state that was dropped because the
    /// configuration differs. O(`snapshot`).
    ///
    /// # Errors
    /// Fails if the configuration or the snapshot is invalid, or the guest fails.
    pub fn restore(
        &self,
        config: &str,
        seed: u64,
        snapshot: &[u8],
    ) -> Result<(Detector, Vec<String>), StartError> {
        let (mut store, bindings) = self.instantiate("restore")?;
        let limits = Limits { call: self.engine.limits.whole(), ..self.engine.limits };
        store.set_epoch_deadline(ticks(limits.call));
        let guest = bindings.authsieve_analytic_analytic().detector();
        let answer = guest.call_restore(&mut store, config, seed, snapshot);
        let failed =
            |error| CallError { function: "restore", cause: Cause::of(&error, limits, limits.answer) };
        let (resource, notes) = answer.map_err(failed)??;
        Ok((Detector::new(store, bindings, resource, self.engine.limits), notes))
    }

    /// Makes a new instance in a new store. A trap kills the whole store, so no two detectors share one.
    fn instantiate(&self, function: &'static str) -> Result<(Store<Guard>, DetectorComponent)> {
        let limits = self.engine.limits;
        let mut store = Store::new(&self.engine.inner, Guard::new(limits.memory));
        store.limiter(|guard| guard);
        store.set_hostcall_fuel(limits.answer);
        store.set_epoch_deadline(ticks(limits.call));
        match self.pre.instantiate(&mut store) {
            Ok(bindings) => Ok((store, bindings)),
            Err(error) => Err(self.failed(function, &error)),
        }
    }

    fn failed(&self, function: &'static str, error: &wasmtime::Error) -> CallError {
        let limits = self.engine.limits;
        CallError { function, cause: Cause::of(error, limits, limits.answer) }
    }
}

#[cfg(test)]
mod tests;
