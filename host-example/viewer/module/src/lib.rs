//! The module behind the browser-side log viewer: it reads files, judges them, and says why.
//!
//! The page draws and filters; all that is known of logs and attacks is here. Files are read by the same code as in the
//! command ([`authsieve_inputs`]), and judged by the same analytics ([`authsieve_suite`]), so the alerts are the same to
//! the byte.
//!
//! A [`Session`] is one reading of some files under one configuration. It goes on in short steps, so that a worker can
//! tell of progress and be stopped. Events go into [`Events`], as columns of numbers that JavaScript sees as typed arrays.
//! Records that may matter stay in memory ([`kept`]): the page shows them, and judges them once more under another
//! configuration.
//!
//! The face for JavaScript takes and gives JSON (`face`, in Wasm only). The module imports one function, which reads
//! bytes of a file.

mod ask;
mod describe;
mod events;
#[cfg(target_family = "wasm")]
mod face;
mod files;
pub mod kept;
mod notes;
mod readiness;
mod session;

pub use ask::{Desk, Open};
pub use events::Events;
pub use session::{Session, Step, Told};
