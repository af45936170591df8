//! Tuning: finds the thresholds and windows that detect the known attacks with the fewest alerts.
//!
//! [`grid`] has the settings, [`known`] the known attacks and false alerts, and [`outcome`] the comparison.

pub mod grid;
pub mod known;
pub mod outcome;
