//! Reads the options of a table, each once, under any of its names.

use super::json::Json;
use super::problems::{Place, Problems, code, near, short};
use super::settings::{Field, Setting};
use super::values::put;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The options that the digest does not cover: they change when an alert is sent, not which.
const UNDIGESTED: [&str; 1] = ["follow_up"];

/// One member of a table of options.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'t> {
    /// The table of the analytic that holds it. `None` at the top level, or if there is no such table.
    pub table: Option<&'t str>,
    /// The name, as the user wrote it.
    pub name: &'t str,
    /// The value.
    pub json: &'t Json<'t>,
}

/// The options of a table that are still to be read, and the problems found so far.
#[derive(Debug)]
pub struct Input<'t> {
    outer: Place<'t>,
    /// The members that have not been read yet.
    entries: Vec<Entry<'t>>,
    /// The values that differ from the defaults, for the digest.
    pub(super) changes: Vec<u8>,
    /// The problems found so far.
    pub(super) problems: Problems,
}

impl<'t> Input<'t> {
    pub(super) fn new(entries: Vec<Entry<'t>>) -> Self {
        Self { outer: Place::Whole, entries, changes: Vec::new(), problems: Problems::default() }
    }

    /// The members of a table at the place `outer`.
    pub(super) fn of(table: &'t [(String, Json<'t>)], outer: Place<'t>) -> Self {
        let entries = table.iter().map(|(name, json)| Entry { table: None, name, json }).collect();
        Self { outer, ..Self::new(entries) }
    }

    /// Reads one option, or its default. If the value is wrong, notes the problem and returns `None`.
    #[inline(never)]
    pub fn take<T: Setting>(&mut self, field: &Field) -> Option<T> {
        let mut setting = None;
        self.option(field, &mut setting);
        setting
    }

    /// Reads one option that may be absent. Notes the problem if the value is wrong.
    #[inline(never)]
    pub(super) fn optional<T: Setting>(&mut self, name: &'static str) -> Option<T> {
        let mut setting = None;
        self.option(&Field { name, aliases: &[], doc: &[], default: "", kind: T::KIND }, &mut setting);
        setting
    }

    /// Reads one option of any kind.
    fn option(&mut self, field: &Field, setting: &mut dyn Slot) {
        let mut usual = Vec::new();
        if let Ok(default) = Json::parse(field.default) {
            setting.put(&default, &Place::Whole, &mut self.problems, &mut usual);
        }
        let Some(entry) = self.find(field) else { return };
        let mut given = Vec::new();
        at(&self.outer, &entry, |place| setting.put(entry.json, place, &mut self.problems, &mut given));
        if given != usual && !UNDIGESTED.contains(&field.name) {
            put(field.name, &mut self.changes);
            self.changes.append(&mut given);
        }
    }

    /// Removes and returns the value of an option. The analytic's own table goes before the top level.
    fn find(&mut self, field: &Field) -> Option<Entry<'t>> {
        let named = |entry: &Entry<'_>| entry.name == field.name || field.aliases.contains(&entry.name);
        let (mut found, rest): (Vec<_>, Vec<_>) = self.entries.iter().partition(|entry| named(entry));
        if found.is_empty() {
            return None;
        }
        self.entries = rest;
        if found.iter().any(|entry| entry.table.is_some()) {
            found.retain(|entry| entry.table.is_some());
        }
        let (first, others) = found.split_first()?;
        for other in others {
            let how = match first.name == other.name {
                true => "stands there twice".into(),
                false => format!("is for the same option as {}", first.name),
            };
            let message = format!("{} {how}; expected once", short(other.json.raw()));
            at(&self.outer, other, |place| self.problems.note(place, code::TWICE, message));
        }
        Some(*first)
    }

    /// Removes and returns all members with this name.
    pub(super) fn all(&mut self, name: &str) -> Vec<Entry<'t>> {
        let (found, rest) = self.entries.iter().partition(|entry| entry.name == name);
        self.entries = rest;
        found
    }

    /// Notes each member that was not read as a problem. `known` holds the allowed names.
    pub(super) fn reject_unknown(&mut self, known: &[&'static str]) {
        for entry in core::mem::take(&mut self.entries) {
            let mut message = String::from("there is no such option;");
            if let Some(near) = near(entry.name, known.iter().copied()) {
                message.push_str(&format!(" did you mean {near}?"));
            }
            message.push_str(" Expected one of ");
            for (n, name) in known.iter().enumerate() {
                message.push_str(if n == 0 { "" } else { ", " });
                message.push_str(name);
            }
            at(&self.outer, &entry, |place| self.problems.note(place, code::UNKNOWN_OPTION, message));
        }
    }

    /// Notes a problem with a member of this table.
    pub(super) fn wrong(&mut self, name: &str, code: &'static str, message: String) {
        self.problems.note(&Place::Member(&self.outer, name), code, message);
    }
}

/// Calls `then` with the place of an entry.
pub fn at<T>(outer: &Place<'_>, entry: &Entry<'_>, then: impl FnOnce(&Place<'_>) -> T) -> T {
    match entry.table {
        Some(table) => then(&Place::Member(&Place::Member(outer, table), entry.name)),
        None => then(&Place::Member(outer, entry.name)),
    }
}

/// The target of a setting, of any kind.
trait Slot {
    /// Reads a value and adds it to the digest. If the value is wrong, notes the problem and stores `None`.
    fn put(&mut self, json: &Json<'_>, place: &Place<'_>, problems: &mut Problems, digest: &mut Vec<u8>);
}

impl<T: Setting> Slot for Option<T> {
    fn put(&mut self, json: &Json<'_>, place: &Place<'_>, problems: &mut Problems, digest: &mut Vec<u8>) {
        *self = T::read_at(json, place, problems);
        if let Some(setting) = self {
            setting.digest(digest);
        }
    }
}
