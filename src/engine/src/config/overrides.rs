//! Overrides: other thresholds and severities for some users, sources or hosts.

use super::glob::Glob;
use super::input::{Input, at};
use super::kinds::Kind;
use super::problems::{Place, code, short};
use super::schema::property;
use super::settings::Setting;
use super::severity::SeverityChange;
use super::values::Threshold;
use crate::alert::Severity;
use crate::event::Event;
use crate::net::Cidr;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::take;

/// One override. Its conditions are those given; all of them must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    users: Option<Vec<Glob>>,
    sources: Option<Vec<Cidr>>,
    hosts: Option<Vec<Glob>>,
    thresholds: Vec<Option<u32>>,
    severity: Option<SeverityChange>,
    ignore: bool,
    reason: Option<String>,
}

/// All overrides: the first whose conditions hold for an event decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides(Vec<Override>);

/// What an override says of one event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judgement<'c>(Option<&'c Override>);

impl<'c> Judgement<'c> {
    /// The threshold at `index` of the analytic's list, or `default` where no override sets it.
    #[must_use]
    pub fn threshold(self, index: usize, default: u32) -> u32 {
        self.0.and_then(|o| o.thresholds.get(index).copied().flatten()).unwrap_or(default)
    }

    /// The severity after the override.
    #[must_use]
    pub fn severity(self, base: Severity) -> Severity {
        self.0.and_then(|o| o.severity).map_or(base, |change| change.apply(base))
    }

    /// Whether the event is ignored altogether.
    #[must_use]
    pub fn ignored(self) -> bool {
        self.0.is_some_and(|o| o.ignore)
    }

    /// The reason the override gives, for the alert's context.
    #[must_use]
    pub fn reason(self) -> Option<&'c str> {
        self.0.and_then(|o| o.reason.as_deref())
    }
}

