//! Turns the core module of the compiler into the form that a host loads.

use wasmparser::{Parser, Payload};

/// The fields of a `Component` and their files, with `ID` for the id of the analytic. `examples/modules.rs` writes
/// them.
pub const FILES: &[(&str, &str)] = &[
    ("wasm", "ID.wasm"),
    ("fluent_bit", "ID.fluent-bit.wasm"),
    #[cfg(feature = "browser")]
    ("browser_wasm", "ID_browser_bg.wasm"),
    #[cfg(feature = "browser")]
    ("browser_js", "ID_browser.js"),
    #[cfg(feature = "browser")]
    ("browser_dts", "ID_browser.d.ts"),
];

/// Makes a component, which imports nothing.
///
/// # Errors
/// When the module does not implement `authsieve.wit`, or imports something from its host.
pub fn component(module: &[u8]) -> Result<Vec<u8>, String> {
    for payload in Parser::new(0).parse_all(module) {
        let Payload::ImportSection(imports) = payload.map_err(|e| e.to_string())? else { continue };
        for import in imports.into_imports() {
            let import = import.map_err(|e| e.to_string())?;
            // A component handles its own resources by `[export]` imports, which end inside of the component.
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

/// Makes a filter for Fluent Bit.
///
/// # Errors
/// When the agent would refuse the filter.
pub fn fluent_bit(module: &[u8]) -> Result<Vec<u8>, String> {
    crate::agent::check(module)?;
    without_names(module)
}

/// Removes the sections that only people read: the names of functions, which are a sixth of the bytes, and the name
/// of the compiler. A module that is nested in a component stays as it is.
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
            // The header of the section lies between the previous section and this section's content.
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

/// Makes the browser class: an ES module for `<script type="module">`, bundlers and Node.
///
/// # Errors
/// When wasm-bindgen cannot read the module, for example because another version of wasm-bindgen wrote it.
#[cfg(feature = "browser")]
pub fn browser(id: &str, module: Vec<u8>) -> Result<Class, String> {
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_bytes(&format!("{id}_browser"), module).typescript(true).omit_default_module_path(false);
    // The names of functions are a fifth of a module.
    bindgen.remove_name_section(true);
    let mut output = bindgen.web(true).and_then(|web| web.generate_output()).map_err(|e| format!("{e:#}"))?;
    Ok(Class {
        js: guarded(id, output.js())?,
        dts: output.ts().unwrap_or_default().to_owned(),
        wasm: output.wasm_mut().emit_wasm(),
    })
}

/// Adds the code of `guard.js`: a loader that works in Node, and checks of arguments, because wasm-bindgen has none.
#[cfg(feature = "browser")]
fn guarded(id: &str, js: &str) -> Result<String, String> {
    const BEGIN: &str = "constructor(config, seed) {";
    const EXPORT: &str = "__wbg_init as default";
    for part in [BEGIN, EXPORT] {
        if js.matches(part).count() != 1 {
            return Err(format!("wasm-bindgen does not write \"{part}\" once, where build/guard.js goes"));
        }
    }
    let checked = format!("{BEGIN}\n        check(CONSTRUCTOR, [config, seed]);");
    let js = js.replacen(BEGIN, &checked, 1).replacen(EXPORT, "init as default", 1);
    Ok(js + &include_str!("guard.js").replacen("ID_browser", &format!("{id}_browser"), 1))
}
