//! Tools for batches of records, for native hosts and hosts in a browser.
//!
//! | use | for |
//! |---|---|
//! | [`prefilter`] | finding the records that may matter to each analytic, at gigabytes a second |
//! | [`Origins`] | converting the number of a record to its file and line |
//! | [`in_order`] | merging the answers of several analytics into one order |
//!
//! ```
//! use authsieve_records::prefilter::Prefilter;
//!
//! let batch = b"cron: job started\nsshd: Failed password for root\ncron: job ended\n";
//! let prefilter = Prefilter::new(&[vec!["failed password".into()]]); // one list of needles for each analytic
//! let mut buffer = Vec::new();
//! // A record that is left out leaves its newline, so the others keep their numbers.
//! assert_eq!(prefilter.route(batch)[0].gather(batch, &mut buffer), b"\nsshd: Failed password for root\n");
//! ```
//!
//! A call into a WebAssembly module costs far more than a search for a word, and most records of a log do not matter.
//! So a host searches for the needles of its analytics first, and calls an analytic only for records with a needle.
//!
//! Use this crate in a host of your own. `authsieve-host` does not filter by itself, and re-exports [`prefilter`].
//! `examples/filter.rs` is a whole program.

mod order;
mod origins;
pub mod prefilter;

pub use order::in_order;
pub use origins::{Origin, Origins};
