//! What is shown: alerts as JSON or for people, and a summary.
//!
//! Almost every text in an alert was written by an attacker. What goes to a terminal goes through [`escape`].

pub mod attack;
pub mod ecs;
pub mod escape;
pub mod event;
pub mod located;
pub mod ocsf;
pub mod overview;
pub mod paint;
pub mod summary;
pub mod text;

use crate::config::Problems;
use located::Located;
use std::io::{self, IsTerminal, Write};

/// How alerts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Lines {
        /// What these objects are.
        layout: Layout,
        /// Everything is escaped that a terminal might act upon. Still the same JSON values.
        terminal: bool,
    },
    /// For people.
    Text(paint::Paint),
}

/// What an alert looks like in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As the contract has it: the canonical bytes, and `origin` at their end.
    Native,
    /// OCSF Detection Finding.
    Ocsf,
    /// Elastic Common Schema.
    Ecs,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Native, Self::Ocsf, Self::Ecs];

    /// The word for it, on command lines and in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "json",
            Self::Ocsf => "ocsf",
            Self::Ecs => "ecs",
        }
    }

    /// The layout of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == word)
    }

    /// The alert as one line of JSON, without its newline.
    #[must_use]
    pub fn to_json(self, alert: &Located<'_>) -> String {
        match self {
            Self::Native => alert.to_json(),
            Self::Ocsf => ocsf::to_json(alert),
            Self::Ecs => ecs::to_json(alert),
        }
    }
}

/// The first `most` of some names, and how many more there are.
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
/// Those of `out`.
pub fn write(out: &mut impl Write, alert: &Located<'_>, format: Format) -> io::Result<()> {
    match format {
        Format::Lines { layout, terminal } => {
            writeln!(out, "{}", escape::line(&layout.to_json(alert), terminal))
        }
        Format::Text(paint) => text::write(out, alert, paint),
    }
}

/// Writes an error to standard error. Nothing is left to do if that fails.
pub fn complain(color: paint::When, text: &str) {
    let paint = color.paint(io::stderr().is_terminal());
    let mut lines = text.lines();
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{} {}", paint.red("error:"), escape::text(lines.next().unwrap_or_default()));
    for line in lines {
        let _ = writeln!(err, "  {}", escape::text(line));
    }
}

/// Writes what is wrong with a configuration to standard error, each thing with its place.
pub fn explain_problems(color: paint::When, problems: &Problems) {
    let colour = color.paint(io::stderr().is_terminal()).on;
    // The library writes out control characters itself.
    let _ = writeln!(io::stderr().lock(), "{}", problems.render(colour));
}
