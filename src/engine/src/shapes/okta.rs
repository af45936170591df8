//! Okta's System Log.

use super::{Given, Said};
use crate::json::Object;

/// Literals of which any record that says something contains at least one.
pub const NEEDLES: &[&str] = &["eventType", "event_type"];

/// Takes a record apart.
#[must_use]
pub fn decode<'a>(_object: &Object<'a>, _given: Given<'_>) -> Said<'a> {
    None
}
