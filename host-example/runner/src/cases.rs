//! Detection cases as data: what an analytic must say about a log.
//!
//! A case is a folder:
//!
//! | file | what |
//! |---|---|
//! | `input.*` | the log, in any form that `run` reads |
//! | `config.toml` | options that differ from the defaults (optional) |
//! | `case.toml` | `description`; `received` (RFC 3339): when the log was received; `stream = true`: its records came in a stream, not in a stored log; `analytic`, or `analytics`, a list (optional) |
//! | `expected.ndjson` | one JSON object per alert that must come, in order. Only the fields that it names are compared, exactly; `null`: the field must be absent. Empty: no alert |
//!
//! Nothing else may stand in it, so that a misspelt name does not go unnoticed. A case whose `case.toml` names no
//! analytic is one for the analytic it is run with, or, in `<id>/cases/…`, for the analytic of that folder. With several
//! analytics, `config.toml` has a table for each, and the alerts of a record come in the order of the ids.
//!
//! Cases run as `run` runs logs: framed, routed by needles, through the component in wasmtime.
//!
//! ```
//! use authsieve::cases::{Bench, Case, Verdict};
//! use authsieve_host::{Engine, Limits};
//!
//! let folder = tempfile::tempdir()?;
//! let case = folder.path();
//! std::fs::write(case.join("input.log"), "any log line\n")?;
//! std::fs::write(case.join("expected.ndjson"), "")?;
//! let bench = Bench::new(&Engine::new(Limits::default())?, &[])?;
//! let case = Case::read(case, &["an1276".into()])?;
//! assert!(matches!(case.judge(&bench.alerts(&case)?), Verdict::Passed));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod expect;
pub mod junit;

pub use expect::{Difference, Line};

use crate::arguments::received;
use crate::config::{Audience, Config};
use crate::feed;
use crate::selection::{self, Loaded, Selection};
use crate::sinks::Collected;
use crate::sources::{Files, Input, Loss, Source, Written};
use authsieve_components::Component;
use authsieve_engine::alert::Alert;
use authsieve_host::{Analytic, Engine, Session, StartError};
use expect::Expected;
use serde::Deserialize;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// When logs are received whose case does not say: 2026-06-01T00:00:00Z.
pub const RECEIVED: i64 = 1_780_272_000_000_000;

/// Folders deeper than this are not looked at.
const MAX_DEPTH: usize = 32;

/// What a case expects.
const EXPECTED: &str = "expected.ndjson";

/// A case, as it was read.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its folder, as it was named: what reports call the case.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// The ids of the analytics it is for.
    pub analytics: Vec<String>,
    /// When its log was received, in microseconds since 1970.
    pub received: i64,
    /// True if its records came in a stream, not in a stored log.
    pub stream: bool,
    /// The log.
    pub input: PathBuf,
    dir: PathBuf,
    config: Config,
    /// `None` where none was written yet.
    expected: Option<Expected>,
}

/// Why a case cannot be run, or what went wrong while it ran.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

/// What became of a case.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The alerts are those that were expected.
    Passed,
    /// They are not.
    Failed(Difference),
}

/// `case.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct About {
    description: String,
    received: Option<String>,
    stream: bool,
    analytic: Option<String>,
    analytics: Vec<String>,
}

/// The folders with cases in `root` and below, by name. `root` may be a case itself. Folders whose names begin with a
/// dot are left out, and links are not followed.
///
/// # Errors
/// When a folder cannot be read.
pub fn find(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    search(root, MAX_DEPTH, &mut found)?;
    Ok(found)
}

fn search(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = entries(dir)?;
    let is_part = |name: &str| is_input(name) || ["case.toml", EXPECTED].contains(&name);
    if entries.iter().any(|(name, kind)| !kind.is_dir() && is_part(name)) {
        found.push(dir.to_owned());
        return Ok(());
    }
    for (name, _) in entries.iter().filter(|(_, kind)| kind.is_dir() && depth > 0) {
        search(&dir.join(name), depth - 1, found)?;
    }
    Ok(())
}

/// What stands in a folder, by name; nothing hidden.
fn entries(dir: &Path) -> io::Result<Vec<(String, FileType)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            entries.push((name, entry.file_type()?));
        }
    }
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(entries)
}

