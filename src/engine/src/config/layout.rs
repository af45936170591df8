//! The layout of a configuration, for one analytic or several.
//!
//! ```json
//! {"analytics": ["an1276", "fls"], "timezone": "+02:00", "an1276": {"window": "5m"}, "override": [{"users": ["ci-*"], "ignore": true}]}
//! ```
//!
//! - `analytics` lists the analytics that run. Without it, all analytics of the module run.
//! - A shared option at the top level holds for each analytic whose own table does not set it. Options that affect
//!   decoding ([`Common::DECODING`]) are allowed at the top level only.
//! - `override` is allowed in both places. The overrides of an analytic's own table come first.
//! - An override at the top level may set a threshold of any analytic in the module. An analytic skips overrides that
//!   only set thresholds of others.
//!
//! In a module with one analytic, all options may be at the top level. A configuration has this flat layout if it
//! has neither `analytics` nor a table of the analytic.

use super::common::Common;
use super::input::Entry;
use super::json::{Json, Members};
use super::problems::{Place, Problem, Problems, code, near, short};
use super::settings::Settings;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// An analytic of the module, as far as a layout needs to know it.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The id, such as `an1276`. The name of its table may be in any case.
    pub id: &'static str,
    /// The options that an override may set.
    pub thresholds: &'static [&'static str],
}

/// A configuration, split into the options of each analytic.
#[derive(Debug)]
pub struct Layout<'t> {
    known: &'t [Known],
    /// True if all options may be at the top level.
    flat: bool,
    members: Members<'t>,
    active: Vec<&'static str>,
}

/// The options of one analytic: its own and the shared ones.
#[derive(Debug)]
pub struct Section<'t> {
    pub(super) entries: Vec<Entry<'t>>,
    /// Thresholds of the other analytics, which overrides at the top level may set.
    pub(super) foreign: Vec<&'static str>,
}

impl<'t> Layout<'t> {
    /// Splits a configuration. The empty text means the defaults. The values are read later, from a
    /// [`section`](Self::section).
    ///
    /// # Errors
    /// Fails if the text is no JSON object, if `analytics` is wrong, or if a member has a place where no analytic
    /// reads it.
    pub fn read(text: &'t str, known: &'t [Known]) -> Result<Self, Problems> {
        let json = Json::parse(if text.trim().is_empty() { "{}" } else { text });
        let json = json.map_err(|why| {
            Problem::new(code::NOT_JSON, "", format!("the configuration is not JSON: {why}"))
        })?;
        let (raw, sort) = (json.raw(), json.sort());
        let Some(members) = json.into_table() else {
            let message = format!("{} is {sort}; expected a JSON object", short(raw));
            return Err(Problem::new(code::NOT_JSON, "", message).into());
        };
        let flat =
            known.len() == 1 && members.iter().all(|(name, _)| name != "analytics" && !is_of(known, name));
        let active = known.iter().map(|known| known.id).collect();
        let mut layout = Self { known, flat, members, active };
        let problems = layout.check();
        if problems.is_empty() { Ok(layout) } else { Err(problems) }
    }

    /// The ids of the analytics that run, in the module's order.
    #[must_use]
    pub fn active(&self) -> &[&'static str] {
        &self.active
    }

    /// The options of an analytic.
    #[must_use]
    pub fn section(&self, id: &str) -> Section<'_> {
        let mut entries = Vec::new();
        for (name, json) in &self.members {
            if id.eq_ignore_ascii_case(name) {
                let own = json.as_table().unwrap_or_default();
                entries.extend(own.iter().map(|(own, json)| Entry { table: Some(name), name: own, json }));
            } else if name != "analytics" && !is_of(self.known, name) {
                entries.push(Entry { table: None, name, json });
            }
        }
        let others = self.known.iter().filter(|known| known.id != id);
        Section { entries, foreign: others.flat_map(|known| known.thresholds).copied().collect() }
    }

    fn check(&mut self) -> Problems {
        let mut problems = Problems::default();
        for (at, (name, json)) in self.members.iter().enumerate() {
            let place = Place::Member(&Place::Whole, name);
            let before = self.members.get(..at).unwrap_or_default();
            let twice = before.iter().any(|(other, _)| name.eq_ignore_ascii_case(other));
            if is_of(self.known, name) || name == "analytics" {
                if twice {
                    let message = format!("{} stands there twice; expected once", short(json.raw()));
                    problems.note(&place, code::TWICE, message);
                } else if name == "analytics" {
                    self.active = analytics(json, self.known, &place, &mut problems);
                } else {
                    table(name, json, &place, &mut problems);
                }
            } else if !self.flat && !is_shared(name) {
                stray(name, json, self.known, &place, &mut problems);
            }
        }
        problems
    }
}

