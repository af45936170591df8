//! Reads configurations (TOML or JSON files, and `key=value` pairs) and turns them into the JSON of the contract.
//!
//! All commands use the same layout:
//!
//! ```toml
//! analytics = ["an1276", "fls"]   # the analytics to run, if -a names none
//! timezone = "Europe/Berlin"      # shared options are at the top
//! allow_ips = { file = "egress.txt" }
//!
//! [an1276]                        # the options of one analytic
//! min_failures = 8
//!
//! [[override]]                    # applies to all analytics
//! users = ["svc-*"]
//! ignore = true
//! ```
//!
//! If exactly one analytic is chosen, its options may also be at the top. The analytics validate their own options,
//! and this module adds the place in the file to their problems.

pub mod effective;
mod lists;
mod problem;
#[cfg(all(feature = "serve", unix))]
pub mod schema;
#[cfg(all(feature = "serve", unix))]
pub mod service;
mod tree;
pub mod zones;

pub use problem::{CODES, Origin, Problem, Problems, Source};

use authsieve_engine::config::{Common, Settings as _, code, near};
use authsieve_engine::stamp::Zone;
use serde_json::{Map, Value};
use std::path::Path;
use tree::{Content, Member, Node};

/// The tables that are for commands and not for analytics.
const TABLES_OF_HOSTS: [&str; 4] = ["server", "sources", "sinks", "cluster"];

/// The members of an override that are not thresholds.
const CONDITIONS: [&str; 6] = ["users", "sources", "hosts", "severity", "ignore", "reason"];

/// A configuration as it was written.
#[derive(Clone, Debug)]
pub struct Config {
    sources: Vec<Source>,
    file: Node,
    /// The pairs of `--set`, in order.
    assignments: Vec<(String, Node)>,
    /// Options that are set for every analytic and win over all others.
    forced: Vec<(String, Value)>,
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The configuration has problems.
    #[error("{0}")]
    Invalid(Problems),
}

/// The analytics that a configuration is for.
#[derive(Clone, Copy)]
pub struct Audience<'a> {
    /// The ids of the analytics that run.
    pub active: &'a [&'a str],
    /// The ids that may name a table, running or not.
    pub known: &'a [&'a str],
    /// True if exactly one analytic was chosen, so that its options may be at the top.
    pub one: bool,
    /// The options of an analytic that an override may set. Called only if an override sets one.
    pub thresholds: &'a dyn Fn(&str) -> Vec<String>,
}

impl Audience<'_> {
    fn knows(&self, id: &str) -> bool {
        self.known.iter().any(|known| known.eq_ignore_ascii_case(id))
    }

    /// The ids for an error message, without repetition.
    fn listed(&self) -> String {
        let mut list: Vec<String> = Vec::new();
        for id in self.known {
            let id = id.to_ascii_lowercase();
            if !list.contains(&id) {
                list.push(id);
            }
        }
        list.join(", ")
    }
}

impl Default for Config {
    fn default() -> Self {
        let file = Node::table(Origin { source: 0, span: 0..0 });
        Self { sources: Vec::new(), file, assignments: Vec::new(), forced: Vec::new() }
    }
}

impl Config {
    /// Reads a file, the lists that the file names, and `key=value` pairs, which win over the file. The file is TOML,
    /// or JSON if it begins with a brace.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or with all problems that were found.
    pub fn read(file: Option<&Path>, assignments: &[String]) -> Result<Self, Error> {
        let mut config = Self::default();
        let mut problems = Vec::new();
        if let Some(path) = file {
            let name = path.display().to_string();
            let bytes = std::fs::read(path).map_err(|e| Error::Unreadable(format!("{name}: {e}")))?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if std::str::from_utf8(&bytes).is_err() {
                problems.push(Problem::new("syntax", "", format!("{name} is not text in UTF-8")));
            } else {
                match tree::parse(&text, 0) {
                    Ok(node) => config.file = node,
                    Err(wrong) => problems.extend(wrong),
                }
            }
            config.sources.push(Source { name, text, is_file: true });
            let folder = path.parent().unwrap_or(Path::new(""));
            lists::load(&mut config.file, folder, "", &mut config.sources, &mut problems);
        }
        for assignment in assignments {
            config.assign(assignment, &mut problems);
        }
        if problems.is_empty() { Ok(config) } else { Err(Error::Invalid(config.problems(problems))) }
    }

