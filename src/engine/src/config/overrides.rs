//! Overrides: other thresholds and severities for certain users, sources or hosts.

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
use crate::hash::{Hasher128, Salt};
use crate::net::Cidr;
use crate::order::sort;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::take;

/// One override. All conditions that it gives must hold.
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

/// The most overrides that are tried for one event.
const MOST_TRIED: usize = 1000;

/// The most users, addresses and hosts in the overrides that are tried for one event. One list may hold half as many.
const MOST_NAMES: usize = 20_000;

/// All overrides. The first one whose conditions hold for an event decides.
///
/// Overrides that name exact users, addresses or hosts are found by a lookup, so a hundred thousand cost no more than
/// a few. If an override has several such conditions, the lookup uses the one whose names the fewest other overrides
/// share. Overrides with patterns are tried in turn, and their number is bounded.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    all: Vec<Override>,
    /// The hash of each name by which an override is found, and the override's place; sorted. An override may occur
    /// many times.
    named: Vec<(u64, u32)>,
    /// The places of the overrides that are tried in turn.
    patterns: Vec<u32>,
}

impl PartialEq for Overrides {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

/// The kinds of conditions by which an override is found.
const USER: u8 = b'u';
const HOST: u8 = b'h';
const ADDRESS: u8 = b'a';

/// The hash of a name without ASCII case, or of an address.
fn hash(kind: u8, what: &[u8]) -> u64 {
    let mut hasher = Hasher128::new(Salt::new(""), kind);
    for chunk in what.chunks(64) {
        let mut lower = [0; 64];
        let Some(lower) = lower.get_mut(..chunk.len()) else { continue };
        lower.copy_from_slice(chunk);
        if kind != ADDRESS {
            lower.make_ascii_lowercase();
        }
        hasher = hasher.part(lower);
    }
    hasher.finish().halves().0
}

/// The override that decides for one event, if any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judgement<'c>(Option<&'c Override>);

impl<'c> Judgement<'c> {
    /// The threshold at `index` of the analytic's list, or `default` if no override sets it.
    #[must_use]
    pub fn threshold(self, index: usize, default: u32) -> u32 {
        self.0.and_then(|o| o.thresholds.get(index).copied().flatten()).unwrap_or(default)
    }

    /// The severity after the override.
    #[must_use]
    pub fn severity(self, base: Severity) -> Severity {
        self.0.and_then(|o| o.severity).map_or(base, |change| change.apply(base))
    }

    /// True if the override excludes the event.
    #[must_use]
    pub fn ignored(self) -> bool {
        self.0.is_some_and(|o| o.ignore)
    }

    /// The reason given in the override, for the alert's context.
    #[must_use]
    pub fn reason(self) -> Option<&'c str> {
        self.0.and_then(|o| o.reason.as_deref())
    }
}

impl Overrides {
    fn of(all: Vec<Override>) -> Self {
        let (mut named, mut patterns) = (Vec::new(), Vec::new());
        let conditions: Vec<Vec<Vec<u64>>> = all.iter().map(Override::names).collect();
        let mut asked: Vec<u64> = conditions.iter().flatten().flatten().copied().collect();
        sort(&mut asked, |one, other| one < other);
        let count_to = |end: &dyn Fn(u64) -> bool| asked.partition_point(|other| end(*other));
        let often = |hash: u64| count_to(&|other| other <= hash) - count_to(&|other| other < hash);
        // If several have the same conditions, the first decides, and the others are dropped.
        let mut same: Vec<(u128, u32)> =
            (0..).zip(&all).map(|(place, one)| (one.conditions(), place)).collect();
        sort(&mut same, |one, other| one < other);
        same.dedup_by_key(|(conditions, _)| *conditions);
        sort(&mut same, |(_, one), (_, other)| one < other);
        for (_, place) in same {
            let names = conditions.get(place as usize).into_iter().flatten();
            match names.min_by_key(|names| names.iter().map(|hash| often(*hash)).max()) {
                Some(names) => named.extend(names.iter().map(|hash| (*hash, place))),
                None => patterns.push(place),
            }
        }
        sort(&mut named, |one, other| one < other);
        named.dedup();
        Self { all, named, patterns }
    }

