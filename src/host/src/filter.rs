//! Filters for Fluent Bit: core modules, which this host does not run but can ask one thing.

use crate::engine::{Engine, Guard, ticks};
use crate::error::{StartError, one_line};
use crate::weight;
use wasmtime::{Instance, Module, Store};

/// Starts a filter with the configuration that was baked into it. Takes in the order of a second of CPU time per
/// megabyte.
///
/// # Errors
/// What the filter has to say of its configuration, or why it does not start.
pub fn check(engine: &Engine, wasm: &[u8]) -> Result<(), StartError> {
    weight::check(wasm, engine.limits().code)
        .map_err(|why| StartError::Config(format!("the module is refused: {why}")))?;
    let answer = answer(engine, wasm)
        .map_err(|error| StartError::Config(format!("the module does not start: {}", one_line(&error))))?;
    if answer.is_empty() { Ok(()) } else { Err(StartError::Config(answer)) }
}

/// The text at the address that the export `check` returns.
fn answer(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<String> {
    let limits = engine.limits();
    let mut store = Store::new(&engine.inner, Guard::new(limits.memory));
    store.limiter(|guard| guard);
    let module = Module::new(&engine.inner, wasm)?;
    // The time is the module's, not the compiler's.
    store.set_epoch_deadline(ticks(limits.call));
    let instance = Instance::new(&mut store, &module, &[])?;
    let place = instance.get_typed_func::<(), u32>(&mut store, "check")?.call(&mut store, ())?;
    let memory = instance.get_memory(&mut store, "memory");
    let text = memory.and_then(|memory| memory.data(&store).get(place as usize..)).unwrap_or_default();
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(text).into_owned())
}