    /// The same configuration with further options, which override all others.
    ///
    /// # Errors
    /// Fails for a text that is no assignment.
    pub fn with(&self, further: &[(String, String)]) -> Result<Self, Problems> {
        let mut config = self.clone();
        let mut problems = Vec::new();
        for (option, value) in further {
            config.assign(&format!("{option}={value}"), &mut problems);
        }
        if problems.is_empty() { Ok(config) } else { Err(config.problems(problems)) }
    }

    fn assign(&mut self, assignment: &str, problems: &mut Vec<Problem>) {
        let source = self.sources.len();
        self.sources.push(Source { name: "--set".into(), text: assignment.to_owned(), is_file: false });
        let whole = Origin { source, span: 0..assignment.len() };
        let Some((key, value)) = assignment.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
            let message = "this is no assignment; expected key=value, as in min_failures=8".to_owned();
            problems.push(Problem::new("syntax", "", message).at(whole));
            return;
        };
        let origin = Origin { source, span: key.len() + 1..assignment.len() };
        let mut node = value_of(value.trim(), &origin);
        lists::load(&mut node, Path::new(""), key.trim(), &mut self.sources, problems);
        self.assignments.push((key.trim().to_owned(), node));
    }

    /// Sets an option for every analytic. It wins over everything else.
    pub fn force(&mut self, option: &str, value: impl Into<Value>) {
        self.forced.push((option.to_owned(), value.into()));
    }

    /// True if an option at the top is set.
    #[must_use]
    pub fn sets(&self, option: &str) -> bool {
        self.file.get(option).is_some() || self.assignments.iter().any(|(key, _)| key == option)
    }

    /// The options for reading the times of records, as JSON: [`authsieve_inputs::clock_options`] of this configuration.
    #[must_use]
    pub fn times(&self) -> String {
        let json = |path: &str, node: &Node| match named_zone(node).filter(|_| path == "timezone") {
            Some(zone) => zones::transitions(zone),
            None => Some(node.json()),
        };
        let mut given = Vec::new();
        for member in self.file.members() {
            let own = member.node.members().iter();
            given.extend(own.map(|own| (format!("{}.{}", member.name, own.name), &own.node)));
            given.push((member.name.clone(), &member.node));
        }
        given.extend(self.assignments.iter().map(|(key, node)| (key.clone(), node)));
        let given = given.into_iter().filter_map(|(path, node)| Some((json(&path, node)?.to_string(), path)));
        let given: Vec<(String, String)> = given.collect();
        authsieve_inputs::clock_options(given.iter().map(|(value, path)| (path.as_str(), value.as_str())))
    }

    /// The ids in `analytics`, if the list is there and valid.
    #[must_use]
    pub fn analytics(&self) -> Option<Vec<String>> {
        let assigned =
            self.assignments.iter().rev().find(|(key, _)| key == "analytics").map(|(_, node)| node);
        let Content::List(list) = &assigned.or_else(|| self.file.get("analytics"))?.content else {
            return None;
        };
        list.iter().map(|id| id.as_str().map(str::to_owned)).collect()
    }

    /// Adds the sources to problems, so that their places can be shown.
    #[must_use]
    pub fn problems(&self, list: Vec<Problem>) -> Problems {
        let mut problems = Problems { list: Vec::new(), sources: self.sources.clone().into() };
        problems.extend(list);
        problems
    }

    /// The configuration of each running analytic, as JSON. Empty for the defaults. Also returns the problems that no
    /// analytic would see.
    #[must_use]
    pub fn split(&self, audience: Audience<'_>) -> (Vec<String>, Problems) {
        let each: Vec<&[&str]> = audience.active.iter().map(std::slice::from_ref).collect();
        self.of_components(&each, audience)
    }

    /// The configuration of each component. A component runs the analytics with the given ids.
    #[must_use]
    pub fn of_components(&self, components: &[&[&str]], audience: Audience<'_>) -> (Vec<String>, Problems) {
        let mut problems = Vec::new();
        let whole = self.whole(audience, &mut problems);
        let texts = components.iter().map(|ids| self.of(&whole, ids, audience)).collect();
        (texts, self.problems(problems))
    }

    /// Joins the file and the pairs into one tree, in the layout of the analytics.
    fn whole(&self, audience: Audience<'_>, problems: &mut Vec<Problem>) -> Node {
        let mut whole = self.file.clone();
        let flat = self.is_flat(audience);
        for (key, node) in &self.assignments {
            let path: Vec<&str> = key.split('.').map(str::trim).collect();
            let (head, rest) = path.split_first().unwrap_or((&"", &[]));
            let origin = Origin { span: 0..key.len(), ..node.origin.clone() };
            let one = audience.active.first().filter(|_| audience.one);
            if audience.knows(head) && !rest.is_empty() {
                if !audience.active.iter().any(|id| id.eq_ignore_ascii_case(head)) {
                    let message = format!("{head} does not run; -a chooses which analytics do");
                    problems.push(Problem::new(code::MISPLACED, key, message).at(origin));
                    continue;
                }
                let own = whole.members().iter().find(|member| member.name.eq_ignore_ascii_case(head));
                let own = own.map_or((*head).to_owned(), |member| member.name.clone());
                if flat {
                    // Only one analytic is chosen, and its options are at the top.
                    whole.set(rest, &origin, node.clone());
                } else {
                    let path: Vec<&str> = std::iter::once(own.as_str()).chain(rest.iter().copied()).collect();
                    whole.set(&path, &origin, node.clone());
                }
            } else if flat || is_shared(head) || (!rest.is_empty() && one.is_none()) {
                whole.set(&path, &origin, node.clone());
            } else if let Some(one) = one {
                let own = whole.members().iter().find(|member| member.name.eq_ignore_ascii_case(one));
                let own = own.map_or((*one).to_owned(), |member| member.name.clone());
                let path: Vec<&str> = std::iter::once(own.as_str()).chain(path).collect();
                whole.set(&path, &origin, node.clone());
            } else {
                let example = audience.active.first().unwrap_or(&"an1276");
                let message = format!(
                    "several analytics run; expected the one it is for before it, as in {example}.{key}=…, or choose \
                     one with -a"
                );
                problems.push(Problem::new(code::MISPLACED, key, message).at(origin));
            }
        }
        if let Some(one) = audience.active.first().filter(|_| audience.one && !flat) {
            own_table(&mut whole, one, audience);
        }
        check(&whole, audience, flat, problems);
        whole
    }

    /// True if all options are at the top, because exactly one analytic is chosen.
    fn is_flat(&self, audience: Audience<'_>) -> bool {
        let names = || self.file.members().iter().map(|member| &*member.name);
        audience.one && names().all(|name| name != "analytics" && !audience.knows(name))
    }

    /// The configuration of a component that runs the analytics with these ids.
    fn of(&self, whole: &Node, ids: &[&str], audience: Audience<'_>) -> String {
        let flat = self.is_flat(audience);
        let (mut table, mut own) = (Map::new(), Vec::new());
        if ids.len() > 1 {
            table.insert("analytics".into(), ids.into());
        }
        for member in whole.members() {
            let name = member.name.as_str();
            let is_own = ids.iter().any(|id| name.eq_ignore_ascii_case(id));
            let seen = is_own || is_shared(name) || (flat && !TABLES_OF_HOSTS.contains(&name));
            if !seen || name == "analytics" {
                continue;
            }
            if is_own {
                own.push(name);
            }
            let mut value = member.node.json();
            if name == "timezone"
                && let Some(zone) = named_zone(&member.node)
            {
                // A wrong time zone was reported before.
                let Some(transitions) = zones::transitions(zone) else { continue };
                value = transitions;
            }
            if name == "override" {
                without_foreign(&mut value, ids, audience);
            }
            table.insert(name.to_owned(), value);
        }
        for (option, value) in &self.forced {
            for own in &own {
                if let Some(own) = table.get_mut(*own).and_then(Value::as_object_mut) {
                    own.insert(option.clone(), value.clone());
                }
            }
            if own.len() < ids.len() {
                table.insert(option.clone(), value.clone());
            }
        }
        if table.is_empty() { String::new() } else { line(Value::Object(table)) }
    }

    /// The problems that a component with these analytics found, with their places. `lines` is the text of the error
    /// `invalid-config`.
    #[must_use]
    pub fn refused(&self, lines: &str, ids: &[&str], audience: Audience<'_>) -> Problems {
        let whole = self.tree(audience);
        let mut overrides = whole.get("override").map(Node::json).unwrap_or_default();
        let kept = without_foreign(&mut overrides, ids, audience);
        let place = |line: &str| {
            let mut problem = Problem::parse(line);
            if let Some((number, rest)) =
                problem.path.strip_prefix("override[").and_then(|rest| rest.split_once(']'))
                && let Some(written) = number.parse::<usize>().ok().and_then(|number| kept.get(number))
            {
                problem.path = format!("override[{written}]{rest}");
            }
            let (node, origin) = whole.find(&problem.path, problem.is_of_name());
            // An unknown table may have been meant for an analytic.
            if problem.code == code::UNKNOWN_OPTION && node.is_table() && !problem.path.contains('.') {
                let message = problem.message.trim_start_matches("there is no such option");
                let known = audience.listed();
                problem.message = format!(
                    "there is neither such an option nor such an analytic; analytics are {known}{message}"
                );
            }
            match origin {
                Some(origin) => problem.at(origin.clone()),
                None => problem,
            }
        };
        self.problems(lines.lines().map(place).collect())
    }

    /// The whole configuration as a tree.
    fn tree(&self, audience: Audience<'_>) -> Node {
        self.whole(audience, &mut Vec::new())
    }
}

