//! Tools for batches of records, for native hosts and hosts in a browser.
//!
//! | use | for |
//! |---|---|
//! | [`prefilter`] | finding the records that may matter to each analytic, at gigabytes a second |
//! | [`Origins`] | converting the number of a record to its file and line |
//! | [`in_order`] | merging the answers of several analytics into one order |

mod order;
mod origins;
pub mod prefilter;

pub use order::in_order;
pub use origins::{Origin, Origins};
