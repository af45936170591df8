//! Files and streams into one-line records, for hosts.
//!
//! An analytic takes batches of whole, newline-delimited records ([`wit/authsieve.wit`]). What arrives is anything
//! but: chunks that end in the middle of a line, a last line without a newline, a line of a gigabyte, text in
//! UTF-16 from a Windows console. This crate makes the one into the other, without ever holding more than a batch
//! and one record.
//!
//! ```
//! use authsieve_framing::{MAX_RECORD, Records};
//!
//! let mut records = Records::new(&b"one\ntwo\nthree"[..], MAX_RECORD);
//! let mut batch = Vec::new();
//! let cut = records.next(&mut batch)?.expect("there are records");
//! assert_eq!((cut.first_line, cut.records), (1, 3));
//! assert_eq!(batch, b"one\ntwo\nthree");
//! assert!(records.next(&mut batch)?.is_none());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`wit/authsieve.wit`]: https://github.com/authsieve/authsieve/blob/main/wit/authsieve.wit

mod encoding;
mod records;

pub use encoding::Utf8;
pub use records::{Cut, MAX_RECORD, Oversized, Records};
