//! End-to-end tests of authsieve: every host runs the same cases, and an analytic is compared with its oracle.
//!
//! The library part shares no code with the engine, so that an error of the engine cannot hide in its own test. The
//! module [`scenario`] invents logins and attacks. The module [`render`] writes them as programs and log shippers do,
//! and gives the true facts of each line. The module [`oracle`] judges these facts by the rule as it is worded, in
//! O(n²) and with unlimited memory.

pub mod carrier;
pub mod fact;
pub mod filter_wasm;
pub mod joiner;
pub mod json;
pub mod login;
pub mod options;
pub mod oracle;
pub mod render;
pub mod scenario;
