//! Configuration: options with their documentation, validation, overrides.
//!
//! An analytic declares its options once, with [`settings!`](crate::settings): name, kind, default and documentation.
//! From this one place come the typed struct, the validation with its error messages, the JSON Schema, and the output
//! of `inspect`. The struct [`Common`] holds the options that all analytics share. A [`Layout`] splits a configuration
//! into sections for one or several analytics. The list [`Problems`] has all errors at once.

mod common;
mod glob;
mod input;
mod json;
mod kinds;
mod layout;
mod overrides;
mod problems;
mod schema;
mod settings;
mod severity;
mod timezone;
mod values;

#[doc(hidden)]
pub use alloc::string::String;
pub use common::{Common, FollowUp};
pub use glob::Glob;
pub use input::{Entry, Input};
pub use json::{Json, Members};
pub use kinds::Kind;
pub use layout::{Known, Layout, Section};
pub use overrides::{Judgement, Override, Overrides};
pub use problems::{Place, Problem, Problems, code, near};
pub use settings::{Field, Setting, Settings};
pub use severity::{Effect, SeverityChange};
pub use timezone::Timezone;
pub use values::{Bits4, Bits6, Bytes, Code, Keys, Lateness, RecordBytes, Threshold, Wait, Window};

use crate::hash::{Hasher128, Salt};
use alloc::format;
use alloc::vec::Vec;

/// The whole configuration of one analytic.
#[derive(Clone, Debug)]
pub struct Config<O> {
    /// The options that all analytics share.
    pub common: Common,
    /// The analytic's own options.
    pub options: O,
    /// The overrides, in order.
    pub overrides: Overrides,
    /// A digest of the values that differ from the defaults, as sixteen hexadecimal digits. Equal values give equal
    /// digests.
    pub digest: String,
    /// The table that holds the analytic's own options.
    table: Option<String>,
    /// The options that are set outside this table.
    shared: Vec<String>,
}

impl<O: Settings> Config<O> {
    /// Reads and validates a flat configuration. `thresholds` names the options of `O` that an override may set.
    ///
    /// # Errors
    /// Fails with all problems of the configuration.
    pub fn read(text: &str, thresholds: &'static [&'static str]) -> Result<Self, Problems> {
        Self::of("", text, thresholds)
    }

    /// Reads and validates the configuration of a module with one analytic. O(length).
    ///
    /// # Errors
    /// Fails with all problems of the configuration.
    pub fn of(id: &'static str, text: &str, thresholds: &'static [&'static str]) -> Result<Self, Problems> {
        Self::in_section(&Layout::read(text, &[Known { id, thresholds }])?.section(id), thresholds)
    }

    /// Reads and validates one analytic's section of a layout. O(length).
    ///
    /// # Errors
    /// Fails with all problems of the section.
    pub fn in_section(section: &Section<'_>, thresholds: &'static [&'static str]) -> Result<Self, Problems> {
        let mut input = Input::new(section.entries.clone());
        let common = Common::read(&mut input);
        let options = O::read(&mut input);
        let overrides = Overrides::read(&mut input, thresholds, &section.foreign);
        input.reject_unknown(&Self::known());
        let hash = Hasher128::new(Salt::new(""), 0).part(&input.changes).finish().0;
        let digest = format!("{:016x}", hash >> 64);
        let table = section.entries.iter().find_map(|entry| entry.table).map(String::from);
        let shared = section.entries.iter().filter(|entry| entry.table.is_none());
        let shared = shared.map(|entry| entry.name.into()).collect();
        match (common, options) {
            (Some(common), Some(options)) if input.problems.is_empty() => {
                Ok(Self { common, options, overrides, digest, table, shared })
            }
            _ => Err(input.problems),
        }
    }

    /// Gives a problem of one option the path at which the configuration sets it.
    #[must_use]
    pub fn place(&self, mut problem: Problem) -> Problem {
        if let Some(table) = self.table.as_ref().filter(|_| !self.shared.contains(&problem.path)) {
            problem.path = format!("{table}.{}", problem.path);
        }
        problem
    }

    /// The JSON Schema (draft 2020-12) of the configuration. An alias of an option refers to it by `$ref`.
    #[must_use]
    pub fn schema(title: &str, thresholds: &'static [&'static str]) -> String {
        schema::schema(title, Self::fields(), thresholds)
    }

    fn fields() -> impl Iterator<Item = &'static Field> {
        O::FIELDS.iter().chain(Common::FIELDS)
    }

    fn known() -> Vec<&'static str> {
        let mut names = Vec::new();
        for field in Self::fields() {
            names.push(field.name);
            names.extend_from_slice(field.aliases);
        }
        names.push("override");
        names
    }
}

#[cfg(test)]
mod tests;
