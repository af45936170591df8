//! What a feed brings, and what analytics can make of it: the counting behind `authsieve doctor`.

pub mod feeds;
pub mod readiness;
pub mod thinned;
pub mod unread;

pub use feeds::{Feed, Feeds};
pub use readiness::{Intake, Readiness};
pub use unread::Unread;
