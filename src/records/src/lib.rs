//! Batches of records, for every kind of host: native and in a browser.
//!
//! | use | for |
//! |---|---|
//! | [`prefilter`] | which records may matter to which analytic, at gigabytes a second |
//! | [`Origins`] | the number of a record, turned into its file and line |
//! | [`in_order`] | what several analytics say of the same records, in one order |

mod order;
mod origins;
pub mod prefilter;

pub use order::in_order;
pub use origins::{Origin, Origins};
