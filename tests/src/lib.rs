//! End-to-end tests of authsieve: every host against the same cases, and an analytic against its oracle.
//!
//! The library part shares no code with the engine, so that an error of the engine cannot hide in its own test:
//! [`scenario`] invents what happened, [`render`] writes it down as programs and log shippers do and says what each
//! line truthfully tells, [`oracle`] judges that by the rule as it is worded, in O(n²), with all the memory it likes.

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