fn is_input(name: &str) -> bool {
    name == "input" || name.starts_with("input.")
}

impl Case {
    /// Reads the case in `dir`. `analytics` are the ids it is run with, unless it names its own; without any, those of
    /// its place.
    ///
    /// # Errors
    /// Says what about it cannot be read or is not known. That nothing is expected yet is no error here.
    pub fn read(dir: &Path, analytics: &[String]) -> Result<Self, Broken> {
        let read = |name: &str| match fs::read_to_string(dir.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Broken(format!("{name}: {error}"))),
        };
        let entries = entries(dir).map_err(|error| Broken(error.to_string()))?;
        let mut inputs = Vec::new();
        for (name, kind) in &entries {
            match name.as_str() {
                name if kind.is_dir() => return Err(unknown(&format!("{name}/"))),
                name if is_input(name) => inputs.push(name),
                "case.toml" | "config.toml" | EXPECTED => {}
                name => return Err(unknown(name)),
            }
        }
        let input = match inputs[..] {
            [input] => dir.join(input),
            [] => return Err(Broken("there is no input.* (input.log, input.jsonl, input.csv, …)".into())),
            _ => return Err(Broken(format!("one input.* is wanted, there are {}", inputs.join(", ")))),
        };
        let about: About = match read("case.toml")? {
            Some(text) => toml::from_str(&text)
                .map_err(|error| Broken(format!("case.toml: {}", error.to_string().trim_end())))?,
            None => About::default(),
        };
        let config = if entries.iter().any(|(name, _)| name == "config.toml") {
            Config::read(Some(&dir.join("config.toml")), &[]).map_err(|error| Broken(error.to_string()))?
        } else {
            Config::default()
        };
        let received = match about.received {
            None => RECEIVED,
            Some(text) => received(&text).map_err(|why| Broken(format!("case.toml: `received`: {why}")))?,
        };
        let expected = read(EXPECTED)?.map(|text| Expected::parse(&text)).transpose();
        Ok(Self {
            name: dir.display().to_string(),
            description: about.description,
            analytics: chosen(dir, about.analytic, about.analytics, analytics)?,
            received,
            stream: about.stream,
            input,
            dir: dir.to_owned(),
            config,
            expected: expected.map_err(|why| Broken(format!("{EXPECTED}:{why}")))?,
        })
    }

    /// The configuration of each of its analytics, as JSON; empty for the defaults.
    ///
    /// # Errors
    /// For options that stand where no analytic sees them.
    pub fn configs(&self) -> Result<Vec<String>, Broken> {
        let each: Vec<&str> = self.analytics.iter().map(String::as_str).collect();
        self.configs_of(&each.iter().map(std::slice::from_ref).collect::<Vec<_>>(), &|_| Vec::new())
    }

    /// The same for components, of which each runs the analytics of these ids.
    fn configs_of(
        &self,
        components: &[&[&str]],
        thresholds: &dyn Fn(&str) -> Vec<String>,
    ) -> Result<Vec<String>, Broken> {
        let (texts, problems) =
            self.audience(thresholds, |audience| self.config.of_components(components, audience));
        if problems.list.is_empty() { Ok(texts) } else { Err(Broken(problems.to_string())) }
    }

    fn audience<T>(
        &self,
        thresholds: &dyn Fn(&str) -> Vec<String>,
        then: impl FnOnce(Audience<'_>) -> T,
    ) -> T {
        let active: Vec<&str> = self.analytics.iter().map(String::as_str).collect();
        let known = selection::known(&active);
        then(Audience { active: &active, known: &known, one: active.len() == 1, thresholds })
    }

    /// Its log in batches of one-line records, as an analytic gets them.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn batches(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut source = self.source();
        let mut batches = Vec::new();
        while let Some(batch) = source.next(Vec::new()) {
            for loss in batch.losses {
                if let Loss::Unreadable(error) = loss {
                    return Err(error);
                }
            }
            batches.push(batch.bytes);
        }
        Ok(batches)
    }

    fn source(&self) -> Files {
        let written = if self.stream { Written::Live } else { Written::At(self.received) };
        Files::new(vec![Input::Path(self.input.clone())]).received(Some(self.received)).written(written)
    }

    /// Compares alerts with what is expected. Where nothing was written down, everything differs.
    #[must_use]
    pub fn judge(&self, alerts: &[Alert]) -> Verdict {
        let nothing = Expected::default();
        match self.expected.as_ref().unwrap_or(&nothing).difference(alerts) {
            None => Verdict::Passed,
            Some(difference) => Verdict::Failed(difference),
        }
    }

    /// That it says what to expect.
    ///
    /// # Errors
    /// If not, with a way to write it.
    pub fn is_complete(&self) -> Result<(), Broken> {
        let missing = || {
            Broken(format!(
                "there is no {EXPECTED}: write one JSON object per alert that must come, in order, with the fields \
                 that matter (an empty file: no alert); or have `authsieve test --update {}` write what comes now, and \
                 check it",
                self.name
            ))
        };
        self.expected.as_ref().map(|_| ()).ok_or_else(missing)
    }

    /// Writes down that these alerts are expected: of each the fields that were named, of those nobody expected the
    /// most telling. Tells whether that changed anything.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn update(&self, alerts: &[Alert]) -> io::Result<bool> {
        if matches!((&self.expected, self.judge(alerts)), (Some(_), Verdict::Passed)) {
            return Ok(false);
        }
        let nothing = Expected::default();
        let expected = self.expected.as_ref().unwrap_or(&nothing);
        fs::write(self.dir.join(EXPECTED), expected.updated(alerts, self.analytics.len() > 1))?;
        Ok(true)
    }
}

