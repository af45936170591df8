//! Turns an analytic into a module for each kind of host: its faces.
//!
//! An analytic is a crate. One line at its end makes it a library for Rust and a module for every host:
//!
//! ```ignore
//! authsieve_abi::faces!(An1276);
//! ```
//!
//! `examples/faces.rs` is a program with this line, and with the smallest analytic that fits.
//!
//! A feature of the analytic, forwarded to this crate, chooses the face:
//!
//! | feature     | face                                   | imports          |
//! |-------------|----------------------------------------|------------------|
//! | `component` | the world of `wit/authsieve.wit`       | none             |
//! | `browser`   | a JavaScript class, `Detector`         | its own glue     |
//! | `fluent-bit`| a filter of the Fluent Bit agent       | none             |
//! | none of them| nothing: a library for native programs |                  |
//!
//! A face translates types and does nothing else. All behaviour is that of
//! [`Detector`](authsieve_engine::detector::Detector). Outside of Wasm builds the features have no effect.
//!
//! # Baked texts
//!
//! A module contains a few texts that a tool can change without a compiler, such as its configuration:
//!
//! ```
//! use authsieve_abi::baked::Baked;
//!
//! static BAKED: Baked = Baked::new("an0001", "1.0.0");
//! assert_eq!((BAKED.config(), BAKED.key()), ("", "authsieve"));
//! ```
//!
//! # When to use it
//!
//! Use this crate in the crate of an analytic, so that all hosts can run the analytic. A Rust program that runs
//! analytics natively needs `authsieve-engine` alone.

// A module never traps on a record: no function may panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

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

/// Gives a crate the faces of the analytic, or of the suite, that the macro names. Use it once, in the `lib.rs` of a
/// crate with the features `component`, `browser` and `fluent-bit`.
///
/// The features are those of the crate with this macro. So a suite has faces, and the analytics within it have none.
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
