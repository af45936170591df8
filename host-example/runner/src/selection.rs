//! Which analytics to run, and with which configuration.

use crate::config::{self, Config};
use authsieve_components::Component;
use authsieve_host::{Analytic, Engine, StartError};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

/// What a command line chooses.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Ids of built-in analytics, in any case.
    pub ids: Vec<String>,
    /// Components in files.
    pub files: Vec<PathBuf>,
}

/// A component, and where it is from.
pub struct Chosen {
    /// What it is called before it has said its own name.
    pub name: String,
    /// Its bytes.
    pub wasm: Vec<u8>,
    /// The built-in component it is.
    pub builtin: Option<&'static Component>,
}

/// Why there is nothing to run.
#[derive(Debug)]
pub enum Error {
    /// The command line or the configuration is wrong. Exit status 2.
    Usage(String),
    /// It cannot be done. Exit status 1.
    Failure(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failure(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

impl Selection {
    /// The chosen components; all that are built in if none is named.
    ///
    /// # Errors
    /// For an unknown id (with the list of those there are), and for a file that cannot be read.
    pub fn choose(&self) -> Result<Vec<Chosen>, Error> {
        let builtin =
            |c: &'static Component| Chosen { name: c.id.into(), wasm: c.wasm.to_vec(), builtin: Some(c) };
        if self.ids.is_empty() && self.files.is_empty() {
            return Ok(authsieve_components::ALL.iter().map(builtin).collect());
        }
        let mut chosen: Vec<Chosen> = Vec::new();
        for id in &self.ids {
            let Some(component) = authsieve_components::get(id) else {
                let known: Vec<_> = authsieve_components::ALL.iter().map(|component| component.id).collect();
                return Err(Error::Usage(format!(
                    "no analytic is called `{id}`; there are: {}",
                    known.join(", ")
                )));
            };
            if chosen.iter().all(|other| other.name != component.id) {
                chosen.push(builtin(component));
            }
        }
        for path in &self.files {
            let wasm = std::fs::read(path).map_err(|e| Error::Failure(format!("{}: {e}", path.display())))?;
            chosen.push(Chosen { name: path.display().to_string(), wasm, builtin: None });
        }
        Ok(chosen)
    }

    /// Whether exactly one analytic is named, so that its configuration stands without a table.
    #[must_use]
    pub fn is_one(&self) -> bool {
        let mut ids: Vec<_> = self.ids.iter().map(|id| id.to_ascii_lowercase()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len() + self.files.len() == 1
    }
}

/// Loads the selected analytics and makes of each what `make` makes of its configuration and a random seed.
///
/// # Errors
/// When one cannot be loaded, or a configuration is not valid.
pub fn start<T>(
    engine: &Engine,
    selection: &Selection,
    options: &Options,
    make: impl Fn(Arc<Analytic>, String, u64) -> Result<T, StartError>,
) -> Result<Vec<T>, Error> {
    let analytics = load(engine, selection.choose()?)?;
    let names: Vec<&str> = analytics.iter().map(|analytic| analytic.name()).collect();
    let configs = options.configs(&names, selection.is_one())?;
    let seed = RandomState::new().build_hasher().finish();
    let start = |(analytic, config): (Arc<Analytic>, String)| {
        let name = analytic.name().to_owned();
        make(analytic, config, seed).map_err(|error| options.refused(&name, error))
    };
    analytics.into_iter().zip(configs).map(start).collect()
}

/// Where options are written.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A file.
    pub file: Option<PathBuf>,
    /// `key=value` pairs that go before it.
    pub assignments: Vec<String>,
    /// The whole input is sorted by time before it is judged: `allowed_lateness = "max"`, whatever else is said.
    pub sorted: bool,
}

impl Options {
    /// The configuration of each of these analytics as JSON; empty for the defaults. With `one`, options may stand
    /// without a table.
    ///
    /// # Errors
    /// For a file that cannot be read, and for what is said of no analytic.
    pub fn configs(&self, names: &[&str], one: bool) -> Result<Vec<String>, Error> {
        Config::read(self.file.as_deref(), &self.assignments)
            .and_then(|mut config| {
                if self.sorted {
                    config.force("allowed_lateness", "max");
                }
                config.split(names, &known(names), one)
            })
            .map_err(|error| match error {
                config::Error::Unreadable(text) => Error::Failure(text),
                config::Error::Invalid(text) => Error::Usage(text),
            })
    }

    /// Why an analytic did not start with these options.
    #[must_use]
    pub fn refused(&self, name: &str, error: StartError) -> Error {
        match error {
            StartError::Config(why) => {
                let line = |line: &str| line.splitn(3, '\t').skip(1).collect::<Vec<_>>().join(": ");
                let lines: Vec<_> = why.lines().map(line).collect();
                Error::Usage(format!("{}{name}: {}", self.origin(), lines.join("\n")))
            }
            error => Error::Failure(format!("{name}: {error}")),
        }
    }

    /// What an error about an option begins with.
    fn origin(&self) -> String {
        match (&self.file, self.assignments.is_empty()) {
            (Some(file), true) => format!("{}: ", file.display()),
            (Some(file), false) => format!("{} or --set: ", file.display()),
            (None, false) => "--set: ".into(),
            (None, true) => String::new(),
        }
    }
}

/// Compiles what was chosen. A component from a file is called by the id it gives itself.
///
/// # Errors
/// When one is no analytic, or wants to import anything.
pub fn load(engine: &Engine, chosen: Vec<Chosen>) -> Result<Vec<Arc<Analytic>>, Error> {
    let load = |chosen: Chosen| {
        let failed = |error: &dyn fmt::Display| Error::Failure(format!("{}: {error}", chosen.name));
        let mut analytic =
            Analytic::load(engine, chosen.name.as_str(), &chosen.wasm).map_err(|error| failed(&error))?;
        if chosen.builtin.is_none() {
            let about = analytic.describe().map_err(|error| failed(&error))?;
            let ids: Vec<String> = about.into_iter().map(|about| about.id).collect();
            analytic.rename(ids.join("+"));
        }
        Ok(Arc::new(analytic))
    };
    chosen.into_iter().map(load).collect()
}

/// The ids that may head a table of a configuration that is for others too.
#[must_use]
pub fn known<'a>(names: &[&'a str]) -> Vec<&'a str> {
    authsieve_components::ALL.iter().map(|component| component.id).chain(names.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_named_analytic_is_one_however_often_it_is_named() {
        let of = |ids: &[&str], files: &[&str]| Selection {
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            files: files.iter().map(PathBuf::from).collect(),
        };
        assert!(of(&["an1276"], &[]).is_one());
        assert!(of(&["an1276", "AN1276"], &[]).is_one());
        assert!(of(&[], &["x.wasm"]).is_one());
        assert!(!of(&[], &[]).is_one());
        assert!(!of(&["an1276", "fls"], &[]).is_one());
        assert!(!of(&["an1276"], &["x.wasm"]).is_one());
    }

    #[test]
    fn an_unknown_analytic_is_a_usage_error() {
        let selection = Selection { ids: vec!["an9999".into()], files: Vec::new() };
        let error = selection.choose().err().expect("there is no such analytic");
        assert!(matches!(&error, Error::Usage(text) if text.contains("`an9999`")), "{error}");
    }
}
