//! What a feed brings, and what analytics can make of it: the counting behind `authsieve doctor`.

pub mod feeds;
pub mod thinned;
pub mod verdict;

pub use feeds::{Feed, Feeds};
pub use verdict::{Tally, Verdict};
