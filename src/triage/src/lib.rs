//! Turns alerts into answers for people. All hosts that show alerts to people share this code.
//!
//! - [`incidents`] groups alerts that belong together, from any analytic.
//! - [`names`] has words for the codes of failures, and the names of Microsoft's applications.
//! - [`evidence`] turns a raw record into one line: time, outcome, user, address, host, reason.
//! - [`redact`] replaces names and addresses by stand-ins, so that the output can be passed on.
//! - [`silence`] hides alerts that nobody wants to see until a date.
//! - [`report`] combines all of this, and [`html`] writes it as a page.
//! - [`filter`] selects alerts by time, severity, analytic, user and address.
//! - [`mark`] has people's verdicts on alerts. They and the silences are files of JSON [`lines`].
//! - [`tuning`] compares settings of an analytic, and recommends one.
//! - [`readiness`] decides if an analytic can fire on the events of a feed.
//!
//! The crate has no I/O and no clock, so the viewer runs the same code in a browser.
//!
//! ```
//! use authsieve_engine::alert::Alert;
//! use authsieve_engine::time::Timestamp;
//! use authsieve_triage::incidents::Incidents;
//!
//! let alert = |id: &str, second: i64, user: &str| Alert {
//!     id: id.into(),
//!     time: Timestamp(second * 1_000_000),
//!     user: Some(user.into()),
//!     src_ip: Some("203.0.113.9".into()),
//!     ..Alert::default()
//! };
//! let mut incidents = Incidents::default();
//! let _ = incidents.take(&alert("a", 0, "ada"));
//! let _ = incidents.take(&alert("b", 60, "bob")); // another account, but the same address
//! let all = incidents.finish();
//! assert_eq!(all.len(), 1);
//! assert_eq!(all[0].alerts, ["a", "b"]);
//! ```
//!
//! # Why
//!
//! One attack raises many alerts, of several analytics. A person wants one incident, with the events in order, the
//! accounts that were tried, and the reason in words.
//!
//! # When to use it
//!
//! Use this crate in a host that shows alerts to people. A host that passes alerts to a SIEM needs `authsieve-outputs`
//! instead. `examples/incidents.rs` is a whole program.

pub mod account;
pub mod evidence;
pub mod filter;
pub mod html;
pub mod incidents;
pub mod lines;
pub mod mark;
pub mod names;
pub mod readiness;
pub mod redact;
pub mod report;
pub mod silence;
pub mod time;
pub mod tuning;
