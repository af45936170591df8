//! How well the analytics detect.
//!
//! [`corpus`] invents a week of logins from a seed: labelled attacks, labelled noise, and ordinary days. Each of its
//! [`scenes`] is written in a [`layout`] that the analytics read. Several [`systems`] judge the same records, and
//! [`score`] compares their alarms with the labels. [`page`] writes the result, `DETECTION.md`.
//!
//! ```console
//! $ cargo run -p authsieve-detection        # makes DETECTION.md anew; RSIGMA=… also runs rsigma anew
//! $ cargo test -p authsieve-detection       # compares the page with the result of the command
//! ```

pub mod alarm;
pub mod corpus;
pub mod layout;
pub mod page;
pub mod scenes;
pub mod score;
pub mod store;
pub mod systems;
