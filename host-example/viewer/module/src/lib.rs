//! The Wasm module of the log viewer: reads files in the browser, judges them, and explains the results.
//!
//! The page only draws and filters. All knowledge of logs and attacks is here. The module reads files with the same
//! code as the command ([`authsieve_inputs`]), and judges them with the same analytics ([`authsieve_suite`]). So the
//! alerts are equal byte by byte.
//!
//! A [`Session`] is one reading of some files with one configuration. It runs in short steps, so that a worker can
//! report progress and be stopped. Events are stored in [`Events`] as columns of numbers, which JavaScript reads as
//! typed arrays. Records that may matter stay in memory ([`kept`]). The page shows them, and can judge them again with
//! another configuration, or with a grid of values at once (`grid`).
//!
//! Incidents, silences and the report are those of the command ([`authsieve_triage`]).
//!
//! The interface for JavaScript uses JSON (`face`, only in Wasm). The module imports one function, which reads bytes of
//! a file.

mod again;
mod ask;
mod decisions;
mod describe;
mod events;
#[cfg(target_family = "wasm")]
mod face;
mod files;
mod grid;
pub mod kept;
mod notes;
mod report;
mod session;
mod states;

pub use ask::{Desk, Open};
pub use events::Events;
pub use session::{Session, Step, Told};