fn unknown(name: &str) -> Broken {
    Broken(format!(
        "`{name}` does not belong to a case; there are: input.*, config.toml, case.toml, {EXPECTED}"
    ))
}

/// The analytics of the case in `dir`: those it names, or those given, or that of its place.
fn chosen(
    dir: &Path,
    one: Option<String>,
    several: Vec<String>,
    given: &[String],
) -> Result<Vec<String>, Broken> {
    let mut named = match (one, several.is_empty()) {
        (Some(_), false) => {
            return Err(Broken("case.toml: `analytic` and `analytics`: one of them is enough".into()));
        }
        (Some(one), true) => vec![one],
        (None, _) => several,
    };
    if named.is_empty() {
        named = given.to_vec();
    }
    if named.is_empty() {
        named.extend(place(dir));
    }
    if named.is_empty() {
        return Err(Broken(
            "it is not said which analytic it is for: choose one with -a, or write analytic = \"an1276\" into its \
             case.toml"
                .into(),
        ));
    }
    named.iter_mut().for_each(|id| id.make_ascii_lowercase());
    Ok(named)
}

/// `<id>` of `…/<id>/cases/…`.
fn place(dir: &Path) -> Option<String> {
    let whole = dir.canonicalize().ok()?;
    let names: Vec<_> = whole.iter().map(|name| name.to_string_lossy()).collect();
    let cases = names.iter().rposition(|name| name == "cases")?;
    let above = names.get(cases.checked_sub(1)?)?;
    Some(authsieve_components::get(above)?.id.to_owned())
}

/// Runs cases.
pub struct Bench {
    engine: Engine,
    /// Components from files.
    files: Vec<Loaded>,
    /// Built-in components that a case has asked for.
    loaded: Mutex<Vec<Arc<Analytic>>>,
    isolated: bool,
}

impl Bench {
    /// Takes the built-in analytics, and those of `files`, which go before them.
    ///
    /// # Errors
    /// When a file holds no analytic.
    pub fn new(engine: &Engine, files: &[PathBuf]) -> Result<Self, selection::Error> {
        let mut own = Vec::new();
        if !files.is_empty() {
            let chosen = Selection { files: files.to_vec(), ..Selection::default() }.choose()?;
            for analytic in selection::load(engine, chosen)? {
                own.push(Loaded::whole(analytic)?);
            }
        }
        Ok(Self { engine: engine.clone(), files: own, loaded: Mutex::default(), isolated: false })
    }

    /// Runs each analytic in a component of its own, also those of one case.
    #[must_use]
    pub fn isolated(self, isolated: bool) -> Self {
        Self { isolated, ..self }
    }

