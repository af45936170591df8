//! Requests that IIS logged for OWA, EWS and ActiveSync.

use super::{Given, Said};
use crate::json::Object;

/// Literals of which any record that says something contains at least one.
pub const NEEDLES: &[&str] = &["uri-stem", "uri_stem"];

/// Takes a record apart.
#[must_use]
pub fn decode<'a>(_object: &Object<'a>, _given: Given<'_>) -> Said<'a> {
    None
}
