//! The formats of output: alerts as JSON or text, and the summary.
//!
//! Almost every text in an alert was written by an attacker. Everything for a terminal passes [`escape`].

pub mod attack;
pub mod ecs;
pub mod escape;
pub mod event;
pub mod located;
pub mod ocsf;
pub mod overview;
pub mod paint;
pub mod schema;
pub mod summary;
pub mod text;

use crate::config::Problems;
use located::Located;
use std::io::{self, IsTerminal, Write};

/// The format of alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Lines {
        /// The layout of the objects.
        layout: Layout,
        /// True to escape all characters that control a terminal. The JSON values stay the same.
        terminal: bool,
    },
    /// Text for people.
    Text(paint::Paint),
}

/// The JSON layout of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The layout of the contract: the canonical bytes, with `origin` added at the end.
    Native,
    /// OCSF Detection Finding.
    Ocsf,
    /// Elastic Common Schema.
    Ecs,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 3] = [Self::Native, Self::Ocsf, Self::Ecs];

    /// The name of the layout on command lines and in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "json",
            Self::Ocsf => "ocsf",
            Self::Ecs => "ecs",
        }
    }

    /// The layout with this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == word)
    }

    /// The alert as one line of JSON, without a newline.
    #[must_use]
    pub fn to_json(self, alert: &Located<'_>) -> String {
        match self {
            Self::Native => alert.to_json(),
            Self::Ocsf => ocsf::to_json(alert),
            Self::Ecs => ecs::to_json(alert),
        }
    }
}

/// The first `most` names, and the number of the others.
fn listed(names: &[impl AsRef<str>], most: usize) -> String {
    let shown = names.iter().take(most).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(most) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// Writes an alert.
///
/// # Errors
/// Fails if `out` fails.
pub fn write(out: &mut impl Write, alert: &Located<'_>, format: Format) -> io::Result<()> {
    match format {
        Format::Lines { layout, terminal } => {
            writeln!(out, "{}", escape::line(&layout.to_json(alert), terminal))
        }
        Format::Text(paint) => text::write(out, alert, paint),
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
