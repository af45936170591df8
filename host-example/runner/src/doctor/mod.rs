//! What a feed brings, and what analytics can make of it: the counting behind `authsieve doctor`.

pub mod feeds;
pub mod readiness;
pub mod thinned;

pub use feeds::{Feed, Feeds};
pub use readiness::{Intake, Readiness};
