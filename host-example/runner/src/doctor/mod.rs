//! The counting behind `authsieve doctor`: the content of a feed, and whether analytics can fire on it.

pub mod feeds;
pub mod readiness;
pub mod thinned;
pub mod unread;

pub use feeds::{Feed, Feeds};
pub use readiness::{Intake, Readiness};
pub use unread::Unread;