/// Moves the options at the top that are not shared into the table of the only running analytic. Options already in the
/// table win.
fn own_table(whole: &mut Node, one: &str, audience: Audience<'_>) {
    let is_own = |member: &Member| {
        let name = member.name.as_str();
        !is_shared(name)
            && !TABLES_OF_HOSTS.contains(&name)
            && !audience.knows(name)
            && !member.node.is_table()
    };
    let own: Vec<Member> = whole.members().iter().filter(|member| is_own(member)).cloned().collect();
    let table = whole.members().iter().find(|member| member.name.eq_ignore_ascii_case(one));
    let table = table.map_or(one.to_owned(), |member| member.name.clone());
    for Member { name, origin, node } in own {
        whole.remove(&name);
        if whole.get(&table).is_none_or(|table| table.get(&name).is_none()) {
            whole.set(&[&table, &name], &origin, node);
        }
    }
}

/// The most problems that are shown.
const MOST_PROBLEMS: usize = 100;

/// Finds the problems that no analytic would see.
fn check(whole: &Node, audience: Audience<'_>, flat: bool, problems: &mut Vec<Problem>) {
    for Member { name, origin, node } in whole.members() {
        let shared = is_shared(name) || TABLES_OF_HOSTS.contains(&name.as_str());
        if name == "analytics" {
            check_analytics(node, audience, problems);
        } else if name == "timezone" {
            check_zone(node, problems);
        }
        if flat || shared || audience.knows(name) || problems.len() >= MOST_PROBLEMS {
            continue;
        }
        let names = Common::FIELDS.iter().map(|field| field.name).chain(["override", "analytics"]);
        let near = near(name, names.chain(audience.known.iter().copied()));
        let meant = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
        let problem = if node.is_table() {
            let message = format!(
                "there is no such analytic; {meant}Analytics are {}. A table of options stands within that of its analytic",
                audience.listed()
            );
            Problem::new(code::UNKNOWN_ANALYTIC, name, message)
        } else {
            let tables: Vec<String> = audience.listed().split(", ").map(|id| format!("[{id}]")).collect();
            let message = format!(
                "analytics do not share such an option; {meant}An option of one analytic stands in its table ({}), or \
                 at the top if -a chooses that analytic alone",
                tables.join(", ")
            );
            Problem::new(code::UNKNOWN_OPTION, name, message)
        };
        problems.push(problem.at(origin.clone()));
    }
}

