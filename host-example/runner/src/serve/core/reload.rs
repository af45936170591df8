//! Reloading: the core switches to another configuration.

use super::{Core, prefilter};
use crate::serve::arrival::Reload;
use crate::serve::plan::{Planned, Snapshots};
use authsieve_host::{Session, StartError};
use std::collections::HashMap;

impl Core {
    /// Switches to another configuration. A component with an unchanged configuration keeps its session. Another one
    /// starts from the present state, as far as that state fits. Returns the notes to log.
    ///
    /// # Errors
    /// Fails if a component cannot be started. Then nothing has changed.
    pub(super) fn reload(&mut self, reload: Reload) -> Result<Vec<String>, String> {
        let mut notes = Vec::new();
        let is_same = |(one, other): (&Planned, &Planned)| one.is_same(other);
        let components = reload.components;
        if self.components.len() != components.len() || !self.components.iter().zip(&components).all(is_same)
        {
            let (started, told) = self.restart(&components)?;
            notes = told;
            let mut old: Vec<Option<Session>> =
                std::mem::take(&mut self.sessions).into_iter().map(Some).collect();
            let mut kept = |component: &Planned| {
                let at = self.components.iter().position(|own| own.is_same(component))?;
                old.get_mut(at)?.take()
            };
            let sessions = components.iter().zip(started);
            self.sessions = sessions.filter_map(|(component, new)| new.or_else(|| kept(component))).collect();
            self.prefilter = prefilter(&mut self.sessions);
            self.components = components;
            // The new configuration would judge the recent past differently, so the past begins again.
            if let Ok(snapshots) = self.snapshots() {
                self.history.begin(snapshots, crate::sources::now());
            }
            if self.disk.is_some() {
                // After a crash the new configuration must not judge the batches of the old one again.
                self.checkpoint();
            }
        }
        (self.sinks, self.layouts, self.reports) = (reload.sinks, reload.layouts, reload.incidents);
        if self.disk.is_some() {
            self.aside.delivered.extend(reload.new);
            self.write_aside();
        }
        Ok(notes)
    }

    /// Starts the new and the changed components. `None` stands for a component that is unchanged.
    fn restart(&mut self, components: &[Planned]) -> Result<(Vec<Option<Session>>, Vec<String>), String> {
        let (mut snapshots, mut notes) = (Snapshots::new(), Vec::new());
        for session in &mut self.sessions {
            let name = session.analytic().name().to_owned();
            match session.snapshot() {
                Ok((bytes, _)) => drop(snapshots.insert(name, bytes)),
                Err(error) => notes.push(format!("{name}: no state can be taken: {error}")),
            }
        }
        let mut started = Vec::new();
        for component in components {
            if self.components.iter().any(|own| own.is_same(component)) {
                started.push(None);
                continue;
            }
            let name = component.name();
            let session = match component.start(&snapshots, self.seed) {
                Ok((session, dropped)) => {
                    notes.extend(dropped);
                    session
                }
                Err(StartError::Snapshot(why)) => {
                    notes.push(format!(
                        "{name}: its state does not fit, so it begins with empty state: {why}"
                    ));
                    let fresh = component.start(&Snapshots::new(), self.seed);
                    fresh.map_err(|error| format!("{name}: {error}"))?.0
                }
                Err(error) => return Err(format!("{name}: {error}")),
            };
            started.push(Some(session));
        }
        Ok((started, notes))
    }

    /// The position of each source. Empty without a state folder, or while the folder fails.
    pub(super) fn positions(&self) -> HashMap<String, String> {
        let journal = self.disk.as_ref().and_then(|disk| disk.journal.as_ref());
        journal.and_then(|journal| journal.positions().ok()).unwrap_or_default()
    }
}
