//! What is shown: alerts as JSON or for people, and a summary.
//!
//! Almost every text in an alert was written by an attacker. What goes to a terminal goes through [`escape`].

pub mod escape;
pub mod paint;
pub mod summary;
pub mod text;

use authsieve_engine::alert::Alert;
use std::io::{self, Write};

/// How alerts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line: the canonical bytes.
    Json,
    /// The same, with everything escaped that a terminal might act upon. Still the same JSON values.
    JsonForTerminal,
    /// For people.
    Text(paint::Paint),
}

/// Writes an alert.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, alert: &Alert, format: Format) -> io::Result<()> {
    match format {
        Format::Json => writeln!(out, "{}", alert.to_json()),
        Format::JsonForTerminal => writeln!(out, "{}", escape::json(&alert.to_json())),
        Format::Text(paint) => text::write(out, alert, paint),
    }
}