    /// The ids of the analytics in files.
    #[must_use]
    pub fn of_files(&self) -> Vec<String> {
        self.files.iter().flat_map(|component| component.ids.iter().cloned()).collect()
    }

    /// The ids of all analytics.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let builtin = authsieve_components::ALL.iter().map(|component| component.id.to_owned());
        self.of_files().into_iter().chain(builtin).collect()
    }

    /// The alerts that a case's log raises: in the order of the records, and for one record in that of the ids.
    ///
    /// # Errors
    /// For an analytic that there is not, a configuration that is not valid, a log that cannot be read, and an
    /// analytic that fails.
    pub fn alerts(&self, case: &Case) -> Result<Vec<Alert>, Broken> {
        let components = self.components(case)?;
        let ids: Vec<Vec<&str>> =
            components.iter().map(|one| one.ids.iter().map(String::as_str).collect()).collect();
        let ids: Vec<&[&str]> = ids.iter().map(Vec::as_slice).collect();
        let thresholds = |id: &str| selection::thresholds(&self.engine, &components, id);
        let mut sessions = Vec::new();
        for ((component, ids), config) in components.iter().zip(&ids).zip(case.configs_of(&ids, &thresholds)?)
        {
            // The seed changes nothing; that it is always the same makes a failure come again.
            let session =
                Session::start(Arc::clone(&component.analytic), config, 0).map_err(|error| match error {
                    StartError::Config(lines) => {
                        let told =
                            case.audience(&thresholds, |audience| case.config.refused(&lines, ids, audience));
                        Broken(told.to_string())
                    }
                    error => Broken(format!("{}: {error}", component.analytic.name())),
                });
            sessions.push(session?);
        }
        let mut sink = Collected::default();
        feed::run(case.source(), sessions, &mut sink).map_err(|error| Broken(error.to_string()))?;
        if sink.failures.is_empty() { Ok(sink.alerts) } else { Err(Broken(sink.failures.join("\n"))) }
    }

    /// The components for a case.
    fn components(&self, case: &Case) -> Result<Vec<Loaded>, Broken> {
        let failed = |error: selection::Error| Broken(error.to_string());
        let (mut components, mut builtin) = (Vec::<Loaded>::new(), Vec::new());
        for id in &case.analytics {
            if let Some(file) = self.files.iter().find(|component| component.runs(id)) {
                if !components.iter().any(|component| component.runs(id)) {
                    components.push(file.clone());
                }
            } else if let Some(component) = authsieve_components::get(id) {
                builtin.push(component);
            } else {
                let known = self.ids().join(", ");
                return Err(Broken(format!("no analytic is called `{id}`; there are: {known}")));
            }
        }
        builtin.sort_by_key(|component| component.id);
        if builtin.len() > 1 && !self.isolated {
            let ids = builtin.iter().map(|component| component.id.to_owned()).collect();
            let analytic = self.load(&authsieve_components::SUITE).map_err(failed)?;
            components.push(Loaded { analytic, ids });
        } else {
            for component in builtin {
                let analytic = self.load(component).map_err(failed)?;
                components.push(Loaded { analytic, ids: vec![component.id.to_owned()] });
            }
        }
        Ok(components)
    }

    /// A built-in component. Each is compiled once.
    fn load(&self, component: &Component) -> Result<Arc<Analytic>, selection::Error> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(analytic) = loaded.iter().find(|analytic| analytic.name() == component.id) {
            return Ok(Arc::clone(analytic));
        }
        let is_suite = component.id == authsieve_components::SUITE.id;
        let analytics = if is_suite { authsieve_components::ALL.len() } else { 1 };
        let engine = self.engine.limited(self.engine.limits().times(analytics));
        let analytic = Analytic::load(&engine, component.id, component.wasm);
        let analytic = analytic
            .map_err(|error| selection::Error::Failure(format!("{}: {error}", component.id)))
            .map(Arc::new)?;
        loaded.push(Arc::clone(&analytic));
        Ok(analytic)
    }
}

impl From<String> for Broken {
    fn from(why: String) -> Self {
        Self(why)
    }
}

#[cfg(test)]
mod tests;
