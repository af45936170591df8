//! Selects the analytics to run, and loads them with their configurations.

use crate::config::effective::Effective;
use crate::config::{self, Audience, Config, Problems};
use authsieve_components::Component;
use authsieve_host::{Analytic, Engine, StartError};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

/// The name for all analytics.
const ALL: &str = "all";

/// The analytics that a command line selects.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The ids of built-in analytics, in any case. `all` selects all of them.
    pub ids: Vec<String>,
    /// The paths of component files.
    pub files: Vec<PathBuf>,
    /// True if each analytic runs in its own component. Otherwise several built-in analytics run in the suite, which
    /// decodes each record once.
    pub isolated: bool,
}

/// A selected component.
pub struct Chosen {
    /// The name before the component was asked for its own.
    pub name: String,
    /// The bytes of the component.
    pub wasm: Vec<u8>,
    /// The built-in component, if it is one.
    pub builtin: Option<&'static Component>,
}

/// Why nothing can be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line or the configuration is wrong. Exit status 2.
    #[error("{0}")]
    Usage(String),
    /// The options are wrong. Exit status 2.
    #[error("{0}")]
    Config(Problems),
    /// The request failed. Exit status 1.
    #[error("{0}")]
    Failure(String),
}

impl Selection {
    /// The selected components. All built-in ones if nothing is selected.
    ///
    /// # Errors
    /// Fails for an unknown id, with a list of the known ones, and for a file that cannot be read.
    pub fn choose(&self) -> Result<Vec<Chosen>, Error> {
        let builtin =
            |c: &'static Component| Chosen { name: c.id.into(), wasm: c.wasm.to_vec(), builtin: Some(c) };
        if self.ids.is_empty() && self.files.is_empty() {
            return Ok(authsieve_components::ALL.iter().map(builtin).collect());
        }
        let ids = self.resolved(&known(&[]))?;
        let components = ids.iter().filter_map(|id| authsieve_components::get(id));
        let mut chosen: Vec<Chosen> = components.map(builtin).collect();
        for path in &self.files {
            let wasm = std::fs::read(path).map_err(|e| Error::Failure(format!("{}: {e}", path.display())))?;
            chosen.push(Chosen { name: path.display().to_string(), wasm, builtin: None });
        }
        Ok(chosen)
    }

    /// The selected ids out of `known`, without repetition and in the order of selection. `all` stands for all known
    /// ids.
    ///
    /// # Errors
    /// Fails for an unknown id.
    pub fn resolved(&self, known: &[&str]) -> Result<Vec<String>, Error> {
        let mut resolved: Vec<String> = Vec::new();
        for id in &self.ids {
            let meant = |one: &&&str| id.eq_ignore_ascii_case(ALL) || one.eq_ignore_ascii_case(id);
            let meant: Vec<&&str> = known.iter().filter(meant).collect();
            if meant.is_empty() {
                let known = known.join(", ");
                return Err(Error::Usage(format!(
                    "no analytic is called `{id}`; there are: {known}; `{ALL}` is all of them"
                )));
            }
            for one in meant {
                if resolved.iter().all(|other| other != one) {
                    resolved.push((*one).to_owned());
                }
            }
        }
        Ok(resolved)
    }

    /// True if an analytic is selected by its own id or file.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !self.files.is_empty() || self.ids.iter().any(|id| !id.eq_ignore_ascii_case(ALL))
    }

    /// True if exactly one analytic is selected, so that its configuration needs no table.
    #[must_use]
    pub fn is_one(&self) -> bool {
        let ids = self.resolved(&known(&[])).unwrap_or_default();
        ids.len() + self.files.len() == 1
    }
}

/// Loads the selected analytics, and passes each component to `make`, with its configuration and a random seed. The
/// results are ordered by id, so the output does not depend on the order in the command line.
///
/// # Errors
/// Fails if a component cannot be loaded or a configuration is not valid.
pub fn start<T>(
    engine: &Engine,
    selection: &Selection,
    options: &Options,
    make: impl Fn(Arc<Analytic>, String, u64) -> Result<T, StartError>,
) -> Result<Vec<T>, Error> {
    let seed = RandomState::new().build_hasher().finish();
    let mut configured = configure(engine, selection, options)?;
    configured.by_id();
    configured.start(|analytic, text| make(analytic, text, seed))
}

