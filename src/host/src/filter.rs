//! Filters for Fluent Bit. These are core modules, which this host does not run; it can only check them.

use crate::engine::{Engine, Guard, ticks};
use crate::error::{StartError, one_line};
use crate::weight;
use wasmtime::{Instance, Module, Store};

/// Starts a filter with the configuration baked into it. Takes about a second of CPU time per megabyte.
///
/// # Errors
/// Fails with the filter's own message about its configuration, or with the reason why it does not start.
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
    // The deadline is for the module, so it starts after compiling.
    store.set_epoch_deadline(ticks(limits.call));
    let instance = Instance::new(&mut store, &module, &[])?;
    let place = instance.get_typed_func::<(), u32>(&mut store, "check")?.call(&mut store, ())?;
    let memory = instance.get_memory(&mut store, "memory");
    let text = memory.and_then(|memory| memory.data(&store).get(place as usize..)).unwrap_or_default();
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(String::from_utf8_lossy(text).into_owned())
}
