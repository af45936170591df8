//! Colour, where it is wanted.

use authsieve_engine::alert::Severity;
use std::env;
use std::fmt::{self, Display};

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// Whether there is colour.
    pub on: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// Never.
    Never,
}

impl When {
    /// Decides for an output that is, or is not, a terminal.
    #[must_use]
    pub fn paint(self, terminal: bool) -> Paint {
        let wanted = || {
            let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
            terminal && !set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
        };
        Paint { on: self == Self::Always || (self == Self::Auto && wanted()) }
    }
}

/// A text and the codes around it.
pub struct Painted<T> {
    text: T,
    codes: &'static str,
}

impl Paint {
    /// What is important.
    pub fn bold<T: Display>(self, text: T) -> Painted<T> {
        self.with("1", text)
    }

    /// What is not.
    pub fn dim<T: Display>(self, text: T) -> Painted<T> {
        self.with("2", text)
    }

    /// What went wrong.
    pub fn red<T: Display>(self, text: T) -> Painted<T> {
        self.with("1;31", text)
    }

    /// What went well, or was added.
    pub fn green<T: Display>(self, text: T) -> Painted<T> {
        self.with("32", text)
    }

    /// As urgent as `severity`.
    pub fn severity<T: Display>(self, severity: Severity, text: T) -> Painted<T> {
        let codes = match severity {
            Severity::Critical => "1;97;41",
            Severity::High => "1;31",
            Severity::Medium => "1;33",
            Severity::Low => "1;36",
            Severity::Informational => "1;34",
        };
        self.with(codes, text)
    }

    fn with<T>(self, codes: &'static str, text: T) -> Painted<T> {
        Painted { text, codes: if self.on { codes } else { "" } }
    }
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.codes.is_empty() {
            return self.text.fmt(f);
        }
        write!(f, "\x1b[{}m", self.codes)?;
        self.text.fmt(f)?;
        f.write_str("\x1b[0m")
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
