//! Events 4624 and 4625 of the Windows Security log.

use super::{Given, Said};
use crate::json::Object;

/// Literals of which any record that says something contains at least one.
pub const NEEDLES: &[&str] = &["4624", "4625"];

/// Takes a record apart.
#[must_use]
pub fn decode<'a>(_object: &Object<'a>, _given: Given<'_>) -> Said<'a> {
    None
}

/// Whether a text is an event as XML.
#[must_use]
pub fn is_xml(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"<")
}

/// Takes an event apart that was rendered as XML.
#[must_use]
pub fn decode_xml<'a>(_text: &'a [u8], _given: Given<'_>) -> Said<'a> {
    None
}
