//! Every analytic, built for Wasm and embedded.
//!
//! The build script builds what it finds in `src/analytics`. Hosts that load components only switch off the default
//! feature `browser`.
//!
//! ```
//! let an1276 = authsieve_components::get("AN1276").expect("it is one of them");
//! assert!(an1276.wasm.starts_with(b"\0asm"));
//! ```

/// An analytic in the forms that hosts load.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// Its id as it is typed: `an1276`.
    pub id: &'static str,
    /// The component: exports `authsieve:analytic/analytic`, imports nothing.
    pub wasm: &'static [u8],
    /// The filter for Fluent Bit: a core module with its C ABI, which imports nothing.
    pub fluent_bit: &'static [u8],
    /// The module behind the browser class. `browser_js` looks for it beside itself as `<id>_browser_bg.wasm`.
    #[cfg(feature = "browser")]
    pub browser_wasm: &'static [u8],
    /// The browser class `Detector` as an ES module.
    #[cfg(feature = "browser")]
    pub browser_js: &'static str,
    /// Its types, for TypeScript.
    #[cfg(feature = "browser")]
    pub browser_dts: &'static str,
}

/// All analytics, by id.
pub static ALL: &[Component] = include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// All analytics as one module, which decodes each record once. Its id is `suite`.
pub static SUITE: Component = include!(concat!(env!("OUT_DIR"), "/suite.rs"));

/// The analytic of that id, whatever its case.
#[must_use]
pub fn get(id: &str) -> Option<&'static Component> {
    ALL.iter().find(|component| component.id.eq_ignore_ascii_case(id))
}
