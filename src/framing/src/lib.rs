//! Files and streams into one-line records, for hosts.
//!
//! An analytic takes batches of whole, newline-delimited records ([`wit/authsieve.wit`]). What arrives is anything
//! but: chunks that end in the middle of a line, a last line without a newline, a line of a gigabyte, text in
//! UTF-16 from a Windows console; tables, logs whose first line names their fields, pretty-printed JSON, XML, and the
//! binary logs of Windows. This crate makes the one into the other, without ever holding more than a batch and one
//! record.
//!
//! | for | there is |
//! |---|---|
//! | whoever has a reader | [`Stream`]: batches of records, with their numbers |
//! | whoever has bytes, as a browser does | [`Framer`]: push bytes, get records |
//! | lines alone | [`Records`] |
//! | what a file holds | [`Format::sniff`] |
//! | `.evtx` files that can be read from anywhere | [`InOrder`]: their oldest chunk first |
//!
//! **Nothing is fatal.** What cannot be made a record is left out, counted ([`Counts`]) and told with its place
//! ([`Problem`]); what follows is read.
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

mod csv;
mod encoding;
mod evtx;
mod format;
mod framer;
mod header;
mod json;
mod lines;
mod names;
mod problem;
mod records;
mod sink;
mod stream;
mod w3c;
mod xml;

pub use encoding::Utf8;
pub use evtx::InOrder;
pub use format::{Format, UnknownFormat};
pub use framer::Framer;
pub use problem::{Counts, Flaw, Problem};
pub use records::{BehindTheEnd, Cut, MAX_RECORD, Oversized, Records};
pub use stream::Stream;

/// The `evtx` crate's hash tables want random numbers, of which a module without imports has none. They hold what
/// stands in one chunk of 64 KiB: an attacker who makes keys meet there gains nothing.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod random {
    #[allow(clippy::unnecessary_wraps)]
    fn none(into: &mut [u8]) -> Result<(), getrandom::Error> {
        into.fill(0x5A);
        Ok(())
    }

    getrandom::register_custom_getrandom!(none);
}
