//! The formats of output: alerts as JSON or text, and the summary.
//!
//! Almost every text in an alert was written by an attacker. Everything for a terminal passes [`escape`].

pub mod escape;
pub mod event;
pub mod look;
pub mod overview;
pub mod paint;
pub mod report;
pub mod schema;
pub mod summary;
pub mod table;

use crate::config::Problems;
pub use authsieve_outputs::{Layout, attack, ecs, located, ocsf};
use std::io::{self, IsTerminal, Write};

/// The first `most` names, and the number of the others.
fn listed(names: &[impl AsRef<str>], most: usize) -> String {
    let shown = names.iter().take(most).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(most) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// Writes an error to standard error. A failure of that is ignored.
pub fn complain(color: paint::When, text: &str) {
    let paint = color.paint(io::stderr().is_terminal());
    let mut lines = text.lines();
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{} {}", paint.red("error:"), escape::text(lines.next().unwrap_or_default()));
    for line in lines {
        let _ = writeln!(err, "  {}", escape::text(line));
    }
}

/// Writes the problems of a configuration to standard error, each with its place.
pub fn explain_problems(color: paint::When, problems: &Problems) {
    let colour = color.paint(io::stderr().is_terminal()).on;
    // The library escapes control characters itself.
    let _ = writeln!(io::stderr().lock(), "{}", problems.render(colour));
}
