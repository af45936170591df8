//! Problems of a configuration and their places: as one line, with the place shown, and as JSON.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use authsieve_engine::config::code;
use serde_json::json;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The codes of this host, in addition to those of the analytics ([`code::ALL`]).
pub const CODES: [&str; 3] = ["syntax", "unknown-zone", "unreadable-list"];

/// A text with options: a file, or one assignment on the command line.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path of the file, or the name of the argument.
    pub name: String,
    /// The text itself.
    pub text: String,
    /// True for a file. Its places have a line and a column.
    pub is_file: bool,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The number of the source.
    pub source: usize,
    /// The byte range in the source.
    pub span: Range<usize>,
}

/// A problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kind of problem: one of [`code::ALL`] or [`CODES`].
    pub code: String,
    /// The option or element, such as `an1276.window` or `allow_ips[2741]`. Empty for the configuration as a whole.
    pub path: String,
    /// A sentence with the value, the fault, and the allowed values.
    pub message: String,
    /// The place, if it is known.
    pub origin: Option<Origin>,
}

impl Problem {
    /// Creates a problem without a place.
    #[must_use]
    pub fn new(code: &str, path: &str, message: String) -> Self {
        Self { code: code.to_owned(), path: path.to_owned(), message, origin: None }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// Parses a line of the error `invalid-config`: code, path and message, separated by tabs. Any other line becomes a
    /// message.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        let mut parts = line.splitn(3, '\t');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(code), Some(path), Some(message)) => Self::new(code, path, message.to_owned()),
            _ => Self::new(code::INVALID_VALUE, "", line.to_owned()),
        }
    }

    /// True if the name of the option is wrong, not its value.
    #[must_use]
    pub fn is_of_name(&self) -> bool {
        [code::UNKNOWN_OPTION, code::UNKNOWN_ANALYTIC, code::MISPLACED, code::TWICE].contains(&&*self.code)
    }
}

/// All problems, and the sources with their places.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    /// The problems in the order of their places, without repetition. Problems without a place come last.
    pub list: Vec<Problem>,
    /// The sources that the places refer to.
    pub sources: Arc<[Source]>,
}

impl Problems {
    /// Adds new problems. If several analytics do not know a name, only one problem is kept: the one that suggests
    /// another name.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            if self.list.len() >= super::MOST_PROBLEMS {
                break;
            }
            let same = |known: &Problem| {
                known.code == code::UNKNOWN_OPTION
                    && (&known.code, &known.path, &known.origin)
                        == (&problem.code, &problem.path, &problem.origin)
            };
            match self.list.iter_mut().find(|known| same(known) || **known == problem) {
                Some(known) if problem.message.contains("did you mean") => *known = problem,
                Some(_) => {}
                None => self.list.push(problem),
            }
        }
        self.list.sort_by_key(|problem| match &problem.origin {
            Some(origin) => (false, origin.source, origin.span.start),
            None => (true, 0, 0),
        });
    }

    /// Shows each problem with its line and a mark below the place, with or without colour.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let shown: Vec<String> = self.list.iter().map(|problem| self.show(problem, &renderer)).collect();
        shown.join("\n\n")
    }

    fn show(&self, problem: &Problem, renderer: &Renderer) -> String {
        let (what, help) = split(&problem.message);
        let title = match &*problem.path {
            "" => what.to_owned(),
            path => format!("{path}: {what}"),
        };
        let mut group = Group::with_title(Level::ERROR.primary_title(title).id(problem.code.as_str()));
        if let Some((source, span)) = self.place(problem) {
            let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
            group = group.element(snippet.annotation(AnnotationKind::Primary.span(span)));
        }
        if let Some(help) = help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }

    fn place(&self, problem: &Problem) -> Option<(&Source, Range<usize>)> {
        let origin = problem.origin.as_ref()?;
        let source = self.sources.get(origin.source)?;
        let end = origin.span.end.min(source.text.len());
        Some((source, origin.span.start.min(end)..end))
    }

    /// `window: "15x" is no duration; expected … (config.toml:3:10)`.
    fn line(&self, problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !problem.path.is_empty() {
            write!(f, "{}: ", problem.path)?;
        }
        f.write_str(&problem.message)?;
        match self.place(problem) {
            Some((source, span)) if source.is_file => {
                let (line, column) = position(&source.text, span.start);
                write!(f, " ({}:{line}:{column})", source.name)
            }
            Some((source, _)) => write!(f, " ({} {})", source.name, source.text),
            None => Ok(()),
        }
    }

    /// The problems as a JSON list of objects: `code`, `path`, `message`, and `file`, `line` and `column`, or
    /// `argument`.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let object = |problem: &Problem| {
            let mut object =
                json!({ "code": problem.code, "path": problem.path, "message": problem.message });
            match self.place(problem) {
                Some((source, span)) if source.is_file => {
                    let (line, column) = position(&source.text, span.start);
                    object["file"] = source.name.as_str().into();
                    object["line"] = line.into();
                    object["column"] = column.into();
                }
                Some((source, _)) => object["argument"] = format!("{} {}", source.name, source.text).into(),
                None => {}
            }
            object
        };
        self.list.iter().map(object).collect()
    }
}

impl fmt::Display for Problems {
    /// Writes one line per problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.list.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { "\n" })?;
            self.line(problem, f)?;
        }
        Ok(())
    }
}

/// Splits a message into the fault and the remedy.
fn split(message: &str) -> (&str, Option<&str>) {
    match message.split_once("; ") {
        Some((what, help)) => (what, Some(help)),
        None => (message, None),
    }
}

/// The line and column of a byte, counted from 1. Columns count characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}
