//! Checks that the Wasm runtime in Fluent Bit can run a filter.

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// The features that WAMR has in the agent's builds.
const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT);

/// Checks that a module imports nothing, and uses no feature that the agent's runtime lacks.
///
/// # Errors
/// When the agent would refuse the module.
pub fn check(module: &[u8]) -> Result<(), String> {
    Validator::new_with_features(FEATURES)
        .validate_all(module)
        .map_err(|e| format!("the agent refuses it: {e}"))?;
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(_) = payload.map_err(|e| e.to_string())? {
            return Err("it imports something, but the agent gives it nothing".into());
        }
    }
    Ok(())
}