/// Loads the selected analytics and their configuration. Without a selection, `analytics` in the configuration selects
/// them.
///
/// # Errors
/// Fails if a component cannot be loaded or the configuration cannot be read.
pub fn configure<'e>(
    engine: &'e Engine,
    selection: &Selection,
    options: &Options,
) -> Result<Configured<'e>, Error> {
    let config = options.read()?;
    let mut selection = selection.clone();
    if selection.ids.is_empty() && selection.files.is_empty() {
        let known = |id: &String| authsieve_components::get(id).is_some();
        // Unknown ids are reported later as a problem of the configuration.
        selection.ids = config.analytics().unwrap_or_default().into_iter().filter(known).collect();
    }
    let components = gather(engine, selection.choose()?, selection.isolated)?;
    // A file may hold several analytics.
    let one = selection.is_one() && components.iter().all(|component| component.ids.len() == 1);
    Ok(Configured { engine, components, config, one })
}

/// A loaded component, with the analytics to run.
#[derive(Clone)]
pub struct Loaded {
    /// The component.
    pub analytic: Arc<Analytic>,
    /// The ids of the analytics to run.
    pub ids: Vec<String>,
}

impl Loaded {
    /// Loads the suite to run the built-in analytics with these ids.
    ///
    /// # Errors
    /// Fails if this machine is not supported.
    pub fn suite(engine: &Engine, ids: Vec<String>) -> Result<Self, Error> {
        let suite = &authsieve_components::SUITE;
        // The limits are meant for a single analytic.
        let engine = engine.limited(engine.limits().times(ids.len().max(1)));
        let analytic = Analytic::load(&engine, suite.id, suite.wasm);
        let analytic = analytic.map_err(|error| Error::Failure(format!("{}: {error}", suite.id)))?;
        Ok(Self { analytic: Arc::new(analytic), ids })
    }

    /// Runs all analytics of a component.
    ///
    /// # Errors
    /// Fails if the component does not list its analytics.
    pub fn whole(analytic: Arc<Analytic>) -> Result<Self, Error> {
        let about = analytic.describe();
        let about = about.map_err(|error| Error::Failure(format!("{}: {error}", analytic.name())))?;
        Ok(Self { analytic, ids: about.into_iter().map(|about| about.id).collect() })
    }

    /// True if the analytic with this id runs. The case of the id is ignored.
    #[must_use]
    pub fn runs(&self, id: &str) -> bool {
        self.ids.iter().any(|own| own.eq_ignore_ascii_case(id))
    }
}

/// Loads the selected components. Several built-in analytics become one suite, unless they are `isolated`.
fn gather(engine: &Engine, chosen: Vec<Chosen>, isolated: bool) -> Result<Vec<Loaded>, Error> {
    let is_builtin = |chosen: &Chosen| chosen.builtin.is_some();
    let (builtin, others): (Vec<Chosen>, Vec<Chosen>) = chosen.into_iter().partition(is_builtin);
    let mut gathered: Vec<Loaded> = Vec::new();
    if builtin.len() > 1 && !isolated {
        let mut ids: Vec<String> = builtin.into_iter().map(|chosen| chosen.name).collect();
        ids.sort();
        gathered.push(Loaded::suite(engine, ids)?);
    } else {
        for analytic in load(engine, builtin)? {
            gathered.push(Loaded { ids: vec![analytic.name().to_owned()], analytic });
        }
    }
    for analytic in load(engine, others)? {
        let component = Loaded::whole(analytic)?;
        if let Some(twice) = component.ids.iter().find(|id| gathered.iter().any(|other| other.runs(id))) {
            return Err(Error::Usage(format!("{twice} is chosen twice; expected each analytic once")));
        }
        gathered.push(component);
    }
    Ok(gathered)
}

/// Loaded analytics and their configuration.
pub struct Configured<'e> {
    engine: &'e Engine,
    components: Vec<Loaded>,
    config: Config,
    one: bool,
}

