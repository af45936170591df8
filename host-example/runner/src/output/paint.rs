//! Colours for the terminal.

use anstyle::{AnsiColor, Style};
use authsieve_engine::alert::Severity;
use std::env;
use std::fmt::{self, Display};

/// Adds colour to text, if it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// True if colour is on.
    pub on: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// Use colour on a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always use colour.
    Always,
    /// Never use colour.
    Never,
}

impl When {
    /// Decides for an output. `terminal` says if the output is a terminal.
    #[must_use]
    pub fn paint(self, terminal: bool) -> Paint {
        let wanted = || {
            let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
            terminal && !set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
        };
        Paint { on: self == Self::Always || (self == Self::Auto && wanted()) }
    }
}

/// A text with a style.
pub struct Painted<T> {
    text: T,
    style: Style,
}

impl Paint {
    /// The style of important text.
    pub fn bold<T: Display>(self, text: T) -> Painted<T> {
        self.with(Style::new().bold(), text)
    }

    /// The style of unimportant text.
    pub fn dim<T: Display>(self, text: T) -> Painted<T> {
        self.with(Style::new().dimmed(), text)
    }

    /// The style of a failure.
    pub fn red<T: Display>(self, text: T) -> Painted<T> {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// The style of a success or an addition.
    pub fn green<T: Display>(self, text: T) -> Painted<T> {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// The style of a severity.
    pub fn severity<T: Display>(self, severity: Severity, text: T) -> Painted<T> {
        let style = match severity {
            Severity::Critical => AnsiColor::BrightWhite.on(AnsiColor::Red),
            Severity::High => AnsiColor::Red.on_default(),
            Severity::Medium => AnsiColor::Yellow.on_default(),
            Severity::Low => AnsiColor::Cyan.on_default(),
            Severity::Informational => AnsiColor::Blue.on_default(),
        };
        self.with(style.bold(), text)
    }

    fn with<T>(self, style: Style, text: T) -> Painted<T> {
        Painted { text, style: if self.on { style } else { Style::new() } }
    }
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.style)?;
        self.text.fmt(f)?;
        write!(f, "{:#}", self.style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_only_added_where_it_is_wanted() {
        assert_eq!(Paint { on: true }.bold(format_args!("{:>4}", "x")).to_string(), "\x1b[1m   x\x1b[0m");
        assert_eq!(Paint { on: false }.bold("x").to_string(), "x");
        assert!(When::Always.paint(false).on);
        assert!(!When::Never.paint(true).on && !When::Auto.paint(false).on);
    }
}
