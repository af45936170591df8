//! What the runtime in Fluent Bit has, which a filter must do with.

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// What WAMR has switched on in the agent's builds.
const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT);

/// That it imports nothing, and asks for nothing that the agent's runtime has not.
///
/// # Errors
/// When it would be refused there.
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
