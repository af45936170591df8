//! All analytics of authsieve as WebAssembly modules, embedded in a Rust library.
//!
//! ```
//! let an1276 = authsieve_components::get("AN1276").expect("it is one of them");
//! assert!(an1276.wasm.starts_with(b"\0asm"));
//! ```
//!
//! Use this crate in a host that brings the analytics along as constants. `authsieve-host` loads the components into
//! wasmtime. A host that reads its modules from files does not need it: `authsieve export DIR` writes the same bytes.
//!
//! Hosts that load components alone can switch off the default feature `browser`.
//!
//! The published package holds the modules, about 15 MB. In a checkout the build script compiles them from
//! `src/analytics`, for which it needs the target `wasm32-unknown-unknown`. `examples/modules.rs` writes them as files.

/// An analytic, in each form that hosts load.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// The id, as people type it: `an1276`.
    pub id: &'static str,
    /// The component: exports `authsieve:analytic/analytic`, imports nothing.
    pub wasm: &'static [u8],
    /// The filter for Fluent Bit: a core module with its C ABI, which imports nothing.
    pub fluent_bit: &'static [u8],
    /// The module behind the browser class. `browser_js` looks in its own folder for `<id>_browser_bg.wasm`.
    #[cfg(feature = "browser")]
    pub browser_wasm: &'static [u8],
    /// The browser class `Detector` as an ES module.
    #[cfg(feature = "browser")]
    pub browser_js: &'static str,
    /// The types of the browser class, for TypeScript.
    #[cfg(feature = "browser")]
    pub browser_dts: &'static str,
}

/// All analytics, in the order of their ids.
pub static ALL: &[Component] = include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// All analytics as one module, which decodes each record once. Its id is `suite`.
pub static SUITE: Component = include!(concat!(env!("OUT_DIR"), "/suite.rs"));

/// Finds an analytic by its id, in any case. O(n) in the number of analytics.
#[must_use]
pub fn get(id: &str) -> Option<&'static Component> {
    ALL.iter().find(|component| component.id.eq_ignore_ascii_case(id))
}
