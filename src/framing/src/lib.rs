//! Turns log files and streams of any format into records of one line each.
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
//! # Why
//!
//! An analytic takes batches of whole, newline-delimited records ([`wit/authsieve.wit`]). Real inputs seldom look so:
//!
//! - Chunks end in the middle of a line. The last line has no newline. One line has a gigabyte.
//! - A Windows console writes UTF-16.
//! - Exports are CSV tables, W3C logs, pretty-printed JSON, XML, or the binary logs of Windows.
//!
//! This crate reads all of them. It recognises the format by content, and holds no more than a batch and one record.
//!
//! **No input is fatal.** Bytes that are no record are left out, counted ([`Counts`]) and reported with their place
//! ([`Problem`]). The records after them are read.
//!
//! # When to use which
//!
//! | type | use |
//! |---|---|
//! | [`Stream`] | pulls batches of records, with their numbers, from a reader |
//! | [`Framer`] | takes bytes that are pushed, as in a browser or an async service |
//! | [`Records`] | reads inputs that hold lines alone |
//! | [`Format::sniff`] | recognises the format of a file by its first bytes |
//! | [`Dates`] | finds out the order of day and month in `04/03/2026`, from all dates of an input |
//! | [`InOrder`] | reads a seekable `.evtx` file from its oldest chunk on |
//!
//! A program that only reads NDJSON or plain lines needs [`Records`], or no more than `BufRead::read_until`.
//! `examples/frame.rs` is a whole program.
//!
//! [`wit/authsieve.wit`]: https://github.com/authsieve/authsieve/blob/main/wit/authsieve.wit

// For a module, a macro of `getrandom` writes unsafe code.
#![cfg_attr(not(target_family = "wasm"), forbid(unsafe_code))]
// A module never traps on a record: no function may panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

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

/// Gives the hash tables of the `evtx` crate a constant in place of random numbers, which a module without imports
/// cannot get. A table holds the names of one chunk of 64 KiB, so colliding keys gain an attacker nothing.
#[cfg(all(feature = "evtx", target_arch = "wasm32", target_os = "unknown"))]
mod random {
    #[allow(clippy::unnecessary_wraps)]
    fn none(into: &mut [u8]) -> Result<(), getrandom::Error> {
        into.fill(0x5A);
        Ok(())
    }

    getrandom::register_custom_getrandom!(none);
}