    /// Finds the override for `event`. O(log n) in the overrides that name a user, an address or a host;
    /// O(conditions) in the other overrides before the one that decides.
    #[must_use]
    pub fn judge(&self, event: &Event<'_>) -> Judgement<'_> {
        if self.all.is_empty() {
            return Judgement(None);
        }
        let holds = |place: &u32| self.all.get(*place as usize).is_some_and(|one| one.holds(event));
        let octets = event.src_ip.map(crate::net::octets);
        let asked = [
            (!event.user.is_empty()).then(|| hash(USER, event.user.as_bytes())),
            (!event.host.is_empty()).then(|| hash(HOST, event.host.as_bytes())),
            octets.map(|octets| hash(ADDRESS, &octets)),
        ];
        let named = asked.into_iter().flatten().filter(|_| !self.named.is_empty()).filter_map(|asked| {
            let first = self.named.partition_point(|(hash, _)| *hash < asked);
            let same = self.named.get(first..)?.iter().take_while(|(hash, _)| *hash == asked);
            same.map(|(_, place)| *place).find(holds)
        });
        let named = named.min();
        let before = |place: &u32| named.is_none_or(|named| *place < named);
        let tried = self.patterns.iter().copied().take_while(before).find(holds);
        Judgement(tried.or(named).and_then(|place| self.all.get(place as usize)))
    }

    /// The most overrides that share a name and may have to be tried for one event, and the number of their names.
    fn crowd(&self) -> (usize, usize) {
        let (mut most, mut names) = (0, 0);
        for same in self.named.chunk_by(|(one, _), (other, _)| one == other) {
            let one = |(_, place): &(u64, u32)| self.all.get(*place as usize);
            // The search stops at the first override with a single condition, so no later one is tried.
            let tried = same.iter().filter_map(one).take_while(|one| one.kinds() > 1);
            let (count, sum) = tried.fold((0, 0), |(count, sum), one| (count + 1, sum + one.len()));
            (most, names) = (most.max(count), names.max(sum));
        }
        (most, names)
    }

    /// A message if too many overrides would be tried for one event.
    fn excess(&self) -> Option<String> {
        let patterns = self.patterns.iter().filter_map(|place| self.all.get(*place as usize));
        let patterns = patterns.fold((0, 0), |(count, sum), one| (count + 1, sum + one.len()));
        for ((count, names), what) in [
            (patterns, "hold for patterns, blocks or for all"),
            (self.crowd(), "have a user, an address or a host in common"),
        ] {
            let (found, most) = match (count > MOST_TRIED, names > MOST_NAMES) {
                (true, _) => (format!("{count} overrides {what}"), MOST_TRIED),
                (_, true) => (format!("the overrides that {what} list {names} names and blocks"), MOST_NAMES),
                _ => continue,
            };
            return Some(format!(
                "{found}; expected at most {most}, as each is tried for an event. Overrides that name different users, \
                 addresses or hosts are not limited"
            ));
        }
        None
    }

    /// All values that overrides give to the threshold at `index`.
    pub fn thresholds(&self, index: usize) -> impl Iterator<Item = u32> {
        self.all.iter().filter_map(move |o| o.thresholds.get(index).copied().flatten())
    }

    /// Reads all lists of overrides. The list of an analytic's own table goes before the shared list. `foreign` names
    /// thresholds of other analytics, which the shared list may set.
    pub(super) fn read(
        input: &mut Input<'_>,
        thresholds: &'static [&'static str],
        foreign: &[&'static str],
    ) -> Self {
        let (own, shared): (Vec<_>, Vec<_>) =
            input.all("override").into_iter().partition(|entry| entry.table.is_some());
        let mut overrides = Vec::new();
        let mut last = None;
        for entry in own.into_iter().chain(shared) {
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
        let overrides = Self::of(overrides);
        if let Some(message) = overrides.excess() {
            input.wrong("override", code::CONFLICT, message);
        }
        overrides
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

/// The members of an override, except its thresholds.
const FIELDS: [(&str, Kind, &str); 6] = [
    ("users", <Vec<Glob>>::KIND, "Holds for these users."),
    ("sources", <Vec<Cidr>>::KIND, "Holds for these addresses."),
    ("hosts", <Vec<Glob>>::KIND, "Holds for events of these hosts."),
    ("severity", SeverityChange::KIND, "The severity of alerts, or steps up or down."),
    ("ignore", bool::KIND, "Whether the event is ignored altogether."),
    ("reason", String::KIND, "Named in the context of alerts."),
];

impl Override {
    /// Reads one override. Returns `None` if it is wrong, and if it only sets thresholds of other analytics.
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
        // Thresholds of other analytics do not belong to this analytic's digest.
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

    /// The hashes of the names, for each condition that has names only and no patterns.
    fn names(&self) -> Vec<Vec<u64>> {
        let of = |kind, globs: &Option<Vec<Glob>>| -> Option<Vec<u64>> {
            globs.as_ref()?.iter().map(|glob| Some(hash(kind, glob.whole()?.as_bytes()))).collect()
        };
        let addresses = || -> Option<Vec<u64>> {
            let blocks = self.sources.as_ref()?.iter();
            blocks.map(|block| Some(hash(ADDRESS, &crate::net::octets(block.single()?)))).collect()
        };
        [of(USER, &self.users), of(HOST, &self.hosts), addresses()].into_iter().flatten().collect()
    }

    /// The fingerprint of the conditions.
    fn conditions(&self) -> u128 {
        let mut bytes = Vec::new();
        for (kind, globs) in [(USER, &self.users), (HOST, &self.hosts)] {
            if let Some(globs) = globs {
                bytes.push(kind);
                globs.digest(&mut bytes);
            }
        }
        if let Some(blocks) = &self.sources {
            bytes.push(ADDRESS);
            blocks.digest(&mut bytes);
        }
        Hasher128::new(Salt::new(""), b'c').part(&bytes).finish().0
    }

    /// The number of conditions.
    fn kinds(&self) -> usize {
        let Self { users, hosts, sources, .. } = self;
        usize::from(users.is_some()) + usize::from(hosts.is_some()) + usize::from(sources.is_some())
    }

    /// The number of users, addresses and hosts in the conditions.
    fn len(&self) -> usize {
        let Self { users, hosts, sources, .. } = self;
        let names = [users, hosts].into_iter().flatten().map(Vec::len).sum::<usize>();
        names + sources.as_ref().map_or(0, Vec::len)
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
