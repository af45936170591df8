//! Turns files and streams into one-line records, for hosts.
//!
//! An analytic takes batches of whole, newline-delimited records ([`wit/authsieve.wit`]). Inputs are seldom like that:
//! chunks end in the middle of a line, the last line has no newline, a line has a gigabyte. A Windows console writes
//! UTF-16. There are tables, logs whose first line names their fields, pretty-printed JSON, XML, and the binary logs of
//! Windows. This crate reads all of these, and holds no more than a batch and one record.
//!
//! | use | for |
//! |---|---|
//! | [`Stream`] | an input that is read: batches of records, with their numbers |
//! | [`Framer`] | bytes that are pushed, as in a browser |
//! | [`Records`] | lines alone |
//! | [`Format::sniff`] | the format of a file, by its first bytes |
//! | [`Dates`] | which of day and month goes first in `04/03/2026`, by all dates of an input |
//! | [`InOrder`] | a seekable `.evtx` file: its oldest chunk comes first |
//!
//! **Nothing is fatal.** Bytes that are no record are left out, counted ([`Counts`]) and reported with their place
//! ([`Problem`]). The records behind them are read.
//!
//! ```
//! use authsieve_framing::{MAX_RECORD, Stream};
//!
//! let iis = b"#Fields: date time cs-username sc-status\n2026-03-04 08:00:00 alice 401\nnonsense\n";
//! let mut stream = Stream::new(&iis[..], None, None, MAX_RECORD);
//! let mut batch = Vec::new();
//! let cut = stream.next(&mut batch)?.expect("there are records");
//! assert_eq!(
//!     std::str::from_utf8(&batch).unwrap(),
//!     "{\"date\":\"2026-03-04\",\"time\":\"08:00:00\",\"cs-username\":\"alice\",\"sc-status\":\"401\"}\n"
//! );
//! assert_eq!(cut.problems[0].line, 3);
//! assert!(stream.next(&mut batch)?.is_none());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`wit/authsieve.wit`]: https://github.com/authsieve/authsieve/blob/main/wit/authsieve.wit

mod blocks;
mod columns;
mod csv;
mod dates;
mod encoding;
mod evtx;
mod export;
mod format;
mod framer;
mod header;
mod json;
mod lines;
mod problem;
mod records;
mod sink;
mod stream;
mod w3c;
mod xml;

pub use dates::{Dates, Order};
pub use encoding::Utf8;
pub use evtx::InOrder;
pub use format::{Format, UnknownFormat};
pub use framer::Framer;
pub use problem::{Counts, Flaw, Problem};
pub use records::{BehindTheEnd, Cut, MAX_RECORD, Oversized, Records};
pub use stream::Stream;

/// Gives the hash tables of the `evtx` crate constant numbers for random ones: a module without imports has none. A
/// table holds the names of one chunk of 64 KiB, so an attacker gains nothing by keys that collide.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod random {
    #[allow(clippy::unnecessary_wraps)]
    fn none(into: &mut [u8]) -> Result<(), getrandom::Error> {
        into.fill(0x5A);
        Ok(())
    }

    getrandom::register_custom_getrandom!(none);
}