impl Configured<'_> {
    /// Orders the components by id, so that the output does not depend on the order in the command line.
    pub fn by_id(&mut self) {
        self.components.sort_by(|one, other| one.ids.cmp(&other.ids));
    }

    /// Passes each component to `make`, with its configuration.
    ///
    /// # Errors
    /// Fails with all problems in the configurations of all components, or with the first other failure.
    pub fn start<T>(
        &self,
        make: impl Fn(Arc<Analytic>, String) -> Result<T, StartError>,
    ) -> Result<Vec<T>, Error> {
        self.with(|audience| {
            let ids: Vec<Vec<&str>> = self.components.iter().map(ids).collect();
            let each: Vec<&[&str]> = ids.iter().map(Vec::as_slice).collect();
            let (texts, mut problems) = self.config.of_components(&each, audience);
            let mut started = Vec::new();
            for ((component, ids), text) in self.components.iter().zip(each).zip(texts) {
                match make(Arc::clone(&component.analytic), text) {
                    Ok(one) => started.push(one),
                    Err(StartError::Config(lines)) => {
                        problems.extend(self.config.refused(&lines, ids, audience).list);
                    }
                    Err(error) => {
                        return Err(Error::Failure(format!("{}: {error}", component.analytic.name())));
                    }
                }
            }
            if problems.list.is_empty() { Ok(started) } else { Err(Error::Config(problems)) }
        })
    }

    /// The configuration of the first component, with further options.
    ///
    /// # Errors
    /// Fails with all problems of the configuration that the host can find.
    pub fn text(&self, further: &[(String, String)]) -> Result<String, Error> {
        let config = self.config.with(further).map_err(Error::Config)?;
        self.with(|audience| {
            let ids: Vec<Vec<&str>> = self.components.iter().map(ids).collect();
            let each: Vec<&[&str]> = ids.iter().map(Vec::as_slice).collect();
            let (texts, problems) = config.of_components(&each, audience);
            if !problems.list.is_empty() {
                return Err(Error::Config(problems));
            }
            let text = texts.into_iter().next().unwrap_or_default();
            Ok(if text.is_empty() { "{}".into() } else { text })
        })
    }

    /// The tables of the service.
    ///
    /// # Errors
    /// Fails with all problems of these tables.
    #[cfg(all(feature = "serve", unix))]
    pub fn served(&self) -> Result<crate::config::service::Served, Error> {
        self.config.served().map_err(Error::Config)
    }

    /// The effective configuration: all options that are set, and the defaults of the others.
    ///
    /// # Errors
    /// Fails if an analytic does not describe its options.
    pub fn effective(&self) -> Result<Effective, Error> {
        let schemas = self.schemas()?;
        self.with(|audience| Ok(Effective::of(&self.config, &schemas, audience)))
    }

    /// The id of each running analytic, and the JSON Schema of its options.
    ///
    /// # Errors
    /// Fails if an analytic does not describe its options.
    pub fn schemas(&self) -> Result<Vec<(String, serde_json::Value)>, Error> {
        let mut schemas = Vec::new();
        for component in &self.components {
            let analytic = &component.analytic;
            let described = analytic.describe();
            let described =
                described.map_err(|error| Error::Failure(format!("{}: {error}", analytic.name())))?;
            let runs = described.into_iter().filter(|about| component.runs(&about.id));
            schemas.extend(runs.map(|about| {
                let schema = serde_json::from_str(&about.config_schema).unwrap_or_default();
                (about.id, schema)
            }));
        }
        Ok(schemas)
    }

    fn with<T>(&self, then: impl FnOnce(Audience<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let active: Vec<&str> = self.components.iter().flat_map(ids).collect();
        let thresholds = |id: &str| thresholds(self.engine, &self.components, id);
        let known = known(&active);
        then(Audience { active: &active, known: &known, one: self.one, thresholds: &thresholds })
    }
}

fn ids(component: &Loaded) -> Vec<&str> {
    component.ids.iter().map(String::as_str).collect()
}

