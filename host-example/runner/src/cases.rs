//! Detection cases as data: a log, and the alerts that an analytic must raise.
//!
//! A case is a folder:
//!
//! | file | content |
//! |---|---|
//! | `input.*` | the log, in any format that `run` reads |
//! | `config.toml` | options that differ from the defaults (optional) |
//! | `case.toml` | `description`; `received` (RFC 3339): the time of receipt; `stream = true`: the records came as a stream, not as a stored log; `analytic`, or a list `analytics` (optional) |
//! | `expected.ndjson` | one JSON object for each alert that must come, in order. Only the named fields are compared, exactly; `null` means that the field must be absent. Empty: no alert |
//!
//! No other file is allowed, so that a misspelt name is noticed. If `case.toml` names no analytic, the case is for the
//! analytic it is run with, or, in `<id>/cases/…`, for the analytic of that folder. With several analytics,
//! `config.toml` has a table for each, and the alerts of a record are ordered by id.
//!
//! A case runs in the same way as `run`: framing, prefilter, and the component in wasmtime.
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

/// The default time of receipt: 2026-06-01T00:00:00Z.
pub const RECEIVED: i64 = 1_780_272_000_000_000;

/// The deepest folder that is searched.
const MAX_DEPTH: usize = 32;

/// The file with the expected alerts.
const EXPECTED: &str = "expected.ndjson";

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The path of the folder. Reports use it as the name of the case.
    pub name: String,
    /// The description.
    pub description: String,
    /// The ids of the analytics.
    pub analytics: Vec<String>,
    /// The time of receipt, in microseconds since 1970.
    pub received: i64,
    /// True if the records came as a stream, not as a stored log.
    pub stream: bool,
    /// The path of the log.
    pub input: PathBuf,
    dir: PathBuf,
    config: Config,
    /// The expected alerts. `None` if there is no file yet.
    expected: Option<Expected>,
}

/// Why a case could not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

/// The result of a case.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The alerts are the expected ones.
    Passed,
    /// The alerts differ.
    Failed(Difference),
}

/// The content of `case.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct About {
    description: String,
    received: Option<String>,
    stream: bool,
    analytic: Option<String>,
    analytics: Vec<String>,
}

/// Finds the folders with cases in `root` and below, sorted by name. `root` may itself be a case. Skips folders whose
/// names begin with a dot, and does not follow links.
///
/// # Errors
/// Fails if a folder cannot be read.
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

/// The visible entries of a folder, sorted by name.
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
    /// Reads the case in `dir`. If the case names no analytics, it is for `analytics`, or if these are empty, for the
    /// analytic of its folder.
    ///
    /// # Errors
    /// Fails if a part cannot be read or is unknown. A missing `expected.ndjson` is no error here.
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
            _ => return Err(Broken(format!("there are {} files input.*; expected one", inputs.join(", ")))),
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

    /// The configuration of each analytic as JSON. Empty for the defaults.
    ///
    /// # Errors
    /// Fails for options in a place where no analytic sees them.
    pub fn configs(&self) -> Result<Vec<String>, Broken> {
        let each: Vec<&str> = self.analytics.iter().map(String::as_str).collect();
        self.configs_of(&each.iter().map(std::slice::from_ref).collect::<Vec<_>>(), &|_| Vec::new())
    }

    /// The configuration of each component. A component runs the analytics with the given ids.
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

    /// The log in batches of one-line records, as an analytic gets them.
    ///
    /// # Errors
    /// Fails if the log cannot be read.
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

    /// Compares alerts with the expected ones. If none were written down, all alerts differ.
    #[must_use]
    pub fn judge(&self, alerts: &[Alert]) -> Verdict {
        let nothing = Expected::default();
        match self.expected.as_ref().unwrap_or(&nothing).difference(alerts) {
            None => Verdict::Passed,
            Some(difference) => Verdict::Failed(difference),
        }
    }

    /// Checks that the case has expected alerts.
    ///
    /// # Errors
    /// Fails if it has none. The error says how to write them.
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

    /// Writes these alerts down as expected. For an alert that was expected before, it writes the same fields as
    /// before; for a new one, the main fields. Returns true if the file changed.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
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

/// The analytics of the case in `dir`: the ones it names, or `analytics`, or the one of its folder.
fn chosen(
    dir: &Path,
    one: Option<String>,
    several: Vec<String>,
    given: &[String],
) -> Result<Vec<String>, Broken> {
    let mut named = match (one, several.is_empty()) {
        (Some(_), false) => {
            return Err(Broken(
                "case.toml: both `analytic` and `analytics` are set; expected one of them".into(),
            ));
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
            "the case names no analytic: choose one with -a, or write analytic = \"an1276\" into its \
             case.toml"
                .into(),
        ));
    }
    named.iter_mut().for_each(|id| id.make_ascii_lowercase());
    Ok(named)
}

/// The `<id>` in `…/<id>/cases/…`.
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
    /// The components from files.
    files: Vec<Loaded>,
    /// The built-in components that were loaded for cases.
    loaded: Mutex<Vec<Arc<Analytic>>>,
    isolated: bool,
}

impl Bench {
    /// Prepares the built-in analytics, and those in `files`, which win over them.
    ///
    /// # Errors
    /// Fails if a file holds no analytic.
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

    /// If `isolated`, runs each analytic in its own component.
    #[must_use]
    pub fn isolated(self, isolated: bool) -> Self {
        Self { isolated, ..self }
    }

    /// The ids of the analytics from files.
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

    /// Runs a case and returns its alerts, in the order of the records. Alerts of one record are ordered by id.
    ///
    /// # Errors
    /// Fails for an unknown analytic, an invalid configuration or an unreadable log, and if an analytic fails.
    pub fn alerts(&self, case: &Case) -> Result<Vec<Alert>, Broken> {
        let components = self.components(case)?;
        let ids: Vec<Vec<&str>> =
            components.iter().map(|one| one.ids.iter().map(String::as_str).collect()).collect();
        let ids: Vec<&[&str]> = ids.iter().map(Vec::as_slice).collect();
        let thresholds = |id: &str| selection::thresholds(&self.engine, &components, id);
        let mut sessions = Vec::new();
        for ((component, ids), config) in components.iter().zip(&ids).zip(case.configs_of(&ids, &thresholds)?)
        {
            // The seed does not change alerts. A fixed one makes failures reproducible.
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

    /// The components that a case needs.
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

    /// Loads a built-in component. Each is compiled once.
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
