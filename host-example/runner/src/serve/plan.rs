//! The plan of a service: the analytics, sources and sinks that its configuration asks for. A reload compares two
//! plans.

use crate::config::service::{Feed, Outlet};
use authsieve_host::{Analytic, Session, StartError};
use std::collections::HashMap;
use std::sync::Arc;

/// The analytics, sources and sinks of a service.
#[derive(Clone)]
pub struct Plan {
    /// The components, ordered by their ids.
    pub components: Vec<Planned>,
    /// The sources by name.
    pub sources: Vec<(String, Feed)>,
    /// The sinks by name. The name identifies the stored position of a sink.
    pub sinks: Vec<(String, Outlet)>,
    /// The options of `[server]` that differ from those at the start. They take effect after a restart.
    pub restart: Vec<&'static str>,
}

/// A component and its configuration.
#[derive(Clone)]
pub struct Planned {
    /// The component.
    pub analytic: Arc<Analytic>,
    /// The configuration as JSON. Empty for the defaults.
    pub config: String,
}

/// Snapshots, by the names of their components.
pub(super) type Snapshots = HashMap<String, Vec<u8>>;

impl Planned {
    /// The name of the component.
    pub(super) fn name(&self) -> &str {
        self.analytic.name()
    }

    /// True if both components judge in the same way.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.config == other.config
    }

    /// Starts the component, from its snapshot if there is one. Also returns notes on state that was dropped because
    /// the configuration has changed.
    ///
    /// # Errors
    /// Fails if the configuration or the snapshot is not valid, or the guest fails.
    pub(super) fn start(
        &self,
        snapshots: &Snapshots,
        seed: u64,
    ) -> Result<(Session, Vec<String>), StartError> {
        let fresh = || Session::start(Arc::clone(&self.analytic), self.config.clone(), seed);
        // The snapshot may be of other components, such as the suite. These hold the state of this component's
        // analytics too.
        let others = || snapshots.values().flatten().copied().collect::<Vec<u8>>();
        let own = snapshots.get(self.name());
        let Some(snapshot) = own.cloned().or_else(|| Some(others()).filter(|all| !all.is_empty())) else {
            return Ok((fresh()?, Vec::new()));
        };
        let (analytic, config) = (Arc::clone(&self.analytic), self.config.clone());
        match Session::restore(analytic, config, seed, &snapshot) {
            Ok((session, dropped)) => {
                let notes = dropped.into_iter().map(|note| format!("{}: {note}", self.name()));
                Ok((session, notes.collect()))
            }
            Err(StartError::Snapshot(why)) if own.is_none() => Ok((
                fresh()?,
                vec![format!("{}: it has no state and begins with empty state: {why}", self.name())],
            )),
            Err(error) => Err(error),
        }
    }
}

/// The steps that turn one list of named parts into another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changes<T> {
    /// The names of the parts to end: the new list has no such name, or another part under it.
    pub gone: Vec<String>,
    /// The parts to start, in order.
    pub new: Vec<(String, T)>,
}

impl<T: Clone + PartialEq> Changes<T> {
    /// Compares two lists by name.
    pub(super) fn between<'t>(before: impl Iterator<Item = (&'t str, &'t T)>, after: &[(String, T)]) -> Self
    where
        T: 't,
    {
        let before: Vec<(&str, &T)> = before.collect();
        let is_in = |name: &str, part: &T| before.iter().any(|(own, other)| *own == name && *other == part);
        let stays = |name: &str| after.iter().any(|(own, part)| own == name && is_in(name, part));
        Self {
            gone: before
                .iter()
                .filter(|(name, _)| !stays(name))
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            new: after.iter().filter(|(name, part)| !is_in(name, part)).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_goes_and_comes() {
        let list = |text: &str| -> Vec<(String, char)> {
            text.split_whitespace().map(|one| (one[..1].to_owned(), one.chars().nth(1).unwrap())).collect()
        };
        let between = |before: &str, after: &str| {
            let before = list(before);
            Changes::between(before.iter().map(|(name, part)| (name.as_str(), part)), &list(after))
        };
        assert_eq!(
            between("a1 b2", "b2 a1"),
            Changes { gone: vec![], new: vec![] },
            "their order means nothing"
        );
        let changes = between("a1 b2 c3", "c4 a1 d5");
        assert_eq!(changes, Changes { gone: vec!["b".into(), "c".into()], new: list("c4 d5") });
    }
}
