//! The faces of an analytic: how the one detector shows itself to each kind of host.
//!
//! An analytic is a crate that ends with one line and thereby is a library for Rust and a module for every host:
//!
//! ```ignore
//! authsieve_abi::faces!(An1276);
//! ```
//!
//! Which face that line becomes is chosen by a feature of the analytic, forwarded to this crate:
//!
//! | feature     | face                                   | imports          |
//! |-------------|----------------------------------------|------------------|
//! | `component` | the world of `wit/authsieve.wit`       | none             |
//! | `browser`   | a JavaScript class, `Detector`         | its own glue     |
//! | `fluent-bit`| a filter of the Fluent Bit agent       | none             |
//! | neither     | nothing: a library for native programs |                  |
//!
//! A face translates types and does nothing else; what a host sees is what [`Detector`](authsieve_engine::detector::Detector)
//! does. Off Wasm both features are without effect.

extern crate alloc;

pub mod baked;
#[cfg(all(target_family = "wasm", feature = "browser"))]
#[doc(hidden)]
pub mod browser;
#[cfg(all(target_family = "wasm", feature = "component"))]
#[doc(hidden)]
pub mod component;
pub mod fluent_bit;

#[cfg(all(target_family = "wasm", any(feature = "component", feature = "browser", feature = "fluent-bit")))]
mod memory;

#[doc(hidden)]
pub use authsieve_engine as engine;

/// Gives the crate it stands in the faces of the analytic, or of the suite, that it names. To be used once, in the
/// `lib.rs` of a crate with the features `component`, `browser` and `fluent-bit`.
///
/// The features are those of that crate: a suite has faces of its own, and its analytics none.
#[macro_export]
macro_rules! faces {
    ($analytics:ty) => {
        /// The analytic, or the suite, that the module of this crate holds.
        pub type Exported = $analytics;

        #[cfg(any(
            not(target_family = "wasm"),
            feature = "component",
            feature = "browser",
            feature = "fluent-bit"
        ))]
        $crate::baked_face!($analytics);
        #[cfg(all(target_family = "wasm", feature = "component"))]
        $crate::component_face!($analytics);
        #[cfg(all(target_family = "wasm", feature = "browser"))]
        $crate::browser_face!($analytics);
        #[cfg(all(target_family = "wasm", feature = "fluent-bit"))]
        $crate::fluent_bit_face!($analytics);
    };
}