/// Calls `then` with an audience of one analytic.
pub fn alone<T>(engine: &Engine, id: &str, then: impl FnOnce(Audience<'_>) -> T) -> T {
    let thresholds = |id: &str| thresholds(engine, &[], id);
    then(Audience { active: &[id], known: &known(&[id]), one: true, thresholds: &thresholds })
}

/// The options of an analytic that an override may set, taken from its JSON Schema. Empty if the analytic cannot be
/// loaded.
pub(crate) fn thresholds(engine: &Engine, components: &[Loaded], id: &str) -> Vec<String> {
    let loaded = components.iter().find(|component| component.runs(id)).cloned();
    let builtin = || Loaded::suite(engine, Vec::new()).ok();
    let described = loaded.or_else(builtin).and_then(|component| component.analytic.describe().ok());
    let about = described.and_then(|all| all.into_iter().find(|about| about.id.eq_ignore_ascii_case(id)));
    let schema = about.and_then(|about| serde_json::from_str::<serde_json::Value>(&about.config_schema).ok());
    let members = schema.as_ref().and_then(|schema| schema.pointer("/properties/override/items/properties"));
    members
        .and_then(|members| members.as_object())
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

/// The places where options are written.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// The `key=value` pairs. They win over the file.
    pub assignments: Vec<String>,
    /// True if the whole input is sorted by time before it is judged. Sets `allowed_lateness = "max"` for every
    /// analytic.
    pub sorted: bool,
    /// True if alerts are repeated when their silence ends, because people read them. The option `follow_up` overrides
    /// this.
    pub followed: bool,
}

impl Options {
    /// Reads the options.
    ///
    /// # Errors
    /// Fails for a file that cannot be read, and for errors in its syntax.
    pub fn read(&self) -> Result<Config, Error> {
        let mut config =
            Config::read(self.file.as_deref(), &self.assignments).map_err(|error| match error {
                config::Error::Unreadable(text) => Error::Failure(text),
                config::Error::Invalid(problems) => Error::Config(problems),
            })?;
        if self.sorted {
            config.force("allowed_lateness", "max");
        }
        if self.followed && !config.sets("follow_up") {
            config.force("follow_up", "end");
        }
        Ok(config)
    }
}

/// Compiles the selected components. A component from a file with one analytic gets the analytic's id as its name.
///
/// # Errors
/// Fails if a component is no analytic, or imports anything.
pub fn load(engine: &Engine, chosen: Vec<Chosen>) -> Result<Vec<Arc<Analytic>>, Error> {
    let load = |chosen: Chosen| {
        let failed = |error: &dyn fmt::Display| Error::Failure(format!("{}: {error}", chosen.name));
        let mut analytic =
            Analytic::load(engine, chosen.name.as_str(), &chosen.wasm).map_err(|error| failed(&error))?;
        if chosen.builtin.is_none() {
            let about = analytic.describe().map_err(|error| failed(&error))?;
            if let [about] = about.as_slice() {
                analytic.rename(about.id.clone());
            }
        }
        Ok(Arc::new(analytic))
    };
    chosen.into_iter().map(load).collect()
}

/// The ids that may name a table in a shared configuration.
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
            isolated: false,
        };
        assert!(of(&["an1276"], &[]).is_one());
        assert!(of(&["an1276", "AN1276"], &[]).is_one());
        assert!(of(&[], &["x.wasm"]).is_one());
        assert!(!of(&[], &[]).is_one());
        assert!(!of(&["an1276", "fls"], &[]).is_one());
        assert!(!of(&["an1276", "all"], &[]).is_one());
        assert!(!of(&["an1276"], &["x.wasm"]).is_one());
    }

    #[test]
    fn ids_are_resolved_in_the_order_they_are_named_and_each_once() {
        let of = |ids: &[&str]| {
            let ids = ids.iter().map(|id| (*id).to_owned()).collect();
            Selection { ids, ..Selection::default() }.resolved(&["a", "b", "c"]).ok()
        };
        assert_eq!(of(&[]).unwrap(), [""; 0]);
        assert_eq!(of(&["C", "a", "c"]).unwrap(), ["c", "a"]);
        assert_eq!(of(&["b", "ALL"]).unwrap(), ["b", "a", "c"]);
        assert_eq!(of(&["b", "d"]), None);
    }

    #[test]
    fn an_unknown_analytic_is_a_usage_error() {
        let selection = Selection { ids: vec!["an9999".into()], ..Selection::default() };
        let error = selection.choose().err().expect("there is no such analytic");
        assert!(matches!(&error, Error::Usage(text) if text.contains("`an9999`")), "{error}");
    }
}
