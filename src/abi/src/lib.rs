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

/// Gives the crate it stands in the faces of the analytic it names. To be used once, in the analytic's `lib.rs`.
#[macro_export]
macro_rules! faces {
    ($analytic:ty) => {
        $crate::baked_face!($analytic);
        $crate::component_face!($analytic);
        $crate::browser_face!($analytic);
        $crate::fluent_bit_face!($analytic);
    };
}

#[cfg(not(all(target_family = "wasm", feature = "component")))]
#[doc(hidden)]
#[macro_export]
macro_rules! component_face {
    ($analytic:ty) => {};
}

#[cfg(not(all(target_family = "wasm", feature = "browser")))]
#[doc(hidden)]
#[macro_export]
macro_rules! browser_face {
    ($analytic:ty) => {};
}