fn check_analytics(node: &Node, audience: Audience<'_>, problems: &mut Vec<Problem>) {
    let wrong = |code, path: &str, what: String, node: &Node| {
        let message = format!("{} {what}; expected a list with some of {}", node.json(), audience.listed());
        Problem::new(code, path, message).at(node.origin.clone())
    };
    match &node.content {
        Content::List(list) if list.is_empty() => {
            problems.push(wrong(code::EMPTY, "analytics", "is empty".into(), node));
        }
        Content::List(list) => {
            for (at, id) in list.iter().enumerate() {
                if !id.as_str().is_some_and(|id| audience.knows(id)) {
                    let path = format!("analytics[{at}]");
                    problems.push(wrong(code::UNKNOWN_ANALYTIC, &path, "is no analytic".into(), id));
                }
            }
        }
        _ => problems.push(wrong(code::WRONG_TYPE, "analytics", "is no list".into(), node)),
    }
}

/// The name of a time zone: a text that begins with a letter and is no offset.
fn named_zone(node: &Node) -> Option<&str> {
    let name = node.as_str().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    Zone::parse(name).is_none().then_some(name)
}

/// Reports an unknown time zone.
fn check_zone(node: &Node, problems: &mut Vec<Problem>) {
    let Some(name) = named_zone(node).filter(|name| zones::transitions(name).is_none()) else { return };
    let names: Vec<String> = zones::all().collect();
    let near = near(name, names.iter().map(String::as_str));
    let meant = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
    let message = format!(
        "{} is no time zone; {meant}Expected a name such as \"Europe/Berlin\", or an offset such as \"+02:00\"",
        node.json()
    );
    problems.push(Problem::new("unknown-zone", "timezone", message).at(node.origin.clone()));
}

