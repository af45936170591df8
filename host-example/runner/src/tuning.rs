//! Tuning: which thresholds and windows find the known attacks with the fewest alerts.
//!
//! [`grid`] has the settings, [`known`] what is known to be an attack or none, and [`outcome`] compares.

pub mod grid;
pub mod known;
pub mod outcome;