fn is_of(known: &[Known], name: &str) -> bool {
    known.iter().any(|known| known.id.eq_ignore_ascii_case(name))
}

fn is_shared(name: &str) -> bool {
    name == "override" || Common::FIELDS.iter().any(|field| field.name == name)
}

/// Reads the option `analytics`.
fn analytics(
    json: &Json<'_>,
    known: &[Known],
    place: &Place<'_>,
    problems: &mut Problems,
) -> Vec<&'static str> {
    let mut active = Vec::new();
    let Some(list) = json.as_list() else {
        let message = format!("{} is {}; expected a list of ids", short(json.raw()), json.sort());
        problems.note(place, code::WRONG_TYPE, message);
        return active;
    };
    for (at, element) in list.iter().enumerate() {
        let is = |known: &&Known| element.as_str().is_some_and(|id| known.id.eq_ignore_ascii_case(id));
        if !known.iter().any(|known| is(&known)) {
            let message = format!("{} is no analytic; expected one of {}", short(element.raw()), ids(known));
            problems.note(&Place::Element(place, at), code::UNKNOWN_ANALYTIC, message);
        }
        active.extend(known.iter().filter(is).map(|known| known.id));
    }
    if list.is_empty() {
        let message = format!("[] is empty; expected at least one of {}", ids(known));
        problems.note(place, code::EMPTY, message);
    }
    known.iter().map(|known| known.id).filter(|id| active.contains(id)).collect()
}

/// Checks the table of an analytic for options that are allowed at the top level only.
fn table(name: &str, json: &Json<'_>, place: &Place<'_>, problems: &mut Problems) {
    let Some(own) = json.as_table() else {
        let message = format!("{} is {}; expected a table of options", short(json.raw()), json.sort());
        return problems.note(place, code::WRONG_TYPE, message);
    };
    for (option, json) in own {
        if Common::DECODING.contains(&option.as_str()) {
            let message = format!(
                "{} would hold for all analytics, which read each record together; expected outside of [{name}]",
                short(json.raw()),
            );
            problems.note(&Place::Member(place, option), code::MISPLACED, message);
        }
    }
}

/// Notes a member of the top level that is no shared option.
fn stray(name: &str, json: &Json<'_>, known: &[Known], place: &Place<'_>, problems: &mut Problems) {
    let mut shared = Common::FIELDS.iter().map(|field| field.name).chain(["override", "analytics"]);
    let (code, mut message) =
        match (json.as_table().is_some(), shared.any(|shared| near(name, [shared].into_iter()).is_some())) {
            (true, false) => (code::UNKNOWN_ANALYTIC, String::from("there is no such analytic;")),
            _ => (code::UNKNOWN_OPTION, String::from("there is no such option for all analytics;")),
        };
    let shared = Common::FIELDS.iter().map(|field| field.name).chain(["override", "analytics"]);
    if let Some(near) = near(name, shared.chain(known.iter().map(|known| known.id))) {
        message.push_str(&format!(" did you mean {near}?"));
    }
    message.push_str(&format!(" Options of one analytic stand in its table: {}", ids(known)));
    problems.note(place, code, message);
}

fn ids(known: &[Known]) -> String {
    let mut list = String::new();
    for known in known {
        list.push_str(if list.is_empty() { "" } else { ", " });
        list.push_str(known.id);
    }
    list
}

#[cfg(test)]
mod tests;
