//! From the core module that the compiler wrote to what a host loads.

use wasmparser::{Parser, Payload};

/// A component, which imports nothing.
///
/// # Errors
/// When the module is none of `wit/authsieve.wit`, or wants something of its host.
pub fn component(module: &[u8]) -> Result<Vec<u8>, String> {
    for payload in Parser::new(0).parse_all(module) {
        let Payload::ImportSection(imports) = payload.map_err(|e| e.to_string())? else { continue };
        for import in imports.into_imports() {
            let import = import.map_err(|e| e.to_string())?;
            // Handles of a component's own resources are its own: `[export]` imports end inside of it.
            if !import.module.starts_with("[export]") {
                return Err(format!(
                    "it imports \"{}\" from \"{}\", but an analytic asks its host for nothing: no clock, file, randomness",
                    import.name, import.module
                ));
            }
        }
    }
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&without_names(module)?)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|e| format!("{e:#}"))
        .and_then(|component| without_names(&component))
}

/// A filter of Fluent Bit.
///
/// # Errors
/// When it would be refused there.
pub fn fluent_bit(module: &[u8]) -> Result<Vec<u8>, String> {
    crate::agent::check(module)?;
    without_names(module)
}

/// A module or component without what only people read: the names of its functions, a sixth of its bytes, and who
/// compiled it. What is nested in a component stays as it is.
fn without_names(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let (mut kept, mut from, mut end) = (Vec::new(), 0, 0);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|e| e.to_string())?;
        let range = match &payload {
            Payload::Version { range, .. } => range.clone(),
            payload => match payload.as_section() {
                Some((_, range)) => range,
                None => continue,
            },
        };
        if range.start < end {
            continue; // Nested: the section around it came before.
        }
        if let Payload::CustomSection(section) = &payload
            && matches!(section.name(), "name" | "component-name" | "producers")
        {
            // Its header stands between the section before and its content.
            kept.extend_from_slice(&wasm[from..end]);
            from = range.end;
        }
        end = range.end;
    }
    kept.extend_from_slice(&wasm[from..]);
    Ok(kept)
}

/// A module and the JavaScript that loads it.
#[cfg(feature = "browser")]
pub struct Class {
    pub wasm: Vec<u8>,
    pub js: String,
    pub dts: String,
}

/// The browser class: an ES module for `<script type="module">`, bundlers and Node.
///
/// # Errors
/// When wasm-bindgen cannot read the module, as one written by another version of it.
#[cfg(feature = "browser")]
pub fn browser(id: &str, module: Vec<u8>) -> Result<Class, String> {
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_bytes(&format!("{id}_browser"), module).typescript(true).omit_default_module_path(false);
    let mut output = bindgen.web(true).and_then(|web| web.generate_output()).map_err(|e| format!("{e:#}"))?;
    Ok(Class {
        js: output.js().to_owned(),
        dts: output.ts().unwrap_or_default().to_owned(),
        wasm: output.wasm_mut().emit_wasm(),
    })
}