/// Removes thresholds of other analytics from shared overrides, and removes overrides that are empty after that.
/// Returns the original numbers of the remaining ones.
fn without_foreign(overrides: &mut Value, ids: &[&str], audience: Audience<'_>) -> Vec<usize> {
    let Some(list) = overrides.as_array_mut() else { return Vec::new() };
    let mut kept: Vec<usize> = (0..list.len()).collect();
    let is_threshold = |name: &str| !CONDITIONS.contains(&name);
    let sets = |one: &Value| one.as_object().is_some_and(|one| one.keys().any(|name| is_threshold(name)));
    if !list.iter().any(sets) {
        return kept;
    }
    let own: Vec<String> = ids.iter().flat_map(|id| (audience.thresholds)(id)).collect();
    let is_own = |other: &&&str| ids.iter().any(|id| other.eq_ignore_ascii_case(id));
    let others = audience.known.iter().filter(|other| !is_own(other));
    let mut foreign: Vec<String> = others.flat_map(|other| (audience.thresholds)(other)).collect();
    foreign.retain(|name| !own.contains(name));
    let mut left = |one: &mut Value| {
        let Some(members) = one.as_object_mut() else { return true };
        let before = members.len();
        members.retain(|name, _| !foreign.contains(name));
        let says = members.keys().any(|name| is_threshold(name) || name == "severity" || name == "ignore");
        members.len() == before || says
    };
    kept.retain(|at| list.get_mut(*at).is_some_and(&mut left));
    *list = kept.iter().filter_map(|at| list.get(*at).cloned()).collect();
    kept
}

/// JSON on one line, with sorted members. The sorting makes the order independent of the feature
/// `serde_json/preserve_order`, which any crate in a build may turn on.
pub(crate) fn line(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

fn is_shared(name: &str) -> bool {
    ["override", "analytics"].contains(&name) || Common::FIELDS.iter().any(|field| field.name == name)
}

/// Parses a value on the command line as TOML, or else takes it as text.
fn value_of(text: &str, origin: &Origin) -> Node {
    let value = tree::parse(&format!("value = {text}"), origin.source).ok();
    let only = value.filter(|table| table.members().len() == 1).and_then(|table| table.get("value").cloned());
    let mut node = only.unwrap_or_else(|| Node {
        origin: origin.clone(),
        content: Content::Scalar(Value::String(text.to_owned())),
    });
    node.stand_at(origin);
    node
}

#[cfg(test)]
mod tests;
