//! The gate that every alert passes before it is written: conditions, silences, added facts, stand-ins for names.

use crate::desk::Mark;
use crate::enrich::{Enricher, words};
use authsieve_engine::alert::{Alert, Severity};
use authsieve_triage::filter::Filter;
use authsieve_triage::redact::Redactor;
use authsieve_triage::silence::{Silence, silenced};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// Selects alerts, and adds facts that the host knows.
pub struct Gate {
    /// The conditions for alerts.
    pub filter: Filter,
    /// The silences.
    pub silences: Vec<Silence>,
    /// True if silenced alerts are shown too, with their silence.
    pub shows_silenced: bool,
    /// The dispositions of alerts.
    pub marks: HashMap<String, Mark>,
    /// The places of addresses.
    pub enricher: Enricher,
    /// Replaces names by stand-ins.
    pub redactor: Option<Redactor>,
    /// The counts of alerts so far.
    pub counts: Counts,
}

/// The counts of alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The highest severity of the alerts that passed.
    pub worst: Option<Severity>,
    /// The number of alerts that passed.
    pub passed: u64,
    /// The number of alerts that did not meet the conditions.
    pub unwanted: u64,
    /// The number of alerts that each silence removed, by its name.
    pub silenced: BTreeMap<String, u64>,
}

/// An alert that passed.
#[derive(Clone, Debug)]
pub struct Passed {
    /// The alert.
    pub alert: Alert,
    /// The members that the host adds, as JSON.
    pub added: Vec<(&'static str, Value)>,
    /// The added facts in words.
    pub notes: Vec<String>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            filter: Filter::ALL,
            silences: Vec::new(),
            shows_silenced: false,
            marks: HashMap::new(),
            enricher: Enricher::default(),
            redactor: None,
            counts: Counts::default(),
        }
    }
}

impl Gate {
    /// Adds the host's facts to an alert. `None` if the alert does not pass.
    pub fn pass(&mut self, alert: Alert) -> Option<Passed> {
        if !self.filter.passes(&alert) {
            self.counts.unwanted += 1;
            return None;
        }
        let (mut added, mut notes) = (Vec::new(), Vec::new());
        if let Some(silence) = silenced(&self.silences, &alert) {
            *self.counts.silenced.entry(silence.name.clone()).or_default() += 1;
            if !self.shows_silenced {
                return None;
            }
            added.push(("silenced", json!({ "name": silence.name, "reason": silence.reason })));
            notes.push(format!("silenced by {}: {}", silence.name, silence.reason));
        }
        if let Some(mark) = self.marks.get(&alert.id) {
            added.push(("disposition", json!({ "is": mark.is.as_str(), "note": mark.note })));
            notes.push(mark.words());
        }
        let found = self.enricher.alert(&alert);
        let alert = match &mut self.redactor {
            Some(redactor) => redactor.alert(&alert),
            None => alert,
        };
        if let Some(found) = found {
            let found = match &mut self.redactor {
                Some(redactor) => stand_in(&found, redactor),
                None => found,
            };
            notes.extend(words(&found));
            added.push(("enrichment", found));
        }
        self.counts.worst = self.counts.worst.max(Some(alert.severity));
        self.counts.passed += 1;
        Some(Passed { alert, added, notes })
    }
}

fn stand_in(found: &Value, redactor: &mut Redactor) -> Value {
    let members = found.as_object().into_iter().flatten();
    Value::Object(members.map(|(name, value)| (redactor.address(name), value.clone())).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use authsieve_engine::time::Timestamp;

    #[test]
    fn what_is_silenced_is_counted_and_shown_where_it_is_asked_for() {
        let silence = Silence {
            name: "s1".into(),
            user: Some("svc-*".into()),
            until: Timestamp(9),
            reason: "backup".into(),
            ..Silence::default()
        };
        let alert = Alert { user: Some("svc-a".into()), severity: Severity::High, ..Alert::default() };
        let other = Alert { user: Some("ada".into()), ..Alert::default() };
        let mut gate = Gate { silences: vec![silence], ..Gate::default() };
        assert!(gate.pass(alert.clone()).is_none() && gate.pass(other).is_some());
        assert_eq!(gate.counts.silenced, BTreeMap::from([("s1".to_owned(), 1)]));
        assert_eq!((gate.counts.passed, gate.counts.worst), (1, Some(Severity::Medium)));
        gate.shows_silenced = true;
        let passed = gate.pass(alert).unwrap();
        assert_eq!(passed.added, [("silenced", json!({ "name": "s1", "reason": "backup" }))]);
        assert_eq!(passed.notes, ["silenced by s1: backup"]);
    }
}
