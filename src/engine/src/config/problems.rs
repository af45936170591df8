//! The problems of a configuration, each with a code, a path and a message. All are reported at once.

use super::json::Json;
use super::kinds::Kind;
use crate::json::quote;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The codes of problems. They are part of the interface: the meaning of a code never changes.
pub mod code {
    /// The text is not JSON, or not a JSON object.
    pub const NOT_JSON: &str = "not-json";
    /// The value has the wrong type, such as text for a number.
    pub const WRONG_TYPE: &str = "wrong-type";
    /// The value has the right form, but is too small or too large.
    pub const OUT_OF_RANGE: &str = "out-of-range";
    /// The value does not have the form that the option needs.
    pub const INVALID_VALUE: &str = "invalid-value";
    /// The list or table has too many entries.
    pub const TOO_MANY: &str = "too-many";
    /// The list needs at least one entry.
    pub const EMPTY: &str = "empty";
    /// No option has this name.
    pub const UNKNOWN_OPTION: &str = "unknown-option";
    /// No analytic has this id.
    pub const UNKNOWN_ANALYTIC: &str = "unknown-analytic";
    /// The option exists, but not in this table.
    pub const MISPLACED: &str = "misplaced";
    /// The option is set twice, perhaps under two names.
    pub const TWICE: &str = "twice";
    /// The value is allowed, but not together with the value of another option.
    pub const CONFLICT: &str = "conflict";

    /// All codes.
    pub const ALL: [&str; 11] = [
        NOT_JSON,
        WRONG_TYPE,
        OUT_OF_RANGE,
        INVALID_VALUE,
        TOO_MANY,
        EMPTY,
        UNKNOWN_OPTION,
        UNKNOWN_ANALYTIC,
        MISPLACED,
        TWICE,
        CONFLICT,
    ];
}

/// One problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code: one of [`code::ALL`].
    pub code: &'static str,
    /// The option or element: `window`, `an1276.window`, `allow_ips[2741]`, `override[0].sources[3]`. Empty for the
    /// configuration as a whole.
    pub path: String,
    /// The value, the error, and the allowed values, in one line.
    pub message: String,
}

impl Problem {
    /// A problem of an option that is in no table.
    #[must_use]
    pub fn new(code: &'static str, option: &str, message: String) -> Self {
        Self { code, path: option.into(), message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            f.write_str(&self.path)?;
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

/// The most problems that are listed.
const MOST: usize = 100;

/// All problems of a configuration, in the order of the options. After the first hundred, the others are only
/// counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    /// The number of problems that are not listed.
    more: usize,
}

impl Problems {
    /// True if there is no problem.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The problems.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Adds a problem, unless it is in the list already.
    pub fn push(&mut self, problem: Problem) {
        if self.list.len() >= MOST {
            self.more += 1;
        } else if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    /// Adds all problems of `others`. Several analytics may report the same shared option.
    pub fn merge(&mut self, others: Self) {
        self.more += others.more;
        others.list.into_iter().for_each(|problem| self.push(problem));
    }

    /// Notes a problem of the value at `place`.
    pub fn note(&mut self, place: &Place<'_>, code: &'static str, message: String) {
        self.push(Problem { code, path: place.path(), message });
    }

    /// Notes that `kind` does not allow a value.
    #[inline(never)]
    pub fn refuse(&mut self, place: &Place<'_>, json: &Json<'_>, kind: &Kind) {
        let (code, is) = kind.misfit(json);
        self.note(place, code, format!("{} {is}; expected {}", short(json.raw()), kind.allowed()));
    }

    /// The problems as text for a host: one line each, with code, path and message separated by tabs.
    #[must_use]
    pub fn lines(&self) -> String {
        let mut out = String::new();
        for problem in &self.list {
            let line = if out.is_empty() { "" } else { "\n" };
            for part in [line, problem.code, "\t", &problem.path, "\t", &problem.message] {
                out.push_str(part);
            }
        }
        if self.more > 0 {
            out.push_str(&format!("\n{}\t\tand {} more", code::TOO_MANY, self.more));
        }
        out
    }
}

impl fmt::Display for Problems {
    /// Writes one line for each problem: the path and the message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.list.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { "\n" })?;
            problem.fmt(f)?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { list: [problem].into(), more: 0 }
    }
}

/// The place of a value in a configuration.
#[derive(Clone, Copy, Debug)]
pub enum Place<'p> {
    /// The configuration as a whole.
    Whole,
    /// A member of a table.
    Member(&'p Place<'p>, &'p str),
    /// An element of a list.
    Element(&'p Place<'p>, usize),
}

impl Place<'_> {
    /// Writes the place as errors show it: `override[0].users[3]`. A name is quoted if it has other characters than
    /// letters, digits, `-` and `_`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut parts = Vec::new();
        let mut place = self;
        while let Self::Member(outer, _) | Self::Element(outer, _) = place {
            parts.push(match *place {
                Self::Member(_, name) if is_plain(name) => name.into(),
                Self::Member(_, name) => quote(cut(name).as_bytes()),
                Self::Element(_, at) => format!("[{at}]"),
                Self::Whole => String::new(),
            });
            place = outer;
        }
        let mut path = String::new();
        for part in parts.iter().rev() {
            if !path.is_empty() && !part.starts_with('[') {
                path.push('.');
            }
            path.push_str(part);
        }
        path
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 120
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// The text of a value as errors show it: on one line, and cut if it is long.
pub fn short(text: &str) -> String {
    let start = cut(text);
    let mut shown: String = start.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if start.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(120)).unwrap_or_default()
}

/// The known name nearest to `name`. At most three letters, and at most a third of the name, may be wrong. O(names).
#[must_use]
pub fn near<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let (edits, near) = names.map(|known| (distance(known, name), known)).min_by_key(|(edits, _)| *edits)?;
    // With more edits, nothing of a short name would be left.
    (edits <= 3 && edits <= name.len().div_ceil(3)).then_some(near)
}