impl Overrides {
    /// What the overrides say of `event`. O(conditions).
    #[must_use]
    pub fn judge(&self, event: &Event<'_>) -> Judgement<'_> {
        Judgement(self.0.iter().find(|o| o.holds(event)))
    }

    /// All values that an override gives to the threshold at `index`.
    pub fn thresholds(&self, index: usize) -> impl Iterator<Item = u32> {
        self.0.iter().filter_map(move |o| o.thresholds.get(index).copied().flatten())
    }

    /// Reads all lists of overrides: those of an analytic's own table before those that all analytics share. `foreign`
    /// names thresholds of other analytics, which the latter may set.
    pub(super) fn read(
        input: &mut Input<'_>,
        thresholds: &'static [&'static str],
        foreign: &[&'static str],
    ) -> Self {
        let mut lists = input.all("override");
        lists.sort_by_key(|entry| entry.table.is_none());
        let mut overrides = Vec::new();
        let mut last = None;
        for entry in lists {
            let foreign = if entry.table.is_none() { foreign } else { &[] };
            let twice = last.replace(entry.table) == Some(entry.table);
            at(&Place::Whole, &entry, |place| {
                let (raw, sort) = (short(entry.json.raw()), entry.json.sort());
                if twice {
                    return input.problems.note(
                        place,
                        code::TWICE,
                        format!("{raw} stands there twice; expected once"),
                    );
                }
                let Some(list) = entry.json.as_list() else {
                    let message = format!("{raw} is {sort}; expected a list of tables");
                    return input.problems.note(place, code::WRONG_TYPE, message);
                };
                for (number, json) in list.iter().enumerate() {
                    let place = Place::Element(place, number);
                    let Some(table) = json.as_table() else {
                        let message = format!("{} is {}; expected a table", short(json.raw()), json.sort());
                        input.problems.note(&place, code::WRONG_TYPE, message);
                        continue;
                    };
                    let mut one = Input::of(table, place);
                    let read = Override::read(&mut one, thresholds, foreign);
                    input.problems.merge(take(&mut one.problems));
                    if let Some(read) = read {
                        input.changes.push(b'{');
                        input.changes.append(&mut one.changes);
                        overrides.push(read);
                    }
                }
            });
        }
        Self(overrides)
    }

    /// Writes the property `override` of the JSON Schema.
    pub(super) fn schema(thresholds: &[&'static str], out: &mut String) {
        out.push_str(
            "\"override\":{\"type\":\"array\",\"description\":\"The first override whose given conditions all hold \
             for an event decides.\",\"items\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{",
        );
        for (name, kind, doc) in FIELDS {
            property(name, kind, &[doc], out);
            out.push_str("},");
        }
        for name in thresholds {
            property(name, Threshold::KIND, &["Takes the place of the option of the same name."], out);
            out.push_str("},");
        }
        out.pop();
        out.push_str("}}}");
    }
}

/// What an override may say beside thresholds.
const FIELDS: [(&str, Kind, &str); 6] = [
    ("users", <Vec<Glob>>::KIND, "Holds for these users."),
    ("sources", <Vec<Cidr>>::KIND, "Holds for these addresses."),
    ("hosts", <Vec<Glob>>::KIND, "Holds for events of these hosts."),
    ("severity", SeverityChange::KIND, "The severity of alerts, or steps up or down."),
    ("ignore", bool::KIND, "Whether the event is ignored altogether."),
    ("reason", String::KIND, "Named in the context of alerts."),
];

impl Override {
    /// `None` where it is wrong, and where it sets only thresholds of other analytics.
    fn read(
        input: &mut Input<'_>,
        thresholds: &'static [&'static str],
        foreign: &[&'static str],
    ) -> Option<Self> {
        let users = input.optional::<Vec<Glob>>("users");
        let sources = input.optional::<Vec<Cidr>>("sources");
        let hosts = input.optional::<Vec<Glob>>("hosts");
        let mut values = Vec::new();
        for name in thresholds {
            values.push(input.optional::<Threshold>(name).map(|threshold| threshold.0));
        }
        let severity = input.optional("severity");
        let ignore = input.optional("ignore").unwrap_or(false);
        let reason = input.optional("reason");
        // What others are told is not part of what this analytic does.
        let changes = input.changes.len();
        let mut elsewhere = false;
        for name in foreign.iter().filter(|name| !thresholds.contains(name)) {
            elsewhere |= input.optional::<Threshold>(name).is_some();
        }
        input.changes.truncate(changes);
        let mut known = thresholds.to_vec();
        known.splice(0..0, FIELDS.iter().map(|(name, ..)| *name));
        input.reject_unknown(&known);
        for (name, empty) in [
            ("users", users.as_ref().is_some_and(Vec::is_empty)),
            ("sources", sources.as_ref().is_some_and(Vec::is_empty)),
            ("hosts", hosts.as_ref().is_some_and(Vec::is_empty)),
        ] {
            if empty {
                let message = format!(
                    "[] is empty; expected at least one, since without {name} the override holds for all"
                );
                input.wrong(name, code::EMPTY, message);
            }
        }
        let says_nothing = values.iter().all(Option::is_none) && severity.is_none() && !ignore;
        let left_out = elsewhere && says_nothing;
        (input.problems.is_empty() && !left_out).then_some(Self {
            users,
            sources,
            hosts,
            thresholds: values,
            severity,
            ignore,
            reason,
        })
    }

    fn holds(&self, event: &Event<'_>) -> bool {
        let any = |globs: &[Glob], name: &str, fold| globs.iter().any(|g| g.matches(name, fold));
        self.users.as_ref().is_none_or(|users| any(users, &event.user, event.folds()))
            && self.hosts.as_ref().is_none_or(|hosts| any(hosts, &event.host, true))
            && self
                .sources
                .as_ref()
                .is_none_or(|blocks| event.src_ip.is_some_and(|ip| blocks.iter().any(|b| b.contains(ip))))
    }
}