/// The number of edits between two names. O(a × b); option names are short, and longer names are cut.
fn distance(a: &str, b: &str) -> usize {
    const MOST: usize = 40;
    let mut row: [usize; MOST] = core::array::from_fn(|n| n + 1);
    let mut last = b.chars().take(MOST).count();
    for (i, x) in a.chars().take(MOST).enumerate() {
        let (mut before, mut left) = (i, i + 1);
        for (above, y) in row.iter_mut().zip(b.chars()) {
            let cost = (before + usize::from(x != y)).min(*above + 1).min(left + 1);
            (before, left) = (core::mem::replace(above, cost), cost);
        }
        last = left;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn paths_are_written_as_keys_of_toml() {
        let whole = Place::Whole;
        let list = Place::Member(&whole, "override");
        let third = Place::Element(&list, 3);
        assert_eq!(Place::Member(&third, "min_failures").path(), "override[3].min_failures");
        assert_eq!(Place::Member(&whole, "a.b\tc").path(), "\"a.b\\u0009c\"");
        assert_eq!(Place::Member(&whole, "").path(), "\"\"");
        assert_eq!(whole.path(), "");
    }

    #[test]
    fn what_is_too_much_to_list_is_counted() {
        let mut problems = Problems::default();
        for n in 0..MOST + 20 {
            problems.note(&Place::Element(&Place::Whole, n), code::EMPTY, "x".into());
        }
        assert_eq!(problems.list().len(), MOST);
        assert!(problems.to_string().ends_with("\nand 20 more"), "{problems}");
        assert!(problems.lines().ends_with("\ntoo-many\t\tand 20 more"));
    }

    #[test]
    fn problems_that_several_analytics_have_are_listed_once() {
        let one = Problem::new(code::EMPTY, "a", "x".into());
        let mut problems = Problems::from(one.clone());
        problems.merge(one.clone().into());
        problems.merge(Problem::new(code::EMPTY, "b", "x".into()).into());
        assert_eq!(problems.lines(), "empty\ta\tx\nempty\tb\tx");
    }

    #[test]
    fn names_are_near_by_edits() {
        let near = |name| super::near(name, ["window", "min_failures", "salt"].into_iter());
        assert_eq!(near("min_failuers"), Some("min_failures"));
        assert_eq!(near("windo"), Some("window"));
        assert_eq!(near("an9999"), None);
        assert_eq!(near("x"), None);
        assert_eq!(distance("", "abc"), 3);
    }
}
